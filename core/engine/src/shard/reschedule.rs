//! Another moment for a message of which nothing has left: earlier, later, or at once.
//!
//! Promise: by the two doors alone. What is on the shelf comes back to the log as when it is due, and goes there again once
//! that is durable; what waits in memory goes there. Its validity moves with it, and quiet hours hold it. The answer comes
//! when the new moment is durable, and says it; a crash before leaves the old one, or sends it. One that came back and cannot be written down now waits aside,
//! out of every lane, and is tried again each turn: it never leaves because it could not be moved. What waits in the log of
//! a long lane is not moved.

use carrack_message::record::{
    Accepted, FrameReader, FrameWriter, RecordView, Tried, owned, record_at,
};
use carrack_queue::ShelfEntry;
use carrack_runtime::Now;

use super::Shard;
use super::live::{Key, Phase, SegmentState};
use super::shelf::Wish;
use crate::engine::Rescheduled;
use crate::facts::Facts;

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
        let waits = live.phase == Phase::Waiting && live.frame.is_some();
        if !is_whole || !waits {
            return reply(Some(Rescheduled::TooLate));
        }
        if let Moved::NotNow(reply) = self.move_to(now, key, at_utc_ns, reply) {
            // It stays in its lane, as if nobody had asked.
            reply(Some(Rescheduled::TooLate));
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
        let there = at_moment(entry, at_utc_ns.max(now.utc_ns));
        match there.and_then(|entry| self.bring_back(now, &entry)) {
            Some(key) => drop(self.rescheduled.insert(key, (at_utc_ns, reply))),
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
        let (expires_utc_ns, was_utc_ns) = self.times_when_sent_at(now, key, at_utc_ns);
        let quiet_ns = self.quiet_for(key, at_utc_ns.max(now.utc_ns));
        self.counts
            .held_in_quiet_hours(u32::from(quiet_ns.is_some()));
        let until_utc_ns = quiet_ns.unwrap_or(at_utc_ns);
        if until_utc_ns <= now.utc_ns {
            if let Some(live) = self.live.get_mut(key) {
                live.expires_utc_ns = expires_utc_ns;
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
        if !self.shelve_until(now, key, until_utc_ns, expires_utc_ns) {
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

    /// When its validity ends then, its length stays; and the moment that its record says.
    fn times_when_sent_at(&self, now: Now, key: Key, at_utc_ns: u64) -> (u64, u64) {
        let Some(live) = self.live.get(key) else {
            return (at_utc_ns, 0);
        };
        let record =
            live.frame
                .as_ref()
                .and_then(|frame| match record_at(&frame.octets, live.offset) {
                    Ok(RecordView::Accepted(record)) => Some(record),
                    _ => None,
                });
        let Some(record) = record else {
            return (live.expires_utc_ns, 0);
        };
        let times = Times {
            accepted: record.at_utc_ns.to_native(),
            send_at: record.send_at_utc_ns.to_native(),
            expires: record.expires_utc_ns.to_native(),
        };
        (
            times.expires_when_sent_at(at_utc_ns.max(now.utc_ns)),
            times.send_at,
        )
    }
}

/// Of a record, UTC nanoseconds.
struct Times {
    accepted: u64,
    send_at: u64,
    expires: u64,
}

impl Times {
    /// The length of its validity stays.
    fn expires_when_sent_at(&self, at_utc_ns: u64) -> u64 {
        let began_utc_ns = self.send_at.max(self.accepted);
        at_utc_ns.saturating_add(self.expires.saturating_sub(began_utc_ns))
    }
}

/// The entry with its new moment, so that the log knows it though nothing is put there again. None: it cannot be read.
fn at_moment(entry: &ShelfEntry, at_utc_ns: u64) -> Option<ShelfEntry> {
    let mut records = FrameWriter::with_capacity(512);
    for (_, _, record) in FrameReader::new(&entry.octets).ok()?.iter() {
        match record.ok()? {
            RecordView::Accepted(record) => {
                let mut record = owned::<_, Accepted>(record).ok()?;
                let times = Times {
                    accepted: record.at_utc_ns,
                    send_at: record.send_at_utc_ns,
                    expires: record.expires_utc_ns,
                };
                record.send_at_utc_ns = at_utc_ns;
                record.expires_utc_ns = times.expires_when_sent_at(at_utc_ns);
                records.push(&record).ok()?;
            }
            RecordView::Tried(record) => {
                records.push(&owned::<_, Tried>(record).ok()?).ok()?;
            }
            // Nothing else is there of what no carrier has.
            _ => return None,
        }
    }
    Some(ShelfEntry {
        octets: records.seal(0),
        marks: entry.marks.clone(),
    })
}
