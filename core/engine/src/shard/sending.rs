//! One message onto a link: its text in the carrier's form, and for each part one slot, its tokens and a note in the
//! journal, all before it is written.

mod passed_on;
mod whole_text;

use std::rc::Rc;

use carrack_carrier::{Outgoing, SarPart, SubmitRefused};
use carrack_message::record::{ArchivedAccepted, ArchivedBody, RecordView, record_at};
use carrack_message::wire::{Encoded, TextForm, WireFault, WirePlan};
use carrack_message::{MessageId, Sender, Status};
use carrack_queue::{InFlight, SealedFrame};
use carrack_runtime::Now;

use super::live::{Key, Live, Phase, Segment, SegmentState};
use super::quiet::Held;
use super::{Carrier, Shard};
use crate::limits::Dry;
use crate::rules::CarrierRules;
use passed_on::pass_on;
use whole_text::Gate;

/// What became of a message that was to be sent.
pub(super) enum Sent {
    /// All its parts are in windows.
    Whole,
    /// Parts are left; the carrier takes no more now.
    CarrierFull,
    /// Parts are left; a limit that is no carrier's has no token now.
    Dry(Dry),
    /// No link of the only carrier has room for all of it; it holds up nobody until then (monotonic).
    Aside(u64),
    /// It needs no sending any more.
    Gone,
    /// Its text is not in memory, and is being read.
    TextAsked,
    /// Its text is not in memory, and enough others are being read.
    TextsFull,
}

/// How far a text or a part of it came.
enum Went {
    Out,
    CarrierFull,
    Dry(Dry),
    Aside(u64),
}

/// Why a message cannot be sent.
enum Unsendable {
    /// Not by this carrier.
    Here(String),
    /// By none.
    Anywhere(String),
}

impl From<WireFault> for Unsendable {
    fn from(fault: WireFault) -> Self {
        Self::Here(fault.to_string())
    }
}

/// A message as its carrier will have it.
struct Letter<'a> {
    record: &'a ArchivedAccepted,
    from: Sender,
    rules: Rc<CarrierRules>,
    /// None for octets.
    plan: Option<WirePlan>,
    reference: u16,
}

impl Letter<'_> {
    fn parts(&self) -> u8 {
        self.plan.map_or(1, |plan| plan.parts)
    }

    fn encode(&self, part: u8, out: &mut Vec<u8>) -> Result<Encoded, WireFault> {
        match (&self.record.body, &self.plan) {
            (ArchivedBody::Text(text), Some(plan)) => {
                self.rules
                    .text
                    .encode(plan, text.as_str(), part, self.reference, out)
            }
            (body, _) => convert(&self.rules.text, body, out),
        }
    }
}

fn convert(form: &TextForm, body: &ArchivedBody, out: &mut Vec<u8>) -> Result<Encoded, WireFault> {
    let (data_coding, esm_class, octets): (u8, u8, &[u8]) = match body {
        ArchivedBody::Raw {
            data_coding,
            esm_class,
            octets,
        } => (*data_coding, *esm_class, octets),
        ArchivedBody::Text(_) => (0, 0, &[]),
    };
    form.convert(data_coding, esm_class, octets, out)
}

/// The parts of a text at one carrier.
pub(super) fn parts_of(form: &TextForm, body: &ArchivedBody) -> Option<u8> {
    match body {
        ArchivedBody::Text(text) => form.plan(text.as_str()).ok().map(|plan| plan.parts),
        ArchivedBody::Raw { .. } => Some(1),
    }
}

/// Sixteen bits of reference, the same whenever the message is sent. The low ones are those that were given out for this
/// sender and recipient; a text that was one segment when it was accepted has none and takes them from its id.
fn reference(record: &ArchivedAccepted) -> u16 {
    let id = MessageId(record.id.to_native()).parts();
    let mixed = (u64::from(id.frame) << 16 | u64::from(id.index))
        .wrapping_add(u64::from(id.epoch) << 48)
        .wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let low = match record.segments {
        0 | 1 => (mixed >> 40) as u8,
        _ => record.reference,
    };
    u16::from_be_bytes([(mixed >> 56) as u8, low])
}

