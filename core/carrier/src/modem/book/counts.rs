//! What happened to the SIMs of a node since its start.

use std::sync::atomic::{AtomicU64, Ordering};

/// What happened since the start.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct BookCounts {
    /// SIMs that were found in a modem and got no place; the same one each time it is found.
    pub without_place: u64,
    /// SIMs that nobody had seen for two months and that gave their place to others.
    pub forgotten: u64,
    /// Suspicions.
    pub suspected: u64,
    /// Trials that failed.
    pub trials_failed: u64,
    /// SIMs that came back.
    pub cleared: u64,
    /// Alerts that nobody fetched in time.
    pub alerts_lost: u64,
}

#[derive(Debug, Default)]
pub(super) struct Counters([AtomicU64; 6]);

#[derive(Clone, Copy)]
pub(super) enum Counter {
    WithoutPlace,
    Forgotten,
    Suspected,
    TrialsFailed,
    Cleared,
    AlertsLost,
}

impl Counters {
    pub(super) fn add(&self, counter: Counter) {
        if let Some(count) = self.0.get(counter as usize) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn counts(&self) -> BookCounts {
        let counts = self.0.each_ref().map(|count| count.load(Ordering::Relaxed));
        let [
            without_place,
            forgotten,
            suspected,
            trials_failed,
            cleared,
            alerts_lost,
        ] = counts;
        BookCounts {
            without_place,
            forgotten,
            suspected,
            trials_failed,
            cleared,
            alerts_lost,
        }
    }
}
