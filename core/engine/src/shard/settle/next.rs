//! What a message does next, once nothing of it is in a window.

use std::cmp::Reverse;

use carrack_message::record::{RecordView, Uncertain, UncertainReason, record_at};
use carrack_message::{ReceiptState, Status};
use carrack_queue::SealedFrame;
use carrack_runtime::Now;
use smallvec::SmallVec;

use crate::settings::Multipart;
use crate::shard::Shard;
use crate::shard::correlation::Settled;
use crate::shard::lanes::LaneKey;
use crate::shard::live::{Key, Live, NEVER_NS, Phase, Segment, SegmentState};
use crate::shard::matching::folded;
use crate::shard::timers::Timer;

use super::throttled::Throttled;

impl Shard {
    /// Decides what a message does next. `first`: it goes before others of its lane.
    pub(in crate::shard) fn go_on(&mut self, now: Now, key: Key, first: bool) {
        let multipart = self.shared.settings.multipart;
        let Some(live) = self.live.get_mut(key).filter(|live| live.end.is_none()) else {
            return;
        };
        live.goes_first |= first;
        if live.in_flight() > 0 {
            live.phase = Phase::Sending;
            return;
        }
        live.round_failed = false;
        if let Some(state) = verdict(multipart, live) {
            self.observe_end(now, key, state);
            if self.goes_onward(now, key, state) {
                return;
            }
            return self.finish_by_receipts(now, key, state);
        }
        if matches!(live.phase, Phase::Pausing) && !live.fault {
            // What came is a receipt of another segment: the pause goes on.
            return;
        }
        if live.fault {
            return self.finish(
                now,
                key,
                Status::Rejected,
                "the carrier says that the message is at fault",
            );
        }
        if live.count(|state| state == SegmentState::Unsent) == 0 {
            return self.await_receipts(now, key);
        }
        if live.attempts >= live.policy.attempts_max {
            return self.finish(
                now,
                key,
                Status::Undelivered,
                "given up after as many attempts as allowed",
            );
        }
        if now.utc_ns >= live.expires_utc_ns {
            return self.finish(
                now,
                key,
                Status::Expired,
                "its validity ended before a carrier took it",
            );
        }
        if live.leave_carrier {
            return self.leave_carrier(now, key);
        }
        if live.unfinished {
            // Its carrier sends the rest before it looks at any lane.
            live.phase = Phase::Sending;
            return;
        }
        let pause_ns = std::mem::take(&mut live.pause_ns);
        if pause_ns > 0 {
            return self.pause(now, key, pause_ns);
        }
        self.wait(key);
    }

    fn await_receipts(&mut self, now: Now, key: Key) {
        let place = self.live.get(key).and_then(|live| live.carrier);
        let asks = place.is_some_and(|place| self.query_after_ns(key, place).is_some());
        let Some(live) = self.live.get_mut(key) else {
            return;
        };
        if live.phase != Phase::AwaitingReceipt {
            live.waiting_since_ns = now.mono_ns;
        }
        live.goes_first = false;
        live.phase = Phase::AwaitingReceipt;
        if live.count(|state| matches!(state, SegmentState::Uncertain { .. })) > 0 {
            return;
        }
        // The text is needed only while it may have to be sent again.
        let frame = live.frame.take();
        if asks && live.from.is_none() {
            live.from = frame.and_then(|frame| sender(&frame, live.offset));
        }
        let news = live.telling.is_some() && live.is_submitted_now(now.utc_ns);
        if news {
            match self.frames.after_all() {
                Some(after) => after.submitted.push(key),
                // After a start, or back from the shelf: the log has it.
                None => self.submitted_is_durable(key),
            }
        }
    }

    /// Puts a message into its lane, or back to the carrier where some of its segments are.
    pub(in crate::shard) fn wait(&mut self, key: Key) {
        let Some(live) = self.live.get_mut(key) else {
            return;
        };
        let first = std::mem::take(&mut live.goes_first);
        if live.phase == Phase::Waiting && !first {
            // It stands in its lane already.
            return;
        }
        live.phase = Phase::Waiting;
        let (lane, id) = (LaneKey::of(live), live.id);
        if first {
            self.lanes.push_returned(lane, id, key);
        } else {
            self.lanes.push_back(lane, key);
        }
    }

    pub(super) fn pause(&mut self, now: Now, key: Key, pause_ns: u64) {
        if let Some(live) = self.live.get_mut(key) {
            live.phase = Phase::Pausing;
            live.goes_first = false;
            let due_ns = now.mono_ns.saturating_add(pause_ns);
            self.timers.push(Reverse((due_ns, key, Timer::Pause)));
        }
    }

