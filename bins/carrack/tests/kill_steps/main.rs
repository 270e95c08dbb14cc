//! kill -9 at each step of a message's way, with the step held open: what was acknowledged ends once, and only what stood
//! in a window without an answer may be doubled, each copy listed.
//!
//! The step before (accepted, not durable) cannot be held open in a process: nobody was told of it. `core/engine` and
//! `core/simulation` have it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[allow(dead_code, reason = "shared with other tests, which use more of it")]
#[path = "../end_to_end/carrier.rs"]
mod carrier;
#[allow(dead_code, reason = "shared with other tests, which use more of it")]
#[path = "../end_to_end/node.rs"]
mod node;
#[allow(dead_code, reason = "shared with other tests, which use more of it")]
#[path = "../disk_faults/scene.rs"]
mod scene;

use std::collections::BTreeSet;
use std::time::Duration;

use carrack_loadtest::load::{LoadReport, Pace, Texts, smpp};
use serde_json::Value;

use carrier::{Carrier, settings};
use node::{Node, Place, eventually};
use scene::{PATIENCE, all_final, get, place, submit, unknown};

const MESSAGES: usize = 20;

fn count(audit: &Value, name: &str) -> u64 {
    audit[name].as_u64().unwrap()
}

fn uncertain(audit: &Value) -> usize {
    audit["uncertain"].as_array().unwrap().len()
}

/// Ends the node; the audit, which has all of them delivered and told.
fn good_end(place: &Place, node: Node) -> Value {
    assert_eq!(node.stop().0, Some(0), "{}", place.said());
    let audit = place.audit();
    assert_eq!(
        (
            audit["adds_up"].as_bool(),
            count(&audit, "delivered"),
            count(&audit, "accepted"),
            count(&audit, "untold")
        ),
        (Some(true), MESSAGES as u64, MESSAGES as u64, 0),
        "{audit}"
    );
    audit
}

#[test]
fn killed_between_durable_and_sent_everything_goes_once() {
    let north = Carrier::start(settings("north", 1, 5, &[]));
    north.toggle();
    let place = place(&north);
    let node = place.serve();
    let ids = submit(&node, "waits", MESSAGES);
    node.kill();
    let node = place.serve();
    assert_eq!(unknown(&node, &ids), BTreeSet::new());
    assert_eq!(north.report().submits, 0);
    north.toggle();
    all_final(&place);
    let audit = good_end(&place, node);
    assert_eq!(uncertain(&audit), 0, "{audit}");
    let report = north.report();
    assert_eq!(
        (report.accepted, report.distinct_texts),
        (MESSAGES as u64, MESSAGES as u64)
    );
}

#[test]
fn killed_between_sent_and_answered_the_window_is_listed_and_no_more_is_doubled() {
    let north = Carrier::start(settings("north", 2_000, 5, &[]));
    let place = place(&north);
    let node = place.serve();
    let ids = submit(&node, "sent", MESSAGES);
    eventually("all stand in the window", PATIENCE, || {
        north.report().submits == MESSAGES as u64
    });
    node.kill();
    let node = place.serve();
    assert_eq!(unknown(&node, &ids), BTreeSet::new());
    all_final(&place);
    let audit = good_end(&place, node);
    assert_eq!(uncertain(&audit), MESSAGES, "{audit}");
    let report = north.report();
    assert_eq!(report.distinct_texts, MESSAGES as u64);
    assert!(report.duplicates <= MESSAGES as u64, "{report:?}");
}

#[test]
fn killed_between_answer_and_receipt_nothing_is_sent_again_and_the_receipt_finds_its_message() {
    let north = Carrier::start(settings("north", 1, 2_000, &[]));
    let place = place(&north);
    let node = place.serve();
    let ids = submit(&node, "answered", MESSAGES);
    eventually("each answer is durable", PATIENCE, || {
        ids.iter()
            .all(|id| get(&node, &format!("/v1/messages/{id}")).body["status"] == "submitted")
    });
    node.kill();
    let node = place.serve();
    all_final(&place);
    let audit = good_end(&place, node);
    assert_eq!(uncertain(&audit), 0, "{audit}");
    assert_eq!(north.report().accepted, MESSAGES as u64);
}

/// Binds, submits so many with receipts, and stays as long as it is told.
fn customer(node: &Node, messages: usize, run: u64, stay: Duration) -> LoadReport {
    let options = smpp::Options {
        address: node.smpp.unwrap().to_string(),
        system_id: "test".into(),
        password: "secret".into(),
        binds: 1,
        window: 50,
        receipts: true,
        wait: stay,
        linger: stay,
        response_timeout: Duration::from_secs(10),
        reconnect: None,
        tls: None,
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    tokio::task::LocalSet::new().block_on(&runtime, async {
        let texts = Texts::new("447700900", 3, "ACME", run)
            .with_length(100)
            .unwrap();
        smpp::run(options, texts, Pace::new(Some(messages as u64), None, None))
            .await
            .unwrap()
    })
}

#[test]
fn killed_between_receipt_and_telling_each_customer_is_told_once() {
    let north = Carrier::start(settings("north", 1, 1_500, &[]));
    let place = place(&north);
    let node = place.serve();
    // One message less: the customer who comes back sends it.
    let first = customer(&node, MESSAGES - 1, 1, Duration::from_millis(1));
    assert_eq!(
        (first.accepted, first.receipts),
        (MESSAGES as u64 - 1, 0),
        "he is gone before any receipt: {first:?}"
    );
    eventually("all receipts are durable", PATIENCE, || {
        north.report().receipts_answered == MESSAGES as u64 - 1
    });
    node.kill();
    let node = place.serve();
    let audit = all_final(&place);
    assert_eq!(count(&audit, "untold"), MESSAGES as u64 - 1, "{audit}");
    let second = customer(&node, 1, 2, Duration::from_secs(4));
    assert_eq!(
        (
            second.receipts,
            second.receipts_unmatched,
            second.receipts_duplicate
        ),
        (1, MESSAGES as u64 - 1, 0),
        "his own and those of the life before: {second:?}"
    );
    node.kill();
    let node = place.serve();
    let audit = good_end(&place, node);
    assert_eq!(uncertain(&audit), 0, "{audit}");
    assert_eq!(north.report().accepted, MESSAGES as u64);
}
