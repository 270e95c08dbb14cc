//! Traps T28 to T36 of real carriers, on the side of text.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use carrack_message::alphabet::packed::{fill_bits, septets_held};
use carrack_message::alphabet::ucs2_repair;
use carrack_message::mo::{Mo, MoPart, Reassembly, ReassemblySettings};
use carrack_message::segment::udh::HeaderWriter;
use carrack_message::wire::{
    DataCodings, Encoded, FlashForm, Latin1Use, LongMethod, Sar, TextForm, WireAlphabet,
};

fn form(default_alphabet: WireAlphabet) -> TextForm {
    TextForm {
        default_alphabet,
        ..TextForm::default()
    }
}

fn one(form: &TextForm, text: &str) -> (Encoded, Vec<u8>) {
    let plan = form.plan(text).unwrap();
    assert_eq!(plan.parts, 1);
    let mut octets = Vec::new();
    let encoded = form.encode(&plan, text, 0, 1, &mut octets).unwrap();
    (encoded, octets)
}

fn read(form: &TextForm, data_coding: u8, esm_class: u8, octets: &[u8]) -> (String, usize) {
    let mut text = String::new();
    let decoded = form.decode(data_coding, esm_class, octets, &mut text);
    (text, decoded.oddities.replaced)
}

/// A header of so many octets, as an element that nobody knows.
fn header(octets: usize) -> Vec<u8> {
    let mut out = Vec::new();
    if octets >= 3 {
        let mut writer = HeaderWriter::new(&mut out);
        writer.element(0x70, &vec![0x55; octets - 3]);
        writer.finish();
    }
    out
}

#[test]
fn t28_packed_and_unpacked_come_back_for_every_length_and_every_header() {
    for alphabet in [WireAlphabet::Gsm7, WireAlphabet::Gsm7Packed] {
        let form = form(alphabet);
        for header_octets in std::iter::once(0).chain(3..=139) {
            let room = septets_held(140 - header_octets, fill_bits(header_octets));
            for length in 0..=room {
                // Every length ends in another letter, an at sign among them.
                let body: Vec<u8> = (0..length)
                    .map(|place| ((place * 7 + length) % 10) as u8)
                    .collect();
                let mut octets = header(header_octets);
                octets.extend(&body);
                let mut out = Vec::new();
                let esm_class = if header_octets > 0 { 0x40 } else { 0 };
                let encoded = form.convert(0, esm_class, &octets, &mut out).unwrap();
                assert_eq!(encoded.esm_class, esm_class);
                if alphabet == WireAlphabet::Gsm7Packed {
                    assert!(out.len() <= 140);
                }
                let (text, replaced) = read(&form, 0, esm_class, &out);
                let (sent, _) = read(&TextForm::default(), 0, 0, &body);
                assert_eq!(
                    (text, replaced),
                    (sent, 0),
                    "{length} after {header_octets}"
                );
            }
        }
    }
}

#[test]
fn t28_seven_spare_bits_are_no_at_sign_and_a_real_one_stays() {
    let packed = form(WireAlphabet::Gsm7Packed);
    for text in [
        "1234567",
        "123456@",
        "1234567@",
        "1234567\r",
        "12345678",
        "@",
        "",
    ] {
        let (encoded, octets) = one(&packed, text);
        let (back, replaced) = read(&packed, encoded.data_coding, 0, &octets);
        assert_eq!(replaced, 0);
        // As the specification has it, a carriage return at the end may be there twice.
        let back = back.replace("\r\r", "\r");
        assert_eq!(back, text);
    }
    // A full segment that ends in a carriage return has no room to double it.
    let full = "a".repeat(159) + "\r";
    assert_eq!(packed.plan(&full).unwrap().segments, 2);
    assert_eq!(form(WireAlphabet::Gsm7).plan(&full).unwrap().segments, 1);
}

