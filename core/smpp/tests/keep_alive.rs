//! enquire_link both ways: answered in every state, sent only into silence, never answered twice too often.
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

#[test]
fn enquire_link_is_answered_before_the_bind_and_after_an_unbind() {
    let mut session = ClientSession::new(client_settings(), 1);
    session.connected(0);
    session.output().clear();
    let ask = pdu(CommandId::ENQUIRE_LINK, 0, 9, b"");
    client_events(&mut session, 0, &ask);
    assert_eq!(
        sent_headers(session.output()),
        [(CommandId::ENQUIRE_LINK_RESP, 0, 9)]
    );
    client_events(
        &mut session,
        0,
        &pdu(CommandId::BIND_TRANSCEIVER_RESP, 0, 1, b""),
    );
    session.submit(0, 1, &message(b"x")).unwrap();
    client_events(&mut session, 0, &pdu(CommandId::UNBIND, 0, 5, b""));
    session.output().clear();
    client_events(&mut session, 0, &ask);
    assert_eq!(
        sent_headers(session.output()),
        [(CommandId::ENQUIRE_LINK_RESP, 0, 9)]
    );
    assert_eq!(session.counters().enquire_links_received, 2);
}

#[test]
fn none_is_sent_before_the_bind_response() {
    let settings = ClientSettings {
        bind_timeout_ns: 500 * SECOND,
        ..client_settings()
    };
    let mut session = ClientSession::new(settings, 1);
    session.connected(0);
    session.output().clear();
    assert!(client_tick(&mut session, 400 * SECOND).is_empty());
    assert!(session.output().is_empty());
}

#[test]
fn traffic_keeps_it_quiet_and_silence_starts_it() {
    let mut session = bound_client(client_settings());
    for second in (20..200).step_by(20) {
        let bytes = pdu(CommandId::DELIVER_SM, 0, 1, &submit_body(b"hi", 2, b""));
        client_events(&mut session, second * SECOND, &bytes);
        assert!(client_tick(&mut session, (second + 19) * SECOND).is_empty());
    }
    assert!(session.output().is_empty());
    assert_eq!(session.next_deadline_ns(), Some(210 * SECOND));
    client_tick(&mut session, 210 * SECOND);
    let sequence = sent_headers(session.output());
    assert_eq!(sequence, [(CommandId::ENQUIRE_LINK, 0, 2)]);
}

#[test]
fn the_second_miss_closes() {
    let mut session = bound_client(client_settings());
    assert!(client_tick(&mut session, 30 * SECOND).is_empty());
    assert!(client_tick(&mut session, 60 * SECOND).is_empty());
    assert_eq!(sent_headers(session.output()).len(), 2);
    let events = client_tick(&mut session, 90 * SECOND);
    assert_eq!(events, ["Close { reason: EnquireLinkUnanswered }"]);
    assert!(client_tick(&mut session, 120 * SECOND).is_empty());
}

#[test]
fn an_answer_or_any_pdu_clears_the_misses() {
    let mut session = bound_client(client_settings());
    for round in 1..10u64 {
        let now = round * 60 * SECOND;
        assert!(client_tick(&mut session, now - 30 * SECOND).is_empty());
        let (command, _, sequence) = sent_headers(session.output())[0];
        assert_eq!(command, CommandId::ENQUIRE_LINK);
        let answer = pdu(CommandId::ENQUIRE_LINK_RESP, 0, sequence, b"");
        assert!(client_events(&mut session, now - 1, &answer).is_empty());
        assert!(client_tick(&mut session, now).is_empty());
        client_events(&mut session, now, &answer);
    }
    assert_eq!(session.counters().enquire_links_sent, 9);
}

#[test]
fn a_server_asks_a_silent_client_and_lets_it_go() {
    let mut session = bound_server(server_settings(), BindKind::Receiver);
    assert!(server_tick(&mut session, 30 * SECOND).is_empty());
    assert_eq!(
        sent_headers(session.output()),
        [(CommandId::ENQUIRE_LINK, 0, 1)]
    );
    assert!(server_tick(&mut session, 60 * SECOND).is_empty());
    let events = server_tick(&mut session, 90 * SECOND);
    assert_eq!(events, ["Close { reason: EnquireLinkUnanswered }"]);
}

#[test]
fn enquire_link_alone_does_not_keep_an_inactive_client() {
    let settings = ServerSettings {
        inactivity_ns: 50 * SECOND,
        ..server_settings()
    };
    let mut session = bound_server(settings, BindKind::Transceiver);
    for second in (10..50).step_by(10) {
        let ask = pdu(CommandId::ENQUIRE_LINK, 0, 9, b"");
        server_events(&mut session, second * SECOND, &ask);
        assert!(server_tick(&mut session, second * SECOND).is_empty());
    }
    let events = server_tick(&mut session, 50 * SECOND);
    assert_eq!(events, ["Close { reason: Inactive }"]);
}
