//! The thread that asks.
//!
//! Promise: all decisions of money, circuit and who joins whom are made here, one after the other, so that none of them
//! can race. Bounds: requests at a time from settings; what waits is bounded at the door.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use carrack_message::Msisdn;
use carrack_settings::Hlr;
use rustc_hash::FxHashMap;
use tokio::sync::mpsc;
use tokio::task::{Id, JoinError, JoinSet};

use crate::budget::{Budget, Purse, Taken};
use crate::cache::Remembered;
use crate::circuit::Circuit;
use crate::client::Register;
use crate::counts::add;
use crate::ledger::Ledger;
use crate::lookups::{Shared, Waiter, today};
use crate::{Answer, Failure, Known, NotAsked};

/// How a request ended.
struct Ended {
    number: Msisdn,
    taken: Taken,
    answer: Result<Known, Failure>,
}

/// All questions under way.
pub(crate) struct Asking {
    register: Arc<Register>,
    shared: Arc<Shared>,
    budget: Budget,
    ledger: Ledger,
    circuit: Circuit,
    concurrency: usize,
    queue_max: usize,
    cache_ttl: Duration,
    failure_ttl: Duration,
    /// Numbers that wait or are under way, and who waits for them; perhaps nobody any more.
    waiting: FxHashMap<Msisdn, Vec<Waiter>>,
    /// Numbers that nobody was asked for yet.
    queue: VecDeque<Msisdn>,
    /// Deadlines of those who wait; some of them have their answer by now.
    deadlines: BinaryHeap<Reverse<(Instant, Msisdn)>>,
    requests: JoinSet<Ended>,
    /// The number of each request.
    numbers: FxHashMap<Id, Msisdn>,
}

impl Asking {
    pub(crate) fn new(
        settings: &Hlr,
        register: Register,
        shared: Arc<Shared>,
        budget: Budget,
        ledger: Ledger,
    ) -> Self {
        let asking = Self {
            register: Arc::new(register),
            shared,
            budget,
            ledger,
            circuit: Circuit::default(),
            concurrency: settings.concurrency as usize,
            queue_max: settings.queue_max,
            cache_ttl: settings.cache_ttl,
            failure_ttl: settings.failure_ttl,
            waiting: FxHashMap::default(),
            queue: VecDeque::new(),
            deadlines: BinaryHeap::new(),
            requests: JoinSet::new(),
            numbers: FxHashMap::default(),
        };
        asking.show_spent();
        asking
    }

    /// Asks until nobody can ask any more.
    pub(crate) async fn run(mut self, mut questions: mpsc::Receiver<(Msisdn, Waiter)>) {
        loop {
            let deadline = self
                .deadlines
                .peek()
                .map(|Reverse((deadline, _))| *deadline);
            tokio::select! {
                question = questions.recv() => match question {
                    Some((number, waiter)) => self.question(number, waiter),
                    None => break,
                },
                Some(ended) = self.requests.join_next_with_id() => self.joined(ended),
                () = until(deadline) => self.too_late(Instant::now()),
            }
            self.send();
        }
        self.requests.abort_all();
        if let Err(fault) = self.ledger.write(self.budget.spent()) {
            tracing::warn!(%fault, "what number lookups cost today is known roughly only");
        }
    }

    fn joined(&mut self, ended: Result<(Id, Ended), JoinError>) {
        match ended {
            Ok((id, ended)) => {
                self.numbers.remove(&id);
                self.ended(ended);
            }
            // Its money is spent, and nobody shall wait for it.
            Err(error) => {
                self.circuit.failed(self.shared.now_ns(), None);
                if let Some(number) = self.numbers.remove(&error.id()) {
                    self.tell(number, Answer::Failed(Failure::Unreadable));
                }
            }
        }
    }

    fn question(&mut self, number: Msisdn, waiter: Waiter) {
        // It may have been answered while this one was on its way.
        if let Some(remembered) = self.shared.cache.get(number, self.shared.now_ns()) {
            add(&self.shared.counters.remembered);
            return waiter.tell(match remembered {
                Remembered::Known(known) => Answer::Known(known),
                Remembered::Failed(failure) => Answer::Failed(failure),
            });
        }
        self.deadlines.push(Reverse((waiter.deadline, number)));
        self.forget_the_gone();
        if let Some(others) = self.waiting.get_mut(&number) {
            add(&self.shared.counters.joined);
            others.push(waiter);
            return;
        }
        self.waiting.insert(number, vec![waiter]);
        self.queue.push_back(number);
    }

    /// Sends what may be sent; what may not is told so.
    fn send(&mut self) {
        while self.requests.len() < self.concurrency {
            let Some(number) = self.queue.pop_front() else {
                return;
            };
            // All who asked for it may be gone.
            if self.waiting.get(&number).is_none_or(Vec::is_empty) {
                self.waiting.remove(&number);
                continue;
            }
            match self.admit() {
                Ok(taken) => self.request(number, taken),
                Err(why) => self.tell(number, Answer::NotAsked(why)),
            }
        }
    }

