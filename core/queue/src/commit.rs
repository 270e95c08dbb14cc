//! The committer: the one thread that writes. Frames of all shards that wait go out as one batch and one sync.
//!
//! Promise: a shard's ticket moves only when its frame is durable in the named mode; frames of a shard are written in
//! their order; a frame that cannot be written is tried again until it can. Bound: `frames_max` frames wait. Fails: the
//! gate closes with the reason; after repeated failures the database is opened again in place.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam::channel::{Receiver, RecvTimeoutError, Sender, TrySendError, bounded};

use carrack_telemetry::names;

use crate::epochs::EpochLedger;
use crate::export::ExportMark;
use crate::fault::StoreFault;
use crate::frame::SealedFrame;
use crate::gate::Gate;
use crate::store::Store;

/// When a frame counts as durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// Synced to the disk before its ticket moves: survives a power cut.
    EveryBatch,
    /// Written before its ticket moves, synced on this interval: survives kill -9; a power cut loses at most the interval.
    Interval(Duration),
}

/// How the committer works.
#[derive(Debug, Clone, Copy)]
pub struct CommitSettings {
    /// When a frame counts as durable.
    pub durability: Durability,
    /// How long a frame waits for company before it is written; zero: groups form while the write before runs.
    pub linger: Duration,
    /// Frames that may wait.
    pub frames_max: usize,
    /// An epoch is closed when it has this many octets.
    pub epoch_octets: u64,
    /// An epoch is closed when it is this old.
    pub epoch_age: Duration,
    /// A closed epoch is kept at least this long.
    pub retention: Duration,
}

/// Why a frame was not taken now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommitRefused {
    /// `frames_max` frames wait.
    Full,
    /// The committer has ended.
    Stopped,
}

/// What a shard needs of a committer. The real one is a [`ShardCommitter`]; a simulation brings its own.
pub trait Committer {
    /// Hands over a frame.
    ///
    /// # Errors
    /// [`CommitRefused`]; the shard keeps the frame and tries again.
    fn commit(&mut self, frame: &Arc<SealedFrame>) -> Result<(), CommitRefused>;
    /// All frames of this shard up to this ticket are durable.
    fn committed_through(&self) -> u64;
    /// The epoch that new frames belong to.
    fn epoch(&self) -> u32;
    /// Whether new work must be refused.
    fn refuses(&self) -> bool;
}

struct Shared {
    epoch: AtomicU32,
    tickets: Vec<AtomicU64>,
    gate: Gate,
}

/// One shard's end of the committer.
pub struct ShardCommitter {
    shard: usize,
    frames: Sender<Arc<SealedFrame>>,
    shared: Arc<Shared>,
}

impl Committer for ShardCommitter {
    fn commit(&mut self, frame: &Arc<SealedFrame>) -> Result<(), CommitRefused> {
        self.frames
            .try_send(Arc::clone(frame))
            .map_err(|error| match error {
                TrySendError::Full(_) => CommitRefused::Full,
                TrySendError::Disconnected(_) => CommitRefused::Stopped,
            })
    }

    fn committed_through(&self) -> u64 {
        self.shared
            .tickets
            .get(self.shard)
            .map_or(0, |ticket| ticket.load(Ordering::Acquire))
    }

    fn epoch(&self) -> u32 {
        self.shared.epoch.load(Ordering::Acquire)
    }

    fn refuses(&self) -> bool {
        self.shared.gate.is_closed()
    }
}

/// Called when a shard's ticket has moved.
pub type Wake = Box<dyn Fn() + Send>;

/// The running committer.
pub struct CommitThread {
    thread: Option<JoinHandle<()>>,
    shared: Arc<Shared>,
}

impl CommitThread {
    /// The health gate.
    #[must_use]
    pub fn gate(&self) -> &Gate {
        &self.shared.gate
    }

    /// Whether the thread has ended.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Waits until the committer has written all it was given; every [`ShardCommitter`] must be gone.
    pub fn join(mut self) {
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the committer ended by a panic");
        }
    }
}

