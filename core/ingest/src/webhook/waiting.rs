//! What one account is still to be told: what is new, what waits for another try, what is on its way. Pure.
//!
//! Promise: each thing that was pushed is given out until it is taken or its time is over; what fails holds up nothing
//! but itself. New ones and those that failed are given out in turn, so that neither starves. Bound: requests on their
//! way as [`Pace`] allows; what waits, by who pushes.

use std::collections::{BTreeSet, HashMap, VecDeque};

use super::backoff::{PAUSE_NS_MAX, pause_ns};
use super::outcome::Outcome;
use super::pace::Pace;

/// Once the receiver takes something again, those that it could not take are tried so soon after their last try.
const SOON_NS: u64 = 30_000_000_000;

#[derive(Debug)]
struct Entry<T> {
    item: T,
    until_ns: u64,
    failures: u32,
    tried_ns: u64,
    /// Where it waits for another try: until when.
    due_ns: Option<u64>,
    /// It failed because the receiver was in trouble.
    hurried: bool,
}

/// What is to be done.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next<T> {
    /// Post this.
    Post(u64),
    /// Its time is over; nobody tells it any more.
    Over(T),
    /// Nothing before this moment.
    At(u64),
    /// Nothing until something else happens.
    Idle,
}

/// The things of one account.
#[derive(Debug)]
pub(crate) struct Waiting<T> {
    entries: HashMap<u64, Entry<T>>,
    fresh: VecDeque<u64>,
    later: BTreeSet<(u64, u64)>,
    hurried: usize,
    on_the_way: usize,
    serial: u64,
    /// The last one given out had failed before.
    after_failed: bool,
    not_before_ns: u64,
    pace: Pace,
}

impl<T> Waiting<T> {
    pub(crate) fn new(concurrency: u32) -> Self {
        Self {
            entries: HashMap::new(),
            fresh: VecDeque::new(),
            later: BTreeSet::new(),
            hurried: 0,
            on_the_way: 0,
            serial: 0,
            after_failed: false,
            not_before_ns: 0,
            pace: Pace::new(concurrency),
        }
    }

    /// Another bound of requests. What failed was perhaps at fault of what was changed with it: all is due now.
    pub(crate) fn change(&mut self, now_ns: u64, concurrency: u32) {
        self.pace.set_most(concurrency);
        self.not_before_ns = 0;
        for (_, ticket) in std::mem::take(&mut self.later) {
            self.put_off(ticket, now_ns, false);
        }
    }

    /// So many are held, those on their way included.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Something new, to be told until then.
    pub(crate) fn push(&mut self, item: T, until_ns: u64) {
        let ticket = self.serial;
        self.serial += 1;
        let entry = Entry {
            item,
            until_ns,
            failures: 0,
            tried_ns: 0,
            due_ns: None,
            hurried: false,
        };
        self.entries.insert(ticket, entry);
        self.fresh.push_back(ticket);
    }

    pub(crate) fn get(&self, ticket: u64) -> Option<&T> {
        self.entries.get(&ticket).map(|entry| &entry.item)
    }

    /// What is to be done now; what it gives to be posted is on its way from here on.
    pub(crate) fn next(&mut self, now_ns: u64) -> Next<T> {
        let due = self.later.first().copied();
        if self.on_the_way >= self.pace.limit() || (due.is_none() && self.fresh.is_empty()) {
            return Next::Idle;
        }
        let is_due = due.filter(|(due_ns, _)| *due_ns <= now_ns);
        let ready = is_due.is_some() || !self.fresh.is_empty();
        let at_ns = due.map_or(u64::MAX, |(due_ns, _)| due_ns);
        if !ready || now_ns < self.not_before_ns {
            let first_ns = if self.fresh.is_empty() { at_ns } else { 0 };
            return Next::At(first_ns.max(self.not_before_ns));
        }
        let ticket = match is_due.filter(|_| !self.after_failed || self.fresh.is_empty()) {
            Some((_, ticket)) => {
                self.after_failed = true;
                self.take_back(ticket);
                ticket
            }
            None => {
                self.after_failed = false;
                self.fresh.pop_front().unwrap_or_default()
            }
        };
        let Some(entry) = self.entries.get_mut(&ticket) else {
            return self.next(now_ns);
        };
        if entry.until_ns <= now_ns {
            let entry = self.entries.remove(&ticket);
            return entry.map_or(Next::Idle, |entry| Next::Over(entry.item));
        }
        entry.tried_ns = now_ns;
        self.on_the_way += 1;
        Next::Post(ticket)
    }

