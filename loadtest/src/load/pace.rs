//! When the next message goes: as fast as answers come (closed loop), or at a fixed rate whatever they do (open loop).
//!
//! Pure: time comes in. The count and the duration end it, whichever comes first.

use super::ramp::Ramp;

const SECOND_NS: u64 = 1_000_000_000;
/// Messages that were due and never sent whose waiting is noted one by one; more are sampled.
pub(super) const OVERDUE_NOTED_MAX: u64 = 1_000_000;

/// What an open loop owes at its end may still go for so long: a timer that wakes late is no fault of the far side.
const GRACE_NS: u64 = 50_000_000;

/// What to do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// Send this message. It should have gone at `scheduled_ns`, so a full window counts as latency (no coordinated omission).
    Send {
        /// Its number, from 0.
        number: u64,
        /// When it should have gone.
        scheduled_ns: u64,
    },
    /// Nothing before then.
    NotBefore(u64),
    /// Nothing any more.
    Done,
}

/// When the messages of an open loop should go.
#[derive(Debug, Clone, Copy)]
enum Rate {
    Even(u32),
    Ramp(Ramp),
}

impl Rate {
    /// When a message should go, after the first.
    fn offset_ns(self, number: u64) -> u64 {
        match self {
            Self::Even(rate) => {
                let offset_ns = u128::from(number) * u128::from(SECOND_NS) / u128::from(rate);
                u64::try_from(offset_ns).unwrap_or(u64::MAX)
            }
            Self::Ramp(ramp) => ramp.offset_ns(number),
        }
    }

    /// How many messages should have gone before this time.
    fn due(self, elapsed_ns: u64) -> u64 {
        match self {
            Self::Even(rate) => {
                let due = u128::from(elapsed_ns) * u128::from(rate);
                u64::try_from(due.div_ceil(u128::from(SECOND_NS))).unwrap_or(u64::MAX)
            }
            Self::Ramp(ramp) => ramp.due(elapsed_ns),
        }
    }
}

/// The plan of a load, shared by all its connections.
#[derive(Debug, Clone)]
pub struct Pace {
    count_max: Option<u64>,
    duration_ns: Option<u64>,
    rate: Option<Rate>,
    started_ns: Option<u64>,
    sent: u64,
}

impl Pace {
    /// At most `count_max` messages, for at most `duration_ns`, at `per_second` or as fast as answers come.
    #[must_use]
    pub fn new(count_max: Option<u64>, duration_ns: Option<u64>, per_second: Option<u32>) -> Self {
        Self {
            count_max,
            duration_ns,
            rate: per_second.filter(|rate| *rate > 0).map(Rate::Even),
            started_ns: None,
            sent: 0,
        }
    }

    /// At most `count_max` messages, for at most `duration_ns`, at a rate that changes evenly.
    #[must_use]
    pub fn with_ramp(count_max: Option<u64>, duration_ns: Option<u64>, ramp: Ramp) -> Self {
        Self {
            rate: Some(Rate::Ramp(ramp)),
            ..Self::new(count_max, duration_ns, None)
        }
    }

    /// How many messages it plans, where that is known beforehand.
    #[must_use]
    pub fn expected(&self) -> Option<u64> {
        let in_time = self
            .duration_ns
            .zip(self.rate)
            .map(|(duration_ns, rate)| rate.due(duration_ns));
        match (self.count_max, in_time) {
            (Some(count_max), Some(in_time)) => Some(count_max.min(in_time)),
            // Without a rate nobody knows how many the time is good for.
            (Some(count_max), None) => Some(count_max),
            (None, in_time) => in_time,
        }
    }

    /// The next turn. The first call starts the clock.
    pub fn turn(&mut self, now_ns: u64) -> Turn {
        let started_ns = *self.started_ns.get_or_insert(now_ns);
        if self.is_done(now_ns) {
            return Turn::Done;
        }
        let scheduled_ns = match self.rate {
            None => now_ns,
            Some(rate) => started_ns.saturating_add(rate.offset_ns(self.sent)),
        };
        if scheduled_ns > now_ns {
            return Turn::NotBefore(scheduled_ns);
        }
        let number = self.sent;
        self.sent += 1;
        Turn::Send {
            number,
            scheduled_ns,
        }
    }

    /// True when no message goes any more.
    #[must_use]
    pub fn is_done(&self, now_ns: u64) -> bool {
        let is_all_sent = self
            .count_max
            .is_some_and(|count_max| self.sent >= count_max);
        is_all_sent || self.is_over(now_ns)
    }

    /// True when its time is over: in a closed loop by the clock, in an open loop when all that is due in it went.
    fn is_over(&self, now_ns: u64) -> bool {
        let (Some(started_ns), Some(duration_ns)) = (self.started_ns, self.duration_ns) else {
            return false;
        };
        let end_ns = started_ns.saturating_add(duration_ns);
        match self.rate {
            None => now_ns >= end_ns,
            Some(rate) => {
                rate.offset_ns(self.sent) >= duration_ns
                    || now_ns >= end_ns.saturating_add(GRACE_NS)
            }
        }
    }

