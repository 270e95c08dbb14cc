//! What waits in the log only: lanes as they are where nobody has to look into them, else message by message.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use carrack_message::record::{ArchivedAccepted, RecordView, record_at};
use carrack_message::{MessageId, Msisdn, Status};
use carrack_queue::{FrameKey, SealedFrame};
use carrack_runtime::Now;
use rustc_hash::FxHashMap;

use super::{CANCELLED_WITH_BATCH, PARKED_A_SLICE, Page, ShardJob, Walk};
use crate::facts::Facts;
use crate::jobs::Deed;
use crate::shard::Shard;
use crate::shard::backlog::Parked;
use crate::shard::lanes::LaneKey;

/// Messages and frames of one request.
const MESSAGES_A_REQUEST: usize = 4096;
const FRAMES_A_REQUEST: usize = 32;
/// What customers and histories are told.
pub(super) fn purged(work: &ShardJob) -> &'static str {
    match work.job.which.batch {
        Some(_) => CANCELLED_WITH_BATCH,
        None => "purged by operator",
    }
}

impl Shard {
    /// Goes on with a lane. True: there is more to do at once.
    pub(super) fn walk_on(&mut self, now: Now, work: &mut ShardJob, mut walk: Walk) -> bool {
        if self.whole_lane(work, &walk) {
            return true;
        }
        let at = walk.at;
        let Some(lane) = self.lanes.get_mut(at) else {
            return true;
        };
        lane.backlog.tidy();
        let mut parked = Vec::new();
        while let Some(stretch) = walk.stretches.last_mut() {
            parked = lane
                .backlog
                .look(stretch, MESSAGES_A_REQUEST, FRAMES_A_REQUEST);
            if !parked.is_empty() {
                break;
            }
            walk.stretches.pop();
        }
        if parked.is_empty() {
            return true;
        }
        let mut keys: Vec<FrameKey> = parked.iter().map(Parked::frame).collect();
        keys.dedup();
        let before = walk.stretches.clone();
        work.walks.push_front(walk);
        if self.ask_for_job(now, work.job.id, keys) {
            work.asked = Some((at, parked));
        } else if let (Some(walk), Some(first)) = (work.walks.front_mut(), parked.first()) {
            // The pager has enough to do: the same again later.
            walk.stretches = before;
            if let Some(stretch) = walk.stretches.last_mut() {
                stretch.first = first.place();
            }
        }
        false
    }

    /// Deals with a lane without a look at its messages, where that is enough.
    fn whole_lane(&mut self, work: &mut ShardJob, walk: &Walk) -> bool {
        if !work.job.which.takes_whole_lanes() {
            return false;
        }
        let by_all = match work.job.deed {
            Deed::Reroute => return false,
            Deed::Purge => work.job.dry_run(),
            Deed::Move(to) => {
                let carrier = self.table.carrier(to);
                carrier.is_some_and(|carrier| carrier.enabled && carrier.flat_price.is_some())
            }
        };
        let Some(lane) = self.lanes.get(walk.at).filter(|_| by_all) else {
            return false;
        };
        let (key, messages) = (lane.key, lane.backlog.len());
        if !work.job.dry_run()
            && let Deed::Move(to) = work.job.deed
        {
            let Some(plan) = self.plan_by(to, key.plan) else {
                return false;
            };
            let moved = true;
            self.lanes
                .move_backlog(walk.at, LaneKey { plan, moved, ..key });
            work.done(messages);
        }
        work.look(messages);
        work.matched(messages);
        true
    }

    /// What the job asked for came.
    pub(in crate::shard) fn job_paged(
        &mut self,
        job: u64,
        frames: FxHashMap<FrameKey, Arc<SealedFrame>>,
    ) {
        let Some(work) = self.job.as_mut().filter(|work| work.job.id == job) else {
            return;
        };
        if let Some((at, parked)) = work.asked.take() {
            let parked = VecDeque::from(parked);
            work.page = Some(Page { at, parked, frames });
        }
    }

