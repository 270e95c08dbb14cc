//! What a carrier answered to a part of a text.

use carrack_carrier::{CarrierMessageId, Disposition, Refusal};
use carrack_message::record::{Refused, Submitted};
use carrack_runtime::Now;

use super::receipts::{How, Report};
use crate::settings::EngineSettings;
use crate::shard::Shard;
use crate::shard::live::{Key, Live, Segment, SegmentState};
use crate::shard::matching::folded;

/// Passing refusals at one carrier in a row before the next one is tried (trap T16).
const RETRIES_HERE_MAX: u8 = 1;

/// A part that has left its window.
#[derive(Clone, Copy)]
pub(super) struct Left {
    /// Its journal entry: to be forgotten with the frame that holds the outcome, not before.
    pub(super) journal: u32,
    pub(super) place: u16,
    pub(super) since_ns: u64,
}

impl Live {
    /// Counts a bad outcome: the parts that a text has in windows at a time are one attempt of it.
    pub(super) fn note_bad_outcome(&mut self) -> bool {
        let first = !self.round_failed;
        self.round_failed = true;
        self.attempts = self.attempts.saturating_add(u32::from(first));
        first
    }
}

impl Shard {
    /// Takes a part out of its window. `None`: the message is gone, or was not in flight there.
    pub(super) fn leave_window(&mut self, place: u16, key: Key, segment: u8) -> Option<Left> {
        let live = self
            .live
            .get_mut(key)
            .filter(|live| live.carrier == Some(place))?;
        let to = live.to;
        let found = live.segment_mut(segment)?;
        let SegmentState::InFlight { journal, since_ns } = found.state else {
            return None;
        };
        found.state = SegmentState::Unsent;
        self.in_window.remove(to);
        Some(Left {
            journal,
            place,
            since_ns,
        })
    }

    pub(super) fn forget_when_durable(&mut self, left: Option<Left>) {
        self.frames
            .after
            .forget
            .extend(left.map(|left| (left.place, left.journal)));
    }

    /// A carrier took a part. `late`: its slot had been given on before.
    pub(in crate::shard) fn segment_accepted(
        &mut self,
        now: Now,
        place: u16,
        ticket: u64,
        id: CarrierMessageId,
        late: bool,
    ) {
        let (key, segment) = Key::of_ticket(ticket);
        let live = self.live.get(key);
        let Some(state) = live
            .filter(|live| live.end.is_none() && live.carrier == Some(place))
            .and_then(|live| live.segments.get(usize::from(segment)))
            .map(|segment| segment.state)
        else {
            return;
        };
        match state {
            // Of the copies that were sent, one was taken before.
            SegmentState::Submitted { .. } | SegmentState::Done(_) => {
                return self.segment_doubled(key, place, segment, &id);
            }
            SegmentState::Unsent if !late => return,
            _ => {}
        }
        // A late answer may come while another copy is in the window: the message is taken, whatever becomes of that.
        let left = self.leave_window(place, key, segment);
        self.unlist(place, key, segment);
        if id.is_empty()
            && let Some(carrier) = self.carriers.get_mut(&place)
        {
            carrier.stats.segments_untracked += 1;
        }
        let parked = self.parked_for(place, &id, key);
        self.taken(now, place, key, segment, id, left.filter(|_| !late));
        self.forget_when_durable(left);
        match parked {
            Some((form, transform, parked)) => {
                let report = Report::of(&parked);
                let how = How::Parked {
                    transform,
                    form,
                    raw: parked.raw,
                };
                self.receipt_matched(now, place, key, segment, report, how);
            }
            None => self.go_on(now, key, false),
        }
    }

