//! Receipts early, late, doubled, elsewhere, and in every dress.

use std::time::Duration;

use super::node::eventually;
use super::scene::{Scene, scene};

#[test]
fn t04_receipt_before_response_is_matched() {
    scene(&["receipt-before-response=30"])
        .play()
        .all_delivered()
        .nothing_doubled();
}

#[test]
fn t05_receipt_on_another_bind_is_matched() {
    Scene {
        links: 3,
        ..scene(&["receipt-other-bind"])
    }
    .play()
    .all_delivered()
    .nothing_doubled();
}

#[test]
fn t05_receipt_after_kill_nine_is_matched() {
    let mut stage = Scene {
        receipt_ms: 1500,
        ..scene(&[])
    }
    .start();
    let segments = stage.sample.segments;
    eventually("all are sent", Duration::from_secs(20), || {
        stage.odd.report().accepted >= segments
    });
    stage.node.kill();
    stage.node = stage.place.serve();
    let outcome = stage.finish(Duration::from_secs(60));
    outcome.all_delivered();
    // What stood in the window when it was killed may go twice; each is listed.
    let uncertain = outcome.audit["uncertain"].as_array().unwrap().len() as u64;
    assert!(
        outcome.odd.duplicates <= uncertain && uncertain <= 50,
        "{uncertain} uncertain, {:?}",
        outcome.odd
    );
}

#[test]
fn t06_parameters_and_text_disagree() {
    for quirk in [
        "receipt-tlv-disagrees",
        "receipt-tlv-no-nul",
        "receipt-tlv-long",
        "receipt-tlv-only",
        "receipt-no-tlv",
    ] {
        scene(&[quirk]).play().all_delivered().nothing_doubled();
    }
}

#[test]
fn t07_each_dialect_is_read() {
    scene(&["receipt-dialects"])
        .play()
        .all_delivered()
        .nothing_doubled();
}

#[test]
fn t08_receipt_in_message_payload_is_read() {
    scene(&["receipt-in-payload"]).play().all_delivered();
}

#[test]
fn t09_receipt_as_data_sm_is_read() {
    scene(&["receipt-data-sm"]).play().all_delivered();
}

#[test]
fn t10_receipt_is_known_without_its_bits() {
    scene(&["receipt-esm-zero"]).play().all_delivered();
    scene(&["receipt-esm-bits"]).play().all_delivered();
    scene(&["receipt-esm-zero", "receipt-no-tlv"])
        .profile("receipt_esm_rule = \"bits_tlv_or_text\"")
        .play()
        .all_delivered();
}

#[test]
fn t10_mo_that_reads_like_a_receipt_changes_nothing() {
    scene(&["mo=30", "mo-like-receipt"])
        .play()
        .all_delivered()
        .nothing_doubled();
}

#[test]
fn t11_receipt_marked_ucs2_is_read() {
    scene(&["receipt-ucs2"]).play().all_delivered();
}

#[test]
fn t12_state_never_goes_back() {
    for quirk in [
        "receipt-intermediate=50",
        "receipt-intermediate-late",
        "receipt-contradicts",
        "double-receipt=50",
    ] {
        scene(&[quirk, "receipts-shuffled"])
            .play()
            .all_delivered()
            .nothing_doubled();
    }
}

#[test]
fn t13_every_receipt_is_answered() {
    let outcome = Scene {
        rows: 5000,
        links: 2,
        window: 500,
        ..scene(&[])
    }
    .play();
    outcome.all_delivered().nothing_doubled();
    assert_eq!(outcome.odd.receipts_sent, outcome.odd.receipts_answered);
}
