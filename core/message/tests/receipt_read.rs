//! What a deliver_sm or data_sm is, and whom to believe (T06, T08 to T11).
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use carrack_message::alphabet::packed::{Padding, pack};
use carrack_message::receipt::{
    Grammar, ReceiptParts, ReceiptRead, ReceiptRules, ReceiptSign, ReceiptSource, ReceiptState,
    error_number, network_error, octets_of, read,
};
use proptest::prelude::*;
use smallvec::SmallVec;

const TEXT: &[u8] = b"id:0489708364 sub:001 dlvrd:001 submit date:1810151907 done date:1810151907 stat:DELIVRD err:000 text:Hi";

fn marked(text: &[u8]) -> ReceiptParts<'_> {
    ReceiptParts {
        esm_class: 0x04,
        text,
        ..ReceiptParts::default()
    }
}

fn by(source: ReceiptSource) -> ReceiptRules {
    ReceiptRules {
        source,
        ..ReceiptRules::default()
    }
}

fn signed(sign: ReceiptSign) -> ReceiptRules {
    ReceiptRules {
        sign,
        ..ReceiptRules::default()
    }
}

fn id(found: &ReceiptRead) -> &[u8] {
    found.id.as_deref().unwrap_or_default()
}

#[test]
fn t06_parameter_wins_by_default_and_text_where_the_profile_says_so() {
    let parts = ReceiptParts {
        tlv_id: Some(b"1d305b4c\0"),
        tlv_state: Some(5),
        tlv_error: Some(&[3, 0, 27]),
        ..marked(TEXT)
    };
    for (source, expected, state, error) in [
        (
            ReceiptSource::TlvFirst,
            &b"1d305b4c"[..],
            ReceiptState::Undeliverable,
            27,
        ),
        (
            ReceiptSource::TlvOnly,
            b"1d305b4c",
            ReceiptState::Undeliverable,
            27,
        ),
        (
            ReceiptSource::TextFirst,
            b"0489708364",
            ReceiptState::Delivered,
            27,
        ),
        (
            ReceiptSource::TextOnly,
            b"0489708364",
            ReceiptState::Delivered,
            0,
        ),
    ] {
        let found = read(&parts, &by(source)).unwrap();
        assert_eq!(
            (id(&found), found.state, found.error),
            (expected, state, error),
            "{source:?}"
        );
        assert_eq!(
            found.text.id.as_deref(),
            Some(&b"0489708364"[..]),
            "both are kept"
        );
        assert_eq!(found.parameters.id.as_deref(), Some(&b"1d305b4c"[..]));
        assert_eq!(found.text.state, Some(ReceiptState::Delivered));
        assert_eq!(found.parameters.state, Some(ReceiptState::Undeliverable));
        assert!(found.sources_disagree());
        let other: &[u8] = if expected == b"1d305b4c" {
            b"0489708364"
        } else {
            b"1d305b4c"
        };
        assert_eq!(found.other_id(), Some(other));
    }
}

#[test]
fn t06_the_silent_source_is_made_good_by_the_other() {
    let parameters = ReceiptParts {
        tlv_id: Some(b"77"),
        tlv_state: Some(2),
        ..marked(b"")
    };
    let found = read(&parameters, &by(ReceiptSource::TextFirst)).unwrap();
    assert_eq!(
        (id(&found), found.state),
        (&b"77"[..], ReceiptState::Delivered)
    );
    let found = read(&parameters, &by(ReceiptSource::TextOnly)).unwrap();
    assert_eq!((found.id, found.state), (None, ReceiptState::Accepted));
    let found = read(&marked(TEXT), &by(ReceiptSource::TlvFirst)).unwrap();
    assert_eq!(
        (id(&found), found.state),
        (&b"0489708364"[..], ReceiptState::Delivered)
    );
    assert!(!found.sources_disagree());
    assert_eq!(found.other_id(), None);
    let word = ReceiptParts {
        tlv_state: Some(9),
        ..marked(b"id:1 stat:NOWORD err:4A6")
    };
    let found = read(&word, &by(ReceiptSource::TextFirst)).unwrap();
    assert_eq!((found.state, found.error), (ReceiptState::Skipped, 0x4A6));
    assert!(found.has_unknown_word());
    assert_eq!(found.state_word.as_slice(), b"NOWORD");
}

