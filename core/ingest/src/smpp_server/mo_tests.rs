//! What is written is read back as a customer's program reads it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use std::sync::Arc;

use carrack_carrier::WireAddress;
use carrack_message::mo::{Mo, MoPart, Reassembly, ReassemblySettings};
use carrack_smpp::{Strictness, encode_deliver_sm};
use proptest::prelude::*;

use super::*;
use crate::accounts::Dialect;

pub(crate) fn incoming(key: u32, text: &str) -> Incoming {
    let address = |addr: &[u8]| WireAddress {
        ton: 1,
        npi: 1,
        addr: addr.into(),
    };
    Incoming {
        id: MessageId(u128::from(key) << 16 | 3),
        from: address(b"447700900123"),
        to: WireAddress {
            ton: 3,
            ..address(b"60777")
        },
        carrier: Arc::from("north"),
        rule: Arc::from("stop"),
        meaning: None,
        body: IncomingBody::Text(text.to_owned()),
        data_coding: 0,
        class: None,
        ports: None,
        parts: 1,
        missing: 0,
        received_utc_ns: 0,
    }
}

fn line(alphabet: DefaultAlphabet, mo_form: MoForm, has_tlvs: bool) -> Line {
    Line {
        dialect: Dialect {
            alphabet,
            mo_form,
            ..Dialect::default()
        },
        has_tlvs,
        part: 0,
    }
}

/// The `deliver_sm`s of a message, as on the wire; none where it cannot be told.
fn written(mo: &Incoming, line: Line) -> Option<Vec<Vec<u8>>> {
    let mut writer = MoWriter::default();
    let (mut pdus, mut part) = (Vec::new(), 0);
    loop {
        let mut pdu = Vec::new();
        let line = Line { part, ..line };
        let (sent, parts) = writer.write(mo, line, |sm| encode_deliver_sm(&mut pdu, 1, sm))?;
        sent.unwrap();
        pdus.push(pdu);
        part += 1;
        if part == parts {
            return Some(pdus);
        }
    }
}

fn read(pdu: &[u8]) -> DeliverSm<'_> {
    let decoded = DeliverSm::decode(&pdu[16..], Strictness::Strict).unwrap();
    assert!(decoded.oddities.is_empty());
    let sm = decoded.value;
    assert!(!sm.is_receipt());
    assert_eq!(sm.source.addr, b"447700900123");
    assert_eq!((sm.source.ton, sm.source.npi), (1, 1));
    assert_eq!(sm.destination.addr, b"60777");
    assert_eq!((sm.destination.ton, sm.destination.npi), (3, 1));
    assert_eq!(sm.tlvs.find(tag::RECEIPTED_MESSAGE_ID), None);
    assert!(sm.payload().is_none() || sm.short_message.is_empty());
    sm
}

/// The message that the `deliver_sm`s make for a program that knows the account's alphabet.
fn joined(pdus: &[Vec<u8>], alphabet: DefaultAlphabet) -> Mo {
    let mut reassembly = Reassembly::new(ReassemblySettings {
        timeout_ns: 100,
        messages_max: 8,
        octets_max: 1 << 20,
    });
    let form = TextForm {
        default_alphabet: match alphabet {
            DefaultAlphabet::Gsm7 => WireAlphabet::Gsm7,
            DefaultAlphabet::Gsm7Packed => WireAlphabet::Gsm7Packed,
            DefaultAlphabet::Windows1252 => WireAlphabet::Windows1252,
            DefaultAlphabet::Latin1 => WireAlphabet::Latin1,
            DefaultAlphabet::Ascii | DefaultAlphabet::Utf8 => WireAlphabet::Ascii,
        },
        ..TextForm::default()
    };
    let mut out = Vec::new();
    for (place, pdu) in pdus.iter().enumerate() {
        assert!(out.is_empty(), "whole before its last part");
        let sm = read(pdu);
        let part = MoPart {
            tag: place as u128,
            origin: sm.source.addr,
            origin_kind: (1, 1),
            destination: sm.destination.addr,
            destination_kind: (1, 1),
            data_coding: sm.data_coding,
            esm_class: sm.esm_class,
            octets: sm.user_data(),
            sar: None,
        };
        reassembly.take(0, &form, &part, &mut out);
    }
    assert_eq!(out.len(), 1);
    out.remove(0)
}

