//! What a carrier answered to a segment, or that it did not.

use carrack_carrier::{CarrierMessageId, Disposition, Refusal};
use carrack_message::Status;
use carrack_message::record::{Refused, Submitted, Uncertain, UncertainReason};
use carrack_routing::OnNoResponse;
use carrack_runtime::Now;

use crate::shard::Shard;
use crate::shard::live::{Key, Live, SegmentState};

/// Passing refusals at one carrier in a row before the next one is tried.
const RETRIES_HERE_MAX: u8 = 1;

/// A segment that has left its window.
#[derive(Clone, Copy)]
struct Left {
    /// Its journal entry: to be forgotten with the frame that holds the outcome, not before.
    journal: u32,
    place: u16,
    since_ns: u64,
}

impl Live {
    /// Counts a bad outcome: the segments that a text has in windows at a time are one attempt of it.
    fn note_bad_outcome(&mut self) -> bool {
        let first = !self.round_failed;
        self.round_failed = true;
        self.attempts = self.attempts.saturating_add(u32::from(first));
        first
    }
}

impl Shard {
    /// Takes a segment out of its window. `None`: the message is gone, or was not in flight there.
    fn leave_window(&mut self, place: u16, key: Key, segment: u8) -> Option<Left> {
        let live = self
            .live
            .get_mut(key)
            .filter(|live| live.carrier == Some(place))?;
        let found = live.segment_mut(segment)?;
        let SegmentState::InFlight { journal, since_ns } = found.state else {
            return None;
        };
        found.state = SegmentState::Unsent;
        Some(Left {
            journal,
            place,
            since_ns,
        })
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
        let left = self.leave_window(place, key, segment);
        if left.is_none() && !late {
            return;
        }
        let price = self.table_price(key, place);
        let Some(live) = self
            .live
            .get_mut(key)
            .filter(|live| live.end.is_none() && live.carrier == Some(place))
        else {
            return;
        };
        let message = live.id;
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
        let carrier = self.count_accepted(now, place, price, left);
        self.note(&Submitted {
            id: message.0,
            carrier,
            segment,
            attempt,
            at_utc_ns: now.utc_ns,
            price_micros: price,
            carrier_message_id: id.to_vec(),
        });
        self.forget_when_durable(left);
        match self.early.take(place, &id) {
            Some(parked) => {
                self.receipt_matched(now, place, key, segment, parked.state, parked.error)
            }
            None => self.go_on(now, key, false),
        }
    }

    fn forget_when_durable(&mut self, left: Option<Left>) {
        self.frames
            .after
            .forget
            .extend(left.map(|left| (left.place, left.journal)));
    }

    /// Counts a segment that a carrier took; gives the carrier's number.
    fn count_accepted(&mut self, now: Now, place: u16, price: i64, left: Option<Left>) -> u32 {
        let Some(carrier) = self.carriers.get_mut(&place) else {
            return u32::MAX;
        };
        carrier.stats.segments_accepted += 1;
        carrier.stats.cost_micros = carrier.stats.cost_micros.saturating_add(price);
        if let (Some(left), Some(histogram)) = (left, carrier.stats.response_us.as_mut()) {
            histogram.saturating_record(now.mono_ns.saturating_sub(left.since_ns) / 1000);
        }
        carrier.number
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
    pub(in crate::shard) fn segment_refused(
        &mut self,
        now: Now,
        place: u16,
        ticket: u64,
        refusal: Refusal,
        late: bool,
    ) {
        let (key, segment) = Key::of_ticket(ticket);
        let left = self.leave_window(place, key, segment);
        let Some(carrier) = self.carriers.get_mut(&place) else {
            return;
        };
        let number = carrier.number;
        let throttled = refusal.disposition == Disposition::Throttled;
        if throttled {
            carrier.stats.segments_throttled += 1;
            carrier.throttle.on_throttled(now.mono_ns);
        } else {
            carrier.stats.segments_refused += 1;
        }
        let Some(left) = left else {
            // A late no settles what was uncertain: it was not taken, so it may be sent again at once.
            return if late {
                self.late_refusal(now, key, segment)
            };
        };
        if throttled {
            // The log says unsent, and so it is.
            self.forget_in_flight(left.place, left.journal);
            return self.go_on(now, key, true);
        }
        let Some(next_carrier) = self.weigh(key, refusal) else {
            return;
        };
        let id = self.live.get(key).map_or(0, |live| live.id.0);
        self.note(&Refused {
            id,
            carrier: number,
            status: refusal.status,
            segment,
            next_carrier,
            at_utc_ns: now.utc_ns,
        });
        self.forget_when_durable(Some(left));
        self.go_on(now, key, false);
    }

    /// What a refusal means for the message; whether the next carrier is to be tried.
    fn weigh(&mut self, key: Key, refusal: Refusal) -> Option<bool> {
        let retry_delay_ns = self.shared.settings.retry_delay_ns;
        let live = self.live.get_mut(key)?;
        live.last_error = refusal.status;
        let first = live.note_bad_outcome();
        let next_carrier = match refusal.disposition {
            Disposition::MessageFault => {
                live.fault = true;
                false
            }
            Disposition::NextCarrier => true,
            Disposition::RetryHere | Disposition::LinkFault | Disposition::Throttled => {
                live.retries_here = live.retries_here.saturating_add(u8::from(first));
                live.retries_here > RETRIES_HERE_MAX
            }
        };
        live.leave_carrier |= next_carrier;
        if !next_carrier {
            live.pause_ns = retry_delay_ns;
        }
        Some(next_carrier)
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
        let Some(carrier) = self.carriers.get_mut(&place) else {
            return;
        };
        carrier.stats.segments_uncertain += 1;
        let number = carrier.number;
        let Some(live) = self.live.get_mut(key) else {
            return;
        };
        live.note_bad_outcome();
        let (id, policy) = (live.id.0, live.on_no_response);
        if let Some(found) = live.segment_mut(segment) {
            found.attempts = found.attempts.saturating_add(1);
            found.state = match policy {
                OnNoResponse::Resend => SegmentState::Unsent,
                OnNoResponse::Wait | OnNoResponse::Fail => SegmentState::Uncertain,
            };
        }
        self.note(&Uncertain {
            id,
            carrier: number,
            segment,
            reason,
            at_utc_ns: now.utc_ns,
        });
        self.forget_when_durable(Some(left));
        if policy == OnNoResponse::Fail {
            return self.finish(now, key, Status::Unknown, NO_RESPONSE);
        }
        self.go_on(now, key, true);
    }
}

/// Why a message ends where the route says so.
pub(in crate::shard) const NO_RESPONSE: &str = "no response came and the route says to fail";
