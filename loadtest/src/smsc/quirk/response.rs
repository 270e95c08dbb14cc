//! Answers that never come, come late, twice or out of order (T21, T22, T27). All by the number of the submit.

use super::{Kind, Quirk};
use crate::chance::{Digest, Percent};

/// Shares of answers that go wrong.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Response {
    drop: Percent,
    late: Percent,
    /// How much later a late answer comes.
    pub late_ns: u64,
    double: Percent,
    /// Answers that are due together leave in any order, some a few milliseconds later.
    pub is_shuffled: bool,
}

pub(super) const FAMILY: &[Quirk] = &[
    Quirk {
        name: "drop-response",
        traps: &["T27"],
        takes: &[Kind::Percent(1.0)],
        line: "accepts this share of submits but never answers them (their receipts do come), by the number of the submit",
        set: |quirks, values| quirks.response.drop = values.percent,
    },
    Quirk {
        name: "late-response",
        traps: &["T22"],
        takes: &[Kind::Percent(5.0), Kind::Time(1_500)],
        line: "answers this share of accepted submits so much later, by the number of the submit",
        set: |quirks, values| {
            quirks.response.late = values.percent;
            quirks.response.late_ns = values.time_ns;
        },
    },
    Quirk {
        name: "double-response",
        traps: &["T22"],
        takes: &[Kind::Percent(10.0)],
        line: "answers this share of submits twice, by the number of the submit",
        set: |quirks, values| quirks.response.double = values.percent,
    },
    Quirk {
        name: "shuffle-responses",
        traps: &["T21"],
        takes: &[],
        line: "answers in any order: up to 8 ms later, and shuffled among those due together",
        set: |quirks, _| quirks.response.is_shuffled = true,
    },
];

/// The longest that shuffling holds an answer or a receipt back.
pub(in crate::smsc) const SHUFFLE_NS: u64 = 8_000_000;

impl Response {
    /// True when the answer to this accepted submit is withheld.
    #[must_use]
    pub fn is_dropped(&self, seed: u64, submit: u64) -> bool {
        takes(self.drop, seed, b"drop-response", submit)
    }

    /// True when the answer to this accepted submit is late.
    #[must_use]
    pub fn is_late(&self, seed: u64, submit: u64) -> bool {
        takes(self.late, seed, b"late-response", submit)
    }

    /// True when this submit is answered twice.
    #[must_use]
    pub fn is_doubled(&self, seed: u64, submit: u64) -> bool {
        takes(self.double, seed, b"double-response", submit)
    }
}

fn takes(share: Percent, seed: u64, salt: &[u8], submit: u64) -> bool {
    !share.is_never() && share.takes(Digest::new(seed).field(salt).number(submit).finish())
}
