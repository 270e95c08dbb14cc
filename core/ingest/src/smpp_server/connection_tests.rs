//! A connection against a client's session, without sockets.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use std::collections::HashMap;
use std::time::Duration;

use super::super::register::Register;
use super::super::telling::tests::{from_handset, telling};
use super::*;
use crate::accounts::{AccountBook, AccountSpec, Accounts, Admission};
use carrack_engine::Refusal;
use carrack_message::MessageId;
use carrack_message::record::ReceiptWish;
use carrack_smpp::{
    Address, Bind, ClientEvent, ClientSession, ClientSettings, Request, SubmitSm, encode_bind,
    encode_header_only, encode_submit_sm, split_frame,
};
use proptest::prelude::*;

#[path = "requests_tests.rs"]
mod requests;

#[path = "traps_tests.rs"]
mod traps;

const SECOND_NS: u64 = 1_000_000_000;

fn spec() -> AccountSpec {
    AccountSpec {
        name: "shop".into(),
        api_key: None,
        system_id: Some("acme".into()),
        password: Some("pw".into()),
        class: None,
        sender: None,
        region: None,
        rate: None,
        window: 10,
        binds_max: 2,
        deck: None,
        allowed_ips: Vec::new(),
        operator: false,
        segments_max: 10,
        validity_max: Duration::from_secs(86_400),
        ..AccountSpec::named("shop")
    }
}

struct Office {
    register: Register,
    book: AccountBook,
}

impl Office {
    fn new(spec: AccountSpec) -> Self {
        Self {
            register: Register::new(100),
            book: AccountBook::new(Accounts::build(&[spec], |_| Some(7)).unwrap()),
        }
    }
}

impl Desk for Office {
    fn admit(&mut self, knock: &Knock<'_>) -> Judged {
        let from = std::net::Ipv4Addr::LOCALHOST.into();
        match self.register.admit(&self.book, knock, from) {
            Ok(Admission::Open(account)) => Judged::Now(Ok(account)),
            Ok(Admission::Unproven(_)) => Judged::Later,
            Err(status) => Judged::Now(Err(status)),
        }
    }

    fn release(&mut self, account: u32) {
        self.register.release(account);
    }
}

struct Talk {
    connection: Connection<u32>,
    client: ClientSession,
    office: Office,
    now: Now,
    responses: HashMap<u64, (CommandStatus, Vec<u8>)>,
    /// Of requests other than submit_sm, with their bodies.
    answers: HashMap<u64, (CommandStatus, Vec<u8>)>,
    receipts: Vec<u32>,
    bound: Option<Result<(), CommandStatus>>,
    unbound: bool,
}

impl Talk {
    fn connected(spec: AccountSpec, kind: BindKind, password: &str) -> Self {
        Self::of_version(0x34, spec, kind, password)
    }

    fn of_version(
        interface_version: u8,
        spec: AccountSpec,
        kind: BindKind,
        password: &str,
    ) -> Self {
        Self::over(interface_version, spec, (kind, password), None)
    }

    fn over(
        interface_version: u8,
        spec: AccountSpec,
        (kind, password): (BindKind, &str),
        short_ids: Option<&Arc<ShortIdBook>>,
    ) -> Self {
        let now = Now {
            mono_ns: SECOND_NS,
            utc_ns: 1_800_000_000 * SECOND_NS,
        };
        let server = ServerSettings {
            enquire_link_idle_ns: 0,
            ..ServerSettings::default()
        };
        let client = ClientSettings {
            bind: kind,
            system_id: b"acme".to_vec(),
            password: password.as_bytes().to_vec(),
            interface_version,
            enquire_link_idle_ns: 0,
            window: 1000,
            ..ClientSettings::default()
        };
        let mut client = ClientSession::new(client, 1);
        client.connected(now.mono_ns);
        let connection = Connection::new(server, 1, now.mono_ns);
        let mut talk = Self {
            connection: match short_ids {
                Some(book) => connection.with_short_ids(Arc::clone(book)),
                None => connection,
            },
            client,
            office: Office::new(spec),
            now,
            responses: HashMap::new(),
            answers: HashMap::new(),
            receipts: Vec::new(),
            bound: None,
            unbound: false,
        };
        talk.exchange();
        talk
    }

