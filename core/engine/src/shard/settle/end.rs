//! The end of a message: its one final record, its counts, and whether its customer is still to be told.

use std::sync::atomic::Ordering;

use carrack_message::record::Final;
use carrack_message::{MessageId, ReceiptState, Status};
use carrack_runtime::Now;

use crate::engine::Cancelled;
use crate::shard::Shard;
use crate::shard::live::{End, Key, Live, Phase, SegmentState};
use crate::telling::SubmittedNews;

impl Shard {
    pub(super) fn finish_by_receipts(&mut self, now: Now, key: Key, state: ReceiptState) {
        let (status, detail) = match state {
            ReceiptState::Delivered => (Status::Delivered, ""),
            ReceiptState::Expired => (Status::Expired, "the carrier's receipt says expired"),
            ReceiptState::Rejected => (Status::Rejected, "the carrier's receipt says rejected"),
            ReceiptState::Deleted => (Status::Undelivered, "the carrier's receipt says deleted"),
            ReceiptState::Unknown => (Status::Undelivered, "the carrier's receipt says unknown"),
            _ => (
                Status::Undelivered,
                "the carrier's receipt says undeliverable",
            ),
        };
        self.finish(now, key, status, detail);
    }

    /// The end of a message: its one final record.
    pub(in crate::shard) fn finish(&mut self, now: Now, key: Key, status: Status, detail: &str) {
        let Some(live) = self.live.get_mut(key).filter(|live| live.end.is_none()) else {
            return;
        };
        let all_taken = usize::from(live.segments_sent) >= live.segments.len();
        if live.telling.is_some() && all_taken && live.submitted == SubmittedNews::NotYet {
            // Its receipt came with the answer.
            live.is_submitted_now(now.utc_ns);
        }
        let tell = live.tells(status);
        let Some(live) = self.live.get(key) else {
            return;
        };
        let carrier = live
            .carrier
            .and_then(|place| self.directory.carrier(place))
            .map_or(u32::MAX, |entry| entry.number);
        let (charged_micros, released_micros) = self.charge(live, status);
        let account = live.account;
        let record = Final {
            id: live.id.0,
            account,
            status: status.as_u8(),
            carrier,
            error: live.last_error,
            segments_sent: live.segments_sent,
            tell,
            epoch: live.home.epoch,
            cost_micros: live.cost_micros,
            charged_micros,
            released_micros,
            at_utc_ns: now.utc_ns,
            detail: detail.to_owned(),
        };
        let (place, batch, epoch) = (live.carrier, live.batch, live.home.epoch);
        self.note(&record);
        let summary = self.frames.summary();
        summary.add_final(epoch, status);
        summary
            .money
            .ended(account, charged_micros, released_micros);
        self.forget_segments(now, key, true);
        self.count_final(place, batch, status);
        if tell {
            self.keep_to_tell(now, key, status);
        } else {
            self.frames.summary().add_closed(epoch);
            self.close(key);
        }
    }

    /// What of its price its account pays, and what it has back.
    fn charge(&self, live: &Live, status: Status) -> (i64, i64) {
        let price = live.price_micros.max(0);
        // One that was taken out of the configuration pays as everybody does.
        let account = self.directory.account(live.account);
        let charge_on = account.map_or_else(Default::default, |account| account.terms.charge_on);
        let delivered = status == Status::Delivered;
        let charged = charge_on.charge(price, live.segments_priced, live.segments_sent, delivered);
        (charged, price - charged)
    }

    /// Once a message, where a carrier has all of it: its receipt may come with that answer and be its end.
    pub(super) fn count_submitted(&mut self, key: Key) {
        let Some(live) = self.live.get_mut(key) else {
            return;
        };
        if live.batch == 0 || live.counted_submitted || !live.is_with_its_carrier() {
            return;
        }
        live.counted_submitted = true;
        let batch = live.batch;
        self.batch(batch).submitted.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn count_final(&mut self, place: Option<u16>, batch: u64, status: Status) {
        self.shared.waiting.fetch_sub(1, Ordering::Relaxed);
        self.counts.ended(status);
        if batch != 0 {
            self.batch(batch).note_final(status);
        }
        if let Some(carrier) = place.and_then(|place| self.carriers.get_mut(&place)) {
            if status == Status::Delivered {
                carrier.stats.messages_delivered += 1;
            } else {
                carrier.stats.messages_failed += 1;
            }
        }
    }

    pub(super) fn keep_to_tell(&mut self, now: Now, key: Key, status: Status) {
        if let Some(live) = self.live.get_mut(key) {
            live.waiting_since_ns = match live.phase {
                Phase::AwaitingReceipt | Phase::Leaving => {
                    let waited_ns = now.mono_ns.saturating_sub(live.waiting_since_ns);
                    now.utc_ns.saturating_sub(waited_ns)
                }
                _ => 0,
            };
            live.phase = Phase::Untold;
            live.frame = None;
            live.end = Some(End {
                status,
                error: live.last_error,
                done_utc_ns: now.utc_ns,
                handed_to: 0,
                is_held: false,
            });
            self.frames.after.tell.push(key);
        }
    }

    /// Nothing more is to come of this message.
    pub(in crate::shard) fn close(&mut self, key: Key) {
        if let Some(live) = self.live.remove(key)
            && let Some(account) = self.directory.account(live.account)
        {
            account.release();
        }
    }

    /// The customer takes a message back: possible until a segment of it has left.
    pub(in crate::shard) fn cancel(
        &mut self,
        now: Now,
        id: MessageId,
        reply: Box<dyn FnOnce(Option<Cancelled>) + Send>,
    ) {
        let Some(reply) = self.cancel_parked(id, reply) else {
            return;
        };
        let found = self.live.iter().find(|(_, live)| live.id == id);
        match found.map(|(key, _)| key) {
            None => self.cancel_on_shelf(id, reply),
            Some(key) => self.cancel_live(now, key, reply),
        }
    }

    /// Cancels a message that is in memory.
    pub(in crate::shard) fn cancel_live(
        &mut self,
        now: Now,
        key: Key,
        reply: Box<dyn FnOnce(Option<Cancelled>) + Send>,
    ) {
        let whole = self.live.get(key).filter(|live| {
            live.all(|state| state == SegmentState::Unsent) && live.segments_sent == 0
        });
        match whole.map(|live| live.phase) {
            Some(Phase::Waiting | Phase::Pausing) => {}
            // It is being written, or goes to the shelf: it can be taken back when it is there.
            Some(Phase::Committing | Phase::Leaving) => return reply(Some(Cancelled::Busy)),
            _ => return reply(Some(Cancelled::TooLate)),
        }
        self.finish(now, key, Status::Cancelled, "cancelled by the customer");
        self.frames
            .after
            .replies
            .push((Box::new(move |_| reply(Some(Cancelled::Done))), Vec::new()));
    }
}
