//! Whether a register that failed is asked again.
//!
//! Promise: after [`FAILURES`] failures in a row nobody asks for a pause; then one question tries it, and only its
//! success lets others follow. Pauses double from a second to a minute. Pure: times are the caller's nanoseconds.

use std::time::Duration;

/// Failures in a row that open the circuit.
const FAILURES: u32 = 5;
const PAUSE_NS_MIN: u64 = 1_000_000_000;
const PAUSE_NS_MAX: u64 = 60 * PAUSE_NS_MIN;
/// Longest pause that a register may ask for itself.
const ASKED_PAUSE_MAX: Duration = Duration::from_secs(600);

/// The state.
#[derive(Debug, Default)]
pub(crate) struct Circuit {
    failures: u32,
    /// Nobody asks before; 0: closed.
    open_until_ns: u64,
    pauses: u32,
    is_trying: bool,
}

impl Circuit {
    /// Whether a question may go out now; the one that tries a failed register is counted as gone.
    pub(crate) fn admit(&mut self, now_ns: u64) -> bool {
        if self.open_until_ns == 0 {
            return true;
        }
        if now_ns < self.open_until_ns || self.is_trying {
            return false;
        }
        self.is_trying = true;
        true
    }

    /// Whether all questions go out.
    pub(crate) const fn is_closed(&self) -> bool {
        self.open_until_ns == 0
    }

    /// A question that was let through did not go out after all.
    pub(crate) const fn not_gone(&mut self) {
        self.is_trying = false;
    }

    /// It answered.
    pub(crate) fn succeeded(&mut self) {
        *self = Self::default();
    }

    /// It failed; `pause` is what it asked for itself.
    pub(crate) fn failed(&mut self, now_ns: u64, pause: Option<Duration>) {
        self.failures = self.failures.saturating_add(1);
        // Those that went out before it opened say nothing new.
        if self.open_until_ns != 0 && !self.is_trying && pause.is_none() {
            return;
        }
        let was_tried = std::mem::take(&mut self.is_trying);
        if self.failures < FAILURES && !was_tried && pause.is_none() {
            return;
        }
        let doubled = PAUSE_NS_MIN << self.pauses.min(6);
        let asked = pause.map_or(0, |pause| pause.min(ASKED_PAUSE_MAX).as_nanos() as u64);
        let pause_ns = doubled.min(PAUSE_NS_MAX).max(asked);
        self.pauses = self.pauses.saturating_add(1);
        self.open_until_ns = now_ns.saturating_add(pause_ns).max(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SECOND: u64 = 1_000_000_000;

    #[test]
    fn five_failures_open_it_one_tries_and_a_success_closes_it() {
        let mut circuit = Circuit::default();
        for _ in 0..5 {
            assert!(circuit.admit(SECOND));
            circuit.failed(SECOND, None);
        }
        assert!(!circuit.is_closed());
        assert!(!circuit.admit(SECOND * 2 - 1));
        assert!(circuit.admit(SECOND * 2), "one tries");
        assert!(!circuit.admit(SECOND * 2), "and only one");
        circuit.failed(SECOND * 2, None);
        assert!(!circuit.admit(SECOND * 4 - 1), "the pause doubled");
        assert!(circuit.admit(SECOND * 4));
        circuit.succeeded();
        assert!(circuit.is_closed() && circuit.admit(SECOND * 4));
    }

    #[test]
    fn a_pause_that_is_asked_for_is_kept_from_the_first_answer_on() {
        let mut circuit = Circuit::default();
        circuit.failed(SECOND, Some(Duration::from_secs(30)));
        assert!(!circuit.admit(SECOND * 31 - 1));
        assert!(circuit.admit(SECOND * 31));
    }

    proptest! {
        #[test]
        fn it_never_stays_open_for_ever(steps in prop::collection::vec((0..4_u8, 0..5_000_u64), 0..200)) {
            let (mut circuit, mut now) = (Circuit::default(), SECOND);
            for (step, ms) in steps {
                now += ms * 1_000_000;
                match step {
                    0 => { circuit.admit(now); }
                    1 => circuit.failed(now, None),
                    2 => circuit.failed(now, Some(Duration::from_millis(ms))),
                    _ => circuit.not_gone(),
                }
            }
            circuit.not_gone();
            prop_assert!(circuit.admit(now + ASKED_PAUSE_MAX.as_nanos() as u64));
        }
    }
}
