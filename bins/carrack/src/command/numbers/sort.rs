//! Sorting more keys than memory holds.
//!
//! Promise: every key once, rising, with the value that was given last. Bounded: [`CHUNK`] keys in memory and
//! half as many while they are sorted; the rest waits in files without names in the folder given, twelve octets a key.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Keys sorted at a time: 64 MiB of them.
const CHUNK: usize = 1 << 22;
/// Octets of each file that are read and written at a time.
const BUFFER: usize = 256 << 10;

/// A key and its value.
pub(crate) type Pair = (u64, u32);

/// Gathers keys in any order.
pub(crate) struct Sorter {
    folder: PathBuf,
    chunk_max: usize,
    chunk: Vec<Pair>,
    runs: Vec<File>,
    given: u64,
}

impl Sorter {
    /// `folder` is where what memory does not hold waits.
    pub(crate) fn new(folder: &Path) -> Self {
        Self::of_chunks(folder, CHUNK)
    }

    fn of_chunks(folder: &Path, chunk_max: usize) -> Self {
        Self {
            folder: folder.to_owned(),
            chunk_max,
            chunk: Vec::new(),
            runs: Vec::new(),
            given: 0,
        }
    }

    pub(crate) fn push(&mut self, pair: Pair) -> io::Result<()> {
        self.chunk.push(pair);
        self.given += 1;
        if self.chunk.len() >= self.chunk_max {
            self.close_chunk()?;
        }
        Ok(())
    }

    /// How many keys were given, those that came again too.
    pub(crate) const fn given(&self) -> u64 {
        self.given
    }

    /// All keys, rising.
    pub(crate) fn sorted(mut self) -> io::Result<Sorted> {
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
        for (key, value) in &self.chunk {
            out.write_all(&key.to_le_bytes())?;
            out.write_all(&value.to_le_bytes())?;
        }
        self.chunk.clear();
        self.runs.push(out.into_inner()?);
        Ok(())
    }
}

/// Sorts by key; of pairs of the same key the last one stays.
fn sort(chunk: &mut Vec<Pair>) {
    chunk.sort_by_key(|(key, _)| *key);
    // What is given away is the later of two, so the earlier takes its value before.
    chunk.dedup_by(|later, earlier| {
        let is_same = later.0 == earlier.0;
        if is_same {
            *earlier = *later;
        }
        is_same
    });
}

/// Pairs that rise.
enum Run {
    Memory(std::vec::IntoIter<Pair>),
    File(BufReader<File>),
}

impl Run {
    fn next(&mut self) -> io::Result<Option<Pair>> {
        match self {
            Self::Memory(pairs) => Ok(pairs.next()),
            Self::File(file) => {
                let (mut key, mut value) = ([0; 8], [0; 4]);
                match file.read_exact(&mut key) {
                    Ok(()) => {
                        file.read_exact(&mut value)?;
                        Ok(Some((u64::from_le_bytes(key), u32::from_le_bytes(value))))
                    }
                    Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(None),
                    Err(error) => Err(error),
                }
            }
        }
    }
}

/// The keys of a [`Sorter`], each once.
pub(crate) struct Sorted {
    runs: Vec<Run>,
    /// The next key of each run, the run, and its value: of equal keys the earliest run comes first.
    heads: BinaryHeap<Reverse<(u64, usize, u32)>>,
}

impl Sorted {
    /// The next key and its value.
    pub(crate) fn next(&mut self) -> io::Result<Option<Pair>> {
        let Some(Reverse((key, run, mut value))) = self.heads.pop() else {
            return Ok(None);
        };
        self.advance(run)?;
        while let Some(Reverse((again, run, later))) = self.heads.peek().copied() {
            if again != key {
                break;
            }
            value = later;
            self.heads.pop();
            self.advance(run)?;
        }
        Ok(Some((key, value)))
    }

    fn advance(&mut self, run: usize) -> io::Result<()> {
        if let Some(pairs) = self.runs.get_mut(run)
            && let Some((key, value)) = pairs.next()?
        {
            self.heads.push(Reverse((key, run, value)));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::collections::BTreeMap;

    use super::*;

    /// Keys of a small range, so that many come again, from a seed.
    fn pairs(count: u64, seed: u64) -> Vec<Pair> {
        let mut state = seed;
        let mut next = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            state >> 33
        };
        (0..count)
            .map(|_| (447_700_000_000 + next() % 5_000, (next() % 5) as u32))
            .collect()
    }

    #[test]
    fn every_key_comes_once_with_the_value_given_last() {
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
            for (key, value) in pairs(count, seed) {
                expected.insert(key, value);
                sorter.push((key, value)).unwrap();
            }
            assert_eq!(sorter.given(), count);
            let mut sorted = sorter.sorted().unwrap();
            let mut found = Vec::new();
            while let Some(pair) = sorted.next().unwrap() {
                found.push(pair);
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
