//! Which segment a receipt speaks of: eight octets a submitted segment, checked against the id in the message.
//!
//! Bound: one entry a submitted segment without a final receipt; ids that were settled lately are remembered in a ring,
//! so that a receipt that comes twice is not taken for an early one.

use std::collections::VecDeque;
use std::hash::{BuildHasher, Hasher};

use hashbrown::HashTable;
use rustc_hash::{FxBuildHasher, FxHashSet};

use super::live::{Key, LiveMessages};

/// Ids remembered after their end.
const SETTLED_MAX: usize = 65_536;

#[derive(Debug, Clone, Copy)]
struct Entry {
    tag: u32,
    slot: u32,
}

#[derive(Debug, Default)]
pub(crate) struct Correlation {
    table: HashTable<Entry>,
    settled: FxHashSet<u64>,
    settled_order: VecDeque<u64>,
}

fn hash(carrier: u16, id: &[u8]) -> u64 {
    let mut hasher = FxBuildHasher.build_hasher();
    hasher.write_u16(carrier);
    hasher.write(id);
    // Fx leaves its entropy in the high bits; the table wants it in all.
    let hash = hasher.finish();
    hash ^ (hash >> 32)
}

/// A 32-bit tag spread over the 64 bits that the table wants: rehashing must not need the id.
fn spread(tag: u32) -> u64 {
    u64::from(tag).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

impl Correlation {
    pub(crate) fn insert(&mut self, carrier: u16, id: &[u8], slot: u32) {
        let hash = hash(carrier, id);
        // A carrier that uses an id again means the new segment by it.
        self.settled.remove(&hash);
        let tag = hash as u32;
        self.table
            .insert_unique(spread(tag), Entry { tag, slot }, |entry| spread(entry.tag));
    }

    /// The segment that carries this id, newest entry first where a carrier gives one id twice.
    pub(crate) fn find(&self, carrier: u16, id: &[u8], live: &LiveMessages) -> Option<(Key, u8)> {
        let tag = hash(carrier, id) as u32;
        let mut found = None;
        for entry in self
            .table
            .iter_hash(spread(tag))
            .filter(|entry| entry.tag == tag)
        {
            let Some(message) = live
                .at(entry.slot)
                .filter(|message| message.carrier == Some(carrier))
            else {
                continue;
            };
            let segment = message
                .segments
                .iter()
                .position(|segment| segment.carrier_id.as_slice() == id);
            if let (Some(segment), Some(key)) = (segment, live.key_at(entry.slot)) {
                let newer = found.is_none_or(|(_, _, id)| message.id > id);
                if newer {
                    found = Some((key, segment as u8, message.id));
                }
            }
        }
        found.map(|(key, segment, _)| (key, segment))
    }

    pub(crate) fn remove(&mut self, carrier: u16, id: &[u8], slot: u32) {
        let hash = hash(carrier, id);
        let tag = hash as u32;
        if let Ok(entry) = self
            .table
            .find_entry(spread(tag), |entry| entry.tag == tag && entry.slot == slot)
        {
            entry.remove();
        }
        if self.settled_order.len() >= SETTLED_MAX
            && let Some(oldest) = self.settled_order.pop_front()
        {
            self.settled.remove(&oldest);
        }
        if self.settled.insert(hash) {
            self.settled_order.push_back(hash);
        }
    }

    /// Whether a message with this id ended lately.
    pub(crate) fn was_settled(&self, carrier: u16, id: &[u8]) -> bool {
        self.settled.contains(&hash(carrier, id))
    }

    pub(crate) fn len(&self) -> usize {
        self.table.len()
    }
}
