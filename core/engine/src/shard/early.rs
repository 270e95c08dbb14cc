//! Receipts that came before the response that names their segment: parked, and tried again on that response.
//!
//! Bound: a number and a time from settings; what is pushed out or expires is handed back, so that it can be counted.
//! The record of each lies in the log before the carrier hears that it was taken.

use std::collections::VecDeque;

use carrack_message::ReceiptState;
use carrack_message::carrier_id::FoldedId;
use rustc_hash::FxHashMap;

use super::numbers::Numbers;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Parked {
    pub(crate) state: ReceiptState,
    pub(crate) error: u32,
    pub(crate) since_ns: u64,
    pub(crate) numbers: Numbers,
    /// The id as it came, where folding changed it.
    pub(crate) raw: Option<Box<[u8]>>,
}

/// Taken receipts leave their place in the order behind; it is tidied above this many.
const COMPACT_ABOVE: usize = 1024;

type Id = (u16, FoldedId);

/// The receipts of one carrier, oldest first.
#[derive(Debug)]
struct Order {
    carrier: u16,
    hold_ns: u64,
    queue: VecDeque<(u64, FoldedId)>,
}

#[derive(Debug)]
pub(crate) struct EarlyReceipts {
    parked: FxHashMap<Id, Parked>,
    orders: Vec<Order>,
    most: usize,
    hold_ns: u64,
}

impl EarlyReceipts {
    /// At most so many, each for so long unless its carrier has a time of its own.
    pub(crate) fn new(most: usize, hold_ns: u64) -> Self {
        Self {
            parked: FxHashMap::default(),
            orders: Vec::new(),
            most: most.max(1),
            hold_ns,
        }
    }

    /// How long receipts of a carrier are held.
    pub(crate) fn hold(&mut self, carrier: u16, hold_ns: u64) {
        self.order(carrier).hold_ns = hold_ns;
    }

    pub(crate) fn hold_ns(&self, carrier: u16) -> u64 {
        let order = self.orders.iter().find(|order| order.carrier == carrier);
        order.map_or(self.hold_ns, |order| order.hold_ns)
    }

