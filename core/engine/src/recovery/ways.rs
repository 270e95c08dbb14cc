//! Which lane an accepted message waits in: its carriers by the routes of now, its class, its customer, its limits.
//!
//! Bound: 65,535 lanes; what finds no name is brought back into memory at once.

use std::sync::Arc;

use carrack_message::Class;
use carrack_message::record::ArchivedAccepted;
use carrack_routing::RouteTable;
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use crate::directory::Directory;
use crate::facts::Facts;
use crate::limits::{Limits, Paces, Rules};

/// Names a lane while the log is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct LaneName(pub(super) u16);

impl LaneName {
    /// No lane.
    pub(super) const NONE: Self = Self(u16::MAX);
}

/// So many names are for lanes under limits; the rest is for all others.
const PACED_NAMES_MAX: usize = 32_768;

type Carriers = SmallVec<[u16; 4]>;

/// A lane.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Named {
    pub(super) carriers: Carriers,
    pub(super) class: Class,
    pub(super) account: u32,
    /// Number of the buckets that its messages need; 0: none.
    pace: u64,
}

/// Accounts and routes, and the lanes they led to.
pub(crate) struct Ways {
    directory: Directory,
    table: Arc<RouteTable>,
    limits: Arc<Limits>,
    rules: Arc<Rules>,
    lanes: Vec<Named>,
    names: FxHashMap<Named, u16>,
    /// Held, so that their numbers stay theirs.
    paces: FxHashMap<u64, Arc<Paces>>,
}

impl Ways {
    pub(crate) fn new(directory: Directory, table: Arc<RouteTable>, limits: Arc<Limits>) -> Self {
        Self {
            directory,
            table,
            rules: limits.rules(),
            limits,
            paces: FxHashMap::default(),
            lanes: Vec::new(),
            names: FxHashMap::default(),
        }
    }

    /// The lane of a message; one without carriers where it has no route now.
    pub(super) fn lane(&mut self, record: &ArchivedAccepted) -> Option<LaneName> {
        let facts = Facts::of_record(record)?;
        let query = facts.query(&self.directory, record.at_utc_ns.to_native());
        let (account, class) = (facts.account, facts.class);
        let (carriers, pace): (Carriers, _) = match self.table.choose(&query) {
            Ok(choice) => {
                let pace = self.limits.paces(0, &self.rules, &query, choice.network);
                let found = choice.candidates.iter();
                (found.map(|found| found.carrier).collect(), pace)
            }
            Err(_) => (Carriers::new(), None),
        };
        let key = Named {
            carriers,
            class,
            account,
            pace: pace.as_ref().map_or(0, |pace| pace.number),
        };
        let has_names = self.lanes.len() < PACED_NAMES_MAX;
        let named = match pace.is_none() || has_names {
            true => self.name_of(key.clone()),
            false => None,
        };
        if let (Some(_), Some(pace)) = (named, pace) {
            self.paces.insert(pace.number, pace);
        }
        // Where names run out, those under limits find their lanes when they come back into memory.
        named.or_else(|| self.name_of(Named { pace: 0, ..key }))
    }

    fn name_of(&mut self, key: Named) -> Option<LaneName> {
        if let Some(name) = self.names.get(&key) {
            return Some(LaneName(*name));
        }
        let name = u16::try_from(self.lanes.len()).ok();
        let name = name.filter(|name| LaneName(*name) != LaneName::NONE)?;
        self.lanes.push(key.clone());
        self.names.insert(key, name);
        Some(LaneName(name))
    }

    /// The buckets of a lane.
    pub(super) fn pace(&self, lane: &Named) -> Option<Arc<Paces>> {
        self.paces.get(&lane.pace).cloned()
    }

    /// The lane of a name.
    pub(super) fn named(&self, name: LaneName) -> Option<&Named> {
        self.lanes.get(usize::from(name.0))
    }
}
