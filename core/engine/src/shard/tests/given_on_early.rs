//! A slot that is given on before the response time-out: what is uncertain waits for what may still come.

use carrack_carrier::{Disposition, LinkEvent, Refusal};
use carrack_message::record::RecordView;
use carrack_message::{ReceiptState, Status};
use carrack_routing::OnNoResponse;
use proptest::prelude::*;

use super::rig::{GRACE, MS, NORTH, Rig, SECOND, SOUTH, settings};
use crate::rules::CarrierRules;
use crate::settings::EngineSettings;

fn uncertain_records(rig: &Rig) -> usize {
    rig.records(|record| matches!(record, RecordView::Uncertain(_)))
}

fn with_policy(policy: OnNoResponse) -> Rig {
    Rig::with(EngineSettings {
        on_no_response: policy,
        ..settings()
    })
}

#[test]
fn t27_slot_and_journal_entry_are_free_at_once_and_the_copy_goes_only_after_the_time_out() {
    let mut rig = Rig::new();
    let ids = rig.accept(&["hello"]);
    rig.time_out(NORTH);
    rig.settle();
    assert_eq!((rig.open(NORTH), uncertain_records(&rig)), (0, 1));
    assert_eq!(rig.shard.journal.free(), 64, "the log says uncertain");
    rig.after(GRACE - 100 * MS);
    assert_eq!(rig.sent(NORTH).len(), 1, "the response may still come");
    rig.after(100 * MS);
    assert_eq!(rig.sent(NORTH).len(), 2);
    rig.answer(NORTH, "n2");
    rig.receipt(NORTH, "n2", ReceiptState::Delivered);
    rig.settle();
    assert_eq!(rig.finals(), [(ids[0], Status::Delivered, 5000)]);
    rig.assert_nothing_kept();
}

#[test]
fn t27_window_goes_on_full_while_one_response_in_ten_never_comes() {
    let mut rig = Rig::new();
    let texts: Vec<String> = (0..60).map(|n| format!("text {n}")).collect();
    rig.accept(&texts.iter().map(String::as_str).collect::<Vec<_>>());
    let (mut answered, mut turns) = (0, 0);
    while rig.sent(NORTH).len() < 60 {
        rig.time_out(NORTH);
        while rig.open(NORTH) > 0 {
            answered += 1;
            rig.answer(NORTH, &format!("n{answered}"));
        }
        rig.settle();
        turns += 1;
    }
    assert_eq!(turns, 6 - 1, "as many windows as without loss");
    assert_eq!(uncertain_records(&rig), 5);
}

#[test]
fn t22_late_response_settles_what_waits_and_comes_twice_without_harm() {
    let mut rig = Rig::new();
    let ids = rig.accept(&["hello"]);
    let ticket = rig.time_out(NORTH);
    rig.settle();
    for _ in 0..2 {
        rig.answer_late(NORTH, ticket, "n1");
        rig.settle();
    }
    rig.after(2 * GRACE);
    assert_eq!(rig.sent(NORTH).len(), 1, "no copy");
    rig.receipt(NORTH, "n1", ReceiptState::Delivered);
    rig.settle();
    assert_eq!(rig.finals(), [(ids[0], Status::Delivered, 5000)]);
    rig.assert_nothing_kept();
}

#[test]
fn t22_late_response_while_a_copy_is_in_the_window_ends_the_matter() {
    let mut rig = Rig::new();
    let ids = rig.accept(&["hello"]);
    let ticket = rig.time_out(NORTH);
    rig.after(GRACE);
    assert_eq!(rig.open(NORTH), 1, "the copy");
    rig.answer_late(NORTH, ticket, "n1");
    rig.settle();
    rig.answer(NORTH, "n2");
    rig.settle();
    rig.receipt(NORTH, "n1", ReceiptState::Delivered);
    rig.settle();
    let ends = rig.finals();
    assert_eq!((ends[0].0, ends[0].1), (ids[0], Status::Delivered));
    assert_eq!(ends[0].2, 10_000, "both copies are charged");
    let (_, north) = &rig.shard.view().carriers[0];
    assert_eq!(north.segments_doubled, 1);
    rig.assert_nothing_kept();
}

