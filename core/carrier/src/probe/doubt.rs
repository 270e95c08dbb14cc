//! Which refusals are about the message, and which about the moment: a carrier that refuses at random proves nothing by it.
//!
//! Promise: a message that is refused for no reason of its own is sent again [`TRIES_MAX`] times in all, and what was refused
//! then is called a property only where no message without it met the same refusal.

use std::collections::{BTreeMap, BTreeSet};

use carrack_smpp::{CommandId, CommandStatus};

use super::message::Purpose;
use super::observation::{Answer, SubmitSeen};

/// Times that one message is sent before it is judged.
pub(super) const TRIES_MAX: usize = 4;

/// Recipients that are refused before it is for the dress of their address.
const RECIPIENTS_MIN: usize = 3;

/// Refusals that mean the same of whoever they are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// By a `generic_nack`.
    Nack,
    /// With a status that the specification does not know.
    Vendor,
    /// With this status.
    Status(CommandStatus),
}

impl Kind {
    /// The recipient's address is refused.
    const RECIPIENT: Self = Self::Status(CommandStatus::ESME_RINVDSTADR);

    /// What kind of refusal an answer is; none: it is none.
    pub(super) fn of(answer: &Answer) -> Option<Self> {
        const RESERVED: u32 = 0x22;
        let status = answer.status;
        if status.is_ok() {
            None
        } else if answer.command == CommandId::GENERIC_NACK {
            Some(Self::Nack)
        } else if status.name().is_none() || status.0 == RESERVED {
            Some(Self::Vendor)
        } else {
            Some(Self::Status(status))
        }
    }

    /// Whether it speaks of the carrier's moment, never of the message.
    pub(super) fn is_passing(self) -> bool {
        matches!(
            self,
            Self::Status(
                CommandStatus::ESME_RTHROTTLED
                    | CommandStatus::ESME_RMSGQFUL
                    | CommandStatus::ESME_RSYSERR
                    | CommandStatus::ESME_RX_T_APPN
                    | CommandStatus::ESME_RSUBMITFAIL
            )
        )
    }

    /// Whether one such refusal leaves it open what it is about.
    fn is_open(self) -> bool {
        // A recipient that does not exist, or an address in a dress that is not taken: another recipient tells.
        self.is_passing() || self == Self::RECIPIENT || matches!(self, Self::Nack | Self::Vendor)
    }
}

/// What is known of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It was taken.
    Taken,
    /// It was refused for what it is.
    Refused(CommandStatus),
    /// It was refused each time, with what other messages meet as well.
    Unclear(CommandStatus),
}

/// Refusals that messages with which nothing is wrong met.
#[derive(Clone, Debug, Default)]
pub(super) struct Doubt {
    /// Met by some of them: at random.
    random: BTreeSet<Kind>,
    /// Met by all plain texts.
    steady: BTreeSet<Kind>,
}

/// Whether it is sent to see whether it is taken.
pub(super) fn is_tried(purpose: Purpose) -> bool {
    matches!(
        purpose,
        Purpose::Coding(_) | Purpose::Part { .. } | Purpose::Dress(_) | Purpose::Parameter { .. }
    )
}

fn is_plain(purpose: Purpose) -> bool {
    matches!(purpose, Purpose::Sample | Purpose::Window)
}

impl Doubt {
    pub(super) fn of(submits: &[SubmitSeen]) -> Self {
        let mut doubt = Self::default();
        let plain = || submits.iter().filter(|seen| is_plain(seen.message.purpose));
        let answered = plain().filter(|seen| seen.answer().is_some()).count();
        let mut met: BTreeMap<Kind, usize> = BTreeMap::new();
        for kind in plain().filter_map(SubmitSeen::answer).filter_map(Kind::of) {
            *met.entry(kind).or_default() += 1;
        }
        for (kind, count) in met {
            if count == answered {
                doubt.steady.insert(kind);
            } else {
                doubt.random.insert(kind);
            }
        }
        let tried = submits.iter().filter(|seen| is_tried(seen.message.purpose));
        let refused = tried.filter_map(|seen| Some((seen, seen.answer().and_then(Kind::of)?)));
        for (seen, kind) in refused {
            let is_taken_too = submits
                .iter()
                .any(|other| other.message.purpose == seen.message.purpose && other.is_accepted());
            // Recipients are no moment: another one is another message.
            let is_other = kind == Kind::Status(CommandStatus::ESME_RINVDSTADR);
            if is_taken_too && !is_other {
                doubt.random.insert(kind);
            }
        }
        doubt
    }

    /// Whether messages with which nothing is wrong met it.
    pub(super) fn is_met(&self, kind: Kind) -> bool {
        self.random.contains(&kind) || self.steady.contains(&kind)
    }

    /// Whether a refused message is worth another try.
    pub(super) fn asks_again(&self, seen: &SubmitSeen) -> bool {
        let purpose = seen.message.purpose;
        let kind = seen.answer().and_then(Kind::of);
        let kind = kind.filter(|_| is_tried(purpose));
        // What no plain text passed says nothing the second time either.
        kind.is_some_and(|kind| {
            !self.steady.contains(&kind) && (kind.is_open() || self.random.contains(&kind))
        })
    }

    /// What is known of messages with this purpose; none: they were not sent, or not answered.
    pub(super) fn verdict(&self, submits: &[SubmitSeen], purpose: Purpose) -> Option<Verdict> {
        let answers = || {
            let of = submits
                .iter()
                .filter(move |seen| seen.message.purpose == purpose);
            of.filter_map(SubmitSeen::answer)
        };
        if answers().any(|answer| answer.status.is_ok()) {
            return Some(Verdict::Taken);
        }
        let last = answers().next_back()?;
        let is_recipient = |answer: &Answer| Kind::of(answer) == Some(Kind::RECIPIENT);
        let is_dress = matches!(purpose, Purpose::Dress(_)) && !self.is_met(Kind::RECIPIENT);
        if is_dress && answers().count() >= RECIPIENTS_MIN && answers().all(is_recipient) {
            return Some(Verdict::Refused(last.status));
        }
        let proves = |answer: &&Answer| {
            Kind::of(answer).is_some_and(|kind| {
                // Plain texts have a data_coding, too: one that none of them passes may be for it.
                let is_known = match kind {
                    Kind::Status(_) if matches!(purpose, Purpose::Coding(_)) => {
                        self.random.contains(&kind)
                    }
                    _ => self.is_met(kind),
                };
                !is_known && !kind.is_open()
            })
        };
        if let Some(proof) = answers().find(proves) {
            return Some(Verdict::Refused(proof.status));
        }
        let is_odd = |answer: &Answer| {
            Kind::of(answer)
                .is_some_and(|kind| matches!(kind, Kind::Nack | Kind::Vendor) && !self.is_met(kind))
        };
        // Who means the message says the same each time.
        let is_steadily_refused = answers().count() >= TRIES_MAX
            && answers().all(|answer| is_odd(answer) && answer.status == last.status);
        Some(if is_steadily_refused {
            Verdict::Refused(last.status)
        } else {
            Verdict::Unclear(last.status)
        })
    }
}
