//! enquire_link, unbind, reconnects.

use super::scene::{Scene, scene};

#[test]
fn t23_enquire_link_in_floods_and_before_bind_is_answered() {
    for quirk in ["enquire-flood", "enquire-before-bind"] {
        scene(&[quirk]).play().all_delivered().nothing_doubled();
    }
}

#[test]
fn t23_silent_carrier_is_left_but_not_while_it_talks() {
    Scene {
        carrier: "enquire_link = \"1s\"",
        ..scene(&["no-enquire-answer"])
    }
    .play()
    .all_delivered();
}

#[test]
fn t24_unbind_in_mid_window_loses_nothing() {
    for quirks in [
        &["unbind-after=100"][..],
        &["unbind-after=100", "unbind-then-close"],
        &["unbind-after=150", "ignore-unbind"],
    ] {
        scene(quirks).play().all_delivered();
    }
}

#[test]
fn t24_reconnects_lose_nothing() {
    Scene {
        rows: 3000,
        links: 2,
        receipt_ms: 100,
        ..scene(&["reconnect-every=1"])
    }
    .play()
    .all_delivered();
}
