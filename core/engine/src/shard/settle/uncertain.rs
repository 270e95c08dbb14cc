//! Parts that left a window without an answer: perhaps taken, perhaps not.
//!
//! The slot and the journal entry are free once the record is durable. What follows waits until the response is overdue
//! for good: a slot given on early (trap T27) leaves the rest of the time-out to a late response or a receipt. Then the
//! policy decides: sent again, waited for, or failed. A lost link decides at once, no response can come on it.

use std::cmp::Reverse;

use carrack_message::MessageId;
use carrack_message::Status;
use carrack_message::record::{Uncertain, UncertainReason};
use carrack_routing::OnNoResponse;
use carrack_runtime::Now;

use super::receipts::{How, Report};
use crate::shard::Shard;
use crate::shard::live::{Key, NEVER_NS, Phase, SegmentState};
use crate::shard::timers::Timer;
use crate::shard::unnamed::Claim;

/// Why a message ends where the route says so.
pub(in crate::shard) const NO_RESPONSE: &str = "no response came and the route says to fail";

/// So often in turn a carrier may say nothing to a text.
const SILENCES_MAX: u8 = 2;

impl Shard {
    /// What an unanswered part of a message means at a carrier.
    pub(in crate::shard) fn policy(&self, key: Key, place: Option<u16>) -> OnNoResponse {
        let rules = place.and_then(|place| self.carriers.get(&place));
        let own = rules.and_then(|carrier| carrier.rules.on_no_response);
        let route = self
            .live
            .get(key)
            .map_or(OnNoResponse::Wait, |live| live.policy.on_no_response);
        own.unwrap_or(route)
    }

    /// A part left its window without an answer.
    pub(in crate::shard) fn segment_uncertain(
        &mut self,
        now: Now,
        place: u16,
        ticket: u64,
        reason: UncertainReason,
    ) {
        let (key, segment) = Key::of_ticket(ticket);
        let Some(left) = self.leave_window(place, key, segment) else {
            return;
        };
        let Some((live, carrier)) = self.live.get_mut(key).zip(self.carriers.get_mut(&place))
        else {
            return;
        };
        carrier.stats.segments_uncertain += 1;
        let mut due_ns = now.mono_ns;
        if reason == UncertainReason::NoResponse {
            due_ns = due_ns.max(left.since_ns.saturating_add(carrier.rules.resend_grace_ns));
            carrier.stats.slots_given_early += u64::from(due_ns > now.mono_ns);
        }
        let first = live.note_bad_outcome();
        let (id, parts) = (live.id.0, live.segments.len() as u8);
        if let Some(found) = live.segment_mut(segment) {
            found.attempts = found.attempts.saturating_add(1);
        }
        if first && reason == UncertainReason::NoResponse {
            live.silences = live.silences.saturating_add(1);
        }
        let number = carrier.number;
        let wait_ns = due_ns - now.mono_ns;
        self.note(&Uncertain {
            id,
            carrier: number,
            segment,
            parts,
            reason,
            at_utc_ns: now.utc_ns,
            waits_until_utc_ns: if wait_ns > 0 {
                now.utc_ns.saturating_add(wait_ns)
            } else {
                0
            },
        });
        self.forget_when_durable(Some(left));
        if reason == UncertainReason::NoResponse {
            self.observe_refusal(now, place, key);
        } else if let Some(carrier) = self.carriers.get_mut(&place) {
            // A lost link says nothing of what its carrier takes.
            carrier.breaker.unsaid();
        }
        self.hold_uncertain(key, place, segment, due_ns);
        if wait_ns > 0 {
            return self.go_on(now, key, true);
        }
        self.decide(now, key);
        // What it decided is of no news to a message that has other parts in windows; others go on.
        if self
            .live
            .get(key)
            .is_some_and(|live| live.phase == Phase::Sending)
        {
            self.go_on(now, key, true);
        }
    }

    /// A part is uncertain until then; receipts may find it by number.
    pub(in crate::shard) fn hold_uncertain(
        &mut self,
        key: Key,
        place: u16,
        segment: u8,
        due_ns: u64,
    ) {
        let Some(live) = self.live.get_mut(key) else {
            return;
        };
        let (to, message) = (live.to, live.id);
        let Some(found) = live.segment_mut(segment) else {
            return;
        };
        found.state = SegmentState::Uncertain { due_ns };
        found.carrier_id.clear();
        self.unnamed.insert(place, to, message, key, segment);
        if due_ns != NEVER_NS {
            self.timers.push(Reverse((due_ns, key, Timer::Grace)));
        }
    }

