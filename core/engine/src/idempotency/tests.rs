#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::sync::Mutex;
use std::sync::atomic::Ordering;

use carrack_message::record::Body;
use carrack_message::{Class, Msisdn};
use proptest::prelude::*;

use super::rig::{
    Given, HOUR_NS, KEEP_NS, Kept, Stand, accepted, keyed, list, of_content, submission,
};
use super::{IdempotencyKey, OnRepeat};
use crate::submission::{Refusal, Submission, Verdict};

#[test]
fn of_two_at_once_one_is_sent_and_both_hear_its_id() {
    let mut stand = Stand::new();
    let first = stand.take(vec![keyed(1, "k", 1, "hi")]);
    let second = stand.take(vec![keyed(1, "k", 1, "hi")]);
    assert_eq!(stand.shard.lock().unwrap().len(), 1);
    assert!(second.lock().unwrap().is_empty(), "it waits for the first");
    stand.commit(|_| true);
    let id = accepted(&first.lock().unwrap()[0]);
    assert_eq!(*second.lock().unwrap(), [Verdict::Repeated(id, Vec::new())]);
    assert!(stand.shard.lock().unwrap().is_empty());
    assert_eq!(stand.desk.names_under_way(), 0);
}

#[test]
fn second_of_two_at_once_is_sent_where_the_first_was_refused() {
    let mut stand = Stand::new();
    let first = stand.take(vec![keyed(1, "k", 1, "hi")]);
    let second = stand.take(vec![keyed(1, "k", 1, "hi")]);
    stand.commit(|_| false);
    assert_eq!(
        *first.lock().unwrap(),
        [Verdict::Refused(Refusal::QueueFull)]
    );
    stand.commit(|_| true);
    accepted(&second.lock().unwrap()[0]);
}

#[test]
fn answer_that_was_lost_is_given_again_after_a_crash_too() {
    let mut stand = Stand::new();
    stand.take(vec![keyed(1, "k", 1, "hi")]);
    // Durable, and killed before anybody was told.
    let (_, verdicts) = stand.durable(|_| true).unwrap();
    let mut stand = stand.crash();
    let again = stand.send(vec![keyed(1, "k", 1, "hi")]);
    assert_eq!(
        again,
        [Verdict::Repeated(accepted(&verdicts[0]), Vec::new())]
    );
}

#[test]
fn what_was_not_durable_at_a_crash_is_sent() {
    let stand = Stand::new();
    stand.take(vec![keyed(1, "k", 1, "hi")]);
    let mut stand = stand.crash();
    accepted(&stand.send(vec![keyed(1, "k", 1, "hi")])[0]);
}

#[test]
fn key_with_another_text_sender_or_recipient_is_refused_and_another_account_has_its_own() {
    let mut stand = Stand::new();
    accepted(&stand.send(vec![keyed(1, "k", 1, "hi")])[0]);
    let used = [Verdict::Refused(Refusal::KeyUsed)];
    assert_eq!(stand.send(vec![keyed(1, "k", 1, "ho")]), used);
    assert_eq!(stand.send(vec![keyed(1, "k", 2, "hi")]), used);
    assert_eq!(stand.send(list("k", &[1, 2], "hi"))[..1], used);
    accepted(&stand.send(vec![keyed(2, "k", 1, "ho")])[0]);
    accepted(&stand.send(vec![keyed(1, "K", 1, "ho")])[0]);
}

#[test]
fn refusal_of_a_used_key_names_all_that_its_content_is() {
    let digest = |submission: &Submission, said: &[u8]| {
        IdempotencyKey::of_call(b"k", submission, said).mark().1
    };
    let first = submission(1, 1, "hi");
    let changed = |change: fn(&mut Submission)| {
        let mut other = submission(1, 1, "hi");
        change(&mut other);
        digest(&other, b"")
    };
    let refusal = Refusal::KeyUsed.to_string();
    for (word, other) in [
        ("recipient", changed(|it| it.to = submission(1, 2, "hi").to)),
        ("sender", changed(|it| it.from = "Other".parse().unwrap())),
        ("text", changed(|it| it.body = Body::Text("ho".to_owned()))),
        ("class", changed(|it| it.class = Class::Otp)),
        ("tag", changed(|it| it.tlvs = b"tag".to_vec())),
        ("send_at", digest(&first, b"2026-12-24T09:00:00Z")),
    ] {
        assert_ne!(other, digest(&first, b""), "{word}");
        assert!(refusal.contains(word), "{refusal}");
    }
}

