//! Another moment for a message of which nothing has left: earlier, later, or at once.
//!
//! Promise: by the two doors alone. What is on the shelf comes back to the log as when it is due, and goes there again once
//! that is durable; what waits in memory goes there. Its validity moves with it. The answer comes when the new moment is
//! durable; a crash before leaves the old one, or sends it. One that came back and cannot be written down now waits aside,
//! out of every lane, and is tried again each turn: it never leaves because it could not be moved. What waits in the log of
//! a long lane is not moved.

use carrack_queue::ShelfEntry;
use carrack_runtime::Now;

use super::Shard;
use super::live::{Key, Phase, SegmentState};
use super::paging::CancelReply;
use super::shelf::Wish;
use crate::engine::Cancelled;

/// What became of a message that is to be sent at another moment.
enum Moved {
    /// It is on its way to the shelf.
    Shelved,
    /// That moment has come.
    Due,
    /// Nothing can be written now.
    NotNow(CancelReply),
}

impl Shard {
    /// A customer wants a message sent at another moment.
    pub(super) fn reschedule(
        &mut self,
        now: Now,
        id: carrack_message::MessageId,
        at_utc_ns: u64,
        reply: CancelReply,
    ) {
        let found = self.live.iter().find(|(_, live)| live.id == id);
        let Some((key, live)) = found else {
            return self.wish_on_shelf(id, Wish::SendAt(at_utc_ns), reply);
        };
        let is_whole = live.segments_sent == 0 && live.all(|state| state == SegmentState::Unsent);
        let waits = live.phase == Phase::Waiting && live.frame.is_some();
        if !is_whole || !waits {
            return reply(Some(Cancelled::TooLate));
        }
        if let Moved::NotNow(reply) = self.move_to(now, key, at_utc_ns, reply) {
            // It stays in its lane, as if nobody had asked.
            reply(Some(Cancelled::TooLate));
        }
    }

    /// It is on the shelf: it comes back, and goes there again once that is durable.
    pub(super) fn reschedule_there(
        &mut self,
        now: Now,
        entry: &ShelfEntry,
        at_utc_ns: u64,
        reply: CancelReply,
    ) {
        match self.bring_back(now, entry) {
            Some(key) => drop(self.rescheduled.insert(key, (at_utc_ns, reply))),
            None => reply(Some(Cancelled::TooLate)),
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
                    reply(Some(Cancelled::TooLate));
                }
            } else if !self.moves_on(now, key) {
                self.goes_into_lane(now, key);
            }
        }
    }

    /// To the shelf; or, where its moment has come, it is to be sent as if it were due.
    fn move_to(&mut self, now: Now, key: Key, at_utc_ns: u64, reply: CancelReply) -> Moved {
        let expires_utc_ns = self.expires_when_sent_at(now, key, at_utc_ns);
        if at_utc_ns <= now.utc_ns {
            if let Some(live) = self.live.get_mut(key) {
                live.expires_utc_ns = expires_utc_ns;
            }
            // It is durable where it is.
            reply(Some(Cancelled::Done));
            return Moved::Due;
        }
        if !self.shelve_until(now, key, at_utc_ns, expires_utc_ns) {
            return Moved::NotNow(reply);
        }
        let done = Box::new(move |_| reply(Some(Cancelled::Done)));
        self.frames.after.replies.push((done, Vec::new()));
        Moved::Shelved
    }

    /// The length of its validity stays.
    fn expires_when_sent_at(&self, now: Now, key: Key, at_utc_ns: u64) -> u64 {
        use carrack_message::record::{RecordView, record_at};
        let Some(live) = self.live.get(key) else {
            return at_utc_ns;
        };
        let record =
            live.frame
                .as_ref()
                .and_then(|frame| match record_at(&frame.octets, live.offset) {
                    Ok(RecordView::Accepted(record)) => Some(record),
                    _ => None,
                });
        let Some(record) = record else {
            return live.expires_utc_ns;
        };
        let accepted_utc_ns = record.at_utc_ns.to_native();
        let began_utc_ns = record.send_at_utc_ns.to_native().max(accepted_utc_ns);
        let expires_utc_ns = record.expires_utc_ns.to_native();
        let length_ns = expires_utc_ns.saturating_sub(began_utc_ns);
        at_utc_ns.max(now.utc_ns).saturating_add(length_ns)
    }
}
