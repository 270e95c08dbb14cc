//! An explanation tells what sending does, and its advice saves what it says.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use carrack_message::alphabet::gsm7;
use carrack_message::explain::{Cost, Explanation};
use carrack_message::wire::{NationalLanguage, TextForm, WireAlphabet, WireFault};
use proptest::prelude::*;

#[test]
fn one_curly_quote_costs_a_second_segment_and_is_named() {
    let text = format!("Don\u{2019}t miss it{}", "!".repeat(100));
    let explained = Explanation::of(&text, &TextForm::default());
    assert_eq!(explained.plan.alphabet, WireAlphabet::Ucs2);
    assert_eq!((explained.data_coding, explained.plan.segments), (8, 2));
    assert_eq!(explained.segments_advised, Some(1));
    let [costly] = explained.costly.as_slice() else {
        panic!("one costly character");
    };
    assert_eq!(
        (costly.found, costly.position, costly.saves),
        ('\u{2019}', 3, 1)
    );
    assert_eq!(costly.name, Some("right single quotation mark"));
    assert_eq!(
        (costly.cost, costly.suggestion),
        (Cost::ForcesUcs2, Some("'"))
    );
}

#[test]
fn two_culprits_save_nothing_each_but_all_together() {
    let text = format!("\u{201C}quoted\u{201D}{}", "!".repeat(100));
    let explained = Explanation::of(&text, &TextForm::default());
    assert!(explained.costly.iter().all(|costly| costly.saves == 0));
    assert_eq!(explained.segments_advised, Some(1));
}

#[test]
fn brackets_of_two_septets_are_told() {
    let text = "[".repeat(81);
    let explained = Explanation::of(&text, &TextForm::default());
    assert_eq!((explained.units, explained.plan.segments), (162, 2));
    assert_eq!(explained.costly.len(), 81);
    assert!(
        explained
            .costly
            .iter()
            .all(|costly| costly.cost == Cost::TwoSeptets && costly.saves == 1)
    );
    assert_eq!(explained.segments_advised, Some(1));
}

#[test]
fn letters_of_another_script_have_no_advice() {
    let explained = Explanation::of("Привет", &TextForm::default());
    assert_eq!(explained.costly.len(), 6);
    assert!(
        explained
            .costly
            .iter()
            .all(|costly| costly.suggestion.is_none())
    );
    assert_eq!(explained.segments_advised, None);
}

#[test]
fn plain_text_costs_nothing_extra() {
    let explained = Explanation::of("Your code is 123456", &TextForm::default());
    assert!(explained.costly.is_empty() && explained.fault.is_none());
    assert_eq!(explained.segments.len(), 1);
}

#[test]
fn national_tables_are_told() {
    let form = TextForm {
        national: [NationalLanguage::Turkish].as_slice().into(),
        ..TextForm::default()
    };
    let explained = Explanation::of(&"ş".repeat(75), &form);
    assert_eq!(explained.plan.alphabet, WireAlphabet::Gsm7);
    assert!(
        explained
            .costly
            .iter()
            .all(|costly| costly.cost == Cost::NeedsNationalTable)
    );
}

#[test]
fn a_text_that_is_too_long_is_explained_all_the_same() {
    let form = TextForm {
        parts_max: 2,
        ..TextForm::default()
    };
    let explained = Explanation::of(&"a".repeat(500), &form);
    assert_eq!(explained.segments.len(), 4);
    assert_eq!(
        explained.fault,
        Some(WireFault::TooLong {
            segments: 4,
            parts_max: 2
        })
    );
    let endless = Explanation::of(&"я".repeat(100_000), &form);
    assert!(endless.fault.is_some() && endless.segments.len() <= 255);
}

