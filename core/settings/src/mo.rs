//! `[mo]`: how much of what handsets send may wait, for its parts and for its customer.

use std::time::Duration;

use crate::kind;
use crate::reader::Section;

/// `[mo]`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mo {
    /// How long a long message waits for its parts; then what came is handed on.
    pub join_timeout: Duration,
    /// Long messages of one carrier that wait for parts; with more, the oldest is handed on as it is.
    pub join_messages_max: u64,
    /// Octets of text that they hold.
    pub join_size: u64,
    /// Messages that wait for their customer in a shard; above it carriers are asked to bring them again.
    pub waiting_max: u64,
    /// How long they wait.
    pub keep: Duration,
    /// Automatic answers that one handset gets from one account in an hour, webhooks' and the node's own.
    pub replies_an_hour: u32,
}

impl Mo {
    pub(crate) fn read(section: &Section<'_>) -> Self {
        const SECOND: Duration = Duration::from_secs(1);
        const HOUR: Duration = Duration::from_secs(3_600);
        Self {
            join_timeout: section.or("join_timeout", SECOND * 300, kind::time(SECOND..=HOUR * 24)),
            join_messages_max: section.or(
                "join_messages_max",
                10_000,
                kind::integer(1..=10_000_000),
            ),
            join_size: section.or("join_size", 16 << 20, kind::octets(64 << 10..=4 << 30)),
            waiting_max: section.or("waiting_max", 100_000, kind::integer(1..=100_000_000)),
            replies_an_hour: section.or("replies_an_hour", 20, kind::integer(1..=1_000)),
            keep: section.or("keep", HOUR * 72, kind::time(SECOND..=HOUR * 24 * 31)),
        }
    }
}
