//! How sessions begin and end: binds taken and refused, unbinds of both sides, nothing in flight forgotten.
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
fn the_bind_carries_what_the_settings_say() {
    let settings = ClientSettings {
        bind: BindKind::Transmitter,
        system_type: b"VMA".to_vec(),
        address_range: b"44.*".to_vec(),
        ..client_settings()
    };
    let mut session = ClientSession::new(settings, 5);
    session.connected(0);
    let (command, status, sequence, body) = sent(session.output()).remove(0);
    assert_eq!(
        (command, status, sequence),
        (CommandId::BIND_TRANSMITTER, 0, 5)
    );
    let bind = Bind::decode(&body, Strictness::Strict).unwrap().value;
    assert_eq!(bind.system_id, b"carrack");
    assert_eq!(bind.password, b"secret");
    assert_eq!(bind.system_type, b"VMA");
    assert_eq!(bind.interface_version, 0x34);
    assert_eq!(bind.address_range, b"44.*");
}

#[test]
fn a_refused_bind_is_reported_and_closed() {
    for command in [CommandId::BIND_TRANSCEIVER_RESP, CommandId::GENERIC_NACK] {
        let mut session = ClientSession::new(client_settings(), 1);
        session.connected(0);
        let events = client_events(&mut session, 0, &pdu(command, 0x0E, 1, b""));
        assert_eq!(events.len(), 2);
        assert!(events[0].starts_with("BindRefused"), "{events:?}");
        assert!(events[1].starts_with("Close"), "{events:?}");
        assert!(session.is_closed());
    }
}

#[test]
fn a_bind_nobody_answers_times_out() {
    let mut session = ClientSession::new(client_settings(), 1);
    session.connected(0);
    assert_eq!(session.next_deadline_ns(), Some(5 * SECOND));
    assert!(client_tick(&mut session, 5 * SECOND - 1).is_empty());
    assert_eq!(
        client_tick(&mut session, 5 * SECOND),
        ["Close { reason: BindTimedOut }"]
    );
}

#[test]
fn a_carriers_unbind_stops_submits_and_waits_for_what_is_in_flight() {
    let mut session = bound_client(client_settings());
    let first = session.submit(0, 1, &message(b"x")).unwrap();
    session.submit(0, 2, &message(b"x")).unwrap();
    session.output().clear();
    let events = client_events(&mut session, SECOND, &pdu(CommandId::UNBIND, 0, 77, b""));
    assert_eq!(events, ["Unbound"]);
    assert_eq!(
        sent_headers(session.output()),
        [(CommandId::UNBIND_RESP, 0, 77)]
    );
    assert_eq!(
        session.submit(SECOND, 3, &message(b"x")),
        Err(SubmitRefused::NotBound)
    );
    assert_eq!(
        answered(&mut session, SECOND, &response(first, b"a")).len(),
        1
    );
    let events = client_tick(&mut session, 10 * SECOND);
    assert_eq!(
        events,
        ["TimedOut { ticket: 2 }", "Close { reason: PeerUnbound }"]
    );
}

#[test]
fn a_carriers_unbind_with_nothing_in_flight_closes_at_once() {
    let mut session = bound_client(client_settings());
    let events = client_events(&mut session, 0, &pdu(CommandId::UNBIND, 0, 77, b""));
    assert_eq!(events, ["Unbound", "Close { reason: PeerUnbound }"]);
}

#[test]
fn what_is_in_flight_when_the_carrier_drops_us_is_reported_by_age() {
    let mut session = bound_client(client_settings());
    for ticket in [5, 3, 9] {
        session.submit(0, ticket, &message(b"x")).unwrap();
    }
    client_events(&mut session, 0, &pdu(CommandId::UNBIND, 0, 77, b""));
    let mut tickets = Vec::new();
    session.disconnected(&mut |event| {
        if let ClientEvent::Unanswered { ticket } = event {
            tickets.push(ticket);
        }
    });
    assert_eq!(tickets, [5, 3, 9]);
    assert!(session.output().is_empty());
    session.connected(20 * SECOND);
    assert_eq!(sent(session.output()).len(), 1);
    assert_eq!(session.free_slots(), 10);
}