    /// Some messages of what came.
    pub(super) fn page_slice(&mut self, now: Now, work: &mut ShardJob, mut page: Page) {
        let count = page.parked.len().min(PARKED_A_SLICE);
        let mut written = 0;
        for parked in page.parked.drain(..count) {
            let Some(lane) = self.lanes.get(page.at) else {
                continue;
            };
            let key = lane.key;
            if !lane.backlog.has(&parked) {
                // It went its way meanwhile.
                continue;
            }
            let frame = page.frames.get(&parked.frame());
            let record = frame.map(|frame| (frame, record_at(&frame.octets, parked.offset)));
            let Some((frame, Ok(RecordView::Accepted(record)))) = record else {
                work.job.unreadable.fetch_add(1, Ordering::Relaxed);
                continue;
            };
            if !matches(work, record) {
                continue;
            }
            work.matched(1);
            if work.job.dry_run() {
                continue;
            }
            match work.job.deed {
                Deed::Purge => {
                    let why = purged(work);
                    let is_purged = self.purge_parked(now, page.at, parked, frame, why);
                    written += u64::from(is_purged);
                }
                Deed::Move(_) | Deed::Reroute => {
                    let to = self.other_lane(now, work, key, record);
                    if to.is_some_and(|to| self.lanes.repark(page.at, to, parked)) {
                        work.done(1);
                    }
                }
            }
        }
        work.look(count);
        self.count_when_durable(work, written);
        if !page.parked.is_empty() {
            work.page = Some(page);
        }
    }

    fn purge_parked(
        &mut self,
        now: Now,
        at: usize,
        parked: Parked,
        frame: &Arc<SealedFrame>,
        why: &'static str,
    ) -> bool {
        let Some(live) = self.live_again(now, parked, frame) else {
            return false;
        };
        let lane = self.lanes.get_mut(at);
        if !lane.is_some_and(|lane| lane.backlog.take_out(&parked)) {
            return false;
        }
        self.is_here(&live);
        let key = self.live.insert(live);
        self.finish(now, key, Status::Cancelled, why);
        true
    }

    /// The lane that a message is to wait in instead, if it is another.
    fn other_lane(
        &mut self,
        now: Now,
        work: &ShardJob,
        from: LaneKey,
        record: &ArchivedAccepted,
    ) -> Option<LaneKey> {
        let to = Msisdn::from_u64(record.to.to_native())?;
        let (plan, moved, pace) = match work.job.deed {
            Deed::Purge => return None,
            Deed::Move(carrier) => {
                let takes = self.takes_destination(carrier, to);
                (
                    takes.then(|| self.plan_by(carrier, from.plan)).flatten()?,
                    true,
                    from.pace,
                )
            }
            Deed::Reroute => {
                let facts = Facts::of_record(record)?;
                let way = self.way_of(now, &facts);
                let pace = way.pace.as_ref().map_or(0, |pace| pace.number);
                (way.plan, false, pace)
            }
        };
        let other = LaneKey {
            plan,
            moved,
            pace,
            ..from
        };
        (other != from).then_some(other)
    }

    /// Ends are counted when the disk has them.
    pub(super) fn count_when_durable(&mut self, work: &mut ShardJob, written: u64) {
        if written == 0 {
            return;
        }
        work.written += written;
        let (job, durable) = (Arc::clone(&work.job), Arc::clone(&work.durable));
        let count = move |_| {
            job.done.fetch_add(written, Ordering::Relaxed);
            durable.fetch_add(written, Ordering::Relaxed);
        };
        self.frames
            .after
            .replies
            .push((Box::new(count), Vec::new()));
    }
}

fn matches(work: &ShardJob, record: &ArchivedAccepted) -> bool {
    let batch = record.batch.as_ref().map_or(0, |row| row.batch.to_native());
    work.is_of_age(
        MessageId(record.id.to_native()),
        record.at_utc_ns.to_native(),
    ) && Msisdn::from_u64(record.to.to_native()).is_some_and(|to| {
        work.job
            .which
            .message(to, batch, || Some(record.from.as_str()))
    })
}
