//! What a server answers to malformed and misplaced PDUs, case by case.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod support;

use carrack_smpp::*;
use support::*;

fn strict() -> ServerSettings {
    ServerSettings {
        strictness: Strictness::Strict,
        ..server_settings()
    }
}

/// Sends one submit_sm body to a bound server: events, and (command, status, sequence) of answers.
fn submit(settings: ServerSettings, body: &[u8]) -> (Vec<String>, Vec<(CommandId, u32, u32)>) {
    let mut session = bound_server(settings, BindKind::Transceiver);
    let events = server_events(&mut session, 0, &pdu(CommandId::SUBMIT_SM, 0, 7, body));
    (events, sent_headers(session.output()))
}

fn assert_refused(body: &[u8], status: u32) {
    for settings in [server_settings(), strict()] {
        let (events, answers) = submit(settings, body);
        assert!(events.is_empty(), "taken: {events:?}");
        assert_eq!(answers, [(CommandId::SUBMIT_SM_RESP, status, 7)]);
    }
}

/// Taken with this oddity where tolerant, refused with this status where strict.
fn assert_tolerated(body: &[u8], oddity: &str, status: u32) -> String {
    let (events, answers) = submit(server_settings(), body);
    assert_eq!(answers, []);
    assert_eq!(events.len(), 1);
    let mut session = bound_server(server_settings(), BindKind::Transceiver);
    server_events(&mut session, 0, &pdu(CommandId::SUBMIT_SM, 0, 7, body));
    let counted: Vec<_> = session
        .counters()
        .oddities
        .iter()
        .filter(|c| c.1 > 0)
        .collect();
    assert_eq!(counted, [(oddity, 1)]);
    let (strict_events, strict_answers) = submit(strict(), body);
    assert!(strict_events.is_empty());
    assert_eq!(strict_answers, [(CommandId::SUBMIT_SM_RESP, status, 7)]);
    events[0].clone()
}

#[test]
fn sm_length_far_past_the_body_is_refused() {
    assert_refused(&submit_body(b"hi", 200, b""), 0xC2);
    assert_refused(&submit_body(b"", 1, b""), 0xC2);
}

#[test]
fn an_unterminated_address_is_refused() {
    let mut body = b"\0\x05\0".to_vec();
    body.extend([b'A'; 60]);
    assert_refused(&body, 0x02);
}

#[test]
fn a_body_cut_at_any_field_is_refused() {
    let body = submit_body(b"hello", 5, b"");
    for length in 0..body.len() - 5 {
        assert_refused(&body[..length], 0x02);
    }
}

#[test]
fn an_address_of_three_hundred_octets_is_refused() {
    let mut body = b"\0\x05\0".to_vec();
    body.extend([b'A'; 300]);
    body.extend_from_slice(&submit_body(b"hi", 2, b"")[7..]);
    let (events, answers) = submit(server_settings(), &body);
    assert!(events.is_empty());
    assert_eq!(answers, [(CommandId::SUBMIT_SM_RESP, 0xC2, 7)]);
}

#[test]
fn a_tlv_past_the_body_is_dropped_alone() {
    let end = b"\x02\x04\0\x02ab\x04\x24\0\xffx";
    assert_tolerated(&submit_body(b"hi", 2, end), "cut_tlv", 0xC2);
    let body = submit_body(b"hi", 2, end);
    let decoded = ShortMessage::decode(&body, Strictness::Tolerant).unwrap();
    let tlvs = decoded.value.tlvs;
    assert!(tlvs.is_cut());
    assert_eq!(tlvs.iter().count(), 1);
    assert_eq!(
        tlvs.find(tag::USER_MESSAGE_REFERENCE),
        Some(b"ab".as_slice())
    );
    assert_eq!(tlvs.whole_octets(), &end[..6]);
    assert_eq!(decoded.value.user_data(), b"hi");
}

#[test]
fn stray_octets_at_the_end_are_counted() {
    assert_tolerated(&submit_body(b"hi", 2, b"\x01\x02"), "stray_octets", 0xC2);
}

