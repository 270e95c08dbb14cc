//! Limits that are no carrier's: so many segments for each sender, network or all of somebody's messages, which wait for
//! their turn; so many messages for one recipient, of which one more is refused.
//!
//! Promise: buckets belong to the node: however many shards send, a bucket gives no more than its pace. A message under
//! several limits needs a segment's worth of each. What no limit matches costs one look at an empty list. Bound: buckets
//! and recipients as set; a sender or network beyond that shares one bucket of its limit with all others that come
//! beyond it, and that is counted. Buckets that are full and that nobody waits for are given back. Nothing here fails or
//! waits. The registry is locked once for a message under a limit when its lane is found; a token is a word that is
//! exchanged, without a lock.
//!
//! Where limits change, those of the same name and kind keep their buckets and counts; what waits takes the new ones.
//! Memory only: a start begins with buckets that have just given a segment, and with no recipient known.

mod pace;
mod recipients;
mod registry;
mod rule;
mod view;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use carrack_message::{Msisdn, Network};
use carrack_routing::Query;
use smallvec::SmallVec;

pub(crate) use pace::{Bucket, Dry, LOOK_AGAIN_NS, Paces};
pub use rule::{Each, LimitKind, LimitRule, LimitSettings, SenderIs};
pub use view::LimitView;

use recipients::Recipients;
use registry::Registry;

/// Limits that count recipients, of one node: a bit each.
pub(crate) const COUNTED_MAX: usize = 64;

/// What a limit did since the start.
#[derive(Debug, Default)]
pub(crate) struct Done {
    /// Segments that were sent under it.
    pub(crate) granted: AtomicU64,
    /// Messages that it refused.
    pub(crate) refused: AtomicU64,
    /// Messages that had no bucket of their own.
    pub(crate) beyond: AtomicU64,
    /// Recipients that were forgotten though their window was not over.
    pub(crate) forgotten: AtomicU64,
}

/// A limit as it is in force.
#[derive(Debug)]
struct Limit {
    /// The same for all limits of this name and kind, for ever.
    number: u32,
    rule: LimitRule,
    done: Arc<Done>,
    /// Where it counts recipients.
    recipients: Option<Arc<Mutex<Recipients>>>,
}

/// All limits of a moment.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    paced: Vec<Limit>,
    counted: Vec<Limit>,
    buckets_max: usize,
    recipients_max: usize,
}

/// Which limits have counted a message, a bit each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counted(u64);

impl Counted {
    /// None.
    pub(crate) const NONE: Self = Self(0);
}

/// Why one recipient gets no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Enough {
    pub(crate) limit: String,
    /// Until one more is taken, nanoseconds.
    pub(crate) wait_ns: u64,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Rules {
    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.paced.is_empty() && self.counted.is_empty()
    }

    /// Whether recipients are counted.
    pub(crate) fn counts(&self) -> bool {
        !self.counted.is_empty()
    }

    /// Counts a message, or says which limit its recipient has reached; then none has counted it.
    pub(crate) fn count(
        &self,
        now_ns: u64,
        query: &Query<'_>,
        network: Network,
    ) -> Result<Counted, Enough> {
        let mut counted = Counted::NONE;
        for (place, limit) in self.counted.iter().enumerate() {
            let (LimitKind::Recipient { count, within_ns }, Some(recipients)) =
                (limit.rule.kind, &limit.recipients)
            else {
                continue;
            };
            if !limit.rule.takes(query, network) {
                continue;
            }
            let most = self.recipients_max;
            let taken = locked(recipients).take(now_ns, query.to, (count, within_ns), most);
            match taken {
                Ok(forgotten) => {
                    counted.0 |= 1 << place;
                    if forgotten > 0 {
                        limit.done.forgotten.fetch_add(forgotten, Ordering::Relaxed);
                    }
                }
                Err(again_ns) => {
                    limit.done.refused.fetch_add(1, Ordering::Relaxed);
                    self.give_back(counted, query.to, now_ns);
                    return Err(Enough {
                        limit: limit.rule.name.clone(),
                        wait_ns: again_ns.saturating_sub(now_ns),
                    });
                }
            }
        }
        Ok(counted)
    }

    /// A message that was counted at `at_ns` was not accepted.
    pub(crate) fn give_back(&self, counted: Counted, to: Msisdn, at_ns: u64) {
        if counted == Counted::NONE {
            return;
        }
        for (place, limit) in self.counted.iter().enumerate() {
            if let (true, Some(recipients)) = (counted.0 & 1 << place != 0, &limit.recipients) {
                locked(recipients).give_back(to, at_ns);
            }
        }
    }
}

