//! How far the log was read by whoever copies its ends elsewhere, so that nothing is reclaimed before.
//!
//! Frames are counted as they become durable; a reader that has all frames up to a count says so. Promise: an epoch that
//! was written to, or in which a message ended, behind that count is held. Bound: [`ExportMark::hold_octets_max`] of the log
//! are held for this reason alone, once the reader has spoken; then the oldest go, and the store says from where on. Does not fail; no lock.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// What keeps an epoch that nothing else keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hold {
    /// Frames that were read elsewhere, as the ledger counts them.
    pub through: u64,
    /// Octets that may be held.
    pub octets_max: u64,
}

impl Hold {
    /// Nothing is held.
    pub const NONE: Self = Self {
        through: u64::MAX,
        octets_max: 0,
    };
}

/// Between the committer and one reader of the log.
#[derive(Debug)]
pub struct ExportMark {
    hold_octets_max: u64,
    written: AtomicU64,
    through: AtomicU64,
    held_octets: AtomicU64,
    /// Epoch of the last durable frame of each shard of this run.
    epochs: Vec<AtomicU32>,
    begun: Instant,
}

/// So long after a start a reader may take to say how far it had come; until then all that it may lack is held, whatever
/// the bound.
const FIRST_WORD: Duration = Duration::from_secs(60);

impl ExportMark {
    /// For a node of so many shards.
    #[must_use]
    pub fn new(shards: usize, hold_octets_max: u64) -> Self {
        Self {
            hold_octets_max,
            written: AtomicU64::new(0),
            through: AtomicU64::new(0),
            held_octets: AtomicU64::new(0),
            epochs: (0..shards).map(|_| AtomicU32::new(0)).collect(),
            begun: Instant::now(),
        }
    }

    /// Nobody reads: nothing is held, and what goes was not read.
    #[must_use]
    pub fn nobody() -> Self {
        Self::new(0, 0)
    }

    /// Most octets that are held.
    #[must_use]
    pub fn hold_octets_max(&self) -> u64 {
        self.hold_octets_max
    }

    /// Frames that are durable, as the ledger counts them.
    #[must_use]
    pub fn written(&self) -> u64 {
        self.written.load(Ordering::Acquire)
    }

    /// The last epoch in which a shard has a durable frame of this run; 0 where it has none.
    #[must_use]
    pub fn epoch_of(&self, shard: u16) -> u32 {
        let epoch = self.epochs.get(usize::from(shard));
        epoch.map_or(0, |epoch| epoch.load(Ordering::Acquire))
    }

    /// Shards of this run.
    #[must_use]
    pub fn shards(&self) -> usize {
        self.epochs.len()
    }

    /// All frames up to this count were read, and that is kept for ever.
    pub fn read_through(&self, frames: u64) {
        self.through.fetch_max(frames, Ordering::AcqRel);
    }

    /// Octets of the log that only the reader keeps, as of the last look.
    #[must_use]
    pub fn held_octets(&self) -> u64 {
        self.held_octets.load(Ordering::Relaxed)
    }

    pub(crate) fn hold(&self) -> Hold {
        let through = self.through.load(Ordering::Acquire);
        let is_silent = through == 0 && self.shards() > 0 && self.begun.elapsed() < FIRST_WORD;
        let octets_max = match is_silent {
            true => u64::MAX,
            false => self.hold_octets_max,
        };
        Hold {
            through,
            octets_max,
        }
    }

    /// A frame of this shard and epoch is durable.
    pub fn note_epoch(&self, shard: u16, epoch: u32) {
        if let Some(known) = self.epochs.get(usize::from(shard)) {
            known.store(epoch, Ordering::Release);
        }
    }

    /// So many frames are durable.
    pub fn note_written(&self, frames: u64) {
        self.written.store(frames, Ordering::Release);
    }

    pub(crate) fn note_held(&self, octets: u64) {
        self.held_octets.store(octets, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reader_that_has_not_spoken_yet_loses_nothing() {
        let mark = ExportMark::new(2, 100);
        assert_eq!(mark.hold().octets_max, u64::MAX);
        mark.read_through(1);
        assert_eq!(mark.hold().octets_max, 100);
        assert_eq!(ExportMark::nobody().hold().octets_max, 0);
    }
}
