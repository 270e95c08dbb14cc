//! Text in the form of the carrier that has it: counted anew, limited and paid for by segments.

use carrack_carrier::Disposition;
use carrack_message::record::Body;
use carrack_message::wire::{LongMethod, TextForm};
use carrack_message::{ReceiptState, Status};

use super::rig::{MS, NORTH, Rig, SECOND, SOUTH, settings};
use crate::rules::CarrierRules;
use crate::submission::Submission;

fn form(text: TextForm) -> CarrierRules {
    CarrierRules {
        text,
        ..CarrierRules::default()
    }
}

fn payload() -> CarrierRules {
    form(TextForm {
        long_method: LongMethod::Payload,
        ..TextForm::default()
    })
}

/// Everything as UCS-2: 67 characters a part.
fn ucs2_only() -> CarrierRules {
    form(TextForm {
        data_codings_allowed: [8].into_iter().collect(),
        ..TextForm::default()
    })
}

fn parts(rig: &mut Rig, carrier: usize, count: usize, prefix: &str) {
    assert_eq!(rig.open(carrier), count);
    for part in 0..count {
        rig.answer(carrier, &format!("{prefix}{part}"));
    }
    rig.settle();
}

#[test]
fn t35_text_is_cut_anew_when_its_carrier_changes() {
    let mut rig = Rig::whole(
        settings(),
        [None, None],
        [CarrierRules::default(), ucs2_only()],
    );
    let ids = rig.accept(&[&"x".repeat(200)]);
    assert_eq!(rig.open(NORTH), 2);
    rig.answer(NORTH, "n1");
    rig.refuse(NORTH, 0x0A, Disposition::NextCarrier);
    rig.settle();
    parts(&mut rig, SOUTH, 3, "s");
    for part in ["s2", "s0", "s1"] {
        rig.receipt(SOUTH, part, ReceiptState::Delivered);
        rig.settle();
    }
    assert_eq!(
        rig.finals(),
        [(ids[0], Status::Delivered, 5000 + 3 * 9000)],
        "each segment at its carrier's price"
    );
    rig.assert_nothing_kept();
}

#[test]
fn t35_text_in_one_payload_is_one_submit_and_costs_all_its_segments() {
    let mut rig = Rig::with_rules(settings(), payload());
    let ids = rig.accept(&[&"x".repeat(400)]);
    assert_eq!(rig.open(NORTH), 1);
    assert!(rig.wires[NORTH].borrow().beside[0].payload);
    rig.answer(NORTH, "n1");
    rig.settle();
    let (_, north) = &rig.shard.view().carriers[0];
    assert_eq!((north.segments_sent, north.segments_accepted), (3, 3));
    rig.receipt(NORTH, "n1", ReceiptState::Delivered);
    rig.settle();
    assert_eq!(rig.finals(), [(ids[0], Status::Delivered, 3 * 5000)]);
    rig.assert_nothing_kept();
}

#[test]
fn t14_limit_is_kept_in_segments_whatever_a_submit_carries() {
    let mut rig = Rig::whole(
        settings(),
        [Some(10), None],
        [payload(), CarrierRules::default()],
    );
    let texts: Vec<String> = (0..20).map(|n| format!("{n}{}", "x".repeat(400))).collect();
    rig.accept(&texts.iter().map(String::as_str).collect::<Vec<_>>());
    let began_ns = rig.now.mono_ns;
    let mut answered = 0;
    while rig.sent(NORTH).len() < 20 {
        rig.after(10 * MS);
        while rig.open(NORTH) > 0 {
            answered += 1;
            rig.answer(NORTH, &format!("n{answered}"));
        }
        assert!(rig.now.mono_ns - began_ns < 30 * SECOND, "it goes on");
        let sent = rig.shard.view().carriers[0].1.segments_sent;
        let allowed = 10 + (rig.now.mono_ns - began_ns) * 10 / SECOND;
        assert!(sent <= allowed + 3, "{sent} of {allowed}");
    }
}

#[test]
fn text_of_more_segments_than_the_rate_is_sent_and_paid_for_by_silence() {
    let mut rig = Rig::whole(
        settings(),
        [Some(2), None],
        [payload(), CarrierRules::default()],
    );
    rig.after(5 * SECOND);
    rig.accept(&[&"x".repeat(1000), "next"]);
    for _ in 0..20 {
        rig.after(100 * MS);
    }
    assert_eq!(rig.sent(NORTH).len(), 1, "seven segments at two a second");
    for _ in 0..30 {
        rig.after(100 * MS);
    }
    assert_eq!(rig.sent(NORTH).len(), 2);
}

