//! Ids of receipts in other clothes than those of responses, early, on another link and after a restart.

use carrack_message::carrier_id::{IdBase, IdRule};
use carrack_message::record::RecordView;
use carrack_message::{ReceiptState, Status};

use super::rig::{MS, NORTH, Rig, SECOND, TWIN, settings};
use crate::rules::CarrierRules;
use crate::settings::EngineSettings;

const HEX: IdBase = IdBase::Hex;
const DECIMAL: IdBase = IdBase::Decimal;

fn write(base: IdBase, id: u64) -> String {
    match base {
        IdBase::Hex => format!("{id:x}"),
        _ => format!("{id}"),
    }
}

fn rig(submit: IdBase, receipt: IdBase) -> Rig {
    let ids = IdRule {
        submit,
        receipt,
        ..IdRule::default()
    };
    Rig::with_rules(
        settings(),
        CarrierRules {
            ids,
            ..CarrierRules::default()
        },
    )
}

/// Sends one message to each number, answers in one base and sends receipts in the other; `early`: which come before
/// their response. Gives how many of the messages ended delivered.
fn run(rig: &mut Rig, bases: (IdBase, IdBase), messages: u64, early: impl Fn(u64) -> bool) -> u64 {
    let first_id = 0x17;
    let submissions = (1..=messages).map(|n| rig.submission_to("hello", n));
    let submissions = submissions.collect();
    rig.hand_in(submissions, None);
    rig.settle();
    let mut done = 0;
    while done < messages {
        let open = rig.open(NORTH) as u64;
        assert!(open > 0, "{done} of {messages} were sent");
        let window = done + 1..=done + open;
        for n in window.clone().filter(|n| early(*n)) {
            let id = write(bases.1, first_id + n);
            rig.receipt_of(NORTH, &id, ReceiptState::Delivered, Some(n));
        }
        rig.after(MS);
        for n in window.clone() {
            rig.answer_to(NORTH, n, &write(bases.0, first_id + n));
        }
        rig.after(MS);
        // In the reverse order: consecutive ids are each other's in another base.
        for n in window.rev().filter(|n| !early(*n)) {
            let id = write(bases.1, first_id + n);
            rig.receipt_of(NORTH, &id, ReceiptState::Delivered, Some(n));
        }
        rig.settle();
        done += open;
    }
    let delivered = rig.finals().into_iter();
    delivered
        .filter(|(_, status, _)| *status == Status::Delivered)
        .count() as u64
}

#[test]
fn t01_all_four_combinations_match_under_a_fixed_rule() {
    for bases in [
        (HEX, DECIMAL),
        (DECIMAL, HEX),
        (HEX, HEX),
        (DECIMAL, DECIMAL),
    ] {
        let mut rig = rig(bases.0, bases.1);
        assert_eq!(run(&mut rig, bases, 60, |_| false), 60, "{bases:?}");
        rig.assert_nothing_kept();
        assert_eq!(rig.shard.early.len(), 0, "{bases:?}");
    }
}

#[test]
fn t01_all_four_combinations_match_while_the_rule_is_learned_from_the_first_receipt_on() {
    for bases in [
        (HEX, DECIMAL),
        (DECIMAL, HEX),
        (HEX, HEX),
        (DECIMAL, DECIMAL),
    ] {
        let mut rig = rig(IdBase::Learn, IdBase::Learn);
        assert_eq!(run(&mut rig, bases, 60, |_| false), 60, "{bases:?}");
        rig.assert_nothing_kept();
        let snapshot = rig.shard.view();
        let (_, north) = &snapshot.carriers[0];
        let proposal = north.profile_proposal.as_deref().unwrap_or_default();
        if bases.0 != bases.1 {
            for (key, base) in [("id_submit_base", bases.0), ("id_receipt_base", bases.1)] {
                let line = format!("{key} = \"{}\"", base.word());
                assert!(proposal.contains(&line), "{bases:?}: {proposal}");
            }
        } else {
            assert!(north.receipt_ids[0] >= 50, "{:?}", north.receipt_ids);
        }
    }
}

