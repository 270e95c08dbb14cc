//! Our SMSC side: customers' programs that misbehave towards a real node.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use carrack_loadtest::load::{LoadReport, Pace, Texts, smpp};
use carrack_smpp::{
    Address, Bind, BindKind, CommandId, CommandStatus, Destination, Destinations, MessageIdBody,
    SubmitMulti, SubmitSm, Tlvs, encode_bind, encode_header_only, encode_submit_multi,
    encode_submit_sm, split_frame, tag, write_destination, write_tlv,
};

use serde_json::Value;

use super::carrier::{Carrier, settings};
use super::node::{CarrierEntry, Node, Place, eventually};

const PATIENCE: Duration = Duration::from_secs(20);
const PDU_OCTETS_MAX: u32 = 70_000;
const GARBAGE_CONNECTIONS: u32 = 10_000;

/// A carrier without quirks and a node before it.
pub(crate) struct House {
    carrier: Carrier,
    place: Place,
    node: Node,
}

impl House {
    pub(crate) fn open() -> Self {
        Self::with("")
    }

    /// With further keys of `[smpp_server]`.
    pub(crate) fn with(door: &str) -> Self {
        let carrier = Carrier::start(settings("plain", 1, 5, &[]));
        let entry = CarrierEntry {
            name: "plain",
            address: carrier.address,
            price: "0.005",
            links: 2,
            window: 100,
            more: "",
        };
        let place = Place::new(&[entry], "");
        let written = std::fs::read_to_string(place.configuration()).unwrap();
        let keys = format!("[smpp_server]\n{door}\n");
        let written = written.replace("[smpp_server]\n", &keys);
        std::fs::write(place.configuration(), written).unwrap();
        let node = place.serve();
        Self {
            carrier,
            place,
            node,
        }
    }

    pub(crate) fn door(&self) -> SocketAddr {
        self.node.smpp.unwrap()
    }

    pub(crate) fn texts_at_the_carrier(&self, distinct: u64) {
        eventually("the carrier has them", PATIENCE, || {
            self.carrier.report().distinct_texts >= distinct
        });
        assert_eq!(self.carrier.report().distinct_texts, distinct);
    }

    /// Stops the node; gives its audit.
    pub(crate) fn close(self) -> Value {
        assert_eq!(self.node.stop().0, Some(0), "{}", self.place.said());
        let audit = self.place.audit();
        assert_eq!(audit["adds_up"], true, "{audit}");
        audit
    }
}

/// A client that writes what it likes.
pub(crate) struct Client {
    pub(crate) stream: TcpStream,
    left: Vec<u8>,
}

/// What came back: command, status, sequence number, id.
pub(crate) type Answer = (CommandId, CommandStatus, u32, Vec<u8>);

impl Client {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Self {
            stream,
            left: Vec::new(),
        }
    }

    pub(crate) fn bound(address: SocketAddr, interface_version: u8) -> Self {
        let mut client = Self::connect(address);
        let bind = Bind {
            system_id: b"test",
            password: b"secret",
            interface_version,
            ..Bind::default()
        };
        let mut octets = Vec::new();
        encode_bind(&mut octets, 1, BindKind::Transceiver, &bind).unwrap();
        client.send(&octets);
        let answer = client.answer();
        assert_eq!(
            (answer.0, answer.1),
            (CommandId::BIND_TRANSCEIVER_RESP, CommandStatus::ESME_ROK)
        );
        client
    }

    pub(crate) fn send(&mut self, octets: &[u8]) {
        self.stream.write_all(octets).unwrap();
    }

    fn submit(&mut self, sequence: u32, sm: &SubmitSm<'_>) -> Answer {
        let mut octets = Vec::new();
        encode_submit_sm(&mut octets, sequence, sm).unwrap();
        self.send(&octets);
        self.answer()
    }

    /// The next answer; what the node asks of us is passed over.
    pub(crate) fn answer(&mut self) -> Answer {
        loop {
            while let Some((pdu, length)) = split_frame(&self.left, PDU_OCTETS_MAX).unwrap() {
                let header = pdu.header;
                let id = MessageIdBody::decode(pdu.body).value.message_id.to_vec();
                self.left.drain(..length);
                if header.command_id.is_response() {
                    return (
                        header.command_id,
                        header.command_status,
                        header.sequence_number,
                        id,
                    );
                }
            }
            let mut buffer = [0; 4096];
            let octets = self.stream.read(&mut buffer).unwrap();
            assert!(octets > 0, "the node closed the connection");
            self.left.extend_from_slice(&buffer[..octets]);
        }
    }
}

