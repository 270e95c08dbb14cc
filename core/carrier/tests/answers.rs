//! What becomes of submits: answers of every shape, late, doubled, lost, out of order.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod support;

use carrack_carrier::{CarrierMessageId, Link, LinkEvent, LinkState};
use carrack_settings::ErrorBody;
use carrack_smpp::*;
use support::*;

fn took(ticket: u64, id: &[u8], late: bool) -> LinkEvent {
    LinkEvent::Accepted {
        ticket,
        id: CarrierMessageId::from_slice(id),
        late,
    }
}

fn rig() -> Rig {
    let mut rig = Rig::bound(profile(|_| ()));
    rig.events();
    rig
}

#[test]
fn t03_ids_of_any_length_are_kept_as_they_come() {
    for id in [
        &b""[..],
        b"1",
        b"0123456789",
        b"9f3a8c1e-77aa-4b0e-9f11-3c5d7e9a0b12",
        &[b'x'; 64],
        &[b'x'; 65],
        &[b'x'; 255],
    ] {
        let mut rig = rig();
        let sequence = rig.submit(1);
        rig.accept(sequence, id);
        assert_eq!(rig.events(), [took(1, id, false)], "{}", id.len());
        assert_eq!(rig.link.in_flight(), 0);
    }
}

#[test]
fn t17_error_responses_of_every_shape_refuse_the_segment() {
    let status = CommandStatus::ESME_RINVDSTADR.0;
    for body in [
        &b""[..],
        b"\0",
        b"0123456789abcdef\0",
        b"\0\x00\x1d\x00\x04nope",
        b"id\0\x04\x23\x00\x03\x03\x00\x01",
    ] {
        let mut rig = rig();
        let sequence = rig.submit(1);
        rig.feed(&pdu(CommandId::SUBMIT_SM_RESP, status, sequence, body));
        let events = rig.events();
        assert!(
            matches!(events[..], [LinkEvent::Refused { ticket: 1, .. }]),
            "{events:?}"
        );
        assert_eq!(rig.link.state(), LinkState::Up);
    }
}

#[test]
fn t17_our_errors_are_a_header_alone_unless_the_carrier_wants_a_nul() {
    for (body, octets) in [(ErrorBody::None, &b""[..]), (ErrorBody::EmptyId, b"\0")] {
        let mut rig = Rig::bound(profile(|p| p.error_body = body));
        rig.events();
        rig.feed(&deliver(5, &receipt(b"id:1 stat:DELIVRD", b"")));
        let LinkEvent::Receipt { handle, .. } = rig.events()[0] else {
            panic!("no receipt");
        };
        rig.link.answer(handle, false);
        rig.turn();
        let sent = rig.sent_one();
        assert_eq!(sent.command, CommandId::DELIVER_SM_RESP);
        assert!(!sent.status.is_ok());
        assert_eq!(sent.body, octets);
    }
}

#[test]
fn t19_inbound_sequence_numbers_of_any_value_are_echoed() {
    let mut rig = rig();
    for sequence in [0, 0, 1, 0x8000_0000, u32::MAX, u32::MAX] {
        rig.feed(&deliver(sequence, &receipt(b"id:1 stat:DELIVRD", b"")));
        let LinkEvent::Receipt { handle, .. } = rig.events()[0] else {
            panic!("no receipt");
        };
        rig.link.answer(handle, true);
        rig.turn();
        assert_eq!(rig.sent_one().sequence, sequence);
    }
}

#[test]
fn t20_response_with_a_foreign_sequence_settles_nothing() {
    let mut rig = rig();
    let sequence = rig.submit(1);
    rig.accept(sequence + 1000, b"a");
    assert_eq!(rig.events(), []);
    assert_eq!(rig.link.in_flight(), 1);
    rig.accept(sequence, b"b");
    assert_eq!(rig.events(), [took(1, b"b", false)]);
}

#[test]
fn t21_shuffled_window_gives_each_segment_its_own_id() {
    let mut rig = rig();
    let mut sequences: Vec<(u64, u32)> = (0..100)
        .map(|ticket| (ticket, rig.submit(ticket)))
        .collect();
    assert!(rig.try_submit(100).is_err(), "the window is full");
    // A fixed shuffle: 37 and 100 have no common divisor.
    sequences.sort_by_key(|(ticket, _)| ticket * 37 % 100);
    let answers: Vec<u8> = sequences
        .iter()
        .flat_map(|(ticket, sequence)| accepted(*sequence, format!("id-{ticket}").as_bytes()))
        .collect();
    rig.feed(&answers);
    let events = rig.events();
    assert_eq!(events.len(), 100);
    for (event, (ticket, _)) in events.iter().zip(&sequences) {
        assert_eq!(
            *event,
            took(*ticket, format!("id-{ticket}").as_bytes(), false)
        );
    }
    assert_eq!(rig.link.free_slots(), 100);
}

#[test]
fn t22_late_response_is_told_once_and_the_link_stays_up() {
    let mut rig = rig();
    let sequence = rig.submit(1);
    rig.pipes[0].borrow_mut().state = carrack_runtime::TransportState::Open;
    rig.advance(10 * SECOND);
    assert_eq!(rig.events(), [LinkEvent::TimedOut { ticket: 1 }]);
    assert_eq!(rig.link.free_slots(), 100, "no slot leaks");
    rig.advance(5 * SECOND);
    rig.accept(sequence, b"late");
    rig.accept(sequence, b"late");
    assert_eq!(rig.events(), [took(1, b"late", true)]);
    assert_eq!(rig.link.state(), LinkState::Up);
}

#[test]
fn t22_doubled_response_counts_once() {
    let mut rig = rig();
    let sequence = rig.submit(1);
    rig.feed(&[accepted(sequence, b"a"), accepted(sequence, b"b")].concat());
    assert_eq!(rig.events(), [took(1, b"a", false)]);
    assert_eq!(rig.link.free_slots(), 100);
}

