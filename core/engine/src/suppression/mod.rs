//! Suppression lists: numbers that must not be sent to, asked when a message is accepted and again right before it is sent.
//!
//! Promise: an entry that was added is durable before that is answered, and in force on every shard from that moment on;
//! a start brings it back. What no list matches costs one look at an empty list; a look-up takes one lock of sixty-four,
//! and does not allocate. Bound: entries that were added since the last compaction, by list, as set: customers and
//! operators are refused beyond it, a customer beyond a quarter of it, a handset that says stop never is. Fails: a disk that cannot be written refuses
//! customers and operators; a handset's stop holds at once all the same, and is written as soon as it can be.
//!
//! A list has three layers, asked in this order: what was added since the last compaction (memory, and a file beside the
//! store), what was compacted (an index of our own), and the base (the operator's file, mapped).

mod change;
mod compaction;
mod exempt;
mod live;
mod log;
mod now;
mod orders;
mod tally;
mod view;
mod worker;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use carrack_message::Network;
use carrack_routing::key_index::Octets;
use carrack_routing::suppression::{Keys, Mark, Reason, Scope, SuppressionIndex, Whose};
use carrack_routing::{Matcher, Query};
use carrack_telemetry::names;

use crate::limits::SenderIs;
pub use change::{
    SuppressedBy, SuppressionAct, SuppressionChange, SuppressionFault, SuppressionReply,
};
pub(crate) use exempt::Exempt;
use live::LiveEntries;
pub use now::SuppressionsNow;
use orders::{WaitingOrders, customer};
pub use view::{SuppressionEntry, SuppressionFound, SuppressionLayer, SuppressionListView};
pub(crate) use worker::{Order, SuppressionThread};

/// Maps a file into memory.
pub type MapFile = Arc<dyn Fn(&Path) -> io::Result<Octets> + Send + Sync>;

/// A list as it is set.
#[derive(Debug, Clone)]
pub struct SuppressionRule {
    /// Its name; unique.
    pub name: String,
    /// Whose messages it holds for; senders are asked for beside it.
    pub matcher: Matcher,
    /// The source address is one of these; empty: any.
    pub senders: Vec<SenderIs>,
    /// For whom its entries hold, and how numbers are written in it.
    pub keys: Keys,
    /// The operator's file.
    pub base: Option<SuppressionIndex>,
}

/// All lists of a node.
#[derive(Clone, Default)]
pub struct SuppressionSettings {
    /// The lists.
    pub rules: Vec<SuppressionRule>,
    /// Where what is added lies; none: nothing can be added.
    pub folder: Option<PathBuf>,
    /// Entries of a list that are added between two compactions.
    pub live_max: usize,
    /// Maps what was compacted.
    pub map: Option<MapFile>,
}

/// Why a message must not be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Suppressed {
    pub(crate) list: String,
    pub(crate) reason: Reason,
}

/// A list as it is in force.
pub(crate) struct List {
    rule: SuppressionRule,
    live: Arc<LiveEntries>,
    refused: metrics::Counter,
    held_back: metrics::Counter,
}

impl List {
    fn new(rule: SuppressionRule, live: Arc<LiveEntries>) -> Self {
        let counter = |at: &'static str| metrics::counter!(names::SUPPRESSED, "list" => rule.name.clone(), "at" => at);
        Self {
            refused: counter("accept"),
            held_back: counter("send"),
            rule,
            live,
        }
    }

    /// Whether a message is under it.
    fn takes(&self, query: &Query<'_>, network: Network) -> bool {
        let rule = &self.rule;
        let sender =
            rule.senders.is_empty() || rule.senders.iter().any(|own| own.takes(query.from));
        sender && rule.matcher.matches(query, network)
    }

    /// What the uppermost layer that knows of a key says of it.
    fn mark(&self, key: u64) -> Option<(Mark, SuppressionLayer)> {
        if let Some(mark) = self.live.mark(key) {
            return Some((mark, SuppressionLayer::Added));
        }
        if let Some(mark) = self.live.compacted(key) {
            return Some((mark, SuppressionLayer::Compacted));
        }
        let mark = self.rule.base.as_ref()?.mark(key)?;
        Some((mark, SuppressionLayer::Base))
    }

    /// Why it forbids a message, if it does.
    fn reason(&self, query: &Query<'_>, network: Network) -> Option<Reason> {
        let takes = self.takes(query, network);
        takes.then(|| self.holds(query, query.at_utc_ns)).flatten()
    }

    fn forbids(&self, reason: Reason) -> Suppressed {
        Suppressed {
            list: self.rule.name.clone(),
            reason,
        }
    }

    fn holds(&self, query: &Query<'_>, utc_ns: u64) -> Option<Reason> {
        let name = match self.rule.keys.scope {
            Scope::Global => "",
            Scope::Account => query.account,
            Scope::Sender => query.from,
        };
        let key = self.rule.keys.key(Whose::Number(query.to), name)?;
        let (mark, _) = self.mark(key)?;
        mark.holds(utc_ns).then_some(mark.reason)
    }
}

/// Where a message is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum At {
    Accept,
    Send,
}

