//! From carrier to carrier, and back.

use carrack_carrier::Disposition;
use carrack_message::record::{RecordView, UncertainReason};
use carrack_message::{ReceiptState, Status};

use super::rig::{MS, NORTH, Rig, SOUTH, settings};

#[test]
fn cheapest_carrier_is_taken_whenever_it_is_up() {
    let mut rig = Rig::new();
    rig.accept(&["one"]);
    rig.answer(NORTH, "1");
    rig.settle();
    rig.down(NORTH);
    rig.settle();
    rig.accept(&["two"]);
    rig.up(NORTH);
    rig.settle();
    rig.accept(&["three"]);
    assert_eq!(rig.sent(NORTH), ["447700900001|one", "447700900001|three"]);
    assert_eq!(rig.sent(SOUTH), ["447700900001|two"]);
}

#[test]
fn what_waits_for_a_lost_carrier_goes_to_the_next_at_once() {
    let mut rig = Rig::new();
    let texts: Vec<String> = (0..15).map(|n| format!("text {n}")).collect();
    rig.accept(&texts.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(
        (rig.open(NORTH), rig.open(SOUTH)),
        (10, 0),
        "the window of the cheap one, and the rest waits"
    );
    rig.down(NORTH);
    rig.settle();
    assert_eq!(rig.open(SOUTH), 10);
    while rig.open(SOUTH) > 0 {
        let ticket = rig.answer(SOUTH, &format!("s{}", rig.now.mono_ns));
        assert!(ticket > 0);
        rig.after(MS);
    }
    assert_eq!(rig.sent(SOUTH).len(), 15);
}

#[test]
fn refusal_of_this_carrier_goes_to_the_next_with_its_price() {
    let mut rig = Rig::new();
    let ids = rig.accept(&["hello"]);
    rig.refuse(NORTH, 0x0A, Disposition::NextCarrier);
    rig.settle();
    rig.answer(SOUTH, "s1");
    rig.settle();
    rig.receipt(SOUTH, "s1", ReceiptState::Delivered);
    rig.settle();
    assert_eq!(rig.finals(), [(ids[0], Status::Delivered, 9000)]);
}

#[test]
fn passing_trouble_is_tried_here_once_more_after_a_pause_and_then_elsewhere() {
    let mut rig = Rig::new();
    rig.accept(&["hello"]);
    rig.refuse(NORTH, 0x45, Disposition::RetryHere);
    rig.settle();
    assert_eq!((rig.open(NORTH), rig.open(SOUTH)), (0, 0), "it pauses");
    rig.after(1100 * MS);
    assert_eq!(rig.open(NORTH), 1);
    rig.refuse(NORTH, 0x45, Disposition::RetryHere);
    rig.settle();
    assert_eq!((rig.open(NORTH), rig.open(SOUTH)), (0, 1));
}

#[test]
fn attempts_are_bounded() {
    let mut rig = Rig::new();
    let ids = rig.accept(&["hello"]);
    for _ in 0..40 {
        for carrier in [NORTH, SOUTH] {
            if rig.open(carrier) > 0 {
                rig.refuse(carrier, 0x66, Disposition::NextCarrier);
            }
        }
        rig.after(70_000 * MS);
    }
    assert_eq!(rig.finals(), [(ids[0], Status::Undelivered, 0)]);
    assert_eq!(
        rig.sent(NORTH).len() + rig.sent(SOUTH).len(),
        4,
        "as many as the settings allow"
    );
}

#[test]
fn message_fault_ends_the_message_and_no_other_carrier_is_asked() {
    let mut rig = Rig::new();
    let ids = rig.accept(&["hello"]);
    rig.refuse(NORTH, 0x0B, Disposition::MessageFault);
    rig.settle();
    assert_eq!(rig.finals(), [(ids[0], Status::Rejected, 0)]);
    assert!(rig.sent(SOUTH).is_empty());
}

#[test]
fn throttled_segment_goes_first_again_and_is_no_attempt() {
    let mut rig = Rig::new();
    rig.accept(&["first"]);
    for _ in 0..8 {
        rig.refuse(NORTH, 0x58, Disposition::Throttled);
        rig.settle();
        rig.after(20_000 * MS);
    }
    let ids = rig.accept(&["second"]);
    // One a second is the rate that was learnt from so many refusals.
    rig.after(2000 * MS);
    rig.after(2000 * MS);
    assert!(
        rig.finals().is_empty(),
        "being throttled is no fault of {}",
        ids[0]
    );
    assert_eq!(rig.sent(NORTH).last().unwrap(), "447700900001|second");
    assert!(rig.sent(SOUTH).is_empty());
}

#[test]
fn segments_of_one_text_go_on_together() {
    let mut rig = Rig::new();
    let text = "x".repeat(400);
    let ids = rig.accept(&[&text]);
    assert_eq!(rig.open(NORTH), 3);
    rig.answer(NORTH, "n1");
    rig.refuse(NORTH, 0x0A, Disposition::NextCarrier);
    rig.answer(NORTH, "n3");
    rig.settle();
    assert_eq!(rig.open(SOUTH), 3, "all three parts, by one carrier");
    let reference = |sent: &str| sent.as_bytes()[16];
    let (north, south) = (rig.sent(NORTH), rig.sent(SOUTH));
    assert!(
        north
            .iter()
            .chain(&south)
            .all(|sent| reference(sent) == reference(&north[0])),
        "and the same reference"
    );
    for part in ["s1", "s2", "s3"] {
        rig.answer(SOUTH, part);
    }
    rig.settle();
    for part in ["s3", "s1", "s2"] {
        rig.receipt(SOUTH, part, ReceiptState::Delivered);
        rig.settle();
    }
    assert_eq!(
        rig.finals(),
        [(ids[0], Status::Delivered, 2 * 5000 + 3 * 9000)],
        "what both charge"
    );
}

#[test]
fn message_that_waits_too_long_expires() {
    let mut rig = Rig::new();
    rig.down(NORTH);
    rig.down(SOUTH);
    rig.settle();
    let ids = rig.accept(&["late"]);
    rig.after(rig.settings.validity_default_ns + 1000 * MS);
    for _ in 0..50 {
        rig.after(200 * MS);
    }
    assert_eq!(rig.finals(), [(ids[0], Status::Expired, 0)]);
}

#[test]
fn text_of_many_parts_on_a_slow_carrier_does_not_hold_it_up_when_refused() {
    let mut rig = Rig::with_rates(settings(), [Some(10), None]);
    let texts: Vec<String> = (0..3).map(|n| format!("{n}{}", "x".repeat(400))).collect();
    rig.accept(&texts.iter().map(String::as_str).collect::<Vec<_>>());
    // An answer takes longer than a token: something is always in the window.
    for turn in 0..300 {
        rig.after(40 * MS);
        if turn % 4 == 3 && rig.open(NORTH) > 0 {
            rig.refuse(NORTH, 0x0B, Disposition::MessageFault);
        }
    }
    let ends: Vec<Status> = rig
        .finals()
        .into_iter()
        .map(|(_, status, _)| status)
        .collect();
    assert_eq!(ends, [Status::Rejected; 3]);
}

#[test]
fn one_lost_link_is_one_attempt_of_a_text_of_many_parts() {
    let mut rig = Rig::new();
    rig.accept(&[&"x".repeat(1000)]);
    assert_eq!(rig.open(NORTH), 7);
    rig.down(NORTH);
    rig.settle();
    assert!(
        rig.finals().is_empty(),
        "seven parts, one loss, four attempts allowed"
    );
    assert_eq!(rig.open(SOUTH), 7);
}

/// A text of three parts whose first is taken and whose second is refused; all of it goes on to the south.
fn cut_in_the_middle() -> Rig {
    let mut rig = Rig::new();
    rig.accept(&[&"x".repeat(400)]);
    rig.answer(NORTH, "n1");
    rig.refuse(NORTH, 0x45, Disposition::NextCarrier);
    rig.answer(NORTH, "n3");
    rig.settle();
    assert_eq!(rig.open(SOUTH), 3, "segments of one text stay together");
    rig
}

fn listed(rig: &Rig) -> usize {
    rig.records(|record| {
        matches!(record, RecordView::Uncertain(record) if record.reason == UncertainReason::SentAgain)
    })
}

#[test]
fn part_that_was_taken_before_its_text_went_on_is_listed() {
    let mut rig = cut_in_the_middle();
    assert_eq!(listed(&rig), 2, "its first part and its third");
    for part in 1..=3 {
        rig.answer(SOUTH, &format!("s{part}"));
    }
    rig.settle();
    let rig = rig.crash();
    assert_eq!(listed(&rig), 2, "once");
}

#[test]
fn text_that_was_refused_goes_to_the_next_carrier_after_a_crash_too() {
    let mut rig = Rig::new();
    rig.down(SOUTH);
    rig.settle();
    rig.accept(&["hello"]);
    rig.refuse(NORTH, 0x45, Disposition::NextCarrier);
    rig.settle();
    let mut rig = rig.crash();
    rig.up(NORTH);
    rig.up(SOUTH);
    rig.settle();
    assert_eq!((rig.open(NORTH), rig.open(SOUTH)), (0, 1));
}
