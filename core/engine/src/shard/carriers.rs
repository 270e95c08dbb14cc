//! A carrier as its owning shard sees it: links, limit, unfinished messages, and what it did.

use std::collections::VecDeque;

use carrack_carrier::{Link, LinkState};
use carrack_telemetry::names;
use carrack_throttle::Adaptive;
use hdrhistogram::Histogram;

use super::live::Key;

/// Longest latency that is told apart, milliseconds: four days.
const LATENCY_MS_MAX: u64 = 4 * 24 * 3600 * 1000;

/// What a carrier did since the start of the node.
pub(crate) struct CarrierStats {
    pub(crate) segments_sent: u64,
    pub(crate) segments_accepted: u64,
    pub(crate) segments_refused: u64,
    pub(crate) segments_throttled: u64,
    pub(crate) segments_uncertain: u64,
    pub(crate) messages_delivered: u64,
    pub(crate) messages_failed: u64,
    pub(crate) receipts_matched: u64,
    pub(crate) receipts_early: u64,
    pub(crate) receipts_unmatched: u64,
    pub(crate) cost_micros: i64,
    pub(crate) response_us: Option<Histogram<u64>>,
    pub(crate) receipt_ms: Option<Histogram<u64>>,
}

impl CarrierStats {
    fn new() -> Self {
        // Three significant digits.
        let histogram = |high: u64| Histogram::new_with_bounds(1, high, 3).ok();
        Self {
            segments_sent: 0,
            segments_accepted: 0,
            segments_refused: 0,
            segments_throttled: 0,
            segments_uncertain: 0,
            messages_delivered: 0,
            messages_failed: 0,
            receipts_matched: 0,
            receipts_early: 0,
            receipts_unmatched: 0,
            cost_micros: 0,
            response_us: histogram(600_000_000),
            receipt_ms: histogram(LATENCY_MS_MAX),
        }
    }
}

struct Handles {
    sent: metrics::Counter,
    accepted: metrics::Counter,
    refused: metrics::Counter,
    uncertain: metrics::Counter,
    matched: metrics::Counter,
    early: metrics::Counter,
    unmatched: metrics::Counter,
    oddities: metrics::Counter,
    links_lost: metrics::Counter,
    links_up: metrics::Gauge,
}

impl Handles {
    fn new(carrier: &str) -> Self {
        let counter = |name: &'static str| metrics::counter!(name, "carrier" => carrier.to_owned());
        Self {
            sent: counter(names::SEGMENTS_SENT),
            accepted: counter(names::SEGMENTS_ACCEPTED),
            refused: counter(names::SEGMENTS_REFUSED),
            uncertain: counter(names::SEGMENTS_UNCERTAIN),
            matched: counter(names::RECEIPTS_MATCHED),
            early: counter(names::RECEIPTS_EARLY),
            unmatched: counter(names::RECEIPTS_UNMATCHED),
            oddities: counter(names::PDU_ODDITIES),
            links_lost: counter(names::LINKS_LOST),
            links_up: metrics::gauge!(names::LINKS_UP, "carrier" => carrier.to_owned()),
        }
    }
}

/// A carrier that this shard owns.
pub(crate) struct Carrier {
    pub(crate) name: String,
    /// Its number in the dictionary of names.
    pub(crate) number: u32,
    pub(crate) links: Vec<Box<dyn Link>>,
    pub(crate) throttle: Adaptive,
    /// Segments sent whose outcome is not durable: what a crash may double. Never more than the windows.
    pub(crate) unsettled: u32,
    /// A limited carrier gets nothing before.
    pub(crate) quiet_until_ns: u64,
    /// Messages with segments still to be sent here: they go before the lanes.
    pub(crate) unfinished: VecDeque<Key>,
    pub(crate) stats: CarrierStats,
    handles: Handles,
    next_link: usize,
}

impl Carrier {
    pub(crate) fn new(
        name: String,
        number: u32,
        rate: Option<u32>,
        links: Vec<Box<dyn Link>>,
    ) -> Self {
        let handles = Handles::new(&name);
        Self {
            name,
            number,
            links,
            throttle: Adaptive::new(rate),
            unsettled: 0,
            quiet_until_ns: 0,
            unfinished: VecDeque::new(),
            stats: CarrierStats::new(),
            handles,
            next_link: 0,
        }
    }

    /// Whether a link has given up on its credentials.
    pub(crate) fn is_refused(&self, link: u16) -> bool {
        self.links
            .get(usize::from(link))
            .is_some_and(|link| link.state() == LinkState::Refused)
    }

    pub(crate) fn links_up(&self) -> usize {
        self.links
            .iter()
            .filter(|link| link.state() == LinkState::Up)
            .count()
    }

    pub(crate) fn in_flight(&self) -> u32 {
        self.links.iter().map(|link| link.in_flight()).sum()
    }

    /// Whether its limit allows one more segment.
    pub(crate) fn is_due(&mut self, now_ns: u64) -> Result<(), u64> {
        if self.throttle.nominal().is_some() && now_ns < self.quiet_until_ns {
            return Err(self.quiet_until_ns);
        }
        self.throttle.ready(now_ns, 1)
    }

    /// Whether a link has a free slot, and one window a link is not yet unsettled.
    pub(crate) fn has_free_link(&self) -> bool {
        let windows: u32 = self.links.iter().map(|link| link.window()).sum();
        self.unsettled < windows && self.links.iter().any(|link| link.free_slots() > 0)
    }

    /// A link with a free slot, in turn.
    pub(crate) fn free_link(&mut self) -> Option<usize> {
        if !self.has_free_link() {
            return None;
        }
        let count = self.links.len();
        let found = (0..count)
            .map(|step| (self.next_link + step) % count)
            .find(|place| {
                self.links
                    .get(*place)
                    .is_some_and(|link| link.free_slots() > 0)
            })?;
        self.next_link = found + 1;
        Some(found)
    }

    /// Brings the counters to the metrics; called now and then, not for each segment.
    pub(crate) fn publish(&mut self) {
        let (stats, handles) = (&self.stats, &self.handles);
        handles.sent.absolute(stats.segments_sent);
        handles.accepted.absolute(stats.segments_accepted);
        handles
            .refused
            .absolute(stats.segments_refused + stats.segments_throttled);
        handles.uncertain.absolute(stats.segments_uncertain);
        handles.matched.absolute(stats.receipts_matched);
        handles.early.absolute(stats.receipts_early);
        handles.unmatched.absolute(stats.receipts_unmatched);
        handles.links_up.set(self.links_up() as f64);
        let oddities: u64 = self.links.iter_mut().map(|link| link.take_oddities()).sum();
        handles.oddities.increment(oddities);
    }

    pub(crate) fn note_link_lost(&self) {
        self.handles.links_lost.increment(1);
    }
}
