//! How bytes are cut into reads changes nothing; absurd lengths end the stream before they cost memory.
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

/// Every kind of PDU a server meets, the odd ones too.
fn traffic() -> Vec<u8> {
    let mut bytes = Vec::new();
    let long = [b'x'; 700];
    encode_submit_sm(&mut bytes, 2, &message(b"hello")).unwrap();
    encode_header_only(
        &mut bytes,
        CommandId::ENQUIRE_LINK,
        CommandStatus::ESME_ROK,
        3,
    );
    encode_submit_sm(&mut bytes, 4, &message(&long)).unwrap();
    bytes.extend(pdu(CommandId(0x77), 0, 5, b"opaque"));
    bytes.extend(pdu(
        CommandId::SUBMIT_SM,
        0,
        6,
        &submit_body(b"hi", 200, b""),
    ));
    bytes.extend(pdu(CommandId::SUBMIT_SM_RESP, 0, 99, b"abc\0"));
    bytes.extend(pdu(
        CommandId::SUBMIT_SM,
        0,
        0,
        &submit_body(b"hi", 2, b"\x04\x24\0\xffx"),
    ));
    encode_data_sm(&mut bytes, 7, &message(b"data")).unwrap();
    bytes
}

fn run(chunks: &[&[u8]]) -> (Vec<String>, Vec<u8>, Counters) {
    let mut session = bound_server(server_settings(), BindKind::Transceiver);
    let mut events = Vec::new();
    for chunk in chunks {
        events.extend(server_events(&mut session, 0, chunk));
    }
    let counters = *session.counters();
    (events, session.output().clone(), counters)
}

#[test]
fn every_split_point_gives_the_same_events_and_answers() {
    let bytes = traffic();
    let whole = run(&[&bytes]);
    assert_eq!(whole.0.len(), 4, "{:#?}", whole.0);
    for at in 0..=bytes.len() {
        let (head, tail) = bytes.split_at(at);
        assert_eq!(run(&[head, tail]), whole, "split at {at}");
    }
}

#[test]
fn a_drip_of_single_bytes_gives_the_same() {
    let bytes = traffic();
    let drip: Vec<&[u8]> = bytes.chunks(1).collect();
    assert_eq!(run(&drip), run(&[&bytes]));
}

#[test]
fn an_absurd_length_is_answered_the_same_at_every_split() {
    for length in [0, 8, 15, 70_000, 0x7fff_ffff, 0x4854_5450, 0x0300_002f] {
        let mut bytes = traffic();
        bytes.extend(with_length(
            pdu(CommandId::SUBMIT_SM, 0, 8, b"body"),
            length,
        ));
        bytes.extend(traffic());
        let whole = run(&[&bytes]);
        assert!(whole.0.last().unwrap().contains("Close"), "{length}");
        for at in 0..=bytes.len() {
            let (head, tail) = bytes.split_at(at);
            assert_eq!(run(&[head, tail]), whole, "{length} split at {at}");
        }
    }
}

proptest! {
    #[test]
    fn any_cutting_gives_the_same(cuts in prop::collection::vec(0usize..2000, 0..20)) {
        let bytes = traffic();
        let mut cuts: Vec<usize> = cuts.iter().map(|c| c % (bytes.len() + 1)).collect();
        cuts.sort_unstable();
        let mut chunks = Vec::new();
        let mut from = 0;
        for cut in cuts {
            chunks.push(&bytes[from..cut]);
            from = cut;
        }
        chunks.push(&bytes[from..]);
        prop_assert_eq!(run(&chunks), run(&[&bytes]));
    }

    #[test]
    fn garbage_never_panics_and_never_grows_past_the_bound(
        chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..20),
        lead in prop::collection::vec(prop_oneof![Just(0u8), any::<u8>()], 0..40),
    ) {
        let mut server = bound_server(server_settings(), BindKind::Transceiver);
        let mut client = bound_client(client_settings());
        for chunk in std::iter::once(&lead).chain(&chunks) {
            server_events(&mut server, 0, chunk);
            client_events(&mut client, 0, chunk);
            server_tick(&mut server, SECOND);
            client_tick(&mut client, SECOND);
        }
        sent(server.output());
        sent(client.output());
    }

    #[test]
    fn a_sane_header_with_a_garbage_body_is_always_answered(
        command in prop::sample::select(vec![3u32, 4, 5, 7, 8, 9, 0x21, 0x103, 0x77]),
        body in prop::collection::vec(prop_oneof![Just(0u8), any::<u8>()], 0..200),
        sequence in any::<u32>(),
    ) {
        let mut server = bound_server(server_settings(), BindKind::Transceiver);
        let bytes = pdu(CommandId(command), 0, sequence, &body);
        let events = server_events(&mut server, 0, &bytes);
        let answers = sent_headers(server.output());
        prop_assert_eq!(events.len() + answers.len(), 1);
        for answer in answers {
            prop_assert_eq!(answer.2, sequence);
            prop_assert!(answer.1 != 0);
        }
    }
}

#[test]
fn ten_thousand_pdus_in_one_read_are_all_taken() {
    let mut session = bound_client(ClientSettings {
        window: 10_000,
        ..client_settings()
    });
    let mut bytes = Vec::new();
    for ticket in 0..10_000 {
        let sequence = session.submit(0, ticket, &message(b"x")).unwrap();
        bytes.extend(response(sequence, ticket.to_string().as_bytes()));
    }
    let answers = answered(&mut session, 1, &bytes);
    assert_eq!(answers.len(), 10_000);
    assert!(answers.iter().all(|(t, id)| t.to_string().as_bytes() == id));
    assert_eq!(session.in_flight(), 0);
}

#[test]
fn a_huge_length_is_refused_at_its_fourth_octet() {
    let mut session = ServerSession::new(server_settings(), 1);
    session.connected(0);
    let events = server_events(&mut session, 0, &0x7fff_ffffu32.to_be_bytes());
    assert_eq!(events.len(), 1);
    assert!(session.is_closed());
    assert_eq!(
        sent_headers(session.output()),
        [(CommandId::GENERIC_NACK, 2, 0)]
    );
    assert_eq!(session.counters().malformed_frames, 1);
}

#[test]
fn the_largest_allowed_pdu_passes_and_one_octet_more_does_not() {
    let bytes = pdu(CommandId::ENQUIRE_LINK, 0, 1, &[0; 84]);
    assert!(split_frame(&bytes, 100).unwrap().is_some());
    assert_eq!(
        split_frame(&bytes, 99),
        Err(FrameError::TooLong {
            command_length: 100,
            pdu_octets_max: 99
        })
    );
    assert_eq!(split_frame(&bytes[..99], 100), Ok(None));
}

#[test]
fn a_pdu_begun_and_not_finished_closes_on_its_timer() {
    let mut session = bound_server(server_settings(), BindKind::Transceiver);
    let bytes = with_length(
        pdu(CommandId::SUBMIT_SM, 0, 2, &submit_body(b"hi", 2, b"")),
        200,
    );
    assert!(server_events(&mut session, SECOND, &bytes).is_empty());
    // More drops do not wind the timer up again.
    assert!(server_events(&mut session, 3 * SECOND, b"x").is_empty());
    assert_eq!(session.next_deadline_ns(), Some(4 * SECOND));
    assert!(server_tick(&mut session, 4 * SECOND - 1).is_empty());
    let events = server_tick(&mut session, 4 * SECOND);
    assert_eq!(events, ["Close { reason: PartialPduTimedOut }"]);
    assert!(sent(session.output()).is_empty());
}
