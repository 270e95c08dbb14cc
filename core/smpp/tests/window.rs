//! The send window against a model: no number twice in flight, no slot lost, time-outs by age, late responses once.
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
use std::collections::BTreeMap;
use support::*;

#[derive(Clone, Debug)]
enum Step {
    Submit,
    /// Answers the n-th in flight, by age.
    Answer(usize),
    /// Nacks the n-th in flight.
    Nack(usize),
    /// Answers the n-th that timed out.
    AnswerLate(usize),
    Wait(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => Just(Step::Submit),
        3 => (0usize..10).prop_map(Step::Answer),
        1 => (0usize..10).prop_map(Step::Nack),
        1 => (0usize..10).prop_map(Step::AnswerLate),
        2 => (0u64..6).prop_map(Step::Wait),
    ];
    prop::collection::vec(step, 0..300)
}

proptest! {
    #[test]
    fn the_window_is_its_model(
        steps in steps(),
        window in 1u32..9,
        first in prop_oneof![Just(1u32), 0x7FFF_FFE0u32..=0x7FFF_FFFF],
    ) {
        let mut session = ClientSession::new(ClientSettings { window, ..client_settings() }, first);
        session.connected(0);
        let bind = sent(session.output()).remove(0).2;
        client_events(&mut session, 0, &pdu(CommandId::BIND_TRANSCEIVER_RESP, 0, bind, b""));
        let mut now = 0u64;
        let mut ticket = 0u64;
        // By age: (sequence, ticket, begun).
        let mut flying: Vec<(u32, u64, u64)> = Vec::new();
        let mut late: BTreeMap<u32, u64> = BTreeMap::new();
        for step in steps {
            match step {
                Step::Submit => {
                    ticket += 1;
                    let taken = session.submit(now, ticket, &message(b"x"));
                    if flying.len() as u32 == window {
                        prop_assert_eq!(taken, Err(SubmitRefused::WindowFull));
                    } else {
                        let sequence = taken.unwrap();
                        prop_assert!((1..=0x7FFF_FFFF).contains(&sequence));
                        prop_assert!(flying.iter().all(|f| f.0 != sequence));
                        late.remove(&sequence);
                        flying.push((sequence, ticket, now));
                    }
                }
                Step::Answer(n) | Step::Nack(n) if !flying.is_empty() => {
                    let nack = matches!(step, Step::Nack(_));
                    let (sequence, ticket, _) = flying.remove(n % flying.len());
                    let (bytes, status) = if nack {
                        (pdu(CommandId::GENERIC_NACK, 3, sequence, b""), CommandStatus(3))
                    } else {
                        (response(sequence, b""), CommandStatus(0))
                    };
                    let event = ClientEvent::Response { ticket, status, message_id: b"", tlvs: Tlvs::default() };
                    prop_assert_eq!(
                        client_events(&mut session, now, &bytes),
                        [format!("{event:?}")]
                    );
                }
                Step::AnswerLate(n) if !late.is_empty() => {
                    let sequence = *late.keys().nth(n % late.len()).unwrap();
                    let ticket = late.remove(&sequence).unwrap();
                    let status = CommandStatus::ESME_ROK;
                    let event = ClientEvent::LateResponse { ticket, status, message_id: b"a", tlvs: Tlvs::default() };
                    let bytes = response(sequence, b"a");
                    prop_assert_eq!(
                        client_events(&mut session, now, &bytes),
                        [format!("{event:?}")]
                    );
                    prop_assert!(client_events(&mut session, now, &bytes).is_empty());
                }
                Step::Wait(seconds) => {
                    now += seconds * SECOND;
                    let events = client_tick(&mut session, now);
                    let mut expected = Vec::new();
                    flying.retain(|(sequence, ticket, begun)| {
                        let over = now >= begun + 10 * SECOND;
                        if over {
                            expected.push(format!("{:?}", ClientEvent::TimedOut { ticket: *ticket }));
                            late.insert(*sequence, *ticket);
                        }
                        !over
                    });
                    prop_assert_eq!(events, expected);
                    // Keeps the silent peer alive.
                    let alive = pdu(CommandId::ENQUIRE_LINK_RESP, 0, 0, b"");
                    client_events(&mut session, now, &alive);
                }
                _ => {}
            }
            prop_assert_eq!(session.in_flight() as usize, flying.len());
            prop_assert_eq!(session.free_slots(), window - flying.len() as u32);
        }
        let mut left = Vec::new();
        session.disconnected(&mut |event| left.push(format!("{event:?}")));
        let expected: Vec<String> = flying
            .iter()
            .map(|f| format!("{:?}", ClientEvent::Unanswered { ticket: f.1 }))
            .collect();
        prop_assert_eq!(left, expected);
        prop_assert_eq!(session.in_flight(), 0);
    }
}

