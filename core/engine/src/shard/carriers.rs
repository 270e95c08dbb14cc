//! A carrier as its owning shard sees it: links, limit, unfinished messages, and what it did.

use std::collections::VecDeque;
use std::rc::Rc;

use carrack_carrier::{Link, LinkState};
use carrack_message::Network;
use carrack_message::carrier_id::IdTransform;
use carrack_routing::quality::{Observed, Rules as QualityRules};
use carrack_runtime::Now;
use carrack_throttle::{Breaker, BreakerState, DayCap, Throttle};

use super::carrier_stats::{CarrierStats, Handles};
use super::classes::Classes;
use super::error_codes::ErrorCodes;
use super::live::Key;
use super::matching::IdKnowledge;
use crate::rules::CarrierRules;
use crate::shared::Health;

const SECOND_NS: u64 = 1_000_000_000;

/// Whether a link takes all parts of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Roomy {
    /// This one.
    Link(usize),
    /// None that has them free.
    Later,
    /// None has so many.
    Never,
}

/// A carrier that this shard owns.
pub(crate) struct Carrier {
    pub(crate) name: String,
    /// Its number in the dictionary of names.
    pub(crate) number: u32,
    pub(crate) links: Vec<Box<dyn Link>>,
    pub(crate) rules: Rc<CarrierRules>,
    pub(crate) ids: IdKnowledge,
    pub(crate) throttle: Throttle,
    /// Segments of the part that waits for the limit: more than 1 where the carrier cuts its text.
    pub(crate) wants: u32,
    /// Parts sent whose outcome is not durable: what a crash may double. Never more than the windows.
    pub(crate) unsettled: u32,
    /// A limited carrier gets nothing before.
    pub(crate) quiet_until_ns: u64,
    /// It takes no messages before: it said that our account is at fault.
    pub(crate) rests_until_ns: u64,
    /// Since that, nothing was accepted: one part at a time is tried.
    pub(crate) account_fault: Option<u32>,
    /// Whether it is asked at all, by how it answered.
    pub(crate) breaker: Breaker,
    /// What it may have a day.
    pub(crate) cap: Option<DayCap>,
    /// What each class may have of it in this round.
    pub(crate) classes: Classes,
    /// Messages with segments still to be sent here: they go before the lanes.
    pub(crate) unfinished: VecDeque<Key>,
    pub(crate) stats: CarrierStats,
    /// How often it gave which code.
    pub(crate) errors: ErrorCodes,
    /// How it does, by network and class.
    pub(crate) observed: Observed,
    handles: Handles,
    next_link: usize,
}

