//! Messages that wait for long are on the shelf: receipts that take days, messages to be sent later.

use std::sync::{Arc, Mutex};

use carrack_message::record::RecordView;
use carrack_message::{ReceiptState, Status};

use super::rig::{MS, NORTH, Rig, SECOND, SOUTH, settings};
use crate::engine::Cancelled;
use crate::mail::Mail;
use crate::settings::EngineSettings;
use crate::submission::{Submission, Verdict};

const HOUR: u64 = 3600 * SECOND;

fn impatient() -> EngineSettings {
    EngineSettings {
        receipt_in_memory_ns: SECOND,
        ..settings()
    }
}

/// Messages at NORTH under ids `n0`, `n1` and so on, none with a receipt.
fn submitted(rig: &mut Rig, texts: &[&str]) -> Vec<carrack_message::MessageId> {
    let ids = rig.accept(texts);
    let mut answered = 0;
    while rig.open(NORTH) > 0 {
        rig.answer(NORTH, &format!("n{answered}"));
        answered += 1;
        rig.settle();
    }
    ids
}

fn wait(rig: &mut Rig, ns: u64) {
    rig.after(ns);
    rig.after(200 * MS);
    rig.settle();
}

/// Messages that are durably on the shelf.
fn entries(rig: &Rig) -> usize {
    let shelf = rig.log.borrow().shelf();
    shelf.keys().filter(|key| key[0] == b'm').count()
}

fn asides(rig: &Rig) -> usize {
    rig.records(|record| matches!(record, RecordView::Aside(_)))
}

#[test]
fn receipt_that_takes_days_finds_its_message_on_the_shelf() {
    let mut rig = Rig::with(impatient());
    let ids = submitted(&mut rig, &["one", "two"]);
    wait(&mut rig, 2 * SECOND);
    assert_eq!((rig.shard.live.len(), asides(&rig)), (0, 2));
    assert_eq!(rig.shard.correlation.len(), 0);
    wait(&mut rig, 48 * HOUR);
    let receipt = rig.receipt(NORTH, "n1", ReceiptState::Delivered);
    rig.settle();
    let ends: Vec<_> = rig.finals();
    assert_eq!(ends.len(), 1);
    assert_eq!((ends[0].0, ends[0].1), (ids[1], Status::Delivered));
    assert!(rig.wires[NORTH].borrow().answers.contains(&(receipt, true)));
    assert_eq!(
        rig.shared
            .shelved
            .load(std::sync::atomic::Ordering::Relaxed),
        1
    );
    // Once more: it is known, and changes nothing.
    rig.receipt(NORTH, "n1", ReceiptState::Delivered);
    rig.settle();
    assert_eq!(rig.finals().len(), 1);
}

#[test]
fn message_on_the_shelf_is_found_after_a_crash_and_ends_once() {
    let mut rig = Rig::with(impatient());
    let ids = submitted(&mut rig, &["one", "two", "three"]);
    wait(&mut rig, 2 * SECOND);
    rig.receipt(NORTH, "n0", ReceiptState::Delivered);
    rig.settle();
    let mut rig = rig.crash();
    assert_eq!((rig.shard.live.len(), rig.waiting()), (0, 2));
    rig.up(NORTH);
    rig.up(SOUTH);
    rig.settle();
    rig.receipt(NORTH, "n2", ReceiptState::Undeliverable);
    rig.settle();
    let mut rig = rig.crash();
    rig.up(NORTH);
    rig.receipt(NORTH, "n1", ReceiptState::Delivered);
    rig.settle();
    let mut ends: Vec<_> = rig.finals().iter().map(|end| (end.0, end.1)).collect();
    ends.sort_by_key(|end| end.0);
    let expected = [Status::Delivered, Status::Delivered, Status::Undelivered];
    assert_eq!(ends, ids.into_iter().zip(expected).collect::<Vec<_>>());
    assert_eq!(rig.waiting(), 0);
}

#[test]
fn receipt_that_comes_while_its_message_leaves_keeps_it() {
    let mut rig = Rig::with(impatient());
    let ids = submitted(&mut rig, &["one"]);
    rig.after(2 * SECOND);
    rig.after(200 * MS);
    rig.log.borrow_mut().held = true;
    rig.settle();
    assert_eq!((rig.shard.live.len(), asides(&rig)), (1, 1));
    rig.receipt(NORTH, "n0", ReceiptState::Delivered);
    rig.settle();
    rig.log.borrow_mut().held = false;
    rig.settle();
    let ends: Vec<_> = rig.finals().iter().map(|end| (end.0, end.1)).collect();
    assert_eq!(ends, [(ids[0], Status::Delivered)]);
    assert_eq!(entries(&rig), 0);
    assert_eq!(rig.crash().waiting(), 0);
}