#[test]
fn t22_late_refusal_lets_it_go_on_at_once() {
    let mut rig = Rig::new();
    rig.accept(&["hello"]);
    let ticket = rig.time_out(NORTH);
    rig.settle();
    let refusal = Refusal {
        status: 0x0A,
        disposition: Disposition::NextCarrier,
    };
    let late = true;
    let refused = LinkEvent::Refused {
        ticket,
        refusal,
        late,
    };
    rig.event(NORTH, refused.clone());
    rig.settle();
    assert_eq!(rig.open(SOUTH), 1);
    rig.event(NORTH, refused);
    rig.answer(SOUTH, "s1");
    rig.receipt(SOUTH, "s1", ReceiptState::Delivered);
    rig.after(2 * GRACE);
    rig.settle();
    assert_eq!(rig.finals()[0].1, Status::Delivered);
    rig.assert_nothing_kept();
}

#[test]
fn t27_receipt_of_unknown_id_to_the_same_number_settles_without_a_copy() {
    let mut rig = Rig::new();
    let submission = rig.submission_to("hello", 7);
    rig.hand_in(vec![submission], None);
    rig.settle();
    rig.time_out(NORTH);
    rig.settle();
    rig.receipt_of(NORTH, "n1", ReceiptState::Delivered, Some(8));
    rig.settle();
    assert!(rig.finals().is_empty(), "of another number");
    rig.receipt_of(NORTH, "n2", ReceiptState::Enroute, Some(7));
    rig.after(2 * GRACE);
    assert_eq!(rig.sent(NORTH).len(), 1, "it was taken");
    rig.receipt_of(NORTH, "n2", ReceiptState::Delivered, Some(7));
    rig.settle();
    let ends = rig.finals();
    assert_eq!(
        (ends.len(), ends[0].1, ends[0].2),
        (1, Status::Delivered, 5000)
    );
    let (_, north) = &rig.shard.view().carriers[0];
    assert_eq!(north.receipts_by_number, 2);
    rig.assert_nothing_kept();
}

#[test]
fn t27_receipt_that_may_be_an_early_one_of_another_message_waits_until_that_is_sure() {
    let mut rig = Rig::new();
    rig.accept(&["lost", "in the window"]);
    rig.time_out(NORTH);
    rig.settle();
    rig.receipt_of(NORTH, "77", ReceiptState::Undeliverable, Some(1));
    rig.settle();
    assert!(rig.finals().is_empty(), "of which of the two?");
    rig.answer(NORTH, "77");
    rig.settle();
    assert_eq!(rig.finals().len(), 1, "of the other");
    rig.after(GRACE);
    assert_eq!(rig.sent(NORTH).len(), 3, "the lost one goes again");
    // This time nothing else is in the window when the time is over.
    let mut rig = Rig::new();
    rig.accept(&["lost", "in the window"]);
    rig.time_out(NORTH);
    rig.settle();
    rig.receipt_of(NORTH, "77", ReceiptState::Undeliverable, Some(1));
    rig.answer(NORTH, "78");
    rig.settle();
    rig.after(GRACE);
    assert_eq!(rig.sent(NORTH).len(), 2, "no copy");
    assert_eq!(rig.finals().len(), 1);
}

#[test]
fn t27_restored_uncertain_segment_waits_its_time_and_its_receipt_settles_it() {
    for settled in [false, true] {
        let mut rig = Rig::new();
        let submission = rig.submission_to("hello", 7);
        rig.hand_in(vec![submission], None);
        rig.settle();
        rig.time_out(NORTH);
        rig.settle();
        let mut rig = rig.crash();
        rig.up(NORTH);
        rig.after(GRACE / 2);
        assert_eq!(rig.sent(NORTH).len(), 0, "it waits");
        if settled {
            rig.receipt_of(NORTH, "n1", ReceiptState::Delivered, Some(7));
        }
        rig.after(GRACE);
        rig.settle();
        assert_eq!(rig.sent(NORTH).len(), usize::from(!settled));
        assert_eq!(rig.finals().len(), usize::from(settled));
    }
}

