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

/// A receipt that is handed back: its carrier and the id under which it was parked.
pub(crate) type HandedBack = (u16, FoldedId, Parked);

/// The receipts of one carrier.
#[derive(Debug, Default)]
struct Shelf {
    hold_ns: u64,
    parked: FxHashMap<FoldedId, Parked>,
    /// Oldest first; what was taken stays until it is passed over.
    order: VecDeque<(u64, FoldedId)>,
}

impl Shelf {
    /// The oldest that is still there and was parked no later than this.
    fn pop(&mut self, until_ns: u64) -> Option<(FoldedId, Parked)> {
        while let Some((since_ns, _)) = self.order.front()
            && *since_ns <= until_ns
        {
            let (since_ns, id) = self.order.pop_front()?;
            // It may have been taken, and another one parked under its id since.
            let there = self.parked.get(&id);
            if there.is_some_and(|parked| parked.since_ns <= since_ns) {
                return self.parked.remove_entry(&id);
            }
        }
        None
    }

    fn tidy(&mut self) {
        if self.order.len() > 2 * self.parked.len() + COMPACT_ABOVE {
            self.order.retain(|(_, id)| self.parked.contains_key(id));
        }
    }
}

#[derive(Debug)]
pub(crate) struct EarlyReceipts {
    shelves: FxHashMap<u16, Shelf>,
    count: usize,
    most: usize,
    hold_ns: u64,
}

impl EarlyReceipts {
    /// At most so many, each for so long unless its carrier has a time of its own.
    pub(crate) fn new(most: usize, hold_ns: u64) -> Self {
        Self {
            shelves: FxHashMap::default(),
            count: 0,
            most: most.max(1),
            hold_ns,
        }
    }

    fn shelf(&mut self, carrier: u16) -> &mut Shelf {
        let hold_ns = self.hold_ns;
        self.shelves.entry(carrier).or_insert_with(|| Shelf {
            hold_ns,
            ..Shelf::default()
        })
    }

    /// How long receipts of a carrier are held.
    pub(crate) fn hold(&mut self, carrier: u16, hold_ns: u64) {
        self.shelf(carrier).hold_ns = hold_ns;
    }

    pub(crate) fn hold_ns(&self, carrier: u16) -> u64 {
        let shelf = self.shelves.get(&carrier);
        shelf.map_or(self.hold_ns, |shelf| shelf.hold_ns)
    }

    /// Parks a receipt; gives the oldest that had to go for it. A state is not replaced by one that says less.
    pub(crate) fn park(
        &mut self,
        carrier: u16,
        id: FoldedId,
        parked: Parked,
    ) -> Option<HandedBack> {
        if let Some(held) = self.shelf(carrier).parked.get_mut(&id) {
            if parked.state.supersedes(held.state) {
                // It expires with the first that came.
                let since_ns = held.since_ns;
                *held = Parked { since_ns, ..parked };
            }
            return None;
        }
        let pushed_out = (self.count >= self.most).then(|| self.push_out()).flatten();
        let shelf = self.shelf(carrier);
        shelf.order.push_back((parked.since_ns, id.clone()));
        shelf.parked.insert(id, parked);
        shelf.tidy();
        self.count += 1;
        pushed_out
    }

    fn push_out(&mut self) -> Option<HandedBack> {
        let since = |shelf: &Shelf| shelf.order.front().map_or(u64::MAX, |(since, _)| *since);
        let full = self
            .shelves
            .iter_mut()
            .filter(|(_, shelf)| !shelf.parked.is_empty());
        let (carrier, shelf) = full.min_by_key(|(_, shelf)| since(shelf))?;
        let (id, parked) = shelf.pop(u64::MAX)?;
        self.count -= 1;
        Some((*carrier, id, parked))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// A parked receipt.
    pub(crate) fn get(&self, carrier: u16, id: &[u8]) -> Option<&Parked> {
        self.shelves.get(&carrier)?.parked.get(id)
    }

    /// Takes a parked receipt.
    pub(crate) fn take(&mut self, carrier: u16, id: &[u8]) -> Option<Parked> {
        let taken = self.shelves.get_mut(&carrier)?.parked.remove(id)?;
        self.count -= 1;
        Some(taken)
    }

    /// Hands out what waited too long.
    pub(crate) fn expire(&mut self, now_ns: u64, expired: &mut Vec<HandedBack>) {
        for (carrier, shelf) in &mut self.shelves {
            let Some(until_ns) = now_ns.checked_sub(shelf.hold_ns) else {
                continue;
            };
            while let Some((id, parked)) = shelf.pop(until_ns) {
                self.count -= 1;
                expired.push((*carrier, id, parked));
            }
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.count
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (u16, &FoldedId, &Parked)> {
        self.shelves.iter().flat_map(|(carrier, shelf)| {
            let parked = shelf.parked.iter();
            parked.map(|(id, parked)| (*carrier, id, parked))
        })
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
    fn receipt_that_replaced_another_expires_too() {
        let mut early = EarlyReceipts::new(10, 100);
        let id = FoldedId::from_slice(b"7");
        early.park(1, id.clone(), parked(ReceiptState::Enroute, 0));
        early.park(1, id, parked(ReceiptState::Delivered, 50));
        assert_eq!((expired(&mut early, 100), early.len()), (1, 0));
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
