//! The thread of batches: starts those that wait, looks after those that run, and keeps `job.json` up to date.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use carrack_runtime::{Backend, run_local};

use super::batches::Shared;
use super::intake::Intake;
use super::job::{BatchState, Job};
use super::run::{Ended, Run};
use super::store::write_job;

const LOOK: Duration = Duration::from_millis(500);
/// Looks between two writes of a `job.json` whose figures alone changed.
const LOOKS_PER_WRITE: u64 = 6;

/// Serves until told to stop.
pub(crate) fn serve<I: Intake>(shared: &Arc<Shared>, intake: &I) {
    let served = run_local(shared.spec.io, "batch", |backend| {
        supervise(shared, intake, backend)
    });
    if let Err(fault) = served {
        tracing::error!(%fault, "batches are not taken; they wait on disk");
    }
}

async fn supervise<I: Intake>(shared: &Arc<Shared>, intake: &I, backend: Backend) {
    let running = Rc::new(Cell::new(0_usize));
    for job in shared.jobs() {
        let mut live = job.live();
        live.counters =
            (live.record.state != BatchState::Done).then(|| intake.counters(job.number.0));
        if live.record.state == BatchState::Running {
            live.record.state = BatchState::Queued;
        }
    }
    let mut looked = Instant::now();
    let mut looks = 0_u64;
    loop {
        let stop = shared.stop.load(Ordering::Relaxed);
        if stop && running.get() == 0 {
            look(shared, looked.elapsed(), true);
            return;
        }
        if !stop {
            begin_waiting(shared, intake, backend, &running);
        }
        let woken = tokio::time::timeout(
            LOOK.saturating_sub(looked.elapsed()),
            shared.wake.notified(),
        );
        if woken.await.is_err() {
            looks += 1;
            look(
                shared,
                looked.elapsed(),
                looks.is_multiple_of(LOOKS_PER_WRITE),
            );
            looked = Instant::now();
        }
    }
}

fn begin_waiting<I: Intake>(
    shared: &Arc<Shared>,
    intake: &I,
    backend: Backend,
    running: &Rc<Cell<usize>>,
) {
    for job in shared.jobs() {
        if running.get() >= shared.spec.running_max {
            return;
        }
        {
            let mut live = job.live();
            if live.record.state != BatchState::Queued {
                continue;
            }
            live.record.state = BatchState::Running;
            live.counters = Some(intake.counters(job.number.0));
        }
        running.set(running.get() + 1);
        let run = Run {
            intake: intake.clone(),
            job,
            accounts: Arc::clone(&shared.accounts),
            spec: Arc::clone(&shared.spec),
            backend,
            stop: Arc::clone(&shared.stop),
            clock: shared.clock,
        };
        let (shared, running) = (Arc::clone(shared), Rc::clone(running));
        tokio::task::spawn_local(async move {
            let ended = run.run().await;
            if ended == Ended::Finished {
                run.job.live().record.state = BatchState::Finished;
                run.job.hinder(None);
                tracing::info!(batch = %run.job.number, "every row of the batch has its verdict");
            }
            running.set(running.get() - 1);
            shared.wake.notify_one();
        });
    }
}

/// Takes figures, finds what is done, writes what changed, and lets go of what is old.
fn look(shared: &Shared, since: Duration, write_figures: bool) {
    let now_utc_ns = shared.utc_ns();
    for job in shared.jobs() {
        let record = {
            let mut live = job.live();
            let state = live.record.state;
            if state == BatchState::Done {
                let over = shared.is_over(&live.record, now_utc_ns);
                drop(live);
                if over {
                    forget(shared, &job);
                }
                continue;
            }
            take_figures(&mut live, since, now_utc_ns);
            let news =
                live.written.as_ref().map(|written| written.state) != Some(live.record.state);
            if !(news || write_figures) || live.written.as_ref() == Some(&live.record) {
                continue;
            }
            live.record.clone()
        };
        match write_job(&job.folder, &record) {
            Ok(()) => job.live().written = Some(record),
            Err(error) => {
                tracing::warn!(batch = %job.number, %error, "job.json cannot be written; tried again")
            }
        }
    }
}

fn take_figures(live: &mut super::job::Live, since: Duration, now_utc_ns: u64) {
    let Some(counters) = live.counters.clone() else {
        return;
    };
    let read = |figure: &std::sync::atomic::AtomicU64| figure.load(Ordering::Relaxed);
    let waiting = read(&counters.live);
    let record = &mut live.record;
    // The log may have let go of what `job.json` still knows.
    record.submitted = record.submitted.max(read(&counters.submitted));
    record.delivered = record.delivered.max(read(&counters.delivered));
    record.failed = record.failed.max(read(&counters.failed));
    if record.state == BatchState::Finished && waiting == 0 {
        record.state = BatchState::Done;
        record.finished_utc_ns = now_utc_ns;
    }
    let (rows, octets) = (record.row_next.saturating_sub(1), record.source_octet);
    let finals = record.delivered + record.failed;
    live.pace.look(since.as_secs_f64(), rows, octets, finals);
}

fn forget(shared: &Shared, job: &Job) {
    if let Err(error) = std::fs::remove_dir_all(&job.folder) {
        tracing::warn!(batch = %job.number, %error, "an old batch cannot be taken away; tried again");
        return;
    }
    let mut jobs = shared.jobs.write().unwrap_or_else(PoisonError::into_inner);
    jobs.remove(&job.number);
}
