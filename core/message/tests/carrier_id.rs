//! Ids are found again in every dressing (T01 to T03), and nothing else is (T45).
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use carrack_message::carrier_id::{
    Candidates, FoldedId, IdBase, IdCase, IdPad, IdRule, IdTransform, Learning, fold,
};
use proptest::prelude::*;

const NUMBERED: [IdBase; 2] = [IdBase::Hex, IdBase::Decimal];

fn rule(submit: IdBase, receipt: IdBase) -> IdRule {
    IdRule {
        submit,
        receipt,
        ..IdRule::default()
    }
}

/// A number as an SMSC may write it.
fn dressed(number: u64, base: IdBase, zeros: usize, case: u8) -> Vec<u8> {
    let digits = match base {
        IdBase::Hex => format!("{number:x}"),
        _ => number.to_string(),
    };
    let width = (digits.len() + zeros).min(20);
    let mut text = format!("{digits:0>width$}");
    match case {
        0 => {}
        1 => text.make_ascii_uppercase(),
        _ => {
            let swap = |(place, letter): (usize, char)| match place % 2 {
                0 => letter.to_ascii_uppercase(),
                _ => letter,
            };
            text = text.chars().enumerate().map(swap).collect();
        }
    }
    text.into_bytes()
}

fn finds(candidates: &Candidates, sought: &FoldedId) -> bool {
    candidates.as_slice().iter().any(|(_, form)| form == sought)
}

fn number() -> impl Strategy<Value = u64> {
    prop_oneof![
        any::<u64>(),
        any::<u32>().prop_map(u64::from),
        0_u64..10_000,
        (0_u32..64).prop_map(|bit| 1 << bit),
        Just(u64::MAX),
    ]
}

fn base() -> impl Strategy<Value = IdBase> {
    prop::sample::select(&NUMBERED[..])
}

/// All but those fixed to two bases, where an id that is not in its own has no way back.
fn bases_with_a_way_back() -> Vec<(IdBase, IdBase)> {
    let bases = [IdBase::Learn, IdBase::Text, IdBase::Hex, IdBase::Decimal];
    let pairs = bases
        .into_iter()
        .flat_map(|submit| bases.map(|receipt| (submit, receipt)));
    let fixed = [
        (IdBase::Hex, IdBase::Decimal),
        (IdBase::Decimal, IdBase::Hex),
    ];
    pairs.filter(|pair| !fixed.contains(pair)).collect()
}

#[test]
fn t01_ids_seen_at_carriers_match() {
    // (response, receipt) of public threads: other base, zeros lost, both.
    for (response, receipt) in [
        ("1d305b4c", "0489708364"),
        ("6aad5", "0000436949"),
        ("04000000086ECD50", "288230376293190992"),
        ("0e999f21", "E999F21"),
        (
            "3f3a6fac-cc4f-444f-b796-6eb27e95601f",
            "3F3A6FAC-CC4F-444F-B796-6EB27E95601F",
        ),
        ("33647f6c", "862224236"),
        ("706678557", "0000706678557"),
        ("0x1A2B3C4D", "439041101"),
        (
            "SAR-2347000000000-1eedf843-2-1",
            "SAR-2347000000000-1EEDF843-2-1",
        ),
    ] {
        let rule = IdRule::default();
        let (response, receipt) = (response.as_bytes(), receipt.as_bytes());
        assert!(finds(
            &Candidates::of_receipt(&rule, receipt),
            &fold(&rule, response)
        ));
        assert!(finds(
            &Candidates::of_response(&rule, response),
            &fold(&rule, receipt)
        ));
    }
}

