//! Responses out of order, late, twice, with another number, or replaced by a nack.

use super::scene::{Scene, scene};

#[test]
fn t19_sequence_numbers_of_the_peer_may_be_anything() {
    for quirk in ["sequence-zero", "sequence-high", "sequence-constant"] {
        scene(&[quirk]).play().all_delivered().nothing_doubled();
    }
}

#[test]
fn t20_response_with_another_number_settles_nothing() {
    Scene {
        carrier: "response_timeout = \"1s\"",
        ..scene(&["sequence-mismatch=3"])
    }
    .play()
    .all_delivered();
}

#[test]
fn t21_shuffled_responses_find_their_requests() {
    Scene {
        window: 100,
        rows: 2000,
        long: 30.0,
        ..scene(&["shuffle-responses"])
    }
    .play()
    .all_delivered()
    .nothing_doubled();
}

#[test]
fn t22_late_and_double_responses_settle_once() {
    Scene {
        carrier: "response_timeout = \"500ms\"",
        ..scene(&["late-response=5"])
    }
    .profile("on_resp_timeout = \"wait\"")
    .play()
    .all_delivered()
    .nothing_doubled();
    scene(&["double-response=30"])
        .play()
        .all_delivered()
        .nothing_doubled();
}

#[test]
fn t42_nack_completes_the_request_that_it_names() {
    for quirk in ["nack-submit=5", "nack-zero=1"] {
        Scene {
            carrier: "response_timeout = \"1s\"",
            spare: true,
            ..scene(&[quirk])
        }
        .play()
        .all_delivered();
    }
}

#[test]
fn t43_octets_one_by_one_are_the_same() {
    Scene {
        rows: 200,
        ..scene(&["drip"])
    }
    .play()
    .all_delivered()
    .nothing_doubled();
    scene(&["split-header"])
        .play()
        .all_delivered()
        .nothing_doubled();
}
