//! On to the next carrier after the first one took the message; and what waits, when carriers are measured to do otherwise.

use std::sync::Arc;

use carrack_carrier::Disposition;
use carrack_message::record::{RecordView, UncertainReason};
use carrack_message::{Micros, ReceiptState, Status};
use carrack_routing::{AfterReceipt, CarrierRow, Delivered, Margin, Policy, RouteRow, RouteTable};

use super::rig::{MS, NORTH, Rig, SOUTH, directory, settings};
use crate::EngineSettings;

const SECOND: u64 = 1000 * MS;

const FAILED_GOES_ON: AfterReceipt = AfterReceipt {
    failed_goes_on: true,
    missing_goes_on_s: 0,
};

fn table_of(route: RouteRow) -> Arc<RouteTable> {
    let carrier = |(name, price): (&str, i64)| CarrierRow {
        name: name.to_owned(),
        deck: None,
        flat_price: Some(Micros(price)),
        enabled: true,
    };
    let carriers = [("north", 5000), ("south", 9000)].map(carrier).to_vec();
    let route = RouteRow {
        name: "all".to_owned(),
        carriers: vec![NORTH, SOUTH],
        margin: Margin::Any,
        ..route
    };
    Arc::new(RouteTable::build(carriers, vec![route]).unwrap())
}

fn table(after_receipt: AfterReceipt) -> Arc<RouteTable> {
    table_of(RouteRow {
        after_receipt,
        ..RouteRow::default()
    })
}

/// Routes by which what a receipt says has failed goes to the next carrier.
pub(super) fn failed_receipts_go_on(rig: &Rig) {
    rig.shared
        .replace_tables(directory(), table(FAILED_GOES_ON));
}

fn four_attempts() -> EngineSettings {
    EngineSettings {
        attempts_max: 4,
        ..settings()
    }
}

fn rig_by(route: RouteRow) -> Rig {
    let rig = Rig::with(four_attempts());
    rig.shared.replace_tables(directory(), table_of(route));
    rig
}

fn rig_with(settings: EngineSettings, after_receipt: AfterReceipt) -> Rig {
    let rig = Rig::with(settings);
    rig.shared.replace_tables(directory(), table(after_receipt));
    rig
}

fn after_receipt(after_receipt: AfterReceipt) -> Rig {
    rig_with(four_attempts(), after_receipt)
}

fn failed_goes_on() -> Rig {
    after_receipt(FAILED_GOES_ON)
}

#[test]
fn failed_receipt_sends_the_text_to_the_next_carrier_and_both_are_paid() {
    let mut rig = failed_goes_on();
    let ids = rig.accept(&["hello"]);
    rig.answer(NORTH, "n1");
    rig.settle();
    rig.receipt(NORTH, "n1", ReceiptState::Undeliverable);
    rig.settle();
    assert!(rig.finals().is_empty());
    assert_eq!(
        rig.sent(SOUTH),
        ["447700900001|hello"],
        "its text came back from the log"
    );
    rig.answer(SOUTH, "s1");
    rig.settle();
    rig.receipt(SOUTH, "s1", ReceiptState::Delivered);
    rig.settle();
    assert_eq!(rig.finals(), [(ids[0], Status::Delivered, 14_000)]);
    let again = rig.records(|record| {
        matches!(record, RecordView::Uncertain(found) if found.reason == UncertainReason::SentAgain)
    });
    assert_eq!(again, 1);
}

#[test]
fn last_carriers_failed_receipt_is_the_end() {
    let mut rig = failed_goes_on();
    let ids = rig.accept(&["hello"]);
    for (carrier, id) in [(NORTH, "n1"), (SOUTH, "s1")] {
        rig.answer(carrier, id);
        rig.settle();
        rig.receipt(carrier, id, ReceiptState::Undeliverable);
        rig.settle();
    }
    assert_eq!(rig.finals(), [(ids[0], Status::Undelivered, 14_000)]);
    assert_eq!((rig.sent(NORTH).len(), rig.sent(SOUTH).len()), (1, 1));
}

#[test]
fn expired_and_deleted_are_no_reason_to_go_on() {
    for state in [
        ReceiptState::Expired,
        ReceiptState::Deleted,
        ReceiptState::Delivered,
    ] {
        let mut rig = failed_goes_on();
        rig.accept(&["hello"]);
        rig.answer(NORTH, "n1");
        rig.settle();
        rig.receipt(NORTH, "n1", state);
        rig.settle();
        assert_eq!(rig.finals().len(), 1, "{state:?}");
        assert!(rig.sent(SOUTH).is_empty());
    }
}

#[test]
fn failed_receipt_of_one_part_takes_all_parts_to_the_next_carrier() {
    let mut rig = failed_goes_on();
    let long = "x".repeat(200);
    rig.accept(&[&long]);
    for id in ["n1", "n2"] {
        rig.answer(NORTH, id);
    }
    rig.settle();
    rig.receipt(NORTH, "n1", ReceiptState::Delivered);
    rig.receipt(NORTH, "n2", ReceiptState::Undeliverable);
    rig.settle();
    assert_eq!(rig.sent(SOUTH).len(), 2);
}

#[test]
fn late_receipt_of_the_first_carrier_changes_nothing() {
    let mut rig = failed_goes_on();
    let ids = rig.accept(&["hello"]);
    rig.answer(NORTH, "n1");
    rig.settle();
    rig.receipt(NORTH, "n1", ReceiptState::Undeliverable);
    rig.settle();
    rig.receipt(NORTH, "n1", ReceiptState::Delivered);
    rig.settle();
    assert!(rig.finals().is_empty());
    rig.answer(SOUTH, "s1");
    rig.settle();
    rig.receipt(SOUTH, "s1", ReceiptState::Delivered);
    rig.settle();
    assert_eq!(rig.finals(), [(ids[0], Status::Delivered, 14_000)]);
}

