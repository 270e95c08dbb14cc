//! Routes of the node itself take its own messages and no others, and nothing else is other than without them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use carrack_message::{Class, Micros, Msisdn};
use carrack_routing::{
    CarrierHealth, CarrierRow, Matcher, NoRoute, Query, RouteRow, RouteTable, RoutingFault,
};

const OWN: &str = "node:own";

fn route(name: &str, tag: Option<&str>, carriers: &[usize]) -> RouteRow {
    RouteRow {
        name: name.to_owned(),
        matcher: Matcher {
            tags: tag.map(str::to_owned).into_iter().collect(),
            ..Matcher::default()
        },
        carriers: carriers.to_vec(),
        attempts_max: tag.map(|_| 1),
        ..RouteRow::default()
    }
}

fn table() -> RouteTable {
    let carrier = |(name, price): (&str, i64)| CarrierRow {
        name: name.to_owned(),
        deck: None,
        flat_price: Some(Micros(price)),
        enabled: true,
    };
    let carriers = [("north", 5_000), ("south", 9_000)].map(carrier).to_vec();
    let routes = vec![
        route("tagged", Some("a"), &[0]),
        route("all", None, &[0, 1]),
    ];
    RouteTable::build(carriers, routes).unwrap()
}

fn owned() -> RouteTable {
    let own = vec![route("p", Some("a"), &[1]), route("q", Some("b"), &[0])];
    table().with_own(OWN, own).unwrap()
}

fn query(account: &'static str, tag: &'static str) -> Query<'static> {
    let to = Msisdn::from_u64(447_700_900_123).unwrap();
    Query {
        tag,
        ..Query::of(account, to, "SHOP", Class::Bulk)
    }
}

#[test]
fn a_customers_message_goes_as_without_and_is_explained_as_without() {
    let (without, with) = (table(), owned());
    for account in ["shop", "node", "node:own2", ""] {
        for tag in ["", "a", "b", "c"] {
            let query = query(account, tag);
            assert_eq!(with.choose(&query), without.choose(&query));
            let explain = |table: &RouteTable| table.explain(&query, &|_| CarrierHealth::Up);
            assert_eq!(explain(&with), explain(&without));
        }
    }
    assert_eq!(with.routes().len(), without.routes().len());
}

#[test]
fn its_own_messages_go_by_its_own_routes_alone() {
    let table = owned();
    for (tag, carrier, name) in [("a", 1, "p"), ("b", 0, "q")] {
        let choice = table.choose(&query(OWN, tag)).unwrap();
        let carriers: Vec<u16> = choice.candidates.iter().map(|c| c.carrier).collect();
        assert_eq!(carriers, [carrier]);
        let route = table.route(choice.route).unwrap();
        assert_eq!((route.name.as_str(), route.attempts_max), (name, Some(1)));
        assert!(table.is_own(choice.route));
    }
    for tag in ["", "c"] {
        assert_eq!(table.choose(&query(OWN, tag)), Err(NoRoute::NoRouteMatches));
    }
    assert!(table.route(4).is_none());
    let own: Vec<u16> = (0..6).filter(|number| table.is_own(*number)).collect();
    assert_eq!(
        own,
        [2, 3],
        "no customers' route, and none that is not there"
    );
    let none = self::table().with_own(OWN, Vec::new()).unwrap();
    let none = none.choose(&query(OWN, "c"));
    assert_eq!(none, Err(NoRoute::NoRouteMatches), "customers' are not its");
}

#[test]
fn an_own_route_is_checked_as_others_are() {
    let fault = table()
        .with_own(OWN, vec![route("p", None, &[2])])
        .unwrap_err();
    assert!(
        matches!(fault, RoutingFault::UnknownCarrier { .. }),
        "{fault}"
    );
}