impl Shard {
    /// Sends the unsent parts of one message.
    pub(super) fn send(&mut self, now: Now, key: Key, place: u16, budget: &mut usize) -> Sent {
        let Some(live) = self
            .live
            .get(key)
            .filter(|live| matches!(live.phase, Phase::Waiting | Phase::Sending))
        else {
            return Sent::Gone;
        };
        if now.utc_ns >= live.expires_utc_ns && live.in_flight() == 0 {
            self.finish(
                now,
                key,
                Status::Expired,
                "its validity ended before a carrier took it",
            );
            return Sent::Gone;
        }
        if live.frame.is_none() && live.in_flight() == 0 {
            return self.fetch_text(key);
        }
        if !self.suppressed.is_empty() && self.must_not_leave(now, key) {
            return Sent::Gone;
        }
        if self.directory.quiet().is_some() {
            match self.hold_in_quiet_hours(now, key) {
                Held::No => {}
                Held::Shelved => return Sent::Gone,
                Held::Waits => return self.waits_its_turn(key),
            }
        }
        let Some(live) = self.live.get(key) else {
            return Sent::Gone;
        };
        if live.in_flight() == 0
            && (live.carrier.is_some_and(|before| before != place) || self.is_torn(live, place))
        {
            // Some parts went elsewhere before: all of the text goes this way now.
            self.send_again(now, key);
        }
        let Some(live) = self.live.get_mut(key) else {
            return Sent::Gone;
        };
        live.carrier = Some(place);
        let Some(frame) = live.frame.take() else {
            let fault = Unsendable::Anywhere("its text is not in memory".to_owned());
            self.unsendable(now, key, place, fault);
            return Sent::Gone;
        };
        let sent = self.send_parts(now, key, place, budget, &frame);
        if let Some(live) = self.live.get_mut(key).filter(|live| live.end.is_none()) {
            live.frame = Some(frame);
        }
        match sent {
            Ok(Went::Out) => {}
            Ok(Went::CarrierFull) => return Sent::CarrierFull,
            Ok(Went::Dry(dry)) => return Sent::Dry(dry),
            Ok(Went::Aside(until_ns)) => return Sent::Aside(until_ns),
            Err(fault) => {
                self.unsendable(now, key, place, fault);
                return Sent::Gone;
            }
        }
        if let Some(live) = self.live.get_mut(key).filter(|live| live.in_flight() > 0) {
            live.phase = Phase::Sending;
        } else {
            self.go_on(now, key, false);
        }
        Sent::Whole
    }

    /// Whether some parts would go over another link than the ones before them, where a handset could not join them.
    fn is_torn(&self, live: &Live, place: u16) -> bool {
        // First what needs no look elsewhere: nearly every message begins here.
        let unsent = live.count(|state| state == SegmentState::Unsent);
        unsent < live.segments.len()
            && (self.carriers.get(&place)).is_some_and(|carrier| carrier.rules.whole_texts)
    }

    /// A record that cannot be read or written on the wire ends its message, or sends it to the next carrier; not the lane.
    fn unsendable(&mut self, now: Now, key: Key, place: u16, fault: Unsendable) {
        let is_another = self.has_another(key, place);
        let Some(live) = self.live.get_mut(key) else {
            return;
        };
        let (reason, here) = match fault {
            Unsendable::Here(reason) => (reason, true),
            Unsendable::Anywhere(reason) => (reason, false),
        };
        if here && is_another {
            tracing::debug!(id = %live.id, reason, "a message cannot be sent by this carrier");
            live.leave_carrier = true;
            return self.go_on(now, key, false);
        }
        tracing::error!(id = %live.id, reason, "a message cannot be sent");
        live.fault = true;
        if live.in_flight() == 0 {
            self.finish(now, key, Status::Rejected, &reason);
        }
    }

