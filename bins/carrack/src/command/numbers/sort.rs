//! Sorting more numbers than memory holds.
//!
//! Promise: every number once, rising, with the network that was given last. Bounded: [`CHUNK`] numbers in memory and
//! half as many while they are sorted; the rest waits in files without names in the folder given, eight octets a number.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::fs::File;
use std::io::{self, BufReader, BufWriter, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use anyhow::anyhow;
use carrack_message::{Msisdn, Network};
use carrack_routing::numbering::portability::{NETWORKS_MAX, PortedRow};

/// Numbers sorted at a time: 64 MiB of them.
const CHUNK: usize = 1 << 23;
/// Octets of each file that are read and written at a time.
const BUFFER: usize = 256 << 10;
/// A number has fifty bits; what is left of 64 is the place of its network.
const PLACE_BITS: u32 = 14;

/// Gathers numbers in any order.
pub(super) struct Sorter {
    folder: PathBuf,
    chunk_max: usize,
    chunk: Vec<u64>,
    runs: Vec<File>,
    networks: Networks,
    given: u64,
}

/// Networks by place. [`Network::UNKNOWN`] has one as well: such a number is taken back.
#[derive(Default)]
struct Networks {
    list: Vec<Network>,
    places: HashMap<Network, u64>,
    last: Option<(Network, u64)>,
}

impl Networks {
    fn place(&mut self, network: Network) -> anyhow::Result<u64> {
        if let Some((_, place)) = self.last.filter(|(last, _)| *last == network) {
            return Ok(place);
        }
        let place = match self.places.get(&network) {
            Some(place) => *place,
            None if self.list.len() < NETWORKS_MAX => {
                let place = self.list.len() as u64;
                self.list.push(network);
                self.places.insert(network, place);
                place
            }
            None => {
                return Err(anyhow!(
                    "more than {NETWORKS_MAX} networks; make an index for each part of the world"
                ));
            }
        };
        self.last = Some((network, place));
        Ok(place)
    }
}

impl Sorter {
    /// `folder` is where what memory does not hold waits.
    pub(super) fn new(folder: &Path) -> Self {
        Self::of_chunks(folder, CHUNK)
    }

    fn of_chunks(folder: &Path, chunk_max: usize) -> Self {
        Self {
            folder: folder.to_owned(),
            chunk_max,
            chunk: Vec::new(),
            runs: Vec::new(),
            networks: Networks::default(),
            given: 0,
        }
    }

    pub(super) fn push(&mut self, row: PortedRow) -> anyhow::Result<()> {
        let place = self.networks.place(row.network)?;
        self.chunk.push(row.number.as_u64() << PLACE_BITS | place);
        self.given += 1;
        if self.chunk.len() >= self.chunk_max {
            self.close_chunk()?;
        }
        Ok(())
    }

    /// How many numbers were given, those that came again too.
    pub(super) const fn given(&self) -> u64 {
        self.given
    }

    /// All numbers, rising.
    pub(super) fn sorted(mut self) -> anyhow::Result<Sorted> {
        let mut runs = Vec::with_capacity(self.runs.len() + 1);
        if self.runs.is_empty() {
            sort(&mut self.chunk);
            runs.push(Run::Memory(self.chunk.into_iter()));
        } else {
            self.close_chunk()?;
            for mut file in self.runs {
                file.seek(SeekFrom::Start(0))?;
                runs.push(Run::File(BufReader::with_capacity(BUFFER, file)));
            }
        }
        let mut sorted = Sorted {
            networks: self.networks.list,
            heads: BinaryHeap::with_capacity(runs.len()),
            runs,
        };
        for run in 0..sorted.runs.len() {
            sorted.advance(run)?;
        }
        Ok(sorted)
    }

    fn close_chunk(&mut self) -> io::Result<()> {
        sort(&mut self.chunk);
        let mut out = BufWriter::with_capacity(BUFFER, tempfile::tempfile_in(&self.folder)?);
        for record in &self.chunk {
            out.write_all(&record.to_le_bytes())?;
        }
        self.chunk.clear();
        self.runs.push(out.into_inner()?);
        Ok(())
    }
}

/// Sorts by number; of records of the same number the last one stays.
fn sort(chunk: &mut Vec<u64>) {
    chunk.sort_by_key(|record| record >> PLACE_BITS);
    // What is given away is the later of two, so the earlier takes its value before.
    chunk.dedup_by(|later, earlier| {
        let is_same = *later >> PLACE_BITS == *earlier >> PLACE_BITS;
        if is_same {
            *earlier = *later;
        }
        is_same
    });
}

/// Records that rise.
enum Run {
    Memory(std::vec::IntoIter<u64>),
    File(BufReader<File>),
}

impl Run {
    fn next(&mut self) -> io::Result<Option<u64>> {
        match self {
            Self::Memory(records) => Ok(records.next()),
            Self::File(file) => {
                let mut octets = [0; 8];
                match file.read_exact(&mut octets) {
                    Ok(()) => Ok(Some(u64::from_le_bytes(octets))),
                    Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(None),
                    Err(error) => Err(error),
                }
            }
        }
    }
}

/// The numbers of a [`Sorter`], each once.
pub(super) struct Sorted {
    networks: Vec<Network>,
    runs: Vec<Run>,
    /// The next number of each run, the run, and its record: of equal numbers the earliest run comes first.
    heads: BinaryHeap<Reverse<(u64, usize, u64)>>,
}

impl Sorted {
    /// The next number and its network; [`Network::UNKNOWN`] where it was taken back.
    pub(super) fn next(&mut self) -> anyhow::Result<Option<PortedRow>> {
        let Some(Reverse((number, run, mut record))) = self.heads.pop() else {
            return Ok(None);
        };
        self.advance(run)?;
        while let Some(Reverse((again, run, later))) = self.heads.peek().copied() {
            if again != number {
                break;
            }
            record = later;
            self.heads.pop();
            self.advance(run)?;
        }
        let place = (record & ((1 << PLACE_BITS) - 1)) as usize;
        let network = self.networks.get(place).copied();
        let row = Msisdn::from_u64(number).zip(network);
        row.map(|(number, network)| Some(PortedRow { number, network }))
            .ok_or_else(|| anyhow!("what was put aside to be sorted came back spoiled"))
    }

    fn advance(&mut self, run: usize) -> io::Result<()> {
        if let Some(records) = self.runs.get_mut(run)
            && let Some(record) = records.next()?
        {
            self.heads
                .push(Reverse((record >> PLACE_BITS, run, record)));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::collections::BTreeMap;

    use super::*;

    /// Numbers of a small range, so that many come again, from a seed.
    fn rows(count: u64, seed: u64) -> Vec<PortedRow> {
        let mut state = seed;
        let mut next = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            state >> 33
        };
        let row = |_| PortedRow {
            number: Msisdn::from_u64(447_700_000_000 + next() % 5_000).unwrap(),
            network: match next() % 5 {
                0 => Network::UNKNOWN,
                code => format!("2341{code}").parse().unwrap(),
            },
        };
        (0..count).map(row).collect()
    }

    #[test]
    fn every_number_comes_once_with_the_network_given_last() {
        let folder = tempfile::tempdir().unwrap();
        for (count, chunk_max, seed) in [
            (0, 10, 1),
            (9, 10, 2),
            (10, 10, 3),
            (20_000, 100_000, 4),
            (20_000, 777, 5),
        ] {
            let mut sorter = Sorter::of_chunks(folder.path(), chunk_max);
            let mut expected = BTreeMap::new();
            for row in rows(count, seed) {
                expected.insert(row.number, row.network);
                sorter.push(row).unwrap();
            }
            assert_eq!(sorter.given(), count);
            let mut sorted = sorter.sorted().unwrap();
            let mut found = Vec::new();
            while let Some(row) = sorted.next().unwrap() {
                found.push((row.number, row.network));
            }
            assert_eq!(
                found,
                expected.into_iter().collect::<Vec<_>>(),
                "{count} in chunks of {chunk_max}"
            );
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