#[test]
fn a_nul_after_the_text_is_skipped_and_the_tlvs_are_found() {
    assert_tolerated(&submit_body(b"hi", 2, b"\0"), "extra_nul", 0xC2);
    let body = submit_body(b"hi", 2, b"\0\x02\x04\0\x02ab");
    assert_tolerated(&body, "extra_nul", 0xC2);
    let decoded = ShortMessage::decode(&body, Strictness::Tolerant).unwrap();
    let found = decoded.value.tlvs.find(tag::USER_MESSAGE_REFERENCE);
    assert_eq!(found, Some(b"ab".as_slice()));
}

#[test]
fn sm_length_that_counts_an_absent_nul_is_repaired() {
    assert_tolerated(&submit_body(b"hi", 3, b""), "sm_length_repaired", 0xC2);
    let body = submit_body(b"hi", 3, b"");
    let decoded = ShortMessage::decode(&body, Strictness::Tolerant).unwrap();
    assert_eq!(decoded.value.short_message, b"hi");
}

#[test]
fn sm_length_255_is_taken_if_the_octets_exist() {
    let body = submit_body(&[b'x'; 255], 255, b"");
    assert_tolerated(&body, "sm_length_255", 0xC2);
    assert_refused(&submit_body(&[b'x'; 200], 255, b""), 0xC2);
}

#[test]
fn a_validity_period_of_thirteen_characters_is_kept() {
    let body = b"\0\x05\0ACME\0\x01\x01447946000001\0\0\0\0\x00000000001500R\0\0\0\0\0\x02hi";
    let (events, answers) = submit(server_settings(), body);
    assert_eq!((events.len(), answers.len()), (1, 0));
    let (events, answers) = submit(strict(), body);
    assert!(events.is_empty());
    assert_eq!(answers, [(CommandId::SUBMIT_SM_RESP, 0x62, 7)]);
}

#[test]
fn an_overlong_address_is_kept_whole() {
    let long = [b'7'; 40];
    let mut bytes = Vec::new();
    let sm = ShortMessage {
        destination: Address::international(&long),
        ..message(b"hi")
    };
    encode_submit_sm(&mut bytes, 1, &sm).unwrap();
    let event = assert_tolerated(&bytes[16..], "overlong_string", 0x0B);
    assert!(event.contains("Submit"));
}

#[test]
fn a_udh_longer_than_its_text_is_relayed_raw() {
    let sm = ShortMessage {
        esm_class: ESM_CLASS_UDHI,
        ..message(b"\xff\0\x03hi")
    };
    let mut bytes = Vec::new();
    encode_submit_sm(&mut bytes, 1, &sm).unwrap();
    for strictness in [Strictness::Tolerant, Strictness::Strict] {
        let decoded = ShortMessage::decode(&bytes[16..], strictness).unwrap();
        assert_eq!(decoded.oddities, Oddities::BROKEN_UDH);
        assert_eq!(decoded.value.user_data(), b"\xff\0\x03hi");
        assert_eq!(decoded.value.split_udh(), None);
    }
}

#[test]
fn payload_wins_over_short_message_and_an_empty_one_does_not() {
    let both = submit_body(b"short", 5, b"\x04\x24\0\x04long");
    let decoded = ShortMessage::decode(&both, Strictness::Tolerant).unwrap();
    assert_eq!(decoded.oddities, Oddities::BOTH_PAYLOADS);
    assert_eq!(decoded.value.user_data(), b"long");
    let empty = submit_body(b"short", 5, b"\x04\x24\0\0");
    let decoded = ShortMessage::decode(&empty, Strictness::Tolerant).unwrap();
    assert_eq!(decoded.value.user_data(), b"short");
    let neither = submit_body(b"", 0, b"");
    let decoded = ShortMessage::decode(&neither, Strictness::Strict).unwrap();
    assert_eq!(decoded.value.user_data(), b"");
}