fn sm<'a>(text: &'a [u8]) -> SubmitSm<'a> {
    SubmitSm {
        source: Address {
            ton: 5,
            npi: 0,
            addr: b"ACME",
        },
        destination: Address {
            ton: 1,
            npi: 1,
            addr: b"447700900123",
        },
        short_message: text,
        ..SubmitSm::default()
    }
}

pub(crate) fn is_accepted(answer: &Answer) {
    assert_eq!(
        (answer.0, answer.1, answer.3.len()),
        (CommandId::SUBMIT_SM_RESP, CommandStatus::ESME_ROK, 32)
    );
}

#[test]
fn t17_refusals_to_customers_have_no_body() {
    let house = House::open();
    let mut client = Client::bound(house.door(), 0x34);
    let mut octets = Vec::new();
    let bad = SubmitSm {
        destination: Address::international(b"12"),
        ..sm(b"hi")
    };
    encode_submit_sm(&mut octets, 7, &bad).unwrap();
    client.send(&octets);
    let mut answer = [0; 64];
    let octets = client.stream.read(&mut answer).unwrap();
    assert_eq!(octets, 16, "header only");
    assert_eq!(
        u32::from_be_bytes(answer[8..12].try_into().unwrap()),
        CommandStatus::ESME_RINVDSTADR.0
    );
    house.close();
}

#[test]
fn t19_any_sequence_number_of_a_customer_is_echoed() {
    let house = House::open();
    let mut client = Client::bound(house.door(), 0x34);
    for (sequence, text) in [(0, "a"), (0xFFFF_FFFF, "b"), (5, "c"), (5, "d"), (1, "e")] {
        let answer = client.submit(sequence, &sm(text.as_bytes()));
        is_accepted(&answer);
        assert_eq!(answer.2, sequence);
    }
    house.texts_at_the_carrier(5);
    house.close();
}

#[test]
fn t20_sequence_numbers_are_echoed() {
    let house = House::open();
    let mut client = Client::bound(house.door(), 0x34);
    for sequence in [9, 3, 0x7FFF_FFFF, 2] {
        let answer = client.submit(
            sequence,
            &sm(&sequence.to_be_bytes().map(|octet| b'a' + octet % 26)),
        );
        assert_eq!(answer.2, sequence);
    }
    house.close();
}

#[test]
fn t23_enquire_link_of_a_customer_is_answered_bound_or_not() {
    let house = House::open();
    for mut client in [
        Client::connect(house.door()),
        Client::bound(house.door(), 0x34),
    ] {
        for sequence in 1..500 {
            let mut octets = Vec::new();
            encode_header_only(
                &mut octets,
                CommandId::ENQUIRE_LINK,
                CommandStatus::ESME_ROK,
                sequence,
            );
            client.send(&octets);
            let answer = client.answer();
            assert_eq!(
                (answer.0, answer.2),
                (CommandId::ENQUIRE_LINK_RESP, sequence)
            );
        }
    }
    house.close();
}

#[test]
fn t24_unbind_of_a_customer_is_answered_after_what_is_owed() {
    let house = House::open();
    let mut client = Client::bound(house.door(), 0x34);
    let mut octets = Vec::new();
    for (sequence, text) in [(2, b"one"), (3, b"two")] {
        encode_submit_sm(&mut octets, sequence, &sm(text)).unwrap();
    }
    encode_header_only(&mut octets, CommandId::UNBIND, CommandStatus::ESME_ROK, 4);
    client.send(&octets);
    is_accepted(&client.answer());
    is_accepted(&client.answer());
    assert_eq!(client.answer().0, CommandId::UNBIND_RESP);
    house.texts_at_the_carrier(2);
    house.close();
}

#[test]
fn t26_clean_rebind_is_never_banned_and_an_unbind_frees_its_place() {
    let house = House::open();
    for _ in 0..200 {
        let mut client = Client::bound(house.door(), 0x34);
        let mut octets = Vec::new();
        encode_header_only(&mut octets, CommandId::UNBIND, CommandStatus::ESME_ROK, 2);
        client.send(&octets);
        assert_eq!(client.answer().0, CommandId::UNBIND_RESP);
    }
    house.close();
}

