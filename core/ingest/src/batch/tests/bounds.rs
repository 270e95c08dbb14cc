//! What one batch may ask of time and disk.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::time::Duration;

use carrack_runtime::Io;

use super::rig::*;
use crate::batch::*;

#[test]
fn a_dry_run_ends_at_its_time_within_a_line_as_well() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = ledger(Vec::new());
    let mut spec = spec(folder.path(), 4, 64, Io::Epoll);
    spec.check_time_max = Duration::ZERO;
    let batches = Batches::start(spec, ledger.clone(), accounts()).unwrap();
    let mut spool = batches.spool("shop").unwrap();
    spool.write(b"to,text\n491700000001,").unwrap();
    spool.write(&vec![b'x'; 4 << 20]).unwrap();
    let tables = Tables {
        routes: ledger.table(),
        suppressions: carrack_engine::SuppressionsNow::default(),
    };
    let accounts = accounts().current();
    let account = accounts.by_name("shop").unwrap();
    let view = batches
        .check(&spool, account, &asked(&[]), &tables)
        .unwrap();
    assert_eq!((view.complete, view.rows), (false, 0));
    drop(spool);
    batches.stop();
}

#[test]
fn what_is_kept_is_read_again_at_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = ledger(Vec::new());
    let start = || {
        let spec = spec(folder.path(), 4, 64, Io::Epoll);
        Batches::start(spec, ledger.clone(), accounts()).unwrap()
    };
    let batches = start();
    // Each octet of these is six in `job.json`.
    let (name, template) = ("\u{1}".repeat(255), "\u{1}".repeat(16 << 10));
    let options = [("filename", name.as_str()), ("template", &template)];
    let number = submit(&batches, b"to\n491700000001\n", asked(&options)).unwrap();
    batches.stop();
    let batches = start();
    let view = batches.view(number, "shop").unwrap();
    assert_eq!(view.filename.as_deref(), Some(name.as_str()));
    let name = format!("{name}x");
    let column = "c".repeat(256);
    let file = format!("to,text,{column}\n491700000001,x,y\n");
    for (option, value) in [("filename", &name), ("column.client_ref", &column)] {
        let fault = submit(&batches, file.as_bytes(), asked(&[(option, value)]));
        let fault = fault.unwrap_err().to_string();
        assert!(fault.contains(option) && fault.contains("255"), "{fault}");
    }
    batches.stop();
}

#[test]
fn what_is_judged_again_is_not_unpacked_again() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = ledger(Vec::new());
    ledger.0.lock().unwrap().rows_max = 0;
    let spec = spec(folder.path(), 4, 64, Io::Epoll);
    let batches = Batches::start(spec, ledger.clone(), accounts()).unwrap();
    let rows = (1..=100).map(|row| format!("{},text {row}\n", 491_700_000_000_u64 + row));
    let source = format!("to,text\n{}", rows.collect::<String>());
    let packed = zstd::bulk::compress(source.as_bytes(), 3).unwrap();
    let number = submit(&batches, &packed, asked(&[])).unwrap();
    wait(&batches, number, |view| view.hindrance.is_some());
    // It is open; who reads it from its beginning finds nothing.
    std::fs::remove_file(folder.path().join(format!("batches/{number}/source.csv"))).unwrap();
    {
        let mut book = ledger.0.lock().unwrap();
        book.rows_max = usize::MAX;
        book.plan = vec![Fate::NoRoute(50); 60];
        book.plan.extend([Fate::QueueFull; 3]);
    }
    let view = wait(&batches, number, has_finished);
    assert_eq!((view.accepted, view.rejected), (99, 1));
    assert_eq!(texts(&ledger).len(), 99);
    batches.stop();
}

#[test]
fn what_surrounds_an_option_does_not_make_the_job_too_long_to_be_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = ledger(Vec::new());
    let start = || {
        let spec = spec(folder.path(), 8, 1 << 16, Io::Epoll);
        Batches::start(spec, ledger.clone(), accounts()).unwrap()
    };
    let batches = start();
    let padded = |text: &str| format!("{text}{}", "\u{b}".repeat(64 << 10));
    let moment = (jiff::Timestamp::now() + jiff::SignedDuration::from_hours(1)).to_string();
    let (from, send_at, validity) = (padded("Shop"), padded(&moment), padded("10s"));
    let options = [
        ("from", &*from),
        ("send_at", &*send_at),
        ("validity", &*validity),
    ];
    let number = submit(&batches, b"to,text\n491700000001,a\n", asked(&options)).unwrap();
    wait(&batches, number, has_finished);
    batches.stop();
    let batches = start();
    assert!(
        batches.view(number, "shop").is_some(),
        "job.json cannot be read"
    );
    batches.stop();
}

#[test]
fn a_batch_that_is_taken_away_leaves_no_counters_behind() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = ledger(Vec::new());
    let mut spec = spec(folder.path(), 8, 1 << 16, Io::Epoll);
    spec.keep = Duration::ZERO;
    let batches = Batches::start(spec, ledger.clone(), accounts()).unwrap();
    let number = submit(&batches, b"to,text\n491700000001,a\n", asked(&[])).unwrap();
    let deadline = std::time::Instant::now() + Duration::from_secs(20);
    while batches.view(number, "shop").is_some() {
        assert!(std::time::Instant::now() < deadline);
        std::thread::park_timeout(Duration::from_millis(5));
    }
    batches.stop();
    assert_eq!(ledger.0.lock().unwrap().forgotten, [number.0]);
}
