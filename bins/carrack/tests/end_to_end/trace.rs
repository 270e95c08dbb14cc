//! `carrack trace` of a running node: a capture that every tool reads, without what is nobody's business.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::carrier::{Carrier, settings};
use crate::node::{CarrierEntry, Node, PROGRAM, Place, eventually};

const SECRET: &str = "one time code 314159";

fn stand() -> (Carrier, Place, Node) {
    let carrier = Carrier::start(settings("north", 1, 20, &[]));
    let entry = CarrierEntry {
        name: "north",
        address: carrier.address,
        price: "0.01",
        links: 2,
        window: 10,
        more: "",
    };
    let place = Place::new(&[entry], "");
    let node = place.serve();
    (carrier, place, node)
}

fn trace(place: &Place, file: &Path, more: &[&str]) -> Child {
    Command::new(PROGRAM)
        .args(["trace", "carrier", "north", "--pcap"])
        .arg(file)
        .args(more)
        .env("CARRACK_CONFIG", place.configuration())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn send(place: &Place, count: usize) {
    for number in 0..count {
        let to = format!("+4479460009{number:02}");
        let sent = place.run(&["send", "--to", &to, "--from", "ACME", "--text", SECRET]);
        assert!(
            sent.status.success(),
            "{}",
            String::from_utf8_lossy(&sent.stderr)
        );
    }
}

fn check(place: &Place, file: &Path) -> Value {
    let file = file.to_str().unwrap();
    let checked = place.run(&[
        "carrier",
        "check",
        "--profile",
        "carrack-smscsim",
        "--trace",
        file,
        "--json",
    ]);
    let text = String::from_utf8_lossy(&checked.stderr).into_owned();
    assert!(
        checked.status.success(),
        "{text}{}",
        String::from_utf8_lossy(&checked.stdout)
    );
    serde_json::from_slice(&checked.stdout).unwrap()
}

/// What Wireshark's own reader makes of a capture: SMPP commands and malformed packets; none where it is not installed.
fn referee(file: &Path) -> Option<(usize, usize)> {
    let count = |filter: &str| {
        let output = Command::new("tshark")
            .arg("-r")
            .arg(file)
            .args(["-Y", filter])
            .output()
            .ok()?;
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        Some(String::from_utf8_lossy(&output.stdout).lines().count())
    };
    Some((
        count("smpp")?,
        count("_ws.malformed || tcp.analysis.flags")?,
    ))
}

#[test]
fn a_trace_is_a_capture_that_fits_and_hides_contents() {
    let (_carrier, place, _node) = stand();
    let file = place.folder.path().join("north.pcap");
    let trace = trace(&place, &file, &["--for", "4s", "--json"]);
    eventually("the trace runs", Duration::from_secs(10), || file.exists());
    send(&place, 5);
    let output = trace.wait_with_output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let sum: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&sum["end"], &sum["dropped"]),
        (&Value::from("time"), &Value::from(0)),
        "{sum}"
    );
    // Submit, response, receipt, and its response, five times.
    assert!(sum["pdus"].as_u64().unwrap() >= 20, "{sum}");
    let octets = std::fs::read(&file).unwrap();
    let holds = |text: &str| {
        octets
            .windows(text.len())
            .any(|window| window == text.as_bytes())
    };
    assert!(
        !holds("314159") && !holds("447946000900"),
        "contents in the capture"
    );
    let checked = check(&place, &file);
    assert_eq!(
        (&checked["submits"], &checked["receipts"]["all"]),
        (&Value::from(5), &Value::from(5)),
        "{checked}"
    );
    if let Some((smpp, faulty)) = referee(&file) {
        assert!(smpp >= 20, "{smpp}");
        assert_eq!(faulty, 0);
    }
}

#[test]
fn a_trace_with_contents_that_is_stopped_leaves_a_whole_file() {
    let (_carrier, place, _node) = stand();
    let file = place.folder.path().join("north.pcap");
    let trace = trace(&place, &file, &["--for", "600s", "--contents"]);
    eventually("the trace runs", Duration::from_secs(10), || file.exists());
    send(&place, 3);
    let holds = || {
        let octets = std::fs::read(&file).unwrap();
        octets
            .windows(SECRET.len())
            .filter(|window| *window == SECRET.as_bytes())
            .count()
    };
    eventually(
        "texts are in the file while the trace runs",
        Duration::from_secs(10),
        || holds() >= 3,
    );
    let interrupted = Command::new("kill")
        .args(["-INT", &trace.id().to_string()])
        .status()
        .unwrap();
    assert!(interrupted.success());
    let output = trace.wait_with_output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    check(&place, &file);
    if let Some((_, faulty)) = referee(&file) {
        assert_eq!(faulty, 0);
    }
}

#[test]
fn a_trace_that_cannot_be_says_why_and_writes_nothing() {
    let (_carrier, place, node) = stand();
    let file = place.folder.path().join("none.pcap");
    let path = file.to_str().unwrap();
    let none = place.run(&["trace", "carrier", "east", "--pcap", path]);
    assert_eq!(none.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&none.stderr).contains("east"));
    let odd = place.run(&["trace", "carrier", "../x", "--pcap", path]);
    assert_eq!(odd.status.code(), Some(2));
    assert_eq!(node.stop().0, Some(0));
    let gone = place.run(&["trace", "carrier", "north", "--pcap", path]);
    assert_eq!(gone.status.code(), Some(1));
    assert!(!file.exists());
}