    fn bound(spec: AccountSpec) -> Self {
        let talk = Self::connected(spec, BindKind::Transceiver, "pw");
        assert_eq!(talk.bound, Some(Ok(())));
        talk
    }

    /// What the client wrote goes to the connection and the other way.
    fn exchange(&mut self) {
        let bytes = std::mem::take(self.client.output());
        if !bytes.is_empty() {
            self.connection.receive(self.now, &bytes, &mut self.office);
        }
        self.connection.settle(self.now.mono_ns, &mut self.office);
        let bytes = std::mem::take(self.connection.output());
        let (responses, receipts) = (&mut self.responses, &mut self.receipts);
        let (bound, unbound) = (&mut self.bound, &mut self.unbound);
        let answers = &mut self.answers;
        self.client
            .receive(self.now.mono_ns, &bytes, &mut |event| match event {
                ClientEvent::Bound { .. } => *bound = Some(Ok(())),
                ClientEvent::BindRefused { status } => *bound = Some(Err(status)),
                ClientEvent::Response {
                    ticket,
                    status,
                    message_id,
                    ..
                } => {
                    let again = responses.insert(ticket, (status, message_id.to_vec()));
                    assert!(again.is_none(), "answered twice");
                }
                ClientEvent::Answer {
                    ticket,
                    status,
                    body,
                    ..
                } => {
                    let again = answers.insert(ticket, (status, body.to_vec()));
                    assert!(again.is_none(), "answered twice");
                }
                ClientEvent::Deliver {
                    sequence_number, ..
                } => receipts.push(sequence_number),
                ClientEvent::Unbound => *unbound = true,
                _ => {}
            });
    }

    fn submit(&mut self, ticket: u64, to: &str) {
        let sm = sm(to);
        self.client.submit(self.now.mono_ns, ticket, &sm).unwrap();
    }

    fn request(&mut self, ticket: u64, request: &Request<'_>) {
        let now_ns = self.now.mono_ns;
        self.client.request(now_ns, ticket, request).unwrap();
    }

    fn accept_all(&mut self) -> usize {
        let Some(submits) = self.connection.take_submits(4096) else {
            return 0;
        };
        let verdicts: Vec<_> = (0..submits.submissions.len())
            .map(|place| Verdict::Accepted(MessageId(place as u128 + 1)))
            .collect();
        self.connection.verdicts(&submits.asked, &verdicts);
        self.exchange();
        verdicts.len()
    }
}

fn sm(to: &str) -> SubmitSm<'_> {
    SubmitSm {
        source: Address {
            ton: 5,
            npi: 0,
            addr: b"ACME",
        },
        destination: Address {
            ton: 1,
            npi: 1,
            addr: to.as_bytes(),
        },
        short_message: b"hello",
        registered_delivery: 1,
        ..SubmitSm::default()
    }
}

const GOOD: &str = "447700900123";

#[test]
fn answered_ok_only_by_its_verdict_and_with_its_id() {
    let mut talk = Talk::bound(spec());
    for ticket in 0..3 {
        talk.submit(ticket, GOOD);
    }
    talk.exchange();
    assert!(talk.responses.is_empty());
    let submits = talk.connection.take_submits(4096).unwrap();
    assert_eq!(submits.submissions.len(), 3, "one read is one chunk");
    assert!(
        submits
            .submissions
            .iter()
            .all(|s| s.account == 7 && s.wants_receipt == ReceiptWish::Always)
    );
    let verdicts = [
        Verdict::Accepted(MessageId(1)),
        Verdict::Refused(Refusal::QueueFull),
        Verdict::Accepted(MessageId(3)),
    ];
    talk.connection.verdicts(&submits.asked, &verdicts);
    talk.exchange();
    assert_eq!(
        talk.responses[&0],
        (CommandStatus::ESME_ROK, MessageId(1).hex().to_vec())
    );
    assert_eq!(
        talk.responses[&1],
        (CommandStatus::ESME_RMSGQFUL, Vec::new())
    );
    assert_eq!(
        talk.responses[&2],
        (CommandStatus::ESME_ROK, MessageId(3).hex().to_vec())
    );
}