#[test]
fn crash_before_the_shelf_is_durable_leaves_the_message_in_the_log() {
    let mut rig = Rig::with(impatient());
    submitted(&mut rig, &["one"]);
    rig.after(2 * SECOND);
    rig.after(200 * MS);
    rig.log.borrow_mut().held = true;
    rig.settle();
    assert_eq!(asides(&rig), 1);
    let mut rig = rig.crash();
    assert_eq!(
        (rig.shard.live.len(), asides(&rig), rig.waiting()),
        (1, 0, 1)
    );
    rig.up(NORTH);
    rig.receipt(NORTH, "n0", ReceiptState::Delivered);
    rig.settle();
    assert_eq!(rig.finals().len(), 1);
}

#[test]
fn parts_whose_receipts_come_days_apart_make_one_end() {
    let mut rig = Rig::with(impatient());
    let ids = submitted(&mut rig, &["long ".repeat(60).as_str()]);
    rig.receipt(NORTH, "n0", ReceiptState::Delivered);
    wait(&mut rig, 2 * SECOND);
    assert_eq!(rig.shard.live.len(), 0);
    wait(&mut rig, 10 * HOUR);
    let text = |rig: &Rig| rig.finals().len();
    assert_eq!(text(&rig), 0);
    rig.receipt(NORTH, "n1", ReceiptState::Delivered);
    rig.settle();
    let ends = rig.finals();
    assert_eq!(ends.len(), 1);
    // What two segments cost is charged once, wherever the message was.
    assert_eq!(
        (ends[0].0, ends[0].1, ends[0].2),
        (ids[0], Status::Delivered, 10_000)
    );
}

#[test]
fn receipt_that_never_comes_ends_its_message_on_the_shelf() {
    let mut rig = Rig::with(impatient());
    submitted(&mut rig, &["one"]);
    wait(&mut rig, 2 * SECOND);
    let mut rig = rig.crash();
    let most = rig.settings.receipt_wait_max_ns;
    wait(&mut rig, most - 60 * SECOND);
    assert!(rig.finals().is_empty());
    wait(&mut rig, 60 * SECOND);
    wait(&mut rig, SECOND);
    assert_eq!(rig.finals()[0].1, Status::Unknown);
}

#[test]
fn early_receipt_beside_a_shelf_still_waits_for_its_response() {
    let mut rig = Rig::with(impatient());
    submitted(&mut rig, &["one"]);
    wait(&mut rig, 2 * SECOND);
    rig.accept(&["two"]);
    rig.receipt(NORTH, "early", ReceiptState::Delivered);
    rig.settle();
    assert!(rig.finals().is_empty());
    rig.answer(NORTH, "early");
    rig.settle();
    assert_eq!(rig.finals().len(), 1);
}

#[test]
fn more_than_memory_may_hold_leave_sooner() {
    let mut rig = Rig::with(EngineSettings {
        receipts_in_memory_max: 3,
        ..settings()
    });
    submitted(&mut rig, &["one", "two", "three", "four", "five"]);
    wait(&mut rig, 9 * SECOND);
    assert_eq!(asides(&rig), 0);
    wait(&mut rig, 2 * SECOND);
    assert!(asides(&rig) >= 2, "{}", asides(&rig));
}

fn later(rig: &mut Rig, texts: &[&str], ns: u64) -> Vec<carrack_message::MessageId> {
    let send_at_utc_ns = rig.now.utc_ns + ns;
    let submissions = texts.iter().map(|text| Submission {
        send_at_utc_ns,
        ..rig.submission(text)
    });
    let given = rig.hand_in(submissions.collect(), None);
    rig.settle();
    let verdicts = given.lock().unwrap().clone();
    let id = |verdict| match verdict {
        Verdict::Accepted(id) | Verdict::Repeated(id, _) => id,
        Verdict::Refused(refusal) => panic!("{refusal}"),
    };
    verdicts.into_iter().map(id).collect()
}

#[test]
fn message_for_later_is_sent_in_its_time_and_not_before() {
    let mut rig = Rig::new();
    later(&mut rig, &["later"], HOUR);
    assert_eq!((rig.shard.live.len(), rig.waiting()), (0, 1));
    wait(&mut rig, HOUR - SECOND);
    assert_eq!(rig.open(NORTH), 0);
    for _ in 0..4 {
        rig.after(250 * MS);
    }
    rig.settle();
    assert_eq!(rig.sent(NORTH).len(), 1);
    rig.answer(NORTH, "1");
    rig.receipt(NORTH, "1", ReceiptState::Delivered);
    rig.settle();
    assert_eq!((rig.finals().len(), rig.waiting()), (1, 0));
}

