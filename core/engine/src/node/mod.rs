//! A node: store, committer and shards, from start to drained stop.
//!
//! Start: open the store, read the log, write down what a crash left uncertain, start the committer and the shards with
//! what the log gave. Stop: refuse new work, let windows empty, say goodbye, make the last frame durable, end. Fails at
//! start by [`NodeFault`]; a shard that ends by a panic ends the node, and the log has all that was acknowledged.

mod crash;
mod distribution;
mod found;
mod shard_thread;
#[cfg(feature = "simulation")]
pub(crate) mod simulated;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;

use carrack_carrier::Link;
use carrack_message::Currency;
use carrack_message::References;
use carrack_message::record::FrameFault;
use carrack_queue::{
    CommitSettings, CommitThread, CommitterSpec, DayCounts, ExportMark, InFlightJournal,
    JournalFault, ShardCommitter, Store, StoreFault, Wake as CommitWake,
};
use carrack_routing::local::QuietHours;
use carrack_routing::{MoTable, RouteTable};
use carrack_runtime::{Clock, Io, Mailbox, MailboxSender, SystemClock, Wake, mailbox};
use thiserror::Error;

use crate::cdr::{CdrCurrencies, CdrSettings, CdrThread, SharedCurrencies};
use crate::consent::ConsentRule;
use crate::credit::Terms;
use crate::engine::{Engine, Inner, hand_in};
use crate::idempotency::{self, Desk, DeskSettings};
use crate::limits::LimitSettings;
use crate::mail::Mail;
use crate::pager;
use crate::recovery::Recovered;
use crate::register::Register;
use crate::rules::CarrierRules;
use crate::settings::EngineSettings;
use crate::shared::Shared;
use crate::suppression::{SuppressionSettings, SuppressionThread};
use crash::{forget_journals, journal_path};
pub(crate) use distribution::count_shelf;
use distribution::{distribute, give_batches, split_carriers};
use found::find;
use shard_thread::{Building, Seed};

/// Makes a carrier's link with this number, on the shard's thread.
pub type LinkMaker = Box<dyn Fn(u32, Wake) -> Box<dyn Link> + Send>;

/// A carrier to be started.
pub struct CarrierSpec {
    /// Its name.
    pub name: String,
    /// Segments a second over all links.
    pub rate: Option<u32>,
    /// Segments a day, by UTC; none: no limit.
    pub cap_a_day: Option<u32>,
    /// Links; none where it is not to be connected to.
    pub links: u32,
    /// Slots of each link's window.
    pub window: u32,
    /// How it is dealt with.
    pub rules: CarrierRules,
    /// Makes them.
    pub make: LinkMaker,
}

/// What an account may have of the queue, and spend.
#[derive(Debug, Clone)]
pub struct AccountQueue {
    /// Its name.
    pub name: String,
    /// Most messages that it may have waiting.
    pub messages_max: u64,
    /// Its part where customers share a carrier.
    pub share: u32,
    /// The group that it belongs to, for routes; empty: none.
    pub group: String,
    /// What its prices are in, where its deck says so.
    pub currency: Option<Currency>,
    /// What was agreed about money.
    pub terms: Terms,
    /// Whether its messages are acknowledged before they are durable.
    pub acknowledged_early: bool,
}

/// What each carrier was sent today.
const DAY_COUNTS: &str = "sent-today";

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
    /// The accounts.
    pub accounts: Vec<AccountQueue>,
    /// Carriers in the order of the route table.
    pub carriers: Vec<CarrierSpec>,
    /// Routes and prices.
    pub table: Arc<RouteTable>,
    /// Limits that are no carrier's.
    pub limits: LimitSettings,
    /// Numbers that must not be sent to.
    pub suppressions: SuppressionSettings,
    /// Who gets messages from handsets; those in the log are given away by it before the first new one comes.
    pub mo: MoTable,
    /// What is done when handsets say stop; none: nothing.
    pub consent: Option<ConsentRule>,
    /// When recipients are left alone.
    pub quiet: QuietHours,
    /// Who knows more of numbers than tables do; none: nobody is asked.
    pub register: Option<Arc<dyn Register>>,
    /// CDR files; none: none are written.
    pub cdr: Option<CdrSettings>,
    /// Numbers of batches that were cancelled: what of them still waits for its moment is not sent.
    pub batches_cancelled: Vec<u64>,
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
    /// A record, or a log that another version wrote.
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
    pager: Option<JoinHandle<()>>,
    cdr: Option<CdrThread>,
    suppression: Option<SuppressionThread>,
    currencies: SharedCurrencies,
}

