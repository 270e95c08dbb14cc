//! Messages from handsets by webhook: a receiver that is down, a kill, and replies that reach the carrier.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use carrack_loadtest::smsc::Settings;
use serde_json::Value;

use super::asked::answering;
use super::carrier::{Carrier, settings};
use super::node::{CarrierEntry, Place, eventually};

const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Default)]
struct Receiver {
    up: AtomicBool,
    /// Text by id, of those refused and of those taken.
    seen: Mutex<[BTreeMap<String, String>; 2]>,
}

impl Receiver {
    fn start() -> (Arc<Self>, SocketAddr) {
        let receiver = Arc::new(Self::default());
        let serving = Arc::clone(&receiver);
        let address = answering(move |_, body| serving.answer(body));
        (receiver, address)
    }

    fn answer(&self, body: &[u8]) -> (String, String) {
        let event: Value = serde_json::from_slice(body).unwrap();
        let up = self.up.load(Ordering::SeqCst);
        let text = |key: &str| event[key].as_str().unwrap().to_owned();
        let mut seen = self.seen.lock().unwrap();
        seen[usize::from(up)].insert(text("id"), text("text"));
        let status = if up { "200 OK" } else { "503 Down" };
        let reply = format!("{{\"reply\":{{\"text\":\"got {}\"}}}}", text("text"));
        (status.to_owned(), reply)
    }

    fn seen(&self, up: bool) -> BTreeMap<String, String> {
        self.seen.lock().unwrap()[usize::from(up)].clone()
    }
}

#[test]
fn each_message_is_posted_through_an_outage_and_a_kill_and_replies_go_out() {
    let north = Carrier::start(Settings {
        mo_rate: 200,
        mo_from: "447700900001".to_owned(),
        mo_to: "80808".to_owned(),
        mo_text: Some("hello {n}".to_owned()),
        ..settings("north", 1, 5, &[])
    });
    let entry = CarrierEntry::north(north.address, (1, 100));
    let (receiver, address) = Receiver::start();
    let webhook = format!(
        "webhook = {{ url = \"http://{address}/sms\", secret = \"0123456789abcdef\", concurrency = 16 }}\n"
    );
    // All come from one handset, and each is answered.
    let rule =
        "[[mo_route]]\naccount = \"test\"\ndeliver = \"webhook\"\n[mo]\nreplies_an_hour = 1000\n";
    let place = Place::new(&[entry], &format!("{webhook}{rule}"));
    let node = place.serve();
    eventually("some were taken and none told", PATIENCE, || {
        north.report().mo_answered >= 100 && receiver.seen(false).len() >= 10
    });
    node.kill();
    let refused = receiver.seen(false);
    receiver.up.store(true, Ordering::SeqCst);
    let node = place.serve();
    eventually("the handsets have their replies", PATIENCE, || {
        north.report().accepted >= 200
    });
    // No more come.
    north.toggle();
    eventually("all are told", PATIENCE, || {
        let page = ureq::get(format!("{}/metrics", node.http)).call();
        let page = page.unwrap().body_mut().read_to_string().unwrap();
        let mut waiting = page
            .lines()
            .filter(|line| line.starts_with("carrack_mo_waiting{"));
        waiting.all(|line| line.ends_with(" 0"))
            && page.contains("carrack_webhook_replies_total{result=\"accepted\"}")
            && page.contains("carrack_webhook_requests_total{outcome=\"taken\"}")
    });
    assert_eq!(node.stop().0, Some(0), "{}", place.said());
    let audit = place.audit();
    assert_eq!(audit["adds_up"], true, "{audit}");
    let count = |key: &str| audit["mo"][key].as_u64().unwrap();
    assert_eq!(
        count("told") + count("repeated"),
        count("received"),
        "{audit}"
    );
    let taken = receiver.seen(true);
    assert_eq!(taken.len() as u64, count("told"), "{audit}");
    let texts: BTreeSet<&String> = taken.values().collect();
    assert!(texts.len() as u64 >= north.report().mo_answered);
    for (id, text) in &refused {
        assert_eq!(taken.get(id), Some(text), "another id after the kill");
    }
}
