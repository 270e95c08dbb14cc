//! Batches on disk: `batches/<id>/` with `source.csv` as it came, whatever it is, `errors.csv` and `job.json`.
//!
//! Promise: a batch is there whole or not at all: it is written in a folder `<id>.part`, synced, and renamed. `job.json` is
//! replaced, never written over. Bound: octets of a source as set. Fails with the error of the disk.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use carrack_runtime::{Clock, SystemClock};
use thiserror::Error;

use super::job::{BatchState, JobRecord};
use super::number::BatchNumber;
use super::shape::{Seen, Shape, ShapeFault, ShapeWish};

const FOLDER: &str = "batches";
/// Beside the folders: numbers of cancelled batches whose folders are gone.
const CANCELLED: &str = "cancelled";
/// Longer than anything of a batch waits for its moment: a year, and the time it took to be read.
const HELD_NS_MAX: u64 = 400 * 86_400_000_000_000;
const PART: &str = "part";
const SOURCE: &str = "source.csv";
const ERRORS: &str = "errors.csv";
const JOB: &str = "job.json";
/// Octets of a source that its header must stand in.
const HEADER_OCTETS_MAX: u64 = 2 * super::rows::ROW_OCTETS_MAX as u64;
/// Longest `job.json`: far more than a template, a few names and figures take, whatever has to be escaped in them.
const JOB_OCTETS_MAX: u64 = 1 << 20;

/// Why a source cannot be taken in.
#[derive(Debug, Error)]
pub enum SpoolFault {
    /// Larger than a batch may be.
    #[error("the file is larger than the {octets_max} octets a batch may have; divide it")]
    TooLarge {
        /// Octets allowed.
        octets_max: u64,
    },
    /// The disk refuses.
    #[error("the batch cannot be kept: {0}")]
    Disk(#[from] io::Error),
}

/// A source that is coming in; dropped before it is kept, it leaves nothing behind.
pub struct Spool {
    pub(super) number: BatchNumber,
    part: PathBuf,
    file: File,
    octets: u64,
    octets_max: u64,
    kept: bool,
}

impl Spool {
    /// Appends octets. Blocking.
    ///
    /// # Errors
    /// [`SpoolFault`]; nothing of the batch is kept then.
    pub fn write(&mut self, octets: &[u8]) -> Result<(), SpoolFault> {
        self.octets += octets.len() as u64;
        if self.octets > self.octets_max {
            return Err(SpoolFault::TooLarge {
                octets_max: self.octets_max,
            });
        }
        Ok(self.file.write_all(octets)?)
    }

    /// Octets so far.
    #[must_use]
    pub fn octets(&self) -> u64 {
        self.octets
    }

    pub(super) fn source(&self) -> PathBuf {
        self.part.join(SOURCE)
    }

