//! A rate that rises or falls evenly from one value to another in a given time, and stays there.
//!
//! Pure. The time of each message follows from its number alone, so a stall moves nothing: what it held up is late.

use super::LoadFault;
use crate::duration;

const SECOND_NS: f64 = 1e9;
/// The most a rate may be, messages a second.
const RATE_MAX: u32 = 100_000_000;

/// From one rate to another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ramp {
    from: f64,
    to: f64,
    over_s: f64,
}

impl Ramp {
    /// From `from` to `to` messages a second in `over_ns`. `None` unless `to` and `over_ns` are above 0.
    #[must_use]
    pub fn new(from: u32, to: u32, over_ns: u64) -> Option<Self> {
        let is_good = (1..=RATE_MAX).contains(&to) && from <= RATE_MAX && over_ns > 0;
        is_good.then(|| Self {
            from: f64::from(from),
            to: f64::from(to),
            over_s: over_ns as f64 / SECOND_NS,
        })
    }

    /// Reads `FROM..TO/D`: `0..20000/30s`.
    ///
    /// # Errors
    /// [`LoadFault::Usage`] that says how to write it.
    pub fn parse(text: &str) -> Result<Self, LoadFault> {
        let read = || {
            let (rates, over) = text.split_once('/')?;
            let (from, to) = rates.split_once("..")?;
            let over_ns = duration::nanoseconds(duration::parse(over).ok()?);
            Self::new(from.parse().ok()?, to.parse().ok()?, over_ns)
        };
        read().ok_or_else(|| {
            LoadFault::Usage(format!(
                "--ramp `{text}`: write FROM..TO/TIME, messages a second and a duration, TO at least 1, for example 0..20000/30s"
            ))
        })
    }

    /// How long it takes, nanoseconds.
    #[must_use]
    pub fn over_ns(self) -> u64 {
        (self.over_s * SECOND_NS) as u64
    }

    /// When a message should go, nanoseconds after the first: where the area under the rate is its number.
    #[must_use]
    pub fn offset_ns(self, number: u64) -> u64 {
        let number = number as f64;
        let in_ramp = (self.from + self.to) / 2.0 * self.over_s;
        let offset_s = if number >= in_ramp {
            self.over_s + (number - in_ramp) / self.to
        } else {
            let slope = (self.to - self.from) / self.over_s;
            let root = (self.from * self.from + 2.0 * slope * number)
                .max(0.0)
                .sqrt();
            // This form of the solution has no difference of near values in it.
            2.0 * number / (self.from + root).max(f64::MIN_POSITIVE)
        };
        (offset_s * SECOND_NS) as u64
    }

    /// How many messages should have gone before this time after the first.
    #[must_use]
    pub fn due(self, elapsed_ns: u64) -> u64 {
        let elapsed_s = elapsed_ns as f64 / SECOND_NS;
        let rising_s = elapsed_s.min(self.over_s);
        let slope = (self.to - self.from) / self.over_s;
        let in_ramp = self.from * rising_s + slope * rising_s * rising_s / 2.0;
        let mut due = (in_ramp + (elapsed_s - rising_s) * self.to).ceil() as u64;
        // The times of messages say the last word over rounding.
        while due > 0 && self.offset_ns(due - 1) >= elapsed_ns {
            due -= 1;
        }
        while self.offset_ns(due) < elapsed_ns {
            due += 1;
        }
        due
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
    use proptest::prelude::*;

    const SECOND: u64 = 1_000_000_000;

    #[test]
    fn the_rate_rises_evenly_and_stays() {
        let ramp = Ramp::parse("0..1000/10s").unwrap();
        // The area under the rate: 50 t^2, then 1000 a second.
        for (second, due) in [(1, 50), (2, 200), (5, 1_250), (10, 5_000), (12, 7_000)] {
            let found = ramp.due(second * SECOND);
            assert!(found.abs_diff(due) <= 1, "{second}: {found}");
        }
        assert_eq!(ramp.over_ns(), 10 * SECOND);
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        for text in [
            "", "5", "0..0/1s", "1..2", "1..2/0", "1..2/3", "a..b/1s", "-1..5/1s",
        ] {
            assert!(Ramp::parse(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn messages_are_in_order_and_due_agrees_with_their_times(
            from in 0_u32..50_000, to in 1_u32..50_000, over_ms in 1_u64..100_000, number in 0_u64..1_000_000,
        ) {
            let ramp = Ramp::new(from, to, over_ms * 1_000_000).unwrap();
            let (at_ns, next_ns) = (ramp.offset_ns(number), ramp.offset_ns(number + 1));
            prop_assert!(at_ns <= next_ns);
            prop_assert!(ramp.due(at_ns) <= number);
            prop_assert!(ramp.due(next_ns + 1) >= number + 2);
        }
    }
}
