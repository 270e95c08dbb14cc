//! The RocksDB database: column family `log` for frames, `shelf` for messages that wait for long, `keys` for requests that
//! are known again, `meta` for the little that must outlive them.
//!
//! Promise: keys of the log only grow, nothing of it is deleted one by one, an epoch goes as a range. Bound: write buffers and WAL as set
//! below; memory does not grow with the log. Fails by [`StoreFault`]; after a failed write the database can be opened
//! again in place, and the same frames written again under the same keys.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};

use carrack_message::MessageId;
use rocksdb::{
    ColumnFamilyDescriptor, DB, DBCompressionType, DBRecoveryMode, IteratorMode, Options,
    WriteBatch, WriteOptions,
};

use crate::beside;
use crate::epochs::{Reclaimed, Totals};
use crate::fault::StoreFault;
use crate::frame::{FrameKey, SealedFrame};
use crate::keys_family::{self, KEYS, Newest};
use crate::order::{first_at, visit_epoch};
use crate::reach::{self, Reach};
use crate::shelf::{
    ShelfCounts, ShelfEntry, ShelfQuestion, home_of, homes_below, shelf_answer, shelf_keepers,
    visit_entries,
};
use crate::shelf_family::{self, ShelfFamily};
use crate::turnover::Turnovers;

pub(crate) const LOG: &str = "log";
const META: &str = "meta";
const SHELF: &str = "shelf";
const SHELF_COUNTS: &[u8] = b"shelf_counts";
const TOTALS: &[u8] = b"totals";
const MONEY: &[u8] = b"money";
const FIRST_EPOCH: &[u8] = b"first_epoch";
const UNREAD_BELOW: &[u8] = b"unread_below";

/// Rest of the key behind a prefix, and the value.
pub type MetaRow = (Vec<u8>, Vec<u8>);

/// The database of one node.
pub struct Store {
    path: PathBuf,
    read_only: bool,
    database: RwLock<Option<DB>>,
    reached: Vec<FrameKey>,
    reach: Mutex<Option<Reach>>,
    /// As of the last write.
    shelved: Mutex<ShelfCounts>,
    newest: Newest,
}

impl Store {
    /// Opens the store for a node, creating it where it is missing.
    ///
    /// # Errors
    /// [`StoreFault::Open`], also while another process holds it.
    pub fn open(path: &Path) -> Result<Self, StoreFault> {
        let newest = Newest::default();
        let database = open_database(path, Some(&newest))?;
        let reached = read_reach(path)?;
        let mut store = Self {
            path: path.to_owned(),
            read_only: false,
            database: RwLock::new(Some(database)),
            reached,
            reach: Mutex::new(None),
            shelved: Mutex::default(),
            newest,
        };
        *store.shelved() = store.read_shelf_counts()?;
        let first_epoch = store.first_epoch()?;
        store.reached.retain(|last| last.epoch >= first_epoch);
        let reach =
            Reach::create(path, store.reached.clone()).map_err(|source| file(path, source))?;
        store.reach = Mutex::new(Some(reach));
        Ok(store)
    }

    /// Opens the store to read what is durable, also while a node runs on it.
    ///
    /// # Errors
    /// [`StoreFault::Open`] when there is no store.
    pub fn open_read_only(path: &Path) -> Result<Self, StoreFault> {
        // Before the log: a node that runs may add to both.
        let reached = read_reach(path)?;
        let database = beside::steadily(path, || open_database(path, None))?;
        let store = Self {
            path: path.to_owned(),
            read_only: true,
            database: RwLock::new(Some(database)),
            reached,
            reach: Mutex::new(None),
            shelved: Mutex::default(),
            newest: Newest::default(),
        };
        *store.shelved() = store.read_shelf_counts()?;
        Ok(store)
    }

    /// Folder of the database.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The last frame of each shard and epoch that was durable before the store was opened.
    pub(crate) fn reached(&self) -> &[FrameKey] {
        &self.reached
    }

    fn read(&self) -> RwLockReadGuard<'_, Option<DB>> {
        self.database
            .read()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    pub(crate) fn with<T>(
        &self,
        work: impl FnOnce(&DB) -> Result<T, StoreFault>,
    ) -> Result<T, StoreFault> {
        work(self.read().as_ref().ok_or(StoreFault::Closed)?)
    }

