//! What a carrier did since the start of the node: plain numbers in the loop, brought to the recorder now and then.

use std::cell::OnceCell;

use carrack_message::carrier_id::{IdTransform, Learning};
use carrack_telemetry::names;
use hdrhistogram::Histogram;

/// Longest latency that is told apart, milliseconds: four days.
const LATENCY_MS_MAX: u64 = 4 * 24 * 3600 * 1000;

/// What a carrier did since the start of the node.
pub(crate) struct CarrierStats {
    pub(crate) segments_sent: u64,
    pub(crate) segments_accepted: u64,
    pub(crate) segments_refused: u64,
    pub(crate) segments_throttled: u64,
    pub(crate) segments_uncertain: u64,
    pub(crate) segments_untracked: u64,
    pub(crate) segments_doubled: u64,
    pub(crate) slots_given_early: u64,
    pub(crate) destination_full: u64,
    pub(crate) account_faults: u64,
    pub(crate) breaker_opened: u64,
    pub(crate) suspicions: u64,
    pub(crate) messages_delivered: u64,
    pub(crate) messages_failed: u64,
    pub(crate) receipts_matched: u64,
    pub(crate) receipts_early: u64,
    pub(crate) receipts_unmatched: u64,
    pub(crate) receipts_ambiguous: u64,
    pub(crate) receipts_by_number: u64,
    pub(crate) receipts_again: u64,
    pub(crate) queries_sent: u64,
    pub(crate) cost_micros: i64,
    pub(crate) response_us: Option<Histogram<u64>>,
    pub(crate) receipt_ms: Option<Histogram<u64>>,
}

impl CarrierStats {
    pub(super) fn new() -> Self {
        // Three significant digits.
        let histogram = |high: u64| Histogram::new_with_bounds(1, high, 3).ok();
        Self {
            segments_sent: 0,
            segments_accepted: 0,
            segments_refused: 0,
            segments_throttled: 0,
            segments_uncertain: 0,
            segments_untracked: 0,
            segments_doubled: 0,
            slots_given_early: 0,
            destination_full: 0,
            account_faults: 0,
            breaker_opened: 0,
            suspicions: 0,
            messages_delivered: 0,
            messages_failed: 0,
            receipts_matched: 0,
            receipts_early: 0,
            receipts_unmatched: 0,
            receipts_ambiguous: 0,
            receipts_by_number: 0,
            receipts_again: 0,
            queries_sent: 0,
            cost_micros: 0,
            response_us: histogram(600_000_000),
            receipt_ms: histogram(LATENCY_MS_MAX),
        }
    }

    fn each(&self, learning: &Learning) -> [u64; Handles::COUNT] {
        [
            self.segments_sent,
            self.segments_accepted,
            self.segments_refused + self.segments_throttled,
            self.segments_uncertain,
            self.segments_untracked,
            self.segments_doubled,
            self.slots_given_early,
            self.destination_full,
            self.account_faults,
            self.breaker_opened,
            self.suspicions,
            self.receipts_matched,
            self.receipts_early,
            self.receipts_unmatched,
            self.receipts_ambiguous,
            self.receipts_by_number,
            self.receipts_again,
            self.queries_sent,
            learning.matched(IdTransform::Same),
            learning.matched(IdTransform::HexToDecimal),
            learning.matched(IdTransform::DecimalToHex),
        ]
    }
}

/// Where the numbers of a carrier go.
pub(super) struct Handles {
    /// In the order of [`CarrierStats::each`].
    counters: [metrics::Counter; Self::COUNT],
    pub(super) oddities: metrics::Counter,
    pub(super) links_lost: metrics::Counter,
    pub(super) links_up: metrics::Gauge,
    carrier: String,
    day_used: OnceCell<metrics::Gauge>,
}

impl Handles {
    const COUNT: usize = 21;

    pub(super) fn new(carrier: &str) -> Self {
        let counter = |name: &'static str| metrics::counter!(name, "carrier" => carrier.to_owned());
        let ids = |transform: &'static str| metrics::counter!(names::RECEIPT_IDS, "carrier" => carrier.to_owned(), "transform" => transform);
        Self {
            counters: [
                counter(names::SEGMENTS_SENT),
                counter(names::SEGMENTS_ACCEPTED),
                counter(names::SEGMENTS_REFUSED),
                counter(names::SEGMENTS_UNCERTAIN),
                counter(names::SEGMENTS_UNTRACKED),
                counter(names::SEGMENTS_DOUBLED),
                counter(names::SLOTS_GIVEN_EARLY),
                counter(names::DESTINATION_FULL),
                counter(names::ACCOUNT_FAULTS),
                counter(names::BREAKER_OPENED),
                counter(names::SUSPICIONS),
                counter(names::RECEIPTS_MATCHED),
                counter(names::RECEIPTS_EARLY),
                counter(names::RECEIPTS_UNMATCHED),
                counter(names::RECEIPTS_AMBIGUOUS),
                counter(names::RECEIPTS_BY_NUMBER),
                counter(names::RECEIPTS_AGAIN),
                counter(names::QUERIES_SENT),
                ids("same"),
                ids("hex_to_decimal"),
                ids("decimal_to_hex"),
            ],
            oddities: counter(names::PDU_ODDITIES),
            links_lost: counter(names::LINKS_LOST),
            links_up: metrics::gauge!(names::LINKS_UP, "carrier" => carrier.to_owned()),
            carrier: carrier.to_owned(),
            day_used: OnceCell::new(),
        }
    }

    /// What of its cap of the day is used; only where it has one.
    pub(super) fn day_used(&self, segments: u32) {
        let used = || metrics::gauge!(names::DAY_SEGMENTS, "carrier" => self.carrier.clone());
        self.day_used.get_or_init(used).set(f64::from(segments));
    }

    pub(super) fn publish(&self, stats: &CarrierStats, learning: &Learning) {
        for (counter, value) in self.counters.iter().zip(stats.each(learning)) {
            counter.absolute(value);
        }
    }
}
