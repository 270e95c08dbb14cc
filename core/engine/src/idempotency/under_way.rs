//! Names of requests that are under way: claimed by one, waited for by others.
//!
//! Promise: a name is with one claim at a time; who finds it claimed waits behind it and is handed out when it is given back,
//! never lost in between. All names of a claim are had or none, and in order, so that two that want the same never hold each
//! other up. Bound: names and waiters as set. Fails by giving the waiter back.

use std::collections::hash_map::Entry;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use carrack_queue::KeyName;
use rustc_hash::FxHashMap;

/// Parts with a lock each, so that a large claim does not hold up small ones.
const STRIPES: usize = 64;

type Stripe<W> = FxHashMap<KeyName, Vec<W>>;

/// Names under way, and who waits for them.
pub(crate) struct UnderWay<W> {
    stripes: Vec<Mutex<Stripe<W>>>,
    names: AtomicUsize,
    names_max: usize,
    waiting: AtomicUsize,
    waiting_max: usize,
}

/// What came of a wish to claim.
pub(crate) enum Claiming<W> {
    /// All names are had.
    Claimed(W),
    /// One is with another; it is waited for. None of the others is had; those who waited for them meanwhile.
    Waits(Vec<W>),
    /// There are as many as may be. As above.
    Full(W, Vec<W>),
}

impl<W> UnderWay<W> {
    pub(crate) fn new(names_max: usize, waiting_max: usize) -> Self {
        Self {
            stripes: (0..STRIPES).map(|_| Mutex::default()).collect(),
            names: AtomicUsize::new(0),
            names_max,
            waiting: AtomicUsize::new(0),
            waiting_max,
        }
    }

    /// Names that are claimed.
    #[cfg(test)]
    pub(crate) fn names(&self) -> usize {
        self.names.load(Ordering::Relaxed)
    }

    fn stripe(&self, name: KeyName) -> Option<MutexGuard<'_, Stripe<W>>> {
        let stripe = self.stripes.get(name.0 as usize % STRIPES)?;
        Some(stripe.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Claims names, each once and in order; `who` waits where one is not to be had.
    pub(crate) fn claim(&self, names: &[KeyName], who: W) -> Claiming<W> {
        let before = self.names.fetch_add(names.len(), Ordering::Relaxed);
        if before.saturating_add(names.len()) > self.names_max {
            self.names.fetch_sub(names.len(), Ordering::Relaxed);
            return Claiming::Full(who, Vec::new());
        }
        for (place, name) in names.iter().enumerate() {
            let Some(mut stripe) = self.stripe(*name) else {
                continue;
            };
            let waiters = match stripe.entry(*name) {
                Entry::Vacant(free) => {
                    free.insert(Vec::new());
                    continue;
                }
                Entry::Occupied(taken) => taken.into_mut(),
            };
            if self.waiting.fetch_add(1, Ordering::Relaxed) >= self.waiting_max {
                self.waiting.fetch_sub(1, Ordering::Relaxed);
                drop(stripe);
                return Claiming::Full(who, self.undo(names, place));
            }
            waiters.push(who);
            drop(stripe);
            return Claiming::Waits(self.undo(names, place));
        }
        Claiming::Claimed(who)
    }

    /// Gives back what a claim had before it met a name of another's.
    fn undo(&self, names: &[KeyName], had: usize) -> Vec<W> {
        self.names.fetch_sub(names.len() - had, Ordering::Relaxed);
        self.release(names.get(..had).unwrap_or_default())
    }

    /// Gives names back; these waited for one of them.
    pub(crate) fn release(&self, names: &[KeyName]) -> Vec<W> {
        let mut waited = Vec::new();
        for name in names {
            let found = self
                .stripe(*name)
                .and_then(|mut stripe| stripe.remove(name));
            waited.extend(found.into_iter().flatten());
        }
        self.names.fetch_sub(names.len(), Ordering::Relaxed);
        self.waiting.fetch_sub(waited.len(), Ordering::Relaxed);
        waited
    }
}
