//! The engine as front doors see it: cheap to clone, never blocks but where it says so.

mod asks;
mod gather;
mod subscribers;
mod suppressions;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use carrack_message::MessageId;
use carrack_message::record::BatchProgress;
use carrack_queue::{CommitThread, Names, Store, StoreFault};
use carrack_routing::quality::Qualities;
use carrack_routing::{CarrierHealth, RouteTable};
use carrack_runtime::{MailboxFull, MailboxSender};

pub use asks::{Cancelled, Rescheduled};

use crate::batches::BatchCounters;
use crate::directory::Directory;
use crate::idempotency::Desk;
use crate::jobs::{JobRefused, JobRequest, JobStatus};
use crate::limits::LimitSettings;
use crate::mail::Mail;
use crate::shadow::ShadowDoor;
use crate::shared::{Health, Shared};
use crate::story::{self, Story};
use crate::submission::{Chunk, Submission};

/// Whether new work is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Readiness {
    /// Yes.
    Ready,
    /// Not yet.
    Starting,
    /// Not any more.
    Draining,
    /// Not while the store cannot be written; the reason for people.
    StoreRefuses(String),
}

/// A handle to the running engine.
#[derive(Clone)]
pub struct Engine {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) shared: Arc<Shared>,
    pub(crate) store: Arc<Store>,
    pub(crate) shards: Vec<MailboxSender<Mail>>,
    /// Where submissions with keys pass.
    pub(crate) desk: Arc<Desk>,
    pub(crate) next: AtomicU64,
    pub(crate) committer: Mutex<Option<CommitThread>>,
}

impl Engine {
    /// Hands in a chunk; any shard takes it.
    ///
    /// # Errors
    /// The chunk, when the shard's mailbox is full: answer "too much", or wait a little.
    pub fn submit(&self, chunk: Chunk) -> Result<(), Chunk> {
        let lane = self.inner.next.fetch_add(1, Ordering::Relaxed);
        self.submit_to(lane, chunk)
    }

    /// Hands in a chunk; the same `lane` goes to the same shard. Submissions with a key that was used before are answered
    /// and do not get there.
    ///
    /// # Errors
    /// As [`Self::submit`].
    pub fn submit_to(&self, lane: u64, chunk: Chunk) -> Result<(), Chunk> {
        let keyed = |submission: &Submission| submission.key.is_some();
        match chunk.submissions.iter().any(keyed) {
            true => self.inner.desk.take(lane, chunk),
            false => hand_in(&self.inner.shards, lane, chunk),
        }
    }

    /// Submissions that one chunk may have.
    #[must_use]
    pub fn chunk_submissions_max(&self) -> usize {
        self.inner
            .shared
            .settings
            .frame_messages_max
            .saturating_sub(1)
    }

    /// Accounts and carriers.
    #[must_use]
    pub fn directory(&self) -> Arc<Directory> {
        self.inner.shared.directory()
    }

    /// The number of an account's name for ever, given to it now where it has none. Blocking: it may write the store.
    ///
    /// # Errors
    /// [`StoreFault`] when the store cannot be read or written.
    pub fn number_account(&self, name: &str) -> Result<u32, StoreFault> {
        let store = &self.inner.store;
        Names::load(store, "account")?.number(store, "account", name)
    }

    /// Routes and prices.
    #[must_use]
    pub fn table(&self) -> Arc<RouteTable> {
        self.inner.shared.table()
    }

    /// Replaces accounts, routes and prices without a pause. Carriers keep their places.
    pub fn replace_tables(&self, directory: Directory, table: Arc<RouteTable>) {
        self.inner.shared.replace_tables(directory, table);
        self.wake();
    }

    /// Replaces the limits that are no carrier's. Those of the same name and kind keep their buckets and counts; what waits
    /// in memory takes the new ones at once.
    pub fn replace_limits(&self, limits: LimitSettings) {
        self.inner.shared.replace_limits(limits);
        self.wake();
    }

    /// Who is shown what becomes of new messages; none: nobody.
    #[must_use]
    pub fn shadow(&self) -> Option<Arc<ShadowDoor>> {
        self.inner.shared.shadow()
    }

    /// Shows what becomes of new messages to somebody else, or to nobody.
    pub fn replace_shadow(&self, door: Option<Arc<ShadowDoor>>) {
        self.inner.shared.replace_shadow(door);
        self.wake();
    }

    /// How carriers do by what is measured.
    #[must_use]
    pub fn quality(&self) -> Arc<Qualities> {
        self.inner.shared.quality()
    }

