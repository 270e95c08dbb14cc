//! Packed septets (T28) and Windows-1252 (T29) as customers send them.

use super::*;
use carrack_message::alphabet::packed::{self, Padding};
use carrack_message::alphabet::windows1252;

fn speaking(alphabet: DefaultAlphabet) -> Odd {
    Odd::speaking(Dialect {
        alphabet,
        ..Dialect::default()
    })
}

/// Letters, so that each is one septet and the last of them no padding.
fn letters(count: usize) -> Vec<u8> {
    (b'a'..=b'z').cycle().take(count).collect()
}

fn packed_behind(header: &[u8], septets: &[u8]) -> Vec<u8> {
    let mut octets = header.to_vec();
    let fill_bits = packed::fill_bits(header.len());
    packed::pack(septets, fill_bits, Padding::CarriageReturn, &mut octets);
    octets
}

#[test]
fn t28_packed_septets_of_a_customer_come_whole_for_every_length_and_every_header() {
    let mut odd = speaking(DefaultAlphabet::Gsm7Packed);
    for count in 1..=160 {
        let septets = letters(count);
        let meant = String::from_utf8(septets.clone()).unwrap();
        let octets = packed_behind(b"", &septets);
        assert_eq!(odd.sends(0, 0, &octets), text(&meant), "{count}");
    }
    for header in [
        PART,
        b"\x06\x08\x04\x07\x08\x02\x01",
        b"\x06\x05\x04\x00\x05\x00\x06",
        b"\x03\x24\x01\x01",
        b"\x0b\x00\x03\x07\x02\x01\x05\x04\x00\x05\x00\x06",
    ] {
        let held = packed::septets_held(140 - header.len(), packed::fill_bits(header.len()));
        for count in 0..=held {
            let septets = letters(count);
            let octets = packed_behind(header, &septets);
            assert!(octets.len() <= 140);
            let meant = raw(0, UDHI, &[header, &septets].concat());
            assert_eq!(odd.sends(0, UDHI, &octets), meant, "{header:x?} {count}");
        }
    }
}

#[test]
fn t28_long_packed_text_of_a_customer_comes_by_payload_and_sar() {
    let mut odd = speaking(DefaultAlphabet::Gsm7Packed);
    let septets = letters(400);
    let meant = String::from_utf8(septets.clone()).unwrap();
    assert_eq!(odd.sends(0, 0, &packed_behind(b"", &septets)), text(&meant));
    let mut sar = Vec::new();
    write_tlv(&mut sar, tag::SAR_MSG_REF_NUM, &[0, 7]).unwrap();
    write_tlv(&mut sar, tag::SAR_TOTAL_SEGMENTS, &[2]).unwrap();
    write_tlv(&mut sar, tag::SAR_SEGMENT_SEQNUM, &[1]).unwrap();
    // No header here: no fill bits.
    let part = Written {
        short_message: &packed_behind(b"", &septets[..153]),
        tlvs: &sar,
        ..WRITTEN
    };
    let meant = raw(0, UDHI, &[PART, &septets[..153]].concat());
    assert_eq!(odd.submits(&part).unwrap().body, meant);
}

#[test]
fn t28_seven_spare_bits_of_a_customer_are_no_sign_where_they_are_padded_and_an_at_sign_where_not() {
    let mut odd = speaking(DefaultAlphabet::Gsm7Packed);
    for (octets, meant) in [
        (packed_behind(b"", b"1234567"), "1234567"),
        (packed_behind(b"", b"123456\0"), "123456@"),
        (packed_behind(b"", b"1234567\0"), "1234567@"),
        (packed_behind(b"", b"\x1b\x65\0"), "€@"),
    ] {
        assert_eq!(odd.sends(0, 0, &octets), text(meant), "{octets:x?}");
    }
    // An escape that escapes nothing cannot be read: it goes on as it came, unpacked.
    let odd_one = odd.sends(0, 0, &packed_behind(b"", b"a\x1b"));
    assert_eq!(odd_one, raw(0, 0, b"a\x1b"));
    assert_eq!(odd.sends(0, 0, b""), raw(0, 0, b""));
}

#[test]
fn t28_class_of_a_customers_packed_text_stays_and_other_data_codings_are_as_they_say() {
    let mut odd = speaking(DefaultAlphabet::Gsm7Packed);
    let septets = letters(160);
    let octets = packed_behind(b"", &septets);
    for data_coding in [0x10, 0x12, 0xF0, 0xF1, 0xC8, 0xD0] {
        let meant = raw(data_coding, 0, &septets);
        assert_eq!(odd.sends(data_coding, 0, &octets), meant);
    }
    assert_eq!(odd.sends(1, 0, b"hello"), text("hello"));
    assert_eq!(odd.sends(3, 0, b"\xe9"), text("é"));
    assert_eq!(odd.sends(8, 0, b"\x04\x4f"), text("я"));
    assert_eq!(odd.sends(4, 0, b"\x01\xff"), raw(4, 0, b"\x01\xff"));
    assert_eq!(odd.sends(0xF5, 0, b"\x01\xff"), raw(0xF5, 0, b"\x01\xff"));
}

#[test]
fn t29_windows_1252_of_a_customer_is_read_in_every_octet_that_it_has() {
    let mut odd = speaking(DefaultAlphabet::Windows1252);
    for octet in 0..=255_u8 {
        let octets = [b'a', octet, b'z'];
        let written = Written {
            short_message: &octets,
            ..WRITTEN
        };
        let body = odd.submits(&written).map(|taken| taken.body);
        let mut meant = String::new();
        match windows1252::decode(&octets, &mut meant) {
            0 => assert_eq!(body, Ok(text(&meant))),
            _ => assert_eq!(body, Err(CommandStatus::ESME_RSUBMITFAIL), "{octet:#x}"),
        }
    }
    assert_eq!(odd.sends(0, 0, b"\x80 \x93q\x94"), text("€ “q”"));
    // What says itself what it is, is that.
    assert_eq!(odd.sends(3, 0, b"\xe9"), text("é"));
}

#[test]
fn t29_part_of_a_customers_windows_1252_goes_on_under_a_name_that_says_the_same() {
    let mut odd = speaking(DefaultAlphabet::Windows1252);
    let part = |own: &[u8]| [PART, own].concat();
    for (own, data_coding, meant) in [
        (&b"a@_"[..], 1, &b"a@_"[..]),
        (b"caf\xe9 \xa7", 3, b"caf\xe9 \xa7"),
        (b"5 \x80 @", 0, b"5 \x1b\x65 \0"),
        (b"\x93q\x94", 8, b"\x20\x1c\0q\x20\x1d"),
    ] {
        let meant = raw(data_coding, UDHI, &part(meant));
        assert_eq!(odd.sends(0, UDHI, &part(own)), meant);
    }
    // No segment holds that in another alphabet, and there is no such sign.
    for (own, status) in [
        (&[0x93; 100][..], CommandStatus::ESME_RINVMSGLEN),
        (b"a\x81", CommandStatus::ESME_RSUBMITFAIL),
    ] {
        let written = Written {
            esm_class: UDHI,
            short_message: &part(own),
            ..WRITTEN
        };
        let refused = odd.submits(&written).map(|taken| taken.body);
        assert_eq!(refused, Err(status));
    }
}
