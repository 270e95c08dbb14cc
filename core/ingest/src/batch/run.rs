//! Taking one batch from its cursor to its end.
//!
//! Promise: each row gets one verdict, across refusals, full disks and crashes. One chunk is on its way while the next is
//! prepared, never two on their way: a later one could be taken where an earlier one was refused, and the cursor in the
//! log would step over the earlier one's rows. What hinders is said, waited for, and the batch goes on from the last
//! durable cursor. Bound: two chunks, two blocks.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use carrack_engine::{Chunk, Refusal, Seen, Verdict};
use carrack_message::record::BatchProgress;
use carrack_runtime::{Backend, Clock, SystemClock};
use tokio::sync::oneshot;

use super::chunk::{Cursor, Filled, Prepared, Terms};
use super::errors::count_rows;
use super::intake::Intake;
use super::job::{Job, Pace};
use super::layout::Layout;
use super::rows::{Place, RowReader};
use super::source::Source;
use super::specification::BatchSpec;
use super::store::{errors_path, source_beginning, source_path};
use crate::accounts::AccountBook;

const MAILBOX_PAUSE: Duration = Duration::from_millis(2);
/// After so long without an answer it is said that the batch does not get on.
const PATIENCE: Duration = Duration::from_secs(2);
const PAUSE_MIN: Duration = Duration::from_millis(20);
const PAUSE_MAX: Duration = Duration::from_millis(1_000);

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// Every row has its verdict.
    Finished,
    /// We were told to stop; it goes on after the next start.
    Stopped,
}

/// Why it does not get on for now.
struct Hindrance {
    why: String,
    /// Fewer rows at a time may pass.
    smaller: bool,
    /// It is not known what became of the chunk on its way: only the log after a restart can tell.
    lost_sight: bool,
}

impl From<io::Error> for Hindrance {
    fn from(error: io::Error) -> Self {
        Self::because(format!("the disk refuses: {error}"))
    }
}

impl Hindrance {
    fn because(why: String) -> Self {
        Self {
            why,
            smaller: false,
            lost_sight: false,
        }
    }
}

/// A chunk on its way.
struct Flight {
    reply: oneshot::Receiver<Vec<Verdict>>,
    rows: Vec<u64>,
    rejected: u32,
    /// Rows that no carrier takes, shown to the shadow when the chunk is taken.
    unrouted: Vec<Seen>,
    after: Cursor,
}

/// One batch being taken.
pub(crate) struct Run<I> {
    pub(crate) intake: I,
    pub(crate) job: Arc<Job>,
    pub(crate) accounts: Arc<AccountBook>,
    pub(crate) spec: Arc<BatchSpec>,
    pub(crate) backend: Backend,
    pub(crate) stop: Arc<AtomicBool>,
    pub(crate) clock: SystemClock,
}

/// What changes from one try to the next.
struct Way {
    layout: Layout,
    cursor: Cursor,
    rows_max: u32,
    rows_limit: u32,
    /// Rows that the engine refused for good.
    refused: HashMap<u64, Refusal>,
}

impl<I: Intake> Run<I> {
    /// Takes the batch until its end, or until told to stop.
    pub(crate) async fn run(&self) -> Ended {
        let mut pause = PAUSE_MIN;
        let mut way = loop {
            match self.begin() {
                Ok(way) => break way,
                Err(hindrance) if self.wait_out(&hindrance, &mut pause).await => {}
                Err(_) => return Ended::Stopped,
            }
        };
        loop {
            let before = way.cursor;
            let hindrance = match self.go_on(&mut way).await {
                Ok(ended) => return ended,
                Err(hindrance) => hindrance,
            };
            if way.cursor != before {
                pause = PAUSE_MIN;
            }
            if hindrance.smaller {
                way.rows_max = (way.rows_max / 2).max(1);
            }
            if hindrance.lost_sight {
                self.job.hinder(Some(hindrance.why));
                return Ended::Stopped;
            }
            if !self.wait_out(&hindrance, &mut pause).await {
                return Ended::Stopped;
            }
        }
    }

    /// Waits; false where we are to stop.
    async fn wait_out(&self, hindrance: &Hindrance, pause: &mut Duration) -> bool {
        self.job.hinder(Some(hindrance.why.clone()));
        tokio::time::sleep(*pause).await;
        *pause = (*pause * 2).min(PAUSE_MAX);
        !self.stop.load(Ordering::Relaxed)
    }