fn text_of(pdus: &[Vec<u8>], alphabet: DefaultAlphabet) -> String {
    if let [pdu] = pdus {
        let sm = read(pdu);
        if alphabet == DefaultAlphabet::Utf8 && sm.data_coding == 0 {
            assert!(!sm.has_udh());
            return String::from_utf8(sm.user_data().to_vec()).unwrap();
        }
    }
    let mo = joined(pdus, alphabet);
    assert_eq!((mo.missing, mo.oddities.replaced), (0, 0));
    mo.text
}

const ALPHABETS: [DefaultAlphabet; 6] = [
    DefaultAlphabet::Gsm7,
    DefaultAlphabet::Gsm7Packed,
    DefaultAlphabet::Windows1252,
    DefaultAlphabet::Latin1,
    DefaultAlphabet::Ascii,
    DefaultAlphabet::Utf8,
];

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ -~]{0,700}",
        "[a-z€{}\\[\\]~^|@£ΔΩ\r\n]{0,500}",
        "[a-zà-ÿ]{0,400}",
        "[a-zА-я😀-😏]{0,300}",
        "[a-z]{158,162}",
        "[0-9é]{252,256}",
        "[Ж]{69,71}",
    ]
}

proptest! {
    #[test]
    fn text_is_read_back_as_the_handset_sent_it(
        text in text(), alphabet in 0..ALPHABETS.len(), in_parts: bool, has_tlvs: bool,
        class in proptest::option::of(0_u8..4)
    ) {
        let alphabet = ALPHABETS[alphabet];
        let mut mo = incoming(7, &text);
        mo.class = class;
        let form = if in_parts { MoForm::Parts } else { MoForm::Payload };
        let pdus = written(&mo, line(alphabet, form, has_tlvs)).unwrap();
        let came = text_of(&pdus, alphabet);
        // A carriage return at the end of packed septets may come twice (3GPP TS 23.038, 6.1.2.3.1).
        let is_packed = alphabet == DefaultAlphabet::Gsm7Packed;
        let without = |text: &str| text.trim_end_matches('\r').to_owned();
        prop_assert!(came == text || is_packed && without(&came) == without(&text), "{came:?} {text:?}");
        prop_assert!(pdus.len() == 1 || in_parts || !has_tlvs);
        for pdu in &pdus {
            let sm = read(pdu);
            prop_assert_eq!(DataCoding::of(sm.data_coding).class, class);
            prop_assert!(has_tlvs || sm.tlvs.is_empty());
            prop_assert!(sm.payload().is_none() || !in_parts);
            let octets_max = if in_parts || !has_tlvs { 160 } else { 254 };
            prop_assert!(sm.short_message.len() <= octets_max);
        }
    }

    #[test]
    fn octets_that_are_no_text_are_read_back_with_their_ports(
        octets in proptest::collection::vec(0x80_u8.., 0..600), in_parts: bool, has_tlvs: bool,
        numbers in proptest::option::of((any::<u16>(), any::<u16>()))
    ) {
        let mut mo = incoming(7, "");
        mo.body = IncomingBody::Octets(octets.clone());
        mo.data_coding = 0xF5;
        mo.class = Some(1);
        mo.ports = numbers.map(|(destination, source)| Ports { destination, source });
        let form = if in_parts { MoForm::Parts } else { MoForm::Payload };
        let pdus = written(&mo, line(DefaultAlphabet::Latin1, form, has_tlvs)).unwrap();
        let read_back = joined(&pdus, DefaultAlphabet::Latin1);
        prop_assert_eq!(read_back.octets, octets);
        prop_assert_eq!((read_back.data_coding, read_back.class), (0xF5, Some(1)));
        for pdu in &pdus {
            let tlvs = read(pdu).tlvs;
            let ports = tlvs.find_number(tag::DESTINATION_PORT).zip(tlvs.find_number(tag::SOURCE_PORT));
            let expected = numbers.filter(|_| has_tlvs);
            prop_assert_eq!(ports, expected.map(|(to, from)| (u32::from(to), u32::from(from))));
            prop_assert!(read(pdu).payload().is_some() || read(pdu).user_data().len() <= 254);
        }
        prop_assert_eq!(read_back.ports, mo.ports.filter(|_| !has_tlvs));
    }
}

