//! Whether a SIM looks blocked, by what becomes of its segments, and how it comes back (trap P22).
//!
//! Promise: a SIM that looks blocked is left alone for a time that doubles with each failed trial, then sends one segment as a trial,
//! and is back in when that one is taken. No rest is for ever. What looks like the network's fault or the pool's is not the SIM's.
//! Bound: the last [`OUTCOMES`] receipts.

use carrack_settings::SimTerms;

use super::MINUTE_NS;
use super::barring::{Hint, hint};
use crate::modem::SimEvent;

/// Receipts that are looked back at.
const OUTCOMES: u8 = 64;
/// Fewer say nothing.
pub(super) const OUTCOMES_MIN: u32 = 20;
/// So much above the pool's share of undelivered ones is far, in percent.
const ABOVE_POOL_PERCENT: u32 = 40;
/// The pool's share where nothing is known of it: a lone SIM needs nearly all to fail.
const POOL_UNKNOWN_PERCENT: u32 = 50;
/// A trial of which nothing is heard for so long says nothing: the next one goes.
const TRIAL_WAIT_NS: u64 = 15 * MINUTE_NS;
/// So many segments taken in a row, and the next cool-down is short again.
const TRUSTED_AFTER: u16 = 50;
const LEVEL_MAX: u8 = 10;

/// Where a SIM stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Nothing is held against it.
    Well,
    /// Left alone until then; after it one segment tries it.
    Cooling { until_ns: u64 },
    /// The segment that tries it left then.
    Trial { since_ns: u64 },
}

/// What it is suspected for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ground {
    /// Refusals that mean barring.
    Barred,
    /// Failures that say nothing, one after the other.
    Failing,
    /// Receipts say undelivered.
    Undelivered,
}

/// What follows from an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Nothing.
    Nothing,
    /// It is suspected if others of its network do not fail as well.
    AskNetwork,
    /// It is suspected if the others' share of undelivered ones is far below its own.
    AskPool,
    /// It is suspected from now on.
    Suspected,
    /// A trial failed: longer this time.
    TrialFailed,
    /// A trial was taken: back in.
    Cleared,
}

/// What is known of one SIM.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Suspicion {
    pub(super) stage: Stage,
    pub(super) ground: Ground,
    /// Cool-downs so far that were not followed by [`TRUSTED_AFTER`] segments.
    pub(super) level: u8,
    pub(super) barred_run: u16,
    pub(super) failed_run: u16,
    pub(super) accepted_run: u16,
    /// Of the last refusal.
    pub(super) cms: u16,
    /// The last receipts, the newest lowest; 1: undelivered.
    pub(super) outcomes: u64,
    pub(super) outcomes_count: u8,
}

impl Default for Suspicion {
    fn default() -> Self {
        Self {
            stage: Stage::Well,
            ground: Ground::Failing,
            level: 0,
            barred_run: 0,
            failed_run: 0,
            accepted_run: 0,
            cms: 0,
            outcomes: 0,
            outcomes_count: 0,
        }
    }
}

impl Suspicion {
    /// The first moment for a segment; 0: now.
    pub(super) const fn next_ns(&self) -> u64 {
        match self.stage {
            Stage::Well => 0,
            Stage::Cooling { until_ns } => until_ns,
            Stage::Trial { since_ns } => since_ns.saturating_add(TRIAL_WAIT_NS),
        }
    }

    /// A segment leaves.
    pub(super) const fn spent(&mut self, moment_ns: u64) {
        if !matches!(self.stage, Stage::Well) {
            self.stage = Stage::Trial {
                since_ns: moment_ns,
            };
        }
    }

    /// Receipts that are looked back at, and those that say undelivered.
    pub(super) const fn outcomes(&self) -> (u32, u32) {
        (self.outcomes_count as u32, self.outcomes.count_ones())
    }

    /// Whether nothing gets through, for whatever reason.
    pub(super) const fn is_failing(&self, terms: &SimTerms) -> bool {
        self.failed_run >= terms.suspect_after || !matches!(self.stage, Stage::Well)
    }

    /// What came of a segment.
    pub(super) fn note(&mut self, event: SimEvent, moment_ns: u64, terms: &SimTerms) -> Verdict {
        self.remember(event);
        match self.stage {
            Stage::Well => self.look(event, moment_ns, terms),
            // Of segments that left before.
            Stage::Cooling { .. } => Verdict::Nothing,
            Stage::Trial { .. } => self.tried(event, moment_ns, terms),
        }
    }

