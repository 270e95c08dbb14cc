//! Live counters of batches, shared between shards and the door that shows them.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, RwLock};

use carrack_message::Status;
use carrack_message::record::BatchProgress;

/// What became of a batch's accepted messages.
#[derive(Debug, Default)]
pub struct BatchCounters {
    /// Messages whose every segment a carrier took.
    pub submitted: AtomicU64,
    /// Final: delivered.
    pub delivered: AtomicU64,
    /// Final: anything else.
    pub failed: AtomicU64,
    /// Accepted and not final.
    pub live: AtomicU64,
    /// Those that waited for their moment when it was cancelled, and ended when that came.
    pub withdrawn: AtomicU64,
    cancelled: AtomicBool,
    at_start: OnceLock<BatchEnds>,
}

/// What became of messages of a batch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BatchEnds {
    /// Messages whose every segment a carrier took.
    pub submitted: u64,
    /// Final: delivered.
    pub delivered: u64,
    /// Final: anything else.
    pub failed: u64,
}

impl BatchCounters {
    /// Counting goes on from what the log says at a start: it has perhaps let go of what is old.
    pub fn go_on_from(&self, ends: BatchEnds, live: u64) {
        self.submitted.store(ends.submitted, Ordering::Relaxed);
        self.delivered.store(ends.delivered, Ordering::Relaxed);
        self.failed.store(ends.failed, Ordering::Relaxed);
        self.live.store(live, Ordering::Relaxed);
        // A node starts once.
        let _ = self.at_start.set(ends);
    }

    /// What the log said at the start.
    #[must_use]
    pub fn ends_at_start(&self) -> BatchEnds {
        self.at_start.get().copied().unwrap_or_default()
    }

    /// Of now.
    #[must_use]
    pub fn ends(&self) -> BatchEnds {
        BatchEnds {
            submitted: self.submitted.load(Ordering::Relaxed),
            delivered: self.delivered.load(Ordering::Relaxed),
            failed: self.failed.load(Ordering::Relaxed),
        }
    }

    /// What of it waits for a moment is not sent when that comes: it ends then.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Release);
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Acquire)
    }

    pub(crate) fn note_final(&self, status: Status) {
        let counter = if status == Status::Delivered {
            &self.delivered
        } else {
            &self.failed
        };
        counter.fetch_add(1, Ordering::Relaxed);
        // One whose acceptance is not in the log any more was not counted by a restart.
        let less = |live: u64| Some(live.saturating_sub(1));
        let _ = self
            .live
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
    }
}

/// Counters by batch, and how far the log says that each was taken.
#[derive(Debug, Default)]
pub(crate) struct Batches {
    counters: RwLock<HashMap<u64, Arc<BatchCounters>>>,
    resume: RwLock<HashMap<u64, BatchProgress>>,
}

impl Batches {
    pub(crate) fn counters(&self, batch: u64) -> Arc<BatchCounters> {
        let found = self
            .counters
            .read()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .get(&batch)
            .cloned();
        found.unwrap_or_else(|| {
            let mut counters = self
                .counters
                .write()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            Arc::clone(counters.entry(batch).or_default())
        })
    }

    pub(crate) fn set_resume(&self, found: HashMap<u64, BatchProgress>) {
        *self
            .resume
            .write()
            .unwrap_or_else(std::sync::PoisonError::into_inner) = found;
    }

    pub(crate) fn resume(&self, batch: u64) -> Option<BatchProgress> {
        self.resume
            .read()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .get(&batch)
            .copied()
    }

    pub(crate) fn forget(&self, batch: u64) {
        let mut counters = self
            .counters
            .write()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        counters.remove(&batch);
        drop(counters);
        let mut resume = self
            .resume
            .write()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        resume.remove(&batch);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_forgotten_takes_no_memory_and_another_batch_stays() {
        let batches = Batches::default();
        let (one, two) = (batches.counters(1), batches.counters(2));
        batches.forget(1);
        assert!(!Arc::ptr_eq(&one, &batches.counters(1)));
        assert!(Arc::ptr_eq(&two, &batches.counters(2)));
        batches.forget(1);
        let left = batches.counters.read().map(|counters| counters.len());
        assert_eq!(left.ok(), Some(1));
    }
}
