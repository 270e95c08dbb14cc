//! A `query_sm`, `cancel_sm` or `replace_sm`: what is asked, and what the store says to it.
//!
//! Promise: a message of another account is unknown. Blocking where it says so. Fails by the status to answer.
//!
//! Decisions:
//! - An id that is none, was never given, is another account's, or whose time of retention is over: `ESME_RINVMSGID`
//!   (SMPP 5.0 4.7.6: the id given in a query, cancel or other request is invalid). A store that cannot be read is
//!   `ESME_RQUERYFAIL`, `ESME_RCANCELFAIL` or `ESME_RREPLACEFAIL`.
//! - `source_addr` is not compared: the account says whose the message is, and its sender may have been the account's own.
//! - A message that is not final is ENROUTE, one for later too: 3.4 has no other state for it.
//! - The id of a `submit_multi`: a query speaks of its first message; a cancel takes all of them back, or with a
//!   `destination_addr` those to that number. It is OK if all that it meant were taken back.
//! - A cancel without an id, of all messages between two addresses, is `ESME_RCANCELFAIL`: there is no index by address.
//! - A short id finds a message while it is among the newest that are remembered. One that is not, because it is older or
//!   was given before the start, is `ESME_RQUERYFAIL`, `ESME_RCANCELFAIL` or `ESME_RREPLACEFAIL`: nobody knows that it is wrong.
//! - No message can be replaced: `ESME_RREPLACEFAIL` for one that is there.

use std::sync::{Arc, Mutex, PoisonError};

use carrack_engine::Cancelled;
use carrack_message::{MessageId, Msisdn, ReceiptState};
use carrack_smpp::{
    BodyWriter, CancelSm, CommandId, CommandStatus, QuerySm, ReplaceSm, Strictness, time,
};

use super::intake::{Intake, MessageState};
use super::short_id::ShortId;
use super::short_ids::ShortIds;
use super::{address, message_id, receipt};
use crate::accounts::Account;

const SECOND_NS: u64 = 1_000_000_000;

/// A question of one client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Question {
    pub(crate) sequence_number: u32,
    account: u32,
    id: MessageId,
    /// The id is that of a whole group, whatever is stored: it was found by a short one.
    leads: bool,
    ask: Ask,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Ask {
    /// With the id as it was asked for.
    Query(Vec<u8>),
    /// All that go by the id, or those to this number.
    Cancel(Option<Msisdn>),
    Replace,
}

impl Ask {
    const fn fails_by(&self) -> CommandStatus {
        match self {
            Self::Query(_) => CommandStatus::ESME_RQUERYFAIL,
            Self::Cancel(_) => CommandStatus::ESME_RCANCELFAIL,
            Self::Replace => CommandStatus::ESME_RREPLACEFAIL,
        }
    }
}

/// What is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) sequence_number: u32,
    pub(crate) command: CommandId,
    pub(crate) verdict: Result<Option<State>, CommandStatus>,
}

/// The body of a `query_sm_resp`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct State {
    message_id: Vec<u8>,
    state: MessageState,
}

impl State {
    /// Writes it.
    pub(crate) fn write(&self, w: &mut BodyWriter<'_>) {
        w.cstring(&self.message_id);
        let MessageState {
            status,
            error,
            done_utc_ns,
        } = self.state;
        if status.is_final() {
            w.time(&time::absolute((done_utc_ns / SECOND_NS).cast_signed()));
            w.octet(receipt::state(status).code());
        } else {
            w.time(&[]);
            w.octet(ReceiptState::Enroute.code());
        }
        // One octet is all there is: 255 stands for whatever is above.
        w.octet(u8::try_from(error).unwrap_or(u8::MAX));
    }
}

