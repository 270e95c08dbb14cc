//! A node: store, committer and shards, from start to drained stop.
//!
//! Start: open the store, read the log, write down what a crash left uncertain, start the committer and the shards with
//! what the log gave. Stop: refuse new work, let windows empty, say goodbye, make the last frame durable, end. Fails at
//! start by [`NodeFault`]; a shard that ends by a panic ends the node, and the log has all that was acknowledged.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;

use carrack_carrier::Link;
use carrack_message::record::{FrameFault, FrameWriter, Uncertain, UncertainReason};
use carrack_message::{MessageId, References};
use carrack_queue::{
    CommitSettings, CommitThread, CommitterSpec, FrameKey, FrameSummary, InFlight, InFlightJournal,
    JournalFault, Names, SealedFrame, ShardCommitter, Store, StoreFault, Wake as CommitWake,
    read_left_over,
};
use carrack_routing::{Query, RouteTable};
use carrack_runtime::{
    Clock, Io, Mailbox, MailboxSender, Now, SystemClock, Wake, mailbox, pin_thread, run_local,
};
use thiserror::Error;

use crate::directory::{AccountEntry, CarrierEntry, Directory};
use crate::engine::{Engine, Inner};
use crate::mail::Mail;
use crate::recovery::{Recovered, Restored, RestoredEarly, RestoredSegment, recover};
use crate::settings::EngineSettings;
use crate::shard::{Carrier, Shard, ShardParts};
use crate::shared::Shared;

/// Makes a carrier's link with this number, on the shard's thread.
pub type LinkMaker = Box<dyn Fn(u32, Wake) -> Box<dyn Link> + Send>;

/// A carrier to be started.
pub struct CarrierSpec {
    /// Its name.
    pub name: String,
    /// Segments a second over all links.
    pub rate: Option<u32>,
    /// Links; none where it is not to be connected to.
    pub links: u32,
    /// Slots of each link's window.
    pub window: u32,
    /// Makes them.
    pub make: LinkMaker,
}

/// A node to be started.
pub struct NodeSpec {
    /// Folder of store, journals and quarantine.
    pub data_dir: PathBuf,
    /// Threads.
    pub shards: u8,
    /// Ring or epoll.
    pub io: Io,
    /// Whether each shard keeps to one core.
    pub pin_shards: bool,
    /// The committer's settings.
    pub commit: CommitSettings,
    /// The engine's settings.
    pub engine: EngineSettings,
    /// Name and most waiting messages of each account.
    pub accounts: Vec<(String, u64)>,
    /// Carriers in the order of the route table.
    pub carriers: Vec<CarrierSpec>,
    /// Routes and prices.
    pub table: Arc<RouteTable>,
}

