//! One probe: when it is sent, what comes back, what that says. Pure.
//!
//! Promise: never two on their way, never one sooner than `every` after the last, a verdict exactly at `within` where
//! none came before; an alert once for each row of bad ones, and a recovery once after it. A turn that was missed (a
//! machine that slept) is not caught up. Bound: one pending, [`PAST_MAX`] past ones, [`RESULTS_MAX`] results.

use std::collections::VecDeque;

use carrack_message::{MessageId, Status};
use carrack_runtime::Now;
use carrack_settings::ProbeReturns;

use super::outcome::{ProbeOutcome, ProbeResult, ProbeSums};
use super::spec::ProbeSpec;
use super::{PAST_MAX, RESULTS_MAX};

const MS_NS: u64 = 1_000_000;
/// Why one that may have come back has no other verdict.
const TURNED_AWAY: &str = "the node took no messages from handsets for a while ([mo] waiting_max, its store, or no [[mo_route]])";

/// Why nothing can be sent through a carrier, in a word; none: it can.
pub(super) type Held = Option<&'static str>;

/// What the verdict of the clock looks at beside what came.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Around {
    pub(super) held: Held,
    /// Parts from handsets that the node itself has not taken so far.
    pub(super) mo_refused: u64,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Act {
    /// Send one with this word in its text; the word is awaited already.
    Send(String),
    /// This word is not to be awaited any more.
    Forget(String),
    /// So many in a row did not come back; say so.
    Alert(u32),
    /// One came back after an alert; say so.
    Recovered,
}

/// The end of a message that may be a probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct End {
    pub(super) id: MessageId,
    pub(super) status: Status,
    pub(super) error: u32,
    /// From acceptance to the carrier's response; none: it did not take it, or that is not known.
    pub(super) response_ms: Option<u64>,
    /// From acceptance to the end.
    pub(super) end_ms: u64,
}

/// One on its way.
#[derive(Debug)]
struct Pending {
    word: String,
    id: Option<MessageId>,
    began: Now,
    /// So many parts from handsets the node had not taken by then.
    mo_refused: u64,
    end: Option<End>,
    return_ms: Option<u64>,
}

/// One that is over.
#[derive(Debug)]
struct Past {
    word: String,
    id: Option<MessageId>,
    ended: bool,
    returned: bool,
}

impl Past {
    fn of(pending: Pending) -> Self {
        Self {
            word: pending.word,
            id: pending.id,
            ended: pending.end.is_some(),
            returned: pending.return_ms.is_some(),
        }
    }
}

/// One probe.
#[derive(Debug)]
pub(super) struct Course {
    pub(super) spec: ProbeSpec,
    next_ns: u64,
    pending: Option<Pending>,
    past: VecDeque<Past>,
    pub(super) held: Held,
    pub(super) bad_in_a_row: u32,
    pub(super) alert: bool,
    pub(super) sums: ProbeSums,
    /// The newest last.
    pub(super) results: VecDeque<ProbeResult>,
}

impl Course {
    /// A probe that is first sent at that moment.
    pub(super) fn new(spec: ProbeSpec, first_ns: u64) -> Self {
        Self {
            spec,
            next_ns: first_ns,
            pending: None,
            past: VecDeque::new(),
            held: None,
            bad_in_a_row: 0,
            alert: false,
            sums: ProbeSums::default(),
            results: VecDeque::new(),
        }
    }

    /// Takes over the words of the one that was changed, so that what of it comes back is told to no customer; gives the
    /// one that is too many.
    pub(super) fn inherit(&mut self, before: Self) -> Option<String> {
        self.past = before.past;
        let pending = before.pending?;
        self.passes(Past::of(pending))
    }

    /// Remembers one that is over; gives the word of the one that is forgotten for it.
    fn passes(&mut self, past: Past) -> Option<String> {
        let oldest = match self.past.len() >= PAST_MAX {
            true => self.past.pop_front(),
            false => None,
        };
        self.past.push_back(past);
        oldest.map(|past| past.word)
    }

    /// When [`Self::tick`] has something to do.
    pub(super) fn due_ns(&self) -> u64 {
        match &self.pending {
            Some(pending) => pending.began.mono_ns.saturating_add(self.spec.within_ns),
            None => self.next_ns,
        }
    }

    pub(super) fn is_on_its_way(&self) -> bool {
        self.pending.is_some()
    }

    /// Words that are awaited for it.
    pub(super) fn words(&self) -> impl Iterator<Item = &str> {
        let pending = self.pending.iter().map(|pending| pending.word.as_str());
        pending.chain(self.past.iter().map(|past| past.word.as_str()))
    }

    /// Time goes on: gives the verdict that is due, and sends the next that is due. `word` awaits a new word and gives it;
    /// none where no more can be awaited.
    pub(super) fn tick(
        &mut self,
        now: Now,
        around: Around,
        word: impl FnOnce() -> Option<String>,
        acts: &mut Vec<Act>,
    ) {
        if self.pending.is_some() && now.mono_ns >= self.due_ns() {
            self.time_is_over(around, acts);
        }
        if self.pending.is_some() || now.mono_ns < self.next_ns {
            return;
        }
        self.next_ns = now.mono_ns.saturating_add(self.spec.every_ns);
        self.held = around.held;
        if self.held.is_some() {
            self.sums.not_sent += 1;
            return;
        }
        let Some(word) = word() else {
            self.held = Some("too many words are awaited");
            self.sums.not_sent += 1;
            return;
        };
        self.sums.sent += 1;
        acts.push(Act::Send(word.clone()));
        self.pending = Some(Pending {
            word,
            id: None,
            began: now,
            mo_refused: around.mo_refused,
            end: None,
            return_ms: None,
        });
    }