impl Carrier {
    pub(crate) fn new(
        name: String,
        number: u32,
        rate: Option<u32>,
        rules: CarrierRules,
        quality: QualityRules,
        links: Vec<Box<dyn Link>>,
    ) -> Self {
        let handles = Handles::new(&name);
        let errors = ErrorCodes::of(&name);
        Self {
            name,
            number,
            links,
            throttle: Throttle::new(rate, &rules.throttle),
            ids: IdKnowledge::new(&rules.ids),
            rules: Rc::new(rules),
            wants: 1,
            unsettled: 0,
            quiet_until_ns: 0,
            rests_until_ns: 0,
            account_fault: None,
            breaker: Breaker::default(),
            cap: None,
            classes: Classes::default(),
            unfinished: VecDeque::new(),
            stats: CarrierStats::new(),
            errors,
            observed: Observed::new(quality),
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

    /// Slots of all its windows.
    pub(crate) fn window(&self) -> u32 {
        let windows = self.links.iter().map(|link| link.window());
        windows.fold(0, u32::saturating_add)
    }

    /// Whether its limit allows so many more segments.
    pub(crate) fn is_due(&mut self, now_ns: u64, segments: u32) -> Result<(), u64> {
        let nominal = self.throttle.nominal();
        if nominal.is_some() && now_ns < self.quiet_until_ns {
            return Err(self.quiet_until_ns);
        }
        let most = nominal.unwrap_or(u32::MAX);
        self.throttle.ready(now_ns, segments.min(most))
    }

    /// The same, with what it may have a day and had of it when the node was last up: the day and the segments.
    pub(crate) fn with_cap(mut self, cap: Option<u32>, (day, used): (u32, u32)) -> Self {
        self.cap = cap.map(|cap| DayCap::new(cap, day, used));
        self
    }

    /// How it stands, as other shards are to know it.
    pub(crate) fn health(&mut self, now: Now) -> Health {
        if self.links_up() == 0 || self.is_resting(now.mono_ns) {
            return Health::Down;
        }
        if self.left_today(now) == 0 {
            return Health::Capped;
        }
        match self.breaker.state(now.mono_ns) {
            BreakerState::Open { .. } => Health::Refusing,
            // Its probes are under way: lanes do not wait for what they say.
            BreakerState::HalfOpen if self.breaker.room(now.mono_ns) == 0 => Health::Refusing,
            BreakerState::HalfOpen | BreakerState::Closed => Health::Up,
        }
    }

    /// Whether what has begun to go to it may go on: it is up, or tried.
    pub(crate) fn may_finish(&mut self, now: Now) -> bool {
        self.breaker.state(now.mono_ns) == BreakerState::HalfOpen
    }

    /// Segments that it may still have today.
    pub(crate) fn left_today(&mut self, now: Now) -> u32 {
        self.cap
            .as_mut()
            .map_or(u32::MAX, |cap| cap.left(now.utc_ns))
    }

    /// It answered. What follows for how it stands is said once.
    pub(crate) fn note_answer(&mut self, now: Now, taken: bool) {
        if !self.breaker.answered(now.mono_ns, taken) {
            return;
        }
        match self.breaker.state(now.mono_ns) {
            BreakerState::Open { until_ns } => {
                self.stats.breaker_opened += 1;
                let rests_s = until_ns.saturating_sub(now.mono_ns) / SECOND_NS;
                tracing::warn!(
                    carrier = self.name,
                    rests_s,
                    "the carrier refuses most of what it is sent: it rests, then a few messages try it"
                );
            }
            _ => tracing::info!(carrier = self.name, "the carrier takes messages again"),
        }
    }

    /// Takes so many segments that were due. A text of more than a second's worth is paid for by silence after it.
    pub(crate) fn pay(&mut self, now_ns: u64, segments: u32) {
        self.wants = 1;
        let most = self.throttle.nominal().unwrap_or(u32::MAX);
        // They were due, and nobody else takes from it.
        let _ = self.throttle.take(now_ns, segments.min(most));
        if segments > most {
            let owed_ns = u64::from(segments) * SECOND_NS / u64::from(most.max(1));
            self.quiet_until_ns = self.quiet_until_ns.max(now_ns.saturating_add(owed_ns));
        }
    }

    /// So many segments stand in a window now.
    pub(crate) fn note_sent(&mut self, segments: u32) {
        self.stats.segments_sent += u64::from(segments);
        self.breaker.sent();
        self.unsettled += 1;
    }

    /// Our account is at fault there: it rests. True: that is news.
    pub(crate) fn rest(&mut self, until_ns: u64, status: u32) -> bool {
        self.stats.account_faults += 1;
        self.rests_until_ns = until_ns;
        self.account_fault.replace(status).is_none()
    }

    pub(crate) fn is_resting(&self, now_ns: u64) -> bool {
        now_ns < self.rests_until_ns
    }

    /// Whether a link has a free slot, and one window a link is not yet unsettled.
    pub(crate) fn has_free_link(&self) -> bool {
        let most = match self.account_fault {
            Some(_) => 1,
            None => self.window(),
        };
        self.unsettled < most && self.links.iter().any(|link| link.free_slots() > 0)
    }

    /// A link with a free slot, in turn.
    pub(crate) fn free_link(&mut self) -> Option<usize> {
        if !self.has_free_link() {
            return None;
        }
        self.link_where(|link| link.free_slots() > 0)
    }

    /// A link for all these parts of a text to this network: best one that is at home there.
    pub(crate) fn link_for(&mut self, parts: u32, network: Network) -> Roomy {
        let takes = |link: &dyn Link| link.free_slots() >= parts;
        let found = match self.has_free_link() {
            true if network.is_known() => self
                .link_where(|link| link.is_home_of(network) && takes(link))
                .or_else(|| self.link_where(takes)),
            true => self.link_where(takes),
            false => None,
        };
        match found {
            Some(link) => Roomy::Link(link),
            None if self.links.iter().any(|link| link.text_max() >= parts) => Roomy::Later,
            None => Roomy::Never,
        }
    }

    /// A link that is so, in turn.
    pub(crate) fn link_where(&mut self, which: impl Fn(&dyn Link) -> bool) -> Option<usize> {
        let count = self.links.len();
        let found = (0..count)
            .map(|step| (self.next_link + step) % count)
            .find(|place| {
                self.links
                    .get(*place)
                    .is_some_and(|link| which(link.as_ref()))
            })?;
        self.next_link = found + 1;
        Some(found)
    }

    /// A receipt was matched under such a form of its id; what is learned from it is said once.
    pub(crate) fn note_id(&mut self, transform: IdTransform, id: &[u8]) {
        if let Some(lines) = self.ids.note(transform, id) {
            tracing::info!(
                carrier = self.name,
                lines,
                "enough receipts have matched to fix how its ids are written: put these lines into its profile"
            );
        }
    }

    /// Brings the counters to the metrics; called now and then, not for each segment.
    pub(crate) fn publish(&mut self) {
        self.handles.publish(&self.stats, &self.ids.learning);
        self.handles.links_up.set(self.links_up() as f64);
        let oddities: u64 = self.links.iter_mut().map(|link| link.take_oddities()).sum();
        self.handles.oddities.increment(oddities);
        if let Some(cap) = &self.cap {
            self.handles.day_used(cap.used());
        }
    }

    pub(crate) fn note_link_lost(&self) {
        self.handles.links_lost.increment(1);
    }
}