#[test]
fn t27_receipt_parked_before_a_crash_settles_the_uncertain_segment_after_it() {
    let mut rig = Rig::new();
    rig.accept(&["lost", "in the window"]);
    rig.time_out(NORTH);
    rig.settle();
    rig.receipt_of(NORTH, "77", ReceiptState::Delivered, Some(1));
    rig.answer(NORTH, "78");
    rig.settle();
    let mut rig = rig.crash();
    rig.up(NORTH);
    rig.after(2 * GRACE);
    assert_eq!((rig.sent(NORTH).len(), rig.finals().len()), (0, 1));
    rig.receipt(NORTH, "78", ReceiptState::Delivered);
    rig.settle();
    rig.assert_nothing_kept();
    assert!(rig.recovered().early.is_empty());
}

#[test]
fn t27_policies_to_wait_and_to_ask_send_no_copy_and_to_fail_ends_after_the_time_out() {
    for policy in [OnNoResponse::Wait, OnNoResponse::Query, OnNoResponse::Fail] {
        let mut rig = with_policy(policy);
        rig.accept(&["hello"]);
        rig.time_out(NORTH);
        rig.after(GRACE / 2);
        assert!(rig.finals().is_empty(), "{policy:?}");
        rig.after(GRACE);
        let failed = policy == OnNoResponse::Fail;
        assert_eq!(rig.finals().len(), usize::from(failed), "{policy:?}");
        rig.after(10 * GRACE);
        assert_eq!(rig.sent(NORTH).len(), 1, "{policy:?}");
        rig.receipt_of(NORTH, "n1", ReceiptState::Delivered, Some(1));
        rig.settle();
        assert_eq!(rig.finals().len(), 1, "{policy:?}");
    }
}

#[test]
fn t27_policy_of_the_carrier_goes_before_that_of_the_route() {
    let rules = CarrierRules {
        on_no_response: Some(OnNoResponse::Wait),
        resend_grace_ns: SECOND,
        ..CarrierRules::default()
    };
    let mut rig = Rig::with_rules(settings(), rules);
    rig.accept(&["hello"]);
    rig.time_out(NORTH);
    rig.after(10 * SECOND);
    assert_eq!(rig.sent(NORTH).len(), 1);
}

#[test]
fn t24_lost_link_lets_its_window_go_on_at_once() {
    let mut rig = Rig::new();
    rig.accept(&["one", "two"]);
    rig.down(NORTH);
    rig.settle();
    assert_eq!((rig.sent(SOUTH).len(), uncertain_records(&rig)), (2, 2));
}

proptest! {
    #[test]
    fn t21_responses_in_any_order_map_each_part_to_its_own_id(
        order in Just((0..10usize).collect::<Vec<_>>()).prop_shuffle(),
    ) {
        let mut rig = Rig::new();
        let texts: Vec<String> = (0..10).map(|n| format!("text {n}")).collect();
        rig.accept(&texts.iter().map(String::as_str).collect::<Vec<_>>());
        let open = std::mem::take(&mut rig.wires[NORTH].borrow_mut().open);
        for place in order {
            let (ticket, octets) = &open[place];
            let text = String::from_utf8_lossy(octets).into_owned();
            let id = text.split(' ').nth(1).unwrap();
            let id = carrack_carrier::CarrierMessageId::from_slice(format!("id{id}").as_bytes());
            let late = false;
            rig.event(NORTH, LinkEvent::Accepted { ticket: *ticket, id, late });
            rig.turn();
        }
        rig.settle();
        // In the order of the texts: the third is undeliverable.
        for n in 0..10 {
            let state = if n == 3 { ReceiptState::Undeliverable } else { ReceiptState::Delivered };
            rig.receipt(NORTH, &format!("id{n}"), state);
        }
        rig.settle();
        let mut ends = rig.finals();
        ends.sort_by_key(|(id, _, _)| *id);
        let bad: Vec<usize> = (0..10).filter(|n| ends[*n].1 != Status::Delivered).collect();
        prop_assert_eq!(bad, vec![3]);
    }
}
