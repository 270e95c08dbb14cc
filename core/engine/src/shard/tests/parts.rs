//! Which receipts of a text of several parts decide what the customer sees.

use carrack_message::record::RecordView;
use carrack_message::{ReceiptState, Status};

use super::rig::{GRACE, NORTH, Rig, settings};
use crate::settings::{EngineSettings, Multipart};

const GOOD: ReceiptState = ReceiptState::Delivered;
const BAD: ReceiptState = ReceiptState::Undeliverable;

fn rig(multipart: Multipart) -> Rig {
    Rig::with(EngineSettings {
        multipart,
        ..settings()
    })
}

/// Sends a text of three parts; gives its end after each receipt of part and state.
fn ends(multipart: Multipart, receipts: &[(u8, ReceiptState)]) -> Vec<Option<Status>> {
    let mut rig = rig(multipart);
    rig.accept(&[&"x".repeat(400)]);
    for part in 1..=3 {
        rig.answer(NORTH, &format!("n{part}"));
    }
    rig.settle();
    let mut ends = Vec::new();
    for (part, state) in receipts {
        rig.receipt(NORTH, &format!("n{part}"), *state);
        rig.settle();
        assert!(rig.finals().len() <= 1, "one end a message");
        ends.push(rig.finals().first().map(|(_, status, _)| *status));
    }
    let seen = rig.records(|record| matches!(record, RecordView::ReceiptSeen(_)));
    assert_eq!(seen, receipts.len(), "all receipts are written down");
    assert_eq!(rig.wires[NORTH].borrow().answers.len(), receipts.len());
    let rig = rig.crash();
    rig.assert_nothing_kept();
    ends
}

#[test]
fn t12_all_parts_decide_and_the_worst_counts() {
    let found = ends(Multipart::All, &[(3, GOOD), (1, BAD), (2, GOOD)]);
    assert_eq!(found, [None, None, Some(Status::Undelivered)]);
    let found = ends(Multipart::All, &[(3, GOOD), (1, GOOD), (2, GOOD)]);
    assert_eq!(found, [None, None, Some(Status::Delivered)]);
}

#[test]
fn t12_any_delivered_part_decides_and_what_comes_after_changes_nothing() {
    let good = Some(Status::Delivered);
    let found = ends(Multipart::Any, &[(1, BAD), (3, GOOD), (2, BAD)]);
    assert_eq!(found, [None, good, good]);
    let found = ends(Multipart::Any, &[(1, BAD), (3, BAD), (2, BAD)]);
    assert_eq!(found, [None, None, Some(Status::Undelivered)]);
}

#[test]
fn t12_last_part_decides() {
    let bad = Some(Status::Undelivered);
    let found = ends(Multipart::Last, &[(1, GOOD), (2, GOOD), (3, BAD)]);
    assert_eq!(found, [None, None, bad]);
    let found = ends(Multipart::Last, &[(3, BAD), (1, GOOD), (2, GOOD)]);
    assert_eq!(found, [bad, bad, bad]);
}

#[test]
fn nothing_is_decided_while_a_part_may_have_to_be_sent_again() {
    for multipart in [Multipart::Any, Multipart::Last] {
        let mut rig = rig(multipart);
        rig.accept(&[&"x".repeat(400)]);
        rig.time_out(NORTH);
        rig.answer(NORTH, "n2");
        rig.answer(NORTH, "n3");
        rig.settle();
        rig.receipt(NORTH, "n3", GOOD);
        rig.settle();
        assert!(rig.finals().is_empty(), "{multipart:?}");
        rig.after(GRACE);
        assert_eq!(rig.open(NORTH), 1, "the lost part goes again");
        rig.answer(NORTH, "n1");
        rig.settle();
        assert_eq!(rig.finals().len(), 1, "{multipart:?}");
        rig.assert_nothing_kept();
    }
}
