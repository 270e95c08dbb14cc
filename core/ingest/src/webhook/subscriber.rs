//! One account's webhook at work: takes what the engine hands out, posts it, tells the engine what was taken.
//!
//! Promise: an event is told only after the receiver took it, and after its reply, if it wants one, is durable; all else
//! is posted again. At the end what was not taken goes back to the engine. Bound: [`HELD_A_REQUEST`] events for each
//! request that may be on its way, from each shard; the rest waits in the engine.

use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use carrack_engine::Incoming;
use carrack_runtime::{Clock, SystemClock};
use carrack_telemetry::names;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::Instant as Moment;

use super::client::{Answer, Receiver};
use super::event::{Event, Posting};
use super::intake::{Intake, PostingSink};
use super::outcome::Outcome;
use super::render::{self, Customer};
use super::reply::{self, Reply};
use super::waiting::{Bounds, Next, Waiting, Why};
use crate::accounts::AccountBook;

/// Those that wait for another try shall not keep new ones away.
const HELD_A_REQUEST: u32 = 64;
/// Before the engine's time is over, ours is.
const MARGIN: Duration = Duration::from_secs(60);

/// What the door wants of a subscriber.
#[derive(Clone)]
pub(crate) enum Wish {
    /// Post there.
    Post(Rc<Receiver>),
    /// Begin nothing more; what is on its way may end until then.
    End(Moment),
}

/// How one posting went.
struct Done {
    tickets: Vec<u64>,
    outcome: Outcome,
    detail: String,
}

/// Whom a subscriber speaks for.
pub(crate) struct Party {
    pub(crate) account: u32,
    pub(crate) name: String,
    /// Tells subscribers of the engine apart.
    pub(crate) subscriber: u64,
    /// How long the engine keeps messages from handsets that nobody takes.
    pub(crate) mo_keep: Duration,
    /// The same of ends.
    pub(crate) tell_within: Duration,
}

impl Party {
    /// How long an event is tried: a little less than the engine keeps it, so that it is given up here, where that is written down.
    fn keep_ns(&self, event: &Event, keep: Duration) -> u64 {
        let kept = match event {
            Event::MessageReceived(_) => self.mo_keep,
            _ => self.tell_within,
        };
        let kept = kept - (kept / 10).min(MARGIN);
        u64::try_from(keep.min(kept).as_nanos()).unwrap_or(u64::MAX)
    }
}

/// One account's webhook.
pub(crate) struct Subscriber<I: Intake> {
    intake: I,
    book: Arc<AccountBook>,
    party: Rc<Party>,
    receiver: Rc<Receiver>,
    waiting: Waiting<Posting<I::Key>>,
    granted: u32,
    sink: PostingSink<I::Key>,
    inbox: mpsc::UnboundedReceiver<Vec<Posting<I::Key>>>,
    requests: JoinSet<Done>,
    clock: SystemClock,
    random: std::hash::RandomState,
    shown: usize,
    failing: bool,
}

impl<I: Intake> Subscriber<I> {
    pub(crate) fn new(
        intake: I,
        book: Arc<AccountBook>,
        party: Party,
        receiver: Rc<Receiver>,
    ) -> Self {
        // Bounded by the credits.
        let (outbox, inbox) = mpsc::unbounded_channel();
        Self {
            intake,
            book,
            party: Rc::new(party),
            waiting: Waiting::new(bounds(&receiver)),
            receiver,
            granted: 0,
            // Who is gone has given back what he had.
            sink: Arc::new(move |postings| drop(outbox.send(postings))),
            inbox,
            requests: JoinSet::new(),
            clock: SystemClock::default(),
            random: std::hash::RandomState::new(),
            shown: 0,
            failing: false,
        }
    }

    /// Serves until it is to end.
    pub(crate) async fn run(mut self, mut wishes: watch::Receiver<Wish>) {
        self.grant();
        let until = loop {
            let due_ns = self.begin();
            self.show();
            let pause = Duration::from_nanos(due_ns.unwrap_or(0).saturating_sub(self.now_ns()));
            tokio::select! {
                Some(postings) = self.inbox.recv() => self.take_in(postings),
                Some(done) = self.requests.join_next() => self.settle(done),
                () = tokio::time::sleep(pause), if due_ns.is_some() => {}
                changed = wishes.changed() => {
                    let wish = wishes.borrow_and_update().clone();
                    match wish {
                        Wish::End(until) => break until,
                        Wish::Post(receiver) => self.change(receiver),
                    }
                    if changed.is_err() {
                        break Moment::now();
                    }
                }
            }
        };
        self.end(until).await;
    }

