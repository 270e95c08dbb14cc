//! Putting back what the log gave: lanes, correlations, parked receipts, notices to be told.

use std::sync::atomic::Ordering;

use carrack_message::carrier_id::FoldedId;
use carrack_message::record::{RecordView, record_at};
use carrack_message::{Msisdn, Status};
use carrack_routing::{OnNoResponse, PlanId};
use carrack_runtime::Now;
use smallvec::SmallVec;

use super::Shard;
use super::correlation::Settled;
use super::early::Parked;
use super::lanes::LaneKey;
use super::live::{Key, Live, NEVER_NS, Phase, Segment, SegmentState};
use super::matching::folded;
use super::numbers::Numbers;
use super::sending::parts_of;
use super::settle::receipts::{How, Report};
use super::settle::uncertain::NO_RESPONSE;
use super::way::Way;
use crate::facts::Facts;
use crate::recovery::{
    Remembered, Restored, RestoredEarly, RestoredLane, RestoredSegment, RestoredSettled,
};

const QUIET_NS: u64 = 1_000_000_000;

impl Shard {
    /// Takes a message back. Before the first turn only.
    pub(crate) fn restore(&mut self, now: Now, restored: Restored) {
        if let Some(account) = self.directory.account(restored.account) {
            account.waiting.fetch_add(1, Ordering::Relaxed);
        }
        self.shared.waiting.fetch_add(1, Ordering::Relaxed);
        let key = self.place_restored(now, restored);
        // It may have come back from the shelf just before the node died.
        if !self.end_if_batch_is_cancelled(now, key) {
            self.restored_into_place(now, key);
        }
    }

    /// As a live message, counted already, that nothing is done about yet.
    pub(super) fn place_restored(&mut self, now: Now, restored: Restored) -> Key {
        let way = restored.way(self, now);
        let submitted = restored.submitted_news();
        let submitted_utc_ns = match restored.is_submitted() {
            true => restored.submitted_utc_ns,
            false => 0,
        };
        let carrier = restored
            .carrier
            .and_then(|number| self.directory.carrier_place(number));
        // A carrier that was taken out of the configuration cannot send a receipt any more; another shard's cannot be
        // followed from here.
        let known = carrier.filter(|place| self.carriers.contains_key(place));
        let grace_ns = known
            .and_then(|place| self.carriers.get(&place))
            .map(|carrier| carrier.rules.resend_grace_ns);
        let segments = restored
            .segments
            .iter()
            .map(|segment| restored_segment(now, segment, grace_ns, way.policy.on_no_response))
            .collect();
        let unsent = |segment: &Segment| segment.state == SegmentState::Unsent;
        let segments: SmallVec<[Segment; 1]> = segments;
        let phase = match segments.iter().any(unsent) {
            true => Phase::Committing,
            false => Phase::AwaitingReceipt,
        };
        // Its present carrier is left in its own time.
        let tried = restored.tried.iter().copied();
        let tried = tried.filter(|number| restored.carrier != Some(*number));
        let plan = self.plan_after(way.plan, tried);
        self.live.insert(Live {
            plan,
            account: restored.account,
            phase,
            carrier: known,
            leave_carrier: restored.leaves_carrier && known.is_some(),
            counted_submitted: restored.counted_submitted || restored.is_submitted(),
            segments,
            segments_priced: restored.segments_priced,
            frame: Some(restored.frame),
            home: restored.home,
            offset: restored.offset,
            accepted_utc_ns: restored.accepted_utc_ns,
            expires_utc_ns: restored.expires_utc_ns,
            waiting_since_ns: now.mono_ns,
            batch: restored.batch,
            attempts: restored.attempts,
            last_error: restored.last_error,
            segments_sent: restored.segments_sent,
            cost_micros: restored.cost_micros,
            price_micros: restored.price_micros,
            tell: restored.wants_receipt,
            submitted,
            submitted_utc_ns,
            from: (restored.telling.is_some() || restored.wants_receipt.is_any())
                .then_some(restored.from),
            telling: restored.telling,
            told_as: restored.told_as,
            ..Live::untried(restored.id, restored.to, restored.class, &way)
        })
    }

    /// What is left of a list of carriers; all of it where all were tried.
    fn plan_after(&mut self, plan: PlanId, tried: impl Iterator<Item = u32>) -> PlanId {
        let mut left = plan;
        for number in tried {
            if let Some(place) = self.directory.carrier_place(number) {
                left = self.plans.without(left, place).unwrap_or(left);
            }
        }
        match self.plans.carriers(left).is_empty() {
            true => plan,
            false => left,
        }
    }