#[test]
fn t06_a_parameter_without_nul_or_of_any_length_is_taken() {
    for length in [1, 8, 9, 64, 65, 255] {
        let bare = vec![b'a'; length];
        let mut ended = bare.clone();
        ended.extend_from_slice(b"\0\0");
        for value in [&bare, &ended] {
            let parts = ReceiptParts {
                tlv_id: Some(value),
                ..marked(b"")
            };
            assert_eq!(
                id(&read(&parts, &ReceiptRules::default()).unwrap()),
                bare.as_slice()
            );
        }
    }
    for value in [&b""[..], b"\0", b"  \0"] {
        let parts = ReceiptParts {
            tlv_id: Some(value),
            ..marked(TEXT)
        };
        assert_eq!(
            id(&read(&parts, &ReceiptRules::default()).unwrap()),
            b"0489708364"
        );
    }
}

#[test]
fn t06_a_state_as_a_digit_and_a_short_error_are_read() {
    let parts = ReceiptParts {
        tlv_id: Some(b"1"),
        tlv_state: Some(b'2'),
        tlv_error: Some(&[0, 12]),
        ..marked(b"")
    };
    let found = read(&parts, &ReceiptRules::default()).unwrap();
    assert_eq!((found.state, found.error), (ReceiptState::Delivered, 12));
    let beyond = ReceiptParts {
        tlv_state: Some(200),
        ..marked(TEXT)
    };
    let found = read(&beyond, &ReceiptRules::default()).unwrap();
    assert_eq!(found.state, ReceiptState::Delivered);
}

#[test]
fn t08_text_in_the_payload_and_t09_in_a_data_sm_read_as_in_a_short_message() {
    // Where the octets stood is not asked: user data is user data.
    let short = read(&marked(TEXT), &ReceiptRules::default()).unwrap();
    let mut long = TEXT.to_vec();
    long.extend(std::iter::repeat_n(b'x', 60_000));
    let payload = read(&marked(&long), &ReceiptRules::default()).unwrap();
    assert_eq!(payload, short);
}

#[test]
fn t10_message_type_is_masked_whatever_other_bits_are_set() {
    let text = b"Hello";
    for esm_class in 0..=u8::MAX {
        let parts = ReceiptParts {
            esm_class,
            ..marked(text)
        };
        let expected = esm_class & 0x04 != 0 || esm_class & 0x3C == 0x20;
        for sign in [
            ReceiptSign::Bits,
            ReceiptSign::BitsOrTlv,
            ReceiptSign::BitsTlvOrText,
        ] {
            let found = read(&parts, &signed(sign));
            assert_eq!(found.is_some(), expected, "{esm_class:#04x} {sign:?}");
            let intermediate = found.is_some_and(|found| found.intermediate);
            assert_eq!(intermediate, esm_class & 0x3C == 0x20);
        }
    }
}

#[test]
fn t10_receipt_without_its_bits_is_told_by_its_parameter_or_its_text_where_allowed() {
    let bare = ReceiptParts {
        esm_class: 0,
        ..marked(TEXT)
    };
    let named = ReceiptParts {
        tlv_id: Some(b"1d305b4c"),
        ..bare
    };
    for (sign, by_parameter, by_text) in [
        (ReceiptSign::Bits, false, false),
        (ReceiptSign::BitsOrTlv, true, false),
        (ReceiptSign::BitsTlvOrText, true, true),
    ] {
        assert_eq!(
            read(&named, &signed(sign)).is_some(),
            by_parameter,
            "{sign:?}"
        );
        assert_eq!(read(&bare, &signed(sign)).is_some(), by_text, "{sign:?}");
    }
}

