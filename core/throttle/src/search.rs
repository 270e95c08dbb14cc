//! The search for the rate just below the one at which refusals begin.
//!
//! Promise: the rate is never above the most nor below the floor. After a cut it comes half of the way back each
//! second to just below the ceiling (the best that was accepted when refusals began), stays there until refusals
//! of the next probe would be a small share of what went meanwhile, and then probes: first by a 256th each second,
//! then by steps that double while nothing is refused. A probe that meets refusals goes back one step for a second and
//! asks the same rate again, because refusals come in fits as well; met there three times they are the limit. Then the
//! rate goes back to what is proven, and the next probes halve the gap. Bounded: one step a second, at most
//! [`STEPS_MAX`] at one call. It never fails.

use crate::SECOND_NS;

/// Steps made up for after a silence of the caller; enough from one segment a second to no limit.
const STEPS_MAX: u64 = 64;
/// Seconds of a probe without refusals after which its step doubles.
const CLEAN_A_DOUBLING: u32 = 2;
/// Meetings before this one that make a rate the limit; each one more doubles the hold.
const MET_KNOWN: u32 = 2;
const MET_MAX: u32 = 5;
const HOLD_MIN_NS: u64 = 2 * SECOND_NS;
const HOLD_MAX_NS: u64 = 60 * SECOND_NS;
const PROOF_MAX_NS: u64 = 20 * SECOND_NS;
/// Segments that have to go for each refusal of a probe: a quarter of a percent is refused.
const SEGMENTS_A_REFUSAL: u64 = 400;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// At the most.
    Free,
    /// On the way back to just below the ceiling, to hold there for so long.
    Recover(u64),
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
    /// Refusals that the probe has cost beyond the first; none is counted after a cut.
    cost: Option<u64>,
    /// The rate of the last probe that met refusals, and how many before it met them there.
    hit: u32,
    met: u32,
    /// Seconds of the probe without refusals.
    clean: u32,
    /// When the last probe met refusals.
    met_ns: u64,
    /// The rate to try once more after the hold; 0: none.
    again: u32,
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
            cost: None,
            hit: 0,
            met: 0,
            clean: 0,
            met_ns: 0,
            again: 0,
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
        matches!(self.phase, Phase::Recover(_) | Phase::Hold(_))
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
        self.cost = None;
        self.again = 0;
        let proof_ns = evidence.saturating_mul(SECOND_NS) / rate;
        self.hold_ns = self.hold_for(refused).max(proof_ns.min(PROOF_MAX_NS));
        self.phase = Phase::Hold(now_ns.saturating_add(self.hold_ns));
    }

    /// How long to hold so that refusals like these are a small share of what goes meanwhile.
    fn hold_for(&self, refused: u64) -> u64 {
        let rate = u64::from(self.rate).max(1);
        let cost = refused.clamp(1, (rate / 24).max(8));
        ((SEGMENTS_A_REFUSAL * cost * SECOND_NS / rate) << self.met.saturating_sub(MET_KNOWN))
            .clamp(HOLD_MIN_NS, HOLD_MAX_NS)
    }

    /// Whether the rate grows beyond what was accepted before.
    pub(crate) fn is_probe(&self) -> bool {
        self.phase == Phase::Probe
    }

    /// Back from a probe that met refusals to the rate before, or to `proven` where this is the limit. What went into
    /// the probe says how long to stay there.
    pub(crate) fn step_back(&mut self, now_ns: u64, proven: u32, refused: u64) {
        if self.rate.abs_diff(self.hit) <= self.hit / 64 + 1 {
            self.met = (self.met + 1).min(MET_MAX);
        } else {
            self.met = 0;
        }
        self.hit = self.rate;
        let is_known = self.met >= MET_KNOWN;
        self.again = if is_known { 0 } else { self.rate };
        let before = self.rate.saturating_sub(self.step.max(1));
        let back = match is_known && proven > 0 {
            true => before.min(proven).max(before - before / 8),
            false => before,
        };
        self.rate = back.clamp(self.floor, self.most);
        self.ceiling = self.aims_at(self.rate);
        if is_known {
            self.step = self.hit.saturating_sub(self.rate) / 4;
        }
        self.clean = 0;
        self.grown_ns = now_ns;
        self.met_ns = now_ns;
        let cost = refused.saturating_add(self.cost.unwrap_or(0));
        self.cost = Some(cost);
        self.hold_ns = self.hold_after(cost);
        self.phase = Phase::Hold(now_ns.saturating_add(self.hold_ns));
    }

    /// Refusals went on at the present rate: it is above the limit.
    pub(crate) fn is_too_much(&mut self) {
        self.hit = self.rate;
        self.met = self.met.max(MET_KNOWN);
    }

    /// How long to hold after a probe that cost so much: long only where the limit is known closely.
    fn hold_after(&self, cost: u64) -> u64 {
        let gap = self.hit.saturating_sub(self.rate);
        if self.again > 0 {
            SECOND_NS
        } else if gap > self.rate / 16 + 1 {
            HOLD_MIN_NS
        } else if gap > self.rate / 64 + 1 {
            (self.hold_for(cost) / 2).max(HOLD_MIN_NS)
        } else {
            self.hold_for(cost)
        }
    }

    /// One more refusal of the probe that ended makes the hold longer.
    pub(crate) fn count_cost(&mut self, now_ns: u64) {
        let is_of_probe = now_ns < self.met_ns.saturating_add(SECOND_NS);
        let Some(cost) = self.cost.filter(|_| is_of_probe) else {
            return;
        };
        let cost = cost.saturating_add(1);
        self.cost = Some(cost);
        if matches!(self.phase, Phase::Hold(_)) {
            self.hold_ns = self.hold_after(cost);
            self.phase = Phase::Hold(self.met_ns.saturating_add(self.hold_ns));
        }
    }

    /// On the way to `rate`, which was borne before.
    pub(crate) fn aim(&mut self, now_ns: u64, rate: u32) {
        self.ceiling = self.aims_at(rate);
        let hold_ns = match self.phase {
            Phase::Hold(until_ns) => until_ns.saturating_sub(now_ns),
            _ => 0,
        };
        self.phase = Phase::Recover(hold_ns.max(HOLD_MIN_NS));
    }

    /// The ceiling that `rate` is just below.
    fn aims_at(&self, rate: u32) -> u32 {
        rate.saturating_add(rate / 99).min(self.most)
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
        self.phase = Phase::Recover(HOLD_MIN_NS);
        self.hit = 0;
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
            Phase::Recover(hold_ns) => {
                let goal = below(self.ceiling);
                let gap = goal.saturating_sub(self.rate);
                if self.is_far_below() {
                    self.rate = self.rate.saturating_add(gap / 2);
                } else {
                    self.rate = self.rate.max(goal);
                    self.phase = Phase::Hold(now_ns.saturating_add(hold_ns));
                }
            }
            Phase::Hold(until_ns) if now_ns < until_ns => {}
            Phase::Hold(_) if self.is_far_below() => {
                self.phase = Phase::Recover(HOLD_MIN_NS);
                self.step_once(now_ns, used);
            }
            Phase::Hold(_) if self.again > self.rate => {
                self.rate = self.again;
                self.again = 0;
                self.phase = Phase::Probe;
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
        self.step = self.step.max(self.rate / 256).max(1);
        self.clean = 0;
        self.cost = None;
        self.phase = if self.rate < self.most {
            Phase::Probe
        } else {
            Phase::Free
        };
    }

    fn probe(&mut self, used: bool) {
        // Above what was ever asked for, silence of the carrier proves nothing.
        let far = self.rate > self.ceiling.saturating_add(self.ceiling / 32);
        if far && !used && self.most == u32::MAX {
            return;
        }
        self.clean = self.clean.saturating_add(1);
        if self.hit == 0 || self.clean.is_multiple_of(CLEAN_A_DOUBLING) {
            self.step = self.step.saturating_mul(2).min((self.rate / 8).max(1));
        }
        if self.rate < self.hit {
            let half = (self.hit - self.rate) / 2;
            self.step = self.step.min(half).max(self.rate / 256).max(1);
        }
        self.rate = self.rate.saturating_add(self.step).min(self.most);
        if self.rate == self.most {
            self.forget();
        }
    }
}

/// 99 % to the nearest whole.
pub(crate) fn below(rate: u32) -> u32 {
    u32::try_from((u64::from(rate) * 99 + 50) / 100).unwrap_or(rate)
}
