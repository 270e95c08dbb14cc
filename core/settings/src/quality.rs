//! `[quality]`: how it is measured what carriers deliver, for routes with policy `least_cost_delivered`, metrics and people.

use std::time::Duration;

use crate::kind;
use crate::reader::Section;

/// `[quality]`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quality {
    /// What is looked back at.
    pub window: Duration,
    /// A share of deliveries is taken over when it has changed by more than so many percent.
    pub hysteresis_percent: u8,
    /// Percent that a carrier is believed to deliver of which nothing is known.
    pub expected_percent: u8,
    /// Messages of one network and class that are enough to know them by themselves.
    pub known_by: u32,
    /// A receipt that has not come for so long counts as not delivered.
    pub receipt_wait: Duration,
    /// Receipts of delivery that come within this time, nearly all of them, are suspected to be invented.
    pub suspicious_receipt: Duration,
    /// Pairs of network and class that are told apart, a carrier.
    pub cells_max: u32,
}

impl Quality {
    pub(crate) fn read(section: &Section<'_>) -> Self {
        const SECOND: Duration = Duration::from_secs(1);
        const DAY: Duration = Duration::from_secs(86_400);
        Self {
            window: section.or("window", SECOND * 600, kind::time(SECOND..=DAY * 7)),
            hysteresis_percent: section.or("hysteresis", 3, kind::integer(0..=50)),
            expected_percent: section.or("expected", 95, kind::integer(1..=100)),
            known_by: section.or("known_by", 50, kind::integer(1..=1_000_000)),
            receipt_wait: section.or("receipt_wait", SECOND * 600, kind::time(SECOND..=DAY * 7)),
            suspicious_receipt: section.or(
                "suspicious_receipt",
                Duration::from_millis(300),
                kind::time(Duration::from_millis(1)..=SECOND * 60),
            ),
            cells_max: section.or("cells_max", 4096, kind::integer(1..=100_000)),
        }
    }
}