    /// How a carrier does, by its place in the route table.
    #[must_use]
    pub fn health(&self, carrier: u16) -> CarrierHealth {
        match self.inner.shared.health(carrier) {
            Health::Up => CarrierHealth::Up,
            Health::Down => CarrierHealth::Down,
            Health::Paused => CarrierHealth::Paused,
            Health::Refusing => CarrierHealth::Refusing,
            Health::Capped => CarrierHealth::Capped,
        }
    }

    /// Whether new work is taken.
    #[must_use]
    pub fn readiness(&self) -> Readiness {
        if self.inner.shared.draining.load(Ordering::Acquire) {
            return Readiness::Draining;
        }
        if !self.inner.shared.ready.load(Ordering::Acquire) {
            return Readiness::Starting;
        }
        let committer = self
            .inner
            .committer
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        match committer
            .as_ref()
            .and_then(|committer| committer.gate().reason())
        {
            Some(reason) => Readiness::StoreRefuses(reason),
            None => Readiness::Ready,
        }
    }

    /// The whole life of a message. Blocking: it reads the log.
    ///
    /// # Errors
    /// [`StoreFault`] when the store cannot be read.
    pub fn story(&self, id: MessageId) -> Result<Option<Story>, StoreFault> {
        Ok(self.stories(&[id])?.pop().flatten())
    }

    /// The whole lives of different messages, in their order, by one reading of the log. Blocking.
    ///
    /// # Errors
    /// As [`Self::story`].
    pub fn stories(&self, ids: &[MessageId]) -> Result<Vec<Option<Story>>, StoreFault> {
        let shared = &self.inner.shared;
        story::read(
            &self.inner.store,
            &shared.directory(),
            ids,
            shared.settings.history_frames_max,
        )
    }

    /// Messages accepted and not final.
    #[must_use]
    pub fn waiting(&self) -> u64 {
        self.inner.shared.waiting.load(Ordering::Relaxed)
    }

    /// Stops a carrier taking messages, or lets it again. False: there is none of that name.
    #[must_use]
    pub fn pause_carrier(&self, name: &str, paused: bool) -> bool {
        self.table()
            .carrier_number(name)
            .is_some_and(|place| self.inner.shared.set_paused(place, paused))
    }

    /// Begins a queue job; [`Self::jobs`] tells how it does.
    ///
    /// # Errors
    /// [`JobRefused`]; nothing was touched.
    pub fn start_job(&self, request: JobRequest) -> Result<JobStatus, JobRefused> {
        let shared = &self.inner.shared;
        if shared.draining.load(Ordering::Acquire) {
            return Err(JobRefused::Draining);
        }
        let (table, directory) = (shared.table(), shared.directory());
        let shards = self.inner.shards.len();
        let status = shared.jobs.start(request, &table, &directory, shards)?;
        self.wake();
        Ok(status)
    }

    /// Queue jobs of this run that are remembered, the newest first.
    #[must_use]
    pub fn jobs(&self) -> Vec<JobStatus> {
        self.inner.shared.jobs.all()
    }

    /// Stops the queue job that is at work; what it has done stays. None: there is none.
    #[must_use]
    pub fn stop_job(&self) -> Option<JobStatus> {
        let stopped = self.inner.shared.jobs.stop();
        self.wake();
        stopped
    }

    /// A full mailbox wakes its shard too.
    fn wake(&self) {
        for shard in &self.inner.shards {
            let _ = shard.send(Mail::Snapshot(Box::new(|_| ())));
        }
    }

    /// Counters of a batch.
    #[must_use]
    pub fn batch(&self, batch: u64) -> Arc<BatchCounters> {
        self.inner.shared.batches.counters(batch)
    }

    /// Nobody asks for these any more: every message of the batch is final, and its folder is gone.
    pub fn forget_batch(&self, batch: u64) {
        self.inner.shared.batches.forget(batch);
    }

    /// How far the log said at start that a batch was taken: furthest position, sums of accepted and refused rows.
    #[must_use]
    pub fn batch_resume(&self, batch: u64) -> Option<BatchProgress> {
        self.inner.shared.batches.resume(batch)
    }
}

/// Puts a chunk into the mailbox of its shard.
pub(crate) fn hand_in(
    shards: &[MailboxSender<Mail>],
    lane: u64,
    chunk: Chunk,
) -> Result<(), Chunk> {
    let Some(shard) = lane
        .checked_rem(shards.len() as u64)
        .and_then(|place| shards.get(place as usize))
    else {
        return Err(chunk);
    };
    shard
        .send(Mail::Chunk(chunk))
        .map_err(|MailboxFull(mail)| match mail {
            Mail::Chunk(chunk) => chunk,
            _ => Chunk {
                submissions: Vec::new(),
                progress: None,
                parts: 1,
                reply: Box::new(|_| ()),
            },
        })
}
