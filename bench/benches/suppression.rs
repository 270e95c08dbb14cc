//! Whether a number stands on a suppression list of a hundred million, as numbers and as keyed hashes. Numbers change with
//! every look-up and lie anywhere, so that they are not in the cache more than in life.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a bench may stop at a fault, and says how large its index is"
)]

use std::hint::black_box;
use std::io::Cursor;
use std::sync::Arc;
use std::time::Duration;

use carrack_message::Msisdn;
use carrack_routing::suppression::{
    Hashing, Keys, Mark, Reason, Scope, SuppressionIndex, SuppressionWriter, Whose,
};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const LISTED: u64 = 100_000_000;
/// Of so many numbers one is listed.
const SPARSE: u64 = 5;
const FIRST: u64 = 447_000_000_000;
const ASKED: usize = 1 << 20;

fn whose(number: u64) -> Whose {
    Whose::Number(Msisdn::from_u64(number).unwrap())
}

/// Numbers without a pattern, the same on each run.
fn scatter(place: u64) -> u64 {
    place.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33
}

fn listed(place: u64) -> u64 {
    FIRST + place * SPARSE + scatter(place) % SPARSE
}

fn index(keys: &Keys) -> SuppressionIndex {
    let mark = |place| Mark::until(Reason::ALL[scatter(place) as usize % 8], u64::MAX);
    let mut writer = SuppressionWriter::new(keys, Cursor::new(Vec::new()), 0).unwrap();
    if matches!(keys.hashing, Hashing::None) {
        for place in 0..LISTED {
            writer.push(listed(place), mark(place)).unwrap();
        }
    } else {
        // Hashes of them would lie as any numbers do; those that are asked for are among them.
        let mut all: Vec<u64> = (0..LISTED)
            .map(|place| place.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 8)
            .collect();
        for place in 0..ASKED as u64 {
            let asked = listed(place * (LISTED / ASKED as u64));
            all[place as usize] = keys.key(whose(asked), "").unwrap();
        }
        all.sort_unstable();
        all.dedup();
        for (place, key) in all.into_iter().enumerate() {
            writer.push(key, mark(place as u64)).unwrap();
        }
    }
    let octets = writer.finish().unwrap().0.into_inner();
    SuppressionIndex::open(keys, Arc::new(octets)).unwrap()
}

fn suppression(criterion: &mut Criterion) {
    let mut asked: Vec<u64> = (0..ASKED as u64)
        .map(|place| listed(place * (LISTED / ASKED as u64)))
        .collect();
    asked.sort_by_cached_key(|number| number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let mut group = criterion.benchmark_group("suppression");
    group.throughput(Throughput::Elements(1));
    for hashing in [Hashing::None, Hashing::keyed(b"secret")] {
        let keys = Keys {
            scope: Scope::Global,
            hashing,
        };
        let index = index(&keys);
        let form = keys.hashing.name();
        println!("{form}: {} octets", index.octets());
        for (name, beside) in [("listed", 0), ("not listed", 1)] {
            let mut turn = asked.iter().cycle();
            group.bench_function(format!("{name}, 100 M, hash {form}"), |b| {
                b.iter(|| {
                    let number = turn.next().unwrap() + beside;
                    let key = keys.key(black_box(whose(number)), "").unwrap();
                    black_box(index.mark(key))
                });
            });
        }
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2));
    targets = suppression
}
criterion_main!(benches);
