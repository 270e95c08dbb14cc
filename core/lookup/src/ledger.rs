//! What was spent, in a small file.
//!
//! Promise: the file says at least what was spent: it is written beside, synced and renamed before the money goes out. A
//! file that cannot be read stops the start, because nobody knows what it said.

use std::fs::File;
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use carrack_message::Micros;
use thiserror::Error;

use crate::budget::Spent;

/// First word of the file, and its version.
const MARK: &str = "carrack-hlr-spending-1";

/// Why the ledger cannot be used.
#[derive(Debug, Error)]
pub enum LedgerFault {
    /// The system says so.
    #[error("{}: {source}; the folder must be writable", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// It holds something else.
    #[error("{}: is no record of what was spent; take it away, and today's budget begins anew", .path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
}

/// The file.
#[derive(Debug)]
pub(crate) struct Ledger {
    path: PathBuf,
}

impl Ledger {
    /// Opens it and says what it holds; nothing was spent where there is none.
    pub(crate) fn open(path: &Path) -> Result<(Self, Spent), LedgerFault> {
        let ledger = Self {
            path: path.to_owned(),
        };
        match std::fs::read_to_string(path) {
            Ok(text) => {
                let path = path.to_owned();
                let spent = read(&text).ok_or(LedgerFault::Foreign { path })?;
                Ok((ledger, spent))
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok((ledger, Spent::default())),
            Err(error) if error.kind() == ErrorKind::InvalidData => Err(LedgerFault::Foreign {
                path: path.to_owned(),
            }),
            Err(error) => Err(ledger.fault(error)),
        }
    }

    /// Writes down what is spent; it is on the disk afterwards.
    pub(crate) fn write(&self, spent: Spent) -> Result<(), LedgerFault> {
        self.replace(spent).map_err(|error| self.fault(error))
    }

    fn replace(&self, spent: Spent) -> io::Result<()> {
        let beside = self.path.with_extension("new");
        let mut file = File::create(&beside)?;
        writeln!(file, "{MARK} {} {}", spent.day, spent.amount.0)?;
        file.sync_all()?;
        std::fs::rename(&beside, &self.path)?;
        let folder = self
            .path
            .parent()
            .filter(|path| !path.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
    }

    fn fault(&self, source: io::Error) -> LedgerFault {
        LedgerFault::Io {
            path: self.path.clone(),
            source,
        }
    }
}

fn read(text: &str) -> Option<Spent> {
    let mut words = text.split_whitespace();
    if words.next() != Some(MARK) {
        return None;
    }
    let day = words.next()?.parse().ok()?;
    let amount: i64 = words.next()?.parse().ok()?;
    let is_all = words.next().is_none() && amount >= 0;
    is_all.then_some(Spent {
        day,
        amount: Micros(amount),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_is_written_is_read_and_a_spoiled_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("hlr-spent");
        let (ledger, spent) = Ledger::open(&path).unwrap();
        assert_eq!(spent, Spent::default());
        let written = Spent {
            day: 20_780,
            amount: Micros(1_234_567),
        };
        ledger.write(written).unwrap();
        assert_eq!(Ledger::open(&path).unwrap().1, written);
        for spoiled in [
            "",
            "nonsense",
            "carrack-hlr-spending-1 20780",
            "carrack-hlr-spending-1 20780 -5",
            "carrack-hlr-spending-1 1 2 3",
        ] {
            std::fs::write(&path, spoiled).unwrap();
            assert!(
                matches!(Ledger::open(&path), Err(LedgerFault::Foreign { .. })),
                "{spoiled}"
            );
        }
    }
}