#[test]
fn text_of_one_segment_is_one_plain_deliver_sm() {
    for form in [MoForm::Payload, MoForm::Parts] {
        let pdus = written(
            &incoming(7, "STOP"),
            line(DefaultAlphabet::Gsm7, form, true),
        );
        let sm_of = pdus.unwrap();
        let sm = read(&sm_of[0]);
        assert_eq!((sm_of.len(), sm.esm_class, sm.data_coding), (1, 0, 0));
        assert_eq!(sm.short_message, b"STOP");
        assert!(sm.tlvs.is_empty());
    }
}

#[test]
fn each_account_gets_data_coding_0_in_its_own_alphabet_and_ucs2_for_the_rest() {
    let of = |alphabet, text: &str| {
        let pdus = written(&incoming(7, text), line(alphabet, MoForm::Payload, true)).unwrap();
        let sm = read(&pdus[0]);
        (sm.data_coding, sm.user_data().to_vec())
    };
    use DefaultAlphabet as A;
    assert_eq!(of(A::Gsm7, "é@"), (0, b"\x05\x00".to_vec()));
    assert_eq!(of(A::Latin1, "é@"), (0, b"\xe9@".to_vec()));
    assert_eq!(of(A::Utf8, "é@"), (0, "é@".as_bytes().to_vec()));
    assert_eq!(of(A::Ascii, "é@"), (8, b"\x00\xe9\x00@".to_vec()));
    assert_eq!(of(A::Ascii, "`@"), (0, b"`@".to_vec()));
    assert_eq!(of(A::Latin1, "€"), (8, b"\x20\xac".to_vec()));
    assert_eq!(of(A::Gsm7, "Ж"), (8, b"\x04\x16".to_vec()));
}

#[test]
fn t28_text_of_a_handset_comes_to_a_customer_in_packed_septets_behind_their_fill_bits() {
    use carrack_message::alphabet::packed;
    let of = |text: &str, class, form| {
        let mut mo = incoming(7, text);
        mo.class = class;
        written(&mo, line(DefaultAlphabet::Gsm7Packed, form, true)).unwrap()
    };
    for form in [MoForm::Payload, MoForm::Parts] {
        for (class, data_coding) in [(None, 0), (Some(0), 0x10), (Some(2), 0x12)] {
            let pdus = of("hellohello@", class, form);
            let sm = read(&pdus[0]);
            assert_eq!((sm.data_coding, sm.esm_class), (data_coding, 0));
            assert_eq!(
                sm.short_message,
                b"\xe8\x32\x9b\xfd\x46\x97\xd9\xec\x37\x00"
            );
        }
        // Seven bits are left over.
        assert_eq!(
            read(&of("1234567", None, form)[0]).short_message[6] >> 1,
            0x0D
        );
        let greek_and_others = of("\u{416}", None, form);
        assert_eq!(read(&greek_and_others[0]).data_coding, 8);
    }
    let text = "a@b".repeat(120);
    let pdus = of(&text, None, MoForm::Parts);
    assert_eq!(pdus.len(), 3);
    let mut septets = Vec::new();
    for pdu in &pdus {
        let sm = read(pdu);
        assert!(sm.has_udh() && sm.short_message.len() <= 140);
        packed::unpack_padded(&sm.short_message[6..], 1, &mut septets);
    }
    assert_eq!(septets, b"a\0b".repeat(120));
    assert_eq!(text_of(&pdus, DefaultAlphabet::Gsm7Packed), text);
}

#[test]
fn t28_ports_before_packed_septets_move_their_fill_bits() {
    use carrack_message::alphabet::packed;
    let mut mo = incoming(7, &"x".repeat(200));
    mo.ports = Some(Ports {
        destination: 5,
        source: 6,
    });
    let mut line = line(DefaultAlphabet::Gsm7Packed, MoForm::Parts, false);
    for (part, septets) in [(0, 153), (1, 47)] {
        line.part = part;
        let mut writer = MoWriter::default();
        let told = writer.write(&mo, line, |sm| {
            let header_octets = 1 + usize::from(sm.short_message[0]);
            assert_eq!(header_octets, 12);
            let mut told = Vec::new();
            let fill_bits = packed::fill_bits(header_octets);
            packed::unpack_padded(&sm.short_message[header_octets..], fill_bits, &mut told);
            told
        });
        assert_eq!(told, Some((vec![b'x'; septets], 2)));
    }
}

