//! One shard: the owner of its carriers' links, its lanes and its live messages; a single loop is the only mutator.
//!
//! A turn: tables, mail, links, timers, dispatch, frames, flush. Everything that came since the last turn is taken
//! together, so that a turn makes one frame and one write a socket.
//!
//! Promise and bounds as in the crate's. Nothing here waits, reads a clock or knows a thread: a simulation can drive it.

mod accept;
mod backlog;
mod carrier_stats;
mod carriers;
mod classes;
mod correlation;
mod counts;
mod credit;
mod dispatch;
mod early;
mod error_codes;
mod frames;
mod jobs;
mod lanes;
mod links;
mod live;
mod lookup;
mod matching;
mod mo;
mod moving;
mod numbers;
mod outbox;
mod pacing;
mod paging;
mod quiet;
mod reschedule;
mod restore;
mod room;
mod sending;
mod settle;
mod shadow;
mod shelf;
mod suppression;
mod suspicion;
mod sweep;
mod timers;
mod told;
mod unnamed;
mod untold;
mod validity;
mod view;
mod way;

#[cfg(test)]
mod tests;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use carrack_carrier::LinkEvent;
use carrack_message::References;
use carrack_queue::{Committer, DayCounts, InFlightJournal, SealedFrame};
use carrack_routing::quality::Qualities;
use carrack_routing::{Draws, OnNoResponse, Plans, RouteTable};
use carrack_runtime::{Mailbox, MailboxSender, Now};
use rustc_hash::{FxHashMap, FxHashSet};

pub(crate) use backlog::{Line, Parked};
pub(crate) use carriers::Carrier;
pub(crate) use lanes::LaneKey;
pub(crate) use live::{Home, Key, Live, Phase};

use crate::batches::BatchCounters;
use crate::directory::Directory;
use crate::limits::Rules;
use crate::mail::Mail;
use crate::pager::Pager;
use crate::shared::Shared;
use crate::submission::{Chunk, Refusal, Verdict};
use crate::suppression::Lists;
use correlation::Correlation;
use counts::Counts;
use early::EarlyReceipts;
use frames::{After, Frames};
use jobs::ShardJob;
use lanes::Lanes;
use live::LiveMessages;
use mo::{HeldMo, OpenConsents};
use outbox::Outbox;
pub(crate) use outbox::Party;
use paging::Paging;
use shadow::Shadowing;
use shelf::Shelving;
use timers::Timer;
use unnamed::{InWindow, Unnamed};
pub(crate) use untold::FarEnd;

/// Letters taken in one turn.
const MAIL_A_TURN_MAX: usize = 256;
/// How often counters go to the metrics.
const PUBLISH_NS: u64 = 250_000_000;
/// Longest sleep of an idle shard.
const IDLE_NS: u64 = 1_000_000_000;
/// Batches whose counters a shard holds on to.
const BATCHES_KNOWN_MAX: usize = 1024;
/// Plans that can be told apart.
const PLANS_MAX: u32 = 65_536;

/// What a shard is made of, all of it from outside.
pub(crate) struct ShardParts {
    pub(crate) number: u8,
    pub(crate) shared: Arc<Shared>,
    pub(crate) committer: Box<dyn Committer>,
    pub(crate) journal: InFlightJournal,
    pub(crate) day_counts: DayCounts,
    pub(crate) inbox: Mailbox<Mail>,
    pub(crate) peers: Vec<MailboxSender<Mail>>,
    /// The carriers it owns, by place in the route table.
    pub(crate) carriers: Vec<(u16, Carrier)>,
    pub(crate) references: Arc<References>,
    pub(crate) pager: Box<dyn Pager>,
}

