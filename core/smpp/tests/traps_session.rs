//! Acceptance tests of the traps that a session meets, each named after its trap. Slot patience (T27)
//! has a file of its own.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod support;

use carrack_smpp::*;
use std::collections::BTreeSet;
use support::*;

fn told(event: ClientEvent<'_>) -> Vec<String> {
    vec![format!("{event:?}")]
}

fn close(reason: CloseReason) -> Vec<String> {
    told(ClientEvent::Close { reason })
}

fn answer_to(ticket: u64, message_id: &[u8]) -> Vec<String> {
    told(ClientEvent::Response {
        ticket,
        status: CommandStatus::ESME_ROK,
        message_id,
        tlvs: Tlvs::default(),
    })
}

#[test]
fn t13_a_deliver_is_answered_by_an_empty_id_and_only_when_asked() {
    let mut session = bound_client(client_settings());
    let receipt = pdu(CommandId::DELIVER_SM, 0, 77, &submit_body(b"hi", 2, b""));
    assert_eq!(client_events(&mut session, 0, &receipt).len(), 1);
    assert!(session.output().is_empty(), "not before it is durable");
    session.answer_deliver(77, CommandId::DELIVER_SM, CommandStatus::ESME_ROK);
    let answers = sent(session.output());
    assert_eq!(answers, [(CommandId::DELIVER_SM_RESP, 0, 77, vec![0])]);
}

#[test]
fn t17_error_responses_of_every_shape_settle_their_submits() {
    for body in [
        b"".as_slice(),
        b"\0",
        b"5f3a\0",
        b"\0\x1d\0\x02no",
        b"5f3a\0\0\x1d\0\x02no",
    ] {
        let mut session = bound_client(client_settings());
        let sequence = session.submit(0, 5, &message(b"x")).unwrap();
        let refusal = pdu(CommandId::SUBMIT_SM_RESP, 0x14, sequence, body);
        let events = client_events(&mut session, 0, &refusal);
        assert!(
            events[0].starts_with("Response { ticket: 5, status: ESME_RMSGQFUL"),
            "{events:?}"
        );
        assert_eq!(session.in_flight(), 0);
    }
}

#[test]
fn t18_a_bare_bind_response_binds() {
    for body in [b"".as_slice(), b"smsc", b"smsc\0", b"\0"] {
        let mut session = ClientSession::new(client_settings(), 1);
        session.connected(0);
        let bare = pdu(CommandId::BIND_TRANSCEIVER_RESP, 0, 1, body);
        assert_eq!(client_events(&mut session, 0, &bare).len(), 1);
        assert!(session.is_bound());
    }
}

#[test]
fn t19_any_inbound_sequence_is_echoed_doubled_ones_too() {
    let mut session = bound_client(client_settings());
    for sequence in [0, 0, 1, 0x7FFF_FFFF, 0x8000_0000, u32::MAX, u32::MAX] {
        let deliver = pdu(
            CommandId::DELIVER_SM,
            0,
            sequence,
            &submit_body(b"hi", 2, b""),
        );
        assert_eq!(client_events(&mut session, 0, &deliver).len(), 1);
        session.answer_deliver(sequence, CommandId::DELIVER_SM, CommandStatus::ESME_ROK);
        let enquire = pdu(CommandId::ENQUIRE_LINK, 0, sequence, b"");
        client_events(&mut session, 0, &enquire);
        let echoed: Vec<u32> = sent_headers(session.output())
            .into_iter()
            .map(|answer| answer.2)
            .collect();
        assert_eq!(echoed, [sequence, sequence]);
    }
}

#[test]
fn t19_our_numbers_wrap_to_one_and_never_meet_one_in_flight() {
    let mut session = ClientSession::new(client_settings(), 0x7FFF_FFF0);
    session.connected(0);
    let bind = sent(session.output()).remove(0).2;
    client_events(
        &mut session,
        0,
        &pdu(CommandId::BIND_TRANSCEIVER_RESP, 0, bind, b""),
    );
    let mut flying = BTreeSet::new();
    for ticket in 0..1000u64 {
        let sequence = session.submit(0, ticket, &message(b"x")).unwrap();
        assert!((1..=0x7FFF_FFFF).contains(&sequence));
        assert!(flying.insert(sequence), "in flight twice");
        // Three stay unanswered for the whole time.
        if flying.len() > 5 {
            let done = *flying.iter().nth(3).unwrap();
            flying.remove(&done);
            assert_eq!(
                client_events(&mut session, 0, &response(done, b"a")).len(),
                1
            );
        }
        session.output().clear();
    }
}

