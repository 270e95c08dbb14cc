//! Numbers are tidied from whatever people write, or refused with the place and the reason.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use carrack_message::number::{MSISDN_DIGITS_MAX, tidy};
use carrack_message::{Msisdn, NumberFault};
use proptest::prelude::*;

fn digits_of(number: Msisdn) -> String {
    let mut out = [0; MSISDN_DIGITS_MAX];
    String::from_utf8(number.write_digits(&mut out).to_vec()).unwrap()
}

proptest! {
    #[test]
    fn every_number_survives_every_dress(
        digits in "[1-9][0-9]{6,14}",
        blanks in prop::collection::vec(prop::sample::select(vec!["", " ", "-", ".", "(", ")", "/", "\u{a0}", "\u{2011}", "\u{202a}"]), 15),
        lead in prop::sample::select(vec!["", "+", "00", " +", "(+", "+ 00", "\u{ff0b}"]),
        zero in prop::sample::select(vec!['0', '\u{660}', '\u{966}', '\u{ff10}', '\u{1d7ce}']),
    ) {
        let mut dressed = String::from(lead);
        for (digit, blank) in digits.bytes().zip(&blanks) {
            dressed.push(char::from_u32(zero as u32 + u32::from(digit - b'0')).unwrap());
            dressed.push_str(blank);
        }
        // "+1(0)2" is a national zero in parentheses, which is left out on purpose.
        prop_assume!(!dressed.contains('('));
        // One point shortly before the end makes it an amount, a stroke there makes it two things.
        let apart = NumberFault::Character { position: 0, found: '/' };
        let kind = |fault: NumberFault| std::mem::discriminant(&fault);
        prop_assume!(!tidy(&dressed, None).is_err_and(|it| it == NumberFault::Amount || kind(it) == kind(apart)));
        let number = tidy(&dressed, None).unwrap();
        prop_assert_eq!(number.to_string(), &digits[..]);
        prop_assert_eq!(digits_of(number), &digits[..]);
        prop_assert_eq!(number.digits(), digits.len());
        prop_assert_eq!(Msisdn::from_u64(number.as_u64()), Some(number));
    }

    #[test]
    fn no_text_panics_with_or_without_a_region(
        text in any::<String>(),
        digits in "[+0-9() -]{0,30}",
        region in prop::sample::select(vec!["GB", "US", "IT", "AR", "BR", "CN", "MX", "RU", "zz", ""]),
    ) {
        for input in [&text, &digits] {
            for region in [None, Some(region)] {
                if let Ok(number) = tidy(input, region) {
                    prop_assert!((7..=15).contains(&number.digits()));
                    prop_assert_eq!(tidy(&number.to_string(), None), Ok(number));
                }
            }
        }
    }

    #[test]
    fn a_letter_is_refused_with_its_place(
        before in "[0-9 ]{0,12}", letter in prop::char::ranges(vec!['a'..='z', 'A'..='Z', 'а'..='я'].into()), after in "[0-9]{0,12}",
    ) {
        let fault = tidy(&format!("{before}{letter}{after}"), None).unwrap_err();
        prop_assert_eq!(fault, NumberFault::Letter { position: before.len(), found: letter });
    }

    #[test]
    fn from_u64_takes_seven_to_fifteen_digits_only(value in any::<u64>(), shift in 0_u32..64) {
        let value = value >> shift;
        prop_assert_eq!(Msisdn::from_u64(value).is_some(), (7..=15).contains(&value.to_string().len()));
    }
}

#[test]
fn points_between_groups_of_digits_are_no_amount() {
    for (input, digits) in [
        ("447700.900123", "447700900123"),
        ("44.77.00.90.01.23", "447700900123"),
        ("44 7700 9001.23", "447700900123"),
        ("447700900.123", "447700900123"),
        ("44/7700/900123", "447700900123"),
        ("(44) 7700 900123", "447700900123"),
        ("+44 (0) 7700 900123", "447700900123"),
        ("44-7700-9001-23", "447700900123"),
    ] {
        assert_eq!(tidy(input, None).unwrap().to_string(), digits, "{input}");
    }
}

