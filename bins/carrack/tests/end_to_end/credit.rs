//! Money: an account spends what it has over any door, goes on when it is given more, and a kill changes no sum.

use std::time::Duration;

use carrack_loadtest::chance::Percent;
use carrack_loadtest::smsc::Settings;
use serde_json::Value;

use super::carrier::{Carrier, settings};
use super::customers::load;
use super::node::{CarrierEntry, Node, Place, eventually};

const PATIENCE: Duration = Duration::from_secs(20);

/// Each message costs 0.01.
fn place(north: &Carrier, more: &str) -> Place {
    let entry = CarrierEntry::north(north.address, (2, 500));
    let place = Place::new(&[entry], &format!("deck = \"sell.csv\"\n{more}"));
    let deck = "prefix,price,currency,name\n44,0.01,EUR,United Kingdom\n";
    std::fs::write(place.folder.path().join("sell.csv"), deck).unwrap();
    place
}

fn balance(node: &Node) -> Value {
    node.get("/v1/balance")
}

fn give(place: &Place, node: &Node, amount: &str, reference: &str) -> Value {
    let url = ["--url", &node.http, "--key", "test-key", "--json"];
    let give = ["balance", "add", "test", amount, "--reference", reference];
    let given = place.run(&[&give[..], &url[..]].concat());
    assert!(
        given.status.success(),
        "{}",
        String::from_utf8_lossy(&given.stderr)
    );
    serde_json::from_slice(&given.stdout).unwrap()
}

/// Status of one message over HTTP.
fn post(node: &Node) -> u16 {
    let agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .build()
        .new_agent();
    let request = agent.post(format!("{}/v1/messages", node.http));
    let message = serde_json::json!({"to": "+447700900123", "from": "ACME", "text": "hello"});
    let request = request.header("Authorization", "Bearer test-key");
    request.send_json(message).unwrap().status().as_u16()
}

#[test]
fn account_spends_what_it_has_over_any_door_and_goes_on_when_it_is_given_more() {
    let north = Carrier::start(settings("north", 1, 5, &[]));
    let place = place(&north, "balance = \"0.70\"\ncredit = \"0.30\"");
    let node = place.serve();
    let report = load(&node, 300, 1, None);
    assert_eq!((report.sent, report.accepted), (300, 100), "{report:?}");
    assert_eq!(report.refused.get("ESME_RSUBMITFAIL"), Some(&200));
    assert_eq!(post(&node), 402);
    eventually("all is charged", PATIENCE, || {
        balance(&node)["charged"] == "1"
    });
    assert_eq!(balance(&node)["available"], "0");

    let mut rows = "to,text\n".to_owned();
    for row in 0..80 {
        rows.push_str(&format!("44770090{row:04},row {row}\n"));
    }
    let file = place.folder.path().join("rows.csv");
    std::fs::write(&file, rows).unwrap();
    let batch = node.submit_batch(&file);
    eventually("it says what it waits for", PATIENCE, || {
        node.get(&format!("/v1/batches/{batch}"))
            .to_string()
            .contains("not enough credit")
    });
    // Half of it, once though it is said twice.
    for booked in [true, false] {
        assert_eq!(give(&place, &node, "0.40", "invoice 1")["booked"], booked);
    }
    eventually("the half of it is taken", PATIENCE, || {
        node.get(&format!("/v1/batches/{batch}"))["accepted"] == 40
    });
    give(&place, &node, "1.00", "invoice 2");
    let done = node.batch_done(&batch, PATIENCE);
    assert_eq!(
        (&done["accepted"], &done["rejected"]),
        (&80.into(), &0.into())
    );
    assert_eq!(post(&node), 202);
    eventually("all is charged", PATIENCE, || {
        balance(&node)["charged"] == "1.81"
    });
    assert_eq!(balance(&node)["available"], "0.59");
    let audit = place.audit();
    assert_eq!(audit["adds_up"], true, "{audit}");
    let money = &audit["accounts"][0];
    assert_eq!(
        (&money["credited_micros"], &money["charged_micros"]),
        (&1_400_000.into(), &1_810_000.into())
    );
}

#[test]
fn account_that_pays_for_delivery_has_the_rest_back() {
    let north = Carrier::start(Settings {
        undelivered: Percent::new(100.0).unwrap(),
        ..settings("north", 1, 5, &[])
    });
    let place = place(&north, "balance = \"1\"\ncharge_on = \"delivered\"");
    let node = place.serve();
    let report = load(&node, 100, 1, None);
    assert_eq!(report.accepted, 100);
    eventually("nothing is reserved", PATIENCE, || {
        balance(&node)["reserved"] == "0"
    });
    let balance = balance(&node);
    assert_eq!(
        (&balance["charged"], &balance["available"]),
        (&"0".into(), &"1".into())
    );
}

#[test]
fn kill_nine_changes_no_sum_and_nothing_beyond_the_limit_is_accepted() {
    let north = Carrier::start(settings("north", 5, 30, &[]));
    let place = place(&north, "balance = \"20\"");
    let mut rows = "to,text\n".to_owned();
    for row in 0..4000 {
        rows.push_str(&format!("44770090{row:04},row {row}\n"));
    }
    let file = place.folder.path().join("rows.csv");
    std::fs::write(&file, rows).unwrap();
    let mut node = place.serve();
    let batch = node.submit_batch(&file);
    for life in 0..4u64 {
        std::thread::sleep(Duration::from_millis(60 + life * 70));
        node.kill();
        node = place.serve();
        let given = give(&place, &node, "1", "the only one");
        assert_eq!(given["booked"], life == 0, "{given}");
    }
    eventually("2,100 messages are taken and charged", PATIENCE, || {
        balance(&node)["charged"] == "21"
    });
    let balance = balance(&node);
    assert_eq!(balance["available"], "0", "{balance}");
    assert_eq!(node.get(&format!("/v1/batches/{batch}"))["accepted"], 2100);
    let audit = place.audit();
    assert_eq!(audit["adds_up"], true, "{audit}");
    assert_eq!(audit["accounts"][0]["charged_micros"], 21_000_000);
    assert_eq!(north.report().messages_distinct, 2100);
}
