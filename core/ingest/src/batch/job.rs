//! One batch: what was asked for, how far it is, and what of that is on disk.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use carrack_engine::{BatchCounters, BatchEnds};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::chunk::Cursor;
use super::duplicates::Duplicates;
use super::layout::{ColumnMap, Wanted};
use super::number::BatchNumber;
use super::rows::Place;
use super::shape::Shape;
use super::store::write_job;
use super::template::TemplateSyntax;
use super::timing::Timing;
use super::upload::UploadKey;

/// Where a batch stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BatchState {
    /// Waits for its moment.
    Scheduled,
    /// Waits for its turn.
    Queued,
    /// Its rows are being taken.
    Running,
    /// Every row has its verdict; messages are on their way.
    Finished,
    /// Every accepted message is final.
    Done,
    /// Held until it is resumed: no more rows are taken.
    Paused,
    /// No more rows are taken; what waits is being withdrawn.
    Cancelling,
    /// What waited was withdrawn; the rest is on its way, or final.
    Cancelled,
}

impl BatchState {
    /// Whether rows are still to be taken, now or later.
    pub(crate) fn has_rows_left(self) -> bool {
        matches!(
            self,
            Self::Scheduled | Self::Queued | Self::Running | Self::Paused
        )
    }
}

/// Signs that were written plainly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Swaps {
    /// Rows.
    pub rows: u64,
    /// Characters.
    pub characters: u64,
    /// Segments that these rows take less.
    pub segments_saved: u64,
}

impl Swaps {
    pub(crate) fn note(&mut self, swapped: Option<(u32, u8)>) {
        if let Some((characters, saved)) = swapped {
            self.add(Self {
                rows: 1,
                characters: u64::from(characters),
                segments_saved: u64::from(saved),
            });
        }
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.rows += other.rows;
        self.characters += other.characters;
        self.segments_saved += other.segments_saved;
    }
}

/// `job.json`: what survives, also after the log has let go of the batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct JobRecord {
    pub(crate) version: u32,
    pub(crate) id: String,
    pub(crate) account: String,
    pub(crate) filename: Option<String>,
    pub(crate) template: Option<String>,
    pub(crate) from: Option<String>,
    pub(crate) class: Option<String>,
    pub(crate) created_utc_ns: u64,
    pub(crate) finished_utc_ns: u64,
    pub(crate) total_octets: u64,
    pub(crate) state: BatchState,
    pub(crate) row_next: u64,
    pub(crate) source_octet: u64,
    pub(crate) source_line: u64,
    pub(crate) errors_octets: u64,
    pub(crate) accepted: u64,
    pub(crate) rejected: u64,
    pub(crate) submitted: u64,
    pub(crate) delivered: u64,
    pub(crate) failed: u64,
    /// What the source is; none: plain UTF-8, kept by an earlier version.
    #[serde(default)]
    pub(crate) shape: Option<Shape>,
    /// Which column is which field.
    #[serde(default)]
    pub(crate) columns: ColumnMap,
    #[serde(default)]
    pub(crate) template_syntax: Option<TemplateSyntax>,
    /// Octets of the file that were read, where they are not those of the text.
    #[serde(default)]
    pub(crate) read_octets: u64,
    /// Why the source could not be read to its end.
    #[serde(default)]
    pub(crate) fault: Option<String>,
    #[serde(default)]
    pub(crate) timing: Timing,
    #[serde(default)]
    pub(crate) duplicates: Option<Duplicates>,
    /// Whether typographic signs are written plainly where that saves a segment.
    #[serde(default)]
    pub(crate) smart_characters: bool,
    /// When rows are sent that do not say it, as it was written.
    #[serde(default)]
    pub(crate) send_at: Option<String>,
    /// How long rows are valid that do not say it.
    #[serde(default)]
    pub(crate) validity: Option<String>,
    /// What that came to; after a crash perhaps less than it was.
    #[serde(default)]
    pub(crate) swaps: Swaps,
    /// Rows of the source, where they were counted.
    #[serde(default)]
    pub(crate) rows_total: Option<u64>,
    /// Messages that were withdrawn.
    #[serde(default)]
    pub(crate) withdrawn: u64,
    /// Rows whose key, or content, was met before.
    #[serde(default)]
    pub(crate) repeated: u64,
    /// By what the upload is known when it comes again.
    #[serde(default)]
    pub(crate) upload: Option<UploadKey>,
}

