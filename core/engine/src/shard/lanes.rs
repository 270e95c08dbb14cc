//! Lanes: what waits, by the carriers it may take, its class and its customer.
//!
//! A lane belongs to a plan (the ordered carriers of a message), not to one carrier: when a carrier goes down nothing
//! moves, the next carrier of the plan is simply the one that takes from the lane; when it is back, so is the order of
//! price. A lane whose carriers are all down stands aside and costs nothing until a carrier comes up.
//!
//! Lanes of a class take turns (deficit round robin): each may send [`QUANTUM`] segments times its customer's share before
//! the next one is asked, so that nobody waits behind another customer's campaign (trap P11).
//!
//! What comes back from a carrier goes before the rest of its lane, the oldest first: a burst of refusals keeps the order
//! (trap T14).
//!
//! A lane that grows long keeps its end in the log only (`backlog`). One whose messages are under a limit stands aside
//! while a bucket is dry (`dry`). One that is empty is given back, and its place used again.
//!
//! Bound: as many entries as messages; a cancelled or moved message leaves a stale key that is passed over.

mod dry;
mod spent;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::sync::Arc;

use carrack_message::{Class, MessageId};
use carrack_routing::PlanId;
use rustc_hash::FxHashMap;

use super::backlog::{Backlog, Line, Parked};
use super::live::{Home, Key, Live};
use crate::limits::{Limits, Paces};
use dry::DryLanes;

/// Segments that a lane may send in its turn, for each unit of its customer's share.
pub(crate) const QUANTUM: u32 = 16;

/// Which lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct LaneKey {
    pub(crate) plan: PlanId,
    pub(crate) class: Class,
    pub(crate) account: u32,
    /// Messages in the log that an operator moved to the first carrier of the plan; a message in memory has its plan itself.
    pub(crate) moved: bool,
    /// Number of the buckets that its messages need; 0: none.
    pub(crate) pace: u64,
}

impl LaneKey {
    pub(crate) fn of(live: &Live) -> Self {
        Self {
            plan: live.plan,
            class: live.class,
            account: live.account,
            moved: false,
            pace: live.pace_number(),
        }
    }
}

#[derive(Debug)]
pub(crate) struct Lane {
    pub(crate) key: LaneKey,
    queue: VecDeque<Key>,
    /// Back from a carrier.
    returned: BinaryHeap<Reverse<(MessageId, Key)>>,
    /// Behind the queue, in the log only.
    pub(crate) backlog: Backlog,
    /// The front of the backlog has been asked for.
    pub(crate) is_asked: bool,
    /// So many of the backlog are to be routed again though no carrier takes from the lane.
    pub(crate) rethink: usize,
    /// Segments that it may still send in this turn of its own.
    pub(crate) turn: u32,
    /// It stands among those that take turns, or aside.
    is_in_turn: bool,
    /// It stands among those with a backlog.
    is_long: bool,
    /// The buckets that its messages need.
    pub(crate) pace: Option<Arc<Paces>>,
    /// It stands among those that may be given back.
    is_spent: bool,
    /// It was given back.
    is_free: bool,
}

impl Lane {
    fn of(key: LaneKey, pace: Option<Arc<Paces>>) -> Self {
        Self {
            key,
            queue: VecDeque::new(),
            returned: BinaryHeap::new(),
            backlog: Backlog::default(),
            is_asked: false,
            rethink: 0,
            turn: 0,
            is_in_turn: false,
            is_long: false,
            pace,
            is_spent: false,
            is_free: false,
        }
    }

    /// Whether nothing is in it, and nobody speaks of it by its place but a job.
    fn is_idle(&self) -> bool {
        let stands = self.is_in_turn || self.is_long || self.is_asked || self.is_free;
        !stands && self.rethink == 0 && self.waiting() == 0
    }

    /// Whether none is in memory.
    pub(crate) fn is_empty(&self) -> bool {
        self.queue.is_empty() && self.returned.is_empty()
    }

    /// Those in memory.
    pub(crate) fn live(&self) -> usize {
        self.queue.len() + self.returned.len()
    }

    pub(crate) fn waiting(&self) -> usize {
        self.live() + self.backlog.len()
    }
}

