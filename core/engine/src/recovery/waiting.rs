//! What was accepted and nothing else is known of: twelve octets a message, until a record speaks of it; then six to twenty in its lane's line.
//!
//! Bound: what the log holds from the first message that waits on, shard by shard and epoch by epoch; a run of frames
//! whose messages were all spoken of takes nothing. It never fails: what it cannot hold is said so.

use std::collections::BTreeMap;

use carrack_message::MessageId;
use rustc_hash::FxHashMap;

use super::ways::LaneName;
use crate::shard::{Home, Line, Parked};

/// Where the record of a message lies in its frame, and the lane it waits in.
#[derive(Debug, Clone, Copy)]
struct Slot {
    offset: u32,
    expires_s: u32,
    index: u16,
    lane: LaneName,
}

/// Slots of a segment; a list of segments grows without copying itself.
const SEGMENT: usize = 1 << 16;

/// Slots in the order in which they came.
#[derive(Debug, Default)]
struct Slots {
    segments: Vec<Vec<Slot>>,
    len: usize,
}

impl Slots {
    fn push(&mut self, slot: Slot) {
        match self.segments.last_mut().filter(|last| last.len() < SEGMENT) {
            Some(last) => last.push(slot),
            None => self.segments.push(vec![slot]),
        }
        self.len += 1;
    }

    fn get(&self, at: usize) -> Option<&Slot> {
        self.segments.get(at / SEGMENT)?.get(at % SEGMENT)
    }

    fn get_mut(&mut self, at: usize) -> Option<&mut Slot> {
        self.segments.get_mut(at / SEGMENT)?.get_mut(at % SEGMENT)
    }

    /// Between two places whose slots are in the order of their index.
    fn find(&self, begin: usize, end: usize, index: u16) -> Option<usize> {
        let (mut low, mut high) = (begin, end);
        while low < high {
            let middle = low + (high - low) / 2;
            match self.get(middle)?.index.cmp(&index) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Equal => return Some(middle),
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        None
    }
}

/// What one shard accepted in one epoch.
#[derive(Debug, Default)]
struct Group {
    slots: Slots,
    /// Place of the first slot of each frame, from frame `first_frame` on.
    begins: Vec<u32>,
    first_frame: u32,
    waiting: usize,
}

impl Group {
    fn push(&mut self, frame: u32, slot: Slot) -> bool {
        let Some(at) = frame.checked_sub(self.first_frame) else {
            return false;
        };
        let at = at as usize;
        if at + 1 < self.begins.len() {
            return false;
        }
        let begin = self.slots.len as u32;
        self.begins.resize(self.begins.len().max(at + 1), begin);
        self.slots.push(slot);
        self.waiting += 1;
        true
    }

    fn take(&mut self, frame: u32, index: u16) -> Option<Slot> {
        let at = frame.checked_sub(self.first_frame)? as usize;
        let begin = *self.begins.get(at)? as usize;
        let end = self
            .begins
            .get(at + 1)
            .map_or(self.slots.len, |end| *end as usize);
        let found = self.slots.find(begin, end, index)?;
        let slot = self.slots.get_mut(found)?;
        let taken = (slot.lane != LaneName::NONE).then_some(*slot)?;
        slot.lane = LaneName::NONE;
        self.waiting -= 1;
        if self.waiting == 0 {
            // All up to here were spoken of.
            self.first_frame = self.first_frame.saturating_add(self.begins.len() as u32);
            self.slots = Slots::default();
            self.begins.clear();
        }
        Some(taken)
    }
}

/// The untouched messages of a log.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    groups: BTreeMap<(u32, u8), Group>,
    /// Where those lie that came back from the shelf: their ids do not say.
    elsewhere: FxHashMap<u128, Home>,
    count: usize,
}

impl Waiting {
    /// Notes a message. False: it does not follow on what its shard accepted before.
    pub(super) fn push(
        &mut self,
        id: MessageId,
        home: Home,
        offset: u32,
        expires_utc_ns: u64,
        lane: LaneName,
    ) -> bool {
        let slot = Slot {
            offset,
            expires_s: Parked::seconds(expires_utc_ns),
            index: home.index,
            lane,
        };
        let group = self.groups.entry((home.epoch, home.shard)).or_default();
        let pushed = group.push(home.number, slot);
        self.count += usize::from(pushed);
        if pushed && home != Home::of(id) {
            self.elsewhere.insert(id.0, home);
        }
        pushed
    }

