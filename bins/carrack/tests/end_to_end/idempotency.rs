//! The same request twice: at once, after its answer was lost, after kill -9; one message, and the same answer.

use std::collections::BTreeSet;
use std::sync::Barrier;
use std::time::Duration;

use serde_json::{Value, json};

use super::carrier::{Carrier, settings};
use super::node::{CarrierEntry, Node, Place, eventually};

const OTHER: &str = "[[account]]\nname = \"other\"\napi_key = \"other-key\"\n\
     [[account]]\nname = \"twin\"\napi_key = \"twin-key\"\nduplicates = { within = \"10m\" }\n\
     [[account]]\nname = \"strict\"\napi_key = \"strict-key\"\nduplicates = { within = \"10m\", answer = \"refuse\" }\n";

fn place(north: &Carrier) -> Place {
    let entry = CarrierEntry::north(north.address, (1, 100));
    Place::new(&[entry], OTHER)
}

struct Answer {
    status: u16,
    replayed: bool,
    body: Value,
}

impl Answer {
    fn id(&self, place: usize) -> String {
        let id = self.body["messages"][place]["id"].as_str();
        id.unwrap_or_else(|| panic!("{} {}", self.status, self.body))
            .to_owned()
    }

    fn fault(&self) -> (u16, &str) {
        let field = self.body["errors"][0]["field"].as_str();
        (self.status, field.unwrap_or_default())
    }
}

fn post_as(node: &Node, account: &str, header: Option<&str>, body: &Value) -> Answer {
    let config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(30)));
    let agent: ureq::Agent = config.build().into();
    let mut request = agent
        .post(format!("{}/v1/messages", node.http))
        .header("Authorization", format!("Bearer {account}-key"))
        .content_type("application/json");
    if let Some(key) = header {
        request = request.header("Idempotency-Key", key);
    }
    answer(request.send(body.to_string()).unwrap())
}

fn answer(mut answer: ureq::http::Response<ureq::Body>) -> Answer {
    let replayed = answer.headers().get("idempotency-replayed");
    Answer {
        status: answer.status().as_u16(),
        replayed: replayed.is_some_and(|value| value == "true"),
        body: answer.body_mut().read_json().unwrap(),
    }
}

fn post(node: &Node, body: &Value) -> Answer {
    post_as(node, "test", None, body)
}

fn message(key: &str, text: &str) -> Value {
    json!({"to": "447700900001", "from": "ACME", "text": text, "idempotency_key": key})
}

fn accepted(place: &Place) -> u64 {
    place.audit()["accepted"].as_u64().unwrap()
}

#[test]
fn eight_that_send_the_same_at_once_make_one_message() {
    const CALLERS: usize = 8;
    const KEYS: usize = 25;
    let north = Carrier::start(settings("north", 1, 5, &[]));
    let place = place(&north);
    let node = place.serve();
    let together = Barrier::new(CALLERS);
    let (node, together) = (&node, &together);
    let answers: Vec<Vec<(String, bool)>> = std::thread::scope(|scope| {
        let callers: Vec<_> = (0..CALLERS)
            .map(|_| {
                scope.spawn(move || {
                    let one = |key| {
                        together.wait();
                        let answer = post(node, &message(&format!("key {key}"), "once"));
                        (answer.id(0), answer.replayed)
                    };
                    (0..KEYS).map(one).collect()
                })
            })
            .collect();
        callers
            .into_iter()
            .map(|caller| caller.join().unwrap())
            .collect()
    });
    let mut ids = BTreeSet::new();
    for key in 0..KEYS {
        let mine: BTreeSet<&String> = answers.iter().map(|caller| &caller[key].0).collect();
        assert_eq!(mine.len(), 1, "key {key}: {mine:?}");
        let new = answers.iter().filter(|caller| !caller[key].1).count();
        assert_eq!(new, 1, "one of them was told that it is new");
        ids.extend(mine);
    }
    assert_eq!((ids.len(), accepted(&place)), (KEYS, KEYS as u64));
}

#[test]
fn key_is_known_after_kill_9_and_belongs_to_its_account_and_its_text() {
    let north = Carrier::start(settings("north", 1, 5, &[]));
    let place = place(&north);
    let node = place.serve();
    let first = post(&node, &message("order-7", "hello"));
    assert_eq!((first.status, first.replayed), (202, false));
    node.kill();
    let node = place.serve();
    let again = post(&node, &message("order-7", "hello"));
    assert_eq!(
        (again.status, again.replayed),
        (202, true),
        "{}",
        again.body
    );
    assert_eq!(again.body["messages"][0]["repeated"], true);
    assert_eq!(again.id(0), first.id(0));
    let mut bare = message("", "hello");
    bare.as_object_mut().unwrap().remove("idempotency_key");
    let by_header = post_as(&node, "test", Some("\"order-7\""), &bare);
    assert_eq!((by_header.id(0), by_header.replayed), (first.id(0), true));
    let used = (422, "idempotency_key");
    assert_eq!(post(&node, &message("order-7", "other")).fault(), used);
    let mut later = message("order-7", "hello");
    later["send_at"] = json!("2020-01-01T00:00:00Z");
    assert_eq!(post(&node, &later).fault(), used);
    let two = post_as(&node, "test", Some("another"), &message("order-7", "hello"));
    assert_eq!(two.fault(), (400, "idempotency_key"));
    for key in ["", "é", &"x".repeat(256)] {
        let fault = post(&node, &message(key, "hello"));
        assert_eq!(fault.fault(), (400, "idempotency_key"), "{}", fault.body);
    }
    let others = post_as(&node, "other", None, &message("order-7", "other"));
    assert_eq!((others.status, others.replayed), (202, false));
    assert_ne!(others.id(0), first.id(0));
    // The first was under way at the kill: it may have been sent again, once.
    eventually("both are sent", Duration::from_secs(20), || {
        let report = north.report();
        report.distinct_texts == 2 && (2..=3).contains(&report.accepted)
    });
    assert_eq!(accepted(&place), 2);
    assert_eq!(node.stop().0, Some(0), "{}", place.said());
    assert_eq!(place.audit()["adds_up"], true);
}

