//! One client's connection: bytes, verdicts and what it is told in; bytes, submissions and news out. No socket, no clock.
//!
//! Promise: a request is answered exactly once: at once where it is refused here, else when its verdict or its answer
//! comes. All messages of one read leave as one chunk. A bind that ends frees its place at once. Bound: the account's window each
//! way, the session's buffers. Fails by closing: [`Connection::closing`] says why, then the edge drains the output.
//!
//! Decisions: a request pipelined behind a bind is answered `ESME_RINVBNDSTS`, for no bind is judged within a read, and
//! some take longer; while draining requests are answered `ESME_RTHROTTLED` and the client is unbound once nothing is owed.

use std::sync::Arc;

use carrack_engine::Verdict;
use carrack_message::MessageId;
use carrack_runtime::Now;
use carrack_smpp::{
    BindKind, CloseReason, CommandId, CommandStatus, ServerEvent, ServerSession, ServerSettings,
};

use super::deliveries::{Deliveries, DeliveryNews};
use super::question::{Answer, Question};
use super::register::Knock;
use super::requests::{Asked, AskedBy, Caller, Requests, Submits};
use super::short_ids::{ShortIdBook, ShortIds};
use super::telling::{Telling, TellingWriter};
use super::{message_id, screen};
use crate::accounts::{Account, Dialect, ErrorBody, IdFormat};

/// A desk's word on a bind.
pub(crate) enum Judged {
    /// It comes in, or is refused by this status.
    Now(Result<Arc<Account>, CommandStatus>),
    /// [`Connection::bind_judged`] will say it.
    Later,
}

/// Who decides what goes beyond one connection.
pub(crate) trait Desk {
    /// Lets a bind in and counts it, or says the status to answer.
    fn admit(&mut self, knock: &Knock<'_>) -> Judged;
    /// A bind of this account has ended.
    fn release(&mut self, account: u32);
}

/// For answers owed to an account that is no more.
const RETUNE_GRACE_NS: u64 = 2_000_000_000;

#[derive(Debug)]
enum Drain {
    No,
    Until(u64),
    Unbound,
}

/// A connection.
pub(crate) struct Connection<K> {
    session: ServerSession,
    account: Option<Arc<Account>>,
    /// A bind that waits for the desk's word.
    judging: Option<(u32, BindKind)>,
    /// The bind is counted at the desk.
    counted: bool,
    requests: Requests,
    /// Questions that were handed on and are not answered.
    asking: u32,
    deliveries: Deliveries<K>,
    writer: TellingWriter,
    short_id_book: Option<Arc<ShortIdBook>>,
    /// Those of the account, where it has them.
    short_ids: Option<Arc<ShortIds>>,
    drain: Drain,
    closing: Option<CloseReason>,
}

impl<K: Copy> Connection<K> {
    pub(crate) fn new(settings: ServerSettings, first_sequence: u32, now_ns: u64) -> Self {
        let mut session = ServerSession::new(settings, first_sequence);
        session.connected(now_ns);
        Self {
            session,
            account: None,
            judging: None,
            counted: false,
            requests: Requests::default(),
            asking: 0,
            deliveries: Deliveries::new(),
            writer: TellingWriter::default(),
            short_id_book: None,
            short_ids: None,
            drain: Drain::No,
            closing: None,
        }
    }

    /// Accounts that want short ids get them from here.
    pub(crate) fn with_short_ids(mut self, book: Arc<ShortIdBook>) -> Self {
        self.short_id_book = Some(book);
        self
    }

    /// The account, once bound.
    pub(crate) fn account(&self) -> Option<&Arc<Account>> {
        self.account.as_ref()
    }

    /// How the client is spoken to.
    fn dialect(&self) -> Dialect {
        let account = self.account.as_ref();
        account.map_or_else(Dialect::default, |account| account.dialect)
    }

    /// Why the socket must be closed once the output is drained.
    pub(crate) const fn closing(&self) -> Option<CloseReason> {
        self.closing
    }