    /// All parts into windows, or as far as it goes.
    fn send_parts(
        &mut self,
        now: Now,
        key: Key,
        place: u16,
        budget: &mut usize,
        frame: &SealedFrame,
    ) -> Result<Went, Unsendable> {
        let Some((live, carrier)) = self.live.get(key).zip(self.carriers.get(&place)) else {
            return Ok(Went::CarrierFull);
        };
        let Ok(RecordView::Accepted(record)) = record_at(&frame.octets, live.offset) else {
            let reason = "its record cannot be read".to_owned();
            return Err(Unsendable::Anywhere(reason));
        };
        let rules = Rc::clone(&carrier.rules);
        let plan = match &record.body {
            ArchivedBody::Text(text) => Some(rules.text.plan(text.as_str())?),
            ArchivedBody::Raw { .. } => None,
        };
        let from = Sender::parse(record.from.as_str());
        let letter = Letter {
            from: from.map_err(|fault| Unsendable::Anywhere(fault.to_string()))?,
            reference: reference(record),
            record,
            rules,
            plan,
        };
        self.passed_on.clear();
        if !letter.rules.tlv_pass.is_empty() {
            pass_on(&record.tlvs, &letter.rules.tlv_pass, &mut self.passed_on);
        }
        self.fit(now, key, letter.parts());
        if !self.is_within_cap(now, key, place) {
            return Ok(Went::CarrierFull);
        }
        let link = match letter.rules.whole_texts {
            true => match self.gate(now, key, place, letter.parts())? {
                Gate::Open(link) => Some(link),
                Gate::Shut(went) => return Ok(went),
            },
            false => None,
        };
        for part in 0..letter.parts() {
            let found = self.live.get(key);
            let found = found.and_then(|live| live.segments.get(usize::from(part)));
            if found.is_none_or(|segment| segment.state != SegmentState::Unsent) {
                continue;
            }
            let went = self.send_part(now, key, (place, link), part, &letter);
            match went {
                Ok(Went::Out) => *budget = budget.saturating_sub(1),
                stopped => {
                    if link.is_some() {
                        self.not_sent(key, u32::from(letter.parts().saturating_sub(part)));
                    }
                    return stopped;
                }
            }
        }
        Ok(Went::Out)
    }

    /// Whether a message may go by another carrier.
    fn has_another(&self, key: Key, place: u16) -> bool {
        let plan = self.live.get(key).map(|live| live.plan);
        plan.is_some_and(|plan| {
            self.plans
                .carriers(plan)
                .iter()
                .any(|other| *other != place)
        })
    }

    /// Whether the carrier may have all of a text today that has not begun to go there. A part can take more segments than
    /// one where the carrier cuts it: that is looked at before it is sent.
    fn is_within_cap(&mut self, now: Now, key: Key, place: u16) -> bool {
        let Some((live, carrier)) = self.live.get(key).zip(self.carriers.get_mut(&place)) else {
            return false;
        };
        let Some(cap) = &mut carrier.cap else {
            return true;
        };
        let unsent = live.count(|state| state == SegmentState::Unsent);
        if unsent < live.segments.len() {
            return true;
        }
        let needs = unsent.max(usize::from(live.segments_priced));
        let left = cap.left(now.utc_ns);
        let fits = needs <= left as usize;
        if !fits {
            // What is left of the day is too little for a text: so it is over.
            let (day, used) = cap.take(now.utc_ns, left);
            self.day_counts.set(carrier.number, day, used);
        }
        fits
    }

    /// As many parts as the carrier's form makes of the text.
    pub(super) fn fit(&mut self, now: Now, key: Key, parts: u8) {
        let parts = usize::from(parts);
        let Some(live) = self.live.get(key) else {
            return;
        };
        if live.segments.len() == parts {
            return;
        }
        let mut beyond = live.segments.iter().skip(parts);
        if beyond.any(|segment| segment.state != SegmentState::Unsent) {
            // It was cut otherwise before, which a changed profile does: all of it goes again.
            self.send_again(now, key);
        }
        if let Some(live) = self.live.get_mut(key) {
            live.segments.resize_with(parts, Segment::unsent);
        }
    }

