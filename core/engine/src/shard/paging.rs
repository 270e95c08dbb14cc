//! Between memory and the log: a lane that grows long keeps its end in the log only, and reads it back as the front goes.
//!
//! Promise: memory does not grow with what waits, but for six to twenty octets a message; a lane whose carriers are all down
//! reads nothing; order is kept within a lane. A message that comes back takes the routes of that moment. Bound: one
//! request a lane and one for single messages, [`FRAMES_MAX`] frames each; a frame that cannot be read is asked for
//! again each second.

mod job;
mod texts;

use std::collections::VecDeque;
use std::sync::Arc;

use carrack_message::record::{ArchivedAccepted, RecordView, record_at};
use carrack_message::{Class, MessageId, Msisdn, Status};
use carrack_queue::{FrameKey, SealedFrame};
use carrack_runtime::Now;
use rustc_hash::{FxHashMap, FxHashSet};

use super::Shard;
use super::backlog::Parked;
use super::lanes::LaneKey;
use super::live::{Home, Key, Live, Phase, Segment};
use super::outbox::Party;
use super::shelf::Purpose;
use super::way::Way;
use crate::engine::Cancelled;
use crate::facts::Facts;
use crate::mail::Mail;
use crate::pager::{Ask, Page, PageRequest, Pager, Read};
use crate::recovery::{RestoredLane, told_as};
use crate::telling::Telling;

const FRAMES_MAX: usize = 64;
const MESSAGES_A_REQUEST: usize = 4096;
const MOVED_MAX: usize = 65_536;
/// Lanes that may each have as many messages in memory as one alone, and what each of more may have at least.
const LANES_WHOLE: usize = 8;
const LANE_LIVE_MIN: usize = 256;
/// The same where there are very many lanes.
const LANE_LIVE_LEAST: usize = 4;
/// Looked at for ended validity at a time, and taken out of a lane.
const LOOKED_AT: usize = 50_000;
const OVERDUE_MAX: usize = 1024;
const AGAIN_NS: u64 = 1_000_000_000;

pub(crate) type CancelReply = Box<dyn FnOnce(Option<Cancelled>) + Send>;

/// A single message that is to come back out of its turn.
pub(crate) struct Wanted {
    parked: Parked,
    reply: Option<CancelReply>,
}

pub(crate) enum Asked {
    /// The front of this lane.
    Lane(usize),
    Single(Vec<Wanted>),
    /// Texts of messages that are to be sent once more.
    Texts(Vec<Key>),
    /// Records of messages that leave for the shelf.
    Leaving(Vec<Key>),
    /// Ends that this party is to be told.
    Ends(Party),
    /// What is on the shelf.
    Shelf(Purpose),
    /// What a queue job looks at.
    Job(u64),
}

/// What a shard has asked of the log.
pub(crate) struct Paging {
    pager: Box<dyn Pager>,
    asked: FxHashMap<u64, Asked>,
    number: u64,
    wanted: VecDeque<Wanted>,
    /// Messages that are to be sent once more and have no text here.
    texts: VecDeque<Key>,
    /// A single request is open.
    single: bool,
    /// Nothing is asked before: the store could not be read.
    again_ns: u64,
    /// No text is asked for before.
    texts_again_ns: u64,
    /// The last request that was answered; answers come in order.
    answered: u64,
}

impl Paging {
    pub(crate) fn new(pager: Box<dyn Pager>) -> Self {
        Self {
            pager,
            asked: FxHashMap::default(),
            number: 0,
            wanted: VecDeque::new(),
            texts: VecDeque::new(),
            single: false,
            again_ns: 0,
            texts_again_ns: 0,
            answered: 0,
        }
    }

    /// Asks, and remembers what for. False: not now.
    pub(crate) fn ask(&mut self, ask: Ask, what_for: impl FnOnce() -> Asked) -> bool {
        let number = self.number + 1;
        let taken = self.pager.ask(PageRequest { number, ask });
        if taken {
            self.number = number;
            self.asked.insert(number, what_for());
        }
        taken
    }

    /// Until when nothing is asked.
    pub(crate) fn rests_until_ns(&self) -> u64 {
        self.again_ns
    }

    /// Nothing is asked for a while.
    pub(crate) fn rest(&mut self, until_ns: u64) {
        self.again_ns = until_ns;
    }

