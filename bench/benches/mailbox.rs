//! Mail from one thread to another: a letter sent and taken on one thread, and letters streamed between two.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a bench may stop at a fault"
)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use carrack_runtime::{Wake, mailbox};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const SIZE: usize = 1024;

fn between_threads(letters: u64) -> Duration {
    let (sender, mailbox) = mailbox::<u64>(SIZE, Wake::default());
    let begun = Instant::now();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            for letter in 0..letters {
                while sender.send(letter).is_err() {
                    std::thread::yield_now();
                }
            }
        });
        let mut taken = 0;
        while taken < letters {
            match mailbox.take() {
                Some(letter) => {
                    black_box(letter);
                    taken += 1;
                }
                None => std::thread::yield_now(),
            }
        }
    });
    begun.elapsed()
}

fn mail(criterion: &mut Criterion) {
    let wake = Wake::default();
    let (sender, mailbox) = mailbox::<u64>(SIZE, wake.clone());
    let mut group = criterion.benchmark_group("mailbox");
    group.throughput(Throughput::Elements(1));
    group.bench_function("send + take, loop busy", |b| {
        b.iter(|| {
            sender.send(black_box(1)).unwrap();
            black_box(mailbox.take())
        });
    });
    group.bench_function("send + take, loop woken each time", |b| {
        b.iter(|| {
            wake.clear();
            sender.send(black_box(1)).unwrap();
            black_box(mailbox.take())
        });
    });
    group.bench_function("streamed between two threads", |b| {
        b.iter_custom(between_threads)
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2));
    targets = mail
}
criterion_main!(benches);
