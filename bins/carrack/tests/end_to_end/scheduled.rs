//! Messages for later: moved, taken back, and millions of them due within a minute.

use std::fmt::Write as _;
use std::time::Duration;

use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};

use super::carrier::{Carrier, settings};
use super::node::{CarrierEntry, Node, Place, eventually};

fn place(north: &Carrier, more: &str) -> Place {
    let entry = CarrierEntry::north(north.address, (4, 1000));
    Place::new(&[entry], more)
}

fn call(node: &Node, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let url = format!("{}{path}", node.http);
    let request = match method {
        "PATCH" => ureq::patch(url),
        _ => ureq::post(url),
    };
    let request = request
        .header("Authorization", "Bearer test-key")
        .config()
        .http_status_as_error(false)
        .build();
    let mut answer = request.send_json(body).unwrap();
    let status = answer.status().as_u16();
    (status, answer.body_mut().read_json().unwrap())
}

fn scheduled(node: &Node, to: &str, send_at: &str) -> String {
    let message = json!({"to": to, "from": "ACME", "text": "later", "send_at": send_at});
    let (status, answer) = call(node, "POST", "/v1/messages", &message);
    assert_eq!(status, 202, "{answer}");
    answer["messages"][0]["id"].as_str().unwrap().to_owned()
}

fn ahead(hours: i64) -> String {
    Timestamp::now()
        .checked_add(hours.hours())
        .unwrap()
        .to_string()
}

#[test]
fn a_message_is_moved_through_a_kill_and_its_life_says_when() {
    let north = Carrier::start(settings("north", 1, 5, &[]));
    let place = place(&north, "");
    let node = place.serve();
    let id = scheduled(&node, "447700900001", &ahead(1));
    let later = ahead(5);
    let path = format!("/v1/messages/{id}");
    let (status, moved) = call(&node, "PATCH", &path, &json!({"send_at": later}));
    assert_eq!(
        (status, &moved["status"]),
        (200, &json!("scheduled")),
        "{moved}"
    );
    node.kill();
    let node = place.serve();
    let life = node.get(&path);
    assert_eq!(life["status"], "scheduled", "{life}");
    let until: Timestamp = life["send_at"].as_str().unwrap().parse().unwrap();
    let expected: Timestamp = later.parse().unwrap();
    assert_eq!(until.as_second(), expected.as_second());
    assert_eq!(north.report().submits, 0);
    let past = "2026-01-01T00:00:00Z";
    assert_eq!(
        call(&node, "PATCH", &path, &json!({"send_at": past})).0,
        200
    );
    eventually("it is sent now", Duration::from_secs(10), || {
        north.report().submits == 1
    });
    for (body, status) in [
        (json!({"send_at": ahead(1)}), 409),
        (json!({"send_at": "soon"}), 400),
        (json!({"at": "soon"}), 400),
    ] {
        let (found, problem) = call(&node, "PATCH", &path, &body);
        assert_eq!(found, status, "{problem}");
    }
    let local = scheduled(&node, "4915123456789", "2027-06-01T09:00 local");
    let life = node.get(&format!("/v1/messages/{local}"));
    assert!(
        life["send_at"]
            .as_str()
            .unwrap()
            .starts_with("2027-06-01T07:00:00"),
        "{life}"
    );
    assert_eq!(node.stop().0, Some(0), "{}", place.said());
    assert_eq!(place.audit()["adds_up"], true);
}

fn rss_mib(place: &Place) -> u64 {
    let ready = std::fs::read(place.folder.path().join("data/ready.json")).unwrap();
    let ready: Value = serde_json::from_slice(&ready).unwrap();
    let status = std::fs::read_to_string(format!("/proc/{}/status", ready["pid"])).unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .unwrap();
    line.split_whitespace()
        .nth(1)
        .unwrap()
        .parse::<u64>()
        .unwrap()
        / 1024
}

const OVER_S: u64 = 60;
const LINES: u64 = 20_000;

/// `CARRACK_SCHEDULED=2000000 cargo test --release -p carrack --test end_to_end millions -- --ignored --nocapture`
#[test]
#[ignore = "two million messages and four minutes: run it alone"]
fn millions_that_are_scheduled_wait_on_disk_and_leave_in_their_second() {
    let count =
        std::env::var("CARRACK_SCHEDULED").map_or(2_000_000, |count| count.parse().unwrap());
    let north = Carrier::start(settings("north", 1, 5, &[]));
    let place = place(&north, "[queue]\nmessages_max = 10000000\n");
    let node = place.serve();
    let empty_mib = rss_mib(&place);
    let begins = Timestamp::now()
        .checked_add((30 + count as i64 / 30_000).seconds())
        .unwrap();
    let due = |place: u64| {
        let after_ms = place * OVER_S * 1000 / count;
        begins
            .checked_add((after_ms as i64).milliseconds())
            .unwrap()
    };
    for first in (0..count).step_by(LINES as usize) {
        let mut lines = String::new();
        for place in first..(first + LINES).min(count) {
            let at = due(place);
            writeln!(lines, "{{\"to\":\"4477{place:08}\",\"from\":\"ACME\",\"text\":\"n {place}\",\"send_at\":\"{at}\"}}").unwrap();
        }
        let request = ureq::post(format!("{}/v1/messages:bulk", node.http))
            .header("Authorization", "Bearer test-key")
            .content_type("application/x-ndjson");
        let verdicts = request
            .send(lines)
            .unwrap()
            .body_mut()
            .read_to_string()
            .unwrap();
        assert!(
            !verdicts.contains("\"error\""),
            "{}",
            &verdicts[..400.min(verdicts.len())]
        );
    }
    assert!(
        Timestamp::now() < begins,
        "handing them in took too long for this machine"
    );
    let waiting_mib = rss_mib(&place);
    let (mut latest_ms, mut most_mib) = (0_i64, waiting_mib);
    let ahead_s = begins.as_second() - Timestamp::now().as_second();
    let patience = Duration::from_secs(ahead_s.unsigned_abs() + OVER_S * 4);
    eventually("all have left", patience, || {
        let sent = north.report().submits;
        // The next one that is to leave has been due for so long.
        if sent < count {
            let late_ms = Timestamp::now().as_millisecond() - due(sent).as_millisecond();
            latest_ms = latest_ms.max(late_ms);
        }
        most_mib = most_mib.max(rss_mib(&place));
        std::thread::sleep(Duration::from_millis(20));
        sent >= count
    });
    println!(
        "{count} over {OVER_S} s: the latest left {latest_ms} ms after its moment; RSS {empty_mib} MiB empty, {waiting_mib} MiB while all waited, {most_mib} MiB at most"
    );
    assert!(latest_ms < 1_000, "{latest_ms}");
    assert!(waiting_mib < empty_mib + 512, "{empty_mib} {waiting_mib}");
    assert_eq!(node.stop().0, Some(0), "{}", place.said());
    assert_eq!(place.audit()["adds_up"], true);
}
