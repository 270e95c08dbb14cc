//! Text in the form that each carrier wants: the carrier's side reads what the customer wrote.

use super::scene::{Outcome, Scene, scene};

/// As many different texts at the carrier as the sample has segments, or messages where the carrier cuts them.
fn texts_arrive_whole(outcome: &Outcome, distinct: u64) {
    outcome.all_delivered().nothing_doubled();
    assert_eq!(outcome.odd.distinct_texts, distinct, "{:?}", outcome.odd);
}

#[test]
fn t28_packed_septets_arrive_whole() {
    let outcome = Scene {
        long: 30.0,
        ..scene(&["dc0-packed"])
    }
    .profile("dc0_packed = true")
    .play();
    texts_arrive_whole(&outcome, outcome.sample.segments);
}

#[test]
fn t29_latin1_as_default_alphabet_arrives_whole() {
    let outcome = scene(&["dc0-latin1"])
        .profile("dc0_alphabet = \"latin1\"")
        .play();
    outcome.all_delivered().nothing_doubled();
    let outcome = scene(&["dc0-ascii"])
        .profile("dc0_alphabet = \"ascii\"")
        .play();
    outcome.all_delivered().nothing_doubled();
}

#[test]
fn t30_data_coding_241_for_the_default_alphabet() {
    let outcome = scene(&["dcs-241"])
        .profile("dcs_map = { default = 241 }")
        .play();
    texts_arrive_whole(&outcome, outcome.sample.segments);
}

#[test]
fn t31_latin1_is_not_sent_where_it_is_converted_with_loss() {
    let outcome = scene(&["latin1-lossy"]).play();
    texts_arrive_whole(&outcome, outcome.sample.segments);
}

#[test]
fn t32_odd_ucs2_from_handsets_disturbs_nothing() {
    scene(&["mo=20", "mo-ucs2-little-endian", "mo-ucs2-odd"])
        .play()
        .all_delivered();
}

#[test]
fn t34_lengths_at_the_edge_are_taken() {
    for quirk in ["mo-length-255", "mo-both-payload", "mo-payload"] {
        scene(&["mo=20", quirk]).play().all_delivered();
    }
}

#[test]
fn t35_long_texts_go_by_each_method() {
    for profile in [
        "long_method = \"udh\"\nref_bits = 8",
        "long_method = \"udh\"\nref_bits = 16",
        "long_method = \"sar\"",
        "long_method = \"payload\"",
    ] {
        let outcome = Scene {
            long: 60.0,
            ..scene(&[])
        }
        .profile(profile)
        .play();
        outcome.all_delivered().nothing_doubled();
    }
}

#[test]
fn t35_parts_from_handsets_disturb_nothing() {
    for quirk in [
        "mo-udh8",
        "mo-udh16",
        "mo-sar",
        "mo-two-methods",
        "mo-out-of-order",
    ] {
        scene(&["mo=20", quirk]).play().all_delivered();
    }
}

#[test]
fn t36_header_bit_wrong_disturbs_nothing() {
    for quirk in ["mo-udhi-missing", "mo-udhi-false"] {
        scene(&["mo=20", quirk]).play().all_delivered();
    }
}
