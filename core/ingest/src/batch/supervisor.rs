//! The thread of batches: starts those that wait and looks after those that run. It writes nothing: its keeper does.

use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use carrack_runtime::{Backend, run_local};

use super::batches::Shared;
use super::intake::{Intake, Withdrawal};
use super::job::{BatchState, Job};
use super::keeper::Keeper;
use super::places::Places;
use super::run::{Ended, Run};
use crate::caught::{caught, caught_while};

const LOOK: Duration = Duration::from_millis(500);

/// Serves until told to stop.
pub(crate) fn serve<I: Intake>(shared: &Arc<Shared>, intake: &I) {
    let keeper = match Keeper::start(shared, intake) {
        Ok(keeper) => keeper,
        Err(fault) => {
            tracing::error!(%fault, "batches are not taken; they wait on disk");
            return;
        }
    };
    let served = run_local(shared.spec.io, "batch", |backend| {
        supervise(shared, intake, backend)
    });
    if let Err(fault) = served {
        tracing::error!(%fault, "batches are not taken; they wait on disk");
    }
    keeper.stop();
}

async fn supervise<I: Intake>(shared: &Arc<Shared>, intake: &I, backend: Backend) {
    let spec = &shared.spec;
    let places = Rc::new(Places::new(spec.running_max, spec.running_of_account_max));
    for job in shared.jobs() {
        let state = {
            let mut live = job.live();
            if !live.record.has_ended() {
                let logged = intake.resume(job.number.0);
                let is_whole = match logged {
                    Some(logged) => logged.row_first <= 1,
                    None => live.record.accepted == 0,
                };
                live.count_by(intake.counters(job.number.0), is_whole);
            }
            match live.record.state {
                BatchState::Running => live.record.state = BatchState::Queued,
                // What came back from the shelf before the end may wait in a lane now.
                BatchState::Cancelled if live.counters.is_some() => {
                    live.record.state = BatchState::Cancelling;
                }
                _ => {}
            }
            live.record.state
        };
        // No run of it will look into the log; its last rows may stand there only.
        let is_cancelled = matches!(state, BatchState::Cancelling | BatchState::Cancelled);
        if is_cancelled
            && job.live().counters.is_some()
            && let Err(why) = read_log(&run_of(shared, intake, backend, &places, Arc::clone(&job)))
        {
            tracing::warn!(batch = %job.number, why, "the last rows of a cancelled batch may not be counted");
        }
    }
    let mut looked = Instant::now();
    loop {
        let stop = shared.stop.load(Ordering::Relaxed);
        if stop && places.taken() == 0 {
            look(shared, intake, looked.elapsed());
            return;
        }
        if !stop {
            begin_waiting(shared, intake, backend, &places);
        }
        let woken = tokio::time::timeout(
            LOOK.saturating_sub(looked.elapsed()),
            shared.wake.notified(),
        );
        if woken.await.is_err() {
            look(shared, intake, looked.elapsed());
            looked = Instant::now();
        }
    }
}

/// Takes what the log says of a batch that is not run any more.
fn read_log<I: Intake>(run: &Run<I>) -> Result<(), String> {
    match caught(|| run.begin()) {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(hindrance)) => Err(hindrance.why),
        Err(words) => Err(words),
    }
}

/// Batches that could begin.
fn waiting(shared: &Shared) -> Vec<Arc<Job>> {
    let (now_utc_ns, now) = (shared.utc_ns(), Instant::now());
    let mut jobs = shared.jobs();
    jobs.retain(|job| {
        let mut live = job.live();
        let is_due = live.record.timing.start_at_utc_ns <= now_utc_ns;
        if live.record.state == BatchState::Scheduled && is_due {
            live.record.state = BatchState::Queued;
        }
        let rests = live.rests_until.is_some_and(|until| now < until);
        live.record.state == BatchState::Queued && !live.in_hand && !rests
    });
    jobs
}

fn run_of<I: Intake>(
    shared: &Shared,
    intake: &I,
    backend: Backend,
    places: &Rc<Places>,
    job: Arc<Job>,
) -> Run<I> {
    let account = job.record().account;
    Run {
        intake: intake.clone(),
        job,
        accounts: Arc::clone(&shared.accounts),
        spec: Arc::clone(&shared.spec),
        backend,
        stop: Arc::clone(&shared.stop),
        clock: shared.clock,
        places: Rc::clone(places),
        account,
    }
}