#[test]
fn t01_fixed_bases_give_one_form_and_learning_at_most_three() {
    let ids = [
        "1234",
        "12ab",
        "7",
        "0",
        "hello",
        "",
        "99999999999999999999",
    ];
    let bases = [IdBase::Learn, IdBase::Text, IdBase::Hex, IdBase::Decimal];
    for submit in bases {
        for receipt in bases {
            let rule = rule(submit, receipt);
            let learns = [submit, receipt].contains(&IdBase::Learn);
            for id in ids {
                for candidates in [
                    Candidates::of_receipt(&rule, id.as_bytes()),
                    Candidates::of_response(&rule, id.as_bytes()),
                ] {
                    let forms = candidates.as_slice();
                    assert!(learns || forms.len() == 1, "{rule:?} {id} {forms:?}");
                    assert!((1..=3).contains(&forms.len()));
                    let mut different: Vec<_> = forms.iter().map(|(_, form)| form).collect();
                    different.sort();
                    different.dedup();
                    assert_eq!(different.len(), forms.len(), "none twice");
                }
            }
        }
    }
    let all = Candidates::of_receipt(&IdRule::default(), b"1234");
    let forms: Vec<_> = all.into_iter().collect();
    let form = |text: &str| FoldedId::from_slice(text.as_bytes());
    assert_eq!(
        forms,
        [
            (IdTransform::Same, form("1234")),
            (IdTransform::HexToDecimal, form("4d2")),
            (IdTransform::DecimalToHex, form("4660")),
        ]
    );
}

#[test]
fn t01_likeliest_forms_come_first() {
    let mut learning = Learning::default();
    learning.note(IdTransform::DecimalToHex);
    let order = |learning: &Learning| -> Vec<_> {
        let candidates = Candidates::of_receipt(&IdRule::default(), b"1234");
        let forms = candidates.likeliest_first(learning).into_iter();
        forms.map(|(transform, _)| transform).collect()
    };
    use IdTransform::{DecimalToHex, HexToDecimal, Same};
    assert_eq!(
        order(&Learning::default()),
        [Same, HexToDecimal, DecimalToHex]
    );
    assert_eq!(order(&learning), [DecimalToHex, Same, HexToDecimal]);
}

#[test]
fn t02_more_than_64_bits_or_20_digits_is_text() {
    let rule = IdRule::default();
    for id in [
        "18446744073709551616",
        "00000000000000000000000000000001",
        "10000000000000000a",
        "04062581461644996000141",
        "0e999f21-81ef-4974-a414-3de98174e3c7",
        "0e999f2181ef4974a4143de98174e3c7",
        "S0012",
        "00_12",
    ] {
        let forms = Candidates::of_receipt(&rule, id.as_bytes());
        let lower = id.to_ascii_lowercase();
        assert_eq!(
            forms.as_slice(),
            [(IdTransform::Same, FoldedId::from_slice(lower.as_bytes()))],
            "{id}"
        );
    }
}

#[test]
fn t02_case_and_zeros_are_kept_where_the_rule_says_so() {
    let keep = IdRule {
        case: IdCase::Keep,
        pad: IdPad::Keep,
        ..rule(IdBase::Text, IdBase::Text)
    };
    assert_ne!(fold(&keep, b"007"), fold(&keep, b"7"));
    assert_ne!(fold(&keep, b"aB"), fold(&keep, b"Ab"));
    assert_eq!(fold(&keep, b" aB \0"), fold(&keep, b"aB"));
    let zeros = IdRule {
        case: IdCase::Ignore,
        ..keep
    };
    assert_eq!(fold(&zeros, b"0aB"), fold(&zeros, b"0Ab"));
    assert_ne!(fold(&zeros, b"0ab"), fold(&zeros, b"ab"));
}

#[test]
fn t03_ids_of_any_length_are_kept_whole() {
    let rule = IdRule::default();
    for length in [0, 8, 9, 24, 25, 64, 65, 255, 4096] {
        let id = vec![b'z'; length];
        assert_eq!(fold(&rule, &id).len(), length);
        let mut other = id.clone();
        other.push(b'y');
        assert_ne!(fold(&rule, &id), fold(&rule, &other));
    }
    assert!(fold(&rule, b" \0").is_empty());
}

