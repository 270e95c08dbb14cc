//! Receipts: matched to their segment by id or by number, parked because they came first, or of no consequence any more.

use carrack_carrier::{CarrierMessageId, ReceiptHandle};
use carrack_message::ReceiptState;
use carrack_message::carrier_id::{FoldedId, IdTransform};
use carrack_message::record::{EarlyReceipt, ReceiptSeen};
use carrack_runtime::Now;

use crate::shard::correlation::Settled;
use crate::shard::early::Parked;
use crate::shard::live::{Key, SegmentState};
use crate::shard::matching::{Meant, folded};
use crate::shard::numbers::{Agreement, Numbers};
use crate::shard::{Carrier, Shard};

/// What a receipt says, beside its id.
#[derive(Debug, Clone, Copy)]
pub(in crate::shard) struct Report {
    pub(in crate::shard) state: ReceiptState,
    pub(in crate::shard) error: u32,
    pub(in crate::shard) numbers: Numbers,
}

impl Report {
    /// What a parked receipt says.
    pub(in crate::shard) fn of(parked: &Parked) -> Self {
        Self {
            state: parked.state,
            error: parked.error,
            numbers: parked.numbers,
        }
    }
}

/// How a receipt found its segment.
#[derive(Debug)]
pub(in crate::shard) enum How {
    /// By its id.
    Id(IdTransform),
    /// By its id, when the response came.
    Parked {
        transform: IdTransform,
        form: FoldedId,
        raw: Option<Box<[u8]>>,
    },
    /// By the recipient's number, under this id of its own, folded and as it came where that differs.
    Number {
        id: Option<(FoldedId, Option<Box<[u8]>>)>,
    },
    /// It is the answer to a question.
    Asked,
}

impl Shard {
    /// A receipt came; the carrier is answered when it is durable.
    pub(in crate::shard) fn receipt(
        &mut self,
        now: Now,
        place: u16,
        link: u16,
        handle: ReceiptHandle,
        id: CarrierMessageId,
        report: Report,
    ) {
        if id.is_empty() {
            return self.receipt_without_id(now, place, link, handle, report);
        }
        match self.meant(place, &id, report.numbers, true) {
            Meant::Segment(key, ..) if self.may_mean_another(key, report.numbers) => {
                let rule = self.carriers.get(&place).map(|carrier| &carrier.rules.ids);
                let folded = rule.map_or_else(FoldedId::new, |rule| folded(rule, &id));
                if self.has_many_to_ask() {
                    return self.answer(place, link, handle, false);
                }
                self.park(now, place, &id, folded.clone(), report);
                self.ask_for_receipt(place, folded);
            }
            // Its carrier brings it again, when there is time to look.
            Meant::Nobody(_) if self.has_shelf() && self.has_many_to_ask() => {
                return self.answer(place, link, handle, false);
            }
            Meant::Segment(key, segment, transform) => {
                self.receipt_matched(now, place, key, segment, report, How::Id(transform));
            }
            Meant::Settled(settled) if !settled.ended => {
                // The copy of a message that went on elsewhere.
                self.count_again(place);
                return self.answer(place, link, handle, true);
            }
            Meant::Settled(settled) => self.receipt_again(now, place, settled, report),
            Meant::Nobody(folded) => self.receipt_unknown(now, place, &id, folded, report),
        }
        self.frames.after.answers.push((place, link, handle));
    }

    /// An id that was given again: the recipient's number says that the message with this id here is not meant, and the one
    /// before may be on the shelf (trap T45).
    fn may_mean_another(&self, key: Key, numbers: Numbers) -> bool {
        let to = self.live.get(key).map(|live| live.to);
        self.has_shelf() && to.is_some_and(|to| numbers.agree_with(to) == Agreement::Differs)
    }

    /// Only the recipient's number can say what it speaks of. The carrier is to keep it in no case: it would come for ever.
    fn receipt_without_id(
        &mut self,
        now: Now,
        place: u16,
        link: u16,
        handle: ReceiptHandle,
        report: Report,
    ) {
        let only = self.unnamed.only(place, report.numbers);
        let to = only.and_then(|(key, _)| self.live.get(key).map(|live| live.to));
        match (only, to) {
            (Some((key, part)), Some(to)) if !self.in_window.may_have(to) => {
                let how = How::Number { id: None };
                self.receipt_matched(now, place, key, part, report, how);
                self.frames.after.answers.push((place, link, handle));
            }
            _ => {
                if let Some(carrier) = self.carriers.get_mut(&place) {
                    carrier.stats.receipts_unmatched += 1;
                }
                self.answer(place, link, handle, true);
            }
        }
    }

