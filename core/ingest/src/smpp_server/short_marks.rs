//! How far the short ids of each account are reserved: two files in `short_ids/` of the data folder.
//!
//! Promise: what [`Marks::reserve`] gave is never given again, after any crash: it gives nothing before both files say so
//! on the disk. Each is written beside itself, synced and renamed, so a crash leaves the one before or the one after. One
//! that is missing or broken is made anew from the other, which is no older than the last ids given. Bound: a line an
//! account, also of one that is gone: it may come back. Fails by [`ShortIdsFault`], and where both files say nothing
//! though one is there: guessing could give an id twice.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Ids that are reserved at a time.
pub(crate) const BLOCK: u64 = 65_536;
const FOLDER: &str = "short_ids";
const FILES: [&str; 2] = ["marks", "marks.copy"];
const TITLE: &str = "carrack short ids 1";
/// Longest file read: far more accounts than a node has.
const OCTETS_MAX: u64 = 64 << 20;

/// Why short ids cannot be given.
#[derive(Debug, Error)]
pub enum ShortIdsFault {
    /// Neither file can be read, though one is there.
    #[error(
        "{} and its copy beside it are broken: it is not known which short message ids were given. Bring one of them back as it was when the node stopped; or, if no customer may hear of messages with short ids any more, take both away, and ids begin anew",
        path.display()
    )]
    Broken {
        /// The first file.
        path: PathBuf,
    },
    /// The disk refuses.
    #[error("short message ids cannot be reserved in {}: {source}; check `node.data_dir`, its space and its permissions", path.display())]
    Disk {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// The marks of all accounts.
#[derive(Debug)]
pub(crate) struct Marks {
    folder: PathBuf,
    /// The first id of each account that is not reserved, by its name. Beyond 32 bits ids begin anew.
    marks: BTreeMap<String, u64>,
}

enum Found {
    Missing,
    Broken,
    Whole(BTreeMap<String, u64>),
}

impl Marks {
    /// Reads them. Blocking.
    ///
    /// # Errors
    /// [`ShortIdsFault`].
    pub(crate) fn open(data_dir: &Path) -> Result<Self, ShortIdsFault> {
        let folder = data_dir.join(FOLDER);
        let disk = |source| ShortIdsFault::Disk {
            path: folder.clone(),
            source,
        };
        let [first, copy] = FILES.map(|name| read(&folder.join(name)));
        let marks = match (first.map_err(disk)?, copy.map_err(disk)?) {
            (Found::Whole(mut marks), Found::Whole(copy)) => {
                for (name, mark) in copy {
                    let known = marks.entry(name).or_default();
                    *known = mark.max(*known);
                }
                marks
            }
            (Found::Whole(marks), _) | (_, Found::Whole(marks)) => {
                tracing::warn!(folder = %folder.display(),
                    "one of the two files of short message ids is missing or broken; it is made anew from the other");
                marks
            }
            (Found::Missing, Found::Missing) => BTreeMap::new(),
            _ => {
                return Err(ShortIdsFault::Broken {
                    path: folder.join("marks"),
                });
            }
        };
        Ok(Self { folder, marks })
    }

    /// The next [`BLOCK`] ids of an account. Blocking: they are durable when this returns.
    ///
    /// # Errors
    /// [`ShortIdsFault::Disk`]; nothing is reserved then.
    pub(crate) fn reserve(&mut self, name: &str) -> Result<Range<u64>, ShortIdsFault> {
        let from = self.marks.get(name).copied().unwrap_or_default();
        let until = from.saturating_add(BLOCK);
        let mut after = self.marks.clone();
        after.insert(name.to_owned(), until);
        let text = written(&after);
        self.replace(text.as_bytes())
            .map_err(|source| ShortIdsFault::Disk {
                path: self.folder.clone(),
                source,
            })?;
        self.marks = after;
        Ok(from..until)
    }

    fn replace(&self, octets: &[u8]) -> io::Result<()> {
        if !self.folder.is_dir() {
            fs::create_dir_all(&self.folder)?;
            if let Some(parent) = self.folder.parent() {
                sync_folder(parent)?;
            }
        }
        for name in FILES {
            let fresh = self.folder.join(format!("{name}.fresh"));
            let mut file = File::create(&fresh)?;
            file.write_all(octets)?;
            file.sync_all()?;
            fs::rename(&fresh, self.folder.join(name))?;
            sync_folder(&self.folder)?;
        }
        Ok(())
    }
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

fn written(marks: &BTreeMap<String, u64>) -> String {
    let mut text = format!("{TITLE}\n");
    for (name, mark) in marks {
        // A string takes everything.
        let _ = writeln!(text, "account {name} {mark}");
    }
    let checksum = crc32c::crc32c(text.as_bytes());
    let _ = writeln!(text, "checksum {checksum:08x}");
    text
}

fn read(path: &Path) -> io::Result<Found> {
    let file = match File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Found::Missing),
        opened => opened?,
    };
    let mut octets = Vec::new();
    file.take(OCTETS_MAX).read_to_end(&mut octets)?;
    let text = String::from_utf8(octets).ok();
    Ok(text
        .and_then(|text| parsed(&text))
        .map_or(Found::Broken, Found::Whole))
}