    /// Messages of an open loop that should have gone by this time, or by the end if that was earlier, and did not. When each
    /// should have gone is told to `each`, for at most `told_max` of them, evenly spread.
    pub fn overdue(&self, now_ns: u64, told_max: u64, mut each: impl FnMut(u64)) -> u64 {
        let (Some(started_ns), Some(rate)) = (self.started_ns, self.rate) else {
            return 0;
        };
        let end_ns = self.duration_ns.map_or(now_ns, |duration_ns| {
            now_ns.min(started_ns.saturating_add(duration_ns))
        });
        let due = rate.due(end_ns.saturating_sub(started_ns));
        let due = self.count_max.map_or(due, |count_max| due.min(count_max));
        let overdue = due.saturating_sub(self.sent);
        let step = overdue.div_ceil(told_max.max(1)).max(1);
        for number in (self.sent..due).step_by(usize::try_from(step).unwrap_or(usize::MAX)) {
            each(started_ns.saturating_add(rate.offset_ns(number)));
        }
        overdue
    }

    /// True when messages go by time, whatever the answers do.
    #[must_use]
    pub fn is_open_loop(&self) -> bool {
        self.rate.is_some()
    }

    /// Messages taken.
    #[must_use]
    pub fn sent(&self) -> u64 {
        self.sent
    }

    /// When the first was taken.
    #[must_use]
    pub fn started_ns(&self) -> u64 {
        self.started_ns.unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing
    )]

    use super::*;

    #[test]
    fn an_open_loop_keeps_its_rate_after_a_stall() {
        let mut pace = Pace::new(None, Some(10 * SECOND_NS), Some(100));
        let mut sent = 0;
        let mut now_ns = 5 * SECOND_NS;
        loop {
            match pace.turn(now_ns) {
                Turn::Send { scheduled_ns, .. } => {
                    assert!(scheduled_ns <= now_ns);
                    sent += 1;
                    if sent == 300 {
                        now_ns += SECOND_NS;
                    }
                }
                Turn::NotBefore(next_ns) => {
                    assert!(next_ns > now_ns);
                    now_ns = next_ns;
                }
                Turn::Done => break,
            }
        }
        assert_eq!(sent, 1_000);
    }

    #[test]
    fn what_an_open_loop_could_not_send_is_overdue() {
        let mut pace = Pace::new(None, Some(10 * SECOND_NS), Some(100));
        let started_ns = 3 * SECOND_NS;
        for _ in 0..300 {
            pace.turn(if pace.sent() == 0 {
                started_ns
            } else {
                started_ns + 2 * SECOND_NS
            });
        }
        let sent = pace.sent();
        let mut told = Vec::new();
        let overdue = pace.overdue(started_ns + 60 * SECOND_NS, u64::MAX, |at_ns| {
            told.push(at_ns)
        });
        assert_eq!(sent + overdue, 1_000);
        assert_eq!(told.len() as u64, overdue);
        let mut few = 0;
        assert_eq!(
            pace.overdue(started_ns + 60 * SECOND_NS, 10, |_| few += 1),
            overdue
        );
        assert!(few <= 10, "{few}");
    }

    #[test]
    fn what_was_due_at_the_very_end_still_goes_and_nothing_else() {
        let mut pace = Pace::new(None, Some(SECOND_NS), Some(1_000));
        assert!(matches!(pace.turn(0), Turn::Send { number: 0, .. }));
        let now_ns = SECOND_NS + 10_000_000;
        assert!(!pace.is_done(now_ns));
        let sent = (1..).find(|_| pace.turn(now_ns) == Turn::Done);
        assert_eq!((sent, pace.sent()), (Some(1_000), 1_000));
        assert_eq!(pace.overdue(now_ns, 10, |_| ()), 0);
        // Later, what was not sent is overdue.
        let mut late = Pace::new(None, Some(SECOND_NS), Some(1_000));
        late.turn(0);
        assert_eq!(late.turn(SECOND_NS + GRACE_NS), Turn::Done);
        assert_eq!(late.overdue(2 * SECOND_NS, 10, |_| ()), 999);
    }

    #[test]
    fn a_closed_loop_ends_at_its_count() {
        let mut pace = Pace::new(Some(3), None, None);
        let numbers: Vec<_> = std::iter::from_fn(|| match pace.turn(7) {
            Turn::Send {
                number,
                scheduled_ns,
            } => Some((number, scheduled_ns)),
            _ => None,
        })
        .collect();
        assert_eq!(numbers, [(0, 7), (1, 7), (2, 7)]);
        assert_eq!(pace.turn(7), Turn::Done);
    }
}