    /// Writes down that a carrier has a part, and makes it findable by receipts.
    pub(super) fn taken(
        &mut self,
        now: Now,
        place: u16,
        key: Key,
        segment: u8,
        id: CarrierMessageId,
        left: Option<Left>,
    ) {
        let units = self.units_of(key, segment);
        let price = self.table_price(key, place, units);
        let (Some(live), Some(carrier)) = (self.live.get_mut(key), self.carriers.get_mut(&place))
        else {
            return;
        };
        let (message, to, parts) = (live.id, live.to, live.segments.len() as u8);
        live.retries_here = 0;
        let Some(found) = live.segment_mut(segment) else {
            return;
        };
        found.attempts = found.attempts.saturating_add(1);
        found.state = SegmentState::Submitted { at_ns: now.mono_ns };
        let attempt = found.attempts;
        live.segments_sent = live.segments_sent.saturating_add(units);
        live.cost_micros = live.cost_micros.saturating_add(price);
        carrier.account_fault = None;
        carrier.stats.segments_accepted += u64::from(units);
        carrier.stats.cost_micros = carrier.stats.cost_micros.saturating_add(price);
        if let Some(left) = left {
            let waited_ns = now.mono_ns.saturating_sub(left.since_ns);
            if let Some(histogram) = carrier.stats.response_us.as_mut() {
                histogram.saturating_record(waited_ns / 1000);
            }
            let (network, class, waited_ms) = (live.network, live.class, waited_ns / 1_000_000);
            if !live.policy.is_own {
                carrier
                    .observed
                    .accepted(now.mono_ns, network, class, waited_ms);
            }
            carrier.note_answer(now, true);
        }
        if id.is_empty() {
            self.unnamed.insert(place, to, message, key, segment);
        } else {
            let folded = folded(&carrier.rules.ids, &id);
            self.correlation.insert(place, &folded, key.slot);
        }
        let record = Submitted {
            id: message.0,
            carrier: carrier.number,
            segment,
            parts,
            segments: units,
            attempt,
            at_utc_ns: now.utc_ns,
            price_micros: price,
            carrier_message_id: id.to_vec(),
        };
        if let Some(found) = live.segment_mut(segment) {
            found.carrier_id = id;
        }
        self.note(&record);
        self.count_submitted(key);
    }

    /// A second copy was taken, or the answer to the first came twice.
    fn segment_doubled(&mut self, key: Key, place: u16, segment: u8, id: &CarrierMessageId) {
        let units = self.units_of(key, segment);
        let price = self.table_price(key, place, units);
        let (Some(live), Some(carrier)) = (self.live.get_mut(key), self.carriers.get_mut(&place))
        else {
            return;
        };
        let Some(found) = live.segment_mut(segment) else {
            return;
        };
        if found.carrier_id == *id {
            return;
        }
        if found.carrier_id.is_empty() {
            // A receipt that its number matched came before: it is the same copy, and now has its id.
            return self.named_late(key, place, segment, id);
        }
        live.cost_micros = live.cost_micros.saturating_add(price);
        live.segments_sent = live.segments_sent.saturating_add(units);
        carrier.stats.segments_doubled += u64::from(units);
    }

    /// The id of a part that was known to be taken before.
    fn named_late(&mut self, key: Key, place: u16, segment: u8, id: &CarrierMessageId) {
        self.unlist(place, key, segment);
        let (Some(live), Some(carrier)) = (self.live.get_mut(key), self.carriers.get_mut(&place))
        else {
            return;
        };
        if let Some(found) = live
            .segment_mut(segment)
            .filter(|found| matches!(found.state, SegmentState::Submitted { .. }))
        {
            found.carrier_id = id.clone();
            let folded = folded(&carrier.rules.ids, id);
            self.correlation.insert(place, &folded, key.slot);
        }
    }

    fn units_of(&self, key: Key, segment: u8) -> u8 {
        let live = self.live.get(key);
        let found = live.and_then(|live| live.segments.get(usize::from(segment)));
        found.map_or(1, |segment| segment.units)
    }

    /// What the carrier charges for these segments of a message, those that it has of it already taken into account.
    fn table_price(&self, key: Key, place: u16, units: u8) -> i64 {
        let Some((row, live)) = self.table.carrier(place).zip(self.live.get(key)) else {
            return 0;
        };
        let has = |segment: &&Segment| {
            matches!(
                segment.state,
                SegmentState::Submitted { .. } | SegmentState::Done(_)
            )
        };
        let parts = live.segments.iter().filter(has);
        let before: u32 = parts.map(|segment| u32::from(segment.units)).sum();
        let cost = |segments| {
            let cost = row.cost(live.to, live.network, segments);
            cost.map_or(0, |cost| cost.0)
        };
        let after = before.saturating_add(u32::from(units));
        let already = if before == 0 { 0 } else { cost(before) };
        cost(after).saturating_sub(already)
    }

    /// A carrier refused a part.
    pub(in crate::shard) fn segment_refused(
        &mut self,
        now: Now,
        place: u16,
        ticket: u64,
        refusal: Refusal,
        late: bool,
    ) {
        let (key, segment) = Key::of_ticket(ticket);
        self.carrier_refused(now, place, refusal);
        let left = match late {
            true if self.settle_late_refusal(place, key, segment) => None,
            true => return,
            false => match self.leave_window(place, key, segment) {
                Some(left) => Some(left),
                None => return,
            },
        };
        // None of these says whether the carrier takes messages.
        let says_nothing = matches!(
            refusal.disposition,
            Disposition::Throttled
                | Disposition::MessageFault
                | Disposition::DestinationFull
                | Disposition::NotWritten
        );
        if says_nothing && let Some(carrier) = self.carriers.get_mut(&place) {
            carrier.breaker.unsaid();
        }
        if refusal.disposition == Disposition::Throttled {
            return self.part_throttled(now, place, key, segment, refusal, left);
        }
        let Some(next_carrier) = self.weigh(key, refusal) else {
            return;
        };
        if !says_nothing {
            self.observe_refusal(now, place, key);
        }
        self.note_refused(now, place, key, segment, refusal, next_carrier);
        self.forget_when_durable(left);
        self.go_on(now, key, false);
    }

