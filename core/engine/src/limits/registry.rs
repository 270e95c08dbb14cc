//! Buckets by limit and by whom they are for, and the sets of them that lanes are named after.
//!
//! Bound: so many buckets, and as many sets as lanes and waiting messages are of; both are given back.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use carrack_message::Network;
use carrack_throttle::{Pace, PacedBucket};
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::pace::{Bucket, Paces};
use super::rule::Each;
use super::{Limit, Rules};

/// How often it is looked for buckets to be given back when there is no room.
const SWEEP_NS: u64 = 1_000_000_000;

/// The buckets of one limit.
#[derive(Debug, Default)]
struct Own {
    pace: Option<Pace>,
    all: Option<Arc<Bucket>>,
    senders: FxHashMap<Box<str>, Arc<Bucket>>,
    networks: FxHashMap<u32, Arc<Bucket>>,
    /// Of all for whom there was no room.
    beyond: Option<Arc<Bucket>>,
}

impl Own {
    fn len(&self) -> usize {
        let single = usize::from(self.all.is_some()) + usize::from(self.beyond.is_some());
        self.senders.len() + self.networks.len() + single
    }

    fn each(&self) -> impl Iterator<Item = &Arc<Bucket>> {
        let many = self.senders.values().chain(self.networks.values());
        many.chain(&self.all).chain(&self.beyond)
    }

    /// Drops what nobody holds and what would be the same if it were made anew.
    fn let_go(&mut self, now_ns: u64) {
        let stays =
            |bucket: &Arc<Bucket>| Arc::strong_count(bucket) > 1 || !bucket.paced.is_full(now_ns);
        self.senders.retain(|_, bucket| stays(bucket));
        self.networks.retain(|_, bucket| stays(bucket));
        self.beyond = self.beyond.take().filter(|bucket| stays(bucket));
    }
}

/// Numbers of buckets, in the order of their limits.
type Set = SmallVec<[u64; 2]>;

#[derive(Debug, Default)]
pub(super) struct Registry {
    limits: FxHashMap<u32, Own>,
    sets: FxHashMap<Set, u64>,
    paces: FxHashMap<u64, Arc<Paces>>,
    buckets: usize,
    numbers: u64,
    limit_numbers: u32,
    swept_ns: u64,
    /// Limits were replaced, and buckets do not keep to them yet.
    pub(super) is_behind: bool,
    /// A new bucket has given a segment then.
    quiet_from_ns: Option<u64>,
}

impl Registry {
    pub(super) fn next_limit(&mut self) -> u32 {
        self.limit_numbers += 1;
        self.limit_numbers
    }

    /// Takes the limits of now; what is no limit's any more is forgotten once nobody waits for it.
    pub(super) fn follow(&mut self, rules: &Rules, now_ns: u64) {
        let mut before = std::mem::take(&mut self.limits);
        for limit in &rules.paced {
            let Some((_, pace)) = limit.rule.kind.pace() else {
                continue;
            };
            let mut own = before.remove(&limit.number).unwrap_or_default();
            own.pace = Some(pace);
            for bucket in own.each() {
                bucket.paced.set(now_ns, pace);
            }
            self.limits.insert(limit.number, own);
        }
        self.count();
    }

    fn count(&mut self) {
        self.buckets = self.limits.values().map(Own::len).sum();
    }

    pub(super) fn keep_quiet(&mut self, now_ns: u64) {
        self.quiet_from_ns = Some(now_ns);
        for own in self.limits.values() {
            let Some(pace) = own.pace else { continue };
            for bucket in own.each() {
                let due_ns = now_ns.saturating_add(pace.interval_ns());
                bucket.paced.not_before(due_ns);
            }
        }
    }

    /// The bucket of a message under a limit; none where the caller's limit is not in force any more.
    pub(super) fn bucket(
        &mut self,
        now_ns: u64,
        limit: &Limit,
        most: usize,
        from: &str,
        network: Network,
    ) -> Option<Arc<Bucket>> {
        let (each, pace) = limit.rule.kind.pace()?;
        let own = self.limits.get(&limit.number)?;
        // The caller's limits may be those of before.
        let pace = own.pace.unwrap_or(pace);
        let shared_until_ns = match own.beyond {
            // It may just have had segments of the bucket that all beyond share.
            Some(_) => now_ns.saturating_add(pace.interval_ns()),
            None => 0,
        };
        let found = match each {
            Each::All => own.all.as_ref(),
            Each::Sender => own.senders.get(from),
            Each::Network => own.networks.get(&network.as_u32()),
        };
        if let Some(found) = found {
            return Some(Arc::clone(found));
        }
        if self.buckets >= most && now_ns.saturating_sub(self.swept_ns) >= SWEEP_NS {
            self.sweep(now_ns);
        }
        let is_full = self.buckets >= most && each != Each::All;
        if is_full {
            limit.done.beyond.fetch_add(1, Ordering::Relaxed);
        }
        self.numbers += 1;
        let bucket = Arc::new(Bucket {
            number: self.numbers,
            limit: limit.rule.name.as_str().into(),
            done: Arc::clone(&limit.done),
            paced: PacedBucket::new(pace, self.quiet_until_ns(pace).max(shared_until_ns)),
        });
        let own = self.limits.get_mut(&limit.number)?;
        if is_full {
            let beyond = own.beyond.get_or_insert_with(|| {
                self.buckets += 1;
                bucket
            });
            return Some(Arc::clone(beyond));
        }
        self.buckets += 1;
        let here = Arc::clone(&bucket);
        match each {
            Each::All => own.all = Some(bucket),
            Each::Sender => drop(own.senders.insert(from.into(), bucket)),
            Each::Network => drop(own.networks.insert(network.as_u32(), bucket)),
        }
        Some(here)
    }

    fn quiet_until_ns(&self, pace: Pace) -> u64 {
        let from_ns = self.quiet_from_ns;
        from_ns.map_or(0, |from_ns| from_ns.saturating_add(pace.interval_ns()))
    }

    /// These buckets together; none of none.
    pub(super) fn paces(&mut self, buckets: SmallVec<[Arc<Bucket>; 2]>) -> Option<Arc<Paces>> {
        if buckets.is_empty() {
            return None;
        }
        let set: Set = buckets.iter().map(|bucket| bucket.number).collect();
        if let Some(found) = self
            .sets
            .get(&set)
            .and_then(|number| self.paces.get(number))
        {
            return Some(Arc::clone(found));
        }
        self.numbers += 1;
        let number = self.numbers;
        let paces = Arc::new(Paces { number, buckets });
        self.sets.insert(set, number);
        self.paces.insert(number, Arc::clone(&paces));
        Some(paces)
    }

    pub(super) fn find(&self, number: u64) -> Option<Arc<Paces>> {
        self.paces.get(&number).cloned()
    }

    pub(super) fn in_use(&self, limit: u32) -> usize {
        self.limits.get(&limit).map_or(0, Own::len)
    }

    /// Drops sets that nobody holds, and then buckets.
    pub(super) fn sweep(&mut self, now_ns: u64) {
        self.swept_ns = now_ns;
        let paces = &mut self.paces;
        self.sets.retain(|_, number| {
            let held = paces.get(number);
            let stays = held.is_some_and(|paces| Arc::strong_count(paces) > 1);
            if !stays {
                paces.remove(number);
            }
            stays
        });
        for own in self.limits.values_mut() {
            own.let_go(now_ns);
        }
        self.count();
    }
}
