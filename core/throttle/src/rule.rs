//! A carrier's limit as its contract and its manners have it: how fast, how much at once, and what a refusal means.
//!
//! Promise: never above the nominal rate in any sliding second, in whatever mode. Bound: constant. It never fails.

use crate::{Adaptive, Bucket, SECOND_NS};

/// Pause after a refusal in [`ThrottleMode::Fixed`] where no rate is known, so that a refusal is not answered at once
/// by the same segment again.
const UNKNOWN_PAUSE_NS: u64 = SECOND_NS / 10;

/// What a carrier's refusals for speed do to the rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ThrottleMode {
    /// The rate is found by what is refused, never above the nominal one.
    #[default]
    Adaptive,
    /// The nominal rate, whatever is refused.
    Fixed,
    /// All stands still for a time after a refusal.
    Pause,
}

/// How a carrier's limit is kept to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ThrottleRule {
    /// What refusals do.
    pub mode: ThrottleMode,
    /// Standstill after a refusal in mode [`ThrottleMode::Pause`], nanoseconds.
    pub pause_ns: u64,
    /// Segments at once; none: as evenly as the rate allows. Never more than the rate in a second.
    pub burst: Option<u32>,
}

impl Default for ThrottleRule {
    fn default() -> Self {
        Self {
            mode: ThrottleMode::Adaptive,
            pause_ns: 60 * SECOND_NS,
            burst: None,
        }
    }
}

/// A limit in segments a second with the manners of its carrier.
#[derive(Debug, Clone)]
pub struct Throttle {
    manner: Manner,
}

#[derive(Debug, Clone)]
enum Manner {
    Adaptive(Box<Adaptive>),
    Still {
        bucket: Bucket,
        pause_ns: u64,
        paused_until_ns: u64,
    },
}

impl Throttle {
    /// A limit of `nominal` segments a second, or one that stands in the way only after a refusal.
    pub fn new(nominal: Option<u32>, rule: &ThrottleRule) -> Self {
        let still = |pause_ns| Manner::Still {
            bucket: match nominal {
                None => Bucket::unlimited(),
                Some(rate) => Bucket::of_contract(rate, rule.burst),
            },
            pause_ns,
            paused_until_ns: 0,
        };
        let manner = match rule.mode {
            ThrottleMode::Adaptive => {
                Manner::Adaptive(Box::new(Adaptive::with_burst(nominal, rule.burst)))
            }
            ThrottleMode::Fixed if nominal.is_none() => still(UNKNOWN_PAUSE_NS),
            ThrottleMode::Fixed => still(0),
            ThrottleMode::Pause => still(rule.pause_ns),
        };
        Self { manner }
    }

    /// Takes `n` segments at `now_ns` (monotonic), all or nothing.
    ///
    /// # Errors
    /// The moment at which asking again may succeed; [`crate::NEVER_NS`] where `n` is larger than the nominal rate.
    #[inline]
    pub fn take(&mut self, now_ns: u64, n: u32) -> Result<(), u64> {
        match &mut self.manner {
            Manner::Adaptive(adaptive) => adaptive.take(now_ns, n),
            Manner::Still {
                paused_until_ns, ..
            } if now_ns < *paused_until_ns => Err(*paused_until_ns),
            Manner::Still { bucket, .. } => bucket.take(now_ns, n),
        }
    }

    /// As [`Throttle::take`], and takes nothing.
    ///
    /// # Errors
    /// As [`Throttle::take`].
    #[inline]
    pub fn ready(&mut self, now_ns: u64, n: u32) -> Result<(), u64> {
        match &mut self.manner {
            Manner::Adaptive(adaptive) => adaptive.ready(now_ns, n),
            Manner::Still {
                paused_until_ns, ..
            } if now_ns < *paused_until_ns => Err(*paused_until_ns),
            Manner::Still { bucket, .. } => bucket.ready(now_ns, n),
        }
    }

    /// What was taken last has been written at `now_ns` at the latest ([`Bucket::written`]).
    #[inline]
    pub fn written(&mut self, now_ns: u64) {
        match &mut self.manner {
            Manner::Adaptive(adaptive) => adaptive.written(now_ns),
            Manner::Still { bucket, .. } => bucket.written(now_ns),
        }
    }

    /// The carrier refused a segment because we are too fast.
    pub fn on_throttled(&mut self, now_ns: u64) {
        match &mut self.manner {
            Manner::Adaptive(adaptive) => adaptive.on_throttled(now_ns),
            Manner::Still {
                pause_ns,
                paused_until_ns,
                ..
            } => *paused_until_ns = (*paused_until_ns).max(now_ns.saturating_add(*pause_ns)),
        }
    }

    /// The end of the pause, 0 before the first.
    pub const fn paused_until_ns(&self) -> u64 {
        match &self.manner {
            Manner::Adaptive(adaptive) => adaptive.paused_until_ns(),
            Manner::Still {
                paused_until_ns, ..
            } => *paused_until_ns,
        }
    }

    /// Segments a second at present; none where no limit is known.
    pub fn rate(&self) -> Option<u32> {
        match &self.manner {
            Manner::Adaptive(adaptive) => adaptive.rate(),
            Manner::Still { bucket, .. } => bucket.rate(),
        }
    }

    /// Segments a second as configured; none where unlimited.
    pub fn nominal(&self) -> Option<u32> {
        match &self.manner {
            Manner::Adaptive(adaptive) => adaptive.nominal(),
            Manner::Still { bucket, .. } => bucket.rate(),
        }
    }
}
