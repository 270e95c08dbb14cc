//! Epochs that go, shards that write beside each other, a store that is opened again.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use super::*;
use crate::frame::FrameSummary;
use crate::{Totals, Turnovers};

fn frame(epoch: u32, number: u64) -> SealedFrame {
    let key = FrameKey {
        epoch,
        shard: 0,
        number,
    };
    SealedFrame {
        key,
        ticket: number,
        octets: vec![epoch as u8; 100],
        summary: FrameSummary::default(),
        shelf: Vec::new(),
        keys: Vec::new(),
    }
}

fn keys(store: &Store) -> Vec<(u32, u64)> {
    let mut found = Vec::new();
    store
        .visit_frames(0, |key, _| {
            found.push((key.epoch, key.number));
            true
        })
        .unwrap();
    found
}

#[test]
fn reclaimed_epochs_are_gone_and_their_totals_stay() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let frames = [frame(1, 0), frame(1, 1), frame(2, 0), frame(3, 0)];
    store.write_frames(frames.iter(), true).unwrap();
    let totals = Totals {
        accepted: 7,
        delivered: 7,
        ..Totals::default()
    };
    store
        .reclaim(&Reclaimed {
            epochs_below: 3,
            octets: 300,
            totals,
            money: Turnovers::default(),
            unread: false,
        })
        .unwrap();
    assert_eq!(keys(&store), [(3, 0)]);
    store.close();
    let store = Store::open(folder.path()).unwrap();
    assert_eq!(keys(&store), [(3, 0)]);
    assert_eq!(
        (store.totals_gone().unwrap(), store.first_epoch().unwrap()),
        (totals, 3)
    );
}

#[test]
fn frames_of_several_shards_come_in_the_order_of_their_stamps() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let stamped = |epoch, shard, number, stamp| SealedFrame {
        key: FrameKey {
            epoch,
            shard,
            number,
        },
        ticket: 0,
        octets: carrack_message::record::FrameWriter::default().seal(stamp),
        summary: FrameSummary::default(),
        shelf: Vec::new(),
        keys: Vec::new(),
    };
    let frames = [
        stamped(1, 0, 0, 5),
        stamped(1, 0, 1, 6),
        stamped(1, 3, 0, 1),
        stamped(1, 3, 1, 9),
        stamped(1, 7, 0, 2),
        stamped(2, 0, 0, 0),
    ];
    store.write_frames(frames.iter(), true).unwrap();
    let mut found = Vec::new();
    store
        .visit_frames(0, |key, _| {
            found.push((key.epoch, key.shard, key.number));
            true
        })
        .unwrap();
    assert_eq!(
        found,
        [
            (1, 3, 0),
            (1, 7, 0),
            (1, 0, 0),
            (1, 0, 1),
            (1, 3, 1),
            (2, 0, 0)
        ]
    );
}

#[test]
fn reopened_store_holds_what_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    store.write_frames([frame(1, 0)].iter(), true).unwrap();
    store.reopen().unwrap();
    store
        .write_frames([frame(1, 0), frame(1, 1)].iter(), true)
        .unwrap();
    assert_eq!(keys(&store), [(1, 0), (1, 1)]);
    assert!(
        Store::open(folder.path()).is_err(),
        "two nodes must not share a store"
    );
    assert_eq!(
        Store::open_read_only(folder.path())
            .unwrap()
            .frame(FrameKey {
                epoch: 1,
                shard: 0,
                number: 1
            })
            .unwrap()
            .unwrap()
            .len(),
        100
    );
}
