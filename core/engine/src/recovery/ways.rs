//! Which lane an accepted message waits in: its carriers by the routes of now, its class, its customer.
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

/// Names a lane while the log is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct LaneName(pub(super) u16);

impl LaneName {
    /// No lane.
    pub(super) const NONE: Self = Self(u16::MAX);
}

type Carriers = SmallVec<[u16; 4]>;

/// A lane.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Named {
    pub(super) carriers: Carriers,
    pub(super) class: Class,
    pub(super) account: u32,
}

/// Accounts and routes, and the lanes they led to.
pub(crate) struct Ways {
    directory: Directory,
    table: Arc<RouteTable>,
    lanes: Vec<Named>,
    names: FxHashMap<Named, u16>,
}

impl Ways {
    pub(crate) fn new(directory: Directory, table: Arc<RouteTable>) -> Self {
        Self {
            directory,
            table,
            lanes: Vec::new(),
            names: FxHashMap::default(),
        }
    }

    /// The lane of a message; one without carriers where it has no route now.
    pub(super) fn lane(&mut self, record: &ArchivedAccepted) -> Option<LaneName> {
        let facts = Facts::of_record(record)?;
        let query = facts.query(&self.directory, record.at_utc_ns.to_native());
        let (account, class) = (facts.account, facts.class);
        let carriers: Carriers = match self.table.choose(&query) {
            Ok(choice) => choice
                .candidates
                .iter()
                .map(|found| found.carrier)
                .collect(),
            Err(_) => Carriers::new(),
        };
        let key = Named {
            carriers,
            class,
            account,
        };
        if let Some(name) = self.names.get(&key) {
            return Some(LaneName(*name));
        }
        let name = u16::try_from(self.lanes.len()).ok();
        let name = name.filter(|name| LaneName(*name) != LaneName::NONE)?;
        self.lanes.push(key.clone());
        self.names.insert(key, name);
        Some(LaneName(name))
    }

    /// The lane of a name.
    pub(super) fn named(&self, name: LaneName) -> Option<&Named> {
        self.lanes.get(usize::from(name.0))
    }
}
