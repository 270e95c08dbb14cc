//! Limits that are no carrier's, as a shard keeps them: which buckets a message needs, and what waits for a token.
//!
//! Promise: a lane whose bucket is dry holds nobody up; it takes turns again when the next token is due, one lane for
//! each token there is. A text that has begun goes on with its carrier before other messages of its lane. Where limits
//! change, what waits in memory takes the new ones at once, what waits in the log when it comes back. Bound:
//! [`SLOTS_A_TURN`] messages a turn look at new limits.

use std::cmp::Reverse;
use std::sync::Arc;

use carrack_message::Network;
use carrack_runtime::Now;
use carrack_telemetry::names;

use super::Shard;
use super::lanes::LaneKey;
use super::live::{Key, Phase, SegmentState};
use super::timers::Timer;
use crate::facts::Facts;
use crate::limits::{Dry, Paces};

const SLOTS_A_TURN: u32 = 4096;
/// What was being written when limits changed is durable by then.
const WRITING_NS: u64 = 60_000_000_000;
/// How often what waits under limits is counted.
const PUBLISH_NS: u64 = 1_000_000_000;
/// How often, of these, buckets are given back.
const SWEEP_NS: u64 = 10_000_000_000;

impl Shard {
    /// The buckets that a message needs.
    pub(super) fn pace_of(
        &self,
        now: Now,
        facts: &Facts<'_>,
        network: Network,
    ) -> Option<Arc<Paces>> {
        if self.limits.is_empty() {
            return None;
        }
        let query = facts.query(&self.directory, now.utc_ns);
        let limits = &self.shared.limits;
        limits.paces(now.mono_ns, &self.limits, &query, network)
    }

    /// Takes other limits, if there are others.
    pub(super) fn take_limits(&mut self, now: Now) {
        let rules = self.shared.limits.follow(now.mono_ns);
        if Arc::ptr_eq(&rules, &self.limits) {
            return;
        }
        self.limits = rules;
        self.repace_at = Some(0);
        self.repace_until_ns = now.mono_ns.saturating_add(WRITING_NS);
        // Their rates may be others.
        self.lanes.none_dry();
    }

    /// Some of what waits takes the limits of now, while they are new. True: there is more.
    pub(super) fn repace(&mut self, now: Now) -> bool {
        let Some(from) = self.repace_at else {
            return false;
        };
        let until = from.saturating_add(SLOTS_A_TURN).min(self.live.slots());
        for slot in from..until {
            if let Some(key) = self.live.key_at(slot) {
                self.repace_one(now, key);
            }
        }
        let more = until < self.live.slots();
        self.repace_at = more.then_some(until);
        if !more {
            self.leave_old_lanes();
        }
        more
    }

    /// Keys that are left in lanes of before would keep those from reading on: their next token may be far.
    fn leave_old_lanes(&mut self) {
        for lane in std::mem::take(&mut self.repaced) {
            self.forget_strays(lane);
        }
    }

    fn repace_one(&mut self, now: Now, key: Key) {
        let before = self.live.get(key).map(LaneKey::of);
        let is_other = self.takes_new_limits(now, key);
        if is_other {
            self.repaced.extend(before);
        }
        let Some(live) = self.live.get_mut(key) else {
            return;
        };
        if live.unfinished {
            // The rate of the same limit may be another.
            self.goes_on_at_carrier(key);
        } else if is_other && live.phase == Phase::Waiting {
            live.goes_first = true;
            self.wait(key);
        }
    }

    /// A message whose record is at hand takes the limits of now. True: they are others.
    pub(super) fn takes_new_limits(&mut self, now: Now, key: Key) -> bool {
        let Some(live) = self.live.get(key) else {
            return false;
        };
        let nowhere = self.plans.carriers(live.route_plan).is_empty();
        let Some(frame) = live
            .frame
            .clone()
            .filter(|_| live.end.is_none() && !nowhere)
        else {
            return false;
        };
        let Some(facts) = Facts::of_frame(&frame.octets, live.offset) else {
            return false;
        };
        let pace = self.pace_of(now, &facts, live.network);
        let Some(live) = self.live.get_mut(key) else {
            return false;
        };
        let before = live.pace_number();
        live.pace = pace;
        live.pace_number() != before
    }

