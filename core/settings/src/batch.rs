//! `[batch]`: how files of many messages are read.

use std::time::Duration;

use carrack_message::Class;

use crate::kind;
use crate::reader::Section;

/// `[batch]`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Rows handed to a shard at a time.
    pub chunk_rows: u32,
    /// Chunks read and not yet durable, a batch.
    pub chunks_in_flight: u32,
    /// Octets a read.
    pub read_octets: u64,
    /// Most octets that a packed file may unpack to.
    pub unpacked_max: u64,
    /// Rows that can be compared, where a batch refuses duplicates; about eight octets each.
    pub duplicates_max: u64,
    /// How long a file may be looked at that is not sent.
    pub check_time_max: Duration,
    /// How long a finished batch can still be asked for.
    pub keep: Duration,
    /// Class of rows that name none.
    pub class: Class,
}

impl Batch {
    pub(crate) fn read(section: &Section<'_>) -> Self {
        const DAY: Duration = Duration::from_secs(86_400);
        Self {
            chunk_rows: section.or("chunk_rows", 512, kind::integer(1..=65_535)),
            chunks_in_flight: section.or("chunks_in_flight", 8, kind::integer(1..=1_024)),
            read_octets: section.or("read_octets", 1 << 20, kind::octets(4 << 10..=64 << 20)),
            unpacked_max: section.or("unpacked_max", 32 << 30, kind::octets(1 << 20..=1 << 50)),
            duplicates_max: section.or(
                "duplicates_max",
                20_000_000,
                kind::integer(1_000..=1_000_000_000),
            ),
            check_time_max: section.or(
                "check_time_max",
                Duration::from_secs(60),
                kind::time(Duration::from_secs(1)..=Duration::from_secs(3600)),
            ),
            keep: section.or(
                "keep",
                DAY * 7,
                kind::time(Duration::from_secs(1)..=DAY * 366),
            ),
            class: section.or("class", Class::Bulk, kind::parsed),
        }
    }
}