    fn count_again(&mut self, place: u16) {
        if let Some(carrier) = self.carriers.get_mut(&place) {
            carrier.stats.receipts_again += 1;
        }
    }

    /// It came twice, or after the final one: it is written down and changes nothing.
    fn receipt_again(&mut self, now: Now, place: u16, settled: Settled, report: Report) {
        self.count_again(place);
        let number = self
            .carriers
            .get(&place)
            .map_or(u32::MAX, |carrier| carrier.number);
        self.note(&ReceiptSeen {
            id: settled.message.0,
            carrier: number,
            error: report.error,
            segment: settled.segment,
            state: report.state.code(),
            at_utc_ns: now.utc_ns,
        });
    }

    /// Nobody carries its id: by number if that is sure, else it waits for its response.
    fn receipt_unknown(
        &mut self,
        now: Now,
        place: u16,
        id: &[u8],
        folded: FoldedId,
        report: Report,
    ) {
        if self.has_shelf() {
            // It may be late, not early.
            self.park(now, place, id, folded.clone(), report);
            return self.ask_for_receipt(place, folded);
        }
        let only = self.unnamed.only(place, report.numbers);
        let to = only.and_then(|(key, _)| self.live.get(key).map(|live| live.to));
        if let (Some((key, part)), Some(to)) = (only, to) {
            if !self.in_window.may_have(to) {
                self.remember_number(place, &folded, key, part, report.state);
                let raw = (folded.as_slice() != id).then(|| Box::from(id));
                let id = Some((folded, raw));
                let how = How::Number { id };
                return self.receipt_matched(now, place, key, part, report, how);
            }
            self.park(now, place, id, folded.clone(), report);
            return self.claim(now, place, key, part, folded);
        }
        self.park(now, place, id, folded, report);
    }

    /// The id of a receipt that was matched by number: if it comes again, it speaks of the same segment.
    pub(in crate::shard) fn remember_number(
        &mut self,
        place: u16,
        folded: &FoldedId,
        key: Key,
        segment: u8,
        state: ReceiptState,
    ) {
        let Some(live) = self.live.get(key).filter(|_| state.is_final()) else {
            return;
        };
        let settled = Settled {
            message: live.id,
            to: live.to,
            segment,
            ended: true,
        };
        self.correlation.remember(place, folded, settled);
    }

    fn park(&mut self, now: Now, place: u16, id: &[u8], folded: FoldedId, report: Report) {
        let Some(carrier) = self.carriers.get_mut(&place) else {
            return;
        };
        carrier.stats.receipts_early += 1;
        let record = early_record(carrier.number, now, id, &report, false);
        let parked = Parked {
            state: report.state,
            error: report.error,
            since_ns: now.mono_ns,
            numbers: report.numbers,
            raw: (folded.as_slice() != id).then(|| Box::from(id)),
        };
        let pushed_out = self.early.park(place, folded, parked);
        self.note(&record);
        if let Some((place, id, parked)) = pushed_out {
            self.receipt_given_up(now, place, &id, parked);
        }
    }

    /// A parked receipt waited long enough: what was not sure is taken now; else it speaks of nothing that we sent.
    pub(in crate::shard) fn receipt_given_up(
        &mut self,
        now: Now,
        place: u16,
        folded: &FoldedId,
        parked: Parked,
    ) {
        let report = Report::of(&parked);
        if let Meant::Segment(key, part, transform) =
            self.meant(place, folded, report.numbers, false)
        {
            let how = How::Parked {
                transform,
                form: folded.clone(),
                raw: parked.raw,
            };
            return self.receipt_matched(now, place, key, part, report, how);
        }
        if let Some((key, part)) = self.unnamed.only(place, report.numbers) {
            self.remember_number(place, folded, key, part, report.state);
            let how = How::Number {
                id: Some((folded.clone(), parked.raw)),
            };
            return self.receipt_matched(now, place, key, part, report, how);
        }
        if let Some(carrier) = self.carriers.get_mut(&place) {
            carrier.stats.receipts_unmatched += 1;
            carrier.ids.note_lost();
        }
    }

