//! A shard's part of a queue job: first what waits in the log only, then what is in memory, a slice a turn.
//!
//! Messages come from the log into memory and never go back, so that one pass over both, in this order, meets each of
//! them. What another shard gives us meanwhile is looked at when it comes; a shard ends its part only when all have
//! looked at everything and its mailbox is empty.
//!
//! Promise: nothing is read here, the pager does that; a lane that matches as a whole is moved as it is. Bound:
//! [`PARKED_A_SLICE`] messages of the log or [`SLOTS_A_SLICE`] in memory a turn, one request to the pager. A frame that
//! cannot be read is passed over and counted.

mod in_log;
mod in_memory;
mod moved;

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use carrack_message::MessageId;
use carrack_queue::{FrameKey, SealedFrame};
use carrack_routing::PlanId;
use carrack_runtime::Now;
use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;

use super::Shard;
use super::backlog::{Line, Parked, Stretches, stretches_of};
use super::lanes::LaneKey;
use super::live::Key;
use crate::jobs::{Deed, Job};

/// Messages of the log that are dealt with in a turn.
const PARKED_A_SLICE: usize = 256;
/// Messages in memory that are looked at in a turn.
const SLOTS_A_SLICE: u32 = 4096;
/// Of those so many are changed at most.
const CHANGES_A_SLICE: usize = 256;
/// Customers still to be told above which a purge waits.
const UNTOLD_MAX: usize = 262_144;
/// Why a message ends that waited when its batch was cancelled.
pub(super) const CANCELLED_WITH_BATCH: &str = "cancelled with its batch";
/// How often a shard looks whether a job can go on.
pub(super) const LOOK_NS: u64 = 5_000_000;

/// A lane of which a part is to be looked at.
struct Walk {
    at: usize,
    stretches: Stretches,
}

/// What came from the log for a lane.
struct Page {
    at: usize,
    parked: VecDeque<Parked>,
    frames: FxHashMap<FrameKey, Arc<SealedFrame>>,
}

/// What a shard has to do for a job.
pub(super) struct ShardJob {
    job: Arc<Job>,
    /// Messages accepted after that are not its concern, whatever clocks say: shard, and its epoch and frame at the
    /// beginning.
    begun: (u8, (u32, u64)),
    /// Nor those that are younger than the filter wants.
    until_utc_ns: Option<u64>,
    walks: VecDeque<Walk>,
    /// A request is open, for these messages of this lane.
    asked: Option<(usize, Vec<Parked>)>,
    page: Option<Page>,
    /// Next slot of the live messages to be looked at.
    slot: u32,
    /// Came from another shard into slots that were passed.
    arrived: Vec<Key>,
    /// Lanes from whose memory messages were taken, by plan.
    touched: FxHashSet<LaneKey>,
    /// What this shard said there is to look at, and what it looked at.
    total: u64,
    looked: u64,
    /// Ends that were written, and those of them that are durable.
    written: u64,
    durable: Arc<AtomicU64>,
    has_walked: bool,
    /// The last letter that may bring something for it, counted as the shard counts them.
    last_letter: Option<u64>,
    held: Option<Held>,
}

/// Why nothing is done just now.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Held {
    Disk,
    Untold,
}

impl ShardJob {
    /// Whether it was there when the job began, and old enough.
    fn is_of_age(&self, id: MessageId, accepted_utc_ns: u64) -> bool {
        let (parts, (shard, begun)) = (id.parts(), self.begun);
        let was_there = parts.shard != shard || (parts.epoch, u64::from(parts.frame)) <= begun;
        was_there
            && self
                .until_utc_ns
                .is_none_or(|until| accepted_utc_ns <= until)
    }

    fn look(&mut self, messages: usize) {
        self.looked += messages as u64;
        self.job
            .looked
            .fetch_add(messages as u64, Ordering::Relaxed);
    }

    fn has_more(&self, messages: usize) {
        self.job.total.fetch_add(messages as u64, Ordering::Relaxed);
    }

