//! The thread that answers handsets.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::thread::{Builder, JoinHandle};
use std::time::Instant;

use carrack_engine::{Chunk, ConsentEvent, ConsentNoted, ConsentSink, Engine, Submission, Verdict};
use carrack_message::Msisdn;
use carrack_routing::consent::Meaning;
use carrack_runtime::{Clock, SystemClock};
use carrack_telemetry::names;
use thiserror::Error;

use super::again::Again;
use super::review::{Review, ReviewItem};
use super::spec::ConsentSpec;
use crate::accounts::AccountBook;
use crate::batch::rfc3339;
use crate::by_account::ByAccount;
use crate::submission::{Fields, Screen};

const THREAD: &str = "consent";
/// Events that wait for the thread.
pub(super) const EVENTS_MAX: usize = 4096;
const TRIES_MAX: u32 = 60;
const SECOND_NS: u64 = 1_000_000_000;
const DAY_NS: u64 = 86_400 * SECOND_NS;
/// Handsets of all whose last answer is remembered for a day, and of one account.
const ANSWERED_MAX: usize = 400_000;
const ANSWERED_OF_ACCOUNT_MAX: usize = 100_000;
/// An answer that has not left by then is not to leave.
const VALIDITY: &str = "1h";
const VALIDITY_NS: u64 = 3_600 * SECOND_NS;

/// Why the door did not open.
#[derive(Debug, Error)]
#[error("cannot start the thread of consent: {0}")]
pub struct ConsentFault(#[from] io::Error);

enum Order {
    Follow(Option<ConsentSpec>),
    Event(Box<ConsentEvent>, Option<ConsentNoted>),
    Verdict(Box<Submission>, u32, Verdict),
    Stop,
}

/// What the door needs of the engine, so that it can be tried without one.
pub(super) trait Outlet: Send + 'static {
    /// Hands a chunk in.
    fn submit(&self, chunk: Chunk) -> Result<(), Chunk>;
    /// A message with this tag may leave.
    fn exempt(&self, tag: &str, now_utc_ns: u64, until_utc_ns: u64) -> bool;
    /// The name of an account.
    fn account(&self, number: u32) -> Option<String>;
}

impl Outlet for Engine {
    fn submit(&self, chunk: Chunk) -> Result<(), Chunk> {
        Self::submit(self, chunk)
    }

    fn exempt(&self, tag: &str, now_utc_ns: u64, until_utc_ns: u64) -> bool {
        self.exempt_tag(tag, now_utc_ns, until_utc_ns)
    }

    fn account(&self, number: u32) -> Option<String> {
        let directory = self.directory();
        directory
            .account(number)
            .map(|account| account.name.clone())
    }
}

/// Answers handsets, and keeps what a person has to read.
pub struct ConsentDoor {
    orders: SyncSender<Order>,
    thread: Option<JoinHandle<()>>,
    engine: Option<Engine>,
}

impl ConsentDoor {
    /// Starts it, and has the engine tell it what handsets say.
    ///
    /// # Errors
    /// [`ConsentFault`].
    pub fn start(
        engine: &Engine,
        book: Arc<AccountBook>,
        review: Review,
        spec: Option<ConsentSpec>,
    ) -> Result<Self, ConsentFault> {
        let mut door = Self::with(engine.clone(), book, review)?;
        door.follow(spec);
        engine.on_consent(Some(door.sink()));
        door.engine = Some(engine.clone());
        Ok(door)
    }

    pub(super) fn with(
        outlet: impl Outlet,
        book: Arc<AccountBook>,
        review: Review,
    ) -> Result<Self, ConsentFault> {
        let (orders, ordered) = sync_channel(EVENTS_MAX);
        let door = Door {
            outlet: Box::new(outlet),
            book,
            review,
            spec: None,
            clock: SystemClock::default(),
            random: RandomState::new(),
            words: 0,
            answered: ByAccount::new(ANSWERED_OF_ACCOUNT_MAX, ANSWERED_MAX),
            again: Again::default(),
            orders: orders.clone(),
        };
        let thread = Builder::new().name(THREAD.to_owned());
        let thread = thread.spawn(move || door.serve(&ordered))?;
        Ok(Self {
            orders,
            thread: Some(thread),
            engine: None,
        })
    }

