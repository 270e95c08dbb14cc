//! The little that shards share: atomics, and tables that are replaced whole. Nothing here is locked a message.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock};

use carrack_message::MessageId;
use carrack_queue::Turnovers;
use carrack_routing::RouteTable;
use carrack_routing::quality::{CarrierQuality, Qualities};
use rustc_hash::FxHashMap;

use crate::awaited::AwaitedWords;
use crate::batches::Batches;
use crate::consent::Listener;
use crate::credit::Balances;
use crate::directory::Directory;
use crate::jobs::JobBoard;
use crate::limits::{LimitSettings, Limits};
use crate::register::Register;
use crate::settings::EngineSettings;
use crate::shadow::ShadowDoor;
use crate::shard::Home;
use crate::suppression::Suppressions;

/// A carrier as other shards see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Health {
    /// No link is bound, or it said that our account is at fault.
    Down,
    Up,
    /// By an operator.
    Paused,
    /// It refuses most of what it is sent.
    Refusing,
    /// It has had what it may have today.
    Capped,
}

impl Health {
    const ALL: [Self; 5] = [
        Self::Down,
        Self::Up,
        Self::Paused,
        Self::Refusing,
        Self::Capped,
    ];

    /// As people and programs are told it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Down => "down",
            Self::Up => "up",
            Self::Paused => "paused",
            Self::Refusing => "refusing",
            Self::Capped => "capped",
        }
    }
}

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) settings: EngineSettings,
    /// By place in the route table.
    health: Vec<AtomicU8>,
    health_changes: AtomicU64,
    paused: Vec<AtomicBool>,
    /// Which shard owns each carrier.
    pub(crate) owners: Vec<u8>,
    /// Accepted and not final.
    pub(crate) waiting: AtomicU64,
    /// Messages on the shelf, those on their way there included.
    pub(crate) shelved: AtomicU64,
    /// Who looked after messages on the shelf when the node started.
    pub(crate) keepers_found: Vec<u32>,
    /// Messages that came back from the shelf and wait in the log only: their ids do not say where.
    elsewhere: Mutex<FxHashMap<MessageId, Home>>,
    pub(crate) ready: AtomicBool,
    pub(crate) draining: AtomicBool,
    pub(crate) batches: Batches,
    pub(crate) jobs: JobBoard,
    pub(crate) limits: Arc<Limits>,
    /// Numbers that must not be sent to.
    pub(crate) suppressions: Arc<Suppressions>,
    /// Counts closed frames over all shards.
    pub(crate) stamps: Arc<AtomicU64>,
    pub(crate) balances: Balances,
    /// What the node waits for from handsets.
    pub(crate) awaited: AwaitedWords,
    /// Who hears what handsets said.
    pub(crate) consents: Listener,
    /// Parts from handsets that were not taken.
    pub(crate) mo_refused: AtomicU64,
    directory: RwLock<Arc<Directory>>,
    table: RwLock<Arc<RouteTable>>,
    /// Who knows more of numbers than tables do.
    pub(crate) register: OnceLock<Arc<dyn Register>>,
    quality: RwLock<Arc<Qualities>>,
    /// Counts what is new of how carriers do.
    pub(crate) quality_version: AtomicU64,
    /// Counts what of it may order waiting messages anew.
    pub(crate) orders_version: AtomicU64,
    /// Who is shown what becomes of new messages, and how often that was somebody else.
    shadow: RwLock<Option<Arc<ShadowDoor>>>,
    pub(crate) shadow_version: AtomicU64,
    /// Counts replacements of the tables, so that a shard looks only when there is something new.
    pub(crate) tables_version: AtomicU64,
}

impl Shared {
    pub(crate) fn new(
        settings: EngineSettings,
        owners: Vec<u8>,
        directory: Directory,
        table: Arc<RouteTable>,
        limits: Arc<Limits>,
        money: &Turnovers,
    ) -> Self {
        let balances = Balances::default();
        balances.restore(money);
        Self {
            register: OnceLock::new(),
            quality: RwLock::new(Arc::new(Qualities::new(
                owners.len(),
                settings.quality_known_by,
            ))),
            quality_version: AtomicU64::new(0),
            orders_version: AtomicU64::new(0),
            health: owners.iter().map(|_| AtomicU8::new(0)).collect(),
            settings,
            health_changes: AtomicU64::new(0),
            paused: owners.iter().map(|_| AtomicBool::new(false)).collect(),
            owners,
            waiting: AtomicU64::new(0),
            shelved: AtomicU64::new(0),
            keepers_found: Vec::new(),
            elsewhere: Mutex::default(),
            ready: AtomicBool::new(false),
            draining: AtomicBool::new(false),
            batches: Batches::default(),
            jobs: JobBoard::default(),
            limits,
            suppressions: Arc::default(),
            awaited: AwaitedWords::default(),
            consents: Listener::default(),
            mo_refused: AtomicU64::new(0),
            stamps: Arc::default(),
            directory: RwLock::new(Arc::new(directory.with_balances(&balances))),
            balances,
            table: RwLock::new(table),
            shadow: RwLock::new(None),
            shadow_version: AtomicU64::new(0),
            tables_version: AtomicU64::new(1),
        }
    }

