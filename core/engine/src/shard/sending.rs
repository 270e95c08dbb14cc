//! One message onto a link: for each segment one slot, one token and a note in the journal, all before it is written.

use carrack_carrier::{Outgoing, SubmitRefused};
use carrack_message::record::{ArchivedBody, RecordView, record_at};
use carrack_message::segment::{Udh8, encode_segment, split};
use carrack_message::{Sender, Status, alphabet};
use carrack_queue::InFlight;
use carrack_runtime::Now;

use super::Shard;
use super::live::{Key, Phase, SegmentState};

const ESM_CLASS_UDHI: u8 = 0x40;

/// What became of a message that was to be sent.
pub(super) enum Sent {
    /// All its segments are in windows.
    Whole,
    /// Segments are left; the carrier takes no more now.
    CarrierFull,
    /// It needs no sending any more.
    Gone,
}

impl Shard {
    /// Sends the unsent segments of one message.
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
        if self.journal.free() == 0 || carrier.is_due(now.mono_ns).is_err() {
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
        // It was due, and nobody else takes from it.
        let _ = carrier.throttle.take(now.mono_ns, 1);
        carrier.stats.segments_sent += 1;
        carrier.unsettled += 1;
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
