//! How many entries of a list each account has, since its last compaction.
//!
//! Bound: one count for each account, or sender, with entries.

use std::sync::Arc;

use rustc_hash::FxHashMap;

#[derive(Debug, Default, Clone, Copy)]
struct Count {
    now: usize,
    /// How many the last compaction left.
    left: usize,
}

/// Counts by account or sender; entries for all are not counted.
#[derive(Debug, Default)]
pub(super) struct Tally {
    counts: FxHashMap<Arc<str>, Count>,
    /// The most that one has since the last compaction.
    busiest: usize,
}

impl Tally {
    /// The name as it is kept, so that a million entries have it once.
    pub(super) fn name(&self, name: &str) -> Option<Arc<str>> {
        self.counts
            .get_key_value(name)
            .map(|(name, _)| Arc::clone(name))
    }

    pub(super) fn add(&mut self, name: &Arc<str>) {
        let count = self.counts.entry(Arc::clone(name)).or_default();
        count.now += 1;
        if !name.is_empty() {
            self.busiest = self.busiest.max(count.now.saturating_sub(count.left));
        }
    }

    pub(super) fn take(&mut self, name: &str) {
        if let Some(count) = self.counts.get_mut(name) {
            count.now = count.now.saturating_sub(1);
        }
    }

    /// What there is now was left by a compaction.
    pub(super) fn begin_anew(&mut self) {
        self.counts.retain(|_, count| count.now > 0);
        self.counts
            .values_mut()
            .for_each(|count| count.left = count.now);
        self.busiest = 0;
    }

    /// How many were added for one since the last compaction.
    pub(super) fn since(&self, name: &str) -> usize {
        let count = self.counts.get(name).copied().unwrap_or_default();
        count.now.saturating_sub(count.left)
    }

    pub(super) const fn busiest(&self) -> usize {
        self.busiest
    }
}
