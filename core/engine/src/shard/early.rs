//! Receipts that came before the response that names their segment: parked, and tried again on that response.
//!
//! Bound: a number and a time from settings; what is pushed out or expires is counted. The record of each lies in the
//! log before the carrier hears that it was taken.

use std::collections::VecDeque;

use carrack_carrier::CarrierMessageId;
use carrack_message::ReceiptState;
use rustc_hash::FxHashMap;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Parked {
    pub(crate) state: ReceiptState,
    pub(crate) error: u32,
    pub(crate) since_ns: u64,
}

/// Taken receipts leave their place in the order behind; it is tidied above this many.
const COMPACT_ABOVE: usize = 1024;

type Id = (u16, CarrierMessageId);

#[derive(Debug, Default)]
pub(crate) struct EarlyReceipts {
    parked: FxHashMap<Id, Parked>,
    order: VecDeque<(u64, Id)>,
    most: usize,
    hold_ns: u64,
}

impl EarlyReceipts {
    pub(crate) fn new(most: usize, hold_ns: u64) -> Self {
        Self {
            most: most.max(1),
            hold_ns,
            ..Self::default()
        }
    }

    /// Parks a receipt; says how many were pushed out for it. A final state is not replaced by one that is not.
    pub(crate) fn park(&mut self, carrier: u16, id: CarrierMessageId, parked: Parked) -> u64 {
        let id = (carrier, id);
        match self.parked.get_mut(&id) {
            Some(held) if held.state.is_final() && !parked.state.is_final() => return 0,
            Some(held) => {
                *held = parked;
                return 0;
            }
            None => {}
        }
        let mut pushed_out = 0;
        while self.parked.len() >= self.most {
            let Some((_, oldest)) = self.order.pop_front() else {
                break;
            };
            pushed_out += u64::from(self.parked.remove(&oldest).is_some());
        }
        self.order.push_back((parked.since_ns, id.clone()));
        self.parked.insert(id, parked);
        if self.order.len() > 2 * self.parked.len() + COMPACT_ABOVE {
            self.order.retain(|(_, id)| self.parked.contains_key(id));
        }
        pushed_out
    }

    /// Takes the receipt for an id that has become known.
    pub(crate) fn take(&mut self, carrier: u16, id: &CarrierMessageId) -> Option<Parked> {
        if self.parked.is_empty() {
            return None;
        }
        self.parked.remove(&(carrier, id.clone()))
    }

    /// Drops what waited too long; says how many.
    pub(crate) fn expire(&mut self, now_ns: u64) -> u64 {
        let mut expired = 0;
        while let Some((since_ns, _)) = self.order.front()
            && now_ns.saturating_sub(*since_ns) >= self.hold_ns
        {
            if let Some((_, id)) = self.order.pop_front() {
                expired += u64::from(self.parked.remove(&id).is_some());
            }
        }
        expired
    }

    pub(crate) fn len(&self) -> usize {
        self.parked.len()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn parked(state: ReceiptState, since_ns: u64) -> Parked {
        Parked {
            state,
            error: 0,
            since_ns,
        }
    }

    #[test]
    fn intermediate_state_after_a_final_one_is_forgotten() {
        let mut early = EarlyReceipts::new(10, 100);
        let id = CarrierMessageId::from_slice(b"7");
        early.park(1, id.clone(), parked(ReceiptState::Delivered, 0));
        early.park(1, id.clone(), parked(ReceiptState::Enroute, 1));
        assert_eq!(early.take(1, &id).unwrap().state, ReceiptState::Delivered);
        assert_eq!(early.take(1, &id), None);
    }

    #[test]
    fn oldest_is_pushed_out_when_full_and_the_rest_expires() {
        let mut early = EarlyReceipts::new(2, 100);
        let pushed: u64 = (0..3u64)
            .map(|n| {
                early.park(
                    1,
                    CarrierMessageId::from_slice(&[n as u8]),
                    parked(ReceiptState::Delivered, n),
                )
            })
            .sum();
        assert_eq!((pushed, early.len()), (1, 2));
        assert_eq!(early.expire(101), 1);
        assert_eq!(early.expire(102), 1);
        assert_eq!(early.len(), 0);
    }
}
