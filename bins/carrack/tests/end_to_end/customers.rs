//! Customers over SMPP and HTTP, with receipts.

use std::time::Duration;

use carrack_loadtest::load::{LoadReport, Pace, Texts, smpp};
use serde_json::Value;

use super::carrier::{Carrier, settings};
use super::node::{CarrierEntry, Node, Place, eventually};

fn place(north: &Carrier) -> Place {
    let entry = CarrierEntry::north(north.address, (2, 500));
    Place::new(&[entry], "")
}

#[test]
fn message_over_http_has_its_whole_story() {
    let north = Carrier::start(settings("north", 1, 5, &[]));
    let place = place(&north);
    let node = place.serve();
    let url = ["--url", &node.http, "--key", "test-key", "--json"];
    let sent = place.run(
        &[
            &[
                "send",
                "--to",
                "+44 7700 900123",
                "--from",
                "ACME",
                "--text",
                "Grüße €",
            ][..],
            &url[..],
        ]
        .concat(),
    );
    assert_eq!(
        sent.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&sent.stderr)
    );
    let sent: Value = serde_json::from_slice(&sent.stdout).unwrap();
    let id = sent["messages"][0]["id"]
        .as_str()
        .or_else(|| sent["id"].as_str())
        .unwrap()
        .to_owned();
    eventually("it is delivered", Duration::from_secs(5), || {
        node.get(&format!("/v1/messages/{id}"))["status"] == "delivered"
    });
    let story = node.get(&format!("/v1/messages/{id}"));
    assert_eq!(
        (
            story["to"].as_str(),
            story["segments"].as_u64(),
            story["carrier"].as_str()
        ),
        (Some("447700900123"), Some(1), Some("north")),
        "{story}"
    );
    let states: Vec<&str> = story["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["state"].as_str().unwrap())
        .collect();
    assert_eq!(states, ["accepted", "submitted", "receipt", "delivered"]);
    let status = place.run(&[&["status", &id][..], &url[..]].concat());
    assert!(
        status.status.success() && String::from_utf8_lossy(&status.stdout).contains("delivered")
    );
}

pub(super) fn load(node: &Node, count: u64, run: u64, reconnect: Option<Duration>) -> LoadReport {
    let options = smpp::Options {
        address: node.smpp.unwrap().to_string(),
        system_id: "test".into(),
        password: "secret".into(),
        binds: 4,
        window: 50,
        receipts: true,
        wait: Duration::from_secs(10),
        linger: Duration::from_millis(200),
        response_timeout: Duration::from_secs(10),
        reconnect,
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
        smpp::run(options, texts, Pace::new(Some(count), None, None))
            .await
            .unwrap()
    })
}

#[test]
fn customer_over_smpp_gets_one_receipt_for_each_message() {
    let quirks = [
        "receipt-before-response=20",
        "double-receipt=5",
        "throttle=1",
        "refuse=1",
        "drop-response=0.5",
    ];
    let north = Carrier::start(settings("north", 1, 5, &quirks));
    let entry = CarrierEntry {
        name: "north",
        address: north.address,
        price: "0.005",
        links: 2,
        window: 500,
        more: "response_timeout = \"300ms\"",
    };
    let place = Place::new(&[entry], "");
    let node = place.serve();
    let report = load(&node, 4000, 1, None);
    assert_eq!(
        (report.sent, report.accepted, report.unanswered),
        (4000, 4000, 0),
        "{report:?}"
    );
    assert_eq!(
        (
            report.receipts,
            report.receipts_missing,
            report.receipts_unmatched
        ),
        (4000, 0, 0),
        "{report:?}"
    );
    assert_eq!(report.receipts_duplicate, 0, "{report:?}");
    assert_eq!(node.stop().0, Some(0), "{}", place.said());
    let audit = place.audit();
    assert_eq!(
        (
            audit["adds_up"].as_bool(),
            audit["accepted"].as_u64(),
            audit["waiting"].as_u64()
        ),
        (Some(true), Some(4000), Some(0)),
        "{audit}"
    );
    assert_eq!(audit["untold"], 0);
    let doubled = north.report().duplicates;
    let uncertain = audit["uncertain"].as_array().unwrap().len() as u64;
    assert!(
        doubled <= uncertain,
        "doubled {doubled}, uncertain {uncertain}"
    );
}
