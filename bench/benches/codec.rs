//! Decode and encode of the three PDUs of every message, a PDU at a time. `core/smpp`'s own bench has the comparison
//! with a peer.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a bench may stop at a fault"
)]

use std::hint::black_box;
use std::time::Duration;

use carrack_smpp::{
    Address, CommandStatus, ESM_CLASS_DELIVERY_RECEIPT, MessageIdBody, ShortMessage, Strictness,
    Tlvs, encode_deliver_sm, encode_submit_sm, encode_submit_sm_resp, split_frame, tag, write_tlv,
};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

/// Largest PDU that is taken, octets.
const PDU_OCTETS_MAX: u32 = 1 << 16;

fn message(criterion: &mut Criterion, name: &str, write: impl Fn(&mut Vec<u8>)) {
    let mut one = Vec::new();
    write(&mut one);
    let mut out = Vec::with_capacity(one.len() * 2);
    let mut group = criterion.benchmark_group(name);
    group.throughput(Throughput::Elements(1));
    group.bench_function("decode", |b| {
        b.iter(|| {
            let (pdu, _) = split_frame(black_box(&one), PDU_OCTETS_MAX)
                .unwrap()
                .unwrap();
            black_box(ShortMessage::decode(pdu.body, Strictness::Tolerant).unwrap());
        });
    });
    group.bench_function("encode", |b| {
        b.iter(|| {
            out.clear();
            write(&mut out);
            black_box(&out);
        });
    });
    group.bench_function("decode + encode", |b| {
        b.iter(|| {
            let (pdu, _) = split_frame(black_box(&one), PDU_OCTETS_MAX)
                .unwrap()
                .unwrap();
            let read = ShortMessage::decode(pdu.body, Strictness::Tolerant).unwrap();
            out.clear();
            encode_submit_sm(&mut out, pdu.header.sequence_number, &read.value).unwrap();
            black_box(&out);
        });
    });
    group.finish();
}

fn response(criterion: &mut Criterion) {
    let id = b"0123456789abcdef".as_slice();
    let mut one = Vec::new();
    encode_submit_sm_resp(&mut one, 7, CommandStatus::ESME_ROK, id).unwrap();
    let mut out = Vec::with_capacity(one.len() * 2);
    let mut group = criterion.benchmark_group("submit_sm_resp");
    group.throughput(Throughput::Elements(1));
    group.bench_function("decode", |b| {
        b.iter(|| {
            let (pdu, _) = split_frame(black_box(&one), PDU_OCTETS_MAX)
                .unwrap()
                .unwrap();
            black_box(MessageIdBody::decode(pdu.body));
        });
    });
    group.bench_function("encode", |b| {
        b.iter(|| {
            out.clear();
            encode_submit_sm_resp(&mut out, 7, CommandStatus::ESME_ROK, black_box(id)).unwrap();
            black_box(&out);
        });
    });
    group.finish();
}

fn codec(criterion: &mut Criterion) {
    let text = [b'x'; 120];
    let submit = ShortMessage {
        source: Address::alphanumeric(b"ACME"),
        destination: Address::international(b"447700900123"),
        registered_delivery: 1,
        short_message: &text,
        ..ShortMessage::default()
    };
    let mut tlvs = Vec::new();
    write_tlv(&mut tlvs, tag::RECEIPTED_MESSAGE_ID, b"0123456789abcdef\0").unwrap();
    write_tlv(&mut tlvs, tag::MESSAGE_STATE, &[2]).unwrap();
    let receipt = b"id:0123456789abcdef sub:001 dlvrd:001 submit date:2607011200 \
        done date:2607011201 stat:DELIVRD err:000 text:";
    let deliver = ShortMessage {
        source: Address::international(b"447700900123"),
        destination: Address::alphanumeric(b"ACME"),
        esm_class: ESM_CLASS_DELIVERY_RECEIPT,
        short_message: receipt,
        tlvs: Tlvs::new(&tlvs),
        ..ShortMessage::default()
    };
    message(criterion, "submit_sm", |out| {
        encode_submit_sm(out, 7, black_box(&submit)).unwrap();
    });
    response(criterion);
    message(criterion, "deliver_sm", |out| {
        encode_deliver_sm(out, 7, black_box(&deliver)).unwrap();
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2));
    targets = codec
}
criterion_main!(benches);
