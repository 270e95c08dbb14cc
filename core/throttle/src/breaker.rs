//! Whether a carrier that refuses is asked at all: a circuit breaker with half-open probes.
//!
//! Promise: pure; the caller reads the clock. It opens when, of at least [`Breaker::ASKED_MIN`] answers of the last
//! seconds, more than half were refusals. It then stays open for a time that doubles with each try that fails, up to
//! [`Breaker::REST_MAX_NS`]; after it [`Breaker::PROBES`] messages are let through, and they decide. A fault of the
//! message, a throttle and a full handset are no refusals: the caller does not tell them.

use crate::SECOND_NS;

/// How it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BreakerState {
    /// All goes through.
    Closed,
    /// Nothing does before this moment.
    Open {
        /// Monotonic nanoseconds.
        until_ns: u64,
    },
    /// A few go through, and decide.
    HalfOpen,
}

/// The breaker of one carrier.
#[derive(Clone, Debug)]
pub struct Breaker {
    state: BreakerState,
    /// Answers of this span and of the one before.
    spans: [Span; 2],
    span: u64,
    rest_ns: u64,
    probes_left: u32,
    good: u32,
    bad: u32,
    /// When it last heard of a probe, or became half-open.
    heard_ns: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Span {
    asked: u32,
    refused: u32,
}

/// What is looked back at is between one span and two.
const SPAN_NS: u64 = 5 * SECOND_NS;

impl Default for Breaker {
    fn default() -> Self {
        Self {
            state: BreakerState::Closed,
            spans: [Span::default(); 2],
            span: 0,
            rest_ns: Self::REST_MIN_NS,
            probes_left: 0,
            good: 0,
            bad: 0,
            heard_ns: 0,
        }
    }
}

impl Breaker {
    /// Answers that it takes to open.
    pub const ASKED_MIN: u32 = 40;
    /// Messages that decide whether it closes.
    pub const PROBES: u32 = 5;
    /// Of these so many may fail.
    const PROBES_BAD_MAX: u32 = 1;
    /// Probes of which nothing is heard for so long are given up, and others go.
    pub const UNHEARD_NS: u64 = 60 * SECOND_NS;
    /// The first time that it stays open.
    pub const REST_MIN_NS: u64 = 2 * SECOND_NS;
    /// The longest.
    pub const REST_MAX_NS: u64 = 120 * SECOND_NS;

    /// How it stands now. An open one whose time is over becomes half-open here.
    pub fn state(&mut self, now_ns: u64) -> BreakerState {
        if let BreakerState::Open { until_ns } = self.state
            && now_ns >= until_ns
        {
            self.state = BreakerState::HalfOpen;
            self.probes_left = Self::PROBES;
            (self.good, self.bad) = (0, 0);
            self.heard_ns = now_ns;
        }
        let unheard = now_ns.saturating_sub(self.heard_ns) >= Self::UNHEARD_NS;
        if self.state == BreakerState::HalfOpen && unheard {
            self.probes_left = self.undecided();
            self.heard_ns = now_ns;
        }
        self.state
    }

    /// Messages that may be sent now.
    pub fn room(&mut self, now_ns: u64) -> u32 {
        match self.state(now_ns) {
            BreakerState::Closed => u32::MAX,
            BreakerState::Open { .. } => 0,
            BreakerState::HalfOpen => self.probes_left,
        }
    }

    /// Probes that have not decided yet.
    const fn undecided(&self) -> u32 {
        Self::PROBES.saturating_sub(self.good + self.bad)
    }

    /// What came of one says nothing of the carrier: another may go in its place.
    pub fn unsaid(&mut self) {
        if self.state == BreakerState::HalfOpen {
            self.probes_left = (self.probes_left + 1).min(self.undecided());
        }
    }

    /// One was sent.
    pub const fn sent(&mut self) {
        if matches!(self.state, BreakerState::HalfOpen) {
            self.probes_left = self.probes_left.saturating_sub(1);
        }
    }

    /// It was answered: taken, or refused (or not answered in time). True: how it stands has changed.
    pub fn answered(&mut self, now_ns: u64, taken: bool) -> bool {
        match self.state {
            // What was sent before it opened.
            BreakerState::Open { .. } => false,
            BreakerState::HalfOpen => self.probed(now_ns, taken),
            BreakerState::Closed => self.counted(now_ns, taken),
        }
    }

    fn counted(&mut self, now_ns: u64, taken: bool) -> bool {
        let span = now_ns / SPAN_NS;
        if span != self.span {
            let [current, before] = &mut self.spans;
            *before = match span == self.span + 1 {
                true => *current,
                false => Span::default(),
            };
            *current = Span::default();
            self.span = span;
        }
        let [current, before] = &mut self.spans;
        current.asked += 1;
        current.refused += u32::from(!taken);
        let asked = current.asked + before.asked;
        let refused = current.refused + before.refused;
        if taken || asked < Self::ASKED_MIN || refused * 2 <= asked {
            return false;
        }
        self.rest_ns = Self::REST_MIN_NS;
        self.open(now_ns);
        true
    }