    pub(super) fn note_refused(
        &mut self,
        now: Now,
        place: u16,
        key: Key,
        segment: u8,
        refusal: Refusal,
        next_carrier: bool,
    ) {
        let id = self.live.get(key).map_or(0, |live| live.id.0);
        let number = self
            .carriers
            .get(&place)
            .map_or(u32::MAX, |carrier| carrier.number);
        self.note(&Refused {
            id,
            carrier: number,
            status: refusal.status,
            segment,
            next_carrier,
            at_utc_ns: now.utc_ns,
        });
    }

    /// It was not taken: what was uncertain is unsent. False: a copy of it is meant that matters no more, or one that is in
    /// a window is not meant.
    fn settle_late_refusal(&mut self, place: u16, key: Key, segment: u8) -> bool {
        let uncertain = self.live.get(key).is_some_and(|live| {
            let found = live.segments.get(usize::from(segment));
            live.carrier == Some(place)
                && found.is_some_and(|found| matches!(found.state, SegmentState::Uncertain { .. }))
        });
        if uncertain {
            self.unlist(place, key, segment);
            self.set_state(key, segment, SegmentState::Unsent);
        }
        uncertain
    }

    /// What a refusal means for the carrier.
    fn carrier_refused(&mut self, now: Now, place: u16, refusal: Refusal) {
        let rest_ns = self.shared.settings.retry_delay_max_ns;
        let Some(carrier) = self.carriers.get_mut(&place) else {
            return;
        };
        carrier.errors.on_submit(refusal.status);
        if refusal.disposition == Disposition::Throttled {
            carrier.stats.segments_throttled += 1;
            return carrier.throttle.on_throttled(now.mono_ns);
        }
        carrier.stats.segments_refused += 1;
        match refusal.disposition {
            Disposition::DestinationFull => carrier.stats.destination_full += 1,
            Disposition::AccountFault => {
                let until_ns = now.mono_ns.saturating_add(rest_ns);
                if carrier.rest(until_ns, refusal.status) {
                    let status = format!("{:#010x}", refusal.status);
                    tracing::error!(
                        carrier = carrier.name,
                        status,
                        "the carrier says that our account there is at fault; it rests between tries: mend the account"
                    );
                }
            }
            _ => {}
        }
    }

    /// What a refusal means for the message; whether the next carrier is to be tried.
    pub(super) fn weigh(&mut self, key: Key, refusal: Refusal) -> Option<bool> {
        let settings = &self.shared.settings;
        let live = self.live.get_mut(key)?;
        // What stood behind a part that was refused does not say why.
        if refusal.disposition != Disposition::NotWritten || live.last_error == 0 {
            live.last_error = refusal.status;
        }
        let first = live.note_bad_outcome();
        let mut pause_ns = settings.retry_delay_ns;
        let next_carrier = match refusal.disposition {
            Disposition::MessageFault => {
                live.fault = true;
                false
            }
            Disposition::NextCarrier | Disposition::AccountFault => true,
            Disposition::DestinationFull => {
                pause_ns = grown(settings, live);
                false
            }
            Disposition::RetryHere
            | Disposition::LinkFault
            | Disposition::Throttled
            | Disposition::NotWritten => {
                live.retries_here = live.retries_here.saturating_add(u8::from(first));
                live.retries_here > RETRIES_HERE_MAX
            }
        };
        live.leave_carrier |= next_carrier;
        if !next_carrier {
            live.pause_ns = live.pause_ns.max(pause_ns);
        }
        Some(next_carrier)
    }
}

/// A pause that doubles with each attempt, spread by a fifth either way so that what was refused together does not come
/// back together (trap T15).
fn grown(settings: &EngineSettings, live: &Live) -> u64 {
    let doublings = live.attempts.saturating_sub(1).min(16);
    let most_ns = settings.retry_delay_max_ns;
    let pause_ns = settings
        .retry_delay_ns
        .saturating_mul(1 << doublings)
        .min(most_ns);
    let mixed = (live.id.0 as u64 ^ u64::from(live.attempts)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let per_mille = 800 + (mixed >> 32) % 401;
    (pause_ns / 1000).saturating_mul(per_mille)
}
