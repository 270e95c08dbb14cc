//! Putting back what the log gave: lanes, correlations, parked receipts, notices to be told.

use std::sync::atomic::Ordering;

use carrack_message::Status;
use carrack_message::record::{RecordView, record_at};
use carrack_routing::{OnNoResponse, PlanId, Query};
use carrack_runtime::Now;
use smallvec::SmallVec;

use super::Shard;
use super::early::Parked;
use super::live::{End, Key, Live, Phase, Segment, SegmentState};
use super::settle::answers::NO_RESPONSE;
use crate::recovery::{Restored, RestoredEarly, RestoredSegment};

const QUIET_NS: u64 = 1_000_000_000;

impl Shard {
    /// Takes a message back. Before the first turn only.
    pub(crate) fn restore(&mut self, now: Now, restored: Restored) {
        let (plan, route) = self.restored_way(&restored);
        let (attempts_max, on_no_response) = self.route_policy(route);
        let carrier = restored
            .carrier
            .and_then(|number| self.directory.carrier_place(number));
        // A carrier that was taken out of the configuration cannot send a receipt any more; another shard's cannot be
        // followed from here.
        let known = carrier.filter(|place| self.carriers.contains_key(place));
        let ended = restored.end.is_some();
        let segments = restored
            .segments
            .iter()
            .map(|segment| restored_segment(now, segment, known.is_some(), on_no_response))
            .collect();
        if let Some(account) = self.directory.account(restored.account) {
            account.waiting.fetch_add(1, Ordering::Relaxed);
        }
        if !ended {
            self.shared.waiting.fetch_add(1, Ordering::Relaxed);
        }
        let unsent = |segment: &Segment| segment.state == SegmentState::Unsent;
        let segments: SmallVec<[Segment; 1]> = segments;
        let phase = match (ended, segments.iter().any(unsent)) {
            (true, _) => Phase::Untold,
            (false, true) => Phase::Committing,
            (false, false) => Phase::AwaitingReceipt,
        };
        let key = self.live.insert(Live {
            id: restored.id,
            generation: 0,
            account: restored.account,
            to: restored.to,
            class: restored.class,
            phase,
            plan,
            route_plan: plan,
            attempts_max,
            on_no_response,
            carrier: known,
            segments,
            frame: (!ended).then_some(restored.frame),
            offset: restored.offset,
            accepted_utc_ns: restored.accepted_utc_ns,
            expires_utc_ns: restored.expires_utc_ns,
            waiting_since_ns: now.mono_ns,
            batch: restored.batch,
            round_failed: false,
            attempts: restored.attempts,
            retries_here: 0,
            unfinished: false,
            leave_carrier: false,
            fault: false,
            last_error: restored.last_error,
            segments_sent: restored.segments_sent,
            cost_micros: restored.cost_micros,
            from: restored.wants_receipt.then_some(restored.from),
            end: restored.end.map(|(status, error, done_utc_ns)| End {
                status,
                error,
                done_utc_ns,
                handed_to: 0,
            }),
            pause_ns: 0,
        });
        self.restored_into_place(now, key);
    }

    fn restored_into_place(&mut self, now: Now, key: Key) {
        let Some(live) = self.live.get(key) else {
            return;
        };
        if live.end.is_some() {
            return self.ready_to_tell(key);
        }
        let ids: SmallVec<[_; 1]> = live
            .segments
            .iter()
            .map(|segment| segment.carrier_id.clone())
            .collect();
        if let Some(place) = live.carrier {
            for id in ids.iter().filter(|id| !id.is_empty()) {
                self.correlation.insert(place, id, key.slot);
            }
        }
        let Some(live) = self.live.get(key) else {
            return;
        };
        let uncertain = live.count(|state| state == SegmentState::Uncertain) > 0;
        if uncertain && live.on_no_response == OnNoResponse::Fail {
            return self.finish(now, key, Status::Unknown, NO_RESPONSE);
        }
        self.go_on(now, key, false);
    }

    /// Limits are by the second, and the run before may have used this one up: a limited carrier gets nothing for one.
    pub(crate) fn keep_quiet(&mut self, now: Now) {
        for carrier in self.carriers.values_mut() {
            carrier.quiet_until_ns = now.mono_ns.saturating_add(QUIET_NS);
        }
    }

