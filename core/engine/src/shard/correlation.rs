//! Which segment a receipt speaks of: eight octets a submitted segment, checked against the id in the message.
//!
//! Ids are looked up in their folded form; of several segments with one id the recipient's number decides, then the one
//! without a final receipt, then the newest (trap T45).
//!
//! Bound: one entry a submitted segment without a final receipt; ids that were settled lately are remembered in a ring,
//! so that a receipt that comes twice is not taken for an early one.

use std::collections::VecDeque;
use std::hash::{BuildHasher, Hasher};

use carrack_message::carrier_id::IdRule;
use carrack_message::{MessageId, Msisdn};
use hashbrown::HashTable;
use rustc_hash::{FxBuildHasher, FxHashMap};

use super::live::{Key, LiveMessages, Segment, SegmentState};
use super::matching;
use super::numbers::{Agreement, Numbers};

/// Ids remembered after their end.
const SETTLED_MAX: usize = 65_536;

#[derive(Debug, Clone, Copy)]
struct Entry {
    tag: u32,
    slot: u32,
}

/// A segment that nothing more is to come of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Settled {
    pub(crate) message: MessageId,
    pub(crate) to: Msisdn,
    pub(crate) segment: u8,
    /// Whether its message is at its end; else only the copy at this carrier.
    pub(crate) ended: bool,
}

/// A segment that carries an id.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Found {
    pub(crate) key: Key,
    pub(crate) segment: u8,
    pub(crate) agreement: Agreement,
    open: bool,
    message: MessageId,
}

impl Found {
    /// Greater is likelier.
    pub(crate) fn rank(&self) -> (Agreement, bool, MessageId) {
        (self.agreement, self.open, self.message)
    }
}

#[derive(Debug, Default)]
pub(crate) struct Correlation {
    table: HashTable<Entry>,
    /// Places in the ring by hash of the id, counted from the first that was ever in it.
    settled: FxHashMap<u64, u64>,
    ring: VecDeque<(u64, Settled)>,
    ring_begins: u64,
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
    /// Enters a segment under its folded id.
    pub(crate) fn insert(&mut self, carrier: u16, folded: &[u8], slot: u32) {
        let tag = hash(carrier, folded) as u32;
        self.table
            .insert_unique(spread(tag), Entry { tag, slot }, |entry| spread(entry.tag));
    }

    /// The likeliest segment that carries this folded id, and how many do.
    pub(crate) fn find(
        &self,
        carrier: u16,
        rule: &IdRule,
        folded: &[u8],
        numbers: Numbers,
        live: &LiveMessages,
    ) -> (Option<Found>, usize) {
        if folded.is_empty() {
            return (None, 0);
        }
        let tag = hash(carrier, folded) as u32;
        let (mut best, mut count): (Option<Found>, usize) = (None, 0);
        let entries = self.table.iter_hash(spread(tag));
        for entry in entries.filter(|entry| entry.tag == tag) {
            let Some(message) = live
                .at(entry.slot)
                .filter(|message| message.carrier == Some(carrier))
            else {
                continue;
            };
            // A folded id is folded already: most ids need no folding to be compared.
            let carries = |id: &[u8]| {
                id == folded || (!id.is_empty() && matching::folded(rule, id).as_slice() == folded)
            };
            let is_open = |segment: &Segment| !matches!(segment.state, SegmentState::Done(_));
            // Where several parts have one id, the receipt means one that is still open.
            let position = |wanted: &dyn Fn(&Segment) -> bool| {
                let mut parts = message.segments.iter();
                parts.position(|segment| wanted(segment) && carries(&segment.carrier_id))
            };
            let place = position(&is_open).or_else(|| position(&|_| true));
            let (Some(place), Some(key)) = (place, live.key_at(entry.slot)) else {
                continue;
            };
            count += 1;
            let found = Found {
                key,
                segment: place as u8,
                agreement: numbers.agree_with(message.to),
                open: message
                    .segments
                    .get(place)
                    .is_some_and(|segment| !matches!(segment.state, SegmentState::Done(_))),
                message: message.id,
            };
            if best.is_none_or(|best| found.rank() > best.rank()) {
                best = Some(found);
            }
        }
        (best, count)
    }

    /// Takes a segment out, and remembers for a while that there was one.
    pub(crate) fn remove(&mut self, carrier: u16, folded: &[u8], slot: u32, settled: Settled) {
        self.forget(carrier, folded, slot);
        self.remember(carrier, folded, settled);
    }

    /// Takes a segment out.
    pub(crate) fn forget(&mut self, carrier: u16, folded: &[u8], slot: u32) {
        let tag = hash(carrier, folded) as u32;
        if let Ok(entry) = self
            .table
            .find_entry(spread(tag), |entry| entry.tag == tag && entry.slot == slot)
        {
            entry.remove();
        }
    }

    /// Remembers an id of which nothing more is to come.
    pub(crate) fn remember(&mut self, carrier: u16, folded: &[u8], settled: Settled) {
        let hash = hash(carrier, folded);
        if self.ring.len() >= SETTLED_MAX
            && let Some((oldest, _)) = self.ring.pop_front()
        {
            if self.settled.get(&oldest) == Some(&self.ring_begins) {
                self.settled.remove(&oldest);
            }
            self.ring_begins += 1;
        }
        self.settled
            .insert(hash, self.ring_begins + self.ring.len() as u64);
        self.ring.push_back((hash, settled));
    }

    /// The segment with this folded id that was settled lately.
    pub(crate) fn settled(&self, carrier: u16, folded: &[u8]) -> Option<Settled> {
        let place = self.settled.get(&hash(carrier, folded))?;
        let place = usize::try_from(place.checked_sub(self.ring_begins)?).ok()?;
        self.ring.get(place).map(|(_, settled)| *settled)
    }

    pub(crate) fn len(&self) -> usize {
        self.table.len()
    }
}
