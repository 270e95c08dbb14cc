//! Lanes: what waits, by the carriers it may take and its class.
//!
//! A lane belongs to a plan (the ordered carriers of a message), not to one carrier: when a carrier goes down nothing
//! moves, the next carrier of the plan is simply the one that takes from the lane; when it is back, so is the order of
//! price. A lane whose carriers are all down costs nothing.
//!
//! What comes back from a carrier goes before the rest, the oldest first: a burst of refusals keeps the order (trap T14).
//!
//! A lane that grows long keeps its end in the log only (`backlog`).
//!
//! Bound: as many entries as messages; a cancelled or moved message leaves a stale key that is passed over.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use carrack_message::{Class, MessageId};
use carrack_routing::PlanId;
use rustc_hash::FxHashMap;

use super::backlog::{Backlog, Parked};
use super::live::Key;

#[derive(Debug)]
pub(crate) struct Lane {
    pub(crate) plan: PlanId,
    pub(crate) class: Class,
    queue: VecDeque<Key>,
    /// Back from a carrier.
    returned: BinaryHeap<Reverse<(MessageId, Key)>>,
    /// Behind the queue, in the log only.
    pub(crate) backlog: Backlog,
    /// The front of the backlog has been asked for.
    pub(crate) is_asked: bool,
    /// So many of the backlog are to be routed again though no carrier takes from the lane.
    pub(crate) rethink: usize,
}

impl Lane {
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

#[derive(Debug, Default)]
pub(crate) struct Lanes {
    lanes: Vec<Lane>,
    index: FxHashMap<(PlanId, Class), u32>,
}

impl Lanes {
    fn lane_mut(&mut self, plan: PlanId, class: Class) -> Option<&mut Lane> {
        let lanes = &mut self.lanes;
        let place = *self.index.entry((plan, class)).or_insert_with(|| {
            lanes.push(Lane {
                plan,
                class,
                queue: VecDeque::new(),
                returned: BinaryHeap::new(),
                backlog: Backlog::default(),
                is_asked: false,
                rethink: 0,
            });
            lanes.len() as u32 - 1
        });
        self.lanes.get_mut(place as usize)
    }

    pub(crate) fn push_back(&mut self, plan: PlanId, class: Class, key: Key) {
        if let Some(lane) = self.lane_mut(plan, class) {
            lane.queue.push_back(key);
        }
    }

    /// Before all that has not been sent yet, in the order of acceptance.
    pub(crate) fn push_returned(&mut self, plan: PlanId, class: Class, id: MessageId, key: Key) {
        if let Some(lane) = self.lane_mut(plan, class) {
            lane.returned.push(Reverse((id, key)));
        }
    }

    /// Behind all that waits; what is in memory goes first.
    pub(crate) fn park(&mut self, plan: PlanId, class: Class, parked: Parked) {
        if let Some(lane) = self.lane_mut(plan, class) {
            lane.backlog.push(parked);
        }
    }

    /// As [`Self::park`], a list that one shard accepted.
    pub(crate) fn park_list(&mut self, plan: PlanId, class: Class, list: Vec<Parked>) {
        if let Some(lane) = self.lane_mut(plan, class) {
            lane.backlog.append(list);
        }
    }

    /// Takes a message out of whatever backlog it stands in.
    pub(crate) fn take_parked(&mut self, id: MessageId) -> Option<Parked> {
        let mut backlogs = self.lanes.iter_mut().map(|lane| &mut lane.backlog);
        backlogs.find_map(|backlog| backlog.take(id))
    }

    /// All that waits in this plan's backlogs is to be routed again.
    pub(crate) fn rethink(&mut self, plan: PlanId) {
        for lane in self.lanes.iter_mut().filter(|lane| lane.plan == plan) {
            lane.rethink = lane.backlog.len();
        }
    }

    pub(crate) fn find(&self, plan: PlanId, class: Class) -> Option<&Lane> {
        let place = *self.index.get(&(plan, class))?;
        self.lanes.get(place as usize)
    }

    pub(crate) fn get_mut(&mut self, place: usize) -> Option<&mut Lane> {
        self.lanes.get_mut(place)
    }

    pub(crate) fn len(&self) -> usize {
        self.lanes.len()
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
        self.lanes.iter()
    }
}
