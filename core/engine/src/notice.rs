//! Telling a customer the end of a message. A door gives credits; a shard sends no more than that.

use std::sync::Arc;

use carrack_message::{MessageId, Msisdn, Status};

/// Names a notice until it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NoticeKey {
    pub(crate) shard: u8,
    pub(crate) slot: u32,
    pub(crate) generation: u32,
}

/// The end of a message, for its customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// To be given back when the customer has taken it.
    pub key: NoticeKey,
    /// The message.
    pub id: MessageId,
    /// The id text that the customer was given instead of the message's own; mostly empty.
    pub told_as: Vec<u8>,
    /// The account's number.
    pub account: u32,
    /// Recipient of the message.
    pub to: Msisdn,
    /// Sender of the message.
    pub from: String,
    /// Final status.
    pub status: Status,
    /// The carrier's last error or status, 0 where none.
    pub error: u32,
    /// Segments.
    pub segments: u8,
    /// Accepted at, UTC nanoseconds.
    pub accepted_utc_ns: u64,
    /// Final at, UTC nanoseconds.
    pub done_utc_ns: u64,
}

/// Where a door takes notices. Called on shards' threads; must not block.
pub type NoticeSink = Arc<dyn Fn(Vec<Notice>) + Send + Sync>;
