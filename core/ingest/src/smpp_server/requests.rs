//! What a client asks in one read, sorted: messages for the engine, questions of the store, and refusals.
//!
//! Promise: each request is in exactly one of the three, and so is answered exactly once. Pure; time comes in. Bound:
//! the account's window, 255 messages a request, and [`QUESTIONS_MAX`] questions of one client at a time.
//!
//! Decisions: a `submit_multi` whose every destination is refused, and a broadcast, are answered at once. While draining
//! all requests are answered `ESME_RTHROTTLED`.

use std::collections::VecDeque;
use std::mem;
use std::sync::Arc;

use carrack_engine::{Group, Submission, ToldAs};
use carrack_smpp::{CommandId, CommandStatus, ShortMessage, Strictness, SubmitMulti, SubmitSm};

use super::multi::{self, Multi};
use super::question::Question;
use super::screen;
use super::short_id::ShortId;
use super::short_ids::ShortIds;
use crate::accounts::Account;

/// Questions of one client that may wait: a client that only asks must not hold up the others.
pub(crate) const QUESTIONS_MAX: u32 = 32;

/// A request that became messages.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) sequence_number: u32,
    pub(crate) by: AskedBy,
    /// By which its messages are known, where the account has such ids.
    pub(crate) short_id: Option<ShortId>,
}

/// The request that it was.
#[derive(Debug)]
pub(crate) enum AskedBy {
    SubmitSm,
    DataSm,
    SubmitMulti(Box<Multi>),
}

impl Asked {
    /// Messages it became.
    pub(crate) fn messages(&self) -> usize {
        match &self.by {
            AskedBy::SubmitSm | AskedBy::DataSm => 1,
            AskedBy::SubmitMulti(multi) => multi.messages(),
        }
    }

    pub(crate) const fn command(&self) -> CommandId {
        match self.by {
            AskedBy::SubmitSm => CommandId::SUBMIT_SM,
            AskedBy::DataSm => CommandId::DATA_SM,
            AskedBy::SubmitMulti(_) => CommandId::SUBMIT_MULTI,
        }
    }
}

/// Submissions of one read, and the requests they answer to.
#[derive(Debug, Default)]
pub(crate) struct Submits {
    pub(crate) asked: Vec<Asked>,
    pub(crate) submissions: Vec<Submission>,
}

impl Submits {
    /// Takes whole requests of at most so many messages in all; one that has more by itself goes alone.
    pub(crate) fn take(&mut self, submissions_max: usize) -> Option<Self> {
        if self.asked.is_empty() {
            return None;
        }
        if self.submissions.len() <= submissions_max {
            return Some(mem::take(self));
        }
        let (mut requests, mut messages) = (0, 0);
        for asked in &self.asked {
            let with_it = messages + asked.messages();
            if requests > 0 && with_it > submissions_max {
                break;
            }
            requests += 1;
            messages = with_it;
        }
        let rest = Self {
            asked: self.asked.split_off(requests),
            submissions: self.submissions.split_off(messages),
        };
        Some(mem::replace(self, rest))
    }
}

/// Who asks, and when.
pub(crate) struct Caller<'a> {
    pub(crate) account: Option<&'a Account>,
    pub(crate) draining: bool,
    pub(crate) strictness: Strictness,
    pub(crate) utc_ns: u64,
    /// Questions of this client that wait already.
    pub(crate) asking: u32,
    /// Where the account has them.
    pub(crate) short_ids: Option<&'a Arc<ShortIds>>,
}

impl Caller<'_> {
    fn account(&self) -> Result<&Account, CommandStatus> {
        let account = self.account.ok_or(CommandStatus::ESME_RINVBNDSTS)?;
        match self.draining {
            true => Err(CommandStatus::ESME_RTHROTTLED),
            false => Ok(account),
        }
    }

    fn short_id(&self) -> Result<Option<ShortId>, CommandStatus> {
        self.short_ids.map(ShortIds::give).transpose()
    }
}

/// The requests of one read.
#[derive(Debug, Default)]
pub(crate) struct Requests {
    pub(crate) submits: Submits,
    pub(crate) questions: VecDeque<Question>,
    pub(crate) refusals: Vec<(u32, CommandId, CommandStatus)>,
    /// Groups so far.
    groups: u32,
}

impl Requests {
    /// A `submit_sm`.
    pub(crate) fn submit(&mut self, caller: &Caller<'_>, sequence_number: u32, sm: &SubmitSm<'_>) {
        self.single(caller, sequence_number, AskedBy::SubmitSm, sm);
    }

