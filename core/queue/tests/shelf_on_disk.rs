//! The shelf in a real store: one write with the frame that says so, there after a restart.
#![allow(clippy::unwrap_used)]

use carrack_message::MessageId;
use carrack_message::record::{FrameWriter, Told};
use carrack_queue::{
    DueFrom, FrameKey, FrameSummary, SealedFrame, ShelfChange, ShelfEntry, ShelfMarks,
    ShelfQuestion, Store, receipt_name,
};

fn entry(id: u128, due_ms: u64) -> ShelfEntry {
    ShelfEntry {
        marks: ShelfMarks {
            id: MessageId(id),
            account: 1 + (id % 2) as u32,
            keeper: 7,
            due_ms,
            receipts: vec![receipt_name(7, format!("id-{id}").as_bytes())],
        },
        octets: vec![id as u8; 200],
    }
}

fn frame(number: u64, shelf: Vec<ShelfChange>) -> SealedFrame {
    let mut writer = FrameWriter::default();
    let told = Told {
        id: 1,
        epoch: 1,
        at_utc_ns: 1,
    };
    writer.push(&told).unwrap();
    SealedFrame {
        key: FrameKey {
            epoch: 1,
            shard: 0,
            number,
        },
        ticket: number,
        octets: writer.seal(number),
        summary: FrameSummary::default(),
        shelf,
        keys: Vec::new(),
    }
}

const HOME: FrameKey = FrameKey {
    epoch: 1,
    shard: 0,
    number: 1,
};

fn by_receipt(store: &Store, id: u128) -> Vec<u128> {
    let name = receipt_name(7, format!("id-{id}").as_bytes());
    let found = store.ask_shelf(&ShelfQuestion::Receipts(vec![name]));
    found
        .unwrap()
        .iter()
        .map(|entry| entry.marks.id.0)
        .collect()
}

#[test]
fn ten_thousand_go_and_half_come_back_and_a_restart_changes_nothing() {
    const COUNT: u128 = 10_000;
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let puts = (0..COUNT).map(|id| ShelfChange::Put(entry(id, 1000 + id as u64)));
    let there = frame(0, puts.collect());
    store.write_frames([there].iter(), true).unwrap();
    let takes = (0..COUNT / 2).map(|id| ShelfChange::Take(entry(id, 1000 + id as u64).marks, HOME));
    let back = frame(1, takes.collect());
    store.write_frames([back].iter(), true).unwrap();
    store.close();
    drop(store);

    let store = Store::open(folder.path()).unwrap();
    assert_eq!(store.shelf_counts().total(), (COUNT / 2) as u64);
    assert_eq!(store.shelf_keepers().unwrap(), [7]);
    assert_eq!(by_receipt(&store, 10), [] as [u128; 0]);
    assert_eq!(by_receipt(&store, 9_000), [9_000]);
    let due = ShelfQuestion::Due {
        keepers: [3, 7, 9].map(DueFrom::all).to_vec(),
        until_ms: 1000 + 5_010,
        most: 100,
    };
    let due: Vec<u128> = store
        .ask_shelf(&due)
        .unwrap()
        .iter()
        .map(|entry| entry.marks.id.0)
        .collect();
    assert_eq!(due, Vec::from_iter(5_000..=5_010));
    let whole = store
        .ask_shelf(&ShelfQuestion::Id(MessageId(7_777)))
        .unwrap();
    assert_eq!(whole, [entry(7_777, 8_777)]);
    assert_eq!(store.home(MessageId(10)).unwrap(), Some(HOME));
    assert_eq!(store.home(MessageId(9_000)).unwrap(), None);
    let mut seen = 0;
    store
        .visit_shelf(&mut |_, entry| seen += u128::from(entry.is_some()))
        .unwrap();
    assert_eq!(seen, COUNT / 2);
}

#[test]
fn frame_that_is_written_twice_counts_once() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let put = || frame(0, vec![ShelfChange::Put(entry(5, 9))]);
    store.write_frames([put()].iter(), true).unwrap();
    store.reopen().unwrap();
    assert_eq!(store.shelf_counts().total(), 1);
    let take = frame(1, vec![ShelfChange::Take(entry(5, 9).marks, HOME)]);
    store.write_frames([take].iter(), true).unwrap();
    assert_eq!(
        (store.shelf_counts().total(), by_receipt(&store, 5)),
        (0, vec![])
    );
}
