//! Drop folders: a file that is put into one becomes a batch.
//!
//! Promise: a file is sent once, whatever ends the process between any two steps. It is taken by a rename that gives it its
//! batch's number, so a start knows whether it was submitted; it is archived with its report when every row has its verdict;
//! what can never be taken goes to `refused/` with the reason. Bound: [`FILES_A_LOOK`] files at hand, and the batches of the account.
//! What may pass (a full disk, too many batches) is tried again at the next look, and said once; what is wrong with one file keeps
//! no other.

mod archive;
mod watch;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::accounts::AccountBook;
use crate::batch::{BatchRequest, Batches, OptionFault};
use watch::Watch;

/// Files of a folder that are at hand at a time; the others are taken when these are done.
pub(crate) const FILES_A_LOOK: usize = 1_024;

/// One folder.
#[derive(Debug, Clone)]
pub struct DropFolderSpec {
    /// Where files are put; `taken`, `archive` and `refused` lie in it.
    pub folder: PathBuf,
    /// Whose batches they become.
    pub account: String,
    /// A file is taken when it did not change for so long.
    pub settle: Duration,
    /// How often it is looked at.
    pub look_every: Duration,
    /// What each batch is asked for with.
    pub request: BatchRequest,
}

impl DropFolderSpec {
    /// As configured.
    ///
    /// # Errors
    /// An option that is none, or cannot be of a folder.
    pub fn from_settings(settings: &carrack_settings::DropFolder) -> Result<Self, OptionFault> {
        let mut request = BatchRequest::default();
        for (name, value) in &settings.options {
            if matches!(
                name.as_str(),
                "dry_run" | "filename" | "start_at" | "finish_by"
            ) {
                return Err(OptionFault {
                    field: name.clone(),
                    detail: "is of one file, not of a folder; take it out".to_owned(),
                });
            }
            request.set(name, value)?;
        }
        Ok(Self {
            folder: settings.folder.clone(),
            account: settings.account.clone(),
            settle: settings.settle,
            look_every: settings.look_every,
            request,
        })
    }
}

/// All drop folders of a node.
pub struct DropFolders {
    stop: Arc<AtomicBool>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl DropFolders {
    /// Watches each folder on a thread of its own.
    ///
    /// # Errors
    /// A folder that cannot be made, or no thread.
    pub fn start(
        specs: Vec<DropFolderSpec>,
        batches: &Batches,
        accounts: &Arc<AccountBook>,
    ) -> std::io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let mut threads = Vec::new();
        for spec in specs {
            let look_every = spec.look_every;
            let mut watch = Watch::open(spec, batches.clone(), Arc::clone(accounts))?;
            let stop = Arc::clone(&stop);
            let run = move || {
                while !stop.load(Ordering::Relaxed) {
                    watch.look();
                    std::thread::park_timeout(look_every);
                }
            };
            let thread = std::thread::Builder::new().name("drop-folder".to_owned());
            threads.push(thread.spawn(run)?);
        }
        Ok(Self {
            stop,
            threads: Mutex::new(threads),
        })
    }

    /// Ends after the files that are being taken. Blocking.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
        let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        for thread in threads.drain(..) {
            thread.thread().unpark();
            if thread.join().is_err() {
                tracing::error!("the thread of a drop folder ended by a panic");
            }
        }
    }
}

#[cfg(test)]
mod tests;