#[test]
fn crash_in_the_middle_of_a_text_that_its_carrier_cuts_otherwise_loses_no_part() {
    for answered in 0..3 {
        let mut rig = Rig::with_rules(settings(), ucs2_only());
        let submission = rig.submission(&"x".repeat(150));
        assert_eq!(submission.segments, 1, "priced as one");
        rig.hand_in(vec![submission], None);
        rig.settle();
        assert_eq!(rig.open(NORTH), 3);
        for part in 0..answered {
            rig.answer(NORTH, &format!("n{part}"));
        }
        rig.settle();
        let mut rig = rig.crash();
        rig.up(NORTH);
        rig.settle();
        parts(&mut rig, NORTH, 3 - answered, "m");
        for part in 0..answered {
            rig.receipt(NORTH, &format!("n{part}"), ReceiptState::Delivered);
        }
        for part in 0..3 - answered {
            rig.receipt(NORTH, &format!("m{part}"), ReceiptState::Delivered);
        }
        rig.settle();
        assert_eq!(rig.finals().len(), 1, "{answered} answered");
        rig.assert_nothing_kept();
    }
}

#[test]
fn text_that_a_carrier_cannot_have_goes_to_the_next_and_is_rejected_by_the_last() {
    let short = |parts_max| {
        form(TextForm {
            parts_max,
            ..TextForm::default()
        })
    };
    let mut rig = Rig::whole(settings(), [None, None], [short(1), short(2)]);
    rig.accept(&[&"x".repeat(200), &"y".repeat(400)]);
    assert_eq!((rig.open(NORTH), rig.open(SOUTH)), (0, 2));
    assert_eq!(rig.finals().len(), 1);
    assert_eq!(rig.finals()[0].1, Status::Rejected);
}

#[test]
fn t35_parts_without_a_reference_of_their_own_share_one_and_it_is_the_same_after_a_restart() {
    let sar = form(TextForm {
        long_method: LongMethod::Sar,
        data_codings_allowed: [8].into_iter().collect(),
        ..TextForm::default()
    });
    let mut rig = Rig::with_rules(settings(), sar);
    let texts: Vec<String> = (0..3).map(|n| format!("{n}{}", "x".repeat(100))).collect();
    rig.accept(&texts.iter().map(String::as_str).collect::<Vec<_>>());
    let references = |rig: &Rig| -> Vec<u16> {
        let wire = rig.wires[NORTH].borrow();
        wire.beside
            .iter()
            .map(|beside| beside.sar.unwrap().reference)
            .collect()
    };
    let before = references(&rig);
    assert_eq!(before.len(), 6);
    assert!(before.chunks(2).all(|parts| parts[0] == parts[1]));
    assert!(before[0] != before[2] && before[2] != before[4]);
    let mut rig = rig.crash();
    rig.up(NORTH);
    rig.settle();
    assert_eq!(references(&rig), before);
}

#[test]
fn only_parameters_that_the_carrier_takes_are_passed_on() {
    let rules = CarrierRules {
        tlv_pass: vec![0x1400],
        ..CarrierRules::default()
    };
    let mut rig = Rig::with_rules(settings(), rules);
    let tlvs = [[0x14, 0x00, 0, 1, 7].as_slice(), &[0x14, 0x01, 0, 1, 8]].concat();
    let submission = Submission {
        tlvs: tlvs.clone(),
        ..rig.submission("hello")
    };
    rig.hand_in(vec![submission], None);
    rig.settle();
    assert_eq!(rig.wires[NORTH].borrow().beside[0].tlvs, tlvs[..5]);
    let mut rig = rig.crash();
    rig.up(SOUTH);
    rig.settle();
    assert!(rig.wires[SOUTH].borrow().beside[0].tlvs.is_empty());
}

#[test]
fn octets_of_a_customer_go_through_the_form_of_the_carrier() {
    let mut rig = Rig::new();
    let submission = Submission {
        body: Body::Raw {
            data_coding: 4,
            esm_class: 0,
            octets: vec![1, 2, 3],
        },
        ..rig.submission("")
    };
    rig.hand_in(vec![submission], None);
    rig.settle();
    let wire = rig.wires[NORTH].borrow();
    assert_eq!(wire.beside[0].data_coding, 4);
    assert!(wire.sent[0].ends_with(&[1, 2, 3]));
}