#[test]
fn message_for_later_survives_crashes_before_and_after_its_time() {
    let mut rig = Rig::new();
    later(&mut rig, &["one", "two"], HOUR);
    let mut rig = rig.crash();
    assert_eq!((rig.shard.live.len(), rig.waiting()), (0, 2));
    wait(&mut rig, HOUR + SECOND);
    assert_eq!(rig.shard.live.len(), 2);
    let mut rig = rig.crash();
    assert_eq!(rig.waiting(), 2);
    rig.up(NORTH);
    rig.settle();
    assert_eq!(rig.sent(NORTH).len(), 2);
    assert_eq!(entries(&rig), 0);
}

#[test]
fn message_for_later_is_cancelled_on_the_shelf() {
    let mut rig = Rig::new();
    let ids = later(&mut rig, &["one", "two"], HOUR);
    let answer = Arc::new(Mutex::new(None));
    let into = Arc::clone(&answer);
    let reply = Box::new(move |given| *into.lock().unwrap() = Some(given));
    assert!(rig.send(Mail::Cancel(ids[0], reply)));
    rig.settle();
    assert_eq!(*answer.lock().unwrap(), Some(Some(Cancelled::Done)));
    wait(&mut rig, HOUR + SECOND);
    assert_eq!(rig.sent(NORTH).len(), 1);
    assert_eq!(rig.finals()[0].1, Status::Cancelled);
    assert_eq!(rig.waiting(), 1);
}

#[test]
fn many_that_are_due_at_once_wait_in_the_log_like_others_and_can_be_cancelled_there() {
    let mut rig = Rig::with(EngineSettings {
        lane_live_max: 4,
        ..settings()
    });
    rig.down(NORTH);
    rig.down(SOUTH);
    let texts: Vec<String> = (0..50).map(|n| format!("text {n}")).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let ids = later(&mut rig, &texts, HOUR);
    wait(&mut rig, HOUR + SECOND);
    assert!(rig.shard.live.len() <= 6, "{}", rig.shard.live.len());
    assert!(rig.send(Mail::Cancel(ids[40], Box::new(|_| ()))));
    rig.settle();
    assert_eq!(rig.finals()[0].0, ids[40]);
    rig.up(NORTH);
    for round in 0..200 {
        rig.after(10 * MS);
        while rig.open(NORTH) > 0 {
            rig.answer(NORTH, &format!("{round}-{}", rig.open(NORTH)));
        }
    }
    assert_eq!((rig.sent(NORTH).len(), rig.waiting()), (49, 49));
    assert_eq!(rig.crash().waiting(), 49);
}

#[test]
fn id_that_was_given_again_is_looked_for_on_the_shelf_where_the_number_differs() {
    let mut rig = Rig::with(impatient());
    let one = vec![rig.submission_to("one", 1)];
    rig.hand_in(one, None);
    rig.settle();
    rig.answer(NORTH, "same");
    rig.settle();
    wait(&mut rig, 2 * SECOND);
    assert_eq!(rig.shard.live.len(), 0);
    let other = vec![rig.submission_to("two", 2)];
    rig.hand_in(other, None);
    rig.settle();
    rig.answer(NORTH, "same");
    rig.settle();
    rig.receipt_of(NORTH, "same", ReceiptState::Undeliverable, Some(1));
    rig.settle();
    assert_eq!(rig.finals().len(), 1);
    rig.receipt_of(NORTH, "same", ReceiptState::Delivered, Some(2));
    rig.settle();
    let ends: Vec<Status> = rig.finals().iter().map(|end| end.1).collect();
    assert_eq!(ends, [Status::Undelivered, Status::Delivered]);
}

#[test]
fn receipts_that_cannot_be_asked_for_yet_are_left_with_the_carrier() {
    let mut rig = Rig::with(impatient());
    submitted(&mut rig, &["one"]);
    wait(&mut rig, 2 * SECOND);
    for number in 0..20_000 {
        rig.receipt(NORTH, &format!("unknown-{number}"), ReceiptState::Delivered);
    }
    let late = rig.receipt(NORTH, "n0", ReceiptState::Delivered);
    rig.turn();
    rig.settle();
    let answers = |rig: &Rig| rig.wires[NORTH].borrow().answers.clone();
    assert!(answers(&rig).contains(&(late, false)));
    for _ in 0..200 {
        rig.after(MS);
    }
    let again = rig.receipt(NORTH, "n0", ReceiptState::Delivered);
    rig.settle();
    assert!(answers(&rig).contains(&(again, true)));
    assert_eq!(rig.finals().len(), 1);
}

#[test]
fn carrier_that_is_asked_for_its_receipts_does_not_keep_those_of_others_in_memory() {
    use crate::rules::CarrierRules;
    let asks = CarrierRules {
        receipt_query_after_ns: Some(60 * SECOND),
        ..CarrierRules::default()
    };
    let mut rig = Rig::whole(impatient(), [None, None], [CarrierRules::default(), asks]);
    submitted(&mut rig, &["one"]);
    wait(&mut rig, 2 * SECOND);
    assert_eq!((asides(&rig), rig.shard.live.len()), (1, 0));
}
