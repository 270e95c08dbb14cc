//! What was granted during the last second, in slots of 1/64 s.
//!
//! Promise: the sum over the current slot and the 64 before it is never less than what was granted in the
//! second that ends now, because a half-open second touches at most 65 slots. Bounded: 65 counters.

use crate::SECOND_NS;

/// Slots a second; divides a second into whole nanoseconds.
const SLOTS_A_SECOND: u64 = 64;
const SLOT_NS: u64 = SECOND_NS / SLOTS_A_SECOND;
const SLOTS: usize = SLOTS_A_SECOND as usize + 1;

/// Segments granted, by slot of time.
#[derive(Debug, Clone)]
pub(crate) struct History {
    counts: [u64; SLOTS],
    /// The newest slot that `counts` speaks of.
    slot: u64,
    sum: u64,
}

impl History {
    pub(crate) fn new() -> Self {
        Self {
            counts: [0; SLOTS],
            slot: 0,
            sum: 0,
        }
    }

    /// Segments granted in the current slot and the 64 before it.
    pub(crate) fn sum(&mut self, now_ns: u64) -> u64 {
        self.advance(now_ns);
        self.sum
    }

    pub(crate) fn add(&mut self, now_ns: u64, n: u32) {
        self.advance(now_ns);
        let index = Self::index(self.slot);
        if let Some(count) = self.counts.get_mut(index) {
            *count = count.saturating_add(u64::from(n));
            self.sum = self.sum.saturating_add(u64::from(n));
        }
    }

    /// The first moment, not before now, at which at most `room` is left in the sum if nothing more is granted.
    pub(crate) fn at_most(&mut self, now_ns: u64, room: u64) -> u64 {
        self.advance(now_ns);
        let mut left = self.sum;
        if left <= room {
            return now_ns;
        }
        // The oldest slot is the one the next slot will reuse.
        for age in 1..=SLOTS as u64 {
            let index = Self::index(self.slot.saturating_add(age));
            left = left.saturating_sub(self.counts.get(index).copied().unwrap_or(0));
            if left <= room {
                return self.slot.saturating_add(age).saturating_mul(SLOT_NS);
            }
        }
        now_ns.saturating_add(SECOND_NS)
    }

    fn advance(&mut self, now_ns: u64) {
        let slot = now_ns / SLOT_NS;
        let steps = slot.saturating_sub(self.slot).min(SLOTS as u64);
        for step in 0..steps {
            let index = Self::index(slot - step);
            if let Some(count) = self.counts.get_mut(index) {
                self.sum = self.sum.saturating_sub(*count);
                *count = 0;
            }
        }
        self.slot = self.slot.max(slot);
    }

    const fn index(slot: u64) -> usize {
        (slot % SLOTS as u64) as usize
    }
}
