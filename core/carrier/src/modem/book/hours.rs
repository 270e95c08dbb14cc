//! Segments of an hour: at most so many in any 60 minutes, counted by the minute.
//!
//! Promise: never more than the cap in any 60 minutes. The oldest minute counts as a whole until it is over, so that it may be 61.

use crate::modem::book::MINUTE_NS;

/// The minute under way and the 60 before it.
pub(super) const BUCKETS: usize = 61;

/// Counts of one SIM.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hours {
    /// The newest minute that is counted.
    pub(super) minute: u64,
    /// By minute modulo their number.
    pub(super) counts: [u16; BUCKETS],
    /// Of all.
    pub(super) sum: u32,
}

impl Default for Hours {
    fn default() -> Self {
        Self {
            minute: 0,
            counts: [0; BUCKETS],
            sum: 0,
        }
    }
}

const fn place(minute: u64) -> usize {
    (minute % BUCKETS as u64) as usize
}

impl Hours {
    fn turn(&mut self, moment_ns: u64) {
        let minute = moment_ns / MINUTE_NS;
        let passed = minute.saturating_sub(self.minute);
        if passed == 0 {
            return;
        }
        if self.sum > 0 {
            for over in 1..=passed.min(BUCKETS as u64) {
                if let Some(count) = self.counts.get_mut(place(self.minute + over)) {
                    self.sum -= u32::from(*count).min(self.sum);
                    *count = 0;
                }
            }
        }
        self.minute = minute;
    }

    /// The first moment for one more; 0: now. A look leaves no trace: the clock may be ahead for a moment.
    pub(super) fn next_ns(&self, moment_ns: u64, cap: u32) -> u64 {
        if self.sum < cap {
            return 0;
        }
        let mut now = *self;
        now.turn(moment_ns);
        let mut left = now.sum;
        if left < cap {
            return 0;
        }
        let mut minute = now.minute.saturating_sub(BUCKETS as u64 - 1);
        while minute < now.minute {
            left -= u32::from(now.counts.get(place(minute)).copied().unwrap_or(0)).min(left);
            if left < cap {
                break;
            }
            minute += 1;
        }
        (minute + BUCKETS as u64).saturating_mul(MINUTE_NS)
    }

    /// Counts one.
    pub(super) fn add(&mut self, moment_ns: u64) {
        self.turn(moment_ns);
        if let Some(count) = self.counts.get_mut(place(self.minute))
            && *count < u16::MAX
        {
            *count += 1;
            self.sum += 1;
        }
    }

    /// Those of the last hour.
    pub(super) fn used(&self, moment_ns: u64) -> u32 {
        let mut now = *self;
        now.turn(moment_ns);
        now.sum
    }
}
