//! Parts become messages once, whatever order they come in, and what never comes is told.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use std::collections::HashMap;

use carrack_message::mo::{Mo, MoPart, Reassembly, ReassemblySettings, Taken};
use carrack_message::segment::udh::Ports;
use carrack_message::wire::{LongMethod, Reading, Sar, TextForm, WireAlphabet};
use proptest::prelude::*;

const SETTINGS: ReassemblySettings = ReassemblySettings {
    timeout_ns: 100,
    messages_max: 8,
    octets_max: 10_000,
};

fn part<'a>(data_coding: u8, esm_class: u8, octets: &'a [u8]) -> MoPart<'a> {
    MoPart {
        tag: 0,
        origin_kind: (1, 1),
        destination_kind: (1, 1),
        origin: b"447700900001",
        destination: b"1234",
        data_coding,
        esm_class,
        octets,
        sar: None,
    }
}

struct Desk {
    reassembly: Reassembly,
    form: TextForm,
    out: Vec<Mo>,
}

impl Desk {
    fn new(settings: ReassemblySettings) -> Self {
        Self {
            reassembly: Reassembly::new(settings),
            form: TextForm::default(),
            out: Vec::new(),
        }
    }

    fn take(&mut self, now_ns: u64, part: &MoPart<'_>) -> Taken {
        self.reassembly
            .take(now_ns, &self.form, part, &mut self.out)
    }

    fn expire(&mut self, now_ns: u64) {
        self.reassembly.expire(now_ns, &mut self.out);
    }

    fn texts(&mut self) -> Vec<(String, u8)> {
        self.out.drain(..).map(|mo| (mo.text, mo.missing)).collect()
    }
}

#[test]
fn a_message_of_one_part_is_whole_at_once() {
    let mut desk = Desk::new(SETTINGS);
    assert_eq!(desk.take(0, &part(0, 0, b"hello")), Taken::Whole);
    assert_eq!(
        desk.take(0, &part(0, 0x40, b"\x05\x00\x03\x07\x01\x01again")),
        Taken::Whole
    );
    assert_eq!(desk.take(0, &part(0, 0, b"")), Taken::Whole);
    assert_eq!(
        desk.texts(),
        [("hello".into(), 0), ("again".into(), 0), (String::new(), 0)]
    );
    assert_eq!(desk.reassembly.waiting(), 0);
}

#[test]
fn the_last_number_alone_makes_nothing_whole() {
    let mut desk = Desk::new(SETTINGS);
    assert_eq!(
        desk.take(0, &part(0, 0x40, b"\x05\x00\x03\x07\x03\x03c")),
        Taken::Held { missing: 2 }
    );
    assert_eq!(
        desk.take(1, &part(0, 0x40, b"\x05\x00\x03\x07\x03\x01a")),
        Taken::Held { missing: 1 }
    );
    assert!(desk.out.is_empty());
    assert_eq!(
        desk.take(2, &part(0, 0x40, b"\x05\x00\x03\x07\x03\x02b")),
        Taken::Whole
    );
    assert_eq!(desk.texts(), [("abc".into(), 0)]);
    assert_eq!(
        (desk.reassembly.waiting(), desk.reassembly.octets()),
        (0, 0)
    );
}

#[test]
fn a_part_that_comes_again_is_ignored_before_and_after_its_message_is_whole() {
    let mut desk = Desk::new(SETTINGS);
    let (first, second) = (
        part(0, 0x40, b"\x05\x00\x03\x07\x02\x01a"),
        part(0, 0x40, b"\x05\x00\x03\x07\x02\x02b"),
    );
    assert_eq!(desk.take(0, &first), Taken::Held { missing: 1 });
    assert_eq!(desk.take(1, &first), Taken::Repeated);
    assert_eq!(desk.take(2, &second), Taken::Whole);
    assert_eq!(desk.take(3, &first), Taken::Repeated);
    assert_eq!(desk.take(3, &second), Taken::Repeated);
    assert_eq!(desk.texts(), [("ab".into(), 0)]);
    assert_eq!(desk.reassembly.repeated(), 3);
    // Long after, it is a new message of the same words.
    desk.expire(102);
    assert_eq!(desk.take(103, &first), Taken::Held { missing: 1 });
}

