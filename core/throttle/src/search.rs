//! The search for the rate just below the one at which refusals begin.
//!
//! Promise: the rate is never above the most nor below the floor. After a cut it comes half of the way back each
//! second to just below the ceiling (the best that was accepted when refusals began), stays there until refusals
//! of the next probe would be a small share of what went meanwhile, and then probes by a 256th each second. Only
//! clearly above the ceiling, where the limit must have gone, the step doubles. Bounded: one step a second, at most
//! [`STEPS_MAX`] at one call. It never fails.

use crate::SECOND_NS;

/// Steps made up for after a silence of the caller; enough from one segment a second to no limit.
const STEPS_MAX: u64 = 64;
const HOLD_MIN_NS: u64 = 2 * SECOND_NS;
const HOLD_MAX_NS: u64 = 60 * SECOND_NS;
const PROOF_MAX_NS: u64 = 20 * SECOND_NS;
/// Segments that have to go for each refusal of a probe: a quarter of a percent is refused.
const SEGMENTS_A_REFUSAL: u64 = 400;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// At the most.
    Free,
    /// On the way back to just below the ceiling.
    Recover,
    /// Just below the ceiling, until then.
    Hold(u64),
    /// Growing by `step`.
    Probe,
}

/// A rate in segments a second, and how it grows.
#[derive(Debug, Clone)]
pub(crate) struct Search {
    most: u32,
    floor: u32,
    rate: u32,
    ceiling: u32,
    step: u32,
    hold_ns: u64,
    phase: Phase,
    grown_ns: u64,
}

impl Search {
    pub(crate) fn new(most: u32, floor: u32) -> Self {
        Self {
            most,
            floor: floor.min(most),
            rate: most,
            ceiling: most,
            step: 1,
            hold_ns: HOLD_MIN_NS,
            phase: Phase::Free,
            grown_ns: 0,
        }
    }

    pub(crate) const fn rate(&self) -> u32 {
        self.rate
    }

    pub(crate) fn is_free(&self) -> bool {
        self.phase == Phase::Free
    }

    /// Whether the rate is at or below what was accepted when refusals began: a limit refuses nothing here.
    pub(crate) const fn is_below(&self) -> bool {
        matches!(self.phase, Phase::Recover | Phase::Hold(_))
    }

    pub(crate) const fn hold_ns(&self) -> u64 {
        self.hold_ns
    }

    pub(crate) const fn grows_next_ns(&self) -> u64 {
        self.grown_ns.saturating_add(SECOND_NS)
    }

    /// The rate from `now_ns` on is just below what was accepted; the next probe may cost `refused` again.
    /// With `evidence` segments without refusals it would be clear that the cut was right.
    pub(crate) fn cut(&mut self, now_ns: u64, accepted: u64, refused: u64, evidence: u64) {
        self.ceiling = u32::try_from(accepted)
            .unwrap_or(u32::MAX)
            .clamp(1, self.most.max(1));
        self.rate = below(self.ceiling)
            .min(self.rate.saturating_sub(1))
            .max(self.floor)
            .min(self.most);
        self.ceiling = self.ceiling.max(self.rate);
        self.grown_ns = now_ns;
        let rate = u64::from(self.rate).max(1);
        let cost = refused.clamp(1, (rate / 50).max(8));
        let proof_ns = evidence.saturating_mul(SECOND_NS) / rate;
        self.hold_ns = (SEGMENTS_A_REFUSAL * cost * SECOND_NS / rate)
            .max(proof_ns.min(PROOF_MAX_NS))
            .clamp(HOLD_MIN_NS, HOLD_MAX_NS);
        self.phase = Phase::Hold(now_ns.saturating_add(self.hold_ns));
    }

    /// An eighth less while the rate is held, and then back: does the share of refusals depend on the rate?
    pub(crate) fn dip(&mut self) {
        self.rate = (self.rate - self.rate / 8).max(self.floor).min(self.most);
    }

