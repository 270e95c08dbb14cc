//! The choice of carriers for one message: twenty routes, of which the last takes it, two carriers, a deck of a million
//! prefixes. Recipients change with every choice, so that the deck is not in the cache more than in life.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a bench may stop at a fault"
)]

use std::collections::HashSet;
use std::fmt::Write;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use carrack_message::{Class, Micros, Msisdn};
use carrack_routing::{CarrierRow, Deck, Matcher, Policy, Query, RouteRow, RouteTable};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const PREFIXES: usize = 1_000_000;
const ROUTES: usize = 20;
const NUMBERS: usize = 65_536;

/// Numbers without a pattern, the same on each run.
struct Scatter(u64);

impl Scatter {
    fn next(&mut self) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 20
    }
}

fn deck() -> Arc<Deck> {
    let (mut scatter, mut seen) = (Scatter(1), HashSet::new());
    let mut csv = String::from("prefix,price\n");
    while seen.len() < PREFIXES {
        let digits = 4 + scatter.next() % 6;
        let low = 10u64.pow(digits as u32 - 1);
        let prefix = low + scatter.next() % (low * 9);
        if seen.insert(prefix) {
            writeln!(csv, "{prefix},0.00{}", 1 + prefix % 9).unwrap();
        }
    }
    Arc::new(Deck::from_csv(csv.as_bytes(), "deck.csv").unwrap())
}

fn table() -> RouteTable {
    let deck = deck();
    let carrier = |name: &str| CarrierRow {
        name: name.to_owned(),
        deck: Some(Arc::clone(&deck)),
        flat_price: Some(Micros(9_000)),
        enabled: true,
    };
    let route = |number: usize| RouteRow {
        name: format!("route {number}"),
        matcher: match number {
            _ if number + 1 == ROUTES => Matcher::default(),
            _ if number.is_multiple_of(3) => Matcher {
                classes: vec![Class::Otp],
                ..Matcher::default()
            },
            _ => Matcher {
                accounts: vec![format!("account-{number}")],
                ..Matcher::default()
            },
        },
        carriers: vec![0, 1],
        policy: Policy::LeastCost,
        ..RouteRow::default()
    };
    let routes = (0..ROUTES).map(route).collect();
    RouteTable::build(vec![carrier("north"), carrier("south")], routes).unwrap()
}

fn routing(criterion: &mut Criterion) {
    let table = table();
    let mut scatter = Scatter(2);
    let numbers: Vec<Msisdn> = (0..NUMBERS)
        .map(|_| Msisdn::from_u64(100_000_000_000 + scatter.next() % 900_000_000_000).unwrap())
        .collect();
    let mut turn = numbers.iter().cycle();
    let mut group = criterion.benchmark_group("routing");
    group.throughput(Throughput::Elements(1));
    group.bench_function("choose, 20 routes, 1 M prefixes", |b| {
        b.iter(|| {
            let query = Query::of("acme", *turn.next().unwrap(), "ACME", Class::Bulk);
            black_box(table.choose(black_box(&query)).unwrap())
        });
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2));
    targets = routing
}
criterion_main!(benches);
