//! The journal of segments in flight: what stands in a window and has no durable outcome yet.
//!
//! It is a file mapped into memory: noting a segment costs two stores, no system call, and the note survives kill -9
//! because the page belongs to the kernel. After a power cut the file may be older than the log: the list of uncertain
//! segments can then be short; what is resent and what is bounded does not change.
//!
//! Promise: after a crash every segment that may have been sent without a recorded outcome is listed by name. Bound: a
//! fixed number of entries; when none is free the shard does not send until outcomes are durable. Fails by
//! [`JournalFault`].

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::atomic::{Ordering, compiler_fence};

use memmap2::MmapMut;
use thiserror::Error;

const ENTRY_OCTETS: usize = 32;
const SALT: u64 = 0x9e37_79b9_7f4a_7c15;

/// Why there is no journal.
#[derive(Debug, Error)]
#[error("{path}: {source}; the folder must be writable and have {octets} octets free")]
pub struct JournalFault {
    pub(crate) path: PathBuf,
    pub(crate) octets: u64,
    pub(crate) source: std::io::Error,
}

/// One segment in flight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InFlight {
    /// Message id.
    pub id: u128,
    /// Carrier's number in the dictionary of names.
    pub carrier: u32,
    /// Segment, from 0.
    pub segment: u8,
    /// It went before: an outcome in the log may be of an earlier copy.
    pub again: bool,
}

impl InFlight {
    fn check(self) -> u64 {
        let mixed = (self.id as u64)
            ^ ((self.id >> 64) as u64).rotate_left(17)
            ^ u64::from(self.carrier).rotate_left(40)
            ^ u64::from(self.segment)
            ^ u64::from(self.again) << 8;
        (mixed.wrapping_mul(SALT) ^ SALT) | 1
    }

    fn write(self, entry: &mut [u8]) {
        let mut octets = [0u8; ENTRY_OCTETS];
        let rest = u128::from(self.carrier)
            | u128::from(self.segment) << 32
            | u128::from(self.again) << 40
            | u128::from(self.check()) << 64;
        for (slot, octet) in octets
            .iter_mut()
            .zip(self.id.to_le_bytes().into_iter().chain(rest.to_le_bytes()))
        {
            *slot = octet;
        }
        // The check goes in last: a note that was cut short by the end of the process is no note.
        let (body, check) = entry.split_at_mut(ENTRY_OCTETS - 8);
        let (new_body, new_check) = octets.split_at(ENTRY_OCTETS - 8);
        body.copy_from_slice(new_body);
        compiler_fence(Ordering::Release);
        check.copy_from_slice(new_check);
    }

    fn read(entry: &[u8]) -> Option<Self> {
        let (id, rest) = entry.split_at_checked(16)?;
        let rest = u128::from_le_bytes(rest.try_into().ok()?);
        let found = Self {
            id: u128::from_le_bytes(id.try_into().ok()?),
            carrier: rest as u32,
            segment: (rest >> 32) as u8,
            again: rest >> 40 & 1 == 1,
        };
        (found.check() == (rest >> 64) as u64).then_some(found)
    }
}

enum Storage {
    Memory(Vec<u8>),
    Map(MmapMut),
}

/// The journal of one shard.
pub struct InFlightJournal {
    storage: Storage,
    free: Vec<u32>,
}

impl InFlightJournal {
    /// A journal that no crash survives: for simulations and tests.
    #[must_use]
    pub fn in_memory(entries: u32) -> Self {
        Self {
            storage: Storage::Memory(vec![0; entries as usize * ENTRY_OCTETS]),
            free: (0..entries).rev().collect(),
        }
    }

    /// A new, empty journal at `path`; what stood there is gone (read it first with [`read_left_over`]).
    ///
    /// # Errors
    /// [`JournalFault`] when the file cannot be made.
    pub fn create(path: &Path, entries: u32) -> Result<Self, JournalFault> {
        let octets = u64::from(entries) * ENTRY_OCTETS as u64;
        let map = create_map(path, octets).map_err(|source| JournalFault {
            path: path.to_owned(),
            octets,
            source,
        })?;
        Ok(Self {
            storage: Storage::Map(map),
            free: (0..entries).rev().collect(),
        })
    }

