//! Segments whose id at the carrier is not known: those that may have been taken, and those taken without an id (trap
//! T03). A receipt of an unknown id finds them by the recipient's number, if exactly one fits.
//!
//! Such a receipt may also be an early one of another segment to the same number that is in a window. Where none is, it
//! is matched at once; else it is parked, and claimed when every response that was out has come or timed out.
//!
//! A copy that was sent again or given up, and whose id never came, may still have its receipt: while that may come,
//! nothing to its recipient is matched by number but its own message.
//!
//! Bound: one entry a segment without id; [`ASTRAY_MAX`] copies, the oldest forgotten first; a filter of fixed size over
//! the windows that may say yes wrongly, never no.

use std::collections::VecDeque;

use carrack_message::carrier_id::FoldedId;
use carrack_message::{MessageId, Msisdn};
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::live::Key;
use super::numbers::{Agreement, Numbers, tail};

/// A parked receipt that may speak of a segment without id.
#[derive(Debug, Clone)]
pub(crate) struct Claim {
    /// Under which it is parked.
    pub(crate) id: FoldedId,
    /// When all responses that were out when it came have come or timed out.
    pub(crate) due_ns: u64,
}

/// Copies whose receipts nobody waits for any more, remembered.
const ASTRAY_MAX: usize = 65_536;

#[derive(Debug)]
struct Entry {
    message: MessageId,
    key: Key,
    segment: u8,
    to: Msisdn,
    claim: Option<Box<Claim>>,
}

/// A copy that its carrier may have under an id which we never learned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Astray {
    message: MessageId,
    to: Msisdn,
    until_ns: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Unnamed {
    by_tail: FxHashMap<(u16, u32), SmallVec<[Entry; 1]>>,
    astray: FxHashMap<(u16, u32), SmallVec<[Astray; 1]>>,
    /// Places in `astray`, the oldest first.
    astray_order: VecDeque<((u16, u32), u64)>,
}

impl Unnamed {
    pub(crate) fn insert(
        &mut self,
        carrier: u16,
        to: Msisdn,
        message: MessageId,
        key: Key,
        segment: u8,
    ) {
        let entry = Entry {
            message,
            key,
            segment,
            to,
            claim: None,
        };
        self.by_tail
            .entry((carrier, tail(to)))
            .or_default()
            .push(entry);
    }

    pub(crate) fn remove(&mut self, carrier: u16, to: Msisdn, key: Key, segment: u8) {
        let place = (carrier, tail(to));
        if let Some(entries) = self.by_tail.get_mut(&place) {
            entries.retain(|entry| (entry.key, entry.segment) != (key, segment));
            if entries.is_empty() {
                self.by_tail.remove(&place);
            }
        }
    }

    /// A copy of a message is waited for no more; its receipt may come until then.
    pub(crate) fn goes_astray(
        &mut self,
        now_ns: u64,
        carrier: u16,
        to: Msisdn,
        message: MessageId,
        until_ns: u64,
    ) {
        let over = |(_, until_ns): &((u16, u32), u64)| *until_ns <= now_ns;
        while self.astray_order.len() >= ASTRAY_MAX || self.astray_order.front().is_some_and(over) {
            let Some((place, until_ns)) = self.astray_order.pop_front() else {
                break;
            };
            if let Some(copies) = self.astray.get_mut(&place) {
                copies.retain(|copy| copy.until_ns > until_ns);
                if copies.is_empty() {
                    self.astray.remove(&place);
                }
            }
        }
        let place = (carrier, tail(to));
        let copies = self.astray.entry(place).or_default();
        if copies.iter().any(|copy| copy.message == message) {
            return;
        }
        copies.push(Astray {
            message,
            to,
            until_ns,
        });
        self.astray_order.push_back((place, until_ns));
    }

    /// Whether a receipt with these numbers may be of a lost copy of another message.
    fn may_be_of_another(&self, carrier: u16, numbers: Numbers, message: MessageId) -> bool {
        if self.astray.is_empty() {
            return false;
        }
        numbers
            .iter()
            .filter_map(|number| self.astray.get(&(carrier, tail(number))))
            .flatten()
            .any(|copy| copy.message != message && numbers.agree_with(copy.to) >= Agreement::Tail)
    }

    /// The one segment that the numbers of a receipt fit; none where several do.
    pub(crate) fn only(&self, carrier: u16, numbers: Numbers) -> Option<(Key, u8)> {
        if self.by_tail.is_empty() {
            return None;
        }
        for least in [Agreement::Whole, Agreement::Tail] {
            let mut fitting = numbers
                .iter()
                .filter_map(|number| self.by_tail.get(&(carrier, tail(number))))
                .flatten()
                .filter(|entry| numbers.agree_with(entry.to) >= least);
            if let Some(first) = fitting.next() {
                let found = (first.key, first.segment);
                // Both addresses of a receipt may be the same number.
                let alone = fitting.all(|entry| (entry.key, entry.segment) == found);
                let sure = alone && !self.may_be_of_another(carrier, numbers, first.message);
                return sure.then_some(found);
            }
        }
        None
    }

    fn entry_mut(&mut self, carrier: u16, to: Msisdn, key: Key, segment: u8) -> Option<&mut Entry> {
        self.by_tail
            .get_mut(&(carrier, tail(to)))?
            .iter_mut()
            .find(|entry| (entry.key, entry.segment) == (key, segment))
    }

    /// Notes the first receipt that may speak of a segment; false where there is one already.
    pub(crate) fn claim(
        &mut self,
        carrier: u16,
        to: Msisdn,
        key: Key,
        segment: u8,
        claim: Claim,
    ) -> bool {
        match self.entry_mut(carrier, to, key, segment) {
            Some(entry) if entry.claim.is_none() => {
                entry.claim = Some(Box::new(claim));
                true
            }
            _ => false,
        }
    }

