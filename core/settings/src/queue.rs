//! `[queue]`: how much may wait, and how long what is done is kept.

use std::time::Duration;

use crate::kind;
use crate::reader::Section;

/// A chunk of a file may have as many rows as `max_batch` of `[durability]` can say, each with a key.
const UNDER_WAY_MIN: u64 = 65_536;

/// `[queue]`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Queue {
    /// Most messages accepted and not yet final on the node; above it work is refused or paused.
    pub messages_max: u64,
    /// Waiting messages that a lane keeps in memory; behind them it waits in the log only.
    pub lane_in_memory: u64,
    /// How long a message waits for its receipts in memory, then on disk only.
    pub receipt_in_memory: Duration,
    /// Segments whose receipts are waited for in memory; with more, messages go to disk sooner.
    pub receipts_in_memory_max: u64,
    /// Ends of messages that wait for their customer in memory, an account; of more the places in the log are kept.
    pub untold_in_memory: u64,
    /// How long a final message can still be asked for.
    pub retention: Duration,
    /// Octets after which an epoch of the log is closed.
    pub epoch_size: u64,
    /// Age after which an epoch of the log is closed.
    pub epoch_age: Duration,
    /// How long a receipt is kept that came before its submit response.
    pub early_receipt_hold: Duration,
    /// Most receipts kept so.
    pub early_receipts_max: u64,
    /// How long a request is known again by its key.
    pub idempotency_keep: Duration,
    /// Most keys of requests that are not durable yet.
    pub idempotency_under_way_max: u64,
}

impl Queue {
    pub(crate) fn read(section: &Section<'_>) -> Self {
        const SECOND: Duration = Duration::from_secs(1);
        const HOUR: Duration = Duration::from_secs(3_600);
        Self {
            messages_max: section.or("messages_max", 2_000_000, kind::integer(1..=1_000_000_000)),
            lane_in_memory: section.or("lane_in_memory", 32_768, kind::integer(16..=10_000_000)),
            receipt_in_memory: section.or(
                "receipt_in_memory",
                SECOND * 600,
                kind::time(SECOND..=HOUR * 24 * 7),
            ),
            receipts_in_memory_max: section.or(
                "receipts_in_memory_max",
                500_000,
                kind::integer(0..=100_000_000),
            ),
            untold_in_memory: section.or(
                "untold_in_memory",
                65_536,
                kind::integer(64..=10_000_000),
            ),
            retention: section.or("retention", HOUR * 24, kind::time(SECOND..=HOUR * 24 * 366)),
            epoch_size: section.or("epoch_size", 64 << 20, kind::octets(1 << 20..=4 << 30)),
            epoch_age: section.or("epoch_age", SECOND * 600, kind::time(SECOND..=HOUR * 24)),
            early_receipt_hold: section.or(
                "early_receipt_hold",
                SECOND * 600,
                kind::time(SECOND..=HOUR * 24),
            ),
            early_receipts_max: section.or(
                "early_receipts_max",
                200_000,
                kind::integer(1..=100_000_000),
            ),
            idempotency_keep: section.or(
                "idempotency_keep",
                HOUR * 48,
                kind::time(SECOND..=HOUR * 24 * 31),
            ),
            idempotency_under_way_max: section.or(
                "idempotency_under_way_max",
                500_000,
                kind::integer(UNDER_WAY_MIN..=100_000_000),
            ),
        }
    }
}