/// One shard.
pub(crate) struct Shard {
    number: u8,
    shared: Arc<Shared>,
    directory: Arc<Directory>,
    table: Arc<RouteTable>,
    tables_version: u64,
    committer: Box<dyn Committer>,
    journal: InFlightJournal,
    day_counts: DayCounts,
    inbox: Mailbox<Mail>,
    peers: Vec<MailboxSender<Mail>>,
    carriers: FxHashMap<u16, Carrier>,
    owned: Vec<u16>,
    references: Arc<References>,
    plans: Plans,
    /// Whose turn it is where routes share out.
    draws: Draws,
    shadowing: Shadowing,
    /// How carriers do, and which news of it were taken.
    quality: Arc<Qualities>,
    quality_seen: u64,
    quality_published_ns: u64,
    orders_seen: u64,
    ordered_ns: u64,
    live: LiveMessages,
    lanes: Lanes,
    /// Limits that are no carrier's.
    limits: Arc<Rules>,
    /// Numbers that must not be sent to.
    suppressed: Arc<Lists>,
    /// Next slot of the live messages that is to take them anew.
    repace_at: Option<u32>,
    repace_until_ns: u64,
    /// Lanes that messages have left for that.
    repaced: FxHashSet<LaneKey>,
    limits_published_ns: u64,
    limits_swept_ns: u64,
    /// Texts that no link has room for.
    texts_aside: usize,
    frames: Frames,
    correlation: Correlation,
    early: EarlyReceipts,
    unnamed: Unnamed,
    in_window: InWindow,
    outbox: Outbox,
    mo: HeldMo,
    /// Messages from handsets that mean something, until that is done.
    consenting: OpenConsents,
    mo_expired_ns: u64,
    paging: Paging,
    shelving: Shelving,
    /// Messages that came back to be sent at another moment, until they are on their way there.
    rescheduled: FxHashMap<Key, (u64, reschedule::MoveReply)>,
    timers: BinaryHeap<Reverse<(u64, Key, Timer)>>,
    /// Whether a carrier is to be asked for missing receipts.
    asks: bool,
    counts: Counts,
    batches: FxHashMap<u64, Arc<BatchCounters>>,
    events: Vec<LinkEvent>,
    scratch: Vec<u8>,
    /// Parameters of the customer for the carrier at hand.
    passed_on: Vec<u8>,
    sweep_at: u32,
    swept_ns: u64,
    balances_seen_ns: u64,
    published_ns: u64,
    /// Changes of carriers' health that the lanes know of.
    health_seen: u64,
    /// The newest queue job that it knows of, and its part of the one at work.
    job_seen: u64,
    job: Option<Box<ShardJob>>,
    drain_until_ns: Option<u64>,
    /// Letters taken.
    letters: u64,
    done: bool,
}

