//! The thread that writes what is added to lists: orders that wait together go to the disk together.
//!
//! Bound: orders of doors are counted before they come here; those of handsets are as many as messages from handsets may
//! wait. [`GROUP_MAX`] are written at a time, and no more
//! than make [`GROUP_ENTRIES_MAX`] entries. What a handset said and the disk does not take is tried again each second.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use carrack_routing::suppression::{Mark, Reason, Whose};
use carrack_runtime::{Clock, SystemClock};
use rustc_hash::{FxHashMap, FxHashSet};

use super::compaction::{self, Compacted};
use super::live::LiveEntries;
use super::log::{Entry, shows_numbers};
use super::{
    List, SuppressedBy, SuppressionAct, SuppressionChange, SuppressionFault, SuppressionReply,
    Suppressions,
};

const GROUP_MAX: usize = 1024;
const GROUP_ENTRIES_MAX: usize = 10_000;
const AGAIN: Duration = Duration::from_secs(1);

/// Hears how many entries a compacted index has.
pub(super) type CompactReply = Box<dyn FnOnce(Result<u64, SuppressionFault>) + Send>;

pub(crate) enum Order {
    Change(Vec<SuppressionChange>, SuppressionReply),
    Compact(String, CompactReply),
    Compacted(Box<Compacted>),
    Stop,
}

/// The thread.
pub(crate) struct SuppressionThread {
    suppressions: Arc<Suppressions>,
    orders: Sender<Order>,
    thread: JoinHandle<()>,
}

impl SuppressionThread {
    /// Starts it.
    ///
    /// # Errors
    /// The system gives no thread.
    pub(crate) fn start(suppressions: &Arc<Suppressions>) -> io::Result<Self> {
        let (orders, ordered) = channel();
        let worker = Worker {
            suppressions: Arc::clone(suppressions),
            orders: orders.clone(),
            clock: SystemClock::default(),
            unwritten: Vec::new(),
        };
        let work = move || worker.work(&ordered);
        let thread = Builder::new().name("suppression".to_owned()).spawn(work)?;
        suppressions.send_orders_to(Some(orders.clone()));
        Ok(Self {
            suppressions: Arc::clone(suppressions),
            orders,
            thread,
        })
    }

    /// Takes no more orders, and ends when those before are done. False: it had ended by a panic.
    pub(crate) fn stop(self) -> bool {
        self.suppressions.send_orders_to(None);
        // A thread that ended hears nothing.
        let _ = self.orders.send(Order::Stop);
        self.thread.join().is_ok()
    }
}

/// Changes of one order on their way to the disk.
struct Waiting {
    entries: Vec<(Arc<LiveEntries>, Entry)>,
    changed: Vec<bool>,
    of_handset: bool,
    reply: SuppressionReply,
}

struct Worker {
    suppressions: Arc<Suppressions>,
    orders: Sender<Order>,
    clock: SystemClock,
    /// What handsets said and the disk did not take.
    unwritten: Vec<Waiting>,
}

impl Worker {
    fn work(mut self, ordered: &Receiver<Order>) {
        loop {
            let first = match self.unwritten.is_empty() {
                true => ordered.recv().map_err(|_| RecvTimeoutError::Disconnected),
                false => ordered.recv_timeout(AGAIN),
            };
            let first = match first {
                Ok(Order::Stop) | Err(RecvTimeoutError::Disconnected) => return,
                Ok(order) => Some(order),
                Err(RecvTimeoutError::Timeout) => None,
            };
            let mut group = std::mem::take(&mut self.unwritten);
            let mut touched = FxHashSet::default();
            let more = ordered.try_iter().take(GROUP_MAX);
            for order in first.into_iter().chain(more) {
                match order {
                    Order::Stop => {
                        self.write(group);
                        return;
                    }
                    Order::Change(changes, reply) => {
                        self.change(changes, reply, &mut group, &mut touched);
                    }
                    Order::Compact(list, reply) => self.compact(&list, reply),
                    Order::Compacted(done) => compaction::take(*done),
                }
            }
            self.write(group);
        }
    }

    fn change(
        &mut self,
        changes: Vec<SuppressionChange>,
        reply: SuppressionReply,
        group: &mut Vec<Waiting>,
        touched: &mut FxHashSet<(usize, u64)>,
    ) {
        let lists = self.suppressions.lists();
        let mut waiting = Waiting {
            of_handset: changes.iter().all(|c| c.by == SuppressedBy::Handset),
            entries: Vec::with_capacity(changes.len()),
            changed: Vec::with_capacity(changes.len()),
            reply,
        };
        let mut said = FxHashMap::default();
        for change in changes {
            let Some(list) = lists.named(&change.list) else {
                return (waiting.reply)(Err(SuppressionFault::UnknownList(change.list)));
            };
            let Some(key) = list.rule.keys.key(change.whose, &change.name) else {
                return (waiting.reply)(Err(SuppressionFault::Form(change.list)));
            };
            let place = (Arc::as_ptr(&list.live) as usize, key);
            let before = said.insert(place, change.act);
            if before == Some(change.act) {
                // The same once more: no sync for that, however often it is said.
                waiting.changed.push(false);
                continue;
            }
            let mine = before.is_some();
            if mine || !touched.insert(place) {
                // What is said of a number now is compared with what was said of it before.
                if mine {
                    let entries = std::mem::take(&mut waiting.entries);
                    group.push(Waiting {
                        entries,
                        changed: Vec::new(),
                        of_handset: waiting.of_handset,
                        reply: Box::new(|_| ()),
                    });
                }
                self.write(std::mem::take(group));
            }
            match entry(list, key, &change, waiting.entries.len()) {
                Ok(Some(entry)) => {
                    waiting.entries.push((Arc::clone(&list.live), entry));
                    waiting.changed.push(true);
                }
                Ok(None) => waiting.changed.push(false),
                Err(fault) => return (waiting.reply)(Err(fault)),
            }
        }
        group.push(waiting);
        let entries: usize = group.iter().map(|waiting| waiting.entries.len()).sum();
        if entries >= GROUP_ENTRIES_MAX {
            // The bounds count what is in force.
            self.write(std::mem::take(group));
        }
    }

