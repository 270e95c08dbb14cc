//! Another moment for a message of which nothing has left: earlier, later, or at once.
//!
//! Promise: by the two doors alone. What is on the shelf comes back to the log as when it is due, and goes there again once
//! that is durable; what waits in memory goes there. Its validity moves with it in its whole length, and quiet hours hold it;
//! where it could only expire then it is not moved. The answer comes
//! when the new moment is durable, and says it; a crash before leaves the old one, or sends it. One that came back and cannot be written down now waits aside,
//! out of every lane, and is tried again each turn: it never leaves because it could not be moved. What waits in the log of
//! a long lane is not moved.

use carrack_message::record::{
    Accepted, FRAME_HEADER_OCTETS, FrameReader, FrameWriter, RecordView, Tried, owned,
};
use carrack_queue::ShelfEntry;
use carrack_runtime::Now;

use super::Shard;
use super::live::{Key, Phase, SegmentState};
use super::shelf::Wish;
use super::validity::Validity;
use crate::engine::Rescheduled;
use crate::facts::Facts;

/// Where a message's own record lies in its entry.
const FIRST: u32 = FRAME_HEADER_OCTETS as u32;

/// Who is told the moment that it has now.
pub(crate) type MoveReply = Box<dyn FnOnce(Option<Rescheduled>) + Send>;

/// What became of a message that is to be sent at another moment.
enum Moved {
    /// It is on its way to the shelf.
    Shelved,
    /// That moment has come.
    Due,
    /// Nothing can be written now.
    NotNow(MoveReply),
}

impl Shard {
    /// A customer wants a message sent at another moment.
    pub(super) fn reschedule(
        &mut self,
        now: Now,
        id: carrack_message::MessageId,
        at_utc_ns: u64,
        reply: MoveReply,
    ) {
        let found = self.live.iter().find(|(_, live)| live.id == id);
        let Some((key, live)) = found else {
            return self.wish_on_shelf(id, Wish::SendAt(at_utc_ns, reply));
        };
        let is_whole = live.segments_sent == 0 && live.all(|state| state == SegmentState::Unsent);
        let is_written = live.frame.is_some();
        let refused = match live.phase {
            _ if !is_whole => Some(Rescheduled::TooLate),
            Phase::Waiting if is_written => None,
            // Another change of it is under way.
            Phase::Committing | Phase::Leaving => Some(Rescheduled::Busy),
            _ => Some(Rescheduled::TooLate),
        };
        if let Some(refused) = refused {
            return reply(Some(refused));
        }
        if self.would_expire(now, key, at_utc_ns) {
            return reply(Some(Rescheduled::WouldExpire));
        }
        if let Moved::NotNow(reply) = self.move_to(now, key, at_utc_ns, reply) {
            // It stays in its lane, as if nobody had asked.
            reply(Some(Rescheduled::Busy));
        }
    }

    /// It is on the shelf: it comes back, and goes there again once that is durable.
    pub(super) fn reschedule_there(
        &mut self,
        now: Now,
        entry: &ShelfEntry,
        at_utc_ns: u64,
        reply: MoveReply,
    ) {
        let there = match at_moment(entry, at_utc_ns.max(now.utc_ns)) {
            Ok(there) if self.would_expire_there(now, &there) => Err(Rescheduled::WouldExpire),
            there => there,
        };
        let there = match there {
            Ok(there) => there,
            Err(refused) => return reply(Some(refused)),
        };
        match self.bring_back(now, &there) {
            Some(key) => drop(self.rescheduled.insert(key, (at_utc_ns, reply))),
            None if self.is_coming_back(entry) => reply(Some(Rescheduled::Busy)),
            None => reply(Some(Rescheduled::TooLate)),
        }
    }

    /// One that came back is durable in the log. False: nobody wanted it moved, or its new moment has come.
    pub(super) fn moves_on(&mut self, now: Now, key: Key) -> bool {
        let Some((at_utc_ns, reply)) = self.rescheduled.remove(&key) else {
            return false;
        };
        match self.move_to(now, key, at_utc_ns, reply) {
            Moved::Shelved => true,
            Moved::Due => false,
            Moved::NotNow(reply) => {
                self.rescheduled.insert(key, (at_utc_ns, reply));
                true
            }
        }
    }

    /// Those that could not be moved the last time. Once a turn.
    pub(super) fn move_again(&mut self, now: Now) {
        if self.rescheduled.is_empty() {
            return;
        }
        let waits = |key: &Key| {
            let live = self.live.get(*key);
            // One that came back and is not durable yet has no frame.
            live.is_none_or(|live| live.frame.is_some() || live.end.is_some())
        };
        let again: Vec<Key> = self.rescheduled.keys().copied().filter(waits).collect();
        for key in again {
            let live = self.live.get(key);
            if live.is_none_or(|live| live.phase != Phase::Committing) {
                // It has ended meanwhile.
                if let Some((_, reply)) = self.rescheduled.remove(&key) {
                    reply(Some(Rescheduled::TooLate));
                }
            } else if !self.moves_on(now, key) {
                self.goes_into_lane(now, key);
            }
        }
    }

