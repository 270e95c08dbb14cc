//! Receipts: in time, early, twice, in parts, never; and what the customer hears.

use carrack_message::mo::MoWay;
use carrack_message::record::{ReceiptWish, RecordView};
use carrack_message::{ReceiptState, Status};

use super::rig::{MS, NORTH, Rig};
use super::told::BIND;
use crate::notice::Notice;
use crate::submission::Submission;

#[test]
fn receipt_before_response_is_matched() {
    let mut rig = Rig::new();
    let ids = rig.accept(&["hello"]);
    let handle = rig.receipt(NORTH, "n1", ReceiptState::Delivered);
    rig.settle();
    assert_eq!(
        rig.wires[NORTH].borrow().answers,
        [(handle, true)],
        "taken, because it is durable"
    );
    assert!(rig.finals().is_empty());
    rig.answer(NORTH, "n1");
    rig.settle();
    assert_eq!(rig.finals(), [(ids[0], Status::Delivered, 5000)]);
}

#[test]
fn receipt_before_response_survives_a_crash() {
    let mut rig = Rig::new();
    let ids = rig.accept(&["hello"]);
    rig.receipt(NORTH, "n1", ReceiptState::Delivered);
    rig.settle();
    let mut rig = rig.crash();
    rig.up(NORTH);
    rig.settle();
    rig.answer(NORTH, "n1");
    rig.settle();
    assert_eq!(rig.finals(), [(ids[0], Status::Delivered, 5000)]);
}

#[test]
fn receipt_is_answered_only_when_it_is_durable() {
    let mut rig = Rig::new();
    rig.accept(&["hello"]);
    rig.answer(NORTH, "n1");
    rig.settle();
    rig.log.borrow_mut().held = true;
    rig.receipt(NORTH, "n1", ReceiptState::Delivered);
    rig.settle();
    assert!(rig.wires[NORTH].borrow().answers.is_empty());
    rig.log.borrow_mut().held = false;
    rig.settle();
    assert_eq!(rig.wires[NORTH].borrow().answers.len(), 1);
}

#[test]
fn receipt_after_restart_is_matched() {
    let mut rig = Rig::new();
    let ids = rig.accept(&["hello"]);
    rig.answer(NORTH, "n1");
    rig.settle();
    let mut rig = rig.crash();
    rig.up(NORTH);
    rig.settle();
    assert_eq!(rig.open(NORTH), 0, "what a carrier took is not sent again");
    rig.receipt(NORTH, "n1", ReceiptState::Undeliverable);
    rig.settle();
    assert_eq!(rig.finals(), [(ids[0], Status::Undelivered, 5000)]);
}

#[test]
fn second_receipt_changes_nothing_and_is_answered() {
    let mut rig = Rig::new();
    rig.accept(&["hello"]);
    rig.answer(NORTH, "n1");
    rig.settle();
    for state in [
        ReceiptState::Enroute,
        ReceiptState::Delivered,
        ReceiptState::Delivered,
        ReceiptState::Undeliverable,
    ] {
        rig.receipt(NORTH, "n1", state);
        rig.settle();
    }
    assert_eq!(rig.finals().len(), 1);
    assert_eq!(rig.finals()[0].1, Status::Delivered);
    assert_eq!(rig.wires[NORTH].borrow().answers.len(), 4);
}

#[test]
fn one_undelivered_part_makes_the_text_undelivered() {
    let mut rig = Rig::new();
    rig.accept(&[&"x".repeat(200)]);
    rig.answer(NORTH, "n1");
    rig.answer(NORTH, "n2");
    rig.settle();
    rig.receipt(NORTH, "n2", ReceiptState::Undeliverable);
    rig.settle();
    assert!(rig.finals().is_empty(), "the other part is still out");
    rig.receipt(NORTH, "n1", ReceiptState::Delivered);
    rig.settle();
    assert_eq!(rig.finals()[0].1, Status::Undelivered);
}

#[test]
fn receipt_that_never_comes_ends_as_unknown() {
    let mut rig = Rig::new();
    rig.accept(&["hello"]);
    rig.answer(NORTH, "n1");
    rig.settle();
    rig.after(rig.settings.receipt_wait_max_ns);
    for _ in 0..50 {
        rig.after(200 * MS);
    }
    assert_eq!(rig.finals()[0].1, Status::Unknown);
}

fn delivered(rig: &mut Rig, count: usize) {
    let submissions = (0..count)
        .map(|n| Submission {
            wants_receipt: ReceiptWish::Always,
            ..rig.submission(&format!("text {n}"))
        })
        .collect();
    rig.hand_in(submissions, None);
    rig.settle();
    for n in 0..count {
        rig.answer(NORTH, &format!("n{n}"));
        rig.receipt(NORTH, &format!("n{n}"), ReceiptState::Delivered);
    }
    rig.settle();
}

#[test]
fn customer_gets_no_more_notices_than_credits() {
    let mut rig = Rig::new();
    let taken = rig.subscribe(MoWay::Bind, 1, 2);
    delivered(&mut rig, 5);
    assert_eq!(taken.lock().unwrap().len(), 2);
    let more = rig.subscribe(MoWay::Bind, 1, 10);
    rig.settle();
    assert_eq!(taken.lock().unwrap().len() + more.lock().unwrap().len(), 5);
}

#[test]
fn notice_not_taken_comes_again_on_another_bind_and_after_a_crash() {
    let mut rig = Rig::new();
    let first = rig.subscribe(MoWay::Bind, 1, 10);
    delivered(&mut rig, 3);
    let told = first.lock().unwrap()[0].clone();
    rig.shard.told(rig.now, told.key);
    rig.settle();
    rig.shard.revoke(BIND, 1);
    let second = rig.subscribe(MoWay::Bind, 2, 10);
    rig.settle();
    assert_eq!(second.lock().unwrap().len(), 2);
    let mut rig = rig.crash();
    let third = rig.subscribe(MoWay::Bind, 3, 10);
    rig.settle();
    let mut again: Vec<_> = third.lock().unwrap().iter().map(Notice::id).collect();
    again.sort();
    assert_eq!(again.len(), 2);
    assert!(
        !again.contains(&told.id()),
        "what was told is not told again"
    );
    assert_eq!(
        rig.records(|record| matches!(record, RecordView::Told(_))),
        1
    );
}

/// The carrier had no answer to the receipt before the crash, and sends it again; another text to the same number is out.
#[test]
fn receipt_repeated_after_a_crash_is_not_given_to_another_message() {
    let mut rig = Rig::new();
    rig.accept(&["first"]);
    rig.answer(NORTH, "first");
    rig.settle();
    rig.receipt(NORTH, "first", ReceiptState::Delivered);
    rig.settle();
    assert_eq!(rig.finals().len(), 1);
    rig.accept(&["second"]);
    rig.settle();
    let mut rig = rig.crash();
    rig.up(NORTH);
    rig.receipt(NORTH, "first", ReceiptState::Delivered);
    rig.turn();
    rig.settle();
    assert_eq!(rig.finals().len(), 1, "{:?}", rig.finals());
}
