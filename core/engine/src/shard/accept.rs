//! The first door: what a front door hands in becomes records, and live messages once they are durable.

use std::sync::atomic::Ordering;

use carrack_message::record::{Accepted, BatchProgress};
use carrack_message::{MessageId, MessageIdParts};
use carrack_queue::ShelfChange;
use carrack_runtime::Now;

use super::Shard;
use super::live::{Live, Phase, Segment};
use super::room::CHUNK_ROOM_OCTETS;
use super::validity::Validity;
use super::way::Way;
use crate::facts::Facts;
use crate::submission::{Chunk, Group, Refusal, Submission, Verdict};
use crate::telling::Telling;

/// The group that a chunk has come to, and the id its messages go by.
type Leader = Option<(u32, Vec<u8>)>;

/// What a message is to cost its account, micro-units; 0 where it has no price.
fn price_of(submission: &Submission) -> i64 {
    submission.price.map_or(0, |price| price.0.max(0))
}

impl Shard {
    /// Accepts what it can of a chunk; the answer goes out when all of it is durable.
    pub(super) fn accept(&mut self, now: Now, chunk: Chunk) {
        let Chunk {
            submissions,
            progress,
            parts,
            reply,
        } = chunk;
        let asked = submissions.len();
        let octets = submissions.iter().map(Submission::octets_max).sum();
        let parts = usize::from(parts).max(1);
        let whole = if progress.is_some() { asked } else { parts };
        let ways = self.ways(now, &submissions, (whole, parts), octets);
        let early = progress.is_none() && self.is_acknowledged_early(&submissions);
        let together = progress.is_some() && ways.iter().any(Result::is_err);
        self.make_room_for(asked + 1, octets);
        let mut taken = 0u32;
        let mut leader = None;
        let verdicts: Vec<Verdict> = submissions
            .into_iter()
            .zip(ways)
            .map(|(submission, way)| match way {
                Err(refusal) => Verdict::Refused(refusal),
                Ok(way) => {
                    let verdict = self.take(now, submission, &way, &mut leader);
                    taken += u32::from(matches!(verdict, Verdict::Accepted(_)));
                    verdict
                }
            })
            .collect();
        if self.shadowing.is_on() {
            self.show_shadow(&verdicts);
        }
        self.counts.all_refused(&verdicts);
        let progressed = match progress {
            Some(progress) if !together => self.note_progress(progress, taken),
            _ => false,
        };
        self.counts.accepted(taken);
        if progress.is_some() && !together && (taken as usize != asked || !progressed) {
            // It was to be whole and is torn. Who hears nothing asks the log; who heard of a refusal would send it again.
            tracing::error!(taken, asked, "a chunk could not be written whole");
            return;
        }
        if taken > 0 && early {
            self.counts.acknowledged_early(taken);
        }
        if taken == 0 && !progressed || early {
            reply(verdicts);
        } else {
            self.frames.after.replies.push((reply, verdicts));
        }
    }

    /// Whether the account of these has asked for the answer before they are durable. A chunk of a file never is: it goes
    /// on by what is durable. Nor is what has a key: whoever repeats it must find it.
    fn is_acknowledged_early(&self, submissions: &[Submission]) -> bool {
        let early = |submission: &Submission| {
            let account = self.directory.account(submission.account);
            submission.key.is_none() && account.is_some_and(|account| account.acknowledged_early)
        };
        submissions.first().is_some_and(early) && submissions.iter().all(early)
    }

    fn note_progress(&mut self, progress: BatchProgress, accepted: u32) -> bool {
        let progress = BatchProgress {
            accepted,
            ..progress
        };
        match self.frames.push(self.committer.as_ref(), &progress) {
            Ok(_) => true,
            Err(fault) => {
                tracing::error!(%fault, "batch progress could not be written");
                false
            }
        }
    }

    /// For each submission its way, with its place in the queue reserved; or why it is refused.
    /// Of so many one behind the other, `whole`, all have one or none.
    fn ways(
        &mut self,
        now: Now,
        submissions: &[Submission],
        (whole, parts): (usize, usize),
        octets: usize,
    ) -> Vec<Result<Way, Refusal>> {
        let refused = match whole > 1 && octets > CHUNK_ROOM_OCTETS {
            // Fewer at a time pass.
            true => Some(Refusal::QueueFull),
            false => self.refuses_all(),
        };
        let mut ways = Vec::with_capacity(submissions.len());
        for whole in submissions.chunks(whole.max(1)) {
            let begun = ways.len();
            for (place, submission) in whole.iter().enumerate() {
                ways.push(match &refused {
                    Some(refusal) => Err(refusal.clone()),
                    None => self.way(now, submission, place % parts == 0),
                });
            }
            if let Some(ways) = ways.get_mut(begun..).filter(|ways| ways.len() > 1) {
                self.all_or_none(now, whole, ways);
            }
        }
        ways
    }