#[test]
fn t10_message_of_a_handset_that_reads_like_a_receipt_stays_one() {
    let text = b"id:123 stat:DELIVRD err:000";
    // By default a text alone makes no receipt.
    for esm_class in [0x00, 0x01, 0x03, 0x40, 0x80] {
        let parts = ReceiptParts {
            esm_class,
            ..marked(text)
        };
        assert_eq!(
            read(&parts, &ReceiptRules::default()),
            None,
            "{esm_class:#04x}"
        );
    }
    // Where it does, acknowledgements of a handset say themselves what they are.
    for esm_class in [0x08, 0x10, 0x18, 0x48] {
        let parts = ReceiptParts {
            esm_class,
            ..marked(text)
        };
        assert_eq!(
            read(&parts, &signed(ReceiptSign::BitsTlvOrText)),
            None,
            "{esm_class:#04x}"
        );
    }
}

#[test]
fn t10_a_header_before_the_text_is_stepped_over_only_if_it_is_one() {
    let mut headed = vec![6, 0, 4, b'i', b'd', b':', b'9'];
    headed.extend_from_slice(TEXT);
    let parts = ReceiptParts {
        esm_class: 0x44,
        ..marked(&headed)
    };
    assert_eq!(
        id(&read(&parts, &ReceiptRules::default()).unwrap()),
        b"0489708364"
    );
    let false_bit = ReceiptParts {
        esm_class: 0x44,
        ..marked(TEXT)
    };
    assert_eq!(
        id(&read(&false_bit, &ReceiptRules::default()).unwrap()),
        b"0489708364"
    );
}

#[test]
fn t11_ascii_marked_as_ucs2_and_real_ucs2_are_both_read() {
    let text = std::str::from_utf8(TEXT).unwrap();
    let expected = read(&marked(TEXT), &ReceiptRules::default()).unwrap();
    let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let with_mark: Vec<u8> = [0xFE, 0xFF].into_iter().chain(big.clone()).collect();
    let little_mark: Vec<u8> = [0xFF, 0xFE].into_iter().chain(little.clone()).collect();
    let mut odd = big.clone();
    odd.push(0);
    for octets in [TEXT, &big, &little, &with_mark, &little_mark, &odd] {
        for data_coding in [0, 8, 0x18, 3] {
            let parts = ReceiptParts {
                data_coding,
                ..marked(octets)
            };
            let found = read(&parts, &ReceiptRules::default()).unwrap();
            assert_eq!(found, expected, "{data_coding} {}", octets.escape_ascii());
        }
    }
}

#[test]
fn t11_short_receipt_in_utf_16_before_a_text_without_ascii_is_read() {
    let text = "id:a stat:DELIVRD text:🌀🌀🌀🌀🌀🌀🌀🌀🌀🌀";
    let octets: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let found = read(&marked(&octets), &ReceiptRules::default()).unwrap();
    assert_eq!(
        (id(&found), found.state),
        (&b"a"[..], ReceiptState::Delivered)
    );
}

#[test]
fn t11_ascii_before_a_text_in_utf_16_is_read() {
    let mut octets = b"id:7 sub:001 dlvrd:001 submit date:1810151907 done date:1810151907 stat:DELIVRD err:000 text:".to_vec();
    octets.extend("Привет".encode_utf16().flat_map(u16::to_be_bytes));
    let parts = ReceiptParts {
        data_coding: 8,
        ..marked(&octets)
    };
    let found = read(&parts, &ReceiptRules::default()).unwrap();
    assert_eq!(
        (id(&found), found.state),
        (&b"7"[..], ReceiptState::Delivered)
    );
}

#[test]
fn t28_receipt_in_packed_septets_and_with_a_gsm_underscore_is_read() {
    let mut packed = Vec::new();
    pack(TEXT, 0, Padding::Zero, &mut packed);
    let expected = read(&marked(TEXT), &ReceiptRules::default()).unwrap();
    assert_eq!(
        read(&marked(&packed), &ReceiptRules::default()).unwrap(),
        expected
    );
    let underscore = b"id:ab\x11cd done\x11date:2105061201 stat:DELIVRD";
    let found = read(&marked(underscore), &ReceiptRules::default()).unwrap();
    assert_eq!(
        (id(&found), found.done_utc_s),
        (&b"ab_cd"[..], Some(1_620_302_460))
    );
}

