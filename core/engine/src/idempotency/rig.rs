//! What tests of the desk share: a desk without threads, a shard that does what it is told, and submissions.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use carrack_message::record::{BatchProgress, Body, ReceiptWish};
use carrack_message::{Class, MessageId, MessageIdParts, Msisdn, Sender};
use carrack_queue::{KeptKey, KeyName};

use super::{Desk, DeskSettings, IdempotencyKey, OnRepeat, entries};
use crate::submission::{Chunk, Refusal, Submission, Verdict};

pub(super) const HOUR_NS: u64 = 3_600_000_000_000;
pub(super) const KEEP_NS: u64 = 48 * HOUR_NS;

pub(super) type Kept = Arc<Mutex<BTreeMap<KeyName, KeptKey>>>;
pub(super) type Given = Arc<Mutex<Vec<Verdict>>>;

/// A desk without threads, and a shard that does what it is told.
pub(super) struct Stand {
    pub(super) desk: Arc<Desk>,
    pub(super) kept: Kept,
    pub(super) shard: Arc<Mutex<VecDeque<Chunk>>>,
    pub(super) utc_ns: Arc<AtomicU64>,
    pub(super) accepted: u64,
}

impl Stand {
    pub(super) fn new() -> Self {
        Self::on(Kept::default(), 1_800_000_000_000_000_000, 0, 1_000)
    }

    pub(super) fn on(kept: Kept, utc_ns: u64, accepted: u64, names_max: usize) -> Self {
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
    pub(super) fn crash(self) -> Self {
        let utc_ns = self.utc_ns.load(Ordering::Relaxed);
        Self::on(self.kept, utc_ns, self.accepted, 1_000)
    }

    pub(super) fn wait(&self, ns: u64) {
        self.utc_ns.fetch_add(ns, Ordering::Relaxed);
    }

    pub(super) fn take(&self, submissions: Vec<Submission>) -> Given {
        self.take_chunk(submissions, None, 1)
    }

    pub(super) fn take_chunk(
        &self,
        submissions: Vec<Submission>,
        progress: Option<BatchProgress>,
        parts: u8,
    ) -> Given {
        let given = Given::default();
        let into = Arc::clone(&given);
        let chunk = Chunk {
            submissions,
            progress,
            parts,
            reply: Box::new(move |verdicts| into.lock().unwrap().extend(verdicts)),
        };
        assert!(self.desk.take(0, chunk).is_ok());
        self.desk.work_off();
        given
    }

    /// What the shard does with its oldest chunk: each is durable or refused; gives what is to be answered.
    pub(super) fn durable(
        &mut self,
        accepts: impl Fn(&Submission) -> bool,
    ) -> Option<(Chunk, Vec<Verdict>)> {
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
    pub(super) fn commit(&mut self, accepts: impl Fn(&Submission) -> bool) {
        if let Some((chunk, verdicts)) = self.durable(accepts) {
            (chunk.reply)(verdicts);
            self.desk.work_off();
        }
    }

    /// Takes and commits; gives the verdicts.
    pub(super) fn send(&mut self, submissions: Vec<Submission>) -> Vec<Verdict> {
        let given = self.take(submissions);
        self.commit(|_| true);
        let given = given.lock().unwrap();
        given.clone()
    }
}

pub(super) fn submission(account: u32, to: u64, text: &str) -> Submission {
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

pub(super) fn keyed(account: u32, key: &str, to: u64, text: &str) -> Submission {
    let submission = submission(account, to, text);
    let key = IdempotencyKey::of_call(key.as_bytes(), &submission, b"");
    Submission {
        key: Some(Box::new(key)),
        ..submission
    }
}

pub(super) fn list(key: &str, to: &[u64], text: &str) -> Vec<Submission> {
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

pub(super) fn of_content(to: u64, text: &str, on_repeat: OnRepeat) -> Submission {
    let submission = submission(1, to, text);
    let key = IdempotencyKey::of_content(&submission, 600_000_000_000, on_repeat);
    Submission {
        key: Some(Box::new(key)),
        ..submission
    }
}

pub(super) fn accepted(verdict: &Verdict) -> MessageId {
    match verdict {
        Verdict::Accepted(id) => *id,
        other => panic!("{other:?}"),
    }
}
