//! Every text goes to every form of carrier within the limits of the air, and is the same text there.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use carrack_message::Segmentation;
use carrack_message::alphabet::gsm7;
use carrack_message::mo::{Mo, MoPart, Reassembly, ReassemblySettings, Taken};
use carrack_message::segment::{Udh8, encode_segment, split};
use carrack_message::wire::{
    AirAlphabet, DataCodings, Encoded, FlashForm, Latin1Use, LongMethod, NationalLanguage,
    TextForm, WireAlphabet, WireFault, WirePlan,
};
use proptest::prelude::*;
use proptest::sample::subsequence;

const LANGUAGES: [NationalLanguage; 4] = [
    NationalLanguage::Turkish,
    NationalLanguage::Spanish,
    NationalLanguage::Portuguese,
    NationalLanguage::Hindi,
];

fn forms() -> impl Strategy<Value = TextForm> {
    let alphabets = prop::sample::select(vec![
        WireAlphabet::Gsm7,
        WireAlphabet::Gsm7Packed,
        WireAlphabet::Ascii,
        WireAlphabet::Latin1,
        WireAlphabet::Windows1252,
    ]);
    let latin1 = prop::sample::select(vec![
        Latin1Use::Never,
        Latin1Use::IfGsmSafe,
        Latin1Use::Always,
    ]);
    let methods = prop::sample::select(vec![LongMethod::Udh, LongMethod::Sar, LongMethod::Payload]);
    let flash = prop::sample::select(vec![
        FlashForm::GeneralCoding,
        FlashForm::ClassCoding,
        FlashForm::Subunit,
    ]);
    let codings = prop::sample::select(vec![0_u8, 241]);
    let allowed = prop::sample::select(vec![&[][..], &[0, 241, 8], &[3, 8], &[1, 3, 8], &[8]]);
    (
        alphabets,
        latin1,
        methods,
        flash,
        codings,
        allowed,
        any::<bool>(),
        0_u16..300,
        subsequence(LANGUAGES.to_vec(), 0..=4),
    )
        .prop_map(
            |(
                default_alphabet,
                latin1,
                long_method,
                flash,
                coding,
                allowed,
                wide,
                over,
                national,
            )| TextForm {
                default_alphabet,
                data_codings: DataCodings {
                    default_alphabet: coding,
                    ..DataCodings::default()
                },
                data_codings_allowed: allowed.into(),
                latin1,
                flash,
                long_method,
                reference_bits: if wide { 16 } else { 8 },
                payload_over: over,
                parts_max: 255,
                national: national.into(),
            },
        )
}

fn texts() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "a", "b ", "word ", "@", "\r", "\n", "\r\n", "€", "[x]", "é", "Ω",
    ]);
    let other = prop::sample::select(vec![
        "ê",
        "ş",
        "ğı",
        "ã",
        "नम",
        "с",
        "\u{1F600}",
        "e\u{301}",
        "\u{1F1EC}\u{1F1E7}",
        "“",
        "`",
        "ÿ",
        "á",
        "\u{1F469}\u{200D}\u{1F467}",
    ]);
    prop_oneof![
        prop::collection::vec(piece.clone(), 0..400).prop_map(|pieces| pieces.concat()),
        (
            prop::collection::vec(piece.clone(), 0..260),
            prop::collection::vec(
                prop_oneof![9 => piece.boxed(), 1 => other.clone().boxed()],
                0..260
            )
        )
            .prop_map(|(a, b)| a.concat() + &b.concat()),
        prop::collection::vec(other, 0..150).prop_map(|pieces| pieces.concat()),
        "[a-z@€ñà\\[\r\n]{0,500}",
    ]
}

/// All parts of a text.
fn sent(form: &TextForm, text: &str, flash: bool) -> (WirePlan, Vec<(Encoded, Vec<u8>)>) {
    let plan = form.plan(text).unwrap().with_flash(flash);
    let parts = (0..plan.parts)
        .map(|part| {
            let mut octets = vec![0xEE];
            let encoded = form.encode(&plan, text, part, 0xABCD, &mut octets).unwrap();
            assert_eq!(octets.remove(0), 0xEE);
            (encoded, octets)
        })
        .collect();
    (plan, parts)
}

