//! One account's webhook at work: takes what the engine hands out, posts it, tells the engine what was taken.
//!
//! Promise: an event is told only after the receiver took it, and after its reply, if it wants one, is durable; all else
//! is posted again. At the end what was not taken goes back to the engine. Bound: [`HELD_A_REQUEST`] events for each
//! request that may be on its way, from each shard; the rest waits in the engine.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use carrack_runtime::{Clock, SystemClock};
use carrack_telemetry::names;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::Instant as Moment;

use super::burial::{Again, Burials};
use super::client::Receiver;
use super::desk::{WebhookDesk, WebhookState};
use super::event::{Event, Posting};
use super::intake::{Intake, PostingSink};
use super::letter::Letter;
use super::outcome::Outcome;
use super::request::{Content, Request};
use super::waiting::{Bounds, Next, Waiting};
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

/// How one request went.
struct Done {
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

/// What is to be told.
pub(super) enum Item<K> {
    Posting(Posting<K>),
    Letter(Letter),
}

/// One account's webhook.
pub(crate) struct Subscriber<I: Intake> {
    pub(super) intake: I,
    pub(super) book: Arc<AccountBook>,
    pub(super) party: Rc<Party>,
    pub(super) receiver: Rc<Receiver>,
    pub(super) desk: WebhookDesk,
    pub(super) burials: Burials<I::Key>,
    pub(super) state: WebhookState,
    pub(super) waiting: Waiting<Item<I::Key>>,
    granted: u32,
    sink: PostingSink<I::Key>,
    inbox: mpsc::UnboundedReceiver<Vec<Posting<I::Key>>>,
    requests: JoinSet<Done>,
    /// What each of them has on its way: it is known though the request breaks off.
    carried: HashMap<tokio::task::Id, Vec<u64>>,
    pub(super) clock: SystemClock,
    random: std::hash::RandomState,
    shown: usize,
}

impl<I: Intake> Subscriber<I> {
    pub(crate) fn new(
        intake: I,
        book: Arc<AccountBook>,
        party: Party,
        receiver: Rc<Receiver>,
        desk: WebhookDesk,
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
            carried: HashMap::new(),
            clock: SystemClock::default(),
            random: std::hash::RandomState::new(),
            shown: 0,
            desk,
            burials: Burials::default(),
            state: WebhookState::default(),
        }
    }

    /// Serves until it is to end.
    pub(crate) async fn run(
        mut self,
        mut wishes: watch::Receiver<Wish>,
        mut again: mpsc::UnboundedReceiver<Again>,
    ) {
        self.grant();
        let until = loop {
            let due_ns = self.begin();
            self.show();
            let pause = Duration::from_nanos(due_ns.unwrap_or(0).saturating_sub(self.now_ns()));
            tokio::select! {
                Some(postings) = self.inbox.recv() => self.take_in(postings),
                Some(done) = self.requests.join_next_with_id() => self.settle(done),
                Some(buried) = self.burials.done() => self.buried(buried),
                Some(wanted) = again.recv() => self.resend(wanted),
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

    pub(super) fn now_ns(&self) -> u64 {
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

    pub(super) fn push(&mut self, posting: Posting<I::Key>) {
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
        self.waiting.push(Item::Posting(posting), until_ns, alone);
    }

    /// Begins what may begin; gives when there is something to do again by itself.
    fn begin(&mut self) -> Option<u64> {
        loop {
            match self.waiting.next(self.now_ns()) {
                Next::Post(tickets) => self.post(tickets),
                Next::Over(item, why) => self.give_up(item, why),
                Next::At(due_ns) => {
                    self.bury();
                    return Some(due_ns);
                }
                Next::Idle => {
                    self.bury();
                    return None;
                }
            }
        }
    }

    /// An event is done with: what comes after it is next, or the engine hears that all is told.
    pub(super) fn go_on(&mut self, posting: Posting<I::Key>) {
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
        let mut events = Vec::with_capacity(tickets.len());
        let mut again = None;
        for item in tickets
            .iter()
            .filter_map(|ticket| self.waiting.get(*ticket))
        {
            match item {
                Item::Posting(posting) => events.push(posting.event.clone()),
                Item::Letter(letter) => again = Some(letter.clone()),
            }
        }
        let request = Request {
            intake: self.intake.clone(),
            book: Arc::clone(&self.book),
            party: Rc::clone(&self.party),
            receiver: Rc::clone(&self.receiver),
            content: again.map_or(Content::Events(events), Content::Letter),
            utc_ns: self.clock.now().utc_ns,
        };
        let task = self.requests.spawn_local(async move {
            let answer = request.run().await;
            Done {
                outcome: answer.outcome,
                detail: answer.detail,
            }
        });
        self.carried.insert(task.id(), tickets);
    }

    fn settle(&mut self, ended: Result<(tokio::task::Id, Done), tokio::task::JoinError>) {
        let (task, done) = ended.unwrap_or_else(|error| {
            tracing::error!(%error, account = %self.party.name, "a webhook's request broke off");
            // As one that the receiver will not have: each of its events is tried alone, and what breaks off again seldom.
            let done = Done {
                outcome: Outcome::Refused,
                detail: "the request broke off".to_owned(),
            };
            (error.id(), done)
        });
        let Some(tickets) = self.carried.remove(&task) else {
            return;
        };
        let now_ns = self.now_ns();
        if done.outcome == Outcome::Taken {
            for item in self.waiting.taken(now_ns, &tickets) {
                match item {
                    Item::Posting(posting) => self.go_on(posting),
                    Item::Letter(letter) => self.burials.taken(letter.serial),
                }
            }
            self.state.taken_utc_ns = self.clock.now().utc_ns;
            if self.state.failing.take().is_some() {
                tracing::info!(account = %self.party.name, "the webhook takes events again");
            }
            return;
        }
        let random = std::hash::BuildHasher::hash_one(&self.random, (&tickets, now_ns));
        let pause_ns = self.waiting.failed(now_ns, &tickets, done.outcome, random);
        let pause_s = pause_ns / 1_000_000_000;
        let (account, why) = (&self.party.name, done.detail);
        if self.state.failing.replace(why.clone()).is_some() {
            tracing::debug!(%account, %why, pause_s, "the webhook did not take an event; it is posted again");
        } else {
            tracing::warn!(%account, %why, "the webhook does not take events; they are posted again until it does");
        }
    }

    async fn end(mut self, until: Moment) {
        while let Ok(Some(done)) =
            tokio::time::timeout_at(until, self.requests.join_next_with_id()).await
        {
            self.settle(done);
        }
        self.requests.abort_all();
        // What is given up is told when that is written down; what was taken leaves the list before anybody can ask again.
        self.bury();
        while let Ok(Some(buried)) = tokio::time::timeout_at(until, self.burials.done()).await {
            self.buried(buried);
            self.bury();
        }
        self.intake
            .revoke(self.party.account, self.party.subscriber);
        self.waiting = Waiting::new(bounds(&self.receiver));
        self.show();
        self.desk.forget(self.party.account);
    }

    /// The gauge is the sum over accounts.
    fn show(&mut self) {
        let held = self.waiting.len();
        self.state.held = held;
        self.state.requests = self.waiting.on_the_way();
        self.state.resending = self.burials.resending();
        self.desk.show(self.party.account, self.state.clone());
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
