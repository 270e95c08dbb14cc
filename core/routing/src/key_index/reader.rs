//! Finding a key in an index.

use std::fmt;
use std::sync::Arc;

use super::bits::{self, u32_at, u64_at};
use super::layout::{BLOCK_HEADER_OCTETS, BLOCK_KEYS, FAN, HEADER_OCTETS, Header, Layout, UNIT};
use super::walk::Keys;
use super::{IndexFault, Kind, VALUES_MAX};

/// Who holds the octets of an index: a file in memory, or just memory.
pub type Octets = Arc<dyn AsRef<[u8]> + Send + Sync>;

/// An index. A clone shares its octets; they are let go with the last one.
#[derive(Clone)]
pub struct KeyIndex {
    octets: Octets,
    layout: Layout,
}

impl fmt::Debug for KeyIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyIndex")
            .field("keys", &self.len())
            .field("octets", &self.layout.length)
            .finish_non_exhaustive()
    }
}

/// Lines of a block, its first apart, where keys lie as close as telephone numbers do in life.
const LINES_AHEAD: usize = 4;

/// Lets the processor fetch an octet that is needed soon; whether it is there is of no matter.
#[inline]
fn touch(octets: &[u8], at: usize) {
    std::hint::black_box(octets.get(at).copied());
}

/// A block whose parts lie within the octets of the blocks.
#[derive(Clone, Copy)]
pub(super) struct Block<'a> {
    blocks: &'a [u8],
    pub(super) first: u64,
    pub(super) count: usize,
    distances_at: usize,
    distance_bits: u32,
    values_at: usize,
    value_bits: u32,
    lowest_value: u64,
}

impl KeyIndex {
    /// Takes octets that hold an index of this kind.
    ///
    /// # Errors
    /// They do not, or were cut or spoiled in their header, table or levels.
    pub fn open(kind: &Kind, octets: Octets) -> Result<Self, IndexFault> {
        let all = (*octets).as_ref();
        let header = Header::read(kind, all)?;
        let spoiled = |what| IndexFault::Spoiled { what };
        let layout = Layout::of(header)
            .filter(|layout| layout.length == all.len() as u64)
            .ok_or(spoiled("the counts of its header do not fit its length"))?;
        let rest_at = layout.levels().first().map_or(0, |level| level.at);
        let rest = all.get(rest_at..).unwrap_or_default();
        if crc32c::crc32c(rest) != header.rest_crc {
            return Err(spoiled("the checksum of its levels does not match"));
        }
        Ok(Self { octets, layout })
    }

    /// The value of a key; none where it is not there.
    #[inline]
    #[must_use]
    pub fn value(&self, key: u64) -> Option<u32> {
        let all = (*self.octets).as_ref();
        let block = self.block(all, self.block_of(all, key)?)?;
        let index = block.find(key)?;
        self.named(all, block.value(index)?)
    }

    /// How many keys it holds.
    #[must_use]
    pub const fn len(&self) -> u64 {
        self.layout.header.keys
    }

    /// Whether it holds none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many octets it takes.
    #[must_use]
    pub const fn octets(&self) -> u64 {
        self.layout.length
    }

    /// When it was made, in seconds of Unix time.
    #[must_use]
    pub const fn built_utc_s(&self) -> u64 {
        self.layout.header.built_utc_s
    }