    /// The last request that was made.
    pub(crate) fn last_asked(&self) -> u64 {
        self.number
    }

    /// The last request that was answered.
    pub(crate) fn last_answered(&self) -> u64 {
        self.answered
    }

    /// When to ask again, if nothing wakes the shard before.
    pub(crate) fn due_ns(&self) -> Option<u64> {
        let singles = (!self.wanted.is_empty() && !self.single).then_some(self.again_ns);
        let texts_ns = self.again_ns.max(self.texts_again_ns);
        let texts = (!self.texts.is_empty()).then_some(texts_ns);
        singles.into_iter().chain(texts).min()
    }
}

impl Shard {
    /// Whether a new message of this lane goes to the log only.
    pub(super) fn is_long(&self, key: LaneKey) -> bool {
        let lane = self.lanes.find(key);
        lane.is_some_and(|lane| !lane.backlog.is_empty() || lane.live() >= self.lane_live_max())
    }

    /// Messages that one lane may have in memory: many lanes share what one may have alone.
    fn lane_live_max(&self) -> usize {
        let most = self.shared.settings.lane_live_max;
        let shared = most / (self.lanes.live_lanes() / LANES_WHOLE).max(1);
        let lanes = self.lanes.live_lanes().max(1);
        let least = (LANES_WHOLE * most / lanes).clamp(LANE_LIVE_LEAST, LANE_LIVE_MIN);
        shared.max(most.min(least))
    }

    /// A message that waits leaves the memory.
    pub(super) fn page_out(&mut self, key: Key) {
        if let Some(live) = self.live.remove(key) {
            let parked = Parked::new(live.home, live.offset, live.expires_utc_ns);
            if live.home != Home::of(live.id) {
                self.shared.note_elsewhere(live.id, live.home);
            }
            self.lanes.park(LaneKey::of(&live), parked);
        }
    }

    /// Asks for what lanes will need, and takes what came. Once a turn.
    pub(super) fn page(&mut self, now: Now) {
        while let Some(page) = self.paging.pager.take() {
            self.paged(now, page);
        }
        if now.mono_ns < self.paging.again_ns {
            return;
        }
        self.look_at_shelf(now);
        let most = self.lane_live_max();
        let long = match self.lanes.has_long() {
            true => self.lanes.long(),
            false => Vec::new(),
        };
        for at in long {
            let Some(lane) = self.lanes.get(at) else {
                continue;
            };
            if lane.backlog.is_empty() || lane.is_asked || lane.live() > most / 2 {
                continue;
            }
            let (plan, stranded) = (lane.key.plan, lane.rethink > 0);
            match self.best(plan).and_then(|place| self.shared.owner(place)) {
                Some(owner) if owner != self.number => self.move_backlog(at, owner),
                Some(_) => self.ask_lane(at),
                None if stranded => self.ask_lane(at),
                None => {}
            }
        }
        self.ask_single();
        self.ask_for_texts(now);
        self.ask_for_ends();
    }

    fn ask_lane(&mut self, at: usize) {
        let Some(lane) = self.lanes.get_mut(at) else {
            return;
        };
        let keys = lane.backlog.next_frames(MESSAGES_A_REQUEST, FRAMES_MAX);
        if !keys.is_empty() && self.paging.ask(Ask::Frames(keys), || Asked::Lane(at)) {
            lane.is_asked = true;
        }
    }

    fn ask_single(&mut self) {
        let paging = &mut self.paging;
        if paging.single || paging.wanted.is_empty() {
            return;
        }
        let mut keys: Vec<FrameKey> = Vec::new();
        let mut count = 0;
        for wanted in &paging.wanted {
            let key = wanted.parked.frame();
            if !keys.contains(&key) {
                if keys.len() >= FRAMES_MAX {
                    break;
                }
                keys.push(key);
            }
            count += 1;
        }
        if paging.ask(Ask::Frames(keys), || Asked::Single(Vec::new())) {
            paging.single = true;
            let asked = paging.wanted.drain(..count).collect();
            paging.asked.insert(paging.number, Asked::Single(asked));
        }
    }

