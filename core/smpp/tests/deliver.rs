//! Messages from the SMSC to the ESME, and the server's windows both ways.
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
fn a_client_and_a_server_understand_each_other() {
    let mut client = ClientSession::new(client_settings(), 1);
    let mut server = ServerSession::new(server_settings(), 1);
    client.connected(0);
    server.connected(0);
    let bind = std::mem::take(client.output());
    assert_eq!(server_events(&mut server, 0, &bind).len(), 1);
    server.accept_bind(1);
    let answer = std::mem::take(server.output());
    let events = client_events(&mut client, 0, &answer);
    let event = ClientEvent::Bound {
        system_id: b"smsc",
        interface_version: Some(0x34),
    };
    assert_eq!(events, [format!("{event:?}")]);

    let long = "é".repeat(300);
    let texts = [b"hello".as_slice(), long.as_bytes(), b""];
    for (ticket, text) in (0..).zip(texts) {
        client.submit(0, ticket, &message(text)).unwrap();
    }
    let submits = std::mem::take(client.output());
    let mut seen = Vec::new();
    server.receive(0, &submits, &mut |event| {
        if let ServerEvent::Submit {
            sequence_number,
            sm,
            oddities,
        } = event
        {
            assert!(oddities.is_empty());
            assert!(sm.short_message.len() <= 254);
            seen.push((sequence_number, sm.user_data().to_vec()));
        }
    });
    assert_eq!(
        seen.iter().map(|s| s.1.as_slice()).collect::<Vec<_>>(),
        texts
    );
    for (sequence, _) in &seen {
        let id = sequence.to_string();
        server.answer(
            *sequence,
            CommandId::SUBMIT_SM,
            CommandStatus::ESME_ROK,
            id.as_bytes(),
        );
    }
    let receipt = ShortMessage {
        esm_class: ESM_CLASS_DELIVERY_RECEIPT,
        ..message(b"id:2 stat:DELIVRD")
    };
    server.deliver(0, 900, &receipt).unwrap();
    server.deliver_data_sm(0, 901, &receipt).unwrap();
    let answers = std::mem::take(server.output());
    let mut delivers = Vec::new();
    let mut responses = 0;
    client.receive(0, &answers, &mut |event| match event {
        ClientEvent::Deliver {
            sequence_number,
            sm,
            command,
            ..
        } => {
            assert!(sm.is_receipt());
            assert_eq!(sm.user_data(), b"id:2 stat:DELIVRD");
            delivers.push((sequence_number, command));
        }
        ClientEvent::Response { status, .. } => {
            assert!(status.is_ok());
            responses += 1;
        }
        other => panic!("{other:?}"),
    });
    assert_eq!((responses, delivers.len()), (3, 2));
    assert_eq!(delivers[1].1, CommandId::DATA_SM);
    for (sequence, command) in delivers {
        client.answer_deliver(sequence, command, CommandStatus::ESME_ROK);
    }
    let answers = std::mem::take(client.output());
    let events = server_events(&mut server, 0, &answers);
    assert_eq!(events.len(), 2);
    assert!(
        events[0].contains("DeliverResponse { ticket: 900"),
        "{events:?}"
    );
    assert_eq!(
        (server.in_flight(), server.owed(), client.in_flight()),
        (0, 0, 0)
    );
}

#[test]
fn submits_above_the_inbound_window_are_throttled_at_once() {
    let settings = ServerSettings {
        inbound_window_max: 3,
        ..server_settings()
    };
    let mut session = bound_server(settings, BindKind::Transceiver);
    let mut bytes = Vec::new();
    for sequence in 1..=5 {
        encode_submit_sm(&mut bytes, sequence, &message(b"x")).unwrap();
    }
    assert_eq!(server_events(&mut session, 0, &bytes).len(), 3);
    let throttled = [
        (CommandId::SUBMIT_SM_RESP, 0x58, 4),
        (CommandId::SUBMIT_SM_RESP, 0x58, 5),
    ];
    assert_eq!(sent_headers(session.output()), throttled);
    session.answer(1, CommandId::SUBMIT_SM, CommandStatus::ESME_ROK, b"id");
    session.leave_unanswered();
    assert_eq!(server_events(&mut session, 0, &bytes).len(), 2);
    assert_eq!(session.counters().throttled, 5);
}

