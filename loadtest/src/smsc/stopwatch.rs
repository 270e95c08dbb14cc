//! Times from one event to its answer: 1 microsecond to 10 minutes, to about one per cent.

use hdrhistogram::Histogram;

const LONGEST_US: u64 = 600_000_000;
const DIGITS: u8 = 2;

/// A histogram of times. Without memory for one it counts nothing.
#[derive(Debug)]
pub(super) struct Stopwatch(Option<Histogram<u32>>);

impl Default for Stopwatch {
    fn default() -> Self {
        Self(Histogram::new_with_bounds(1, LONGEST_US, DIGITS).ok())
    }
}

impl Stopwatch {
    /// Notes a time.
    pub(super) fn note(&mut self, time_ns: u64) {
        if let Some(histogram) = &mut self.0 {
            histogram.saturating_record((time_ns / 1_000).max(1));
        }
    }

    /// The time below which this share lies, in microseconds; 0 while there is none.
    pub(super) fn quantile_us(&self, share: f64) -> u64 {
        self.0
            .as_ref()
            .map_or(0, |histogram| histogram.value_at_quantile(share))
    }

    /// The longest, in microseconds.
    pub(super) fn max_us(&self) -> u64 {
        self.0.as_ref().map_or(0, Histogram::max)
    }
}
