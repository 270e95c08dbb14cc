//! The second door: every outcome of every attempt comes here and decides what the message does next: the same carrier
//! again, the next one, wait for a receipt, or its end.
//!
//! Promise: each outcome is a record before anything follows from it outside; a message ends exactly once. Segments of
//! one text stay together: they go on to the next carrier all or none.

use std::cmp::Reverse;
use std::sync::atomic::Ordering;

use carrack_carrier::{CarrierMessageId, Disposition, ReceiptHandle, Refusal};
use carrack_message::record::{
    EarlyReceipt, Final, ReceiptSeen, Refused, Submitted, Uncertain, UncertainReason,
};
use carrack_message::{MessageId, ReceiptState, Status};
use carrack_routing::OnNoResponse;
use carrack_runtime::Now;
use carrack_telemetry::names;

use super::Shard;
use super::early::Parked;
use super::live::{End, Key, Phase, SegmentState};
use crate::engine::Cancelled;

/// Passing refusals at one carrier in a row before the next one is tried.
const RETRIES_HERE_MAX: u8 = 1;

impl Shard {
    /// Writes an outcome's record. A frame that is full is closed first; what cannot be written at all is our fault.
    fn note<T: carrack_message::record::Storable>(&mut self, record: &T) {
        if self.frames.records() >= self.shared.settings.frame_messages_max {
            self.frames.seal();
        }
        if let Err(fault) = self.frames.push(self.committer.as_ref(), record) {
            tracing::error!(%fault, "an outcome could not be written");
        }
    }

    /// Takes a segment out of its window. `None`: the message is gone, or was not in flight there.
    fn leave_window(&mut self, place: u16, key: Key, segment: u8) -> Option<u64> {
        let live = self
            .live
            .get_mut(key)
            .filter(|live| live.carrier == Some(place))?;
        let found = live.segment_mut(segment)?;
        let SegmentState::InFlight { journal, since_ns } = found.state else {
            return None;
        };
        found.state = SegmentState::Unsent;
        self.frames.after.forget.push(journal);
        Some(since_ns)
    }

    /// A carrier took a segment.
    pub(super) fn segment_accepted(
        &mut self,
        now: Now,
        place: u16,
        ticket: u64,
        id: CarrierMessageId,
        late: bool,
    ) {
        let (key, segment) = Key::of_ticket(ticket);
        let since_ns = self.leave_window(place, key, segment);
        let Some(number) = self.carriers.get(&place).map(|carrier| carrier.number) else {
            return;
        };
        let Some(live) = self.live.get_mut(key).filter(|live| live.end.is_none()) else {
            return;
        };
        if live.carrier != Some(place) || (since_ns.is_none() && !late) {
            return;
        }
        let (message, price) = (live.id, self.table_price(key, place));
        let Some(live) = self.live.get_mut(key) else {
            return;
        };
        live.segments_sent = live.segments_sent.saturating_add(1);
        live.cost_micros = live.cost_micros.saturating_add(price);
        live.retries_here = 0;
        let Some(found) = live.segment_mut(segment) else {
            return;
        };
        found.attempts = found.attempts.saturating_add(1);
        let attempt = found.attempts;
        let before = std::mem::replace(&mut found.carrier_id, id.clone());
        found.state = SegmentState::Submitted { at_ns: now.mono_ns };
        if !before.is_empty() {
            self.correlation.remove(place, &before, key.slot);
        }
        if !id.is_empty() {
            self.correlation.insert(place, &id, key.slot);
        }
        self.note(&Submitted {
            id: message.0,
            carrier: number,
            segment,
            attempt,
            at_utc_ns: now.utc_ns,
            carrier_message_id: id.to_vec(),
        });
        if let Some(carrier) = self.carriers.get_mut(&place) {
            carrier.stats.segments_accepted += 1;
            carrier.stats.cost_micros = carrier.stats.cost_micros.saturating_add(price);
            if let (Some(since_ns), Some(histogram)) =
                (since_ns, carrier.stats.response_us.as_mut())
            {
                histogram.saturating_record((now.mono_ns - since_ns) / 1000);
            }
        }
        match self.early.take(place, &id) {
            Some(parked) => {
                self.receipt_matched(now, place, key, segment, parked.state, parked.error)
            }
            None => self.go_on(now, key, false),
        }
    }

    /// What the carrier charges for one segment of this message.
    fn table_price(&self, key: Key, place: u16) -> i64 {
        let row = self.table.carrier(place);
        let to = self.live.get(key).map(|live| live.to);
        row.zip(to)
            .and_then(|(row, to)| row.cost(to))
            .map_or(0, |price| price.0)
    }