    fn paged(&mut self, now: Now, page: Page) {
        self.paging.answered = page.number;
        self.forget_those_back();
        let asked = self.paging.asked.remove(&page.number);
        let read = match page.read {
            Read::Frames(read) => read,
            Read::Shelf(read) => {
                if let Some(Asked::Shelf(purpose)) = asked {
                    self.shelf_answered(now, purpose, read);
                }
                return;
            }
        };
        let mut frames = FxHashMap::default();
        let (mut failed, mut gone) = (false, FxHashSet::default());
        for (key, octets) in read {
            match octets {
                Ok(Some(octets)) => {
                    frames.insert(key, Arc::new(SealedFrame::read_back(key, octets)));
                }
                // It may be on its way there.
                Ok(None) if matches!(asked, Some(Asked::Texts(_))) => {}
                Ok(None) => {
                    tracing::error!(?key, "a frame with waiting messages is not in the log");
                    gone.insert(key);
                    failed = true;
                }
                Err(reason) => {
                    tracing::error!(
                        ?key,
                        reason,
                        "waiting messages cannot be read; trying again"
                    );
                    failed = true;
                }
            }
        }
        if failed {
            self.paging.again_ns = now.mono_ns.saturating_add(AGAIN_NS);
        }
        match asked {
            Some(Asked::Lane(at)) => self.lane_paged(now, at, &frames),
            Some(Asked::Ends(party)) => self.ends_paged(now, party, &frames, &gone),
            Some(Asked::Leaving(keys)) => self.leave(now, &keys, &frames),
            Some(Asked::Texts(keys)) => self.texts_paged(now, keys, &frames),
            Some(Asked::Single(wanted)) => {
                self.paging.single = false;
                for wanted in wanted {
                    match frames.get(&wanted.parked.frame()) {
                        Some(frame) => self.single_paged(now, wanted, frame),
                        None => self.paging.wanted.push_back(wanted),
                    }
                }
            }
            Some(Asked::Job(job)) => self.job_paged(job, frames),
            Some(Asked::Shelf(_)) | None => {}
        }
    }

    fn lane_paged(&mut self, now: Now, at: usize, frames: &FxHashMap<FrameKey, Arc<SealedFrame>>) {
        let Some(lane) = self.lanes.get_mut(at) else {
            return;
        };
        lane.is_asked = false;
        let lane_key = lane.key;
        let mut found = Vec::new();
        for key in lane.backlog.next_frames(MESSAGES_A_REQUEST, FRAMES_MAX) {
            // One that could not be read keeps those behind it in their order.
            let Some(frame) = frames.get(&key) else {
                break;
            };
            let taken = lane.backlog.take_frame(key);
            lane.rethink = lane.rethink.saturating_sub(taken.len());
            found.extend(taken.into_iter().map(|parked| (parked, frame)));
        }
        for (parked, frame) in found {
            let Some(mut live) = self.live_again(now, parked, frame) else {
                continue;
            };
            let lane = self.lane_again(lane_key, &mut live);
            let nowhere = self.plans.carriers(lane.plan).is_empty();
            if nowhere || (lane != lane_key && self.is_long(lane)) {
                self.lanes.park(lane, parked);
                continue;
            }
            self.is_here(&live);
            let key = self.live.insert(live);
            if !self.end_if_batch_is_cancelled(now, key) && !self.look_up(now, key) {
                self.lanes.push_back(lane, key);
            }
        }
    }

    /// It is in memory again: its id need not say where it lies.
    pub(super) fn is_here(&self, live: &Live) {
        if live.home != Home::of(live.id) {
            self.shared.forget_elsewhere(live.id);
        }
    }

    fn single_paged(&mut self, now: Now, wanted: Wanted, frame: &Arc<SealedFrame>) {
        let Some(live) = self.live_again(now, wanted.parked, frame) else {
            if let Some(reply) = wanted.reply {
                reply(None);
            }
            return;
        };
        let (lane, id) = (LaneKey::of(&live), live.id);
        let over = now.utc_ns >= live.expires_utc_ns;
        self.is_here(&live);
        let key = self.live.insert(live);
        self.lanes.push_returned(lane, id, key);
        match wanted.reply {
            Some(reply) => self.cancel_live(now, key, reply),
            None if over => self.finish(
                now,
                key,
                Status::Expired,
                "its validity ended before a carrier took it",
            ),
            None => {}
        }
    }

