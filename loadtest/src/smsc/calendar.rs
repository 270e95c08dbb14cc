//! Things that are due later, in order of time, at a resolution of one millisecond.
//!
//! Holds at most `entries_max` entries; [`Calendar::put`] refuses above it. Entries of one millisecond leave in the order they came.
//! A bucket a millisecond keeps a put to one look-up in a small tree; emptied buckets are used again.

use std::collections::BTreeMap;

/// The resolution: entries leave at the first whole millisecond not before they are due.
const TICK_NS: u64 = 1_000_000;
/// Emptied buckets kept for use again.
const SPARE_MAX: usize = 64;

/// A bounded set of entries ordered by due time.
#[derive(Debug)]
pub(crate) struct Calendar<T> {
    buckets: BTreeMap<u64, Vec<T>>,
    spare: Vec<Vec<T>>,
    entries: usize,
    entries_max: usize,
}

impl<T> Calendar<T> {
    /// An empty calendar that holds at most `entries_max` entries.
    #[must_use]
    pub(crate) fn new(entries_max: usize) -> Self {
        Self {
            buckets: BTreeMap::new(),
            spare: Vec::new(),
            entries: 0,
            entries_max,
        }
    }

    /// Adds an entry. Gives it back when the calendar is full.
    ///
    /// # Errors
    /// The entry itself, when `entries_max` entries wait already.
    pub(crate) fn put(&mut self, due_ns: u64, entry: T) -> Result<(), T> {
        if self.entries >= self.entries_max {
            return Err(entry);
        }
        let spare = &mut self.spare;
        self.buckets
            .entry(due_ns.div_ceil(TICK_NS))
            .or_insert_with(|| spare.pop().unwrap_or_default())
            .push(entry);
        self.entries += 1;
        Ok(())
    }

    /// Moves all entries due at `now_ns` to the end of `due`, earliest first.
    pub(crate) fn take_due(&mut self, now_ns: u64, due: &mut Vec<T>) {
        let tick = now_ns / TICK_NS;
        while let Some(bucket) = self.buckets.first_entry() {
            if *bucket.key() > tick {
                return;
            }
            let mut entries = bucket.remove();
            self.entries -= entries.len();
            due.append(&mut entries);
            if self.spare.len() < SPARE_MAX {
                self.spare.push(entries);
            }
        }
    }

    /// When the earliest entry is due.
    #[must_use]
    pub(crate) fn next_due_ns(&self) -> Option<u64> {
        self.buckets
            .first_key_value()
            .map(|(tick, _)| tick.saturating_mul(TICK_NS))
    }

    /// Entries that wait.
    #[must_use]
    pub(crate) fn len(&self) -> usize {
        self.entries
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing
    )]

    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_full_calendar_gives_the_entry_back() {
        let mut calendar = Calendar::new(2);
        calendar.put(1, 'a').unwrap();
        calendar.put(1, 'b').unwrap();
        assert_eq!(calendar.put(1, 'c'), Err('c'));
        let mut due = Vec::new();
        calendar.take_due(TICK_NS, &mut due);
        assert_eq!(due, ['a', 'b']);
        assert_eq!(calendar.put(1, 'c'), Ok(()));
    }

    proptest! {
        #[test]
        fn nothing_leaves_early_late_or_twice(dues in proptest::collection::vec(0_u64..50_000_000, 0..200), step_ns in 1_u64..5_000_000) {
            let mut calendar = Calendar::new(1_000);
            for (index, due_ns) in dues.iter().enumerate() {
                calendar.put(*due_ns, (*due_ns, index)).unwrap();
            }
            let mut left = Vec::new();
            let mut now_ns = 0;
            while calendar.len() > 0 {
                now_ns += step_ns;
                let from = left.len();
                calendar.take_due(now_ns, &mut left);
                for (due_ns, _) in &left[from..] {
                    prop_assert!(*due_ns <= now_ns);
                    prop_assert!(now_ns - due_ns < TICK_NS + step_ns);
                }
            }
            left.sort_unstable_by_key(|(_, index)| *index);
            prop_assert_eq!(left.iter().map(|(due_ns, _)| *due_ns).collect::<Vec<_>>(), dues);
        }
    }
}