    fn entry(&mut self, slot: u32) -> Option<&mut [u8]> {
        let start = slot as usize * ENTRY_OCTETS;
        let octets: &mut [u8] = match &mut self.storage {
            Storage::Memory(octets) => octets,
            Storage::Map(octets) => octets,
        };
        octets.get_mut(start..start + ENTRY_OCTETS)
    }

    /// Notes a segment before it is written to a socket. `None`: all entries are taken, do not send.
    pub fn note(&mut self, in_flight: InFlight) -> Option<u32> {
        let slot = self.free.pop()?;
        in_flight.write(self.entry(slot)?);
        Some(slot)
    }

    /// Forgets a segment whose outcome is durable.
    pub fn forget(&mut self, slot: u32) {
        if let Some(entry) = self.entry(slot) {
            entry.fill(0);
            self.free.push(slot);
        }
    }

    /// Entries that are free.
    #[must_use]
    pub fn free(&self) -> usize {
        self.free.len()
    }
}

/// What stood in a journal when its process ended; empty where there is none.
///
/// # Errors
/// [`JournalFault`] when it is there and cannot be read.
pub fn read_left_over(path: &Path) -> Result<Vec<InFlight>, JournalFault> {
    match std::fs::read(path) {
        Ok(octets) => Ok(octets
            .chunks_exact(ENTRY_OCTETS)
            .filter_map(InFlight::read)
            .collect()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(source) => Err(JournalFault {
            path: path.to_owned(),
            octets: 0,
            source,
        }),
    }
}

pub(crate) fn create_map(path: &Path, octets: u64) -> std::io::Result<MmapMut> {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(true)
        .open(path)?;
    // Written, not only made long: a page without space of its own would end the process by SIGBUS on a full disk.
    std::io::copy(&mut std::io::repeat(0).take(octets.max(1)), &mut &file)?;
    map(&file)
}

/// A file of this length, with what stands in it.
pub(crate) fn open_map(path: &Path, octets: u64) -> std::io::Result<MmapMut> {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)?;
    let length = file.metadata()?.len();
    if length < octets {
        (&file).seek(SeekFrom::End(0))?;
        std::io::copy(&mut std::io::repeat(0).take(octets - length), &mut &file)?;
    }
    map(&file)
}

#[allow(
    unsafe_code,
    reason = "a mapping is how a note survives kill -9 without a system call a message"
)]
fn map(file: &File) -> std::io::Result<MmapMut> {
    // SAFETY: the file was opened by this process in the node's own folder, which the store's lock keeps to one
    // process; nothing truncates it while it is mapped.
    unsafe { MmapMut::map_mut(file) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    fn segment(id: u128) -> InFlight {
        InFlight {
            id,
            carrier: 3,
            segment: 1,
            again: id % 2 == 1,
        }
    }

    #[test]
    fn unforgotten_segments_are_left_over_when_the_process_ends() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("in-flight-0");
        let mut journal = InFlightJournal::create(&path, 3).unwrap();
        let slots: Vec<u32> = (1..=3)
            .map(|id| journal.note(segment(id)).unwrap())
            .collect();
        assert_eq!(journal.note(segment(4)), None, "full: do not send");
        journal.forget(slots[1]);
        assert_eq!(journal.free(), 1);
        std::mem::forget(journal);
        let mut left: Vec<u128> = read_left_over(&path)
            .unwrap()
            .into_iter()
            .map(|found| found.id)
            .collect();
        left.sort_unstable();
        assert_eq!(left, [1, 3]);
    }

    #[test]
    fn torn_note_is_no_note() {
        let mut entry = [0u8; ENTRY_OCTETS];
        segment(7).write(&mut entry);
        assert_eq!(InFlight::read(&entry), Some(segment(7)));
        for cut in 0..ENTRY_OCTETS {
            let mut torn = entry;
            torn[cut] ^= 0x55;
            if cut != 21 && cut != 22 && cut != 23 {
                assert_eq!(InFlight::read(&torn), None, "octet {cut}");
            }
        }
    }
}
