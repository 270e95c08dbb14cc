//! The shelf in RocksDB: a column family with a filter, so that a receipt that nobody waits for costs no look at the disk.
//!
//! Bound: [`CACHE_OCTETS`] of what was read. Fails as the store does.

use rocksdb::{
    ColumnFamily, DB, Direction, IteratorMode, Options, ReadOptions, SliceTransform, WriteBatch,
};

use crate::by_key;
use crate::fault::StoreFault;
use crate::shelf::{PREFIX_OCTETS, RECEIPT, ShelfChange, ShelfCounts, ShelfKeys};

const CACHE_OCTETS: usize = 32 << 20;

/// Adds what a frame changes to the batch that writes the frame, and to the counts.
pub(crate) fn write(
    shelf: &ColumnFamily,
    batch: &mut WriteBatch,
    changes: &[ShelfChange],
    counts: &mut ShelfCounts,
) {
    for change in changes {
        counts.note(change);
        change.writes(&mut |key, value| match value {
            Some(value) => batch.put_cf(shelf, key, value),
            None => batch.delete_cf(shelf, key),
        });
    }
}

/// The shelf of a database.
pub(crate) struct ShelfFamily<'a> {
    database: &'a DB,
    family: &'a ColumnFamily,
}

impl<'a> ShelfFamily<'a> {
    pub(crate) fn new(database: &'a DB, family: &'a ColumnFamily) -> Self {
        Self { database, family }
    }
}

impl ShelfKeys for ShelfFamily<'_> {
    fn value(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreFault> {
        Ok(self.database.get_cf(self.family, key)?)
    }

    fn values(&self, keys: &[Vec<u8>]) -> Result<Vec<Option<Vec<u8>>>, StoreFault> {
        let read = self
            .database
            .batched_multi_get_cf(self.family, keys, keys.is_sorted());
        read.into_iter()
            .map(|value| Ok(value?.map(|octets| octets.to_vec())))
            .collect()
    }

    fn visit_from(
        &self,
        key: &[u8],
        below: &[u8],
        visit: &mut dyn FnMut(&[u8], &[u8]) -> bool,
    ) -> Result<(), StoreFault> {
        let mut options = ReadOptions::default();
        // Only then does the filter spare a look into each table for a name that is nowhere.
        match key.len() >= PREFIX_OCTETS && key.first() == Some(&RECEIPT) {
            true => options.set_prefix_same_as_start(true),
            false => options.set_total_order_seek(true),
        }
        // Else what was taken behind it would be passed one by one.
        options.set_iterate_upper_bound(below);
        let from = IteratorMode::From(key, Direction::Forward);
        for row in self.database.iterator_cf_opt(self.family, options, from) {
            let (key, value) = row?;
            if !visit(&key, &value) {
                break;
            }
        }
        Ok(())
    }
}

/// How the family is kept.
pub(crate) fn options() -> Options {
    let mut options = Options::default();
    options.set_block_based_table_factory(&by_key::tables(CACHE_OCTETS));
    options.set_prefix_extractor(SliceTransform::create_fixed_prefix(PREFIX_OCTETS));
    options.set_memtable_prefix_bloom_ratio(0.1);
    // What came back leaves marks behind that every later look would have to pass.
    options.add_compact_on_deletion_collector_factory(4096, 2048, 0.5);
    options
}