/// The limits of a node.
#[derive(Debug)]
pub(crate) struct Limits {
    rules: RwLock<Arc<Rules>>,
    registry: Mutex<Registry>,
}

impl Limits {
    pub(crate) fn new(settings: LimitSettings) -> Self {
        let limits = Self {
            rules: RwLock::default(),
            registry: Mutex::default(),
        };
        limits.replace(settings);
        limits.follow(0);
        limits
    }

    /// The limits of now.
    pub(crate) fn rules(&self) -> Arc<Rules> {
        Arc::clone(&self.rules.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts others in place of these. Same name and same kind: buckets and counts stay. [`Self::follow`] is to come before
    /// anybody uses them.
    pub(crate) fn replace(&self, settings: LimitSettings) {
        let before = self.rules();
        let mut registry = locked(&self.registry);
        let mut rules = Rules {
            buckets_max: settings.buckets_max.max(1),
            recipients_max: settings.recipients_max.max(1),
            ..Rules::default()
        };
        for rule in settings.rules {
            let same = |known: &&Limit| {
                known.rule.name == rule.name && known.rule.kind.each() == rule.kind.each()
            };
            let was = before.paced.iter().chain(&before.counted).find(same);
            let done = was.map_or_else(Arc::default, |was| Arc::clone(&was.done));
            let number = was.map_or_else(|| registry.next_limit(), |was| was.number);
            let is_paced = rule.kind.pace().is_some();
            let recipients = was.and_then(|was| was.recipients.clone());
            let limit = Limit {
                number,
                rule,
                done,
                recipients: (!is_paced).then(|| recipients.unwrap_or_default()),
            };
            match is_paced {
                true => rules.paced.push(limit),
                false if rules.counted.len() < COUNTED_MAX => rules.counted.push(limit),
                // The settings let no more through.
                false => {}
            }
        }
        registry.is_behind = true;
        *self.rules.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(rules);
    }

    /// The limits of now, with buckets that keep to them.
    pub(crate) fn follow(&self, now_ns: u64) -> Arc<Rules> {
        let mut registry = locked(&self.registry);
        let rules = self.rules();
        if std::mem::take(&mut registry.is_behind) {
            registry.follow(&rules, now_ns);
        }
        rules
    }

    /// Earlier runs may have used up what they could until now: every bucket has just given a segment.
    pub(crate) fn keep_quiet(&self, now_ns: u64) {
        locked(&self.registry).keep_quiet(now_ns);
    }

    /// The buckets that a message needs; none where no limit matches. `rules`: those of the caller, which may be older.
    pub(crate) fn paces(
        &self,
        now_ns: u64,
        rules: &Rules,
        query: &Query<'_>,
        network: Network,
    ) -> Option<Arc<Paces>> {
        if rules.paced.is_empty() {
            return None;
        }
        let matching: SmallVec<[&Limit; 4]> = rules
            .paced
            .iter()
            .filter(|limit| limit.rule.takes(query, network))
            .collect();
        if matching.is_empty() {
            return None;
        }
        let mut registry = locked(&self.registry);
        let mut buckets: SmallVec<[Arc<Bucket>; 2]> = SmallVec::new();
        for limit in matching {
            let bucket = registry.bucket(now_ns, limit, rules.buckets_max, query.from, network);
            buckets.extend(bucket);
        }
        registry.paces(buckets)
    }

    /// Buckets by their number together.
    pub(crate) fn find(&self, number: u64) -> Option<Arc<Paces>> {
        locked(&self.registry).find(number)
    }

    /// Gives back what is full and nobody waits for.
    pub(crate) fn sweep(&self, now_ns: u64) {
        locked(&self.registry).sweep(now_ns);
    }

    /// How limits do, in their order; `waiting` is left to the caller.
    pub(crate) fn view(&self) -> Vec<LimitView> {
        let rules = self.rules();
        let registry = locked(&self.registry);
        let both = rules.paced.iter().chain(&rules.counted);
        both.map(|limit| {
            let in_use = match &limit.recipients {
                Some(recipients) => locked(recipients).len(),
                None => registry.in_use(limit.number),
            };
            LimitView::of(limit, in_use)
        })
        .collect()
    }
}