#[test]
fn t29_data_coding_0_is_what_the_link_says() {
    let text = "£10 @ café [ok] ñ";
    for (alphabet, first) in [
        (WireAlphabet::Gsm7, 0x01),
        (WireAlphabet::Latin1, 0xA3),
        (WireAlphabet::Windows1252, 0xA3),
    ] {
        let form = form(alphabet);
        let (encoded, octets) = one(&form, text);
        assert_eq!((encoded.data_coding, octets[0]), (0, first), "{alphabet:?}");
        assert_eq!(read(&form, 0, 0, &octets), (text.to_owned(), 0));
    }
    // What the alphabet lacks is not dropped: the text goes as UCS-2.
    for (alphabet, text) in [
        (WireAlphabet::Ascii, "café"),
        (WireAlphabet::Latin1, "5 €"),
        (WireAlphabet::Windows1252, "Ω"),
        (WireAlphabet::Gsm7, "ê"),
    ] {
        let form = form(alphabet);
        let (encoded, octets) = one(&form, text);
        assert_eq!(encoded.data_coding, 8);
        assert_eq!(read(&form, 8, 0, &octets), (text.to_owned(), 0));
    }
    // Every octet that comes in is shown or counted.
    for alphabet in [
        WireAlphabet::Gsm7,
        WireAlphabet::Ascii,
        WireAlphabet::Latin1,
        WireAlphabet::Windows1252,
    ] {
        for octet in 0..=u8::MAX {
            let (text, replaced) = read(&form(alphabet), 0, 0, &[octet]);
            assert_eq!(text.chars().count(), 1);
            assert_eq!(
                text.contains(char::REPLACEMENT_CHARACTER),
                replaced == 1 && octet != 0x1B
            );
        }
    }
}

#[test]
fn t29_characters_of_two_septets_are_counted_as_the_air_carries_them() {
    let latin1 = form(WireAlphabet::Latin1);
    let plan = latin1.plan(&"[".repeat(81)).unwrap();
    assert_eq!(
        (plan.alphabet, plan.units, plan.segments),
        (WireAlphabet::Latin1, 162, 2)
    );
}

#[test]
fn t30_the_carrier_names_its_default_alphabet_by_another_value() {
    let form = TextForm {
        data_codings: DataCodings {
            default_alphabet: 241,
            ..DataCodings::default()
        },
        ..TextForm::default()
    };
    let (encoded, octets) = one(&form, "a@b");
    assert_eq!(
        (encoded.data_coding, octets.as_slice()),
        (241, &b"a\x00b"[..])
    );
    for data_coding in [0, 241] {
        assert_eq!(read(&form, data_coding, 0, &octets).0, "a@b");
    }
    // A carrier that takes 1 where 0 was meant, and nothing else but UCS-2.
    let ascii = TextForm {
        data_codings_allowed: [1, 8].as_slice().into(),
        ..TextForm::default()
    };
    assert_eq!(one(&ascii, "a@b").0.data_coding, 1);
    assert_eq!(one(&ascii, "café").0.data_coding, 8);
}

#[test]
fn t31_latin_1_goes_only_where_the_profile_trusts_it() {
    let with = |latin1| TextForm {
        latin1,
        ..TextForm::default()
    };
    for (latin1, safe, unsafe_, none) in [
        (Latin1Use::Never, 0, 8, 8),
        (Latin1Use::IfGsmSafe, 3, 8, 8),
        (Latin1Use::Always, 3, 3, 8),
    ] {
        let form = with(latin1);
        assert_eq!(one(&form, "café").0.data_coding, safe);
        assert_eq!(one(&form, "fête").0.data_coding, unsafe_);
        assert_eq!(one(&form, "где").0.data_coding, none);
        // The same for a part that the customer cut himself.
        let part = |text: &[u8]| {
            let mut octets = b"\x05\x00\x03\x07\x02\x01".to_vec();
            octets.extend(text);
            let mut out = Vec::new();
            let encoded = form.convert(3, 0x40, &octets, &mut out).unwrap();
            let whole = String::from_utf8(text.iter().map(|_| b'?').collect()).unwrap();
            let (back, replaced) = read(&form, encoded.data_coding, 0x40, &out);
            assert_eq!((back.chars().count(), replaced), (whole.len(), 0));
            encoded.data_coding
        };
        assert_eq!(part(b"caf\xe9"), safe);
        assert_eq!(part(b"f\xeate"), unsafe_);
    }
}