/// Octets of user data on air: ours, and the header that the carrier adds for SAR.
fn octets_on_air(form: &TextForm, plan: &WirePlan, encoded: &Encoded, octets: &[u8]) -> usize {
    let header = if encoded.esm_class == 0x40 {
        usize::from(octets[0]) + 1
    } else {
        0
    };
    let header_on_air = match (encoded.sar, header) {
        (None, header) => header,
        (Some(_), 0) => 6,
        (Some(_), header) => header + 5,
    };
    let body = octets.len() - header;
    match (plan.air, plan.alphabet) {
        (AirAlphabet::Gsm7, WireAlphabet::Gsm7) => {
            let bits = (header_on_air * 8).div_ceil(7) * 7 + body * 7;
            bits.div_ceil(8)
        }
        (AirAlphabet::Gsm7, WireAlphabet::Gsm7Packed) if header == header_on_air => octets.len(),
        // What the carrier packs anew behind its own header.
        (AirAlphabet::Gsm7, WireAlphabet::Gsm7Packed) => {
            let septets = (body * 8 - (7 - header * 8 % 7) % 7) / 7;
            let septets = septets.min(plan.segment_units.into());
            ((header_on_air * 8).div_ceil(7) * 7 + septets * 7).div_ceil(8)
        }
        (AirAlphabet::Gsm7, _) => {
            let mut text = String::new();
            form.decode(encoded.data_coding, encoded.esm_class, octets, &mut text);
            ((header_on_air * 8).div_ceil(7) * 7 + gsm7::fits(&text).unwrap() * 7).div_ceil(8)
        }
        _ => header_on_air + body,
    }
}

fn joined(form: &TextForm, parts: &[(Encoded, Vec<u8>)]) -> Mo {
    let mut reassembly = Reassembly::new(ReassemblySettings {
        timeout_ns: 10,
        messages_max: 4,
        octets_max: 1 << 20,
    });
    let mut out = Vec::new();
    let mut last = None;
    for (encoded, octets) in parts.iter().rev() {
        let part = MoPart {
            tag: 0,
            origin_kind: (1, 1),
            destination_kind: (1, 1),
            origin: b"447700900001",
            destination: b"1234",
            data_coding: encoded.data_coding,
            esm_class: encoded.esm_class,
            octets,
            sar: encoded.sar,
        };
        last = Some(reassembly.take(1, form, &part, &mut out));
    }
    assert_eq!(last, Some(Taken::Whole));
    assert_eq!(out.len(), 1);
    assert_eq!(reassembly.octets(), 0);
    out.remove(0)
}