#[test]
fn another_text_under_the_same_reference_is_another_message() {
    let mut desk = Desk::new(SETTINGS);
    desk.take(0, &part(0, 0x40, b"\x05\x00\x03\x07\x02\x01old"));
    assert_eq!(
        desk.take(1, &part(0, 0x40, b"\x05\x00\x03\x07\x02\x01new")),
        Taken::Held { missing: 1 }
    );
    assert_eq!(desk.texts(), [("old".into(), 1)]);
    desk.take(2, &part(0, 0x40, b"\x05\x00\x03\x07\x02\x02 one"));
    assert_eq!(desk.texts(), [("new one".into(), 0)]);
    // Also where the first was whole.
    desk.take(3, &part(0, 0x40, b"\x05\x00\x03\x07\x02\x02 two"));
    desk.take(3, &part(0, 0x40, b"\x05\x00\x03\x07\x02\x01also"));
    assert_eq!(desk.texts(), [("also two".into(), 0)]);
}

#[test]
fn origin_destination_reference_and_total_keep_messages_apart() {
    let mut desk = Desk::new(SETTINGS);
    let first = part(0, 0x40, b"\x05\x00\x03\x07\x02\x01a");
    desk.take(0, &first);
    for other in [
        MoPart {
            tag: 0,
            origin_kind: (1, 1),
            destination_kind: (1, 1),
            origin: b"447700900002",
            ..first
        },
        MoPart {
            tag: 0,
            destination: b"9999",
            ..first
        },
        part(0, 0x40, b"\x05\x00\x03\x08\x02\x01a"),
        part(0, 0x40, b"\x05\x00\x03\x07\x03\x01a"),
    ] {
        assert!(matches!(desk.take(0, &other), Taken::Held { .. }));
    }
    assert_eq!(desk.reassembly.waiting(), 5);
}

#[test]
fn what_came_is_handed_over_when_its_time_is_up() {
    let mut desk = Desk::new(SETTINGS);
    desk.take(10, &part(0, 0x40, b"\x05\x00\x03\x07\x03\x03c"));
    desk.take(50, &part(0, 0x40, b"\x05\x00\x03\x07\x03\x01a"));
    assert_eq!(desk.reassembly.next_deadline_ns(), Some(110));
    desk.expire(109);
    assert!(desk.out.is_empty());
    desk.expire(110);
    assert_eq!(desk.out[0].parts, 3);
    assert_eq!(desk.texts(), [("ac".into(), 1)]);
    assert_eq!(desk.reassembly.incomplete(), 1);
    assert_eq!(desk.reassembly.next_deadline_ns(), None);
}

#[test]
fn the_oldest_makes_room_past_every_bound() {
    let mut desk = Desk::new(ReassemblySettings {
        messages_max: 2,
        octets_max: 10,
        ..SETTINGS
    });
    for reference in 1..=3 {
        desk.take(
            reference.into(),
            &part(0, 0x40, &[5, 0, 3, reference, 2, 1, b'a']),
        );
    }
    assert_eq!(desk.reassembly.waiting(), 2);
    assert_eq!(desk.texts(), [("a".into(), 1)]);
    desk.take(4, &part(0, 0x40, b"\x05\x00\x03\x03\x02\x02123456789"));
    assert_eq!(desk.texts(), [("a".into(), 1), ("a123456789".into(), 0)]);
    desk.take(5, &part(0, 0x40, b"\x05\x00\x03\x09\x02\x01123456789"));
    assert_eq!(
        (desk.reassembly.waiting(), desk.reassembly.octets()),
        (1, 9)
    );
    // One that is past the bound alone is handed over as it is.
    desk.take(6, &part(0, 0x40, b"\x05\x00\x03\x0a\x02\x01123456789012"));
    assert_eq!(
        (desk.reassembly.waiting(), desk.reassembly.octets()),
        (0, 0)
    );
    assert_eq!(
        desk.texts(),
        [("123456789".into(), 1), ("123456789012".into(), 1)]
    );
}