#[test]
fn t34_payload_wins_and_an_empty_message_is_legal() {
    let house = House::open();
    let mut client = Client::bound(house.door(), 0x34);
    let mut tlvs = Vec::new();
    write_tlv(&mut tlvs, tag::MESSAGE_PAYLOAD, b"the payload").unwrap();
    let both = SubmitSm {
        tlvs: Tlvs::new(&tlvs),
        ..sm(b"the text")
    };
    is_accepted(&client.submit(2, &both));
    is_accepted(&client.submit(3, &sm(b"the payload")));
    is_accepted(&client.submit(4, &sm(b"")));
    house.texts_at_the_carrier(2);
    assert_eq!(
        house.carrier.report().duplicates,
        1,
        "payload and text are the same message"
    );
    house.close();
}

#[test]
fn t35_long_texts_of_a_customer_come_by_header_sar_or_payload() {
    let house = House::open();
    let mut client = Client::bound(house.door(), 0x34);
    let mut tlvs = Vec::new();
    let long = "long text ".repeat(40);
    write_tlv(&mut tlvs, tag::MESSAGE_PAYLOAD, long.as_bytes()).unwrap();
    let payload = SubmitSm {
        tlvs: Tlvs::new(&tlvs),
        ..sm(b"")
    };
    is_accepted(&client.submit(2, &payload));
    let mut sequence = 3;
    for part in 1..=2u8 {
        for header in [&[5, 0, 3, 9, 2, part][..], &[6, 8, 4, 1, 9, 2, part]] {
            let mut octets = header.to_vec();
            octets.extend_from_slice(b"part of a text");
            let with_header = SubmitSm {
                esm_class: 0x40,
                ..sm(&octets)
            };
            is_accepted(&client.submit(sequence, &with_header));
            sequence += 1;
        }
        let mut tlvs = Vec::new();
        write_tlv(&mut tlvs, tag::SAR_MSG_REF_NUM, &[0, 77]).unwrap();
        write_tlv(&mut tlvs, tag::SAR_TOTAL_SEGMENTS, &[2]).unwrap();
        write_tlv(&mut tlvs, tag::SAR_SEGMENT_SEQNUM, &[part]).unwrap();
        let sar = SubmitSm {
            tlvs: Tlvs::new(&tlvs),
            ..sm(b"part of a text")
        };
        is_accepted(&client.submit(sequence, &sar));
        sequence += 1;
    }
    // Three parts of the payload, two of each of three texts in parts.
    eventually("the carrier has them", PATIENCE, || {
        house.carrier.report().accepted >= 9
    });
    let report = house.carrier.report();
    assert_eq!((report.accepted, report.malformed), (9, 0), "{report:?}");
    house.close();
}

#[test]
fn t38_addresses_of_a_customer_are_read_by_what_they_are() {
    let house = House::open();
    let mut client = Client::bound(house.door(), 0x34);
    let numbers: [(u8, u8, &[u8]); 4] = [
        (1, 1, b"447700900123"),
        (1, 1, b"+447700900123"),
        (0, 0, b"00447700900123"),
        (0, 1, b"+44 7700 900123"),
    ];
    for ((ton, npi, addr), sequence) in numbers.into_iter().zip(2..) {
        let to = SubmitSm {
            destination: Address { ton, npi, addr },
            ..sm(b"hi")
        };
        is_accepted(&client.submit(sequence, &to));
    }
    house.texts_at_the_carrier(1);
    house.close();
}

#[test]
fn t41_ten_thousand_garbage_connections_disturb_no_live_session() {
    let house = House::open();
    let door = house.door();
    let garbage: [&[u8]; 6] = [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"AMQP\0\0\x09\x01",
        b"\x03\0\0\x2f\x2a\xe0\0\0\0\0\0Cookie: mstshash=x\r\n",
        // 68 KiB and one octet, and far more.
        b"\0\x01\x10\x01\0\0\0\x04\0\0\0\0\0\0\0\x01",
        b"\x7f\xff\xff\xff\0\0\0\x09\0\0\0\0\0\0\0\x01",
        b"\0\0\0\x04",
    ];
    let scanners: Vec<_> = (0..2)
        .map(|scanner| {
            std::thread::spawn(move || {
                let mut nacked = 0;
                for number in 0..GARBAGE_CONNECTIONS / 2 {
                    let mut stream = TcpStream::connect(door).unwrap();
                    stream.set_read_timeout(Some(PATIENCE)).unwrap();
                    let octets = garbage[((number + scanner) % 6) as usize];
                    let mut answer = [0; 64];
                    if stream.write_all(octets).is_ok()
                        && stream.read(&mut answer).unwrap_or(0) >= 16
                    {
                        nacked += u32::from(answer[4..12] == [0x80, 0, 0, 0, 0, 0, 0, 2]);
                    }
                }
                nacked
            })
        })
        .collect();
    let report = load(&house.node, 20_000);
    let nacked: u32 = scanners
        .into_iter()
        .map(|scanner| scanner.join().unwrap())
        .sum();
    assert_eq!(
        (
            report.accepted,
            report.receipts,
            report.disconnects,
            report.receipts_missing
        ),
        (20_000, 20_000, 0, 0),
        "{report:?}"
    );
    assert_eq!(
        nacked, GARBAGE_CONNECTIONS,
        "each is told what is wrong before it is closed"
    );
    println!(
        "beside them: {} msg/s, p99 {} ms",
        report.rate, report.latency_ms.p99
    );
    house.close();
}