#[test]
fn receipt_that_never_comes_sends_it_on_only_where_the_route_says() {
    for (wait_s, goes_on) in [(30, true), (0, false)] {
        let mut rig = after_receipt(AfterReceipt {
            failed_goes_on: false,
            missing_goes_on_s: wait_s,
        });
        rig.accept(&["hello"]);
        rig.answer(NORTH, "n1");
        rig.settle();
        for _ in 0..25 {
            rig.after(SECOND);
        }
        assert!(rig.sent(SOUTH).is_empty());
        for _ in 0..40 {
            rig.after(SECOND);
        }
        assert_eq!(!rig.sent(SOUTH).is_empty(), goes_on);
    }
}

#[test]
fn carriers_tried_before_the_shelf_are_not_tried_again_after_it() {
    for crashes in [false, true] {
        let mut rig = rig_with(
            EngineSettings {
                receipt_in_memory_ns: SECOND,
                ..four_attempts()
            },
            FAILED_GOES_ON,
        );
        let ids = rig.accept(&["hello"]);
        rig.answer(NORTH, "n1");
        rig.settle();
        rig.receipt(NORTH, "n1", ReceiptState::Undeliverable);
        rig.settle();
        rig.answer(SOUTH, "s1");
        rig.settle();
        for _ in 0..3 {
            rig.after(SECOND);
        }
        rig.settle();
        assert_eq!(rig.shard.live.len(), 0, "it is on the shelf");
        if crashes {
            rig = rig.crash();
            rig.shared
                .replace_tables(directory(), table(FAILED_GOES_ON));
            rig.up(NORTH);
            rig.up(SOUTH);
            rig.settle();
        }
        rig.receipt(SOUTH, "s1", ReceiptState::Undeliverable);
        rig.settle();
        rig.after(SECOND);
        assert_eq!(rig.finals(), [(ids[0], Status::Undelivered, 14_000)]);
        assert_eq!(rig.sent(NORTH).len(), usize::from(!crashes));
    }
}

#[test]
fn carrier_that_refused_before_a_crash_is_not_tried_again_first() {
    let mut rig = Rig::new();
    rig.accept(&["hello"]);
    rig.refuse(NORTH, 0x0A, Disposition::NextCarrier);
    rig.settle();
    assert_eq!(rig.open(SOUTH), 1);
    let mut rig = rig.crash();
    rig.up(NORTH);
    rig.up(SOUTH);
    for _ in 0..30 {
        rig.after(SECOND);
    }
    assert_eq!((rig.sent(NORTH).len(), rig.sent(SOUTH).len()), (0, 1));
}

#[test]
fn message_without_its_text_expires_in_time() {
    let mut rig = failed_goes_on();
    let ids = rig.accept(&["hello"]);
    rig.answer(NORTH, "n1");
    rig.settle();
    rig.down(SOUTH);
    rig.settle();
    rig.receipt(NORTH, "n1", ReceiptState::Undeliverable);
    rig.settle();
    let validity_ns = settings().validity_default_ns;
    rig.after(validity_ns + SECOND);
    for _ in 0..40 {
        rig.after(SECOND);
    }
    assert_eq!(rig.finals(), [(ids[0], Status::Expired, 5000)]);
}

#[test]
fn crash_at_every_frame_loses_nothing_that_went_on() {
    let run = || {
        let mut rig = failed_goes_on();
        let ids = rig.accept(&["hello"]);
        rig.answer(NORTH, "n1");
        rig.settle();
        rig.receipt(NORTH, "n1", ReceiptState::Undeliverable);
        rig.settle();
        rig.answer(SOUTH, "s1");
        rig.settle();
        (rig, ids)
    };
    let frames = run().0.log.borrow().frames.len();
    assert!(frames >= 3, "{frames}");
    for cut in 1..=frames {
        let (rig, ids) = run();
        let mut rig = rig.crash_at(cut);
        rig.up(NORTH);
        rig.up(SOUTH);
        for round in 0..6 {
            rig.after(20 * SECOND);
            for carrier in [NORTH, SOUTH] {
                if rig.open(carrier) > 0 {
                    let id = format!("{carrier}-{round}");
                    rig.answer(carrier, &id);
                    rig.settle();
                    rig.receipt(carrier, &id, ReceiptState::Delivered);
                    rig.settle();
                }
            }
        }
        rig.receipt(SOUTH, "s1", ReceiptState::Delivered);
        rig.receipt(NORTH, "n1", ReceiptState::Delivered);
        rig.settle();
        let finals = rig.finals();
        assert_eq!(finals.len(), 1, "cut {cut}: {finals:?}");
        assert_eq!((finals[0].0, finals[0].1), (ids[0], Status::Delivered));
    }
}

#[test]
fn what_waits_follows_what_is_measured() {
    let mut rig = rig_by(RouteRow {
        policy: Policy::LeastCostDelivered(Delivered {
            explore_permille: 0,
            ..Delivered::default()
        }),
        ..RouteRow::default()
    });
    // North takes ten at a time; it delivers nothing, and most of the others wait meanwhile.
    let texts: Vec<String> = (0..100).map(|number| format!("text {number}")).collect();
    rig.accept(&texts.iter().map(String::as_str).collect::<Vec<_>>());
    for number in 0..70 {
        let id = format!("n{number}");
        rig.answer(NORTH, &id);
        rig.settle();
        rig.receipt(NORTH, &id, ReceiptState::Undeliverable);
        rig.settle();
    }
    rig.after(3 * SECOND);
    rig.after(3 * SECOND);
    assert_eq!(
        rig.open(SOUTH),
        10,
        "its window is full of what waited for north"
    );
}
