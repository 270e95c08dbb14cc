//! A row that the node itself fails on: the batch is held before it, and nobody else is.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::time::Duration;

use carrack_runtime::Io;

use super::rig::*;
use crate::batch::*;

fn rows(count: usize) -> String {
    let rows = (1..=count).map(|row| format!("{},text {row}\n", 491_700_000_000 + row));
    format!("to,text\n{}", rows.collect::<String>())
}

/// A batch of ten rows, four a chunk, that has failed at its ninth.
fn failed(batches: &Batches, ledger: &Ledger) -> BatchNumber {
    ledger.0.lock().unwrap().looks_left = Some(2);
    let number = submit(batches, rows(10).as_bytes(), asked(&[])).unwrap();
    let view = wait(batches, number, |view| view.state == BatchState::Paused);
    assert_eq!(
        (view.accepted, view.rejected),
        (8, 0),
        "what was on its way is known"
    );
    let why = view.hindrance.unwrap();
    assert!(
        why.contains("row 9,") && why.contains("the row that fails"),
        "{why}"
    );
    number
}

#[test]
fn a_batch_that_fails_is_held_before_its_row_and_its_place_is_given_back() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = ledger(Vec::new());
    let spec = spec(folder.path(), 4, 64, Io::Epoll);
    let batches = Batches::start(spec, ledger.clone(), accounts()).unwrap();
    // More than there are places.
    let numbers: Vec<BatchNumber> = (0..5).map(|_| failed(&batches, &ledger)).collect();
    batches.change(numbers[0], "shop", Change::Resume).unwrap();
    let view = wait(&batches, numbers[0], has_finished);
    assert_eq!((view.accepted, view.hindrance), (10, None));
    batches.change(numbers[1], "shop", Change::Cancel).unwrap();
    wait(&batches, numbers[1], |view| {
        view.state == BatchState::Cancelled
    });
    let (done, stopped) = std::sync::mpsc::channel();
    let stopping = batches.clone();
    std::thread::spawn(move || {
        stopping.stop();
        done.send(()).unwrap();
    });
    stopped.recv_timeout(Duration::from_secs(5)).unwrap();
    let mut found: Vec<u64> = texts(&ledger).into_iter().map(|(row, _)| row).collect();
    found.sort_unstable();
    let expected: Vec<u64> = (1..=10)
        .flat_map(|row| vec![row; if row < 9 { 5 } else { 1 }])
        .collect();
    assert_eq!(found, expected);
}