impl Shard {
    pub(crate) fn new(parts: ShardParts) -> Self {
        let (directory, table) = (parts.shared.directory(), parts.shared.table());
        let settings = &parts.shared.settings;
        let draws = Draws::new(table.routes().len());
        let mut plans = Plans::new(PLANS_MAX);
        // The list of nobody is the first, so that it is there when there is room for no other.
        let _ = plans.intern(&[]);
        let mut early =
            EarlyReceipts::new(settings.early_receipts_max, settings.early_receipt_hold_ns);
        let (mut slots, mut asks) = (0usize, false);
        for (place, carrier) in &parts.carriers {
            slots = slots.saturating_add(carrier.window() as usize);
            let rules = &carrier.rules;
            asks |= rules.receipt_query_after_ns.is_some();
            asks |= rules.on_no_response == Some(OnNoResponse::Query);
            if let Some(hold_ns) = rules.early_receipt_hold_ns {
                early.hold(*place, hold_ns);
            }
        }
        Self {
            number: parts.number,
            directory,
            table,
            tables_version: parts.shared.tables_version.load(Ordering::Acquire),
            committer: parts.committer,
            journal: parts.journal,
            day_counts: parts.day_counts,
            inbox: parts.inbox,
            peers: parts.peers,
            owned: parts.carriers.iter().map(|(place, _)| *place).collect(),
            carriers: parts.carriers.into_iter().collect(),
            references: parts.references,
            plans,
            draws,
            shadowing: Shadowing::default(),
            quality: parts.shared.quality(),
            quality_seen: 0,
            quality_published_ns: 0,
            orders_seen: 0,
            ordered_ns: 0,
            live: LiveMessages::default(),
            lanes: Lanes::new(Arc::clone(&parts.shared.limits)),
            limits: parts.shared.limits.follow(0),
            suppressed: parts.shared.suppressions.lists(),
            repace_at: None,
            repace_until_ns: 0,
            repaced: FxHashSet::default(),
            limits_published_ns: 0,
            limits_swept_ns: 0,
            texts_aside: 0,
            frames: Frames::new(u16::from(parts.number), Arc::clone(&parts.shared.stamps)),
            correlation: Correlation::default(),
            early,
            unnamed: Unnamed::default(),
            in_window: InWindow::new(slots),
            outbox: Outbox::default(),
            mo: HeldMo::new(settings.mo_reassembly, settings.mo_waiting_max),
            consenting: OpenConsents::default(),
            mo_expired_ns: 0,
            paging: Paging::new(parts.pager),
            shelving: Shelving::default(),
            rescheduled: FxHashMap::default(),
            timers: BinaryHeap::new(),
            asks,
            counts: Counts::default(),
            batches: FxHashMap::default(),
            events: Vec::new(),
            scratch: Vec::with_capacity(512),
            passed_on: Vec::new(),
            sweep_at: 0,
            swept_ns: 0,
            balances_seen_ns: 0,
            published_ns: 0,
            health_seen: 0,
            job_seen: 0,
            job: None,
            drain_until_ns: None,
            letters: 0,
            done: false,
            shared: parts.shared,
        }
    }

    /// One turn of the loop. True: there is more to do at once.
    pub(crate) fn turn(&mut self, now: Now) -> bool {
        self.look_at_tables(now);
        self.look_at_shadow();
        self.look_at_quality();
        let mut busy = self.take_mail(now);
        self.hear_consents(now);
        self.poll_links(now);
        self.act_on_durable(now);
        self.move_again(now);
        self.end_waits(now);
        self.sweep(now);
        self.sweep_mo(now);
        self.page(now);
        busy |= self.work_on_job(now);
        busy |= self.repace(now);
        busy |= self.dispatch(now);
        self.tell();
        let handed_over = self.frames.hand_over(self.committer.as_mut());
        for carrier in self.carriers.values_mut() {
            for link in &mut carrier.links {
                link.flush();
            }
        }
        self.publish(now);
        self.drain(now);
        busy && handed_over
    }

    /// What the last turn granted is on its way since this moment at the latest: a turn that was long, or held up by the machine,
    /// must not make its carriers see more than their rate.
    pub(crate) fn written(&mut self, at: Now) {
        for carrier in self.carriers.values_mut() {
            carrier.throttle.written(at.mono_ns);
        }
    }

    pub(crate) fn is_done(&self) -> bool {
        self.done
    }

    /// How long the loop may sleep if nothing wakes it.
    pub(crate) fn patience_ns(&mut self, now: Now) -> u64 {
        let mut until_ns = now.mono_ns + IDLE_NS;
        for carrier in self.carriers.values_mut() {
            for link in &carrier.links {
                until_ns = until_ns.min(link.next_deadline_ns().unwrap_or(u64::MAX));
            }
            if let Err(ready_ns) = carrier.is_due(now.mono_ns, carrier.wants) {
                until_ns = until_ns.min(ready_ns);
            }
            if carrier.is_resting(now.mono_ns) {
                until_ns = until_ns.min(carrier.rests_until_ns);
            }
        }
        if let Some(Reverse((due_ns, _, _))) = self.timers.peek() {
            until_ns = until_ns.min(*due_ns);
        }
        if !self.frames.is_idle() {
            // The committer wakes us; this is for one that was full when a frame was handed to it.
            until_ns = until_ns.min(now.mono_ns + 5_000_000);
        }
        if let Some(due_ns) = self.paging.due_ns() {
            until_ns = until_ns.min(due_ns.max(now.mono_ns + 1_000_000));
        }
        if let Some(due_ns) = self.mo.next_deadline_ns() {
            until_ns = until_ns.min(due_ns.max(now.mono_ns + 1_000_000));
        }
        if let Some(due_ns) = self.shelf_due_ns() {
            until_ns = until_ns.min(due_ns.max(now.mono_ns + 1_000_000));
        }
        if self.job.is_some() {
            until_ns = until_ns.min(now.mono_ns + jobs::LOOK_NS);
        }
        if let Some(due_ns) = self.token_due_ns() {
            until_ns = until_ns.min(due_ns);
        }
        if self.live.len() > 0 {
            until_ns = until_ns.min(now.mono_ns + sweep::EVERY_NS);
        }
        until_ns.saturating_sub(now.mono_ns)
    }

