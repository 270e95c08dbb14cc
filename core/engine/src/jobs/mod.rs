//! Queue jobs: purge, move and route again what waits, by a filter, while the node goes on.
//!
//! Promise: one job at a time a node; each shard works on it in slices between its other work; what a job has ended has
//! its final record like any other end; a job can be stopped between two slices, and what it has done by then stays.
//! Bound: [`KEPT_MAX`] jobs are remembered, until the node ends. Fails by [`JobRefused`], before anything is touched.

mod board;
mod which;

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

use serde::Serialize;
use thiserror::Error;
use utoipa::ToSchema;

pub(crate) use board::JobBoard;
pub use which::JobFilter;
pub(crate) use which::Which;

/// Jobs that are remembered.
pub(crate) const KEPT_MAX: usize = 16;

/// What is done to what matches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum JobKind {
    /// It ends as cancelled.
    Purge,
    /// It goes to this carrier first. Not durable: a start of the node routes anew.
    Move {
        /// Name of the carrier.
        to: String,
    },
    /// Its route is chosen by the table of now.
    Reroute,
}

/// A job that is wished for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobRequest {
    /// What to do.
    pub kind: JobKind,
    /// With which messages.
    pub filter: JobFilter,
    /// Only counts.
    pub dry_run: bool,
}

/// Why a job was not begun. Nothing was touched.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum JobRefused {
    /// One is at work.
    #[error("queue job {0} is still at work; wait for its end or stop it (`carrack queue stop`)")]
    Busy(u64),
    /// No such carrier.
    #[error("there is no carrier {0:?}")]
    UnknownCarrier(String),
    /// No such account.
    #[error("there is no account {0:?}")]
    UnknownAccount(String),
    /// A carrier that gets nothing.
    #[error("carrier {0:?} is not enabled in the configuration; nothing can be moved to it")]
    Disabled(String),
    /// The node is going down.
    #[error("the node is shutting down")]
    Draining,
}

/// How far a job is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct JobStatus {
    /// Its number in this run of the node.
    pub id: u64,
    /// What it does.
    #[serde(flatten)]
    pub kind: JobKind,
    /// With which messages.
    pub filter: JobFilter,
    /// Whether it only counts.
    pub dry_run: bool,
    /// `running`, `stopping`, `stopped` or `done`.
    pub state: &'static str,
    /// Messages that matched, once they were looked at.
    pub matched: u64,
    /// Of those: ended, moved or routed another way than before. An end counts when it is durable.
    pub done: u64,
    /// Messages looked at.
    pub looked: u64,
    /// Messages still to be looked at.
    pub left: u64,
    /// Messages whose record could not be read; they stay where they are.
    pub unreadable: u64,
    /// Begun at, UTC nanoseconds; 0: not yet.
    pub begun_utc_ns: u64,
    /// Ended at, UTC nanoseconds; 0: not yet.
    pub ended_utc_ns: u64,
    /// Why it does not get on.
    pub hindrance: Option<&'static str>,
}

impl JobStatus {
    /// Whether nothing more is to come of it.
    #[must_use]
    pub fn is_over(&self) -> bool {
        matches!(self.state, "done" | "stopped")
    }
}

/// What a job does, with carriers by place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deed {
    Purge,
    Move(u16),
    Reroute,
}

/// A job as all shards see it.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) id: u64,
    request: JobRequest,
    pub(crate) deed: Deed,
    pub(crate) which: Which,
    /// Shards that take part.
    shards: u32,
    stop: AtomicBool,
    stopped: AtomicBool,
    begun_utc_ns: AtomicU64,
    ended_utc_ns: AtomicU64,
    pub(crate) total: AtomicU64,
    pub(crate) looked: AtomicU64,
    pub(crate) matched: AtomicU64,
    pub(crate) done: AtomicU64,
    pub(crate) unreadable: AtomicU64,
    /// Shards that have looked at all they have.
    walked: AtomicU32,
    ended: AtomicU32,
    /// Shards that wait for customers to be told; for the disk.
    pub(crate) untold: AtomicU32,
    pub(crate) disk: AtomicU32,
}

impl Job {
    pub(crate) fn new(
        id: u64,
        request: JobRequest,
        deed: Deed,
        which: Which,
        shards: usize,
    ) -> Self {
        Self {
            id,
            request,
            deed,
            which,
            shards: shards as u32,
            stop: AtomicBool::new(false),
            stopped: AtomicBool::new(false),
            begun_utc_ns: AtomicU64::new(0),
            ended_utc_ns: AtomicU64::new(0),
            total: AtomicU64::new(0),
            looked: AtomicU64::new(0),
            matched: AtomicU64::new(0),
            done: AtomicU64::new(0),
            unreadable: AtomicU64::new(0),
            walked: AtomicU32::new(0),
            ended: AtomicU32::new(0),
            untold: AtomicU32::new(0),
            disk: AtomicU32::new(0),
        }
    }

    pub(crate) fn dry_run(&self) -> bool {
        self.request.dry_run
    }

    pub(crate) fn begin(&self, utc_ns: u64) {
        // Only the first shard's time counts.
        let _ = self.begun_utc_ns.compare_exchange(
            0,
            utc_ns.max(1),
            Ordering::Relaxed,
            Ordering::Relaxed,
        );
    }

    pub(crate) fn stop(&self) {
        self.stop.store(true, Ordering::Release);
    }

    pub(crate) fn is_to_stop(&self) -> bool {
        self.stop.load(Ordering::Acquire)
    }

    /// A shard has looked at all it has. What it gave to other shards is in their mailboxes by now.
    pub(crate) fn has_walked(&self) {
        self.walked.fetch_add(1, Ordering::AcqRel);
    }

    pub(crate) fn all_have_walked(&self) -> bool {
        self.walked.load(Ordering::Acquire) >= self.shards
    }

    /// A shard does nothing more for it; `early`: it was stopped before it had looked at all.
    pub(crate) fn end(&self, utc_ns: u64, early: bool) {
        if early {
            self.stopped.store(true, Ordering::Relaxed);
        }
        self.ended_utc_ns.fetch_max(utc_ns, Ordering::Relaxed);
        self.ended.fetch_add(1, Ordering::AcqRel);
    }

    pub(crate) fn is_over(&self) -> bool {
        self.ended.load(Ordering::Acquire) >= self.shards
    }

    pub(crate) fn status(&self) -> JobStatus {
        let over = self.is_over();
        let state = match (over, self.is_to_stop()) {
            (true, _) if self.stopped.load(Ordering::Relaxed) => "stopped",
            (true, _) => "done",
            (false, true) => "stopping",
            (false, false) => "running",
        };
        let get = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let hindered = |count: &AtomicU32| !over && count.load(Ordering::Relaxed) > 0;
        let hindrance = match (hindered(&self.disk), hindered(&self.untold)) {
            (true, _) => Some("the disk does not take or keep up with what is written"),
            (false, true) => Some("customers have not taken what they were to be told"),
            (false, false) => None,
        };
        JobStatus {
            id: self.id,
            kind: self.request.kind.clone(),
            filter: self.request.filter.clone(),
            dry_run: self.request.dry_run,
            state,
            matched: get(&self.matched),
            done: get(&self.done),
            looked: get(&self.looked),
            left: get(&self.total).saturating_sub(get(&self.looked)),
            unreadable: get(&self.unreadable),
            begun_utc_ns: get(&self.begun_utc_ns),
            ended_utc_ns: if over { get(&self.ended_utc_ns) } else { 0 },
            hindrance,
        }
    }
}
