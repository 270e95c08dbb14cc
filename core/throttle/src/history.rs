//! What was granted during the last second, or a little more, in slots of 1/512 s.
//!
//! Promise: the sum over the current slot and those before it is never less than what was granted in the second, or
//! the [`WINDOW_NS`], that ends now, because they touch at most one slot more than they are long. Bounded: 520 counters.

use crate::SECOND_NS;

/// Slots a second; divides a second into whole nanoseconds.
const SLOTS_A_SECOND: u64 = 512;
const SLOT_NS: u64 = SECOND_NS / SLOTS_A_SECOND;
/// What is granted evenly may be late on its way by so much, and the one who counts at its end still counts no more.
const GUARD_SLOTS: u64 = 7;
const SLOTS_MAX: usize = (SLOTS_A_SECOND + GUARD_SLOTS) as usize + 1;

/// A second and what the way to a carrier may take longer for some than for others: 1.0137 s.
pub(crate) const WINDOW_NS: u64 = SECOND_NS + GUARD_SLOTS * SLOT_NS;

/// Segments of a second among so many of a [`History::of_window`].
pub(crate) const fn of_a_second(sum: u64) -> u64 {
    sum.saturating_mul(SLOTS_A_SECOND)
        .div_ceil(SLOTS_MAX as u64)
}

/// Segments granted, by slot of time.
#[derive(Debug, Clone)]
pub(crate) struct History {
    counts: [u32; SLOTS_MAX],
    /// So many of them are in use.
    slots: u64,
    /// The newest slot that `counts` speaks of.
    slot: u64,
    sum: u64,
}

impl History {
    /// Of the last second.
    pub(crate) const fn of_second() -> Self {
        Self::of(SLOTS_A_SECOND + 1)
    }

    /// Of the last [`WINDOW_NS`].
    pub(crate) const fn of_window() -> Self {
        Self::of(SLOTS_MAX as u64)
    }

    const fn of(slots: u64) -> Self {
        Self {
            counts: [0; SLOTS_MAX],
            slots,
            slot: 0,
            sum: 0,
        }
    }

    /// Segments granted in the current slot and those before it.
    pub(crate) fn sum(&mut self, now_ns: u64) -> u64 {
        self.advance(now_ns);
        self.sum
    }

    pub(crate) fn add(&mut self, now_ns: u64, n: u32) {
        self.advance(now_ns);
        let index = self.index(self.slot);
        if let Some(count) = self.counts.get_mut(index) {
            let before = *count;
            *count = count.saturating_add(n);
            self.sum = self.sum.saturating_add(u64::from(*count - before));
        }
    }

    /// What was granted in the slot of `from_ns` went out at `to_ns`, so much of it.
    pub(crate) fn put_off(&mut self, from_ns: u64, to_ns: u64, n: u32) {
        let from = from_ns / SLOT_NS;
        if to_ns / SLOT_NS <= from {
            return;
        }
        if from.saturating_add(self.slots) > self.slot {
            let index = self.index(from);
            if let Some(count) = self.counts.get_mut(index) {
                let before = *count;
                *count = count.saturating_sub(n);
                self.sum = self.sum.saturating_sub(u64::from(before - *count));
            }
        }
        self.add(to_ns, n);
    }

    /// The first moment, not before now, at which at most `room` is left in the sum if nothing more is granted.
    pub(crate) fn at_most(&mut self, now_ns: u64, room: u64) -> u64 {
        self.advance(now_ns);
        let mut left = self.sum;
        if left <= room {
            return now_ns;
        }
        // The oldest slot is the one the next slot will reuse.
        for age in 1..=self.slots {
            let index = self.index(self.slot.saturating_add(age));
            left = left.saturating_sub(u64::from(self.counts.get(index).copied().unwrap_or(0)));
            if left <= room {
                return self.slot.saturating_add(age).saturating_mul(SLOT_NS);
            }
        }
        now_ns.saturating_add(WINDOW_NS)
    }

    fn advance(&mut self, now_ns: u64) {
        let slot = now_ns / SLOT_NS;
        let steps = slot.saturating_sub(self.slot).min(self.slots);
        for step in 0..steps {
            let index = self.index(slot - step);
            if let Some(count) = self.counts.get_mut(index) {
                self.sum = self.sum.saturating_sub(u64::from(*count));
                *count = 0;
            }
        }
        self.slot = self.slot.max(slot);
    }

    const fn index(&self, slot: u64) -> usize {
        (slot % self.slots) as usize
    }
}