/// All lists of a moment.
#[derive(Default)]
pub(crate) struct Lists {
    lists: Vec<Arc<List>>,
}

impl Lists {
    pub(crate) fn is_empty(&self) -> bool {
        self.lists.is_empty()
    }

    /// The first list that forbids a message.
    pub(crate) fn find(
        &self,
        query: &Query<'_>,
        network: Network,
        at: At,
        exempt: &Exempt,
    ) -> Option<Suppressed> {
        let found = self.first(query, network);
        let (list, reason) = found.filter(|_| !exempt.has(query.tag, query.at_utc_ns))?;
        match at {
            At::Accept => list.refused.increment(1),
            At::Send => list.held_back.increment(1),
        }
        Some(list.forbids(reason))
    }

    /// The first list that would forbid a message of a customer; nothing is counted.
    fn suppressed(&self, query: &Query<'_>, network: Network) -> Option<Suppressed> {
        let (list, reason) = self.first(query, network)?;
        Some(list.forbids(reason))
    }

    fn first(&self, query: &Query<'_>, network: Network) -> Option<(&List, Reason)> {
        self.lists
            .iter()
            .find_map(|list| Some((list.as_ref(), list.reason(query, network)?)))
    }

    fn named(&self, name: &str) -> Option<&Arc<List>> {
        self.lists.iter().find(|list| list.rule.name == name)
    }
}

/// The lists of a node.
#[derive(Default)]
pub(crate) struct Suppressions {
    lists: RwLock<Arc<Lists>>,
    /// What was added, by list and the form of its keys: it stays where a list is taken out and put in again.
    live: Mutex<BTreeMap<String, Arc<LiveEntries>>>,
    orders: Mutex<Option<Sender<Order>>>,
    waiting: WaitingOrders,
    pub(crate) exempt: Exempt,
}

impl std::fmt::Debug for Suppressions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Suppressions").finish_non_exhaustive()
    }
}

impl Suppressions {
    /// The lists of now.
    pub(crate) fn lists(&self) -> Arc<Lists> {
        Arc::clone(&self.lists.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts others in place of these, with what was added to them before.
    ///
    /// # Errors
    /// What was added cannot be read; nothing has changed then.
    pub(crate) fn replace(&self, settings: SuppressionSettings) -> io::Result<()> {
        let mut known = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        let mut lists = Vec::with_capacity(settings.rules.len());
        for rule in settings.rules {
            let file = log::file_name(&rule.name, &rule.keys);
            let live = match known.get(&file) {
                Some(live) => {
                    live.bound(settings.live_max);
                    Arc::clone(live)
                }
                None => {
                    let folder = settings.folder.as_deref();
                    let map = settings.map.as_ref();
                    let live =
                        LiveEntries::open(&file, &rule.keys, folder, map, settings.live_max)?;
                    let live = Arc::new(live);
                    known.insert(file, Arc::clone(&live));
                    live
                }
            };
            lists.push(Arc::new(List::new(rule, live)));
        }
        *self.lists.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(Lists { lists });
        Ok(())
    }

    pub(crate) fn send_orders_to(&self, orders: Option<Sender<Order>>) {
        *self.orders.lock().unwrap_or_else(PoisonError::into_inner) = orders;
    }

    fn order(&self, order: Order) -> Result<(), SuppressionFault> {
        let orders = self.orders.lock().unwrap_or_else(PoisonError::into_inner);
        let sent = orders.as_ref().map(|orders| orders.send(order));
        match sent {
            Some(Ok(())) => Ok(()),
            Some(Err(_)) | None => Err(SuppressionFault::Stopped),
        }
    }

    /// Changes that handsets, customers or operators want; the reply comes when they are durable and in force. Of a
    /// handset it comes however long the disk takes.
    ///
    /// # Errors
    /// [`SuppressionFault`]; the reply does not come then.
    pub(crate) fn change(
        self: &Arc<Self>,
        changes: Vec<SuppressionChange>,
        reply: SuppressionReply,
    ) -> Result<(), SuppressionFault> {
        let of_handset = changes
            .iter()
            .all(|change| change.by == SuppressedBy::Handset);
        if of_handset {
            return self.order(Order::Change(changes, reply));
        }
        let customer = customer(&changes);
        if !self.waiting.take(customer.as_deref()) {
            return Err(SuppressionFault::Busy);
        }
        let (counted, whose) = (Arc::clone(self), customer.clone());
        let reply: SuppressionReply = Box::new(move |done| {
            counted.waiting.give_back(whose.as_deref());
            reply(done);
        });
        let ordered = self.order(Order::Change(changes, reply));
        if ordered.is_err() {
            self.waiting.give_back(customer.as_deref());
        }
        ordered
    }

    /// Moves what was added to a list into an index.
    ///
    /// # Errors
    /// [`SuppressionFault`].
    pub(crate) fn compact(
        &self,
        list: &str,
        reply: Box<dyn FnOnce(Result<u64, SuppressionFault>) + Send>,
    ) -> Result<(), SuppressionFault> {
        self.order(Order::Compact(list.to_owned(), reply))
    }
}

#[cfg(test)]
mod tests;