    /// What it is, and the text that holds the header.
    pub(super) fn seen(&self, wish: &ShapeWish, unpacked_max: u64) -> Result<Seen, ShapeFault> {
        Shape::of_file(&self.source(), wish, unpacked_max, HEADER_OCTETS_MAX)
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        if !self.kept
            && let Err(error) = fs::remove_dir_all(&self.part)
        {
            tracing::warn!(part = %self.part.display(), %error, "a batch that was not kept stays on the disk");
        }
    }
}

/// The folder of all batches.
pub(crate) struct Store {
    folder: PathBuf,
    octets_max: u64,
}

impl Store {
    /// Makes the folder where it is missing, and takes away what was never kept whole.
    pub(crate) fn open(data_dir: &Path, octets_max: u64) -> io::Result<Self> {
        let folder = data_dir.join(FOLDER);
        fs::create_dir_all(&folder)?;
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == PART) {
                fs::remove_dir_all(&path)?;
            }
        }
        Ok(Self { folder, octets_max })
    }

    /// Batches found, oldest first; a folder that cannot be read is passed over and said.
    pub(crate) fn list(&self) -> io::Result<Vec<(BatchNumber, PathBuf, JobRecord)>> {
        let mut found = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let path = entry?.path();
            let name = path.file_name().and_then(|name| name.to_str());
            let Some(number) = name.and_then(|name| name.parse().ok()) else {
                continue;
            };
            match read_job(&path) {
                Ok(record) => found.push((number, path, record)),
                Err(error) => {
                    tracing::error!(batch = %number, %error, "job.json cannot be read; mend it or take the folder away");
                }
            }
        }
        found.sort_by_key(|(number, ..)| *number);
        Ok(found)
    }

    pub(crate) fn spool(&self, number: BatchNumber) -> io::Result<Spool> {
        let part = self.folder.join(format!("{number}.{PART}"));
        fs::create_dir(&part)?;
        let file = File::create_new(part.join(SOURCE))?;
        Ok(Spool {
            number,
            part,
            file,
            octets: 0,
            octets_max: self.octets_max,
            kept: false,
        })
    }

    /// Makes a source and its job durable under their name. Where it fails nothing is kept.
    pub(crate) fn keep(
        &self,
        spool: Spool,
        record: &JobRecord,
        errors: &[u8],
    ) -> io::Result<PathBuf> {
        self.keep_by(spool, record, errors, sync_folder)
    }

    fn keep_by(
        &self,
        mut spool: Spool,
        record: &JobRecord,
        errors: &[u8],
        sync: impl FnOnce(&Path) -> io::Result<()>,
    ) -> io::Result<PathBuf> {
        spool.file.sync_all()?;
        let mut file = File::create_new(spool.part.join(ERRORS))?;
        file.write_all(errors)?;
        file.sync_all()?;
        write_job(&spool.part, record)?;
        let folder = self.folder.join(spool.number.to_string());
        fs::rename(&spool.part, &folder)?;
        if let Err(error) = sync(&self.folder) {
            // Who is told that nothing was kept sends it again, and both would be sent after the next start.
            match fs::rename(&folder, &spool.part) {
                Ok(()) => return Err(error),
                Err(back) => {
                    tracing::error!(batch = %spool.number, %error, %back, "a batch may not be durable, and cannot be taken back: it is taken in");
                }
            }
        }
        spool.kept = true;
        Ok(folder)
    }
}

/// Batches whose folders are gone and that were cancelled not so long ago, from the list beside the folders.
fn listed(folder: &Path, utc_ns: u64) -> io::Result<Vec<BatchNumber>> {
    let text = match fs::read_to_string(folder.join(CANCELLED)) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let numbers = text.lines().filter_map(|line| line.parse().ok());
    let is_young = |number: &BatchNumber| number.utc_ns().saturating_add(HELD_NS_MAX) > utc_ns;
    Ok(numbers.filter(is_young).collect())
}

/// Lists a cancelled batch whose folder is to go: what of it waits on the shelf may do so for a year yet.
///
/// # Errors
/// Those of the disk.
pub(crate) fn keep_cancelled(job: &Path, number: BatchNumber, utc_ns: u64) -> io::Result<()> {
    let folder = job.parent().unwrap_or(job);
    let mut numbers = listed(folder, utc_ns)?;
    numbers.push(number);
    let text: String = numbers.iter().map(|number| format!("{number}\n")).collect();
    let fresh = folder.join("cancelled.fresh");
    let mut file = File::create(&fresh)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&fresh, folder.join(CANCELLED))?;
    sync_folder(folder)
}