    /// The same, where the database is not being opened again.
    pub(crate) fn at_once<T>(
        &self,
        work: impl FnOnce(&DB) -> Result<T, StoreFault>,
    ) -> Result<T, StoreFault> {
        let database = self.database.try_read().map_err(|_| StoreFault::Closed)?;
        work(database.as_ref().ok_or(StoreFault::Closed)?)
    }

    /// Writes frames as one batch; with `sync` they are on the disk when this returns.
    ///
    /// # Errors
    /// [`StoreFault::Database`]; then none or all of them are there, and writing them again is harmless.
    pub fn write_frames<'a>(
        &self,
        frames: impl Iterator<Item = &'a SealedFrame>,
        sync: bool,
    ) -> Result<(), StoreFault> {
        self.with(|database| {
            let (log, shelf) = (family(database, LOG)?, family(database, SHELF)?);
            let mut batch = WriteBatch::default();
            let mut reached: Vec<FrameKey> = Vec::new();
            let mut counts = None;
            for frame in frames {
                batch.put_cf(log, frame.key.to_octets(), &frame.octets);
                if !frame.shelf.is_empty() {
                    let counts = counts.get_or_insert_with(|| self.shelved().clone());
                    shelf_family::write(shelf, &mut batch, &frame.shelf, counts);
                }
                if !frame.keys.is_empty() {
                    let keys = family(database, KEYS)?;
                    keys_family::write(keys, &mut batch, &frame.keys, &self.newest);
                }
                match reached.iter_mut().find(|last| last.is_beside(frame.key)) {
                    Some(last) => *last = frame.key,
                    None => reached.push(frame.key),
                }
            }
            if let Some(counts) = &counts {
                batch.put_cf(family(database, META)?, SHELF_COUNTS, counts.to_octets());
            }
            let mut options = WriteOptions::default();
            options.set_sync(sync);
            database.write_opt(batch, &options)?;
            if let Some(counts) = counts {
                *self.shelved() = counts;
            }
            if let Some(reach) = self.reach().as_mut() {
                reach.note(&reached);
            }
            Ok(())
        })
    }

    /// Brings everything written so far to the disk.
    ///
    /// # Errors
    /// [`StoreFault::Database`].
    pub fn sync(&self) -> Result<(), StoreFault> {
        self.with(|database| Ok(database.flush_wal(true)?))
    }

    /// One frame.
    ///
    /// # Errors
    /// [`StoreFault::Database`].
    pub fn frame(&self, key: FrameKey) -> Result<Option<Vec<u8>>, StoreFault> {
        self.with(|database| Ok(database.get_cf(family(database, LOG)?, key.to_octets())?))
    }

    /// One frame, looked at where it lies.
    ///
    /// # Errors
    /// [`StoreFault::Database`].
    pub fn with_frame<T>(
        &self,
        key: FrameKey,
        look: impl FnOnce(&[u8]) -> T,
    ) -> Result<Option<T>, StoreFault> {
        self.with(|database| {
            let found = database.get_pinned_cf(family(database, LOG)?, key.to_octets())?;
            Ok(found.map(|octets| look(&octets)))
        })
    }

    /// The key of the first frame at or behind this one.
    ///
    /// # Errors
    /// [`StoreFault::Database`].
    pub fn first_frame_at(&self, key: FrameKey) -> Result<Option<FrameKey>, StoreFault> {
        self.with(|database| first_at(database, key))
    }

    /// Visits frames from an epoch on, epoch by epoch and within each in the order in which the shards closed them, until
    /// `visit` says false. Keys that are no frame's are passed over.
    ///
    /// # Errors
    /// [`StoreFault::Database`] at a block that cannot be read, with what came before it visited.
    pub fn visit_frames(
        &self,
        from_epoch: u32,
        mut visit: impl FnMut(FrameKey, &[u8]) -> bool,
    ) -> Result<(), StoreFault> {
        self.with(|database| {
            let mut epoch = from_epoch;
            while let Some(found) = first_at(database, FrameKey::epoch_start(epoch))? {
                epoch = found.epoch;
                if !visit_epoch(database, epoch, &mut visit)? {
                    break;
                }
                match epoch.checked_add(1) {
                    Some(next) => epoch = next,
                    None => break,
                }
            }
            Ok(())
        })
    }

    /// Drops whole epochs and notes the totals over all that is gone, in one batch; then gives their files back.
    ///
    /// # Errors
    /// [`StoreFault::Database`]; then nothing is dropped, or all is and only the files linger.
    pub fn reclaim(&self, what: &Reclaimed) -> Result<(), StoreFault> {
        self.with(|database| {
            let (log, meta) = (family(database, LOG)?, family(database, META)?);
            let (from, to) = (
                FrameKey::epoch_start(0).to_octets(),
                FrameKey::epoch_start(what.epochs_below).to_octets(),
            );
            let mut batch = WriteBatch::default();
            batch.delete_range_cf(log, from, to);
            let shelf = family(database, SHELF)?;
            let keys = ShelfFamily::new(database, shelf);
            for key in homes_below(&keys, what.epochs_below)? {
                batch.delete_cf(shelf, key);
            }
            batch.put_cf(meta, TOTALS, what.totals.to_octets());
            batch.put_cf(meta, MONEY, what.money.to_octets());
            batch.put_cf(meta, FIRST_EPOCH, what.epochs_below.to_be_bytes());
            if what.unread {
                batch.put_cf(meta, UNREAD_BELOW, what.epochs_below.to_be_bytes());
            }
            let mut options = WriteOptions::default();
            options.set_sync(true);
            database.write_opt(batch, &options)?;
            if let Some(reach) = self.reach().as_mut() {
                reach.forget_below(what.epochs_below);
            }
            Ok(database.delete_file_in_range_cf(log, from, to)?)
        })
    }

    fn shelved(&self) -> MutexGuard<'_, ShelfCounts> {
        self.shelved.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read_shelf_counts(&self) -> Result<ShelfCounts, StoreFault> {
        let octets = self.meta(SHELF_COUNTS)?;
        Ok(ShelfCounts::from_octets(&octets.unwrap_or_default()))
    }

    /// How many messages of each account are on the shelf.
    #[must_use]
    pub fn shelf_counts(&self) -> ShelfCounts {
        self.shelved().clone()
    }

    /// Asks the shelf.
    ///
    /// # Errors
    /// [`StoreFault::Database`].
    pub fn ask_shelf(&self, question: &ShelfQuestion) -> Result<Vec<ShelfEntry>, StoreFault> {
        self.with(|database| {
            let family = family(database, SHELF)?;
            shelf_answer(&ShelfFamily::new(database, family), question)
        })
    }

    /// Who looks after messages on the shelf.
    ///
    /// # Errors
    /// [`StoreFault::Database`].
    pub fn shelf_keepers(&self) -> Result<Vec<u32>, StoreFault> {
        self.with(|database| {
            let family = family(database, SHELF)?;
            shelf_keepers(&ShelfFamily::new(database, family))
        })
    }

    /// The frame to which a message came back from the shelf, while that is in the log.
    ///
    /// # Errors
    /// [`StoreFault::Database`].
    pub fn home(&self, id: MessageId) -> Result<Option<FrameKey>, StoreFault> {
        self.with(|database| {
            let family = family(database, SHELF)?;
            home_of(&ShelfFamily::new(database, family), id)
        })
    }

    /// Visits all that is on the shelf, by id; `None` for what cannot be read.
    ///
    /// # Errors
    /// [`StoreFault::Database`].
    pub fn visit_shelf(
        &self,
        visit: &mut dyn FnMut(MessageId, Option<ShelfEntry>),
    ) -> Result<(), StoreFault> {
        self.with(|database| {
            let family = family(database, SHELF)?;
            visit_entries(&ShelfFamily::new(database, family), visit)
        })
    }

    fn reach(&self) -> MutexGuard<'_, Option<Reach>> {
        self.reach.lock().unwrap_or_else(PoisonError::into_inner)
    }

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
            let from = IteratorMode::From(prefix, rocksdb::Direction::Forward);
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

    /// Closes the database and opens it again: what a store needs after a disk was full or failed.
    ///
    /// # Errors
    /// [`StoreFault::Open`]; the store stays closed until a later try works.
    pub fn reopen(&self) -> Result<(), StoreFault> {
        let mut held = self
            .database
            .write()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        *held = None;
        let newest = (!self.read_only).then_some(&self.newest);
        *held = Some(open_database(&self.path, newest)?);
        Ok(())
    }

    /// Ends RocksDB's own work and closes the database. Later calls answer [`StoreFault::Closed`].
    pub fn close(&self) {
        let mut held = self
            .database
            .write()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(database) = held.take() {
            database.cancel_all_background_work(true);
        }
    }
}