    pub(crate) fn claimed(
        &mut self,
        carrier: u16,
        to: Msisdn,
        key: Key,
        segment: u8,
    ) -> Option<Claim> {
        let entry = self.entry_mut(carrier, to, key, segment)?;
        entry.claim.as_deref().cloned()
    }

    /// The claim was another's: the next receipt may make one.
    pub(crate) fn disclaim(&mut self, carrier: u16, to: Msisdn, key: Key, segment: u8) {
        if let Some(entry) = self.entry_mut(carrier, to, key, segment) {
            entry.claim = None;
        }
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.by_tail.values().map(SmallVec::len).sum()
    }
}

/// Counters to a slot of the windows: few numbers meet in one.
const COUNTERS_A_SLOT: usize = 8;
const COUNTERS_MAX: usize = 1 << 20;

/// Which numbers have a segment in a window, as a counting filter.
#[derive(Debug)]
pub(crate) struct InWindow {
    counters: Box<[u8]>,
}

impl InWindow {
    /// For windows of so many slots in all.
    pub(crate) fn new(slots: usize) -> Self {
        let counters = slots
            .saturating_mul(COUNTERS_A_SLOT)
            .clamp(256, COUNTERS_MAX)
            .next_power_of_two();
        Self {
            counters: vec![0; counters].into_boxed_slice(),
        }
    }

    fn counter(&mut self, to: Msisdn) -> Option<&mut u8> {
        let mixed = tail(to).wrapping_mul(0x9e37_79b1);
        let place = (mixed >> 12) as usize & (self.counters.len() - 1);
        self.counters.get_mut(place)
    }

    pub(crate) fn add(&mut self, to: Msisdn) {
        if let Some(counter) = self.counter(to) {
            *counter = counter.saturating_add(1);
        }
    }

    pub(crate) fn remove(&mut self, to: Msisdn) {
        // A counter that was full has lost count and stays full.
        if let Some(counter) = self.counter(to).filter(|counter| **counter < u8::MAX) {
            *counter = counter.saturating_sub(1);
        }
    }

    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.counters.iter().all(|counter| *counter == 0)
    }

    /// Whether a segment to this number may be in a window.
    pub(crate) fn may_have(&mut self, to: Msisdn) -> bool {
        self.counter(to).is_none_or(|counter| *counter > 0)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn key(slot: u32) -> Key {
        Key {
            slot,
            generation: 1,
        }
    }

    fn numbers(number: u64) -> Numbers {
        Numbers {
            source: Msisdn::from_u64(number),
            destination: Msisdn::from_u64(number),
        }
    }

    #[test]
    fn only_one_segment_to_a_number_is_found_and_whole_numbers_go_before_tails() {
        let mut unnamed = Unnamed::default();
        let (one, other) = (447_700_900_001, 337_700_900_001);
        let to = |number| Msisdn::from_u64(number).unwrap();
        unnamed.insert(1, to(one), MessageId(1), key(1), 0);
        assert_eq!(unnamed.only(1, numbers(one)), Some((key(1), 0)));
        assert_eq!(unnamed.only(1, numbers(7_700_900_001)), Some((key(1), 0)));
        assert_eq!(unnamed.only(2, numbers(one)), None, "another carrier");
        unnamed.insert(1, to(other), MessageId(2), key(2), 0);
        assert_eq!(unnamed.only(1, numbers(one)), Some((key(1), 0)));
        assert_eq!(unnamed.only(1, numbers(7_700_900_001)), None, "two fit");
        unnamed.insert(1, to(one), MessageId(1), key(1), 1);
        assert_eq!(unnamed.only(1, numbers(one)), None, "two parts fit");
        for (number, slot, segment) in [(one, 1, 0), (other, 2, 0), (one, 1, 1)] {
            unnamed.remove(1, to(number), key(slot), segment);
        }
        assert_eq!(unnamed.len(), 0);
    }

    #[test]
    fn nothing_is_matched_by_number_while_a_lost_copy_of_another_may_have_its_receipt() {
        let mut unnamed = Unnamed::default();
        let to = Msisdn::from_u64(447_700_900_001).unwrap();
        let numbers = numbers(447_700_900_001);
        unnamed.insert(1, to, MessageId(1), key(1), 0);
        unnamed.goes_astray(0, 1, to, MessageId(1), 100);
        assert!(unnamed.only(1, numbers).is_some(), "its own");
        unnamed.goes_astray(1, 1, to, MessageId(2), 101);
        assert_eq!(unnamed.only(1, numbers), None);
        let elsewhere = Msisdn::from_u64(447_700_900_002).unwrap();
        unnamed.goes_astray(101, 1, elsewhere, MessageId(3), 201);
        assert!(unnamed.only(1, numbers).is_some(), "its time is over");
    }

    #[test]
    fn filter_never_says_no_of_a_number_in_a_window() {
        let mut windows = InWindow::new(10);
        let to = |n: u64| Msisdn::from_u64(447_700_900_000 + n).unwrap();
        (0..2000).for_each(|n| windows.add(to(n)));
        (0..1000).for_each(|n| windows.remove(to(n)));
        assert!((1000..2000).all(|n| windows.may_have(to(n))));
        let mut windows = InWindow::new(1000);
        (0..100).for_each(|n| windows.add(to(n)));
        (0..100).for_each(|n| windows.remove(to(n)));
        assert!((0..100).all(|n| !windows.may_have(to(n))));
    }
}
