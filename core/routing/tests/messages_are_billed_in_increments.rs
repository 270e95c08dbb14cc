//! Messages are billed in whole increments and not below the minimum.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::sync::Arc;

use carrack_message::{Class, Micros, Msisdn};
use carrack_routing::{CarrierHealth, CarrierRow, Deck, Increments, Query, RouteRow, RouteTable};
use proptest::prelude::*;

proptest! {
    #[test]
    fn billed_segments_are_the_fewest_that_fit(increment in 1u8.., minimum in 1u8.., segments in 1u32..1_000) {
        let billed = Increments { increment, minimum }.billed(segments);
        let fills = |count: u64| count >= u64::from(segments) && count.is_multiple_of(u64::from(increment));
        let least = (u64::from(segments)..).find(|count| fills(*count)).unwrap();
        prop_assert_eq!(billed, least.max(u64::from(minimum)));
    }
}

#[test]
fn a_message_costs_what_its_billed_segments_cost() {
    let text = "prefix,price,increment,minimum\n44,0.01,,\n49,0.01,2,\n33,0.01,2,3\n";
    let deck = Deck::from_csv(text.as_bytes(), "x").unwrap();
    let cost = |number: u64, segments: u32| {
        let hit = deck.price(Msisdn::from_u64(number).unwrap()).unwrap();
        assert_eq!(hit.cost(segments), hit.base_cost(segments));
        hit.cost(segments).map(|cost| cost.0)
    };
    assert_eq!(cost(447_700_900_123, 3), Some(30_000));
    assert_eq!(cost(4_917_139_200_456, 3), Some(40_000));
    assert_eq!(cost(33_612_345_678, 1), Some(30_000));
    assert_eq!(cost(33_612_345_678, 5), Some(60_000));
    assert_eq!(cost(33_612_345_678, 0), Some(0));
    let most = Increments {
        increment: 1,
        minimum: 1,
    };
    assert_eq!(most.cost(Micros(i64::MAX), 2), None);
}

#[test]
fn an_explanation_says_what_the_deck_bills() {
    let deck = Deck::from_csv(&b"prefix,price,increment,minimum\n33,0.01,2,3\n"[..], "x").unwrap();
    let carrier = CarrierRow {
        name: "north".to_owned(),
        deck: Some(Arc::new(deck)),
        flat_price: None,
        enabled: true,
    };
    let route = RouteRow {
        name: "r".to_owned(),
        carriers: vec![0],
        ..RouteRow::default()
    };
    let table = RouteTable::build(vec![carrier], vec![route]).unwrap();
    let to = Msisdn::from_u64(33_612_345_678).unwrap();
    for (segments, cost) in [(1, 30_000), (3, 40_000), (5, 60_000)] {
        let query = Query {
            segments,
            ..Query::of("shop", to, "SHOP", Class::Bulk)
        };
        let explained = table.explain(&query, &|_| CarrierHealth::Up);
        let candidate = explained.candidates.first().unwrap();
        assert_eq!(candidate.price_micros, Some(10_000));
        assert_eq!(candidate.cost_micros, Some(cost));
    }
}
