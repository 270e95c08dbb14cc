//! What the run before left in its windows: written down as uncertain before anything is sent.

use std::path::{Path, PathBuf};

use carrack_queue::{
    FrameKey, FrameSummary, InFlight, JournalFault, SealedFrame, Store, read_left_over,
};
use carrack_runtime::{Clock, SystemClock};

use super::NodeFault;
use crate::recovery::Recovered;

pub(super) fn journal_path(data_dir: &Path, shard: u8) -> PathBuf {
    data_dir.join(format!("in-flight-{shard}"))
}

/// What the journals of the last run hold, of however many shards it had.
pub(super) fn left_over(data_dir: &Path) -> Result<Vec<InFlight>, JournalFault> {
    let mut found = Vec::new();
    for shard in 0..=u8::MAX {
        let path = journal_path(data_dir, shard);
        if path.exists() {
            found.extend(read_left_over(&path)?);
        }
    }
    Ok(found)
}

/// Journals of shards that this run does not have; what they held is written down.
pub(super) fn forget_journals(data_dir: &Path, shards: usize) {
    for shard in (0..=u8::MAX).skip(shards) {
        // Most were never there.
        let _ = std::fs::remove_file(journal_path(data_dir, shard));
    }
}

/// Writes down, before anything is sent, which segments a crash left without an outcome.
pub(super) fn note_uncertain(
    store: &Store,
    recovered: &mut Recovered,
    left_over: &[InFlight],
    epoch: u32,
) -> Result<(), NodeFault> {
    let at_utc_ns = SystemClock::default().now().utc_ns;
    let frame = recovered.left_in_windows(left_over, at_utc_ns)?;
    if frame.is_empty() {
        return Ok(());
    }
    let key = FrameKey {
        epoch,
        shard: 0,
        number: 0,
    };
    let sealed = SealedFrame {
        key,
        ticket: 0,
        octets: frame.seal(0),
        summary: FrameSummary::default(),
        shelf: Vec::new(),
        keys: Vec::new(),
    };
    Ok(store.write_frames(std::iter::once(&sealed), true)?)
}
