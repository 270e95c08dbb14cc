//! From the lanes to the links: class by class, one slot and one token a segment, taken before it is written.
//!
//! Bound: `SEGMENTS_A_TURN_MAX` in one turn, so that answers are read in between. A lane whose best carrier belongs to
//! another shard moves there, `MOVED_A_TURN_MAX` messages at a time.

use std::collections::VecDeque;

use carrack_carrier::{Outgoing, SubmitRefused};
use carrack_message::record::{ArchivedBody, RecordView, record_at};
use carrack_message::segment::{Udh8, encode_segment, split};
use carrack_message::{Class, Sender, Status, alphabet};
use carrack_queue::InFlight;
use carrack_routing::PlanId;
use carrack_runtime::Now;

use super::Shard;
use super::live::{Key, Phase, SegmentState};
use crate::mail::Mail;
use crate::shared::Health;

const SEGMENTS_A_TURN_MAX: usize = 2048;
const MOVED_A_TURN_MAX: usize = 256;
const ESM_CLASS_UDHI: u8 = 0x40;

/// What became of a message that was to be sent.
enum Sent {
    /// All its segments are in windows.
    Whole,
    /// Segments are left; the carrier takes no more now.
    CarrierFull,
    /// It needs no sending any more.
    Gone,
}

impl Shard {
    /// Sends what can be sent. True: the turn's bound was reached and there is more.
    pub(super) fn dispatch(&mut self, now: Now) -> bool {
        if self
            .shared
            .draining
            .load(std::sync::atomic::Ordering::Acquire)
        {
            return false;
        }
        let mut budget = SEGMENTS_A_TURN_MAX;
        for index in 0..self.owned.len() {
            if let Some(place) = self.owned.get(index).copied() {
                self.send_unfinished(now, place, &mut budget);
            }
        }
        for class in Class::ALL {
            self.send_class(now, class, &mut budget);
        }
        budget == 0
    }

    fn send_unfinished(&mut self, now: Now, place: u16, budget: &mut usize) {
        let count = self
            .carriers
            .get(&place)
            .map_or(0, |carrier| carrier.unfinished.len());
        if count == 0 {
            return;
        }
        let up = self.shared.health(place) == Health::Up;
        for _ in 0..count {
            let unfinished = self
                .carriers
                .get_mut(&place)
                .map(|carrier| &mut carrier.unfinished);
            let Some(key) = unfinished.and_then(VecDeque::pop_front) else {
                return;
            };
            let live = self.live.get_mut(key);
            let Some(live) = live.filter(|live| live.unfinished && live.carrier == Some(place))
            else {
                continue;
            };
            live.unfinished = false;
            if !up {
                // Its carrier is gone: the text goes whole to whoever is best now.
                self.put_back(now, key);
                continue;
            }
            if let Sent::CarrierFull = self.send(now, key, place, budget) {
                self.keep_unfinished(key, place, true);
                return;
            }
        }
    }

    fn put_back(&mut self, now: Now, key: Key) {
        if self
            .live
            .get(key)
            .is_some_and(|live| live.in_flight() == 0 && live.end.is_none())
        {
            self.go_on(now, key, true);
        }
    }

    /// Takes from the lanes of one class in turn, so that no plan waits for another.
    fn send_class(&mut self, now: Now, class: Class, budget: &mut usize) {
        let lanes = self.lanes.len();
        self.lane_turn = self.lane_turn.wrapping_add(1);
        for step in 0..lanes {
            let lane = (self.lane_turn + step) % lanes;
            let Some(found) = self
                .lanes
                .get(lane)
                .filter(|lane| lane.class == class && !lane.queue.is_empty())
            else {
                continue;
            };
            let Some(place) = self.best(found.plan) else {
                continue;
            };
            match self.shared.owner(place) {
                Some(owner) if owner == self.number => self.send_lane(now, lane, place, budget),
                Some(owner) => self.move_lane(lane, owner),
                None => {}
            }
            if *budget == 0 {
                return;
            }
        }
    }

    /// The first carrier of a plan that is up.
    fn best(&self, plan: PlanId) -> Option<u16> {
        self.plans
            .carriers(plan)
            .iter()
            .copied()
            .find(|place| self.shared.health(*place) == Health::Up)
    }

