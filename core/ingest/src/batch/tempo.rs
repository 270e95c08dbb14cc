//! How fast the rows of a batch are taken, where it is not as fast as the node can.
//!
//! Promise: never more than the rate; what is to be done by a moment is spread evenly over the time that is left, whatever was
//! lost before; after that moment there is no more waiting. Pure; time comes in.

use std::time::Duration;

use super::timing::Timing;

const SECOND_NS: u128 = 1_000_000_000;

/// Paces one batch.
pub(super) struct Tempo {
    timing: Timing,
    /// Moment, rows done by then, and rows that are due within [`Anchor::span_ns`] from then on.
    anchor: Option<Anchor>,
}

#[derive(Debug, Clone, Copy)]
struct Anchor {
    at_utc_ns: u64,
    rows: u64,
    rows_in_span: u64,
    span_ns: u64,
}

/// What is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Due {
    /// So many rows, at least one.
    Rows(u32),
    /// None for so long.
    Wait(Duration),
}

impl Tempo {
    pub(super) fn new(timing: Timing) -> Self {
        Self {
            timing,
            anchor: None,
        }
    }

    /// Whether it is as fast as the node can.
    pub(super) fn is_free(&self) -> bool {
        self.timing.rate.is_none() && self.timing.finish_by_utc_ns == 0
    }

    /// What was missed is not made up for.
    pub(super) fn begin_anew(&mut self) {
        self.anchor = None;
    }

    /// What is due now that so many rows are done.
    pub(super) fn due(&mut self, utc_ns: u64, rows_done: u64, rows_total: Option<u64>) -> Due {
        let anchor = match self.anchor {
            Some(anchor) if !anchor.is_behind(utc_ns, rows_done) => anchor,
            _ => match self.anchor_at(utc_ns, rows_done, rows_total) {
                None => return Due::Rows(u32::MAX),
                Some(anchor) => anchor,
            },
        };
        self.anchor = Some(anchor);
        match anchor.rows_by(utc_ns).saturating_sub(rows_done) {
            0 => Due::Wait(anchor.wait(utc_ns, rows_done)),
            rows => Due::Rows(u32::try_from(rows).unwrap_or(u32::MAX)),
        }
    }

    /// The pace from now on; none: as fast as the node can.
    fn anchor_at(&self, utc_ns: u64, rows: u64, rows_total: Option<u64>) -> Option<Anchor> {
        let rate = self
            .timing
            .rate
            .map(|rate| (u64::from(rate), SECOND_NS as u64));
        let left_ns = self.timing.finish_by_utc_ns.saturating_sub(utc_ns);
        let spread = rows_total.filter(|_| left_ns > 0).map(|total| {
            let left = total.saturating_sub(rows).max(1);
            (left, left_ns)
        });
        let slower = |one: (u64, u64), other: (u64, u64)| {
            let faster =
                u128::from(one.0) * u128::from(other.1) > u128::from(other.0) * u128::from(one.1);
            if faster { other } else { one }
        };
        let (rows_in_span, span_ns) = match (rate, spread) {
            (None, None) => return None,
            (Some(pace), None) | (None, Some(pace)) => pace,
            (Some(rate), Some(spread)) => slower(rate, spread),
        };
        Some(Anchor {
            at_utc_ns: utc_ns,
            rows,
            rows_in_span,
            span_ns,
        })
    }
}

impl Anchor {
    /// The first row is due at once, each other one its time later.
    fn rows_by(self, utc_ns: u64) -> u64 {
        let passed = u128::from(utc_ns.saturating_sub(self.at_utc_ns));
        let due = passed * u128::from(self.rows_in_span) / u128::from(self.span_ns.max(1)) + 1;
        self.rows
            .saturating_add(u64::try_from(due).unwrap_or(u64::MAX))
    }

    /// More than a second late, or the clock went back: what was missed would come in one burst.
    fn is_behind(self, utc_ns: u64, rows_done: u64) -> bool {
        let second = u128::from(self.rows_in_span) * SECOND_NS / u128::from(self.span_ns.max(1));
        let late = self.rows_by(utc_ns).saturating_sub(rows_done);
        utc_ns < self.at_utc_ns || u128::from(late) > second + 2
    }

    fn wait(self, utc_ns: u64, rows_done: u64) -> Duration {
        let rows = u128::from(rows_done.saturating_sub(self.rows));
        let due = rows * u128::from(self.span_ns) / u128::from(self.rows_in_span.max(1));
        let due = u128::from(self.at_utc_ns) + due;
        let wait = due.saturating_sub(u128::from(utc_ns)).max(1_000_000);
        Duration::from_nanos(u64::try_from(wait).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECOND: u64 = 1_000_000_000;

    /// Takes what is due until all rows are done; when each was.
    fn run(timing: Timing, rows: u64, slow_ns: u64, start: u64) -> Vec<u64> {
        let mut tempo = Tempo::new(timing);
        let (mut now, mut done) = (start, Vec::new());
        while (done.len() as u64) < rows {
            match tempo.due(now, done.len() as u64, Some(rows)) {
                Due::Rows(due) => {
                    let due = u64::from(due).min(rows - done.len() as u64).min(64);
                    done.extend((0..due).map(|_| now));
                    now += slow_ns;
                }
                Due::Wait(wait) => now += wait.as_nanos() as u64,
            }
        }
        done
    }

    proptest! {
        #[test]
        fn no_second_has_more_rows_than_the_rate(rate in 1_u32..500, rows in 1_u64..2_000, slow_ms in 0_u64..3_000) {
            let timing = Timing { rate: Some(rate), ..Timing::default() };
            let done = run(timing, rows.min(u64::from(rate) * 20), slow_ms * 1_000_000, 7);
            for (place, at) in done.iter().enumerate() {
                let within = done.iter().skip(place).take_while(|other| **other < at + SECOND).count();
                // A second may begin within a row's time.
                prop_assert!(within as u64 <= u64::from(rate) * 2 + 4, "{within} at a rate of {rate}");
            }
            let seconds = done.last().map_or(0, |last| last - 7) / SECOND;
            prop_assert!(seconds >= (done.len() as u64).saturating_sub(70) / u64::from(rate) / 2);
        }

        #[test]
        fn what_is_spread_is_done_in_time_and_evenly(rows in 2_u64..2_000, seconds in 1_u64..7_200) {
            let timing = Timing { finish_by_utc_ns: 5 + seconds * SECOND, ..Timing::default() };
            let done = run(timing, rows, 1_000, 5);
            let last = done.last().map_or(0, |last| last - 5);
            prop_assert!(last <= seconds * SECOND + SECOND / 100, "{last}");
            let half = done.get(rows as usize / 2).map_or(0, |half| half - 5);
            let off = half.abs_diff(seconds * SECOND / 2);
            prop_assert!(off <= seconds * SECOND / rows + seconds * SECOND / 10 + SECOND / 50, "{off}");
        }
    }

    #[test]
    fn after_its_moment_nothing_waits() {
        let mut tempo = Tempo::new(Timing {
            finish_by_utc_ns: 5,
            ..Timing::default()
        });
        assert_eq!(tempo.due(6, 10, Some(100)), Due::Rows(u32::MAX));
        assert!(Tempo::new(Timing::default()).is_free());
    }
}