#[test]
fn key_is_free_again_when_its_time_is_over() {
    let mut stand = Stand::new();
    let id = accepted(&stand.send(vec![keyed(1, "k", 1, "hi")])[0]);
    stand.wait(KEEP_NS - 1_000_000);
    let again = stand.send(vec![keyed(1, "k", 1, "hi")]);
    assert_eq!(again, [Verdict::Repeated(id, Vec::new())]);
    stand.wait(2_000_000);
    let new = accepted(&stand.send(vec![keyed(1, "k", 1, "other")])[0]);
    assert_ne!(new, id);
    let again = stand.send(vec![keyed(1, "k", 1, "other")]);
    assert_eq!(again, [Verdict::Repeated(new, Vec::new())]);
}

#[test]
fn list_that_was_mended_sends_nobody_a_second_text() {
    let mut stand = Stand::new();
    let given = stand.take(list("k", &[1, 2, 3, 1], "hi"));
    let two = Msisdn::from_u64(447_700_900_002).unwrap();
    stand.commit(|submission| submission.to != two);
    let first = given.lock().unwrap().clone();
    // Without the one that was refused, with another, and in another order.
    let again = stand.send(list("k", &[3, 4, 1, 1], "hi"));
    assert_eq!(again[0], Verdict::Repeated(accepted(&first[2]), Vec::new()));
    accepted(&again[1]);
    assert_eq!(again[2], Verdict::Repeated(accepted(&first[0]), Vec::new()));
    assert_eq!(again[3], Verdict::Repeated(accepted(&first[3]), Vec::new()));
    accepted(&stand.send(list("k", &[2], "hi"))[0]);
    let other = stand.send(list("k", &[5, 6], "ho"));
    assert_eq!(other, vec![Verdict::Refused(Refusal::KeyUsed); 2]);
}

#[test]
fn same_twice_in_one_chunk_is_one_message() {
    let mut stand = Stand::new();
    let chunk = || {
        vec![
            keyed(1, "k", 1, "hi"),
            keyed(1, "j", 1, "hi"),
            keyed(1, "k", 1, "hi"),
        ]
    };
    let verdicts = stand.send(chunk());
    let (k, j) = (accepted(&verdicts[0]), accepted(&verdicts[1]));
    assert_eq!(verdicts[2], Verdict::Repeated(k, Vec::new()));
    let again = [k, j, k].map(|id| Verdict::Repeated(id, Vec::new()));
    assert_eq!(stand.send(chunk()), again);
    let mixed = stand.send(vec![submission(1, 1, "hi"), keyed(1, "k", 1, "hi")]);
    assert_ne!(accepted(&mixed[0]), k);
    assert_eq!(mixed[1], Verdict::Repeated(k, Vec::new()));
}

#[test]
fn same_content_within_its_time_is_answered_as_the_account_wants() {
    let mut stand = Stand::new();
    let id = accepted(&stand.send(vec![of_content(1, "hi", OnRepeat::Repeat)])[0]);
    let again = stand.send(vec![of_content(1, "hi", OnRepeat::Repeat)]);
    assert_eq!(again, [Verdict::Repeated(id, Vec::new())]);
    let refused = stand.send(vec![of_content(1, "hi", OnRepeat::Refuse)]);
    assert_eq!(refused, [Verdict::Refused(Refusal::Duplicate(id))]);
    accepted(&stand.send(vec![of_content(1, "ho", OnRepeat::Refuse)])[0]);
    accepted(&stand.send(vec![of_content(2, "hi", OnRepeat::Refuse)])[0]);
    stand.wait(600_000_000_000);
    accepted(&stand.send(vec![of_content(1, "hi", OnRepeat::Refuse)])[0]);
}