    /// The lane of a message by the limits of now.
    pub(super) fn lane_by_new_limits(&mut self, now: Now, key: Key, lane: LaneKey) -> LaneKey {
        self.takes_new_limits(now, key);
        self.live.get(key).map_or(lane, LaneKey::of)
    }

    /// It was to be sent, and a bucket is dry: back to the front of its lane, or, where a part of it is at its carrier,
    /// aside until the token is due.
    pub(super) fn wait_for_token(&mut self, key: Key, dry: &Dry) {
        let Some(live) = self.live.get_mut(key) else {
            return;
        };
        if live.all(|state| state == SegmentState::Unsent) {
            live.phase = Phase::Waiting;
            let (lane, id) = (LaneKey::of(live), live.id);
            self.lanes.push_returned(lane, id, key);
        } else {
            live.unfinished = true;
            live.phase = Phase::Sending;
            self.timers.push(Reverse((dry.due_ns, key, Timer::Token)));
        }
    }

    /// Its token is due: it goes on before the lanes, where its first parts are.
    pub(super) fn goes_on_at_carrier(&mut self, key: Key) {
        let live = self.live.get(key);
        let live = live.filter(|live| live.unfinished && live.end.is_none());
        let place = live.and_then(|live| live.carrier);
        if let Some(carrier) = place.and_then(|place| self.carriers.get_mut(&place)) {
            carrier.unfinished.push_back(key);
        }
    }

    /// When a lane that waits for a token is to be looked at.
    pub(super) fn token_due_ns(&self) -> Option<u64> {
        let draining = &self.shared.draining;
        let due_ns = self.lanes.token_due_ns()?;
        (!draining.load(std::sync::atomic::Ordering::Acquire)).then_some(due_ns)
    }

    /// Messages that wait under each limit here.
    pub(super) fn waiting_by_limit(&self) -> Vec<(Arc<str>, usize)> {
        let mut found: Vec<(Arc<str>, usize)> = Vec::new();
        for lane in self.lanes.iter() {
            let Some(pace) = &lane.pace else { continue };
            for bucket in &pace.buckets {
                match found.iter_mut().find(|(name, _)| *name == bucket.limit) {
                    Some((_, waiting)) => *waiting += lane.waiting(),
                    None => found.push((Arc::clone(&bucket.limit), lane.waiting())),
                }
            }
        }
        found
    }

    /// Brings limits to the metrics, and gives back what nobody needs, now and then.
    pub(super) fn publish_limits(&mut self, now: Now) {
        if now.mono_ns.saturating_sub(self.limits_published_ns) < PUBLISH_NS {
            return;
        }
        self.limits_published_ns = now.mono_ns;
        if self.job.is_none() {
            self.lanes.give_back_empty();
        }
        if self.number == 0 && now.mono_ns.saturating_sub(self.limits_swept_ns) >= SWEEP_NS {
            self.limits_swept_ns = now.mono_ns;
            self.shared.limits.sweep(now.mono_ns);
        }
        if self.limits.is_empty() {
            return;
        }
        let waiting = self.waiting_by_limit();
        for view in self.shared.limits.view() {
            let here = waiting.iter().find(|(name, _)| **name == *view.name);
            let here = here.map_or(0, |(_, waiting)| *waiting);
            let (limit, shard) = (view.name, self.number.to_string());
            metrics::gauge!(names::LIMIT_WAITING, "limit" => limit.clone(), "shard" => shard)
                .set(here as f64);
            if self.number != 0 {
                continue;
            }
            let counter = |name| metrics::counter!(name, "limit" => limit.clone());
            counter(names::LIMIT_GRANTED).absolute(view.granted);
            counter(names::LIMIT_REFUSED).absolute(view.refused);
            counter(names::LIMIT_BEYOND).absolute(view.beyond);
            counter(names::LIMIT_FORGOTTEN).absolute(view.forgotten);
            metrics::gauge!(names::LIMIT_IN_USE, "limit" => limit.clone()).set(view.in_use as f64);
        }
    }
}
