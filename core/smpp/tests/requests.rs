//! Requests of an ESME other than `submit_sm`, outbind, alerts, limits of the bind, versions.
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

fn told(event: ClientEvent<'_>) -> Vec<String> {
    vec![format!("{event:?}")]
}

fn query() -> QuerySm<'static> {
    QuerySm {
        message_id: b"5f3a",
        source: Address::alphanumeric(b"ACME"),
        tlvs: Tlvs::default(),
    }
}

#[test]
fn each_request_is_written_and_its_answer_comes_back_with_its_ticket() {
    let text = message(b"hi");
    let (query, cancel) = (query(), CancelSm::default());
    let replace = ReplaceSm::default();
    let vendor = CommandId(0x0001_0203);
    let requests = [
        Request::Query(&query),
        Request::Cancel(&cancel),
        Request::Replace(&replace),
        Request::Data(&text),
        Request::Other {
            command_id: vendor,
            body: b"anything",
        },
        Request::Other {
            command_id: CommandId::BROADCAST_SM,
            body: b"",
        },
    ];
    let mut session = bound_client(client_settings());
    for (request, ticket) in requests.iter().zip(10u64..) {
        let sequence = session.request(0, ticket, request).unwrap();
        let written = sent(session.output());
        assert_eq!(written.len(), 1);
        let command = request.command_id();
        assert_eq!((written[0].0, written[0].2), (command, sequence));
        let answer = pdu(command.response(), 0x67, sequence, b"body");
        let event = ClientEvent::Answer {
            ticket,
            command,
            status: CommandStatus::ESME_RQUERYFAIL,
            body: b"body",
            late: false,
        };
        assert_eq!(client_events(&mut session, 0, &answer), told(event));
        assert_eq!(session.in_flight(), 0);
    }
}

#[test]
fn a_nack_answers_a_query_and_a_late_answer_is_told_as_late() {
    let mut session = bound_client(client_settings());
    let query = query();
    let request = Request::Query(&query);
    let sequence = session.request(0, 1, &request).unwrap();
    let nack = pdu(CommandId::GENERIC_NACK, 3, sequence, b"");
    let event = ClientEvent::Answer {
        ticket: 1,
        command: CommandId::QUERY_SM,
        status: CommandStatus::ESME_RINVCMDID,
        body: b"",
        late: false,
    };
    assert_eq!(client_events(&mut session, 0, &nack), told(event));

    let sequence = session.request(0, 2, &request).unwrap();
    let event = ClientEvent::TimedOut { ticket: 2 };
    assert_eq!(client_tick(&mut session, 10 * SECOND), told(event));
    let answer = pdu(CommandId::QUERY_SM_RESP, 0, sequence, b"5f3a\0\0\x02\0");
    let event = ClientEvent::Answer {
        ticket: 2,
        command: CommandId::QUERY_SM,
        status: CommandStatus::ESME_ROK,
        body: b"5f3a\0\0\x02\0",
        late: true,
    };
    assert_eq!(
        client_events(&mut session, 11 * SECOND, &answer),
        told(event)
    );
    assert!(client_events(&mut session, 11 * SECOND, &answer).is_empty());
}

#[test]
fn requests_share_the_window_and_its_rules() {
    let mut session = bound_client(ClientSettings {
        window: 2,
        ..client_settings()
    });
    let query = query();
    let request = Request::Query(&query);
    session.submit(0, 1, &message(b"x")).unwrap();
    session.request(0, 2, &request).unwrap();
    assert_eq!(
        session.request(0, 3, &request),
        Err(SubmitRefused::WindowFull)
    );
    let mut receiver = bound_client(ClientSettings {
        bind: BindKind::Receiver,
        ..client_settings()
    });
    assert_eq!(
        receiver.request(0, 3, &request),
        Err(SubmitRefused::NotAllowedOnReceiver)
    );
}

#[test]
fn what_the_session_sends_by_itself_is_no_request_of_a_caller() {
    let mut session = bound_client(client_settings());
    for command_id in [
        CommandId::UNBIND,
        CommandId::ENQUIRE_LINK,
        CommandId::BIND_TRANSCEIVER,
        CommandId::SUBMIT_SM_RESP,
        CommandId::GENERIC_NACK,
        CommandId::OUTBIND,
    ] {
        let request = Request::Other {
            command_id,
            body: b"",
        };
        let refused = session.request(0, 1, &request);
        assert_eq!(
            refused,
            Err(SubmitRefused::Unwritable(EncodeError::NotARequest)),
            "{command_id}"
        );
    }
    assert!(session.output().is_empty());
    assert_eq!(session.free_slots(), 10);
}