#[test]
fn sar_header_and_payload_come_to_the_same() {
    let text = "word ".repeat(80);
    for long_method in [LongMethod::Udh, LongMethod::Sar, LongMethod::Payload] {
        for reference_bits in [8, 16] {
            let mut desk = Desk::new(SETTINGS);
            desk.form = TextForm {
                long_method,
                reference_bits,
                ..TextForm::default()
            };
            let plan = desk.form.plan(&text).unwrap();
            for number in (0..plan.parts).rev() {
                let mut octets = Vec::new();
                let encoded = desk
                    .form
                    .encode(&plan, &text, number, 0x1FF, &mut octets)
                    .unwrap();
                let sar = encoded.sar;
                desk.take(
                    0,
                    &MoPart {
                        sar,
                        ..part(encoded.data_coding, encoded.esm_class, &octets)
                    },
                );
            }
            assert_eq!(desk.texts(), [(text.clone(), 0)]);
        }
    }
}

#[test]
fn sar_that_contradicts_itself_is_no_part() {
    let mut desk = Desk::new(SETTINGS);
    for (total, number) in [(2, 3), (2, 0), (0, 0), (1, 1)] {
        let sar = Some(Sar {
            reference: 1,
            total,
            part: number,
        });
        assert_eq!(
            desk.take(
                0,
                &MoPart {
                    sar,
                    ..part(0, 0, b"x")
                }
            ),
            Taken::Whole
        );
    }
}

#[test]
fn a_pair_that_a_handset_cut_between_two_parts_is_whole_again() {
    let mut desk = Desk::new(SETTINGS);
    desk.take(0, &part(8, 0x40, b"\x05\x00\x03\x07\x02\x02\xde\x00\x00b"));
    desk.take(0, &part(8, 0x40, b"\x05\x00\x03\x07\x02\x01\x00a\xd8\x3d"));
    assert_eq!(desk.out[0].oddities.replaced, 0);
    assert_eq!(desk.texts(), [("a\u{1F600}b".into(), 0)]);
    desk.take(0, &part(0, 0x40, b"\x05\x00\x03\x08\x02\x01a\x1b"));
    desk.take(0, &part(0, 0x40, b"\x05\x00\x03\x08\x02\x02\x65b"));
    assert_eq!(desk.texts(), [("a€b".into(), 0)]);
    // Little-endian parts are seen through together.
    desk.take(0, &part(8, 0x40, b"\x05\x00\x03\x09\x02\x01H\x00e\x00"));
    desk.take(
        0,
        &part(8, 0x40, b"\x05\x00\x03\x09\x02\x02l\x00l\x00o\x00"),
    );
    assert!(desk.out[0].oddities.little_endian);
    assert_eq!(desk.texts(), [("Hello".into(), 0)]);
}

#[test]
fn parts_of_different_alphabets_are_each_read_in_their_own() {
    let mut desk = Desk::new(SETTINGS);
    desk.take(0, &part(0, 0x40, b"\x05\x00\x03\x07\x02\x01a\x00"));
    desk.take(0, &part(8, 0x40, b"\x05\x00\x03\x07\x02\x02\x04\x1f"));
    assert_eq!(desk.texts(), [("a@П".into(), 0)]);
}

#[test]
fn packed_parts_have_each_their_own_fill_bits() {
    let text = "packed words that go on and on ".repeat(10);
    let mut desk = Desk::new(SETTINGS);
    desk.form.default_alphabet = WireAlphabet::Gsm7Packed;
    let plan = desk.form.plan(&text).unwrap();
    assert!(plan.parts > 1);
    for number in 0..plan.parts {
        let mut octets = Vec::new();
        let encoded = desk
            .form
            .encode(&plan, &text, number, 3, &mut octets)
            .unwrap();
        desk.take(0, &part(encoded.data_coding, encoded.esm_class, &octets));
    }
    assert_eq!(desk.texts(), [(text, 0)]);
}

