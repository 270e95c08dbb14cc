//! Binds refused, bare, of other versions, over TLS.

use std::time::Duration;

use super::node::eventually;
use super::scene::{Scene, scene};

#[test]
fn t18_bare_bind_response_is_a_bind() {
    for quirk in ["bind-resp-bare", "bind-resp-short"] {
        scene(&[quirk]).play().all_delivered().nothing_doubled();
    }
}

#[test]
fn t25_already_bound_is_waited_out() {
    Scene {
        rows: 300,
        ..scene(&["close-after=100", "already-bound=1"])
    }
    .profile("already_bound_wait = \"1s\"")
    .play()
    .all_delivered();
}

#[test]
fn t26_wrong_password_is_tried_five_times() {
    let stage = Scene {
        simulate: |simulated| simulated.password = Some("another".to_owned()),
        ..scene(&[])
    }
    .start();
    eventually("it gives up", Duration::from_secs(20), || {
        stage.place.said().contains("not tried again")
    });
    let report = stage.odd.report();
    assert_eq!(report.binds, 0, "{report:?}");
}

#[test]
fn t37_system_type_and_long_password_are_settable() {
    scene(&["system-type-required"])
        .profile("system_type = \"SMPP\"")
        .play()
        .all_delivered();
}

#[test]
fn t46_version_of_the_peer_is_no_reason_to_refuse() {
    for quirk in ["version-33", "version-50", "version-none"] {
        scene(&[quirk]).play().all_delivered().nothing_doubled();
    }
}
