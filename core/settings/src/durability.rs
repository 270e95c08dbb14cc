//! `[durability]`: when an acknowledged message is on the disk.

use std::time::Duration;

use crate::kind;
use crate::reader::Section;

/// When the log is synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DurabilityMode {
    /// Before anything in it is acknowledged.
    EveryBatch,
    /// Every `max_delay`; a loss of power loses what was acknowledged since.
    Interval,
}

/// `[durability]`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Durability {
    /// When the log is synced.
    pub mode: DurabilityMode,
    /// Most messages a frame, 1..=65535; key `max_batch`.
    pub frame_messages_max: u16,
    /// `every_batch`: how long a frame waits for company. `interval`: time between two syncs.
    pub max_delay: Duration,
}

impl Durability {
    pub(crate) fn read(section: &Section<'_>) -> Self {
        const MODES: &[(&str, DurabilityMode)] = &[
            ("every_batch", DurabilityMode::EveryBatch),
            ("interval", DurabilityMode::Interval),
        ];
        let mode = section.or("mode", DurabilityMode::EveryBatch, kind::choice(MODES));
        let (delay_min, delay_default) = match mode {
            DurabilityMode::EveryBatch => (Duration::ZERO, Duration::ZERO),
            DurabilityMode::Interval => (Duration::from_millis(1), Duration::from_millis(10)),
        };
        Self {
            mode,
            frame_messages_max: section.or("max_batch", 4096, kind::integer(1..=65_535)),
            max_delay: section.or(
                "max_delay",
                delay_default,
                kind::time(delay_min..=Duration::from_secs(10)),
            ),
        }
    }
}