    fn time_is_over(&mut self, around: Around, acts: &mut Vec<Act>) {
        let Some(pending) = &self.pending else {
            return;
        };
        let wants_mo = self.spec.returns == ProbeReturns::Mo;
        // Whose those were nobody knows: the carrier may have brought it, and have it still.
        let turned_away = wants_mo && pending.mo_refused != around.mo_refused;
        let outcome = match (pending.return_ms, &pending.end) {
            (Some(_), _) if wants_mo => ProbeOutcome::Returned,
            _ if turned_away => ProbeOutcome::NotTaken,
            (_, Some(end)) if end.status == Status::Delivered => ProbeOutcome::Unreturned,
            _ if around.held.is_some() => ProbeOutcome::CarrierDown,
            _ => ProbeOutcome::Missed,
        };
        let why = (outcome == ProbeOutcome::NotTaken).then(|| TURNED_AWAY.to_owned());
        self.decide(outcome, why, acts);
    }

    /// The node took it, under this id. False: no such word is known.
    pub(super) fn accepted(&mut self, word: &str, id: MessageId) -> bool {
        if let Some(pending) = self.pending_of(word) {
            pending.id = Some(id);
            return true;
        }
        let past = self.past.iter_mut().find(|past| past.word == word);
        past.map(|past| past.id = Some(id)).is_some()
    }

    /// The node did not take it. False: no such word is on its way.
    pub(super) fn refused(&mut self, word: &str, why: String, acts: &mut Vec<Act>) -> bool {
        let found = self.pending_of(word).is_some();
        if found {
            self.decide(ProbeOutcome::NotTaken, Some(why), acts);
        }
        found
    }

    /// The end of a message. False: it is none of this probe's.
    pub(super) fn ended(&mut self, end: End, held: Held, acts: &mut Vec<Act>) -> bool {
        let pending = self.pending.as_mut();
        let Some(pending) = pending.filter(|pending| pending.id == Some(end.id)) else {
            let mut past = self.past.iter_mut();
            let past = past.find(|past| past.id == Some(end.id));
            let Some(past) = past else {
                return false;
            };
            self.sums.ends_late += u64::from(!std::mem::replace(&mut past.ended, true));
            return true;
        };
        pending.end = Some(end);
        let has_returned = pending.return_ms.is_some();
        let wants_mo = self.spec.returns == ProbeReturns::Mo;
        let outcome = match end.status {
            _ if wants_mo && has_returned => ProbeOutcome::Returned,
            Status::Delivered if wants_mo => return true,
            Status::Delivered => ProbeOutcome::Returned,
            Status::Cancelled => ProbeOutcome::NotTaken,
            _ if end.response_ms.is_none() && held.is_some() => ProbeOutcome::CarrierDown,
            // Its time was over in our own queue: the verdict of the clock is the same.
            Status::Expired if end.response_ms.is_none() => return true,
            _ => ProbeOutcome::Failed,
        };
        self.decide(outcome, None, acts);
        true
    }

    /// A message with this word came from a handset. False: no such word is known.
    pub(super) fn came_back(&mut self, word: &str, now: Now, acts: &mut Vec<Act>) -> bool {
        if let Some(pending) = self.pending_of(word) {
            if pending.return_ms.is_some() {
                self.sums.repeated += 1;
                return true;
            }
            let passed_ns = now.mono_ns.saturating_sub(pending.began.mono_ns);
            pending.return_ms = Some(passed_ns / MS_NS);
            if pending.end.is_some() && self.spec.returns == ProbeReturns::Mo {
                self.decide(ProbeOutcome::Returned, None, acts);
            }
            return true;
        }
        let Some(past) = self.past.iter_mut().find(|past| past.word == word) else {
            return false;
        };
        match std::mem::replace(&mut past.returned, true) {
            true => self.sums.repeated += 1,
            false => self.sums.late += 1,
        }
        true
    }

    fn pending_of(&mut self, word: &str) -> Option<&mut Pending> {
        self.pending.as_mut().filter(|pending| pending.word == word)
    }

    fn decide(&mut self, outcome: ProbeOutcome, reason: Option<String>, acts: &mut Vec<Act>) {
        let Some(pending) = self.pending.take() else {
            return;
        };
        let end = pending.end;
        let has_receipt = |end: &End| end.status == Status::Delivered || end.response_ms.is_some();
        self.sums.add(outcome);
        if self.results.len() >= RESULTS_MAX {
            self.results.pop_front();
        }
        self.results.push_back(ProbeResult {
            sent_utc_ns: pending.began.utc_ns,
            outcome,
            response_ms: end.and_then(|end| end.response_ms),
            receipt_ms: end.filter(has_receipt).map(|end| end.end_ms),
            return_ms: pending.return_ms,
            status: end.map(|end| end.status),
            error: end.map_or(0, |end| end.error),
            reason,
        });
        let gone = self.passes(Past::of(pending));
        acts.extend(gone.map(Act::Forget));
        self.judge(outcome, acts);
    }

    fn judge(&mut self, outcome: ProbeOutcome, acts: &mut Vec<Act>) {
        if outcome.is_bad() {
            self.bad_in_a_row = self.bad_in_a_row.saturating_add(1);
            if self.bad_in_a_row >= self.spec.alert_after && !self.alert {
                self.alert = true;
                acts.push(Act::Alert(self.bad_in_a_row));
            }
        } else if outcome == ProbeOutcome::Returned {
            self.bad_in_a_row = 0;
            if std::mem::take(&mut self.alert) {
                acts.push(Act::Recovered);
            }
        }
    }
}
