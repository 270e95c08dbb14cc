//! So many segments in a unit of time of any length, evenly, for everybody who asks: ten a minute as well as a hundred a second.
//!
//! Promise: with a burst of one never more than `count` segments in any half-open unit `[t, t + unit)`, whatever the
//! moments of the calls and however many threads make them; at least 97 % of it over time for callers that are at most
//! the slack late. With a burst of `b` a unit sees at most `count + b - 1`, and only after silence.
//!
//! Why it holds. `due` is the moment from which the next segment is granted; a grant at `now` moves it to
//! `max(due, now - tolerance) + interval`. So the `k`-th grant since `t` comes no sooner than
//! `t - tolerance + (k - 1) × interval`, and with `interval = (unit + slack) / count` and
//! `tolerance = slack + (b - 1) × interval` that is beyond `t + unit` for every `k` above `count + b - 1`. The slack is what
//! a caller may be late without losing anything: a hundredth of the unit at most, a quarter of an interval or ten
//! milliseconds.
//!
//! A taking of several segments at once (a carrier that cuts a long text itself) is granted as one is, and paid for by
//! silence after it. State is one word: nothing is locked, nothing allocates, nothing fails.

use std::sync::atomic::{AtomicU64, Ordering};

/// The slack of quick paces.
const SLACK_NS: u64 = 10_000_000;

/// How fast, as it was agreed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    interval_ns: u64,
    tolerance_ns: u64,
}

impl Pace {
    /// `count` segments in `unit_ns`, `burst` of them at once after silence; each at least 1.
    #[must_use]
    pub fn new(count: u32, unit_ns: u64, burst: u32) -> Self {
        let (count, unit_ns) = (u64::from(count.max(1)), unit_ns.max(1));
        let slack_ns = (unit_ns / 100).min((unit_ns / count / 4).max(SLACK_NS));
        let interval_ns = unit_ns.saturating_add(slack_ns).div_ceil(count);
        let more = u64::from(burst.max(1) - 1);
        Self {
            interval_ns,
            tolerance_ns: slack_ns.saturating_add(interval_ns.saturating_mul(more)),
        }
    }

    /// From one segment to the next.
    #[must_use]
    pub const fn interval_ns(self) -> u64 {
        self.interval_ns
    }
}

/// What keeps a [`Pace`]; shared by reference.
#[derive(Debug)]
pub struct PacedBucket {
    interval_ns: AtomicU64,
    tolerance_ns: AtomicU64,
    due_ns: AtomicU64,
}

impl PacedBucket {
    /// One that grants nothing before `due_ns` (monotonic); 0: full.
    #[must_use]
    pub const fn new(pace: Pace, due_ns: u64) -> Self {
        Self {
            interval_ns: AtomicU64::new(pace.interval_ns),
            tolerance_ns: AtomicU64::new(pace.tolerance_ns),
            due_ns: AtomicU64::new(due_ns),
        }
    }

    fn tolerance_ns(&self) -> u64 {
        self.tolerance_ns.load(Ordering::Relaxed)
    }

    fn interval_ns(&self) -> u64 {
        self.interval_ns.load(Ordering::Relaxed)
    }

    /// Whether a segment would be granted at `now_ns`.
    ///
    /// # Errors
    /// The moment from which one is, if nobody else takes meanwhile.
    pub fn ready(&self, now_ns: u64) -> Result<(), u64> {
        match self.due_ns.load(Ordering::Acquire) {
            due_ns if due_ns <= now_ns => Ok(()),
            due_ns => Err(due_ns),
        }
    }

