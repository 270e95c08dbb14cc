//! Least cost is sorted and stable, ordered is as listed, and explaining agrees with choosing.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::sync::Arc;

use carrack_message::{Class, Micros, Msisdn};
use carrack_routing::{
    CarrierHealth, CarrierRow, Deck, Matcher, NoRoute, Policy, Query, RouteRow, RouteTable,
    RoutingFault, Verdict,
};
use proptest::prelude::*;

const HEALTHS: [CarrierHealth; 5] = [
    CarrierHealth::Up,
    CarrierHealth::Throttled,
    CarrierHealth::Down,
    CarrierHealth::Paused,
    CarrierHealth::Unknown,
];

/// Prices of one carrier for the prefixes 1, 2 and 3, a flat price, and whether it is enabled.
type Offer = ([Option<i64>; 3], Option<i64>, bool);

fn carriers(offers: &[Offer]) -> Vec<CarrierRow> {
    let row = |(place, (prices, flat, enabled)): (usize, &Offer)| {
        let rows: String = (1..=3)
            .filter_map(|prefix| {
                prices[prefix - 1].map(|price| format!("{prefix},{}\n", Micros(price)))
            })
            .collect();
        let deck = (!rows.is_empty()).then(|| {
            Arc::new(Deck::from_csv(format!("prefix,price\n{rows}").as_bytes(), "d").unwrap())
        });
        let flat = if deck.is_none() {
            Some(flat.unwrap_or(5))
        } else {
            *flat
        };
        CarrierRow {
            name: format!("c{place}"),
            deck,
            flat_price: flat.map(Micros),
            enabled: *enabled,
        }
    };
    offers.iter().enumerate().map(row).collect()
}

fn route(name: &str, matcher: Matcher, carriers: Vec<usize>, policy: Policy) -> RouteRow {
    RouteRow {
        name: name.to_owned(),
        matcher,
        carriers,
        policy,
        ..RouteRow::default()
    }
}

fn query(to: u64) -> Query<'static> {
    Query::of("shop", Msisdn::from_u64(to).unwrap(), "SHOP", Class::Bulk)
}

fn offers() -> impl Strategy<Value = Vec<Offer>> {
    let price = || prop::option::of(0..4i64);
    prop::collection::vec(
        (
            prop::array::uniform3(price()),
            price(),
            prop::bool::weighted(0.8),
        ),
        1..8,
    )
}

proptest! {
    #[test]
    fn least_cost_is_sorted_and_stable_and_explained(
        offers in offers(),
        order in any::<prop::sample::Index>(),
        least_cost in any::<bool>(),
        to in 1..=4u64,
        health in prop::collection::vec(0..5usize, 8),
    ) {
        let rows = carriers(&offers);
        let turn = order.index(rows.len());
        let listed: Vec<usize> = (0..rows.len()).map(|place| (place + turn) % rows.len()).collect();
        let policy = if least_cost { Policy::LeastCost } else { Policy::Ordered };
        let price_of = |carrier: usize| {
            let (prices, _, enabled) = &offers[carrier];
            let own = prices.get(to as usize - 1).copied().flatten();
            own.or(rows[carrier].flat_price.map(|price| price.0)).filter(|_| *enabled)
        };
        let mut wanted: Vec<(usize, i64)> = listed.iter().filter_map(|c| Some((*c, price_of(*c)?))).collect();
        if least_cost {
            // A stable sort is what "by price, then by the route's order" says.
            wanted.sort_by_key(|(_, price)| *price);
        }
        let table = RouteTable::build(rows.clone(), vec![route("all", Matcher::default(), listed, policy)]).unwrap();
        let query = query(to * 1_000_000_000);
        let health = |carrier: u16| HEALTHS[health[usize::from(carrier)]];
        let explained = table.explain(&query, &health);
        match table.choose(&query) {
            Err(fault) => {
                prop_assert!(wanted.is_empty());
                prop_assert_eq!(fault, NoRoute::NoCarrierHasAPrice { route: 0, to: query.to });
                prop_assert!(explained.candidates.iter().all(|c| c.verdict == Verdict::Excluded));
                prop_assert_eq!(explained.taken, None);
            }
            Ok(choice) => {
                let chosen: Vec<(usize, i64)> =
                    choice.candidates.iter().map(|c| (usize::from(c.carrier), c.price.0)).collect();
                prop_assert_eq!(&chosen, &wanted);
                let shown: Vec<(usize, i64)> = explained
                    .candidates
                    .iter()
                    .filter(|c| c.verdict != Verdict::Excluded)
                    .map(|c| (usize::from(c.carrier), c.price_micros.unwrap()))
                    .collect();
                prop_assert_eq!(&shown, &wanted);
                let up = |carrier: u16| !matches!(health(carrier), CarrierHealth::Down | CarrierHealth::Paused);
                let first = choice.candidates.iter().find(|c| up(c.carrier));
                prop_assert_eq!(explained.taken, first.map(|c| format!("c{}", c.carrier)));
            }
        }
        prop_assert_eq!(explained.candidates.len(), rows.len());
    }
}

