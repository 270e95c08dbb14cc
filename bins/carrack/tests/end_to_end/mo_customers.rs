//! Messages from handsets to a customer bound over SMPP: each comes, however he or the node was away.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use carrack_smpp::{
    Bind, BindKind, CommandId, CommandStatus, DeliverSm, Strictness, encode_bind,
    encode_deliver_sm_resp, split_frame,
};
use serde_json::Value;

use super::carrier::{Carrier, settings};
use super::node::{CarrierEntry, Node, Place, eventually};

const MESSAGES: u64 = 300;
const PATIENCE: Duration = Duration::from_secs(20);
/// Parameter with our id of a message, in hexadecimal.
const ID_TAG: u16 = 0x14CC;
const QUIRKS: &[&str] = &["mo=100", "mo-udh8", "mo-payload"];

/// One `deliver_sm` that came.
#[derive(Clone, Debug)]
pub(crate) struct Heard {
    /// Which connection of all it came on.
    connection: u64,
    id: String,
    /// From 1; 1 of what has no header.
    part: u8,
    text: String,
}

/// What all connections of a customer heard.
#[derive(Default)]
pub(crate) struct Ear {
    heard: Mutex<Vec<Heard>>,
    connections: Mutex<u64>,
    pub(crate) over: AtomicBool,
}

impl Ear {
    /// Binds as a receiver, and again whenever the connection is lost.
    pub(crate) fn open(self: &Arc<Self>, address: SocketAddr) -> JoinHandle<()> {
        let ear = Arc::clone(self);
        std::thread::spawn(move || {
            while !ear.over.load(Ordering::Acquire) {
                let _ = ear.listen(address);
                std::thread::sleep(Duration::from_millis(20));
            }
        })
    }

    fn listen(&self, address: SocketAddr) -> std::io::Result<()> {
        let mut stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_millis(50)))?;
        let connection = {
            let mut connections = self.connections.lock().unwrap();
            *connections += 1;
            *connections
        };
        let bind = Bind {
            system_id: b"test",
            password: b"secret",
            interface_version: 0x34,
            ..Bind::default()
        };
        let mut octets = Vec::new();
        encode_bind(&mut octets, 1, BindKind::Receiver, &bind).unwrap();
        stream.write_all(&octets)?;
        let (mut left, mut buffer) = (Vec::new(), [0; 4096]);
        while !self.over.load(Ordering::Acquire) {
            match stream.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(octets) => left.extend_from_slice(&buffer[..octets]),
                Err(error) if is_time_out(error.kind()) => continue,
                Err(error) => return Err(error),
            }
            let mut answers = Vec::new();
            while let Some((pdu, length)) = split_frame(&left, 70_000).unwrap() {
                if pdu.header.command_id == CommandId::DELIVER_SM {
                    let sm = DeliverSm::decode(pdu.body, Strictness::Strict).unwrap();
                    self.hear(connection, &sm.value);
                    let status = CommandStatus::ESME_ROK;
                    encode_deliver_sm_resp(&mut answers, pdu.header.sequence_number, status);
                }
                left.drain(..length);
            }
            stream.write_all(&answers)?;
        }
        Ok(())
    }

    fn hear(&self, connection: u64, sm: &DeliverSm<'_>) {
        assert!(!sm.is_receipt(), "nobody asked for a receipt");
        let (part, text) = match sm.split_udh() {
            Some((header, text)) => (header[4], text),
            None => (1, sm.user_data()),
        };
        self.heard.lock().unwrap().push(Heard {
            connection,
            id: String::from_utf8_lossy(sm.tlvs.find(ID_TAG).unwrap()).into_owned(),
            part,
            text: String::from_utf8_lossy(text).into_owned(),
        });
    }

    /// The texts by their ids. What came again must say the same, and on another connection.
    pub(crate) fn texts(&self) -> BTreeMap<String, String> {
        let mut by_id: BTreeMap<String, BTreeMap<u8, Vec<Heard>>> = BTreeMap::new();
        for heard in self.heard.lock().unwrap().iter().cloned() {
            let parts = by_id.entry(heard.id.clone()).or_default();
            let same = parts.entry(heard.part).or_default();
            for before in &*same {
                assert_eq!(before.text, heard.text, "another text under one id");
                assert_ne!(before.connection, heard.connection, "doubled: {heard:?}");
            }
            same.push(heard);
        }
        by_id
            .into_iter()
            .map(|(id, parts)| {
                let texts = parts.values().map(|same| same[0].text.as_str());
                (id, texts.collect())
            })
            .collect()
    }

    /// Numbers that handsets gave the messages that came whole, in order; one twice that came under two ids.
    fn numbers(&self) -> Vec<u64> {
        let texts = self.texts();
        let whole = texts.values().filter(|text| {
            let long = text.contains("I have read");
            !long || text.len() == 320
        });
        let mut numbers: Vec<u64> = whole.map(|text| number(text)).collect();
        numbers.sort_unstable();
        numbers
    }
}

/// The number in `MO 17: ...`.
fn number(text: &str) -> u64 {
    let rest = text.strip_prefix("MO ").unwrap();
    rest.split_once(':').unwrap().0.parse().unwrap()
}

