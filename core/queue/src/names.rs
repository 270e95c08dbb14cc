//! The dictionary of names: accounts and carriers have a number that never changes and is never given twice.
//!
//! Promise: a number in the log means the same name for ever, whatever the configuration becomes. Bound: as many rows as
//! names ever configured. Fails by [`StoreFault`].

use std::collections::HashMap;

use crate::fault::StoreFault;
use crate::store::Store;

/// Names of one kind and their numbers.
#[derive(Debug, Default, Clone)]
pub struct Names {
    by_name: HashMap<String, u32>,
    by_number: HashMap<u32, String>,
}

impl Names {
    /// Reads the names of one kind (`account`, `carrier`).
    ///
    /// # Errors
    /// [`StoreFault`] when the store cannot be read.
    pub fn load(store: &Store, kind: &str) -> Result<Self, StoreFault> {
        let mut names = Self::default();
        for (name, number) in store.meta_with_prefix(prefix(kind).as_bytes())? {
            if let (Ok(name), Ok(number)) = (String::from_utf8(name), number.try_into()) {
                names.insert(name, u32::from_be_bytes(number));
            }
        }
        Ok(names)
    }

    fn insert(&mut self, name: String, number: u32) {
        self.by_name.insert(name.clone(), number);
        self.by_number.insert(number, name);
    }

    /// The number of a name, given now and kept in the store if it has none.
    ///
    /// # Errors
    /// [`StoreFault`] when it cannot be kept.
    pub fn number(&mut self, store: &Store, kind: &str, name: &str) -> Result<u32, StoreFault> {
        if let Some(number) = self.by_name.get(name) {
            return Ok(*number);
        }
        let number = self.by_number.keys().max().map_or(1, |last| last + 1);
        store.set_meta(
            format!("{}{name}", prefix(kind)).as_bytes(),
            &number.to_be_bytes(),
        )?;
        self.insert(name.to_owned(), number);
        Ok(number)
    }

    /// The name behind a number.
    #[must_use]
    pub fn name(&self, number: u32) -> Option<&str> {
        self.by_number.get(&number).map(String::as_str)
    }
}

fn prefix(kind: &str) -> String {
    format!("name/{kind}/")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    #[test]
    fn number_means_the_same_name_after_restart() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let mut names = Names::load(&store, "carrier").unwrap();
        let numbers =
            ["alpha", "beta", "alpha"].map(|name| names.number(&store, "carrier", name).unwrap());
        assert_eq!(numbers, [1, 2, 1]);
        let names = Names::load(&store, "carrier").unwrap();
        assert_eq!(
            (names.name(1), names.name(2), names.name(3)),
            (Some("alpha"), Some("beta"), None)
        );
    }
}
