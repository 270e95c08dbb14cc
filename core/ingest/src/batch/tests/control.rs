//! Pause, resume and cancel, moments and rates: whatever is done to a batch on its way, each row has one verdict or none.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use carrack_runtime::Io;
use proptest::prelude::*;

use super::rig::*;
use crate::batch::store::keep_cancelled;
use crate::batch::*;

fn rows(count: usize) -> String {
    let rows = (1..=count).map(|row| format!("{},text {row}\n", 491_700_000_000 + row));
    format!("to,text\n{}", rows.collect::<String>())
}

fn start(folder: &std::path::Path, ledger: &Ledger) -> Batches {
    Batches::start(spec(folder, 4, 64, Io::Epoll), ledger.clone(), accounts()).unwrap()
}

fn state(view: &BatchView) -> BatchState {
    view.state
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn pauses_resumptions_and_starts_lose_and_double_no_row(
        steps in prop::collection::vec((0..3, 0_u64..4), 0..10),
        rate in prop::option::of(200_u32..2_000),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let ledger = ledger(Vec::new());
        let mut batches = start(folder.path(), &ledger);
        let rate = rate.map(|rate| rate.to_string());
        let options: Vec<(&str, &str)> = rate.iter().map(|rate| ("rate", rate.as_str())).collect();
        let number = submit(&batches, rows(100).as_bytes(), asked(&options)).unwrap();
        for (step, wait_ms) in steps {
            std::thread::park_timeout(Duration::from_millis(wait_ms));
            match step {
                0 => drop(batches.change(number, "shop", Change::Pause)),
                1 => drop(batches.change(number, "shop", Change::Resume)),
                _ => {
                    batches.stop();
                    batches = start(folder.path(), &ledger);
                }
            }
        }
        drop(batches.change(number, "shop", Change::Resume));
        let view = wait(&batches, number, has_finished);
        batches.stop();
        prop_assert_eq!((view.accepted, view.rejected), (100, 0));
        let found: Vec<u64> = texts(&ledger).into_iter().map(|(row, _)| row).collect();
        prop_assert_eq!(found, (1..=100).collect::<Vec<u64>>());
    }
}

#[test]
fn a_paused_batch_stays_so_over_a_start_and_takes_no_row() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = ledger(Vec::new());
    let batches = start(folder.path(), &ledger);
    let number = submit(&batches, rows(100).as_bytes(), asked(&[("rate", "20")])).unwrap();
    wait(&batches, number, |view| view.accepted > 0);
    assert_eq!(
        batches.change(number, "shop", Change::Pause).unwrap().state,
        BatchState::Paused
    );
    batches.stop();
    let before = ledger.0.lock().unwrap().accepted.len();
    let batches = start(folder.path(), &ledger);
    std::thread::park_timeout(Duration::from_millis(700));
    let view = batches.view(number, "shop").unwrap();
    assert_eq!(
        (view.state, ledger.0.lock().unwrap().accepted.len()),
        (BatchState::Paused, before)
    );
    assert!(before < 100);
    batches.stop();
}

#[test]
fn what_is_cancelled_takes_no_more_rows_and_gives_back_what_waits() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = ledger(Vec::new());
    let batches = start(folder.path(), &ledger);
    let number = submit(&batches, rows(100).as_bytes(), asked(&[("rate", "20")])).unwrap();
    wait(&batches, number, |view| view.accepted > 0);
    assert_eq!(
        batches
            .change(number, "shop", Change::Cancel)
            .unwrap()
            .state,
        BatchState::Cancelling
    );
    let view = wait(&batches, number, |view| view.state == BatchState::Cancelled);
    // Three by a job that somebody stopped, two by the one after it.
    assert_eq!((view.withdrawn, view.accepted < 100), (5, true));
    assert_eq!(ledger.0.lock().unwrap().withdrawn, [number.0, number.0]);
    for (change, part) in [
        (Change::Pause, "was cancelled"),
        (Change::Resume, "was cancelled"),
    ] {
        let fault = batches
            .change(number, "shop", change)
            .unwrap_err()
            .to_string();
        assert!(fault.contains(part), "{fault}");
    }
    assert!(batches.change(number, "shop", Change::Cancel).is_ok());
    let fault = batches.change(number, "other", Change::Cancel).unwrap_err();
    assert!(matches!(fault, ChangeFault::Missing));
    batches.stop();
}