#[derive(Debug)]
pub(crate) struct Lanes {
    limits: Arc<Limits>,
    lanes: Vec<Lane>,
    index: FxHashMap<LaneKey, u32>,
    /// By class: those with messages in memory, in the order in which they are asked.
    turns: [VecDeque<u32>; Class::ALL.len()],
    /// Those whose carriers are all down.
    aside: Vec<u32>,
    /// Those with a backlog.
    long: Vec<u32>,
    /// Those whose messages wait for a token.
    dry: DryLanes,
    /// Those that were empty when they were last looked at.
    spent: Vec<u32>,
    /// Places of lanes that were given back.
    free: Vec<u32>,
}

impl Lanes {
    pub(crate) fn new(limits: Arc<Limits>) -> Self {
        Self {
            limits,
            lanes: Vec::new(),
            index: FxHashMap::default(),
            turns: Default::default(),
            aside: Vec::new(),
            long: Vec::new(),
            dry: DryLanes::default(),
            spent: Vec::new(),
            free: Vec::new(),
        }
    }

    fn lane_mut(&mut self, key: LaneKey) -> Option<(u32, &mut Lane)> {
        let (lanes, free, limits) = (&mut self.lanes, &mut self.free, &self.limits);
        let place = *self.index.entry(key).or_insert_with(|| {
            // Whoever has a message for it holds the buckets still.
            let pace = (key.pace != 0).then(|| limits.find(key.pace)).flatten();
            let lane = Lane::of(key, pace);
            if let Some(place) = free.pop()
                && let Some(reused) = lanes.get_mut(place as usize)
            {
                *reused = lane;
                return place;
            }
            lanes.push(lane);
            lanes.len() as u32 - 1
        });
        Some((place, self.lanes.get_mut(place as usize)?))
    }

    fn take_turns(&mut self, place: u32) {
        let Some(lane) = self.lanes.get_mut(place as usize) else {
            return;
        };
        if !std::mem::replace(&mut lane.is_in_turn, true)
            && let Some(turns) = self.turns.get_mut(usize::from(lane.key.class.as_u8()))
        {
            lane.turn = 0;
            turns.push_back(place);
        }
    }

    pub(crate) fn push_back(&mut self, lane: LaneKey, key: Key) {
        if let Some((place, lane)) = self.lane_mut(lane) {
            lane.queue.push_back(key);
            self.take_turns(place);
        }
    }

    /// Before all that has not been sent yet, in the order of acceptance.
    pub(crate) fn push_returned(&mut self, lane: LaneKey, id: MessageId, key: Key) {
        if let Some((place, lane)) = self.lane_mut(lane) {
            lane.returned.push(Reverse((id, key)));
            self.take_turns(place);
        }
    }

    /// Lanes that have messages in memory.
    pub(crate) fn live_lanes(&self) -> usize {
        self.turns.iter().map(VecDeque::len).sum::<usize>() + self.aside.len() + self.dry.len()
    }

    /// The lane that is asked next; it is given back by one of the next three.
    pub(crate) fn next_in_turn(&mut self, class: Class) -> Option<usize> {
        let turns = self.turns.get_mut(usize::from(class.as_u8()))?;
        turns.pop_front().map(|place| place as usize)
    }

    /// It had its turn, or has nothing more to send.
    pub(crate) fn turn_is_over(&mut self, place: usize) {
        let Some(lane) = self.lanes.get_mut(place) else {
            return;
        };
        lane.turn = 0;
        lane.is_in_turn = !lane.is_empty();
        if !lane.is_in_turn {
            self.mark_spent(place as u32);
        } else if let Some(turns) = self.turns.get_mut(usize::from(lane.key.class.as_u8())) {
            turns.push_back(place as u32);
        }
    }

    /// It is asked first again, with what is left of its turn.
    pub(crate) fn keeps_its_turn(&mut self, place: usize) {
        let Some(lane) = self.lanes.get(place) else {
            return;
        };
        if let Some(turns) = self.turns.get_mut(usize::from(lane.key.class.as_u8())) {
            turns.push_front(place as u32);
        }
    }

    /// No carrier takes from it now.
    pub(crate) fn stand_aside(&mut self, place: usize) {
        self.aside.push(place as u32);
    }

    /// A carrier came up or went down: all take turns again.
    pub(crate) fn none_aside(&mut self) {
        for place in std::mem::take(&mut self.aside) {
            self.takes_turns_again(place);
        }
    }

    fn takes_turns_again(&mut self, place: u32) {
        if let Some(lane) = self.lanes.get_mut(place as usize) {
            lane.is_in_turn = false;
            self.take_turns(place);
        }
    }

