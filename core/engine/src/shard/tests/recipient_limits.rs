//! So many messages for one recipient: one more is refused, with the moment, and only what was accepted counts.

use std::sync::atomic::Ordering;

use carrack_message::Sender;
use carrack_message::record::BatchProgress;

use super::limits::{from, rule};
use super::rig::{Rig, SECOND, settings};
use crate::limits::{LimitKind, LimitRule};
use crate::settings::EngineSettings;
use crate::submission::{Refusal, Submission, Verdict};

fn phones(count: u32, within_s: u64) -> LimitRule {
    let within_ns = within_s * SECOND;
    rule(
        "phones",
        &["slow"],
        LimitKind::Recipient { count, within_ns },
    )
}

fn verdict(rig: &mut Rig, texts: &[&str]) -> Vec<Verdict> {
    let submissions = texts.iter().map(|text| from(rig, "slow1", text)).collect();
    verdicts(rig, submissions)
}

fn verdicts(rig: &mut Rig, submissions: Vec<Submission>) -> Vec<Verdict> {
    let given = rig.hand_in(submissions, None);
    rig.settle();
    given.lock().unwrap().clone()
}

#[test]
fn a_recipient_gets_so_many_and_is_told_when_there_is_room_again() {
    let mut rig = Rig::limited(settings(), vec![phones(3, 3600)]);
    let begun_ns = rig.now.mono_ns;
    for n in 0..3 {
        let given = verdict(&mut rig, &[&n.to_string()]);
        assert!(matches!(given[0], Verdict::Accepted(_)));
        rig.after(600 * SECOND);
    }
    let given = verdict(&mut rig, &["more"]);
    let Verdict::Refused(refusal) = &given[0] else {
        panic!("{given:?}");
    };
    let Refusal::RecipientLimit { limit, wait_s } = refusal else {
        panic!("{refusal:?}");
    };
    assert_eq!((limit.as_str(), *wait_s), ("phones", 1800));
    assert!(refusal.is_temporary() && refusal.is_of_the_message());
    // Another number, and a sender that is not under it.
    let other = Submission {
        from: Sender::parse("slow1").unwrap(),
        ..rig.submission_to("a", 77)
    };
    let free = from(&rig, "FREE", "b");
    let given = verdicts(&mut rig, vec![other, free]);
    assert!(
        given
            .iter()
            .all(|given| matches!(given, Verdict::Accepted(_)))
    );
    let left_ns = begun_ns + 3601 * SECOND - rig.now.mono_ns;
    rig.after(left_ns);
    let given = verdict(&mut rig, &["a", "b"]);
    assert!(
        matches!(given[..], [Verdict::Accepted(_), Verdict::Refused(_)]),
        "{given:?}"
    );
    let view = rig.shared.limits.view();
    assert_eq!((view[0].in_use, view[0].refused), (2, 2));
}

#[test]
fn a_message_that_is_refused_for_something_else_does_not_count() {
    let full = EngineSettings {
        messages_max: 2,
        ..settings()
    };
    let mut rig = Rig::limited(full, vec![phones(3, 3600)]);
    let given = verdict(&mut rig, &["0", "1", "2", "3", "4"]);
    let accepted = |given: &[Verdict]| {
        given
            .iter()
            .filter(|v| matches!(v, Verdict::Accepted(_)))
            .count()
    };
    assert_eq!(accepted(&given), 2);
    rig.shared.waiting.store(0, Ordering::Relaxed);
    let given = verdict(&mut rig, &["third", "fourth"]);
    assert!(
        matches!(
            given[..],
            [
                Verdict::Accepted(_),
                Verdict::Refused(Refusal::RecipientLimit { .. })
            ]
        ),
        "{given:?}"
    );
    // What the limit refused holds no place and no part of the queue.
    assert_eq!(rig.waiting(), 1);
}

#[test]
fn a_chunk_that_is_refused_together_counts_nothing() {
    let mut rig = Rig::limited(settings(), vec![phones(2, 3600)]);
    let progress = |row_next| BatchProgress {
        batch: 7,
        row_first: 1,
        row_next,
        source_octet: 0,
        source_line: 1,
        errors_octets: 0,
        accepted: 0,
        rejected: 0,
    };
    let rows = |rig: &Rig, count: usize| -> Vec<Submission> {
        (0..count)
            .map(|n| from(rig, "slow1", &format!("row {n}")))
            .collect()
    };
    let given = rig.hand_in(rows(&rig, 3), Some(progress(4)));
    rig.settle();
    let verdicts = given.lock().unwrap().clone();
    let limited = |v: &&Verdict| matches!(v, Verdict::Refused(Refusal::RecipientLimit { .. }));
    assert_eq!(verdicts.iter().filter(limited).count(), 1, "{verdicts:?}");
    assert!(verdicts.iter().all(|v| matches!(v, Verdict::Refused(_))));
    let given = rig.hand_in(rows(&rig, 2), Some(progress(3)));
    rig.settle();
    let verdicts = given.lock().unwrap().clone();
    assert!(
        verdicts.iter().all(|v| matches!(v, Verdict::Accepted(_))),
        "{verdicts:?}"
    );
}