    /// Takes `n` segments, all or nothing.
    ///
    /// # Errors
    /// As [`Self::ready`].
    pub fn take(&self, now_ns: u64, n: u32) -> Result<(), u64> {
        let paid_ns = self.interval_ns().saturating_mul(u64::from(n));
        let from_ns = now_ns.saturating_sub(self.tolerance_ns());
        let take =
            |due_ns: u64| (due_ns <= now_ns).then(|| due_ns.max(from_ns).saturating_add(paid_ns));
        let taken = self
            .due_ns
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, take);
        taken.map(|_| ())
    }

    /// Segments that were taken and not sent.
    pub fn give_back(&self, n: u32) {
        let paid_ns = self.interval_ns().saturating_mul(u64::from(n));
        let less = |due_ns: u64| Some(due_ns.saturating_sub(paid_ns));
        // The closure always gives a value.
        let _ = self
            .due_ns
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, less);
    }

    /// Segments that would be granted at once.
    #[must_use]
    pub fn available(&self, now_ns: u64) -> u64 {
        let due_ns = self.due_ns.load(Ordering::Acquire);
        let from_ns = due_ns.max(now_ns.saturating_sub(self.tolerance_ns()));
        match now_ns.checked_sub(from_ns) {
            Some(saved_ns) => saved_ns / self.interval_ns().max(1) + 1,
            None => 0,
        }
    }

    /// Whether nothing would change if it were forgotten and made anew.
    #[must_use]
    pub fn is_full(&self, now_ns: u64) -> bool {
        let due_ns = self.due_ns.load(Ordering::Acquire);
        due_ns.saturating_add(self.tolerance_ns()) <= now_ns
    }

    /// Nothing before `due_ns`.
    pub fn not_before(&self, due_ns: u64) {
        self.due_ns.fetch_max(due_ns, Ordering::AcqRel);
    }

    /// Another pace from `now_ns` on. A unit that sees the change sees at most the greater of the two counts.
    pub fn set(&self, now_ns: u64, pace: Pace) {
        let before_ns = self.interval_ns.swap(pace.interval_ns, Ordering::Relaxed);
        self.tolerance_ns
            .store(pace.tolerance_ns, Ordering::Relaxed);
        if before_ns <= pace.interval_ns {
            return;
        }
        // What it owes by a slower pace is an interval of the new one at most.
        let latest_ns = now_ns.saturating_add(pace.interval_ns);
        self.due_ns.fetch_min(latest_ns, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use proptest::prelude::*;

    use super::*;

    const SECOND: u64 = 1_000_000_000;

    /// The most grants in any half-open unit.
    fn most(grants: &[u64], unit_ns: u64) -> usize {
        let mut first = 0;
        let mut most = 0;
        for (last, at) in grants.iter().enumerate() {
            while grants[first] + unit_ns <= *at {
                first += 1;
            }
            most = most.max(last + 1 - first);
        }
        most
    }

    proptest! {
        #[test]
        fn no_unit_sees_more_whenever_it_is_asked(
            count in 1u32..200,
            unit_s in prop_oneof![Just(1u64), Just(60), Just(3600)],
            burst in 1u32..5,
            steps in prop::collection::vec(0u64..2_000_000, 1..800),
        ) {
            let unit_ns = unit_s * SECOND;
            let bucket = PacedBucket::new(Pace::new(count, unit_ns, burst), 0);
            let (mut now_ns, mut grants) = (SECOND, Vec::new());
            for step in steps {
                // Steps of up to two intervals, so that it is asked too early and too late.
                now_ns += step * (unit_ns / u64::from(count)) / 1_000_000;
                while bucket.take(now_ns, 1).is_ok() {
                    grants.push(now_ns);
                }
            }
            prop_assert!(most(&grants, unit_ns) <= (count + burst - 1) as usize);
        }

        /// Who asks at the moment that he was told gets it, and misses next to nothing of the rate.
        #[test]
        fn the_moment_named_is_the_moment_and_late_callers_lose_little(
            count in 1u32..100,
            late_us in 0u64..2_000,
        ) {
            let bucket = PacedBucket::new(Pace::new(count, SECOND, 1), 0);
            let (mut now_ns, mut granted) = (SECOND, 0u64);
            while now_ns < 21 * SECOND {
                match bucket.take(now_ns, 1) {
                    Ok(()) => granted += 1,
                    Err(ready_ns) => {
                        prop_assert!(bucket.ready(ready_ns).is_ok());
                        now_ns = ready_ns + late_us * 1000;
                    }
                }
            }
            prop_assert!(granted * 100 >= u64::from(count) * 20 * 97, "{granted} of {}", count * 20);
        }
    }

    #[test]
    fn what_was_given_back_is_there_again_and_what_is_available_is_granted() {
        let bucket = PacedBucket::new(Pace::new(10, 60 * SECOND, 3), 0);
        let now_ns = 600 * SECOND;
        assert_eq!(bucket.available(now_ns), 3);
        for left in (0..3).rev() {
            bucket.take(now_ns, 1).unwrap();
            assert_eq!(bucket.available(now_ns), left);
        }
        assert!(bucket.take(now_ns, 1).is_err());
        bucket.give_back(1);
        bucket.take(now_ns, 1).unwrap();
        assert!(!bucket.is_full(now_ns + 5 * SECOND));
        assert!(bucket.is_full(now_ns + 60 * SECOND));
    }

    #[test]
    fn a_faster_pace_holds_at_once_and_a_slower_one_from_the_next_segment_on() {
        let bucket = PacedBucket::new(Pace::new(1, 3600 * SECOND, 1), 0);
        let now_ns = 7200 * SECOND;
        bucket.take(now_ns, 1).unwrap();
        bucket.set(now_ns, Pace::new(10, SECOND, 1));
        assert!(bucket.ready(now_ns).is_err());
        assert!(bucket.ready(now_ns + SECOND / 9).is_ok());
        bucket.set(now_ns + SECOND, Pace::new(1, 3600 * SECOND, 1));
        bucket.take(now_ns + SECOND, 1).unwrap();
        assert!(bucket.ready(now_ns + 3600 * SECOND).is_err());
    }

    #[test]
    fn threads_together_get_no_more_than_one_would() {
        let bucket = PacedBucket::new(Pace::new(5, SECOND, 5), 0);
        let granted: usize = std::thread::scope(|scope| {
            let take = || {
                (0..1000)
                    .filter(|_| bucket.take(9 * SECOND, 1).is_ok())
                    .count()
            };
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(take)).collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .sum()
        });
        assert_eq!(granted, 5);
    }
}