    pub(crate) fn directory(&self) -> Arc<Directory> {
        Arc::clone(
            &self
                .directory
                .read()
                .unwrap_or_else(PoisonError::into_inner),
        )
    }

    pub(crate) fn table(&self) -> Arc<RouteTable> {
        Arc::clone(&self.table.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// How carriers do.
    pub(crate) fn quality(&self) -> Arc<Qualities> {
        Arc::clone(&self.quality.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// What its owner sees of a carrier now. `reorders`: waiting messages may take another order.
    pub(crate) fn replace_quality(&self, place: u16, seen: Arc<CarrierQuality>, reorders: bool) {
        let mut quality = self.quality.write().unwrap_or_else(PoisonError::into_inner);
        Arc::make_mut(&mut quality).replace(place, seen);
        drop(quality);
        self.quality_version.fetch_add(1, Ordering::Release);
        if reorders {
            self.orders_version.fetch_add(1, Ordering::Release);
        }
    }

    pub(crate) fn replace_tables(&self, directory: Directory, table: Arc<RouteTable>) {
        *self
            .directory
            .write()
            .unwrap_or_else(PoisonError::into_inner) =
            Arc::new(directory.with_balances(&self.balances));
        *self.table.write().unwrap_or_else(PoisonError::into_inner) = table;
        self.tables_version.fetch_add(1, Ordering::Release);
    }

    /// Puts other limits in place of these; what waits takes them in the shards' next turns.
    pub(crate) fn replace_limits(&self, settings: LimitSettings) {
        self.limits.replace(settings);
        self.tables_version.fetch_add(1, Ordering::Release);
    }

    /// Who is shown what becomes of new messages.
    pub(crate) fn shadow(&self) -> Option<Arc<ShadowDoor>> {
        let shadow = self.shadow.read().unwrap_or_else(PoisonError::into_inner);
        shadow.clone()
    }

    pub(crate) fn replace_shadow(&self, door: Option<Arc<ShadowDoor>>) {
        *self.shadow.write().unwrap_or_else(PoisonError::into_inner) = door;
        self.shadow_version.fetch_add(1, Ordering::Release);
    }

    pub(crate) fn set_health(&self, carrier: u16, now: Health) {
        if let Some(health) = self.health.get(usize::from(carrier))
            && health.load(Ordering::Relaxed) != now as u8
        {
            health.store(now as u8, Ordering::Release);
            self.health_changes.fetch_add(1, Ordering::Release);
        }
    }

    /// Grows whenever a carrier goes up or down, is paused or goes on.
    pub(crate) fn health_changes(&self) -> u64 {
        self.health_changes.load(Ordering::Acquire)
    }

    pub(crate) fn set_paused(&self, carrier: u16, paused: bool) -> bool {
        let Some(flag) = self.paused.get(usize::from(carrier)) else {
            return false;
        };
        flag.store(paused, Ordering::Release);
        self.health_changes.fetch_add(1, Ordering::Release);
        true
    }

    pub(crate) fn health(&self, carrier: u16) -> Health {
        let place = usize::from(carrier);
        if self
            .paused
            .get(place)
            .is_some_and(|flag| flag.load(Ordering::Acquire))
        {
            return Health::Paused;
        }
        let found = self.health.get(place);
        let found = found.map_or(0, |health| health.load(Ordering::Acquire));
        let found = Health::ALL.get(usize::from(found)).copied();
        found.unwrap_or(Health::Down)
    }

    fn elsewhere_all(&self) -> MutexGuard<'_, FxHashMap<MessageId, Home>> {
        self.elsewhere
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Where a message waits that came back from the shelf.
    pub(crate) fn elsewhere(&self, id: MessageId) -> Option<Home> {
        self.elsewhere_all().get(&id).copied()
    }

    pub(crate) fn note_elsewhere(&self, id: MessageId, home: Home) {
        self.elsewhere_all().insert(id, home);
    }

    pub(crate) fn forget_elsewhere(&self, id: MessageId) {
        self.elsewhere_all().remove(&id);
    }

    pub(crate) fn owner(&self, carrier: u16) -> Option<u8> {
        self.owners.get(usize::from(carrier)).copied()
    }
}
