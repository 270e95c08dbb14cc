//! Where what lies in an index. All numbers are little-endian.
//!
//! | part | octets | holds |
//! | --- | --- | --- |
//! | header | 64 | magic, version, length of the file, time of making, counts, checksums (CRC-32C) |
//! | blocks | told by the header, a multiple of 64 | blocks, each from an octet that 8 divides; eight octets free behind the last |
//! | levels | 8 a key, each level to a multiple of 64 | level 0: the first key of each block; level n + 1: every sixteenth key of level n; the last has sixteen at most |
//! | places | 4 a block, to a multiple of 8 | where each block begins, in units of 8 octets from the first |
//! | values | 4 a value | values, in the order of their small numbers |
//!
//! A block: count of its keys (u8), bits of a distance (u8), bits of a value (u8), 0, lowest value (u16), 0 (u16);
//! then the distances, then the values less the lowest, each part from a whole octet.

use super::IndexFault;
use super::bits::{u32_at, u64_at};

/// Most keys of a block.
pub const BLOCK_KEYS: usize = 128;
/// Most values of an index.
pub const VALUES_MAX: usize = 1 << 14;
/// The greatest key.
pub const KEY_MAX: u64 = (1 << super::bits::WIDTH_MAX) - 1;

pub(super) const VERSION: u32 = 1;
pub(super) const HEADER_OCTETS: usize = 64;
pub(super) const BLOCK_HEADER_OCTETS: usize = 8;
/// What the place of a block counts.
pub(super) const UNIT: usize = 8;
/// Keys of a level for each key above them.
pub(super) const FAN: usize = 16;
/// Sixteen to this power is more blocks than 32 bits count.
const LEVELS_MAX: usize = 9;
const LINE: u64 = 64;
/// Most keys that a header may claim.
const KEYS_MAX: u64 = 1_000_000_000_000_000;

/// What an index is of: files of one kind are none of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    /// Its first octets.
    pub magic: [u8; 8],
    /// "portability index"
    pub name: &'static str,
    /// The command that makes one.
    pub command: &'static str,
}

impl Kind {
    const fn magic(&self) -> u64 {
        u64::from_le_bytes(self.magic)
    }
}

/// The counts of an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) built_utc_s: u64,
    pub(super) keys: u64,
    pub(super) block_octets: u64,
    pub(super) blocks: u32,
    pub(super) values: u32,
    /// CRC-32C of the blocks.
    pub(super) blocks_crc: u32,
    /// CRC-32C of all behind them.
    pub(super) rest_crc: u32,
}

impl Header {
    pub(super) fn write(&self, kind: &Kind, length: u64) -> [u8; HEADER_OCTETS] {
        let mut octets = Vec::with_capacity(HEADER_OCTETS);
        octets.extend(kind.magic);
        octets.extend(VERSION.to_le_bytes());
        octets.extend(self.values.to_le_bytes());
        octets.extend(length.to_le_bytes());
        octets.extend(self.built_utc_s.to_le_bytes());
        octets.extend(self.keys.to_le_bytes());
        octets.extend(self.block_octets.to_le_bytes());
        octets.extend(self.blocks.to_le_bytes());
        octets.extend(self.blocks_crc.to_le_bytes());
        octets.extend(self.rest_crc.to_le_bytes());
        octets.extend(crc32c::crc32c(&octets).to_le_bytes());
        let mut header = [0; HEADER_OCTETS];
        header.copy_from_slice(&octets);
        header
    }

    /// Reads a header and compares it with the octets it stands before.
    pub(super) fn read(kind: &Kind, octets: &[u8]) -> Result<Self, IndexFault> {
        if u64_at(octets, 0) != Some(kind.magic()) {
            return Err(IndexFault::Foreign(*kind));
        }
        let found = octets.len() as u64;
        let stated = HEADER_OCTETS as u64;
        let header = octets.first_chunk::<HEADER_OCTETS>();
        let header = header.ok_or(IndexFault::Length { stated, found })?;
        let long = |at| u64_at(header, at).unwrap_or_default();
        let short = |at| u32_at(header, at).unwrap_or_default();
        if short(8) != VERSION {
            return Err(IndexFault::Version {
                found: short(8),
                known: VERSION,
            });
        }
        let checked = header.split_last_chunk::<4>();
        let crc = checked.map(|(before, _)| crc32c::crc32c(before));
        if crc != Some(short(60)) {
            let what = "the checksum of its header does not match";
            return Err(IndexFault::Spoiled { what });
        }
        if long(16) != found {
            let stated = long(16);
            return Err(IndexFault::Length { stated, found });
        }
        Ok(Self {
            values: short(12),
            built_utc_s: long(24),
            keys: long(32),
            block_octets: long(40),
            blocks: short(48),
            blocks_crc: short(52),
            rest_crc: short(56),
        })
    }
}

/// One level of keys.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Level {
    pub(super) at: usize,
    pub(super) keys: usize,
}

/// Where the parts lie.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    pub(super) header: Header,
    levels: [Level; LEVELS_MAX],
    depth: usize,
    pub(super) places_at: usize,
    pub(super) values_at: usize,
    pub(super) length: u64,
}

impl Layout {
    /// None where the counts of the header are beyond what can be.
    pub(super) fn of(header: Header) -> Option<Self> {
        let possible = header.values as usize <= VALUES_MAX
            && header.keys <= KEYS_MAX
            && header.block_octets <= u64::from(u32::MAX) * UNIT as u64
            && header.block_octets.is_multiple_of(LINE);
        if !possible {
            return None;
        }
        let mut at = HEADER_OCTETS as u64 + header.block_octets;
        let mut levels = [Level::default(); LEVELS_MAX];
        let (mut depth, mut keys) = (0, header.blocks as usize);
        for level in &mut levels {
            *level = Level {
                at: usize::try_from(at).ok()?,
                keys,
            };
            depth += 1;
            at += (keys as u64 * 8).next_multiple_of(LINE);
            if keys <= FAN {
                break;
            }
            keys = keys.div_ceil(FAN);
        }
        let places_at = usize::try_from(at).ok()?;
        at += (u64::from(header.blocks) * 4).next_multiple_of(8);
        let values_at = usize::try_from(at).ok()?;
        at += u64::from(header.values) * 4;
        Some(Self {
            header,
            levels,
            depth,
            places_at,
            values_at,
            length: at,
        })
    }

    /// The levels of keys, the greatest first.
    #[inline]
    pub(super) fn levels(&self) -> &[Level] {
        self.levels.get(..self.depth).unwrap_or_default()
    }
}

/// To how many octets a part of so many is filled up.
pub(super) const fn to_line(octets: usize) -> usize {
    octets.next_multiple_of(LINE as usize)
}