proptest! {
    #[test]
    fn it_tells_the_plan_and_advice_is_of_the_alphabet(text in prop::collection::vec(prop::sample::select(vec![
        "a", "word ", "\u{2019}", "…", "–", "€", "[", "é", "ê", "ł", "я", "\u{A0}", "\u{200B}", "\u{1F600}", "Α", "\t", "\0",
    ]), 0..120)) {
        let text = text.concat();
        let form = TextForm::default();
        let explained = Explanation::of(&text, &form);
        prop_assert_eq!(explained.plan, form.plan(&text).unwrap());
        prop_assert_eq!(explained.segments.len(), usize::from(explained.plan.segments));
        let joined: String = explained.segments.iter().map(|segment| segment.text.as_str()).collect();
        prop_assert_eq!(&joined, &text);
        prop_assert_eq!(explained.segments.iter().map(|segment| segment.units).sum::<u32>(), explained.units);
        for costly in &explained.costly {
            prop_assert_eq!(text.chars().nth(costly.position), Some(costly.found));
            let advice = costly.suggestion.unwrap_or_default();
            prop_assert_eq!(gsm7::fits(advice), Some(advice.chars().count()));
        }
    }
}

#[test]
fn a_text_past_255_segments_is_told_with_its_number_and_right_sums() {
    let explained = Explanation::of(&"\u{1F600}".repeat(10_000), &TextForm::default());
    assert_eq!(explained.segments_whole, Some(304));
    assert_eq!(explained.segments.len(), 255);
    let units: u32 = explained.segments.iter().map(|segment| segment.units).sum();
    assert_eq!(explained.units, units);
    assert!(matches!(
        explained.fault,
        Some(WireFault::TooLong { segments: 304, .. })
    ));
    for units in explained.segments.iter().map(|segment| segment.units) {
        assert_eq!(units, 66);
    }
}

#[test]
fn data_coding_that_is_not_allowed_is_a_refusal_with_a_reason() {
    for (allowed, text, is_taken) in [
        (&[1][..], "hello", true),
        (&[1], "gr\u{fc}n", false),
        (&[0], "gr\u{fc}n", true),
        (&[0], "\u{4e2d}", false),
        (&[0, 8], "\u{4e2d}", true),
        (&[4], "", false),
    ] {
        let form = TextForm {
            data_codings_allowed: allowed.iter().copied().collect(),
            ..TextForm::default()
        };
        let explained = Explanation::of(text, &form);
        assert_eq!(explained.fault.is_none(), is_taken, "{allowed:?} {text}");
        assert_eq!(form.plan(text).is_ok(), is_taken, "{allowed:?} {text}");
        if let Some(fault) = explained.fault {
            assert_eq!(fault, WireFault::NotTaken { data_coding: 8 });
            assert!(fault.to_string().contains("data_coding 8"));
        }
    }
}

#[test]
fn each_character_that_forces_ucs2_is_named_where_the_carrier_has_octets() {
    let form = TextForm {
        default_alphabet: carrack_message::wire::WireAlphabet::Latin1,
        data_codings_allowed: [0, 4, 8].into_iter().collect(),
        ..TextForm::default()
    };
    let explained = Explanation::of("\u{394}\u{3a6}[x]", &form);
    let forcing: Vec<char> = explained
        .costly
        .iter()
        .filter(|costly| costly.cost == Cost::ForcesUcs2)
        .map(|costly| costly.found)
        .collect();
    assert_eq!(forcing, ['\u{394}', '\u{3a6}']);
}

#[test]
fn what_a_national_table_has_is_not_said_to_be_in_none() {
    let form = TextForm {
        national: [carrack_message::wire::NationalLanguage::Turkish]
            .into_iter()
            .collect(),
        ..TextForm::default()
    };
    // The second character is in no table: the first goes with it.
    let explained = Explanation::of("\u{11f}\u{4e2d}", &form);
    let costs: Vec<Cost> = explained.costly.iter().map(|costly| costly.cost).collect();
    assert_eq!(costs, [Cost::GoesWithUcs2, Cost::ForcesUcs2]);
}