    /// Takes a list of waiting messages back that stay in the log.
    pub(crate) fn restore_lane(&mut self, lane: RestoredLane) {
        self.park_lane(lane, false);
    }

    /// The same; `moved`: by an operator to the first of its carriers.
    pub(super) fn park_lane(&mut self, lane: RestoredLane, moved: bool) {
        let plan = self.plans.intern(&lane.carriers).unwrap_or(PlanId(0));
        let key = LaneKey {
            plan,
            class: lane.class,
            account: lane.account,
            moved,
            pace: lane.pace.as_ref().map_or(0, |pace| pace.number),
        };
        let seen = self.job_sees_parked(&key, &lane.parked);
        self.lanes.park_list(key, lane.parked);
        self.job_walks(key, seen);
    }

    pub(super) fn restored_into_place(&mut self, now: Now, key: Key) {
        let Some(live) = self.live.get(key) else {
            return;
        };
        match live.carrier {
            Some(place) => self.restored_at_carrier(now, key, place),
            None => {
                let uncertain = |state| matches!(state, SegmentState::Uncertain { .. });
                if live.count(uncertain) > 0 && live.policy.on_no_response == OnNoResponse::Fail {
                    return self.finish(now, key, Status::Unknown, NO_RESPONSE);
                }
            }
        }
        // What has become overdue while we were away is decided in the first turn.
        self.go_on(now, key, false);
    }

    /// Makes the parts of a message findable again that its carrier has or may have.
    fn restored_at_carrier(&mut self, now: Now, key: Key, place: u16) {
        self.fit_again(now, key, place);
        let parts = self.live.get(key).map_or(0, |live| live.segments.len()) as u8;
        for part in 0..parts {
            let Some((live, carrier)) = self.live.get(key).zip(self.carriers.get(&place)) else {
                return;
            };
            let Some(segment) = live.segments.get(usize::from(part)) else {
                return;
            };
            let (to, message, id) = (live.to, live.id, segment.carrier_id.clone());
            match segment.state {
                SegmentState::Uncertain { due_ns } => {
                    self.hold_uncertain(key, place, part, due_ns);
                }
                SegmentState::Submitted { .. } if id.is_empty() => {
                    self.unnamed.insert(place, to, message, key, part);
                }
                SegmentState::Submitted { .. } => {
                    let folded = folded(&carrier.rules.ids, &id);
                    self.correlation.insert(place, &folded, key.slot);
                    self.restored_receipt(now, place, key, part, &id);
                }
                _ => {}
            }
        }
    }

    /// The response is in the log, and the receipt that came before it, but not yet that they belong together.
    fn restored_receipt(&mut self, now: Now, place: u16, key: Key, part: u8, id: &[u8]) {
        let Some((form, transform, parked)) = self.parked_for(place, id, key) else {
            return;
        };
        let report = Report::of(&parked);
        let how = How::Parked {
            transform,
            form,
            raw: parked.raw,
        };
        self.receipt_matched(now, place, key, part, report, how);
    }

    /// The log names the parts that had an outcome; a text of more parts has others, not sent or not recorded.
    fn fit_again(&mut self, now: Now, key: Key, place: u16) {
        let Some((live, carrier)) = self.live.get(key).zip(self.carriers.get(&place)) else {
            return;
        };
        if live.all(|state| state == SegmentState::Unsent) {
            return;
        }
        let record = live
            .frame
            .as_ref()
            .map(|frame| record_at(&frame.octets, live.offset));
        let Some(Ok(RecordView::Accepted(record))) = record else {
            return;
        };
        let Some(parts) = parts_of(&carrier.rules.text, &record.body) else {
            return;
        };
        let mut beyond = live.segments.iter().skip(usize::from(parts));
        if beyond.all(|segment| segment.state == SegmentState::Unsent) {
            self.fit(now, key, parts);
        }
    }

    /// Parked receipts and segments without id are back, and no response is out: what fits by number belongs together.
    pub(crate) fn match_restored(&mut self, now: Now) {
        if self.has_shelf() {
            // The shelf is asked first: a message there may be meant.
            return;
        }
        let fits = |(place, _, parked): &(u16, &FoldedId, &Parked)| {
            self.unnamed.only(*place, parked.numbers).is_some()
        };
        let fitting = self.early.iter().filter(fits);
        let fitting: Vec<(u16, FoldedId)> =
            fitting.map(|(place, id, _)| (place, id.clone())).collect();
        for (place, id) in fitting {
            let Some(parked) = self.early.get(place, &id) else {
                continue;
            };
            // One that was matched before may have been the only one.
            let Some((key, part)) = self.unnamed.only(place, parked.numbers) else {
                continue;
            };
            let Some(parked) = self.early.take(place, &id) else {
                continue;
            };
            let report = Report::of(&parked);
            self.remember_number(place, &id, key, part, parked.state);
            let how = How::Number {
                id: Some((id, parked.raw)),
            };
            self.receipt_matched(now, place, key, part, report, how);
        }
    }

