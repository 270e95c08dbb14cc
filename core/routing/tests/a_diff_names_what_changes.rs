//! What changes between two decks is counted as a comparison of two maps counts it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::collections::BTreeMap;

use carrack_message::{Currency, Micros};
use carrack_routing::{Change, ChangeKind, Deck, DeckDiff, PriceList, Rates};
use proptest::prelude::*;

type Rows = BTreeMap<String, (i64, u8)>;

fn deck(rows: &Rows) -> Deck {
    let mut text = "prefix,price,increment\n".to_owned();
    for (prefix, (price, increment)) in rows {
        text += &format!("{prefix},{},{increment}\n", Micros(*price));
    }
    Deck::from_csv(text.as_bytes(), "x.csv").unwrap()
}

fn rows() -> impl Strategy<Value = Rows> {
    prop::collection::btree_map("[12][12]{0,3}", (0..4i64, 1..3u8), 1..20)
}

fn of_kind(diff: &DeckDiff, kind: ChangeKind) -> Vec<&Change> {
    diff.changes
        .iter()
        .filter(|change| change.kind == kind)
        .collect()
}

proptest! {
    #[test]
    fn every_destination_is_counted_once(old in rows(), new in rows()) {
        let diff = DeckDiff::between(&deck(&old), &deck(&new), usize::MAX);
        let both = || old.iter().filter_map(|(prefix, was)| Some((was, new.get(prefix)?)));
        let count = |is: fn(&(i64, u8), &(i64, u8)) -> bool| both().filter(|(was, now)| is(was, now)).count() as u64;
        prop_assert_eq!(diff.counts.rises, count(|was, now| now.0 > was.0));
        prop_assert_eq!(diff.counts.falls, count(|was, now| now.0 < was.0));
        prop_assert_eq!(diff.counts.increments, count(|was, now| now.0 == was.0 && now.1 != was.1));
        prop_assert_eq!(diff.counts.unchanged, count(|was, now| now == was));
        prop_assert_eq!(diff.counts.new, new.keys().filter(|key| !old.contains_key(*key)).count() as u64);
        prop_assert_eq!(diff.counts.gone, old.keys().filter(|key| !new.contains_key(*key)).count() as u64);
        prop_assert_eq!(diff.counts.incomparable, 0);
        for (kind, count) in [(ChangeKind::Rise, diff.counts.rises), (ChangeKind::New, diff.counts.new)] {
            prop_assert_eq!(of_kind(&diff, kind).len() as u64, count);
        }
        let rises: Vec<u64> = of_kind(&diff, ChangeKind::Rise)
            .iter()
            .map(|change| change.basis_points.map_or(u64::MAX, i64::unsigned_abs))
            .collect();
        prop_assert!(rises.is_sorted_by(|one, next| one >= next), "{:?}", rises);
    }

    #[test]
    fn a_deck_does_not_differ_from_itself(rows in rows()) {
        let diff = DeckDiff::between(&deck(&rows), &deck(&rows), 10);
        prop_assert!(diff.counts.is_nothing() && diff.changes.is_empty() && diff.currency.is_none());
    }
}

#[test]
fn a_new_prefix_tells_what_ruled_it_before() {
    let old = Deck::from_csv(
        "prefix,price,name\n44,0.03,UK\n49,0.05,Germany\n".as_bytes(),
        "o",
    )
    .unwrap();
    let new = Deck::from_csv(
        "prefix,price,name\n44,0.045,UK\n4477,0.06,UK mobile\n1,0.01,US\n".as_bytes(),
        "n",
    )
    .unwrap();
    let diff = DeckDiff::between(&old, &new, 10);
    assert_eq!(diff.counts.to_string(), "1 rises, 0 falls, 2 new, 1 gone");
    let rise = of_kind(&diff, ChangeKind::Rise)[0];
    assert_eq!(
        (rise.basis_points, rise.name.as_deref()),
        (Some(5_000), Some("UK"))
    );
    let new = of_kind(&diff, ChangeKind::New);
    // The one that costs more than before comes first.
    assert_eq!(new[0].destination.to_string(), "4477");
    assert_eq!(new[0].before.map(|terms| terms.price), Some(Micros(30_000)));
    assert_eq!(new[0].basis_points, Some(10_000));
    assert_eq!(
        (new[1].destination.to_string(), new[1].before),
        ("1".to_owned(), None)
    );
    let gone = of_kind(&diff, ChangeKind::Gone)[0];
    assert_eq!((gone.name.as_deref(), gone.after), (Some("Germany"), None));
}

#[test]
fn other_currencies_compare_in_the_base_or_not_at_all() {
    let eur = Currency(*b"EUR");
    let list = |text: &str| PriceList::from_csv(text.as_bytes(), "x").unwrap();
    let old = list("prefix,price,currency\n44,0.01,EUR\n");
    let new = list("prefix,price,currency\n44,0.011,USD\n");
    let diff = DeckDiff::between(&old.at(0), &new.at(0), 10);
    assert_eq!((diff.counts.incomparable, diff.counts.rises), (1, 0));
    assert_eq!(diff.currency, Some((Some(eur), Some(Currency(*b"USD")))));
    let rates = Rates::from_csv("currency,rate\nUSD,0.9\n".as_bytes(), "r", eur).unwrap();
    let converted = |list: &PriceList| list.converted_at(0, &rates).unwrap();
    let diff = DeckDiff::between(&converted(&old), &converted(&new), 10);
    assert_eq!(
        (diff.counts.falls, diff.changes[0].basis_points),
        (1, Some(-100))
    );
}
