//! A deck prices a number by the longest prefix it knows, whatever the prefixes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::collections::BTreeMap;

use carrack_message::{Micros, Msisdn};
use carrack_routing::Deck;
use proptest::prelude::*;

fn deck(prices: &BTreeMap<String, i64>) -> Deck {
    let mut text = "prefix,price\n".to_owned();
    for (prefix, price) in prices {
        text += &format!("{prefix},{}\n", Micros(*price));
    }
    Deck::from_csv(text.as_bytes(), "deck.csv").unwrap()
}

fn scan(prices: &BTreeMap<String, i64>, number: &str) -> Option<(String, i64)> {
    let matching = prices
        .iter()
        .filter(|(prefix, _)| number.starts_with(prefix.as_str()));
    matching
        .max_by_key(|(prefix, _)| prefix.len())
        .map(|(prefix, price)| (prefix.clone(), *price))
}

fn found(deck: &Deck, number: &str) -> Option<(String, i64)> {
    let hit = deck.price(Msisdn::from_u64(number.parse().unwrap()).unwrap())?;
    Some((hit.destination.to_string(), hit.price.0))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Few digits, so that prefixes nest deeply and touch each other.
    #[test]
    fn the_longest_match_equals_a_scan(
        prices in prop::collection::btree_map("[19][019]{0,14}", 0..1_000_000i64, 1..120),
        numbers in prop::collection::vec("[19][019]{6,14}", 1..60),
    ) {
        let deck = deck(&prices);
        prop_assert_eq!(deck.len(), prices.len());
        for number in &numbers {
            prop_assert_eq!(found(&deck, number), scan(&prices, number), "{}", number);
        }
        // The edges of every range: the prefix itself, filled up with nothing, with zeros and with nines.
        for prefix in prices.keys() {
            for fill in ["", "0", "9"] {
                for digits in 7..=15usize {
                    let mut number = prefix.clone();
                    while number.len() < digits && !fill.is_empty() {
                        number += fill;
                    }
                    if (7..=15).contains(&number.len()) {
                        prop_assert_eq!(found(&deck, &number), scan(&prices, &number), "{}", number);
                    }
                }
            }
        }
    }

    #[test]
    fn real_looking_prefixes_match_too(
        prices in prop::collection::btree_map("[1-9][0-9]{0,6}", 0..1_000_000i64, 1..400),
        numbers in prop::collection::vec("[1-9][0-9]{6,14}", 1..200),
    ) {
        let deck = deck(&prices);
        for number in &numbers {
            prop_assert_eq!(found(&deck, number), scan(&prices, number));
        }
    }
}

#[test]
fn a_short_number_never_matches_a_longer_prefix() {
    let prices = BTreeMap::from([("44770090000".to_owned(), 1), ("44".to_owned(), 2)]);
    let deck = deck(&prices);
    assert_eq!(found(&deck, "4477009"), Some(("44".to_owned(), 2)));
    assert_eq!(
        found(&deck, "44770090000"),
        Some(("44770090000".to_owned(), 1))
    );
}

/// The figure of the design is two microseconds at a million prefixes; a debug build gets ten times as much.
#[test]
fn a_million_prefixes_are_searched_in_time() {
    let mut text = String::from("prefix,price,name\n");
    for prefix in 1_000_000..2_000_000u64 {
        text += &format!("{prefix},0.01,somewhere\n");
    }
    let deck = Deck::from_csv(text.as_bytes(), "big.csv").unwrap();
    assert_eq!(deck.len(), 1_000_000);
    let mut number = 1u64;
    let mut hits = 0u64;
    const LOOK_UPS: u32 = 200_000;
    let start = std::time::Instant::now();
    for _ in 0..LOOK_UPS {
        number = number
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let to = Msisdn::from_u64(10_000_000_000 + (number >> 33) % 10_000_000_000).unwrap();
        hits += u64::from(deck.price(to).is_some());
    }
    let each = start.elapsed() / LOOK_UPS;
    assert_eq!(hits, u64::from(LOOK_UPS));
    let allowed_ns = if cfg!(debug_assertions) {
        20_000
    } else {
        2_000
    };
    assert!(each.as_nanos() < allowed_ns, "{each:?} a look-up");
}
