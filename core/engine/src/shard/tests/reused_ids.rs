//! Carriers that give an id twice.

use carrack_message::{ReceiptState, Status};

use super::rig::{NORTH, Rig};

fn two_with_one_id(rig: &mut Rig) {
    for to in [1, 2] {
        let submission = rig.submission_to(&format!("text {to}"), to);
        rig.hand_in(vec![submission], None);
        rig.settle();
        rig.answer(NORTH, "77");
        rig.settle();
    }
}

fn ends(rig: &Rig) -> Vec<Status> {
    let mut ends = rig.finals();
    ends.sort_by_key(|(id, _, _)| *id);
    ends.into_iter().map(|(_, status, _)| status).collect()
}

#[test]
fn t45_number_of_the_receipt_decides_between_two_messages_with_one_id() {
    let mut rig = Rig::new();
    two_with_one_id(&mut rig);
    rig.receipt_of(NORTH, "77", ReceiptState::Undeliverable, Some(1));
    rig.settle();
    rig.receipt_of(NORTH, "77", ReceiptState::Delivered, Some(2));
    rig.settle();
    assert_eq!(ends(&rig), [Status::Undelivered, Status::Delivered]);
    let (_, north) = &rig.shard.view().carriers[0];
    assert_eq!(north.receipts_ambiguous, 1);
    rig.assert_nothing_kept();
}

#[test]
fn t45_without_a_number_the_newest_that_is_not_final_wins_and_it_is_counted() {
    let mut rig = Rig::new();
    two_with_one_id(&mut rig);
    rig.receipt(NORTH, "77", ReceiptState::Delivered);
    rig.settle();
    let ended = rig.finals();
    assert_eq!(ended.len(), 1);
    rig.receipt(NORTH, "77", ReceiptState::Undeliverable);
    rig.settle();
    assert_eq!(ends(&rig), [Status::Undelivered, Status::Delivered]);
    let (_, north) = &rig.shard.view().carriers[0];
    assert_eq!(north.receipts_ambiguous, 1);
}

#[test]
fn t45_receipt_repeated_for_the_first_does_not_end_the_second() {
    let mut rig = Rig::new();
    let first = rig.submission_to("first", 1);
    rig.hand_in(vec![first], None);
    rig.settle();
    rig.answer(NORTH, "77");
    rig.settle();
    rig.receipt_of(NORTH, "77", ReceiptState::Undeliverable, Some(1));
    rig.settle();
    let second = rig.submission_to("second", 2);
    rig.hand_in(vec![second], None);
    rig.settle();
    // Before the response of the second, and after it.
    rig.receipt_of(NORTH, "77", ReceiptState::Undeliverable, Some(1));
    rig.settle();
    rig.answer(NORTH, "77");
    rig.settle();
    rig.receipt_of(NORTH, "77", ReceiptState::Undeliverable, Some(1));
    rig.settle();
    assert_eq!(rig.finals().len(), 1);
    rig.receipt_of(NORTH, "77", ReceiptState::Delivered, Some(2));
    rig.settle();
    assert_eq!(ends(&rig), [Status::Undelivered, Status::Delivered]);
}

#[test]
fn t45_early_receipt_under_a_settled_id_waits_for_its_own_response() {
    let mut rig = Rig::new();
    let first = rig.submission_to("first", 1);
    rig.hand_in(vec![first], None);
    rig.settle();
    rig.answer(NORTH, "77");
    rig.receipt_of(NORTH, "77", ReceiptState::Delivered, Some(1));
    rig.settle();
    let second = rig.submission_to("second", 2);
    rig.hand_in(vec![second], None);
    rig.settle();
    rig.receipt_of(NORTH, "77", ReceiptState::Undeliverable, Some(2));
    rig.settle();
    rig.answer(NORTH, "77");
    rig.settle();
    assert_eq!(ends(&rig), [Status::Delivered, Status::Undelivered]);
    assert_eq!(rig.shard.early.len(), 0);
}
