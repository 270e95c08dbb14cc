//! From the lanes to the links: class by class, the carrier's own unfinished messages first, then lanes in turn.
//!
//! Bound: `SEGMENTS_A_TURN_MAX` in one turn, so that answers are read in between.

use std::collections::VecDeque;
use std::sync::atomic::Ordering;

use carrack_message::Class;
use carrack_routing::PlanId;
use carrack_runtime::Now;

use super::live::{Key, Phase};
use super::sending::Sent;
use super::{Carrier, Shard};
use crate::shared::Health;

const SEGMENTS_A_TURN_MAX: usize = 2048;

impl Shard {
    /// Sends what can be sent. True: the turn's bound was reached and there is more.
    pub(super) fn dispatch(&mut self, now: Now) -> bool {
        if self.shared.draining.load(Ordering::Acquire) {
            return false;
        }
        let mut budget = SEGMENTS_A_TURN_MAX;
        for index in 0..self.owned.len() {
            if let Some(place) = self.owned.get(index).copied() {
                self.send_unfinished(now, place, &mut budget);
            }
        }
        let mut moving = false;
        for class in Class::ALL {
            moving |= self.send_class(now, class, &mut budget);
        }
        budget == 0 || moving
    }

    fn send_unfinished(&mut self, now: Now, place: u16, budget: &mut usize) {
        let count = self
            .carriers
            .get(&place)
            .map_or(0, |carrier| carrier.unfinished.len());
        if count == 0 {
            return;
        }
        let up = self.shared.health(place) == Health::Up;
        let is_due = |carrier: &mut Carrier| carrier.is_due(now.mono_ns, carrier.wants).is_ok();
        if up && !self.carriers.get_mut(&place).is_some_and(is_due) {
            return;
        }
        for _ in 0..count {
            let unfinished = self
                .carriers
                .get_mut(&place)
                .map(|carrier| &mut carrier.unfinished);
            let Some(key) = unfinished.and_then(VecDeque::pop_front) else {
                return;
            };
            let live = self.live.get_mut(key);
            let Some(live) = live.filter(|live| live.unfinished && live.carrier == Some(place))
            else {
                continue;
            };
            live.unfinished = false;
            let stopped = live.leave_carrier || live.fault || live.pause_ns > 0;
            if !up || stopped {
                // Its carrier is gone or said no: what is in windows is waited for, then the text goes on whole.
                self.go_on(now, key, true);
                continue;
            }
            if let Sent::CarrierFull = self.send(now, key, place, budget) {
                self.keep_unfinished(key, place, true);
                return;
            }
        }
    }

    /// Takes from the lanes of one class in turn, so that no plan waits for another.
    /// True: more waits to be moved to another shard.
    fn send_class(&mut self, now: Now, class: Class, budget: &mut usize) -> bool {
        let lanes = self.lanes.len();
        let mut moving = false;
        self.lane_turn = self.lane_turn.wrapping_add(1);
        for step in 0..lanes {
            let lane = (self.lane_turn + step) % lanes;
            let Some(found) = self
                .lanes
                .get(lane)
                .filter(|lane| lane.class == class && !lane.is_empty())
            else {
                continue;
            };
            let Some(place) = self.best(found.plan) else {
                continue;
            };
            match self.shared.owner(place) {
                Some(owner) if owner == self.number => self.send_lane(now, lane, place, budget),
                Some(owner) => moving |= self.move_lane(now, lane, owner),
                None => {}
            }
            if *budget == 0 {
                break;
            }
        }
        moving
    }

    /// The first carrier of a plan that is up.
    pub(super) fn best(&self, plan: PlanId) -> Option<u16> {
        self.plans
            .carriers(plan)
            .iter()
            .copied()
            .find(|place| self.shared.health(*place) == Health::Up)
    }

    fn send_lane(&mut self, now: Now, lane: usize, place: u16, budget: &mut usize) {
        while *budget > 0 {
            if !self.has_room(now, place) {
                return;
            }
            let Some(key) = self.take_waiting(lane) else {
                return;
            };
            if let Sent::CarrierFull = self.send(now, key, place, budget) {
                self.keep_unfinished(key, place, false);
                return;
            }
        }
    }

    /// The next message that really waits in this lane; keys of messages that have gone another way are passed over.
    pub(super) fn take_waiting(&mut self, lane: usize) -> Option<Key> {
        let plan = self.lanes.get(lane)?.plan;
        loop {
            let key = self.lanes.pop(lane)?;
            let live = self.live.get(key);
            if live.is_some_and(|live| {
                live.phase == Phase::Waiting && live.plan == plan && !live.unfinished
            }) {
                return Some(key);
            }
        }
    }

    fn keep_unfinished(&mut self, key: Key, place: u16, first: bool) {
        let Some(live) = self.live.get_mut(key) else {
            return;
        };
        let Some(carrier) = self.carriers.get_mut(&place) else {
            return;
        };
        live.unfinished = true;
        live.phase = Phase::Sending;
        if first {
            carrier.unfinished.push_front(key);
        } else {
            carrier.unfinished.push_back(key);
        }
    }

    fn has_room(&mut self, now: Now, place: u16) -> bool {
        let Some(carrier) = self.carriers.get_mut(&place) else {
            return false;
        };
        carrier.unfinished.is_empty()
            && carrier.has_free_link()
            && carrier.is_due(now.mono_ns, 1).is_ok()
            && self.journal.free() > 0
    }
}