    fn probed(&mut self, now_ns: u64, taken: bool) -> bool {
        self.heard_ns = now_ns;
        match taken {
            true => self.good += 1,
            false => self.bad += 1,
        }
        if self.bad > Self::PROBES_BAD_MAX {
            self.rest_ns = self.rest_ns.saturating_mul(2).min(Self::REST_MAX_NS);
            self.open(now_ns);
            return true;
        }
        if self.good + self.bad >= Self::PROBES {
            *self = Self::default();
            return true;
        }
        // One that never hears of its probes must not stay so: each answer lets another go.
        if self.probes_left == 0 && self.good + self.bad < Self::PROBES {
            self.probes_left = 1;
        }
        false
    }

    fn open(&mut self, now_ns: u64) {
        self.spans = [Span::default(); 2];
        self.state = BreakerState::Open {
            until_ns: now_ns.saturating_add(self.rest_ns),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn refuse(breaker: &mut Breaker, now_ns: u64, count: u32) {
        for _ in 0..count {
            breaker.answered(now_ns, false);
        }
    }

    #[test]
    fn a_few_refusals_do_not_open_it_and_many_do() {
        let mut breaker = Breaker::default();
        refuse(&mut breaker, 0, Breaker::ASKED_MIN - 1);
        assert_eq!(breaker.room(0), u32::MAX);
        refuse(&mut breaker, 0, 1);
        assert_eq!(breaker.room(0), 0);
    }

    #[test]
    fn refusals_among_as_many_taken_do_not_open_it() {
        let mut breaker = Breaker::default();
        for number in 0..1000u32 {
            breaker.answered(0, number.is_multiple_of(2));
        }
        assert_eq!(breaker.state(0), BreakerState::Closed);
    }

    #[test]
    fn probes_decide_and_each_failure_doubles_the_rest() {
        let mut breaker = Breaker::default();
        refuse(&mut breaker, 0, Breaker::ASKED_MIN);
        let mut now = 0;
        for rest in [2, 4, 8, 16, 32, 64, 120, 120] {
            let until_ns = now + rest * SECOND_NS;
            assert_eq!(breaker.state(now), BreakerState::Open { until_ns });
            now = until_ns;
            assert_eq!(breaker.room(now), Breaker::PROBES);
            breaker.sent();
            breaker.sent();
            refuse(&mut breaker, now, 2);
        }
        now += 120 * SECOND_NS;
        assert_eq!(breaker.room(now), Breaker::PROBES);
        for _ in 0..Breaker::PROBES {
            breaker.sent();
            breaker.answered(now, true);
        }
        assert_eq!(breaker.state(now), BreakerState::Closed);
    }

    #[test]
    fn probes_that_say_nothing_do_not_leave_it_half_open_for_ever() {
        let mut breaker = Breaker::default();
        refuse(&mut breaker, 0, Breaker::ASKED_MIN);
        let now = Breaker::REST_MIN_NS;
        for _ in 0..100 {
            assert!(breaker.room(now) > 0);
            breaker.sent();
            breaker.unsaid();
        }
        while breaker.room(now) > 0 {
            breaker.sent();
        }
        assert_eq!(breaker.room(now + Breaker::UNHEARD_NS - 1), 0);
        assert_eq!(breaker.room(now + Breaker::UNHEARD_NS), Breaker::PROBES);
    }

    #[test]
    fn answers_to_what_was_sent_before_change_nothing() {
        let mut breaker = Breaker::default();
        refuse(&mut breaker, 0, Breaker::ASKED_MIN);
        for _ in 0..100 {
            assert!(!breaker.answered(1, true));
        }
        assert_eq!(breaker.room(1), 0);
    }

    #[test]
    fn refusals_of_long_ago_are_forgotten() {
        let mut breaker = Breaker::default();
        refuse(&mut breaker, 0, Breaker::ASKED_MIN - 1);
        refuse(&mut breaker, 3 * SPAN_NS, Breaker::ASKED_MIN - 1);
        assert_eq!(breaker.state(3 * SPAN_NS), BreakerState::Closed);
    }

    proptest! {
        #[test]
        fn no_more_go_through_half_open_than_probes_and_answers(steps in prop::collection::vec((any::<bool>(), any::<bool>(), 0u64..SECOND_NS), 1..400)) {
            let mut breaker = Breaker::default();
            let (mut now, mut sent, mut answers) = (0, 0u32, 0u32);
            let mut was = breaker.state(0);
            for (send, taken, step) in steps {
                now += step;
                let state = breaker.state(now);
                if state != was {
                    (sent, answers, was) = (0, 0, state);
                }
                if send && breaker.room(now) > 0 {
                    breaker.sent();
                    sent += 1;
                } else {
                    breaker.answered(now, taken);
                    answers += 1;
                }
                if breaker.state(now) == BreakerState::HalfOpen && now < Breaker::UNHEARD_NS {
                    prop_assert!(sent <= Breaker::PROBES + answers);
                }
            }
        }
    }
}