#[test]
fn t32_we_write_big_endian_without_a_mark_and_never_cut_a_pair() {
    let form = TextForm::default();
    assert_eq!(one(&form, "Я").1, [0x04, 0x2F]);
    for offset in 60..=70 {
        let text = "я".repeat(offset) + &"\u{1F600}".repeat(40);
        let plan = form.plan(&text).unwrap();
        let mut whole = String::new();
        for part in 0..plan.parts {
            let mut octets = Vec::new();
            form.encode(&plan, &text, part, 7, &mut octets).unwrap();
            assert!(octets.len() <= 140 && octets.len() % 2 == 0);
            let decoded = form.decode(8, 0x40, &octets, &mut whole);
            assert_eq!(decoded.oddities.replaced, 0);
        }
        assert_eq!(whole, text);
    }
}

#[test]
fn t32_ucs2_that_comes_wrong_is_mended_or_marked() {
    let little =
        |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_le_bytes).collect() };
    for text in [
        "Hi",
        "Hello, world",
        "hello",
        "HELLO",
        "Привет мир, как дела?",
        "Καλημέρα",
        "שלום עולם",
        "مرحبا بالعالم",
        "नमस्ते दुनिया",
        "สวัสดีครับ",
        "你好，世界。",
        "ok \u{1F600}",
    ] {
        let mut back = String::new();
        let oddities = ucs2_repair::decode(&little(text), &mut back);
        assert_eq!(back, text);
        assert!(oddities.little_endian && oddities.replaced == 0, "{text}");
        // The right order is left alone.
        let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        back.clear();
        assert_eq!(
            ucs2_repair::decode(&big, &mut back),
            ucs2_repair::Ucs2Oddities::default()
        );
        assert_eq!(back, text);
    }
    // Nobody can tell, so the standard's order holds.
    for text in [
        "一",
        "一一一",
        "最开",
        "一个人",
        "怀",
        "你好",
        "中文",
        "日本語",
        "안녕하세요",
        "Zażółć gęślą",
        "Tiếng Việt",
    ] {
        let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        let mut back = String::new();
        assert!(
            !ucs2_repair::decode(&big, &mut back).little_endian,
            "{text}"
        );
        assert_eq!(back, text);
    }
    for (octets, text, little_endian, marked, odd, replaced) in [
        (&b"\xfe\xff\x00A"[..], "A", false, true, false, 0),
        (b"\xff\xfeA\x00", "A", true, true, false, 0),
        (b"\x00A\x00", "A", false, false, true, 0),
        (b"\x00A\x42", "A\u{FFFD}", false, false, true, 1),
        (b"\x00A\xd8\x3d\x00B", "A\u{FFFD}B", false, false, false, 1),
        (b"\x00A\xde\x00", "A\u{FFFD}", false, false, false, 1),
        (b"", "", false, false, false, 0),
        (b"\x00", "", false, false, true, 0),
    ] {
        let mut back = String::new();
        let found = ucs2_repair::decode(octets, &mut back);
        assert_eq!(back, text, "{octets:x?}");
        assert_eq!(
            (found.little_endian, found.marked, found.odd, found.replaced),
            (little_endian, marked, odd, replaced),
            "{octets:x?}"
        );
    }
}

#[test]
fn t33_flash_is_said_by_coding_or_by_parameter() {
    for (flash, gsm, ucs2) in [
        (FlashForm::GeneralCoding, (0x10, false), (0x18, false)),
        (FlashForm::ClassCoding, (0xF0, false), (0x18, false)),
        (FlashForm::Subunit, (0, true), (8, true)),
    ] {
        let form = TextForm {
            flash,
            ..TextForm::default()
        };
        for (text, expected) in [("now", gsm), ("сейчас", ucs2)] {
            let plan = form.plan(text).unwrap().with_flash(true);
            let mut octets = Vec::new();
            let encoded = form.encode(&plan, text, 0, 1, &mut octets).unwrap();
            assert_eq!((encoded.data_coding, encoded.flash_subunit), expected);
            assert_eq!(read(&form, encoded.data_coding, 0, &octets).0, text);
            let mut back = String::new();
            let decoded = form.decode(encoded.data_coding, 0, &octets, &mut back);
            let classed = !encoded.flash_subunit;
            assert_eq!(decoded.class, classed.then_some(0));
        }
    }
}

