//! What a receipt is, and what is none.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod support;

use carrack_carrier::{CarrierMessageId, Link, LinkEvent};
use carrack_message::ReceiptState;
use carrack_message::receipt::{ReceiptSign, ReceiptSource};
use carrack_settings::{Bind, Profile};
use carrack_smpp::*;
use support::*;

const LINE: &[u8] = b"id:text sub:001 dlvrd:001 submit date:2601011200 done date:2601011201 stat:DELIVRD err:000 text:hi";

fn heard(profile: Profile, octets: &[u8]) -> LinkEvent {
    let mut rig = Rig::bound(profile);
    rig.events();
    rig.feed(octets);
    let events = rig.events();
    assert_eq!(events.len(), 1, "{events:?}");
    events[0].clone()
}

fn found(event: &LinkEvent) -> Option<(&[u8], ReceiptState, u32)> {
    match event {
        LinkEvent::Receipt {
            id, state, error, ..
        } => Some((id.as_slice(), *state, *error)),
        LinkEvent::Mo { .. } => None,
        other => panic!("{other:?}"),
    }
}

const DELIVERED: ReceiptState = ReceiptState::Delivered;

#[test]
fn t04_receipt_in_the_same_segment_before_its_response_comes_first() {
    let mut rig = Rig::bound(Profile::default());
    rig.events();
    let sequence = rig.submit(1);
    let receipt = deliver(9, &receipt(b"id:a stat:DELIVRD err:000", b""));
    rig.feed(&[receipt, accepted(sequence, b"a")].concat());
    let events = rig.events();
    assert_eq!(found(&events[0]), Some((&b"a"[..], DELIVERED, 0)));
    assert!(matches!(events[1], LinkEvent::Accepted { ticket: 1, .. }));
}

#[test]
fn t05_receipt_on_the_receiving_bind_is_answered_there() {
    let mut rig = Rig::bound(profile(|p| p.bind = Bind::TransmitterReceiver));
    rig.events();
    rig.feed_on(1, &deliver(9, &receipt(LINE, b"")));
    rig.turn();
    let LinkEvent::Receipt { handle, .. } = rig.events()[0] else {
        panic!("no receipt");
    };
    rig.link.answer(handle, true);
    rig.turn();
    assert_eq!(rig.sent(), []);
    let sent = rig.sent_on(1);
    assert_eq!(
        (sent[0].command, sent[0].sequence),
        (CommandId::DELIVER_SM_RESP, 9)
    );
}

#[test]
fn t05_answer_to_a_receipt_of_a_lost_connection_is_not_sent_on_the_next() {
    let mut rig = Rig::bound(Profile::default());
    rig.events();
    rig.feed(&deliver(9, &receipt(LINE, b"")));
    let LinkEvent::Receipt { handle, .. } = rig.events()[0] else {
        panic!("no receipt");
    };
    rig.cut();
    rig.advance_to_deadline();
    rig.answer_bind(CommandStatus::ESME_ROK);
    rig.link.answer(handle, true);
    rig.turn();
    assert_eq!(rig.sent(), []);
}

#[test]
fn t06_parameters_win_unless_the_profile_says_otherwise() {
    let parameters = tlvs(&[
        // No NUL behind the id.
        (tag::RECEIPTED_MESSAGE_ID, b"parameter"),
        (tag::MESSAGE_STATE, &[5]),
    ]);
    let octets = deliver(1, &receipt(LINE, &parameters));
    let undeliverable = ReceiptState::Undeliverable;
    for (source, id, state) in [
        (ReceiptSource::TlvFirst, &b"parameter"[..], undeliverable),
        (ReceiptSource::TlvOnly, b"parameter", undeliverable),
        (ReceiptSource::TextFirst, b"text", DELIVERED),
        (ReceiptSource::TextOnly, b"text", DELIVERED),
    ] {
        let event = heard(profile(|p| p.receipt_source = source), &octets);
        assert_eq!(found(&event), Some((id, state, 0)), "{source:?}");
    }
}

#[test]
fn t06_id_longer_than_any_table_allows_is_kept() {
    let long = [b'7'; 200];
    let octets = deliver(
        1,
        &receipt(b"", &tlvs(&[(tag::RECEIPTED_MESSAGE_ID, &long)])),
    );
    let event = heard(Profile::default(), &octets);
    assert_eq!(found(&event), Some((&long[..], ReceiptState::Accepted, 0)));
}