#[test]
fn t20_a_foreign_sequence_is_counted_and_settled_by_time_out_alone() {
    let mut session = bound_client(client_settings());
    let sequence = session.submit(0, 9, &message(b"x")).unwrap();
    for foreign in [sequence + 1, 0, u32::MAX, sequence ^ 0x8000_0000] {
        assert!(client_events(&mut session, 0, &response(foreign, b"a")).is_empty());
    }
    assert_eq!(session.counters().unexpected_responses, 4);
    let event = ClientEvent::TimedOut { ticket: 9 };
    assert_eq!(client_tick(&mut session, 10 * SECOND), told(event));
}

#[test]
fn t21_a_shuffled_window_gives_every_ticket_its_own_id() {
    let mut session = bound_client(ClientSettings {
        window: 100,
        ..client_settings()
    });
    let sequences: Vec<u32> = (0..100)
        .map(|ticket| session.submit(0, ticket, &message(b"x")).unwrap())
        .collect();
    // 37 and 100 share no factor: every one comes up once.
    for step in 0..100usize {
        let ticket = step * 37 % 100;
        let id = format!("id-{ticket}");
        let bytes = response(sequences[ticket], id.as_bytes());
        assert_eq!(
            client_events(&mut session, 0, &bytes),
            answer_to(ticket as u64, id.as_bytes())
        );
    }
}

#[test]
fn t22_a_late_response_is_told_once_even_a_day_later() {
    let mut session = bound_client(ClientSettings {
        enquire_link_idle_ns: 0,
        ..client_settings()
    });
    let sequence = session.submit(0, 3, &message(b"x")).unwrap();
    client_tick(&mut session, 10 * SECOND);
    let day = 24 * 3600 * SECOND;
    let bytes = response(sequence, b"id");
    let event = ClientEvent::LateResponse {
        ticket: 3,
        status: CommandStatus::ESME_ROK,
        message_id: b"id",
        tlvs: Tlvs::default(),
    };
    assert_eq!(client_events(&mut session, day, &bytes), told(event));
    assert!(client_events(&mut session, day, &bytes).is_empty());
    assert!(session.is_bound(), "the session stays up");
}

#[test]
fn t22_late_responses_of_any_mix_are_held_up_to_the_bound() {
    // Sequence numbers far apart and close together; a table by place would lose some.
    let mut session = bound_client(ClientSettings {
        window: 64,
        late_responses_max: 1000,
        enquire_link_idle_ns: 0,
        ..client_settings()
    });
    let mut lost = Vec::new();
    let mut now = 0;
    for ticket in 0..40_000u64 {
        let sequence = session.submit(now, ticket, &message(b"x")).unwrap();
        session.output().clear();
        if ticket % 40 == 7 {
            lost.push((sequence, ticket));
        } else {
            client_events(&mut session, now, &response(sequence, b"a"));
        }
        now += SECOND;
        client_tick(&mut session, now);
    }
    client_tick(&mut session, now + 10 * SECOND);
    assert_eq!(lost.len(), 1000);
    for (sequence, ticket) in lost {
        let events = client_events(&mut session, now, &response(sequence, b"a"));
        assert!(
            events[0].starts_with(&format!("LateResponse {{ ticket: {ticket},")),
            "{events:?}"
        );
    }
}

#[test]
fn t22_beyond_the_bound_the_oldest_is_forgotten() {
    let mut session = bound_client(ClientSettings {
        window: 8,
        late_responses_max: 4,
        ..client_settings()
    });
    let sequences: Vec<u32> = (0..8)
        .map(|ticket| session.submit(0, ticket, &message(b"x")).unwrap())
        .collect();
    assert_eq!(client_tick(&mut session, 10 * SECOND).len(), 8);
    let told: Vec<bool> = sequences
        .iter()
        .map(|s| !client_events(&mut session, 10 * SECOND, &response(*s, b"a")).is_empty())
        .collect();
    assert_eq!(told, [false, false, false, false, true, true, true, true]);
}

#[test]
fn t23_enquire_link_is_answered_in_every_state_and_a_flood_too() {
    let flood = pdu(CommandId::ENQUIRE_LINK, 0, 5, b"").repeat(10_000);
    let mut binding = ClientSession::new(client_settings(), 1);
    binding.connected(0);
    let mut awaiting = ClientSession::new(client_settings(), 1);
    awaiting.connected_by_peer(0);
    let transmitter = bound_client(ClientSettings {
        bind: BindKind::Transmitter,
        ..client_settings()
    });
    for mut session in [binding, awaiting, transmitter] {
        session.output().clear();
        assert!(client_events(&mut session, 0, &flood).is_empty());
        let answers = sent_headers(session.output());
        assert_eq!(answers.len(), 10_000);
        assert!(
            answers
                .iter()
                .all(|a| *a == (CommandId::ENQUIRE_LINK_RESP, 0, 5))
        );
    }
}