    /// Where one of these is refused, the others give back what was reserved for them.
    fn all_or_none(
        &mut self,
        now: Now,
        submissions: &[Submission],
        ways: &mut [Result<Way, Refusal>],
    ) {
        if ways.iter().all(Result::is_ok) {
            return;
        }
        for (submission, way) in submissions.iter().zip(ways) {
            let Ok(reserved) = way else {
                continue;
            };
            let counted = reserved.counted;
            self.limits.give_back(counted, submission.to, now.mono_ns);
            self.give_back(submission.account, price_of(submission));
            *way = Err(Refusal::Together);
        }
    }

    fn refuses_all(&self) -> Option<Refusal> {
        if self.shared.draining.load(Ordering::Acquire) {
            return Some(Refusal::ShuttingDown);
        }
        self.committer
            .refuses()
            .then(|| Refusal::Store("a write failed".to_owned()))
    }

    /// `counts`: it is a message to its recipient, not a further part of one.
    fn way(&mut self, now: Now, submission: &Submission, counts: bool) -> Result<Way, Refusal> {
        if self.shadowing.is_on() {
            self.shadowing.next();
        }
        if self.directory.account(submission.account).is_none() {
            let reason = "the account is not configured any more";
            return Err(Refusal::NoRoute(reason.to_owned()));
        }
        let facts = Facts::of_submission(submission);
        let mut way = self
            .new_way(now, submission, &facts)
            .map_err(Refusal::NoRoute)?;
        if !self.suppressed.is_empty() && !way.policy.is_own {
            self.may_be_accepted(now, &facts, way.network)?;
        }
        let Some(account) = self.directory.account(submission.account) else {
            return Ok(way);
        };
        let price_micros = price_of(submission);
        account.balance.reserve(price_micros)?;
        if account.waiting.fetch_add(1, Ordering::Relaxed) >= account.messages_max {
            account.release();
            account.balance.give_back(price_micros);
            return Err(Refusal::AccountQueueFull);
        }
        if self.shared.waiting.fetch_add(1, Ordering::Relaxed) >= self.shared.settings.messages_max
        {
            self.shared.waiting.fetch_sub(1, Ordering::Relaxed);
            account.release();
            account.balance.give_back(price_micros);
            return Err(Refusal::QueueFull);
        }
        if counts && self.limits.counts() && !way.policy.is_own {
            let query = facts.query(&self.directory, now.utc_ns);
            let counted = self.limits.count(now.mono_ns, &query, way.network);
            way.counted = counted.inspect_err(|_| {
                self.give_back(submission.account, price_micros);
            })?;
        }
        Ok(way)
    }

    /// Frees the place in the queue and the price that [`Self::way`] reserved.
    fn give_back(&self, account: u32, price_micros: i64) {
        self.shared.waiting.fetch_sub(1, Ordering::Relaxed);
        if let Some(account) = self.directory.account(account) {
            account.release();
            account.balance.give_back(price_micros);
        }
    }

