//! A bucket that learns from a carrier's refusals.
//!
//! Promise: never above the nominal rate; after a refusal a short pause, longer when refusals repeat, and half the
//! rate, not below a sixteenth of the nominal; then back by a thirty-second of the way each second. Without a
//! nominal rate, half of what was really granted in the last second is the rate from which it grows, and after a
//! quiet minute the limit is forgotten. Refusals that arrive during the pause, or just after it, answer segments sent
//! before the change, and count once. It never fails.

use crate::{Bucket, NEVER_NS, SECOND_NS};

const PAUSE_FIRST_NS: u64 = SECOND_NS / 10;
const PAUSE_MAX_NS: u64 = 5 * SECOND_NS;
/// Responses to what was sent before the pause may still come in for this long after its end.
const SETTLE_NS: u64 = SECOND_NS / 5;
/// A refusal this long after the end of a pause begins with the first pause again.
const REPEAT_NS: u64 = 3 * SECOND_NS / 2;
const FORGET_NS: u64 = 60 * SECOND_NS;

/// A [`Bucket`] that goes slower when the carrier says so, and recovers.
#[derive(Debug, Clone)]
pub struct Adaptive {
    bucket: Bucket,
    nominal: Option<u32>,
    rate: u32,
    step: u32,
    paused_until_ns: u64,
    last_refusal_ns: Option<u64>,
    repeats: u32,
    grown_at_ns: u64,
}

impl Adaptive {
    /// A bucket of `nominal` segments a second, or one that limits itself only after a refusal.
    pub fn new(nominal: Option<u32>) -> Self {
        // Four thousand million a second is no limit, but keeps the history that the first refusal asks for.
        let rate = nominal.unwrap_or(u32::MAX);
        Self {
            bucket: Bucket::per_second(rate),
            nominal,
            rate,
            step: 1,
            paused_until_ns: 0,
            last_refusal_ns: None,
            repeats: 0,
            grown_at_ns: 0,
        }
    }

    /// As [`Bucket::take`], and nothing during a pause.
    ///
    /// # Errors
    /// As [`Bucket::take`]; during a pause its end. [`NEVER_NS`] only where `n` is larger than the nominal rate.
    #[inline]
    pub fn take(&mut self, now_ns: u64, n: u32) -> Result<(), u64> {
        self.admit(now_ns)?;
        let taken = self.bucket.take(now_ns, n);
        taken.map_err(|ready_ns| self.not_for_ever(ready_ns, n))
    }

    /// As [`Bucket::ready`], and not during a pause.
    ///
    /// # Errors
    /// As [`Adaptive::take`].
    pub fn ready(&mut self, now_ns: u64, n: u32) -> Result<(), u64> {
        self.admit(now_ns)?;
        let ready = self.bucket.ready(now_ns, n);
        ready.map_err(|ready_ns| self.not_for_ever(ready_ns, n))
    }

    /// As [`Bucket::take_up_to`], and nothing during a pause.
    pub fn take_up_to(&mut self, now_ns: u64, n: u32) -> u32 {
        match self.admit(now_ns) {
            Ok(()) => self.bucket.take_up_to(now_ns, n),
            Err(_) => 0,
        }
    }

    /// The carrier refused a segment because we are too fast.
    pub fn on_throttled(&mut self, now_ns: u64) {
        let settled_ns = self.paused_until_ns.saturating_add(SETTLE_NS);
        if self.last_refusal_ns.is_some() && now_ns < settled_ns {
            return;
        }
        self.recover(now_ns);
        let repeated = self.last_refusal_ns.is_some()
            && now_ns.saturating_sub(self.paused_until_ns) < REPEAT_NS;
        self.repeats = if repeated {
            self.repeats.saturating_add(1)
        } else {
            0
        };
        let pause_ns = (PAUSE_FIRST_NS << self.repeats.min(16)).min(PAUSE_MAX_NS);
        self.paused_until_ns = now_ns.saturating_add(pause_ns);
        self.last_refusal_ns = Some(now_ns);
        self.slow_down(now_ns);
        self.grown_at_ns = self.paused_until_ns;
    }

    /// The end of the pause, 0 before the first.
    pub const fn paused_until_ns(&self) -> u64 {
        self.paused_until_ns
    }

    /// Segments a second at present; none where no limit is known.
    pub fn rate(&self) -> Option<u32> {
        (self.nominal.is_some() || self.rate != u32::MAX).then_some(self.rate)
    }

    /// Segments a second as configured; none where unlimited.
    pub const fn nominal(&self) -> Option<u32> {
        self.nominal
    }

    fn admit(&mut self, now_ns: u64) -> Result<(), u64> {
        if now_ns < self.paused_until_ns {
            return Err(self.paused_until_ns);
        }
        self.recover(now_ns);
        Ok(())
    }

    /// A taking too large only for the lowered rate is asked again when the rate next grows.
    fn not_for_ever(&self, ready_ns: u64, n: u32) -> u64 {
        match ready_ns {
            NEVER_NS if n <= self.nominal.unwrap_or(u32::MAX) => {
                self.grown_at_ns.saturating_add(SECOND_NS)
            }
            other => other,
        }
    }

    fn slow_down(&mut self, now_ns: u64) {
        let (from, floor) = match self.nominal {
            Some(nominal) => (self.rate, nominal / 16),
            None => {
                let seen = self.bucket.granted_last_second(now_ns);
                (self.rate.min(u32::try_from(seen).unwrap_or(u32::MAX)), 1)
            }
        };
        self.rate = (from / 2).max(floor).max(1);
        self.step = (self.nominal.unwrap_or(from) / 32).max(1);
        self.bucket.set_rate(now_ns, self.rate);
    }

    /// Grows by one step for each whole second since the last growth.
    fn recover(&mut self, now_ns: u64) {
        let nominal = self.nominal.unwrap_or(u32::MAX);
        if self.rate >= nominal {
            return;
        }
        let seconds = now_ns.saturating_sub(self.grown_at_ns) / SECOND_NS;
        if seconds == 0 {
            return;
        }
        self.grown_at_ns = self
            .grown_at_ns
            .saturating_add(seconds.saturating_mul(SECOND_NS));
        let grown =
            u64::from(self.rate).saturating_add(u64::from(self.step).saturating_mul(seconds));
        let quiet_ns = now_ns.saturating_sub(self.paused_until_ns);
        self.rate = if self.nominal.is_none() && quiet_ns >= FORGET_NS {
            nominal
        } else {
            u32::try_from(grown).unwrap_or(u32::MAX).min(nominal)
        };
        self.bucket.set_rate(now_ns, self.rate);
    }
}
