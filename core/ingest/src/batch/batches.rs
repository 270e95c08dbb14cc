//! All batches of a node, for the doors that take them in and show them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread::JoinHandle;

use carrack_message::{Class, Sender};
use carrack_runtime::{Clock, SystemClock};
use tokio::sync::Notify;

use super::errors::write_header;
use super::fault::{BatchFault, BatchesFault};
use super::intake::Intake;
use super::job::{BatchState, JOB_VERSION, Job, JobRecord};
use super::layout::Layout;
use super::number::{BatchNumber, Numbers};
use super::specification::BatchSpec;
use super::store::{Spool, SpoolFault, Store, errors_path};
use super::supervisor;
use super::upload::UploadKey;
use super::view::BatchView;
use crate::accounts::{Account, AccountBook};

/// What a batch is asked for with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BatchRequest {
    /// Sender of rows that name none.
    pub from: Option<String>,
    /// Text of each row, with placeholders.
    pub template: Option<String>,
    /// Class of rows that name none.
    pub class: Option<String>,
    /// The customer's name of the file.
    pub filename: Option<String>,
}

/// What the doors and the thread of batches share.
pub(crate) struct Shared {
    pub(crate) spec: Arc<BatchSpec>,
    pub(crate) accounts: Arc<AccountBook>,
    pub(crate) jobs: RwLock<BTreeMap<BatchNumber, Arc<Job>>>,
    pub(crate) wake: Notify,
    pub(crate) stop: Arc<AtomicBool>,
    /// Held while an upload with a key is looked for and kept.
    pub(super) upload: Mutex<()>,
    store: Store,
    numbers: Numbers,
    pub(super) clock: SystemClock,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Shared {
    pub(crate) fn utc_ns(&self) -> u64 {
        self.clock.now().utc_ns
    }

    pub(crate) fn jobs(&self) -> Vec<Arc<Job>> {
        let jobs = self.jobs.read().unwrap_or_else(PoisonError::into_inner);
        jobs.values().cloned().collect()
    }
}

/// All batches of a node. Cheap to clone.
#[derive(Clone)]
pub struct Batches {
    pub(super) shared: Arc<Shared>,
}

impl Batches {
    /// Finds batches on disk, goes on with those that are not done, and takes new ones.
    ///
    /// # Errors
    /// [`BatchesFault`].
    pub fn start<I: Intake>(
        spec: BatchSpec,
        intake: I,
        accounts: Arc<AccountBook>,
    ) -> Result<Self, BatchesFault> {
        let store = Store::open(&spec.data_dir, spec.octets_max).map_err(BatchesFault::Folder)?;
        let numbers = Numbers::default();
        let mut jobs = BTreeMap::new();
        for (number, folder, record) in store.list().map_err(BatchesFault::Folder)? {
            numbers.after(number);
            jobs.insert(number, Arc::new(Job::new(number, folder, record)));
        }
        let shared = Arc::new(Shared {
            spec: Arc::new(spec),
            accounts,
            jobs: RwLock::new(jobs),
            wake: Notify::new(),
            stop: Arc::new(AtomicBool::new(false)),
            upload: Mutex::default(),
            store,
            numbers,
            clock: SystemClock::default(),
            thread: Mutex::new(None),
        });
        let thread = {
            let shared = Arc::clone(&shared);
            std::thread::Builder::new()
                .name("batch".to_owned())
                .spawn(move || supervisor::serve(&shared, &intake))
                .map_err(BatchesFault::Thread)?
        };
        *shared.thread.lock().unwrap_or_else(PoisonError::into_inner) = Some(thread);
        Ok(Self { shared })
    }

    /// Opens the place for a source that is coming in. Blocking.
    ///
    /// # Errors
    /// [`BatchFault::TooMany`], [`BatchFault::Stopping`] or [`BatchFault::Spool`].
    pub fn spool(&self) -> Result<Spool, BatchFault> {
        if self.shared.stop.load(Ordering::Relaxed) {
            return Err(BatchFault::Stopping);
        }
        let jobs = self.shared.jobs();
        let queued = jobs
            .iter()
            .filter(|job| job.live().record.state == BatchState::Queued)
            .count();
        if queued >= self.shared.spec.queued_max {
            return Err(BatchFault::TooMany { queued });
        }
        let number = self.shared.numbers.next(self.shared.utc_ns());
        Ok(self.shared.store.spool(number).map_err(SpoolFault::Disk)?)
    }

