//! Packed septets come back for every length and after every header.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use carrack_message::alphabet::packed::{
    Padding, fill_bits, pack, septets_held, unpack, unpack_padded,
};
use proptest::prelude::*;

#[test]
fn every_length_comes_back_after_every_header() {
    for header_octets in 0..=140 {
        let fill = fill_bits(header_octets);
        assert_eq!((header_octets * 8 + usize::from(fill)) % 7, 0);
        for length in 0..=160_usize {
            let septets: Vec<u8> = (0..length)
                .map(|place| (place * 37 + length) as u8 & 0x7F)
                .collect();
            let mut octets = Vec::new();
            pack(&septets, fill, Padding::Zero, &mut octets);
            assert_eq!(octets.len(), (length * 7 + usize::from(fill)).div_ceil(8));
            let mut back = Vec::new();
            unpack(&octets, fill, length, &mut back);
            assert_eq!(back, septets, "{length} after {header_octets}");
            assert!(septets_held(octets.len(), fill) - length <= 1);
        }
    }
}

#[test]
fn fill_bits_are_zero() {
    let mut octets = Vec::new();
    pack(&[0x7F; 3], fill_bits(6), Padding::Zero, &mut octets);
    assert_eq!(octets, [0xFE, 0xFF, 0x3F]);
}

#[test]
fn packing_is_that_of_the_specification() {
    let mut octets = Vec::new();
    pack(b"hellohello", 0, Padding::Zero, &mut octets);
    assert_eq!(
        octets,
        [0xE8, 0x32, 0x9B, 0xFD, 0x46, 0x97, 0xD9, 0xEC, 0x37]
    );
}

#[test]
fn seven_spare_bits_are_not_read_as_an_at_sign() {
    let mut octets = Vec::new();
    pack(b"1234567", 0, Padding::CarriageReturn, &mut octets);
    assert_eq!(octets.len(), 7);
    let mut back = Vec::new();
    unpack_padded(&octets, 0, &mut back);
    assert_eq!(back, b"1234567");
}

proptest! {
    #[test]
    fn padded_text_of_any_length_comes_back_without_its_length(
        septets in prop::collection::vec(prop_oneof![Just(0_u8), Just(13), 0_u8..128], 0..161), header_octets in 0_usize..8,
    ) {
        // A carriage return at the end may be doubled, as the specification has it.
        let fill = fill_bits(header_octets);
        let mut octets = Vec::new();
        pack(&septets, fill, Padding::CarriageReturn, &mut octets);
        let mut back = Vec::new();
        unpack_padded(&octets, fill, &mut back);
        let doubled = septets.last() == Some(&13) && back.len() == septets.len() + 1 && back.last() == Some(&13);
        if doubled {
            back.pop();
        }
        prop_assert_eq!(back, septets);
    }

    #[test]
    fn no_octets_panic(octets in prop::collection::vec(any::<u8>(), 0..200), fill in any::<u8>(), count in any::<usize>()) {
        let mut out = Vec::new();
        unpack(&octets, fill, count, &mut out);
        prop_assert!(out.len() <= count && out.iter().all(|septet| *septet < 128));
        unpack_padded(&octets, fill, &mut out);
        let _ = (septets_held(octets.len(), fill), fill_bits(octets.len()));
        let mut again = Vec::new();
        pack(&octets, fill, Padding::CarriageReturn, &mut again);
    }
}