    fn now_ns(&self) -> u64 {
        self.clock.now().mono_ns
    }

    /// Credits cannot be taken back: a smaller bound holds for requests, and for what is held after the next start.
    fn grant(&mut self) {
        let batch = u32::try_from(self.receiver.outlets().batch_max()).unwrap_or(u32::MAX);
        let each = HELD_A_REQUEST.max(batch.saturating_mul(2));
        let wanted = self.receiver.terms().concurrency.saturating_mul(each);
        let more = wanted.saturating_sub(self.granted);
        if more > 0 {
            self.granted = wanted;
            let party = &self.party;
            self.intake
                .grant(party.account, party.subscriber, more, &self.sink);
        }
    }

    fn change(&mut self, receiver: Rc<Receiver>) {
        self.receiver = receiver;
        let now_ns = self.now_ns();
        self.waiting.change(now_ns, bounds(&self.receiver));
        self.grant();
    }

    fn take_in(&mut self, postings: Vec<Posting<I::Key>>) {
        for posting in postings {
            self.push(posting);
        }
    }

    fn push(&mut self, posting: Posting<I::Key>) {
        if posting.event == Event::Nothing {
            return self.intake.told(&posting.key);
        }
        let now = self.clock.now();
        let keep_ns = self
            .party
            .keep_ns(&posting.event, self.receiver.terms().keep);
        let over_utc_ns = posting.event.at_utc_ns().saturating_add(keep_ns);
        let left_ns = over_utc_ns.saturating_sub(now.utc_ns);
        let alone = !posting.event.goes_with_others();
        let until_ns = now.mono_ns.saturating_add(left_ns);
        self.waiting.push(posting, until_ns, alone);
    }

    /// Begins what may begin; gives when there is something to do again by itself.
    fn begin(&mut self) -> Option<u64> {
        loop {
            match self.waiting.next(self.now_ns()) {
                Next::Post(tickets) => self.post(tickets),
                Next::Over(posting, why) => self.give_up(posting, why),
                Next::At(due_ns) => return Some(due_ns),
                Next::Idle => return None,
            }
        }
    }

    /// Nobody is told it any more; what would have come after it is.
    fn give_up(&mut self, posting: Posting<I::Key>, why: Why) {
        let (id, account) = (posting.event.id(), &self.party.name);
        match why {
            Why::Expired => {
                tracing::warn!(%id, %account, "the webhook never took an event in the time it is kept");
            }
            Why::Refused => {
                tracing::warn!(%id, %account, "the webhook refused an event as often as it may");
            }
        }
        self.go_on(posting);
    }

    /// An event is done with: what comes after it is next, or the engine hears that all is told.
    fn go_on(&mut self, posting: Posting<I::Key>) {
        match posting.then {
            Some(event) => self.push(Posting {
                key: posting.key,
                event,
                then: None,
            }),
            None => self.intake.told(&posting.key),
        }
    }

    fn post(&mut self, tickets: Vec<u64>) {
        let held = tickets
            .iter()
            .filter_map(|ticket| self.waiting.get(*ticket));
        let request = Request {
            intake: self.intake.clone(),
            book: Arc::clone(&self.book),
            party: Rc::clone(&self.party),
            receiver: Rc::clone(&self.receiver),
            events: held.map(|posting| posting.event.clone()).collect(),
            utc_ns: self.clock.now().utc_ns,
        };
        self.requests.spawn_local(async move {
            let answer = request.run().await;
            Done {
                tickets,
                outcome: answer.outcome,
                detail: answer.detail,
            }
        });
    }

    fn settle(&mut self, done: Result<Done, tokio::task::JoinError>) {
        let done = match done {
            Ok(done) => done,
            Err(error) => {
                tracing::error!(%error, account = %self.party.name, "a webhook's request broke off; it is made again after the next start");
                return;
            }
        };
        let now_ns = self.now_ns();
        if done.outcome == Outcome::Taken {
            for posting in self.waiting.taken(now_ns, &done.tickets) {
                self.go_on(posting);
            }
            if std::mem::take(&mut self.failing) {
                tracing::info!(account = %self.party.name, "the webhook takes events again");
            }
            return;
        }
        let random = std::hash::BuildHasher::hash_one(&self.random, (&done.tickets, now_ns));
        let pause_ns = self
            .waiting
            .failed(now_ns, &done.tickets, done.outcome, random);
        let pause_s = pause_ns / 1_000_000_000;
        let (account, why) = (&self.party.name, done.detail);
        if std::mem::replace(&mut self.failing, true) {
            tracing::debug!(%account, %why, pause_s, "the webhook did not take an event; it is posted again");
        } else {
            tracing::warn!(%account, %why, "the webhook does not take events; they are posted again until it does");
        }
    }