    /// A receipt speaks of this part.
    pub(in crate::shard) fn receipt_matched(
        &mut self,
        now: Now,
        place: u16,
        key: Key,
        segment: u8,
        report: Report,
        how: How,
    ) {
        self.stays(key);
        let state = self.live.get(key).and_then(|live| {
            live.segments
                .get(usize::from(segment))
                .map(|segment| segment.state)
        });
        if matches!(state, Some(SegmentState::Uncertain { .. })) {
            // So it was taken, and will be charged.
            self.unlist(place, key, segment);
            self.taken(now, place, key, segment, CarrierMessageId::new(), None);
        }
        if report.state.is_final() {
            self.unlist(place, key, segment);
        }
        let Some((live, carrier)) = self.live.get_mut(key).zip(self.carriers.get_mut(&place))
        else {
            return;
        };
        let (id, number) = (live.id.0, carrier.number);
        if report.state != ReceiptState::Delivered && report.error != 0 {
            live.last_error = report.error;
        }
        let Some(found) = live.segment_mut(segment) else {
            return;
        };
        if let (SegmentState::Submitted { at_ns }, true) = (found.state, report.state.is_final()) {
            if let Some(histogram) = carrier.stats.receipt_ms.as_mut() {
                let waited_ns = now.mono_ns.saturating_sub(at_ns);
                histogram.saturating_record((waited_ns / 1_000_000).max(1));
            }
            if report.state != ReceiptState::Delivered {
                carrier.errors.on_receipt(report.error);
            }
            found.state = SegmentState::Done(report.state);
        }
        let taken = carrier.count_match(how, &found.carrier_id);
        if let Some(raw) = taken {
            let record = early_record(number, now, &raw, &report, true);
            self.note(&record);
        }
        self.note(&ReceiptSeen {
            id,
            carrier: number,
            error: report.error,
            segment,
            state: report.state.code(),
            at_utc_ns: now.utc_ns,
        });
        self.go_on(now, key, false);
    }

    /// Out of the list of parts that only a number can find.
    pub(in crate::shard) fn unlist(&mut self, place: u16, key: Key, segment: u8) {
        if let Some(live) = self.live.get(key)
            && live
                .segments
                .get(usize::from(segment))
                .is_some_and(|segment| segment.is_unnamed())
        {
            self.unnamed.remove(place, live.to, key, segment);
        }
    }
}

impl Carrier {
    /// Counts how a receipt was matched, and learns from it. Gives the id under which it came, where no response names it:
    /// it may be parked in the log, and it may come again.
    fn count_match(&mut self, how: How, response_id: &[u8]) -> Option<Box<[u8]>> {
        let as_came = |form: FoldedId, raw: Option<Box<[u8]>>| {
            raw.unwrap_or_else(|| Box::from(form.as_slice()))
        };
        match how {
            How::Asked => None,
            How::Id(transform) => {
                self.stats.receipts_matched += 1;
                self.note_id(transform, response_id);
                None
            }
            How::Parked {
                transform,
                form,
                raw,
            } => {
                self.stats.receipts_matched += 1;
                self.note_id(transform, response_id);
                Some(as_came(form, raw)).filter(|id| &**id != response_id)
            }
            How::Number { id } => {
                self.stats.receipts_matched += 1;
                self.stats.receipts_by_number += 1;
                id.map(|(form, raw)| as_came(form, raw))
            }
        }
    }
}

fn early_record(carrier: u32, now: Now, id: &[u8], report: &Report, taken: bool) -> EarlyReceipt {
    let digits =
        |number: Option<carrack_message::Msisdn>| number.map_or(0, |number| number.as_u64());
    EarlyReceipt {
        carrier,
        error: report.error,
        state: report.state.code(),
        taken,
        at_utc_ns: now.utc_ns,
        source: digits(report.numbers.source),
        destination: digits(report.numbers.destination),
        carrier_message_id: id.to_vec(),
    }
}