#[test]
fn t01_what_was_learned_decides_where_receipts_name_no_numbers() {
    let mut rig = rig(IdBase::Learn, IdBase::Learn);
    assert_eq!(run(&mut rig, (HEX, DECIMAL), 60, |_| false), 60);
    // 0x300 is 768 and 0x768 is 1896: what the receipt means depends on the base.
    for (last, id) in [(901, "300"), (902, "768")] {
        let submission = rig.submission_to("hello", last);
        rig.hand_in(vec![submission], None);
        rig.settle();
        rig.answer(NORTH, id);
        rig.settle();
    }
    rig.receipt(NORTH, "768", ReceiptState::Undeliverable);
    rig.receipt(NORTH, "1896", ReceiptState::Delivered);
    rig.settle();
    let ends: Vec<Status> = rig
        .finals()
        .into_iter()
        .map(|(_, status, _)| status)
        .collect();
    assert_eq!(ends[60..], [Status::Undelivered, Status::Delivered]);
}

#[test]
fn t02_zeros_and_case_come_and_go_and_a_uuid_is_compared_as_text() {
    let uuid = "0a5d0f6e-1a2b-4c3d-8e9f-001122334455";
    for (response, receipt) in [
        ("00000012AB", "12ab"),
        ("12ab", "0012AB"),
        ("0000001234", "1234"),
        ("77", "0000000077"),
        (uuid, &uuid.to_uppercase()),
        (
            "0123456789012345678901234567890",
            "0123456789012345678901234567890",
        ),
    ] {
        let mut rig = Rig::new();
        rig.accept(&["hello"]);
        rig.answer(NORTH, response);
        rig.settle();
        rig.receipt_of(NORTH, receipt, ReceiptState::Delivered, Some(1));
        rig.settle();
        assert_eq!(rig.finals().len(), 1, "{response} {receipt}");
    }
    let mut rig = Rig::new();
    rig.accept(&["hello"]);
    rig.answer(NORTH, uuid);
    rig.settle();
    rig.receipt_of(NORTH, &uuid[1..], ReceiptState::Delivered, Some(1));
    rig.settle();
    assert!(rig.finals().is_empty(), "a damaged UUID is another one");
}

#[test]
fn t03_segment_without_id_is_found_by_the_number_of_its_receipt() {
    let mut rig = Rig::new();
    let submissions = (1..=3).map(|n| rig.submission_to("hello", n)).collect();
    rig.hand_in(submissions, None);
    rig.settle();
    for n in 1..=3 {
        rig.answer_to(NORTH, n, "");
    }
    rig.settle();
    rig.receipt_of(NORTH, "77", ReceiptState::Undeliverable, Some(2));
    rig.settle();
    assert_eq!(rig.finals().len(), 1);
    assert_eq!(rig.finals()[0].1, Status::Undelivered);
    let (_, north) = &rig.shard.view().carriers[0];
    assert_eq!((north.segments_untracked, north.receipts_by_number), (3, 1));
    let long = "x".repeat(255);
    rig.accept(&["one more"]);
    rig.answer(NORTH, &long);
    rig.receipt(NORTH, &long, ReceiptState::Delivered);
    rig.settle();
    assert_eq!(rig.finals().len(), 2, "an id of 255 octets is an id");
}

#[test]
fn t03_segments_without_id_to_one_number_are_not_guessed_apart() {
    let mut rig = Rig::new();
    rig.accept(&["one", "two"]);
    rig.answer(NORTH, "");
    rig.answer(NORTH, "");
    rig.settle();
    rig.receipt_of(NORTH, "77", ReceiptState::Delivered, Some(1));
    rig.settle();
    assert!(rig.finals().is_empty());
}