/// Submits answered in a round of 5 ms, with every hundredth response lost; segments a second.
fn rate(window: u32, loses: bool, patience: bool) -> u64 {
    let mut rig = Rig::bound(profile(|p| {
        p.window = window;
        p.slot_patience = patience;
    }));
    let (mut ticket, mut settled) = (0_u64, 0_u64);
    let mut out = std::collections::VecDeque::<(u64, u32)>::new();
    // Many times what would fill the window with lost ones.
    let seconds = if window > 10 { 4 } else { 20 };
    let end_ns = rig.now.mono_ns + seconds * SECOND;
    while rig.now.mono_ns < end_ns {
        while rig.link.free_slots() > 0 {
            let sequence = rig.submit(ticket);
            ticket += 1;
            if !loses || !ticket.is_multiple_of(100) {
                out.push_back((rig.now.mono_ns + 5 * MS, sequence));
            }
        }
        rig.advance(MS / 2);
        while let Some((due_ns, sequence)) = out.front().copied()
            && due_ns <= rig.now.mono_ns
        {
            out.pop_front();
            rig.feed_on(0, &accepted(sequence, b"x"));
        }
        rig.turn();
        settled += rig.events().len() as u64;
    }
    settled / seconds
}

#[test]
fn t27_one_lost_response_in_a_hundred_costs_little() {
    for window in [1, 10, 100] {
        let (clean, lossy) = (rate(window, false, true), rate(window, true, true));
        assert!(
            lossy * 100 >= clean * 95,
            "window {window}: {lossy} of {clean}"
        );
    }
}

#[test]
fn t27_without_patience_the_same_loss_costs_most_of_the_rate() {
    let (clean, lossy) = (rate(10, false, false), rate(10, true, false));
    assert!(lossy * 2 < clean, "{lossy} of {clean}");
}

#[test]
fn t27_carrier_that_answers_nothing_is_not_flooded() {
    let mut rig = Rig::bound(profile(|p| p.window = 10));
    rig.events();
    let mut ticket = 0;
    for _ in 0..4000 {
        while rig.link.free_slots() > 0 {
            rig.submit(ticket);
            ticket += 1;
        }
        rig.advance(MS);
    }
    assert!(ticket <= 11, "{ticket}");
}

#[test]
fn t42_nack_with_our_sequence_refuses_that_segment_by_its_class() {
    let mut rig = rig();
    let (first, second) = (rig.submit(1), rig.submit(2));
    rig.feed(&pdu(
        CommandId::GENERIC_NACK,
        CommandStatus::ESME_RTHROTTLED.0,
        first,
        b"",
    ));
    let events = rig.events();
    assert!(
        matches!(&events[..], [LinkEvent::Refused { ticket: 1, refusal, .. }]
            if refusal.disposition == carrack_carrier::Disposition::Throttled),
        "{events:?}"
    );
    rig.accept(second, b"b");
    assert_eq!(rig.events(), [took(2, b"b", false)]);
}

#[test]
fn t42_nacks_without_a_request_are_borne_and_then_the_link_binds_again() {
    let mut rig = rig();
    rig.submit(1);
    rig.feed(&pdu(CommandId::GENERIC_NACK, 3, 0, b""));
    assert_eq!(rig.events(), []);
    assert_eq!(rig.link.state(), LinkState::Up);
    for _ in 0..16 {
        rig.feed(&pdu(CommandId::GENERIC_NACK, 3, 0, b""));
    }
    assert_eq!(rig.events()[0], LinkEvent::Unanswered { ticket: 1 });
    assert_eq!(rig.link.state(), LinkState::Down);
}

#[test]
fn t42_unknown_request_is_nacked_and_the_link_stays_up() {
    let mut rig = rig();
    rig.feed(&pdu(CommandId(0x0000_0777), 0, 5, b"what"));
    let sent = rig.sent_one();
    assert_eq!(sent.command, CommandId::GENERIC_NACK);
    assert_eq!(sent.status, CommandStatus::ESME_RINVCMDID);
    assert_eq!(sent.sequence, 5);
    assert_eq!(rig.link.state(), LinkState::Up);
}

#[test]
fn t43_every_split_gives_the_same_events() {
    let stream = |first: u32, second: u32| {
        [
            accepted(first, b"first"),
            deliver(9, &receipt(b"id:first stat:DELIVRD err:000", b"")),
            pdu(CommandId::ENQUIRE_LINK, 0, 10, b""),
            accepted(second, b"second"),
        ]
        .concat()
    };
    let mut whole = rig();
    let octets = stream(whole.submit(1), whole.submit(2));
    whole.feed(&octets);
    let expected = whole.events();
    assert_eq!(expected.len(), 3);
    for split in 1..octets.len() {
        let mut rig = rig();
        let octets = stream(rig.submit(1), rig.submit(2));
        rig.feed(&octets[..split]);
        rig.feed(&octets[split..]);
        assert_eq!(rig.events(), expected, "split at {split}");
    }
    let mut drip = rig();
    let octets = stream(drip.submit(1), drip.submit(2));
    for octet in &octets {
        drip.feed(&[*octet]);
    }
    assert_eq!(drip.events(), expected);
}

#[test]
fn output_that_is_taken_in_pieces_arrives_whole() {
    let mut rig = rig();
    rig.pipes[0].borrow_mut().room = 7;
    for ticket in 0..50 {
        rig.try_submit(ticket).unwrap();
    }
    let mut turns = 0;
    while turns < 1000 {
        rig.link.flush();
        turns += 1;
    }
    assert_eq!(rig.sent().len(), 50);
}
