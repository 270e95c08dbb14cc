//! The audit adds up when epochs are gone whose messages ended in epochs that are still there.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

use carrack_engine::{AccountMoney, audit};
use carrack_message::record::{Accepted, Body, Final, FrameWriter, ReceiptWish, Storable, Told};
use carrack_message::{MessageId, MessageIdParts, Status};
use carrack_queue::{FrameKey, FrameSummary, Reclaimed, SealedFrame, Store, Totals, Turnovers};

fn id(epoch: u32, index: u16) -> u128 {
    MessageId::new(MessageIdParts {
        epoch,
        index,
        ..MessageIdParts::default()
    })
    .0
}

fn accepted(id: u128) -> Accepted {
    Accepted {
        id,
        account: 1,
        class: 0,
        to: 447_700_900_001,
        from: "ACME".to_owned(),
        body: Body::Text("hello".to_owned()),
        segments: 1,
        reference: 0,
        wants_receipt: ReceiptWish::Always,
        at_utc_ns: 1,
        send_at_utc_ns: 0,
        expires_utc_ns: 2,
        price_micros: 700,
        client_ref: None,
        batch: None,
        tlvs: Vec::new(),
        told_as: Vec::new(),
    }
}

fn end(id: u128) -> Final {
    Final {
        id,
        account: 1,
        epoch: 1,
        status: Status::Delivered.as_u8(),
        carrier: 1,
        error: 0,
        segments_sent: 1,
        tell: true,
        cost_micros: 5000,
        charged_micros: 500,
        released_micros: 200,
        at_utc_ns: 3,
        detail: String::new(),
    }
}

fn frame(epoch: u32, fill: impl FnOnce(&mut FrameWriter)) -> SealedFrame {
    let mut writer = FrameWriter::default();
    fill(&mut writer);
    let key = FrameKey {
        epoch,
        shard: 0,
        number: 0,
    };
    SealedFrame {
        key,
        ticket: 0,
        octets: writer.seal(0),
        summary: FrameSummary::default(),
        shelf: Vec::new(),
        keys: Vec::new(),
    }
}

fn push(writer: &mut FrameWriter, record: &impl Storable) {
    writer.push(record).unwrap();
}

#[test]
fn end_of_a_message_of_a_reclaimed_epoch_is_not_counted_twice() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let old = frame(1, |writer| push(writer, &accepted(id(1, 0))));
    let new = frame(2, |writer| {
        push(writer, &accepted(id(2, 0)));
        push(writer, &end(id(1, 0)));
        push(
            writer,
            &Told {
                id: id(1, 0),
                epoch: 1,
                at_utc_ns: 4,
            },
        );
    });
    store.write_frames([old, new].iter(), true).unwrap();
    let whole = audit(&store).unwrap();
    assert!(whole.adds_up, "{:?}", whole.contradictions);
    let totals = Totals {
        accepted: 1,
        delivered: 1,
        ..Totals::default()
    };
    let mut money = Turnovers::default();
    money.priced(1, 700);
    store
        .reclaim(&Reclaimed {
            epochs_below: 2,
            octets: 1,
            totals,
            money,
            unread: false,
        })
        .unwrap();
    let kept = audit(&store).unwrap();
    assert!(kept.adds_up, "{:?}", kept.contradictions);
    assert_eq!((kept.accepted, kept.delivered, kept.waiting), (2, 1, 1));
    let accounts = [AccountMoney {
        account: "account 1".to_owned(),
        credited_micros: 0,
        charged_micros: 500,
        reserved_micros: 700,
    }];
    assert_eq!(
        (&whole.accounts[..], &kept.accounts[..]),
        (&accounts[..], &accounts[..])
    );
    assert_eq!((whole.accepted, whole.delivered, whole.waiting), (2, 1, 1));
}

#[test]
fn second_end_lost_message_and_missing_frame_do_not_add_up() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let first = frame(1, |writer| push(writer, &accepted(id(1, 0))));
    let mut second = frame(1, |writer| {
        push(writer, &end(id(1, 0)));
        push(writer, &end(id(1, 0)));
        push(writer, &end(id(1, 7)));
    });
    second.key.number = 2;
    store.write_frames([first, second].iter(), true).unwrap();
    let found = audit(&store).unwrap();
    assert!(!found.adds_up);
    assert!(
        found.contradictions.len() >= 3,
        "{:?}",
        found.contradictions
    );
}
