//! Cuts in a row: does the share of refusals depend on the rate at all?
//!
//! Promise: a share that stays the same while the rate falls belongs to no limit. Bounded: a few counters. It never
//! fails.

/// Segments granted, and refused by the carrier.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Sent {
    pub(crate) granted: u64,
    pub(crate) refused: u64,
}

impl Sent {
    pub(crate) const fn since(self, before: Self) -> Self {
        Self {
            granted: self.granted.saturating_sub(before.granted),
            refused: self.refused.saturating_sub(before.refused),
        }
    }
}

/// Cuts without a probe between them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Trial {
    pub(crate) rate_before: u32,
    pub(crate) cuts: u32,
    /// What went between the last two cuts.
    pub(crate) last: Sent,
    /// And between the two before.
    pub(crate) before_last: Sent,
}

impl Trial {
    /// A first cut from `rate_before`, after so much had gone.
    pub(crate) const fn first(rate_before: u32, sent: Sent) -> Self {
        Self {
            rate_before,
            cuts: 1,
            last: sent,
            before_last: Sent {
                granted: 0,
                refused: 0,
            },
        }
    }

    /// One more cut, after so much had gone.
    pub(crate) const fn next(self, sent: Sent) -> Self {
        Self {
            cuts: self.cuts.saturating_add(1),
            last: sent,
            before_last: self.last,
            ..self
        }
    }

    /// Whether the share of refusals fell with the rate: to a quarter, because few are counted and chance is wide.
    pub(crate) const fn fell(&self) -> bool {
        let (last, before) = (self.last, self.before_last);
        let now = last
            .refused
            .saturating_mul(4)
            .saturating_mul(before.granted);
        now < before.refused.saturating_mul(last.granted)
    }
}
