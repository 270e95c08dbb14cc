//! All batches of a node, for the doors that take them in and show them.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread::JoinHandle;

use carrack_message::{Class, Sender};
use carrack_runtime::{Clock, SystemClock};
use tokio::sync::Notify;

use super::checks::Checks;
use super::errors::write_header;
use super::fault::{BatchFault, BatchesFault};
use super::intake::Intake;
use super::job::{BatchState, JOB_VERSION, Job, JobRecord, Swaps};
use super::json_rows::column_name;
use super::layout::{ERROR_COLUMNS, Layout, RESERVED_DETAIL};
use super::number::{BatchNumber, Numbers};
use super::request::{BatchRequest, OptionFault};
use super::shape::Format;
use super::specification::BatchSpec;
use super::store::{Spool, SpoolFault, Store, errors_path};
use super::supervisor;
use super::timing::Timing;
use super::upload::UploadKey;
use super::view::BatchView;
use crate::accounts::{Account, AccountBook};
use crate::submission::{longer_than, validity_ns};

/// Longest name of a file, and of a column that is asked for; `job.json` holds them, and has to be read again.
const NAME_OCTETS_MAX: usize = 255;

/// Rows of a batch that were refused, as a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorsFile {
    /// Where it lies.
    pub path: PathBuf,
    /// So many of its octets count.
    pub octets: u64,
    /// That of the source.
    pub format: Format,
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
    /// Files that are only looked at just now.
    pub(super) checks: Checks,
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
            checks: Checks::default(),
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

    /// Opens the place for a source of an account that is coming in. Blocking.
    ///
    /// # Errors
    /// [`BatchFault::TooMany`], [`BatchFault::Stopping`] or [`BatchFault::Spool`].
    pub fn spool(&self, account: &str) -> Result<Spool, BatchFault> {
        self.spool_as(self.next_number(), account)
    }

    /// A number for a batch that is to come.
    #[must_use]
    pub fn next_number(&self) -> BatchNumber {
        self.shared.numbers.next(self.shared.utc_ns())
    }

    /// Opens the place for a source whose batch has this number. Blocking.
    ///
    /// # Errors
    /// As [`Self::spool`].
    pub fn spool_as(&self, number: BatchNumber, account: &str) -> Result<Spool, BatchFault> {
        if self.shared.stop.load(Ordering::Relaxed) {
            return Err(BatchFault::Stopping);
        }
        let (mut queued, mut of_account) = (0, 0);
        for job in self.shared.jobs() {
            let live = job.live();
            if live.record.state.has_rows_left() {
                queued += 1;
                of_account += usize::from(live.record.account == account);
            }
        }
        let spec = &self.shared.spec;
        if of_account >= spec.queued_of_account_max {
            return Err(BatchFault::TooMany { queued: of_account });
        }
        if queued >= spec.queued_max {
            return Err(BatchFault::TooMany { queued });
        }
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
        let seen = spool.seen(&request.shape, self.shared.spec.unpacked_max)?;
        let (octets, shape) = (&seen.beginning, seen.shape);
        let layout = Layout::read(octets, seen.whole, &shape, &request.wanted())?;
        check(&request, &layout, account)?;
        let mut errors = Vec::new();
        write_header(&layout, &mut errors);
        let now_utc_ns = self.shared.utc_ns();
        let timing = Timing::of(&request, now_utc_ns)?;
        let number = spool.number;
        let record = JobRecord {
            version: JOB_VERSION,
            id: number.to_string(),
            account: account.name.clone(),
            filename: request.filename,
            template: request.template,
            from: trimmed(request.from),
            class: request.class,
            created_utc_ns: now_utc_ns,
            finished_utc_ns: 0,
            total_octets: spool.octets(),
            state: match timing.start_at_utc_ns {
                0 => BatchState::Queued,
                _ => BatchState::Scheduled,
            },
            row_next: 1,
            source_octet: layout.rows.octet,
            source_line: layout.rows.line,
            errors_octets: errors.len() as u64,
            accepted: 0,
            rejected: 0,
            submitted: 0,
            delivered: 0,
            failed: 0,
            shape: Some(shape),
            columns: request.columns,
            template_syntax: request.template_syntax,
            read_octets: 0,
            fault: None,
            timing,
            duplicates: request.duplicates,
            smart_characters: request.smart_characters,
            send_at: trimmed(request.send_at),
            validity: trimmed(request.validity),
            swaps: Swaps::default(),
            rows_total: None,
            withdrawn: 0,
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

    /// Batches of an account, the newest first.
    #[must_use]
    pub fn list(&self, account: &str, most: usize) -> Vec<BatchView> {
        let jobs = self.shared.jobs();
        let mut found = Vec::new();
        for job in jobs.iter().rev() {
            let live = job.live();
            if found.len() < most && live.record.account == account {
                found.push(BatchView::of(&live));
            }
        }
        found
    }

    /// Says of a batch what was found out about its source since; the batch as it stands then. Blocking.
    ///
    /// # Errors
    /// It cannot be written down; it is not said then.
    pub(crate) fn add_fault(
        &self,
        number: BatchNumber,
        account: &str,
        fault: &str,
    ) -> io::Result<Option<BatchView>> {
        let Some(job) = self.find(number, account) else {
            return Ok(None);
        };
        job.add_fault(fault)?;
        let live = job.live();
        Ok(Some(BatchView::of(&live)))
    }

    /// The errors file of a batch of an account.
    #[must_use]
    pub fn errors(&self, number: BatchNumber, account: &str) -> Option<ErrorsFile> {
        let job = self.find(number, account)?;
        let live = job.live();
        let shape = live.record.shape.as_ref();
        Some(ErrorsFile {
            path: errors_path(&job.folder),
            octets: live.record.errors_octets,
            format: shape.map_or(Format::Csv, |shape| shape.format),
        })
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

    pub(super) fn find(&self, number: BatchNumber, account: &str) -> Option<Arc<Job>> {
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

/// As it is read: `job.json` need not hold what surrounds it.
fn trimmed(text: Option<String>) -> Option<String> {
    text.map(|text| text.trim().to_owned())
}

pub(super) fn check(
    request: &BatchRequest,
    layout: &Layout,
    account: &Account,
) -> Result<(), BatchFault> {
    let fault = |field, detail: String| BatchFault::Field { field, detail };
    let name = request.filename.as_deref().unwrap_or_default();
    if name.len() > NAME_OCTETS_MAX {
        let detail = format!("is longer than {NAME_OCTETS_MAX} octets; shorten it");
        return Err(fault("filename", detail));
    }
    for (field, column) in &request.columns {
        if column.len() > NAME_OCTETS_MAX {
            return Err(BatchFault::Option(OptionFault {
                field: format!("column.{field}"),
                detail: format!("is longer than {NAME_OCTETS_MAX} octets; shorten the header"),
            }));
        }
    }
    if let Some(template) = &layout.template {
        template.check().map_err(super::layout::LayoutFault::from)?;
    }
    const PASSED_OVER: &str =
        "a column that errors files have and that is passed over; rename it in the file";
    let is_of_errors = |column: &str| ERROR_COLUMNS.contains(&column_name(column).as_str());
    if let Some((field, column)) = (request.columns.iter()).find(|(_, column)| is_of_errors(column))
    {
        return Err(BatchFault::Option(OptionFault {
            field: format!("column.{field}"),
            detail: format!("`{column}` is {PASSED_OVER}"),
        }));
    }
    if let Some(column) = layout.used_error_column() {
        let detail = format!("uses `{column}`, {PASSED_OVER} and in the template");
        return Err(fault("template", detail));
    }
    if let Some(column) = layout.reserved() {
        return Err(fault(column, RESERVED_DETAIL.to_owned()));
    }
    if let Some(from) = &request.from {
        Sender::parse(from).map_err(|found| fault("from", found.to_string()))?;
    } else if layout.from.is_none_or(|column| column >= layout.found) && account.sender.is_none() {
        let detail = "nobody says who the messages are from; add a column `from`, or name a sender with the batch";
        return Err(fault("from", detail.to_owned()));
    }
    if let Some(class) = &request.class {
        class
            .parse::<Class>()
            .map_err(|found| fault("class", found.to_string()))?;
    }
    if let Some(validity) = &request.validity {
        let asked_ns =
            validity_ns(validity).map_err(|found| fault("validity", found.to_string()))?;
        if asked_ns > account.validity_ns_max {
            let detail = format!("{validity:?} {}", longer_than(account.validity_ns_max));
            return Err(fault("validity", detail));
        }
    }
    Ok(())
}
