//! Lanes that nothing waits in: given back, so that senders who come once leave no lane behind.
//!
//! Promise: a place is used again only when nothing speaks of it any more: no turn, no reading, no backlog, no queue job.
//! Bound: a lane is marked once; all that are marked are looked at together, now and then.

use super::Lanes;

impl Lanes {
    /// Its turn is over and nothing is in its memory.
    pub(super) fn mark_spent(&mut self, place: u32) {
        if let Some(lane) = self.lanes.get_mut(place as usize)
            && !std::mem::replace(&mut lane.is_spent, true)
        {
            self.spent.push(place);
        }
    }

    /// Gives empty lanes back. Not while a queue job is at work: it knows lanes by their places.
    pub(crate) fn give_back_empty(&mut self) {
        for place in std::mem::take(&mut self.spent) {
            let Some(lane) = self.lanes.get_mut(place as usize) else {
                continue;
            };
            lane.is_spent = false;
            if !lane.is_idle() {
                continue;
            }
            self.index.remove(&lane.key);
            *lane = super::Lane::of(lane.key, None);
            lane.is_free = true;
            self.free.push(place);
        }
    }
}
