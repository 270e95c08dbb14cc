//! What a message does next, once nothing of it is in a window.

use std::cmp::Reverse;
use std::sync::atomic::Ordering;

use carrack_message::Status;
use carrack_runtime::Now;

use crate::shard::Shard;
use crate::shard::live::{Key, Phase, SegmentState};

impl Shard {
    /// Decides what a message does next. `first`: it goes before others of its lane.
    pub(in crate::shard) fn go_on(&mut self, now: Now, key: Key, first: bool) {
        let Some(live) = self.live.get_mut(key).filter(|live| live.end.is_none()) else {
            return;
        };
        if live.in_flight() > 0 {
            live.phase = Phase::Sending;
            return;
        }
        live.round_failed = false;
        if live.all(|state| matches!(state, SegmentState::Done(_))) {
            return self.finish_by_receipts(now, key);
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
        if live.attempts >= live.attempts_max {
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
        self.wait(key, first);
    }

    pub(super) fn await_receipts(&mut self, now: Now, key: Key) {
        let Some(live) = self.live.get_mut(key) else {
            return;
        };
        live.waiting_since_ns = now.mono_ns;
        let uncertain = live.count(|state| state == SegmentState::Uncertain) > 0;
        // The text is needed only while it may have to be sent again.
        if !uncertain {
            live.frame = None;
        }
        let first_time = live.phase != Phase::AwaitingReceipt;
        live.phase = Phase::AwaitingReceipt;
        let batch = live.batch;
        if batch != 0 && first_time && !uncertain {
            self.batch(batch).submitted.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Puts a message into its lane, or back to the carrier where some of its segments are.
    pub(in crate::shard) fn wait(&mut self, key: Key, first: bool) {
        let Some(live) = self.live.get_mut(key) else {
            return;
        };
        if live.phase == Phase::Waiting && !first {
            // It stands in its lane already.
            return;
        }
        live.phase = Phase::Waiting;
        let (plan, class) = (live.plan, live.class);
        if first {
            self.lanes.push_front(plan, class, key);
        } else {
            self.lanes.push_back(plan, class, key);
        }
    }

    pub(super) fn pause(&mut self, now: Now, key: Key, pause_ns: u64) {
        if let Some(live) = self.live.get_mut(key) {
            live.phase = Phase::Pausing;
            self.pauses
                .push(Reverse((now.mono_ns.saturating_add(pause_ns), key)));
        }
    }

    /// The present carrier will not: the whole text goes on to the next one; after the last, a pause and all again.
    pub(super) fn leave_carrier(&mut self, now: Now, key: Key) {
        self.forget_segments(key);
        let settings = &self.shared.settings;
        let Some(live) = self.live.get_mut(key) else {
            return;
        };
        let from = live.carrier.take();
        live.unfinished = false;
        live.leave_carrier = false;
        live.retries_here = 0;
        live.pause_ns = 0;
        let next = from.and_then(|from| self.plans.without(live.plan, from).ok());
        match next.filter(|plan| !self.plans.carriers(*plan).is_empty()) {
            Some(plan) => {
                live.plan = plan;
                self.wait(key, true);
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

    /// All segments are to be sent anew; receipts of earlier copies mean nothing any more.
    pub(in crate::shard) fn forget_segments(&mut self, key: Key) {
        let Some(live) = self.live.get_mut(key) else {
            return;
        };
        let Some(carrier) = live.carrier else { return };
        for segment in &mut live.segments {
            if let SegmentState::InFlight { journal, .. } = segment.state {
                self.frames.after.forget.push((carrier, journal));
            }
            segment.state = SegmentState::Unsent;
            let id = std::mem::take(&mut segment.carrier_id);
            if !id.is_empty() {
                self.correlation.remove(carrier, &id, key.slot);
            }
        }
    }
}