#[test]
fn t07_word_that_nobody_knows_is_counted_and_a_receipt_that_ends_nothing() {
    let octets = deliver(1, &receipt(b"id:a stat:WHATEVER err:1A2", b""));
    let mut rig = Rig::bound(Profile::default());
    rig.events();
    rig.link.take_oddities();
    rig.feed(&octets);
    let state = found(&rig.events()[0]).map(|it| it.1).unwrap();
    assert!(!state.is_final(), "{state:?}");
    assert_eq!(rig.link.take_oddities(), 1);
    let event = heard(
        Profile::default(),
        &deliver(1, &receipt(b"id:a stat:UNKNOWN", b"")),
    );
    assert_eq!(found(&event).map(|it| it.1), Some(ReceiptState::Unknown));
    let event = heard(
        profile(|p| {
            let word = ("WHATEVER".into(), DELIVERED);
            p.receipt_grammar.states.push(word);
        }),
        &octets,
    );
    assert_eq!(found(&event).map(|it| it.1), Some(DELIVERED));
}

#[test]
fn t08_receipt_in_the_payload_is_read() {
    let payload = tlvs(&[(tag::MESSAGE_PAYLOAD, LINE)]);
    let event = heard(Profile::default(), &deliver(1, &receipt(b"", &payload)));
    assert_eq!(found(&event), Some((&b"text"[..], DELIVERED, 0)));
}

#[test]
fn t09_receipt_as_data_sm_is_read_and_answered_as_data_sm() {
    let mut rig = Rig::bound(Profile::default());
    rig.events();
    let mut octets = Vec::new();
    encode_data_sm(&mut octets, 4, &receipt(LINE, b"")).unwrap();
    rig.feed(&octets);
    let events = rig.events();
    assert_eq!(found(&events[0]), Some((&b"text"[..], DELIVERED, 0)));
    let LinkEvent::Receipt { handle, .. } = events[0] else {
        panic!("no receipt");
    };
    rig.link.answer(handle, true);
    rig.turn();
    let sent = rig.sent_one();
    assert_eq!((sent.command, sent.sequence), (CommandId::DATA_SM_RESP, 4));
}

#[test]
fn t10_message_type_decides_then_the_parameter_then_the_text_if_allowed() {
    let of = |esm_class, parameters: &[u8], sign| {
        let sm = DeliverSm {
            esm_class,
            ..receipt(LINE, parameters)
        };
        let event = heard(profile(|p| p.receipt_sign = sign), &deliver(1, &sm));
        found(&event).is_some()
    };
    let id = tlvs(&[(tag::RECEIPTED_MESSAGE_ID, b"a\0")]);
    // Other bits of esm_class do not hide the type.
    for esm_class in [0x04, 0x84, 0x07, 0x20] {
        assert!(of(esm_class, b"", ReceiptSign::Bits), "{esm_class:#x}");
    }
    assert!(!of(0, &id, ReceiptSign::Bits));
    assert!(of(0, &id, ReceiptSign::BitsOrTlv));
    assert!(!of(0, b"", ReceiptSign::BitsOrTlv));
    assert!(of(0, b"", ReceiptSign::BitsTlvOrText));
}

#[test]
fn t10_mo_that_reads_like_a_receipt_stays_an_mo() {
    // A handset's acknowledgement: its type says that it is no receipt of the SMSC.
    let sm = DeliverSm {
        esm_class: 0x10,
        ..receipt(b"id:123 stat:DELIVRD", b"")
    };
    for sign in [
        ReceiptSign::Bits,
        ReceiptSign::BitsOrTlv,
        ReceiptSign::BitsTlvOrText,
    ] {
        let event = heard(profile(|p| p.receipt_sign = sign), &deliver(1, &sm));
        assert_eq!(found(&event), None, "{sign:?}");
    }
}

#[test]
fn t11_receipt_marked_ucs2_is_read_as_ascii_and_as_ucs2() {
    let ucs2: Vec<u8> = LINE.iter().flat_map(|octet| [0, *octet]).collect();
    for text in [LINE, &ucs2] {
        let sm = DeliverSm {
            data_coding: 8,
            ..receipt(text, b"")
        };
        let event = heard(Profile::default(), &deliver(1, &sm));
        assert_eq!(found(&event), Some((&b"text"[..], DELIVERED, 0)));
    }
}

