//! Where a batch goes on: at the row that the log says, with what has to be known of the rows before it.
//!
//! Promise: the log's cursor or the job's, whichever is further; what the rows before it were is read again where a later row
//! depends on it. Bound: a block, and the marks of the rows.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io;
use std::time::Instant;

use super::chunk::{Cursor, text_of_row};
use super::duplicates::Before;
use super::errors::{RefusedLines, count_rows};
use super::hindrance::Hindrance;
use super::intake::Intake;
use super::job::Pace;
use super::layout::Layout;
use super::reader::Reader;
use super::rows::{Found, Place};
use super::run::{Run, Way};
use super::shape::ShapeFault;
use super::source::SourceFault;
use super::store::{errors_path, source_beginning, source_path};
use super::tempo::Tempo;
use crate::submission::Screen;

impl<I: Intake> Run<I> {
    /// Finds the cursor: the log's or the job's, whichever is further.
    pub(super) fn begin(&self) -> Result<Way, Hindrance> {
        let record = self.job.record();
        let changed = |fault: &dyn std::fmt::Display| {
            Hindrance::because(format!("its source has changed: {fault}"))
        };
        let (shape, octets, whole) = source_beginning(
            &self.job.folder,
            record.shape.clone(),
            self.spec.unpacked_max,
        )
        .map_err(|fault| match fault {
            ShapeFault::Disk(error) => error.into(),
            fault => changed(&fault),
        })?;
        let layout = Layout::read(&octets, whole, &shape, &record.wanted())
            .map_err(|fault| changed(&fault))?;
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
                    &layout,
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
            shape,
            layout,
            cursor,
            rows_max: rows_limit,
            rows_limit,
            refused: HashMap::new(),
            before: None,
            tempo: Tempo::new(record.timing),
            source: None,
            begun: Instant::now(),
            ready_in: None,
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

    /// What has to be known of the whole file before its next row is taken.
    pub(super) async fn look_over(&self, way: &mut Way) -> Result<(), Hindrance> {
        let record = self.job.record();
        if let Some(duplicates) = record.duplicates {
            let mut before = Before::new(duplicates, self.spec.duplicates_max);
            self.recollect(way, &mut before).await?;
            way.before = Some(before);
        }
        if record.timing.finish_by_utc_ns > 0 && record.rows_total.is_none() {
            let rows = self.count(way, way.layout.rows, u64::MAX, |_| {}).await?;
            self.job.live().record.rows_total = Some(rows);
        }
        Ok(())
    }

    /// Marks the rows before the cursor that were accepted: those that are not in the errors file.
    async fn recollect(&self, way: &Way, before: &mut Before) -> Result<(), Hindrance> {
        let cursor = way.cursor;
        if cursor.row_next <= 1 {
            return Ok(());
        }
        let accounts = self.accounts.current();
        let record = self.job.record();
        let Some(account) = accounts.by_name(&record.account) else {
            let name = record.account;
            return Err(Hindrance::because(format!(
                "account {name} is not in the configuration any more"
            )));
        };
        let screen = Screen::new(account, self.spec.class);
        let path = errors_path(&self.job.folder);
        let mut refused = RefusedLines::open(&path, cursor.errors_octets, &way.layout)?;
        let mut text = String::new();
        let mut fault = None;
        self.count(way, way.layout.rows, cursor.row_next - 1, |reader| {
            match refused.is_refused(reader.row_line()) {
                Ok(true) => return,
                Ok(false) => {}
                Err(error) => fault = Some(error),
            }
            let layout = &way.layout;
            text.clear();
            if before.looks_at_text() && text_of_row(reader, layout, &mut text).is_err() {
                return;
            }
            let to = reader.cell(layout.to).unwrap_or_default();
            let to = std::str::from_utf8(&to).unwrap_or_default();
            if let Ok(to) = screen.recipient(to) {
                let said = screen.swapped(&text, record.smart_characters);
                before.note(
                    to.as_u64(),
                    said.as_ref().map_or(&text, |swapped| &swapped.text),
                );
            }
        })
        .await?;
        fault.map_or(Ok(()), |error| Err(error.into()))
    }

    /// Reads up to so many rows from a place on; how many there were.
    async fn count(
        &self,
        way: &Way,
        from: Place,
        rows_max: u64,
        mut look: impl FnMut(&Reader),
    ) -> Result<u64, Hindrance> {
        let path = source_path(&self.job.folder);
        let mut source = self.open_source(&path, &way.shape, from).await?;
        let mut reader = Reader::new(&way.layout, from);
        let mut rows = 0;
        while rows < rows_max {
            match reader.next() {
                Found::Row => {
                    rows += 1;
                    look(&reader);
                }
                Found::Bad(_) => rows += 1,
                Found::End => break,
                Found::More => {
                    match self.block(&mut source).await {
                        None => return Err(Hindrance::told_to_stop()),
                        Some(Ok(block)) if block.is_empty() => reader.end(),
                        Some(Ok(block)) => reader.feed(&block),
                        Some(Err(SourceFault::Disk(error))) => return Err(error.into()),
                        Some(Err(SourceFault::Broken(_))) => reader.break_off(),
                    }
                    if self.must_stop() {
                        return Err(Hindrance::told_to_stop());
                    }
                }
            }
        }
        Ok(rows)
    }

    /// Opens the errors file and takes away what stands behind the cursor.
    pub(super) fn open_errors(&self, cursor: &mut Cursor) -> io::Result<File> {
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
}