    /// Any other request.
    pub(crate) fn other(
        &mut self,
        caller: &Caller<'_>,
        sequence_number: u32,
        command: CommandId,
        body: &[u8],
    ) {
        let done = match command {
            CommandId::DATA_SM => self.data(caller, sequence_number, body),
            CommandId::SUBMIT_MULTI => self.multi(caller, sequence_number, body),
            CommandId::QUERY_SM | CommandId::CANCEL_SM | CommandId::REPLACE_SM => {
                self.ask(caller, sequence_number, command, body)
            }
            _ => Err(CommandStatus::ESME_RINVCMDID),
        };
        if let Err(status) = done {
            self.refusals.push((sequence_number, command, status));
        }
    }

    fn single(
        &mut self,
        caller: &Caller<'_>,
        sequence_number: u32,
        by: AskedBy,
        sm: &ShortMessage<'_>,
    ) {
        let mut asked = Asked {
            sequence_number,
            by,
            short_id: None,
        };
        let screened = caller.account().and_then(|account| {
            let submission = screen::submission(account, sm, caller.utc_ns)?;
            take_rate(account, submission.segments.into())?;
            Ok((submission, caller.short_id()?))
        });
        match screened {
            Ok((mut submission, short_id)) => {
                if let Some(short_id) = short_id {
                    submission.group = Some(self.group(short_id));
                }
                asked.short_id = short_id;
                self.submits.asked.push(asked);
                self.submits.submissions.push(submission);
            }
            Err(status) => {
                let command = asked.command();
                self.refusals.push((sequence_number, command, status));
            }
        }
    }

    /// Another group, of messages that are told as this.
    fn group(&mut self, short_id: ShortId) -> Group {
        self.groups = self.groups.wrapping_add(1);
        Group {
            number: self.groups,
            told_as: ToldAs::Given(short_id.text()),
        }
    }

    fn data(
        &mut self,
        caller: &Caller<'_>,
        sequence_number: u32,
        body: &[u8],
    ) -> Result<(), CommandStatus> {
        let decoded = ShortMessage::decode_data_sm(body, caller.strictness);
        let sm = decoded.map_err(|fault| fault.answer)?.value;
        // Its text has no other place.
        if sm.payload().is_none() {
            return Err(CommandStatus::ESME_RMISSINGOPTPARAM);
        }
        self.single(caller, sequence_number, AskedBy::DataSm, &sm);
        Ok(())
    }

    fn multi(
        &mut self,
        caller: &Caller<'_>,
        sequence_number: u32,
        body: &[u8],
    ) -> Result<(), CommandStatus> {
        let account = caller.account()?;
        let decoded = SubmitMulti::decode(body, caller.strictness);
        let asked = decoded.map_err(|fault| fault.answer)?.value;
        self.groups = self.groups.wrapping_add(1);
        let submissions = &mut self.submits.submissions;
        let before = submissions.len();
        let multi = multi::expand(account, &asked, caller.utc_ns, self.groups, submissions)?;
        let short_id = caller
            .short_id()
            .inspect_err(|_| submissions.truncate(before))?;
        if let Some(short_id) = short_id {
            let group = self.group(short_id);
            for submission in self.submits.submissions.iter_mut().skip(before) {
                submission.group = Some(group);
            }
        }
        self.submits.asked.push(Asked {
            sequence_number,
            by: AskedBy::SubmitMulti(Box::new(multi)),
            short_id,
        });
        Ok(())
    }

    fn ask(
        &mut self,
        caller: &Caller<'_>,
        sequence_number: u32,
        command: CommandId,
        body: &[u8],
    ) -> Result<(), CommandStatus> {
        let account = caller.account()?;
        let waiting = self.questions.len() + caller.asking as usize;
        if waiting >= QUESTIONS_MAX as usize {
            return Err(CommandStatus::ESME_RTHROTTLED);
        }
        let asker = (account, caller.short_ids.map(Arc::as_ref));
        let question = Question::read(asker, sequence_number, command, body, caller.strictness)?;
        self.questions.push_back(question);
        Ok(())
    }
}

/// Takes the segments of a request out of the account's rate.
///
/// # Errors
/// `ESME_RTHROTTLED`.
pub(crate) fn take_rate(account: &Account, segments: u32) -> Result<(), CommandStatus> {
    // One message may be longer than a second's rate: it then takes all of that second.
    let rate = account.rate().unwrap_or(u32::MAX);
    account
        .take_segments(segments.min(rate))
        .map_err(|_| CommandStatus::ESME_RTHROTTLED)
}
