#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use carrack_message::record::{Body, ReceiptWish};
use carrack_message::{Class, MessageId, MessageIdParts, Msisdn, Sender};
use carrack_queue::{KeptKey, KeyName};
use proptest::prelude::*;

use super::{Desk, DeskSettings, IdempotencyKey, OnRepeat, entries};
use crate::submission::{Chunk, Refusal, Submission, Verdict};

const HOUR_NS: u64 = 3_600_000_000_000;
const KEEP_NS: u64 = 48 * HOUR_NS;

type Kept = Arc<Mutex<BTreeMap<KeyName, KeptKey>>>;
type Given = Arc<Mutex<Vec<Verdict>>>;

/// A desk without threads, and a shard that does what it is told.
struct Stand {
    desk: Arc<Desk>,
    kept: Kept,
    shard: Arc<Mutex<VecDeque<Chunk>>>,
    utc_ns: Arc<AtomicU64>,
    accepted: u64,
}

impl Stand {
    fn new() -> Self {
        Self::on(Kept::default(), 1_800_000_000_000_000_000, 0, 1_000)
    }

    fn on(kept: Kept, utc_ns: u64, accepted: u64, names_max: usize) -> Self {
        let shard: Arc<Mutex<VecDeque<Chunk>>> = Arc::default();
        let utc_ns = Arc::new(AtomicU64::new(utc_ns));
        let settings = DeskSettings {
            keep_ns: KEEP_NS,
            names_max,
            waiting_max: 4,
            threads: 0,
        };
        let into = Arc::clone(&shard);
        let hand_in = move |_, chunk| {
            into.lock().unwrap().push_back(chunk);
            Ok(())
        };
        let clock = Arc::clone(&utc_ns);
        let now = move || clock.load(Ordering::Relaxed);
        let store = Arc::clone(&kept);
        let desk = Desk::new(settings, store, Box::new(hand_in), Box::new(now));
        Self {
            desk: Arc::new(desk),
            kept,
            shard,
            utc_ns,
            accepted,
        }
    }

    /// The process ends; what is durable stays.
    fn crash(self) -> Self {
        let utc_ns = self.utc_ns.load(Ordering::Relaxed);
        Self::on(self.kept, utc_ns, self.accepted, 1_000)
    }

    fn wait(&self, ns: u64) {
        self.utc_ns.fetch_add(ns, Ordering::Relaxed);
    }

    fn take(&self, submissions: Vec<Submission>) -> Given {
        let given = Given::default();
        let into = Arc::clone(&given);
        let chunk = Chunk {
            submissions,
            progress: None,
            reply: Box::new(move |verdicts| into.lock().unwrap().extend(verdicts)),
        };
        assert!(self.desk.take(0, chunk).is_ok());
        self.desk.work_off();
        given
    }

    /// What the shard does with its oldest chunk: each is durable or refused; gives what is to be answered.
    fn durable(&mut self, accepts: impl Fn(&Submission) -> bool) -> Option<(Chunk, Vec<Verdict>)> {
        let chunk = self.shard.lock().unwrap().pop_front()?;
        let utc_ms = self.utc_ns.load(Ordering::Relaxed) / 1_000_000;
        let verdicts = chunk.submissions.iter().map(|submission| {
            if !accepts(submission) {
                return Verdict::Refused(Refusal::QueueFull);
            }
            self.accepted += 1;
            let id = MessageId::new(MessageIdParts {
                utc_ms,
                frame: self.accepted as u32,
                ..MessageIdParts::default()
            });
            let key = submission.key.as_deref();
            let entries = key
                .into_iter()
                .flat_map(|key| entries(key, (id, b""), KEEP_NS));
            let mut kept = self.kept.lock().unwrap();
            kept.extend(entries.map(|entry| (entry.name, entry)));
            Verdict::Accepted(id)
        });
        let verdicts = verdicts.collect();
        Some((chunk, verdicts))
    }

    /// The same, answered.
    fn commit(&mut self, accepts: impl Fn(&Submission) -> bool) {
        if let Some((chunk, verdicts)) = self.durable(accepts) {
            (chunk.reply)(verdicts);
            self.desk.work_off();
        }
    }

    /// Takes and commits; gives the verdicts.
    fn send(&mut self, submissions: Vec<Submission>) -> Vec<Verdict> {
        let given = self.take(submissions);
        self.commit(|_| true);
        let given = given.lock().unwrap();
        given.clone()
    }
}

fn submission(account: u32, to: u64, text: &str) -> Submission {
    Submission {
        account,
        class: Class::Transactional,
        to: Msisdn::from_u64(447_700_900_000 + to).unwrap(),
        from: Sender::parse("ACME").unwrap(),
        body: Body::Text(text.to_owned()),
        segments: 1,
        send_at_utc_ns: 0,
        validity_ns: 0,
        wants_receipt: ReceiptWish::Never,
        price: None,
        client_ref: None,
        batch: None,
        tlvs: Vec::new(),
        group: None,
        key: None,
    }
}

fn keyed(account: u32, key: &str, to: u64, text: &str) -> Submission {
    let submission = submission(account, to, text);
    let key = IdempotencyKey::of_call(key.as_bytes(), &submission, b"");
    Submission {
        key: Some(Box::new(key)),
        ..submission
    }
}

fn list(key: &str, to: &[u64], text: &str) -> Vec<Submission> {
    let mut seen = BTreeMap::new();
    let each = to.iter().map(|to| {
        let nth = seen.entry(*to).or_insert(0);
        let submission = submission(1, *to, text);
        let key = IdempotencyKey::of_recipient(key.as_bytes(), &submission, b"", *nth);
        *nth += 1;
        Submission {
            key: Some(Box::new(key)),
            ..submission
        }
    });
    each.collect()
}

fn of_content(to: u64, text: &str, on_repeat: OnRepeat) -> Submission {
    let submission = submission(1, to, text);
    let key = IdempotencyKey::of_content(&submission, 600_000_000_000, on_repeat);
    Submission {
        key: Some(Box::new(key)),
        ..submission
    }
}

fn accepted(verdict: &Verdict) -> MessageId {
    match verdict {
        Verdict::Accepted(id) => *id,
        other => panic!("{other:?}"),
    }
}

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
