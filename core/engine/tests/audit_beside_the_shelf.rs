//! The audit where a message was on the shelf and came back in another shard's frame of the same epoch.
#![allow(clippy::unwrap_used, missing_docs)]

use carrack_engine::audit;
use carrack_message::record::{Accepted, Aside, Body, Final, FrameWriter, ReceiptWish, Storable};
use carrack_message::{MessageId, MessageIdParts, Status};
use carrack_queue::{
    FrameKey, FrameSummary, SealedFrame, ShelfChange, ShelfEntry, ShelfMarks, Store,
};

fn accepted() -> Accepted {
    Accepted {
        id: id().0,
        account: 1,
        class: 3,
        to: 447_700_900_001,
        from: "ACME".into(),
        body: Body::Text("x".into()),
        segments: 1,
        reference: 0,
        wants_receipt: ReceiptWish::Never,
        at_utc_ns: 1,
        send_at_utc_ns: 0,
        expires_utc_ns: 2,
        price_micros: -1,
        client_ref: None,
        batch: None,
        tlvs: Vec::new(),
        told_as: Vec::new(),
    }
}

/// Accepted by shard 3.
fn id() -> MessageId {
    MessageId::new(MessageIdParts {
        utc_ms: 1,
        epoch: 1,
        node: 0,
        shard: 3,
        frame: 0,
        index: 0,
    })
}

fn octets(stamp: u64, fill: impl FnOnce(&mut FrameWriter)) -> Vec<u8> {
    let mut writer = FrameWriter::default();
    fill(&mut writer);
    writer.seal(stamp)
}

fn push(writer: &mut FrameWriter, record: &impl Storable) {
    writer.push(record).unwrap();
}

fn frame(shard: u16, number: u64, octets: Vec<u8>, shelf: Vec<ShelfChange>) -> SealedFrame {
    SealedFrame {
        key: FrameKey {
            epoch: 1,
            shard,
            number,
        },
        ticket: 0,
        octets,
        summary: FrameSummary::default(),
        shelf,
        keys: Vec::new(),
    }
}

#[test]
fn message_that_another_shard_brought_back_in_its_own_epoch_is_no_contradiction() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let entry = ShelfEntry {
        marks: ShelfMarks {
            id: id(),
            account: 1,
            keeper: 1,
            due_ms: 5,
            receipts: Vec::new(),
        },
        octets: octets(0, |writer| push(writer, &accepted())),
    };
    let marks = entry.marks.clone();
    let aside = Aside {
        id: id().0,
        epoch: 1,
        at_utc_ns: 2,
    };
    let here = frame(3, 0, octets(0, |writer| push(writer, &accepted())), vec![]);
    let gone = octets(1, |writer| push(writer, &aside));
    let gone = frame(0, 0, gone, vec![ShelfChange::Put(entry)]);
    store.write_frames([here, gone].iter(), true).unwrap();
    let there = audit(&store).unwrap();
    assert!(there.adds_up, "{:?}", there.contradictions);
    assert_eq!((there.waiting, there.shelved), (1, 1));

    let end = Final {
        id: id().0,
        account: 1,
        status: Status::Delivered.as_u8(),
        carrier: 1,
        error: 0,
        segments_sent: 1,
        tell: false,
        epoch: 1,
        cost_micros: 5000,
        charged_micros: 0,
        released_micros: 0,
        at_utc_ns: 3,
        detail: String::new(),
    };
    let back = octets(2, |writer| {
        push(writer, &accepted());
        push(writer, &end);
    });
    let mut back = frame(0, 1, back, vec![]);
    back.shelf = vec![ShelfChange::Take(marks, back.key)];
    store.write_frames([back].iter(), true).unwrap();
    let whole = audit(&store).unwrap();
    assert!(whole.adds_up, "{:?}", whole.contradictions);
    assert_eq!((whole.accepted, whole.delivered, whole.waiting), (1, 1, 0));
}