    /// The values that keys have.
    pub fn values(&self) -> impl Iterator<Item = u32> + '_ {
        let all = (*self.octets).as_ref();
        let count = (self.layout.header.values as usize).min(VALUES_MAX) as u64;
        (0..count).filter_map(|place| self.named(all, place))
    }

    /// Every key and its value, rising. It ends early where the octets are spoiled; [`KeyIndex::verify`] says so.
    #[must_use]
    pub fn keys(&self) -> Keys<'_> {
        Keys::of(self)
    }

    /// Looks at every octet: checksums, the order of the keys, their count, and that each has a value that is `good`.
    ///
    /// # Errors
    /// What does not hold.
    pub fn verify(&self, good: impl Fn(u64, u32) -> bool) -> Result<(), IndexFault> {
        let spoiled = |what| IndexFault::Spoiled { what };
        if crc32c::crc32c(self.blocks((*self.octets).as_ref())) != self.layout.header.blocks_crc {
            return Err(spoiled("the checksum of its blocks does not match"));
        }
        let (mut before, mut count) = (None, 0_u64);
        for (key, value) in self.keys() {
            if before.is_some_and(|before| key <= before) {
                return Err(spoiled("its keys do not rise"));
            }
            if !good(key, value) {
                return Err(spoiled("it holds a key or a value that cannot be"));
            }
            before = Some(key);
            count += 1;
        }
        if count != self.len() {
            return Err(spoiled("it holds another count of keys than it says"));
        }
        Ok(())
    }

    pub(super) fn block_count(&self) -> usize {
        self.layout.header.blocks as usize
    }

    pub(super) fn block_at(&self, place: usize) -> Option<Block<'_>> {
        self.block((*self.octets).as_ref(), place)
    }

    pub(super) fn value_named(&self, place: u64) -> Option<u32> {
        self.named((*self.octets).as_ref(), place)
    }

    fn blocks<'a>(&self, all: &'a [u8]) -> &'a [u8] {
        let end = self.layout.levels().first().map_or(0, |level| level.at);
        all.get(HEADER_OCTETS..end).unwrap_or_default()
    }

    /// The last block that begins at or below the key.
    #[inline]
    fn block_of(&self, all: &[u8], wanted: u64) -> Option<usize> {
        let mut place = 0;
        for level in self.layout.levels().iter().rev() {
            let from = place * FAN;
            // On the last level this is where the place of the block will be read: both come from memory at once.
            touch(all, self.layout.places_at + from * 4);
            let keys = level.keys.checked_sub(from)?.min(FAN);
            let at = level.at + from * 8;
            let (keys, _) = all.get(at..at + keys * 8)?.as_chunks::<8>();
            // All sixteen are compared: no branch of it is foreseeable, and they lie in two cache lines.
            let below = keys
                .iter()
                .map(|key| usize::from(u64::from_le_bytes(*key) <= wanted))
                .sum::<usize>();
            place = from + below.checked_sub(1)?;
        }
        Some(place)
    }

    #[inline]
    fn block<'a>(&self, all: &'a [u8], place: usize) -> Option<Block<'a>> {
        let level = self.layout.levels().first()?;
        let first = u64_at(all, level.at + place * 8)?;
        let at = u32_at(all, self.layout.places_at + place * 4)? as usize * UNIT;
        let blocks = self.blocks(all);
        // All lines of the block come from memory at once, not one after the other as it is searched.
        for line in 1..=LINES_AHEAD {
            touch(blocks, at + line * 64);
        }
        let [count, distance_bits, value_bits, _, low, high, _, _] =
            u64_at(blocks, at)?.to_le_bytes();
        let (distance_bits, value_bits) = (u32::from(distance_bits), u32::from(value_bits));
        let count = usize::from(count);
        let fits = (1..=BLOCK_KEYS).contains(&count)
            && distance_bits <= bits::WIDTH_MAX
            && value_bits <= bits::WIDTH_MAX;
        if !fits {
            return None;
        }
        let distances_at = at + BLOCK_HEADER_OCTETS;
        Some(Block {
            blocks,
            first,
            count,
            distances_at,
            distance_bits,
            values_at: distances_at + bits::octets_of(count, distance_bits),
            value_bits,
            lowest_value: u64::from(u16::from_le_bytes([low, high])),
        })
    }

    #[inline]
    fn named(&self, all: &[u8], place: u64) -> Option<u32> {
        if place >= u64::from(self.layout.header.values) {
            return None;
        }
        u32_at(all, self.layout.values_at + place as usize * 4)
    }
}

impl Block<'_> {
    /// The place of a key in the block.
    #[inline]
    fn find(&self, key: u64) -> Option<usize> {
        let wanted = key.checked_sub(self.first)?;
        // The last place whose distance is not above the one wanted; the halves are told apart without a branch.
        let (mut from, mut length) = (0, self.count);
        while length > 1 {
            let half = length / 2;
            let middle = self.distance(from + half)?;
            from = if middle <= wanted { from + half } else { from };
            length -= half;
        }
        (self.distance(from)? == wanted).then_some(from)
    }

    #[inline]
    pub(super) fn distance(&self, index: usize) -> Option<u64> {
        bits::read(self.blocks, self.distances_at, index, self.distance_bits)
    }

    /// The small number of the value of a place.
    #[inline]
    pub(super) fn value(&self, index: usize) -> Option<u64> {
        let above = bits::read(self.blocks, self.values_at, index, self.value_bits)?;
        self.lowest_value.checked_add(above)
    }
}
