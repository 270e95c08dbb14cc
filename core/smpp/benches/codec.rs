//! Decode and encode of the three PDUs of every message, beside `rusmpp` in its owned form and in its
//! borrowed one; allocations of each are counted first.
//!
//! `cargo bench -p carrack-smpp --bench codec`. Criterion's times are for 64 PDUs. The lines before
//! them give the fastest turn of many and the ratio of decode and encode together, against the
//! borrowed form, the faster of the two; they hold on a machine that has other work too.
#![allow(
    missing_docs,
    unsafe_code,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a counting allocator cannot be written without unsafe; a bench may stop at a fault"
)]

use bytes::BytesMut;
use carrack_smpp::{
    Address, CommandId, CommandStatus, ESM_CLASS_DELIVERY_RECEIPT, MessageIdBody, ShortMessage,
    Strictness, Tlvs, encode_deliver_sm, encode_submit_sm, encode_submit_sm_resp, split_frame, tag,
    write_tlv,
};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use rusmpp::Command as Owned;
use rusmpp::decode::DecodeWithLength as DecodeOwned;
use rusmpp::encode::{Encode, Length};
use rusmpp_core::command::borrowed::Command as Borrowed;
use rusmpp_core::decode::borrowed::DecodeWithLength as DecodeBorrowed;
use std::alloc::{GlobalAlloc, Layout, System};
use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

const PDUS: usize = 64;
/// Optional parameters that the borrowed form of `rusmpp` makes room for.
const TLVS_MAX: usize = 4;

struct Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

// SAFETY: every call goes to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// Reads every PDU of a buffer.
#[inline]
fn read_all(mut bytes: &[u8]) {
    while let Some((pdu, length)) = split_frame(bytes, 1 << 16).unwrap() {
        match pdu.header.command_id {
            CommandId::SUBMIT_SM_RESP => {
                black_box(&MessageIdBody::decode(pdu.body));
            }
            _ => {
                black_box(&ShortMessage::decode(pdu.body, Strictness::Tolerant).unwrap());
            }
        }
        bytes = &bytes[length..];
    }
}

