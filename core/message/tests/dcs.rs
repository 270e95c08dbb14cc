//! Every value of `data_coding` is read as the specifications say.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use carrack_message::alphabet::dcs::{Charset, DataCoding};
use carrack_message::alphabet::iso8859::{decode_cyrillic, decode_hebrew};
use carrack_message::alphabet::windows1252;

#[test]
fn all_values_are_those_of_the_specifications() {
    for value in 0..=u8::MAX {
        let DataCoding {
            charset,
            class,
            waiting,
        } = DataCoding::of(value);
        let bits = value >> 2 & 3;
        let expected = match value {
            0 | 11 | 12 => Charset::Default,
            1 => Charset::Ascii,
            2 | 4 => Charset::Octets,
            3 => Charset::Latin1,
            5 => Charset::Jis,
            6 => Charset::Cyrillic,
            7 => Charset::Hebrew,
            8 => Charset::Ucs2,
            9 => Charset::Pictogram,
            10 => Charset::MusicCodes,
            13 => Charset::ExtendedKanji,
            14 => Charset::Korean,
            0x20..=0x3F | 0x60..=0x7F => Charset::Octets,
            0x0F..=0x1F | 0x40..=0x5F if bits == 1 => Charset::Octets,
            0x0F..=0x1F | 0x40..=0x5F if bits == 2 => Charset::Ucs2,
            0xE0..=0xEF => Charset::Ucs2,
            0xF0..=0xFF if value & 4 != 0 => Charset::Octets,
            _ => Charset::Default,
        };
        assert_eq!(charset, expected, "{value:#04x}");
        let classed =
            matches!(value, 0x10..=0x1F | 0x30..=0x3F | 0x50..=0x5F | 0x70..=0x7F | 0xF0..);
        assert_eq!(class, classed.then_some(value & 3), "{value:#04x}");
        assert_eq!(waiting, (0xC0..=0xEF).contains(&value), "{value:#04x}");
    }
}

#[test]
fn cyrillic_and_hebrew_read_as_their_tables() {
    let mut text = String::new();
    let octets: Vec<u8> = (0xA1..=0xFF).collect();
    assert_eq!(decode_cyrillic(&octets, &mut text), 0);
    assert_eq!(
        text,
        "ЁЂЃЄЅІЇЈЉЊЋЌ\u{AD}ЎЏАБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯабвгдежзийклмнопрстуфхцчшщъыьэюя№ёђѓєѕіїјљњћќ§ўџ"
    );
    text.clear();
    assert_eq!(
        decode_hebrew(b"\xe9\xf9\xf8\xe0\xec \xaa\xba\xdf", &mut text),
        0
    );
    assert_eq!(text, "ישראל ×÷‗");
    text.clear();
    assert_eq!(decode_hebrew(b"\xa1\xc0\xff", &mut text), 3);
}

#[test]
fn every_octet_of_windows_1252_comes_back() {
    let mut undefined = Vec::new();
    for octet in 0..=u8::MAX {
        let (mut text, mut back) = (String::new(), Vec::new());
        if windows1252::decode(&[octet], &mut text) == 1 {
            undefined.push(octet);
            continue;
        }
        windows1252::encode(&text, &mut back).unwrap();
        assert_eq!(back, [octet]);
    }
    assert_eq!(undefined, [0x81, 0x8D, 0x8F, 0x90, 0x9D]);
    let mut out = Vec::new();
    windows1252::encode("€‚ƒ„…†‡ˆ‰Š‹Œ", &mut out).unwrap();
    assert_eq!(
        out,
        [
            0x80, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8A, 0x8B, 0x8C
        ]
    );
    windows1252::encode("я", &mut out).unwrap_err();
    assert_eq!(out.len(), 12);
}