    /// To the shelf; or, where its moment has come, it is to be sent as if it were due.
    fn move_to(&mut self, now: Now, key: Key, at_utc_ns: u64, reply: MoveReply) -> Moved {
        let leaves_utc_ns = at_utc_ns.max(now.utc_ns);
        let Some((was_utc_ns, validity)) = self.validity_from(key, leaves_utc_ns) else {
            return Moved::NotNow(reply);
        };
        let quiet_ns = self.quiet_for(key, leaves_utc_ns);
        self.counts
            .held_in_quiet_hours(u32::from(quiet_ns.is_some()));
        let until_utc_ns = quiet_ns.unwrap_or(at_utc_ns);
        if until_utc_ns <= now.utc_ns {
            if let Some(live) = self.live.get_mut(key) {
                live.expires_utc_ns = validity.expires_utc_ns;
            }
            // It is durable where it is.
            let due_utc_ns = if was_utc_ns == 0 {
                now.utc_ns
            } else {
                was_utc_ns
            };
            reply(Some(Rescheduled::To(due_utc_ns.min(now.utc_ns))));
            return Moved::Due;
        }
        if !self.shelve_until(now, key, until_utc_ns, validity) {
            return Moved::NotNow(reply);
        }
        let done = Box::new(move |_| reply(Some(Rescheduled::To(until_utc_ns))));
        self.frames.after.replies.push((done, Vec::new()));
        Moved::Shelved
    }

    /// Until when quiet hours hold it that is to leave then.
    fn quiet_for(&self, key: Key, at_utc_ns: u64) -> Option<u64> {
        self.directory.quiet()?;
        let live = self.live.get(key).filter(|live| !live.policy.is_own)?;
        let facts = Facts::of_frame(&live.frame.as_ref()?.octets, live.offset)?;
        self.quiet_until(&facts, live.network, at_utc_ns)
    }

    /// The moment that its record says, and its validity from another one on; none where nothing is left of it.
    fn validity_from(&self, key: Key, utc_ns: u64) -> Option<(u64, Validity)> {
        let live = self.live.get(key)?;
        let frame = live.frame.as_ref()?;
        let (record, validity) = Validity::in_frame(&frame.octets, live.offset)?;
        let validity = validity.until(live.expires_utc_ns).from(utc_ns)?;
        Some((record.send_at_utc_ns.to_native(), validity))
    }

    /// Whether its validity would end before it could leave.
    fn would_expire(&self, now: Now, key: Key, at_utc_ns: u64) -> bool {
        let leaves_utc_ns = at_utc_ns.max(now.utc_ns);
        let Some((_, validity)) = self.validity_from(key, leaves_utc_ns) else {
            return true;
        };
        let quiet_ns = self.quiet_for(key, leaves_utc_ns);
        quiet_ns.is_some_and(|until_ns| until_ns >= validity.expires_utc_ns)
    }

    /// The same of one on the shelf, as it would be there.
    fn would_expire_there(&mut self, now: Now, there: &ShelfEntry) -> bool {
        if self.directory.quiet().is_none() {
            return false;
        }
        let Some((record, validity)) = Validity::in_frame(&there.octets, FIRST) else {
            return false;
        };
        let Some(facts) = Facts::of_record(record) else {
            return false;
        };
        let way = self.way_of(now, &facts);
        let send_at_utc_ns = record.send_at_utc_ns.to_native();
        let quiet_ns = self.quiet_until(&facts, way.network, send_at_utc_ns);
        !way.policy.is_own && quiet_ns.is_some_and(|until_ns| until_ns >= validity.expires_utc_ns)
    }
}

/// The entry with its new moment, so that the log knows it though nothing is put there again; or why it cannot have it.
fn at_moment(entry: &ShelfEntry, at_utc_ns: u64) -> Result<ShelfEntry, Rescheduled> {
    let unreadable = |_| Rescheduled::TooLate;
    let reader = FrameReader::new(&entry.octets).map_err(unreadable)?;
    let found = Validity::in_frame(&entry.octets, FIRST).ok_or(Rescheduled::TooLate)?;
    let validity = found.1.from(at_utc_ns).ok_or(Rescheduled::WouldExpire)?;
    let mut records = FrameWriter::with_capacity(512);
    for (_, _, record) in reader.iter() {
        match record.map_err(unreadable)? {
            RecordView::Accepted(record) => {
                let mut record = owned::<_, Accepted>(record).map_err(unreadable)?;
                record.send_at_utc_ns = at_utc_ns;
                record.expires_utc_ns = validity.expires_utc_ns;
                records.push(&record).map_err(unreadable)?;
            }
            // Its validity begins with that moment.
            RecordView::ValidFrom(_) => {}
            RecordView::Tried(record) => {
                let record = owned::<_, Tried>(record).map_err(unreadable)?;
                records.push(&record).map_err(unreadable)?;
            }
            // Nothing else is there of what no carrier has.
            _ => return Err(Rescheduled::TooLate),
        }
    }
    Ok(ShelfEntry {
        octets: records.seal(0),
        marks: entry.marks.clone(),
    })
}