fn file(path: &Path, source: std::io::Error) -> StoreFault {
    StoreFault::File {
        path: path.to_owned(),
        source,
    }
}

fn read_reach(path: &Path) -> Result<Vec<FrameKey>, StoreFault> {
    reach::read(path).map_err(|source| file(path, source))
}

pub(crate) fn family<'a>(
    database: &'a DB,
    name: &str,
) -> Result<&'a rocksdb::ColumnFamily, StoreFault> {
    database.cf_handle(name).ok_or(StoreFault::Closed)
}

/// Who only reads has no `newest`, and has nothing to ask of keys.
fn open_database(path: &Path, newest: Option<&Newest>) -> Result<DB, StoreFault> {
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use crate::frame::FrameSummary;

    fn frame(epoch: u32, number: u64) -> SealedFrame {
        let key = FrameKey {
            epoch,
            shard: 0,
            number,
        };
        SealedFrame {
            key,
            ticket: number,
            octets: vec![epoch as u8; 100],
            summary: FrameSummary::default(),
            shelf: Vec::new(),
            keys: Vec::new(),
        }
    }

    fn keys(store: &Store) -> Vec<(u32, u64)> {
        let mut found = Vec::new();
        store
            .visit_frames(0, |key, _| {
                found.push((key.epoch, key.number));
                true
            })
            .unwrap();
        found
    }

    #[test]
    fn reclaimed_epochs_are_gone_and_their_totals_stay() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let frames = [frame(1, 0), frame(1, 1), frame(2, 0), frame(3, 0)];
        store.write_frames(frames.iter(), true).unwrap();
        let totals = Totals {
            accepted: 7,
            delivered: 7,
            ..Totals::default()
        };
        store
            .reclaim(&Reclaimed {
                epochs_below: 3,
                octets: 300,
                totals,
                money: Turnovers::default(),
                unread: false,
            })
            .unwrap();
        assert_eq!(keys(&store), [(3, 0)]);
        store.close();
        let store = Store::open(folder.path()).unwrap();
        assert_eq!(keys(&store), [(3, 0)]);
        assert_eq!(
            (store.totals_gone().unwrap(), store.first_epoch().unwrap()),
            (totals, 3)
        );
    }

    #[test]
    fn frames_of_several_shards_come_in_the_order_of_their_stamps() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let stamped = |epoch, shard, number, stamp| SealedFrame {
            key: FrameKey {
                epoch,
                shard,
                number,
            },
            ticket: 0,
            octets: carrack_message::record::FrameWriter::default().seal(stamp),
            summary: FrameSummary::default(),
            shelf: Vec::new(),
            keys: Vec::new(),
        };
        let frames = [
            stamped(1, 0, 0, 5),
            stamped(1, 0, 1, 6),
            stamped(1, 3, 0, 1),
            stamped(1, 3, 1, 9),
            stamped(1, 7, 0, 2),
            stamped(2, 0, 0, 0),
        ];
        store.write_frames(frames.iter(), true).unwrap();
        let mut found = Vec::new();
        store
            .visit_frames(0, |key, _| {
                found.push((key.epoch, key.shard, key.number));
                true
            })
            .unwrap();
        assert_eq!(
            found,
            [
                (1, 3, 0),
                (1, 7, 0),
                (1, 0, 0),
                (1, 0, 1),
                (1, 3, 1),
                (2, 0, 0)
            ]
        );
    }

    #[test]
    fn reopened_store_holds_what_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        store.write_frames([frame(1, 0)].iter(), true).unwrap();
        store.reopen().unwrap();
        store
            .write_frames([frame(1, 0), frame(1, 1)].iter(), true)
            .unwrap();
        assert_eq!(keys(&store), [(1, 0), (1, 1)]);
        assert!(
            Store::open(folder.path()).is_err(),
            "two nodes must not share a store"
        );
        assert_eq!(
            Store::open_read_only(folder.path())
                .unwrap()
                .frame(FrameKey {
                    epoch: 1,
                    shard: 0,
                    number: 1
                })
                .unwrap()
                .unwrap()
                .len(),
            100
        );
    }
}
