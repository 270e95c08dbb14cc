//! Octets become text and text octets in every alphabet, and nothing is lost without being counted.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use carrack_message::Alphabet;
use carrack_message::alphabet::{ascii, choose, gsm7, latin1, ucs2};
use proptest::prelude::*;

const GSM: &str = "[@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,./:;<=>?¡A-ZÄÖÑÜ§¿a-zäöñüà0-9\u{c}\\^{}\\\\\\[~\\]|€-]{0,400}";

proptest! {
    #[test]
    fn gsm_text_comes_back(text in GSM) {
        let mut octets = Vec::new();
        gsm7::encode(&text, &mut octets).unwrap();
        prop_assert_eq!(gsm7::fits(&text), Some(octets.len()));
        prop_assert!(octets.iter().all(|octet| *octet < 128));
        let mut back = String::new();
        prop_assert_eq!(gsm7::decode(&octets, &mut back), 0);
        prop_assert_eq!(back, text.as_str());
        prop_assert_eq!(choose(&text), Alphabet::Gsm7);
    }

    #[test]
    fn every_octet_string_decodes_in_every_alphabet(octets in prop::collection::vec(any::<u8>(), 0..300)) {
        let mut text = String::new();
        let replaced = gsm7::decode(&octets, &mut text);
        prop_assert!(replaced <= octets.len());
        prop_assert!(text.chars().filter(|c| *c == char::REPLACEMENT_CHARACTER).count() <= replaced);
        text.clear();
        prop_assert_eq!(ucs2::decode(&octets, &mut text) >= octets.len() % 2, true);
        ucs2::decode_marked(&octets, &mut text);
        text.clear();
        prop_assert_eq!(ascii::decode(&octets, &mut text), octets.iter().filter(|octet| **octet > 127).count());
        prop_assert_eq!(text.chars().count(), octets.len());
        text.clear();
        prop_assert_eq!(latin1::decode(&octets, &mut text), 0);
        prop_assert!(text.chars().map(u32::from).eq(octets.iter().map(|octet| u32::from(*octet))));
    }

    #[test]
    fn ucs2_text_comes_back(text in any::<String>()) {
        let mut octets = Vec::new();
        ucs2::encode(&text, &mut octets);
        prop_assert_eq!(octets.len(), 2 * ucs2::units(&text));
        let mut back = String::new();
        prop_assert_eq!(ucs2::decode(&octets, &mut back), 0);
        prop_assert_eq!(back, text);
    }

    #[test]
    fn a_refused_text_leaves_the_buffer_alone_and_names_the_place(before in GSM, after in GSM) {
        let text = format!("{before}я{after}");
        let mut out = vec![7];
        let fault = gsm7::encode(&text, &mut out).unwrap_err();
        prop_assert_eq!(out, [7]);
        prop_assert_eq!((fault.found, fault.position), ('я', before.chars().count()));
        prop_assert_eq!(choose(&text), Alphabet::Ucs2);
    }
}

#[test]
fn every_scalar_value_comes_back_through_ucs2() {
    let (mut octets, mut back) = (Vec::new(), String::new());
    for found in (0..=0x10FFFF_u32).filter_map(char::from_u32) {
        octets.clear();
        back.clear();
        let mut text = [0; 4];
        ucs2::encode(found.encode_utf8(&mut text), &mut octets);
        assert_eq!(ucs2::decode(&octets, &mut back), 0);
        assert!(back.chars().eq([found]));
    }
}

#[test]
fn broken_utf16_is_marked_and_counted() {
    for (octets, text, replaced) in [
        (&[0x00, 0x41, 0xD8, 0x3D][..], "A\u{FFFD}", 1),
        (&[0xDE, 0x00, 0x00, 0x41], "\u{FFFD}A", 1),
        (&[0xD8, 0x3D, 0x00, 0x41], "\u{FFFD}A", 1),
        (&[0x00, 0x41, 0x42], "A\u{FFFD}", 1),
        (&[0xD8, 0x3D, 0xDE, 0x00], "\u{1F600}", 0),
        (&[0xD8], "\u{FFFD}", 1),
    ] {
        let mut back = String::new();
        assert_eq!(ucs2::decode(octets, &mut back), replaced, "{octets:x?}");
        assert_eq!(back, text, "{octets:x?}");
    }
}

#[test]
fn a_byte_order_mark_is_obeyed_only_where_asked() {
    let mut text = String::new();
    assert_eq!(ucs2::decode_marked(&[0xFF, 0xFE, 0x41, 0x00], &mut text), 0);
    assert_eq!(ucs2::decode_marked(&[0xFE, 0xFF, 0x00, 0x42], &mut text), 0);
    assert_eq!(ucs2::decode(&[0xFE, 0xFF, 0x00, 0x43], &mut text), 0);
    assert_eq!(text, "AB\u{FEFF}C");
}

#[test]
fn data_coding_is_that_of_the_specification() {
    assert_eq!(
        (Alphabet::Gsm7.data_coding(), Alphabet::Ucs2.data_coding()),
        (0, 8)
    );
    for alphabet in [Alphabet::Gsm7, Alphabet::Ucs2] {
        assert_eq!(
            Alphabet::from_data_coding(alphabet.data_coding()),
            Some(alphabet)
        );
    }
    assert_eq!(Alphabet::from_data_coding(4), None);
}
