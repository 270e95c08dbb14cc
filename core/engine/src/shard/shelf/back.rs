//! From the shelf to memory: a receipt speaks of a message, its time has come, or its customer wants it back.
//!
//! Its records are appended to the log again before anything follows from them, in the frame that takes it off the shelf.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use carrack_message::carrier_id::FoldedId;
use carrack_message::record::{
    Accepted, FrameReader, ReceiptSeen, RecordView, Submitted, ToldSubmitted, Tried, ValidFrom,
    owned,
};
use carrack_message::{MessageId, Status};
use carrack_queue::{FrameKey, SealedFrame, ShelfChange, ShelfEntry};
use carrack_runtime::Now;

use crate::engine::Rescheduled;
use crate::recovery::Restored;
use crate::shard::Shard;
use crate::shard::jobs::CANCELLED_WITH_BATCH;
use crate::shard::live::{Home, Key, Phase, SegmentState};
use crate::shard::matching::Meant;
use crate::shard::numbers::Agreement;
use crate::shard::settle::receipts::{How, Report};

impl Shard {
    /// Brings a message back. None where it is back already, or its entry cannot be read.
    pub(in crate::shard) fn bring_back(&mut self, now: Now, entry: &ShelfEntry) -> Option<Key> {
        if self.is_coming_back(entry) {
            return None;
        }
        let key = FrameKey::of_message(entry.marks.id);
        let frame = Arc::new(SealedFrame::read_back(key, entry.octets.clone()));
        let Some(restored) = Restored::of_records(&frame) else {
            tracing::error!(id = %entry.marks.id, "a message on the shelf cannot be read");
            return None;
        };
        let (home, offset) = self.write_back(entry)?;
        let sent = restored.carrier.is_some();
        let key = self.place_restored(now, restored);
        if let Some(live) = self.live.get_mut(key) {
            // Its text is not needed while it waits for receipts; one to be sent has it once that is durable.
            (live.frame, live.home, live.offset) = (None, home, offset);
        }
        if sent {
            self.restored_into_place(now, key);
        } else {
            self.frames.after.accepted.push(key);
        }
        Some(key)
    }

    /// Whether the answer to a question speaks of a message that was brought back since.
    pub(in crate::shard) fn is_coming_back(&self, entry: &ShelfEntry) -> bool {
        self.shelving.back.contains(&entry.marks.id)
    }

    /// Its records, in the log once more, all in the frame that takes it off the shelf. Gives where the first one lies now.
    fn write_back(&mut self, entry: &ShelfEntry) -> Option<(Home, u32)> {
        let reader = FrameReader::new(&entry.octets).ok()?;
        // It may have gone there from another shard.
        self.frames.keep_up(self.committer.as_ref());
        self.make_room(reader.records() as usize + 1);
        let mut place = None;
        for (_, _, record) in reader.iter() {
            match record {
                Ok(RecordView::Accepted(record)) => {
                    let (frame, index) = self.frames.next_place(self.committer.as_ref());
                    let record = owned::<_, Accepted>(record).ok()?;
                    let offset = self.frames.push(self.committer.as_ref(), &record).ok()?;
                    place = Some((Home::in_frame(frame, index), offset));
                }
                Ok(RecordView::ValidFrom(record)) => {
                    let record = owned::<_, ValidFrom>(record).ok()?;
                    self.frames.push(self.committer.as_ref(), &record).ok()?;
                }
                Ok(RecordView::Tried(record)) => {
                    let record = owned::<_, Tried>(record).ok()?;
                    self.frames.push(self.committer.as_ref(), &record).ok()?;
                }
                Ok(RecordView::ToldSubmitted(record)) => {
                    let record = owned::<_, ToldSubmitted>(record).ok()?;
                    self.frames.push(self.committer.as_ref(), &record).ok()?;
                }
                Ok(RecordView::Submitted(record)) => {
                    let record = owned::<_, Submitted>(record).ok()?;
                    self.frames.push(self.committer.as_ref(), &record).ok()?;
                }
                Ok(RecordView::ReceiptSeen(record)) => {
                    let record = owned::<_, ReceiptSeen>(record).ok()?;
                    self.frames.push(self.committer.as_ref(), &record).ok()?;
                }
                _ => {}
            }
        }
        let place = place?;
        self.frames.summary().opened += 1;
        let marks = entry.marks.clone();
        self.shelving.back.insert(marks.id);
        self.frames.after.back.push(marks.id);
        self.frames
            .shelf
            .push(ShelfChange::Take(marks, place.0.frame()));
        self.shared.shelved.fetch_sub(1, Ordering::Relaxed);
        Some(place)
    }

    /// Something came for a message that is on its way to the shelf: it stays.
    pub(in crate::shard) fn stays(&mut self, key: Key) {
        let Some(entry) = self.shelving.left.remove(&key) else {
            return;
        };
        let place = self.write_back(&entry);
        if let (Some(live), Some((home, offset))) = (self.live.get_mut(key), place) {
            live.phase = Phase::AwaitingReceipt;
            (live.home, live.offset) = (home, offset);
        }
    }

    /// It is off the shelf durably; answers to questions that were asked before may still speak of it.
    pub(in crate::shard) fn is_back(&mut self, id: MessageId) {
        let asked = self.paging.last_asked();
        self.shelving.back_durable.push_back((asked, id));
        self.forget_those_back();
    }