    fn admit(&mut self) -> Result<Taken, NotAsked> {
        if !self.circuit.admit(self.shared.now_ns()) {
            return Err(NotAsked::Circuit);
        }
        let taken = self.pay();
        if taken.is_err() {
            self.circuit.not_gone();
        }
        taken
    }

    fn pay(&mut self) -> Result<Taken, NotAsked> {
        let mut purse = self.budget.take(today());
        if let Purse::Claim(claim) = purse {
            // A small file a hundred times a day, on a thread that nobody waits for.
            if let Err(fault) = self.ledger.write(claim) {
                tracing::warn!(%fault, "no number lookups: what they cost cannot be written down");
                return Err(NotAsked::Ledger);
            }
            self.budget.claimed(claim);
            purse = self.budget.take(today());
        }
        self.show_spent();
        match purse {
            Purse::Taken(taken) => Ok(taken),
            Purse::Claim(_) | Purse::Spent => Err(NotAsked::Budget),
        }
    }

    fn request(&mut self, number: Msisdn, taken: Taken) {
        add(&self.shared.counters.requests);
        let register = Arc::clone(&self.register);
        let request = self.requests.spawn(async move {
            let answer = register.ask(number).await;
            Ended {
                number,
                taken,
                answer,
            }
        });
        self.numbers.insert(request.id(), number);
    }

    fn ended(&mut self, ended: Ended) {
        let counters = &self.shared.counters;
        let now_ns = self.shared.now_ns();
        let (remembered, answer, ttl) = match ended.answer {
            Ok(known) => {
                add(&counters.answered);
                self.circuit.succeeded();
                (
                    Remembered::Known(known),
                    Answer::Known(known),
                    self.cache_ttl,
                )
            }
            Err(failure) => {
                add(&counters.failed);
                self.failed(failure, ended.taken, now_ns);
                (
                    Remembered::Failed(failure),
                    Answer::Failed(failure),
                    self.failure_ttl,
                )
            }
        };
        let ttl_ns = u64::try_from(ttl.as_nanos()).unwrap_or(u64::MAX);
        let until_ns = now_ns.saturating_add(ttl_ns);
        self.shared.cache.put(ended.number, remembered, until_ns);
        self.tell(ended.number, answer);
    }

    fn failed(&mut self, failure: Failure, taken: Taken, now_ns: u64) {
        let was_closed = self.circuit.is_closed();
        match failure {
            // The register is well and does not like this number or us.
            Failure::Refused(404 | 410 | 422) | Failure::Empty => self.circuit.succeeded(),
            Failure::Later { pause, .. } => self.circuit.failed(now_ns, pause),
            _ => self.circuit.failed(now_ns, None),
        }
        if failure == Failure::Unreachable {
            self.budget.give_back(taken);
            self.show_spent();
        }
        if was_closed && !self.circuit.is_closed() {
            tracing::warn!(%failure, "number lookups fail; the register is spared for a while");
        }
    }

    /// Tells all who wait for a number.
    fn tell(&mut self, number: Msisdn, answer: Answer) {
        for waiter in self.waiting.remove(&number).unwrap_or_default() {
            waiter.tell(answer);
        }
    }

    /// Tells those whose deadline has come.
    fn too_late(&mut self, now: Instant) {
        while let Some(Reverse((deadline, number))) = self.deadlines.peek().copied() {
            if deadline > now {
                return;
            }
            self.deadlines.pop();
            let Some(waiters) = self.waiting.get_mut(&number) else {
                continue;
            };
            for waiter in waiters.extract_if(.., |waiter| waiter.deadline <= now) {
                waiter.tell(Answer::TooLate);
            }
        }
    }

    /// Those who are gone leave numbers and deadlines behind; there are never many more of them than may wait.
    fn forget_the_gone(&mut self) {
        let waiting = &mut self.waiting;
        if self.queue.len() > 2 * self.queue_max {
            self.queue.retain(|number| {
                let is_wanted = waiting
                    .get(number)
                    .is_some_and(|waiters| !waiters.is_empty());
                if !is_wanted {
                    waiting.remove(number);
                }
                is_wanted
            });
        }
        if self.deadlines.len() > 2 * self.queue_max {
            let living = waiting.iter().flat_map(|(number, waiters)| {
                waiters
                    .iter()
                    .map(|waiter| Reverse((waiter.deadline, *number)))
            });
            self.deadlines = living.collect();
        }
    }

    fn show_spent(&self) {
        let spent = self.budget.spent().amount.0;
        let shown = &self.shared.counters.spent_today;
        shown.store(spent, Ordering::Relaxed);
    }
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline.into()).await,
        None => pending().await,
    }
}