#[test]
fn t34_more_than_254_octets_go_as_payload_and_nothing_is_an_empty_message() {
    let payload = TextForm {
        long_method: LongMethod::Payload,
        ..TextForm::default()
    };
    for (length, in_payload, segments) in [
        (0, false, 1),
        (160, false, 1),
        (161, true, 2),
        (254, true, 2),
        (255, true, 2),
        (1000, true, 7),
    ] {
        let text = "a".repeat(length);
        let (encoded, octets) = one(&payload, &text);
        assert_eq!(
            (encoded.payload, encoded.segments),
            (in_payload, segments),
            "{length}"
        );
        assert_eq!((octets.len(), encoded.esm_class), (length, 0));
    }
    for over in [0, 100, 254, 1000] {
        let form = TextForm {
            payload_over: over,
            ..TextForm::default()
        };
        for length in [0, 1, 100, 101, 160] {
            let (encoded, octets) = one(&form, &"a".repeat(length));
            assert_eq!(encoded.payload, octets.len() > usize::from(over.min(254)));
        }
        let mut out = Vec::new();
        for length in [254, 255] {
            let encoded = form.convert(4, 0, &vec![1; length], &mut out).unwrap();
            assert_eq!(encoded.payload, length > usize::from(over.min(254)));
        }
    }
}

/// One part on the wire: parameters beside the octets.
type Wire = Vec<(Encoded, Vec<u8>)>;

fn sent(form: &TextForm, text: &str, reference: u16) -> Wire {
    let plan = form.plan(text).unwrap();
    (0..plan.parts)
        .map(|part| {
            let mut octets = Vec::new();
            let encoded = form
                .encode(&plan, text, part, reference, &mut octets)
                .unwrap();
            (encoded, octets)
        })
        .collect()
}

fn joined(form: &TextForm, wire: &Wire) -> Mo {
    let mut reassembly = Reassembly::new(ReassemblySettings {
        timeout_ns: 1,
        messages_max: 1,
        octets_max: 100_000,
    });
    let mut out = Vec::new();
    // The last first: nothing is whole because a last number came.
    for (encoded, octets) in wire.iter().rev() {
        assert!(out.is_empty());
        let part = MoPart {
            tag: 0,
            origin_kind: (1, 1),
            destination_kind: (1, 1),
            origin: b"1",
            destination: b"2",
            data_coding: encoded.data_coding,
            esm_class: encoded.esm_class,
            octets,
            sar: encoded.sar,
        };
        reassembly.take(0, form, &part, &mut out);
    }
    assert_eq!(out.len(), 1);
    out.remove(0)
}

fn methods() -> [TextForm; 4] {
    [
        (LongMethod::Udh, 8),
        (LongMethod::Udh, 16),
        (LongMethod::Sar, 8),
        (LongMethod::Payload, 8),
    ]
    .map(|(long_method, reference_bits)| TextForm {
        long_method,
        reference_bits,
        ..TextForm::default()
    })
}

#[test]
fn t35_every_method_becomes_every_other_with_the_same_text_and_its_own_count() {
    let texts = [
        "short".to_owned(),
        "a".repeat(161),
        "word ".repeat(150),
        "€[".repeat(200),
        "я".repeat(71),
        "текст \u{1F600} ".repeat(40),
        "x".repeat(152 * 3 + 1),
    ];
    for alphabet in [
        WireAlphabet::Gsm7,
        WireAlphabet::Gsm7Packed,
        WireAlphabet::Latin1,
    ] {
        for from in methods() {
            for to in methods() {
                let from = TextForm {
                    default_alphabet: alphabet,
                    ..from.clone()
                };
                for text in &texts {
                    let came = joined(&from, &sent(&from, text, 0x1234));
                    assert_eq!((came.missing, came.oddities.replaced), (0, 0));
                    assert_eq!(&came.text, text);
                    let wire = sent(&to, &came.text, 0x5678);
                    let plan = to.plan(text).unwrap();
                    let on_air: usize = wire
                        .iter()
                        .map(|(encoded, _)| usize::from(encoded.segments))
                        .sum();
                    assert_eq!(on_air, usize::from(plan.segments));
                    assert_eq!(
                        wire.len(),
                        if to.long_method == LongMethod::Payload {
                            1
                        } else {
                            on_air
                        }
                    );
                    let went = joined(&to, &wire);
                    assert_eq!(&went.text, text);
                    assert_eq!(usize::from(went.parts), wire.len());
                }
            }
        }
    }
}

