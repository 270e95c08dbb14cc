//! What a load did, second by second: the samples behind its plots and its progress line.
//!
//! Pure: time comes in. At most [`SAMPLES_MAX`] samples; when they are full, neighbours are joined and each from then on covers twice
//! the time. Joined counts are sums, joined percentiles the worse of the two, so a plot never looks better than the load was.

use hdrhistogram::Histogram;
use serde::Serialize;

/// Samples kept, at most.
pub const SAMPLES_MAX: usize = 600;
const SECOND_NS: u64 = 1_000_000_000;
/// Latencies above this count as this: ten minutes, microseconds.
const LATENCY_US_MAX: u64 = 600_000_000;

/// Latencies of one sample.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct SampleMs {
    /// Half were faster, milliseconds.
    pub p50: f64,
    /// All but one in a hundred were faster, milliseconds.
    pub p99: f64,
    /// The slowest, milliseconds.
    pub max: f64,
}

/// One stretch of time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Sample {
    /// Its end, seconds after the load began.
    pub until_s: f64,
    /// Its length, seconds.
    pub seconds: f64,
    /// Messages sent in it.
    pub sent: u64,
    /// Answers that came in it, refusals among them.
    pub answered: u64,
    /// Refusals among them.
    pub refused: u64,
    /// Receipts matched in it.
    pub receipts: u64,
    /// Messages in flight, on average over some twenty looks a second.
    pub in_flight: f64,
    /// Messages in flight, at the fullest of these looks.
    pub in_flight_max: u64,
    /// From when messages should have gone to their answers, of the answers that came in it. `None` when none came.
    pub latency_ms: Option<SampleMs>,
    /// The same to their receipts.
    pub receipt_ms: Option<SampleMs>,
}

/// The course of a load.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Timeline {
    /// Messages that can be in flight at once.
    pub window: u64,
    /// The samples, earliest first.
    pub samples: Vec<Sample>,
}

/// Counts since the load began.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Messages sent.
    pub sent: u64,
    /// Answers, refusals among them.
    pub answered: u64,
    /// Refusals among them.
    pub refused: u64,
    /// Receipts matched.
    pub receipts: u64,
}

/// Makes the samples of a load that runs.
#[derive(Debug)]
pub struct Recorder {
    latency_us: Histogram<u64>,
    receipt_us: Histogram<u64>,
    timeline: Timeline,
    every_ns: u64,
    started_ns: u64,
    began_ns: u64,
    before: Counts,
    looks: u64,
    in_flight_sum: u64,
    in_flight_max: u64,
}

impl Recorder {
    /// A recorder of a load that begins at `started_ns` with room for `window` messages in flight.
    ///
    /// # Errors
    /// Never for the bounds used; the histogram's constructor can fail in general.
    pub fn new(started_ns: u64, window: u64) -> Result<Self, super::LoadFault> {
        // Two digits: 14 KB each, and good enough for a plot.
        let histogram = || {
            Histogram::new_with_bounds(1, LATENCY_US_MAX, 2)
                .map_err(|fault| super::LoadFault::Usage(fault.to_string()))
        };
        Ok(Self {
            latency_us: histogram()?,
            receipt_us: histogram()?,
            timeline: Timeline {
                window,
                samples: Vec::new(),
            },
            every_ns: SECOND_NS,
            started_ns,
            began_ns: started_ns,
            before: Counts::default(),
            looks: 0,
            in_flight_sum: 0,
            in_flight_max: 0,
        })
    }

    /// Notes how long an answer took, microseconds.
    pub fn answered(&mut self, latency_us: u64) {
        self.latency_us.saturating_record(latency_us);
    }

    /// Notes how long a receipt took, microseconds.
    pub fn receipted(&mut self, latency_us: u64) {
        self.receipt_us.saturating_record(latency_us);
    }

    /// Looks at the load; the sample that ends with this look, if one does.
    pub fn look(&mut self, now_ns: u64, counts: Counts, in_flight: u64) -> Option<Sample> {
        self.looks += 1;
        self.in_flight_sum += in_flight;
        self.in_flight_max = self.in_flight_max.max(in_flight);
        (now_ns.saturating_sub(self.began_ns) >= self.every_ns).then(|| self.close(now_ns, counts))
    }

    /// The timeline, with what came since the last sample as its last one.
    #[must_use]
    pub fn finish(mut self, now_ns: u64, counts: Counts) -> Timeline {
        if counts != self.before {
            self.close(now_ns, counts);
        }
        self.timeline
    }

