//! Questions about segments.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod support;

use carrack_carrier::{Link, LinkEvent, LinkState, SubmitRefused};
use carrack_message::ReceiptState;
use carrack_settings::{Bind, Profile};
use carrack_smpp::*;
use support::*;

fn rig() -> Rig {
    let mut rig = Rig::bound(Profile::default());
    rig.events();
    rig.sent();
    rig
}

/// Asks; gives the question as sent.
fn ask(rig: &mut Rig, ticket: u64) -> Sent {
    rig.link.query(rig.now, ticket, b"ab12", &sender()).unwrap();
    rig.link.flush();
    rig.sent_one()
}

fn answer(sequence: u32, state: u8, error: u8) -> Vec<u8> {
    let body = [b"ab12\0\0".as_slice(), &[state, error]].concat();
    pdu(CommandId::QUERY_SM_RESP, 0, sequence, &body)
}

fn told(ticket: u64, state: Option<ReceiptState>, error: u32) -> LinkEvent {
    LinkEvent::Queried {
        ticket,
        state,
        error,
    }
}

#[test]
fn question_names_the_id_and_the_sender_and_takes_a_slot() {
    let mut rig = rig();
    let sent = ask(&mut rig, 7);
    assert_eq!(sent.command, CommandId::QUERY_SM);
    let query = QuerySm::decode(&sent.body, Strictness::Strict)
        .unwrap()
        .value;
    assert_eq!(query.message_id, b"ab12");
    assert_eq!(query.source, Address::alphanumeric(b"Carrack"));
    assert_eq!(rig.link.free_slots(), 99);
}

#[test]
fn answer_tells_state_and_error() {
    let mut rig = rig();
    let sequence = ask(&mut rig, 7).sequence;
    rig.feed(&answer(sequence, 5, 34));
    let undeliverable = Some(ReceiptState::Undeliverable);
    assert_eq!(rig.events(), [told(7, undeliverable, 34)]);
    assert_eq!(rig.link.free_slots(), 100);
}

#[test]
fn refused_question_has_no_state() {
    for body in [&b""[..], b"\0", b"ab12\0\0\x02\x00"] {
        let mut rig = rig();
        let sequence = ask(&mut rig, 7).sequence;
        let status = CommandStatus::ESME_RQUERYFAIL.0;
        rig.feed(&pdu(CommandId::QUERY_SM_RESP, status, sequence, body));
        assert_eq!(rig.events(), [told(7, None, 0)]);
        assert!(rig.link.query(rig.now, 8, b"ab12", &sender()).is_ok());
    }
}

#[test]
fn carrier_that_does_not_know_the_request_is_not_asked_again() {
    let mut rig = rig();
    let sequence = ask(&mut rig, 7).sequence;
    let status = CommandStatus::ESME_RINVCMDID.0;
    rig.feed(&pdu(CommandId::GENERIC_NACK, status, sequence, b""));
    assert_eq!(rig.events(), [told(7, None, 0)]);
    assert_eq!(
        rig.link.query(rig.now, 8, b"ab12", &sender()),
        Err(SubmitRefused::Unwritable)
    );
    assert_eq!(rig.link.state(), LinkState::Up);
    // Another connection may lead to another host.
    rig.cut();
    rig.advance_to_deadline();
    rig.answer_bind(CommandStatus::ESME_ROK);
    assert!(rig.link.query(rig.now, 8, b"ab12", &sender()).is_ok());
}

#[test]
fn lost_question_is_told_once_without_a_state() {
    let mut rig = rig();
    let sequence = ask(&mut rig, 7).sequence;
    rig.advance(10 * SECOND);
    assert_eq!(rig.events(), [told(7, None, 0)]);
    rig.feed(&answer(sequence, 2, 0));
    assert_eq!(rig.events(), [], "a late answer changes nothing");
}

#[test]
fn question_on_a_lost_link_is_told_without_a_state() {
    let mut rig = rig();
    ask(&mut rig, 7);
    rig.try_submit(8).unwrap();
    rig.cut();
    let events = rig.events();
    assert_eq!(
        events[..2],
        [told(7, None, 0), LinkEvent::Unanswered { ticket: 8 }]
    );
}

#[test]
fn state_that_nobody_knows_is_none() {
    let mut rig = rig();
    let sequence = ask(&mut rig, 7).sequence;
    rig.feed(&answer(sequence, 200, 0));
    assert_eq!(rig.events(), [told(7, None, 0)]);
}

#[test]
fn segment_without_id_and_link_that_only_receives_ask_nothing() {
    let mut rig = rig();
    assert_eq!(
        rig.link.query(rig.now, 7, b"", &sender()),
        Err(SubmitRefused::Unwritable)
    );
    let mut receiver = Rig::bound(profile(|p| p.bind = Bind::Receiver));
    assert!(
        receiver
            .link
            .query(receiver.now, 7, b"a", &sender())
            .is_err()
    );
}

#[test]
fn question_that_finds_no_slot_comes_later() {
    let mut rig = Rig::bound(profile(|p| p.window = 1));
    rig.submit(1);
    assert_eq!(
        rig.link.query(rig.now, 7, b"a", &sender()),
        Err(SubmitRefused::NotNow)
    );
}
