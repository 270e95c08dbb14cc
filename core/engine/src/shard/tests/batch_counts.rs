//! Figures of batches: what is counted while a node runs is what its log says after a crash.

use std::sync::atomic::Ordering;

use carrack_carrier::Disposition;
use carrack_message::ReceiptState;
use carrack_routing::OnNoResponse;

use super::onward::failed_receipts_go_on;
use super::rig::{NORTH, Rig, SOUTH, settings};
use crate::batches::BatchEnds;
use crate::recovery::RestoredBatch;
use crate::settings::EngineSettings;
use crate::submission::Submission;

const BATCH: u64 = 9;

fn accept(rig: &mut Rig, texts: &[&str]) {
    let rows = (1..).zip(texts);
    let submissions = rows.map(|(row, text)| Submission {
        batch: Rig::row(BATCH, row),
        ..rig.submission_to(text, row)
    });
    let submissions = submissions.collect();
    rig.hand_in(submissions, None);
    rig.settle();
}

fn counted(rig: &Rig) -> RestoredBatch {
    let counters = rig.shared.batches.counters(BATCH);
    RestoredBatch {
        ends: counters.ends(),
        live: counters.live.load(Ordering::Relaxed),
    }
}

/// Submitted, delivered, failed, live; the log says the same.
#[track_caller]
fn assert_counts(rig: &Rig, figures: [u64; 4]) {
    let [submitted, delivered, failed, live] = figures;
    let ends = BatchEnds {
        submitted,
        delivered,
        failed,
    };
    let expected = RestoredBatch { ends, live };
    assert_eq!(counted(rig), expected, "while it runs");
    assert_eq!(rig.recovered().batches[&BATCH], expected, "by its log");
}

#[test]
fn whose_receipt_comes_before_the_answer_was_submitted() {
    let mut rig = Rig::new();
    accept(&mut rig, &["one"]);
    rig.receipt(NORTH, "n1", ReceiptState::Delivered);
    rig.settle();
    rig.answer(NORTH, "n1");
    rig.settle();
    assert_counts(&rig, [1, 1, 0, 0]);
}

#[test]
fn what_a_crash_found_in_a_window_and_a_receipt_ends_was_submitted() {
    let mut rig = Rig::with(EngineSettings {
        on_no_response: OnNoResponse::Wait,
        ..settings()
    });
    accept(&mut rig, &["one", "two"]);
    rig.answer(NORTH, "n1");
    rig.settle();
    assert_counts(&rig, [1, 0, 0, 2]);
    let mut rig = rig.crash();
    assert_eq!(counted(&rig).ends.submitted, 1);
    rig.up(NORTH);
    rig.settle();
    rig.receipt(NORTH, "n1", ReceiptState::Delivered);
    rig.receipt_of(NORTH, "n2", ReceiptState::Delivered, Some(2));
    rig.settle();
    assert_counts(&rig, [2, 2, 0, 0]);
}

#[test]
fn what_goes_on_to_the_next_carrier_was_submitted_once() {
    for crashes in [false, true] {
        let mut rig = Rig::new();
        failed_receipts_go_on(&rig);
        accept(&mut rig, &["one"]);
        rig.answer(NORTH, "n1");
        rig.settle();
        rig.receipt(NORTH, "n1", ReceiptState::Undeliverable);
        rig.settle();
        assert_eq!(rig.open(SOUTH), 1);
        if crashes {
            rig = rig.crash();
            failed_receipts_go_on(&rig);
            rig.up(SOUTH);
            rig.settle();
        }
        rig.answer(SOUTH, "s1");
        rig.settle();
        assert_counts(&rig, [1, 0, 0, 1]);
        rig.receipt(SOUTH, "s1", ReceiptState::Delivered);
        rig.settle();
        assert_counts(&rig, [1, 1, 0, 0]);
    }
}

#[test]
fn what_no_carrier_took_whole_was_not_submitted() {
    let mut rig = Rig::new();
    accept(&mut rig, &[&"x".repeat(200), "two"]);
    rig.answer(NORTH, "n1");
    rig.refuse(NORTH, 0xb, Disposition::MessageFault);
    rig.answer(NORTH, "n2");
    rig.settle();
    assert_counts(&rig, [1, 0, 1, 1]);
}