    /// Nearly all was refused, which says nothing of a limit: go slowly, then back to below `ceiling`.
    pub(crate) fn fall(&mut self, now_ns: u64, accepted: u64, ceiling: u64) {
        let known = if self.ceiling < self.most || self.most < u32::MAX {
            u64::from(self.ceiling)
        } else {
            ceiling
        };
        self.cut(now_ns, accepted, 1, 0);
        self.ceiling = u32::try_from(known)
            .unwrap_or(u32::MAX)
            .clamp(self.rate.max(1), self.most.max(1));
        self.phase = Phase::Recover;
    }

    /// Refusals did not depend on the rate: back to `rate`.
    pub(crate) fn restore(&mut self, now_ns: u64, rate: u32) {
        self.rate = rate.min(self.most);
        self.ceiling = self.rate;
        self.grown_ns = now_ns;
        self.start_probe();
    }

    /// No limit but the most.
    pub(crate) const fn forget(&mut self) {
        self.rate = self.most;
        self.ceiling = self.most;
        self.phase = Phase::Free;
    }

    /// The caller needs this rate for a single taking: do not hold below it.
    pub(crate) fn hurry(&mut self, rate: u32) {
        self.ceiling = self.ceiling.max(rate.min(self.most));
        if matches!(self.phase, Phase::Hold(_)) {
            self.start_probe();
        }
    }

    /// Growth starts only at `now_ns`.
    pub(crate) fn delay(&mut self, now_ns: u64) {
        self.grown_ns = self.grown_ns.max(now_ns);
    }

    /// One step for each whole second since the last; says whether a second has passed. `used` says that the
    /// caller takes about as much as it may.
    pub(crate) fn grow(&mut self, now_ns: u64, used: bool) -> bool {
        let seconds = now_ns.saturating_sub(self.grown_ns) / SECOND_NS;
        if seconds == 0 {
            return false;
        }
        for _ in 0..seconds.min(STEPS_MAX) {
            self.step_once(now_ns, used);
        }
        self.grown_ns = self
            .grown_ns
            .saturating_add(seconds.saturating_mul(SECOND_NS));
        true
    }

    fn step_once(&mut self, now_ns: u64, used: bool) {
        match self.phase {
            Phase::Free => {}
            Phase::Recover => {
                let goal = below(self.ceiling);
                let gap = goal.saturating_sub(self.rate);
                if self.is_far_below() {
                    self.rate = self.rate.saturating_add(gap / 2);
                } else {
                    self.rate = self.rate.max(goal);
                    self.phase = Phase::Hold(now_ns.saturating_add(HOLD_MIN_NS));
                }
            }
            Phase::Hold(until_ns) if now_ns < until_ns => {}
            Phase::Hold(_) if self.is_far_below() => {
                self.phase = Phase::Recover;
                self.step_once(now_ns, used);
            }
            Phase::Hold(_) => {
                self.start_probe();
                self.probe(used);
            }
            Phase::Probe => self.probe(used),
        }
    }

    fn is_far_below(&self) -> bool {
        let goal = below(self.ceiling);
        goal.saturating_sub(self.rate) > goal / 64 + 1
    }

    fn start_probe(&mut self) {
        self.step = (self.rate / 256).max(1);
        self.phase = if self.rate < self.most {
            Phase::Probe
        } else {
            Phase::Free
        };
    }

    fn probe(&mut self, used: bool) {
        if self.rate > self.ceiling.saturating_add(self.ceiling / 32) {
            // Above what was ever asked for, silence of the carrier proves nothing.
            if !used && self.most == u32::MAX {
                return;
            }
            self.step = self.step.saturating_mul(2);
        }
        self.rate = self.rate.saturating_add(self.step).min(self.most);
        if self.rate == self.most {
            self.forget();
        }
    }
}

/// 99 % to the nearest whole.
fn below(rate: u32) -> u32 {
    u32::try_from((u64::from(rate) * 99 + 50) / 100).unwrap_or(rate)
}
