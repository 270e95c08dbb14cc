//! Reading a database beside the process that writes it.
//!
//! RocksDB reads first which tables there are, then the logs; what a log held and a table holds since in between is in
//! neither. Promise: what was durable before the reading began is in what was opened. Bound: [`TRIES`] with a pause
//! between them. Fails: the fault of the last try; a database that does not keep still is [`StoreFault::Moving`].

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use crate::fault::StoreFault;

/// How often a database that moves is opened.
const TRIES: u32 = 20;
/// Between them.
const PAUSE: Duration = Duration::from_millis(if cfg!(test) { 0 } else { 100 });

/// Opens until no log went away meanwhile.
pub(crate) fn steadily<T>(
    path: &Path,
    open: impl Fn() -> Result<T, StoreFault>,
) -> Result<T, StoreFault> {
    let mut last = StoreFault::Moving {
        path: path.to_owned(),
    };
    for _ in 0..TRIES {
        let before = names(path);
        let opened = open();
        let now = names(path);
        let mut gone = before.iter().filter(|name| !now.contains(name));
        match opened {
            Ok(opened) if !gone.any(is_log) => return Ok(opened),
            Ok(_) => {}
            Err(fault) if gone.next().is_none() => return Err(fault),
            Err(fault) => last = fault,
        }
        std::thread::sleep(PAUSE);
    }
    Err(last)
}

/// What the folder holds; nothing where it cannot be read: opening says why.
fn names(path: &Path) -> Vec<OsString> {
    let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name()).collect()
}

fn is_log(name: &OsString) -> bool {
    Path::new(name)
        .extension()
        .is_some_and(|extension| extension == "log")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::cell::Cell;

    /// Opens a folder of a table and a log; each try takes away what it is told to and answers by its number.
    fn open(take_away: &[&str], fails: u32) -> (Result<u32, StoreFault>, u32) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        for name in ["000004.log", "000005.sst", "MANIFEST-000003"] {
            std::fs::write(path.join(name), b"x").unwrap();
        }
        let tries = Cell::new(0);
        let opened = steadily(path, || {
            let number = tries.get();
            tries.set(number + 1);
            if let Some(name) = take_away.get(number as usize) {
                std::fs::remove_file(path.join(name)).unwrap();
            }
            if number < fails {
                Err(StoreFault::Closed)
            } else {
                Ok(number)
            }
        });
        (opened, tries.get())
    }

    #[test]
    fn log_that_went_away_meanwhile_may_be_in_neither_part() {
        assert_eq!(open(&["000004.log"], 0).0.unwrap(), 1);
    }

    #[test]
    fn table_that_went_away_was_held_open() {
        assert_eq!(open(&["000005.sst"], 0).0.unwrap(), 0);
    }

    #[test]
    fn fault_of_a_folder_that_moved_is_tried_again_and_any_other_is_not() {
        assert_eq!(open(&["MANIFEST-000003", "000004.log"], 1).0.unwrap(), 2);
        let (opened, tries) = open(&["000005.sst"], u32::MAX);
        assert!(matches!(opened, Err(StoreFault::Closed)));
        assert_eq!(tries, 2);
    }
}
