//! What customers may ask over SMPP beside `submit_sm`, of a real node before a real store.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use carrack_smpp::{
    Address, Bind, BindKind, CancelSm, CommandId, CommandStatus, Destination, Destinations,
    MessageIdBody, QuerySm, QuerySmResp, ReplaceSm, ShortMessage, Strictness, SubmitMulti,
    SubmitMultiResp, SubmitSm, Tlvs, encode_bind, encode_cancel_sm, encode_data_sm,
    encode_deliver_sm_resp, encode_query_sm, encode_replace_sm, encode_submit_multi,
    encode_submit_sm, split_frame, tag, write_destination, write_tlv,
};

use super::carrier::{Carrier, settings};
use super::node::{CarrierEntry, Place};

const PATIENCE: Duration = Duration::from_secs(20);
const IN_AN_HOUR: &[u8] = b"000000010000000R";
const FIRST: &str = "447700900123";
const SECOND: &str = "447700900124";
const THIRD: &str = "447700900125";
const OTHER_ACCOUNT: &str = "[[account]]\nname = \"other\"\napi_key = \"other-key\"\nsystem_id = \"other\"\npassword = \"secret\"";

fn place(north: &Carrier) -> Place {
    let entry = CarrierEntry::north(north.address, (1, 50));
    Place::new(&[entry], OTHER_ACCOUNT)
}

/// A receipt: the number it speaks of, the id in its parameter and in its text, its text.
#[derive(Debug)]
struct Receipt {
    of: String,
    id: Vec<u8>,
    text: String,
}

/// A client that asks one thing after the other and takes every receipt.
struct Client {
    stream: TcpStream,
    left: Vec<u8>,
    sequence: u32,
    receipts: Vec<Receipt>,
}

type Answer = (CommandStatus, Vec<u8>);

impl Client {
    fn bound(address: SocketAddr, system_id: &str, kind: BindKind) -> Self {
        let mut client = Self {
            stream: TcpStream::connect(address).unwrap(),
            left: Vec::new(),
            sequence: 0,
            receipts: Vec::new(),
        };
        let bind = Bind {
            system_id: system_id.as_bytes(),
            password: b"secret",
            interface_version: 0x34,
            ..Bind::default()
        };
        let (status, _) = client.ask(|out, sequence| {
            encode_bind(out, sequence, kind, &bind).unwrap();
        });
        assert_eq!(status, CommandStatus::ESME_ROK);
        client
    }