/// Why a node cannot start.
#[derive(Debug, Error)]
pub enum NodeFault {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreFault),
    /// The journal of segments in flight.
    #[error(transparent)]
    Journal(#[from] JournalFault),
    /// A record.
    #[error(transparent)]
    Frame(#[from] FrameFault),
    /// A folder or thread.
    #[error("{what}: {source}")]
    System {
        /// What was tried.
        what: String,
        /// What the system said.
        source: std::io::Error,
    },
}

/// A running node.
pub struct Node {
    engine: Engine,
    threads: Vec<JoinHandle<()>>,
    wakes: Vec<Wake>,
}

/// Journal entries for each slot of a window: outcomes that are not durable yet hold theirs.
const JOURNAL_ENTRIES_A_SLOT: u32 = 8;
const JOURNAL_ENTRIES_MIN: u32 = 4096;

struct ShardSeed {
    parts: Box<dyn FnOnce() -> ShardParts + Send>,
    messages: Vec<Restored>,
    early: Vec<RestoredEarly>,
    /// Whether another run may have used this second's rates up.
    quiet: bool,
}

impl Node {
    /// Starts a node; it is ready when this returns.
    ///
    /// # Errors
    /// [`NodeFault`].
    pub fn start(spec: NodeSpec) -> Result<Self, NodeFault> {
        let system = |what: &str| {
            let what = what.to_owned();
            move |source| NodeFault::System { what, source }
        };
        std::fs::create_dir_all(&spec.data_dir)
            .map_err(system(&format!("cannot make {}", spec.data_dir.display())))?;
        let store = Arc::new(Store::open(&spec.data_dir.join("store"))?);
        let directory = name_all(&store, &spec)?;
        let mut recovered = recover(&store, &spec.data_dir.join("quarantine"))?;
        let first_epoch = store.first_epoch()?;
        let report = std::mem::take(&mut recovered.report);
        say_what_was_found(&recovered, &report);
        let quiet = report.frames > 0;
        let mut ledger = report.into_ledger(first_epoch);
        let left_over = left_over(&spec.data_dir)?;
        note_uncertain(&store, &mut recovered, &left_over, ledger.current())?;
        ledger.go_on_in(ledger.current() + 1);

        let shards = usize::from(spec.shards.max(1));
        let owners: Vec<u8> = (0..spec.carriers.len())
            .map(|place| (place % shards) as u8)
            .collect();
        let shared = Arc::new(Shared::new(
            spec.engine.clone(),
            owners,
            directory,
            Arc::clone(&spec.table),
        ));
        let (mut seeds_messages, mut seeds_early) = distribute(&shared, &mut recovered, shards);
        give_batches(&shared, recovered);

        let wakes: Vec<Wake> = (0..shards).map(|_| Wake::default()).collect();
        let (senders, inboxes): (Vec<_>, Vec<_>) = wakes
            .iter()
            .map(|wake| mailbox(spec.engine.mailbox_size, wake.clone()))
            .unzip();
        let commit_wakes = wakes
            .iter()
            .cloned()
            .map(|wake| Box::new(move || wake.wake()) as CommitWake)
            .collect();
        let committer = CommitterSpec {
            ledger,
            settings: spec.commit,
            wakes: commit_wakes,
        };
        let (commit_thread, committers) = committer
            .start(Arc::clone(&store))
            .map_err(system("cannot start the committer"))?;

        let mut carriers = split_carriers(spec.carriers, shards);
        let references = Arc::new(References::new(SystemClock::default().now().utc_ns));
        let mut threads = Vec::new();
        for ((number, committer), inbox) in (0u8..).zip(committers).zip(inboxes) {
            let carriers = carriers.pop_front().unwrap_or_default();
            let slots: u32 = carriers
                .iter()
                .map(|(_, carrier)| carrier.window.saturating_mul(carrier.links))
                .sum();
            let entries = slots
                .saturating_mul(JOURNAL_ENTRIES_A_SLOT)
                .max(JOURNAL_ENTRIES_MIN);
            let journal = InFlightJournal::create(&journal_path(&spec.data_dir, number), entries)?;
            let building = Building {
                number,
                shared: Arc::clone(&shared),
                committer,
                journal,
                inbox,
                peers: senders.clone(),
                carriers,
                references: Arc::clone(&references),
                wake: wakes.get(usize::from(number)).cloned().unwrap_or_default(),
            };
            let wake = building.wake.clone();
            let seed = ShardSeed {
                parts: Box::new(move || building.build()),
                messages: seeds_messages.pop_front().unwrap_or_default(),
                early: seeds_early.pop_front().unwrap_or_default(),
                quiet,
            };
            let (io, name) = (spec.io, format!("shard-{number}"));
            let core = spec.pin_shards.then_some(usize::from(number));
            let thread = std::thread::Builder::new()
                .name(name.clone())
                .spawn(move || run_shard(io, core, &name, seed, &wake))
                .map_err(system("cannot start a shard"))?;
            threads.push(thread);
        }
        forget_journals(&spec.data_dir, shards);
        shared.ready.store(true, Ordering::Release);
        let committer = std::sync::Mutex::new(Some(commit_thread));
        let inner = Inner {
            shared,
            store,
            shards: senders,
            next: AtomicU64::new(0),
            committer,
        };
        Ok(Self {
            engine: Engine {
                inner: Arc::new(inner),
            },
            threads,
            wakes,
        })
    }

    /// A handle for front doors.
    #[must_use]
    pub fn engine(&self) -> Engine {
        self.engine.clone()
    }

    /// Whether a shard or the committer ended though nobody asked it to.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        let committer = self
            .engine
            .inner
            .committer
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        self.threads.iter().any(JoinHandle::is_finished)
            || committer.as_ref().is_some_and(CommitThread::is_finished)
    }

    /// Drains and stops. Blocking; bounded by the drain time of the settings. False: a shard had ended by a panic.
    #[must_use]
    pub fn stop(self) -> bool {
        let inner = &self.engine.inner;
        inner.shared.draining.store(true, Ordering::Release);
        for wake in &self.wakes {
            wake.wake();
        }
        let mut whole = true;
        for thread in self.threads {
            whole &= thread.join().is_ok();
        }
        let committer = inner
            .committer
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .take();
        if let Some(committer) = committer {
            committer.join();
        }
        inner.store.close();
        whole
    }
}

