//! Segments that left a window without an answer.

use carrack_carrier::{CarrierMessageId, Disposition, LinkEvent};
use carrack_message::record::{RecordView, UncertainReason};
use carrack_message::{ReceiptState, Status};
use carrack_queue::InFlight;
use carrack_routing::OnNoResponse;

use super::rig::{GRACE, MS, NORTH, Rig, SOUTH, settings};
use crate::settings::EngineSettings;

fn uncertain_records(rig: &Rig) -> usize {
    rig.records(|record| matches!(record, RecordView::Uncertain(_)))
}

#[test]
fn lost_response_frees_the_slot_is_recorded_and_sent_again() {
    let mut rig = Rig::new();
    rig.accept(&["hello"]);
    rig.after(GRACE);
    rig.time_out(NORTH);
    rig.settle();
    assert_eq!(
        (
            rig.open(NORTH),
            rig.sent(NORTH).len(),
            uncertain_records(&rig)
        ),
        (1, 2, 1)
    );
}

#[test]
fn carrier_that_is_silent_twice_has_no_third_copy() {
    for text in ["hello".to_owned(), "x".repeat(400)] {
        let mut rig = Rig::new();
        let ids = rig.accept(&[&text]);
        let parts = rig.open(NORTH);
        for _ in 0..2 {
            assert_eq!((rig.open(NORTH), rig.open(SOUTH)), (parts, 0));
            rig.after(GRACE);
            while rig.open(NORTH) > 0 {
                rig.time_out(NORTH);
            }
            rig.settle();
        }
        assert_eq!((rig.open(NORTH), rig.open(SOUTH)), (0, parts));
        for part in 0..parts {
            rig.answer(SOUTH, &format!("s{part}"));
        }
        rig.settle();
        for part in 0..parts {
            rig.receipt(SOUTH, &format!("s{part}"), ReceiptState::Delivered);
        }
        rig.settle();
        let ends = rig.finals();
        assert_eq!(
            (ends.len(), ends[0].0, ends[0].1),
            (1, ids[0], Status::Delivered)
        );
        assert_eq!(uncertain_records(&rig), 2 * parts, "each copy is listed");
    }
}

#[test]
fn late_response_settles_the_uncertain_message_without_a_copy() {
    let mut rig = Rig::with(EngineSettings {
        on_no_response: OnNoResponse::Wait,
        ..settings()
    });
    let ids = rig.accept(&["hello"]);
    let ticket = rig.time_out(NORTH);
    rig.settle();
    assert_eq!(rig.open(NORTH), 0);
    let id = CarrierMessageId::from_slice(b"n1");
    rig.wires[NORTH]
        .borrow_mut()
        .events
        .push_back(LinkEvent::Accepted {
            ticket,
            id,
            late: true,
        });
    rig.settle();
    rig.receipt(NORTH, "n1", ReceiptState::Delivered);
    rig.settle();
    assert_eq!(
        (rig.finals(), rig.sent(NORTH).len()),
        (vec![(ids[0], Status::Delivered, 5000)], 1)
    );
}

#[test]
fn policy_fail_ends_the_message_as_unknown() {
    let mut rig = Rig::with(EngineSettings {
        on_no_response: OnNoResponse::Fail,
        ..settings()
    });
    let ids = rig.accept(&["hello"]);
    rig.time_out(NORTH);
    rig.settle();
    assert!(rig.finals().is_empty(), "the response may come late");
    rig.after(GRACE);
    assert_eq!(rig.finals(), [(ids[0], Status::Unknown, 0)]);
    assert_eq!(rig.sent(NORTH).len(), 1);
    rig.settle();
    rig.assert_nothing_kept();
}

#[test]
fn window_of_a_lost_link_goes_to_the_other_carrier() {
    let mut rig = Rig::new();
    rig.accept(&["one", "two"]);
    rig.down(NORTH);
    rig.settle();
    assert_eq!((rig.sent(SOUTH).len(), uncertain_records(&rig)), (2, 2));
}

#[test]
fn journal_is_empty_when_all_outcomes_are_durable() {
    let mut rig = Rig::new();
    let free = rig.shard.journal.free();
    rig.accept(&["one", "two", "three", &"x".repeat(300)]);
    assert_eq!(rig.shard.journal.free(), free - 5);
    rig.time_out(NORTH);
    rig.log.borrow_mut().held = true;
    rig.answer(NORTH, "n2");
    rig.settle();
    assert!(
        rig.shard.journal.free() < free - 4,
        "an outcome that is not durable holds its entry"
    );
    rig.log.borrow_mut().held = false;
    rig.settle();
    rig.after(GRACE);
    for n in 0..20 {
        if rig.open(NORTH) > 0 {
            rig.answer(NORTH, &format!("m{n}"));
        }
        rig.after(10 * MS);
    }
    assert_eq!(rig.shard.journal.free(), free);
}