    fn ask(&mut self, write: impl FnOnce(&mut Vec<u8>, u32)) -> Answer {
        self.sequence += 1;
        let mut out = Vec::new();
        write(&mut out, self.sequence);
        let command = split_frame(&out, 70_000).unwrap().unwrap().0.header;
        self.stream.write_all(&out).unwrap();
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some((answered, sequence, answer)) = self.next(until) {
                assert_eq!(sequence, self.sequence);
                assert_eq!(answered, command.command_id.response());
                return answer;
            }
        }
    }

    /// The next response, if one comes before a receipt does.
    fn next(&mut self, until: Instant) -> Option<(CommandId, u32, Answer)> {
        loop {
            if let Some((pdu, length)) = split_frame(&self.left, 70_000).unwrap() {
                let header = pdu.header;
                let body = pdu.body.to_vec();
                self.left.drain(..length);
                if header.command_id.is_response() {
                    let answer = (header.command_status, body);
                    return Some((header.command_id, header.sequence_number, answer));
                }
                assert_eq!(header.command_id, CommandId::DELIVER_SM);
                self.take(&body, header.sequence_number);
                return None;
            }
            assert!(Instant::now() < until, "nothing comes");
            let mut buffer = [0; 4096];
            self.stream
                .set_read_timeout(Some(Duration::from_millis(100)))
                .unwrap();
            match self.stream.read(&mut buffer) {
                Ok(0) => panic!("the node closed the connection"),
                Ok(octets) => self.left.extend_from_slice(&buffer[..octets]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => panic!("{error}"),
            }
        }
    }

    fn take(&mut self, body: &[u8], sequence: u32) {
        let sm = ShortMessage::decode(body, Strictness::Strict)
            .unwrap()
            .value;
        let id = sm.tlvs.find_cstring(tag::RECEIPTED_MESSAGE_ID).unwrap();
        let text = String::from_utf8(sm.short_message.to_vec()).unwrap();
        let hex = String::from_utf8(id.to_vec()).unwrap();
        assert!(text.starts_with(&format!("id:{hex} ")), "{text}");
        self.receipts.push(Receipt {
            of: String::from_utf8(sm.source.addr.to_vec()).unwrap(),
            id: id.to_vec(),
            text,
        });
        let mut out = Vec::new();
        encode_deliver_sm_resp(&mut out, sequence, CommandStatus::ESME_ROK);
        self.stream.write_all(&out).unwrap();
    }

    /// So many receipts in all, by number.
    fn receipts(&mut self, count: usize) -> &[Receipt] {
        let until = Instant::now() + PATIENCE;
        while self.receipts.len() < count {
            assert!(self.next(until).is_none());
        }
        self.receipts.sort_by(|one, other| one.of.cmp(&other.of));
        &self.receipts
    }

    fn submit(&mut self, sm: &SubmitSm<'_>) -> Vec<u8> {
        let (status, body) = self.ask(|out, sequence| {
            encode_submit_sm(out, sequence, sm).unwrap();
        });
        assert_eq!(status, CommandStatus::ESME_ROK);
        MessageIdBody::decode(&body).value.message_id.to_vec()
    }

    /// Id, and numbers that were refused.
    fn multi(&mut self, message: SubmitSm<'_>, to: &[&str]) -> (Vec<u8>, Vec<String>) {
        let mut destinations = Vec::new();
        for to in to {
            let destination = match to.starts_with("list") {
                true => Destination::DistributionList(to.as_bytes()),
                false => Destination::Address(Address::international(to.as_bytes())),
            };
            write_destination(&mut destinations, &destination).unwrap();
        }
        let multi = SubmitMulti {
            message,
            destinations: Destinations::new(&destinations),
        };
        let (status, body) = self.ask(|out, sequence| {
            encode_submit_multi(out, sequence, &multi).unwrap();
        });
        assert_eq!(status, CommandStatus::ESME_ROK);
        let response = SubmitMultiResp::decode(&body).value;
        let refused = response.unsuccess_smes.iter().map(|refused| {
            assert!(!refused.error_status_code.is_ok());
            String::from_utf8(refused.destination.addr.to_vec()).unwrap()
        });
        (response.message_id.to_vec(), refused.collect())
    }

    fn query(&mut self, message_id: &[u8]) -> (CommandStatus, Option<u8>, Vec<u8>) {
        let query = QuerySm {
            message_id,
            source: Address::alphanumeric(b"ACME"),
            ..QuerySm::default()
        };
        let (status, body) = self.ask(|out, sequence| {
            encode_query_sm(out, sequence, &query).unwrap();
        });
        let response = QuerySmResp::decode(&body).value;
        if status.is_ok() {
            assert_eq!(response.message_id, message_id);
        }
        (status, response.message_state, response.final_date.to_vec())
    }

    fn query_until(&mut self, message_id: &[u8], state: u8) -> Vec<u8> {
        let until = Instant::now() + PATIENCE;
        loop {
            let (status, found, date) = self.query(message_id);
            assert_eq!(status, CommandStatus::ESME_ROK);
            if found == Some(state) {
                return date;
            }
            assert!(Instant::now() < until, "it is {found:?}");
        }
    }

    fn cancel(&mut self, message_id: &[u8], to: &str) -> CommandStatus {
        let cancel = CancelSm {
            message_id,
            destination: Address::international(to.as_bytes()),
            ..CancelSm::default()
        };
        let (status, _) = self.ask(|out, sequence| {
            encode_cancel_sm(out, sequence, &cancel).unwrap();
        });
        status
    }

    fn replace(&mut self, message_id: &[u8]) -> CommandStatus {
        let replace = ReplaceSm {
            message_id,
            short_message: b"another text",
            ..ReplaceSm::default()
        };
        let (status, _) = self.ask(|out, sequence| {
            encode_replace_sm(out, sequence, &replace).unwrap();
        });
        status
    }
}