fn run_shard(io: Io, core: Option<usize>, name: &str, seed: ShardSeed, wake: &Wake) {
    if core.is_some_and(|core| !pin_thread(core)) {
        tracing::debug!(
            shard = name,
            "the system does not let a thread keep to one core"
        );
    }
    let ended = run_local(io, name, |_| async {
        let clock = SystemClock::default();
        let mut shard = Shard::new((seed.parts)());
        let now = clock.now();
        if seed.quiet {
            shard.keep_quiet(now);
        }
        for early in seed.early {
            shard.restore_early(now, early);
        }
        for message in seed.messages {
            shard.restore(now, message);
        }
        drive(&mut shard, &clock, wake).await;
    });
    if let Err(fault) = ended {
        tracing::error!(shard = name, %fault, "the shard cannot run");
    }
}

async fn drive(shard: &mut Shard, clock: &SystemClock, wake: &Wake) {
    loop {
        wake.clear();
        let now: Now = clock.now();
        let busy = shard.turn(now);
        if shard.is_done() {
            return;
        }
        if busy {
            // Sockets and timers get their turn before ours comes again.
            tokio::task::yield_now().await;
            continue;
        }
        let patience = std::time::Duration::from_nanos(shard.patience_ns(clock.now()));
        tokio::select! {
            () = wake.woken() => {}
            () = tokio::time::sleep(patience) => {}
        }
    }
}

/// A shard's parts before its thread runs: links are made there.
struct Building {
    number: u8,
    shared: Arc<Shared>,
    committer: ShardCommitter,
    journal: InFlightJournal,
    inbox: Mailbox<Mail>,
    peers: Vec<MailboxSender<Mail>>,
    carriers: Vec<(u16, CarrierSpec)>,
    references: Arc<References>,
    wake: Wake,
}

impl Building {
    fn build(self) -> ShardParts {
        let directory = self.shared.directory();
        let carriers = self.carriers.into_iter().map(|(place, spec)| {
            let links = (0..spec.links)
                .map(|link| (spec.make)(link, self.wake.clone()))
                .collect();
            let number = directory.carrier(place).map_or(0, |entry| entry.number);
            (place, Carrier::new(spec.name, number, spec.rate, links))
        });
        ShardParts {
            number: self.number,
            carriers: carriers.collect(),
            shared: self.shared,
            committer: Box::new(self.committer),
            journal: self.journal,
            inbox: self.inbox,
            peers: self.peers,
            references: self.references,
        }
    }
}

fn name_all(store: &Store, spec: &NodeSpec) -> Result<Directory, StoreFault> {
    let mut accounts = Names::load(store, "account")?;
    let mut carriers = Names::load(store, "carrier")?;
    let mut entries = Vec::new();
    for (name, messages_max) in &spec.accounts {
        let number = accounts.number(store, "account", name)?;
        entries.push(AccountEntry {
            number,
            name: name.clone(),
            waiting: Arc::default(),
            messages_max: *messages_max,
        });
    }
    let mut carrier_entries = Vec::new();
    for carrier in &spec.carriers {
        let number = carriers.number(store, "carrier", &carrier.name)?;
        carrier_entries.push(CarrierEntry {
            number,
            name: carrier.name.clone(),
        });
    }
    Ok(Directory::new(entries, carrier_entries))
}

fn say_what_was_found(recovered: &Recovered, report: &carrack_queue::ScanReport) {
    tracing::info!(
        frames = report.frames,
        octets = report.octets,
        messages = recovered.messages.len(),
        receipts_parked = recovered.early.len(),
        "the log was read"
    );
    if !report.quarantined.is_empty() || !report.gaps.is_empty() || recovered.unusable > 0 {
        metrics::counter!(carrack_telemetry::names::FRAMES_QUARANTINED)
            .increment(report.quarantined.len() as u64);
        tracing::error!(
            quarantined = report.quarantined.len(),
            gaps = report.gaps.len(),
            unusable = recovered.unusable,
            "parts of the log are missing or cannot be read; `carrack audit` names them"
        );
    }
}

fn journal_path(data_dir: &Path, shard: u8) -> PathBuf {
    data_dir.join(format!("in-flight-{shard}"))
}

/// What the journals of the last run hold, of however many shards it had.
fn left_over(data_dir: &Path) -> Result<Vec<InFlight>, JournalFault> {
    let mut found = Vec::new();
    for shard in 0..=u8::MAX {
        let path = journal_path(data_dir, shard);
        if path.exists() {
            found.extend(read_left_over(&path)?);
        }
    }
    Ok(found)
}