#[test]
fn t23_none_is_sent_before_the_bind_response_and_two_misses_close() {
    let mut session = ClientSession::new(
        ClientSettings {
            bind_timeout_ns: 1000 * SECOND,
            ..client_settings()
        },
        1,
    );
    session.connected(0);
    session.output().clear();
    assert!(client_tick(&mut session, 900 * SECOND).is_empty());
    assert!(session.output().is_empty(), "not before the bind response");
    let bound = pdu(CommandId::BIND_TRANSCEIVER_RESP, 0, 1, b"");
    client_events(&mut session, 900 * SECOND, &bound);
    for miss in 1..=2u64 {
        client_tick(&mut session, (900 + 30 * miss) * SECOND);
        let asked = sent_headers(session.output());
        assert_eq!(asked[0].0, CommandId::ENQUIRE_LINK);
        if miss == 1 {
            // Other traffic counts as a sign of life.
            let deliver = pdu(CommandId::DELIVER_SM, 0, 1, &submit_body(b"hi", 2, b""));
            client_events(&mut session, 930 * SECOND, &deliver);
        }
    }
    client_tick(&mut session, 990 * SECOND);
    let ended = client_tick(&mut session, 1020 * SECOND);
    assert_eq!(ended, close(CloseReason::EnquireLinkUnanswered));
}

#[test]
fn t24_a_carriers_unbind_in_mid_window_waits_for_what_is_in_flight() {
    let mut session = bound_client(client_settings());
    let first = session.submit(0, 1, &message(b"x")).unwrap();
    session.submit(0, 2, &message(b"x")).unwrap();
    session.output().clear();
    let unbind = pdu(CommandId::UNBIND, 0, 44, b"");
    assert_eq!(
        client_events(&mut session, SECOND, &unbind),
        told(ClientEvent::Unbound)
    );
    let answers = sent_headers(session.output());
    assert_eq!(answers, [(CommandId::UNBIND_RESP, 0, 44)]);
    assert_eq!(
        session.submit(SECOND, 3, &message(b"x")),
        Err(SubmitRefused::NotBound)
    );
    assert_eq!(
        client_events(&mut session, SECOND, &response(first, b"a")),
        answer_to(1, b"a")
    );
    let rest = client_tick(&mut session, 10 * SECOND);
    let timed_out = format!("{:?}", ClientEvent::TimedOut { ticket: 2 });
    assert_eq!(rest[0], timed_out);
    assert_eq!(rest[1..], close(CloseReason::PeerUnbound));
}

#[test]
fn t24_a_carrier_that_closes_in_mid_window_leaves_the_rest_uncertain() {
    let mut session = bound_client(client_settings());
    for ticket in 0..3 {
        session.submit(0, ticket, &message(b"x")).unwrap();
    }
    let mut left = Vec::new();
    session.disconnected(&mut |event| left.push(event_ticket(&event)));
    assert_eq!(left, [0, 1, 2]);
}

fn event_ticket(event: &ClientEvent<'_>) -> u64 {
    match event {
        ClientEvent::Unanswered { ticket } => *ticket,
        other => panic!("{other:?}"),
    }
}

#[test]
fn t24_our_unbind_that_nobody_answers_ends_by_its_timer() {
    let mut session = bound_client(client_settings());
    session.unbind(SECOND);
    assert!(client_tick(&mut session, 6 * SECOND - 1).is_empty());
    assert_eq!(
        client_tick(&mut session, 6 * SECOND),
        close(CloseReason::UnbindTimedOut)
    );
}

#[test]
fn t25_already_bound_is_told_with_its_status() {
    let mut session = ClientSession::new(client_settings(), 1);
    session.connected(0);
    let refusal = pdu(CommandId::BIND_TRANSCEIVER_RESP, 5, 1, b"");
    let status = CommandStatus::ESME_RALYBND;
    let mut expected = told(ClientEvent::BindRefused { status });
    expected.extend(close(CloseReason::BindRefused(status)));
    assert_eq!(client_events(&mut session, 0, &refusal), expected);
}

#[test]
fn t26_an_unbind_is_answered_at_once_so_that_its_place_is_free() {
    let mut session = bound_server(server_settings(), BindKind::Transceiver);
    let unbind = pdu(CommandId::UNBIND, 0, 6, b"");
    let events = server_events(&mut session, 0, &unbind);
    assert_eq!(events.len(), 2, "unbound and closed: {events:?}");
    assert_eq!(
        sent_headers(session.output()),
        [(CommandId::UNBIND_RESP, 0, 6)]
    );
    assert_eq!(session.bound(), None);
}

