//! Limits, refusals, and responses that do not come.

use super::scene::{Scene, scene};

#[test]
fn t14_throttling_slows_the_link_and_loses_nothing() {
    for quirk in ["throttle=5", "throttle-burst=20"] {
        Scene {
            rows: 1500,
            ..scene(&[quirk])
        }
        .play()
        .all_delivered()
        .nothing_doubled();
    }
}

#[test]
fn t14_limit_by_segment_is_found() {
    let outcome = Scene {
        rows: 1500,
        long: 30.0,
        simulate: |simulated| simulated.rate = Some(500),
        ..scene(&[])
    }
    .play();
    outcome.all_delivered().nothing_doubled();
    let share = outcome.odd.throttled as f64 / outcome.odd.submits as f64;
    assert!(share < 0.1, "{share}: {:?}", outcome.odd);
}

#[test]
fn t14_carrier_that_wants_a_standstill_gets_it() {
    Scene {
        rows: 300,
        simulate: |simulated| simulated.rate = Some(100),
        ..scene(&[])
    }
    .profile("throttle_mode = \"pause\"\npause_on_throttle = \"1s\"")
    .play()
    .all_delivered()
    .nothing_doubled();
}

#[test]
fn t15_full_queue_of_one_handset_holds_nobody_else() {
    scene(&["queue-full-destination=10"])
        .profile("queue_full_scope = \"destination\"")
        .play()
        .adds_up()
        .nothing_doubled();
    scene(&["queue-full=10"])
        .play()
        .all_delivered()
        .nothing_doubled();
}

#[test]
fn t16_failed_submits_go_again_and_then_elsewhere() {
    for quirk in [
        "submit-fail=20",
        "system-error=20",
        "vendor-status=20",
        "account-fault",
    ] {
        Scene {
            spare: true,
            ..scene(&[quirk])
        }
        .play()
        .all_delivered()
        .nothing_doubled();
    }
}

#[test]
fn t16_status_map_of_the_profile_decides() {
    let outcome = Scene {
        spare: true,
        ..scene(&["submit-fail=100"])
    }
    .profile("status_map = { \"0x45\" = \"message_fault\" }")
    .play();
    outcome.adds_up();
    assert_eq!(outcome.batch["failed"], outcome.sample.good);
}

#[test]
fn t17_error_bodies_of_every_kind_are_read() {
    for quirk in ["error-body-nul", "error-body-id", "error-body-tlvs"] {
        scene(&[quirk, "throttle=10"])
            .play()
            .all_delivered()
            .nothing_doubled();
    }
}

#[test]
fn t27_lost_responses_leak_no_slot() {
    for window in [1, 10, 100] {
        let outcome = Scene {
            window,
            carrier: "response_timeout = \"1s\"",
            rows: 1000,
            ..scene(&["drop-response=1"])
        }
        .play();
        outcome.all_delivered();
        let (doubled, dropped) = (outcome.odd.duplicates, outcome.odd.dropped_responses);
        assert!(doubled <= dropped, "{doubled} of {dropped}");
    }
}