    #[allow(
        clippy::indexing_slicing,
        reason = "the place was found or made just before"
    )]
    fn order(&mut self, carrier: u16) -> &mut Order {
        let found = self
            .orders
            .iter()
            .position(|order| order.carrier == carrier);
        let place = found.unwrap_or_else(|| {
            self.orders.push(Order {
                carrier,
                hold_ns: self.hold_ns,
                queue: VecDeque::new(),
            });
            self.orders.len() - 1
        });
        &mut self.orders[place]
    }

    /// Parks a receipt; gives the oldest that had to go for it. A state is not replaced by one that says less.
    pub(crate) fn park(
        &mut self,
        carrier: u16,
        id: FoldedId,
        parked: Parked,
    ) -> Option<(u16, FoldedId, Parked)> {
        let whole = (carrier, id);
        if let Some(held) = self.parked.get_mut(&whole) {
            if parked.state.supersedes(held.state) {
                *held = parked;
            }
            return None;
        }
        let pushed_out = (self.parked.len() >= self.most)
            .then(|| self.push_out())
            .flatten();
        let order = self.order(carrier);
        order.queue.push_back((parked.since_ns, whole.1.clone()));
        let tidy = order.queue.len() > COMPACT_ABOVE;
        self.parked.insert(whole, parked);
        if tidy {
            self.tidy(carrier);
        }
        pushed_out
    }

    fn tidy(&mut self, carrier: u16) {
        let parked = &self.parked;
        for order in &mut self.orders {
            if order.carrier == carrier && order.queue.len() > 2 * parked.len() + COMPACT_ABOVE {
                order
                    .queue
                    .retain(|(_, id)| parked.contains_key(&(carrier, id.clone())));
            }
        }
    }

    fn push_out(&mut self) -> Option<(u16, FoldedId, Parked)> {
        loop {
            let with_one = self
                .orders
                .iter_mut()
                .filter(|order| !order.queue.is_empty());
            let oldest = with_one.min_by_key(|order| order.queue.front().map(|(since, _)| *since));
            let (carrier, (_, id)) =
                oldest.and_then(|order| Some((order.carrier, order.queue.pop_front()?)))?;
            let whole = (carrier, id);
            if let Some(parked) = self.parked.remove(&whole) {
                return Some((carrier, whole.1, parked));
            }
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.parked.is_empty()
    }

    /// A parked receipt.
    pub(crate) fn get(&self, carrier: u16, id: &FoldedId) -> Option<&Parked> {
        self.parked.get(&(carrier, id.clone()))
    }

    /// Takes a parked receipt.
    pub(crate) fn take(&mut self, carrier: u16, id: &FoldedId) -> Option<Parked> {
        self.parked.remove(&(carrier, id.clone()))
    }

    /// Hands out what waited too long.
    pub(crate) fn expire(&mut self, now_ns: u64, expired: &mut Vec<(u16, FoldedId, Parked)>) {
        for order in &mut self.orders {
            while let Some((since_ns, _)) = order.queue.front()
                && now_ns.saturating_sub(*since_ns) >= order.hold_ns
            {
                let Some((since_ns, id)) = order.queue.pop_front() else {
                    break;
                };
                let whole = (order.carrier, id);
                // It may have been taken, and another one parked under its id since.
                if self
                    .parked
                    .get(&whole)
                    .is_some_and(|parked| parked.since_ns <= since_ns)
                    && let Some(parked) = self.parked.remove(&whole)
                {
                    expired.push((whole.0, whole.1, parked));
                }
            }
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.parked.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (u16, &FoldedId, &Parked)> {
        self.parked
            .iter()
            .map(|((carrier, id), parked)| (*carrier, id, parked))
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
            numbers: Numbers::default(),
            raw: None,
        }
    }

    fn expired(early: &mut EarlyReceipts, now_ns: u64) -> usize {
        let mut expired = Vec::new();
        early.expire(now_ns, &mut expired);
        expired.len()
    }

    #[test]
    fn t12_intermediate_state_after_a_final_one_is_forgotten() {
        let mut early = EarlyReceipts::new(10, 100);
        let id = FoldedId::from_slice(b"7");
        early.park(1, id.clone(), parked(ReceiptState::Enroute, 0));
        early.park(1, id.clone(), parked(ReceiptState::Delivered, 1));
        early.park(1, id.clone(), parked(ReceiptState::Enroute, 2));
        early.park(1, id.clone(), parked(ReceiptState::Undeliverable, 3));
        assert_eq!(early.take(1, &id).unwrap().state, ReceiptState::Delivered);
        assert_eq!(early.take(1, &id), None);
    }

    #[test]
    fn oldest_is_pushed_out_when_full_and_the_rest_expires() {
        let mut early = EarlyReceipts::new(2, 100);
        let pushed = (0..3u64)
            .filter_map(|n| {
                let id = FoldedId::from_slice(&[n as u8]);
                early.park(n as u16 % 2, id, parked(ReceiptState::Delivered, n))
            })
            .count();
        assert_eq!((pushed, early.len()), (1, 2));
        assert_eq!(expired(&mut early, 101), 1);
        assert_eq!(expired(&mut early, 102), 1);
        assert_eq!(early.len(), 0);
    }

    #[test]
    fn carrier_may_have_a_time_of_its_own() {
        let mut early = EarlyReceipts::new(10, 100);
        early.hold(2, 5);
        for carrier in [1, 2] {
            let id = FoldedId::from_slice(b"7");
            early.park(carrier, id, parked(ReceiptState::Delivered, 0));
        }
        assert_eq!((expired(&mut early, 5), early.len()), (1, 1));
        assert_eq!((expired(&mut early, 100), early.len()), (1, 0));
    }
}
