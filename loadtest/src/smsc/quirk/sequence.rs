//! Sequence numbers that are not as they should be (T19, T20). The octets are bent on their way out and back.

use super::{Kind, Quirk};
use crate::chance::Percent;

/// How the SMSC numbers its own requests (T19).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Numbering {
    /// 1, 2, 3 ...
    #[default]
    Usual,
    /// From 0.
    Zero,
    /// Above 0x7FFFFFFF.
    High,
    /// Always the same.
    Constant,
}

/// Sequence numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Sequence {
    /// Of the SMSC's own requests.
    pub numbering: Numbering,
    /// Share of submit responses with a number that is not the request's.
    pub mismatch: Percent,
}

pub(super) const FAMILY: &[Quirk] = &[
    Quirk {
        name: "sequence-zero",
        traps: &["T19"],
        takes: &[],
        line: "numbers its own requests from 0",
        set: |quirks, _| quirks.sequence.numbering = Numbering::Zero,
    },
    Quirk {
        name: "sequence-high",
        traps: &["T19"],
        takes: &[],
        line: "numbers its own requests above 0x7FFFFFFF",
        set: |quirks, _| quirks.sequence.numbering = Numbering::High,
    },
    Quirk {
        name: "sequence-constant",
        traps: &["T19"],
        takes: &[],
        line: "gives all its own requests the number 7",
        set: |quirks, _| quirks.sequence.numbering = Numbering::Constant,
    },
    Quirk {
        name: "sequence-mismatch",
        traps: &["T20"],
        takes: &[Kind::Percent(3.0)],
        line: "answers this share of submits with a sequence number that is not theirs, by the order of the answers",
        set: |quirks, values| quirks.sequence.mismatch = values.percent,
    },
];
