//! What is spent on a day never goes above its budget: however many ask, over restarts, and where it cannot be written down.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod support;

use std::sync::Barrier;

use carrack_lookup::{Answer, NotAsked};
use carrack_message::Micros;
use support::*;

#[test]
fn no_more_is_spent_than_the_cap_however_many_ask_and_over_a_restart() {
    for (affordable, threads, restarts) in [(0_u64, 4, 1), (1, 8, 2), (7, 8, 3), (60, 4, 2)] {
        let register = Register::saying(r#"{"mccmnc":"23415"}"#);
        let folder = tempfile::tempdir().unwrap();
        let more = format!(
            "budget_a_day = \"{}\"\ncache_max = 1000",
            Micros((affordable.max(1) * 10_000) as i64)
        );
        let mut hlr = settings(register.address, &more);
        hlr.budget_a_day = Micros((affordable * 10_000) as i64);
        for run in 0..restarts {
            let lookups = lookups(folder.path(), &hlr);
            let barrier = Barrier::new(threads as usize);
            let answers: Vec<Answer> = std::thread::scope(|scope| {
                let asking: Vec<_> = (0..threads)
                    .map(|thread| {
                        let (lookups, barrier) = (&lookups, &barrier);
                        scope.spawn(move || {
                            barrier.wait();
                            let numbers = (0..100)
                                .map(|place| number((run * threads + thread) * 100 + place));
                            let asked: Vec<_> =
                                numbers.map(|to| ask(lookups, to, PATIENCE)).collect();
                            asked
                                .into_iter()
                                .map(|receiver| receiver.recv_timeout(PATIENCE * 2).unwrap())
                                .collect::<Vec<_>>()
                        })
                    })
                    .collect();
                asking
                    .into_iter()
                    .flat_map(|thread| thread.join().unwrap())
                    .collect()
            });
            let known = answers
                .iter()
                .filter(|answer| matches!(answer, Answer::Known(_)))
                .count() as u64;
            let over = answers
                .iter()
                .filter(|answer| **answer == Answer::NotAsked(NotAsked::Budget))
                .count() as u64;
            assert_eq!(known + over, threads * 100, "{:?}", lookups.counts());
            assert!(lookups.counts().spent_today <= hlr.budget_a_day);
        }
        assert_eq!(
            register.asked().len() as u64,
            affordable,
            "all that the cap pays for, and no more"
        );
    }
}

#[test]
fn what_is_spent_and_cannot_be_written_down_is_not_spent() {
    let register = Register::saying(r#"{"mccmnc":"23415"}"#);
    let folder = tempfile::tempdir().unwrap();
    let lookups = lookups(folder.path(), &settings(register.address, ""));
    let gone = folder.path().to_owned();
    folder.close().unwrap();
    assert!(!gone.exists());
    assert_eq!(
        answered(&lookups, number(1)),
        Answer::NotAsked(NotAsked::Ledger)
    );
    assert!(register.asked().is_empty());
}

#[test]
fn a_spoiled_ledger_stops_the_start() {
    let register = Register::saying("{}");
    let folder = tempfile::tempdir().unwrap();
    let ledger = folder.path().join("hlr-spent");
    std::fs::write(&ledger, "half a li").unwrap();
    let refused = carrack_lookup::Lookups::start(&settings(register.address, ""), &ledger)
        .err()
        .unwrap();
    assert!(refused.to_string().contains("take it away"), "{refused}");
}
