//! Receipts that come early, twice or never (T04). All by what was sent: the same submit always has the same fate.

use super::{Argument, Quirk};
use crate::chance::{Digest, Percent};

/// Shares of receipts that go wrong.
#[derive(Debug, Clone, Copy, Default)]
pub struct Receipts {
    drop: Percent,
    early: Percent,
    double: Percent,
}

pub(super) const FAMILY: &[Quirk] = &[
    Quirk {
        name: "drop-receipt",
        argument: Argument::Percent(1.0),
        line: "never sends this share of receipts, by what was sent",
        set: |quirks, value| quirks.receipt.drop = value.percent(),
    },
    Quirk {
        name: "receipt-before-response",
        argument: Argument::Percent(30.0),
        line: "sends this share of receipts at least a millisecond before the submit_sm_resp, by what was sent",
        set: |quirks, value| quirks.receipt.early = value.percent(),
    },
    Quirk {
        name: "double-receipt",
        argument: Argument::Percent(10.0),
        line: "sends this share of receipts twice, by what was sent",
        set: |quirks, value| quirks.receipt.double = value.percent(),
    },
];

impl Receipts {
    /// True when this receipt is never sent.
    #[must_use]
    pub fn is_dropped(&self, seed: u64, content: u64) -> bool {
        takes(self.drop, seed, b"drop-receipt", content)
    }

    /// True when this receipt goes before the answer.
    #[must_use]
    pub fn is_early(&self, seed: u64, content: u64) -> bool {
        takes(self.early, seed, b"receipt-before-response", content)
    }

    /// True when this receipt goes twice.
    #[must_use]
    pub fn is_doubled(&self, seed: u64, content: u64) -> bool {
        takes(self.double, seed, b"double-receipt", content)
    }
}

fn takes(share: Percent, seed: u64, salt: &[u8], content: u64) -> bool {
    !share.is_never() && share.takes(Digest::new(seed).field(salt).number(content).finish())
}