proptest! {
    #[test]
    fn t01_ids_of_every_dressing_match(
        number in number(), submit in base(), receipt in base(), zeros in 0_usize..12, more_zeros in 0_usize..12, case in 0_u8..3, other_case in 0_u8..3,
        learns_submit: bool, learns_receipt: bool, keep_case: bool, keep_pad: bool,
    ) {
        let response = dressed(number, submit, zeros, case);
        let told = dressed(number, receipt, more_zeros, other_case);
        // Case and zeros can only be kept by who keeps them.
        let same_base = submit == receipt;
        let rule = IdRule {
            submit: if learns_submit { IdBase::Learn } else { submit },
            receipt: if learns_receipt { IdBase::Learn } else { receipt },
            case: if keep_case && !same_base { IdCase::Keep } else { IdCase::Ignore },
            pad: if keep_pad && !same_base { IdPad::Keep } else { IdPad::Ignore },
        };
        prop_assert!(finds(&Candidates::of_receipt(&rule, &told), &fold(&rule, &response)));
        prop_assert!(finds(&Candidates::of_response(&rule, &response), &fold(&rule, &told)), "t04: a parked receipt is found by its response");
    }

    #[test]
    fn t02_uuids_are_text_only(uuid in "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}", hyphens: bool, swapped: bool) {
        let uuid = if hyphens { uuid } else { uuid.replace('-', "") };
        let told = if swapped { uuid.to_ascii_uppercase() } else { uuid.clone() };
        let rule = IdRule::default();
        let forms = Candidates::of_receipt(&rule, told.as_bytes());
        let expected = FoldedId::from_slice(uuid.to_ascii_lowercase().as_bytes());
        prop_assert_eq!(forms.as_slice(), &[(IdTransform::Same, expected.clone())][..]);
        prop_assert_eq!(fold(&rule, uuid.as_bytes()), expected);
        // An id without its first zero is another id.
        prop_assert!(!finds(&forms, &fold(&rule, &uuid.as_bytes()[1..])));
    }

    #[test]
    fn t45_two_numbers_never_become_one_id_under_a_fixed_rule(a in number(), b in number(), submit in base(), receipt in base(), zeros in 0_usize..12, case in 0_u8..3) {
        prop_assume!(a != b);
        let rule = rule(submit, receipt);
        let response = dressed(a, submit, zeros, case);
        let told = dressed(b, receipt, zeros, case);
        prop_assert!(!finds(&Candidates::of_receipt(&rule, &told), &fold(&rule, &response)));
        prop_assert!(!finds(&Candidates::of_response(&rule, &response), &fold(&rule, &told)));
    }

    #[test]
    fn t04_a_response_under_any_form_of_a_receipt_finds_it_parked(id in prop_oneof![prop::collection::vec(any::<u8>(), 0..40), "(0x)?[0-9a-fA-F]{0,21}".prop_map(String::into_bytes)], bases in prop::sample::select(bases_with_a_way_back()), keep_case: bool, keep_pad: bool) {
        let (submit, receipt) = bases;
        let rule = IdRule {
            submit,
            receipt,
            case: if keep_case { IdCase::Keep } else { IdCase::Ignore },
            pad: if keep_pad { IdPad::Keep } else { IdPad::Ignore },
        };
        for (_, form) in Candidates::of_receipt(&rule, &id) {
            prop_assert!(finds(&Candidates::of_response(&rule, &form), &fold(&rule, &id)));
        }
    }

    #[test]
    fn t05_an_id_folded_twice_is_the_same(id in prop_oneof![prop::collection::vec(any::<u8>(), 0..80), "[0-9a-fA-Fx]{0,24}".prop_map(String::into_bytes)], submit in 0_usize..4, receipt in 0_usize..4, keep_case: bool, keep_pad: bool) {
        let bases = [IdBase::Learn, IdBase::Text, IdBase::Hex, IdBase::Decimal];
        let rule = IdRule {
            submit: bases[submit],
            receipt: bases[receipt],
            case: if keep_case { IdCase::Keep } else { IdCase::Ignore },
            pad: if keep_pad { IdPad::Keep } else { IdPad::Ignore },
        };
        let once = fold(&rule, &id);
        prop_assert_eq!(fold(&rule, &once), once);
        let _ = (Candidates::of_receipt(&rule, &id), Candidates::of_response(&rule, &id));
    }
}