    /// Checks header, template, sender and class, makes the batch durable, and lets it begin. Blocking.
    ///
    /// # Errors
    /// [`BatchFault`]; nothing is kept then.
    pub fn submit(
        &self,
        spool: Spool,
        account: &Account,
        request: BatchRequest,
    ) -> Result<BatchView, BatchFault> {
        self.put(spool, account, request, None)
    }

    /// The same, with a key where the upload has one.
    pub(super) fn put(
        &self,
        spool: Spool,
        account: &Account,
        request: BatchRequest,
        upload: Option<UploadKey>,
    ) -> Result<BatchView, BatchFault> {
        let (octets, whole) = spool.beginning().map_err(SpoolFault::Disk)?;
        let layout = Layout::read(&octets, whole, request.template.as_deref())?;
        check(&request, &layout, account)?;
        let mut errors = Vec::new();
        write_header(&layout, &mut errors);
        let number = spool.number;
        let record = JobRecord {
            version: JOB_VERSION,
            id: number.to_string(),
            account: account.name.clone(),
            filename: request.filename,
            template: request.template,
            from: request.from,
            class: request.class,
            created_utc_ns: self.shared.utc_ns(),
            finished_utc_ns: 0,
            total_octets: spool.octets(),
            state: BatchState::Queued,
            row_next: 1,
            source_octet: layout.rows.octet,
            source_line: layout.rows.line,
            errors_octets: errors.len() as u64,
            accepted: 0,
            rejected: 0,
            submitted: 0,
            delivered: 0,
            failed: 0,
            repeated: 0,
            upload,
        };
        let folder = self
            .shared
            .store
            .keep(spool, &record, &errors)
            .map_err(SpoolFault::Disk)?;
        let job = Arc::new(Job::new(number, folder, record));
        let view = BatchView::of(&job.live());
        let mut jobs = self
            .shared
            .jobs
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        jobs.insert(number, job);
        drop(jobs);
        self.shared.wake.notify_one();
        Ok(view)
    }

    /// A batch of an account.
    #[must_use]
    pub fn view(&self, number: BatchNumber, account: &str) -> Option<BatchView> {
        let job = self.find(number, account)?;
        let live = job.live();
        Some(BatchView::of(&live))
    }

    /// The errors file of a batch of an account, and how many of its octets count.
    #[must_use]
    pub fn errors(&self, number: BatchNumber, account: &str) -> Option<(PathBuf, u64)> {
        let job = self.find(number, account)?;
        let octets = job.live().record.errors_octets;
        Some((errors_path(&job.folder), octets))
    }

    /// Ends after the chunks that are on their way, which the engine must still answer; what is not done goes on after
    /// the next start. Blocking.
    pub fn stop(&self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        self.shared.wake.notify_one();
        let thread = self
            .shared
            .thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(thread) = thread
            && thread.join().is_err()
        {
            tracing::error!("the thread of batches ended by a panic");
        }
    }

    fn find(&self, number: BatchNumber, account: &str) -> Option<Arc<Job>> {
        let jobs = self
            .shared
            .jobs
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        let job = jobs
            .get(&number)
            .filter(|job| job.live().record.account == account);
        job.cloned()
    }
}

fn check(request: &BatchRequest, layout: &Layout, account: &Account) -> Result<(), BatchFault> {
    let fault = |field, detail: String| BatchFault::Field { field, detail };
    if let Some(column) = layout.reserved() {
        let detail = "this column is not done for batches in this version; take it out, or rename it if it is only for you";
        return Err(fault(column, detail.to_owned()));
    }
    if let Some(from) = &request.from {
        Sender::parse(from).map_err(|found| fault("from", found.to_string()))?;
    } else if layout.from.is_none() && account.sender.is_none() {
        let detail = "nobody says who the messages are from; add a column `from`, or name a sender with the batch";
        return Err(fault("from", detail.to_owned()));
    }
    if let Some(class) = &request.class {
        class
            .parse::<Class>()
            .map_err(|found| fault("class", found.to_string()))?;
    }
    Ok(())
}