/// Journals of shards that this run does not have; what they held is written down.
fn forget_journals(data_dir: &Path, shards: usize) {
    for shard in (0..=u8::MAX).skip(shards) {
        // Most were never there.
        let _ = std::fs::remove_file(journal_path(data_dir, shard));
    }
}

/// Writes down, before anything is sent, which segments a crash left without an outcome.
fn note_uncertain(
    store: &Store,
    recovered: &mut Recovered,
    left_over: &[InFlight],
    epoch: u32,
) -> Result<(), NodeFault> {
    let at_utc_ns = SystemClock::default().now().utc_ns;
    let mut frame = FrameWriter::default();
    for found in left_over {
        let Some(message) = recovered
            .messages
            .get_mut(&found.id)
            .filter(|message| message.end.is_none())
        else {
            continue;
        };
        let Some(segment) = message.segments.get_mut(usize::from(found.segment)) else {
            continue;
        };
        if *segment != RestoredSegment::Unsent {
            continue;
        }
        *segment = RestoredSegment::Uncertain;
        message.note_bad_outcome(found.segment);
        tracing::warn!(id = %MessageId(found.id), segment = found.segment, "uncertain: it was in a window when the process ended");
        frame.push(&Uncertain {
            id: found.id,
            carrier: found.carrier,
            segment: found.segment,
            reason: UncertainReason::Crash,
            at_utc_ns,
        })?;
    }
    if frame.is_empty() {
        return Ok(());
    }
    let key = FrameKey {
        epoch,
        shard: 0,
        number: 0,
    };
    let sealed = SealedFrame {
        key,
        ticket: 0,
        octets: frame.seal(0),
        summary: FrameSummary::default(),
    };
    Ok(store.write_frames(std::iter::once(&sealed), true)?)
}

type Seeds<T> = std::collections::VecDeque<Vec<T>>;

/// Each message goes to the shard of the carrier that has it, or of the best one that may take it.
fn distribute(
    shared: &Shared,
    recovered: &mut Recovered,
    shards: usize,
) -> (Seeds<Restored>, Seeds<RestoredEarly>) {
    let (directory, table) = (shared.directory(), shared.table());
    let mut messages: Seeds<Restored> = (0..shards).map(|_| Vec::new()).collect();
    let mut early: Seeds<RestoredEarly> = (0..shards).map(|_| Vec::new()).collect();
    let mut found: Vec<Restored> = recovered
        .messages
        .drain()
        .map(|(_, message)| message)
        .collect();
    // In order of acceptance, so that lanes are again what they were.
    found.sort_unstable_by_key(|message| message.id);
    for message in found {
        let account = directory
            .account(message.account)
            .map_or("", |account| account.name.as_str());
        let query = Query {
            account,
            to: message.to,
            from: &message.from,
            class: message.class,
        };
        let held = message
            .carrier
            .and_then(|number| directory.carrier_place(number));
        let best = || {
            table
                .choose(&query)
                .ok()
                .and_then(|choice| choice.candidates.first().map(|first| first.carrier))
        };
        let owner = held
            .or_else(best)
            .and_then(|place| shared.owner(place))
            .unwrap_or(0);
        if let Some(seed) = messages.get_mut(usize::from(owner)) {
            seed.push(message);
        }
    }
    for (_, receipt) in recovered.early.drain() {
        let owner = directory
            .carrier_place(receipt.carrier)
            .and_then(|place| shared.owner(place))
            .unwrap_or(0);
        if let Some(seed) = early.get_mut(usize::from(owner)) {
            seed.push(receipt);
        }
    }
    (messages, early)
}

fn give_batches(shared: &Shared, recovered: Recovered) {
    for (batch, counts) in &recovered.batches {
        let counters = shared.batches.counters(*batch);
        counters
            .submitted
            .store(counts.submitted, Ordering::Relaxed);
        counters
            .delivered
            .store(counts.delivered, Ordering::Relaxed);
        counters.failed.store(counts.failed, Ordering::Relaxed);
        counters.live.store(counts.live, Ordering::Relaxed);
    }
    shared.batches.set_resume(recovered.progress);
}

fn split_carriers(carriers: Vec<CarrierSpec>, shards: usize) -> Seeds<(u16, CarrierSpec)> {
    let mut split: Seeds<(u16, CarrierSpec)> = (0..shards).map(|_| Vec::new()).collect();
    for (place, carrier) in carriers.into_iter().enumerate() {
        if let Some(seed) = split.get_mut(place % shards) {
            seed.push((place as u16, carrier));
        }
    }
    split
}
