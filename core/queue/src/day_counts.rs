//! What each carrier was sent today, over restarts and kill -9.
//!
//! A file mapped into memory, eight octets a carrier: noting a segment costs one store and no system call. After a power
//! cut it may be older than what was sent, by what the system had not written yet.
//!
//! Bound: [`CARRIERS_MAX`] carriers in the life of a data folder; of others nothing is kept. Fails by [`JournalFault`].

use std::path::Path;

use memmap2::MmapMut;

use crate::journal::{JournalFault, open_map};

/// Carriers that ever had a number in this folder.
const CARRIERS_MAX: u32 = 65_536;
const ENTRY_OCTETS: usize = 8;

enum Storage {
    Memory(Vec<u8>),
    Map(MmapMut),
}

/// Counts by a carrier's number in the dictionary of names. Several may have the same file open, each for carriers of its
/// own.
pub struct DayCounts(Storage);

impl DayCounts {
    /// Counts that no restart survives: for simulations and tests.
    #[must_use]
    pub fn in_memory() -> Self {
        Self(Storage::Memory(vec![
            0;
            CARRIERS_MAX as usize * ENTRY_OCTETS
        ]))
    }

    /// The counts of a file; made where it is not there.
    ///
    /// # Errors
    /// [`JournalFault`] when the file cannot be made or read.
    pub fn open(path: &Path) -> Result<Self, JournalFault> {
        let octets = u64::from(CARRIERS_MAX) * ENTRY_OCTETS as u64;
        let map = open_map(path, octets).map_err(|source| JournalFault {
            path: path.to_owned(),
            octets,
            source,
        })?;
        Ok(Self(Storage::Map(map)))
    }

    fn octets(&self) -> &[u8] {
        match &self.0 {
            Storage::Memory(octets) => octets,
            Storage::Map(octets) => octets,
        }
    }

    /// The last day that something was noted for a carrier, and how much; day 0: nothing was.
    #[must_use]
    pub fn get(&self, carrier: u32) -> (u32, u32) {
        let start = carrier as usize * ENTRY_OCTETS;
        let entry = self.octets().get(start..start + ENTRY_OCTETS);
        let entry = entry.and_then(|entry| entry.try_into().ok());
        let entry = entry.map_or(0, u64::from_le_bytes);
        ((entry >> 32) as u32, entry as u32)
    }

    /// Notes what a carrier was sent on a day.
    pub fn set(&mut self, carrier: u32, day: u32, used: u32) {
        let octets: &mut [u8] = match &mut self.0 {
            Storage::Memory(octets) => octets,
            Storage::Map(octets) => octets,
        };
        let start = carrier as usize * ENTRY_OCTETS;
        if let Some(entry) = octets.get_mut(start..start + ENTRY_OCTETS) {
            let value = u64::from(day) << 32 | u64::from(used);
            entry.copy_from_slice(&value.to_le_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn counts_are_there_again_and_a_carrier_beyond_the_bound_has_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sent-today");
        let mut counts = DayCounts::open(&path).unwrap();
        assert_eq!(counts.get(3), (0, 0));
        counts.set(3, 20_000, 17);
        counts.set(CARRIERS_MAX, 20_000, 9);
        std::mem::forget(counts);
        let counts = DayCounts::open(&path).unwrap();
        assert_eq!(counts.get(3), (20_000, 17));
        assert_eq!(counts.get(CARRIERS_MAX), (0, 0));
    }
}
