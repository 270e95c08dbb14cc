//! Whatever the carrier does, each segment and each question comes back exactly once.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod support;

use std::collections::BTreeMap;

use carrack_carrier::{Link, LinkEvent};
use carrack_smpp::*;
use proptest::prelude::*;
use support::*;

/// A step of the carrier or of time; numbers choose among what is out.
#[derive(Debug, Clone)]
enum Step {
    Submit,
    Query,
    Accept(usize),
    Refuse(usize, u32),
    Nack(usize),
    Double(usize),
    Wait(u64),
    Cut,
    Unbind,
    Receipt,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => Just(Step::Submit),
        2 => Just(Step::Query),
        6 => any::<usize>().prop_map(Step::Accept),
        2 => (any::<usize>(), prop_oneof![Just(0x58), Just(0x14), Just(0x45), Just(0x04), Just(0x55F)])
            .prop_map(|(place, status)| Step::Refuse(place, status)),
        1 => any::<usize>().prop_map(Step::Nack),
        1 => any::<usize>().prop_map(Step::Double),
        3 => (0..12_000_u64).prop_map(Step::Wait),
        1 => Just(Step::Cut),
        1 => Just(Step::Unbind),
        1 => Just(Step::Receipt),
    ]
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Told {
    in_time: u32,
    late: u32,
}

struct Book {
    told: BTreeMap<u64, Told>,
    questions: BTreeMap<u64, u32>,
    /// What the carrier has seen on this connection: command and sequence number.
    seen: Vec<(CommandId, u32)>,
}

impl Book {
    fn note(&mut self, events: Vec<LinkEvent>) {
        for event in events {
            match event {
                LinkEvent::Accepted { ticket, late, .. }
                | LinkEvent::Refused { ticket, late, .. } => {
                    let told = self.told.get_mut(&ticket).unwrap();
                    told.in_time += u32::from(!late);
                    told.late += u32::from(late);
                }
                LinkEvent::TimedOut { ticket } | LinkEvent::Unanswered { ticket } => {
                    self.told.get_mut(&ticket).unwrap().in_time += 1;
                }
                LinkEvent::Queried { ticket, .. } => *self.questions.get_mut(&ticket).unwrap() += 1,
                _ => {}
            }
        }
    }
}

fn take_sent(rig: &mut Rig, book: &mut Book) {
    for sent in rig.sent() {
        match sent.command {
            CommandId::BIND_TRANSCEIVER => {
                book.seen.clear();
                let body = pdu(CommandId::BIND_TRANSCEIVER_RESP, 0, sent.sequence, b"\0");
                rig.feed_on(0, &body);
            }
            CommandId::SUBMIT_SM | CommandId::QUERY_SM => {
                book.seen.push((sent.command, sent.sequence));
            }
            CommandId::ENQUIRE_LINK => {
                let body = pdu(CommandId::ENQUIRE_LINK_RESP, 0, sent.sequence, b"");
                rig.feed_on(0, &body);
            }
            _ => {}
        }
    }
}

fn reply(rig: &mut Rig, book: &Book, place: usize, status: u32) {
    let Some((command, sequence)) = book.seen.get(place % book.seen.len().max(1)).copied() else {
        return;
    };
    let body: &[u8] = match command {
        _ if status != 0 => b"",
        CommandId::QUERY_SM => b"a\0\0\x02\0",
        _ => b"a\0",
    };
    rig.feed_on(0, &pdu(command.response(), status, sequence, body));
}

fn run(window: u32, patience: bool, steps: &[Step]) -> Book {
    let mut rig = Rig::new(profile(|p| {
        p.window = window;
        p.slot_patience = patience;
    }));
    let mut book = Book {
        told: BTreeMap::new(),
        questions: BTreeMap::new(),
        seen: Vec::new(),
    };
    let mut ticket = 0;
    for step in steps {
        match step {
            Step::Submit => {
                ticket += 1;
                if rig.try_submit(ticket).is_ok() {
                    book.told.insert(ticket, Told::default());
                }
            }
            Step::Query => {
                ticket += 1;
                if rig.link.query(rig.now, ticket, b"a", &sender()).is_ok() {
                    book.questions.insert(ticket, 0);
                }
            }
            Step::Accept(place) => reply(&mut rig, &book, *place, 0),
            Step::Refuse(place, status) => reply(&mut rig, &book, *place, *status),
            Step::Nack(place) => {
                if let Some((_, sequence)) = book.seen.get(place % book.seen.len().max(1)) {
                    let nack = pdu(CommandId::GENERIC_NACK, 3, *sequence, b"");
                    rig.feed_on(0, &nack);
                }
            }
            Step::Double(place) => {
                reply(&mut rig, &book, *place, 0);
                reply(&mut rig, &book, *place, 0);
            }
            Step::Wait(ms) => rig.advance(ms * MS),
            Step::Cut => rig.cut(),
            Step::Unbind => rig.feed(&pdu(CommandId::UNBIND, 0, 1, b"")),
            Step::Receipt => rig.feed(&deliver(1, &receipt(b"id:a stat:DELIVRD", b""))),
        }
        rig.turn();
        take_sent(&mut rig, &mut book);
        rig.turn();
        let events = rig.events();
        book.note(events);
        assert!(rig.link.in_flight() + rig.link.free_slots() <= window);
    }
    // The end of the link settles the rest.
    rig.cut();
    rig.turn();
    let events = rig.events();
    book.note(events);
    assert_eq!(rig.link.in_flight(), 0);
    book
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn every_ticket_comes_back_exactly_once(
        window in prop_oneof![Just(1_u32), Just(2), Just(10), Just(100)],
        patience in any::<bool>(),
        steps in proptest::collection::vec(step(), 1..200),
    ) {
        let book = run(window, patience, &steps);
        for (ticket, told) in &book.told {
            prop_assert_eq!(told.in_time, 1, "segment {}: {:?}", ticket, told);
            prop_assert!(told.late <= 1, "segment {}: {:?}", ticket, told);
        }
        for (ticket, told) in &book.questions {
            prop_assert_eq!(*told, 1, "question {}", ticket);
        }
    }
}
