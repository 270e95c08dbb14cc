//! A customer's own segments reach every form of carrier as the same text, part of the same message.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use carrack_message::segment::udh::{Header, HeaderWriter, element};
use carrack_message::wire::{
    DataCodings, Encoded, FlashForm, Latin1Use, LongMethod, NationalLanguage, Reading, Sar,
    TextForm, WireAlphabet, WireFault,
};
use proptest::prelude::*;

fn form(default_alphabet: WireAlphabet) -> TextForm {
    TextForm {
        default_alphabet,
        ..TextForm::default()
    }
}

fn converted(form: &TextForm, data_coding: u8, esm_class: u8, octets: &[u8]) -> (Encoded, Vec<u8>) {
    let mut out = vec![0xEE];
    let encoded = form
        .convert(data_coding, esm_class, octets, &mut out)
        .unwrap();
    assert_eq!(out.remove(0), 0xEE);
    (encoded, out)
}

fn text(form: &TextForm, encoded: &Encoded, octets: &[u8]) -> String {
    let mut text = String::new();
    let decoded = form.decode(encoded.data_coding, encoded.esm_class, octets, &mut text);
    assert_eq!(decoded.oddities.replaced, 0);
    text
}

#[test]
fn what_the_carrier_takes_as_it_is_goes_untouched() {
    let form = TextForm::default();
    for (data_coding, esm_class, octets) in [
        (0, 0, &b"hello"[..]),
        (0, 0x40, b"\x05\x00\x03\x07\x02\x01hello"),
        (8, 0x40, b"\x05\x00\x03\x07\x02\x01\x04\x1f"),
        (4, 0x40, b"\x06\x05\x04\x0b\x84\x23\xf0\x01\x02\xff"),
        (0, 0, b"caf\xe9"),
        (1, 0, b"plain"),
        (2, 0, b"\x00\xff"),
        (0xF5, 0x40, b"\x06\x05\x04\x15\x81\x00\x00\x30"),
        (8, 0, b"odd"),
        (6, 0, b"\xbf\xe0"),
        (0xF1, 0, b"class one"),
        (0xC8, 0, b"voice mail"),
        (0xE8, 0, b"\x04\x1f"),
        (0, 0, b""),
        // A header whose elements do not fill it: nobody knows what it says.
        (4, 0x40, b"\x05\x00\x09\x07\x02\x01hello"),
    ] {
        let (encoded, out) = converted(&form, data_coding, esm_class, octets);
        assert_eq!(out, octets);
        let expected = Encoded {
            data_coding,
            esm_class,
            sar: None,
            payload: false,
            flash_subunit: false,
            segments: 1,
        };
        assert_eq!(encoded, expected, "{octets:x?}");
    }
}

#[test]
fn sixteen_bits_become_eight_but_eight_never_sixteen() {
    let wide = TextForm {
        reference_bits: 16,
        ..TextForm::default()
    };
    let sixteen = b"\x06\x08\x04\x12\x34\x03\x02hello";
    let eight = b"\x05\x00\x03\x34\x03\x02hello";
    let (encoded, out) = converted(&TextForm::default(), 0, 0x40, sixteen);
    assert_eq!((encoded.esm_class, out.as_slice()), (0x40, &eight[..]));
    assert_eq!(converted(&wide, 0, 0x40, sixteen).1, sixteen);
    assert_eq!(converted(&wide, 0, 0x40, eight).1, eight);
}