    fn matched(&self, messages: usize) {
        self.job
            .matched
            .fetch_add(messages as u64, Ordering::Relaxed);
    }

    fn done(&self, messages: usize) {
        self.job.done.fetch_add(messages as u64, Ordering::Relaxed);
    }

    fn hold(&mut self, held: Option<Held>) {
        if self.held == held {
            return;
        }
        let count = |held: Held| match held {
            Held::Disk => &self.job.disk,
            Held::Untold => &self.job.untold,
        };
        if let Some(before) = self.held {
            count(before).fetch_sub(1, Ordering::Relaxed);
        }
        if let Some(now) = held {
            count(now).fetch_add(1, Ordering::Relaxed);
        }
        self.held = held;
    }
}

impl Shard {
    /// A slice of the job that is at work, if there is one. True: there is more to do at once.
    pub(super) fn work_on_job(&mut self, now: Now) -> bool {
        if self.job.is_none() {
            self.look_for_job(now);
        }
        let Some(mut work) = self.job.take() else {
            return false;
        };
        let busy = self.slice(now, &mut work);
        if self.is_through(&mut work) {
            work.hold(None);
            self.settle_counts(&mut work);
            let early = self.must_end(&work) && !work.has_walked;
            if !work.has_walked {
                work.job.has_walked();
            }
            work.job.end(now.utc_ns, early);
            return true;
        }
        self.job = Some(work);
        busy
    }

    fn look_for_job(&mut self, now: Now) {
        let newest = self.shared.jobs.newest();
        if newest == self.job_seen {
            return;
        }
        self.job_seen = newest;
        if let Some(job) = self.shared.jobs.current() {
            self.begin_job(now, job);
        }
    }

    fn begin_job(&mut self, now: Now, job: Arc<Job>) {
        job.begin(now.utc_ns);
        let mut work = Box::new(ShardJob {
            begun: (self.number, self.frames.here(self.committer.as_ref())),
            until_utc_ns: job
                .which
                .older_than_ns
                .map(|age_ns| now.utc_ns.saturating_sub(age_ns)),
            walks: VecDeque::new(),
            asked: None,
            page: None,
            slot: 0,
            arrived: Vec::new(),
            touched: FxHashSet::default(),
            total: 0,
            looked: 0,
            written: 0,
            durable: Arc::default(),
            has_walked: false,
            last_letter: None,
            held: None,
            job,
        });
        let mut all = self.live.len();
        for at in self.lanes.long() {
            let Some(lane) = self.lanes.get(at) else {
                continue;
            };
            if self.concerns(&work.job, &lane.key) {
                all += lane.backlog.len();
                let stretches = lane.backlog.stretches();
                work.walks.push_back(Walk { at, stretches });
            }
        }
        work.total = all as u64;
        work.has_more(all);
        self.job = Some(work);
    }

    /// Whether a lane may hold messages for this job.
    fn concerns(&self, job: &Job, key: &LaneKey) -> bool {
        let carriers = self.plans.carriers(key.plan);
        let is_there = match job.deed {
            Deed::Move(to) => carriers.first() == Some(&to),
            Deed::Purge | Deed::Reroute => false,
        };
        !is_there && job.which.lane(key, carriers)
    }

    fn slice(&mut self, now: Now, work: &mut ShardJob) -> bool {
        if self.must_end(work) {
            work.walks.clear();
            (work.asked, work.page) = (None, None);
            work.arrived.clear();
            work.slot = u32::MAX;
            return self.prune(work);
        }
        let held = self.held(work);
        work.hold(held);
        if held.is_some() {
            return false;
        }
        if let Some(page) = work.page.take() {
            self.page_slice(now, work, page);
            return true;
        }
        if work.asked.is_some() {
            return false;
        }
        if let Some(walk) = work.walks.pop_front() {
            return self.walk_on(now, work, walk);
        }
        if !work.arrived.is_empty() || work.slot < self.live.slots() {
            self.memory_slice(now, work);
            return true;
        }
        if self.prune(work) {
            return true;
        }
        if !work.has_walked {
            work.has_walked = true;
            // What we gave to others is in their mailboxes: nobody ends before he has looked at it.
            work.job.has_walked();
            return true;
        }
        false
    }

