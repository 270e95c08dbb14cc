//! The durable write-ahead queue: a log of frames in RocksDB, not a table to pop from.
//!
//! Promise: a frame whose ticket is committed survives kill -9 (and, in `every_batch`, a power cut); a frame that could
//! not be written is kept and tried again, never dropped. Bound: the channel to the committer, the shards' two frames
//! under way, epochs reclaimed once nothing in them lives. Fails: the [`Gate`] closes, front doors refuse with the
//! reason, and it opens by itself when writing works again.
//!
//! One message, one receipt, one crash: a shard seals what it accepted and settled into a [`SealedFrame`] and hands it
//! to the committer; one `WriteBatch` and one sync carry the frames of all shards; the ticket moves; the shard answers
//! its customers. At start [`scan`] reads the frames in order and the engine rebuilds its state from them.

mod beside;
mod by_key;
mod commit;
mod day_counts;
mod epochs;
mod export;
mod fault;
mod frame;
mod gate;
mod history;
mod journal;
mod keys;
mod keys_family;
mod names;
mod order;
mod quarantine;
mod reach;
mod scan;
mod shelf;
mod shelf_family;
mod store;
mod turnover;

pub use commit::{
    CommitRefused, CommitSettings, CommitThread, Committer, CommitterSpec, Durability,
    ShardCommitter, Wake,
};
pub use day_counts::DayCounts;
pub use epochs::{EpochLedger, Reclaimed, Totals};
pub use export::{ExportMark, Hold};
pub use fault::StoreFault;
pub use frame::{FrameKey, FrameSummary, SealedFrame};
pub use gate::Gate;
pub use history::histories;
pub use journal::{InFlight, InFlightJournal, JournalFault, read_left_over};
pub use keys::{KeptKey, KeptKeys, KeyName};
pub use names::Names;
pub use scan::{Gap, Quarantined, RecordPlace, ScanReport, scan};
pub use shelf::{
    DueFrom, ShelfChange, ShelfCounts, ShelfEntry, ShelfKeys, ShelfMarks, ShelfQuestion,
    receipt_name, shelf_answer, shelf_keepers,
};
pub use store::{MetaRow, Store};
pub use turnover::{Turnover, Turnovers};