    /// A carrier refused a segment.
    pub(super) fn segment_refused(
        &mut self,
        now: Now,
        place: u16,
        ticket: u64,
        refusal: Refusal,
        late: bool,
    ) {
        let (key, segment) = Key::of_ticket(ticket);
        let was_in_window = self.leave_window(place, key, segment).is_some();
        let Some(carrier) = self.carriers.get_mut(&place) else {
            return;
        };
        let throttled = refusal.disposition == Disposition::Throttled;
        if throttled {
            carrier.stats.segments_throttled += 1;
            carrier.throttle.on_throttled(now.mono_ns);
        } else {
            carrier.stats.segments_refused += 1;
        }
        let (number, settings) = (carrier.number, &self.shared.settings);
        let Some(live) = self.live.get_mut(key).filter(|live| live.end.is_none()) else {
            return;
        };
        if live.carrier != Some(place) || !was_in_window {
            // A late no settles what was uncertain: it was not taken, so it may be sent again at once.
            if late {
                self.late_refusal(now, key, segment);
            }
            return;
        }
        if throttled {
            return self.go_on(now, key, true);
        }
        live.last_error = refusal.status;
        live.attempts += 1;
        let next_carrier = match refusal.disposition {
            Disposition::MessageFault => {
                live.fault = true;
                false
            }
            Disposition::NextCarrier => true,
            Disposition::RetryHere | Disposition::LinkFault | Disposition::Throttled => {
                live.retries_here += 1;
                live.retries_here > RETRIES_HERE_MAX
            }
        };
        live.leave_carrier |= next_carrier;
        if !next_carrier {
            live.pause_ns = settings.retry_delay_ns;
        }
        let id = live.id.0;
        self.note(&Refused {
            id,
            carrier: number,
            status: refusal.status,
            segment,
            next_carrier,
            at_utc_ns: now.utc_ns,
        });
        self.go_on(now, key, false);
    }

    fn late_refusal(&mut self, now: Now, key: Key, segment: u8) {
        let Some(found) = self
            .live
            .get_mut(key)
            .and_then(|live| live.segment_mut(segment))
        else {
            return;
        };
        if found.state == SegmentState::Uncertain {
            found.state = SegmentState::Unsent;
            self.go_on(now, key, false);
        }
    }

    /// A segment left its window without an answer.
    pub(super) fn segment_uncertain(
        &mut self,
        now: Now,
        place: u16,
        ticket: u64,
        reason: UncertainReason,
    ) {
        let (key, segment) = Key::of_ticket(ticket);
        if self.leave_window(place, key, segment).is_none() {
            return;
        }
        let policy = self.on_no_response(key);
        let Some(carrier) = self.carriers.get_mut(&place) else {
            return;
        };
        carrier.stats.segments_uncertain += 1;
        let number = carrier.number;
        let Some(live) = self.live.get_mut(key) else {
            return;
        };
        live.attempts += 1;
        let id = live.id.0;
        if let Some(found) = live.segment_mut(segment) {
            found.attempts = found.attempts.saturating_add(1);
            found.state = if policy == OnNoResponse::Resend {
                SegmentState::Unsent
            } else {
                SegmentState::Uncertain
            };
        }
        self.note(&Uncertain {
            id,
            carrier: number,
            segment,
            reason,
            at_utc_ns: now.utc_ns,
        });
        if policy == OnNoResponse::Fail {
            return self.finish(
                now,
                key,
                Status::Unknown,
                "no response came and the route says to fail",
            );
        }
        self.go_on(now, key, true);
    }

    pub(super) fn on_no_response(&self, key: Key) -> OnNoResponse {
        let route = self
            .live
            .get(key)
            .and_then(|live| self.table.route(live.route));
        route
            .and_then(|route| route.on_no_response)
            .unwrap_or(self.shared.settings.on_no_response)
    }

    /// A receipt came; the carrier is answered when it is durable.
    #[allow(clippy::too_many_arguments, reason = "the fields of one event")]
    pub(super) fn receipt(
        &mut self,
        now: Now,
        place: u16,
        link: u16,
        handle: ReceiptHandle,
        id: CarrierMessageId,
        state: ReceiptState,
        error: u32,
    ) {
        if let Some((key, segment)) = self.correlation.find(place, &id, &self.live) {
            self.receipt_matched(now, place, key, segment, state, error);
        } else if self.correlation.was_settled(place, &id) {
            // It came twice, or an intermediate state came after the final one: nothing changes any more.
            return self.answer(place, link, handle, true);
        } else {
            self.park(now, place, id, state, error);
        }
        self.frames.after.answers.push((place, link, handle));
    }

