//! Carriers that are left alone: because they refuse, or because they have had what they may have today.

use carrack_carrier::Disposition;
use carrack_message::ReceiptState;
use carrack_throttle::Breaker;

use super::rig::{MS, NORTH, Rig, SOUTH, settings};
use crate::EngineSettings;

const SECOND: u64 = 1000 * MS;

fn texts(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("text {number}")).collect()
}

fn accept(rig: &mut Rig, count: usize) {
    let texts = texts(count);
    rig.accept(&texts.iter().map(String::as_str).collect::<Vec<_>>());
}

fn patient() -> EngineSettings {
    EngineSettings {
        attempts_max: 100,
        ..settings()
    }
}

/// North refuses until it is left alone.
fn refused(rig: &mut Rig) -> u32 {
    let mut refused = 0;
    while refused < Breaker::ASKED_MIN {
        assert!(rig.open(NORTH) > 0, "left alone after {refused}");
        rig.refuse(NORTH, 0x0A, Disposition::NextCarrier);
        rig.settle();
        refused += 1;
        while rig.open(SOUTH) > 0 {
            rig.answer(SOUTH, &format!("s{refused}"));
            rig.settle();
        }
    }
    refused
}

#[test]
fn carrier_that_refuses_is_left_alone_and_the_next_takes_what_waits() {
    let mut rig = Rig::with(patient());
    accept(&mut rig, 100);
    refused(&mut rig);
    while rig.open(NORTH) > 0 {
        rig.refuse(NORTH, 0x0A, Disposition::NextCarrier);
        rig.settle();
    }
    let before = rig.sent(NORTH).len();
    accept(&mut rig, 10);
    assert_eq!(rig.sent(NORTH).len(), before, "it rests");
    assert!(rig.open(SOUTH) > 0);
}

#[test]
fn after_the_rest_a_few_try_it_and_the_others_follow_when_they_are_taken() {
    let mut rig = Rig::with(patient());
    accept(&mut rig, 60);
    refused(&mut rig);
    while rig.open(NORTH) > 0 {
        rig.refuse(NORTH, 0x0A, Disposition::NextCarrier);
        rig.settle();
    }
    rig.down(SOUTH);
    accept(&mut rig, 30);
    assert_eq!(rig.open(NORTH), 0);
    rig.after(Breaker::REST_MIN_NS + SECOND);
    assert_eq!(rig.open(NORTH), Breaker::PROBES as usize);
    for number in 0..Breaker::PROBES {
        rig.answer(NORTH, &format!("n{number}"));
    }
    rig.settle();
    assert_eq!(rig.open(NORTH), 10, "its whole window");
}

#[test]
fn faults_of_messages_do_not_make_it_rest() {
    let mut rig = Rig::with(patient());
    accept(&mut rig, 100);
    for _ in 0..100 {
        rig.refuse(NORTH, 0x0B, Disposition::MessageFault);
        rig.settle();
    }
    assert_eq!(rig.finals().len(), 100);
    assert!(rig.sent(SOUTH).is_empty());
}

#[test]
fn cap_of_a_day_is_kept_over_a_restart_and_the_rest_goes_to_the_next() {
    let mut rig = Rig::with(settings());
    rig.cap(NORTH, 5, (0, 0));
    accept(&mut rig, 8);
    assert_eq!((rig.sent(NORTH).len(), rig.open(SOUTH)), (5, 3));
    for number in 0..5 {
        rig.answer(NORTH, &format!("n{number}"));
    }
    for number in 0..3 {
        rig.answer(SOUTH, &format!("s{number}"));
    }
    rig.settle();
    let sent = rig.sent_today(NORTH);
    assert_eq!(sent.1, 5);
    let mut rig = rig.crash();
    rig.cap(NORTH, 5, sent);
    rig.up(NORTH);
    rig.up(SOUTH);
    rig.after(2 * SECOND);
    accept(&mut rig, 4);
    assert!(rig.sent(NORTH).is_empty(), "the day has not ended");
    assert_eq!(rig.open(SOUTH), 4);
    rig.after(24 * 3600 * SECOND);
    accept(&mut rig, 2);
    assert_eq!(rig.sent(NORTH).len(), 2);
}

#[test]
fn text_of_more_parts_than_are_left_goes_to_the_next_whole() {
    let mut rig = Rig::with(settings());
    rig.cap(NORTH, 3, (0, 0));
    let long = "x".repeat(300);
    rig.accept(&["short", "short too", &long]);
    assert_eq!(rig.sent(NORTH).len(), 2);
    assert_eq!(rig.sent(SOUTH).len(), 2);
    rig.accept(&["short"]);
    assert_eq!(
        rig.sent(NORTH).len(),
        2,
        "what was left was too little: the day is over"
    );
}

#[test]
fn what_was_taken_before_the_cap_is_delivered_after_it() {
    let mut rig = Rig::with(settings());
    rig.cap(NORTH, 1, (0, 0));
    rig.accept(&["one"]);
    rig.answer(NORTH, "n");
    rig.settle();
    rig.receipt(NORTH, "n", ReceiptState::Delivered);
    rig.settle();
    assert_eq!(rig.finals().len(), 1);
}
