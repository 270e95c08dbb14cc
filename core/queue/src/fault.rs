//! Why the store cannot be used, and what helps.
//!
//! A file of the database that is missing or damaged has another cure than a folder that cannot be used.

use std::path::PathBuf;

use rocksdb::ErrorKind;
use thiserror::Error;

/// Why the store cannot be used. The fault is ours (disk, folder, another process), never a customer's or carrier's.
#[derive(Debug, Error)]
pub enum StoreFault {
    /// The database cannot be opened.
    #[error("cannot open the store in {path}: {source}; {}", cure(.source))]
    Open {
        /// Folder.
        path: PathBuf,
        /// What RocksDB said.
        source: rocksdb::Error,
    },
    /// A read or write failed.
    #[error("the store failed: {}", with_cure(.0))]
    Database(#[from] rocksdb::Error),
    /// A file beside the database failed.
    #[error("{path}: {source}")]
    File {
        /// File.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// It was read beside a node that changed it all the time.
    #[error(
        "the store in {path} changed each time it was opened to be read; try again when the node has less to do"
    )]
    Moving {
        /// Folder.
        path: PathBuf,
    },
    /// It was closed by a failed attempt to open it again.
    #[error("the store is closed after a fault and could not be opened again yet")]
    Closed,
}

const DAMAGED: &str = "a file of the store is missing or damaged: put it back as it was, or the whole folder from a copy; without it what was acknowledged cannot be accounted for";
const UNUSABLE: &str =
    "check that the folder is writable, the disk has space and no other carrack uses it";

fn is_damaged(source: &rocksdb::Error) -> bool {
    source.kind() == ErrorKind::Corruption || source.as_ref().contains("No such file or directory")
}

fn cure(source: &rocksdb::Error) -> &'static str {
    if is_damaged(source) {
        DAMAGED
    } else {
        UNUSABLE
    }
}

fn with_cure(source: &rocksdb::Error) -> String {
    if is_damaged(source) {
        format!("{source}; {DAMAGED}")
    } else {
        source.to_string()
    }
}
