//! Lanes: what waits, by the carriers it may take and its class.
//!
//! A lane belongs to a plan (the ordered carriers of a message), not to one carrier: when a carrier goes down nothing
//! moves, the next carrier of the plan is simply the one that takes from the lane; when it is back, so is the order of
//! price. A lane whose carriers are all down costs nothing.
//!
//! What comes back from a carrier goes before the rest, the oldest first: a burst of refusals keeps the order (trap T14).
//!
//! Bound: as many entries as live messages; a cancelled or moved message leaves a stale key that is passed over.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use carrack_message::{Class, MessageId};
use carrack_routing::PlanId;
use rustc_hash::FxHashMap;

use super::live::Key;

#[derive(Debug)]
pub(crate) struct Lane {
    pub(crate) plan: PlanId,
    pub(crate) class: Class,
    queue: VecDeque<Key>,
    /// Back from a carrier.
    returned: BinaryHeap<Reverse<(MessageId, Key)>>,
}

impl Lane {
    pub(crate) fn is_empty(&self) -> bool {
        self.queue.is_empty() && self.returned.is_empty()
    }

    pub(crate) fn waiting(&self) -> usize {
        self.queue.len() + self.returned.len()
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