    /// Decides over the parts of a message whose time has come, or whose claimed receipt is now sure to be theirs.
    pub(in crate::shard) fn decide(&mut self, now: Now, key: Key) {
        let parts = self.live.get(key).map_or(0, |live| live.segments.len()) as u8;
        let mut unsent = false;
        for part in 0..parts {
            let Some(live) = self.live.get(key).filter(|live| live.end.is_none()) else {
                return;
            };
            let (place, to, message) = (live.carrier, live.to, live.id);
            let Some(segment) = live.segments.get(usize::from(part)) else {
                return;
            };
            let Some(place) = place.filter(|_| segment.is_unnamed()) else {
                continue;
            };
            let state = segment.state;
            if let Some(claim) = self.unnamed.claimed(place, to, key, part) {
                if self.claim_waits(now, place, to, &claim) {
                    continue;
                }
                if self.claim_holds(now, place, key, part, &claim) {
                    continue;
                }
            }
            let SegmentState::Uncertain { due_ns } = state else {
                continue;
            };
            if due_ns > now.mono_ns {
                continue;
            }
            match self.policy(key, Some(place)) {
                OnNoResponse::Resend => {
                    self.leaves_the_silent(key);
                    self.unlist(place, key, part);
                    self.goes_astray(now, place, to, message);
                    self.set_state(key, part, SegmentState::Unsent);
                    unsent = true;
                }
                OnNoResponse::Wait | OnNoResponse::Query => {
                    let due_ns = NEVER_NS;
                    self.set_state(key, part, SegmentState::Uncertain { due_ns });
                }
                OnNoResponse::Fail => return self.finish(now, key, Status::Unknown, NO_RESPONSE),
            }
        }
        let phase = self.live.get(key).map(|live| live.phase);
        if unsent && phase == Some(Phase::AwaitingReceipt) {
            self.go_on(now, key, true);
        }
    }

    /// A carrier that says nothing once more has no third copy: the text goes on to the next one.
    fn leaves_the_silent(&mut self, key: Key) {
        if let Some(live) = self.live.get_mut(key) {
            live.leave_carrier |= live.silences >= SILENCES_MAX;
        }
    }

    /// A copy is waited for no more, but may have been taken under an id that we do not know.
    pub(in crate::shard) fn goes_astray(
        &mut self,
        now: Now,
        place: u16,
        to: carrack_message::Msisdn,
        message: MessageId,
    ) {
        let until_ns = now.mono_ns.saturating_add(self.early.hold_ns(place));
        self.unnamed
            .goes_astray(now.mono_ns, place, to, message, until_ns);
    }

    pub(super) fn set_state(&mut self, key: Key, part: u8, state: SegmentState) {
        if let Some(found) = self
            .live
            .get_mut(key)
            .and_then(|live| live.segment_mut(part))
        {
            found.state = state;
        }
    }

    /// Whether a response that is still out may be what a claimed receipt speaks of.
    fn claim_waits(
        &mut self,
        now: Now,
        place: u16,
        to: carrack_message::Msisdn,
        claim: &Claim,
    ) -> bool {
        now.mono_ns < claim.due_ns
            && self.early.get(place, &claim.id).is_some()
            && self.in_window.may_have(to)
    }

    /// Takes a claimed receipt that is parked still, if no other segment could be meant by now. True: it settles the part.
    fn claim_holds(&mut self, now: Now, place: u16, key: Key, part: u8, claim: &Claim) -> bool {
        let Some(to) = self.live.get(key).map(|live| live.to) else {
            return false;
        };
        self.unnamed.disclaim(place, to, key, part);
        let numbers = self
            .early
            .get(place, &claim.id)
            .map(|parked| parked.numbers);
        if numbers.and_then(|numbers| self.unnamed.only(place, numbers)) != Some((key, part)) {
            return false;
        }
        let Some(parked) = self.early.take(place, &claim.id) else {
            return false;
        };
        let report = Report::of(&parked);
        let how = How::Number {
            id: Some((claim.id.clone(), parked.raw)),
        };
        self.receipt_matched(now, place, key, part, report, how);
        true
    }

    /// A receipt was parked that may speak of a part without id: it is looked at again when that is sure.
    pub(in crate::shard) fn claim(
        &mut self,
        now: Now,
        place: u16,
        key: Key,
        part: u8,
        id: carrack_message::carrier_id::FoldedId,
    ) {
        let Some(to) = self.live.get(key).map(|live| live.to) else {
            return;
        };
        let grace_ns = self
            .carriers
            .get(&place)
            .map_or(0, |carrier| carrier.rules.resend_grace_ns);
        let due_ns = now.mono_ns.saturating_add(grace_ns);
        let claim = Claim { id, due_ns };
        if self.unnamed.claim(place, to, key, part, claim) {
            self.timers.push(Reverse((due_ns, key, Timer::Grace)));
        }
    }
}