#[test]
fn t07_unknown_word_or_no_state_ends_nothing_and_a_said_unknown_does() {
    let states = |parts: &ReceiptParts<'_>| {
        let found = read(parts, &ReceiptRules::default()).unwrap();
        (found.state, found.has_unknown_word())
    };
    for (text, word) in [
        (&b"id:1 stat:NOWORD err:5"[..], true),
        (b"id:1 stat:DELIVERED TO NOBODY err:000", true),
        (b"id:1 stat: err:000", false),
        (b"id:1 err:000", false),
        (b"", false),
    ] {
        let (state, unknown_word) = states(&marked(text));
        assert!(!state.is_final(), "{}", text.escape_ascii());
        let expected = (ReceiptState::Accepted, word);
        assert_eq!((state, unknown_word), expected, "{}", text.escape_ascii());
    }
    // A number that the specification does not have is no state either.
    let reserved = ReceiptParts {
        tlv_state: Some(200),
        ..marked(b"id:1")
    };
    assert_eq!(states(&reserved).0, ReceiptState::Accepted);
    let seven = ReceiptParts {
        tlv_state: Some(7),
        ..marked(b"id:1")
    };
    for said in [seven, marked(b"id:1 stat:UNKNOWN"), marked(b"id:1 stat:7")] {
        assert_eq!(states(&said), (ReceiptState::Unknown, false));
    }
}

#[test]
fn t12_intermediate_that_tells_of_a_failed_try_is_not_the_end() {
    for (word, state) in [
        ("ENROUTE", ReceiptState::Enroute),
        ("UNDELIV", ReceiptState::Enroute),
        ("UNKNOWN", ReceiptState::Enroute),
        ("NOWORD", ReceiptState::Enroute),
        ("ACCEPTD", ReceiptState::Accepted),
        ("DELIVRD", ReceiptState::Delivered),
        ("EXPIRED", ReceiptState::Expired),
    ] {
        let text = format!("id:1 stat:{word} err:27");
        let parts = ReceiptParts {
            esm_class: 0x20,
            ..marked(text.as_bytes())
        };
        let found = read(&parts, &ReceiptRules::default()).unwrap();
        assert_eq!((found.state, found.intermediate), (state, true), "{word}");
    }
    let silent = ReceiptParts {
        esm_class: 0x20,
        tlv_id: Some(b"1"),
        ..marked(b"")
    };
    let found = read(&silent, &ReceiptRules::default()).unwrap();
    assert_eq!(found.state, ReceiptState::Enroute);
}

#[test]
fn t07_grammar_of_a_carrier_adds_labels_words_and_its_clock() {
    let rules = ReceiptRules {
        grammar: Grammar {
            id_labels: SmallVec::from_iter(["ref no".into(), "Nachricht:".into()]),
            state_labels: SmallVec::from_iter(["ergebnis".into()]),
            error_labels: SmallVec::from_iter(["grund".into()]),
            states: SmallVec::from_iter([
                ("zugestellt".into(), ReceiptState::Delivered),
                ("FAILED".into(), ReceiptState::Expired),
                ("BW-LISTS".into(), ReceiptState::Rejected),
            ]),
            utc_offset_minutes: 120,
        },
        ..ReceiptRules::default()
    };
    for (text, expected, state, error) in [
        (
            "id:3 Ref_No:77 Ergebnis:Zugestellt Grund:7",
            "77",
            ReceiptState::Delivered,
            7,
        ),
        (
            "Ref No = 77 id:3 stat:FAILED err:5",
            "77",
            ReceiptState::Expired,
            5,
        ),
        ("nachricht:8 stat:BWLISTS", "8", ReceiptState::Rejected, 0),
        (
            "id:3 done date:2105061401 ZUGESTELLT",
            "3",
            ReceiptState::Delivered,
            0,
        ),
        (
            "id:3 done date:2105061401 zugestellt",
            "3",
            ReceiptState::Delivered,
            0,
        ),
        ("id:3 stat:DELIVRD", "3", ReceiptState::Delivered, 0),
    ] {
        let found = read(&marked(text.as_bytes()), &rules).unwrap();
        assert_eq!(
            (id(&found), found.state, found.error),
            (expected.as_bytes(), state, error),
            "{text}"
        );
        if text.contains("done date") {
            assert_eq!(found.done_utc_s, Some(1_620_302_460));
        }
    }
    let found = read(
        &marked(b"Ref No:77 id:3 stat:FAILED"),
        &ReceiptRules::default(),
    )
    .unwrap();
    assert_eq!(
        (id(&found), found.state),
        (&b"3"[..], ReceiptState::Undeliverable)
    );
}