    /// One part into a window, or not when there is no slot, token or journal entry now. Over a link that was chosen for all parts its tokens are
    /// taken already.
    fn send_part(
        &mut self,
        now: Now,
        key: Key,
        (place, chosen): (u16, Option<usize>),
        part: u8,
        letter: &Letter<'_>,
    ) -> Result<Went, Unsendable> {
        let Some((live, carrier)) = self.live.get_mut(key).zip(self.carriers.get_mut(&place))
        else {
            return Ok(Went::CarrierFull);
        };
        let pace = live.pace.as_ref().filter(|_| chosen.is_none());
        if let Some(Err(dry)) = pace.map(|pace| pace.ready(now.mono_ns)) {
            return Ok(Went::Dry(dry));
        }
        let is_held = |carrier: &mut Carrier| {
            carrier.is_due(now.mono_ns, 1).is_err() || carrier.breaker.room(now.mono_ns) == 0
        };
        if self.journal.free() == 0 || (chosen.is_none() && is_held(carrier)) {
            return Ok(Went::CarrierFull);
        }
        let Some(link) = chosen.or_else(|| carrier.free_link()) else {
            return Ok(Went::CarrierFull);
        };
        self.scratch.clear();
        let encoded = letter.encode(part, &mut self.scratch)?;
        let segments = u32::from(encoded.segments.max(1));
        if segments > 1 && chosen.is_none() && carrier.is_due(now.mono_ns, segments).is_err() {
            carrier.wants = segments;
            return Ok(Went::CarrierFull);
        }
        let remaining_ns = live.expires_utc_ns.saturating_sub(now.utc_ns);
        let outgoing = Outgoing {
            from: &letter.from,
            to: live.to,
            octets: &self.scratch,
            data_coding: encoded.data_coding,
            esm_class: encoded.esm_class,
            sar: encoded.sar.map(|sar| SarPart {
                reference: sar.reference,
                total: sar.total,
                part: sar.part,
            }),
            payload: encoded.payload,
            flash_subunit: encoded.flash_subunit,
            tlvs: &self.passed_on,
            validity_s: (remaining_ns / 1_000_000_000).max(1),
        };
        let sent = live.segments.get(usize::from(part));
        let again = sent.is_some_and(|segment| segment.attempts > 0);
        let in_flight = InFlight {
            id: live.id.0,
            carrier: carrier.number,
            segment: part,
            again,
        };
        // Of other shards too: it is taken before, and given back where nothing goes.
        let pace = live.pace.as_ref().filter(|_| chosen.is_none());
        if let Some(Err(dry)) = pace.map(|pace| pace.take(now.mono_ns, segments)) {
            return Ok(Went::Dry(dry));
        }
        let unused = || pace.into_iter().for_each(|pace| pace.give_back(segments));
        let Some(journal) = self.journal.note(in_flight) else {
            unused();
            return Ok(Went::CarrierFull);
        };
        let ticket = key.ticket(part);
        let submitted = match carrier.links.get_mut(link) {
            Some(link) => link.submit(now, ticket, &outgoing),
            None => Err(SubmitRefused::NotNow),
        };
        if let Err(refused) = submitted {
            self.journal.forget(journal);
            unused();
            return match refused {
                SubmitRefused::NotNow => Ok(Went::CarrierFull),
                SubmitRefused::Unwritable => Err(Unsendable::Here(
                    "it cannot be written as a submit_sm".to_owned(),
                )),
            };
        }
        if chosen.is_none() {
            carrier.pay(now.mono_ns, segments);
        }
        carrier.note_sent(segments);
        if let Some(cap) = &mut carrier.cap {
            let (day, used) = cap.take(now.utc_ns, segments);
            self.day_counts.set(carrier.number, day, used);
        }
        self.in_window.add(live.to);
        if let Some(found) = live.segment_mut(part) {
            found.units = encoded.segments.max(1);
            found.state = SegmentState::InFlight {
                journal,
                since_ns: now.mono_ns,
            };
        }
        Ok(Went::Out)
    }
}