    /// Finds the cursor: the log's or the job's, whichever is further.
    fn begin(&self) -> Result<Way, Hindrance> {
        let record = self.job.record();
        let (octets, whole) = source_beginning(&self.job.folder)?;
        let layout = Layout::read(&octets, whole, record.template.as_deref())
            .map_err(|fault| Hindrance::because(format!("its source has changed: {fault}")))?;
        let mut cursor = record.cursor();
        let (mut accepted, mut rejected) = (record.accepted, record.rejected);
        let mut repeated = record.repeated;
        let logged = self.intake.resume(self.job.number.0);
        if let Some(logged) = logged.filter(|logged| logged.row_next > cursor.row_next) {
            cursor = Cursor {
                row_next: logged.row_next,
                place: Place {
                    octet: logged.source_octet,
                    line: logged.source_line,
                },
                errors_octets: logged.errors_octets,
            };
            let rows = cursor.row_next.saturating_sub(1);
            (accepted, rejected) = (u64::from(logged.accepted), u64::from(logged.rejected));
            let repeats = self.may_repeat(&layout);
            // The log may have let go of the beginning; the errors file has not, and of rows that were messages already the
            // job knows all but those of the last second.
            let is_cut = match repeats {
                true => logged.row_first > 1,
                false => accepted + rejected != rows,
            };
            if is_cut {
                rejected = count_rows(
                    &errors_path(&self.job.folder),
                    cursor.errors_octets,
                    layout.delimiter,
                )?;
                accepted = rows.saturating_sub(rejected + repeated);
            }
            if repeats {
                repeated = rows.saturating_sub(accepted + rejected);
            }
        }
        let mut live = self.job.live();
        live.record.set_cursor(cursor);
        // The log may have been further than the job: that was done before.
        live.pace = Pace::default();
        (live.record.accepted, live.record.rejected) = (accepted, rejected);
        live.record.repeated = repeated;
        let most = u32::try_from(self.intake.chunk_submissions_max()).unwrap_or(u32::MAX);
        let rows_limit = self.spec.chunk_rows.min(most).max(1);
        Ok(Way {
            layout,
            cursor,
            rows_max: rows_limit,
            rows_limit,
            refused: HashMap::new(),
        })
    }

    /// Whether a row may be a message already.
    fn may_repeat(&self, layout: &Layout) -> bool {
        let record = self.job.record();
        let accounts = self.accounts.current();
        let account = accounts.by_name(&record.account);
        let duplicates = account.is_some_and(|account| account.duplicates.is_some());
        layout.idempotency_key.is_some() || duplicates || record.repeated > 0
    }

    async fn go_on(&self, way: &mut Way) -> Result<Ended, Hindrance> {
        let errors = self.open_errors(&mut way.cursor)?;
        let path = source_path(&self.job.folder);
        let octets = self.spec.read_octets;
        let mut source = Source::open(&path, self.backend, way.cursor.place.octet, octets).await?;
        let mut reader = RowReader::new(way.layout.delimiter, way.cursor.place);
        let mut ahead = way.cursor;
        let mut flight: Option<Flight> = None;
        loop {
            let prepared = self
                .prepare(way, &mut source, &mut reader, ahead, &errors)
                .await;
            // Whatever happened to the next chunk: first it has to be known what became of the one on its way.
            if let Some(flight) = flight.take() {
                self.land(way, flight).await?;
            }
            let (prepared, filled, after) = prepared?;
            if prepared.rows > 0 {
                let sent = self.send(prepared, ahead, after).await;
                let Some(sent) = sent else {
                    return Ok(Ended::Stopped);
                };
                flight = Some(sent);
            }
            ahead = after;
            let stop = self.stop.load(Ordering::Relaxed);
            if filled == Filled::End || stop {
                if let Some(flight) = flight.take() {
                    self.land(way, flight).await?;
                }
                let finished = filled == Filled::End;
                return Ok(if finished {
                    Ended::Finished
                } else {
                    Ended::Stopped
                });
            }
        }
    }