fn parsed(text: &str) -> Option<BTreeMap<String, u64>> {
    let mut marks = BTreeMap::new();
    let mut lines = text.lines();
    (lines.next()? == TITLE).then_some(())?;
    for line in lines {
        let Some(account) = line.strip_prefix("account ") else {
            break;
        };
        let (name, mark) = account.split_once(' ')?;
        marks.insert(name.to_owned(), mark.parse().ok()?);
    }
    // Finds the checksum wrong, and whatever else nobody wrote so.
    (written(&marks) == text).then_some(marks)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;

    fn path(data_dir: &Path, name: &str) -> PathBuf {
        data_dir.join(FOLDER).join(name)
    }

    #[test]
    fn blocks_of_an_account_follow_each_other_over_restarts_and_accounts_are_apart() {
        let data_dir = tempfile::tempdir().unwrap();
        let open = || Marks::open(data_dir.path()).unwrap();
        assert_eq!(open().reserve("shop").unwrap(), 0..BLOCK);
        let mut marks = open();
        assert_eq!(marks.reserve("shop").unwrap(), BLOCK..2 * BLOCK);
        assert_eq!(marks.reserve("other").unwrap(), 0..BLOCK);
        assert_eq!(open().reserve("shop").unwrap(), 2 * BLOCK..3 * BLOCK);
        assert_eq!(open().reserve("other").unwrap(), BLOCK..2 * BLOCK);
    }

    #[test]
    fn file_that_is_missing_broken_or_older_is_made_good_by_the_other() {
        for spoiled in FILES {
            for octets in [None, Some(&b""[..]), Some(b"\xff"), Some(b"older")] {
                let data_dir = tempfile::tempdir().unwrap();
                let spoiled = path(data_dir.path(), spoiled);
                let open = || Marks::open(data_dir.path()).unwrap();
                open().reserve("shop").unwrap();
                let older = fs::read(&spoiled).unwrap();
                open().reserve("shop").unwrap();
                match octets {
                    None => fs::remove_file(&spoiled).unwrap(),
                    Some(b"older") => fs::write(&spoiled, &older).unwrap(),
                    Some(octets) => fs::write(&spoiled, octets).unwrap(),
                }
                assert_eq!(open().reserve("shop").unwrap(), 2 * BLOCK..3 * BLOCK);
                let whole = fs::read(&spoiled).unwrap();
                assert_eq!(parsed(&String::from_utf8(whole).unwrap()).unwrap().len(), 1);
            }
        }
    }

    #[test]
    fn two_broken_files_are_said_and_how_to_mend_them() {
        let data_dir = tempfile::tempdir().unwrap();
        Marks::open(data_dir.path())
            .unwrap()
            .reserve("shop")
            .unwrap();
        let [first, copy] = FILES.map(|name| path(data_dir.path(), name));
        fs::write(
            &first,
            "carrack short ids 1\naccount shop 1\nchecksum 00000000\n",
        )
        .unwrap();
        for copy_is in [Some("account shop 65536"), None] {
            match copy_is {
                Some(text) => fs::write(&copy, text).unwrap(),
                None => fs::remove_file(&copy).unwrap(),
            }
            let fault = Marks::open(data_dir.path()).unwrap_err().to_string();
            assert!(fault.contains(first.to_str().unwrap()), "{fault}");
            assert!(fault.contains("take both away"), "{fault}");
        }
    }

    #[test]
    fn every_octet_that_changes_breaks_a_file() {
        let mut marks = BTreeMap::new();
        marks.insert("shop".to_owned(), 65_536);
        marks.insert("checksum".to_owned(), 7);
        let text = written(&marks);
        assert_eq!(parsed(&text), Some(marks));
        for place in 0..text.len() {
            let mut octets = text.clone().into_bytes();
            for octet in octets.iter_mut().skip(place).take(1) {
                *octet ^= 1;
            }
            assert_eq!(parsed(&String::from_utf8(octets).unwrap()), None, "{place}");
            assert_eq!(parsed(text.get(..place).unwrap()), None);
        }
        assert_eq!(parsed(&(text + "account shop 7\n")), None);
    }

    #[test]
    fn disk_that_refuses_reserves_nothing_and_is_named() {
        let data_dir = tempfile::tempdir().unwrap();
        let mut marks = Marks::open(data_dir.path()).unwrap();
        let in_the_way = data_dir.path().join(FOLDER);
        fs::write(&in_the_way, "").unwrap();
        let fault = marks.reserve("shop").unwrap_err().to_string();
        assert!(fault.contains(in_the_way.to_str().unwrap()), "{fault}");
        fs::remove_file(&in_the_way).unwrap();
        assert_eq!(marks.reserve("shop").unwrap(), 0..BLOCK);
    }
}
