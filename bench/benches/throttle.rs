//! Taking from a bucket: granted at a rate that never runs dry, refused at one that has, and without a limit.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a bench may stop at a fault"
)]

use std::hint::black_box;
use std::time::Duration;

use carrack_throttle::Bucket;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

fn throttle(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("throttle");
    group.throughput(Throughput::Elements(1));
    let mut now_ns = 0u64;
    let mut wide = Bucket::per_second(1_000_000);
    group.bench_function("take, granted", |b| {
        b.iter(|| {
            now_ns += 2_000;
            black_box(wide.take(black_box(now_ns), 1))
        });
    });
    let mut empty = Bucket::per_second(10);
    let _ = empty.take_up_to(now_ns, 10);
    group.bench_function("take, refused", |b| {
        b.iter(|| black_box(empty.take(black_box(now_ns), 10)));
    });
    let mut unlimited = Bucket::unlimited();
    group.bench_function("take, no limit", |b| {
        b.iter(|| black_box(unlimited.take(black_box(now_ns), 1)));
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2));
    targets = throttle
}
criterion_main!(benches);
