//! Money is exact or refused.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use carrack_message::money::MicrosFault;
use carrack_message::{Currency, Micros};
use proptest::prelude::*;

proptest! {
    #[test]
    fn every_amount_is_read_back_from_its_words(value in any::<i64>()) {
        let text = Micros(value).to_string();
        prop_assert_eq!(text.parse(), Ok(Micros(value)), "{}", text);
    }

    #[test]
    fn decimals_are_exact(whole in 0_i64..1_000_000_000, decimals in "[0-9]{1,6}") {
        let expected = whole * 1_000_000 + format!("{decimals:0<6}").parse::<i64>().unwrap();
        prop_assert_eq!(format!("{whole}.{decimals}").parse(), Ok(Micros(expected)));
        prop_assert_eq!(format!("-{whole}.{decimals}").parse(), Ok(Micros(-expected)));
    }

    #[test]
    fn no_text_panics(text in "[-+.0-9e, ]{0,30}") {
        let _ = text.parse::<Micros>();
    }

    #[test]
    fn arithmetic_agrees_with_wide_integers(a in any::<i64>(), b in any::<i64>()) {
        let narrow = |wide: i128| i64::try_from(wide).ok().map(Micros);
        let (x, y) = (i128::from(a), i128::from(b));
        prop_assert_eq!(Micros(a).checked_add(Micros(b)), narrow(x + y));
        prop_assert_eq!(Micros(a).checked_sub(Micros(b)), narrow(x - y));
        prop_assert_eq!(Micros(a).checked_mul(b), narrow(x * y));
    }
}

#[test]
fn the_ends_of_the_range_are_held_and_one_more_is_refused() {
    assert_eq!("9223372036854.775807".parse(), Ok(Micros(i64::MAX)));
    assert_eq!("-9223372036854.775808".parse(), Ok(Micros(i64::MIN)));
    assert_eq!(
        "9223372036854.775808".parse::<Micros>(),
        Err(MicrosFault::TooLarge)
    );
    assert_eq!(
        "-9223372036854.775809".parse::<Micros>(),
        Err(MicrosFault::TooLarge)
    );
    assert_eq!(
        "99999999999999999999999".parse::<Micros>(),
        Err(MicrosFault::TooLarge)
    );
}

#[test]
fn a_wrong_amount_is_refused_for_its_reason() {
    let fault = |text: &str| text.parse::<Micros>().unwrap_err();
    assert_eq!(fault(""), MicrosFault::Empty);
    assert_eq!(fault("-"), MicrosFault::NoDigit);
    assert_eq!(fault(".5"), MicrosFault::NoDigit);
    assert_eq!(fault("5."), MicrosFault::NoDigit);
    assert_eq!(fault("0.0000001"), MicrosFault::TooFine { decimals: 7 });
    assert_eq!(
        fault("1,5"),
        MicrosFault::Character {
            position: 1,
            found: ','
        }
    );
    assert_eq!(
        fault("-+1"),
        MicrosFault::Character {
            position: 1,
            found: '+'
        }
    );
    assert_eq!(
        fault("1e3"),
        MicrosFault::Character {
            position: 1,
            found: 'e'
        }
    );
    assert_eq!(
        fault("1.2.3"),
        MicrosFault::Character {
            position: 3,
            found: '.'
        }
    );
    assert_eq!(
        fault(" 1"),
        MicrosFault::Character {
            position: 0,
            found: ' '
        }
    );
}

#[test]
fn amounts_are_written_short() {
    for (value, text) in [
        (7_500, "0.0075"),
        (0, "0"),
        (-3_500_000, "-3.5"),
        (12_000_000, "12"),
        (1, "0.000001"),
    ] {
        assert_eq!(Micros(value).to_string(), text);
    }
    assert_eq!("0.0075".parse(), Ok(Micros(7_500)));
}

#[test]
fn a_currency_is_three_capitals() {
    assert_eq!("EUR".parse(), Ok(Currency(*b"EUR")));
    assert_eq!(Currency(*b"USD").to_string(), "USD");
    for text in ["", "EU", "EURO", "eur", "E R", "€"] {
        assert!(text.parse::<Currency>().is_err(), "{text}");
    }
}