/// A carriage return at the end of packed text may be doubled, as the specification has it.
fn returns_joined(text: &str) -> String {
    let mut joined = String::new();
    for found in text.chars() {
        if found != '\r' || !joined.ends_with('\r') {
            joined.push(found);
        }
    }
    joined
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn any_text_is_the_same_text_at_any_carrier(form in forms(), text in texts(), flash: bool) {
        let (plan, parts) = sent(&form, &text, flash);
        prop_assert_eq!(parts.len(), usize::from(plan.parts));
        let of_parts: usize = parts.iter().map(|(encoded, _)| usize::from(encoded.segments)).sum();
        prop_assert_eq!(of_parts, usize::from(plan.segments));
        for (number, (encoded, octets)) in parts.iter().enumerate() {
            prop_assert_eq!(encoded.payload, octets.len() > usize::from(form.payload_over.min(254)) || encoded.segments > 1);
            prop_assert!(encoded.payload || octets.len() <= 254);
            prop_assert_eq!(encoded.sar.is_some(), plan.parts > 1 && form.long_method == LongMethod::Sar);
            if let Some(sar) = encoded.sar {
                prop_assert_eq!((sar.reference, sar.total, usize::from(sar.part)), (0xABCD, plan.parts, number + 1));
            }
            if encoded.segments == 1 {
                prop_assert!(octets_on_air(&form, &plan, encoded, octets) <= 140, "{:?} {:?}", plan, encoded);
            }
            let flashed = matches!(encoded.data_coding, 0x10 | 0x18 | 0xF0) || encoded.flash_subunit;
            prop_assert_eq!(flashed, flash);
            let ucs2 = plan.alphabet == WireAlphabet::Ucs2;
            let allowed = &form.data_codings_allowed;
            prop_assert!(allowed.is_empty() || allowed.contains(&encoded.data_coding) || ucs2);
        }
        if form.long_method == LongMethod::Payload {
            prop_assert_eq!(plan.parts, 1);
        }
        let whole = joined(&form, &parts);
        prop_assert_eq!((whole.missing, whole.oddities.replaced), (0, 0));
        if plan.alphabet == WireAlphabet::Gsm7Packed {
            prop_assert_eq!(returns_joined(&whole.text), returns_joined(&text));
        } else {
            prop_assert_eq!(&whole.text, &text);
        }
    }

    #[test]
    fn the_default_form_is_todays_sending(text in texts(), reference: u8) {
        let form = TextForm::default();
        let plan = form.plan(&text).unwrap();
        let before = Segmentation::of(&text, 255).unwrap();
        prop_assert_eq!((plan.parts, plan.segments, plan.units), (before.segments, before.segments, before.units));
        for (number, piece) in split(&text, before.alphabet).enumerate() {
            let part = number as u8;
            let header = (plan.parts > 1).then_some(Udh8 { reference, total: plan.parts, part: part + 1 });
            let (mut old, mut new) = (Vec::new(), Vec::new());
            encode_segment(piece, before.alphabet, header, &mut old).unwrap();
            let encoded = form.encode(&plan, &text, part, reference.into(), &mut new).unwrap();
            prop_assert_eq!(old, new);
            prop_assert_eq!(encoded, Encoded {
                data_coding: before.alphabet.data_coding(),
                esm_class: if header.is_some() { 0x40 } else { 0 },
                sar: None,
                payload: false,
                flash_subunit: false,
                segments: 1,
            });
        }
    }

    #[test]
    fn a_plan_never_takes_more_segments_than_ucs2_would(form in forms(), text in texts()) {
        let plan = form.plan(&text).unwrap();
        let only = TextForm { data_codings_allowed: [8].as_slice().into(), ..form };
        prop_assert!(plan.segments <= only.plan(&text).unwrap().segments);
    }

    #[test]
    fn another_texts_plan_is_refused_or_harmless(form in forms(), text in texts(), other in texts(), part: u8) {
        let plan = form.plan(&text).unwrap();
        let mut out = vec![1, 2, 3];
        if form.encode(&plan, &other, part, 1, &mut out).is_err() {
            prop_assert_eq!(out, [1, 2, 3]);
        }
    }
}

fn long(form: TextForm, unit: &str, single: usize, part: usize) {
    for length in 0..=part * 4 {
        let text = unit.repeat(length);
        let plan = form.plan(&text).unwrap();
        let expected = if length <= single {
            1
        } else {
            length.div_ceil(part)
        };
        assert_eq!(usize::from(plan.segments), expected, "{length} of {unit}");
    }
}

#[test]
fn every_length_takes_the_segments_of_its_method() {
    let method = |long_method, reference_bits| TextForm {
        long_method,
        reference_bits,
        ..TextForm::default()
    };
    for (form, septets, units) in [
        (method(LongMethod::Udh, 8), 153, 67),
        (method(LongMethod::Udh, 16), 152, 66),
        (method(LongMethod::Sar, 8), 153, 67),
        (method(LongMethod::Sar, 16), 153, 67),
        (method(LongMethod::Payload, 16), 153, 67),
    ] {
        long(form.clone(), "a", 160, septets);
        long(form, "я", 70, units);
    }
}

#[test]
fn a_header_with_tables_leaves_what_the_specification_says() {
    let form = |national: &[NationalLanguage]| TextForm {
        national: national.into(),
        ..TextForm::default()
    };
    // A locking table alone: 155, then 149 a part; both tables: 152 and 146.
    long(form(&[NationalLanguage::Turkish]), "ı", 155, 149);
    let both = form(&[NationalLanguage::Hindi]);
    let plan = both.plan(&("क".repeat(100) + "ABC")).unwrap();
    assert_eq!(
        (plan.locking, plan.single),
        (Some(NationalLanguage::Hindi), Some(NationalLanguage::Hindi))
    );
    assert_eq!(
        (plan.segments, plan.segment_units, plan.units),
        (1, 152, 106)
    );
    let plan = both.plan(&("क".repeat(150) + "ABC")).unwrap();
    assert_eq!((plan.segments, plan.segment_units), (2, 146));
    let mut octets = Vec::new();
    let text = "क".repeat(150) + "ABC";
    both.encode(&plan, &text, 1, 0x0102, &mut octets).unwrap();
    assert_eq!(octets[..12], [11, 0, 3, 2, 2, 2, 0x24, 1, 6, 0x25, 1, 6]);
}