    fn take(
        &mut self,
        now: Now,
        submission: Submission,
        way: &Way,
        leader: &mut Leader,
    ) -> Verdict {
        let settings = &self.shared.settings;
        let validity_ns = match submission.validity_ns {
            0 => settings.validity_default_ns,
            asked => asked.min(settings.validity_max_ns),
        };
        let send_at_utc_ns = match Self::is_for_later(now, &submission) {
            true => submission.send_at_utc_ns,
            false => 0,
        };
        let leaves_utc_ns = now.utc_ns.max(send_at_utc_ns);
        let expires_utc_ns = leaves_utc_ns.saturating_add(validity_ns);
        let quiet = match self.directory.quiet() {
            Some(_) if !way.policy.is_own => {
                let facts = Facts::of_submission(&submission);
                self.quiet_until(&facts, way.network, leaves_utc_ns)
            }
            _ => None,
        };
        self.counts.held_in_quiet_hours(u32::from(quiet.is_some()));
        let send_at_utc_ns = quiet.unwrap_or(send_at_utc_ns);
        let id = self.next_id(now);
        let reference = self.reference(&submission);
        let group = submission.group;
        let key = submission.key;
        let record = Accepted {
            id: id.0,
            account: submission.account,
            class: submission.class.as_u8(),
            to: submission.to.as_u64(),
            from: submission.from.as_str().to_owned(),
            body: submission.body,
            segments: submission.segments,
            reference,
            wants_receipt: submission.wants_receipt,
            at_utc_ns: now.utc_ns,
            send_at_utc_ns,
            expires_utc_ns,
            price_micros: submission.price.map_or(-1, |price| price.0),
            client_ref: submission.client_ref,
            batch: submission.batch,
            tlvs: submission.tlvs,
            told_as: group.map_or_else(Vec::new, |group| told_as(group, leader, id)),
        };
        let written = match send_at_utc_ns {
            0 => Ok(None),
            _ => {
                let validity = Validity {
                    from_utc_ns: leaves_utc_ns,
                    expires_utc_ns,
                };
                self.entry_for_later(&record, validity, None).map(Some)
            }
        };
        let written = written.and_then(|later| {
            let offset = self.frames.push(self.committer.as_ref(), &record)?;
            Ok((later, offset))
        });
        let (later, offset) = match written {
            Ok(written) => written,
            Err(fault) => {
                self.give_back(record.account, record.price_micros.max(0));
                self.limits
                    .give_back(way.counted, submission.to, now.mono_ns);
                return Verdict::Refused(Refusal::Store(fault.to_string()));
            }
        };
        if let Some(group) = group {
            *leader = Some((group.number, record.told_as.clone()));
        }
        if let Some(key) = key {
            let keep_ns = self.shared.settings.idempotency_keep_ns;
            self.frames.keep_key(&key, (id, &record.told_as), keep_ns);
        }
        let summary = self.frames.summary();
        summary.accepted += 1;
        summary.money.priced(record.account, record.price_micros);
        let batch = record.batch.map_or(0, |row| row.batch);
        if batch != 0 {
            self.batch(batch).live.fetch_add(1, Ordering::Relaxed);
        }
        if let Some(entry) = later {
            self.frames.shelf.push(ShelfChange::Put(entry));
            self.frames.summary().add_closed(id.parts().epoch);
            self.shared.shelved.fetch_add(1, Ordering::Relaxed);
            return Verdict::Accepted(id);
        }
        let telling = Telling::of(&record);
        let key = self.live.insert(Live {
            account: record.account,
            phase: Phase::Committing,
            segments: (0..record.segments.max(1))
                .map(|_| Segment::unsent())
                .collect(),
            segments_priced: record.segments.max(1),
            price_micros: record.price_micros,
            offset,
            accepted_utc_ns: record.at_utc_ns,
            expires_utc_ns: record.expires_utc_ns,
            waiting_since_ns: now.mono_ns,
            batch,
            tell: record.wants_receipt,
            from: (telling.is_some() || record.wants_receipt.is_any())
                .then(|| record.from.into_boxed_str()),
            telling,
            told_as: match record.wants_receipt.is_any() {
                true => record.told_as.into_boxed_slice(),
                false => Box::default(),
            },
            ..Live::untried(id, submission.to, submission.class, way)
        });
        self.frames.after.accepted.push(key);
        Verdict::Accepted(id)
    }

    pub(super) fn next_id(&mut self, now: Now) -> MessageId {
        let (frame, index) = self.frames.next_place(self.committer.as_ref());
        MessageId::new(MessageIdParts {
            utc_ms: now.utc_ns / 1_000_000,
            epoch: frame.epoch,
            node: self.shared.settings.node_id,
            shard: self.number,
            frame: frame.number as u32,
            index,
        })
    }

    fn reference(&self, submission: &Submission) -> u8 {
        if submission.segments < 2 {
            return 0;
        }
        let mut digits = [0u8; 15];
        self.references.next(
            submission.from.as_bytes(),
            submission.to.write_digits(&mut digits),
        )
    }
}

/// What the customer is told: one text for the group, by the first of it that was accepted.
fn told_as(group: Group, leader: &Leader, id: MessageId) -> Vec<u8> {
    match leader {
        Some((number, text)) if *number == group.number => text.clone(),
        _ => group.told_as.text(id),
    }
}