#[test]
fn throttled_segment_leaves_nothing_in_the_journal() {
    let mut rig = Rig::new();
    let free = rig.shard.journal.free();
    rig.accept(&["hello"]);
    rig.refuse(NORTH, 0x58, carrack_carrier::Disposition::Throttled);
    rig.turn();
    assert_eq!(rig.open(NORTH), 0, "it pauses");
    assert_eq!(
        rig.shard.journal.free(),
        free,
        "the log says unsent: nothing to remember"
    );
}

#[test]
fn policy_of_the_settings_holds_after_a_crash() {
    for policy in [OnNoResponse::Wait, OnNoResponse::Fail] {
        let mut rig = Rig::with(EngineSettings {
            on_no_response: policy,
            ..settings()
        });
        rig.accept(&["hello"]);
        rig.log.borrow_mut().held = false;
        rig.time_out(NORTH);
        rig.settle();
        let sent = rig.sent(NORTH).len();
        let mut rig = rig.crash();
        rig.up(NORTH);
        rig.settle();
        assert_eq!((sent, rig.open(NORTH)), (1, 0), "{policy:?}");
    }
}

#[test]
fn no_more_is_unsettled_than_one_window_a_link() {
    let mut rig = Rig::new();
    let texts: Vec<String> = (0..30).map(|n| format!("text {n}")).collect();
    rig.accept(&texts.iter().map(String::as_str).collect::<Vec<_>>());
    rig.log.borrow_mut().held = true;
    for n in 0..10 {
        rig.answer(NORTH, &format!("n{n}"));
    }
    rig.settle();
    assert_eq!(
        rig.sent(NORTH).len(),
        10,
        "ten answers are not durable, and a crash would double them"
    );
    rig.log.borrow_mut().held = false;
    rig.settle();
    assert_eq!(rig.sent(NORTH).len(), 20);
}

#[test]
fn t05_crash_names_what_was_in_the_window_of_another_carrier_than_the_log_knows() {
    let mut rig = Rig::new();
    rig.accept(&[&"x".repeat(200)]);
    rig.answer(NORTH, "n1");
    rig.settle();
    rig.down(NORTH);
    rig.settle();
    assert_eq!(rig.open(SOUTH), 2, "all of the text");
    let mut rig = rig.crash();
    let named = rig.records(|record| {
        matches!(record, RecordView::Uncertain(record)
            if record.reason == UncertainReason::Crash && record.carrier.to_native() == 12)
    });
    assert_eq!(named, 2);
    rig.up(SOUTH);
    rig.settle();
    assert_eq!(rig.open(SOUTH), 2, "both go again");
}

#[test]
fn t05_receipt_settles_a_restored_segment_whose_carrier_is_known_from_the_window_only() {
    let mut rig = Rig::with(EngineSettings {
        on_no_response: OnNoResponse::Wait,
        ..settings()
    });
    rig.accept(&["hello"]);
    let mut rig = rig.crash();
    rig.up(NORTH);
    rig.settle();
    assert!(rig.sent(NORTH).is_empty());
    rig.receipt_of(NORTH, "77", ReceiptState::Delivered, Some(1));
    rig.settle();
    assert_eq!(rig.finals().len(), 1);
    rig.assert_nothing_kept();
}

/// Refused by NORTH and taken by SOUTH; the journal still had NORTH's entry when the process ended.
#[test]
fn entry_of_a_carrier_that_was_left_does_not_undo_what_the_next_one_took() {
    let mut rig = Rig::new();
    let ids = rig.accept(&["hello"]);
    rig.refuse(NORTH, 0x45, Disposition::NextCarrier);
    rig.settle();
    rig.answer(SOUTH, "s1");
    rig.settle();
    let mut recovered = rig.recovered();
    let stale = InFlight {
        id: ids[0].0,
        carrier: 11,
        segment: 0,
        again: false,
    };
    let written = recovered.left_in_windows(&[stale], rig.now.utc_ns).unwrap();
    assert_eq!(written.records(), 1, "it is listed");
    let found = &recovered.messages[&ids[0].0];
    assert_eq!(found.carrier, Some(12));
    assert!(found.is_submitted());
}