#[test]
fn national_tables_are_used_only_where_asked_and_only_where_they_save_segments() {
    let text = "ş".repeat(71);
    let asked = TextForm {
        national: [NationalLanguage::Turkish].as_slice().into(),
        ..TextForm::default()
    };
    assert_eq!(
        TextForm::default().plan(&text).unwrap().alphabet,
        WireAlphabet::Ucs2
    );
    let plan = asked.plan(&text).unwrap();
    assert_eq!(
        (plan.alphabet, plan.locking, plan.single, plan.segments),
        // A handset that lacks the single shift table still shows an s.
        (WireAlphabet::Gsm7, None, Some(NationalLanguage::Turkish), 1)
    );
    let plan = asked.plan(&"ş".repeat(80)).unwrap();
    assert_eq!(
        (plan.locking, plan.single, plan.segments),
        (Some(NationalLanguage::Turkish), None, 1)
    );
    // One segment in either: UCS-2, which every handset reads.
    let plan = asked.plan(&"ş".repeat(70)).unwrap();
    assert_eq!(plan.alphabet, WireAlphabet::Ucs2);
    // A letter of no table.
    let plan = asked.plan(&format!("{text}я")).unwrap();
    assert_eq!(plan.alphabet, WireAlphabet::Ucs2);
    // What the default alphabet holds needs no table.
    let plan = asked.plan(&"a".repeat(400)).unwrap();
    assert_eq!((plan.locking, plan.single), (None, None));
}

#[test]
fn too_many_segments_are_refused_with_both_counts_by_every_method() {
    for long_method in [LongMethod::Udh, LongMethod::Sar, LongMethod::Payload] {
        let form = TextForm {
            long_method,
            parts_max: 3,
            ..TextForm::default()
        };
        assert!(form.plan(&"a".repeat(153 * 3)).is_ok());
        assert_eq!(
            form.plan(&"a".repeat(153 * 3 + 1)),
            Err(WireFault::TooLong {
                segments: 4,
                parts_max: 3
            })
        );
    }
    let huge = TextForm::default().plan(&"a".repeat(100_000));
    assert!(matches!(
        huge,
        Err(WireFault::TooLong { segments: 654, .. })
    ));
}

#[test]
fn a_part_that_the_plan_lacks_is_refused() {
    let form = TextForm::default();
    let plan = form.plan("a").unwrap();
    assert_eq!(
        form.encode(&plan, "a", 1, 0, &mut Vec::new()),
        Err(WireFault::NoSuchPart { part: 1, parts: 1 })
    );
    let fault = form.encode(&plan, "я", 0, 0, &mut Vec::new()).unwrap_err();
    assert!(matches!(
        fault,
        WireFault::Unencodable {
            found: 'я',
            position: 0
        }
    ));
}

#[test]
fn marks_and_escapes_of_national_tables_are_not_cut_from_what_they_belong_to() {
    for (language, cluster) in [
        (NationalLanguage::Hindi, "कि"),
        (NationalLanguage::Hindi, "Aab"),
        (NationalLanguage::Turkish, "ş\r\n"),
        (NationalLanguage::Spanish, "áab"),
    ] {
        let form = TextForm {
            national: [language].as_slice().into(),
            ..TextForm::default()
        };
        for before in 0..8 {
            // The first letter keeps the text out of the default alphabet in every row.
            let first = if language == NationalLanguage::Hindi {
                "क"
            } else {
                "á"
            };
            let first = if language == NationalLanguage::Turkish {
                "ş"
            } else {
                first
            };
            let text = "a".repeat(before) + first + &cluster.repeat(150);
            let (plan, parts) = sent(&form, &text, false);
            assert!(
                plan.alphabet == WireAlphabet::Gsm7 && plan.parts > 1,
                "{plan:?}"
            );
            for (encoded, octets) in parts {
                let mut part = String::new();
                let decoded = form.decode(encoded.data_coding, 0x40, &octets, &mut part);
                // Half an escape would be counted.
                assert_eq!(decoded.oddities.replaced, 0);
                assert!(!part.starts_with(['\u{93F}', '\n']), "{part}");
            }
        }
    }
}