    fn must_end(&self, work: &ShardJob) -> bool {
        work.job.is_to_stop() || self.shared.draining.load(Ordering::Acquire)
    }

    fn held(&self, work: &ShardJob) -> Option<Held> {
        if work.job.deed != Deed::Purge || work.job.dry_run() {
            return None;
        }
        if self.frames.is_backlogged() || self.committer.refuses() {
            return Some(Held::Disk);
        }
        (self.outbox.waiting() >= UNTOLD_MAX).then_some(Held::Untold)
    }

    /// Whether nothing more is to come of it here.
    fn is_through(&self, work: &mut ShardJob) -> bool {
        let idle = work.walks.is_empty()
            && work.asked.is_none()
            && work.page.is_none()
            && work.arrived.is_empty()
            && work.slot >= self.live.slots()
            && work.touched.is_empty();
        let durable = work.durable.load(Ordering::Relaxed) == work.written;
        if self.must_end(work) {
            return idle && (durable || self.committer.refuses());
        }
        if work.has_walked && work.job.all_have_walked() && work.last_letter.is_none() {
            work.last_letter = Some(self.letters + self.inbox.len() as u64);
        }
        // What other shards handed over for it came with letters up to that one.
        let others = work.last_letter.is_some_and(|last| self.letters >= last);
        idle && durable && others
    }

    /// Live messages come and go: at the end all that there was to look at has been looked at.
    fn settle_counts(&self, work: &mut ShardJob) {
        let (total, looked) = (work.total, work.looked);
        if work.job.is_to_stop() {
            return;
        }
        match looked.checked_sub(total) {
            Some(more) => work.job.total.fetch_add(more, Ordering::Relaxed),
            None => work.job.total.fetch_sub(total - looked, Ordering::Relaxed),
        };
    }

    /// Forgets the keys of messages that left a lane otherwise than by its front. True: there is more to do.
    fn prune(&mut self, work: &mut ShardJob) -> bool {
        let Some(key) = work.touched.iter().next().copied() else {
            return false;
        };
        work.touched.remove(&key);
        self.forget_strays(key);
        !work.touched.is_empty()
    }

    /// Waiting messages come from another shard into a lane's backlog: what of them the job at work will look at.
    pub(super) fn job_sees_parked(&mut self, key: &LaneKey, list: &Line) -> Stretches {
        let at_work = |work: &&ShardJob| !work.job.dry_run() && !work.job.is_to_stop();
        let work = self.job.as_deref().filter(at_work);
        if !work.is_some_and(|work| self.concerns(&work.job, key)) {
            return Stretches::new();
        }
        if let Some(work) = &mut self.job {
            work.total += list.len() as u64;
            work.has_more(list.len());
        }
        stretches_of(list)
    }

    /// They stand in the lane now.
    pub(super) fn job_walks(&mut self, key: LaneKey, stretches: Stretches) {
        let at = self.lanes.place(key).filter(|_| !stretches.is_empty());
        if let (Some(at), Some(work)) = (at, &mut self.job) {
            work.walks.push_back(Walk { at, stretches });
        }
    }

    /// A message came from another shard into our memory.
    pub(super) fn job_sees_live(&mut self, key: Key) {
        if let Some(work) = self.job.as_mut().filter(|work| key.slot < work.slot)
            && !work.job.dry_run()
        {
            work.arrived.push(key);
        }
    }

    /// The plan that a message takes instead, with this carrier before the others of its route.
    fn plan_by(&mut self, to: u16, route: PlanId) -> Option<PlanId> {
        let others = self.plans.carriers(route).iter().copied();
        let carriers: SmallVec<[u16; 6]> = std::iter::once(to)
            .chain(others.filter(|other| *other != to))
            .collect();
        self.plans.intern(&carriers).ok()
    }
}