    fn park(
        &mut self,
        now: Now,
        place: u16,
        id: CarrierMessageId,
        state: ReceiptState,
        error: u32,
    ) {
        let Some(carrier) = self.carriers.get_mut(&place) else {
            return;
        };
        carrier.stats.receipts_early += 1;
        let record = EarlyReceipt {
            carrier: carrier.number,
            error,
            state: state.code(),
            at_utc_ns: now.utc_ns,
            carrier_message_id: id.to_vec(),
        };
        let pushed_out = self.early.park(
            place,
            id,
            Parked {
                state,
                error,
                since_ns: now.mono_ns,
            },
        );
        carrier.stats.receipts_unmatched += pushed_out;
        self.note(&record);
    }

    fn receipt_matched(
        &mut self,
        now: Now,
        place: u16,
        key: Key,
        segment: u8,
        state: ReceiptState,
        error: u32,
    ) {
        let Some(carrier) = self.carriers.get_mut(&place) else {
            return;
        };
        carrier.stats.receipts_matched += 1;
        let number = carrier.number;
        let Some(live) = self.live.get_mut(key) else {
            return;
        };
        let id = live.id.0;
        if state != ReceiptState::Delivered && error != 0 {
            live.last_error = error;
        }
        if let Some(found) = live.segment_mut(segment) {
            if let (SegmentState::Submitted { at_ns }, true) = (found.state, state.is_final())
                && let Some(histogram) = carrier.stats.receipt_ms.as_mut()
            {
                histogram.saturating_record(((now.mono_ns - at_ns) / 1_000_000).max(1));
            }
            if state.is_final() && !matches!(found.state, SegmentState::Done(_)) {
                found.state = SegmentState::Done(state);
            }
        }
        self.note(&ReceiptSeen {
            id,
            carrier: number,
            error,
            segment,
            state: state.code(),
            at_utc_ns: now.utc_ns,
        });
        self.go_on(now, key, false);
    }