    /// The present carrier will not: the whole text goes on to the next one; after the last, a pause and all again.
    pub(super) fn leave_carrier(&mut self, now: Now, key: Key) {
        self.send_again(now, key);
        let settings = &self.shared.settings;
        let Some(live) = self.live.get_mut(key) else {
            return;
        };
        let from = live.carrier.take();
        live.unfinished = false;
        live.leave_carrier = false;
        live.retries_here = 0;
        live.silences = 0;
        live.throttled = Throttled::default();
        live.pause_ns = 0;
        let next = from.and_then(|from| self.plans.without(live.plan, from).ok());
        match next.filter(|plan| !self.plans.carriers(*plan).is_empty()) {
            Some(plan) => {
                live.plan = plan;
                live.goes_first = true;
                self.wait(key);
            }
            None => {
                live.plan = live.route_plan;
                let doublings = live.attempts.min(16);
                let pause_ns = settings
                    .retry_delay_ns
                    .saturating_mul(1 << doublings)
                    .min(settings.retry_delay_max_ns);
                self.pause(now, key, pause_ns);
            }
        }
    }

    /// All parts are to be sent anew: those that a carrier has are listed, and what is still said of them means nothing.
    pub(in crate::shard) fn send_again(&mut self, now: Now, key: Key) {
        let found = self.live.get(key);
        let Some((live, place)) = found.and_then(|live| live.carrier.map(|place| (live, place)))
        else {
            return;
        };
        let has = |segment: &Segment| {
            matches!(
                segment.state,
                SegmentState::Submitted { .. } | SegmentState::Done(_)
            )
        };
        let (id, parts) = (live.id.0, live.segments.len() as u8);
        let taken: SmallVec<[u8; 4]> = (0..parts)
            .zip(&live.segments)
            .filter(|(_, segment)| has(segment))
            .map(|(part, _)| part)
            .collect();
        let carrier = self.carriers.get(&place).map(|carrier| carrier.number);
        for segment in taken {
            self.note(&Uncertain {
                id,
                carrier: carrier.unwrap_or(u32::MAX),
                segment,
                parts,
                reason: UncertainReason::SentAgain,
                at_utc_ns: now.utc_ns,
                waits_until_utc_ns: 0,
            });
        }
        self.forget_segments(now, key, false);
    }

    /// All parts are to be sent anew, or the message is at its end; receipts of these copies mean nothing any more.
    pub(super) fn forget_segments(&mut self, now: Now, key: Key, ended: bool) {
        let Some(live) = self.live.get_mut(key) else {
            return;
        };
        let Some(place) = live.carrier else { return };
        let rules = self.carriers.get(&place).map(|carrier| &carrier.rules);
        let (message, to) = (live.id, live.to);
        for (part, segment) in (0..=u8::MAX).zip(&mut live.segments) {
            if let SegmentState::InFlight { journal, .. } = segment.state {
                self.frames.after.forget.push((place, journal));
                self.in_window.remove(to);
            }
            if segment.is_unnamed() {
                self.unnamed.remove(place, to, key, part);
                let until_ns = now.mono_ns.saturating_add(self.early.hold_ns(place));
                self.unnamed
                    .goes_astray(now.mono_ns, place, to, message, until_ns);
            }
            segment.state = SegmentState::Unsent;
            segment.queries = 0;
            let id = std::mem::take(&mut segment.carrier_id);
            if let (false, Some(rules)) = (id.is_empty(), rules) {
                let settled = Settled {
                    message,
                    to,
                    segment: part,
                    ended,
                };
                let folded = folded(&rules.ids, &id);
                self.correlation.remove(place, &folded, key.slot, settled);
            }
        }
    }
}

/// What the receipts of a text mean for the message, once they decide it (by the rule for texts of several parts). Nothing
/// is decided while a part is still to be sent.
fn verdict(multipart: Multipart, live: &Live) -> Option<ReceiptState> {
    let mut states = live.segments.iter().map(|segment| segment.state);
    let with_carrier = |state| {
        matches!(
            state,
            SegmentState::Submitted { .. }
                | SegmentState::Done(_)
                | SegmentState::Uncertain { due_ns: NEVER_NS }
        )
    };
    let done = |state| match state {
        SegmentState::Done(state) => Some(state),
        _ => None,
    };
    let delivered = SegmentState::Done(ReceiptState::Delivered);
    match multipart {
        Multipart::Last if live.all(with_carrier) => states.next_back().and_then(done),
        Multipart::Any if live.all(with_carrier) && states.any(|state| state == delivered) => {
            Some(ReceiptState::Delivered)
        }
        _ if live.all(|state| done(state).is_some()) => {
            // The first that is not delivered.
            let mut states = live
                .segments
                .iter()
                .filter_map(|segment| done(segment.state));
            Some(
                states
                    .find(|state| *state != ReceiptState::Delivered)
                    .unwrap_or(ReceiptState::Delivered),
            )
        }
        _ => None,
    }
}

fn sender(frame: &SealedFrame, offset: u32) -> Option<Box<str>> {
    match record_at(&frame.octets, offset) {
        Ok(RecordView::Accepted(record)) => Some(record.from.as_str().into()),
        _ => None,
    }
}