#[test]
fn a_message_of_which_one_part_was_used_otherwise_is_not_sent_in_pieces() {
    let mut stand = Stand::new();
    accepted(&stand.send(vec![keyed(1, "a", 1, "other")])[0]);
    let parts = vec![
        keyed(1, "c", 2, "one"),
        keyed(1, "d", 2, "two"),
        keyed(1, "b", 1, "one"),
        keyed(1, "a", 1, "two"),
    ];
    let given = stand.take_chunk(parts, None, 2);
    stand.commit(|_| true);
    let given = given.lock().unwrap();
    accepted(&given[0]);
    accepted(&given[1]);
    assert_eq!(
        given[2..],
        [Refusal::KeyUsed, Refusal::KeyUsed].map(Verdict::Refused)
    );
}

#[test]
fn more_than_may_be_under_way_or_wait_are_told_to_come_again() {
    let stand = Stand::on(Kept::default(), 1, 0, 2);
    stand.take(vec![keyed(1, "a", 1, "hi")]);
    stand.take(vec![keyed(1, "b", 1, "hi")]);
    let beyond = stand.take(vec![keyed(1, "c", 1, "hi")]);
    let busy = [Verdict::Refused(Refusal::KeyUnderWay)];
    assert_eq!(*beyond.lock().unwrap(), busy);
    let mut stand = Stand::new();
    let waiting: Vec<Given> = (0..6)
        .map(|_| stand.take(vec![keyed(1, "a", 1, "hi")]))
        .collect();
    assert_eq!(
        *waiting[5].lock().unwrap(),
        busy,
        "four may wait for the first"
    );
    stand.commit(|_| true);
    let id = accepted(&waiting[0].lock().unwrap()[0]);
    for given in &waiting[1..5] {
        assert_eq!(*given.lock().unwrap(), [Verdict::Repeated(id, Vec::new())]);
    }
}

#[derive(Debug, Clone)]
enum Act {
    /// A chunk of keys with a text each.
    Take(Vec<(u8, u8)>),
    Commit(u8),
    /// Durable and never answered.
    Lose,
    Crash,
    Wait(u8),
}

fn act() -> impl Strategy<Value = Act> {
    let chunk = prop::collection::vec((0..4u8, 0..6u8), 1..5);
    prop_oneof![
        6 => chunk.prop_map(Act::Take),
        4 => any::<u8>().prop_map(Act::Commit),
        1 => Just(Act::Lose),
        1 => Just(Act::Crash),
        1 => (0..60u8).prop_map(Act::Wait),
    ]
}

proptest! {
    #[test]
    fn no_two_messages_of_one_key_whatever_comes_in_between(acts in prop::collection::vec(act(), 1..60)) {
        let mut stand = Stand::new();
        // What was made durable, by key: when, and of which text.
        let durable: Mutex<Vec<(String, u64, Body)>> = Mutex::default();
        let mut asked: Vec<(usize, Given)> = Vec::new();
        for act in acts {
            let now_ns = stand.utc_ns.load(Ordering::Relaxed);
            let note = |submission: &Submission| {
                let key = submission.client_ref.clone().unwrap();
                let mut durable = durable.lock().unwrap();
                let twice = durable.iter().any(|(known, at_ns, _)| *known == key && now_ns - at_ns < KEEP_NS);
                assert!(!twice, "{key} is two messages");
                durable.push((key, now_ns, submission.body.clone()));
                true
            };
            match act {
                Act::Take(keys) => {
                    // Mostly the text that goes with the key.
                    let chunk = keys.iter().map(|(key, text)| {
                        let text = if *text == 0 { "other".to_owned() } else { format!("text {key}") };
                        let key = format!("key {key}");
                        let mut submission = keyed(1, &key, 1, &text);
                        submission.client_ref = Some(key);
                        submission
                    });
                    let given = stand.take(chunk.collect());
                    asked.push((keys.len(), given));
                }
                Act::Commit(which) => {
                    let refused = u64::from(which) & 1 == 1;
                    stand.commit(|submission| !refused && note(submission));
                }
                Act::Lose => drop(stand.durable(note)),
                Act::Crash => {
                    stand = stand.crash();
                    asked.clear();
                }
                Act::Wait(hours) => stand.wait(u64::from(hours) * HOUR_NS),
            }
        }
        // Whoever asked in this run and was not lost has one verdict each.
        while !stand.shard.lock().unwrap().is_empty() {
            stand.commit(|_| false);
        }
        for (expected, given) in asked {
            let given = given.lock().unwrap().len();
            prop_assert!(given == 0 || given == expected);
        }
        prop_assert_eq!(stand.desk.names_under_way(), 0);
    }
}