#[test]
fn t41_a_scanner_gets_one_nack_and_is_closed_with_nothing_kept() {
    for hello in [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n".as_slice(),
        b"AMQP\0\0\x09\x01",
        b"\x03\0\0\x2f\x2a\xe0\0\0\0\0\0Cookie: mstshash=",
        b"\x16\x03\x01\x02\0\x01\0\x01\xfc",
    ] {
        let mut session = ServerSession::new(server_settings(), 1);
        session.connected(0);
        let events = server_events(&mut session, 0, hello);
        assert_eq!(events.len(), 1);
        assert!(events[0].starts_with("Close"), "{events:?}");
        assert_eq!(
            sent_headers(session.output()),
            [(CommandId::GENERIC_NACK, 2, 0)]
        );
        assert_eq!(session.counters().malformed_frames, 1);
        // Whatever follows changes nothing.
        assert!(server_events(&mut session, 0, &hello.repeat(1000)).is_empty());
        assert!(session.output().is_empty());
    }
}

#[test]
fn t41_ten_thousand_scanners_leave_a_live_session_alone() {
    let mut live = bound_server(server_settings(), BindKind::Transceiver);
    for n in 0..10_000u32 {
        let mut scanner = ServerSession::new(server_settings(), 1);
        scanner.connected(0);
        let length = 0x0001_1001 + (n << 12);
        server_events(&mut scanner, 0, &length.to_be_bytes());
        assert!(scanner.is_closed());
        if n % 100 == 0 {
            let submit = pdu(CommandId::SUBMIT_SM, 0, n, &submit_body(b"hi", 2, b""));
            assert_eq!(server_events(&mut live, 0, &submit).len(), 1);
            let status = CommandStatus::ESME_ROK;
            live.answer(n, CommandId::SUBMIT_SM, status, b"1");
        }
    }
    assert_eq!(sent(live.output()).len(), 100);
}

#[test]
fn t42_a_nack_settles_the_request_it_names_and_nameless_ones_limit_the_link() {
    let mut session = bound_client(client_settings());
    let sequence = session.submit(0, 4, &message(b"x")).unwrap();
    let named = pdu(CommandId::GENERIC_NACK, 3, sequence, b"");
    let event = ClientEvent::Response {
        ticket: 4,
        status: CommandStatus::ESME_RINVCMDID,
        message_id: b"",
        tlvs: Tlvs::default(),
    };
    assert_eq!(client_events(&mut session, 0, &named), told(event));
    let nameless = pdu(CommandId::GENERIC_NACK, 3, 0, b"");
    for _ in 0..16 {
        assert!(client_events(&mut session, 0, &nameless).is_empty());
    }
    assert_eq!(session.counters().nacks_unmatched, 16);
    assert_eq!(
        client_events(&mut session, 0, &nameless),
        close(CloseReason::TooManyNacks)
    );
}

#[test]
fn t42_unknown_commands_are_nacked_and_the_session_stays() {
    let mut session = bound_client(client_settings());
    for command in [0u32, 0x0A, 0x0001_0203, 0x7FFF_FFFF] {
        let unknown = pdu(CommandId(command), 0, 31, b"whatever");
        assert!(client_events(&mut session, 0, &unknown).is_empty());
        let answers = sent_headers(session.output());
        assert_eq!(answers, [(CommandId::GENERIC_NACK, 3, 31)]);
    }
    assert!(session.is_bound());
    assert_eq!(session.counters().nacks_sent, 4);
}

#[test]
fn t43_every_split_of_a_conversation_tells_the_same() {
    let mut bytes = Vec::new();
    for (command, body) in [
        (CommandId::DELIVER_SM, submit_body(b"hi", 2, b"")),
        (
            CommandId::ALERT_NOTIFICATION,
            b"\x01\x0144\0\0\0\0".to_vec(),
        ),
        (CommandId::ENQUIRE_LINK, Vec::new()),
        (CommandId(0x10203), b"x".to_vec()),
    ] {
        bytes.extend(pdu(command, 0, 9, &body));
    }
    let run = |chunks: &[&[u8]]| {
        let mut session = bound_client(client_settings());
        let mut events = Vec::new();
        for chunk in chunks {
            events.extend(client_events(&mut session, 0, chunk));
        }
        (events, sent(session.output()))
    };
    let whole = run(&[&bytes]);
    assert_eq!(whole.0.len(), 2);
    assert_eq!(whole.1.len(), 2);
    for first in 0..=bytes.len() {
        let (head, tail) = bytes.split_at(first);
        assert_eq!(run(&[head, tail]), whole);
        let (middle, end) = tail.split_at(tail.len() / 2);
        assert_eq!(run(&[head, middle, end]), whole);
    }
    let drip: Vec<&[u8]> = bytes.chunks(1).collect();
    assert_eq!(run(&drip), whole);
}
