//! Frames through the real committer, synced, in a temporary folder (`TMPDIR` chooses the disk): the time of one commit
//! with nothing else under way, and the rate with two frames under way, as a shard has them.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a bench may stop at a fault"
)]

use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use carrack_message::record::{Accepted, Body, FrameWriter, ReceiptWish};
use carrack_queue::{
    CommitSettings, CommitThread, Committer, CommitterSpec, Durability, EpochLedger, ExportMark,
    FrameKey, FrameSummary, SealedFrame, ShardCommitter, Store, Totals, Turnovers,
};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

/// A shard that does nothing but commit.
struct Shard {
    committer: ShardCommitter,
    woken: Receiver<()>,
    ticket: u64,
    place: (u32, u64),
    octets: Vec<u8>,
}

impl Shard {
    fn start(records: usize, store: &Arc<Store>) -> (Self, CommitThread) {
        let (wake, woken) = channel();
        let spec = CommitterSpec {
            ledger: EpochLedger::new(Totals::default(), Turnovers::default(), 1),
            settings: CommitSettings {
                durability: Durability::EveryBatch,
                linger: Duration::ZERO,
                frames_max: 64,
                epoch_octets: 64 << 20,
                epoch_age: Duration::from_secs(600),
                retention: Duration::from_secs(60),
            },
            wakes: vec![Box::new(move || {
                let _ = wake.send(());
            })],
            export: Arc::new(ExportMark::nobody()),
        };
        let (thread, mut committers) = spec.start(Arc::clone(store)).unwrap();
        let shard = Self {
            committer: committers.pop().unwrap(),
            woken,
            ticket: 0,
            place: (0, 0),
            octets: frame(records),
        };
        (shard, thread)
    }

    fn next_frame(&mut self) -> Arc<SealedFrame> {
        let epoch = self.committer.epoch();
        let number = if self.place.0 == epoch {
            self.place.1 + 1
        } else {
            0
        };
        self.place = (epoch, number);
        self.ticket += 1;
        Arc::new(SealedFrame {
            key: FrameKey {
                epoch,
                shard: 0,
                number,
            },
            ticket: self.ticket,
            octets: self.octets.clone(),
            summary: FrameSummary::default(),
            shelf: Vec::new(),
            keys: Vec::new(),
        })
    }

    fn wait_through(&self, ticket: u64) {
        while self.committer.committed_through() < ticket {
            self.woken.recv().unwrap();
        }
    }

    /// Commits frames one by one, or with so many under way.
    fn commit(&mut self, frames: u64, under_way: u64) -> Duration {
        let mut spent = Duration::ZERO;
        for _ in 0..frames {
            let frame = self.next_frame();
            let begun = Instant::now();
            self.wait_through(frame.ticket.saturating_sub(under_way));
            self.committer.commit(&frame).unwrap();
            if under_way == 1 {
                self.wait_through(frame.ticket);
            }
            spent += begun.elapsed();
        }
        let begun = Instant::now();
        self.wait_through(self.ticket);
        spent + begun.elapsed()
    }
}

/// A frame as a shard seals it, of messages of 120 characters.
fn frame(records: usize) -> Vec<u8> {
    let mut writer = FrameWriter::default();
    for number in 0..records {
        let record = Accepted {
            id: number as u128,
            account: 1,
            class: 3,
            to: 447_700_900_000 + number as u64,
            from: "ACME".to_owned(),
            body: Body::Text("x".repeat(120)),
            segments: 1,
            reference: 0,
            wants_receipt: ReceiptWish::Always,
            at_utc_ns: 1,
            send_at_utc_ns: 0,
            expires_utc_ns: 2,
            price_micros: 1_000,
            client_ref: None,
            batch: None,
            tlvs: Vec::new(),
            told_as: Vec::new(),
        };
        writer.push(&record).unwrap();
    }
    writer.seal(1)
}

fn commit(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("commit");
    for records in [100, 1000] {
        for (name, under_way) in [("one at a time", 1), ("two under way", 2)] {
            let folder = tempfile::tempdir().unwrap();
            let store = Arc::new(Store::open(folder.path()).unwrap());
            let (mut shard, thread) = Shard::start(records, &store);
            group.throughput(Throughput::Elements(records as u64));
            group.bench_function(BenchmarkId::new(name, records), |b| {
                b.iter_custom(|frames| shard.commit(frames, under_way));
            });
            drop(shard);
            thread.join();
        }
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2));
    targets = commit
}
criterion_main!(benches);
