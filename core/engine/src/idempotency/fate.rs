//! What becomes of each submission of a chunk by what is kept: it is new, it is there already, or its key says something else.
//!
//! Promise: of submissions with one name at most one is new; the others get its id, or the reason why it was refused.
//! Pure; time comes in. Bound: the chunk.

use carrack_message::MessageId;
use carrack_queue::{KeptKey, KeyName};
use rustc_hash::FxHashMap;

use super::counts::Counts;
use super::name::{IdempotencyKey, OnRepeat};
use crate::submission::{Refusal, Submission, Verdict};

/// What becomes of a submission.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Fate {
    /// It goes to the shard.
    New,
    /// It was accepted before, and told by this text.
    Repeated(MessageId, Vec<u8>),
    /// As the one at this place of its chunk, which is the same.
    As(usize, OnRepeat),
    /// It may not be.
    Refused(Refusal),
}

/// What becomes of the submissions of a chunk, in their order.
pub(crate) struct Fates(Vec<Fate>);

/// All names that a chunk needs, in order and each once.
pub(crate) fn names_of(submissions: &[Submission]) -> Vec<KeyName> {
    let keys = submissions.iter().filter_map(|found| found.key.as_deref());
    let mut names: Vec<KeyName> = keys.flat_map(IdempotencyKey::names).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// What the store says of names that are in order.
pub(crate) struct Known<'a> {
    pub(crate) names: &'a [KeyName],
    /// In the same order; empty: nothing is there of any.
    pub(crate) kept: &'a [Option<KeptKey>],
    pub(crate) utc_ns: u64,
    /// How long names count where they do not say so themselves.
    pub(crate) keep_ns: u64,
}

impl Known<'_> {
    fn within_ns(&self, key: &IdempotencyKey) -> u64 {
        let within_ns = key.within_ns.unwrap_or(self.keep_ns);
        within_ns.min(self.keep_ns)
    }

    /// An entry that still counts.
    fn find(&self, key: &IdempotencyKey, name: KeyName) -> Option<&KeptKey> {
        if self.kept.is_empty() {
            return None;
        }
        let place = self.names.binary_search(&name).ok()?;
        let kept = self.kept.get(place)?.as_ref()?;
        let age_ns = self.utc_ns.saturating_sub(kept.at_ms() * 1_000_000);
        (age_ns < self.within_ns(key)).then_some(kept)
    }
}

impl Fates {
    /// Decides over a chunk.
    pub(crate) fn of(submissions: &[Submission], known: &Known<'_>) -> Self {
        // What each name says, and the place of the submission that is new under it.
        let mut here: FxHashMap<KeyName, (u64, usize)> = FxHashMap::default();
        let fates = submissions.iter().enumerate().map(|(place, submission)| {
            let Some(key) = submission.key.as_deref() else {
                return Fate::New;
            };
            if let Some(kept) = known.find(key, key.name) {
                return match kept.content == key.content {
                    true => again(key, kept),
                    false => Fate::Refused(Refusal::KeyUsed),
                };
            }
            let call = key.call.and_then(|call| known.find(key, call));
            if call.is_some_and(|kept| kept.content != key.content) {
                return Fate::Refused(Refusal::KeyUsed);
            }
            for name in key.names() {
                match here.get(&name) {
                    Some((content, _)) if *content != key.content => {
                        return Fate::Refused(Refusal::KeyUsed);
                    }
                    Some((_, first)) if name == key.name => {
                        return Fate::As(*first, key.on_repeat);
                    }
                    _ => {}
                }
            }
            for name in key.names() {
                here.entry(name).or_insert((key.content, place));
            }
            Fate::New
        });
        Self(fates.collect())
    }

    /// Parts of one message are all new or none is: it is not sent in pieces.
    pub(crate) fn of_parts(mut self, parts: u8) -> Self {
        for fates in self.0.chunks_mut(usize::from(parts).max(1)) {
            if fates.iter().all(|fate| *fate == Fate::New) {
                continue;
            }
            let refusal = fates.iter().find_map(|fate| match fate {
                Fate::Refused(refusal) => Some(refusal.clone()),
                _ => None,
            });
            let refusal = refusal.unwrap_or(Refusal::KeyUsed);
            let new = fates.iter_mut().filter(|fate| **fate == Fate::New);
            new.for_each(|fate| *fate = Fate::Refused(refusal.clone()));
        }
        self
    }