#[test]
fn an_error_is_answered_by_a_header_alone() {
    let mut session = bound_server(server_settings(), BindKind::Transceiver);
    session.answer(7, CommandId::SUBMIT_SM, CommandStatus::ESME_RTHROTTLED, b"");
    session.answer(8, CommandId::CANCEL_SM, CommandStatus::ESME_ROK, b"");
    session.answer(9, CommandId::SUBMIT_MULTI, CommandStatus::ESME_ROK, b"id");
    let answers = sent(session.output());
    assert_eq!(
        answers,
        [
            (CommandId::SUBMIT_SM_RESP, 0x58, 7, vec![]),
            (CommandId::CANCEL_SM_RESP, 0, 8, vec![]),
            (CommandId::SUBMIT_MULTI_RESP, 0, 9, b"id\0\0".to_vec()),
        ]
    );
}

#[test]
fn other_requests_reach_the_application_and_are_answered_with_its_body() {
    let mut session = bound_server(server_settings(), BindKind::Transceiver);
    let bytes = pdu(CommandId::QUERY_SM, 0, 3, b"id\0\x01\x0144\0");
    let events = server_events(&mut session, 0, &bytes);
    assert!(events[0].starts_with("Other { sequence_number: 3, command_id: query_sm"));
    session
        .answer_with(3, CommandId::QUERY_SM, CommandStatus::ESME_ROK, |w| {
            w.cstring(b"id");
            w.cstring(b"");
            w.octets(&[2, 0]);
        })
        .unwrap();
    let answers = sent(session.output());
    assert_eq!(
        answers,
        [(CommandId::QUERY_SM_RESP, 0, 3, b"id\0\0\x02\0".to_vec())]
    );
    assert_eq!(session.owed(), 0);
}

#[test]
fn delivers_keep_to_window_and_bind() {
    let mut transmitter = bound_server(server_settings(), BindKind::Transmitter);
    assert_eq!(
        transmitter.deliver(0, 1, &message(b"x")),
        Err(DeliverRefused::NotReceiver)
    );
    let mut session = ServerSession::new(server_settings(), 1);
    session.connected(0);
    assert_eq!(
        session.deliver(0, 1, &message(b"x")),
        Err(DeliverRefused::NotBound)
    );
    let mut session = bound_server(server_settings(), BindKind::Receiver);
    session.set_window(2);
    session.deliver(0, 1, &message(b"x")).unwrap();
    session.deliver(SECOND, 2, &message(b"x")).unwrap();
    assert_eq!(
        session.deliver(0, 3, &message(b"x")),
        Err(DeliverRefused::WindowFull)
    );
    let events = server_tick(&mut session, 10 * SECOND);
    assert_eq!(events, ["DeliverTimedOut { ticket: 1 }"]);
    assert_eq!(session.free_slots(), 1);
    let late = pdu(CommandId::DELIVER_SM_RESP, 0, 1, b"\0");
    let events = server_events(&mut session, 10 * SECOND, &late);
    assert!(
        events[0].starts_with("DeliverLateResponse { ticket: 1"),
        "{events:?}"
    );
    let mut left = Vec::new();
    session.disconnected(&mut |event| left.push(format!("{event:?}")));
    assert_eq!(left, ["DeliverUnanswered { ticket: 2 }"]);
}

#[test]
fn a_deliver_before_the_bind_response_is_refused() {
    let mut session = ClientSession::new(client_settings(), 1);
    session.connected(0);
    session.output().clear();
    let bytes = pdu(CommandId::DELIVER_SM, 0, 3, &submit_body(b"hi", 2, b""));
    assert!(client_events(&mut session, 0, &bytes).is_empty());
    assert_eq!(
        sent_headers(session.output()),
        [(CommandId::DELIVER_SM_RESP, 4, 3)]
    );
}

#[test]
fn an_empty_id_is_reported_as_it_is() {
    let mut session = bound_server(server_settings(), BindKind::Transceiver);
    session.answer(7, CommandId::SUBMIT_SM, CommandStatus::ESME_ROK, b"");
    session.answer(8, CommandId::SUBMIT_SM, CommandStatus::ESME_ROK, b"a\0b");
    let answers = sent(session.output());
    assert_eq!(
        answers,
        [
            (CommandId::SUBMIT_SM_RESP, 0, 7, vec![0]),
            (CommandId::SUBMIT_SM_RESP, 8, 8, vec![]),
        ]
    );
}
