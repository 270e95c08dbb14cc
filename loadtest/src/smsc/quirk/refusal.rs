//! Submits that are refused although nothing is wrong with them (T14).

use super::{Argument, Quirk};
use crate::chance::{Digest, Percent};
use carrack_smpp::CommandStatus;

/// Shares of submits refused.
#[derive(Debug, Clone, Copy, Default)]
pub struct Refusal {
    throttle: Percent,
    refuse: Percent,
    reject: Percent,
}

pub(super) const FAMILY: &[Quirk] = &[
    Quirk {
        name: "throttle",
        argument: Argument::Percent(10.0),
        line: "answers ESME_RTHROTTLED to this share of submits, by the number of the submit",
        set: |quirks, value| quirks.refusal.throttle = value.percent(),
    },
    Quirk {
        name: "refuse",
        argument: Argument::Percent(10.0),
        line: "answers ESME_RSUBMITFAIL to this share of submits, by the number of the submit",
        set: |quirks, value| quirks.refusal.refuse = value.percent(),
    },
    Quirk {
        name: "reject",
        argument: Argument::Percent(1.0),
        line: "answers ESME_RINVDSTADR to this share of destinations: a destination is always taken or always rejected",
        set: |quirks, value| quirks.refusal.reject = value.percent(),
    },
];

impl Refusal {
    /// The status to refuse this submit with. `submit` is its number.
    #[must_use]
    pub fn of(&self, seed: u64, submit: u64, destination: &[u8]) -> Option<CommandStatus> {
        let by_number = |salt: &[u8]| Digest::new(seed).field(salt).number(submit).finish();
        if !self.reject.is_never()
            && self.reject.takes(
                Digest::new(seed)
                    .field(b"reject")
                    .field(destination)
                    .finish(),
            )
        {
            return Some(CommandStatus::ESME_RINVDSTADR);
        }
        if !self.throttle.is_never() && self.throttle.takes(by_number(b"throttle")) {
            return Some(CommandStatus::ESME_RTHROTTLED);
        }
        if !self.refuse.is_never() && self.refuse.takes(by_number(b"refuse")) {
            return Some(CommandStatus::ESME_RSUBMITFAIL);
        }
        None
    }
}