    fn close(&mut self, now_ns: u64, counts: Counts) -> Sample {
        let seconds = |from_ns: u64| now_ns.saturating_sub(from_ns) as f64 / 1e9;
        let sample = Sample {
            until_s: seconds(self.started_ns),
            seconds: seconds(self.began_ns).max(1e-9),
            sent: counts.sent.saturating_sub(self.before.sent),
            answered: counts.answered.saturating_sub(self.before.answered),
            refused: counts.refused.saturating_sub(self.before.refused),
            receipts: counts.receipts.saturating_sub(self.before.receipts),
            in_flight: self.in_flight_sum as f64 / self.looks.max(1) as f64,
            in_flight_max: self.in_flight_max,
            latency_ms: shown(&self.latency_us),
            receipt_ms: shown(&self.receipt_us),
        };
        self.latency_us.reset();
        self.receipt_us.reset();
        self.began_ns = now_ns;
        self.before = counts;
        (self.looks, self.in_flight_sum, self.in_flight_max) = (0, 0, 0);
        if self.timeline.samples.len() >= SAMPLES_MAX {
            self.thin();
        }
        self.timeline.samples.push(sample);
        sample
    }

    fn thin(&mut self) {
        self.every_ns = self.every_ns.saturating_mul(2);
        let pairs = self.timeline.samples.chunks(2);
        self.timeline.samples = pairs
            .filter_map(|pair| pair.iter().copied().reduce(Sample::joined))
            .collect();
    }
}

impl Sample {
    /// Both as one.
    fn joined(self, later: Self) -> Self {
        let seconds = self.seconds + later.seconds;
        Self {
            until_s: later.until_s,
            seconds,
            sent: self.sent + later.sent,
            answered: self.answered + later.answered,
            refused: self.refused + later.refused,
            receipts: self.receipts + later.receipts,
            in_flight: (self.in_flight * self.seconds + later.in_flight * later.seconds) / seconds,
            in_flight_max: self.in_flight_max.max(later.in_flight_max),
            latency_ms: worse(self.latency_ms, later.latency_ms),
            receipt_ms: worse(self.receipt_ms, later.receipt_ms),
        }
    }
}

fn worse(one: Option<SampleMs>, other: Option<SampleMs>) -> Option<SampleMs> {
    let (Some(one), Some(other)) = (one, other) else {
        return one.or(other);
    };
    Some(SampleMs {
        p50: one.p50.max(other.p50),
        p99: one.p99.max(other.p99),
        max: one.max.max(other.max),
    })
}

fn shown(latency_us: &Histogram<u64>) -> Option<SampleMs> {
    let ms = |share| latency_us.value_at_quantile(share) as f64 / 1e3;
    (!latency_us.is_empty()).then(|| SampleMs {
        p50: ms(0.5),
        p99: ms(0.99),
        max: ms(1.0),
    })
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
    fn a_long_load_keeps_its_counts_in_a_bounded_timeline() {
        let mut recorder = Recorder::new(5 * SECOND_NS, 10).unwrap();
        let mut counts = Counts::default();
        let seconds = 20_000_u64;
        let mut now_ns = 5 * SECOND_NS;
        for second in 0..seconds {
            for _ in 0..4 {
                now_ns += SECOND_NS / 4;
                counts.sent += 1;
                counts.answered += 1;
                recorder.answered(second + 1);
                recorder.look(now_ns, counts, 7);
            }
        }
        let timeline = recorder.finish(now_ns, counts);
        assert!(timeline.samples.len() <= SAMPLES_MAX);
        let sum: u64 = timeline.samples.iter().map(|sample| sample.sent).sum();
        assert_eq!(sum, 4 * seconds);
        let time: f64 = timeline.samples.iter().map(|sample| sample.seconds).sum();
        assert!((time - seconds as f64).abs() < 1e-3, "{time}");
        let last = timeline.samples.last().unwrap();
        assert!((last.until_s - seconds as f64).abs() < 1e-3);
        assert!((last.in_flight - 7.0).abs() < 1e-9 && last.in_flight_max == 7);
        let worst = timeline
            .samples
            .iter()
            .map(|sample| sample.latency_ms.unwrap().max);
        assert!(worst.fold(0.0, f64::max) >= seconds as f64 / 1e3);
    }

    #[test]
    fn what_came_behind_the_last_sample_is_not_lost() {
        let mut recorder = Recorder::new(0, 1).unwrap();
        let counts = Counts {
            sent: 3,
            ..Counts::default()
        };
        assert_eq!(recorder.look(SECOND_NS / 2, counts, 1), None);
        let timeline = recorder.finish(SECOND_NS / 2, counts);
        assert_eq!((timeline.samples.len(), timeline.samples[0].sent), (1, 3));
        assert_eq!(timeline.samples[0].latency_ms, None);
    }
}
