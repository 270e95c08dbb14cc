//! Each condition of a route takes what it says and nothing else, and the margin keeps what would be sent at a loss.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use carrack_message::{Class, Micros, Msisdn, Network};
use carrack_routing::{
    CarrierHealth, CarrierRow, Hours, Margin, Matcher, NetworkPattern, NoRoute, Policy, Query,
    RouteRow, RouteTable, RoutingFault,
};
use jiff::civil::time;
use jiff::tz::TimeZone;
use regex::Regex;

fn table(route: RouteRow) -> RouteTable {
    let carrier = |(name, price): (&str, i64)| CarrierRow {
        name: name.to_owned(),
        deck: None,
        flat_price: Some(Micros(price)),
        enabled: true,
    };
    let carriers = [("north", 5_000), ("south", 9_000)].map(carrier).to_vec();
    RouteTable::build(carriers, vec![route]).unwrap()
}

fn all(matcher: Matcher) -> RouteTable {
    table(RouteRow {
        name: "r".to_owned(),
        matcher,
        carriers: vec![0, 1],
        ..RouteRow::default()
    })
}

fn query() -> Query<'static> {
    Query::of(
        "shop",
        Msisdn::from_u64(447_700_900_123).unwrap(),
        "SHOP",
        Class::Bulk,
    )
}

/// The condition that fails, by its name.
fn failing(table: &RouteTable, query: &Query<'_>) -> Option<String> {
    let explained = table.explain(query, &|_| CarrierHealth::Up);
    assert_eq!(table.choose(query).is_ok(), explained.taken.is_some());
    let route = explained.routes.into_iter().next().unwrap();
    (!route.matched).then_some(route.reason)
}

#[test]
fn each_condition_takes_what_it_says() {
    let one: Network = "234-15".parse().unwrap();
    let cases: Vec<(&str, Matcher, Query<'_>, Query<'_>)> = vec![
        (
            "group",
            Matcher {
                groups: vec!["shops".into()],
                ..Matcher::default()
            },
            Query {
                group: "shops",
                ..query()
            },
            query(),
        ),
        (
            "tag",
            Matcher {
                tags: vec!["login".into()],
                ..Matcher::default()
            },
            Query {
                tag: "login",
                ..query()
            },
            Query {
                tag: "logins",
                ..query()
            },
        ),
        (
            "network",
            Matcher {
                networks: vec![NetworkPattern::Is(one)],
                ..Matcher::default()
            },
            Query {
                network: one,
                ..query()
            },
            query(),
        ),
        (
            "network",
            Matcher {
                networks: vec![NetworkPattern::Country(234)],
                ..Matcher::default()
            },
            Query {
                network: one,
                ..query()
            },
            Query {
                network: "235-15".parse().unwrap(),
                ..query()
            },
        ),
        (
            "segments",
            Matcher {
                segments: Some(2..=3),
                ..Matcher::default()
            },
            Query {
                segments: 3,
                ..query()
            },
            Query {
                segments: 4,
                ..query()
            },
        ),
        (
            "text",
            Matcher {
                patterns: vec![Regex::new("(?i)code").unwrap()],
                ..Matcher::default()
            },
            Query {
                text: Some("Your CODE is 1"),
                ..query()
            },
            query(),
        ),
        (
            "hours",
            Matcher {
                hours: Some(Hours {
                    zone: TimeZone::UTC,
                    times: vec![(time(0, 0, 0, 0), time(1, 0, 0, 0))],
                    days: vec![],
                    dates: vec![],
                }),
                ..Matcher::default()
            },
            query(),
            Query {
                at_utc_ns: 3_600_000_000_000,
                ..query()
            },
        ),
    ];
    for (name, matcher, taken, left) in cases {
        let table = all(matcher);
        assert_eq!(failing(&table, &taken), None, "{name}");
        let reason = failing(&table, &left).unwrap();
        assert_eq!(reason, format!("its {name} does not match"));
    }
}

#[test]
fn what_would_be_sold_below_its_cost_is_not_sent_unless_told_so() {
    let route = |margin| RouteRow {
        name: "r".to_owned(),
        carriers: vec![0, 1],
        policy: Policy::Ordered,
        margin,
        ..RouteRow::default()
    };
    let sold = |price| Query {
        sell: Some(Micros(price)),
        ..query()
    };
    let carriers = |table: &RouteTable, query: &Query<'_>| -> Vec<u16> {
        let choice = table.choose(query);
        choice.map_or_else(
            |_| Vec::new(),
            |choice| choice.candidates.iter().map(|c| c.carrier).collect(),
        )
    };
    let guarded = table(route(Margin::default()));
    assert_eq!(carriers(&guarded, &sold(9_000)), [0, 1]);
    assert_eq!(carriers(&guarded, &sold(8_999)), [0]);
    assert_eq!(carriers(&guarded, &query()), [0, 1]);
    let fault = guarded.choose(&sold(4_999)).unwrap_err();
    assert!(matches!(fault, NoRoute::NoMargin { route: 0, .. }));
    assert!(
        fault.to_string().contains("price of this account"),
        "{fault}"
    );
    let explained = guarded.explain(&sold(8_999), &|_| CarrierHealth::Up);
    let south = &explained.candidates[1];
    assert_eq!(south.margin_micros, Some(-1));
    assert!(south.reason.contains("margin"), "{}", south.reason);
    let floor = table(route(Margin::AtLeast(Micros(1_000))));
    assert_eq!(carriers(&floor, &sold(9_999)), [0]);
    let told = table(route(Margin::Any));
    assert_eq!(carriers(&told, &sold(1)), [0, 1]);
}

#[test]
fn a_policy_that_contradicts_itself_is_refused() {
    let build = |policy| {
        let carriers = table(RouteRow {
            carriers: vec![0],
            ..RouteRow::default()
        });
        let route = RouteRow {
            carriers: vec![0, 1],
            policy,
            ..RouteRow::default()
        };
        RouteTable::build(carriers.carriers().to_vec(), vec![route])
    };
    let weighted = |weights| Policy::Weighted {
        weights,
        sticky: false,
    };
    for weights in [vec![], vec![1], vec![0, 0], vec![1, 2, 3]] {
        let built = build(weighted(weights));
        assert!(matches!(built, Err(RoutingFault::Weights { .. })));
    }
    assert!(build(weighted(vec![0, 1])).is_ok());
    let explores = Policy::LeastCostDelivered(carrack_routing::Delivered {
        explore_permille: 51,
        ..Default::default()
    });
    assert!(matches!(
        build(explores),
        Err(RoutingFault::Exploration { permille: 51, .. })
    ));
}
