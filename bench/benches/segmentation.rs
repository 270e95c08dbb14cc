//! A text becomes the octets of its segments: as a carrier's form plans and encodes it, every part.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a bench may stop at a fault"
)]

use std::hint::black_box;
use std::time::Duration;

use carrack_message::wire::TextForm;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

fn segmentation(criterion: &mut Criterion) {
    let plain = "Your order 4711 is packed and will leave our house today. ";
    let long = plain.repeat(8);
    let wide = "Ваш заказ собран и сегодня покинет наш склад. ";
    let long_wide = wide.repeat(5);
    let texts = [
        ("gsm7 short", plain),
        ("gsm7 long", long.as_str()),
        ("ucs2 short", wide),
        ("ucs2 long", long_wide.as_str()),
    ];
    let form = TextForm::default();
    let mut out = Vec::with_capacity(4096);
    let mut group = criterion.benchmark_group("segmentation");
    for (name, text) in texts {
        let parts = form.plan(text).unwrap().parts;
        group.throughput(Throughput::Elements(u64::from(parts)));
        group.bench_function(format!("{name}, {parts} segments"), |b| {
            b.iter(|| {
                out.clear();
                let plan = form.plan(black_box(text)).unwrap();
                for part in 0..plan.parts {
                    black_box(form.encode(&plan, text, part, 77, &mut out).unwrap());
                }
                black_box(&out);
            });
        });
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2));
    targets = segmentation
}
criterion_main!(benches);