#[inline]
fn read_all_borrowed(mut bytes: &[u8]) {
    while let Some(first) = bytes.first_chunk::<4>() {
        let length = u32::from_be_bytes(*first) as usize;
        let read: (Borrowed<'_, TLVS_MAX>, usize) =
            DecodeBorrowed::decode(&bytes[4..length], length - 4).unwrap();
        black_box(&read);
        bytes = &bytes[length..];
    }
}

#[inline]
fn read_all_owned(bytes: &mut BytesMut) {
    while let Some(first) = bytes.first_chunk::<4>() {
        let length = u32::from_be_bytes(*first) as usize;
        let mut frame = bytes.split_to(length);
        let _ = frame.split_to(4);
        let read: (Owned, usize) = DecodeOwned::decode(&mut frame, length - 4).unwrap();
        black_box(&read);
    }
}

fn count(turns: u64, mut work: impl FnMut()) -> f64 {
    let before = ALLOCATIONS.load(Ordering::Relaxed);
    for _ in 0..turns {
        work();
    }
    (ALLOCATIONS.load(Ordering::Relaxed) - before) as f64 / (turns * PDUS as u64) as f64
}

/// Nanoseconds a PDU in the fastest turn of many: what the work costs when nothing else runs.
fn fastest(mut work: impl FnMut()) -> f64 {
    let fastest = (0..20_000)
        .map(|_| {
            let begun = Instant::now();
            work();
            begun.elapsed()
        })
        .min()
        .unwrap_or_default();
    fastest.as_nanos() as f64 / PDUS as f64
}

fn print_allocations(name: &str, many: &[u8], our_encode: &mut dyn FnMut()) {
    our_encode();
    let ours = count(100, || {
        our_encode();
        read_all(many);
    });
    let borrowing = count(100, || read_all_borrowed(many));
    let mut buffers: Vec<_> = (0..100).map(|_| BytesMut::from(many)).collect();
    let owning = count(100, || {
        let mut bytes = buffers.pop().unwrap();
        read_all_owned(&mut bytes);
    });
    eprintln!(
        "{name}: {} octets; allocations a PDU: carrack {ours} (decode and encode), \
        rusmpp decode borrowed {borrowing}, owned {owning}",
        many.len() / PDUS,
    );
    assert_eq!(ours, 0.0, "our codec allocates");
}

/// Decode and encode of each side, nanoseconds.
fn print_ratio(name: &str, ours: [f64; 2], theirs: [f64; 2]) {
    let ratio = theirs.iter().sum::<f64>() / ours.iter().sum::<f64>();
    eprintln!(
        "{name}: decode + encode, ns: carrack {:.1} + {:.1}, rusmpp borrowed {:.1} + {:.1}; ratio {ratio:.1}",
        ours[0], ours[1], theirs[0], theirs[1],
    );
}

/// One kind of PDU; `write` appends one with this sequence number.
fn one_kind(criterion: &mut Criterion, name: &str, write: impl Fn(&mut Vec<u8>, u32)) {
    let mut one = Vec::new();
    write(&mut one, 7);
    let many = one.repeat(PDUS);
    let mut out = Vec::with_capacity(many.len() * 2);
    let (mut borrowed, _): (Borrowed<'_, TLVS_MAX>, usize) =
        DecodeBorrowed::decode(&one[4..], one.len() - 4).unwrap();
    let mut their_out = vec![0u8; many.len() * 2];

    let mut their_encode = || {
        let mut at = 0;
        for sequence in 0..PDUS as u32 {
            borrowed.sequence_number = sequence;
            let command = black_box(&borrowed);
            let length = 4 + command.length();
            their_out[at..at + 4].copy_from_slice(&(length as u32).to_be_bytes());
            command.encode(&mut their_out[at + 4..at + length]);
            at += length;
        }
        black_box(&their_out);
    };
    let mut our_encode = || {
        out.clear();
        for sequence in 0..PDUS as u32 {
            write(&mut out, sequence);
        }
        black_box(&out);
    };
    print_allocations(name, &many, &mut our_encode);
    print_ratio(
        name,
        [
            fastest(|| read_all(black_box(&many))),
            fastest(&mut our_encode),
        ],
        [
            fastest(|| read_all_borrowed(black_box(&many))),
            fastest(&mut their_encode),
        ],
    );

    let mut group = criterion.benchmark_group(name);
    group.throughput(Throughput::Elements(PDUS as u64));
    group.bench_function("decode/carrack", |b| b.iter(|| read_all(black_box(&many))));
    group.bench_function("decode/rusmpp-borrowed", |b| {
        b.iter(|| read_all_borrowed(black_box(&many)));
    });
    group.bench_function("decode/rusmpp-owned", |b| {
        b.iter_batched_ref(
            || BytesMut::from(many.as_slice()),
            read_all_owned,
            BatchSize::SmallInput,
        );
    });
    group.bench_function("encode/carrack", |b| b.iter(&mut our_encode));
    group.bench_function("encode/rusmpp-borrowed", |b| b.iter(&mut their_encode));
    group.finish();
}

fn codec(criterion: &mut Criterion) {
    let text = [b'x'; 90];
    let submit = ShortMessage {
        source: Address::alphanumeric(b"ACME"),
        destination: Address::international(b"447946000001"),
        registered_delivery: 1,
        short_message: &text,
        ..ShortMessage::default()
    };
    let mut tlvs = Vec::new();
    write_tlv(&mut tlvs, tag::RECEIPTED_MESSAGE_ID, b"0123456789abcdef\0").unwrap();
    write_tlv(&mut tlvs, tag::MESSAGE_STATE, &[2]).unwrap();
    let receipt =
        b"id:0123456789abcdef sub:001 dlvrd:001 submit date:2607011200 done date:2607011201 \
        stat:DELIVRD err:000 text:";
    let deliver = ShortMessage {
        source: Address::international(b"447946000001"),
        destination: Address::alphanumeric(b"ACME"),
        esm_class: ESM_CLASS_DELIVERY_RECEIPT,
        short_message: receipt,
        tlvs: Tlvs::new(&tlvs),
        ..ShortMessage::default()
    };
    one_kind(criterion, "submit_sm", |out, sequence| {
        encode_submit_sm(out, sequence, black_box(&submit)).unwrap();
    });
    one_kind(criterion, "submit_sm_resp", |out, sequence| {
        let id = black_box(b"0123456789abcdef".as_slice());
        encode_submit_sm_resp(out, sequence, CommandStatus::ESME_ROK, id).unwrap();
    });
    one_kind(criterion, "deliver_sm", |out, sequence| {
        encode_deliver_sm(out, sequence, black_box(&deliver)).unwrap();
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(3));
    targets = codec
}
criterion_main!(benches);
