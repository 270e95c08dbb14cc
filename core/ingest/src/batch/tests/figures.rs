//! Figures of batches over restarts.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::sync::Arc;
use std::sync::atomic::Ordering;

use carrack_engine::{BatchCounters, BatchEnds};
use carrack_message::record::BatchProgress;
use carrack_runtime::Io;

use super::rig::*;
use crate::batch::*;

/// The log lets go of what is old while a batch runs for hours: a start finds the rest of it only.
#[test]
fn what_the_log_has_let_go_of_is_counted_after_a_restart_as_well() {
    let folder = tempfile::tempdir().unwrap();
    let spec = || spec(folder.path(), 8, 1 << 16, Io::Epoll);
    let ledger = ledger(Vec::new());
    let counters = |start: BatchEnds, live| {
        let counters = Arc::new(BatchCounters::default());
        counters.go_on_from(start, live);
        ledger.0.lock().unwrap().counters = Arc::clone(&counters);
        counters
    };
    let ends = |submitted, delivered, failed| BatchEnds {
        submitted,
        delivered,
        failed,
    };
    counters(ends(6, 4, 1), 5);
    let batches = Batches::start(spec(), ledger.clone(), accounts()).unwrap();
    let rows: String = (0..10).map(|row| format!("49170000{row},x\n")).collect();
    let source = format!("to,text\n{rows}");
    let number = submit(&batches, source.as_bytes(), BatchRequest::default()).unwrap();
    wait(&batches, number, |view| {
        (view.state, view.delivered) == (BatchState::Finished, 4)
    });
    batches.stop();
    // Four of the five that ended, and their rows, are in the log no more.
    let progress = ledger.0.lock().unwrap().progress.clone();
    for (batch, progress) in progress {
        let cut = BatchProgress {
            row_first: 5,
            ..progress
        };
        ledger.0.lock().unwrap().progress.insert(batch, cut);
    }
    let counters = counters(ends(2, 1, 0), 5);
    // Two more come before anybody looks, the others later.
    counters.delivered.fetch_add(2, Ordering::Relaxed);
    counters.submitted.fetch_add(1, Ordering::Relaxed);
    let batches = Batches::start(spec(), ledger.clone(), accounts()).unwrap();
    wait(&batches, number, |view| view.delivered == 6);
    counters.submitted.fetch_add(3, Ordering::Relaxed);
    counters.delivered.fetch_add(3, Ordering::Relaxed);
    counters.live.store(0, Ordering::Relaxed);
    wait(&batches, number, |view| view.state == BatchState::Done);
    let view = batches.view(number, "shop").unwrap();
    assert_eq!(
        (view.accepted, view.submitted, view.delivered, view.failed),
        (10, 10, 9, 1)
    );
    assert_eq!(view.rows_total, Some(10), "it has seen them all");
    batches.stop();
}