#[test]
fn sequence_numbers_wrap_to_one() {
    let mut session = ClientSession::new(client_settings(), 0x7FFF_FFFE);
    session.connected(0);
    assert_eq!(sent(session.output())[0].2, 0x7FFF_FFFE);
    client_events(
        &mut session,
        0,
        &pdu(CommandId::BIND_TRANSCEIVER_RESP, 0, 0x7FFF_FFFE, b""),
    );
    let taken: Vec<u32> = (0..3)
        .map(|t| session.submit(0, t, &message(b"x")).unwrap())
        .collect();
    assert_eq!(taken, [0x7FFF_FFFF, 1, 2]);
}

#[test]
fn one_lost_response_does_not_hold_the_others_up() {
    let mut session = bound_client(ClientSettings {
        window: 2,
        ..client_settings()
    });
    let lost = session.submit(0, 0, &message(b"x")).unwrap();
    for ticket in 1..100_000 {
        let sequence = session.submit(0, ticket, &message(b"x")).unwrap();
        assert_ne!(sequence, lost);
        session.output().clear();
        assert_eq!(
            answered(&mut session, 0, &response(sequence, b"a")).len(),
            1
        );
    }
    assert_eq!(
        client_tick(&mut session, 10 * SECOND),
        ["TimedOut { ticket: 0 }"]
    );
    let late = client_events(&mut session, 10 * SECOND, &response(lost, b"a"));
    assert_eq!(late.len(), 1);
    assert!(late[0].starts_with("LateResponse { ticket: 0"));
}

#[test]
fn the_memory_for_late_responses_is_bounded() {
    let settings = ClientSettings {
        window: 1,
        late_responses_max: 4,
        ..client_settings()
    };
    let mut session = bound_client(settings);
    let mut sequences = Vec::new();
    for n in 0..8u64 {
        let now = n * 10 * SECOND;
        sequences.push(session.submit(now, n, &message(b"x")).unwrap());
        assert_eq!(client_tick(&mut session, now + 10 * SECOND).len(), 1);
        client_events(
            &mut session,
            now + 10 * SECOND,
            &pdu(CommandId::ENQUIRE_LINK_RESP, 0, 0, b""),
        );
    }
    let told = sequences
        .iter()
        .filter(|s| !client_events(&mut session, 80 * SECOND, &response(**s, b"a")).is_empty())
        .count();
    assert!((1..=4).contains(&told), "{told}");
}

#[test]
fn an_unwritable_message_takes_no_slot_and_writes_nothing() {
    let mut session = bound_client(client_settings());
    let sm = ShortMessage {
        destination: Address::international(b"44\x0079"),
        ..message(b"x")
    };
    let refused = session.submit(0, 1, &sm);
    assert_eq!(
        refused,
        Err(SubmitRefused::Unwritable(EncodeError::NulInString))
    );
    let long = vec![0u8; 70_000];
    let refused = session.submit(0, 1, &message(&long));
    assert_eq!(
        refused,
        Err(SubmitRefused::Unwritable(EncodeError::ValueTooLong))
    );
    assert!(session.output().is_empty());
    assert_eq!(session.free_slots(), 10);
}

#[test]
fn submit_is_refused_where_it_may_not_be() {
    let mut session = ClientSession::new(client_settings(), 1);
    assert_eq!(
        session.submit(0, 1, &message(b"x")),
        Err(SubmitRefused::NotBound)
    );
    session.connected(0);
    assert_eq!(
        session.submit(0, 1, &message(b"x")),
        Err(SubmitRefused::NotBound)
    );
    let mut receiver = bound_client(ClientSettings {
        bind: BindKind::Receiver,
        ..client_settings()
    });
    let refused = receiver.submit(0, 1, &message(b"x"));
    assert_eq!(refused, Err(SubmitRefused::NotAllowedOnReceiver));
}

#[test]
fn an_output_nobody_drains_stops_submits_and_ends_a_flood() {
    let settings = ClientSettings {
        window: 1000,
        output_octets_max: 500,
        ..client_settings()
    };
    let mut session = bound_client(settings);
    let taken = (0..1000)
        .take_while(|t| session.submit(0, *t, &message(b"x")).is_ok())
        .count();
    assert!((5..20).contains(&taken), "{taken}");
    assert_eq!(
        session.submit(0, 0, &message(b"x")),
        Err(SubmitRefused::OutputFull)
    );
    let flood = pdu(CommandId::ENQUIRE_LINK, 0, 1, b"").repeat(100);
    let events = client_events(&mut session, 0, &flood);
    assert_eq!(events, ["Close { reason: OutputFull }"]);
}
