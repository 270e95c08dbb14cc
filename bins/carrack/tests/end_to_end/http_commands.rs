//! What one says to a node by command: prices, lines, several lives, another moment, taking back, its document, completions.

use serde_json::{Value, json};

use super::carrier::{Carrier, settings};
use super::node::{CarrierEntry, Place};

fn text(octets: &[u8]) -> String {
    String::from_utf8(octets.to_vec()).unwrap()
}

#[test]
fn lines_are_sent_shown_and_taken_back_by_command() {
    let north = Carrier::start(settings("north", 1, 5, &[]));
    let entry = CarrierEntry::north(north.address, (1, 100));
    let place = Place::new(&[entry], "sender = \"ACME\"");
    let node = place.serve();
    let quote = place.run(&[
        "quote",
        "--to",
        "+447700900123",
        "--to",
        "12x",
        "--text",
        "Grüße €",
        "--json",
    ]);
    assert_eq!(quote.status.code(), Some(1), "{}", text(&quote.stderr));
    let quote: Value = serde_json::from_slice(&quote.stdout).unwrap();
    let quotes = &quote["messages"];
    assert_eq!(
        (&quotes[0]["segments"], &quotes[0]["carrier"]),
        (&json!(1), &json!("north"))
    );
    assert_eq!(quotes[1]["error"]["field"], "to");

    let lines: String = (0..1_200)
        .map(|number| match number {
            600 => "{\"to\":\"447700900123\"\n".to_owned(),
            601 => "\n".to_owned(),
            _ => format!("{{\"to\":\"4477009{number:05}\",\"text\":\"{number}\"}}\n"),
        })
        .collect();
    let file = place.folder.path().join("lines.ndjson");
    std::fs::write(&file, lines).unwrap();
    let sent = place.run(&["send-lines", file.to_str().unwrap()]);
    assert_eq!(sent.status.code(), Some(1), "{}", text(&sent.stderr));
    let said = text(&sent.stdout);
    assert!(said.contains("line 601: line: is not JSON"), "{said}");
    assert!(said.contains("1 198 accepted, 1 refused"), "{said}");

    let soon = "{\"to\":\"447700900125\",\"text\":\"y\"}\n".repeat(2);
    std::fs::write(&file, soon).unwrap();
    let sent = place.run(&["send-lines", "--json", file.to_str().unwrap()]);
    assert_eq!(sent.status.code(), Some(0), "{}", text(&sent.stderr));
    let ids: Vec<String> = text(&sent.stdout)
        .lines()
        .map(|line| {
            serde_json::from_str::<Value>(line).unwrap()["id"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    let shown = place.run(&["status", &ids[0], &ids[1]]);
    assert_eq!(shown.status.code(), Some(0), "{}", text(&shown.stderr));
    let shown = text(&shown.stdout);
    assert!(ids.iter().all(|id| shown.contains(id.as_str())), "{shown}");
    let missing = place.run(&["status", &ids[0], "0", "--json"]);
    assert_eq!(missing.status.code(), Some(1));
    node.stop();
}

#[test]
fn what_shells_and_programs_need_is_printed_without_a_node() {
    let place = Place::new(&[], "");
    let document = place.run(&["openapi"]);
    let document: Value = serde_json::from_slice(&document.stdout).unwrap();
    assert!(document["paths"]["/v1/messages:bulk"]["post"].is_object());
    for shell in ["bash", "zsh", "fish"] {
        let completions = place.run(&["completions", shell]);
        assert_eq!(completions.status.code(), Some(0));
        for command in ["send-lines", "reschedule"] {
            assert!(
                text(&completions.stdout).contains(command),
                "{shell} {command}"
            );
        }
    }
}

#[test]
fn a_message_for_later_is_taken_back_once() {
    let north = Carrier::start(settings("north", 1, 5, &[]));
    let entry = CarrierEntry::north(north.address, (1, 100));
    let place = Place::new(&[entry], "sender = \"ACME\"");
    let node = place.serve();
    let soon = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24);
    let sent = place.run(&[
        "send",
        "--to",
        "447700900123",
        "--text",
        "x",
        "--at",
        &soon.to_string(),
    ]);
    let id = text(&sent.stdout).trim().to_owned();
    let cancelled = place.run(&["cancel", &id]);
    assert_eq!(
        cancelled.status.code(),
        Some(0),
        "{}",
        text(&cancelled.stderr)
    );
    assert_eq!(place.run(&["cancel", &id]).status.code(), Some(1));
    node.stop();
}

#[test]
fn a_text_goes_to_several_with_everything_that_the_call_takes() {
    let north = Carrier::start(settings("north", 1, 5, &[]));
    let entry = CarrierEntry::north(north.address, (1, 100));
    let place = Place::new(&[entry], "sender = \"ACME\"");
    let node = place.serve();
    let (one, other) = (
        ["send", "--to", "447700900123", "--text", "Hi"],
        ["--to", "447700900124"],
    );
    let all = [
        "--client-ref",
        "order-1",
        "--tag",
        "shop",
        "--encoding",
        "ucs2",
        "--validity",
        "2h",
        "--class",
        "alert",
        "--idempotency-key",
        "k-1",
    ];
    let sent = place.run(&[&one[..], &other, &all, &["--to", "12x"]].concat());
    assert_eq!(sent.status.code(), Some(1), "{}", text(&sent.stderr));
    let said = text(&sent.stderr);
    assert!(said.contains("12x is not accepted: to: "), "{said}");
    let ids: Vec<String> = text(&sent.stdout).lines().map(str::to_owned).collect();
    assert_eq!(ids.len(), 2);
    let life = node.get(&format!("/v1/messages/{}", ids[1]));
    assert_eq!(
        (&life["to"], &life["client_ref"]),
        (&json!("447700900124"), &json!("order-1"))
    );
    let again = place.run(&[&one[..], &other, &all, &["--json"]].concat());
    let again: Value = serde_json::from_slice(&again.stdout).unwrap();
    let second = &again["messages"][1];
    assert_eq!(
        (&second["repeated"], &second["encoding"]),
        (&json!(true), &json!("ucs2"))
    );
    // The same again is the same two, and is waited for.
    let again = place.run(&[&one[..], &other, &all, &["--wait", "--json"]].concat());
    assert_eq!(again.status.code(), Some(0), "{}", text(&again.stderr));
    let lives: Value = serde_json::from_slice(&again.stdout).unwrap();
    let found = [0, 1].map(|place| lives["messages"][place]["id"].clone());
    assert_eq!(found.to_vec(), json!(ids).as_array().unwrap().clone());
    assert_eq!(lives["messages"][1]["status"], "delivered");

    for (option, value) in [
        ("--validity", "x"),
        ("--encoding", "latin"),
        ("--callback-url", "ftp://127.0.0.1/"),
    ] {
        let sent = place.run(&[&one[..], &[option, value]].concat());
        assert_eq!(sent.status.code(), Some(1), "{option}");
        let field = option.trim_start_matches('-').replace('-', "_");
        let said = text(&sent.stderr);
        assert!(said.contains(&format!("{field}: ")), "{said}");
    }
    node.stop();
}

#[test]
fn a_message_for_later_has_another_moment_by_command() {
    let north = Carrier::start(settings("north", 1, 5, &[]));
    let entry = CarrierEntry::north(north.address, (1, 100));
    let place = Place::new(&[entry], "sender = \"ACME\"");
    let node = place.serve();
    let in_hours =
        |hours| (jiff::Timestamp::now() + jiff::SignedDuration::from_hours(hours)).to_string();
    let later = in_hours(24);
    let sent = place.run(&[
        "send",
        "--to",
        "447700900123",
        "--text",
        "x",
        "--send-at",
        &later,
    ]);
    let id = text(&sent.stdout).trim().to_owned();
    let moved = place.run(&["reschedule", &id, "--send-at", &in_hours(48), "--json"]);
    assert_eq!(moved.status.code(), Some(0), "{}", text(&moved.stderr));
    let moved: Value = serde_json::from_slice(&moved.stdout).unwrap();
    assert_eq!(
        (&moved["id"], &moved["status"]),
        (&json!(id), &json!("scheduled"))
    );
    assert!(moved["send_at"].as_str().unwrap() > later.as_str());
    let wrong = place.run(&["reschedule", &id, "--send-at", "tomorrow"]);
    assert_eq!(wrong.status.code(), Some(1));
    let said = text(&wrong.stderr);
    assert!(said.contains("send_at: "), "{said}");
    // A moment that has passed is now; what has left has no other.
    let now = place.run(&["reschedule", &id, "--send-at", &in_hours(-1)]);
    assert_eq!(now.status.code(), Some(0), "{}", text(&now.stderr));
    assert!(text(&now.stdout).contains(&format!("{id} is accepted for ")));
    super::node::eventually(
        "it is delivered",
        std::time::Duration::from_secs(20),
        || node.get(&format!("/v1/messages/{id}"))["status"] == "delivered",
    );
    let late = place.run(&["reschedule", &id, "--send-at", &later]);
    assert_eq!(late.status.code(), Some(1));
    node.stop();
}