#[test]
fn t12_intermediate_notification_is_no_end() {
    let sm = DeliverSm {
        esm_class: ESM_CLASS_INTERMEDIATE_NOTIFICATION,
        ..receipt(b"id:a stat:ENROUTE", b"")
    };
    let event = heard(Profile::default(), &deliver(1, &sm));
    let (_, state, _) = found(&event).unwrap();
    assert!(!state.is_final());
}

#[test]
fn t13_nothing_is_answered_before_the_engine_says_so() {
    let mut rig = Rig::bound(Profile::default());
    rig.events();
    rig.feed(&deliver(9, &receipt(LINE, b"")));
    rig.advance(SECOND);
    assert_eq!(rig.sent(), []);
    let LinkEvent::Receipt { handle, .. } = rig.events()[0] else {
        panic!("no receipt");
    };
    rig.link.answer(handle, true);
    rig.turn();
    let sent = rig.sent_one();
    assert_eq!(sent.status, CommandStatus::ESME_ROK);
    // The id of the answer is unused and empty (SMPP 3.4, 4.6.2).
    assert_eq!(sent.body, b"\0");
}

#[test]
fn t45_both_numbers_of_a_receipt_are_told() {
    let mut rig = Rig::bound(Profile::default());
    rig.events();
    for (source, destination) in [
        (&b"491701234567"[..], &b"+447700900123"[..]),
        (b"00491701234567", b"Carrack"),
    ] {
        let sm = DeliverSm {
            source: Address::international(source),
            destination: Address::international(destination),
            ..receipt(LINE, b"")
        };
        rig.feed(&deliver(9, &sm));
    }
    let numbers: Vec<_> = rig
        .events()
        .into_iter()
        .map(|event| match event {
            LinkEvent::Receipt {
                source,
                destination,
                ..
            } => (source, destination),
            other => panic!("{other:?}"),
        })
        .collect();
    let other = carrack_message::Msisdn::from_digits(b"447700900123").unwrap();
    assert_eq!(numbers, [(Some(to()), Some(other)), (Some(to()), None)]);
}

#[test]
fn receipt_that_names_nothing_is_a_receipt_with_an_empty_id() {
    let event = heard(
        Profile::default(),
        &deliver(1, &receipt(b"stat:DELIVRD err:000", b"")),
    );
    assert_eq!(found(&event), Some((&b""[..], DELIVERED, 0)));
    let LinkEvent::Receipt { source, .. } = event else {
        panic!("no receipt");
    };
    assert_eq!(
        source,
        Some(to()),
        "the number is what is left to find it by"
    );
    // No state either: still a receipt, which ends nothing.
    let event = heard(Profile::default(), &deliver(1, &receipt(b"hello", b"")));
    assert_eq!(found(&event), Some((&b""[..], ReceiptState::Accepted, 0)));
    // A handset's text stays what it is.
    let mo = DeliverSm {
        esm_class: 0,
        ..receipt(b"stat:DELIVRD err:000", b"")
    };
    let event = heard(Profile::default(), &deliver(1, &mo));
    assert!(matches!(event, LinkEvent::Mo { .. }));
}

#[test]
fn id_of_a_receipt_keeps_its_octets() {
    let parameters = tlvs(&[(tag::RECEIPTED_MESSAGE_ID, b"00AbC\0")]);
    let LinkEvent::Receipt { id, .. } =
        heard(Profile::default(), &deliver(1, &receipt(b"", &parameters)))
    else {
        panic!("no receipt");
    };
    assert_eq!(id, CarrierMessageId::from_slice(b"00AbC"));
}

#[test]
fn handset_that_can_be_reached_again_is_told() {
    let mut rig = Rig::bound(Profile::default());
    rig.events();
    let mut octets = Vec::new();
    let alert = AlertNotification {
        source: Address::international(b"491701234567"),
        esme: Address::alphanumeric(b"Carrack"),
        ..AlertNotification::default()
    };
    encode_alert_notification(&mut octets, 3, &alert).unwrap();
    rig.feed(&octets);
    assert_eq!(
        rig.events(),
        [LinkEvent::Available {
            recipient: Some(to())
        }]
    );
    assert_eq!(rig.sent(), [], "it has no response");
}