fn begin_waiting<I: Intake>(
    shared: &Arc<Shared>,
    intake: &I,
    backend: Backend,
    places: &Rc<Places>,
) {
    let jobs = waiting(shared);
    let who = jobs.iter().map(|job| {
        let live = job.live();
        (live.record.account.clone(), live.turn)
    });
    let who: Vec<(String, u64)> = who.collect();
    for place in places.give(&who) {
        let Some(job) = jobs.get(place) else {
            continue;
        };
        {
            let mut live = job.live();
            // Paused or cancelled since: the run sees it at once, and ends.
            if live.record.state == BatchState::Queued {
                live.record.state = BatchState::Running;
            }
            live.in_hand = true;
            live.counters = Some(intake.counters(job.number.0));
        }
        let run = run_of(shared, intake, backend, places, Arc::clone(job));
        let shared = Arc::clone(shared);
        tokio::task::spawn_local(async move {
            let ended = caught_while(run.run()).await.unwrap_or_else(|words| {
                let why = format!("the node failed, by a fault of its own ({words}); what became of the last rows is known after a restart: report it");
                run.job.break_off(why);
                Ended::LostSight
            });
            has_ended(&shared, &run, ended);
        });
    }
}

fn has_ended<I>(shared: &Shared, run: &Run<I>, ended: Ended) {
    {
        let mut live = run.job.live();
        live.in_hand = ended == Ended::LostSight;
        live.turn = run.places.take_back(&run.account);
        // One that is being cancelled stays so: what it sent has still to be withdrawn.
        let is_ours = matches!(live.record.state, BatchState::Running | BatchState::Paused);
        match ended {
            Ended::Finished if is_ours => live.record.state = BatchState::Finished,
            Ended::GaveWay(rest) if live.record.state == BatchState::Running => {
                live.record.state = BatchState::Queued;
                live.rests_until = Some(Instant::now() + rest);
            }
            _ => {}
        }
    }
    if ended == Ended::Finished {
        run.job.hinder(None);
        tracing::info!(batch = %run.job.number, "every row of the batch has its verdict");
    }
    shared.wake.notify_one();
}

/// Takes figures, finds what is done, and withdraws.
fn look<I: Intake>(shared: &Shared, intake: &I, since: Duration) {
    let now_utc_ns = shared.utc_ns();
    for job in shared.jobs() {
        let mut live = job.live();
        if live.record.has_ended() {
            continue;
        }
        if live.record.state == BatchState::Cancelling && !live.in_hand {
            withdraw(&mut live, intake, job.number.0);
        }
        take_figures(&mut live, since, now_utc_ns);
    }
}

/// Has the queue give back what waits of a batch, and counts it.
fn withdraw<I: Intake>(live: &mut super::job::Live, intake: &I, batch: u64) {
    let Some((job, before)) = live.withdrawal else {
        // First, so that what comes back from the shelf while the queue is looked through is not sent.
        intake.counters(batch).cancel();
        match intake.withdraw(batch, &live.record.account) {
            Ok(job) => live.withdrawal = Some((job, live.record.withdrawn)),
            Err(why) => live.hindrance = Some(why),
        }
        return;
    };
    live.hindrance = None;
    match intake.withdrawal(job) {
        Withdrawal::Going { done } => live.record.withdrawn = before + done,
        Withdrawal::Over { done } => {
            live.record.withdrawn = before + done;
            live.record.state = BatchState::Cancelled;
        }
        // It was stopped by somebody, or forgotten: once more.
        Withdrawal::Gone { done } => {
            live.record.withdrawn = before + done;
            live.withdrawal = None;
        }
    }
}

fn take_figures(live: &mut super::job::Live, since: Duration, now_utc_ns: u64) {
    let Some(counters) = live.counters.clone() else {
        return;
    };
    let read = |figure: &std::sync::atomic::AtomicU64| figure.load(Ordering::Relaxed);
    let waiting = read(&counters.live);
    live.take_ends(&counters);
    let record = &mut live.record;
    if record.state == BatchState::Cancelled {
        let later = read(&counters.withdrawn);
        record.withdrawn += later.saturating_sub(live.withdrawn_later);
        live.withdrawn_later = later;
    }
    match record.state {
        BatchState::Finished if waiting == 0 => {
            record.state = BatchState::Done;
            record.finished_utc_ns = now_utc_ns;
        }
        BatchState::Cancelled if waiting == 0 => record.finished_utc_ns = now_utc_ns,
        _ => {}
    }
    let (rows, octets) = (record.row_next.saturating_sub(1), record.octets_done());
    let finals = record.delivered + record.failed;
    live.pace.look(since.as_secs_f64(), rows, octets, finals);
}