#[test]
fn what_ends_at_its_moment_after_a_cancel_is_counted_and_the_next_start_knows_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = ledger(Vec::new());
    let batches = start(folder.path(), &ledger);
    let number = submit(&batches, rows(10).as_bytes(), asked(&[])).unwrap();
    wait(&batches, number, |view| view.accepted == 10);
    let counters = Arc::clone(&ledger.0.lock().unwrap().counters);
    counters.live.store(4, Ordering::Relaxed);
    assert_eq!(cancelled(folder.path()).unwrap(), [0; 0]);
    batches.change(number, "shop", Change::Cancel).unwrap();
    assert_eq!(cancelled(folder.path()).unwrap(), [number.0]);
    let view = wait(&batches, number, |view| view.state == BatchState::Cancelled);
    assert_eq!((view.withdrawn, view.finished_at), (5, None));
    counters.withdrawn.store(4, Ordering::Relaxed);
    counters.live.store(0, Ordering::Relaxed);
    wait(&batches, number, |view| view.finished_at.is_some());
    batches.stop();
    assert_eq!(cancelled(folder.path()).unwrap(), [number.0]);
    let batches = start(folder.path(), &ledger);
    let view = batches.view(number, "shop").unwrap();
    assert_eq!((view.withdrawn, view.state), (9, BatchState::Cancelled));
    batches.stop();
    // The folder may go before the last of what waits has its moment.
    let folders = folder.path().join("batches");
    let now_utc_ns = number.utc_ns();
    keep_cancelled(&folders.join(number.to_string()), number, now_utc_ns).unwrap();
    std::fs::remove_dir_all(folders.join(number.to_string())).unwrap();
    assert_eq!(cancelled(folder.path()).unwrap(), [number.0]);
    let batches = start(folder.path(), &ledger);
    assert!(batches.view(number, "shop").is_none());
    batches.stop();
    // A year later nothing of it is left.
    let later = BatchNumber(((now_utc_ns / 1_000_000) + 401 * 86_400_000) << 16);
    keep_cancelled(&folders.join("x"), later, later.utc_ns()).unwrap();
    let list = std::fs::read_to_string(folders.join("cancelled")).unwrap();
    assert_eq!(list, format!("{later}\n"));
}

#[test]
fn a_batch_waits_for_its_moment_and_spreads_its_rows() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = ledger(Vec::new());
    let batches = start(folder.path(), &ledger);
    let later = jiff::Timestamp::now() + Duration::from_millis(1_200);
    let begun = Instant::now();
    let options = [("start_at", later.to_string()), ("spread", "1s".to_owned())];
    let options: Vec<_> = options
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let number = submit(&batches, rows(40).as_bytes(), asked(&options)).unwrap();
    assert_eq!(
        batches.view(number, "shop").map(|view| state(&view)),
        Some(BatchState::Scheduled)
    );
    wait(&batches, number, |view| view.accepted > 0);
    assert!(
        begun.elapsed() >= Duration::from_millis(1_000),
        "{:?}",
        begun.elapsed()
    );
    let view = wait(&batches, number, has_finished);
    assert!(
        begun.elapsed() >= Duration::from_millis(2_000),
        "{:?}",
        begun.elapsed()
    );
    assert_eq!((view.rows_total, view.accepted), (Some(40), 40));
    assert!(view.start_at.is_some() && view.finish_by.is_some());
    assert_eq!(batches.list("shop", 5).len(), 1);
    assert!(batches.list("other", 5).is_empty());
    batches.stop();
}

