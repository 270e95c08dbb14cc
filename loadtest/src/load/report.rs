//! What a load saw, as the JSON it prints.

use super::timeline::{Counts, Recorder, Sample, Timeline};
use carrack_message::receipt::ReceiptState;
use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Latencies. Those of an open loop count from when the message should have gone, whatever held it up; what was never answered or
/// never sent counts as long as it was waited for (no coordinated omission).
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct LatencyMs {
    /// Half were faster, milliseconds.
    pub p50: f64,
    /// Nine in ten were faster, milliseconds.
    pub p90: f64,
    /// All but one in a hundred were faster, milliseconds.
    pub p99: f64,
    /// All but one in a thousand were faster, milliseconds.
    pub p999: f64,
    /// The slowest, milliseconds.
    pub max: f64,
}

impl LatencyMs {
    fn of(latency_us: &Histogram<u64>) -> Self {
        let ms = |share| latency_us.value_at_quantile(share) as f64 / 1e3;
        Self {
            p50: ms(0.5),
            p90: ms(0.9),
            p99: ms(0.99),
            p999: ms(0.999),
            max: latency_us.max() as f64 / 1e3,
        }
    }
}

/// The result of a load. `sent = accepted + refused + unanswered`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct LoadReport {
    /// Messages sent.
    pub sent: u64,
    /// Answered with success.
    pub accepted: u64,
    /// Refused, by status name.
    pub refused: BTreeMap<String, u64>,
    /// Never answered: timed out, or the connection broke.
    pub unanswered: u64,
    /// Messages of an open loop that were due and never sent: the far side was too slow, or gone.
    pub overdue: u64,
    /// Accepted messages with at least one receipt.
    pub receipts: u64,
    /// First receipts by state.
    pub receipts_by_state: BTreeMap<String, u64>,
    /// Receipts that came before the answer to their message.
    pub receipts_early: u64,
    /// Receipts again for a message that had one.
    pub receipts_duplicate: u64,
    /// Receipts for which no accepted message is known.
    pub receipts_unmatched: u64,
    /// Accepted messages without a receipt; 0 unless receipts were asked for.
    pub receipts_missing: u64,
    /// Connections that broke.
    pub disconnects: u64,
    /// From the first message to the last answer, seconds.
    pub seconds: f64,
    /// Answers a second in that time.
    pub rate: f64,
    /// From the first message to the last answer or receipt, seconds.
    pub life_seconds: f64,
    /// Accepted messages a second in that time.
    pub life_rate: f64,
    /// Messages from handsets.
    pub mo: u64,
    /// From when a message should have gone to its answer; in a closed loop from its submit.
    pub latency_ms: LatencyMs,
    /// From the submit itself to its answer, of answered messages alone. In a closed loop it differs from `latency_ms` only where
    /// messages were never answered.
    pub service_ms: LatencyMs,
    /// From when a message should have gone (in a closed loop from its submit) to its first receipt; what was never answered, never
    /// sent, or has no receipt counts as long as it was waited for. All 0 where no receipts were asked for.
    #[serde(default)]
    pub receipt_ms: LatencyMs,
    /// The first fault, if there was one.
    pub fault: Option<String>,
}

impl LoadReport {
    /// Refused messages of all statuses.
    #[must_use]
    pub fn refused_total(&self) -> u64 {
        self.refused.values().sum()
    }

    /// True when every message was answered, at least one was accepted, and no receipt that was asked for is missing.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.fault.is_none()
            && self.unanswered == 0
            && self.overdue == 0
            && self.receipts_missing == 0
            && self.accepted > 0
    }
}

/// Collects answers and their latency while a load runs.
#[derive(Debug)]
pub struct Tally {
    /// Counts so far; rates are filled in by [`Tally::finish`].
    pub report: LoadReport,
    latency_us: Histogram<u64>,
    service_us: Histogram<u64>,
    receipt_us: Histogram<u64>,
    refused: u64,
    recorder: Option<Box<Recorder>>,
    last_answer_ns: u64,
    last_event_ns: u64,
}

impl Tally {
    /// An empty tally.
    ///
    /// # Errors
    /// Never for the bounds used; the histogram's constructor can fail in general.
    pub fn new() -> Result<Self, super::LoadFault> {
        // 1 microsecond to 10 minutes, three digits: at most 200 KB.
        let histogram = || {
            Histogram::new_with_bounds(1, 600_000_000, 3)
                .map_err(|fault| super::LoadFault::Usage(fault.to_string()))
        };
        Ok(Self {
            report: LoadReport::default(),
            latency_us: histogram()?,
            service_us: histogram()?,
            receipt_us: histogram()?,
            refused: 0,
            recorder: None,
            last_answer_ns: 0,
            last_event_ns: 0,
        })
    }