    /// Limits are by the second, and the run before may have used this one up: a limited carrier gets nothing for one.
    pub(crate) fn keep_quiet(&mut self, now: Now) {
        for carrier in self.carriers.values_mut() {
            carrier.quiet_until_ns = now.mono_ns.saturating_add(QUIET_NS);
        }
    }

    /// Remembers what had its final receipt before: one that is repeated must be known, and not be given to another. And
    /// what may still have one under an id that nobody knows.
    pub(crate) fn remember(&mut self, now: Now, remembered: &Remembered) {
        for settled in &remembered.settled {
            self.restore_settled(settled);
        }
        for (carrier, message, to) in &remembered.astray {
            let place = self.directory.carrier_place(*carrier);
            if let Some(place) = place.filter(|place| self.carriers.contains_key(place)) {
                self.goes_astray(now, place, *to, *message);
            }
        }
    }

    fn restore_settled(&mut self, restored: &RestoredSettled) {
        let Some(place) = self.directory.carrier_place(restored.carrier) else {
            return;
        };
        let Some(carrier) = self.carriers.get(&place) else {
            return;
        };
        let folded = folded(&carrier.rules.ids, &restored.carrier_id);
        let settled = Settled {
            message: restored.message,
            to: restored.to,
            segment: restored.segment,
            ended: restored.ended,
        };
        self.correlation.remember(place, &folded, settled);
    }

    /// Takes a parked receipt back.
    pub(crate) fn restore_early(&mut self, now: Now, early: RestoredEarly) {
        let Some(place) = self.directory.carrier_place(early.carrier) else {
            return;
        };
        let Some(carrier) = self.carriers.get(&place) else {
            return;
        };
        let age_ns = now.utc_ns.saturating_sub(early.at_utc_ns);
        if age_ns >= self.early.hold_ns(place) {
            return;
        }
        let folded = folded(&carrier.rules.ids, &early.id);
        let parked = Parked {
            state: early.state,
            error: early.error,
            since_ns: now.mono_ns.saturating_sub(age_ns),
            numbers: Numbers {
                source: Msisdn::from_u64(early.source),
                destination: Msisdn::from_u64(early.destination),
            },
            raw: (folded.as_slice() != early.id.as_slice()).then(|| Box::from(early.id.as_slice())),
        };
        if self.has_shelf() {
            self.ask_for_receipt(place, folded.clone());
        }
        // More than it held before cannot come back.
        let _ = self.early.park(place, folded, parked);
    }
}

impl Restored {
    /// Its way by the routes of now.
    fn way(&self, shard: &mut Shard, now: Now) -> Way {
        let facts = Facts::of_frame(&self.frame.octets, self.offset);
        let facts =
            facts.unwrap_or_else(|| Facts::bare(self.account, self.to, &self.from, self.class));
        shard.way_of(now, &facts)
    }
}

fn restored_segment(
    now: Now,
    segment: &RestoredSegment,
    grace_ns: Option<u64>,
    policy: OnNoResponse,
) -> Segment {
    let carrier_known = grace_ns.is_some();
    let mut restored = Segment::unsent();
    match segment {
        RestoredSegment::Done(state) => {
            restored.state = SegmentState::Done(*state);
            restored.attempts = 1;
        }
        RestoredSegment::Submitted(id, units) if carrier_known => {
            restored.state = SegmentState::Submitted { at_ns: now.mono_ns };
            restored.carrier_id = id.clone();
            restored.units = *units;
            restored.attempts = 1;
        }
        // Its carrier is not known here any more: it was sent, and nobody will say more.
        RestoredSegment::Submitted(..) => {
            restored.state = SegmentState::Uncertain { due_ns: NEVER_NS }
        }
        RestoredSegment::Uncertain { until_utc_ns } => {
            restored.attempts = 1;
            // A clock that was set back must not make it wait for longer than it ever waits.
            let left_ns = until_utc_ns.saturating_sub(now.utc_ns);
            let left_ns = left_ns.min(grace_ns.unwrap_or(u64::MAX));
            restored.state = match (carrier_known, policy) {
                (true, _) => SegmentState::Uncertain {
                    due_ns: now.mono_ns.saturating_add(left_ns),
                },
                (false, OnNoResponse::Resend) => SegmentState::Unsent,
                (false, _) => SegmentState::Uncertain { due_ns: NEVER_NS },
            };
        }
        RestoredSegment::Unsent => {}
    }
    restored
}