#[test]
fn sequence_zero_and_above_the_maximum_are_echoed() {
    for sequence in [0, 0x8000_0000, u32::MAX] {
        let mut session = bound_server(server_settings(), BindKind::Transceiver);
        let bytes = pdu(
            CommandId::SUBMIT_SM,
            0,
            sequence,
            &submit_body(b"hi", 2, b""),
        );
        assert_eq!(server_events(&mut session, 0, &bytes).len(), 1);
        session.answer(
            sequence,
            CommandId::SUBMIT_SM,
            CommandStatus::ESME_ROK,
            b"id",
        );
        let answers = sent(session.output());
        assert_eq!(
            answers,
            [(CommandId::SUBMIT_SM_RESP, 0, sequence, b"id\0".to_vec())]
        );
    }
}

#[test]
fn an_unknown_command_is_nacked_and_the_session_stays() {
    let mut session = bound_server(server_settings(), BindKind::Transceiver);
    let bytes = pdu(CommandId(0x77), 0, 42, b"anything");
    assert!(server_events(&mut session, 0, &bytes).is_empty());
    assert_eq!(
        sent_headers(session.output()),
        [(CommandId::GENERIC_NACK, 3, 42)]
    );
    assert!(session.bound().is_some());
    let mut client = bound_client(client_settings());
    assert!(client_events(&mut client, 0, &bytes).is_empty());
    assert_eq!(
        sent_headers(client.output()),
        [(CommandId::GENERIC_NACK, 3, 42)]
    );
    assert!(client.is_bound());
}

#[test]
fn a_response_nobody_asked_for_changes_nothing() {
    let mut session = bound_server(server_settings(), BindKind::Transceiver);
    session.deliver(0, 1, &message(b"mo")).unwrap();
    session.output().clear();
    for command in [
        CommandId::SUBMIT_SM_RESP,
        CommandId::DELIVER_SM_RESP,
        CommandId(0x8000_0077),
    ] {
        assert!(server_events(&mut session, 0, &pdu(command, 0, 99, b"abc\0")).is_empty());
    }
    assert!(sent(session.output()).is_empty());
    assert_eq!(session.in_flight(), 1);
    assert_eq!(session.counters().unexpected_responses, 3);
}

#[test]
fn requests_before_the_bind_are_refused_by_their_own_response() {
    let mut session = ServerSession::new(server_settings(), 1);
    session.connected(0);
    let mut bytes = pdu(CommandId::SUBMIT_SM, 0, 2, &submit_body(b"hi", 2, b""));
    bytes.extend(pdu(CommandId::QUERY_SM, 0, 3, b"id\0\0\0\0"));
    bytes.extend(pdu(CommandId::ENQUIRE_LINK, 0, 4, b""));
    assert!(server_events(&mut session, 0, &bytes).is_empty());
    let answers = sent_headers(session.output());
    assert_eq!(
        answers,
        [
            (CommandId::SUBMIT_SM_RESP, 4, 2),
            (CommandId::QUERY_SM_RESP, 4, 3),
            (CommandId::ENQUIRE_LINK_RESP, 0, 4),
        ]
    );
}

#[test]
fn a_submit_on_a_receiver_is_refused() {
    let mut session = bound_server(server_settings(), BindKind::Receiver);
    let bytes = pdu(CommandId::SUBMIT_SM, 0, 2, &submit_body(b"hi", 2, b""));
    assert!(server_events(&mut session, 0, &bytes).is_empty());
    assert_eq!(
        sent_headers(session.output()),
        [(CommandId::SUBMIT_SM_RESP, 4, 2)]
    );
}

#[test]
fn a_malformed_deliver_is_answered_so_that_it_does_not_come_again_for_ever() {
    for (error_body_nul, body) in [(false, vec![]), (true, vec![0])] {
        let mut session = bound_client(ClientSettings {
            error_body_nul,
            ..client_settings()
        });
        let bytes = pdu(CommandId::DELIVER_SM, 0, 9, &submit_body(b"hi", 200, b""));
        assert!(client_events(&mut session, 0, &bytes).is_empty());
        let answers = sent(session.output());
        assert_eq!(answers, [(CommandId::DELIVER_SM_RESP, 0xC2, 9, body)]);
        assert!(session.is_bound());
        assert_eq!(session.counters().malformed_bodies, 1);
    }
}