#[test]
fn errors_are_decimal_hexadecimal_or_words() {
    for (text, number) in [
        ("000", Some(0)),
        ("0027", Some(27)),
        ("8", Some(8)),
        ("21b", Some(0x21B)),
        ("00B", Some(11)),
        ("0x0000000B", Some(11)),
        ("4294967295", Some(u32::MAX)),
        ("99999999999", None),
        ("E_NETWORK", None),
        ("BAD", None),
        ("+5", None),
        ("", None),
    ] {
        assert_eq!(error_number(text.as_bytes()), number, "{text}");
    }
    for (value, number) in [
        (&[3, 1, 2][..], Some(0x102)),
        (&[1, 2], Some(0x102)),
        (&[9], Some(9)),
        (&[], None),
    ] {
        assert_eq!(network_error(value), number);
    }
}

proptest! {
    #[test]
    fn no_octets_panic(
        esm_class: u8, data_coding: u8, text in prop::collection::vec(any::<u8>(), 0..300),
        tlv_id in prop::option::of(prop::collection::vec(any::<u8>(), 0..300)), tlv_state: Option<u8>,
        tlv_error in prop::option::of(prop::collection::vec(any::<u8>(), 0..6)),
        label in "\\PC{0,12}", word in "\\PC{0,40}", source in 0_usize..4, sign in 0_usize..3,
    ) {
        let parts = ReceiptParts { esm_class, data_coding, text: &text, tlv_id: tlv_id.as_deref(), tlv_state, tlv_error: tlv_error.as_deref() };
        let rules = ReceiptRules {
            source: [ReceiptSource::TlvFirst, ReceiptSource::TextFirst, ReceiptSource::TlvOnly, ReceiptSource::TextOnly][source],
            sign: [ReceiptSign::Bits, ReceiptSign::BitsOrTlv, ReceiptSign::BitsTlvOrText][sign],
            grammar: Grammar {
                id_labels: SmallVec::from_iter([label.into_boxed_str()]),
                states: SmallVec::from_iter([(word.into_boxed_str(), ReceiptState::Delivered)]),
                ..Grammar::default()
            },
        };
        if let Some(found) = read(&parts, &rules) {
            prop_assert!(found.id.as_ref().is_none_or(|id| (1..=255).contains(&id.len())));
            let _ = (found.sources_disagree(), found.other_id(), found.has_unknown_word());
        }
    }

    #[test]
    fn ascii_is_handed_on_as_it_is(data_coding: u8, text in "[ -~]{0,200}") {
        prop_assert!(matches!(octets_of(data_coding, text.as_bytes()), std::borrow::Cow::Borrowed(same) if same == text.as_bytes()));
    }

    #[test]
    fn utf_16_of_a_receipt_comes_back_as_it_was(data_coding: u8, text in "id:[0-9a-f]{1,16} stat:[A-Z]{7} text:\\PC{0,20}", little: bool) {
        let octets: Vec<u8> = match little {
            true => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            false => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        };
        let text = text.replace('\u{FEFF}', "");
        let read = octets_of(data_coding, &octets).into_owned();
        prop_assert_eq!(read, text.into_bytes());
    }
}