/// Journal entries for each slot of a window: outcomes that are not durable yet hold theirs.
const JOURNAL_ENTRIES_A_SLOT: u32 = 2;
const JOURNAL_ENTRIES_MIN: u32 = 4096;

fn system(what: &str, source: std::io::Error) -> NodeFault {
    NodeFault::System {
        what: what.to_owned(),
        source,
    }
}

impl Node {
    /// Starts a node; it is ready when this returns.
    ///
    /// # Errors
    /// [`NodeFault`].
    pub fn start(mut spec: NodeSpec) -> Result<Self, NodeFault> {
        let found = find(&spec)?;
        let shards = usize::from(spec.shards.max(1));
        let run_from = found.ledger.current();
        let export = Arc::new(match &spec.cdr {
            Some(cdr) => ExportMark::new(shards, cdr.hold_octets_max),
            None => ExportMark::nobody(),
        });
        let wakes: Vec<Wake> = (0..shards).map(|_| Wake::default()).collect();
        let commit_wakes = wakes.iter().cloned();
        let committer = CommitterSpec {
            ledger: found.ledger,
            settings: spec.commit,
            wakes: commit_wakes
                .map(|wake| Box::new(move || wake.wake()) as CommitWake)
                .collect(),
            export: Arc::clone(&export),
        };
        let (commit_thread, committers) = committer
            .start(Arc::clone(&found.store))
            .map_err(|source| system("cannot start the committer", source))?;
        let owners = (0..spec.carriers.len()).map(|place| (place % shards) as u8);
        let register = spec.register.clone();
        let mut shared = Shared::new(
            spec.engine.clone(),
            owners.collect(),
            found.directory,
            Arc::clone(&spec.table),
            found.limits,
            &found.money,
        );
        if let Some(register) = register {
            // It is set once, here.
            let _ = shared.register.set(register);
        }
        shared.keepers_found = found.store.shelf_keepers()?;
        count_shelf(&shared, &found.store.shelf_counts());
        let shared = Arc::new(shared);
        let (senders, inboxes): (Vec<_>, _) = wakes
            .iter()
            .map(|wake| mailbox(spec.engine.mailbox_size, wake.clone()))
            .unzip();
        let desk = Arc::new(desk(&spec.engine, &found.store, senders.clone()));
        let inner = Inner {
            shared,
            store: found.store,
            shards: senders,
            desk,
            next: AtomicU64::new(0),
            committer: std::sync::Mutex::new(Some(commit_thread)),
        };
        let mut node = Self {
            engine: Engine {
                inner: Arc::new(inner),
            },
            threads: Vec::new(),
            wakes,
            pager: None,
            cdr: None,
            suppression: None,
            currencies: SharedCurrencies::default(),
        };
        if let Some(cdr) = spec.cdr.take() {
            node.replace_currencies(cdr.currencies.clone());
            let (store, currencies) = (&node.engine.inner.store, &node.currencies);
            let thread = CdrThread::start(
                Arc::clone(store),
                export,
                cdr,
                Arc::clone(currencies),
                run_from,
            );
            node.cdr = Some(thread.map_err(|source| system("cannot start the CDR files", source))?);
        }
        let suppressions = &node.engine.inner.shared.suppressions;
        suppressions
            .replace(std::mem::take(&mut spec.suppressions))
            .map_err(|source| system("cannot read what was added to suppression lists", source))?;
        let thread = SuppressionThread::start(suppressions);
        node.suppression =
            Some(thread.map_err(|source| system("cannot start the suppression lists", source))?);
        node.start_shards(
            spec,
            committers,
            inboxes,
            found.recovered,
            found.used_before,
        )?;
        node.engine
            .inner
            .shared
            .ready
            .store(true, Ordering::Release);
        Ok(node)
    }