#[test]
fn every_refusal_has_its_status() {
    use CommandStatus as S;
    for (refusal, status) in [
        (Refusal::NoRoute(String::new()), S::ESME_RINVDSTADR),
        (Refusal::QueueFull, S::ESME_RMSGQFUL),
        (Refusal::AccountQueueFull, S::ESME_RMSGQFUL),
        (Refusal::Store(String::new()), S::ESME_RSYSERR),
        (Refusal::ShuttingDown, S::ESME_RTHROTTLED),
        (
            Refusal::Suppressed {
                list: "stop".to_owned(),
                reason: carrack_routing::suppression::Reason::OptOut,
            },
            S::ESME_RX_R_APPN,
        ),
        (
            Refusal::RecipientLimit {
                limit: "phones".to_owned(),
                wait_s: 60,
            },
            S::ESME_RTHROTTLED,
        ),
    ] {
        let mut talk = Talk::bound(spec());
        talk.submit(0, GOOD);
        talk.exchange();
        let submits = talk.connection.take_submits(9).unwrap();
        talk.connection
            .verdicts(&submits.asked, &[Verdict::Refused(refusal)]);
        talk.exchange();
        assert_eq!(talk.responses[&0].0, status);
    }
}

#[test]
fn verdict_that_never_comes_is_the_nodes_fault_and_a_full_engine_throttles() {
    let mut talk = Talk::bound(spec());
    talk.submit(0, GOOD);
    talk.submit(1, GOOD);
    talk.exchange();
    let first = talk.connection.take_submits(1).unwrap();
    let second = talk.connection.take_submits(1).unwrap();
    assert!(talk.connection.take_submits(1).is_none());
    talk.connection.verdicts(&first.asked, &[]);
    talk.connection.throttle(&second.asked);
    talk.exchange();
    assert_eq!(talk.responses[&0].0, CommandStatus::ESME_RSYSERR);
    assert_eq!(talk.responses[&1].0, CommandStatus::ESME_RTHROTTLED);
}