    fn look_at_tables(&mut self, now: Now) {
        let version = self.shared.tables_version.load(Ordering::Acquire);
        if version != self.tables_version {
            self.tables_version = version;
            (self.directory, self.table) = (self.shared.directory(), self.shared.table());
            self.take_limits(now);
            self.suppressed = self.shared.suppressions.lists();
            self.route_again(now);
        }
    }

    /// Counters of a batch, looked up once a shard and not for each message.
    pub(super) fn batch(&mut self, batch: u64) -> Arc<BatchCounters> {
        if self.batches.len() >= BATCHES_KNOWN_MAX && !self.batches.contains_key(&batch) {
            self.batches.clear();
        }
        let shared = &self.shared;
        Arc::clone(
            self.batches
                .entry(batch)
                .or_insert_with(|| shared.batches.counters(batch)),
        )
    }

    fn take_mail(&mut self, now: Now) -> bool {
        for _ in 0..MAIL_A_TURN_MAX {
            let Some(mail) = self.inbox.take() else {
                return false;
            };
            self.letters += 1;
            self.frames.keep_up(self.committer.as_ref());
            match mail {
                Mail::Chunk(chunk) if self.frames.is_backlogged() => refuse(chunk),
                Mail::Chunk(chunk) => self.accept(now, chunk),
                Mail::Moved(moved) => self.take_moved(now, moved),
                Mail::MovedParked { lane, moved } => self.park_lane(lane, moved),
                Mail::Cancel(id, reply) => self.cancel(now, id, reply),
                Mail::Grant {
                    party,
                    subscriber,
                    credits,
                    sink,
                } => self.outbox.grant(party, subscriber, credits, sink),
                Mail::Revoke { party, subscriber } => self.revoke(party, subscriber),
                Mail::Looked(key, network) => self.looked_up(now, key, network),
                Mail::SendAt(id, at_utc_ns, reply) => self.reschedule(now, id, at_utc_ns, reply),
                Mail::Told(key) => self.told(now, key),
                Mail::Credit(credit) => self.credit(now, credit),
                Mail::Snapshot(reply) => reply(self.view()),
            }
        }
        true
    }

    /// Does what waited for frames that have become durable.
    fn act_on_durable(&mut self, now: Now) {
        while let Some((frame, after)) = self.frames.durable(self.committer.as_ref()) {
            let After {
                accepted,
                replies,
                answers,
                forget,
                tell,
                submitted,
                mo,
                aside,
                back,
            } = after;
            self.settle_money(&frame);
            for key in accepted {
                self.accepted_is_durable(now, key, &frame);
            }
            for (reply, verdicts) in replies {
                reply(verdicts);
            }
            for (place, link, handle) in answers {
                self.answer(place, link, handle, true);
            }
            for (place, entry) in forget {
                self.forget_in_flight(place, entry);
            }
            for key in submitted {
                self.submitted_is_durable(key);
            }
            for key in tell {
                self.ready_to_tell(key);
            }
            for id in mo {
                self.mo_is_durable(now, id);
            }
            for key in aside {
                self.has_left(key);
            }
            for id in back {
                self.is_back(id);
            }
        }
    }

