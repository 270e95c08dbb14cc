//! Names of accounts and carriers by their numbers, as the store's dictionary has them: the same for ever.
//!
//! Bound: as the dictionary; it is read again when a number is new. Fails as the store does.

use carrack_queue::{Names, Store, StoreFault};
use rustc_hash::FxHashMap;

/// A number that has no name, as a carrier: none was tried.
const NONE: u32 = u32::MAX;

/// Names of one kind.
pub(super) struct NameBook {
    kind: &'static str,
    names: FxHashMap<u32, String>,
}

impl NameBook {
    pub(super) fn new(kind: &'static str) -> Self {
        Self {
            kind,
            names: FxHashMap::default(),
        }
    }

    /// Looks a number up, so that [`Self::name`] has it.
    pub(super) fn learn(&mut self, store: &Store, number: u32) -> Result<(), StoreFault> {
        if number == NONE || self.names.contains_key(&number) {
            return Ok(());
        }
        let names = Names::load(store, self.kind)?;
        let name = names.name(number).map(str::to_owned);
        self.names
            .insert(number, name.unwrap_or_else(|| number.to_string()));
        Ok(())
    }

    pub(super) fn name(&self, number: u32) -> Option<&str> {
        self.names.get(&number).map(String::as_str)
    }
}