    async fn end(mut self, until: Moment) {
        while let Ok(Some(done)) = tokio::time::timeout_at(until, self.requests.join_next()).await {
            self.settle(done);
        }
        self.requests.abort_all();
        self.intake
            .revoke(self.party.account, self.party.subscriber);
        self.waiting = Waiting::new(bounds(&self.receiver));
        self.show();
    }

    /// The gauge is the sum over accounts.
    fn show(&mut self) {
        let held = self.waiting.len();
        let before = std::mem::replace(&mut self.shown, held);
        let gauge = metrics::gauge!(names::WEBHOOK_WAITING);
        if held > before {
            gauge.increment((held - before) as f64);
        } else if held < before {
            gauge.decrement((before - held) as f64);
        }
    }
}

fn bounds(receiver: &Receiver) -> Bounds {
    let terms = receiver.terms();
    Bounds {
        concurrency: terms.concurrency,
        batch_max: receiver.outlets().batch_max(),
        refusals_max: terms.refusals_max,
    }
}

/// One request, and the reply it brings.
struct Request<I: Intake> {
    intake: I,
    book: Arc<AccountBook>,
    party: Rc<Party>,
    receiver: Rc<Receiver>,
    /// One, or several that share it.
    events: Vec<Event>,
    utc_ns: u64,
}

impl<I: Intake> Request<I> {
    async fn run(self) -> Answer {
        let Some(first) = self.events.first() else {
            return Answer::nothing();
        };
        let (id, kind) = (first.id(), first.kind());
        let asked = match self.render() {
            Ok(Some(asked)) => asked,
            Ok(None) => return Answer::nothing(),
            Err(why) => return Answer::failed(Outcome::Refused, why),
        };
        let begun = Instant::now();
        let answer = self.receiver.send(kind, &id, self.utc_ns, asked).await;
        metrics::histogram!(names::WEBHOOK_SECONDS).record(begun.elapsed().as_secs_f64());
        metrics::counter!(names::WEBHOOK_REQUESTS, "outcome" => answer.outcome.name()).increment(1);
        if answer.outcome == Outcome::Taken {
            metrics::counter!(names::WEBHOOK_EVENTS).increment(self.events.len() as u64);
        }
        let Event::MessageReceived(incoming) = first else {
            return answer;
        };
        match reply::wanted(&answer.body) {
            Ok(None) => {}
            Ok(Some(wanted)) => self.reply(&id, incoming, wanted).await,
            Err(why) => self.refused(&id, &why),
        }
        answer
    }

    fn render(&self) -> Result<Option<render::Rendered>, String> {
        let accounts = self.book.current();
        let account = accounts.by_name(&self.party.name);
        let deck = account.and_then(|account| account.deck.as_ref());
        let currency = deck.and_then(|deck| deck.currency());
        let currency = currency.map(|currency| currency.to_string());
        let customer = Customer {
            account: &self.party.name,
            currency: currency.as_deref(),
        };
        let webhook = self.receiver.outlets().url();
        render::request(&self.events, customer, webhook.as_deref())
    }

    async fn reply(&self, id: &str, incoming: &Incoming, wanted: Reply) {
        let account = &self.party.name;
        match reply::send(&self.intake, &self.book, account, incoming, &wanted).await {
            Ok(reply) => {
                metrics::counter!(names::WEBHOOK_REPLIES, "result" => "accepted").increment(1);
                tracing::debug!(%id, %reply, %account, "a reply from the webhook was accepted");
            }
            Err(why) => self.refused(id, &why),
        }
    }

    fn refused(&self, id: &str, why: &str) {
        metrics::counter!(names::WEBHOOK_REPLIES, "result" => "refused").increment(1);
        tracing::warn!(%id, account = %self.party.name, %why, "a reply from the webhook was refused");
    }
}