/// Version of `job.json` that this code writes.
pub(crate) const JOB_VERSION: u32 = 1;

impl JobRecord {
    pub(crate) fn cursor(&self) -> Cursor {
        Cursor {
            row_next: self.row_next,
            place: Place {
                octet: self.source_octet,
                line: self.source_line,
            },
            errors_octets: self.errors_octets,
        }
    }

    /// Whether nothing more is to come of it.
    pub(crate) fn has_ended(&self) -> bool {
        match self.state {
            BatchState::Done => true,
            BatchState::Cancelled => self.finished_utc_ns > 0,
            _ => false,
        }
    }

    pub(crate) fn wanted(&self) -> Wanted<'_> {
        Wanted {
            template: self.template.as_deref(),
            syntax: self.template_syntax,
            columns: &self.columns,
        }
    }

    /// Octets of the file whose rows have their verdict, as near as can be told.
    pub(crate) fn octets_done(&self) -> u64 {
        let is_direct = self.shape.as_ref().is_none_or(Shape::is_direct);
        match self.state {
            _ if is_direct => self.source_octet,
            BatchState::Finished | BatchState::Done if self.fault.is_none() => self.total_octets,
            _ => self.read_octets.min(self.total_octets),
        }
    }

    pub(crate) fn set_cursor(&mut self, cursor: Cursor) {
        self.row_next = cursor.row_next;
        self.source_octet = cursor.place.octet;
        self.source_line = cursor.place.line;
        self.errors_octets = cursor.errors_octets;
    }
}

/// Speeds of the last seconds.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Pace {
    pub(crate) rows_per_second: f64,
    pub(crate) octets_per_second: f64,
    pub(crate) finals_per_second: f64,
    /// Rows, octets and final messages at the look before; none: what is there was done before this start.
    before: Option<(u64, u64, u64)>,
}

impl Pace {
    /// Takes one look, `seconds` after the one before. The first one only notes where counting begins.
    pub(crate) fn look(&mut self, seconds: f64, rows: u64, octets: u64, finals: u64) {
        const KEPT: f64 = 0.7;
        let Some(before) = self.before.replace((rows, octets, finals)) else {
            return;
        };
        let speed = |before: f64, gained: u64| {
            let now = gained as f64 / seconds.max(0.001);
            if before == 0.0 {
                now
            } else {
                before * KEPT + now * (1.0 - KEPT)
            }
        };
        self.rows_per_second = speed(self.rows_per_second, rows.saturating_sub(before.0));
        self.octets_per_second = speed(self.octets_per_second, octets.saturating_sub(before.1));
        self.finals_per_second = speed(self.finals_per_second, finals.saturating_sub(before.2));
    }
}

/// What changes while a batch runs.
pub(crate) struct Live {
    pub(crate) record: JobRecord,
    /// What is on disk.
    pub(crate) written: Option<JobRecord>,
    pub(crate) counters: Option<Arc<BatchCounters>>,
    /// What became of messages that the log of this start says nothing of any more.
    pub(crate) before_log: BatchEnds,
    /// A run has it in hand, or nobody knows until the next start what became of its last chunk.
    pub(crate) in_hand: bool,
    /// Number of the turn it had last, and when it may have the next one; 0: it had none.
    pub(crate) turn: u64,
    pub(crate) rests_until: Option<Instant>,
    /// The job of the queue that withdraws what waits, and what was withdrawn before it.
    pub(crate) withdrawal: Option<(u64, u64)>,
    /// Of what was withdrawn when its moment came, how much is in the record.
    pub(crate) withdrawn_later: u64,
    pub(crate) pace: Pace,
    /// Why it does not get on, where it does not.
    pub(crate) hindrance: Option<String>,
}