#[test]
fn a_header_becomes_sar_and_what_else_it_says_stays() {
    let sar = TextForm {
        long_method: LongMethod::Sar,
        ..TextForm::default()
    };
    let part = |reference| {
        Some(Sar {
            reference,
            total: 3,
            part: 2,
        })
    };
    let (encoded, out) = converted(&sar, 0, 0x40, b"\x05\x00\x03\x34\x03\x02hello");
    assert_eq!((encoded.esm_class, encoded.sar), (0, part(0x34)));
    assert_eq!(out, b"hello");
    let (encoded, out) = converted(&sar, 0, 0x40, b"\x06\x08\x04\x12\x34\x03\x02hello");
    assert_eq!((encoded.esm_class, encoded.sar), (0, part(0x1234)));
    assert_eq!(out, b"hello");
    let (encoded, out) = converted(
        &sar,
        4,
        0x40,
        b"\x0b\x05\x04\x0b\x84\x23\xf0\x00\x03\x34\x03\x02\x01\x02",
    );
    assert_eq!((encoded.esm_class, encoded.sar), (0x40, part(0x34)));
    assert_eq!(out, b"\x06\x05\x04\x0b\x84\x23\xf0\x01\x02");
    // One of one is no part.
    let (encoded, out) = converted(&sar, 0, 0x40, b"\x05\x00\x03\x34\x01\x01hello");
    assert_eq!((encoded.esm_class, encoded.sar), (0, None));
    assert_eq!(out, b"hello");
}

#[test]
fn packed_septets_begin_where_the_header_ends() {
    let packed = form(WireAlphabet::Gsm7Packed);
    for length in 0..=153 {
        let body: Vec<u8> = (0..length).map(|place| b'a' + place as u8 % 26).collect();
        let mut octets = b"\x05\x00\x03\x07\x02\x01".to_vec();
        octets.extend(&body);
        let (encoded, out) = converted(&packed, 0, 0x40, &octets);
        assert!(out.len() <= 140);
        let whole = String::from_utf8(body).unwrap();
        assert_eq!(text(&packed, &encoded, &out), whole);
    }
    let mut out = vec![1];
    let fault = packed.convert(0, 0, b"caf\xe9", &mut out).unwrap_err();
    assert_eq!(
        fault,
        WireFault::Unreadable {
            octet: 0xE9,
            position: 3
        }
    );
    assert_eq!(out, [1]);
}

#[test]
fn a_default_alphabet_of_octets_gets_the_text_in_it() {
    for alphabet in [
        WireAlphabet::Ascii,
        WireAlphabet::Latin1,
        WireAlphabet::Windows1252,
    ] {
        let form = form(alphabet);
        let (encoded, out) = converted(&form, 0, 0x40, b"\x05\x00\x03\x07\x02\x01a\x00b\x1b\x3c");
        assert_eq!(out, b"\x05\x00\x03\x07\x02\x01a@b[");
        assert_eq!((encoded.data_coding, encoded.esm_class), (0, 0x40));
        // A Greek letter is in none of them: the segment goes as UCS-2, with its header.
        let (encoded, out) = converted(&form, 0, 0x40, b"\x05\x00\x03\x07\x02\x01\x15");
        assert_eq!(out, b"\x05\x00\x03\x07\x02\x01\x03\xa9");
        assert_eq!(encoded.data_coding, 8);
        // One that is too long for UCS-2 is refused and named.
        let mut long = b"\x05\x00\x03\x07\x02\x01".to_vec();
        long.extend([b'a'; 100]);
        long.push(0x15);
        assert!(form.convert(0, 0x40, &long, &mut Vec::new()).is_err());
        // Octets that are no septets were never GSM 7-bit: none is dropped.
        assert_eq!(converted(&form, 0, 0, b"caf\xe9").1, b"caf\xe9");
    }
}

#[test]
fn national_tables_stay_where_septets_stay_and_go_where_they_do_not() {
    let mut octets = Vec::new();
    let mut header = HeaderWriter::new(&mut octets);
    header.concatenation(7, false, 2, 1);
    header.element(element::LOCKING_SHIFT, &[NationalLanguage::Turkish as u8]);
    header.finish();
    octets.extend([0x0B, b'a']);
    for alphabet in [WireAlphabet::Gsm7, WireAlphabet::Gsm7Packed] {
        let form = form(alphabet);
        let (encoded, out) = converted(&form, 0, 0x40, &octets);
        assert_eq!(text(&form, &encoded, &out), "Ğa");
        assert_eq!(out[..9], octets[..9]);
    }
    let latin1 = form(WireAlphabet::Latin1);
    let (encoded, out) = converted(&latin1, 0, 0x40, &octets);
    assert_eq!(text(&latin1, &encoded, &out), "Ğa");
    assert_eq!(encoded.data_coding, 8);
    assert_eq!(out[..6], [5, 0, 3, 7, 2, 1]);
}