    /// Behind all that waits; what is in memory goes first.
    pub(crate) fn park(&mut self, lane: LaneKey, parked: Parked) {
        if let Some((place, lane)) = self.lane_mut(lane) {
            lane.backlog.push(parked);
            self.mark_long(place);
        }
    }

    /// As [`Self::park`], a list that one shard accepted.
    pub(crate) fn park_list(&mut self, lane: LaneKey, list: Line) {
        if let Some((place, lane)) = self.lane_mut(lane) {
            lane.backlog.append(list);
            self.mark_long(place);
        }
    }

    fn mark_long(&mut self, place: u32) {
        if let Some(lane) = self.lanes.get_mut(place as usize)
            && !std::mem::replace(&mut lane.is_long, true)
        {
            self.long.push(place);
        }
    }

    /// Those with a backlog.
    pub(crate) fn long(&mut self) -> Vec<usize> {
        let (lanes, spent) = (&mut self.lanes, &mut self.spent);
        self.long.retain(|place| {
            let Some(lane) = lanes.get_mut(*place as usize) else {
                return false;
            };
            lane.is_long = !lane.backlog.is_empty();
            if !lane.is_long && !std::mem::replace(&mut lane.is_spent, true) {
                spent.push(*place);
            }
            lane.is_long
        });
        self.long.iter().map(|place| *place as usize).collect()
    }

    /// Whether some lane may have a backlog.
    pub(crate) fn has_long(&self) -> bool {
        !self.long.is_empty()
    }

    /// Takes a message out of whatever backlog it stands in.
    pub(crate) fn take_parked(&mut self, home: Home) -> Option<Parked> {
        let mut backlogs = self.lanes.iter_mut().map(|lane| &mut lane.backlog);
        backlogs.find_map(|backlog| backlog.take(home))
    }

    /// All that waits in this plan's backlogs is to be routed again.
    pub(crate) fn rethink(&mut self, plan: PlanId) {
        for lane in self.lanes.iter_mut().filter(|lane| lane.key.plan == plan) {
            lane.rethink = lane.backlog.len();
        }
    }

    /// Where a lane is.
    pub(crate) fn place(&self, key: LaneKey) -> Option<usize> {
        self.index.get(&key).map(|place| *place as usize)
    }

    /// From the backlog of one lane to that of another. False: it was not there any more.
    pub(crate) fn repark(&mut self, from: usize, to: LaneKey, parked: Parked) -> bool {
        let lane = self.lanes.get_mut(from);
        let taken = lane.is_some_and(|lane| lane.backlog.take_out(&parked));
        if taken {
            self.park(to, parked);
        }
        taken
    }

    /// All of a lane's backlog to that of another, as it is.
    pub(crate) fn move_backlog(&mut self, from: usize, to: LaneKey) {
        let Some(lane) = self.lanes.get_mut(from) else {
            return;
        };
        lane.rethink = 0;
        let backlog = std::mem::take(&mut lane.backlog);
        if let Some((place, lane)) = self.lane_mut(to) {
            lane.backlog.absorb(backlog);
            self.mark_long(place);
        }
    }

    /// Forgets keys in a lane's memory that are no good.
    pub(crate) fn prune(&mut self, key: LaneKey, is_good: impl Fn(Key) -> bool) {
        let place = self.index.get(&key).copied();
        if let Some(lane) = place.and_then(|place| self.lanes.get_mut(place as usize)) {
            lane.queue.retain(|key| is_good(*key));
            lane.returned.retain(|Reverse((_, key))| is_good(*key));
        }
    }

    pub(crate) fn find(&self, key: LaneKey) -> Option<&Lane> {
        self.lanes.get(*self.index.get(&key)? as usize)
    }

    pub(crate) fn get_mut(&mut self, place: usize) -> Option<&mut Lane> {
        self.lanes.get_mut(place)
    }

    pub(crate) fn get(&self, place: usize) -> Option<&Lane> {
        self.lanes.get(place)
    }

    pub(crate) fn pop(&mut self, place: usize) -> Option<Key> {
        let lane = self.lanes.get_mut(place)?;
        match lane.returned.pop() {
            Some(Reverse((_, key))) => Some(key),
            None => lane.queue.pop_front(),
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Lane> {
        self.lanes.iter().filter(|lane| !lane.is_free)
    }
}
