//! Conversion rounds once, to the nearest micro-unit, halves away from zero; rates hold from their dates on.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use carrack_message::{Currency, Micros, Msisdn};
use carrack_routing::{DeckFaults, PriceList, Rate, RateFault, Rates, read_instant};
use proptest::prelude::*;

const EUR: Currency = Currency(*b"EUR");
const USD: Currency = Currency(*b"USD");

fn rates(text: &str) -> Result<Rates, DeckFaults> {
    Rates::from_csv(text.as_bytes(), "rates.csv", EUR)
}

fn list(text: &str) -> PriceList {
    PriceList::from_csv(text.as_bytes(), "usd.csv").unwrap()
}

proptest! {
    /// The rounded amount is the only one within half a micro-unit, and halves go away from zero.
    #[test]
    fn an_amount_is_rounded_to_the_nearest(amount in any::<i32>(), billionths in 1u64..5_000_000_000) {
        let text = format!("{}.{:09}", billionths / 1_000_000_000, billionths % 1_000_000_000);
        let rate: Rate = text.parse().unwrap();
        let exact = i128::from(amount) * i128::from(billionths);
        let got = i128::from(rate.convert(Micros(i64::from(amount))).unwrap().0) * 1_000_000_000;
        let off = (exact.abs() - got.abs()) * 2;
        prop_assert!(got == 0 || got.signum() == exact.signum());
        prop_assert!((-1_000_000_000..1_000_000_000).contains(&off), "{} {}", exact, got);
    }

    #[test]
    fn a_rate_that_is_written_is_read(billionths in 1u64..) {
        let text = format!("{}.{:09}", billionths / 1_000_000_000, billionths % 1_000_000_000);
        let rate: Rate = text.parse().unwrap();
        prop_assert_eq!(rate.to_string().parse::<Rate>(), Ok(rate));
    }
}

#[test]
fn halves_go_away_from_zero() {
    let half: Rate = "0.5".parse().unwrap();
    for (amount, converted) in [(1, 1), (-1, -1), (3, 2), (-3, -2), (4, 2), (0, 0)] {
        assert_eq!(half.convert(Micros(amount)), Some(Micros(converted)));
    }
    let great: Rate = "18446744073.709551615".parse().unwrap();
    assert_eq!(great.convert(Micros(i64::MAX)), None);
    assert_eq!(
        Rate::ONE.convert(Micros(i64::MIN + 1)),
        Some(Micros(i64::MIN + 1))
    );
}

#[test]
fn what_is_no_rate_is_refused() {
    for (text, fault) in [
        ("", RateFault::NoNumber),
        ("1.", RateFault::NoNumber),
        (".5", RateFault::NoNumber),
        ("-1", RateFault::NoNumber),
        ("+1", RateFault::NoNumber),
        ("1e3", RateFault::NoNumber),
        ("0", RateFault::Zero),
        ("0.000000000", RateFault::Zero),
        ("0.0000000001", RateFault::TooFine { decimals: 10 }),
        ("18446744074", RateFault::TooLarge),
    ] {
        assert_eq!(text.parse::<Rate>(), Err(fault), "{text}");
    }
}

#[test]
fn every_bad_rate_is_named_with_its_line() {
    let said = rates(
        "currency,rate,from\nUSD,0.9,\nUSD,0.91,2026-01-01\nUSD,0.92,2026-01-01\nEUX,1,\nGBP,-1,\nGBP,1.1,soon\nEUR,2,\nCHF,1\n",
    )
    .unwrap_err()
    .to_string();
    let expected = [
        ("rates.csv:4: ", "line 3"),
        ("rates.csv:5: ", "ISO 4217"),
        ("rates.csv:6: ", "\"-1\" is no rate"),
        ("rates.csv:7: ", "\"soon\" is no date"),
        ("rates.csv:8: ", "EUR is the base"),
        ("rates.csv:9: ", "2 fields"),
    ];
    assert_eq!(said.lines().count(), expected.len(), "{said}");
    for (line, (begin, part)) in said.lines().zip(expected) {
        assert!(
            line.starts_with(begin) && line.contains(part),
            "{line} / {part}"
        );
    }
    assert!(rates("").unwrap_err().to_string().contains("is empty"));
    assert!(
        rates("currency,price\n")
            .unwrap_err()
            .to_string()
            .contains("unknown column")
    );
}