#[test]
fn faults_name_what_is_wrong() {
    for (input, fault) in [
        ("", NumberFault::Empty),
        (" - ", NumberFault::Empty),
        ("+", NumberFault::Empty),
        ("123456", NumberFault::TooShort { digits: 6 }),
        ("00123456", NumberFault::TooShort { digits: 6 }),
        ("1234567890123456", NumberFault::TooLong { digits: 16 }),
        ("07700900123", NumberFault::LeadingZero),
        ("447700900123.0", NumberFault::Amount),
        ("+447700900123.00", NumberFault::Amount),
        (
            "447700900123/2",
            NumberFault::Character {
                position: 12,
                found: '/',
            },
        ),
        (
            "447700900123 (2) ",
            NumberFault::Character {
                position: 13,
                found: '(',
            },
        ),
        (" 447700900123.5 ", NumberFault::Amount),
        (
            "44+7700900123",
            NumberFault::Character {
                position: 2,
                found: '+',
            },
        ),
        (
            "44 7700#900123",
            NumberFault::Character {
                position: 7,
                found: '#',
            },
        ),
        (
            "44770090012O",
            NumberFault::Letter {
                position: 11,
                found: 'O',
            },
        ),
    ] {
        assert_eq!(tidy(input, None), Err(fault), "{input:?}");
    }
    assert!(matches!(
        tidy(&"1".repeat(100_000), None),
        Err(NumberFault::TooLong { .. })
    ));
    assert!(matches!(
        tidy(&"1".repeat(100), None),
        Err(NumberFault::TooLong { digits: 100 })
    ));
}

#[test]
fn words_of_a_fault_count_characters_from_one() {
    let words = tidy("4477O0900123", None).unwrap_err().to_string();
    assert!(words.contains("'O' at character 5"), "{words}");
}

#[test]
fn national_forms_are_resolved_in_their_region() {
    for (input, region, digits) in [
        ("07911 123456", "GB", "447911123456"),
        ("07911 123456", "gb", "447911123456"),
        ("(415) 555-2671", "US", "14155552671"),
        ("1 415 555 2671", "US", "14155552671"),
        ("0151 23456789", "DE", "4915123456789"),
        ("06 12 34 56 78", "FR", "33612345678"),
        ("312 345 6789", "IT", "393123456789"),
        ("06 1234 5678", "IT", "390612345678"),
        ("8 (912) 345-67-89", "RU", "79123456789"),
        ("098765 43210", "IN", "919876543210"),
        ("13800 138000", "CN", "8613800138000"),
    ] {
        let number = tidy(input, Some(region)).map(|number| number.to_string());
        assert_eq!(number.as_deref(), Ok(digits), "{input} in {region}");
    }
}

#[test]
fn an_international_number_does_not_need_its_region() {
    for input in [
        "+4915123456789",
        "004915123456789",
        "+49 (0)151 23456789",
        "4915123456789",
    ] {
        let number = tidy(input, Some("GB")).map(|number| number.to_string());
        assert_eq!(number.as_deref(), Ok("4915123456789"), "{input}");
    }
}

#[test]
fn a_region_nobody_knows_and_digits_that_are_no_number_are_refused() {
    assert_eq!(
        tidy("07911123456", Some("XX")),
        Err(NumberFault::UnknownRegion)
    );
    assert_eq!(
        tidy("07911123456", Some("GBR")),
        Err(NumberFault::UnknownRegion)
    );
    assert_eq!(
        tidy("07911123456", Some("é")),
        Err(NumberFault::UnknownRegion)
    );
    assert_eq!(tidy("0000", Some("GB")), Err(NumberFault::LeadingZero));
    assert_eq!(tidy("0123", Some("GB")), Err(NumberFault::NotANumber));
}