#[test]
fn an_smsc_that_connects_to_us_is_waited_for_and_bound_to() {
    let mut server = ServerSession::new(server_settings(), 1);
    server.connected(0);
    let outbind = Outbind {
        system_id: b"SMSC",
        password: b"pw",
    };
    server.outbind(&outbind).unwrap();
    let mut client = ClientSession::new(client_settings(), 1);
    client.connected_by_peer(0);
    assert!(client.output().is_empty(), "we wait for the outbind");
    // Before a bind: an enquire_link is answered, a message is not taken.
    let early = pdu(CommandId::ENQUIRE_LINK, 0, 9, b"");
    assert!(client_events(&mut client, 0, &early).is_empty());
    let answers = sent_headers(client.output());
    assert_eq!(answers, [(CommandId::ENQUIRE_LINK_RESP, 0, 9)]);
    let deliver = pdu(CommandId::DELIVER_SM, 0, 8, &submit_body(b"hi", 2, b""));
    assert!(client_events(&mut client, 0, &deliver).is_empty());
    assert_eq!(sent_headers(client.output())[0].1, 4);

    let event = ClientEvent::Outbind {
        system_id: b"SMSC",
        password: b"pw",
    };
    let bytes = std::mem::take(server.output());
    assert_eq!(client_events(&mut client, 0, &bytes), told(event));
    client.bind(SECOND);
    let bytes = std::mem::take(client.output());
    assert!(server_events(&mut server, SECOND, &bytes)[0].starts_with("Bind"));
    let sequence = split_frame(&bytes, 1000)
        .unwrap()
        .unwrap()
        .0
        .header
        .sequence_number;
    server.accept_bind(sequence);
    let bytes = std::mem::take(server.output());
    client_events(&mut client, SECOND, &bytes);
    assert!(client.is_bound());
    client.bind(SECOND);
    assert!(client.output().is_empty(), "one bind is enough");
}

#[test]
fn an_outbind_that_never_comes_or_is_not_answered_times_out() {
    for outbind in [b"".as_slice(), b"a\0b\0"] {
        let mut session = ClientSession::new(client_settings(), 1);
        session.connected_by_peer(SECOND);
        if !outbind.is_empty() {
            let bytes = pdu(CommandId::OUTBIND, 0, 1, outbind);
            assert_eq!(client_events(&mut session, SECOND, &bytes).len(), 1);
        }
        assert_eq!(session.next_deadline_ns(), Some(6 * SECOND));
        assert!(client_tick(&mut session, 6 * SECOND - 1).is_empty());
        let event = ClientEvent::Close {
            reason: CloseReason::BindTimedOut,
        };
        assert_eq!(client_tick(&mut session, 6 * SECOND), told(event));
    }
}

#[test]
fn an_outbind_that_is_not_trusted_is_ended_by_unbind() {
    let mut session = ClientSession::new(client_settings(), 1);
    session.connected_by_peer(0);
    session.unbind(0);
    let event = ClientEvent::Close {
        reason: CloseReason::Unbound,
    };
    assert_eq!(client_tick(&mut session, 0), told(event));
    assert!(session.output().is_empty());
}

#[test]
fn a_malformed_outbind_is_counted_and_not_reported() {
    let mut session = ClientSession::new(client_settings(), 1);
    session.connected_by_peer(0);
    let bytes = pdu(CommandId::OUTBIND, 0, 1, b"no end");
    assert!(client_events(&mut session, 0, &bytes).is_empty());
    assert_eq!(session.counters().malformed_bodies, 1);
}

#[test]
fn an_alert_goes_to_bound_receivers_only() {
    let alert = AlertNotification {
        source: Address::international(b"44"),
        ..AlertNotification::default()
    };
    let mut receiver = bound_server(server_settings(), BindKind::Receiver);
    receiver.alert(&alert).unwrap();
    let written = sent_headers(receiver.output());
    assert_eq!(written[0].0, CommandId::ALERT_NOTIFICATION);
    assert_eq!(receiver.in_flight(), 0, "nobody answers it");
    let mut transmitter = bound_server(server_settings(), BindKind::Transmitter);
    assert_eq!(transmitter.alert(&alert), Err(DeliverRefused::NotReceiver));
    assert_eq!(
        ServerSession::new(server_settings(), 1).alert(&alert),
        Err(DeliverRefused::NotBound)
    );
}