    /// What ends gave back may be spent again once they are durable, not before: a crash must not find it spent twice.
    fn settle_money(&self, frame: &SealedFrame) {
        for (account, turnover) in frame.summary.money.iter() {
            match self.directory.account(account) {
                Some(entry) => entry.balance.settle(turnover),
                None => self.shared.balances.of(account).settle(turnover),
            }
        }
    }

    fn accepted_is_durable(&mut self, now: Now, key: Key, frame: &Arc<SealedFrame>) {
        let found = self.live.get_mut(key);
        // One that came back from the shelf to be cancelled has ended.
        let Some(live) = found.filter(|live| live.phase == Phase::Committing) else {
            return;
        };
        live.frame = Some(Arc::clone(frame));
        if self.ends_with_its_batch(now, key) {
            return;
        }
        if !self.rescheduled.is_empty() && self.moves_on(now, key) {
            return;
        }
        self.goes_into_lane(now, key);
    }

    /// It is durable, and may leave when it is its turn.
    fn goes_into_lane(&mut self, now: Now, key: Key) {
        let Some(live) = self.live.get_mut(key) else {
            return;
        };
        live.phase = Phase::Waiting;
        let mut lane = LaneKey::of(live);
        if now.mono_ns < self.repace_until_ns {
            // It was being written when limits changed.
            lane = self.lane_by_new_limits(now, key, lane);
        }
        if self.is_long(lane) {
            self.page_out(key);
        } else if !self.look_up(now, key) {
            self.lanes.push_back(lane, key);
        }
    }

    fn publish(&mut self, now: Now) {
        if now.mono_ns.saturating_sub(self.published_ns) < PUBLISH_NS {
            return;
        }
        self.published_ns = now.mono_ns;
        self.publish_quality(now);
        self.order_again(now);
        self.alert_low_balances(now);
        self.publish_limits(now);
        for carrier in self.carriers.values_mut() {
            carrier.publish();
        }
        self.counts.publish();
        let waiting = self.shared.waiting.load(Ordering::Relaxed);
        metrics::gauge!(carrack_telemetry::names::MESSAGES_WAITING).set(waiting as f64);
        let shelved = self.shared.shelved.load(Ordering::Relaxed);
        metrics::gauge!(carrack_telemetry::names::MESSAGES_SHELVED).set(shelved as f64);
        let shard = self.number.to_string();
        metrics::gauge!(carrack_telemetry::names::RECEIPTS_TO_LOOK_FOR, "shard" => shard.clone())
            .set(self.receipts_to_ask() as f64);
        metrics::gauge!(carrack_telemetry::names::MO_WAITING, "shard" => shard)
            .set(self.mo.waiting() as f64);
    }

    /// At shutdown: windows empty, goodbye is said, the last frame is durable.
    fn drain(&mut self, now: Now) {
        if !self.shared.draining.load(Ordering::Acquire) {
            return;
        }
        let until_ns = *self
            .drain_until_ns
            .get_or_insert(now.mono_ns + self.shared.settings.drain_ns);
        let overdue = now.mono_ns >= until_ns;
        let in_flight: u32 = self.carriers.values().map(Carrier::in_flight).sum();
        if in_flight == 0 || overdue {
            for link in self
                .carriers
                .values_mut()
                .flat_map(|carrier| &mut carrier.links)
            {
                if link.state() != carrack_carrier::LinkState::Closing {
                    link.close(now);
                }
                link.flush();
            }
        }
        let closed = self
            .carriers
            .values()
            .flat_map(|carrier| &carrier.links)
            .all(|link| link.is_closed());
        self.done = (closed || overdue) && self.frames.is_idle() && self.inbox.is_empty();
    }
}

/// The log does not keep up: nothing new is taken, and whoever asks is told at once.
fn refuse(chunk: Chunk) {
    let refusal = || Verdict::Refused(Refusal::Store("the disk does not keep up".to_owned()));
    (chunk.reply)(chunk.submissions.iter().map(|_| refusal()).collect());
}