    pub(in crate::shard) fn forget_those_back(&mut self) {
        let answered = self.paging.last_answered();
        while let Some((asked, id)) = self.shelving.back_durable.front().copied()
            && asked <= answered
        {
            self.shelving.back_durable.pop_front();
            self.shelving.back.remove(&id);
        }
    }

    /// What it waited for is its time to be sent, or the end of the wait for its receipts.
    pub(super) fn is_due(&mut self, now: Now, entry: ShelfEntry) {
        let Some(key) = self.bring_back(now, &entry) else {
            return;
        };
        let waits = self
            .live
            .get(key)
            .is_some_and(|live| live.phase == Phase::AwaitingReceipt);
        if waits {
            self.receipts_never_came(now, key);
        }
    }

    /// It came back to be sent, and its batch was cancelled meanwhile: nothing of it leaves.
    pub(in crate::shard) fn ends_with_its_batch(&mut self, now: Now, key: Key) -> bool {
        let Some(live) = self.live.get(key) else {
            return false;
        };
        let came_back = live.batch != 0 && self.shelving.back.contains(&live.id);
        came_back && self.end_if_batch_is_cancelled(now, key)
    }

    /// Ends a message of which nothing has left, where its batch was cancelled.
    pub(in crate::shard) fn end_if_batch_is_cancelled(&mut self, now: Now, key: Key) -> bool {
        let whole = self.live.get(key).filter(|live| {
            live.batch != 0 && live.segments_sent == 0 && live.all(|it| it == SegmentState::Unsent)
        });
        let Some(batch) = whole.map(|live| live.batch) else {
            return false;
        };
        let counters = self.batch(batch);
        if !counters.is_cancelled() {
            return false;
        }
        self.finish(now, key, Status::Cancelled, CANCELLED_WITH_BATCH);
        counters.withdrawn.fetch_add(1, Ordering::Relaxed);
        if let Some((_, reply)) = self.rescheduled.remove(&key) {
            reply(Some(Rescheduled::TooLate));
        }
        true
    }

    /// No receipt came in the time that there was for it.
    pub(in crate::shard) fn receipts_never_came(&mut self, now: Now, key: Key) {
        let detail = "no receipt came in the time that the settings allow";
        self.finish(now, key, Status::Unknown, detail);
    }

    /// What the shelf says of parked receipts.
    pub(super) fn receipts_answered(
        &mut self,
        now: Now,
        receipts: Vec<(u16, FoldedId)>,
        entries: Vec<ShelfEntry>,
    ) {
        for (place, id) in receipts {
            let Some(numbers) = self.early.get(place, &id).map(|parked| parked.numbers) else {
                continue;
            };
            let names = self.receipt_names(place, &id);
            let named = entries.iter().filter(|entry| {
                let receipts = &entry.marks.receipts;
                receipts.iter().any(|name| names.contains(name))
            });
            // An id may have been given again: the recipient's number decides, then the newer message (trap T45).
            let best = named.max_by_key(|entry| {
                let to = recipient(entry);
                let agreement = to.map_or(Agreement::Silent, |to| numbers.agree_with(to));
                (agreement, entry.marks.id)
            });
            match best {
                // Back already, it may have been passed over by what came for it first.
                Some(entry) if self.bring_back(now, entry).is_none() => {
                    self.receipt_of_one_back(now, place, &id);
                }
                Some(_) => {}
                None => self.receipt_of_none(now, place, id),
            }
        }
    }

    /// The message of a parked receipt came back for another one.
    fn receipt_of_one_back(&mut self, now: Now, place: u16, id: &FoldedId) {
        if let Some(parked) = self.early.take(place, id) {
            self.receipt_given_up(now, place, id, parked);
        }
    }

    /// No message on the shelf is meant: by number if that is sure, else it waits for its response.
    fn receipt_of_none(&mut self, now: Now, place: u16, id: FoldedId) {
        let Some(numbers) = self.early.get(place, &id).map(|parked| parked.numbers) else {
            return;
        };
        if let Meant::Segment(key, part, transform) = self.meant(place, &id, numbers, true)
            && let Some(parked) = self.early.take(place, &id)
        {
            // Its number spoke against the one in memory, and nobody else has the id.
            let report = Report::of(&parked);
            let how = How::Parked {
                transform,
                form: id,
                raw: parked.raw,
            };
            return self.receipt_matched(now, place, key, part, report, how);
        }
        let only = self.unnamed.only(place, numbers);
        let to = only.and_then(|(key, _)| self.live.get(key).map(|live| live.to));
        let (Some((key, part)), Some(to)) = (only, to) else {
            return;
        };
        if self.in_window.may_have(to) {
            return self.claim(now, place, key, part, id);
        }
        let Some(parked) = self.early.take(place, &id) else {
            return;
        };
        let report = Report::of(&parked);
        self.remember_number(place, &id, key, part, report.state);
        let how = How::Number {
            id: Some((id, parked.raw)),
        };
        self.receipt_matched(now, place, key, part, report, how);
    }
}

fn recipient(entry: &ShelfEntry) -> Option<carrack_message::Msisdn> {
    let reader = FrameReader::new(&entry.octets).ok()?;
    reader.iter().find_map(|(_, _, record)| match record {
        Ok(RecordView::Accepted(record)) => {
            carrack_message::Msisdn::from_u64(record.to.to_native())
        }
        _ => None,
    })
}
