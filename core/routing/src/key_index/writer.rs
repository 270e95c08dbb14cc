//! Writing an index from keys that rise.
//!
//! Promise: what was written is what [`KeyIndex`](super::KeyIndex) reads. Bounded: a block of keys and twelve
//! octets a block written are held (ten million octets for a hundred million keys). The header is written last: a file that
//! was cut short on its way is no index.

use std::io::{Seek, SeekFrom, Write};

use rustc_hash::FxHashMap;

use super::bits::{self, width_of};
use super::layout::{FAN, HEADER_OCTETS, Header, Layout, UNIT, to_line};
use super::{BLOCK_KEYS, KEY_MAX, KeyWriteFault, Kind, VALUES_MAX};

/// Most octets of blocks: what the place of a block can say.
const BLOCK_OCTETS_MAX: u64 = u32::MAX as u64 * UNIT as u64 - 4096;
/// Octets behind the last block, so that eight can be read anywhere.
const FREE: usize = 8;

/// What was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IndexSummary {
    /// Keys.
    pub keys: u64,
    /// Different values.
    pub values: usize,
    /// Octets in all.
    pub octets: u64,
}

/// Writes an index.
pub struct KeyWriter<W> {
    out: W,
    kind: Kind,
    built_utc_s: u64,
    /// Keys of the open block, and the small numbers of their values.
    open: Vec<(u64, u16)>,
    before: Option<u64>,
    keys: u64,
    values: Vec<u32>,
    small: FxHashMap<u32, u16>,
    /// The first key of each block written, and its place.
    firsts: Vec<u64>,
    places: Vec<u32>,
    written: u64,
    crc: u32,
    /// The block as octets; kept for its room.
    octets: Vec<u8>,
}

impl<W: Write + Seek> KeyWriter<W> {
    /// Begins at the front of `out`; `built_utc_s` is what the index will say of its making.
    ///
    /// # Errors
    /// `out` fails.
    pub fn new(kind: &Kind, mut out: W, built_utc_s: u64) -> Result<Self, KeyWriteFault> {
        out.seek(SeekFrom::Start(0))?;
        out.write_all(&[0; HEADER_OCTETS])?;
        Ok(Self {
            out,
            kind: *kind,
            built_utc_s,
            open: Vec::with_capacity(BLOCK_KEYS),
            before: None,
            keys: 0,
            values: Vec::new(),
            small: FxHashMap::default(),
            firsts: Vec::new(),
            places: Vec::new(),
            written: 0,
            crc: 0,
            octets: Vec::new(),
        })
    }

    /// Adds a key, which has to be above all before and at most [`KEY_MAX`].
    ///
    /// # Errors
    /// It is not; or `out` fails, or a bound is reached.
    pub fn push(&mut self, key: u64, value: u32) -> Result<(), KeyWriteFault> {
        if let Some(before) = self.before.filter(|before| key <= *before) {
            return Err(KeyWriteFault::Order { before, key });
        }
        if key > KEY_MAX {
            let before = KEY_MAX;
            return Err(KeyWriteFault::Order { before, key });
        }
        let small = self.small_of(value)?;
        self.open.push((key, small));
        self.before = Some(key);
        self.keys += 1;
        if self.open.len() == BLOCK_KEYS {
            self.close_block()?;
        }
        Ok(())
    }

    /// Writes what is left, and the header. `out` is to be flushed by whoever gets it back.
    ///
    /// # Errors
    /// `out` fails.
    pub fn finish(mut self) -> Result<(W, IndexSummary), KeyWriteFault> {
        self.close_block()?;
        let block_octets = to_line(self.written as usize + FREE);
        let free = vec![0; block_octets - self.written as usize];
        self.out.write_all(&free)?;
        let mut header = Header {
            built_utc_s: self.built_utc_s,
            keys: self.keys,
            block_octets: block_octets as u64,
            blocks: self.places.len() as u32,
            values: self.values.len() as u32,
            blocks_crc: crc32c::crc32c_append(self.crc, &free),
            rest_crc: 0,
        };
        let rest = self.rest();
        header.rest_crc = crc32c::crc32c(&rest);
        self.out.write_all(&rest)?;
        let length = (HEADER_OCTETS + block_octets + rest.len()) as u64;
        debug_assert_eq!(Layout::of(header).map(|layout| layout.length), Some(length));
        self.out.seek(SeekFrom::Start(0))?;
        self.out.write_all(&header.write(&self.kind, length))?;
        let summary = IndexSummary {
            keys: self.keys,
            values: self.values.len(),
            octets: length,
        };
        Ok((self.out, summary))
    }

    /// Values get their small numbers as they come: those of keys beside each other are often alike.
    fn small_of(&mut self, value: u32) -> Result<u16, KeyWriteFault> {
        if let Some(small) = self.small.get(&value) {
            return Ok(*small);
        }
        if self.values.len() == VALUES_MAX {
            return Err(KeyWriteFault::Values { most: VALUES_MAX });
        }
        let small = self.values.len() as u16;
        self.values.push(value);
        self.small.insert(value, small);
        Ok(small)
    }

    fn close_block(&mut self) -> Result<(), KeyWriteFault> {
        let (Some((first, _)), Some((last, _))) = (self.open.first(), self.open.last()) else {
            return Ok(());
        };
        let first = *first;
        let smalls = || self.open.iter().map(|(_, small)| *small);
        let lowest = smalls().min().unwrap_or_default();
        let highest = smalls().max().unwrap_or_default();
        let distance_bits = width_of(last - first);
        let value_bits = width_of(u64::from(highest - lowest));
        self.octets.clear();
        let sizes = [
            self.open.len() as u8,
            distance_bits as u8,
            value_bits as u8,
            0,
        ];
        self.octets.extend(sizes);
        self.octets.extend(u32::from(lowest).to_le_bytes());
        let distances = self.open.iter().map(|(key, _)| key - first);
        bits::write(&mut self.octets, distance_bits, distances);
        let values = smalls().map(|small| u64::from(small - lowest));
        bits::write(&mut self.octets, value_bits, values);
        let whole = self.octets.len().next_multiple_of(UNIT);
        self.octets.resize(whole, 0);
        if self.written + whole as u64 > BLOCK_OCTETS_MAX {
            let octets_max = BLOCK_OCTETS_MAX;
            return Err(KeyWriteFault::TooLarge { octets_max });
        }
        self.firsts.push(first);
        self.places.push((self.written / UNIT as u64) as u32);
        self.out.write_all(&self.octets)?;
        self.crc = crc32c::crc32c_append(self.crc, &self.octets);
        self.written += whole as u64;
        self.open.clear();
        Ok(())
    }

    /// Levels, places and values.
    fn rest(&mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        let mut keys = std::mem::take(&mut self.firsts);
        loop {
            let whole = to_line(rest.len() + keys.len() * 8);
            rest.extend(keys.iter().flat_map(|key| key.to_le_bytes()));
            rest.resize(whole, 0);
            if keys.len() <= FAN {
                break;
            }
            keys = keys.iter().step_by(FAN).copied().collect();
        }
        rest.extend(self.places.iter().flat_map(|place| place.to_le_bytes()));
        rest.resize(rest.len().next_multiple_of(8), 0);
        rest.extend(self.values.iter().flat_map(|value| value.to_le_bytes()));
        rest
    }
}