/// Numbers of batches that were cancelled, for a node that starts: what of them waits for its moment is not to be sent.
///
/// # Errors
/// Those of the disk; a batch that cannot be read is passed over and said.
pub fn cancelled(data_dir: &Path) -> io::Result<Vec<u64>> {
    let folder = data_dir.join(FOLDER);
    if !folder.try_exists()? {
        return Ok(Vec::new());
    }
    let store = Store {
        folder,
        octets_max: 0,
    };
    let gone = listed(&store.folder, SystemClock::default().now().utc_ns)?;
    let found = store.list()?.into_iter();
    let is_cancelled =
        |record: &JobRecord| matches!(record.state, BatchState::Cancelling | BatchState::Cancelled);
    Ok(found
        .filter(|(_, _, record)| is_cancelled(record))
        .map(|(number, ..)| number)
        .chain(gone)
        .map(|number| number.0)
        .collect())
}

pub(crate) fn source_path(folder: &Path) -> PathBuf {
    folder.join(SOURCE)
}

pub(crate) fn errors_path(folder: &Path) -> PathBuf {
    folder.join(ERRORS)
}

/// The text that holds the header of a kept source, and whether it is all there is. Where nothing says what the source is,
/// it was kept by a version that knew plain UTF-8 only.
pub(crate) fn source_beginning(
    folder: &Path,
    shape: Option<Shape>,
    unpacked_max: u64,
) -> Result<(Shape, Vec<u8>, bool), ShapeFault> {
    let path = source_path(folder);
    let known = shape.clone().unwrap_or_default();
    let (octets, whole) = known.beginning(&path, unpacked_max, HEADER_OCTETS_MAX)?;
    let shape = shape.unwrap_or_else(|| Shape::plain(&octets));
    Ok((shape, octets, whole))
}

fn read_job(folder: &Path) -> io::Result<JobRecord> {
    let mut octets = Vec::new();
    File::open(folder.join(JOB))?
        .take(JOB_OCTETS_MAX)
        .read_to_end(&mut octets)?;
    let record: JobRecord = serde_json::from_slice(&octets)?;
    if record.version > super::job::JOB_VERSION {
        return Err(io::Error::other(
            "it was written by a later version; start that one",
        ));
    }
    Ok(record)
}

/// Replaces `job.json`.
pub(crate) fn write_job(folder: &Path, record: &JobRecord) -> io::Result<()> {
    let fresh = folder.join("job.json.fresh");
    let mut file = File::create(&fresh)?;
    file.write_all(&serde_json::to_vec_pretty(record)?)?;
    file.sync_all()?;
    fs::rename(&fresh, folder.join(JOB))?;
    sync_folder(folder)
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::{fs, io};

    use super::{BatchNumber, JobRecord, Store};

    fn record(number: BatchNumber) -> JobRecord {
        serde_json::from_value(serde_json::json!({
            "version": 1, "id": number.to_string(), "account": "shop", "created_utc_ns": 1, "finished_utc_ns": 0,
            "total_octets": 3, "state": "queued", "row_next": 1, "source_octet": 0, "source_line": 1, "errors_octets": 0,
            "accepted": 0, "rejected": 0, "submitted": 0, "delivered": 0, "failed": 0,
        }))
        .unwrap()
    }

    #[test]
    fn what_is_said_not_to_be_kept_is_not_there_at_the_next_start() {
        let home = tempfile::tempdir().unwrap();
        let store = Store::open(home.path(), 1 << 20).unwrap();
        let put = |number: BatchNumber, fails: bool| {
            let mut spool = store.spool(number).unwrap();
            spool.write(b"to\n").unwrap();
            let sync = |_: &std::path::Path| match fails {
                true => Err(io::Error::other("the disk")),
                false => Ok(()),
            };
            store.keep_by(spool, &record(number), b"", sync).is_ok()
        };
        let numbers = || store.list().unwrap().into_iter().map(|found| found.0);
        assert!(!put(BatchNumber(7), true));
        assert_eq!(numbers().count(), 0, "it would be sent twice");
        assert_eq!(
            fs::read_dir(home.path().join("batches")).unwrap().count(),
            0
        );
        assert!(put(BatchNumber(8), false));
        assert!(numbers().eq([BatchNumber(8)]));
    }
}