    pub(super) fn sink(&self) -> ConsentSink {
        let orders = self.orders.clone();
        Arc::new(move |event, noted| {
            // What has to be noted comes again where there is no room; nobody waits for an answer to it.
            let (kind, is_owed) = (event.meaning.name(), noted.is_some());
            match orders.try_send(Order::Event(Box::new(event), noted)) {
                Err(TrySendError::Full(_)) if !is_owed => count(kind, "bounded"),
                Ok(()) | Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {}
            }
        })
    }

    /// Goes on as another configuration says.
    pub fn follow(&self, spec: Option<ConsentSpec>) {
        // A thread that ended has no receiver any more.
        let _ = self.orders.send(Order::Follow(spec));
    }

    /// Answers nothing more and ends; the engine has to run still.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        let Some(thread) = self.thread.take() else {
            return;
        };
        if let Some(engine) = &self.engine {
            engine.on_consent(None);
        }
        let _ = self.orders.send(Order::Stop);
        if thread.join().is_err() {
            tracing::error!("the thread of consent has panicked");
        }
    }
}

impl Drop for ConsentDoor {
    fn drop(&mut self) {
        self.end();
    }
}

fn count(kind: &'static str, result: &'static str) {
    metrics::counter!(names::CONSENT_REPLIES, "kind" => kind, "result" => result).increment(1);
}

struct Door {
    outlet: Box<dyn Outlet>,
    book: Arc<AccountBook>,
    review: Review,
    spec: Option<ConsentSpec>,
    clock: SystemClock,
    random: RandomState,
    /// Words made.
    words: u64,
    /// When a handset had its last answer of a kind from an account.
    answered: ByAccount<(u64, &'static str), u64>,
    again: Again<(Submission, u32)>,
    orders: SyncSender<Order>,
}

impl Door {
    fn serve(mut self, ordered: &Receiver<Order>) {
        loop {
            let order = match self.again.pause(Instant::now()) {
                None => ordered.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(pause) => ordered.recv_timeout(pause),
            };
            match order {
                Ok(Order::Follow(spec)) => self.spec = spec,
                Ok(Order::Event(event, noted)) => self.event(*event, noted),
                Ok(Order::Verdict(submission, tries, verdict)) => {
                    self.verdict(*submission, tries, verdict);
                }
                Err(RecvTimeoutError::Timeout) => {}
                Ok(Order::Stop) | Err(RecvTimeoutError::Disconnected) => return,
            }
            for (submission, tries) in self.again.take_due(Instant::now()) {
                self.hand_in(submission, tries + 1);
            }
        }
    }

    fn event(&mut self, event: ConsentEvent, noted: Option<ConsentNoted>) {
        if event.meaning == Meaning::Unclear {
            if let Some(spec) = &self.spec {
                self.review.bound(spec.review_max);
            }
            if self.keep(event)
                && let Some(noted) = noted
            {
                noted.done();
            }
            return;
        }
        let Some(spec) = &self.spec else {
            return;
        };
        let text = match (event.meaning, event.changed) {
            (Meaning::OptOut, true) => spec.stop.clone(),
            (Meaning::OptIn, true) => spec.start.clone(),
            (Meaning::Help, _) => spec.help.clone(),
            _ => return,
        };
        if let (Some(text), Some(account), Some(handset)) = (text, event.account, event.handset) {
            self.answer(&event, account, handset, &text);
        }
    }

    /// False: it is not written down, and has to come again.
    fn keep(&self, event: ConsentEvent) -> bool {
        let account = event.account.and_then(|number| self.outlet.account(number));
        self.review.note(ReviewItem {
            id: event.id.to_string(),
            at: rfc3339(event.at_utc_ns),
            from: event.from,
            to: event.to,
            account,
            text: event.text,
        })
    }

