//! How often what came of questions, since the start.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use carrack_message::Micros;

use crate::{Answer, NotAsked};

/// Counts since the start, for metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Questions, by [`crate::Lookups::ask`].
    pub questions: u64,
    /// Of them: answered from memory.
    pub remembered: u64,
    /// Of them: joined one that was under way for the same number.
    pub joined: u64,
    /// Requests to the register.
    pub requests: u64,
    /// Of them: it said what it knows.
    pub answered: u64,
    /// Of them: it failed.
    pub failed: u64,
    /// Questions nobody was asked, because as many waited as may.
    pub full: u64,
    /// Because the money of the day was spent.
    pub over_budget: u64,
    /// Because what is spent could not be written down.
    pub ledger_failed: u64,
    /// Because the register failed lately.
    pub spared: u64,
    /// Questions whose deadline came first.
    pub too_late: u64,
    /// Questions that wait now.
    pub waiting: u64,
    /// Spent on the last day on which anything was.
    pub spent_today: Micros,
}

/// The counters behind.
#[derive(Default)]
pub(crate) struct Counters {
    pub(crate) questions: AtomicU64,
    pub(crate) remembered: AtomicU64,
    pub(crate) joined: AtomicU64,
    pub(crate) requests: AtomicU64,
    pub(crate) answered: AtomicU64,
    pub(crate) failed: AtomicU64,
    full: AtomicU64,
    over_budget: AtomicU64,
    ledger_failed: AtomicU64,
    spared: AtomicU64,
    too_late: AtomicU64,
    /// Questions that wait for an answer: what the bound of the queue bounds.
    pub(crate) waiting: AtomicU64,
    pub(crate) spent_today: AtomicI64,
}

pub(crate) fn add(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

impl Counters {
    /// Counts what a question was told.
    pub(crate) fn told(&self, answer: &Answer) {
        match answer {
            Answer::TooLate => add(&self.too_late),
            Answer::NotAsked(NotAsked::Full) => add(&self.full),
            Answer::NotAsked(NotAsked::Budget) => add(&self.over_budget),
            Answer::NotAsked(NotAsked::Ledger) => add(&self.ledger_failed),
            Answer::NotAsked(NotAsked::Circuit) => add(&self.spared),
            Answer::NotAsked(NotAsked::Stopped) | Answer::Known(_) | Answer::Failed(_) => {}
        }
    }

    /// Takes a place among those that wait, of which there are `most`.
    pub(crate) fn wait(&self, most: u64) -> bool {
        let more = |waiting| (waiting < most).then_some(waiting + 1);
        self.waiting
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, more)
            .is_ok()
    }

    pub(crate) fn snapshot(&self) -> Counts {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counts {
            questions: read(&self.questions),
            remembered: read(&self.remembered),
            joined: read(&self.joined),
            requests: read(&self.requests),
            answered: read(&self.answered),
            failed: read(&self.failed),
            full: read(&self.full),
            over_budget: read(&self.over_budget),
            ledger_failed: read(&self.ledger_failed),
            spared: read(&self.spared),
            too_late: read(&self.too_late),
            waiting: read(&self.waiting),
            spent_today: Micros(self.spent_today.load(Ordering::Relaxed)),
        }
    }
}
