//! What was added to a list since the last compaction, and the index of what was compacted.
//!
//! Bound: as set, counted by [`LiveEntries::is_full`]; a look-up takes one of [`STRIPES`] locks for reading.

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use carrack_routing::suppression::{Keys, Mark, SuppressionIndex};
use rustc_hash::FxHashMap;

use super::log::{self, Entry, Log};
use super::tally::Tally;
use super::{MapFile, SuppressedBy};

const STRIPES: usize = 64;
/// A customer may have one part in so many of what may be added.
const SHARES: usize = 4;

/// One entry, or that there is none any more.
#[derive(Debug, Clone)]
pub(super) struct LiveMark {
    pub(super) mark: Mark,
    /// 0 where only its hash is known.
    pub(super) number: u64,
    /// Account or sender; empty: for all.
    pub(super) name: Arc<str>,
    pub(super) at_utc_ms: u64,
    pub(super) by: SuppressedBy,
    /// Rises with every change of the list.
    pub(super) sequence: u64,
}

/// What is written about a list, by one thread at a time.
#[derive(Default)]
pub(super) struct Written {
    /// None where nothing can be added.
    pub(super) log: Option<Log>,
    pub(super) sequence: u64,
    tally: Tally,
    pub(super) is_compacting: bool,
}

/// What was added to a list.
pub(crate) struct LiveEntries {
    stripes: [RwLock<FxHashMap<u64, LiveMark>>; STRIPES],
    count: AtomicUsize,
    most: AtomicUsize,
    /// How many the last compaction left.
    left: AtomicUsize,
    has_compacted: AtomicBool,
    compacted: RwLock<Option<SuppressionIndex>>,
    written: Mutex<Written>,
    map: Option<MapFile>,
}

impl LiveEntries {
    /// Reads what was added before.
    ///
    /// # Errors
    /// It cannot be read, or was written with another secret.
    pub(super) fn open(
        file: &str,
        keys: &Keys,
        folder: Option<&Path>,
        map: Option<&MapFile>,
        most: usize,
    ) -> io::Result<Self> {
        let live = Self {
            stripes: std::array::from_fn(|_| RwLock::default()),
            count: AtomicUsize::new(0),
            most: AtomicUsize::new(most),
            left: AtomicUsize::new(0),
            has_compacted: AtomicBool::new(false),
            compacted: RwLock::new(None),
            written: Mutex::default(),
            map: map.cloned(),
        };
        let Some(folder) = folder else {
            return Ok(live);
        };
        let (log, entries) = Log::open(folder, file, keys)?;
        let index = log.index_path();
        if let Some(map) = map.filter(|_| index.exists()) {
            live.take_compacted(log::open_index(keys, &index, map)?);
        }
        live.written().log = Some(log);
        for entry in entries {
            live.put(&entry);
        }
        Ok(live)
    }

    /// Maps an index.
    pub(super) fn map(&self) -> Option<MapFile> {
        self.map.clone()
    }