#[test]
fn what_cannot_be_taken_is_answered_at_once_and_does_not_hold_up_the_rest() {
    let mut talk = Talk::bound(spec());
    talk.submit(0, "ACME");
    talk.submit(1, GOOD);
    let now_ns = talk.now.mono_ns;
    let text = vec![b'a'; 153 * 11];
    let faults: [(SubmitSm<'_>, CommandStatus); 8] = [
        (
            SubmitSm {
                short_message: &text,
                ..sm(GOOD)
            },
            CommandStatus::ESME_RINVMSGLEN,
        ),
        (
            SubmitSm {
                source: Address {
                    ton: 5,
                    npi: 0,
                    addr: b"MUCHTOOLONGNAME",
                },
                ..sm(GOOD)
            },
            CommandStatus::ESME_RINVSRCADR,
        ),
        (
            SubmitSm {
                source: Address::default(),
                ..sm(GOOD)
            },
            CommandStatus::ESME_RINVSRCADR,
        ),
        (
            SubmitSm {
                validity_period: b"no time at all 0",
                ..sm(GOOD)
            },
            CommandStatus::ESME_RINVEXPIRY,
        ),
        (
            SubmitSm {
                schedule_delivery_time: b"in an hour or so",
                ..sm(GOOD)
            },
            CommandStatus::ESME_RINVSCHED,
        ),
        (
            SubmitSm {
                replace_if_present_flag: 1,
                ..sm(GOOD)
            },
            CommandStatus::ESME_RINVREPFLAG,
        ),
        (
            SubmitSm {
                esm_class: 0x08,
                ..sm(GOOD)
            },
            CommandStatus::ESME_RINVESMCLASS,
        ),
        (
            SubmitSm {
                esm_class: 0x40,
                short_message: b"\xffhi",
                ..sm(GOOD)
            },
            CommandStatus::ESME_RINVPARLEN,
        ),
    ];
    for (place, (sm, _)) in faults.iter().enumerate() {
        talk.client.submit(now_ns, 10 + place as u64, sm).unwrap();
    }
    talk.exchange();
    assert_eq!(talk.responses[&0].0, CommandStatus::ESME_RINVDSTADR);
    for (place, (_, status)) in faults.iter().enumerate() {
        assert_eq!(
            talk.responses[&(10 + place as u64)].0,
            *status,
            "case {place}"
        );
    }
    assert_eq!(talk.accept_all(), 1);
    assert_eq!(talk.responses[&1].0, CommandStatus::ESME_ROK);
}

#[test]
fn submits_beyond_the_window_are_throttled_and_the_window_opens_again() {
    let mut talk = Talk::bound(spec());
    for ticket in 0..15 {
        talk.submit(ticket, GOOD);
    }
    talk.exchange();
    let throttled = |talk: &Talk| {
        let statuses = talk.responses.values();
        statuses
            .filter(|(status, _)| *status == CommandStatus::ESME_RTHROTTLED)
            .count()
    };
    assert_eq!(throttled(&talk), 5);
    assert_eq!(talk.accept_all(), 10);
    talk.submit(20, GOOD);
    talk.exchange();
    assert_eq!(talk.accept_all(), 1);
    assert_eq!(throttled(&talk), 5);
}

#[test]
fn rate_is_counted_in_segments() {
    let mut limited = spec();
    limited.rate = Some(3);
    let mut talk = Talk::bound(limited);
    let long = vec![b'a'; 200];
    let two = SubmitSm {
        short_message: &long,
        ..sm(GOOD)
    };
    let now_ns = talk.now.mono_ns;
    talk.client.submit(now_ns, 0, &two).unwrap();
    talk.client.submit(now_ns, 1, &two).unwrap();
    talk.exchange();
    assert_eq!(talk.responses[&1].0, CommandStatus::ESME_RTHROTTLED);
    assert_eq!(talk.accept_all(), 1);
}

#[test]
fn message_longer_than_a_seconds_rate_is_taken_all_the_same() {
    let mut limited = spec();
    limited.rate = Some(1);
    let mut talk = Talk::bound(limited);
    let long = vec![b'a'; 200];
    let two = SubmitSm {
        short_message: &long,
        ..sm(GOOD)
    };
    let now_ns = talk.now.mono_ns;
    talk.client.submit(now_ns, 0, &two).unwrap();
    talk.exchange();
    assert_eq!(talk.accept_all(), 1);
}

#[test]
fn bind_is_refused_by_what_is_wrong_with_it() {
    let refused = |spec, kind, password| Talk::connected(spec, kind, password).bound;
    assert_eq!(
        refused(spec(), BindKind::Transceiver, "no"),
        Some(Err(CommandStatus::ESME_RINVPASWD))
    );
    let mut other = spec();
    other.system_id = Some("other".into());
    assert_eq!(
        refused(other, BindKind::Transmitter, "pw"),
        Some(Err(CommandStatus::ESME_RINVSYSID))
    );
    let mut elsewhere = spec();
    elsewhere.allowed_ips = vec!["10.0.0.0/8".parse().unwrap()];
    assert_eq!(
        refused(elsewhere, BindKind::Receiver, "pw"),
        Some(Err(CommandStatus::ESME_RBINDFAIL))
    );
    let mut none = spec();
    none.binds_max = 0;
    assert_eq!(
        refused(none, BindKind::Receiver, "pw"),
        Some(Err(CommandStatus::ESME_RBINDFAIL))
    );
}

#[test]
fn refused_bind_closes_the_connection_and_holds_no_place() {
    let talk = Talk::connected(spec(), BindKind::Transceiver, "no");
    assert!(matches!(
        talk.connection.closing(),
        Some(CloseReason::BindRefused(_))
    ));
    assert_eq!(talk.office.register.binds(), 0);
}

#[test]
fn unbind_frees_the_place_at_once_and_is_answered_after_what_is_owed() {
    let mut talk = Talk::bound(spec());
    assert_eq!(talk.office.register.binds(), 1);
    talk.submit(0, GOOD);
    talk.client.unbind(talk.now.mono_ns);
    talk.exchange();
    assert_eq!(talk.office.register.binds(), 0);
    assert!(talk.connection.closing().is_none());
    assert_eq!(talk.accept_all(), 1);
    assert_eq!(talk.responses[&0].0, CommandStatus::ESME_ROK);
    talk.exchange();
    assert_eq!(talk.connection.closing(), Some(CloseReason::PeerUnbound));
    talk.connection.disconnected(&mut talk.office);
    assert_eq!(talk.office.register.binds(), 0);
}

#[test]
fn lost_connection_frees_the_place_once() {
    let mut talk = Talk::bound(spec());
    talk.connection.disconnected(&mut talk.office);
    talk.connection.disconnected(&mut talk.office);
    assert_eq!(talk.office.register.binds(), 0);
}

#[test]
fn receipts_go_to_binds_that_receive_and_to_no_other() {
    let mut talk = Talk::bound(spec());
    assert_eq!(talk.connection.news().credits, 10);
    talk.connection.tellings(vec![telling(1), telling(2)]);
    talk.exchange();
    assert_eq!(talk.receipts.len(), 2);
    let status = CommandStatus::ESME_ROK;
    talk.client
        .answer_deliver(talk.receipts[1], CommandId::DELIVER_SM, status);
    talk.exchange();
    assert_eq!(talk.connection.news().told, [2]);

    let mut talk = Talk::connected(spec(), BindKind::Transmitter, "pw");
    assert_eq!(talk.bound, Some(Ok(())));
    assert_eq!(talk.connection.news().credits, 0);
}

#[test]
fn long_text_from_a_handset_is_whole_to_a_client_of_3_4_and_in_parts_to_one_of_3_3() {
    for (version, deliver_sms) in [(0x34, 1), (0x33, 3)] {
        let mut talk = Talk::of_version(version, spec(), BindKind::Receiver, "pw");
        assert_eq!(talk.bound, Some(Ok(())));
        talk.connection.news();
        let text = "abcdefghij".repeat(40);
        talk.connection.tellings(vec![from_handset(5, &text)]);
        talk.exchange();
        for at in 0..deliver_sms {
            assert_eq!(talk.receipts.len(), at + 1, "one after the other");
            assert!(talk.connection.news().told.is_empty());
            let status = CommandStatus::ESME_ROK;
            talk.client
                .answer_deliver(talk.receipts[at], CommandId::DELIVER_SM, status);
            talk.exchange();
        }
        assert_eq!(talk.connection.news().told, [5]);
        assert_eq!(talk.receipts.len(), deliver_sms);
    }
}

#[test]
fn drain_answers_what_is_owed_refuses_more_and_unbinds() {
    let mut talk = Talk::bound(spec());
    talk.submit(0, GOOD);
    talk.exchange();
    talk.connection.drain(talk.now.mono_ns + SECOND_NS);
    talk.submit(1, GOOD);
    talk.exchange();
    assert_eq!(talk.responses[&1].0, CommandStatus::ESME_RTHROTTLED);
    assert!(!talk.unbound);
    assert_eq!(talk.accept_all(), 1);
    talk.exchange();
    assert_eq!(talk.responses[&0].0, CommandStatus::ESME_ROK);
    assert!(talk.unbound);
    talk.exchange();
    assert_eq!(talk.connection.closing(), Some(CloseReason::Unbound));
    assert_eq!(talk.office.register.binds(), 0);
}

#[test]
fn drain_does_not_wait_for_ever() {
    let mut talk = Talk::bound(spec());
    talk.submit(0, GOOD);
    talk.exchange();
    let until_ns = talk.now.mono_ns + SECOND_NS;
    talk.connection.drain(until_ns);
    assert!(talk.connection.next_deadline_ns().unwrap() <= until_ns);
    talk.exchange();
    assert!(!talk.unbound);
    talk.now.mono_ns = until_ns;
    talk.exchange();
    assert!(talk.unbound);
}

#[test]
fn account_that_is_gone_is_unbound_and_a_new_window_counts_at_once() {
    let mut talk = Talk::bound(spec());
    let mut narrow = spec();
    narrow.window = 1;
    let office = Office::new(narrow);
    let account = office.book.current().by_name("shop").cloned();
    talk.connection.retune(talk.now.mono_ns, account);
    talk.submit(0, GOOD);
    talk.submit(1, GOOD);
    talk.exchange();
    assert_eq!(talk.responses[&1].0, CommandStatus::ESME_RTHROTTLED);
    assert_eq!(talk.accept_all(), 1);
    talk.connection.retune(talk.now.mono_ns, None);
    talk.exchange();
    assert!(talk.unbound);
}

fn script() -> Vec<u8> {
    let mut bytes = Vec::new();
    let bind = Bind {
        system_id: b"acme",
        password: b"pw",
        interface_version: 0x34,
        ..Bind::default()
    };
    encode_bind(&mut bytes, 1, BindKind::Transceiver, &bind).unwrap();
    bytes
}

proptest! {
    #[test]
    fn any_bytes_after_a_bind_never_panic_and_every_submission_has_its_request(
        junk in proptest::collection::vec(any::<u8>(), 0..400), cut in 0_usize..400
    ) {
        let mut office = Office::new(spec());
        let now = Now { mono_ns: SECOND_NS, utc_ns: SECOND_NS };
        let mut connection = Connection::<u32>::new(ServerSettings::default(), 1, now.mono_ns);
        connection.receive(now, &script(), &mut office);
        let mut bytes = Vec::new();
        encode_submit_sm(&mut bytes, 2, &sm(GOOD)).unwrap();
        bytes.extend_from_slice(&junk);
        let (first, second) = bytes.split_at(cut.min(bytes.len()));
        connection.receive(now, first, &mut office);
        connection.receive(now, second, &mut office);
        let submits = connection.take_submits(100).unwrap();
        let messages: usize = submits.asked.iter().map(Asked::messages).sum();
        prop_assert_eq!(messages, submits.submissions.len());
        prop_assert_eq!(submits.asked[0].sequence_number, 2);
        connection.disconnected(&mut office);
        prop_assert_eq!(office.register.binds(), 0);
    }

    #[test]
    fn cuts_of_the_stream_change_no_answer(cuts in proptest::collection::vec(1_usize..60, 1..40)) {
        let answers = |cuts: &[usize]| {
            let mut office = Office::new(spec());
            let now = Now { mono_ns: SECOND_NS, utc_ns: SECOND_NS };
            let mut connection = Connection::<u32>::new(ServerSettings::default(), 1, now.mono_ns);
            connection.receive(now, &script(), &mut office);
            let mut bytes = Vec::new();
            for sequence in 2..8 {
                let to = if sequence % 3 == 0 { "bad" } else { GOOD };
                encode_submit_sm(&mut bytes, sequence, &sm(to)).unwrap();
            }
            encode_header_only(&mut bytes, CommandId(0x77), CommandStatus::ESME_ROK, 8);
            encode_header_only(&mut bytes, CommandId::QUERY_SM, CommandStatus::ESME_ROK, 9);
            let mut rest = &bytes[..];
            for cut in cuts.iter().cycle() {
                let (part, after) = rest.split_at((*cut).min(rest.len()));
                connection.receive(now, part, &mut office);
                rest = after;
                if rest.is_empty() {
                    break;
                }
            }
            let taken = connection.take_submits(100).unwrap().asked;
            let taken: Vec<u32> = taken.iter().map(|asked| asked.sequence_number).collect();
            // Which come first is not promised: what the session refuses by itself need not wait for the read's end.
            let mut answered = Vec::new();
            let mut left = connection.output().clone();
            while let Some((pdu, octets)) = split_frame(&left, 1000).unwrap() {
                let header = pdu.header;
                answered.push((header.sequence_number, header.command_id.0, header.command_status));
                left.drain(..octets);
            }
            answered.sort_by_key(|answer| answer.0);
            (taken, answered)
        };
        prop_assert_eq!(answers(&cuts), answers(&[100_000]));
    }
}