#[test]
fn t29_text_of_a_handset_comes_to_a_customer_in_windows_1252_where_that_holds_it() {
    let of = |text: &str, class| {
        let mut mo = incoming(7, text);
        mo.class = class;
        let line = line(DefaultAlphabet::Windows1252, MoForm::Payload, true);
        let pdus = written(&mo, line).unwrap();
        let sm = read(&pdus[0]);
        (sm.data_coding, sm.user_data().to_vec())
    };
    assert_eq!(
        of("5 \u{20ac} @ \u{201e}\u{e9}\u{201c}", None),
        (0, b"5 \x80 @ \x84\xe9\x93".to_vec())
    );
    assert_eq!(of("\u{394}", None), (8, b"\x03\x94".to_vec()));
    // A control octet of Latin-1 is no letter of this.
    assert_eq!(of("\u{80}", None), (8, b"\x00\x80".to_vec()));
    assert_eq!(of("a", Some(1)), (0x19, b"\x00a".to_vec()));
}

#[test]
fn long_text_to_a_client_without_optional_parameters_goes_in_parts_whatever_the_account_says() {
    let text = "Ж".repeat(200);
    let pdus = written(
        &incoming(7, &text),
        line(DefaultAlphabet::Utf8, MoForm::Payload, false),
    )
    .unwrap();
    assert_eq!(pdus.len(), 3);
    assert_eq!(text_of(&pdus, DefaultAlphabet::Utf8), text);
}

#[test]
fn message_beyond_255_parts_goes_by_payload_and_is_not_cut_short_for_who_has_none() {
    let text = "Ж".repeat(67 * 256);
    let old = written(
        &incoming(7, &text),
        line(DefaultAlphabet::Gsm7, MoForm::Parts, false),
    );
    assert!(old.is_none());
    for form in [MoForm::Payload, MoForm::Parts] {
        let pdus = written(&incoming(7, &text), line(DefaultAlphabet::Gsm7, form, true));
        assert_eq!(text_of(&pdus.unwrap(), DefaultAlphabet::Gsm7), text);
    }
    let beyond = "Ж".repeat(40_000);
    let line = line(DefaultAlphabet::Gsm7, MoForm::Payload, true);
    assert!(written(&incoming(7, &beyond), line).is_none());
}

#[test]
fn parts_after_a_crash_are_those_before_it_and_the_next_message_has_another_reference() {
    let text = "x".repeat(400);
    let line = line(DefaultAlphabet::Gsm7, MoForm::Parts, true);
    let before = written(&incoming(7, &text), line).unwrap();
    assert_eq!(before, written(&incoming(7, &text), line).unwrap());
    assert_eq!(before.len(), 3);
    let reference = |pdus: &[Vec<u8>]| read(&pdus[0]).short_message[3];
    let next = written(&incoming(8, &text), line).unwrap();
    assert_ne!(reference(&before), reference(&next));
}

#[test]
fn carrier_id_and_missing_parts_are_told_only_to_who_asked() {
    let mut mo = incoming(7, &"x".repeat(400));
    (mo.parts, mo.missing) = (4, 1);
    let mut line = line(DefaultAlphabet::Gsm7, MoForm::Parts, true);
    for pdu in written(&mo, line).unwrap() {
        assert!(read(&pdu).tlvs.is_empty());
    }
    line.dialect.mo_link_tlv = true;
    for pdu in written(&mo, line).unwrap() {
        let tlvs = read(&pdu).tlvs;
        assert_eq!(tlvs.find(CARRIER_TAG), Some(&b"north"[..]));
        assert_eq!(tlvs.find(ID_TAG), Some(&mo.id.hex()[..]));
        assert_eq!(tlvs.find(MISSING_TAG), Some(&[1][..]));
    }
    mo.missing = 0;
    let whole = written(&mo, line).unwrap();
    assert_eq!(read(&whole[0]).tlvs.find(MISSING_TAG), None);
}

#[test]
fn octets_are_never_called_text() {
    for (came, told) in [(4, 4), (2, 2), (0xF6, 0xF6), (5, 5), (0, 4), (8, 4)] {
        let mut mo = incoming(7, "");
        mo.body = IncomingBody::Octets(vec![0, 1, 2]);
        mo.data_coding = came;
        let pdus = written(&mo, line(DefaultAlphabet::Gsm7, MoForm::Payload, true)).unwrap();
        let sm = read(&pdus[0]);
        assert_eq!((sm.data_coding, sm.user_data()), (told, &[0, 1, 2][..]));
    }
}
