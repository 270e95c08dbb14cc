//! How far the log is in the files: one value in the store, replaced whole.
//!
//! Promise: it lies in the same write-ahead log as the frames, behind all that it speaks of, so that whatever is lost with
//! power, it never says more than the log holds; and it is written when the files' octets are on their disk, so it never
//! says more than those either. Bound: an entry a shard and two files. Fails by [`CdrFault`].

use std::collections::BTreeMap;
use std::path::PathBuf;

use carrack_queue::{FrameKey, Store, StoreFault, Totals};
use serde::{Deserialize, Serialize};

use super::CdrFormat;
use super::fault::CdrFault;

const KEY: &[u8] = b"cdr_position";

/// The frame of a shard that is read next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Place {
    pub(super) epoch: u32,
    pub(super) number: u64,
}

impl Place {
    pub(super) fn key(self, shard: u16) -> FrameKey {
        FrameKey {
            epoch: self.epoch,
            shard,
            number: self.number,
        }
    }
}

/// One file of a set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FilePart {
    pub(super) format: CdrFormat,
    /// Octets that are on the disk and count.
    pub(super) octets: u64,
}

/// Files of one name that hold the same records, one a format.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FileSet {
    pub(super) folder: PathBuf,
    pub(super) stem: String,
    pub(super) begun_utc_ns: u64,
    pub(super) lines: u64,
    pub(super) parts: Vec<FilePart>,
}

/// How far.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Position {
    /// By shard.
    pub(super) streams: BTreeMap<u16, Place>,
    /// Ends of messages that the log held before this epoch are in no file.
    pub(super) from_epoch: u32,
    /// Ends that were out of the log when the first file was begun.
    pub(super) before: u64,
    /// Lines written.
    pub(super) exported: u64,
    /// Of those: without what was accepted.
    pub(super) unjoined: u64,
    /// Whether the log let go of ends that are in no file.
    pub(super) let_go: bool,
    pub(super) files_begun: u64,
    /// Of the files that were begun last.
    pub(super) folder: PathBuf,
    pub(super) current: Option<FileSet>,
    /// Complete, and perhaps without its final name yet.
    pub(super) finishing: Option<FileSet>,
    pub(super) saved_utc_ns: u64,
}

/// The first epoch that is kept, and the totals of those that are not, of one moment.
fn gone(store: &Store) -> Result<(u32, Totals), StoreFault> {
    loop {
        let first = store.first_epoch()?;
        let totals = store.totals_gone()?;
        if store.first_epoch()? == first {
            return Ok((first, totals));
        }
    }
}

impl Position {
    /// What stands in the store.
    pub(super) fn load(store: &Store) -> Result<Option<Self>, CdrFault> {
        let Some(octets) = store.meta(KEY)? else {
            return Ok(None);
        };
        Ok(Some(serde_json::from_slice(&octets)?))
    }

    /// Where a store begins of which nothing was ever exported: the oldest epoch kept.
    pub(super) fn first(store: &Store) -> Result<Self, CdrFault> {
        let (from_epoch, totals) = gone(store)?;
        Ok(Self {
            streams: BTreeMap::new(),
            from_epoch,
            before: totals.finals(),
            exported: 0,
            unjoined: 0,
            let_go: false,
            files_begun: 0,
            folder: PathBuf::new(),
            current: None,
            finishing: None,
            saved_utc_ns: 0,
        })
    }

    /// Durable when this returns.
    pub(super) fn save(&self, store: &Store) -> Result<(), CdrFault> {
        Ok(store.set_meta(KEY, &serde_json::to_vec(self)?)?)
    }

    /// Where a shard is read on.
    pub(super) fn place(&self, shard: u16) -> Place {
        let place = self.streams.get(&shard).copied();
        place.unwrap_or(Place {
            epoch: self.from_epoch,
            number: 0,
        })
    }
}