    pub(super) fn written(&self) -> MutexGuard<'_, Written> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn stripe(&self, key: u64) -> &RwLock<FxHashMap<u64, LiveMark>> {
        // Numbers beside each other are told apart by their low bits, hashes by any.
        let place = (key as usize) % STRIPES;
        // The remainder is within.
        self.stripes.get(place).unwrap_or(&self.stripes[0])
    }

    #[inline]
    pub(super) fn mark(&self, key: u64) -> Option<Mark> {
        let stripe = self.stripe(key);
        let stripe = stripe.read().unwrap_or_else(PoisonError::into_inner);
        stripe.get(&key).map(|found| found.mark)
    }

    pub(super) fn get(&self, key: u64) -> Option<LiveMark> {
        let stripe = self.stripe(key);
        let stripe = stripe.read().unwrap_or_else(PoisonError::into_inner);
        stripe.get(&key).cloned()
    }

    /// What the compacted index says of a key.
    #[inline]
    pub(super) fn compacted(&self, key: u64) -> Option<Mark> {
        if !self.has_compacted.load(Ordering::Acquire) {
            return None;
        }
        let compacted = self.compacted.read();
        let compacted = compacted.unwrap_or_else(PoisonError::into_inner);
        compacted.as_ref()?.mark(key)
    }

    pub(super) fn compacted_index(&self) -> Option<SuppressionIndex> {
        let compacted = self.compacted.read();
        compacted.unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn take_compacted(&self, index: SuppressionIndex) {
        let mut compacted = self
            .compacted
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        *compacted = Some(index);
        self.has_compacted.store(true, Ordering::Release);
    }

    /// Puts an entry in force.
    pub(super) fn put(&self, entry: &Entry) {
        let mut written = self.written();
        written.sequence += 1;
        let name = written.tally.name(&entry.name);
        let name = name.unwrap_or_else(|| Arc::from(entry.name.as_str()));
        let mark = LiveMark {
            mark: entry.mark(),
            number: entry.number,
            name: Arc::clone(&name),
            at_utc_ms: entry.at_utc_ms,
            by: entry.by,
            sequence: written.sequence,
        };
        drop(written);
        let stripe = self.stripe(entry.key);
        let mut stripe = stripe.write().unwrap_or_else(PoisonError::into_inner);
        if stripe.insert(entry.key, mark).is_none() {
            self.count.fetch_add(1, Ordering::Relaxed);
            drop(stripe);
            self.written().tally.add(&name);
        }
    }

    /// Forgets what the compacted index has: changes up to this one that are not `kept`.
    pub(super) fn forget(&self, through: u64, kept: impl Fn(&LiveMark) -> bool) {
        for stripe in &self.stripes {
            let mut gone = Vec::new();
            let mut stripe = stripe.write().unwrap_or_else(PoisonError::into_inner);
            stripe.retain(|_, mark| {
                let stays = mark.sequence > through || kept(mark);
                if !stays {
                    gone.push(Arc::clone(&mark.name));
                }
                stays
            });
            drop(stripe);
            self.count.fetch_sub(gone.len(), Ordering::Relaxed);
            let mut written = self.written();
            gone.iter().for_each(|name| written.tally.take(name));
        }
    }

    /// Each of them, in no order.
    pub(super) fn each(&self, mut see: impl FnMut(u64, &LiveMark)) {
        for stripe in &self.stripes {
            let stripe = stripe.read().unwrap_or_else(PoisonError::into_inner);
            stripe.iter().for_each(|(key, mark)| see(*key, mark));
        }
    }

    /// All of them, in no order.
    pub(super) fn all(&self) -> Vec<(u64, LiveMark)> {
        let mut all = Vec::with_capacity(self.len());
        self.each(|key, mark| all.push((key, mark.clone())));
        all
    }

    pub(super) fn len(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// How many there may be.
    pub(super) fn bound(&self, most: usize) {
        self.most.store(most, Ordering::Relaxed);
    }

    pub(super) fn is_full(&self, more: usize) -> bool {
        self.len().saturating_add(more) > self.most.load(Ordering::Relaxed)
    }

    /// Whether a customer has added his share since the last compaction.
    pub(super) fn is_full_of(&self, name: &str, more: usize) -> bool {
        let added = self.written().tally.since(name);
        added.saturating_add(more) > self.share()
    }

    fn share(&self) -> usize {
        self.most.load(Ordering::Relaxed).div_ceil(SHARES)
    }

    /// Whether it is time to compact: half of what may be added, or of somebody's share, was.
    pub(super) fn is_half_full(&self) -> bool {
        let half = self.most.load(Ordering::Relaxed).div_ceil(2).max(1);
        let half_share = self.share().div_ceil(2).max(1);
        self.len() >= self.left.load(Ordering::Relaxed) + half
            || self.written().tally.busiest() >= half_share
    }

    /// What is there now was left by a compaction.
    pub(super) fn is_compacted(&self) {
        self.left.store(self.len(), Ordering::Relaxed);
        self.written().tally.begin_anew();
    }
}