    fn send_lane(&mut self, now: Now, lane: usize, place: u16, budget: &mut usize) {
        while *budget > 0 {
            if !self.has_room(now, place) {
                return;
            }
            let Some(key) = self.take_waiting(lane) else {
                return;
            };
            if let Sent::CarrierFull = self.send(now, key, place, budget) {
                self.keep_unfinished(key, place, false);
                return;
            }
        }
    }

    /// The next message that really waits in this lane; keys of messages that have gone another way are passed over.
    fn take_waiting(&mut self, lane: usize) -> Option<Key> {
        let plan = self.lanes.get(lane)?.plan;
        loop {
            let key = self.lanes.pop(lane)?;
            let live = self.live.get(key);
            if live.is_some_and(|live| {
                live.phase == Phase::Waiting && live.plan == plan && !live.unfinished
            }) {
                return Some(key);
            }
        }
    }

    fn keep_unfinished(&mut self, key: Key, place: u16, first: bool) {
        let Some(live) = self.live.get_mut(key) else {
            return;
        };
        let Some(carrier) = self.carriers.get_mut(&place) else {
            return;
        };
        live.unfinished = true;
        live.phase = Phase::Sending;
        if first {
            carrier.unfinished.push_front(key);
        } else {
            carrier.unfinished.push_back(key);
        }
    }

    fn has_room(&mut self, now: Now, place: u16) -> bool {
        let Some(carrier) = self.carriers.get_mut(&place) else {
            return false;
        };
        carrier.unfinished.is_empty()
            && carrier.free_link().is_some()
            && carrier.is_due(now.mono_ns).is_ok()
            && self.journal.free() > 0
    }

    /// Sends the unsent segments of one message.
    fn send(&mut self, now: Now, key: Key, place: u16, budget: &mut usize) -> Sent {
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
        if live.carrier.is_some_and(|before| before != place) && live.in_flight() == 0 {
            // Some segments went elsewhere before: all of the text goes this way now.
            self.forget_segments(key);
        }
        let Some(live) = self.live.get_mut(key) else {
            return Sent::Gone;
        };
        live.carrier = Some(place);
        let segments = live.segments.len() as u8;
        for segment in 0..segments {
            let unsent = self
                .live
                .get(key)
                .and_then(|live| live.segments.get(usize::from(segment)));
            if unsent.is_none_or(|segment| segment.state != SegmentState::Unsent) {
                continue;
            }
            match self.send_segment(now, key, place, segment) {
                Ok(true) => *budget = budget.saturating_sub(1),
                Ok(false) => return Sent::CarrierFull,
                Err(reason) => {
                    self.unsendable(now, key, &reason);
                    return Sent::Gone;
                }
            }
        }
        if let Some(live) = self.live.get_mut(key).filter(|live| live.in_flight() > 0) {
            live.phase = Phase::Sending;
        } else {
            self.go_on(now, key, false);
        }
        Sent::Whole
    }

    /// A record that cannot be read or written on the wire ends its message, not the lane.
    fn unsendable(&mut self, now: Now, key: Key, reason: &str) {
        if let Some(live) = self.live.get_mut(key) {
            tracing::error!(id = %live.id, reason, "a message cannot be sent");
            live.fault = true;
            if live.in_flight() == 0 {
                self.finish(now, key, Status::Rejected, reason);
            }
        }
    }