    /// Bytes to send.
    pub(crate) const fn output(&mut self) -> &mut Vec<u8> {
        self.session.output()
    }

    /// Counters and settings.
    pub(crate) const fn session(&self) -> &ServerSession {
        &self.session
    }

    /// Bytes came in.
    pub(crate) fn receive(&mut self, now: Now, bytes: &[u8], desk: &mut dyn Desk) {
        let draining = !matches!(self.drain, Drain::No);
        let caller = Caller {
            account: self.account.as_deref(),
            draining,
            strictness: self.session.settings().strictness,
            utc_ns: now.utc_ns,
            asking: self.asking,
            short_ids: self.short_ids.as_ref(),
        };
        let requests = &mut self.requests;
        let (deliveries, closing) = (&mut self.deliveries, &mut self.closing);
        let mut bind = None;
        let mut unbound = false;
        self.session
            .receive(now.mono_ns, bytes, &mut |event| match event {
                ServerEvent::Submit {
                    sequence_number,
                    sm,
                    ..
                } => requests.submit(&caller, sequence_number, &sm),
                ServerEvent::Bind {
                    sequence_number,
                    kind,
                    bind: asked,
                } => {
                    let verdict = if draining {
                        Judged::Now(Err(CommandStatus::ESME_RBINDFAIL))
                    } else {
                        desk.admit(&Knock {
                            sequence_number,
                            kind,
                            system_id: asked.system_id,
                            password: asked.password,
                        })
                    };
                    bind = Some((sequence_number, kind, verdict));
                }
                ServerEvent::Other {
                    sequence_number,
                    command_id,
                    body,
                } => requests.other(&caller, sequence_number, command_id, body),
                ServerEvent::Unbound => unbound = true,
                other => settled(deliveries, closing, now.mono_ns, &other),
            });
        match bind {
            Some((sequence_number, kind, Judged::Now(verdict))) => {
                self.judged(sequence_number, kind, verdict);
            }
            Some((sequence_number, kind, Judged::Later)) => {
                self.judging = Some((sequence_number, kind));
            }
            None => {}
        }
        for (sequence_number, command, status) in self.requests.refusals.drain(..) {
            self.session.answer(sequence_number, command, status, &[]);
        }
        if unbound {
            self.release(desk);
        }
        self.settle(now.mono_ns, desk);
    }

    /// Whether a bind still waits for the desk's word.
    pub(crate) const fn is_judging(&self) -> bool {
        self.judging.is_some() && self.closing.is_none() && matches!(self.drain, Drain::No)
    }

    /// The desk's word on a bind that waited; only while it waits does the desk count it.
    pub(crate) fn bind_judged(&mut self, verdict: Result<Arc<Account>, CommandStatus>) {
        if let Some((sequence_number, kind)) = self.judging.take() {
            self.judged(sequence_number, kind, verdict);
        }
    }

    fn judged(
        &mut self,
        sequence_number: u32,
        kind: BindKind,
        verdict: Result<Arc<Account>, CommandStatus>,
    ) {
        match verdict {
            Ok(account) => {
                self.session.set_inbound_window_max(account.window);
                self.session.set_window(account.window);
                self.session.accept_bind(sequence_number);
                if kind.can_receive() {
                    self.deliveries.set_window(account.window);
                }
                self.speak(&account);
                self.account = Some(account);
                self.counted = true;
            }
            Err(status) => self.session.refuse_bind(sequence_number, status),
        }
    }

    /// The submissions that wait to be handed in, at most so many, but whole requests.
    pub(crate) fn take_submits(&mut self, submissions_max: usize) -> Option<Submits> {
        self.requests.submits.take(submissions_max)
    }

    /// The next question to be handed on, when the one before has come back by [`Self::answer`] or [`Self::unasked`]: a
    /// client that asks much waits for itself and not the others for it.
    pub(crate) fn next_question(&mut self) -> Option<Question> {
        let question = match self.asking {
            0 => self.requests.questions.pop_front()?,
            _ => return None,
        };
        self.asking = 1;
        Some(question)
    }

