//! Which rate has been borne, so that a fit of refusals there is not taken for a limit.
//!
//! Promise: a limit that is exceeded refuses second after second, a fit does not. A rate that was used for some
//! seconds without refusals is proven; there, refusals are borne until seconds with them outnumber those without by
//! [`DOUBTS_MAX`]. What is then cut is tried once more as soon as the lower rate is proven, and forgotten if it
//! is doubted again soon. Rates below [`RATE_MIN`] are never proven: a second says too little there. Bounded: a few
//! counters. It never fails.

use crate::SECOND_NS;
use crate::search::below;

/// Below this rate a second says too little to tell a fit of refusals from a limit.
const RATE_MIN: u32 = 200;
/// Seconds without refusals that prove the lowest rate of them.
const CLEAN_SECONDS: u32 = 2;
const DOUBTS_MAX: u32 = 3;
/// A rate doubted so soon after it was tried again is forgotten.
const SOON_NS: u64 = 10 * SECOND_NS;

/// What is known of the rates at and below the present one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Proof {
    /// 0: none.
    proven: u32,
    /// Was proven before the last cut; 0: none.
    remembered: u32,
    tried_ns: Option<u64>,
    /// The lowest rate of the seconds without refusals up to now, and how many these are.
    lowest: u32,
    clean: u32,
    doubts: u32,
    refused: bool,
}

impl Proof {
    pub(crate) const fn proven(&self) -> u32 {
        self.proven
    }

    /// A refusal that is more than is borne anyway.
    pub(crate) const fn refusal(&mut self) {
        self.refused = true;
    }

    /// Whether refusals at `rate` are a fit as far as can be told.
    pub(crate) const fn bears(&self, rate: u32) -> bool {
        rate <= self.proven && self.doubts < DOUBTS_MAX
    }

    /// Whether refusals at `rate`, though it is proven, were too often for a fit.
    pub(crate) const fn is_doubted(&self, rate: u32) -> bool {
        rate <= self.proven && self.doubts >= DOUBTS_MAX
    }

    /// A second at `rate` is over, `used` if about as much was granted. Says which rate to try again.
    pub(crate) fn second_passed(&mut self, now_ns: u64, rate: u32, used: bool) -> Option<u32> {
        let refused = std::mem::take(&mut self.refused);
        if refused {
            self.clean = 0;
            self.doubts = self.doubts.saturating_add(u32::from(rate <= self.proven));
            return None;
        }
        if !used || rate < RATE_MIN {
            return None;
        }
        self.doubts = self.doubts.saturating_sub(1);
        self.lowest = if self.clean == 0 {
            rate
        } else {
            self.lowest.min(rate)
        };
        self.clean = self.clean.saturating_add(1);
        if self.clean < CLEAN_SECONDS {
            return None;
        }
        self.clean -= 1;
        let lowest = std::mem::replace(&mut self.lowest, rate);
        self.proven = self.proven.max(lowest);
        let again = std::mem::take(&mut self.remembered);
        if again <= self.proven {
            return None;
        }
        self.proven = again;
        self.doubts = 0;
        self.tried_ns = Some(now_ns);
        Some(again)
    }

    /// The rate is cut.
    pub(crate) fn cut(&mut self, now_ns: u64) {
        let soon = |tried_ns| now_ns.saturating_sub(tried_ns) < SOON_NS;
        if self.proven > 0 {
            self.remembered = match self.tried_ns.take() {
                Some(tried_ns) if soon(tried_ns) => 0,
                _ => below(self.proven).max(self.remembered),
            };
            self.proven = 0;
        }
        self.restart();
    }

    /// Back to a rate at or above the proven one.
    pub(crate) const fn restart(&mut self) {
        self.clean = 0;
        self.doubts = 0;
        self.refused = false;
    }

    /// Refusals turned out not to depend on the rate.
    pub(crate) fn forget(&mut self) {
        *self = Self::default();
    }
}