/// What a committer starts with: the result of the scan.
pub struct CommitterSpec {
    /// Accounts of the epochs found in the log; its current epoch must be unused.
    pub ledger: EpochLedger,
    /// How to work.
    pub settings: CommitSettings,
    /// One for each shard.
    pub wakes: Vec<Wake>,
    /// Who else reads the log.
    pub export: Arc<ExportMark>,
}

impl CommitterSpec {
    /// Starts the thread. The second part has one end for each shard, in order.
    ///
    /// # Errors
    /// What the system said when no thread could be started.
    pub fn start(self, store: Arc<Store>) -> std::io::Result<(CommitThread, Vec<ShardCommitter>)> {
        let (sender, frames) = bounded(self.settings.frames_max.max(1));
        let shared = Arc::new(Shared {
            epoch: AtomicU32::new(self.ledger.current()),
            tickets: self.wakes.iter().map(|_| AtomicU64::new(0)).collect(),
            gate: Gate::default(),
        });
        let shards = (0..self.wakes.len())
            .map(|shard| ShardCommitter {
                shard,
                frames: sender.clone(),
                shared: Arc::clone(&shared),
            })
            .collect();
        let mut work = Work::new(self, store, Arc::clone(&shared));
        let thread = std::thread::Builder::new()
            .name("committer".into())
            .spawn(move || work.run(&frames))?;
        Ok((
            CommitThread {
                thread: Some(thread),
                shared,
            },
            shards,
        ))
    }
}

struct Work {
    store: Arc<Store>,
    shared: Arc<Shared>,
    ledger: EpochLedger,
    settings: CommitSettings,
    wakes: Vec<Wake>,
    export: Arc<ExportMark>,
    waiting: VecDeque<Arc<SealedFrame>>,
    epoch_opened: Instant,
    synced: Instant,
    unsynced: bool,
    sync_failures: u32,
    reclaim_tried: Instant,
}

/// How often epochs are looked over.
const HOUSEKEEPING: Duration = Duration::from_secs(1);
/// An epoch is kept at least this long after it was closed, so that no shard still holds a frame for it.
const RETENTION_MIN: Duration = Duration::from_secs(60);
const RETRY_FIRST: Duration = Duration::from_millis(20);
const RETRY_MAX: Duration = Duration::from_secs(1);
/// After so many failed writes in a row the database is opened again.
const FAILURES_BEFORE_REOPEN: u32 = 3;

impl Work {
    fn new(spec: CommitterSpec, store: Arc<Store>, shared: Arc<Shared>) -> Self {
        let now = Instant::now();
        spec.export.note_written(spec.ledger.frames());
        Self {
            store,
            shared,
            ledger: spec.ledger,
            settings: spec.settings,
            wakes: spec.wakes,
            export: spec.export,
            waiting: VecDeque::new(),
            epoch_opened: now,
            synced: now,
            unsynced: false,
            sync_failures: 0,
            reclaim_tried: now,
        }
    }

