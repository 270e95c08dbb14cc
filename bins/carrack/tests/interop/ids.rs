//! Ids in other clothes.

use super::scene::{Scene, scene};

#[test]
fn t01_hex_and_decimal_ids_match_while_learning() {
    for quirk in ["ids-hex-decimal", "ids-decimal-hex"] {
        scene(&[quirk]).play().all_delivered().nothing_doubled();
    }
}

#[test]
fn t01_hex_and_decimal_ids_match_by_profile() {
    let fixed = [
        (
            "ids-hex-decimal",
            "id_submit_base = \"hex\"\nid_receipt_base = \"decimal\"",
        ),
        (
            "ids-decimal-hex",
            "id_submit_base = \"decimal\"\nid_receipt_base = \"hex\"",
        ),
    ];
    for (quirk, profile) in fixed {
        let outcome = scene(&[quirk]).profile(profile).play();
        outcome.all_delivered().nothing_doubled();
    }
}

#[test]
fn t01_early_receipts_match_through_other_bases() {
    scene(&["ids-hex-decimal", "receipt-before-response=50"])
        .play()
        .all_delivered()
        .nothing_doubled();
}

#[test]
fn t02_zeros_case_and_uuids_match() {
    for quirk in [
        "id-zeros-dropped",
        "id-zeros-added",
        "id-case-swapped",
        "id-uuid",
    ] {
        scene(&[quirk]).play().all_delivered().nothing_doubled();
    }
}

#[test]
fn t03_short_and_long_ids_match() {
    for quirk in ["id-short", "id-long"] {
        scene(&[quirk]).play().all_delivered().nothing_doubled();
    }
}

#[test]
fn t03_message_without_an_id_is_not_sent_again() {
    let outcome = Scene {
        delivery: "receipt_wait_max = \"2s\"",
        long: 0.0,
        ..scene(&["id-empty=100", "drop-receipt=100"])
    }
    .play();
    outcome.adds_up().nothing_doubled();
    assert_eq!(
        outcome.batch["failed"], outcome.sample.good,
        "unknown, not lost"
    );
}

#[test]
fn t45_id_given_to_two_messages_goes_by_the_recipient() {
    scene(&["id-reuse=40"])
        .play()
        .all_delivered()
        .nothing_doubled();
}