#[test]
fn data_codings_are_the_carriers_own() {
    let form = TextForm {
        data_codings: DataCodings {
            default_alphabet: 241,
            ascii: 17,
            latin1: 19,
            ucs2: 24,
            binary: 245,
        },
        latin1: Latin1Use::Always,
        ..TextForm::default()
    };
    for (from, to) in [
        (0, 241),
        (1, 17),
        (3, 19),
        (8, 24),
        (4, 245),
        (2, 2),
        (14, 14),
    ] {
        assert_eq!(converted(&form, from, 0, b"ab").0.data_coding, to);
    }
    let only = TextForm {
        data_codings_allowed: [0, 8].as_slice().into(),
        ..TextForm::default()
    };
    let (encoded, out) = converted(&only, 1, 0, b"a@b");
    assert_eq!((encoded.data_coding, out.as_slice()), (0, &b"a\x00b"[..]));
    let (encoded, out) = converted(&only, 1, 0, b"a`b");
    assert_eq!((encoded.data_coding, out.len()), (8, 6));
}

#[test]
fn flash_is_said_as_the_carrier_wants_it() {
    for (flash, gsm, ucs2) in [
        (FlashForm::GeneralCoding, (0x10, false), (0x18, false)),
        (FlashForm::ClassCoding, (0xF0, false), (0x18, false)),
        (FlashForm::Subunit, (0, true), (8, true)),
    ] {
        let form = TextForm {
            flash,
            ..TextForm::default()
        };
        for data_coding in [0x10, 0xF0, 0x50] {
            let (encoded, out) = converted(&form, data_coding, 0, b"now");
            assert_eq!((encoded.data_coding, encoded.flash_subunit), gsm);
            assert_eq!(out, b"now");
        }
        let (encoded, _) = converted(&form, 0x18, 0, b"\x04\x1f");
        assert_eq!((encoded.data_coding, encoded.flash_subunit), ucs2);
    }
    // Not among the codings that it takes: the parameter says it.
    let only = TextForm {
        data_codings_allowed: [0, 8].as_slice().into(),
        ..TextForm::default()
    };
    let (encoded, _) = converted(&only, 0x10, 0, b"now");
    assert_eq!((encoded.data_coding, encoded.flash_subunit), (0, true));
}