    /// Whether all are new.
    pub(crate) fn are_new(&self) -> bool {
        self.0.iter().all(|fate| *fate == Fate::New)
    }

    /// Whether one is refused, whatever becomes of those that are new.
    pub(crate) fn has_refused(&self) -> bool {
        let refused =
            |fate: &Fate| matches!(fate, Fate::Refused(_) | Fate::As(_, OnRepeat::Refuse));
        self.0.iter().any(refused)
    }

    /// Those that are new.
    pub(crate) fn keep_new(&self, submissions: &mut Vec<Submission>) {
        let mut fates = self.0.iter();
        submissions.retain(|_| matches!(fates.next(), Some(Fate::New)));
    }

    /// The verdict of each, with those of the new ones in order; one that is missing is the node's fault.
    pub(crate) fn verdicts(&self, new: Vec<Verdict>, counts: &Counts) -> Vec<Verdict> {
        let mut new = new.into_iter();
        let mut verdicts: Vec<Verdict> = Vec::with_capacity(self.0.len());
        for fate in &self.0 {
            let verdict = match fate {
                Fate::New => new.next().unwrap_or_else(missing),
                Fate::Repeated(id, told_as) => Verdict::Repeated(*id, told_as.clone()),
                Fate::Refused(refusal) => Verdict::Refused(refusal.clone()),
                Fate::As(first, on_repeat) => match (verdicts.get(*first), on_repeat) {
                    (Some(Verdict::Accepted(id)), OnRepeat::Repeat) => {
                        Verdict::Repeated(*id, Vec::new())
                    }
                    (Some(Verdict::Accepted(id)), OnRepeat::Refuse) => {
                        Verdict::Refused(Refusal::Duplicate(*id))
                    }
                    (Some(other), _) => other.clone(),
                    (None, _) => missing(),
                },
            };
            if *fate != Fate::New {
                counts.note(&verdict);
            }
            verdicts.push(verdict);
        }
        verdicts
    }

    /// The verdicts where the chunk of a file is not taken because of those that are refused. A row that is as another has
    /// no message to name yet, so it names the row.
    pub(crate) fn none_taken(&self, submissions: &[Submission], counts: &Counts) -> Vec<Verdict> {
        let row = |place: &usize| {
            let batch = submissions.get(*place).and_then(|found| found.batch);
            batch.map_or(0, |row| row.row)
        };
        let verdicts = self.0.iter().map(|fate| {
            let refusal = match fate {
                Fate::Refused(refusal) => refusal.clone(),
                Fate::As(first, OnRepeat::Refuse) => Refusal::DuplicateRow(row(first)),
                _ => return Verdict::Refused(Refusal::Together),
            };
            let verdict = Verdict::Refused(refusal);
            counts.note(&verdict);
            verdict
        });
        verdicts.collect()
    }
}

fn again(key: &IdempotencyKey, kept: &KeptKey) -> Fate {
    match key.on_repeat {
        OnRepeat::Repeat => Fate::Repeated(kept.id, kept.told_as.clone()),
        OnRepeat::Refuse => Fate::Refused(Refusal::Duplicate(kept.id)),
    }
}

fn missing() -> Verdict {
    Verdict::Refused(Refusal::Store("no verdict came".to_owned()))
}

/// The entries of a submission that was accepted, and told by this text.
pub(crate) fn entries(
    key: &IdempotencyKey,
    (id, told_as): (MessageId, &[u8]),
    keep_ns: u64,
) -> impl Iterator<Item = KeptKey> {
    let within_ns = key.within_ns.unwrap_or(keep_ns).min(keep_ns);
    let until_ms = id.parts().utc_ms.saturating_add(within_ns / 1_000_000);
    // A second later at most: what counts is the time in the id.
    let until_s = u32::try_from(until_ms / 1_000 + 1).unwrap_or(u32::MAX);
    let content = key.content;
    key.names().map(move |name| KeptKey {
        name,
        content,
        until_s,
        id,
        told_as: told_as.to_vec(),
    })
}