    fn remember(&mut self, event: SimEvent) {
        match event {
            SimEvent::Accepted => {
                (self.barred_run, self.failed_run) = (0, 0);
                self.accepted_run = self.accepted_run.saturating_add(1);
                if self.stage == Stage::Well && self.accepted_run >= TRUSTED_AFTER {
                    self.level = 0;
                }
            }
            SimEvent::Refused { cms } => {
                let hint = hint(cms);
                if hint != Hint::Nothing {
                    self.cms = cms;
                    self.failed();
                }
                if hint == Hint::Barred {
                    self.barred_run = self.barred_run.saturating_add(1);
                }
            }
            SimEvent::Unanswered => self.failed(),
            SimEvent::Delivered => self.outcome(0),
            SimEvent::Undelivered => self.outcome(1),
        }
    }

    fn failed(&mut self) {
        self.failed_run = self.failed_run.saturating_add(1);
        self.accepted_run = 0;
    }

    fn outcome(&mut self, undelivered: u64) {
        self.outcomes = self.outcomes << 1 | undelivered;
        self.outcomes_count = (self.outcomes_count + 1).min(OUTCOMES);
    }

    fn look(&mut self, event: SimEvent, moment_ns: u64, terms: &SimTerms) -> Verdict {
        if self.barred_run >= terms.suspect_after {
            self.suspect(Ground::Barred, moment_ns, terms);
            return Verdict::Suspected;
        }
        let is_failure = !matches!(event, SimEvent::Accepted | SimEvent::Delivered);
        if is_failure && self.failed_run >= terms.suspect_after.saturating_mul(2) {
            return Verdict::AskNetwork;
        }
        let (seen, undelivered) = self.outcomes();
        let share_min = ABOVE_POOL_PERCENT * seen;
        let asks = event == SimEvent::Undelivered && seen >= OUTCOMES_MIN;
        if asks && undelivered * 100 > share_min {
            return Verdict::AskPool;
        }
        Verdict::Nothing
    }

    /// Whether its receipts are far worse than those of the others (how many, and how many undelivered).
    pub(super) fn is_far_above(&self, (others, others_undelivered): (u32, u32)) -> bool {
        let (seen, undelivered) = self.outcomes();
        let others_percent = match others {
            0..OUTCOMES_MIN => POOL_UNKNOWN_PERCENT,
            _ => others_undelivered * 100 / others,
        };
        seen >= OUTCOMES_MIN && undelivered * 100 / seen >= others_percent + ABOVE_POOL_PERCENT
    }

    fn tried(&mut self, event: SimEvent, moment_ns: u64, terms: &SimTerms) -> Verdict {
        let by_receipts = self.ground == Ground::Undelivered;
        match event {
            SimEvent::Accepted if by_receipts => Verdict::Nothing,
            SimEvent::Accepted | SimEvent::Delivered => {
                self.clear();
                Verdict::Cleared
            }
            SimEvent::Undelivered if !by_receipts => Verdict::Nothing,
            SimEvent::Refused { cms } if hint(cms) == Hint::Nothing => {
                // The message was at fault, or the modem: it says nothing, and the next one tries.
                self.stage = Stage::Cooling {
                    until_ns: moment_ns,
                };
                Verdict::Nothing
            }
            SimEvent::Refused { .. } | SimEvent::Unanswered | SimEvent::Undelivered => {
                self.suspect(self.ground, moment_ns, terms);
                Verdict::TrialFailed
            }
        }
    }

    /// Left alone from now on.
    pub(super) fn suspect(&mut self, ground: Ground, moment_ns: u64, terms: &SimTerms) {
        let times = 1_u64 << self.level.min(LEVEL_MAX);
        let cool_down_ns = (terms.cool_down.as_nanos() as u64).saturating_mul(times);
        let cool_down_ns = cool_down_ns.min(terms.cool_down_max().as_nanos() as u64);
        self.level = (self.level + 1).min(LEVEL_MAX);
        self.ground = ground;
        self.stage = Stage::Cooling {
            until_ns: moment_ns.saturating_add(cool_down_ns),
        };
    }

    /// Back in; how often it happened is remembered until it has sent for a while.
    pub(super) fn clear(&mut self) {
        *self = Self {
            level: self.level,
            ..Self::default()
        };
    }
}
