//! What waits in memory: slot by slot. Only messages of which nothing has left.

use carrack_message::Status;
use carrack_message::record::{RecordView, record_at};
use carrack_routing::PlanId;
use carrack_runtime::Now;

use super::in_log::purged;
use super::{CHANGES_A_SLICE, SLOTS_A_SLICE, ShardJob};
use crate::facts::Facts;
use crate::jobs::Deed;
use crate::shard::Shard;
use crate::shard::lanes::LaneKey;
use crate::shard::live::{Key, Live, Phase, SegmentState};
use crate::shard::settle::throttled::Throttled;
use crate::shard::way::Way;

impl Live {
    /// Whether it waits, and no part of it was taken or is on its way.
    pub(in crate::shard) fn waits_untouched(&self) -> bool {
        matches!(self.phase, Phase::Waiting | Phase::Pausing)
            && self.segments_sent == 0
            && self.all(|state| state == SegmentState::Unsent)
    }

    /// Whether its key in a lane of this plan and these buckets is good.
    pub(in crate::shard) fn stands_in(&self, plan: PlanId, pace: u64) -> bool {
        self.phase == Phase::Waiting
            && self.plan == plan
            && !self.unfinished
            && self.pace_number() == pace
    }

    fn sender(&self) -> Option<&str> {
        let frame = self.frame.as_ref()?;
        match record_at(&frame.octets, self.offset) {
            Ok(RecordView::Accepted(record)) => Some(record.from.as_str()),
            _ => None,
        }
    }
}

impl Shard {
    /// Some of what came from other shards, or the next slots.
    pub(super) fn memory_slice(&mut self, now: Now, work: &mut ShardJob) {
        let (mut changes, mut written, mut looked) = (0, 0, 0);
        let slots = self.live.slots();
        for _ in 0..SLOTS_A_SLICE {
            if changes >= CHANGES_A_SLICE {
                break;
            }
            let key = match work.arrived.pop() {
                Some(key) => Some(key),
                None if work.slot >= slots => break,
                None => {
                    work.slot += 1;
                    self.live.key_at(work.slot - 1)
                }
            };
            let Some(key) = key else { continue };
            looked += 1;
            if !self.is_meant(work, key) {
                continue;
            }
            work.matched(1);
            if work.job.dry_run() {
                continue;
            }
            if let Some(live) = self.live.get(key) {
                let lane = LaneKey::of(live);
                if self.change(now, work, key) {
                    changes += 1;
                    work.touched.insert(lane);
                    written += u64::from(work.job.deed == Deed::Purge);
                }
            }
        }
        work.look(looked);
        match work.job.deed {
            Deed::Purge => self.count_when_durable(work, written),
            Deed::Move(_) | Deed::Reroute => work.done(changes),
        }
    }

    fn is_meant(&self, work: &ShardJob, key: Key) -> bool {
        self.live.get(key).is_some_and(|live| {
            live.waits_untouched()
                && work.is_of_age(live.id, live.accepted_utc_ns)
                && self.concerns(&work.job, &LaneKey::of(live))
                && work
                    .job
                    .which
                    .message(live.to, live.batch, || live.sender())
        })
    }

    fn change(&mut self, now: Now, work: &ShardJob, key: Key) -> bool {
        match work.job.deed {
            Deed::Purge => {
                self.finish(now, key, Status::Cancelled, purged(work));
                true
            }
            Deed::Move(to) => self.move_live(now, key, to),
            Deed::Reroute => self.reroute_live(now, key),
        }
    }

    fn move_live(&mut self, now: Now, key: Key, to: u16) -> bool {
        let Some(live) = self.live.get(key) else {
            return false;
        };
        let (recipient, route) = (live.to, live.route_plan);
        if !self.takes_destination(to, recipient) {
            return false;
        }
        let Some(plan) = self.plan_by(to, route) else {
            return false;
        };
        self.goes_by(now, key, plan);
        true
    }

    fn reroute_live(&mut self, now: Now, key: Key) -> bool {
        let Some(way) = self.way_anew(now, key) else {
            return false;
        };
        let Some(live) = self.live.get_mut(key) else {
            return false;
        };
        let pace = live.pace_number();
        let same_plan = (live.plan, live.route_plan) == (way.plan, way.plan);
        live.follow(&way);
        let is_new = !same_plan || live.pace_number() != pace;
        if is_new {
            self.goes_by(now, key, way.plan);
        }
        is_new
    }

    /// Its way by the routes of now, which may be none.
    fn way_anew(&mut self, now: Now, key: Key) -> Option<Way> {
        let live = self.live.get(key)?;
        let (frame, offset) = (live.frame.clone()?, live.offset);
        Some(self.way_of(now, &Facts::of_frame(&frame.octets, offset)?))
    }

    /// Nothing of it has left: it begins anew with these carriers. A pause goes on.
    fn goes_by(&mut self, now: Now, key: Key, plan: PlanId) {
        self.send_again(now, key);
        let Some(live) = self.live.get_mut(key) else {
            return;
        };
        live.plan = plan;
        live.carrier = None;
        live.leave_carrier = false;
        live.retries_here = 0;
        live.throttled = Throttled::default();
        live.pause_ns = 0;
        if live.phase == Phase::Waiting {
            live.goes_first = true;
            self.wait(key);
        }
    }
}