    /// A record speaks of it: it is no longer here. Gives where its record lies, and at which octet.
    pub(super) fn take(&mut self, id: u128) -> Option<(Home, u32)> {
        if self.count == 0 {
            return None;
        }
        let elsewhere = self.elsewhere.get(&id).copied();
        let home = elsewhere.unwrap_or(Home::of(MessageId(id)));
        let group = self.groups.get_mut(&(home.epoch, home.shard))?;
        let slot = group.take(home.number, home.index)?;
        self.elsewhere.remove(&id);
        self.count -= 1;
        Some((home, slot.offset))
    }

    /// Those that wait where their ids do not say.
    pub(super) fn elsewhere(&mut self) -> FxHashMap<u128, Home> {
        std::mem::take(&mut self.elsewhere)
    }

    pub(crate) fn len(&self) -> usize {
        self.count
    }

    /// Messages by lane and by the shard that accepted them, each list in the order of acceptance.
    pub(super) fn into_lists(self) -> BTreeMap<(LaneName, u8), Line> {
        let mut lists: BTreeMap<(LaneName, u8), Line> = BTreeMap::new();
        for ((epoch, shard), group) in self.groups {
            let mut ends = group.begins.iter().skip(1).map(|end| *end as usize);
            let (mut frame, mut end) = (group.first_frame, ends.next());
            for (at, slot) in group.slots.segments.into_iter().flatten().enumerate() {
                // A frame without such messages has no slot.
                while end.is_some_and(|end| end <= at) {
                    (frame, end) = (frame.saturating_add(1), ends.next());
                }
                if slot.lane != LaneName::NONE {
                    let place = (epoch, shard, frame);
                    let parked = Parked::at(place, slot.index, slot.offset, slot.expires_s);
                    lists
                        .entry((slot.lane, shard))
                        .or_default()
                        .push_back(parked);
                }
            }
        }
        lists
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use std::collections::BTreeSet;

    use carrack_message::MessageIdParts;
    use proptest::prelude::*;

    use super::*;

    fn id(epoch: u32, shard: u8, frame: u32, index: u16) -> MessageId {
        MessageId::new(MessageIdParts {
            utc_ms: 1_700_000_000_000,
            epoch,
            node: 0,
            shard,
            frame,
            index,
        })
    }

    proptest! {
        /// Whatever was spoken of in between, the rest comes out once, in order, where it was put.
        #[test]
        fn what_nothing_spoke_of_comes_out_in_order(
            accepted in prop::collection::btree_set((1u32..4, 0u8..2, 0u32..20, 0u16..6), 1..200),
            spoken in prop::collection::vec((any::<prop::sample::Index>(), any::<bool>()), 0..200),
        ) {
            let all: Vec<_> = accepted.iter().copied().collect();
            let mut waiting = Waiting::default();
            let (mut here, mut refused) = (BTreeSet::new(), 0);
            let mut spoken = spoken.into_iter();
            for (at, (epoch, shard, frame, index)) in all.iter().copied().enumerate() {
                let id = id(epoch, shard, frame, index);
                if waiting.push(id, Home::of(id), at as u32, u64::MAX, LaneName(index % 3)) {
                    here.insert((epoch, shard, frame, index));
                } else {
                    refused += 1;
                }
                if let Some((which, true)) = spoken.next() {
                    let (epoch, shard, frame, index) = all[which.index(at + 1)];
                    let taken = waiting.take(super::tests::id(epoch, shard, frame, index).0);
                    prop_assert_eq!(taken.is_some(), here.remove(&(epoch, shard, frame, index)));
                }
                prop_assert_eq!(waiting.len(), here.len());
            }
            // Only what lies in a frame whose messages were all spoken of already.
            prop_assert!(refused <= all.len() - here.len());
            let mut out = BTreeSet::new();
            for ((lane, shard), list) in waiting.into_lists() {
                let places: Vec<_> = list.iter().map(|parked| parked.place()).collect();
                prop_assert!(places.is_sorted_by(|one, next| one < next));
                for parked in list.iter() {
                    prop_assert_eq!(lane, LaneName(parked.index % 3));
                    prop_assert_eq!(shard, parked.shard);
                    out.insert((parked.epoch, parked.shard, parked.number, parked.index));
                }
            }
            prop_assert_eq!(out, here);
        }
    }
}