/// A batch in memory, shared between its worker and those who ask for it.
pub(crate) struct Job {
    pub(crate) number: BatchNumber,
    pub(crate) folder: PathBuf,
    live: Mutex<Live>,
    /// One writes `job.json` at a time.
    writing: Mutex<()>,
}

impl Job {
    pub(crate) fn new(number: BatchNumber, folder: PathBuf, record: JobRecord) -> Self {
        let written = Some(record.clone());
        let live = Live {
            record,
            written,
            counters: None,
            before_log: BatchEnds::default(),
            in_hand: false,
            turn: 0,
            rests_until: None,
            withdrawal: None,
            withdrawn_later: 0,
            pace: Pace::default(),
            hindrance: None,
        };
        Self {
            number,
            folder,
            live: Mutex::new(live),
            writing: Mutex::new(()),
        }
    }

    /// Writes `job.json` where it is not what is on disk. Blocking.
    pub(crate) fn write(&self) -> io::Result<()> {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let record = self.record();
        if self.live().written.as_ref() == Some(&record) {
            return Ok(());
        }
        write_job(&self.folder, &record)?;
        self.live().written = Some(record);
        Ok(())
    }

    /// Writes `job.json` with another state, then has it so: what is not on disk was never there. Blocking.
    pub(crate) fn change<E: From<io::Error>>(
        &self,
        to: impl Fn(BatchState) -> Result<BatchState, E>,
        write: impl FnOnce(&Path, &JobRecord) -> io::Result<()>,
    ) -> Result<(), E> {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut record = self.record();
        record.state = to(record.state)?;
        if self.live().written.as_ref() != Some(&record) {
            write(&self.folder, &record)?;
        }
        let mut live = self.live();
        live.written = Some(record);
        // It may have come further meanwhile.
        live.record.state = to(live.record.state)?;
        Ok(())
    }

    /// Says once what is wrong with its source. Blocking.
    pub(crate) fn add_fault(&self, fault: &str) -> io::Result<()> {
        let before = self.live().record.fault.clone();
        let said = match &before {
            Some(said) if said.contains(fault) => return self.write(),
            Some(said) => format!("{said}; {fault}"),
            None => fault.to_owned(),
        };
        self.live().record.fault = Some(said);
        self.write()
            .inspect_err(|_| self.live().record.fault = before)
    }

    /// Held for a moment only: once a chunk, once a second, once a question.
    pub(crate) fn live(&self) -> MutexGuard<'_, Live> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn record(&self) -> JobRecord {
        self.live().record.clone()
    }

    /// It is held where it broke off, until somebody resumes or cancels it.
    pub(crate) fn break_off(&self, why: String) {
        tracing::error!(batch = %self.number, why, "a batch broke off");
        let mut live = self.live();
        if live.record.state == BatchState::Running {
            live.record.state = BatchState::Paused;
        }
        live.hindrance = Some(why);
    }

    pub(crate) fn hinder(&self, why: Option<String>) {
        let mut live = self.live();
        if live.hindrance != why {
            if let Some(why) = &why {
                tracing::warn!(batch = %self.number, why, "the batch does not get on; it is tried again");
            }
            live.hindrance = why;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Pace;

    #[test]
    fn what_was_done_before_this_start_is_no_speed() {
        let mut pace = Pace::default();
        pace.look(0.5, 1_000_000, 50_000_000, 900_000);
        assert!(pace.rows_per_second + pace.octets_per_second + pace.finals_per_second < 1.0);
        pace.look(0.5, 1_000_100, 50_001_000, 900_050);
        assert!((pace.rows_per_second - 200.0).abs() < 0.1);
        assert!((pace.finals_per_second - 100.0).abs() < 0.1);
    }
}
