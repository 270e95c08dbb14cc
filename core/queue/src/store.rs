//! The RocksDB database: column family `log` for frames, `shelf` for messages that wait for long, `keys` for requests that
//! are known again, `meta` for the little that must outlive them.
//!
//! Promise: keys of the log only grow, nothing of it is deleted one by one, an epoch goes as a range. Bound: write buffers and WAL as set
//! below; memory does not grow with the log. Fails by [`StoreFault`]; after a failed write the database can be opened
//! again in place, and the same frames written again under the same keys.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};

use rocksdb::{DB, WriteBatch, WriteOptions};

use crate::beside;
use crate::epochs::Reclaimed;
use crate::fault::StoreFault;
use crate::frame::{FrameKey, SealedFrame};
use crate::keys_family::{self, KEYS, Newest};
use crate::order::{first_at, visit_epoch};
use crate::reach::{self, Reach};
use crate::shelf::{ShelfCounts, homes_below};
use crate::shelf_family::{self, ShelfFamily};

mod database;
mod meta;
mod shelf;
#[cfg(test)]
mod tests;

pub(crate) use database::family;
use database::open_database;
pub use meta::MetaRow;

pub(crate) const LOG: &str = "log";
const META: &str = "meta";
const SHELF: &str = "shelf";
const SHELF_COUNTS: &[u8] = b"shelf_counts";
const TOTALS: &[u8] = b"totals";
const MONEY: &[u8] = b"money";
const FIRST_EPOCH: &[u8] = b"first_epoch";
const UNREAD_BELOW: &[u8] = b"unread_below";

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

    fn reach(&self) -> MutexGuard<'_, Option<Reach>> {
        self.reach.lock().unwrap_or_else(PoisonError::into_inner)
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
