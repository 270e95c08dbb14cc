//! RocksDB as the store has it: its families, their write buffers, how its log is read after a crash.
//!
//! Bound: the write buffers and the WAL that are set here. Fails by [`StoreFault::Open`].

use std::path::Path;

use rocksdb::{
    ColumnFamily, ColumnFamilyDescriptor, DB, DBCompressionType, DBRecoveryMode, Options,
};

use super::{LOG, META, SHELF};
use crate::fault::StoreFault;
use crate::keys_family::{self, KEYS, Newest};
use crate::shelf_family;

pub(crate) fn family<'a>(database: &'a DB, name: &str) -> Result<&'a ColumnFamily, StoreFault> {
    database.cf_handle(name).ok_or(StoreFault::Closed)
}

/// Who only reads has no `newest`, and has nothing to ask of keys.
pub(super) fn open_database(path: &Path, newest: Option<&Newest>) -> Result<DB, StoreFault> {
    let mut options = Options::default();
    options.create_if_missing(true);
    options.create_missing_column_families(true);
    options.set_max_open_files(-1);
    options.set_max_background_jobs(2);
    options.set_max_total_wal_size(512 << 20);
    options.set_keep_log_file_num(4);
    options.set_max_log_file_size(8 << 20);
    // A torn tail was never acknowledged, whatever stands in it. Where more is gone, the reach says so.
    options.set_wal_recovery_mode(DBRecoveryMode::PointInTime);
    let mut families = vec![
        (LOG, 32 << 20, 4, Options::default()),
        (META, 4 << 20, 2, Options::default()),
        (SHELF, 16 << 20, 2, shelf_family::options()),
    ];
    families.extend(newest.map(|newest| (KEYS, 32 << 20, 3, keys_family::options(newest))));
    let families = families
        .into_iter()
        .map(|(name, buffer, buffers, mut options)| {
            options.set_write_buffer_size(buffer);
            options.set_max_write_buffer_number(buffers);
            options.set_compression_type(DBCompressionType::Lz4);
            ColumnFamilyDescriptor::new(name, options)
        });
    let opened = if newest.is_none() {
        DB::open_cf_descriptors_read_only(&options, path, families, false)
    } else {
        DB::open_cf_descriptors(&options, path, families)
    };
    opened.map_err(|source| StoreFault::Open {
        path: path.to_owned(),
        source,
    })
}
