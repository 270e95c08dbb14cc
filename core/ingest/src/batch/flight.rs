//! A chunk on its way to the engine and back.
//!
//! Promise: the cursor moves only when the engine says that a chunk is durable; of one that it refused nothing is. Bound: one
//! chunk.

use std::time::Duration;

use carrack_engine::{Chunk, Refusal, Seen, Verdict};
use carrack_message::record::BatchProgress;
use tokio::sync::oneshot;

use super::chunk::{Cursor, Prepared};
use super::hindrance::Hindrance;
use super::intake::Intake;
use super::job::Swaps;
use super::run::{Run, Way};

const MAILBOX_PAUSE: Duration = Duration::from_millis(2);
/// After so long without an answer it is said that the batch does not get on.
const PATIENCE: Duration = Duration::from_secs(2);

/// A chunk on its way.
pub(super) struct Flight {
    reply: oneshot::Receiver<Vec<Verdict>>,
    rows: Vec<u64>,
    rejected: u32,
    /// Rows that no carrier takes, shown to the shadow when the chunk is taken.
    unrouted: Vec<Seen>,
    /// Rows refused for a list, counted when the chunk is taken.
    suppressed: Vec<Refusal>,
    /// Rows that are marked as being in the file, for those that come after.
    marked: usize,
    swaps: Swaps,
    after: Cursor,
}

impl<I: Intake> Run<I> {
    /// Hands a chunk over, waiting while the shard's mailbox is full; `None` where we are to stop.
    pub(super) async fn send(
        &self,
        prepared: Prepared,
        before: Cursor,
        after: Cursor,
    ) -> Option<Flight> {
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
            parts: 1,
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
            if self.must_stop() {
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
            suppressed: prepared.suppressed,
            marked: prepared.marked,
            swaps: prepared.swaps,
            after,
        })
    }

    /// Learns what became of a chunk; the cursor moves only here.
    pub(super) async fn land(&self, way: &mut Way, mut flight: Flight) -> Result<(), Hindrance> {
        let lost = || Hindrance {
            why: "the engine gave no answer to a chunk; the batch goes on after a restart"
                .to_owned(),
            smaller: false,
            only_rows: false,
            lost_sight: true,
            broke_off: false,
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
        let known = way.refused.len();
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
                only_rows: temporary.is_none() && way.refused.len() > known,
                lost_sight: false,
                broke_off: false,
            });
        }
        way.cursor = flight.after;
        if let Some(before) = &mut way.before {
            before.settle(flight.marked);
        }
        if let Some(shadow) = self.intake.shadow().filter(|_| !flight.unrouted.is_empty()) {
            flight.unrouted.drain(..).for_each(|seen| shadow.show(seen));
        }
        if !flight.suppressed.is_empty() {
            self.intake.suppressions().count(&flight.suppressed);
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
        live.record.swaps.add(flight.swaps);
        Ok(())
    }
}