#[test]
fn what_is_no_text_keeps_its_octets_and_its_ports() {
    let mut desk = Desk::new(SETTINGS);
    desk.take(
        0,
        &part(
            4,
            0x40,
            b"\x0b\x05\x04\x0b\x84\x23\xf0\x00\x03\x07\x02\x02\x03\x04",
        ),
    );
    desk.take(
        0,
        &part(
            4,
            0x40,
            b"\x0b\x05\x04\x0b\x84\x23\xf0\x00\x03\x07\x02\x01\x01\x02",
        ),
    );
    let whole = desk.out.remove(0);
    assert_eq!(
        (whole.octets.as_slice(), whole.text.as_str()),
        (&b"\x01\x02\x03\x04"[..], "")
    );
    assert_eq!(whole.reading, Reading::Octets);
    assert_eq!(
        whole.ports,
        Some(Ports {
            destination: 0x0B84,
            source: 0x23F0
        })
    );
}

proptest! {
    #[test]
    fn every_message_is_handed_over_once_and_no_part_is_lost(
        totals in prop::collection::vec(2_u8..6, 1..8),
        order in prop::collection::vec((0_usize..8, 0_u8..6), 0..150),
    ) {
        // Enough room for all; parts of several messages in any order, many of them twice.
        let mut desk = Desk::new(SETTINGS);
        let mut came: HashMap<usize, Vec<u8>> = HashMap::new();
        for (message, number) in order {
            let Some(total) = totals.get(message) else { continue };
            let number = number % total + 1;
            let octets = [5, 0, 3, message as u8, *total, number, b'A' + message as u8, b'a' + number];
            let taken = desk.take(1, &part(0, 0x40, &octets));
            let numbers = came.entry(message).or_default();
            let again = numbers.contains(&number);
            prop_assert_eq!(taken == Taken::Repeated, again);
            if !again {
                numbers.push(number);
                prop_assert_eq!(taken == Taken::Whole, numbers.len() == usize::from(*total));
            }
        }
        let waiting = came.iter().filter(|(message, numbers)| numbers.len() < usize::from(totals[**message])).count();
        prop_assert_eq!(desk.reassembly.waiting(), waiting);
        desk.expire(u64::MAX);
        prop_assert_eq!(desk.out.len(), came.len());
        for mo in &desk.out {
            let message = usize::from(mo.text.as_bytes()[0] - b'A');
            let mut numbers = came[&message].clone();
            numbers.sort_unstable();
            let expected: String = numbers.iter().flat_map(|number| [(b'A' + message as u8) as char, (b'a' + number) as char]).collect();
            prop_assert_eq!(&mo.text, &expected);
            prop_assert_eq!(usize::from(mo.missing), usize::from(mo.parts) - numbers.len());
        }
        prop_assert_eq!((desk.reassembly.octets(), desk.reassembly.next_deadline_ns()), (0, None));
    }

    #[test]
    fn bounds_hold_whatever_comes(parts in prop::collection::vec((any::<u8>(), 0_u8..10, 0_u8..10, 0_usize..60, 0_u64..20), 0..200)) {
        let settings = ReassemblySettings { timeout_ns: 300, messages_max: 3, octets_max: 100 };
        let mut desk = Desk::new(settings);
        let (mut now_ns, mut sent, mut got) = (0, 0, 0);
        for (reference, total, number, length, later) in parts {
            now_ns += later;
            let mut octets = vec![5, 0, 3, reference % 4, total, number];
            octets.resize(6 + length, b'x');
            let taken = desk.take(now_ns, &part(0, 0x40, &octets));
            // A header that makes no sense is text as well.
            if taken != Taken::Repeated {
                sent += 1;
            }
            prop_assert!(desk.reassembly.waiting() <= 3 && desk.reassembly.octets() <= 100);
            desk.expire(now_ns);
        }
        desk.expire(u64::MAX);
        for mo in &desk.out {
            got += usize::from(mo.parts - mo.missing);
        }
        prop_assert_eq!(sent, got);
    }
}