fn close_reason(settings: ClientSettings) -> Option<CloseReason> {
    let mut session = ClientSession::new(settings, 1);
    session.connected(0);
    let mut found = None;
    session.tick(0, &mut |event| {
        if let ClientEvent::Close { reason } = event {
            found = Some(reason);
        }
    });
    found
}

#[test]
fn t37_the_limits_of_the_bind_are_strict_or_relaxed() {
    let with_password = |octets, spec_limits| ClientSettings {
        password: vec![b'p'; octets],
        spec_limits,
        ..client_settings()
    };
    let unwritable = |octets_max| {
        Some(CloseReason::BindUnwritable(EncodeError::FieldTooLong {
            field: "password",
            octets_max,
        }))
    };
    assert_eq!(close_reason(with_password(8, SpecLimits::Strict)), None);
    assert_eq!(
        close_reason(with_password(9, SpecLimits::Strict)),
        unwritable(8)
    );
    assert_eq!(close_reason(with_password(64, SpecLimits::Relaxed)), None);
    assert_eq!(
        close_reason(with_password(65, SpecLimits::Relaxed)),
        unwritable(64)
    );
    let long_type = ClientSettings {
        system_type: vec![b't'; 13],
        spec_limits: SpecLimits::Strict,
        ..client_settings()
    };
    let text = close_reason(long_type).unwrap().to_string();
    assert_eq!(
        text,
        "bind cannot be written: system_type is above 12 octets"
    );
}

/// A client that met an SMSC of this version.
fn met(ours: u8, theirs: Option<u8>, version_lie_ok: bool) -> ClientSession {
    let mut session = ClientSession::new(
        ClientSettings {
            interface_version: ours,
            version_lie_ok,
            ..client_settings()
        },
        1,
    );
    session.connected(0);
    session.output().clear();
    let mut body = b"smsc\0".to_vec();
    if let Some(version) = theirs {
        write_tlv(&mut body, tag::SC_INTERFACE_VERSION, &[version]).unwrap();
    }
    client_events(
        &mut session,
        0,
        &pdu(CommandId::BIND_TRANSCEIVER_RESP, 0, 1, &body),
    );
    session
}

#[test]
fn t46_nobody_is_refused_for_a_version_and_the_lower_one_is_spoken() {
    for (ours, theirs, lie_ok, spoken, mismatches) in [
        (0x34, Some(0x50), false, 0x34, 1),
        (0x50, Some(0x34), false, 0x34, 1),
        (0x34, Some(0x33), false, 0x33, 1),
        (0x34, Some(0x33), true, 0x33, 0),
        (0x34, None, true, 0x34, 0),
        (0x34, Some(0), true, 0x34, 0),
        (0x34, Some(0x50), true, 0x34, 0),
        (0x34, Some(0x34), false, 0x34, 0),
        (0x34, None, false, 0x34, 0),
        (0x34, Some(0), false, 0x34, 1),
        (0x33, Some(0x34), false, 0x33, 1),
        (0x33, None, true, 0x33, 0),
    ] {
        let session = met(ours, theirs, lie_ok);
        assert!(session.is_bound(), "{ours:#x} {theirs:?}");
        assert_eq!(session.version(), spoken, "{ours:#x} {theirs:?}");
        let counted = session.counters().version_mismatches;
        assert_eq!(counted, mismatches, "{ours:#x} {theirs:?}");
    }
}

#[test]
fn t46_before_3_4_there_are_no_optional_parameters() {
    let mut tlvs = Vec::new();
    write_tlv(&mut tlvs, tag::USER_MESSAGE_REFERENCE, &[0, 1]).unwrap();
    let informs = ShortMessage {
        tlvs: Tlvs::new(&tlvs),
        ..message(b"hi")
    };
    let mut sar = Vec::new();
    write_tlv(&mut sar, tag::SAR_MSG_REF_NUM, &[0, 1]).unwrap();
    let needs = ShortMessage {
        tlvs: Tlvs::new(&sar),
        ..message(b"hi")
    };
    let long = vec![b'x'; 255];
    let not_in_3_3 = Err(SubmitRefused::Unwritable(EncodeError::NotInThisVersion));

    for lie_ok in [false, true] {
        let mut session = met(0x34, Some(0x33), lie_ok);
        session.submit(0, 1, &informs).unwrap();
        let body = sent(session.output()).remove(0).3;
        let read = ShortMessage::decode(&body, Strictness::Strict)
            .unwrap()
            .value;
        assert_eq!(read, message(b"hi"));
        assert_eq!(session.counters().tlvs_left_out, 1);
        assert_eq!(session.submit(0, 2, &needs), not_in_3_3);
        assert_eq!(session.submit(0, 2, &message(&long)), not_in_3_3);
        let data = message(b"hi");
        assert_eq!(session.request(0, 2, &Request::Data(&data)), not_in_3_3);
        session.request(0, 2, &Request::Query(&query())).unwrap();
        assert_eq!(session.in_flight(), 2);
    }

    // Who says nothing is spoken to as we like (T18).
    let mut session = met(0x34, None, true);
    session.submit(0, 1, &needs).unwrap();
    session.submit(0, 2, &message(&long)).unwrap();
}

