//! The little that outlives the log: totals of what is gone, epochs, and values by name. Fails by [`StoreFault`].

use rocksdb::{Direction, IteratorMode, WriteOptions};

use super::{FIRST_EPOCH, META, MONEY, Store, TOTALS, UNREAD_BELOW, family};
use crate::epochs::Totals;
use crate::fault::StoreFault;
use crate::turnover::Turnovers;

/// Rest of the key behind a prefix, and the value.
pub type MetaRow = (Vec<u8>, Vec<u8>);

impl Store {
    /// Totals over the epochs that are gone.
    ///
    /// # Errors
    /// [`StoreFault::Database`].
    pub fn totals_gone(&self) -> Result<Totals, StoreFault> {
        let octets = self.meta(TOTALS)?;
        Ok(octets
            .and_then(|octets| Totals::from_octets(&octets))
            .unwrap_or_default())
    }

    /// Money that moved in the epochs that are gone.
    ///
    /// # Errors
    /// [`StoreFault::Database`].
    pub fn money_gone(&self) -> Result<Turnovers, StoreFault> {
        let octets = self.meta(MONEY)?;
        Ok(octets
            .and_then(|octets| Turnovers::from_octets(&octets))
            .unwrap_or_default())
    }

    /// The first epoch that was not dropped.
    ///
    /// # Errors
    /// [`StoreFault::Database`].
    pub fn first_epoch(&self) -> Result<u32, StoreFault> {
        self.epoch_noted(FIRST_EPOCH)
    }

    /// Epochs below this one were dropped though something in them, or an end of what they held, was still to be read
    /// elsewhere; 0 where that never was.
    ///
    /// # Errors
    /// [`StoreFault::Database`].
    pub fn unread_below(&self) -> Result<u32, StoreFault> {
        self.epoch_noted(UNREAD_BELOW)
    }

    fn epoch_noted(&self, key: &[u8]) -> Result<u32, StoreFault> {
        Ok(self
            .meta(key)?
            .and_then(|octets| octets.try_into().ok())
            .map_or(0, u32::from_be_bytes))
    }

    /// A value of the `meta` family.
    ///
    /// # Errors
    /// [`StoreFault::Database`].
    pub fn meta(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreFault> {
        self.with(|database| Ok(database.get_cf(family(database, META)?, key)?))
    }

    /// Sets a value of the `meta` family, durably.
    ///
    /// # Errors
    /// [`StoreFault::Database`].
    pub fn set_meta(&self, key: &[u8], value: &[u8]) -> Result<(), StoreFault> {
        self.with(|database| {
            let mut options = WriteOptions::default();
            options.set_sync(true);
            Ok(database.put_cf_opt(family(database, META)?, key, value, &options)?)
        })
    }

    /// Values of the `meta` family whose key begins with `prefix`: rest of the key, value.
    ///
    /// # Errors
    /// [`StoreFault::Database`].
    pub fn meta_with_prefix(&self, prefix: &[u8]) -> Result<Vec<MetaRow>, StoreFault> {
        self.with(|database| {
            let mut found = Vec::new();
            let from = IteratorMode::From(prefix, Direction::Forward);
            for row in database.iterator_cf(family(database, META)?, from) {
                let (key, value) = row?;
                match key.strip_prefix(prefix) {
                    Some(rest) => found.push((rest.to_vec(), value.into_vec())),
                    None => break,
                }
            }
            Ok(found)
        })
    }
}
