//! What batches are started with.

use std::path::PathBuf;
use std::time::Duration;

use carrack_message::Class;
use carrack_runtime::Io;
use carrack_settings::Settings;

/// Batches running at a time.
const RUNNING_MAX: usize = 8;
/// And of an account.
const RUNNING_OF_ACCOUNT_MAX: usize = 4;
/// Batches that may wait.
const QUEUED_MAX: usize = 10_000;
/// And of an account.
const QUEUED_OF_ACCOUNT_MAX: usize = 1_000;

/// Where batches lie and how they are taken.
#[derive(Debug, Clone)]
pub struct BatchSpec {
    /// Folder of the node; batches lie in `batches/` under it.
    pub data_dir: PathBuf,
    /// Ring or epoll for the reading thread.
    pub io: Io,
    /// Rows in one chunk; two chunks of a batch are held.
    pub chunk_rows: u32,
    /// Octets a read.
    pub read_octets: usize,
    /// Most octets of a source.
    pub octets_max: u64,
    /// Most octets that a packed source may unpack to.
    pub unpacked_max: u64,
    /// Rows that can be compared, where a batch refuses duplicates.
    pub duplicates_max: u64,
    /// How long a file may be looked at that is not sent.
    pub check_time_max: Duration,
    /// How long a batch can be asked for after its end.
    pub keep: Duration,
    /// How long an upload is known again by its key.
    pub idempotency_keep: Duration,
    /// Class of rows where nobody names one.
    pub class: Class,
    /// Batches running at a time.
    pub running_max: usize,
    /// And of an account.
    pub running_of_account_max: usize,
    /// Batches that may wait; above them new ones are refused for a while.
    pub queued_max: usize,
    /// And of an account.
    pub queued_of_account_max: usize,
}

impl BatchSpec {
    /// As configured. One chunk is on its way at a time, so a chunk has all the rows that may be in flight.
    #[must_use]
    pub fn from_settings(settings: &Settings) -> Self {
        const OCTETS_MAX: u64 = 4 << 30;
        let batch = &settings.batch;
        Self {
            data_dir: settings.node.data_dir.clone(),
            io: match settings.runtime.io {
                carrack_settings::Io::Auto => Io::Auto,
                carrack_settings::Io::Uring => Io::Uring,
                carrack_settings::Io::Epoll => Io::Epoll,
            },
            chunk_rows: batch.chunk_rows.saturating_mul(batch.chunks_in_flight),
            read_octets: usize::try_from(batch.read_octets).unwrap_or(1 << 20),
            octets_max: settings
                .http
                .as_ref()
                .map_or(OCTETS_MAX, |http| http.batch_octets_max),
            unpacked_max: batch.unpacked_max,
            duplicates_max: batch.duplicates_max,
            check_time_max: batch.check_time_max,
            keep: batch.keep,
            idempotency_keep: settings.queue.idempotency_keep,
            class: batch.class,
            running_max: RUNNING_MAX,
            running_of_account_max: RUNNING_OF_ACCOUNT_MAX,
            queued_max: QUEUED_MAX,
            queued_of_account_max: QUEUED_OF_ACCOUNT_MAX,
        }
    }
}