#[test]
fn our_unbind_still_takes_responses_and_ends_with_its_answer() {
    let mut session = bound_client(client_settings());
    let first = session.submit(0, 1, &message(b"x")).unwrap();
    session.output().clear();
    session.unbind(0);
    let (command, _, sequence) = sent_headers(session.output())[0];
    assert_eq!(command, CommandId::UNBIND);
    assert!(!session.is_bound());
    assert_eq!(answered(&mut session, 0, &response(first, b"a")).len(), 1);
    let events = client_events(
        &mut session,
        0,
        &pdu(CommandId::UNBIND_RESP, 0, sequence, b""),
    );
    assert_eq!(events, ["Unbound", "Close { reason: Unbound }"]);
}

#[test]
fn our_unbind_that_nobody_answers_times_out() {
    let mut session = bound_client(client_settings());
    session.unbind(SECOND);
    assert_eq!(session.next_deadline_ns(), Some(6 * SECOND));
    assert_eq!(
        client_tick(&mut session, 6 * SECOND),
        ["Close { reason: UnbindTimedOut }"]
    );
}

#[test]
fn a_session_that_leaves_says_goodbye_after_its_last_answer() {
    let mut session = bound_client(client_settings());
    let first = session.submit(0, 1, &message(b"x")).unwrap();
    session.submit(SECOND, 2, &message(b"x")).unwrap();
    session.output().clear();
    session.leave(SECOND);
    assert!(!session.is_bound());
    assert_eq!(
        session.submit(SECOND, 3, &message(b"x")),
        Err(SubmitRefused::NotBound)
    );
    assert_eq!(
        answered(&mut session, SECOND, &response(first, b"a")).len(),
        1
    );
    assert!(client_tick(&mut session, SECOND).is_empty());
    assert!(session.output().is_empty(), "one answer is still awaited");
    assert_eq!(session.next_deadline_ns(), Some(11 * SECOND));
    assert_eq!(
        client_tick(&mut session, 11 * SECOND),
        ["TimedOut { ticket: 2 }"]
    );
    let (command, _, sequence) = sent_headers(session.output())[0];
    assert_eq!(command, CommandId::UNBIND);
    let events = client_events(
        &mut session,
        11 * SECOND,
        &pdu(CommandId::UNBIND_RESP, 0, sequence, b""),
    );
    assert_eq!(events, ["Unbound", "Close { reason: Unbound }"]);
}

#[test]
fn a_carrier_that_unbinds_a_session_that_leaves_is_answered_and_waited_for() {
    let mut session = bound_client(client_settings());
    let first = session.submit(0, 1, &message(b"x")).unwrap();
    session.output().clear();
    session.leave(0);
    let events = client_events(&mut session, 0, &pdu(CommandId::UNBIND, 0, 77, b""));
    assert_eq!(events, ["Unbound"]);
    assert_eq!(
        sent_headers(session.output()),
        [(CommandId::UNBIND_RESP, 0, 77)]
    );
    let events = client_events(&mut session, 0, &response(first, b"a"));
    assert_eq!(events.last().unwrap(), "Close { reason: PeerUnbound }");
    assert!(session.output().is_empty(), "nobody unbinds twice");
}

#[test]
fn a_session_that_leaves_with_nothing_in_flight_says_goodbye_at_once() {
    let mut session = bound_client(client_settings());
    session.leave(SECOND);
    assert_eq!(sent_headers(session.output())[0].0, CommandId::UNBIND);
    assert_eq!(session.next_deadline_ns(), Some(6 * SECOND));
    session.leave(2 * SECOND);
    assert!(session.output().is_empty(), "and only once");
}

#[test]
fn an_unbind_before_the_bind_ends_at_the_next_tick() {
    let mut session = ClientSession::new(client_settings(), 1);
    session.connected(0);
    session.unbind(0);
    assert_eq!(session.next_deadline_ns(), Some(0));
    assert_eq!(client_tick(&mut session, 0), ["Close { reason: Unbound }"]);
}

