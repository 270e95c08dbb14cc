//! Remembers requests whose slot was given up, so that a late response still finds its ticket.
//!
//! Promise: any mix of sequence numbers is held, up to the bound; above it the oldest goes.
//! Bound: `entries_max` entries and twice as many places in the queue of ages. Nothing is allocated
//! before the first is remembered.

use crate::CommandId;
use rustc_hash::FxHashMap;
use std::collections::VecDeque;

const ENTRIES_MAX: u32 = 1 << 20;

#[derive(Debug, Default)]
pub(crate) struct LateMemory {
    entries: FxHashMap<u32, Entry>,
    /// Sequence and age of each, oldest first; those that were taken meanwhile are still in it.
    by_age: VecDeque<(u32, u64)>,
    entries_max: usize,
    remembered: u64,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    late: Late,
    age: u64,
}

/// A request whose slot was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Late {
    pub(crate) command: CommandId,
    pub(crate) ticket: u64,
    pub(crate) begun_ns: u64,
}

impl LateMemory {
    pub(crate) fn new(entries_max: u32) -> Self {
        Self {
            entries_max: entries_max.min(ENTRIES_MAX) as usize,
            ..Self::default()
        }
    }

    pub(crate) fn remember(&mut self, sequence: u32, late: Late) {
        if self.entries_max == 0 {
            return;
        }
        self.make_room();
        self.remembered += 1;
        let age = self.remembered;
        self.entries.insert(sequence, Entry { late, age });
        self.by_age.push_back((sequence, age));
    }

    /// Drops the oldest when full, and places of entries that are gone when there are too many.
    fn make_room(&mut self) {
        while self.entries.len() >= self.entries_max {
            let Some((sequence, age)) = self.by_age.pop_front() else {
                return;
            };
            if self.entries.get(&sequence).is_some_and(|e| e.age == age) {
                self.entries.remove(&sequence);
            }
        }
        if self.by_age.len() >= self.entries_max * 2 {
            let entries = &self.entries;
            self.by_age
                .retain(|(sequence, age)| entries.get(sequence).is_some_and(|e| e.age == *age));
        }
    }

    /// A request that a response settles, once. `response` is `None` when any request will do.
    pub(crate) fn take(&mut self, sequence: u32, response: Option<CommandId>) -> Option<Late> {
        let late = self.entries.get(&sequence)?.late;
        if response.is_some_and(|response| response != late.command.response()) {
            return None;
        }
        self.entries.remove(&sequence);
        Some(late)
    }

    /// The number is used anew: a response to it is not late.
    #[inline]
    pub(crate) fn forget(&mut self, sequence: u32) {
        if !self.entries.is_empty() {
            self.entries.remove(&sequence);
        }
    }

    pub(crate) fn clear(&mut self) {
        self.entries = FxHashMap::default();
        self.by_age = VecDeque::new();
    }
}