    /// A message as it was when it was accepted, on the routes of now.
    pub(super) fn live_again(
        &mut self,
        now: Now,
        parked: Parked,
        frame: &Arc<SealedFrame>,
    ) -> Option<Live> {
        let Ok(RecordView::Accepted(record)) = record_at(&frame.octets, parked.offset) else {
            tracing::error!(?parked, "the record of a waiting message cannot be read");
            return None;
        };
        let facts = Facts::of_record(record)?;
        let (to, class) = (facts.to, facts.class);
        let way = self.way_of(now, &facts);
        Some(waiting(
            now,
            record,
            Accepted {
                to,
                class,
                way,
                frame: Arc::clone(frame),
                home: parked.home(),
                offset: parked.offset,
            },
        ))
    }

    /// Finds what is to be cancelled among what is not in memory. False: it is not there either.
    pub(super) fn cancel_parked(
        &mut self,
        id: MessageId,
        reply: CancelReply,
    ) -> Option<CancelReply> {
        let home = self.shared.elsewhere(id).unwrap_or(Home::of(id));
        let Some(parked) = self.lanes.take_parked(home) else {
            return Some(reply);
        };
        self.paging.wanted.push_back(Wanted {
            parked,
            reply: Some(reply),
        });
        None
    }

    /// Brings back what has waited too long, so that it ends. Part of the sweep.
    pub(super) fn sweep_parked(&mut self, now: Now) {
        let now_s = u32::try_from(now.utc_ns / 1_000_000_000).unwrap_or(u32::MAX);
        for at in self.lanes.long() {
            let room = OVERDUE_MAX.saturating_sub(self.paging.wanted.len());
            let Some(lane) = self.lanes.get_mut(at).filter(|_| room > 0) else {
                return;
            };
            if lane.is_asked || lane.backlog.is_empty() {
                continue;
            }
            let overdue = lane.backlog.take_overdue(now_s, LOOKED_AT, room);
            let wanted = overdue.into_iter().map(|parked| Wanted {
                parked,
                reply: None,
            });
            self.paging.wanted.extend(wanted);
        }
    }

    /// Gives the end of a lane to the shard that owns its best carrier.
    fn move_backlog(&mut self, at: usize, owner: u8) {
        let Some(peer) = self.peers.get(usize::from(owner)).cloned() else {
            return;
        };
        let Some(lane) = self.lanes.get_mut(at) else {
            return;
        };
        let (key, pace) = (lane.key, lane.pace.clone());
        let parked = lane.backlog.take_some(MOVED_MAX).into_iter().collect();
        let lane = RestoredLane {
            carriers: self.plans.carriers(key.plan).to_vec(),
            class: key.class,
            account: key.account,
            pace,
            parked,
        };
        let moved = key.moved;
        if let Err(full) = peer.send(Mail::MovedParked { lane, moved })
            && let Mail::MovedParked { lane, moved } = full.0
        {
            self.park_lane(lane, moved);
        }
    }
}

/// What the record alone does not say.
struct Accepted {
    to: Msisdn,
    class: Class,
    way: Way,
    frame: Arc<SealedFrame>,
    home: Home,
    offset: u32,
}

fn waiting(now: Now, record: &ArchivedAccepted, accepted: Accepted) -> Live {
    let segments = record.segments.max(1);
    let telling = Telling::of_stored(record);
    let id = MessageId(record.id.to_native());
    Live {
        account: record.account.to_native(),
        phase: Phase::Waiting,
        segments: (0..segments).map(|_| Segment::unsent()).collect(),
        segments_priced: segments,
        price_micros: record.price_micros.to_native(),
        frame: Some(accepted.frame),
        home: accepted.home,
        offset: accepted.offset,
        accepted_utc_ns: record.at_utc_ns.to_native(),
        expires_utc_ns: record.expires_utc_ns.to_native(),
        waiting_since_ns: now.mono_ns,
        batch: record.batch.as_ref().map_or(0, |row| row.batch.to_native()),
        tell: record.wants_receipt.wish(),
        told_as: told_as(record),
        from: (telling.is_some() || record.wants_receipt.wish().is_any())
            .then(|| Box::from(record.from.as_str())),
        telling,
        ..Live::untried(id, accepted.to, accepted.class, &accepted.way)
    }
}
