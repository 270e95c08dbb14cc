//! What one account is still to be told: what is new, what waits for another try, what is on its way. Pure.
//!
//! Promise: each thing that was pushed is given out until it is taken or its time is over; what fails holds up nothing
//! but itself. Those that may share a request go together where several wait. New ones and those that failed are given out in turn, so that neither starves. Bound: requests on their
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
    /// It shares its request with no other.
    alone: bool,
    refusals: u32,
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
    /// Post these, in one request.
    Post(Vec<u64>),
    /// Its time is over, or it was refused too often; nobody tells it any more.
    Over(T, Why),
    /// Nothing before this moment.
    At(u64),
    /// Nothing until something else happens.
    Idle,
}

/// Why nobody tells a thing any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    /// It was tried for as long as it is kept.
    Expired,
    /// It was refused as often as it may be.
    Refused,
}

/// Bounds of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bounds {
    /// Requests at a time.
    pub(crate) concurrency: u32,
    /// Things of a request.
    pub(crate) batch_max: usize,
    /// Refusals of one thing; 0: any.
    pub(crate) refusals_max: u32,
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
    bounds: Bounds,
}

impl<T> Waiting<T> {
    pub(crate) fn new(bounds: Bounds) -> Self {
        Self {
            entries: HashMap::new(),
            fresh: VecDeque::new(),
            later: BTreeSet::new(),
            hurried: 0,
            on_the_way: 0,
            serial: 0,
            after_failed: false,
            not_before_ns: 0,
            pace: Pace::new(bounds.concurrency),
            bounds,
        }
    }

    /// Other bounds. What failed was perhaps at fault of what was changed with it: all is due now.
    pub(crate) fn change(&mut self, now_ns: u64, bounds: Bounds) {
        self.bounds = bounds;
        self.pace.set_most(bounds.concurrency);
        self.not_before_ns = 0;
        for (_, ticket) in std::mem::take(&mut self.later) {
            self.put_off(ticket, now_ns, false);
        }
    }

    /// So many are held, those on their way included.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// So many requests are on their way.
    pub(crate) fn on_the_way(&self) -> usize {
        self.on_the_way
    }

    /// Something new, to be told until then; `alone`: it shares its request with no other.
    pub(crate) fn push(&mut self, item: T, until_ns: u64, alone: bool) {
        let ticket = self.serial;
        self.serial += 1;
        let entry = Entry {
            item,
            alone,
            refusals: 0,
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
        self.after_failed = is_due.is_some() && (!self.after_failed || self.fresh.is_empty());
        let Some(first) = self.take_next(now_ns, self.after_failed) else {
            return Next::Idle;
        };
        if let Some(why) = self.is_over(now_ns, first) {
            let entry = self.entries.remove(&first);
            return entry.map_or(Next::Idle, |entry| Next::Over(entry.item, why));
        }
        let mut tickets = vec![first];
        let shares = |waiting: &Self, ticket: u64| {
            let entry = waiting.entries.get(&ticket);
            entry.is_some_and(|entry| !entry.alone) && waiting.is_over(now_ns, ticket).is_none()
        };
        if shares(self, first) {
            while tickets.len() < self.bounds.batch_max
                && let Some(next) = self.peek_next(now_ns, self.after_failed)
                && shares(self, next)
            {
                tickets.extend(self.take_next(now_ns, self.after_failed));
            }
        }
        for ticket in &tickets {
            if let Some(entry) = self.entries.get_mut(ticket) {
                entry.tried_ns = now_ns;
            }
        }
        self.on_the_way += 1;
        Next::Post(tickets)
    }

    /// The next one that is due after it failed, or the next new one.
    fn peek_next(&self, now_ns: u64, failed: bool) -> Option<u64> {
        match failed {
            true => {
                let (due_ns, ticket) = self.later.first()?;
                (*due_ns <= now_ns).then_some(*ticket)
            }
            false => self.fresh.front().copied(),
        }
    }

    fn take_next(&mut self, now_ns: u64, failed: bool) -> Option<u64> {
        let ticket = self.peek_next(now_ns, failed)?;
        match failed {
            true => {
                self.take_back(ticket);
            }
            false => {
                self.fresh.pop_front();
            }
        }
        Some(ticket)
    }

    fn is_over(&self, now_ns: u64, ticket: u64) -> Option<Why> {
        let entry = self.entries.get(&ticket)?;
        let most = self.bounds.refusals_max;
        if entry.until_ns <= now_ns {
            return Some(Why::Expired);
        }
        (most > 0 && entry.refusals >= most).then_some(Why::Refused)
    }

    /// What was in a request was taken.
    pub(crate) fn taken(&mut self, now_ns: u64, tickets: &[u64]) -> Vec<T> {
        self.on_the_way = self.on_the_way.saturating_sub(1);
        self.pace.succeeded();
        self.hurry(now_ns);
        let gone = tickets
            .iter()
            .filter_map(|ticket| self.entries.remove(ticket));
        gone.map(|entry| entry.item).collect()
    }

    /// It was not; gives how long the first of it waits. Where several were refused together, each is tried alone next: one of
    /// them may be at fault.
    pub(crate) fn failed(
        &mut self,
        now_ns: u64,
        tickets: &[u64],
        how: Outcome,
        random: u64,
    ) -> u64 {
        self.on_the_way = self.on_the_way.saturating_sub(1);
        let together = tickets.len() > 1;
        let mut first_ns = None;
        for (place, ticket) in (0u64..).zip(tickets) {
            let random = random.rotate_left(7).wrapping_add(place);
            let pause_ns = self.one_failed(now_ns, *ticket, how, random, together);
            first_ns.get_or_insert(pause_ns);
        }
        first_ns.unwrap_or(0)
    }

    fn one_failed(
        &mut self,
        now_ns: u64,
        ticket: u64,
        how: Outcome,
        random: u64,
        together: bool,
    ) -> u64 {
        let Some(entry) = self.entries.get_mut(&ticket) else {
            return 0;
        };
        let refused = how == Outcome::Refused;
        let to_be_parted = refused && together;
        if to_be_parted {
            entry.alone = true;
            self.put_off(ticket, now_ns, false);
            return 0;
        }
        entry.failures = entry.failures.saturating_add(1);
        entry.refusals = entry.refusals.saturating_add(u32::from(refused));
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
        let too_often = self.bounds.refusals_max > 0 && entry.refusals >= self.bounds.refusals_max;
        // It waits in vain after its time, and is let go then.
        let due_ns = match too_often {
            true => now_ns,
            false => now_ns.saturating_add(pause_ns).min(entry.until_ns),
        };
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