    /// Decides what a message does next. `first`: it goes before others of its lane.
    pub(super) fn go_on(&mut self, now: Now, key: Key, first: bool) {
        let attempts_max = self.attempts_max(key);
        let Some(live) = self.live.get_mut(key).filter(|live| live.end.is_none()) else {
            return;
        };
        if live.in_flight() > 0 {
            live.phase = Phase::Sending;
            return;
        }
        if live.all(|state| matches!(state, SegmentState::Done(_))) {
            return self.finish_by_receipts(now, key);
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
        if live.attempts >= attempts_max {
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

    fn attempts_max(&self, key: Key) -> u32 {
        let route = self
            .live
            .get(key)
            .and_then(|live| self.table.route(live.route));
        route
            .and_then(|route| route.attempts_max)
            .map_or(self.shared.settings.attempts_max, u32::from)
    }

    fn await_receipts(&mut self, now: Now, key: Key) {
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
            self.shared
                .batches
                .counters(batch)
                .submitted
                .fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Puts a message into its lane, or back to the carrier where some of its segments are.
    pub(super) fn wait(&mut self, key: Key, first: bool) {
        let Some(live) = self.live.get_mut(key) else {
            return;
        };
        live.phase = Phase::Waiting;
        let (plan, class) = (live.plan, live.class);
        if first {
            self.lanes.push_front(plan, class, key);
        } else {
            self.lanes.push_back(plan, class, key);
        }
    }

    fn pause(&mut self, now: Now, key: Key, pause_ns: u64) {
        if let Some(live) = self.live.get_mut(key) {
            live.phase = Phase::Pausing;
            self.pauses
                .push(Reverse((now.mono_ns.saturating_add(pause_ns), key)));
        }
    }

    /// The present carrier will not: the whole text goes on to the next one; after the last, a pause and all again.
    fn leave_carrier(&mut self, now: Now, key: Key) {
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
    pub(super) fn forget_segments(&mut self, key: Key) {
        let Some(live) = self.live.get_mut(key) else {
            return;
        };
        let Some(carrier) = live.carrier else { return };
        for segment in &mut live.segments {
            if let SegmentState::InFlight { journal, .. } = segment.state {
                self.frames.after.forget.push(journal);
            }
            segment.state = SegmentState::Unsent;
            let id = std::mem::take(&mut segment.carrier_id);
            if !id.is_empty() {
                self.correlation.remove(carrier, &id, key.slot);
            }
        }
    }

    fn finish_by_receipts(&mut self, now: Now, key: Key) {
        let Some(live) = self.live.get(key) else {
            return;
        };
        let worst = live
            .segments
            .iter()
            .filter_map(|segment| match segment.state {
                SegmentState::Done(ReceiptState::Delivered) => None,
                SegmentState::Done(state) => Some(state),
                _ => None,
            });
        let (status, detail) = match worst.into_iter().next() {
            None => (Status::Delivered, ""),
            Some(ReceiptState::Expired) => (Status::Expired, "the carrier's receipt says expired"),
            Some(ReceiptState::Rejected) => {
                (Status::Rejected, "the carrier's receipt says rejected")
            }
            Some(ReceiptState::Deleted) => {
                (Status::Undelivered, "the carrier's receipt says deleted")
            }
            Some(ReceiptState::Unknown) => {
                (Status::Undelivered, "the carrier's receipt says unknown")
            }
            Some(_) => (
                Status::Undelivered,
                "the carrier's receipt says undeliverable",
            ),
        };
        self.finish(now, key, status, detail);
    }

    /// The end of a message: its one final record.
    pub(super) fn finish(&mut self, now: Now, key: Key, status: Status, detail: &str) {
        let Some(live) = self.live.get(key).filter(|live| live.end.is_none()) else {
            return;
        };
        let tell = live.from.is_some();
        let carrier = live
            .carrier
            .and_then(|place| self.directory.carrier(place))
            .map_or(u32::MAX, |entry| entry.number);
        let record = Final {
            id: live.id.0,
            status: status.as_u8(),
            carrier,
            error: live.last_error,
            segments_sent: live.segments_sent,
            tell,
            cost_micros: live.cost_micros,
            at_utc_ns: now.utc_ns,
            detail: detail.to_owned(),
        };
        let (place, batch, epoch) = (live.carrier, live.batch, live.id.parts().epoch);
        self.note(&record);
        self.frames.summary().add_final(epoch, status);
        self.forget_segments(key);
        self.count_final(place, batch, status);
        if tell {
            self.keep_to_tell(now, key, status);
        } else {
            self.frames.summary().add_closed(epoch);
            self.close(key);
        }
    }

    fn count_final(&mut self, place: Option<u16>, batch: u64, status: Status) {
        self.shared.waiting.fetch_sub(1, Ordering::Relaxed);
        metrics::counter!(names::MESSAGES_FINAL, "status" => status.name()).increment(1);
        if batch != 0 {
            self.shared.batches.counters(batch).note_final(status);
        }
        if let Some(carrier) = place.and_then(|place| self.carriers.get_mut(&place)) {
            if status == Status::Delivered {
                carrier.stats.messages_delivered += 1;
            } else {
                carrier.stats.messages_failed += 1;
            }
        }
    }

    fn keep_to_tell(&mut self, now: Now, key: Key, status: Status) {
        if let Some(live) = self.live.get_mut(key) {
            live.phase = Phase::Untold;
            live.frame = None;
            live.end = Some(End {
                status,
                error: live.last_error,
                done_utc_ns: now.utc_ns,
                handed_to: 0,
            });
            self.frames.after.tell.push(key);
        }
    }

    /// Nothing more is to come of this message.
    pub(super) fn close(&mut self, key: Key) {
        if let Some(live) = self.live.remove(key)
            && let Some(account) = self.directory.account(live.account)
        {
            account.waiting.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// The customer takes a message back: possible until a segment of it has left.
    pub(super) fn cancel(
        &mut self,
        now: Now,
        id: MessageId,
        reply: Box<dyn FnOnce(Option<Cancelled>) + Send>,
    ) {
        let found = self
            .live
            .iter()
            .find(|(_, live)| live.id == id)
            .map(|(key, live)| {
                let unsent =
                    live.all(|state| state == SegmentState::Unsent) && live.segments_sent == 0;
                (
                    key,
                    unsent && matches!(live.phase, Phase::Waiting | Phase::Pausing),
                )
            });
        match found {
            None => reply(None),
            Some((_, false)) => reply(Some(Cancelled::TooLate)),
            Some((key, true)) => {
                self.finish(now, key, Status::Cancelled, "cancelled by the customer");
                self.frames
                    .after
                    .replies
                    .push((Box::new(move |_| reply(Some(Cancelled::Done))), Vec::new()));
            }
        }
    }
}