#[test]
fn t04_receipts_before_their_responses_are_matched_in_whatever_base() {
    for bases in [(HEX, DECIMAL), (DECIMAL, HEX), (DECIMAL, DECIMAL)] {
        for learn in [false, true] {
            let rule = if learn {
                (IdBase::Learn, IdBase::Learn)
            } else {
                bases
            };
            let mut rig = rig(rule.0, rule.1);
            let early = |n: u64| n.is_multiple_of(3);
            assert_eq!(run(&mut rig, bases, 90, early), 90, "{bases:?} {learn}");
            rig.assert_nothing_kept();
            assert_eq!(rig.shard.early.len(), 0, "{bases:?} {learn}");
            assert!(rig.recovered().early.is_empty(), "{bases:?} {learn}");
        }
    }
}

#[test]
fn t05_receipt_on_another_link_of_the_carrier_is_matched() {
    let mut rig = Rig::new();
    rig.up(TWIN);
    let ids = rig.accept(&["one", "two"]);
    for wire in [NORTH, TWIN] {
        rig.answer(wire, &format!("id{wire}"));
    }
    rig.settle();
    rig.receipt(TWIN, "id0", ReceiptState::Delivered);
    rig.down(TWIN);
    rig.settle();
    rig.receipt(NORTH, "id2", ReceiptState::Delivered);
    rig.settle();
    assert_eq!(rig.finals().len(), ids.len());
}

#[test]
fn t05_receipt_after_restart_is_matched_in_another_base() {
    let mut rig = rig(HEX, DECIMAL);
    rig.accept(&["hello", "parked"]);
    rig.answer(NORTH, "1f");
    rig.receipt(NORTH, "32", ReceiptState::Delivered);
    rig.settle();
    let mut rig = rig.crash();
    rig.up(NORTH);
    rig.settle();
    rig.receipt(NORTH, "31", ReceiptState::Delivered);
    // What was in the window is sent again, and its receipt is here already.
    rig.answer(NORTH, "20");
    rig.settle();
    assert_eq!(rig.finals().len(), 2);
    let rig = rig.crash();
    assert_eq!(
        rig.shard.early.len(),
        0,
        "what was taken is not parked again"
    );
}

#[test]
fn t05_crash_between_response_and_its_parked_receipt_loses_neither() {
    let ids = IdRule {
        submit: HEX,
        receipt: DECIMAL,
        ..IdRule::default()
    };
    let rules = CarrierRules {
        ids,
        ..CarrierRules::default()
    };
    // A frame of one record: the response can be durable and what follows from it not.
    let settings = EngineSettings {
        frame_messages_max: 1,
        ..settings()
    };
    let mut rig = Rig::with_rules(settings, rules);
    rig.accept(&["hello"]);
    rig.receipt(NORTH, "31", ReceiptState::Delivered);
    rig.settle();
    rig.answer(NORTH, "1f");
    rig.settle();
    let kept = rig.frames_until(|record| matches!(record, RecordView::Submitted(_)));
    let mut rig = rig.crash_at(kept);
    rig.up(NORTH);
    rig.settle();
    rig.after(SECOND);
    assert_eq!(rig.finals().len(), 1);
}

#[test]
fn t12_state_never_goes_back_the_customer_hears_one_end_and_all_is_written_down() {
    let mut rig = Rig::new();
    rig.accept(&["hello"]);
    rig.answer(NORTH, "n1");
    rig.settle();
    let states = [
        ReceiptState::Enroute,
        ReceiptState::Delivered,
        ReceiptState::Enroute,
        ReceiptState::Delivered,
        ReceiptState::Undeliverable,
    ];
    for state in states {
        rig.receipt(NORTH, "n1", state);
        rig.settle();
    }
    assert_eq!(rig.finals().len(), 1);
    assert_eq!(rig.finals()[0].1, Status::Delivered);
    let seen = rig.records(|record| matches!(record, RecordView::ReceiptSeen(_)));
    assert_eq!(seen, states.len());
    assert_eq!(rig.wires[NORTH].borrow().answers.len(), states.len());
    let rig = rig.crash();
    rig.assert_nothing_kept();
}