#[test]
fn batches_that_wait_keep_no_other_from_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = ledger(Vec::new());
    let spec = BatchSpec {
        running_max: 2,
        running_of_account_max: 2,
        ..spec(folder.path(), 4, 64, Io::Epoll)
    };
    let batches = Batches::start(spec, ledger.clone(), accounts()).unwrap();
    let slow = [("spread", "1h")];
    let slow: Vec<BatchNumber> = (0..3)
        .map(|_| submit(&batches, rows(100).as_bytes(), asked(&slow)).unwrap())
        .collect();
    for number in &slow {
        wait(&batches, *number, |view| view.accepted > 0);
    }
    let number = submit(&batches, rows(100).as_bytes(), asked(&[])).unwrap();
    wait(&batches, number, has_finished);
    // Each of them gave way until its next row is due: none is taken before.
    for number in &slow {
        assert_eq!(batches.view(*number, "shop").unwrap().accepted, 1);
    }
    batches.stop();
}

#[test]
fn an_account_has_its_part_of_the_batches_that_wait() {
    let folder = tempfile::tempdir().unwrap();
    let spec = BatchSpec {
        queued_max: 3,
        queued_of_account_max: 2,
        ..spec(folder.path(), 4, 64, Io::Epoll)
    };
    let batches = Batches::start(spec, ledger(Vec::new()), accounts()).unwrap();
    let later = (jiff::Timestamp::now() + Duration::from_secs(3600)).to_string();
    let later = [("start_at", later.as_str())];
    for _ in 0..2 {
        submit(&batches, rows(1).as_bytes(), asked(&later)).unwrap();
    }
    let refused = submit(&batches, rows(1).as_bytes(), asked(&later));
    assert!(matches!(refused, Err(BatchFault::TooMany { queued: 2 })));
    assert!(batches.spool("other").is_ok());
    batches.stop();
}

#[test]
fn a_change_that_the_disk_refuses_was_never_there() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = ledger(Vec::new());
    let batches = start(folder.path(), &ledger);
    let number = submit(&batches, rows(40).as_bytes(), asked(&[("rate", "40")])).unwrap();
    wait(&batches, number, |view| view.accepted > 0);
    for to in [BatchState::Paused, BatchState::Cancelling] {
        let job = batches.find(number, "shop").unwrap();
        let to = |_| Ok::<_, std::io::Error>(to);
        let full = |_: &std::path::Path, record: &crate::batch::job::JobRecord| {
            assert_eq!(job.record().state, BatchState::Running);
            assert_ne!(record.state, BatchState::Running);
            Err(std::io::ErrorKind::StorageFull.into())
        };
        assert!(job.change(to, full).is_err());
    }
    let view = wait(&batches, number, has_finished);
    assert_eq!(view.accepted, 40);
    // And as the disk says it.
    let stuck = folder
        .path()
        .join(format!("batches/{number}/job.json.fresh"));
    std::fs::create_dir(stuck).unwrap();
    let fault = batches.change(number, "shop", Change::Cancel);
    assert!(matches!(fault, Err(ChangeFault::Disk(_))), "{fault:?}");
    assert!(has_finished(&batches.view(number, "shop").unwrap()));
    assert!(ledger.0.lock().unwrap().withdrawn.is_empty());
    batches.stop();
}

#[test]
fn the_chunk_before_a_crash_counts_where_the_batch_is_cancelled_as_well() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = ledger(Vec::new());
    crash_after(&ledger, 3, true);
    let batches = start(folder.path(), &ledger);
    let number = submit(&batches, rows(100).as_bytes(), asked(&[])).unwrap();
    wait(&batches, number, has_crashed);
    batches.change(number, "shop", Change::Cancel).unwrap();
    batches.stop();
    ledger.0.lock().unwrap().at_work = false;
    let batches = start(folder.path(), &ledger);
    let view = wait(&batches, number, |view| view.state == BatchState::Cancelled);
    let taken = ledger.0.lock().unwrap().accepted.len() as u64;
    assert_eq!((view.accepted, taken), (16, 16));
    batches.stop();
}
