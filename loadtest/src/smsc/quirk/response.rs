//! Answers that never come (T27).

use super::{Argument, Quirk};
use crate::chance::{Digest, Percent};

/// Shares of answers that go wrong.
#[derive(Debug, Clone, Copy, Default)]
pub struct Response {
    drop: Percent,
}

pub(super) const FAMILY: &[Quirk] = &[Quirk {
    name: "drop-response",
    argument: Argument::Percent(1.0),
    line: "accepts this share of submits but never answers them (their receipts do come), by the number of the submit",
    set: |quirks, value| quirks.response.drop = value.percent(),
}];

impl Response {
    /// True when the answer to this accepted submit is withheld.
    #[must_use]
    pub fn is_dropped(&self, seed: u64, submit: u64) -> bool {
        !self.drop.is_never()
            && self.drop.takes(
                Digest::new(seed)
                    .field(b"drop-response")
                    .number(submit)
                    .finish(),
            )
    }
}
