//! Every shape of response that carriers send is understood, and nothing else settles a request.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod support;

use carrack_smpp::*;
use proptest::prelude::*;
use support::*;

fn respond(command: CommandId, status: u32, body: &[u8]) -> Vec<String> {
    let mut session = bound_client(client_settings());
    let sequence = session.submit(0, 77, &message(b"x")).unwrap();
    client_events(&mut session, 0, &pdu(command, status, sequence, body))
}

fn expected(status: CommandStatus, message_id: &[u8]) -> Vec<String> {
    expected_with(status, message_id, b"")
}

fn expected_with(status: CommandStatus, message_id: &[u8], tlvs: &[u8]) -> Vec<String> {
    let event = ClientEvent::Response {
        ticket: 77,
        status,
        message_id,
        tlvs: Tlvs::new(tlvs),
    };
    vec![format!("{event:?}")]
}

#[test]
fn every_shape_of_submit_sm_resp_settles_its_submit() {
    let ok = CommandStatus::ESME_ROK;
    let resp = CommandId::SUBMIT_SM_RESP;
    let long = [b'a'; 255];
    let too_long = [b'a'; 256];
    assert_eq!(respond(resp, 0, b""), expected(ok, b""));
    assert_eq!(respond(resp, 0, b"\0"), expected(ok, b""));
    assert_eq!(respond(resp, 0, b"id-1\0"), expected(ok, b"id-1"));
    assert_eq!(respond(resp, 0, b"id-1"), expected(ok, b"id-1"));
    assert_eq!(respond(resp, 0, &long), expected(ok, &long));
    assert_eq!(respond(resp, 0, &too_long), expected(ok, b""));
    assert_eq!(
        respond(resp, 0, b"id\0\x04\x23\0\x03abc"),
        expected_with(ok, b"id", b"\x04\x23\0\x03abc")
    );
    let vendor = CommandStatus(0x55F);
    assert_eq!(respond(resp, 0x55F, b""), expected(vendor, b""));
    assert_eq!(respond(resp, 0x55F, b"\0"), expected(vendor, b""));
    assert_eq!(respond(resp, 0x55F, b"id\0"), expected(vendor, b"id"));
    assert_eq!(
        respond(resp, 0x55F, b"\0\x1d\0\x02no"),
        expected_with(vendor, b"", b"\0\x1d\0\x02no")
    );
}

#[test]
fn tlvs_without_the_nul_of_the_id_are_found() {
    let body = b"\0\x1d\0\x02no";
    let decoded = MessageIdBody::decode(body);
    assert_eq!(decoded.value.message_id, b"");
    let text = decoded.value.tlvs.find(tag::ADDITIONAL_STATUS_INFO_TEXT);
    assert_eq!(text, Some(b"no".as_slice()));
    let with_nul = MessageIdBody::decode(b"\0\0\x1d\0\x02no");
    let text = with_nul.value.tlvs.find(tag::ADDITIONAL_STATUS_INFO_TEXT);
    assert_eq!(text, Some(b"no".as_slice()));
}

#[test]
fn a_response_of_another_kind_settles_nothing() {
    assert!(respond(CommandId::DELIVER_SM_RESP, 0, b"id\0").is_empty());
    assert!(respond(CommandId::DATA_SM_RESP, 0, b"id\0").is_empty());
    assert!(respond(CommandId::BIND_TRANSCEIVER_RESP, 0, b"id\0").is_empty());
}

#[test]
fn a_doubled_response_is_ignored() {
    let mut session = bound_client(client_settings());
    let sequence = session.submit(0, 1, &message(b"x")).unwrap();
    let bytes = [response(sequence, b"a"), response(sequence, b"b")].concat();
    assert_eq!(answered(&mut session, 0, &bytes), [(1, b"a".to_vec())]);
    assert_eq!(session.counters().unexpected_responses, 1);
    assert_eq!(session.free_slots(), 10);
}

#[test]
fn a_foreign_sequence_is_counted_and_the_time_out_settles() {
    let mut session = bound_client(client_settings());
    session.submit(0, 1, &message(b"x")).unwrap();
    assert!(client_events(&mut session, 0, &response(4711, b"a")).is_empty());
    assert!(client_events(&mut session, 0, &response(0, b"a")).is_empty());
    assert_eq!(session.counters().unexpected_responses, 2);
    assert_eq!(
        client_tick(&mut session, 10 * SECOND),
        ["TimedOut { ticket: 1 }"]
    );
}

#[test]
fn bind_responses_without_name_or_version_or_nul_are_success() {
    for (body, name) in [
        (b"".as_slice(), b"".as_slice()),
        (b"\0", b""),
        (b"smsc", b"smsc"),
        (b"smsc\0", b"smsc"),
        (b"smsc\0\x02\x10\0\x01\x34", b"smsc"),
    ] {
        let mut session = ClientSession::new(client_settings(), 1);
        session.connected(0);
        let bytes = pdu(CommandId::BIND_TRANSCEIVER_RESP, 0, 1, body);
        let events = client_events(&mut session, 0, &bytes);
        let interface_version = (body.len() > 5).then_some(0x34);
        let event = ClientEvent::Bound {
            system_id: name,
            interface_version,
        };
        assert_eq!(events, [format!("{event:?}")]);
        assert!(session.is_bound());
    }
}

proptest! {
    #[test]
    fn a_window_answered_in_any_order_gives_every_ticket_its_own_id(
        order in Just((0u64..100).collect::<Vec<_>>()).prop_shuffle(),
        first in prop_oneof![Just(1u32), Just(0x7FFF_FFD0), any::<u32>()],
    ) {
        let mut session = ClientSession::new(ClientSettings { window: 100, ..client_settings() }, first);
        session.connected(0);
        let (_, _, bind, _) = sent(session.output()).remove(0);
        client_events(&mut session, 0, &pdu(CommandId::BIND_TRANSCEIVER_RESP, 0, bind, b""));
        let sequences: Vec<u32> = (0..100)
            .map(|ticket| session.submit(0, ticket, &message(b"x")).unwrap())
            .collect();
        let bytes: Vec<u8> = order
            .iter()
            .flat_map(|t| response(sequences[*t as usize], t.to_string().as_bytes()))
            .collect();
        let expected: Vec<_> = order.iter().map(|t| (*t, t.to_string().into_bytes())).collect();
        prop_assert_eq!(answered(&mut session, 1, &bytes), expected);
        prop_assert_eq!(session.free_slots(), 100);
    }
}
