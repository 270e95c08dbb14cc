//! The network of a number: a numbering plan of a hundred thousand prefixes, and a hundred million ported numbers in an
//! index in memory. Numbers change with every look-up and lie anywhere, so that they are not in the cache more than in life.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a bench may stop at a fault"
)]

use std::fmt::Write as _;
use std::hint::black_box;
use std::io::Cursor;
use std::sync::Arc;
use std::time::Duration;

use carrack_message::{Msisdn, Network};
use carrack_routing::numbering::portability::IndexWriter;
use carrack_routing::numbering::{NumberPlan, Numbering, Portability};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const PORTED: u64 = 100_000_000;
/// Of so many numbers one is ported.
const SPARSE: u64 = 5;
const FIRST: u64 = 447_000_000_000;
const PREFIXES: u64 = 100_000;
const ASKED: usize = 1 << 20;

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

fn network(place: u64) -> Network {
    format!("234{:02}", place % 30).parse().unwrap()
}

/// Numbers asked for: ported ones, or their neighbours.
fn index() -> (Portability, Vec<Msisdn>) {
    let networks: Vec<Network> = (0..30).map(network).collect();
    let mut writer = IndexWriter::new(Cursor::new(Vec::new()), 0).unwrap();
    let (mut scatter, mut asked) = (Scatter(3), Vec::new());
    for place in 0..PORTED {
        let chance = scatter.next();
        let number = Msisdn::from_u64(FIRST + place * SPARSE + chance % SPARSE).unwrap();
        writer
            .push(number, networks[(chance >> 8) as usize % 30])
            .unwrap();
        if place % (PORTED / ASKED as u64) == 0 {
            asked.push(number);
        }
    }
    let (out, _) = writer.finish().unwrap();
    asked.sort_by_cached_key(|number| number.as_u64().wrapping_mul(0x9e37_79b9_7f4a_7c15));
    (
        Portability::open(Arc::new(out.into_inner())).unwrap(),
        asked,
    )
}

fn plan() -> NumberPlan {
    let mut csv = String::from("prefix,network\n");
    for place in 0..PREFIXES {
        writeln!(
            csv,
            "{},{}",
            FIRST / 1_000_000 * 1_000 / 10 + place,
            network(place)
        )
        .unwrap();
    }
    NumberPlan::from_csv(csv.as_bytes(), "plan.csv").unwrap()
}

fn numbers(criterion: &mut Criterion) {
    let (portability, asked) = index();
    let numbering = Numbering {
        plan: Some(Arc::new(plan())),
        portability: Some(portability),
    };
    let plan_only = Numbering {
        portability: None,
        ..numbering.clone()
    };
    let mut group = criterion.benchmark_group("numbers");
    group.throughput(Throughput::Elements(1));
    let mut time = |name: &str, numbering: &Numbering, beside: u64| {
        let mut turn = asked.iter().cycle();
        group.bench_function(name, |b| {
            b.iter(|| {
                let number = turn.next().unwrap().as_u64() + beside;
                black_box(numbering.network(black_box(Msisdn::from_u64(number).unwrap())))
            });
        });
    };
    time("ported, 100 M numbers", &numbering, 0);
    time("not ported, 100 M numbers, 100 k prefixes", &numbering, 1);
    time("by plan only, 100 k prefixes", &plan_only, 0);
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2));
    targets = numbers
}
criterion_main!(benches);