    /// One segment into a window: true; false when there is no slot, token or journal entry now.
    fn send_segment(
        &mut self,
        now: Now,
        key: Key,
        place: u16,
        segment: u8,
    ) -> Result<bool, String> {
        let Some(live) = self.live.get(key) else {
            return Ok(true);
        };
        let Some(carrier) = self.carriers.get_mut(&place) else {
            return Ok(false);
        };
        let Some(link) = carrier.free_link() else {
            return Ok(false);
        };
        let due = carrier.is_due(now.mono_ns).is_ok();
        if self.journal.free() == 0 || !due || carrier.throttle.take(now.mono_ns, 1).is_err() {
            return Ok(false);
        }
        let frame = live.frame.as_ref().ok_or("its text is not in memory")?;
        let Ok(RecordView::Accepted(record)) = record_at(&frame.octets, live.offset) else {
            return Err("its record cannot be read".to_owned());
        };
        let from = Sender::parse(record.from.as_str()).map_err(|fault| fault.to_string())?;
        self.scratch.clear();
        let (data_coding, esm_class) = encode(
            &record.body,
            record.reference,
            live.segments.len() as u8,
            segment,
            &mut self.scratch,
        )?;
        let remaining_ns = live.expires_utc_ns.saturating_sub(now.utc_ns);
        let outgoing = Outgoing {
            from: &from,
            to: live.to,
            octets: &self.scratch,
            data_coding,
            esm_class,
            validity_s: (remaining_ns / 1_000_000_000).max(1),
        };
        let in_flight = InFlight {
            id: live.id.0,
            carrier: carrier.number,
            segment,
        };
        let Some(journal) = self.journal.note(in_flight) else {
            return Ok(false);
        };
        let Some(link) = carrier.links.get_mut(link) else {
            return Ok(false);
        };
        match link.submit(now, key.ticket(segment), &outgoing) {
            Ok(()) => {}
            Err(refused) => {
                self.journal.forget(journal);
                return match refused {
                    SubmitRefused::NotNow => Ok(false),
                    SubmitRefused::Unwritable => {
                        Err("it cannot be written as a submit_sm".to_owned())
                    }
                };
            }
        }
        carrier.stats.segments_sent += 1;
        if let Some(found) = self
            .live
            .get_mut(key)
            .and_then(|live| live.segment_mut(segment))
        {
            found.state = SegmentState::InFlight {
                journal,
                since_ns: now.mono_ns,
            };
        }
        Ok(true)
    }

    /// Gives messages to the shard that owns their best carrier.
    fn move_lane(&mut self, lane: usize, owner: u8) {
        let Some(peer) = self.peers.get(usize::from(owner)).cloned() else {
            return;
        };
        let mut moved = Vec::new();
        while moved.len() < MOVED_A_TURN_MAX {
            let Some(key) = self.take_waiting(lane) else {
                break;
            };
            // Segments that went to a carrier of ours cannot be followed from there.
            self.forget_segments(key);
            if let Some(live) = self.live.remove(key) {
                let (plan, route) = (
                    self.plans.carriers(live.plan).to_vec(),
                    self.plans.carriers(live.route_plan).to_vec(),
                );
                moved.push((live, plan, route));
            }
        }
        if moved.is_empty() {
            return;
        }
        // What we wrote of them comes before what the other shard will write.
        self.frames.seal();
        if let Err(full) = peer.send(Mail::Moved(moved))
            && let Mail::Moved(moved) = full.0
        {
            self.take_moved(moved);
        }
    }

    /// Messages from another shard (or our own, when the other's mailbox was full).
    pub(super) fn take_moved(&mut self, moved: Vec<(super::Live, Vec<u16>, Vec<u16>)>) {
        for (mut live, plan, route) in moved {
            let plans = (self.plans.intern(&plan), self.plans.intern(&route));
            if let (Ok(plan), Ok(route_plan)) = plans {
                (live.plan, live.route_plan, live.carrier) = (plan, route_plan, None);
            }
            let (plan, class) = (live.plan, live.class);
            let key = self.live.insert(live);
            self.lanes.push_back(plan, class, key);
        }
    }
}

/// Writes the user data of one segment; gives `data_coding` and the UDHI bit.
fn encode(
    body: &ArchivedBody,
    reference: u8,
    segments: u8,
    segment: u8,
    out: &mut Vec<u8>,
) -> Result<(u8, u8), String> {
    match body {
        ArchivedBody::Raw {
            data_coding,
            esm_class,
            octets,
        } => {
            out.extend_from_slice(octets);
            Ok((*data_coding, *esm_class))
        }
        ArchivedBody::Text(text) => {
            let text = text.as_str();
            let alphabet = alphabet::choose(text);
            let header = (segments > 1).then_some(Udh8 {
                reference,
                total: segments,
                part: segment + 1,
            });
            let part = split(text, alphabet)
                .nth(usize::from(segment))
                .unwrap_or("");
            encode_segment(part, alphabet, header, out).map_err(|fault| fault.to_string())?;
            Ok((
                alphabet.data_coding(),
                if header.is_some() { ESM_CLASS_UDHI } else { 0 },
            ))
        }
    }
}