    /// Puts a group on the disk and in force, and answers.
    fn write(&mut self, group: Vec<Waiting>) {
        if group.is_empty() {
            return;
        }
        let mut lists: Vec<Arc<LiveEntries>> = Vec::new();
        for (live, entry) in group.iter().flat_map(|waiting| &waiting.entries) {
            if let Some(log) = &mut live.written().log {
                log.add(entry);
            }
            if !lists.iter().any(|known| Arc::ptr_eq(known, live)) {
                lists.push(Arc::clone(live));
            }
        }
        let mut fault = None;
        for live in &lists {
            let mut written = live.written();
            let Some(log) = &mut written.log else {
                continue;
            };
            if let Err(error) = log.append() {
                log.drop_lines();
                tracing::error!(%error, "entries of a suppression list could not be written");
                metrics::counter!(carrack_telemetry::names::SUPPRESSION_FAILURES).increment(1);
                fault = Some(SuppressionFault::Disk(error.to_string()));
            }
        }
        for waiting in group {
            if fault.is_none() || waiting.of_handset {
                // A handset's stop holds though the disk is not ready for it.
                for (live, entry) in &waiting.entries {
                    live.put(entry);
                }
            }
            match &fault {
                None => (waiting.reply)(Ok(waiting.changed)),
                Some(_) if waiting.of_handset => self.unwritten.push(waiting),
                Some(fault) => (waiting.reply)(Err(fault.clone())),
            }
        }
        if fault.is_none() {
            self.compact_what_is_half_full();
        }
    }

    fn compact_what_is_half_full(&self) {
        for list in &self.suppressions.lists().lists {
            if list.live.is_half_full() && !list.live.written().is_compacting {
                self.begin(list, Box::new(|_| ()));
            }
        }
    }

    fn compact(&self, name: &str, reply: CompactReply) {
        let lists = self.suppressions.lists();
        match lists.named(name) {
            None => reply(Err(SuppressionFault::UnknownList(name.to_owned()))),
            Some(list) => self.begin(list, reply),
        }
    }

    fn begin(&self, list: &List, reply: CompactReply) {
        let orders = self.orders.clone();
        // Who stops first has no use for it.
        let done = move |done| drop(orders.send(Order::Compacted(Box::new(done))));
        compaction::begin(list, self.clock.now().utc_ns, reply, Box::new(done));
    }
}

/// Whether an entry is a wish of the number's holder that holds: nobody else's entry weakens it, only taking it back does.
fn is_opt_out(before: Mark, change: &SuppressionChange) -> bool {
    let of_another = change.by != SuppressedBy::Handset;
    of_another && before.reason == Reason::OptOut && before.holds(change.at_utc_ns)
}

/// The line that a change makes; none where all is as it says.
fn entry(
    list: &List,
    key: u64,
    change: &SuppressionChange,
    more: usize,
) -> Result<Option<Entry>, SuppressionFault> {
    let at_utc_ms = change.at_utc_ns / 1_000_000;
    let written = list.live.written();
    let Some(log) = &written.log else {
        return Err(SuppressionFault::ReadOnly);
    };
    let settled_until_ms = log.settled_until_ms;
    drop(written);
    if change.by == SuppressedBy::Handset {
        let is_old = match list.live.get(key) {
            Some(known) => known.at_utc_ms >= at_utc_ms,
            // Where that is not known any more it is better not to send.
            None => change.act == SuppressionAct::Remove && at_utc_ms <= settled_until_ms,
        };
        if is_old {
            return Ok(None);
        }
    } else if list.live.is_full(more + 1) {
        return Err(SuppressionFault::Full(list.rule.name.clone()));
    } else if change.by == SuppressedBy::Customer && list.live.is_full_of(&change.name, more + 1) {
        return Err(SuppressionFault::Share(list.rule.name.clone()));
    }
    let before = list.mark(key).map(|(mark, _)| mark);
    let mark = match change.act {
        SuppressionAct::Add {
            reason,
            ends_utc_ns,
        } => {
            let wanted = Mark::until(reason, ends_utc_ns);
            let kept = before.filter(|before| is_opt_out(*before, change));
            kept.map_or(wanted, |kept| kept.lasting(wanted))
        }
        SuppressionAct::Remove => Mark {
            is_removed: true,
            ..before.unwrap_or(Mark::until(Default::default(), u64::MAX))
        },
    };
    let is_same = before.map_or(mark.is_removed, |before| before == mark);
    if is_same {
        return Ok(None);
    }
    let mut entry = Entry::new(key, mark, at_utc_ms, change.by);
    if let (Whose::Number(number), true) = (change.whose, shows_numbers(&list.rule.keys)) {
        entry.number = number.as_u64();
    }
    entry.name.clone_from(&change.name);
    Ok(Some(entry))
}