#[test]
fn the_first_route_that_matches_decides_alone() {
    let rows = carriers(&[
        ([Some(1), None, None], None, true),
        ([None, Some(1), None], None, true),
    ]);
    let to_one = Matcher {
        prefixes: vec!["1".parse().unwrap()],
        ..Matcher::default()
    };
    let otp = Matcher {
        classes: vec![Class::Otp],
        ..Matcher::default()
    };
    let mine = Matcher {
        accounts: vec!["shop".into()],
        senders: vec!["SHOP".into()],
        ..Matcher::default()
    };
    let table = RouteTable::build(
        rows,
        vec![
            route("otp", otp, vec![0, 1], Policy::LeastCost),
            route("one", to_one, vec![1], Policy::Ordered),
            route("mine", mine, vec![0, 1], Policy::Ordered),
        ],
    )
    .unwrap();
    // Route "one" matches and has no price: what comes after it is not asked.
    let fault = table.choose(&query(1_000_000_000)).unwrap_err();
    assert_eq!(
        fault,
        NoRoute::NoCarrierHasAPrice {
            route: 1,
            to: Msisdn::from_u64(1_000_000_000).unwrap()
        }
    );
    let choice = table.choose(&query(2_000_000_000)).unwrap();
    assert_eq!(
        (
            choice.route,
            choice.candidates.len(),
            choice.candidates[0].carrier
        ),
        (2, 1, 1)
    );
    let other = Query {
        account: "other",
        ..query(2_000_000_000)
    };
    assert_eq!(table.choose(&other), Err(NoRoute::NoRouteMatches));
    let explained = table.explain(&other, &|_| CarrierHealth::Up);
    let reasons: Vec<&str> = explained
        .routes
        .iter()
        .map(|route| route.reason.as_str())
        .collect();
    assert_eq!(
        reasons,
        [
            "its class does not match",
            "its prefix does not match",
            "its account does not match"
        ]
    );
    assert_eq!(explained.summary, "no route matches this message");
}

#[test]
fn an_explanation_names_prefix_destination_and_reason() {
    let deck = "prefix,price,currency,name\n44,0.02,EUR,UK\n447,0.03,EUR,UK mobile\n";
    let row = |name: &str, deck: Option<Arc<Deck>>, flat: Option<i64>, enabled| CarrierRow {
        name: name.to_owned(),
        deck,
        flat_price: flat.map(Micros),
        enabled,
    };
    let deck = Arc::new(Deck::from_csv(deck.as_bytes(), "d").unwrap());
    let rows = vec![
        row("east", Some(Arc::clone(&deck)), None, true),
        row("west", None, Some(10_000), true),
        row("off", None, Some(1), false),
    ];
    let table = RouteTable::build(
        rows,
        vec![route(
            "all",
            Matcher::default(),
            vec![0, 1, 2],
            Policy::LeastCost,
        )],
    )
    .unwrap();
    let health = |carrier| {
        if carrier == 1 {
            CarrierHealth::Down
        } else {
            CarrierHealth::Up
        }
    };
    let explained = table.explain(&query(447_700_900_123), &health);
    assert_eq!(explained.taken.as_deref(), Some("east"));
    let json = serde_json::to_value(&explained).unwrap();
    assert_eq!(json["candidates"][0]["verdict"], "unavailable");
    assert_eq!(json["candidates"][0]["reason"], "is down");
    assert_eq!(json["candidates"][1]["prefix"], "447");
    assert_eq!(json["candidates"][1]["destination"], "UK mobile");
    assert_eq!(json["candidates"][1]["currency"], "EUR");
    assert_eq!(
        json["candidates"][2]["reason"],
        "is disabled in the configuration"
    );
}

#[test]
fn a_table_that_contradicts_itself_is_refused() {
    let priced = |name: &str, currency: &str| CarrierRow {
        name: name.to_owned(),
        deck: Some(Arc::new(
            Deck::from_csv(
                format!("prefix,price,currency\n1,1,{currency}\n").as_bytes(),
                "d",
            )
            .unwrap(),
        )),
        flat_price: None,
        enabled: true,
    };
    let build = |carriers: Vec<usize>, policy| {
        let rows = vec![priced("a", "EUR"), priced("b", "USD")];
        RouteTable::build(rows, vec![route("r", Matcher::default(), carriers, policy)])
    };
    assert!(matches!(
        build(vec![], Policy::Ordered),
        Err(RoutingFault::NoCarriers { .. })
    ));
    assert!(matches!(
        build(vec![2], Policy::Ordered),
        Err(RoutingFault::UnknownCarrier { carrier: 2, .. })
    ));
    assert!(matches!(
        build(vec![0, 0], Policy::Ordered),
        Err(RoutingFault::CarrierTwice { .. })
    ));
    assert!(matches!(
        build(vec![0, 1], Policy::LeastCost),
        Err(RoutingFault::Currencies { .. })
    ));
    assert!(build(vec![0, 1], Policy::Ordered).is_ok());
    let bare = CarrierRow {
        name: "bare".into(),
        deck: None,
        flat_price: None,
        enabled: true,
    };
    assert!(matches!(
        RouteTable::build(vec![bare], vec![]),
        Err(RoutingFault::NoPrice { .. })
    ));
}