    /// It was taken.
    pub(crate) fn taken(&mut self, now_ns: u64, ticket: u64) -> Option<T> {
        let entry = self.entries.remove(&ticket)?;
        self.on_the_way = self.on_the_way.saturating_sub(1);
        self.pace.succeeded();
        self.hurry(now_ns);
        Some(entry.item)
    }

    /// It was not; gives how long it waits.
    pub(crate) fn failed(&mut self, now_ns: u64, ticket: u64, how: Outcome, random: u64) -> u64 {
        let Some(entry) = self.entries.get_mut(&ticket) else {
            return 0;
        };
        self.on_the_way = self.on_the_way.saturating_sub(1);
        entry.failures = entry.failures.saturating_add(1);
        let usual_ns = pause_ns(entry.failures, random);
        let (pause_ns, named_ns) = match how {
            Outcome::Refused => (PAUSE_NS_MAX - random % (PAUSE_NS_MAX / 4), 0),
            Outcome::Later(Some(named)) => {
                let named = u64::try_from(named.as_nanos()).unwrap_or(u64::MAX);
                let named_ns = named.min(PAUSE_NS_MAX);
                (usual_ns.max(named_ns), named_ns)
            }
            _ => (usual_ns, 0),
        };
        // It waits in vain after its time, and is let go then.
        let due_ns = now_ns.saturating_add(pause_ns).min(entry.until_ns);
        let begun_ns = entry.tried_ns;
        if how.is_trouble() {
            self.pace.failed(now_ns, begun_ns);
        }
        // What a receiver says of its own trouble is meant for all that it is sent.
        self.not_before_ns = self.not_before_ns.max(now_ns.saturating_add(named_ns));
        self.put_off(ticket, due_ns, how.is_trouble() && named_ns == 0);
        due_ns.saturating_sub(now_ns)
    }

    /// The receiver is there: those that it could not take need not wait for long any more.
    fn hurry(&mut self, now_ns: u64) {
        if self.hurried == 0 {
            return;
        }
        let of = |(_, ticket): &(u64, u64)| {
            let entry = self.entries.get(ticket)?;
            entry.hurried.then_some((*ticket, entry.tried_ns))
        };
        let hurried: Vec<(u64, u64)> = self.later.iter().filter_map(of).collect();
        for (ticket, tried_ns) in hurried {
            let before_ns = self.take_back(ticket);
            let soon_ns = tried_ns.saturating_add(SOON_NS).max(now_ns);
            self.put_off(ticket, before_ns.min(soon_ns), false);
        }
    }

    fn put_off(&mut self, ticket: u64, due_ns: u64, hurried: bool) {
        if let Some(entry) = self.entries.get_mut(&ticket) {
            self.hurried -= usize::from(std::mem::replace(&mut entry.hurried, hurried));
            self.hurried += usize::from(hurried);
            entry.due_ns = Some(due_ns);
            self.later.insert((due_ns, ticket));
        }
    }

    /// It waits no more; gives when it would have been due.
    fn take_back(&mut self, ticket: u64) -> u64 {
        let Some(entry) = self.entries.get_mut(&ticket) else {
            return 0;
        };
        self.hurried -= usize::from(std::mem::take(&mut entry.hurried));
        let due_ns = entry.due_ns.take().unwrap_or_default();
        self.later.remove(&(due_ns, ticket));
        due_ns
    }
}

#[cfg(test)]
#[path = "waiting_tests.rs"]
mod tests;
