//! Finding a number in an index.

use std::fmt;
use std::sync::Arc;

use carrack_message::{Msisdn, Network};

use super::bits::{self, u32_at, u64_at};
use super::layout::{BLOCK_HEADER_OCTETS, BLOCK_NUMBERS, FAN, HEADER_OCTETS, Header, Layout, UNIT};
use super::walk::Numbers;
use super::{NETWORKS_MAX, PortabilityFault};

/// Who holds the octets of an index: a file in memory, or just memory.
pub type Octets = Arc<dyn AsRef<[u8]> + Send + Sync>;

/// An index of ported numbers. A clone shares its octets; they are let go with the last one.
#[derive(Clone)]
pub struct Portability {
    octets: Octets,
    layout: Layout,
}

impl fmt::Debug for Portability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Portability")
            .field("numbers", &self.len())
            .field("octets", &self.layout.length)
            .finish_non_exhaustive()
    }
}

/// Lines of a block, its first apart, where numbers lie as close as they do in life.
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
    networks_at: usize,
    network_bits: u32,
    lowest_network: u64,
}

impl Portability {
    /// Takes octets that hold an index.
    ///
    /// # Errors
    /// They do not, or were cut or spoiled in their header, table or levels.
    pub fn open(octets: Octets) -> Result<Self, PortabilityFault> {
        let all = (*octets).as_ref();
        let header = Header::read(all)?;
        let spoiled = |what| PortabilityFault::Spoiled { what };
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

    /// The network that the number was ported to; none where it was not.
    #[inline]
    #[must_use]
    pub fn network(&self, to: Msisdn) -> Option<Network> {
        let all = (*self.octets).as_ref();
        let number = to.as_u64();
        let block = self.block(all, self.block_of(all, number)?)?;
        let index = block.find(number)?;
        self.named(all, block.network(index)?)
    }

    /// How many numbers it holds.
    #[must_use]
    pub const fn len(&self) -> u64 {
        self.layout.header.numbers
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

    /// The networks that numbers were ported to.
    pub fn networks(&self) -> impl Iterator<Item = Network> + '_ {
        let all = (*self.octets).as_ref();
        let count = (self.layout.header.networks as usize).min(NETWORKS_MAX) as u64;
        (0..count).filter_map(|place| self.named(all, place))
    }

    /// Every number and its network, rising. It ends early where the octets are spoiled; [`Portability::verify`] says so.
    #[must_use]
    pub fn numbers(&self) -> Numbers<'_> {
        Numbers::of(self)
    }

    /// Looks at every octet: checksums, the order of the numbers, their count, and that each has a network.
    ///
    /// # Errors
    /// What does not hold.
    pub fn verify(&self) -> Result<(), PortabilityFault> {
        let spoiled = |what| PortabilityFault::Spoiled { what };
        if crc32c::crc32c(self.blocks((*self.octets).as_ref())) != self.layout.header.blocks_crc {
            return Err(spoiled("the checksum of its blocks does not match"));
        }
        let (mut before, mut count) = (0, 0_u64);
        for (number, _) in self.numbers() {
            if number.as_u64() <= before {
                return Err(spoiled("its numbers do not rise"));
            }
            before = number.as_u64();
            count += 1;
        }
        if count != self.len() {
            return Err(spoiled("it holds another count of numbers than it says"));
        }
        Ok(())
    }

    pub(super) fn block_count(&self) -> usize {
        self.layout.header.blocks as usize
    }

    pub(super) fn block_at(&self, place: usize) -> Option<Block<'_>> {
        self.block((*self.octets).as_ref(), place)
    }

    pub(super) fn network_named(&self, place: u64) -> Option<Network> {
        self.named((*self.octets).as_ref(), place)
    }

    fn blocks<'a>(&self, all: &'a [u8]) -> &'a [u8] {
        let end = self.layout.levels().first().map_or(0, |level| level.at);
        all.get(HEADER_OCTETS..end).unwrap_or_default()
    }

    /// The last block that begins at or below the number.
    #[inline]
    fn block_of(&self, all: &[u8], number: u64) -> Option<usize> {
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
                .map(|key| usize::from(u64::from_le_bytes(*key) <= number))
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
        let [count, distance_bits, network_bits, _, low, high, _, _] =
            u64_at(blocks, at)?.to_le_bytes();
        let (distance_bits, network_bits) = (u32::from(distance_bits), u32::from(network_bits));
        let count = usize::from(count);
        let fits = (1..=BLOCK_NUMBERS).contains(&count)
            && distance_bits <= bits::WIDTH_MAX
            && network_bits <= bits::WIDTH_MAX;
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
            networks_at: distances_at + bits::octets_of(count, distance_bits),
            network_bits,
            lowest_network: u64::from(u16::from_le_bytes([low, high])),
        })
    }

    #[inline]
    fn named(&self, all: &[u8], place: u64) -> Option<Network> {
        if place >= u64::from(self.layout.header.networks) {
            return None;
        }
        let value = u32_at(all, self.layout.networks_at + place as usize * 4)?;
        Some(Network::from_u32(value)).filter(|network| network.is_known())
    }
}

impl Block<'_> {
    /// The place of a number in the block.
    #[inline]
    fn find(&self, number: u64) -> Option<usize> {
        let wanted = number.checked_sub(self.first)?;
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

    /// The small number of the network of a place.
    #[inline]
    pub(super) fn network(&self, index: usize) -> Option<u64> {
        let above = bits::read(self.blocks, self.networks_at, index, self.network_bits)?;
        self.lowest_network.checked_add(above)
    }
}