#[test]
fn base_prices_follow_the_rate_of_the_instant() {
    let rates =
        rates("currency,rate,from\nUSD,0.9,2026-01-01\nUSD,0.95,2026-02-01\nEUR,1,\n").unwrap();
    let list = list("prefix,price,currency\n44,0.01,USD\n");
    let to = Msisdn::from_u64(447_700_900_123).unwrap();
    let base = |at: &str| {
        let deck = list
            .converted_at(read_instant(at).unwrap(), &rates)
            .unwrap();
        let hit = deck.price(to).unwrap();
        assert_eq!(
            (deck.currency(), deck.base_currency(), deck.converts()),
            (Some(USD), Some(EUR), true)
        );
        assert_eq!(
            (hit.price, deck.base_price(&hit)),
            (Micros(10_000), Some(hit.base))
        );
        hit.base.0
    };
    assert_eq!(base("2026-01-01"), 9_000);
    assert_eq!(base("2026-01-31T23:59:59Z"), 9_000);
    assert_eq!(base("2026-02-01"), 9_500);
    let january = read_instant("2026-01-15").unwrap();
    assert_eq!(
        rates.next_change_after(USD, january),
        read_instant("2026-02-01").ok()
    );
    assert_eq!(
        rates.last_change_until(USD, january),
        read_instant("2026-01-01").unwrap()
    );
}

#[test]
fn a_currency_without_a_rate_is_named_with_its_line() {
    let rates = rates("currency,rate,from\nUSD,0.9,2026-01-01\n").unwrap();
    let before = read_instant("2025-12-31").unwrap();
    let usd = list("prefix,price,currency\n1,0.01,\n44,0.01,USD\n");
    let fault = usd.check_rates(before, &rates).unwrap_err().to_string();
    assert!(
        fault.starts_with("usd.csv:3: ")
            && fault.contains("at 2025-12-31")
            && fault.contains("rates.csv"),
        "{fault}"
    );
    assert!(usd.converted_at(before, &rates).is_err());
    let chf = list("prefix,price,currency\n44,0.01,CHF\n");
    let fault = chf
        .check_rates(read_instant("2026-06-01").unwrap(), &rates)
        .unwrap_err();
    assert!(fault.what.contains("CHF,RATE"), "{fault}");
}

#[test]
fn prices_without_a_currency_are_in_the_base() {
    let bare = list("prefix,price\n44,0.01\n");
    let deck = bare.converted_at(0, &Rates::of_base(EUR)).unwrap();
    let hit = deck
        .price(Msisdn::from_u64(447_700_900_123).unwrap())
        .unwrap();
    assert_eq!(
        (deck.base_price(&hit), deck.currency()),
        (Some(Micros(10_000)), None)
    );
    let unconverted = bare.at(0);
    assert!(!unconverted.converts());
    assert_eq!((unconverted.base_price(&hit), hit.base), (None, hit.price));
}

#[test]
fn a_price_that_a_later_rate_cannot_convert_is_a_fault_now() {
    let rates = rates("currency,rate,from\nUSD,1,\nUSD,9000000000,2030-01-01\n").unwrap();
    let dear = list("prefix,price,currency\n44,1,USD\n1,9000,USD\n");
    assert!(dear.converted_at(0, &rates).is_ok());
    let fault = dear.check_rates(0, &rates).unwrap_err();
    assert_eq!(
        (fault.line, fault.what.contains("too large")),
        (3, true),
        "{fault}"
    );
}
