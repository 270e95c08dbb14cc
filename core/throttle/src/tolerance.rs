//! The share of refusals that does not depend on our rate, and so is borne.
//!
//! Promise: without a learned share nothing is borne; a learned one is borne with four standard deviations around
//! it, is never above a quarter, and is forgotten after a minute, so that it is put to the test again. It never
//! fails.

use crate::SECOND_NS;

/// A share of one, in units.
const WHOLE: u64 = 1 << 16;
const SHARE_MAX: u64 = WHOLE / 4;
const FORGET_NS: u64 = 60 * SECOND_NS;

/// How many refusals are no sign of a limit.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tolerance {
    share: u64,
    learned_ns: u64,
}

impl Tolerance {
    /// Learns from a second that stayed below every limit; false where so much was refused that it is not borne.
    pub(crate) fn learn(&mut self, now_ns: u64, granted: u64, refused: u64) -> bool {
        let share = refused.saturating_mul(WHOLE) / granted.max(1);
        if share == 0 || share > SHARE_MAX {
            return false;
        }
        self.share = share;
        self.learned_ns = now_ns;
        true
    }

    pub(crate) const fn forget_if_old(&mut self, now_ns: u64) {
        if self.share != 0 && now_ns.saturating_sub(self.learned_ns) >= FORGET_NS {
            self.share = 0;
        }
    }

    /// Refusals to be expected among so many granted.
    pub(crate) const fn expected(&self, granted: u64) -> u64 {
        granted.saturating_mul(self.share) / WHOLE
    }

    /// More refusals than this among so many granted are a sign of a limit.
    pub(crate) const fn allowed(&self, granted: u64) -> u64 {
        if self.share == 0 {
            return 0;
        }
        let expected = self.expected(granted).saturating_add(1);
        expected.saturating_add(expected.isqrt().saturating_mul(4))
    }
}