#[test]
fn t46_an_esme_of_3_3_gets_no_optional_parameters() {
    let mut tlvs = Vec::new();
    write_tlv(&mut tlvs, tag::RECEIPTED_MESSAGE_ID, b"1\0").unwrap();
    let receipt = ShortMessage {
        tlvs: Tlvs::new(&tlvs),
        ..message(b"id:1 stat:DELIVRD")
    };
    for (interface_version, kept) in [(0x33, false), (0x34, true), (0x50, true), (0, true)] {
        let mut session = ServerSession::new(server_settings(), 1);
        session.connected(0);
        let bind = Bind {
            interface_version,
            ..Bind::default()
        };
        let mut bytes = Vec::new();
        encode_bind(&mut bytes, 1, BindKind::Receiver, &bind).unwrap();
        server_events(&mut session, 0, &bytes);
        session.accept_bind(1);
        assert_eq!(session.peer_version(), interface_version);
        let told = BindResp::decode(&sent(session.output()).remove(0).3)
            .value
            .interface_version();
        assert_eq!(told.is_some(), interface_version >= 0x34);
        session.deliver(0, 1, &receipt).unwrap();
        let body = sent(session.output()).remove(0).3;
        let read = ShortMessage::decode(&body, Strictness::Strict)
            .unwrap()
            .value;
        assert_eq!(!read.tlvs.is_empty(), kept, "{interface_version:#x}");
        assert_eq!(read.user_data(), b"id:1 stat:DELIVRD");
    }
}

#[test]
fn t17_a_server_answers_errors_with_one_nul_where_the_account_asks() {
    for (error_body_nul, body) in [(false, vec![]), (true, vec![0])] {
        let mut session = bound_server(server_settings(), BindKind::Transceiver);
        session.set_error_body_nul(error_body_nul);
        let submit = pdu(CommandId::SUBMIT_SM, 0, 7, &submit_body(b"hi", 2, b""));
        server_events(&mut session, 0, &submit);
        let status = CommandStatus::ESME_RTHROTTLED;
        session.answer(7, CommandId::SUBMIT_SM, status, b"");
        let query = pdu(CommandId::QUERY_SM, 0, 8, b"id\0\0\0\0");
        server_events(&mut session, 0, &query);
        session.answer(8, CommandId::QUERY_SM, CommandStatus::ESME_RQUERYFAIL, b"");
        let malformed = pdu(CommandId::SUBMIT_SM, 0, 9, b"");
        server_events(&mut session, 0, &malformed);
        let answers: Vec<_> = sent(session.output())
            .into_iter()
            .map(|answer| (answer.2, answer.3))
            .collect();
        assert_eq!(
            answers,
            [(7, body.clone()), (8, vec![]), (9, body.clone())],
            "a query_sm_resp is never a lone NUL"
        );
    }
}

#[test]
fn broadcasts_reach_the_application() {
    let mut session = bound_server(server_settings(), BindKind::Transmitter);
    for (command, sequence) in [
        (CommandId::BROADCAST_SM, 7),
        (CommandId::QUERY_BROADCAST_SM, 8),
        (CommandId::CANCEL_BROADCAST_SM, 9),
    ] {
        let events = server_events(&mut session, 0, &pdu(command, 0, sequence, b"body"));
        assert!(events[0].starts_with("Other"), "{events:?}");
        session.answer(sequence, command, CommandStatus::ESME_ROK, b"b-1");
        let answer = sent(session.output()).remove(0);
        assert_eq!((answer.0, answer.2), (command.response(), sequence));
        let with_id = command == CommandId::BROADCAST_SM;
        assert_eq!(answer.3 == b"b-1\0", with_id);
    }
}