#[test]
fn a_server_pays_its_answers_before_it_lets_go() {
    let mut session = bound_server(server_settings(), BindKind::Transceiver);
    let mut bytes = pdu(CommandId::SUBMIT_SM, 0, 2, &submit_body(b"hi", 2, b""));
    bytes.extend(pdu(CommandId::UNBIND, 0, 3, b""));
    let events = server_events(&mut session, 0, &bytes);
    assert_eq!(events.last().unwrap(), "Unbound");
    assert!(session.output().is_empty());
    assert!(server_tick(&mut session, 0).is_empty());
    session.answer(2, CommandId::SUBMIT_SM, CommandStatus::ESME_ROK, b"id");
    assert_eq!(session.next_deadline_ns(), Some(0));
    assert_eq!(
        server_tick(&mut session, 0),
        ["Close { reason: PeerUnbound }"]
    );
    let answers = sent_headers(session.output());
    assert_eq!(
        answers,
        [
            (CommandId::SUBMIT_SM_RESP, 0, 2),
            (CommandId::UNBIND_RESP, 0, 3)
        ]
    );
}

#[test]
fn a_server_that_cannot_pay_lets_go_in_time() {
    let mut session = bound_server(server_settings(), BindKind::Transceiver);
    let mut bytes = pdu(CommandId::SUBMIT_SM, 0, 2, &submit_body(b"hi", 2, b""));
    bytes.extend(pdu(CommandId::UNBIND, 0, 3, b""));
    server_events(&mut session, 0, &bytes);
    assert!(server_tick(&mut session, 10 * SECOND - 1).is_empty());
    assert_eq!(
        server_tick(&mut session, 10 * SECOND),
        ["Close { reason: PeerUnbound }"]
    );
    assert_eq!(
        sent_headers(session.output()),
        [(CommandId::UNBIND_RESP, 0, 3)]
    );
}

#[test]
fn a_servers_bind_is_judged_once() {
    let mut session = ServerSession::new(server_settings(), 1);
    session.connected(0);
    let mut bytes = Vec::new();
    let bind = Bind {
        system_id: b"acme",
        interface_version: 0x33,
        ..Bind::default()
    };
    encode_bind(&mut bytes, 9, BindKind::Receiver, &bind).unwrap();
    let twice = bytes.repeat(2);
    assert_eq!(server_events(&mut session, 0, &twice).len(), 1);
    assert_eq!(
        sent_headers(session.output()),
        [(CommandId::BIND_RECEIVER_RESP, 5, 9)]
    );
    session.accept_bind(8);
    assert_eq!(session.bound(), None);
    session.accept_bind(9);
    assert_eq!(session.bound(), Some(BindKind::Receiver));
    // A peer of 3.3 knows no TLVs.
    let answers = sent(session.output());
    assert_eq!(
        answers,
        [(CommandId::BIND_RECEIVER_RESP, 0, 9, b"smsc\0".to_vec())]
    );
    assert!(server_events(&mut session, 0, &bytes).is_empty());
    assert_eq!(
        sent_headers(session.output()),
        [(CommandId::BIND_RECEIVER_RESP, 5, 9)]
    );
    assert_eq!(session.bound(), Some(BindKind::Receiver));
}

#[test]
fn a_refused_client_is_told_and_closed() {
    let mut session = ServerSession::new(server_settings(), 1);
    session.connected(0);
    let mut bytes = Vec::new();
    encode_bind(&mut bytes, 9, BindKind::Transceiver, &Bind::default()).unwrap();
    server_events(&mut session, 0, &bytes);
    session.refuse_bind(9, CommandStatus::ESME_RINVPASWD);
    let events = server_tick(&mut session, 0);
    assert_eq!(
        events,
        ["Close { reason: BindRefused(ESME_RINVPASWD (0xE)) }"]
    );
    let answers = sent(session.output());
    assert_eq!(
        answers,
        [(CommandId::BIND_TRANSCEIVER_RESP, 0x0E, 9, vec![])]
    );
}

#[test]
fn a_client_that_never_binds_is_closed() {
    let mut session = ServerSession::new(server_settings(), 1);
    session.connected(0);
    server_events(
        &mut session,
        SECOND,
        &pdu(CommandId::ENQUIRE_LINK, 0, 1, b""),
    );
    assert_eq!(
        server_tick(&mut session, 5 * SECOND),
        ["Close { reason: BindTimedOut }"]
    );
}