fn sm(text: &[u8], registered_delivery: u8) -> SubmitSm<'_> {
    SubmitSm {
        source: Address::alphanumeric(b"ACME"),
        destination: Address::international(FIRST.as_bytes()),
        short_message: text,
        registered_delivery,
        ..SubmitSm::default()
    }
}

#[test]
fn receipts_of_all_destinations_of_a_submit_multi_carry_its_one_id() {
    let north = Carrier::start(settings("north", 1, 5, &[]));
    let place = place(&north);
    let node = place.serve();
    let mut client = Client::bound(node.smpp.unwrap(), "test", BindKind::Transceiver);
    let to = [FIRST, "12", SECOND, "list", THIRD];
    let (id, refused) = client.multi(sm(b"to many", 1), &to);
    assert_eq!((id.len(), refused), (32, vec!["12".into(), "list".into()]));
    let receipts = client.receipts(3);
    let of: Vec<&str> = receipts.iter().map(|receipt| &*receipt.of).collect();
    assert_eq!(of, [FIRST, SECOND, THIRD]);
    assert!(
        receipts.iter().all(|receipt| receipt.id == id),
        "{receipts:?}"
    );

    // Whoever cannot receive is told later, after a kill as well.
    let (submitter, kind) = (node.smpp.unwrap(), BindKind::Transmitter);
    drop(client);
    let mut submitter = Client::bound(submitter, "test", kind);
    let (id, _) = submitter.multi(sm(b"to many once more", 1), &[SECOND, FIRST]);
    submitter.query_until(&id, 2);
    node.kill();
    let node = place.serve();
    let mut client = Client::bound(node.smpp.unwrap(), "test", BindKind::Receiver);
    let receipts = client.receipts(2);
    assert_eq!([&*receipts[0].of, &*receipts[1].of], [FIRST, SECOND]);
    assert!(
        receipts.iter().all(|receipt| receipt.id == id),
        "{receipts:?}"
    );
    assert_eq!(node.stop().0, Some(0), "{}", place.said());
    let audit = place.audit();
    assert_eq!(
        (&audit["adds_up"], &audit["accepted"]),
        (&true.into(), &5.into())
    );
    assert_eq!(audit["untold"], 0);
}

#[test]
fn message_is_asked_for_and_nobody_elses_is() {
    let north = Carrier::start(settings("north", 1, 5, &[]));
    let place = place(&north);
    let node = place.serve();
    let address = node.smpp.unwrap();
    let mut client = Client::bound(address, "test", BindKind::Transceiver);
    let mut tlvs = Vec::new();
    write_tlv(&mut tlvs, tag::USER_MESSAGE_REFERENCE, &[0, 7]).unwrap();
    let data = SubmitSm {
        tlvs: Tlvs::new(&tlvs),
        ..sm(b"as data_sm", 1)
    };
    let (status, body) = client.ask(|out, sequence| {
        encode_data_sm(out, sequence, &data).unwrap();
    });
    assert_eq!(status, CommandStatus::ESME_ROK);
    let id = MessageIdBody::decode(&body).value.message_id.to_vec();
    assert_eq!(client.receipts(1)[0].id, id);
    let date = client.query_until(&id, 2);
    assert_eq!(date.len(), 16);

    let mut other = Client::bound(address, "other", BindKind::Transmitter);
    let unknown = CommandStatus::ESME_RINVMSGID;
    assert_eq!(other.query(&id).0, unknown);
    assert_eq!(other.cancel(&id, ""), unknown);
    assert_eq!(other.replace(&id), unknown);
    assert_eq!(client.query(&[b'0'; 32]).0, unknown);
    assert_eq!(client.replace(&id), CommandStatus::ESME_RREPLACEFAIL);
    assert_eq!(client.cancel(&id, ""), CommandStatus::ESME_RCANCELFAIL);
    assert_eq!(node.stop().0, Some(0), "{}", place.said());
    assert_eq!(place.audit()["delivered"], 1);
}

