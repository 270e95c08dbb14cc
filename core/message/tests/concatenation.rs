//! Concatenation headers are read in both forms, and never beyond themselves.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use carrack_message::segment::{Concatenation, Udh8, header_octets, parse_concatenation};
use proptest::prelude::*;

proptest! {
    #[test]
    fn what_we_write_is_read(reference in any::<u8>(), total in 1_u8..=255, part in 1_u8..=255, text in prop::collection::vec(any::<u8>(), 0..134)) {
        let mut octets = Vec::new();
        Udh8 { reference, total, part }.write(&mut octets);
        prop_assert_eq!(octets.as_slice(), [5, 0, 3, reference, total, part]);
        octets.extend(text);
        let expected = (part <= total).then_some(Concatenation {
            reference: u16::from(reference), total, part, header_octets: 6,
        });
        prop_assert_eq!(parse_concatenation(&octets, true), expected);
        prop_assert_eq!(parse_concatenation(&octets, false), None);
    }

    #[test]
    fn sixteen_bits_among_other_elements_are_read(reference in any::<u16>(), port in any::<[u8; 4]>()) {
        let [high, low] = reference.to_be_bytes();
        let mut octets = vec![12, 0x05, 4];
        octets.extend(port);
        octets.extend([0x08, 4, high, low, 3, 2]);
        octets.extend(b"text");
        let expected = Concatenation { reference, total: 3, part: 2, header_octets: 13 };
        prop_assert_eq!(parse_concatenation(&octets, true), Some(expected));
    }

    #[test]
    fn no_octets_panic_and_what_is_found_makes_sense(octets in prop::collection::vec(any::<u8>(), 0..160), small in prop::collection::vec(0_u8..9, 0..20)) {
        for octets in [octets, small] {
            if let Some(found) = parse_concatenation(&octets, true) {
                prop_assert!(found.part >= 1 && found.part <= found.total);
                prop_assert!(found.header_octets <= octets.len());
                prop_assert_eq!(header_octets(&octets), Some(found.header_octets));
            }
        }
    }
}

#[test]
fn a_header_that_contradicts_itself_is_none() {
    for octets in [
        &[][..],
        &[5],
        &[5, 0, 3, 1, 2],
        &[5, 0, 3, 1, 0, 0],
        &[5, 0, 3, 1, 2, 3],
        &[5, 0, 4, 1, 2, 1],
        &[4, 0, 2, 1, 2, 9],
        &[0, 0, 3, 1, 2, 1],
    ] {
        assert_eq!(parse_concatenation(octets, true), None, "{octets:?}");
    }
}

#[test]
fn of_two_concatenations_the_last_counts() {
    let octets = [10, 0, 3, 1, 2, 1, 0, 3, 9, 4, 3];
    let found = parse_concatenation(&octets, true).unwrap();
    assert_eq!((found.reference, found.total, found.part), (9, 4, 3));
}