    /// Opens the errors file and takes away what stands behind the cursor.
    fn open_errors(&self, cursor: &mut Cursor) -> io::Result<File> {
        let path = errors_path(&self.job.folder);
        let errors = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)?;
        let found = errors.metadata()?.len();
        if found < cursor.errors_octets {
            tracing::error!(batch = %self.job.number, found, expected = cursor.errors_octets, "the errors file was cut from outside");
            cursor.errors_octets = found;
        }
        errors.set_len(cursor.errors_octets)?;
        Ok(errors)
    }

    async fn prepare(
        &self,
        way: &Way,
        source: &mut Source,
        reader: &mut RowReader,
        ahead: Cursor,
        errors: &File,
    ) -> Result<(Prepared, Filled, Cursor), Hindrance> {
        let record = self.job.record();
        let accounts = self.accounts.current();
        let account = accounts.by_name(&record.account).ok_or_else(|| {
            Hindrance::because(format!(
                "account {} is not in the configuration any more",
                record.account
            ))
        })?;
        let (table, shadow) = (self.intake.table(), self.intake.shadow());
        let terms = Terms {
            batch: self.job.number.0,
            account,
            table: &table,
            at_utc_ns: self.clock.now().utc_ns,
            layout: &way.layout,
            from: record.from.as_deref(),
            class: record.class.as_deref(),
            class_default: self.spec.class,
            refused: &way.refused,
            shadow: shadow.as_deref(),
        };
        let mut prepared = Prepared::default();
        let filled = loop {
            match prepared.fill(reader, &terms, ahead.row_next, way.rows_max) {
                Filled::More => match source.next().await? {
                    block if block.is_empty() => reader.end(),
                    block => reader.feed(&block),
                },
                filled => break filled,
            }
        };
        if !prepared.errors.is_empty() {
            // On disk before the log says that these rows have their verdict.
            errors.write_all_at(&prepared.errors, ahead.errors_octets)?;
            errors.sync_data()?;
        }
        let after = Cursor {
            row_next: ahead.row_next + u64::from(prepared.rows),
            place: reader.place(),
            errors_octets: ahead.errors_octets + prepared.errors.len() as u64,
        };
        Ok((prepared, filled, after))
    }

    /// Hands a chunk over, waiting while the shard's mailbox is full; `None` where we are to stop.
    async fn send(&self, prepared: Prepared, before: Cursor, after: Cursor) -> Option<Flight> {
        let batch = self.job.number.0;
        let progress = BatchProgress {
            batch,
            row_first: before.row_next,
            row_next: after.row_next,
            source_octet: after.place.octet,
            source_line: after.place.line,
            errors_octets: after.errors_octets,
            accepted: 0,
            rejected: prepared.rejected,
        };
        let rows = prepared.submissions.iter();
        let rows = rows
            .filter_map(|submission| submission.batch.map(|row| row.row))
            .collect();
        let (answer, reply) = oneshot::channel();
        let mut chunk = Chunk {
            submissions: prepared.submissions,
            progress: Some(progress),
            // Nobody waits any more only where the whole run was dropped.
            reply: Box::new(move |verdicts| drop(answer.send(verdicts))),
        };
        let begun = tokio::time::Instant::now();
        while let Err(back) = self.intake.submit_to(batch, chunk) {
            if begun.elapsed() >= PATIENCE {
                self.job.hinder(Some(
                    "the node has more work at hand than it can take".to_owned(),
                ));
            }
            if self.stop.load(Ordering::Relaxed) {
                return None;
            }
            chunk = back;
            tokio::time::sleep(MAILBOX_PAUSE).await;
        }
        Some(Flight {
            reply,
            rows,
            rejected: prepared.rejected,
            unrouted: prepared.unrouted,
            after,
        })
    }

    /// Learns what became of a chunk; the cursor moves only here.
    async fn land(&self, way: &mut Way, mut flight: Flight) -> Result<(), Hindrance> {
        let lost = || Hindrance {
            why: "the engine gave no answer to a chunk; the batch goes on after a restart"
                .to_owned(),
            smaller: false,
            lost_sight: true,
        };
        let verdicts = match tokio::time::timeout(PATIENCE, &mut flight.reply).await {
            Ok(answer) => answer,
            Err(_) => {
                self.job.hinder(Some(
                    "the node has not made the last rows durable yet".to_owned(),
                ));
                flight.reply.await
            }
        };
        let verdicts = verdicts.map_err(|_| lost())?;
        if verdicts.len() != flight.rows.len() {
            return Err(lost());
        }
        let mut temporary = None;
        let (mut refused, mut repeated) = (false, 0);
        for (verdict, row) in verdicts.into_iter().zip(&flight.rows) {
            let refusal = match verdict {
                Verdict::Refused(refusal) => refusal,
                Verdict::Accepted(_) => continue,
                Verdict::Repeated(..) => {
                    repeated += 1;
                    continue;
                }
            };
            refused = true;
            if refusal == Refusal::Together {
                // The row that is the cause says why.
            } else if refusal.is_of_the_message() {
                way.refused.insert(*row, refusal);
            } else {
                temporary.get_or_insert(refusal);
            }
        }
        if refused {
            return Err(Hindrance {
                why: temporary
                    .as_ref()
                    .map_or_else(|| "rows were refused".to_owned(), ToString::to_string),
                smaller: matches!(
                    temporary,
                    Some(Refusal::QueueFull | Refusal::AccountQueueFull | Refusal::NoCredit)
                ),
                lost_sight: false,
            });
        }
        way.cursor = flight.after;
        if let Some(shadow) = self.intake.shadow().filter(|_| !flight.unrouted.is_empty()) {
            flight.unrouted.drain(..).for_each(|seen| shadow.show(seen));
        }
        way.refused.retain(|row, _| *row >= flight.after.row_next);
        // A small chunk that slips into a full queue does not mean that it gets on again.
        if way.rows_max == way.rows_limit {
            self.job.hinder(None);
        }
        way.rows_max = way.rows_max.saturating_mul(2).min(way.rows_limit);
        let mut live = self.job.live();
        live.record.set_cursor(flight.after);
        live.record.accepted += flight.rows.len() as u64 - repeated;
        live.record.repeated += repeated;
        live.record.rejected += u64::from(flight.rejected);
        Ok(())
    }
}
