#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use super::super::octets::hex;
use super::*;
use proptest::prelude::*;

/// To +4915123456789, "hello" packed, relative validity, report wanted: from TS 23.040 by hand.
const GOOD: &[u8] = &[
    0x00, 0x31, 0x00, 0x0D, 0x91, 0x94, 0x51, 0x21, 0x43, 0x65, 0x87, 0xF9, 0x00, 0x00, 0xA7, 0x05,
    0xE8, 0x32, 0x9B, 0xFD, 0x06,
];

fn verdict(octets: &[u8]) -> Result<Submission, &'static str> {
    judge(&hex(octets), octets.len() - 1)
}

fn with(place: usize, octet: u8) -> Vec<u8> {
    let mut octets = GOOD.to_vec();
    octets[place] = octet;
    octets
}

#[test]
fn a_good_message_is_taken_as_it_is() {
    let taken = verdict(GOOD).unwrap();
    assert_eq!(taken.to, "4915123456789");
    assert_eq!(taken.body, b"hello");
    assert!(taken.wants_report);
    assert_eq!(taken.odd, None);
}

#[test]
fn each_octet_that_the_specification_forbids_has_its_own_refusal() {
    let cases: &[(usize, u8, &str)] = &[
        (1, 0x30, "not an SMS-SUBMIT"),
        (1, 0x71, "header longer than the user data"),
        (3, 0x00, "recipient of no digits, or of more than 20"),
        (3, 0x15, "recipient of no digits, or of more than 20"),
        (3, 0x0E, "recipient with half octets that are no digits"),
        (4, 0x11, "recipient without bit 7 of its type"),
        (4, 0xD1, "recipient that is a name"),
        (4, 0xF1, "recipient of a reserved type of number"),
        (4, 0x92, "recipient of a reserved numbering plan"),
        (
            5,
            0x90,
            "international recipient that begins with 0 or has more than 15 digits",
        ),
        (5, 0x9A, "recipient with half octets that are no digits"),
        (11, 0x09, "recipient of odd length not filled with F"),
        (12, 0x80, "reserved protocol identifier"),
        (13, 0x0C, "reserved alphabet"),
        (
            13,
            0x01,
            "data coding scheme with a class that its bit 4 denies",
        ),
        (13, 0x80, "reserved data coding scheme"),
        (13, 0xF8, "data coding scheme with a reserved bit"),
        (13, 0x20, "compressed text, which nobody can read"),
        (15, 0x07, "user data length is not that of the octets"),
        (15, 0xA1, "user data longer than one short message"),
        (20, 0x0E, "unused bits behind the text are not zero"),
    ];
    for (place, octet, refusal) in cases {
        assert_eq!(
            verdict(&with(*place, *octet)),
            Err(*refusal),
            "octet {place} = {octet:#04x}"
        );
    }
}

#[test]
fn the_length_of_the_command_is_that_of_the_tpdu_alone() {
    let digits = hex(GOOD);
    for length in [0, GOOD.len() - 2, GOOD.len(), GOOD.len() + 1] {
        assert_eq!(judge(&digits, length), Err("length is not that of AT+CMGS"));
    }
    assert_eq!(judge("0", 0), Err("not pairs of hexadecimal digits"));
    assert_eq!(judge("", 0), Err("no service centre address"));
}

#[test]
fn a_moment_of_validity_must_be_one() {
    let absolute = |moment: [u8; 7]| {
        let mut octets = GOOD.to_vec();
        octets[1] = 0x39;
        octets.splice(14..15, moment);
        verdict(&octets)
    };
    assert!(absolute([0x62, 0x21, 0x13, 0x32, 0x95, 0x95, 0x4A]).is_ok());
    assert!(absolute([0x62, 0x31, 0x13, 0x32, 0x95, 0x95, 0x40]).is_err());
    assert!(absolute([0x62, 0x00, 0x13, 0x32, 0x95, 0x95, 0x40]).is_err());
    assert!(absolute([0x62, 0x21, 0x13, 0x42, 0x95, 0x95, 0x40]).is_err());
}

/// A UCS-2 part with this header.
fn part(header: &[u8], text: &[u8]) -> Result<Submission, &'static str> {
    let mut octets = GOOD[..14].to_vec();
    octets[1] = 0x51;
    octets[13] = 0x08;
    octets.push(0xA7);
    octets.push((header.len() + text.len()) as u8);
    octets.extend_from_slice(header);
    octets.extend_from_slice(text);
    verdict(&octets)
}

#[test]
fn headers_are_read_element_by_element() {
    let taken = part(&[5, 0, 3, 7, 2, 1], &[0x20, 0xAC]).unwrap();
    assert_eq!(
        taken.part,
        Some(Part {
            reference: 7,
            total: 2,
            number: 1
        })
    );
    let taken = part(&[6, 8, 4, 1, 7, 2, 2], &[0x20, 0xAC]).unwrap();
    assert_eq!(
        taken.part,
        Some(Part {
            reference: 0x107,
            total: 2,
            number: 2
        })
    );
    assert_eq!(
        part(&[5, 0, 3, 7, 2, 3], &[0, 65]),
        Err("part 0, or beyond the last one")
    );
    assert_eq!(
        part(&[5, 0, 3, 7, 2, 0], &[0, 65]),
        Err("part 0, or beyond the last one")
    );
    assert_eq!(
        part(&[4, 0, 2, 7, 2], &[0, 65]),
        Err("header element of a length that its kind has not")
    );
    assert_eq!(part(&[0], &[0, 65]), Err("header without an element"));
    assert_eq!(
        part(&[5, 0, 3, 7, 2, 1], &[65]),
        Err("half a UTF-16 unit at the end")
    );
    assert_eq!(
        part(&[10, 0, 3, 7, 2, 1, 0, 3, 7, 2, 1], &[]),
        Err("two concatenation elements")
    );
    assert_eq!(
        part(&[5, 0, 3, 7, 2, 1], &[0xD8, 0x3D]).unwrap().odd,
        Some("lone surrogate")
    );
}

proptest! {
    #[test]
    fn any_octets_have_a_verdict(octets in proptest::collection::vec(any::<u8>(), 0..200), length in 0_usize..200) {
        let _ = judge(&hex(&octets), length);
        let _ = verdict(&[&[0], octets.as_slice()].concat());
    }

    #[test]
    fn any_line_has_a_verdict(line in "\\PC{0,80}", length in 0_usize..80) {
        let _ = judge(&line, length);
    }

    #[test]
    fn no_octet_of_a_good_message_can_be_left_out_or_added(place in 0_usize..GOOD.len(), octet: u8) {
        let mut shorter = GOOD.to_vec();
        shorter.remove(place);
        prop_assert!(judge(&hex(&shorter), GOOD.len() - 1).is_err());
        let mut longer = GOOD.to_vec();
        longer.push(octet);
        prop_assert!(verdict(&longer).is_err());
    }
}