    fn start_shards(
        &mut self,
        spec: NodeSpec,
        committers: Vec<ShardCommitter>,
        inboxes: Vec<Mailbox<Mail>>,
        mut recovered: Recovered,
        quiet: bool,
    ) -> Result<(), NodeFault> {
        let shards = committers.len();
        let inner = &self.engine.inner;
        let mut found = distribute(&inner.shared, &mut recovered, shards);
        let remembered = Arc::new(std::mem::take(&mut recovered.remembered));
        give_batches(&inner.shared, recovered);
        for batch in &spec.batches_cancelled {
            inner.shared.batches.counters(*batch).cancel();
        }
        let mut carriers = split_carriers(spec.carriers, shards);
        let (thread, mut pagers) = pager::start(Arc::clone(&inner.store), self.wakes.clone())
            .map_err(|source| system("cannot start the pager", source))?;
        self.pager = Some(thread);
        pagers.reverse();
        // One clock for all shards: they share buckets.
        let clock = SystemClock::default();
        if quiet {
            self.engine
                .inner
                .shared
                .limits
                .keep_quiet(clock.now().mono_ns);
        }
        let references = Arc::new(References::new(clock.now().utc_ns));
        for ((number, committer), inbox) in (0u8..).zip(committers).zip(inboxes) {
            let Some(pager) = pagers.pop() else {
                break;
            };
            let carriers = carriers.pop_front().unwrap_or_default();
            let path = journal_path(&spec.data_dir, number);
            let building = Building {
                number,
                shared: Arc::clone(&inner.shared),
                committer,
                journal: InFlightJournal::create(&path, journal_entries(&carriers))?,
                day_counts: DayCounts::open(&spec.data_dir.join(DAY_COUNTS))?,
                inbox,
                peers: inner.shards.clone(),
                carriers,
                references: Arc::clone(&references),
                pager,
                clock,
                wake: self
                    .wakes
                    .get(usize::from(number))
                    .cloned()
                    .unwrap_or_default(),
            };
            let seed = Seed {
                messages: found.messages.pop_front().unwrap_or_default(),
                lanes: found.lanes.pop_front().unwrap_or_default(),
                early: found.early.pop_front().unwrap_or_default(),
                handsets: found.handsets.pop_front().unwrap_or_default(),
                ends: found.ends.pop_front().unwrap_or_default(),
                remembered: Arc::clone(&remembered),
                quiet,
            };
            let thread = shard_thread::start(spec.io, spec.pin_shards, building, seed);
            self.threads
                .push(thread.map_err(|source| system("cannot start a shard", source))?);
        }
        forget_journals(&spec.data_dir, shards);
        Ok(())
    }

    /// A handle for front doors.
    #[must_use]
    pub fn engine(&self) -> Engine {
        self.engine.clone()
    }

    /// Says what prices are in from now on, for CDR files.
    pub fn replace_currencies(&self, currencies: CdrCurrencies) {
        *self
            .currencies
            .write()
            .unwrap_or_else(std::sync::PoisonError::into_inner) = Arc::new(currencies);
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
        if let Some(suppression) = self.suppression {
            whole &= suppression.stop();
        }
        if let Some(pager) = self.pager {
            whole &= pager.join().is_ok();
        }
        let committer = inner
            .committer
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .take();
        if let Some(committer) = committer {
            committer.join();
        }
        inner.desk.stop();
        // All that is final is in the log now, and the log grows no more.
        if let Some(cdr) = self.cdr {
            cdr.stop();
        }
        inner.store.close();
        whole
    }
}

/// Where submissions with keys pass on their way to the shards.
fn desk(engine: &EngineSettings, store: &Arc<Store>, shards: Vec<MailboxSender<Mail>>) -> Desk {
    let settings = DeskSettings {
        keep_ns: engine.idempotency_keep_ns,
        names_max: engine.idempotency_under_way_max,
        waiting_max: idempotency::WAITING_MAX,
        threads: idempotency::THREADS,
    };
    let clock = SystemClock::default();
    let store = Arc::clone(store);
    let hand_in = move |lane, chunk| hand_in(&shards, lane, chunk);
    let utc_now = move || clock.now().utc_ns;
    Desk::new(settings, store, Box::new(hand_in), Box::new(utc_now))
}

fn journal_entries(carriers: &[(u16, CarrierSpec)]) -> u32 {
    let slots = carriers
        .iter()
        .map(|(_, carrier)| carrier.window.saturating_mul(carrier.links));
    let slots = slots.fold(0u32, u32::saturating_add);
    slots
        .saturating_mul(JOURNAL_ENTRIES_A_SLOT)
        .max(JOURNAL_ENTRIES_MIN)
}