#[test]
fn list_that_is_mended_and_sent_again_reaches_each_once() {
    let north = Carrier::start(settings("north", 1, 5, &[]));
    let place = place(&north);
    let node = place.serve();
    let list = |to: &[&str]| {
        let body = json!({"to": to, "from": "ACME", "text": "hello", "idempotency_key": "list"});
        post(&node, &body)
    };
    let first = list(&["447700900001", "none", "447700900003"]);
    assert_eq!(first.status, 202);
    let again = list(&["447700900003", "447700900002", "447700900001"]);
    assert_eq!(again.status, 202);
    assert!(!again.replayed, "one of them is new");
    assert_eq!((again.id(0), again.id(2)), (first.id(2), first.id(0)));
    assert!(again.body["messages"][1].get("repeated").is_none());
    assert!(list(&["447700900002", "447700900001"]).replayed);
    assert_eq!(accepted(&place), 3);
}

#[test]
fn account_without_duplicates_sends_the_same_text_to_a_number_once() {
    let north = Carrier::start(settings("north", 1, 5, &[]));
    let place = place(&north);
    let node = place.serve();
    let body = |text: &str| json!({"to": "447700900001", "from": "ACME", "text": text});
    let first = post_as(&node, "twin", None, &body("hello"));
    let again = post_as(&node, "twin", None, &body("hello"));
    assert_eq!((again.id(0), again.replayed), (first.id(0), true));
    assert!(!post_as(&node, "twin", None, &body("other")).replayed);
    assert!(!post_as(&node, "twin", Some("meant"), &body("hello")).replayed);
    assert_eq!(post_as(&node, "strict", None, &body("hello")).status, 202);
    let refused = post_as(&node, "strict", None, &body("hello"));
    assert_eq!(refused.fault(), (409, "text"), "{}", refused.body);
    let both = json!({"to": ["447700900001", "447700900001"], "from": "ACME", "text": "pair"});
    let pair = post_as(&node, "twin", None, &both);
    assert_eq!(pair.id(0), pair.id(1));
    assert_eq!(accepted(&place), 5);
}

fn upload(node: &Node, key: &str, body: &str) -> Answer {
    let config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(30)));
    let agent: ureq::Agent = config.build().into();
    let request = agent
        .post(format!("{}/v1/batches?from=ACME", node.http))
        .header("Authorization", "Bearer test-key")
        .header("Idempotency-Key", key)
        .content_type("text/csv");
    answer(request.send(body).unwrap())
}

fn rows(count: usize, key: impl Fn(usize) -> String) -> String {
    let row = |number| format!("447700900{number:03},row {number},{}\n", key(number));
    let rows: String = (0..count).map(row).collect();
    format!("to,text,idempotency_key\n{rows}")
}

#[test]
fn upload_that_is_sent_again_is_the_batch_that_it_was_after_kill_9_too() {
    let north = Carrier::start(settings("north", 1, 5, &[]));
    let place = place(&north);
    let node = place.serve();
    let file = rows(50, |_| String::new());
    let first = upload(&node, "file-1", &file);
    assert_eq!((first.status, first.replayed), (202, false));
    node.kill();
    let node = place.serve();
    let again = upload(&node, "file-1", &file);
    assert_eq!(
        (again.status, again.replayed),
        (202, true),
        "{}",
        again.body
    );
    assert_eq!(again.body["id"], first.body["id"]);
    let other = upload(&node, "file-1", &file.replace("row 7", "row x"));
    assert_eq!(other.fault(), (422, "idempotency_key"));
    node.batch_done(first.body["id"].as_str().unwrap(), Duration::from_secs(30));
    assert_eq!(accepted(&place), 50);
}

#[test]
fn rows_with_keys_that_were_messages_are_counted_as_repeated_and_not_sent() {
    let north = Carrier::start(settings("north", 1, 5, &[]));
    let place = place(&north);
    let node = place.serve();
    // Row 3 was sent by itself, 5 is there twice, and 7 has the key of another text.
    let file = rows(40, |row| format!("row-{}", if row == 6 { 5 } else { row }));
    let file = file.replace("447700900006,row 6,", "447700900005,row 5,");
    let alone = json!({"to": "447700900003", "from": "ACME", "text": "row 3", "class": "bulk", "idempotency_key": "row-3"});
    assert_eq!(post(&node, &alone).status, 202);
    let used = json!({"to": "447700900007", "from": "ACME", "text": "other", "class": "bulk", "idempotency_key": "row-7"});
    assert_eq!(post(&node, &used).status, 202);
    let batch = |key: &str| {
        let taken = upload(&node, key, &file);
        let id = taken.body["id"].as_str().unwrap().to_owned();
        (id.clone(), node.batch_done(&id, Duration::from_secs(30)))
    };
    let counts = |batch: &Value| {
        ["accepted", "rejected", "repeated"].map(|name| batch[name].as_u64().unwrap())
    };
    let (id, first) = batch("one");
    assert_eq!(counts(&first), [37, 1, 2], "{first}");
    let refused = node.batch_errors(&id);
    assert!(
        refused.contains("idempotency_key,\"was used before"),
        "{refused}"
    );
    let (_, second) = batch("two");
    assert_eq!(counts(&second), [0, 1, 39], "{second}");
    assert_eq!(accepted(&place), 39);
}