    fn answer(&mut self, event: &ConsentEvent, account: u32, handset: Msisdn, text: &str) {
        let kind = event.meaning.name();
        let now = self.clock.now();
        let key = (handset.as_u64(), kind);
        // 0: none yet.
        let is_over = |at: &u64| *at == 0 || now.mono_ns.saturating_sub(*at) >= DAY_NS;
        let Some(last) = (self.answered)
            .entry(now.mono_ns, account, key, is_over)
            .filter(|last| is_over(last))
        else {
            return count(kind, "bounded");
        };
        if !self.book.replies().take(now.utc_ns, account, handset) {
            return count(kind, "bounded");
        }
        *last = now.mono_ns;
        let word = self.word();
        let until_utc_ns = now.utc_ns.saturating_add(VALIDITY_NS);
        if !self.outlet.exempt(&word, now.utc_ns, until_utc_ns) {
            return count(kind, "bounded");
        }
        match self.submission(event, account, handset, text, &word) {
            Ok(submission) => self.hand_in(submission, 0),
            Err(reason) => refused(kind, &reason, event),
        }
    }

    fn submission(
        &self,
        event: &ConsentEvent,
        account: u32,
        handset: Msisdn,
        text: &str,
        word: &str,
    ) -> Result<Submission, String> {
        let name = self.outlet.account(account).ok_or("the account is gone")?;
        let accounts = self.book.current();
        let account = accounts.by_name(&name).ok_or("the account is gone")?;
        let class = self
            .spec
            .as_ref()
            .map_or("transactional", |spec| spec.class.name());
        let digits = event.to.bytes().all(|octet| octet.is_ascii_digit());
        let is_long = event.to.len() > SHORT_CODE_DIGITS_MAX;
        let from = match digits && is_long {
            true => format!("+{}", event.to),
            false => event.to.clone(),
        };
        let to = format!("+{handset}");
        let fields = Fields {
            to: &to,
            from: Some(&from),
            text,
            class: Some(class),
            validity: Some(VALIDITY),
            tag: Some(word),
            ..Fields::default()
        };
        let screened = Screen::new(account, carrack_message::Class::Transactional).message(&fields);
        Ok(screened.map_err(|fault| fault.to_string())?.submission)
    }

    /// A word that nobody guesses.
    fn word(&mut self) -> String {
        self.words += 1;
        let one = self.random.hash_one(self.words);
        let other = self.random.hash_one((self.words, one));
        format!("consent.{one:016x}{other:016x}")
    }

    fn hand_in(&mut self, submission: Submission, tries: u32) {
        let (orders, copy) = (self.orders.clone(), submission.clone());
        let chunk = Chunk {
            submissions: vec![submission],
            progress: None,
            parts: 1,
            reply: Box::new(move |verdicts| {
                let Some(verdict) = verdicts.into_iter().next() else {
                    return;
                };
                // On a shard's thread, which must not wait: where the door is behind, an answer is not tried again.
                let _ = orders.try_send(Order::Verdict(Box::new(copy), tries, verdict));
            }),
        };
        if let Err(chunk) = self.outlet.submit(chunk)
            && let Some(submission) = chunk.submissions.into_iter().next()
        {
            self.try_again(submission, tries);
        }
    }

    fn verdict(&mut self, submission: Submission, tries: u32, verdict: Verdict) {
        match verdict {
            Verdict::Accepted(id) | Verdict::Repeated(id, _) => {
                tracing::debug!(%id, to = %submission.to, "a handset was answered");
                count("any", "accepted");
            }
            Verdict::Refused(refusal) if refusal.is_temporary() => {
                self.try_again(submission, tries);
            }
            Verdict::Refused(refusal) => {
                tracing::warn!(to = %submission.to, %refusal, "the answer to a handset was refused");
                count("any", "refused");
            }
        }
    }

    fn try_again(&mut self, submission: Submission, tries: u32) {
        let given_up = match tries >= TRIES_MAX {
            true => Some((submission, tries)),
            false => self.again.push(Instant::now(), (submission, tries)),
        };
        if let Some((submission, tries)) = given_up {
            tracing::warn!(to = %submission.to, tries, "the answer to a handset was given up");
            count("any", "refused");
        }
    }
}

/// Longer ones are numbers.
const SHORT_CODE_DIGITS_MAX: usize = 8;

fn refused(kind: &'static str, reason: &str, event: &ConsentEvent) {
    tracing::warn!(id = %event.id, from = event.from, to = event.to, reason, "a handset cannot be answered");
    count(kind, "refused");
}
