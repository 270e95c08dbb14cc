//! CDR files: exactly one record of each message that has ended, for billing and audit.
//!
//! The log is the truth, the files are a copy of what it says: a thread follows the log behind the committer, joins each
//! end with what was accepted, and appends a line. How far it is, and how long the files were then, stands in the store and
//! is written there only when the files are on the disk; a start cuts the files back to that length and goes on from
//! there. So a kill at any moment gives the same lines as none.
//!
//! Bound: a cache of what was accepted lately, one round of lines, and `hold_octets_max` of log held back for a folder
//! that cannot be written. Fails: never to the messages; files are tried again, the fault is in the log and in a metric.

mod export;
mod fault;
mod files;
mod follow;
mod intake;
mod join;
mod line;
mod name;
mod position;
mod state;
#[cfg(test)]
mod tests;
mod text;
mod thread;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use carrack_message::Currency;
use serde::{Deserialize, Serialize};

pub(crate) use state::Tally;
pub use state::{CdrState, cdr_state};
pub(crate) use thread::CdrThread;

/// How a record is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CdrFormat {
    /// A JSON object a line.
    Jsonl,
    /// A header line, then a row a record.
    Csv,
}

impl CdrFormat {
    /// The end of a file's name.
    #[must_use]
    pub const fn ending(self) -> &'static str {
        match self {
            Self::Jsonl => "jsonl",
            Self::Csv => "csv",
        }
    }
}

/// What the currencies of prices are called, by name; replaced whole at a reload.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CdrCurrencies {
    /// Of what accounts pay.
    pub accounts: HashMap<String, Currency>,
    /// Of what carriers charge.
    pub carriers: HashMap<String, Currency>,
}

/// How CDR files are written.
#[derive(Debug, Clone)]
pub struct CdrSettings {
    /// Folder of the files.
    pub folder: PathBuf,
    /// Formats, each once; a file each.
    pub formats: Vec<CdrFormat>,
    /// Age at which a file is finished.
    pub rotate_after: Duration,
    /// Octets at which a file is finished.
    pub rotate_octets: u64,
    /// Octets of the log that are held back at most for what is in no file yet.
    pub hold_octets_max: u64,
    /// How long a stop may take.
    pub finish_max: Duration,
    /// What prices are in.
    pub currencies: CdrCurrencies,
}

/// Currencies as the thread and a reload share them.
pub(crate) type SharedCurrencies = Arc<RwLock<Arc<CdrCurrencies>>>;

pub(crate) fn currencies_now(shared: &SharedCurrencies) -> Arc<CdrCurrencies> {
    Arc::clone(&shared.read().unwrap_or_else(PoisonError::into_inner))
}