    fn run(&mut self, frames: &Receiver<Arc<SealedFrame>>) {
        loop {
            match frames.recv_timeout(self.patience()) {
                Ok(frame) => {
                    self.waiting.push_back(frame);
                    self.gather(frames);
                    self.commit_waiting();
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            self.sync_if_due();
            self.housekeeping();
        }
        if self.unsynced
            && let Err(error) = self.store.sync()
        {
            tracing::error!(%error, "the last sync failed; the last interval is not safe from a power cut");
        }
    }

    /// Takes what else waits, and what comes while the first frame lingers.
    fn gather(&mut self, frames: &Receiver<Arc<SealedFrame>>) {
        let until = Instant::now() + self.settings.linger;
        loop {
            let room = self.settings.frames_max.saturating_sub(self.waiting.len());
            self.waiting.extend(frames.try_iter().take(room));
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() || self.waiting.len() >= self.settings.frames_max {
                return;
            }
            match frames.recv_timeout(left) {
                Ok(frame) => self.waiting.push_back(frame),
                Err(_) => return,
            }
        }
    }

    fn patience(&self) -> Duration {
        match self.settings.durability {
            Durability::Interval(interval) if self.unsynced => {
                interval.saturating_sub(self.synced.elapsed())
            }
            _ => HOUSEKEEPING,
        }
    }

    /// Writes all that waits, as often as it takes.
    fn commit_waiting(&mut self) {
        let sync = self.settings.durability == Durability::EveryBatch;
        let begun = Instant::now();
        let (mut failures, mut pause) = (0u32, RETRY_FIRST);
        while let Err(error) = self
            .store
            .write_frames(self.waiting.iter().map(Arc::as_ref), sync)
        {
            failures += 1;
            self.note_failure(&error, failures);
            std::thread::sleep(pause);
            pause = (pause * 2).min(RETRY_MAX);
        }
        self.open_gate();
        metrics::histogram!(names::COMMIT_SECONDS).record(begun.elapsed().as_secs_f64());
        metrics::histogram!(names::COMMIT_FRAMES).record(self.waiting.len() as f64);
        self.unsynced = !sync;
        self.announce();
    }

    fn open_gate(&self) {
        if self.shared.gate.open() {
            tracing::info!("the store takes writes again; new work is accepted");
        }
    }

    fn note_failure(&self, error: &StoreFault, failures: u32) {
        metrics::counter!(names::COMMIT_FAILURES).increment(1);
        if self.shared.gate.close(&error.to_string()) {
            tracing::error!(%error, "the store cannot be written; new work is refused until it can, nothing taken is lost");
        }
        if failures.is_multiple_of(FAILURES_BEFORE_REOPEN)
            && let Err(error) = self.store.reopen()
        {
            tracing::warn!(%error, "the store could not be opened again; trying on");
        }
    }

    fn announce(&mut self) {
        let now_utc_ns = utc_ns();
        for frame in self.waiting.drain(..) {
            self.ledger
                .note(frame.key.epoch, frame.octets.len(), &frame.summary);
            self.ledger.seen(frame.key.epoch, now_utc_ns);
            self.export.note_epoch(frame.key.shard, frame.key.epoch);
            let shard = usize::from(frame.key.shard);
            if let Some(ticket) = self.shared.tickets.get(shard) {
                ticket.store(frame.ticket, Ordering::Release);
            }
            if let Some(wake) = self.wakes.get(shard) {
                wake();
            }
        }
        self.export.note_written(self.ledger.frames());
        let full = self.ledger.current_octets() >= self.settings.epoch_octets;
        if full
            || (self.epoch_opened.elapsed() >= self.settings.epoch_age
                && self.ledger.current_octets() > 0)
        {
            let epoch = self.ledger.roll(utc_ns());
            self.epoch_opened = Instant::now();
            self.shared.epoch.store(epoch, Ordering::Release);
        }
    }

    fn sync_if_due(&mut self) {
        let Durability::Interval(interval) = self.settings.durability else {
            return;
        };
        if !self.unsynced || self.synced.elapsed() < interval {
            return;
        }
        match self.store.sync() {
            Ok(()) => {
                self.unsynced = false;
                self.sync_failures = 0;
                self.open_gate();
            }
            Err(error) => {
                self.sync_failures += 1;
                self.note_failure(&error, self.sync_failures);
            }
        }
        self.synced = Instant::now();
    }

    fn housekeeping(&mut self) {
        if self.reclaim_tried.elapsed() < HOUSEKEEPING {
            return;
        }
        self.reclaim_tried = Instant::now();
        let retention = self.settings.retention.max(RETENTION_MIN).as_nanos() as u64;
        let (found, held) = self
            .ledger
            .reclaimable(utc_ns(), retention, self.export.hold());
        self.export.note_held(held);
        let Some(found) = found else {
            return;
        };
        match self.store.reclaim(&found) {
            Ok(()) => {
                tracing::info!(
                    epochs_below = found.epochs_below,
                    octets = found.octets,
                    "space reclaimed"
                );
                if found.unread && self.export.shards() > 0 {
                    tracing::error!(
                        epochs_below = found.epochs_below,
                        hold_octets_max = self.export.hold_octets_max(),
                        "the log has let go of ends that are in no CDR file: more was held for them than [cdr] hold_max"
                    );
                }
                self.ledger.reclaimed(&found);
            }
            Err(error) => tracing::warn!(%error, "space could not be reclaimed; trying again"),
        }
    }
}

/// Epochs are as old on one start as on the next: their age is told by UTC.
fn utc_ns() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| since.as_nanos() as u64)
}