#[test]
fn messages_are_taken_back_by_their_id() {
    let north = Carrier::start(settings("north", 1, 5, &[]));
    let place = place(&north);
    let node = place.serve();
    let mut client = Client::bound(node.smpp.unwrap(), "test", BindKind::Transceiver);
    let later = SubmitSm {
        schedule_delivery_time: IN_AN_HOUR,
        ..sm(b"in an hour", 1)
    };
    let one = client.submit(&later);
    assert_eq!(client.query(&one).1, Some(1), "ENROUTE");
    assert_eq!(client.cancel(&one, SECOND), CommandStatus::ESME_RCANCELFAIL);
    assert_eq!(client.cancel(&one, FIRST), CommandStatus::ESME_ROK);
    assert_eq!(client.cancel(&one, ""), CommandStatus::ESME_RCANCELFAIL);
    assert_eq!(client.cancel(b"", FIRST), CommandStatus::ESME_RCANCELFAIL);
    let date = client.query_until(&one, 4);
    assert_eq!(date.len(), 16);

    let (some, _) = client.multi(later, &[FIRST, SECOND, THIRD]);
    assert_eq!(client.cancel(&some, SECOND), CommandStatus::ESME_ROK);
    let (all, _) = client.multi(later, &[FIRST, SECOND, THIRD]);
    assert_eq!(client.cancel(&all, ""), CommandStatus::ESME_ROK);
    let receipts = client.receipts(5);
    assert!(
        receipts
            .iter()
            .all(|receipt| receipt.text.contains("stat:DELETED"))
    );
    let count = |id: &[u8]| receipts.iter().filter(|receipt| receipt.id == id).count();
    assert_eq!((count(&one), count(&some), count(&all)), (1, 1, 3));
    assert_eq!(node.stop().0, Some(0), "{}", place.said());
    let audit = place.audit();
    assert_eq!(
        (&audit["adds_up"], &audit["cancelled"], &audit["waiting"]),
        (&true.into(), &5.into(), &2.into()),
        "{audit}"
    );
    assert_eq!(north.report().submits, 0);
}

#[test]
fn customer_gets_receipts_of_the_ends_that_he_asked_for() {
    let north = Carrier::start(settings("north", 1, 5, &[]));
    let place = place(&north);
    let node = place.serve();
    let mut client = Client::bound(node.smpp.unwrap(), "test", BindKind::Transceiver);
    let (mut delivered, mut cancelled) = (Vec::new(), Vec::new());
    for registered_delivery in 0..4 {
        delivered.push(client.submit(&sm(b"now", registered_delivery)));
        let later = SubmitSm {
            schedule_delivery_time: IN_AN_HOUR,
            ..sm(b"in an hour", registered_delivery)
        };
        let id = client.submit(&later);
        assert_eq!(client.cancel(&id, ""), CommandStatus::ESME_ROK);
        cancelled.push(id);
    }
    for id in &delivered {
        client.query_until(id, 2);
    }
    let mut told: Vec<_> = client
        .receipts(4)
        .iter()
        .map(|told| told.id.clone())
        .collect();
    told.sort();
    let mut expected = [1, 3].map(|at| delivered[at].clone()).to_vec();
    expected.extend([1, 2].map(|at| cancelled[at].clone()));
    expected.sort();
    assert_eq!(told, expected);
    assert_eq!(node.stop().0, Some(0), "{}", place.said());
    let audit = place.audit();
    assert_eq!(
        (&audit["delivered"], &audit["cancelled"]),
        (&4.into(), &4.into())
    );
    assert_eq!(audit["untold"], 0, "nobody waits for the others: {audit}");
}
