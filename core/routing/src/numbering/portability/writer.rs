//! Writing an index from numbers that rise.
//!
//! Promise: what was written is what [`Portability`](super::Portability) reads. Bounded: a block of numbers and twelve
//! octets a block written are held (ten million octets for a hundred million numbers). The header is written last: a file that
//! was cut short on its way is no index.

use std::io::{Seek, SeekFrom, Write};

use carrack_message::{Msisdn, Network};
use rustc_hash::FxHashMap;

use super::bits::{self, width_of};
use super::layout::{FAN, HEADER_OCTETS, Header, Layout, UNIT, to_line};
use super::{BLOCK_NUMBERS, NETWORKS_MAX, WriteFault};

/// Most octets of blocks: what the place of a block can say.
const BLOCK_OCTETS_MAX: u64 = u32::MAX as u64 * UNIT as u64 - 4096;
/// Octets behind the last block, so that eight can be read anywhere.
const FREE: usize = 8;

/// What was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IndexSummary {
    /// Numbers.
    pub numbers: u64,
    /// Networks they were ported to.
    pub networks: usize,
    /// Octets in all.
    pub octets: u64,
}

/// Writes an index.
pub struct IndexWriter<W> {
    out: W,
    built_utc_s: u64,
    /// Numbers of the open block, and the small numbers of their networks.
    open: Vec<(u64, u16)>,
    before: u64,
    numbers: u64,
    networks: Vec<Network>,
    small: FxHashMap<Network, u16>,
    /// The first number of each block written, and its place.
    firsts: Vec<u64>,
    places: Vec<u32>,
    written: u64,
    crc: u32,
    /// The block as octets; kept for its room.
    octets: Vec<u8>,
}

impl<W: Write + Seek> IndexWriter<W> {
    /// Begins at the front of `out`; `built_utc_s` is what the index will say of its making.
    ///
    /// # Errors
    /// `out` fails.
    pub fn new(mut out: W, built_utc_s: u64) -> Result<Self, WriteFault> {
        out.seek(SeekFrom::Start(0))?;
        out.write_all(&[0; HEADER_OCTETS])?;
        Ok(Self {
            out,
            built_utc_s,
            open: Vec::with_capacity(BLOCK_NUMBERS),
            before: 0,
            numbers: 0,
            networks: Vec::new(),
            small: FxHashMap::default(),
            firsts: Vec::new(),
            places: Vec::new(),
            written: 0,
            crc: 0,
            octets: Vec::new(),
        })
    }

    /// Adds a number, which has to be above all before.
    ///
    /// # Errors
    /// It is not, or has no network; or `out` fails, or a bound is reached.
    pub fn push(&mut self, number: Msisdn, network: Network) -> Result<(), WriteFault> {
        let value = number.as_u64();
        if value <= self.before
            && let Some(before) = Msisdn::from_u64(self.before)
        {
            return Err(WriteFault::Order { before, number });
        }
        if !network.is_known() {
            return Err(WriteFault::NoNetwork { number });
        }
        let small = self.small_of(network)?;
        self.open.push((value, small));
        self.before = value;
        self.numbers += 1;
        if self.open.len() == BLOCK_NUMBERS {
            self.close_block()?;
        }
        Ok(())
    }

    /// Writes what is left, and the header. `out` is to be flushed by whoever gets it back.
    ///
    /// # Errors
    /// `out` fails.
    pub fn finish(mut self) -> Result<(W, IndexSummary), WriteFault> {
        self.close_block()?;
        let block_octets = to_line(self.written as usize + FREE);
        let free = vec![0; block_octets - self.written as usize];
        self.out.write_all(&free)?;
        let mut header = Header {
            built_utc_s: self.built_utc_s,
            numbers: self.numbers,
            block_octets: block_octets as u64,
            blocks: self.places.len() as u32,
            networks: self.networks.len() as u32,
            blocks_crc: crc32c::crc32c_append(self.crc, &free),
            rest_crc: 0,
        };
        let rest = self.rest();
        header.rest_crc = crc32c::crc32c(&rest);
        self.out.write_all(&rest)?;
        let length = (HEADER_OCTETS + block_octets + rest.len()) as u64;
        debug_assert_eq!(Layout::of(header).map(|layout| layout.length), Some(length));
        self.out.seek(SeekFrom::Start(0))?;
        self.out.write_all(&header.write(length))?;
        let summary = IndexSummary {
            numbers: self.numbers,
            networks: self.networks.len(),
            octets: length,
        };
        Ok((self.out, summary))
    }

    /// Networks get their small numbers as they come: those of one country lie beside each other, as its numbers do.
    fn small_of(&mut self, network: Network) -> Result<u16, WriteFault> {
        if let Some(small) = self.small.get(&network) {
            return Ok(*small);
        }
        if self.networks.len() == NETWORKS_MAX {
            return Err(WriteFault::Networks { most: NETWORKS_MAX });
        }
        let small = self.networks.len() as u16;
        self.networks.push(network);
        self.small.insert(network, small);
        Ok(small)
    }

    fn close_block(&mut self) -> Result<(), WriteFault> {
        let (Some((first, _)), Some((last, _))) = (self.open.first(), self.open.last()) else {
            return Ok(());
        };
        let first = *first;
        let smalls = || self.open.iter().map(|(_, small)| *small);
        let lowest = smalls().min().unwrap_or_default();
        let highest = smalls().max().unwrap_or_default();
        let distance_bits = width_of(last - first);
        let network_bits = width_of(u64::from(highest - lowest));
        self.octets.clear();
        let sizes = [
            self.open.len() as u8,
            distance_bits as u8,
            network_bits as u8,
            0,
        ];
        self.octets.extend(sizes);
        self.octets.extend(u32::from(lowest).to_le_bytes());
        let distances = self.open.iter().map(|(number, _)| number - first);
        bits::write(&mut self.octets, distance_bits, distances);
        let networks = smalls().map(|small| u64::from(small - lowest));
        bits::write(&mut self.octets, network_bits, networks);
        let whole = self.octets.len().next_multiple_of(UNIT);
        self.octets.resize(whole, 0);
        if self.written + whole as u64 > BLOCK_OCTETS_MAX {
            let octets_max = BLOCK_OCTETS_MAX;
            return Err(WriteFault::TooLarge { octets_max });
        }
        self.firsts.push(first);
        self.places.push((self.written / UNIT as u64) as u32);
        self.out.write_all(&self.octets)?;
        self.crc = crc32c::crc32c_append(self.crc, &self.octets);
        self.written += whole as u64;
        self.open.clear();
        Ok(())
    }

    /// Levels, places and networks.
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
        rest.extend(self.networks.iter().flat_map(|n| n.as_u32().to_le_bytes()));
        rest
    }
}