fn load(node: &Node, count: u64) -> LoadReport {
    let options = smpp::Options {
        address: node.smpp.unwrap().to_string(),
        system_id: "test".into(),
        password: "secret".into(),
        binds: 2,
        window: 50,
        receipts: true,
        wait: PATIENCE,
        linger: Duration::ZERO,
        response_timeout: PATIENCE,
        reconnect: None,
        tls: None,
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    tokio::task::LocalSet::new().block_on(&runtime, async {
        let texts = Texts::new("447700900", 3, "ACME", 1)
            .with_length(100)
            .unwrap();
        smpp::run(options, texts, Pace::new(Some(count), None, None))
            .await
            .unwrap()
    })
}

#[test]
fn t42_unknown_commands_are_nacked_and_the_session_stays() {
    let house = House::open();
    let mut client = Client::bound(house.door(), 0x34);
    for sequence in 2..50 {
        let mut octets = Vec::new();
        encode_header_only(
            &mut octets,
            CommandId(0x0001_0200 + sequence),
            CommandStatus::ESME_ROK,
            sequence,
        );
        client.send(&octets);
        let answer = client.answer();
        assert_eq!(
            (answer.0, answer.1, answer.2),
            (
                CommandId::GENERIC_NACK,
                CommandStatus::ESME_RINVCMDID,
                sequence
            )
        );
    }
    is_accepted(&client.submit(50, &sm(b"still there")));
    house.close();
}

#[test]
fn t44_times_of_customers_are_read_in_every_form() {
    let house = House::open();
    let mut client = Client::bound(house.door(), 0x34);
    for (validity, sequence) in [
        &b""[..],
        b"000001000000000R",
        b"991231235959000+",
        b"991231235959948-",
    ]
    .into_iter()
    .zip(2..)
    {
        let text = [b'a' + sequence as u8];
        let timed = SubmitSm {
            validity_period: validity,
            ..sm(&text)
        };
        is_accepted(&client.submit(sequence, &timed));
    }
    house.texts_at_the_carrier(4);
    house.close();
}

#[test]
fn t46_any_version_of_a_customer_may_bind() {
    let house = House::open();
    for (version, text) in [
        (0x00, b"a"),
        (0x33, b"b"),
        (0x34, b"c"),
        (0x50, b"d"),
        (0xFF, b"e"),
    ] {
        let mut client = Client::bound(house.door(), version);
        is_accepted(&client.submit(2, &sm(text)));
    }
    house.texts_at_the_carrier(5);
    house.close();
}

#[test]
fn t48_submit_multi_is_expanded_and_who_was_refused_is_named() {
    let house = House::open();
    let mut client = Client::bound(house.door(), 0x34);
    let mut octets = Vec::new();
    encode_header_only(
        &mut octets,
        CommandId::SUBMIT_MULTI,
        CommandStatus::ESME_ROK,
        9,
    );
    client.send(&octets);
    let answer = client.answer();
    assert!(!answer.1.is_ok() && answer.2 == 9, "{answer:?}");
    let mut destinations = Vec::new();
    for number in [&b"447700900123"[..], b"12", b"447700900124"] {
        let destination = Destination::Address(Address::international(number));
        write_destination(&mut destinations, &destination).unwrap();
    }
    let multi = SubmitMulti {
        message: sm(b"to many"),
        destinations: Destinations::new(&destinations),
    };
    octets.clear();
    encode_submit_multi(&mut octets, 10, &multi).unwrap();
    client.send(&octets);
    let answer = client.answer();
    assert_eq!(
        (answer.0, answer.1, answer.3.len()),
        (CommandId::SUBMIT_MULTI_RESP, CommandStatus::ESME_ROK, 32)
    );
    eventually("the carrier has them", PATIENCE, || {
        house.carrier.report().accepted >= 2
    });
    assert_eq!(house.close()["accepted"], 2);
}