impl Question {
    /// Reads a request.
    ///
    /// # Errors
    /// The status to answer.
    pub(crate) fn read(
        (account, short_ids): (&Account, Option<&ShortIds>),
        sequence_number: u32,
        command: CommandId,
        body: &[u8],
        strictness: Strictness,
    ) -> Result<Self, CommandStatus> {
        let (message_id, ask) = match command {
            CommandId::QUERY_SM => {
                let query = QuerySm::decode(body, strictness);
                let query = query.map_err(|fault| fault.answer)?.value;
                (query.message_id, Ask::Query(query.message_id.to_vec()))
            }
            CommandId::CANCEL_SM => {
                let cancel = CancelSm::decode(body, strictness);
                let cancel = cancel.map_err(|fault| fault.answer)?.value;
                if cancel.message_id.is_empty() {
                    return Err(CommandStatus::ESME_RCANCELFAIL);
                }
                let to = match cancel.destination.addr.is_empty() {
                    true => None,
                    false => {
                        let region = account.region.as_deref();
                        Some(address::recipient(&cancel.destination, region)?)
                    }
                };
                (cancel.message_id, Ask::Cancel(to))
            }
            _ => {
                let replace = ReplaceSm::decode(body, strictness);
                let replace = replace.map_err(|fault| fault.answer)?.value;
                (replace.message_id, Ask::Replace)
            }
        };
        let id = match short_ids {
            None => message_id::read(account.dialect.message_id, message_id)
                .ok_or(CommandStatus::ESME_RINVMSGID),
            Some(short_ids) => ShortId::read(message_id)
                .ok_or(CommandStatus::ESME_RINVMSGID)
                .and_then(|id| short_ids.find(id).ok_or(ask.fails_by())),
        };
        Ok(Self {
            sequence_number,
            account: account.number,
            id: id?,
            leads: short_ids.is_some(),
            ask,
        })
    }

    /// The request that it is.
    pub(crate) const fn command(&self) -> CommandId {
        match self.ask {
            Ask::Query(_) => CommandId::QUERY_SM,
            Ask::Cancel(_) => CommandId::CANCEL_SM,
            Ask::Replace => CommandId::REPLACE_SM,
        }
    }

    /// Finds the answer and gives it to `reply`, once, perhaps on a shard's thread. Blocking: it reads the store.
    pub(crate) fn answer(self, intake: &impl Intake, reply: impl FnOnce(Answer) + Send + 'static) {
        let (sequence_number, command) = (self.sequence_number, self.command());
        let reply = move |verdict| {
            reply(Answer {
                sequence_number,
                command,
                verdict,
            });
        };
        let (fails_by, account, id) = (self.ask.fails_by(), self.account, self.id);
        let unreadable = |reason: String| {
            tracing::error!(%id, reason, "the store cannot be read for a client's question");
            fails_by
        };
        if let Ask::Query(message_id) = self.ask {
            let found = intake.state(account, id).map_err(unreadable);
            return reply(found.and_then(|state| {
                let state = state.ok_or(CommandStatus::ESME_RINVMSGID)?;
                Ok(Some(State { message_id, state }))
            }));
        }
        let found = intake.together(account, id, self.leads).map_err(unreadable);
        let meant = match (found, self.ask) {
            (Err(status), _) => return reply(Err(status)),
            (Ok(messages), _) if messages.is_empty() => {
                return reply(Err(CommandStatus::ESME_RINVMSGID));
            }
            (Ok(messages), Ask::Cancel(to)) => meant(&messages, to),
            (Ok(_), _) => Vec::new(),
        };
        if meant.is_empty() {
            return reply(Err(fails_by));
        }
        let done = move |all| reply(if all { Ok(None) } else { Err(fails_by) });
        take_back(intake, &meant, done);
    }
}

fn meant(messages: &[(MessageId, Msisdn)], to: Option<Msisdn>) -> Vec<MessageId> {
    messages
        .iter()
        .filter(|(_, recipient)| to.is_none_or(|to| to == *recipient))
        .map(|(id, _)| *id)
        .collect()
}

/// Takes messages back; tells whether all were.
fn take_back(intake: &impl Intake, ids: &[MessageId], done: impl FnOnce(bool) + Send + 'static) {
    let waiting = Arc::new(Mutex::new((ids.len(), true, Some(done))));
    for id in ids {
        let waiting = Arc::clone(&waiting);
        let answered = move |cancelled| {
            let mut waiting = waiting.lock().unwrap_or_else(PoisonError::into_inner);
            let (left, all, done) = &mut *waiting;
            *left -= 1;
            *all &= cancelled == Cancelled::Done;
            if *left == 0
                && let Some(done) = done.take()
            {
                done(*all);
            }
        };
        intake.cancel(*id, Box::new(answered));
    }
}
