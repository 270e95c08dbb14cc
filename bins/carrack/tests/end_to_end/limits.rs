//! Limits by sender and recipient: what is over waits or is refused, through a kill, until a reload lets it go.

use std::time::Duration;

use serde_json::{Value, json};

use super::carrier::{Carrier, settings};
use super::node::{CarrierEntry, Node, Place, eventually};

const PATIENCE: Duration = Duration::from_secs(20);
const SLOW: &str =
    "[[limit]]\nname = \"slow\"\nmatch = { from = \"SLOW*\" }\neach = \"sender\"\nrate = \"1/h\"\n";
const PHONES: &str = "[[limit]]\nname = \"phones\"\nmatch = { from = \"PHONE\" }\neach = \"recipient\"\ncount = 2\nwithin = \"1h\"\n";

/// Status, seconds until it may be tried again, and body of one message over HTTP.
fn post(node: &Node, from: &str, last: u32) -> (u16, Option<u64>, String) {
    let agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .build()
        .new_agent();
    let message = json!({"to": format!("+4477009{last:05}"), "from": from, "text": "hello"});
    let request = agent.post(format!("{}/v1/messages", node.http));
    let request = request.header("Authorization", "Bearer test-key");
    let mut answer = request.send_json(message).unwrap();
    let again = answer.headers().get("retry-after");
    let again = again.and_then(|seconds| seconds.to_str().ok()?.parse().ok());
    let body = answer.body_mut().read_to_string().unwrap();
    (answer.status().as_u16(), again, body)
}

fn taken(node: &Node) -> u64 {
    let carriers = node.get("/v1/carriers");
    carriers["carriers"][0]["segments_accepted"]
        .as_u64()
        .unwrap()
}

fn limit(node: &Node, name: &str) -> Value {
    let limits = node.get("/v1/limits");
    let found = limits["limits"].as_array().unwrap().iter();
    let mut found = found.filter(|limit| limit["name"] == name);
    found.next().cloned().unwrap_or_default()
}

#[test]
fn what_is_over_a_limit_waits_through_a_kill_until_a_reload_lets_it_go() {
    let north = Carrier::start(settings("north", 1, 5, &[]));
    let entry = CarrierEntry::north(north.address, (2, 100));
    let place = Place::new(&[entry], "");
    let without = std::fs::read_to_string(place.configuration()).unwrap();
    std::fs::write(place.configuration(), format!("{without}{SLOW}{PHONES}")).unwrap();
    let node = place.serve();
    for number in 0..5 {
        assert_eq!(post(&node, "SLOW1", number).0, 202);
    }
    for number in 0..20 {
        assert_eq!(post(&node, "FREE", number).0, 202);
    }
    eventually("others do not wait", PATIENCE, || taken(&node) == 21);
    let slow = limit(&node, "slow");
    let held = (&slow["waiting"], &slow["granted"], &slow["in_use"]);
    assert_eq!(held, (&4.into(), &1.into(), &1.into()), "{slow}");

    for expected in [202, 202, 429] {
        let (status, again, body) = post(&node, "PHONE", 77);
        assert_eq!(status, expected, "{body}");
        if expected == 429 {
            assert!(again.is_some_and(|again| (3500..=3600).contains(&again)));
            assert!(body.contains("phones"), "{body}");
        }
    }
    assert_eq!(limit(&node, "phones")["refused"], 1);
    let url = ["--url", &node.http, "--key", "test-key"];
    let shown = place.run(&[&["limit", "list"][..], &url].concat());
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(
        shown.contains("1/h") && shown.contains("2 in 1h"),
        "{shown}"
    );
    eventually("all but the slow ones are out", PATIENCE, || {
        taken(&node) == 23
    });

    node.kill();
    let node = place.serve();
    eventually("they wait again", PATIENCE, || {
        limit(&node, "slow")["waiting"] == 4
    });
    assert_eq!(taken(&node), 0);
    std::fs::write(place.configuration(), format!("{without}{PHONES}")).unwrap();
    node.signal("HUP");
    eventually("they are let go", PATIENCE, || taken(&node) == 4);
    assert_eq!(limit(&node, "slow"), Value::Null);
    drop(node);
    let audit = place.audit();
    assert_eq!(audit["adds_up"], true, "{audit}");
}
