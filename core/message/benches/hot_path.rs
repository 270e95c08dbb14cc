//! What this crate costs a message on its way through a node, piece by piece: receipts as text read and
//! written, text from and to septets, ids folded, numbers in digits.
//!
//! `cargo bench -p carrack-message --bench hot_path`. Times are for one piece.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    reason = "a bench may stop at a fault"
)]

use carrack_message::alphabet::gsm7;
use carrack_message::carrier_id::{Candidates, IdRule, fold};
use carrack_message::number::{MSISDN_DIGITS_MAX, Msisdn, origin};
use carrack_message::receipt::{
    Grammar, ReceiptFields, ReceiptParts, ReceiptRules, ReceiptState, date, parse_with, read, write,
};
use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use std::time::Duration;

const USUAL: &[u8] = b"id:4D2E7A10 sub:001 dlvrd:001 submit date:2611221300 done date:2611221301 stat:DELIVRD err:000 text:Your code is 482913";
/// What only the scanner reads.
const DRESSED: &[u8] = b"id: 4D2E7A10 sub: 001 dlvrd: 001 submit date: 2611221300 done date: 2611221301 stat: DELIVRD err: 000 text: Your code is 482913";
const DELIVERY_RECEIPT: u8 = 0x04;

const PLAIN: &str = "Dear customer, your parcel 4815162342 arrives today between 14:00 and 16:00. Track it: example.com/t/Zk3, or call us now";
const MIXED: &str = "Dear [customer], your parcel {4815162342} costs 12 €, arrives today between 14:00 and 16:00 @ home_door. Ça va? Call us";

const IDS: [(&str, &[u8]); 4] = [
    ("decimal", b"18446744073709"),
    ("hex", b"4D2E7A10"),
    ("padded", b"0000000000482913"),
    ("uuid", b"550e8400-e29b-41d4-a716-446655440000"),
];

fn receipts(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("receipt");
    let (grammar, rules) = (Grammar::default(), ReceiptRules::default());
    for (name, text) in [("usual", USUAL), ("dressed", DRESSED)] {
        group.bench_function(format!("parse/{name}"), |bench| {
            bench.iter(|| black_box(parse_with(&grammar, black_box(text))));
        });
        let parts = ReceiptParts {
            esm_class: DELIVERY_RECEIPT,
            text,
            ..ReceiptParts::default()
        };
        group.bench_function(format!("read/{name}"), |bench| {
            bench.iter(|| black_box(read(black_box(&parts), &rules)));
        });
        let with_parameters = ReceiptParts {
            tlv_id: Some(b"4D2E7A10\0"),
            tlv_state: Some(2),
            ..parts
        };
        group.bench_function(format!("read_with_parameters/{name}"), |bench| {
            bench.iter(|| black_box(read(black_box(&with_parameters), &rules)));
        });
    }
    let fields = ReceiptFields {
        id: b"0192f0c4a1b27d3e9c5f60718293a4b5",
        sub: 1,
        dlvrd: 1,
        submit_utc_s: 1_795_352_400,
        done_utc_s: 1_795_352_460,
        state: ReceiptState::Delivered,
        error: b"000",
        text: "Your code is 482913 and more",
    };
    let mut out = Vec::new();
    group.bench_function("write", |bench| {
        bench.iter(|| {
            out.clear();
            write(&mut out, black_box(&fields));
            black_box(&out);
        });
    });
    group.bench_function("date_read", |bench| {
        bench.iter(|| black_box(date::parse(black_box(b"2611221300"))));
    });
    group.finish();
}

fn text(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("gsm7");
    for (name, text) in [("plain", PLAIN), ("mixed", MIXED)] {
        let mut octets = Vec::new();
        gsm7::encode(text, &mut octets).unwrap();
        let mut out = Vec::new();
        group.bench_function(format!("encode/{name}"), |bench| {
            bench.iter(|| {
                out.clear();
                gsm7::encode(black_box(text), &mut out).unwrap();
                black_box(&out);
            });
        });
        let mut back = String::new();
        group.bench_function(format!("decode/{name}"), |bench| {
            bench.iter(|| {
                back.clear();
                black_box(gsm7::decode(black_box(&octets), &mut back));
                black_box(&back);
            });
        });
    }
    group.finish();
}

fn ids(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("id");
    let rule = IdRule::default();
    for (name, id) in IDS {
        group.bench_function(format!("fold/{name}"), |bench| {
            bench.iter(|| black_box(fold(&rule, black_box(id))));
        });
        group.bench_function(format!("candidates/{name}"), |bench| {
            bench.iter(|| black_box(Candidates::of_receipt(&rule, black_box(id))));
        });
    }
    group.finish();
}

fn numbers(criterion: &mut Criterion) {
    let number = Msisdn::from_u64(447_700_900_123).unwrap();
    criterion.bench_function("number/write_digits", |bench| {
        bench.iter(|| {
            let mut digits = [0; MSISDN_DIGITS_MAX];
            black_box(black_box(number).write_digits(&mut digits));
        });
    });
    criterion.bench_function("number/from_digits", |bench| {
        bench.iter(|| black_box(Msisdn::from_digits(black_box(b"447700900123"))));
    });
    for (country, digits) in [
        ("GB", 447_400_123_456),
        ("DE", 4_915_123_456_789),
        ("KY", 13_459_492_311),
    ] {
        let number = Msisdn::from_u64(digits).unwrap();
        criterion.bench_function(&format!("number/origin/{country}"), |bench| {
            bench.iter(|| black_box(origin(black_box(number))));
        });
    }
}

fn quick() -> Criterion {
    Criterion::default()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
}

criterion_group! {
    name = benches;
    config = quick();
    targets = receipts, text, ids, numbers
}
criterion_main!(benches);
