//! Why CDR files cannot be written just now. Each is tried again; none stops a message.

use std::io::Error;
use std::path::{Path, PathBuf};

use carrack_queue::StoreFault;
use thiserror::Error;

/// What stands in the way.
#[derive(Debug, Error)]
pub(super) enum CdrFault {
    /// The log, or where the position is kept.
    #[error(transparent)]
    Store(#[from] StoreFault),
    /// What stands there is of a later version, or spoiled.
    #[error("the position of the CDR files in the store cannot be read: {0}")]
    Position(#[from] serde_json::Error),
    /// A file or folder.
    #[error("cannot {what} {}: {source}", path.display())]
    File {
        what: &'static str,
        path: PathBuf,
        source: Error,
    },
    /// The file that is written to is not there, and lines that count stood in it.
    #[error(
        "{} is missing, and {octets} octets of it were written; bring its disk back, or make an empty file of that name to go on without them",
        path.display()
    )]
    Missing { path: PathBuf, octets: u64 },
}

impl CdrFault {
    /// For the metric.
    pub(super) const fn kind(&self) -> &'static str {
        match self {
            Self::Store(_) => "store",
            Self::Position(_) => "position",
            Self::File { .. } => "file",
            Self::Missing { .. } => "missing",
        }
    }
}

pub(super) fn file(what: &'static str, path: &Path) -> impl FnOnce(Error) -> CdrFault {
    let path = path.to_owned();
    move |source| CdrFault::File { what, path, source }
}