fn is_time_out(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

fn place(carrier: &Carrier, mo_form: &str, more: &str) -> Place {
    let entry = CarrierEntry {
        name: "north",
        address: carrier.address,
        price: "0.005",
        links: 2,
        window: 100,
        more,
    };
    let rule = "[[mo_route]]\nname = \"all\"\nmatch = {}\naccount = \"test\"\ndeliver = \"bind\"";
    let account = format!("mo_form = \"{mo_form}\"\nmo_link_tlv = true\n{rule}");
    let place = Place::new(&[entry], &account);
    // One address through all restarts.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let door = "[smpp_server]\nlisten = ";
    let text = std::fs::read_to_string(place.configuration()).unwrap();
    let fixed = text.replace(
        &format!("{door}\"127.0.0.1:0\""),
        &format!("{door}\"{}\"", free.local_addr().unwrap()),
    );
    assert_ne!(text, fixed);
    std::fs::write(place.configuration(), fixed).unwrap();
    place
}

/// Sends as many messages, each of which a handset answers.
fn ask_handsets(place: &Place, node: &Node) -> String {
    let mut rows = String::from("to,text\n");
    for number in 0..MESSAGES {
        rows.push_str(&format!("44770090{number:04},Are you there?\n"));
    }
    let file = place.folder.path().join("rows.csv");
    std::fs::write(&file, rows).unwrap();
    node.submit_batch(&file)
}

fn mo(audit: &Value) -> Vec<u64> {
    let mo = &audit["mo"];
    [
        "received", "told", "repeated", "nobody", "expired", "waiting",
    ]
    .map(|key| mo[key].as_u64().unwrap())
    .to_vec()
}

#[test]
fn each_message_from_a_handset_comes_once_also_those_of_a_customer_who_was_away() {
    for mo_form in ["payload", "parts"] {
        let north = Carrier::start(settings("north", 1, 5, QUIRKS));
        let place = place(&north, mo_form, "");
        let node = place.serve();
        ask_handsets(&place, &node);
        eventually("all are taken for him", PATIENCE, || {
            let report = north.report();
            report.mo == MESSAGES && report.mo_answered >= MESSAGES * 2
        });
        assert_eq!(node.stop().0, Some(0), "{}", place.said());
        let node = place.serve();
        let ear = Arc::new(Ear::default());
        let binds: Vec<_> = (0..2).map(|_| ear.open(node.smpp.unwrap())).collect();
        let all: Vec<u64> = (1..=MESSAGES).collect();
        eventually("he has them all", PATIENCE, || {
            ear.numbers().len() as u64 >= MESSAGES
        });
        // What is told twice would come now.
        std::thread::sleep(Duration::from_millis(300));
        assert_eq!(ear.numbers(), all);
        let parts = if mo_form == "parts" { 3 } else { 1 };
        let deliver_sms = ear.heard.lock().unwrap().len() as u64;
        assert_eq!(deliver_sms, MESSAGES / 2 * (1 + parts));
        ear.over.store(true, Ordering::Release);
        for bind in binds {
            bind.join().unwrap();
        }
        assert_eq!(*ear.connections.lock().unwrap(), 2);
        assert_eq!(node.stop().0, Some(0), "{}", place.said());
        let audit = place.audit();
        assert_eq!(audit["adds_up"], true, "{audit}");
        // Of each second message three parts came.
        assert_eq!(mo(&audit), [MESSAGES * 2, MESSAGES * 2, 0, 0, 0, 0]);
    }
}

#[test]
fn messages_from_handsets_come_through_every_kill_and_twice_only_where_a_bind_was_lost() {
    let north = Carrier::start(settings("north", 1, 5, QUIRKS));
    // Slow, so that each kill finds some on their way.
    let place = place(&north, "parts", "rate = 400");
    let mut node = place.serve();
    let ear = Arc::new(Ear::default());
    let binds: Vec<_> = (0..2).map(|_| ear.open(node.smpp.unwrap())).collect();
    let batch = ask_handsets(&place, &node);
    for _ in 0..4 {
        std::thread::sleep(Duration::from_millis(120));
        node.kill();
        node = place.serve();
    }
    node.batch_done(&batch, PATIENCE * 2);
    let asked = north.report().mo;
    assert!(asked >= MESSAGES);
    eventually("he has them all", PATIENCE, || {
        let mut numbers = ear.numbers();
        numbers.dedup();
        numbers.into_iter().eq(1..=asked) && north.report().mo_answered + 1 >= asked * 2
    });
    ear.over.store(true, Ordering::Release);
    for bind in binds {
        bind.join().unwrap();
    }
    assert_eq!(node.stop().0, Some(0), "{}", place.said());
    let audit = place.audit();
    assert_eq!(audit["adds_up"], true, "{audit}");
    let [received, told, repeated, nobody, expired, waiting] = mo(&audit)[..] else {
        panic!("{audit}");
    };
    assert_eq!((nobody, expired, waiting), (0, 0, 0), "{audit}");
    assert_eq!(received, told + repeated, "{audit}");
    let mut parts: Vec<(String, u8)> = Vec::new();
    for heard in ear.heard.lock().unwrap().iter() {
        parts.push((heard.id.clone(), heard.part));
    }
    let came = parts.len();
    parts.sort_unstable();
    parts.dedup();
    let twice = came - parts.len();
    println!(
        "{received} parts, {repeated} repeated by the carrier; {came} deliver_sm, {twice} of them again"
    );
}
