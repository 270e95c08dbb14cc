//! How far each shard's frames reach in each epoch, noted beside the log when they are durable.
//!
//! A log that lost its end looks like one that was never longer: the numbers of frames show a hole, not an end. This file
//! does. Promise: what it says was durable, so a log that ends before it has lost frames; a note costs one write of 18
//! octets into the page cache and survives kill -9. After a power cut it may say less than the log holds, never more in
//! `every_batch`. Bound: one entry for each shard in each epoch that is kept. Fails by the system's error: the caller
//! goes on, and the next frame's note says it too.

use std::fs::File;
use std::io::{Error, ErrorKind};
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use crate::frame::FrameKey;

const NAME: &str = "REACH";
const ENTRY_OCTETS: usize = FrameKey::OCTETS + 4;

/// The last durable frame of each shard in each epoch.
pub(crate) struct Reach {
    file: File,
    last: Vec<FrameKey>,
    /// Entries of earlier epochs speak of nothing that is kept: their places are used again.
    first_epoch: u32,
    failed: bool,
}

/// What was noted in this folder; nothing where nothing ever was.
pub(crate) fn read(folder: &Path) -> Result<Vec<FrameKey>, Error> {
    match std::fs::read(folder.join(NAME)) {
        Ok(octets) => Ok(octets
            .chunks_exact(ENTRY_OCTETS)
            .filter_map(from_entry)
            .collect()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

fn entry(key: FrameKey) -> Vec<u8> {
    let key = key.to_octets();
    [&key[..], &crc32c::crc32c(&key).to_be_bytes()].concat()
}

fn from_entry(octets: &[u8]) -> Option<FrameKey> {
    let (key, check) = octets.split_at_checked(FrameKey::OCTETS)?;
    (crc32c::crc32c(key).to_be_bytes() == check)
        .then(|| FrameKey::from_octets(key))
        .flatten()
}

impl Reach {
    /// Goes on from what is to be kept of what was noted.
    pub(crate) fn create(folder: &Path, last: Vec<FrameKey>) -> Result<Self, Error> {
        let (path, beside) = (folder.join(NAME), folder.join("REACH.new"));
        let octets: Vec<u8> = last.iter().copied().flat_map(entry).collect();
        std::fs::write(&beside, octets)?;
        std::fs::rename(&beside, &path)?;
        Ok(Self {
            file: File::options().write(true).open(&path)?,
            last,
            first_epoch: 0,
            failed: false,
        })
    }

    /// Frames up to these are durable.
    pub(crate) fn note(&mut self, keys: &[FrameKey]) {
        let noted = keys.iter().try_for_each(|key| self.note_one(*key));
        let failed = noted.is_err();
        if let Err(error) = noted
            && !self.failed
        {
            tracing::warn!(%error, "how far the log reaches could not be noted; trying again with the next frame");
        }
        self.failed = failed;
    }

    /// Epochs before this one are dropped.
    pub(crate) fn forget_below(&mut self, epoch: u32) {
        self.first_epoch = epoch;
    }

    fn note_one(&mut self, key: FrameKey) -> Result<(), Error> {
        let known = self.last.iter().rposition(|last| last.is_beside(key));
        let gone = || {
            self.last
                .iter()
                .position(|last| last.epoch < self.first_epoch)
        };
        let place = known.or_else(gone).unwrap_or(self.last.len());
        match self.last.get_mut(place) {
            Some(last) if known.is_some() => last.number = last.number.max(key.number),
            Some(last) => *last = key,
            None => self.last.push(key),
        }
        let last = self.last.get(place).copied().unwrap_or(key);
        self.file
            .write_all_at(&entry(last), (place * ENTRY_OCTETS) as u64)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    fn key(epoch: u32, shard: u16, number: u64) -> FrameKey {
        FrameKey {
            epoch,
            shard,
            number,
        }
    }

    #[test]
    fn last_frame_of_each_shard_and_epoch_is_known_after_the_process() {
        let folder = tempfile::tempdir().unwrap();
        assert!(read(folder.path()).unwrap().is_empty());
        let mut reach = Reach::create(folder.path(), Vec::new()).unwrap();
        reach.note(&[key(1, 0, 0), key(1, 1, 4)]);
        reach.note(&[key(1, 0, 9), key(2, 0, 0)]);
        // Written again after a failure, or out of turn: it reaches no less far.
        reach.note(&[key(1, 0, 3)]);
        drop(reach);
        let found = read(folder.path()).unwrap();
        assert_eq!(found, [key(1, 0, 9), key(1, 1, 4), key(2, 0, 0)]);
        let mut reach = Reach::create(folder.path(), found[1..].to_vec()).unwrap();
        reach.note(&[key(2, 0, 1)]);
        assert_eq!(read(folder.path()).unwrap(), [key(1, 1, 4), key(2, 0, 1)]);
    }

    #[test]
    fn places_of_dropped_epochs_are_used_again() {
        let folder = tempfile::tempdir().unwrap();
        let mut reach = Reach::create(folder.path(), Vec::new()).unwrap();
        for epoch in 1..100 {
            reach.forget_below(epoch.max(2) - 1);
            reach.note(&[key(epoch, 0, 7), key(epoch, 1, 8)]);
        }
        let found = read(folder.path()).unwrap();
        assert!(found.len() <= 6, "{}", found.len());
        for shard in 0..2 {
            assert!(found.contains(&key(99, shard, 7 + u64::from(shard))));
            assert!(found.contains(&key(98, shard, 7 + u64::from(shard))));
        }
    }

    #[test]
    fn spoiled_entry_says_nothing_and_the_others_still_do() {
        let folder = tempfile::tempdir().unwrap();
        Reach::create(
            folder.path(),
            vec![key(1, 0, 1), key(1, 1, 2), key(1, 2, 3)],
        )
        .unwrap();
        let path = folder.path().join(NAME);
        let mut octets = std::fs::read(&path).unwrap();
        octets[ENTRY_OCTETS + 2] ^= 0x10;
        octets.pop();
        std::fs::write(&path, octets).unwrap();
        assert_eq!(read(folder.path()).unwrap(), [key(1, 0, 1)]);
    }
}
