//! What became of messages by webhook: a receiver that is down over a kill, another account's that is dead, and dead letters by command.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use super::asked::answering;
use super::carrier::{Carrier, settings};
use super::node::{CarrierEntry, Place, eventually};

const PATIENCE: Duration = Duration::from_secs(60);
const ROWS: usize = 2_000;

struct Receiver {
    /// The status that it answers.
    status: AtomicU16,
    asked: AtomicU16,
    /// States of each message in the order in which they were first taken.
    taken: Mutex<BTreeMap<String, Vec<String>>>,
}

impl Receiver {
    fn start(status: u16) -> (Arc<Self>, SocketAddr) {
        let receiver = Arc::new(Self {
            status: AtomicU16::new(status),
            asked: AtomicU16::new(0),
            taken: Mutex::default(),
        });
        let serving = Arc::clone(&receiver);
        let address = answering(move |_, body| (serving.answer(body), ""));
        (receiver, address)
    }

    fn answer(&self, body: &[u8]) -> String {
        let status = self.status.load(Ordering::SeqCst);
        self.asked.fetch_add(1, Ordering::SeqCst);
        if status == 200 {
            self.take(&serde_json::from_slice(body).unwrap());
        }
        format!("{status} x")
    }

    fn take(&self, body: &Value) {
        let one = [body.clone()];
        let events = body["events"].as_array().map_or(&one[..], Vec::as_slice);
        let mut taken = self.taken.lock().unwrap();
        for event in events {
            let text = |key: &str| event[key].as_str().unwrap().to_owned();
            let states = taken.entry(text("message_id")).or_default();
            if !states.contains(&text("state")) {
                states.push(text("state"));
            }
        }
    }

    fn taken(&self) -> BTreeMap<String, Vec<String>> {
        self.taken.lock().unwrap().clone()
    }

    fn ended(&self) -> usize {
        let taken = self.taken.lock().unwrap();
        let ended = |states: &&Vec<String>| states.iter().any(|state| state != "submitted");
        taken.values().filter(ended).count()
    }
}

const EVENTS: &str = "events = [\"message.submitted\", \"message.delivered\", \"message.undelivered\", \"message.expired\", \"message.rejected\", \"message.unknown\"]";

fn webhook(address: SocketAddr, more: &str) -> String {
    format!(
        "webhook = {{ url = \"http://{address}/\", secret = \"0123456789abcdef\", {EVENTS}, {more} }}\n"
    )
}

fn entry(north: &Carrier) -> CarrierEntry<'static> {
    CarrierEntry::north(north.address, (1, 100))
}

#[test]
fn each_state_is_told_in_order_through_an_outage_and_a_kill_and_a_dead_receiver_harms_no_other() {
    let north = Carrier::start(settings("north", 1, 20, &[]));
    let (receiver, address) = Receiver::start(503);
    let (other, other_address) = Receiver::start(200);
    // Nobody listens there.
    let nowhere = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let accounts = format!(
        "{}[[account]]\nname = \"other\"\napi_key = \"other-key\"\nsender = \"ACME\"\n{}\
         [[account]]\nname = \"dead\"\napi_key = \"dead-key\"\nsender = \"ACME\"\n{}",
        webhook(address, "batch_max = 50"),
        webhook(other_address, "concurrency = 8"),
        webhook(nowhere, "concurrency = 8"),
    );
    let place = Place::new(&[entry(&north)], &accounts);
    let mut file = "to,from,text\n".to_owned();
    for row in 0..ROWS {
        writeln!(file, "+4477009{row:05},ACME,hello {row}").unwrap();
    }
    let path = place.folder.path().join("rows.csv");
    std::fs::write(&path, file).unwrap();
    let node = place.serve();
    let send = |http: &str, account: &str, count: usize| {
        for number in 0..count {
            let body = json!({ "to": format!("+44770091{number:04}"), "text": "hi" });
            let call = ureq::post(format!("{http}/v1/messages"))
                .header("Authorization", format!("Bearer {account}-key"))
                .send_json(&body);
            assert_eq!(call.unwrap().status(), 202);
        }
    };
    send(&node.http, "dead", 50);
    node.submit_batch(&path);
    send(&node.http, "other", 50);
    eventually(
        "the other account has all while two receivers are away",
        PATIENCE,
        || other.ended() == 50,
    );
    eventually("carriers have delivered some", PATIENCE, || {
        north.report().receipts_answered >= 200 && receiver.asked.load(Ordering::SeqCst) > 0
    });
    node.kill();
    receiver.status.store(200, Ordering::SeqCst);
    let node = place.serve();
    eventually("each message is told its end", PATIENCE, || {
        receiver.ended() == ROWS
    });
    let taken = receiver.taken();
    for (id, states) in &taken {
        let (end, before) = states.split_last().unwrap();
        assert_ne!(end, "submitted", "{id}");
        assert!(
            before.iter().all(|state| state == "submitted"),
            "{id}: {states:?}"
        );
    }
    let told = taken.values().filter(|states| states.len() == 2).count();
    assert!(
        told + 200 > ROWS,
        "only {told} were told that a carrier had them"
    );
    assert_eq!(node.stop().0, Some(0), "{}", place.said());
    let audit = place.audit();
    assert_eq!(audit["adds_up"], true, "{audit}");
}

#[test]
fn refused_events_are_dead_letters_that_commands_list_tell_again_and_drop() {
    let north = Carrier::start(settings("north", 1, 5, &[]));
    let (receiver, address) = Receiver::start(410);
    let place = Place::new(&[entry(&north)], &webhook(address, "refusals_max = 1"));
    let node = place.serve();
    for number in 0..5 {
        let to = format!("+44770090000{number}");
        let sent = place.run(&["send", "--to", &to, "--from", "ACME", "--text", "hi"]);
        assert!(sent.status.success(), "{sent:?}");
    }
    let asked = |arguments: &[&str]| -> Value {
        let out = place.run(&[&["webhook"], arguments, &["--json"]].concat());
        assert!(out.status.success(), "{out:?}");
        serde_json::from_slice(&out.stdout).unwrap()
    };
    // Of each message that it was submitted, and its end.
    eventually("all are dead letters", PATIENCE, || {
        asked(&["dead"])["total"] == 10
    });
    let list = asked(&["list"]);
    let shown = &list["webhooks"][0];
    assert_eq!(
        (&shown["state"], &shown["dead"]),
        (&json!("failing"), &json!(10))
    );
    let first = asked(&["dead", "--limit", "1"])["letters"][0]["id"].clone();
    assert_eq!(asked(&["drop", first.as_str().unwrap()])["dropped"], 1);
    receiver.status.store(200, Ordering::SeqCst);
    let again = asked(&["resend", "--all", "--account", "test"]);
    assert_eq!(again["resent"], 9, "{again}");
    eventually("all are taken", PATIENCE, || asked(&["dead"])["total"] == 0);
    assert_eq!(receiver.taken().values().map(Vec::len).sum::<usize>(), 9);
    assert_eq!(node.stop().0, Some(0), "{}", place.said());
}