    /// Verdicts on submissions that were taken; one that is missing is the node's fault.
    pub(crate) fn verdicts(&mut self, asked: &[Asked], verdicts: &[Verdict]) {
        let mut verdicts = verdicts.iter();
        let format = self.dialect().message_id;
        let mut id_text = Vec::with_capacity(message_id::OCTETS_MAX);
        for asked in asked {
            let sequence_number = asked.sequence_number;
            if let AskedBy::SubmitMulti(multi) = &asked.by {
                let own = verdicts.by_ref().take(multi.messages());
                let told_as = (format, asked.short_id);
                let first = multi.answer(told_as, &mut self.session, sequence_number, own);
                self.remember(asked, first);
                continue;
            }
            id_text.clear();
            let status = match verdicts.next() {
                Some(Verdict::Repeated(id, told_as)) if !told_as.is_empty() => {
                    message_id::write_told(format, told_as, *id, &mut id_text);
                    CommandStatus::ESME_ROK
                }
                Some(Verdict::Accepted(id) | Verdict::Repeated(id, _)) => {
                    message_id::write_given((format, asked.short_id), *id, &mut id_text);
                    self.remember(asked, Some(*id));
                    CommandStatus::ESME_ROK
                }
                Some(Verdict::Refused(refusal)) => screen::refused(refusal),
                None => CommandStatus::ESME_RSYSERR,
            };
            self.session
                .answer(sequence_number, asked.command(), status, &id_text);
        }
    }

    fn remember(&self, asked: &Asked, id: Option<MessageId>) {
        if let (Some(short_ids), Some(short_id), Some(id)) = (&self.short_ids, asked.short_id, id) {
            short_ids.remember(short_id, id);
        }
    }

    /// The engine's door is full: these may come again.
    pub(crate) fn throttle(&mut self, asked: &[Asked]) {
        for asked in asked {
            let status = CommandStatus::ESME_RTHROTTLED;
            self.session
                .answer(asked.sequence_number, asked.command(), status, &[]);
        }
    }

    /// What was asked is answered.
    pub(crate) fn answer(&mut self, answer: &Answer) {
        self.asking = self.asking.saturating_sub(1);
        let (sequence_number, command) = (answer.sequence_number, answer.command);
        let status = match &answer.verdict {
            Ok(None) => CommandStatus::ESME_ROK,
            Err(status) => *status,
            Ok(Some(state)) => {
                let status = CommandStatus::ESME_ROK;
                let written = self
                    .session
                    .answer_with(sequence_number, command, status, |w| state.write(w));
                match written {
                    Ok(()) => return,
                    Err(_) => CommandStatus::ESME_RQUERYFAIL,
                }
            }
        };
        self.session.answer(sequence_number, command, status, &[]);
    }

    /// Nobody had time for a question: it may come again.
    pub(crate) fn unasked(&mut self, sequence_number: u32, command: CommandId) {
        self.answer(&Answer {
            sequence_number,
            command,
            verdict: Err(CommandStatus::ESME_RTHROTTLED),
        });
    }

    /// What the client is to be told.
    pub(crate) fn tellings(&mut self, tellings: Vec<Telling<K>>) {
        self.deliveries.push(tellings);
    }

    /// What became of it since the last call.
    pub(crate) fn news(&mut self) -> DeliveryNews<K> {
        self.deliveries.news()
    }

    /// Ends a turn: sends what it is told, as far as there are slots, and what is due by now. Call after whatever came in.
    pub(crate) fn settle(&mut self, now_ns: u64, desk: &mut dyn Desk) {
        self.deliveries.tick(now_ns);
        if matches!(self.drain, Drain::No) && self.session.bound().is_some() {
            self.deliveries
                .send(now_ns, &mut self.session, &mut self.writer);
        }
        self.end_drain(now_ns);
        let due = self.session.next_deadline_ns();
        if due.is_some_and(|due| due <= now_ns) {
            self.tick_session(now_ns, desk);
        }
        if self.closing.is_some() {
            self.release(desk);
        }
    }