#[test]
fn t35_a_customers_own_parts_become_every_method_one_for_one() {
    let texts = ["word ".repeat(150), "текст \u{1F600} ".repeat(40)];
    // A server puts parts that came by SAR behind the header that says the same.
    for from in &methods()[..2] {
        for to in methods() {
            for text in &texts {
                let parts = sent(from, text, 0x0234);
                let wire: Wire = parts
                    .iter()
                    .map(|(encoded, octets)| {
                        let mut out = Vec::new();
                        let converted = to
                            .convert(encoded.data_coding, encoded.esm_class, octets, &mut out)
                            .unwrap();
                        assert!(converted.sar.is_none() || converted.esm_class == 0);
                        assert_eq!(converted.segments, 1);
                        assert!(out.len() <= if text.is_ascii() { 159 } else { 140 });
                        (converted, out)
                    })
                    .collect();
                assert_eq!(wire.len(), parts.len());
                assert_eq!(&joined(&to, &wire).text, text);
            }
        }
    }
}

#[test]
fn t35_two_methods_at_once_are_one_message() {
    let form = TextForm::default();
    let mut wire = sent(&form, &"word ".repeat(60), 7);
    for (number, (encoded, _)) in wire.iter_mut().enumerate() {
        encoded.sar = Some(Sar {
            reference: 900,
            total: 2,
            part: number as u8 + 1,
        });
    }
    let whole = joined(&form, &wire);
    assert_eq!(whole.text, "word ".repeat(60));
    assert!(whole.two_methods);
}

#[test]
fn t36_the_udhi_bit_is_set_exactly_where_a_header_is() {
    for form in methods() {
        for text in ["short".to_owned(), "a".repeat(400), "я".repeat(100)] {
            for (encoded, octets) in sent(&form, &text, 0x0102) {
                let has_header = octets.first() == Some(&5) || octets.first() == Some(&6);
                assert_eq!(encoded.esm_class, if has_header { 0x40 } else { 0 });
            }
        }
    }
}

#[test]
fn t36_a_wrong_udhi_bit_is_mended_only_where_the_header_makes_sense() {
    let form = TextForm {
        reference_bits: 16,
        ..TextForm::default()
    };
    for (esm_class, octets, text, mended) in [
        // Missing, with a header that nobody would write.
        (0, &b"\x05\x00\x03\x07\x02\x01hello"[..], "hello", true),
        (0, b"\x06\x08\x04\x07\x08\x02\x01hello", "hello", true),
        (
            0,
            b"\x0b\x05\x04\x0b\x84\x23\xf0\x00\x03\x07\x02\x01hello",
            "hello",
            true,
        ),
        // Text that begins with the same letters and makes no sense as a header.
        (0, b"\x05\x00\x03\x07\x02\x03hello", "é@¥ì$¥hello", false),
        (0, b"\x05\x00\x03\x07\x01\x01hello", "é@¥ì££hello", false),
        (0, b"\x05\x00\x02\x07\x02\x01hello", "é@$ì$£hello", false),
        (0, b"\x05hello", "éhello", false),
        // Set with none: the text is not eaten.
        (0x40, b"hello", "hello", true),
        (0x40, b"", "", true),
        // Other bits, the reply path among them, say nothing of a header.
        (0xC3, b"\x05\x00\x03\x07\x02\x01hello", "hello", false),
        (0x80, b"hello", "hello", false),
    ] {
        let mut back = String::new();
        let decoded = form.decode(0, esm_class, octets, &mut back);
        assert_eq!(
            (back.as_str(), decoded.udhi_mended),
            (text, mended),
            "{octets:x?}"
        );
        let mut out = Vec::new();
        let encoded = form.convert(0, esm_class, octets, &mut out).unwrap();
        assert_eq!(out, octets);
        assert_eq!(
            encoded.esm_class == 0x40,
            decoded.header_octets > 0,
            "{octets:x?}"
        );
    }
}