    /// Counts an answer. `refusal` is the name of its status unless it was a success.
    pub fn answered(&mut self, now_ns: u64, scheduled_ns: u64, refusal: Option<String>) {
        match refusal {
            None => self.report.accepted += 1,
            Some(name) => self.count_refusal(name),
        }
        let latency_us = microseconds(now_ns, scheduled_ns);
        self.latency_us.saturating_record(latency_us);
        if let Some(recorder) = &mut self.recorder {
            recorder.answered(latency_us);
        }
        self.last_answer_ns = self.last_answer_ns.max(now_ns);
        self.event(now_ns);
    }

    /// Counts a refusal by the name of its status.
    pub fn count_refusal(&mut self, name: String) {
        self.refused += 1;
        *self.report.refused.entry(name).or_default() += 1;
    }

    /// Counts the first receipt of a message by its state.
    pub fn count_receipt(&mut self, state: Option<ReceiptState>) {
        let word = state.map_or("none", |state| state.word());
        if let Some(count) = self.report.receipts_by_state.get_mut(word) {
            *count += 1;
        } else {
            self.report.receipts_by_state.insert(word.to_owned(), 1);
        }
    }

    /// Notes when an answered message really went.
    pub fn served(&mut self, now_ns: u64, sent_ns: u64) {
        self.service_us
            .saturating_record(microseconds(now_ns, sent_ns));
    }

    /// Notes how long a message took from when it should have gone to its receipt, microseconds.
    pub fn receipted(&mut self, receipt_us: u64) {
        let receipt_us = receipt_us.max(1);
        self.receipt_us.saturating_record(receipt_us);
        if let Some(recorder) = &mut self.recorder {
            recorder.receipted(receipt_us);
        }
    }

    /// Notes a message whose receipt was waited for in vain since it should have gone.
    pub fn waited_for_receipt(&mut self, now_ns: u64, scheduled_ns: u64) {
        self.receipt_us
            .saturating_record(microseconds(now_ns, scheduled_ns));
    }

    /// Records the course of the load from now on.
    ///
    /// # Errors
    /// As [`Recorder::new`].
    pub fn record(&mut self, now_ns: u64, window: u64) -> Result<(), super::LoadFault> {
        self.recorder = Some(Box::new(Recorder::new(now_ns, window)?));
        Ok(())
    }

    /// Looks at the load, where its course is recorded.
    pub fn look(&mut self, now_ns: u64, counts: Counts, in_flight: u64) -> Option<Sample> {
        self.recorder.as_mut()?.look(now_ns, counts, in_flight)
    }

    /// Ends the recording.
    pub fn take_timeline(&mut self, now_ns: u64, counts: Counts) -> Timeline {
        let recorder = self.recorder.take();
        recorder.map_or_else(Timeline::default, |recorder| {
            recorder.finish(now_ns, counts)
        })
    }

    /// The counts so far; what is sent and matched is counted elsewhere.
    #[must_use]
    pub fn counts(&self, sent: u64, receipts: u64) -> Counts {
        Counts {
            sent,
            answered: self.report.accepted + self.refused,
            refused: self.refused,
            receipts,
        }
    }

    /// Notes a message that was waited for in vain since it should have gone.
    pub fn waited(&mut self, now_ns: u64, scheduled_ns: u64) {
        self.latency_us
            .saturating_record(microseconds(now_ns, scheduled_ns));
    }

    /// Notes that something came at this time.
    pub fn event(&mut self, now_ns: u64) {
        self.last_event_ns = self.last_event_ns.max(now_ns);
    }

    /// When the last answer or receipt came.
    #[must_use]
    pub fn last_event_ns(&self) -> u64 {
        self.last_event_ns
    }

    /// The report of a load that began at `started_ns`.
    #[must_use]
    pub fn finish(mut self, started_ns: u64) -> LoadReport {
        let seconds = |until_ns: u64| (until_ns.saturating_sub(started_ns) as f64 / 1e9).max(1e-9);
        let answers = self.report.accepted + self.report.refused_total();
        self.report.seconds = seconds(self.last_answer_ns);
        self.report.rate = answers as f64 / self.report.seconds;
        self.report.life_seconds = seconds(self.last_event_ns);
        self.report.life_rate = self.report.accepted as f64 / self.report.life_seconds;
        self.report.latency_ms = LatencyMs::of(&self.latency_us);
        self.report.service_ms = LatencyMs::of(&self.service_us);
        self.report.receipt_ms = LatencyMs::of(&self.receipt_us);
        self.report
    }
}

fn microseconds(now_ns: u64, since_ns: u64) -> u64 {
    (now_ns.saturating_sub(since_ns) / 1_000).max(1)
}
