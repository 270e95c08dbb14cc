//! Why a batch is not taken in.

use thiserror::Error;

use super::layout::LayoutFault;
use super::request::OptionFault;
use super::shape::ShapeFault;
use super::store::SpoolFault;

/// Why a batch is not taken in.
#[derive(Debug, Error)]
pub enum BatchFault {
    /// The header or the template. Not to be tried again as it is.
    #[error(transparent)]
    Layout(#[from] LayoutFault),
    /// What the file is. Not to be tried again as it is, unless the disk is the cause.
    #[error(transparent)]
    Shape(#[from] ShapeFault),
    /// Its key was used for another upload. Not to be tried again as it is.
    #[error(
        "the key was used for another file, or with other parameters (all but `filename` count, and so does the charset of the Content-Type); give every upload a key of its own, and a repeated one what it was"
    )]
    KeyUsed,
    /// A field of the request. Not to be tried again as it is.
    #[error("{field}: {detail}")]
    Field {
        /// `from` or `class`.
        field: &'static str,
        /// What is wrong and how to mend it.
        detail: String,
    },
    /// An option of the request. Not to be tried again as it is.
    #[error(transparent)]
    Option(#[from] OptionFault),
    /// Too large, or the disk refuses.
    #[error(transparent)]
    Spool(#[from] SpoolFault),
    /// Too many wait. Try again later.
    #[error("{queued} batches wait already; try again when some are done")]
    TooMany {
        /// Batches that wait.
        queued: usize,
    },
    /// One of the account is being looked at, or as many of others as may be. Try again later.
    #[error(
        "another file is being looked at, one an account at a time; try again when that is done"
    )]
    TooManyChecks,
    /// We are stopping. Try again after the start.
    #[error("the node is stopping; try again when it is back")]
    Stopping,
}

/// Batches cannot be started.
#[derive(Debug, Error)]
pub enum BatchesFault {
    /// The folder.
    #[error("the folder of batches cannot be used: {0}; check `node.data_dir` and its permissions")]
    Folder(#[source] std::io::Error),
    /// The thread.
    #[error("the thread of batches cannot be started: {0}")]
    Thread(#[source] std::io::Error),
}
