//! From the lanes to the links: the carrier's own unfinished messages first, then class by class, and lanes in turn. A
//! lane for which a limit has no token stands aside until it has one.
//!
//! Bound: `SEGMENTS_A_TURN_MAX` in one turn, so that answers are read in between.

use std::collections::VecDeque;
use std::sync::atomic::Ordering;

use carrack_message::Class;
use carrack_routing::PlanId;
use carrack_runtime::Now;
use smallvec::SmallVec;

use super::lanes::{Lane, LaneKey, QUANTUM};
use super::live::{Key, Phase};
use super::sending::Sent;
use super::{Carrier, Shard};
use crate::limits::Dry;
use crate::shared::Health;

const SEGMENTS_A_TURN_MAX: usize = 2048;

/// How a lane's turn went.
enum Turn {
    /// It is the next one's.
    Over,
    /// It could not send all that it may: it is asked first again.
    Kept,
    /// A limit has no token for it; whether it has sent nothing.
    Dry(Dry, bool),
}

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
        let moving = self.send_classes(now, &mut budget);
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
        let up = match self.shared.health(place) {
            Health::Up => true,
            Health::Refusing => self
                .carriers
                .get_mut(&place)
                .is_some_and(|carrier| carrier.may_finish(now)),
            Health::Down | Health::Paused | Health::Capped => false,
        };
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
            match self.send(now, key, place, budget) {
                Sent::CarrierFull => return self.keep_unfinished(key, place, true),
                Sent::Dry(dry) => self.wait_for_token(key, &dry),
                Sent::Aside(until_ns) => self.stand_aside(key, until_ns),
                Sent::Whole | Sent::Gone | Sent::TextAsked | Sent::TextsFull => {}
            }
        }
    }

    /// Class by class, round by round. True: more waits to be moved to another shard.
    fn send_classes(&mut self, now: Now, budget: &mut usize) -> bool {
        let changes = self.shared.health_changes();
        if changes != self.health_seen {
            self.health_seen = changes;
            self.lanes.none_aside();
        }
        self.lanes.tokens_are_due(now.mono_ns);
        let mut moving = false;
        loop {
            for class in Class::ALL {
                moving |= self.send_class(now, class, budget);
            }
            let mut rounds = false;
            for carrier in self.carriers.values_mut() {
                rounds |= carrier.classes.end_pass();
            }
            if *budget == 0 || !rounds {
                return moving;
            }
        }
    }

    /// Asks the lanes of a class in turn, until none can send. True: more waits to be moved to another shard.
    fn send_class(&mut self, now: Now, class: Class, budget: &mut usize) -> bool {
        let mut kept: SmallVec<[usize; 16]> = SmallVec::new();
        let mut moving = false;
        while *budget > 0 {
            let Some(at) = self.lanes.next_in_turn(class) else {
                break;
            };
            let plan = self.lanes.get(at).map(|lane| lane.key.plan);
            let best = plan.and_then(|plan| self.best(plan));
            let Some((place, owner)) =
                best.and_then(|place| Some((place, self.shared.owner(place)?)))
            else {
                self.lanes.stand_aside(at);
                continue;
            };
            if owner != self.number {
                moving |= self.move_lane(now, at, owner);
                match self.lanes.get(at).is_none_or(Lane::is_empty) {
                    true => self.lanes.turn_is_over(at),
                    false => kept.push(at),
                }
                continue;
            }
            match self.send_lane(now, at, place, budget) {
                Turn::Over => self.lanes.turn_is_over(at),
                Turn::Kept => kept.push(at),
                Turn::Dry(dry, first) => self.lanes.stand_dry(at, dry, first),
            }
        }
        for at in kept.into_iter().rev() {
            self.lanes.keeps_its_turn(at);
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

    fn send_lane(&mut self, now: Now, at: usize, place: u16, budget: &mut usize) -> Turn {
        let Some(lane) = self.lanes.get(at) else {
            return Turn::Over;
        };
        let (class, account) = (lane.key.class, lane.key.account);
        let pace = lane.pace.clone();
        let (mut left, mut idle) = (lane.turn, true);
        if left == 0 {
            let share = self.directory.account(account);
            left = share.map_or(1, |account| account.share.max(1)) * QUANTUM;
        }
        let turn = loop {
            if left == 0 || self.lanes.get(at).is_none_or(Lane::is_empty) {
                break Turn::Over;
            }
            if let Some(Err(dry)) = pace.as_ref().map(|pace| pace.ready(now.mono_ns)) {
                break Turn::Dry(dry, idle);
            }
            if *budget == 0 || !self.takes(now, place, class) {
                break Turn::Kept;
            }
            let Some(key) = self.take_waiting(at) else {
                break Turn::Over;
            };
            let before = *budget;
            let sent = self.send(now, key, place, budget);
            let segments = before.saturating_sub(*budget) as u32;
            left = left.saturating_sub(segments);
            idle &= segments == 0;
            if let Some(carrier) = self.carriers.get_mut(&place) {
                carrier.classes.sent(class, segments);
            }
            match sent {
                Sent::CarrierFull => {
                    self.keep_unfinished(key, place, false);
                    break Turn::Kept;
                }
                Sent::TextsFull => break Turn::Kept,
                // Texts are read as there are tokens for them.
                Sent::TextAsked if pace.is_some() => break Turn::Kept,
                Sent::Dry(dry) => {
                    self.wait_for_token(key, &dry);
                    break Turn::Dry(dry, idle);
                }
                Sent::Aside(until_ns) => self.stand_aside(key, until_ns),
                Sent::Whole | Sent::Gone | Sent::TextAsked => {}
            }
        };
        if let Some(lane) = self.lanes.get_mut(at) {
            lane.turn = left.max(1);
        }
        turn
    }

    /// The next message that really waits in this lane; keys of messages that have gone another way are passed over.
    pub(super) fn take_waiting(&mut self, lane: usize) -> Option<Key> {
        let LaneKey { plan, pace, .. } = self.lanes.get(lane)?.key;
        loop {
            let key = self.lanes.pop(lane)?;
            let live = self.live.get(key);
            if live.is_some_and(|live| live.stands_in(plan, pace)) {
                return Some(key);
            }
        }
    }

    /// Keys of messages that left a lane, or its twin of moved ones, otherwise than by its front.
    pub(super) fn forget_strays(&mut self, lane: LaneKey) {
        let live = &self.live;
        for moved in [false, true] {
            self.lanes.prune(LaneKey { moved, ..lane }, |key| {
                live.get(key)
                    .is_some_and(|live| live.stands_in(lane.plan, lane.pace))
            });
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

    /// Whether a carrier takes a message of this class now.
    fn takes(&mut self, now: Now, place: u16, class: Class) -> bool {
        let has_room = self.has_room(now, place);
        let Some(carrier) = self.carriers.get_mut(&place) else {
            return false;
        };
        if !carrier.classes.may_send(class) {
            return false;
        }
        if !has_room {
            carrier.classes.waits();
        }
        has_room
    }

    fn has_room(&mut self, now: Now, place: u16) -> bool {
        let Some(carrier) = self.carriers.get_mut(&place) else {
            return false;
        };
        carrier.unfinished.is_empty()
            && carrier.has_free_link()
            && carrier.breaker.room(now.mono_ns) > 0
            && carrier.left_today(now) > 0
            && carrier.is_due(now.mono_ns, 1).is_ok()
            && self.journal.free() > 0
    }
}
