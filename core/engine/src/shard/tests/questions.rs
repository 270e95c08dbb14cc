//! Questions about segments whose receipt is missing.

use carrack_carrier::LinkEvent;
use carrack_message::{ReceiptState, Status};
use carrack_routing::OnNoResponse;

use super::rig::{NORTH, Rig, SECOND, settings};
use crate::rules::CarrierRules;
use crate::settings::EngineSettings;

fn asking() -> Rig {
    let rules = CarrierRules {
        receipt_query_after_ns: Some(100 * SECOND),
        ..CarrierRules::default()
    };
    Rig::with_rules(settings(), rules)
}

/// Passes the time in steps that the sweep follows.
fn pass(rig: &mut Rig, seconds: u64) {
    for _ in 0..seconds {
        rig.after(SECOND);
    }
}

fn asked(rig: &Rig) -> Vec<String> {
    let wire = rig.wires[NORTH].borrow();
    wire.asked.iter().map(|(_, id)| id.clone()).collect()
}

fn reply(rig: &mut Rig, state: Option<ReceiptState>) {
    let (ticket, _) = rig.wires[NORTH].borrow().asked.last().unwrap().clone();
    let error = 0;
    rig.event(
        NORTH,
        LinkEvent::Queried {
            ticket,
            state,
            error,
        },
    );
    rig.settle();
}

#[test]
fn missing_receipt_is_asked_for_and_the_answer_ends_the_message() {
    let mut rig = asking();
    let ids = rig.accept(&["hello", "told in time"]);
    rig.answer(NORTH, "00A1");
    rig.answer(NORTH, "00A2");
    rig.settle();
    rig.receipt(NORTH, "a2", ReceiptState::Delivered);
    pass(&mut rig, 90);
    assert!(asked(&rig).is_empty());
    pass(&mut rig, 15);
    assert_eq!(asked(&rig), ["00A1"], "under the id as the carrier gave it");
    reply(&mut rig, Some(ReceiptState::Enroute));
    assert_eq!(rig.finals().len(), 1);
    pass(&mut rig, 120);
    reply(&mut rig, Some(ReceiptState::Expired));
    assert_eq!(rig.finals()[1], (ids[0], Status::Expired, 5000));
    rig.receipt(NORTH, "a1", ReceiptState::Delivered);
    rig.settle();
    assert_eq!(rig.finals().len(), 2);
    rig.assert_nothing_kept();
}

#[test]
fn no_more_than_three_questions_and_none_where_the_window_is_half_full() {
    let mut rig = asking();
    rig.accept(&["hello"]);
    rig.answer(NORTH, "a1");
    rig.settle();
    pass(&mut rig, 3000);
    assert_eq!(asked(&rig).len(), 3);
    let mut rig = asking();
    let texts: Vec<String> = (0..7).map(|n| format!("text {n}")).collect();
    rig.accept(&texts.iter().map(String::as_str).collect::<Vec<_>>());
    rig.answer(NORTH, "a1");
    rig.settle();
    pass(&mut rig, 300);
    assert!(asked(&rig).is_empty(), "six of ten slots are taken");
}

#[test]
fn carrier_that_answers_no_questions_is_not_asked_again() {
    let mut rig = asking();
    rig.wires[NORTH].borrow_mut().mute = true;
    rig.accept(&["hello"]);
    rig.answer(NORTH, "a1");
    rig.settle();
    pass(&mut rig, 110);
    rig.wires[NORTH].borrow_mut().mute = false;
    pass(&mut rig, 3000);
    assert!(asked(&rig).is_empty());
}

#[test]
fn policy_to_ask_asks_without_a_time_of_the_carriers_own_also_after_a_restart() {
    let mut rig = Rig::with(EngineSettings {
        on_no_response: OnNoResponse::Query,
        ..settings()
    });
    rig.accept(&["hello"]);
    rig.answer(NORTH, "a1");
    rig.settle();
    let mut rig = rig.crash();
    rig.up(NORTH);
    pass(&mut rig, 310);
    assert_eq!(asked(&rig), ["a1"]);
    reply(&mut rig, None);
    reply(&mut rig, Some(ReceiptState::Unknown));
    assert!(rig.finals().is_empty(), "that it does not know is no news");
    reply(&mut rig, Some(ReceiptState::Delivered));
    assert_eq!(rig.finals().len(), 1);
}
