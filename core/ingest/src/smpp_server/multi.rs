//! A `submit_multi` (SMPP 3.4 4.5): one message a destination, one response for all of them.
//!
//! Promise: the response comes when every destination that was accepted is durable, and names each that was not, with
//! the status that a `submit_sm` to it would have had. Bound: 255 destinations, for `number_of_dests` has one octet.
//!
//! Decisions:
//! - The customer knows all by one id, that of the first destination accepted, or one short id: the response has it, and so have the
//!   receipts of all; which destination a receipt speaks of is its `source_addr`. The stored messages keep that text
//!   (`told_as`), so that it is the same after a restart.
//! - The segments of all destinations are taken out of the account's rate at once, or the whole is `ESME_RTHROTTLED` for
//!   now. Destinations beyond a whole second's rate could never be granted with the others: they stand in the list with
//!   `ESME_RTHROTTLED`, and the others are sent.
//! - There are no distribution lists here: each is refused with `ESME_RCNTSUBDL`, its name in the place of the address.
//! - Where nothing is accepted the whole is refused: with the status that all destinations share, else with
//!   `ESME_RSUBMITFAIL`. A fault of the text, the sender or the times is the whole's, before any destination is judged.

use std::collections::HashMap;

use carrack_engine::{Group, Submission, ToldAs, Verdict};
use carrack_message::{MessageId, Msisdn};
use carrack_smpp::{
    Address, CommandId, CommandStatus, Destination, Destinations, ServerSession, SubmitMulti,
    UnsuccessSme, UnsuccessSmes, write_destination, write_unsuccess_sme,
};

use super::requests::take_rate;
use super::short_id::ShortId;
use super::{message_id, screen};
use crate::accounts::{Account, IdFormat};

/// What is owed to a client that sent a `submit_multi`.
#[derive(Debug, Default)]
pub(crate) struct Multi {
    /// Destinations refused by the door, as the response names them.
    unsuccess: Vec<u8>,
    /// The others as they were written, in the order of their submissions.
    destinations: Vec<u8>,
    messages: usize,
}

/// Appends a submission for each destination that is taken.
///
/// # Errors
/// The status to answer, where none is; nothing was appended then.
pub(crate) fn expand(
    account: &Account,
    asked: &SubmitMulti<'_>,
    utc_ns: u64,
    group: u32,
    submissions: &mut Vec<Submission>,
) -> Result<Multi, CommandStatus> {
    let common = screen::common(account, &asked.message, utc_ns)?;
    let group = Group {
        number: group,
        told_as: ToldAs::First(message_id::told_as),
    };
    let mut multi = Multi::default();
    let before = submissions.len();
    let rate = account.rate().unwrap_or(u32::MAX);
    let mut segments = 0_u32;
    let mut seen: HashMap<Msisdn, u32> = HashMap::new();
    for destination in asked.destinations {
        let judged = match destination {
            Destination::DistributionList(_) => Err(CommandStatus::ESME_RCNTSUBDL),
            Destination::Address(address) => common.to(account, &address).and_then(|submission| {
                let with_it = segments.saturating_add(u32::from(submission.segments));
                // The first may be longer than a second's rate, as a single message may.
                if segments > 0 && with_it > rate {
                    return Err(CommandStatus::ESME_RTHROTTLED);
                }
                write_destination(&mut multi.destinations, &destination)
                    .map_err(|_| CommandStatus::ESME_RINVDSTADR)?;
                segments = with_it;
                Ok(submission)
            }),
        };
        match judged {
            Ok(mut submission) => {
                multi.messages += 1;
                if common.has_key() {
                    let nth = seen.entry(submission.to).or_default();
                    common.put_key(&mut submission, *nth);
                    *nth += 1;
                }
                submissions.push(Submission {
                    group: Some(group),
                    ..submission
                });
            }
            Err(status) => refuse(&mut multi.unsuccess, &destination, status),
        }
    }
    if multi.messages == 0 {
        return Err(of_all(&multi.unsuccess));
    }
    take_rate(account, segments).inspect_err(|_| submissions.truncate(before))?;
    Ok(multi)
}

impl Multi {
    /// Messages it became.
    pub(crate) const fn messages(&self) -> usize {
        self.messages
    }

    /// Answers by a verdict for each message; one that is missing is the node's fault. Gives the id of the first that was
    /// accepted now; where all were before, they are told as they were.
    pub(crate) fn answer<'v>(
        &self,
        told_as: (IdFormat, Option<ShortId>),
        session: &mut ServerSession,
        sequence_number: u32,
        mut verdicts: impl Iterator<Item = &'v Verdict>,
    ) -> Option<MessageId> {
        let mut unsuccess = self.unsuccess.clone();
        let (mut first, mut before) = (None, None);
        for destination in Destinations::new(&self.destinations) {
            let status = match verdicts.next() {
                Some(Verdict::Accepted(id)) => {
                    first.get_or_insert(*id);
                    continue;
                }
                Some(Verdict::Repeated(id, text)) => {
                    before.get_or_insert((*id, text));
                    continue;
                }
                Some(Verdict::Refused(refusal)) => screen::refused(refusal),
                None => CommandStatus::ESME_RSYSERR,
            };
            refuse(&mut unsuccess, &destination, status);
        }
        let command = CommandId::SUBMIT_MULTI;
        let mut id_text = Vec::with_capacity(message_id::OCTETS_MAX);
        match (first, before) {
            (Some(id), _) => message_id::write_given(told_as, id, &mut id_text),
            (None, Some((id, text))) => message_id::write_told(told_as.0, text, id, &mut id_text),
            (None, None) => {
                session.answer(sequence_number, command, of_all(&unsuccess), &[]);
                return None;
            }
        }
        let count = UnsuccessSmes::new(&unsuccess).count();
        let written = session.answer_with(sequence_number, command, CommandStatus::ESME_ROK, |w| {
            w.cstring(&id_text);
            w.octet(u8::try_from(count).unwrap_or(u8::MAX));
            w.octets(&unsuccess);
        });
        if written.is_err() {
            session.answer(sequence_number, command, CommandStatus::ESME_RSYSERR, &[]);
        }
        first
    }
}

fn refuse(
    unsuccess: &mut Vec<u8>,
    destination: &Destination<'_>,
    error_status_code: CommandStatus,
) {
    let destination = match destination {
        Destination::Address(address) => *address,
        Destination::DistributionList(name) => Address::new(0, 0, name),
    };
    let refused = UnsuccessSme {
        destination,
        error_status_code,
    };
    // It was read out of a PDU, so it can be written into one.
    let _ = write_unsuccess_sme(unsuccess, &refused);
}

/// The status of a whole of which every destination was refused.
fn of_all(unsuccess: &[u8]) -> CommandStatus {
    let mut statuses = UnsuccessSmes::new(unsuccess)
        .iter()
        .map(|refused| refused.error_status_code);
    match statuses.next() {
        Some(first) if statuses.all(|status| status == first) => first,
        _ => CommandStatus::ESME_RSUBMITFAIL,
    }
}
