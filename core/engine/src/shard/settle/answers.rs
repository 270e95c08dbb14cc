//! What a carrier answered to a segment, or that it did not.

use carrack_carrier::{CarrierMessageId, Disposition, Refusal};
use carrack_message::Status;
use carrack_message::record::{Refused, Submitted, Uncertain, UncertainReason};
use carrack_routing::OnNoResponse;
use carrack_runtime::Now;

use crate::shard::Shard;
use crate::shard::live::{Key, SegmentState};

/// Passing refusals at one carrier in a row before the next one is tried.
const RETRIES_HERE_MAX: u8 = 1;

impl Shard {
    /// Takes a segment out of its window. `None`: the message is gone, or was not in flight there.
    pub(super) fn leave_window(&mut self, place: u16, key: Key, segment: u8) -> Option<u64> {
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
    pub(in crate::shard) fn segment_accepted(
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
    pub(super) fn table_price(&self, key: Key, place: u16) -> i64 {
        let row = self.table.carrier(place);
        let to = self.live.get(key).map(|live| live.to);
        row.zip(to)
            .and_then(|(row, to)| row.cost(to))
            .map_or(0, |price| price.0)
    }

    /// A carrier refused a segment.
    pub(in crate::shard) fn segment_refused(
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

    pub(super) fn late_refusal(&mut self, now: Now, key: Key, segment: u8) {
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
    pub(in crate::shard) fn segment_uncertain(
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

    pub(in crate::shard) fn on_no_response(&self, key: Key) -> OnNoResponse {
        let route = self
            .live
            .get(key)
            .and_then(|live| self.table.route(live.route));
        route
            .and_then(|route| route.on_no_response)
            .unwrap_or(self.shared.settings.on_no_response)
    }
}