    fn restored_way(&mut self, restored: &Restored) -> (PlanId, u16) {
        let account = self
            .directory
            .account(restored.account)
            .map_or("", |account| account.name.as_str());
        let query = Query {
            account,
            to: restored.to,
            from: &restored.from,
            class: restored.class,
        };
        let (carriers, route): (SmallVec<[u16; 4]>, u16) = match self.table.choose(&query) {
            Ok(choice) => (
                choice
                    .candidates
                    .iter()
                    .map(|candidate| candidate.carrier)
                    .collect(),
                choice.route,
            ),
            // No route now: it waits in a lane that nobody takes from, until a table has one or its validity ends.
            Err(_) => (SmallVec::new(), u16::MAX),
        };
        let plan = self
            .plans
            .intern(&carriers)
            .or_else(|_| self.plans.intern(&[]));
        (plan.unwrap_or(PlanId(0)), route)
    }

    /// After a change of routes: what had no way may have one now.
    pub(super) fn route_again(&mut self) {
        let Ok(nowhere) = self.plans.intern(&[]) else {
            return;
        };
        let stranded: Vec<Key> = self
            .live
            .iter()
            .filter(|(_, live)| live.route_plan == nowhere && live.end.is_none())
            .map(|(key, _)| key)
            .collect();
        for key in stranded {
            let Some(way) = self.way_again(key) else {
                continue;
            };
            let policy = self.route_policy(way.1);
            if let Some(live) = self.live.get_mut(key) {
                (live.plan, live.route_plan) = (way.0, way.0);
                (live.attempts_max, live.on_no_response) = policy;
                if live.phase == Phase::Waiting {
                    self.wait(key, true);
                }
            }
        }
    }

    fn way_again(&mut self, key: Key) -> Option<(PlanId, u16)> {
        let live = self.live.get(key)?;
        let frame = live.frame.as_ref()?;
        let Ok(RecordView::Accepted(record)) = record_at(&frame.octets, live.offset) else {
            return None;
        };
        let account = self
            .directory
            .account(live.account)
            .map_or("", |account| account.name.as_str());
        let query = Query {
            account,
            to: live.to,
            from: record.from.as_str(),
            class: live.class,
        };
        let choice = self.table.choose(&query).ok()?;
        let carriers: SmallVec<[u16; 4]> = choice
            .candidates
            .iter()
            .map(|candidate| candidate.carrier)
            .collect();
        Some((self.plans.intern(&carriers).ok()?, choice.route))
    }

    /// Takes a parked receipt back.
    pub(crate) fn restore_early(&mut self, now: Now, early: RestoredEarly) {
        let Some(place) = self.directory.carrier_place(early.carrier) else {
            return;
        };
        let age_ns = now.utc_ns.saturating_sub(early.at_utc_ns);
        if age_ns >= self.shared.settings.early_receipt_hold_ns {
            return;
        }
        let since_ns = now.mono_ns.saturating_sub(age_ns);
        self.early.park(
            place,
            early.id,
            Parked {
                state: early.state,
                error: early.error,
                since_ns,
            },
        );
    }
}

fn restored_segment(
    now: Now,
    segment: &RestoredSegment,
    carrier_known: bool,
    policy: OnNoResponse,
) -> Segment {
    let mut restored = Segment::unsent();
    match segment {
        RestoredSegment::Done(state) => restored.state = SegmentState::Done(*state),
        RestoredSegment::Submitted(id) if carrier_known => {
            restored.state = SegmentState::Submitted { at_ns: now.mono_ns };
            restored.carrier_id = id.clone();
            restored.attempts = 1;
        }
        // Its carrier is not known here any more: it was sent, and nobody will say more.
        RestoredSegment::Submitted(_) => restored.state = SegmentState::Uncertain,
        RestoredSegment::Uncertain => {
            restored.attempts = 1;
            if policy != OnNoResponse::Resend {
                restored.state = SegmentState::Uncertain;
            }
        }
        RestoredSegment::Unsent => {}
    }
    restored
}
