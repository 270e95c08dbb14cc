//! Numbers that must not be sent to: refused when they are handed in, and not sent though they were accepted before.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use carrack_message::record::RecordView;
use carrack_message::{ChargeOn, MessageId, Micros, Status};
use carrack_routing::Matcher;
use carrack_routing::suppression::{
    Hashing, Keys, Mark, Reason, Scope, SuppressionIndex, SuppressionWriter,
};

use super::rig::{ACCOUNT, NORTH, Rig, SECOND, SOUTH, recipient};
use crate::credit::Terms;
use crate::submission::{Refusal, Submission, Verdict};
use crate::suppression::{SuppressionRule, SuppressionSettings};

/// From now on these recipients stand on the list "stop".
fn suppress(rig: &Rig, last: &[u64]) {
    let keys = Keys {
        scope: Scope::Global,
        hashing: Hashing::None,
    };
    let mut writer = SuppressionWriter::new(&keys, std::io::Cursor::new(Vec::new()), 0).unwrap();
    for last in last {
        let mark = Mark::until(Reason::OptOut, u64::MAX);
        writer.push(recipient(*last).as_u64(), mark).unwrap();
    }
    let octets = writer.finish().unwrap().0.into_inner();
    let rule = SuppressionRule {
        name: "stop".to_owned(),
        matcher: Matcher::default(),
        senders: Vec::new(),
        base: Some(SuppressionIndex::open(&keys, Arc::new(octets)).unwrap()),
        keys,
    };
    let settings = SuppressionSettings {
        rules: vec![rule],
        ..SuppressionSettings::default()
    };
    rig.shared.suppressions.replace(settings).unwrap();
    rig.shared.tables_version.fetch_add(1, Ordering::Release);
}

fn hand_in(rig: &mut Rig, submissions: Vec<Submission>) -> Vec<Verdict> {
    let given = rig.hand_in(submissions, None);
    rig.settle();
    given.lock().unwrap().clone()
}

fn accepted(rig: &mut Rig, submission: Submission) -> MessageId {
    match hand_in(rig, vec![submission])[..] {
        [Verdict::Accepted(id)] => id,
        ref other => panic!("{other:?}"),
    }
}

#[test]
fn who_stands_on_a_list_is_refused_with_its_name_and_reason_and_others_are_not() {
    let mut rig = Rig::new();
    suppress(&rig, &[7]);
    let both = vec![rig.submission_to("a", 7), rig.submission_to("b", 8)];
    let given = hand_in(&mut rig, both);
    let Verdict::Refused(refusal) = &given[0] else {
        panic!("{given:?}");
    };
    let expected = Refusal::Suppressed {
        list: "stop".to_owned(),
        reason: Reason::OptOut,
    };
    assert_eq!(*refusal, expected);
    assert!(!refusal.is_temporary() && refusal.is_of_the_message());
    assert!(matches!(given[1], Verdict::Accepted(_)));
    assert_eq!((rig.waiting(), rig.sent(NORTH).len()), (1, 1));
}

#[test]
fn what_waits_when_its_recipient_says_stop_never_leaves_and_gives_its_price_back() {
    let mut rig = Rig::new();
    let entry = rig.shared.directory().account(ACCOUNT).unwrap().clone();
    let terms = Terms {
        limit_micros: Some(100),
        charge_on: ChargeOn::Submitted,
        ..Terms::default()
    };
    let directory = super::rig::directory_with(crate::AccountEntry { terms, ..entry });
    rig.shared.replace_tables(directory, rig.shared.table());
    rig.down(NORTH);
    rig.down(SOUTH);
    let submission = Submission {
        price: Some(Micros(60)),
        ..rig.submission_to("a", 7)
    };
    let id = accepted(&mut rig, submission);
    let other = rig.submission_to("b", 8);
    accepted(&mut rig, other);
    suppress(&rig, &[7]);
    rig.up(NORTH);
    rig.settle();
    assert_eq!(rig.sent(NORTH).len(), 1, "the other one alone");
    let [(ended, Status::Rejected, _)] = rig.finals()[..] else {
        panic!("{:?}", rig.finals());
    };
    assert_eq!(ended, id);
    let directory = rig.shared.directory();
    let view = directory.account(ACCOUNT).unwrap().balance.view();
    assert_eq!(
        (view.reserved, view.charged, view.available),
        (0, 0, Some(100))
    );
    let told = rig.records(|record| match record {
        RecordView::Final(end) => end.detail.contains("suppression list stop (opt_out)"),
        _ => false,
    });
    assert_eq!(told, 1);
}

#[test]
fn what_was_scheduled_before_the_stop_does_not_leave_when_it_is_due_nor_after_a_crash() {
    let mut rig = Rig::new();
    let send_at_utc_ns = rig.now.utc_ns + 60 * SECOND;
    let later = Submission {
        send_at_utc_ns,
        ..rig.submission_to("a", 7)
    };
    let id = accepted(&mut rig, later);
    let mut rig = rig.crash();
    suppress(&rig, &[7]);
    rig.up(NORTH);
    rig.after(61 * SECOND);
    rig.settle();
    assert!(rig.sent(NORTH).is_empty());
    let [(ended, Status::Rejected, _)] = rig.finals()[..] else {
        panic!("{:?}", rig.finals());
    };
    assert_eq!((ended, rig.waiting()), (id, 0));
}

#[test]
fn a_text_of_which_a_part_has_left_goes_on() {
    let mut rig = Rig::new();
    rig.down(SOUTH);
    // The window has ten slots: one part of the last text finds none.
    let long = "x".repeat(400);
    let texts: Vec<Submission> = (0..4)
        .map(|last| Submission {
            segments: 3,
            ..rig.submission_to(&long, last)
        })
        .collect();
    hand_in(&mut rig, texts);
    assert_eq!(rig.open(NORTH), 10);
    suppress(&rig, &[0, 1, 2, 3]);
    for part in 0..10 {
        rig.answer(NORTH, &part.to_string());
    }
    rig.settle();
    assert_eq!(rig.sent(NORTH).len(), 12);
    assert!(rig.finals().is_empty());
}