    fn tick_session(&mut self, now_ns: u64, desk: &mut dyn Desk) {
        let (deliveries, closing) = (&mut self.deliveries, &mut self.closing);
        let mut unbound = false;
        self.session.tick(now_ns, &mut |event| match event {
            ServerEvent::Unbound => unbound = true,
            other => settled(deliveries, closing, now_ns, &other),
        });
        if unbound {
            self.release(desk);
        }
    }

    /// When `settle` has something to do, if nothing comes in.
    pub(crate) fn next_deadline_ns(&self) -> Option<u64> {
        let drain = match self.drain {
            Drain::Until(until) => Some(until),
            _ => None,
        };
        let deliveries = self.deliveries.next_deadline_ns();
        let session = self.session.next_deadline_ns();
        session.into_iter().chain(deliveries).chain(drain).min()
    }

    /// Takes nothing more; unbinds once nothing is owed, at the latest at `until_ns`.
    pub(crate) fn drain(&mut self, until_ns: u64) {
        if matches!(self.drain, Drain::No) {
            self.drain = Drain::Until(until_ns);
        }
    }

    /// It takes nothing more, and all that was owed is said.
    pub(crate) const fn has_said_all(&self) -> bool {
        matches!(self.drain, Drain::Unbound)
    }

    fn end_drain(&mut self, now_ns: u64) {
        let Drain::Until(until_ns) = self.drain else {
            return;
        };
        let idle = self.session.owed() == 0 && self.session.in_flight() == 0;
        if idle || now_ns >= until_ns {
            self.session.unbind(now_ns);
            self.drain = Drain::Unbound;
        }
    }

    /// The account as it is now; `None` unbinds.
    pub(crate) fn retune(&mut self, now_ns: u64, account: Option<Arc<Account>>) {
        let Some(account) = account else {
            self.drain(now_ns.saturating_add(RETUNE_GRACE_NS));
            return;
        };
        self.session.set_inbound_window_max(account.window);
        if self.session.bound().is_some_and(BindKind::can_receive) {
            self.session.set_window(account.window);
            self.deliveries.set_window(account.window);
        }
        self.speak(&account);
        self.account = Some(account);
    }

    fn speak(&mut self, account: &Account) {
        let dialect = account.dialect;
        let book = self.short_id_book.as_ref();
        self.short_ids = book
            .filter(|_| dialect.message_id == IdFormat::Short)
            .map(|book| book.of(&account.name));
        let nul = dialect.error_body == ErrorBody::EmptyId;
        self.session.set_error_body_nul(nul);
        self.writer.speak(dialect);
    }

    /// The socket is gone.
    pub(crate) fn disconnected(&mut self, desk: &mut dyn Desk) {
        self.session.disconnected(&mut |_| {});
        self.release(desk);
    }

    fn release(&mut self, desk: &mut dyn Desk) {
        if std::mem::take(&mut self.counted)
            && let Some(account) = &self.account
        {
            desk.release(account.number);
        }
    }
}

fn settled<K: Copy>(
    deliveries: &mut Deliveries<K>,
    closing: &mut Option<CloseReason>,
    now_ns: u64,
    event: &ServerEvent<'_>,
) {
    match *event {
        ServerEvent::DeliverResponse { ticket, status }
        | ServerEvent::DeliverLateResponse { ticket, status } => {
            deliveries.answered(now_ns, ticket, status);
        }
        ServerEvent::DeliverTimedOut { ticket } => deliveries.timed_out(now_ns, ticket),
        ServerEvent::Close { reason } => *closing = Some(reason),
        _ => {}
    }
}

#[cfg(test)]
#[path = "connection_tests.rs"]
mod tests;
