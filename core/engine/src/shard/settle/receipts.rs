//! Receipts: matched to their segment, or parked because they came first.

use carrack_carrier::{CarrierMessageId, ReceiptHandle};
use carrack_message::ReceiptState;
use carrack_message::record::{EarlyReceipt, ReceiptSeen};
use carrack_runtime::Now;

use crate::shard::Shard;
use crate::shard::early::Parked;
use crate::shard::live::{Key, SegmentState};

impl Shard {
    /// A receipt came; the carrier is answered when it is durable.
    #[allow(clippy::too_many_arguments, reason = "the fields of one event")]
    pub(in crate::shard) fn receipt(
        &mut self,
        now: Now,
        place: u16,
        link: u16,
        handle: ReceiptHandle,
        id: CarrierMessageId,
        state: ReceiptState,
        error: u32,
    ) {
        if let Some((key, segment)) = self.correlation.find(place, &id, &self.live) {
            self.receipt_matched(now, place, key, segment, state, error);
        } else if self.correlation.was_settled(place, &id) {
            // It came twice, or an intermediate state came after the final one: nothing changes any more.
            return self.answer(place, link, handle, true);
        } else {
            self.park(now, place, id, state, error);
        }
        self.frames.after.answers.push((place, link, handle));
    }

    pub(super) fn park(
        &mut self,
        now: Now,
        place: u16,
        id: CarrierMessageId,
        state: ReceiptState,
        error: u32,
    ) {
        let Some(carrier) = self.carriers.get_mut(&place) else {
            return;
        };
        carrier.stats.receipts_early += 1;
        let record = EarlyReceipt {
            carrier: carrier.number,
            error,
            state: state.code(),
            at_utc_ns: now.utc_ns,
            carrier_message_id: id.to_vec(),
        };
        let pushed_out = self.early.park(
            place,
            id,
            Parked {
                state,
                error,
                since_ns: now.mono_ns,
            },
        );
        carrier.stats.receipts_unmatched += pushed_out;
        self.note(&record);
    }

    pub(super) fn receipt_matched(
        &mut self,
        now: Now,
        place: u16,
        key: Key,
        segment: u8,
        state: ReceiptState,
        error: u32,
    ) {
        let Some(carrier) = self.carriers.get_mut(&place) else {
            return;
        };
        carrier.stats.receipts_matched += 1;
        let number = carrier.number;
        let Some(live) = self.live.get_mut(key) else {
            return;
        };
        let id = live.id.0;
        if state != ReceiptState::Delivered && error != 0 {
            live.last_error = error;
        }
        if let Some(found) = live.segment_mut(segment) {
            if let (SegmentState::Submitted { at_ns }, true) = (found.state, state.is_final())
                && let Some(histogram) = carrier.stats.receipt_ms.as_mut()
            {
                let waited_ns = now.mono_ns.saturating_sub(at_ns);
                histogram.saturating_record((waited_ns / 1_000_000).max(1));
            }
            if state.is_final() && !matches!(found.state, SegmentState::Done(_)) {
                found.state = SegmentState::Done(state);
            }
        }
        self.note(&ReceiptSeen {
            id,
            carrier: number,
            error,
            segment,
            state: state.code(),
            at_utc_ns: now.utc_ns,
        });
        self.go_on(now, key, false);
    }
}