#[test]
fn long_raw_octets_are_counted_as_the_air_will_carry_them() {
    let form = TextForm::default();
    for (data_coding, octets, segments) in [
        (0, 160, 1),
        (0, 161, 2),
        (0, 306, 2),
        (0, 307, 3),
        (8, 140, 1),
        (8, 142, 2),
        (4, 268, 2),
        (4, 269, 3),
    ] {
        let (encoded, _) = converted(&form, data_coding, 0, &vec![b'a'; octets]);
        assert_eq!(encoded.segments, segments, "{data_coding} {octets}");
        assert_eq!(encoded.payload, octets > 254);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn a_segment_of_septets_is_the_same_text_everywhere(
        text_sent in "[a-zA-Z0-9 @£$éàÄ\\[€_]{0,140}",
        wide: bool, concatenated: bool, part in 1_u8..4, reference: u16, method in 0_usize..3, alphabet in 0_usize..5, bits: bool,
    ) {
        let mut octets = Vec::new();
        if concatenated {
            let mut header = HeaderWriter::new(&mut octets);
            header.concatenation(reference, wide, 3, part);
            header.finish();
        }
        let header = octets.len();
        carrack_message::alphabet::gsm7::encode(&text_sent, &mut octets).unwrap();
        octets.truncate(header + 152);
        // Not in the middle of a character of two septets.
        if octets.len() > header && octets.last() == Some(&0x1B) {
            octets.pop();
        }
        let mut kept = String::new();
        carrack_message::alphabet::gsm7::decode(&octets[header..], &mut kept);
        let form = TextForm {
            default_alphabet: [WireAlphabet::Gsm7, WireAlphabet::Gsm7Packed, WireAlphabet::Ascii, WireAlphabet::Latin1, WireAlphabet::Windows1252][alphabet],
            long_method: [LongMethod::Udh, LongMethod::Sar, LongMethod::Payload][method],
            reference_bits: if bits { 16 } else { 8 },
            ..TextForm::default()
        };
        let mut out = Vec::new();
        let Ok(encoded) = form.convert(0, if concatenated { 0x40 } else { 0 }, &octets, &mut out) else {
            // Only what a small alphabet lacks and UCS-2 does not hold in one segment.
            prop_assert!(out.is_empty() && alphabet >= 2 && kept.chars().count() > 66);
            return Ok(());
        };
        prop_assert_eq!(encoded.segments, 1);
        let mut back = String::new();
        let decoded = form.decode(encoded.data_coding, encoded.esm_class, &out, &mut back);
        prop_assert_eq!(back, kept);
        prop_assert_eq!(decoded.oddities.replaced, 0);
        let by_header = decoded.concatenation.map(|found| (found.reference, found.total, found.part));
        let by_sar = encoded.sar.map(|sar| (sar.reference, sar.total, sar.part));
        prop_assert!(by_header.is_none() || by_sar.is_none());
        let expected = if wide && (bits || method == 1) { reference } else { reference & 0xFF };
        prop_assert_eq!(by_header.or(by_sar), concatenated.then_some((expected, 3, part)));
    }

    #[test]
    fn no_octets_panic_and_a_refusal_writes_nothing(
        data_coding: u8, esm_class: u8, octets in prop::collection::vec(any::<u8>(), 0..300), alphabet in 0_usize..5, method in 0_usize..3, latin1 in 0_usize..3,
    ) {
        let form = TextForm {
            default_alphabet: [WireAlphabet::Gsm7, WireAlphabet::Gsm7Packed, WireAlphabet::Ascii, WireAlphabet::Latin1, WireAlphabet::Windows1252][alphabet],
            long_method: [LongMethod::Udh, LongMethod::Sar, LongMethod::Payload][method],
            latin1: [Latin1Use::Never, Latin1Use::IfGsmSafe, Latin1Use::Always][latin1],
            ..TextForm::default()
        };
        let mut out = vec![9];
        match form.convert(data_coding, esm_class, &octets, &mut out) {
            Err(_) => prop_assert_eq!(out, [9]),
            Ok(encoded) => {
                prop_assert!(encoded.segments >= 1);
                prop_assert!(encoded.esm_class & !0x40 == 0);
                prop_assert!(encoded.payload || out.len() - 1 <= 254);
                if encoded.esm_class == 0x40 {
                    prop_assert!(usize::from(out[1]) + 1 < out.len());
                }
            }
        }
        let mut text = String::new();
        let decoded = form.decode(data_coding, esm_class, &octets, &mut text);
        prop_assert!(decoded.reading != Reading::Octets || text.is_empty());
        prop_assert!(decoded.header_octets <= octets.len());
    }

    #[test]
    fn a_written_header_is_read_and_its_elements_are_kept(elements in prop::collection::vec((any::<u8>(), prop::collection::vec(any::<u8>(), 0..20)), 0..8), body in prop::collection::vec(any::<u8>(), 0..20)) {
        let mut octets = Vec::new();
        let mut writer = HeaderWriter::new(&mut octets);
        for (name, value) in &elements {
            prop_assert!(writer.element(*name, value));
        }
        let length = writer.finish();
        octets.extend(&body);
        if elements.is_empty() {
            prop_assert_eq!(length, 0);
            return Ok(());
        }
        let (header, rest) = Header::parse(&octets).unwrap();
        prop_assert_eq!(header.octets().len(), length);
        prop_assert_eq!(rest, &body[..]);
        let back: Vec<(u8, Vec<u8>)> = header.elements().map(|found| (found.name, found.value.to_vec())).collect();
        prop_assert_eq!(back, elements);
    }
}
