//! The thread that writes `job.json` and takes away what is old, so that the thread that takes rows waits for no disk.
//!
//! Promise: a state that changed is written at the next look, the figures of a batch whose rows are taken each
//! [`FIGURES_EVERY`], those of one whose messages are on their way each [`ENDS_EVERY`], and all of them when it ends. What a customer is
//! answered does not wait for it: uploads, pause, resume and cancel write for themselves before they answer. Bound: one
//! write at a time. Fails with what the disk says, and tries again at the next look.

use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use super::batches::Shared;
use super::intake::Intake;
use super::job::{BatchState, Job, JobRecord};
use super::store::keep_cancelled;

const LOOK: Duration = Duration::from_millis(500);
const FIGURES_EVERY: Duration = Duration::from_secs(3);
const ENDS_EVERY: Duration = Duration::from_secs(60);

/// The thread.
pub(crate) struct Keeper {
    /// Nothing is sent: dropped, it ends.
    open: SyncSender<()>,
    thread: JoinHandle<()>,
}

impl Keeper {
    /// Starts it.
    ///
    /// # Errors
    /// The system gives no thread.
    pub(crate) fn start<I: Intake>(shared: &Arc<Shared>, intake: &I) -> io::Result<Self> {
        let (open, closed) = sync_channel(0);
        let (shared, intake) = (Arc::clone(shared), intake.clone());
        let thread = Builder::new().name("batch-keeper".to_owned());
        let thread = thread.spawn(move || keep(&shared, &intake, &closed))?;
        Ok(Self { open, thread })
    }

    /// Writes what there is, and ends. Blocking.
    pub(crate) fn stop(self) {
        drop(self.open);
        if self.thread.join().is_err() {
            tracing::error!("the thread that writes job.json has panicked");
        }
    }
}

fn keep<I: Intake>(shared: &Shared, intake: &I, closed: &Receiver<()>) {
    let mut written = Written::at(Instant::now());
    while let Err(RecvTimeoutError::Timeout) = closed.recv_timeout(LOOK) {
        pass(shared, intake, written.due(Instant::now()));
    }
    pass(shared, intake, Due::All);
}

/// Which figures are to be written though no state has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Due {
    None,
    OfRows,
    All,
}

/// When figures were written last.
struct Written {
    figures: Instant,
    ends: Instant,
}

impl Written {
    const fn at(now: Instant) -> Self {
        Self {
            figures: now,
            ends: now,
        }
    }

    fn due(&mut self, now: Instant) -> Due {
        if now.saturating_duration_since(self.ends) >= ENDS_EVERY {
            *self = Self::at(now);
            return Due::All;
        }
        if now.saturating_duration_since(self.figures) >= FIGURES_EVERY {
            self.figures = now;
            return Due::OfRows;
        }
        Due::None
    }
}

/// Writes what is to be written, and lets go of what is old.
fn pass<I: Intake>(shared: &Shared, intake: &I, due: Due) {
    let now_utc_ns = shared.utc_ns();
    for job in shared.jobs() {
        let (is_to_write, is_old) = {
            let live = job.live();
            let record = &live.record;
            let stands = |record: &JobRecord| (record.state, record.finished_utc_ns);
            let news = live.written.as_ref().map(stands) != Some(stands(record));
            let figures = match due {
                Due::None => false,
                Due::OfRows => live.in_hand || record.state.has_rows_left(),
                Due::All => true,
            };
            let is_old = record.has_ended() && shared.is_over(record, now_utc_ns);
            (news || figures, is_old)
        };
        if is_old {
            forget(shared, intake, &job);
        } else if is_to_write && let Err(error) = job.write() {
            tracing::warn!(batch = %job.number, %error, "job.json cannot be written; tried again");
        }
    }
}

fn forget<I: Intake>(shared: &Shared, intake: &I, job: &Job) {
    let is_cancelled = job.live().record.state == BatchState::Cancelled;
    let kept = match is_cancelled {
        true => keep_cancelled(&job.folder, job.number, shared.utc_ns()),
        false => Ok(()),
    };
    let gone = kept.and_then(|()| std::fs::remove_dir_all(&job.folder));
    if let Err(error) = gone {
        tracing::warn!(batch = %job.number, %error, "an old batch cannot be taken away; tried again");
        return;
    }
    let mut jobs = shared.jobs.write().unwrap_or_else(PoisonError::into_inner);
    jobs.remove(&job.number);
    if !is_cancelled {
        // Of a cancelled one something may wait for its moment yet, which is not to be sent.
        intake.forget(job.number.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_of_rows_come_each_three_seconds_and_those_of_ends_each_minute() {
        let begun = Instant::now();
        let mut written = Written::at(begun);
        let mut found = Vec::new();
        for look in 1..=240_u32 {
            let due = written.due(begun + LOOK * look);
            if due != Due::None {
                found.push((LOOK * look, due));
            }
        }
        let all: Vec<Duration> = (found.iter())
            .filter_map(|(at, due)| (*due == Due::All).then_some(*at))
            .collect();
        assert_eq!(all, [ENDS_EVERY, ENDS_EVERY * 2]);
        assert_eq!(found.len(), 40);
    }
}
