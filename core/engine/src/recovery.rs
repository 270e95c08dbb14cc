//! From the log back to live messages: the state of the node as of its last durable frame.
//!
//! Promise: what was accepted and is not closed comes back; what was in a window without a recorded outcome comes back as
//! uncertain, by name. Bound: memory for the messages that still live. Fails by the store's fault only.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use carrack_carrier::CarrierMessageId;
use carrack_message::record::{
    ArchivedAccepted, ArchivedEarlyReceipt, ArchivedReceiptSeen, ArchivedSubmitted,
    ArchivedUncertain, BatchProgress, RecordView, UncertainReason,
};
use carrack_message::{Class, MessageId, Msisdn, ReceiptState, Status};
use carrack_queue::{ScanReport, SealedFrame, Store, StoreFault, scan};
use smallvec::SmallVec;

/// A segment as the log leaves it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RestoredSegment {
    Unsent,
    /// Until then a late response or a receipt is waited for.
    Uncertain {
        until_utc_ns: u64,
    },
    /// Under this id; so many segments on air.
    Submitted(CarrierMessageId, u8),
    Done(ReceiptState),
}

/// A message that still lives.
#[derive(Debug, Clone)]
pub(crate) struct Restored {
    pub(crate) id: MessageId,
    pub(crate) frame: Arc<SealedFrame>,
    pub(crate) offset: u32,
    pub(crate) account: u32,
    pub(crate) to: Msisdn,
    pub(crate) class: Class,
    pub(crate) from: Box<str>,
    pub(crate) wants_receipt: bool,
    pub(crate) accepted_utc_ns: u64,
    pub(crate) expires_utc_ns: u64,
    pub(crate) batch: u64,
    /// Number of the carrier where its segments went last.
    pub(crate) carrier: Option<u32>,
    /// That carrier refused: the text goes on to the next.
    pub(crate) leaves_carrier: bool,
    /// Parts as that carrier wanted them, as far as the log says.
    pub(crate) segments: SmallVec<[RestoredSegment; 1]>,
    pub(crate) segments_priced: u8,
    pub(crate) segments_sent: u8,
    pub(crate) cost_micros: i64,
    /// Bad outcomes of the segment that had most.
    pub(crate) attempts: u32,
    pub(crate) bad_outcomes: SmallVec<[u8; 1]>,
    pub(crate) last_error: u32,
    /// Status, error and time of its end, where only telling is left.
    pub(crate) end: Option<(Status, u32, u64)>,
}

/// A receipt that waits for its response.
#[derive(Debug, Clone)]
pub(crate) struct RestoredEarly {
    pub(crate) carrier: u32,
    pub(crate) id: CarrierMessageId,
    pub(crate) state: ReceiptState,
    pub(crate) error: u32,
    pub(crate) at_utc_ns: u64,
    /// Digits of its addresses, 0 where they are no numbers.
    pub(crate) source: u64,
    pub(crate) destination: u64,
}

/// A segment that nothing more is to come of, under the id of its carrier.
#[derive(Debug, Clone)]
pub(crate) struct RestoredSettled {
    pub(crate) carrier: u32,
    pub(crate) carrier_id: CarrierMessageId,
    pub(crate) message: MessageId,
    pub(crate) to: Msisdn,
    pub(crate) segment: u8,
    /// It had its final receipt; else its text went on elsewhere.
    pub(crate) ended: bool,
}

/// Parts of a text that its carrier took before the text went on elsewhere.
pub(crate) type Copies = SmallVec<[RestoredSettled; 1]>;

/// Segments remembered so: a receipt that comes twice comes soon.
const SETTLED_MAX: usize = 65_536;

/// Delivered, failed, submitted and live messages of a batch.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct RestoredBatch {
    pub(crate) submitted: u64,
    pub(crate) delivered: u64,
    pub(crate) failed: u64,
    pub(crate) live: u64,
}

/// All that the log gives back.
#[derive(Debug, Default)]
pub(crate) struct Recovered {
    pub(crate) messages: HashMap<u128, Restored>,
    pub(crate) early: HashMap<(u32, CarrierMessageId), RestoredEarly>,
    /// The last that were settled, in their order.
    pub(crate) settled: VecDeque<RestoredSettled>,
    /// By carrier: id of the receipt that was given to the segment of the next record by its number.
    by_number: HashMap<u32, CarrierMessageId>,
    /// Segments by message, carrier and number that were sent again elsewhere, and nothing says so yet.
    pub(crate) unlisted: BTreeSet<(u128, u32, u8)>,
    pub(crate) progress: HashMap<u64, BatchProgress>,
    pub(crate) batches: HashMap<u64, RestoredBatch>,
    pub(crate) report: ScanReport,
    /// Records that could not be used, with the reason of the first.
    pub(crate) unusable: u64,
}

/// Reads the log.
pub(crate) fn recover(
    store: &Store,
    quarantine: &std::path::Path,
) -> Result<Recovered, StoreFault> {
    let mut found = Recovered::default();
    let report = scan(store, Some(quarantine), &mut |frame, offset, record| {
        found.apply(frame, offset, record)
    })?;
    found.report = report;
    Ok(found)
}

impl Recovered {
    pub(crate) fn apply(&mut self, frame: &Arc<SealedFrame>, offset: u32, record: RecordView<'_>) {
        match record {
            RecordView::Accepted(record) => self.accepted(frame, offset, record),
            RecordView::Submitted(record) => self.submitted(record),
            RecordView::Refused(record) => {
                let (status, carrier) = (record.status.to_native(), record.carrier.to_native());
                let (next, segment) = (record.next_carrier, record.segment);
                self.with(record.id.to_native(), |message| {
                    message.note_bad_outcome(segment);
                    message.last_error = status;
                    let there = *message.carrier.get_or_insert(carrier) == carrier;
                    message.leaves_carrier |= next && there;
                    message.set(segment, RestoredSegment::Unsent);
                });
            }
            RecordView::Uncertain(record) => self.uncertain(record),
            RecordView::ReceiptSeen(record) => self.receipt_seen(record),
            RecordView::EarlyReceipt(record) => self.early_receipt(record),
            RecordView::Final(record) => {
                let status = Status::from_u8(record.status).unwrap_or(Status::Unknown);
                let (error, at_utc_ns, tell) = (
                    record.error.to_native(),
                    record.at_utc_ns.to_native(),
                    record.tell,
                );
                let id = record.id.to_native();
                let batch = self.with(id, |message| {
                    message.end = Some((status, error, at_utc_ns));
                    message.batch
                });
                if let Some(batch) = batch.filter(|batch| *batch != 0) {
                    self.batch_final(batch, status);
                }
                if !tell {
                    self.messages.remove(&id);
                }
            }
            RecordView::Told(record) => {
                self.messages.remove(&record.id.to_native());
            }
            RecordView::BatchProgress(record) => self.progressed(BatchProgress {
                batch: record.batch.to_native(),
                row_first: record.row_first.to_native(),
                row_next: record.row_next.to_native(),
                source_octet: record.source_octet.to_native(),
                source_line: record.source_line.to_native(),
                errors_octets: record.errors_octets.to_native(),
                accepted: record.accepted.to_native(),
                rejected: record.rejected.to_native(),
            }),
            RecordView::Other(_) => self.unusable += 1,
        }
    }

    fn uncertain(&mut self, record: &ArchivedUncertain) {
        let (segment, parts) = (record.segment, record.parts);
        let carrier = record.carrier.to_native();
        let until_utc_ns = record.waits_until_utc_ns.to_native();
        if record.reason == UncertainReason::SentAgain {
            return self.sent_again(record.id.to_native(), carrier, segment);
        }
        let copies = self.with(record.id.to_native(), |message| {
            message.note_bad_outcome(segment);
            if message.is_taken_elsewhere(carrier, segment) {
                return Copies::new();
            }
            let copies = message.at_carrier(carrier, parts);
            message.set(segment, RestoredSegment::Uncertain { until_utc_ns });
            copies
        });
        self.left_behind(copies);
    }

    /// Its text went on from there; where the other shard's frame came first, it is at the next carrier already.
    fn sent_again(&mut self, id: u128, carrier: u32, segment: u8) {
        let copies = self.with(id, |message| {
            let there = message.carrier == Some(carrier);
            there.then(|| message.forget())
        });
        for copy in copies.flatten().into_iter().flatten() {
            // The records of the other parts come with this one.
            self.settle(copy);
        }
        self.unlisted.remove(&(id, carrier, segment));
    }

    /// A text is at another carrier than these parts of it, and no record says so: it went on in another shard's frame,
    /// and the crash came before ours.
    pub(crate) fn left_behind(&mut self, copies: Option<Copies>) {
        for copy in copies.into_iter().flatten() {
            self.unlisted
                .insert((copy.message.0, copy.carrier, copy.segment));
            self.settle(copy);
        }
    }

    /// It had all that is to come of it; the oldest is forgotten for it.
    fn settle(&mut self, segment: RestoredSettled) {
        if segment.carrier_id.is_empty() {
            return;
        }
        if self.settled.len() >= SETTLED_MAX {
            self.settled.pop_front();
        }
        self.settled.push_back(segment);
    }

    fn with<T>(&mut self, id: u128, change: impl FnOnce(&mut Restored) -> T) -> Option<T> {
        self.messages
            .get_mut(&id)
            .filter(|message| message.end.is_none())
            .map(change)
    }

    fn accepted(&mut self, frame: &Arc<SealedFrame>, offset: u32, record: &ArchivedAccepted) {
        let id = record.id.to_native();
        let (Some(to), Some(class)) = (
            Msisdn::from_u64(record.to.to_native()),
            Class::from_u8(record.class),
        ) else {
            self.unusable += 1;
            return;
        };
        let batch = record.batch.as_ref().map_or(0, |row| row.batch.to_native());
        if batch != 0 {
            self.batches.entry(batch).or_default().live += 1;
        }
        let message = Restored {
            id: MessageId(id),
            frame: Arc::clone(frame),
            offset,
            account: record.account.to_native(),
            to,
            class,
            from: record.from.as_str().into(),
            wants_receipt: record.wants_receipt,
            accepted_utc_ns: record.at_utc_ns.to_native(),
            expires_utc_ns: record.expires_utc_ns.to_native(),
            batch,
            carrier: None,
            leaves_carrier: false,
            segments: (0..record.segments.max(1))
                .map(|_| RestoredSegment::Unsent)
                .collect(),
            segments_priced: record.segments.max(1),
            segments_sent: 0,
            cost_micros: 0,
            attempts: 0,
            bad_outcomes: (0..record.segments.max(1)).map(|_| 0).collect(),
            last_error: 0,
            end: None,
        };
        self.messages.insert(id, message);
    }

    fn submitted(&mut self, record: &ArchivedSubmitted) {
        let carrier = record.carrier.to_native();
        let id = CarrierMessageId::from_slice(&record.carrier_message_id);
        let mut copies = None;
        let complete = self.with(record.id.to_native(), |message| {
            let before = message.is_submitted();
            copies = Some(message.at_carrier(carrier, record.parts));
            message.segments_sent = message.segments_sent.saturating_add(record.segments);
            message.cost_micros = message
                .cost_micros
                .saturating_add(record.price_micros.to_native());
            message.set(
                record.segment,
                RestoredSegment::Submitted(id, record.segments),
            );
            (!before && message.is_submitted()).then_some(message.batch)
        });
        self.left_behind(copies);
        if let Some(batch) = complete.flatten().filter(|batch| *batch != 0) {
            self.batches.entry(batch).or_default().submitted += 1;
        }
    }

    fn receipt_seen(&mut self, record: &ArchivedReceiptSeen) {
        let carrier = record.carrier.to_native();
        let state = ReceiptState::from_code(record.state).filter(|state| state.is_final());
        let known = self.with(record.id.to_native(), |message| {
            let held = message.segments.get(usize::from(record.segment)).cloned();
            let done = matches!(held, Some(RestoredSegment::Done(_)));
            if let Some(state) = state.filter(|_| !done) {
                message.set(record.segment, RestoredSegment::Done(state));
            }
            (held, message.id, message.to)
        });
        let by_number = self.by_number.remove(&carrier);
        let Some((Some(held), message, to)) = known else {
            return;
        };
        let named = match held {
            RestoredSegment::Submitted(id, _) if !id.is_empty() => Some(id),
            _ => None,
        };
        // If it was parked before its response came, it is so no more.
        if let Some(id) = named.as_ref().filter(|_| !self.early.is_empty()) {
            self.early.remove(&(carrier, id.clone()));
        }
        if let Some(carrier_id) = named.or(by_number).filter(|_| state.is_some()) {
            self.settle(RestoredSettled {
                carrier,
                carrier_id,
                message,
                to,
                segment: record.segment,
                ended: true,
            });
        }
    }

    fn early_receipt(&mut self, record: &ArchivedEarlyReceipt) {
        let carrier = record.carrier.to_native();
        let id = CarrierMessageId::from_slice(&record.carrier_message_id);
        if record.taken {
            self.early.remove(&(carrier, id.clone()));
            self.by_number.insert(carrier, id);
            return;
        }
        let early = RestoredEarly {
            carrier,
            id: id.clone(),
            state: ReceiptState::from_code(record.state).unwrap_or(ReceiptState::Unknown),
            error: record.error.to_native(),
            at_utc_ns: record.at_utc_ns.to_native(),
            source: record.source.to_native(),
            destination: record.destination.to_native(),
        };
        let known = self.early.get(&(carrier, id.clone()));
        if known.is_none_or(|known| early.state.supersedes(known.state)) {
            self.early.insert((carrier, id), early);
        }
    }

    fn batch_final(&mut self, batch: u64, status: Status) {
        let counts = self.batches.entry(batch).or_default();
        counts.live = counts.live.saturating_sub(1);
        if status == Status::Delivered {
            counts.delivered += 1;
        } else {
            counts.failed += 1;
        }
    }

    /// The furthest position, and the sums of what was accepted and refused.
    fn progressed(&mut self, progress: BatchProgress) {
        let held = self
            .progress
            .entry(progress.batch)
            .or_insert(BatchProgress {
                accepted: 0,
                rejected: 0,
                ..progress
            });
        let accepted = held.accepted.saturating_add(progress.accepted);
        let rejected = held.rejected.saturating_add(progress.rejected);
        let furthest = if progress.row_next >= held.row_next {
            progress
        } else {
            *held
        };
        *held = BatchProgress {
            accepted,
            rejected,
            ..furthest
        };
    }
}

impl Restored {
    /// Its parts are at this carrier, so many of them; 0: not known.
    ///
    /// Gives those that another had before.
    pub(crate) fn at_carrier(&mut self, carrier: u32, parts: u8) -> Copies {
        let moved = self.carrier.is_some_and(|before| before != carrier);
        let copies = if moved { self.forget() } else { Copies::new() };
        self.carrier = Some(carrier);
        self.leaves_carrier = false;
        if parts > 0 {
            self.segments
                .resize(usize::from(parts), RestoredSegment::Unsent);
        }
        copies
    }

    /// Bad outcomes of segments that were in windows together are one attempt of the text.
    pub(crate) fn note_bad_outcome(&mut self, segment: u8) {
        let parts = self.bad_outcomes.len().max(usize::from(segment) + 1);
        self.bad_outcomes.resize(parts, 0);
        if let Some(count) = self.bad_outcomes.get_mut(usize::from(segment)) {
            *count = count.saturating_add(1);
            self.attempts = self.attempts.max(u32::from(*count));
        }
    }

    /// Whether another carrier took this segment later: what is uncertain here is an earlier copy.
    pub(crate) fn is_taken_elsewhere(&self, carrier: u32, segment: u8) -> bool {
        let there = self.carrier.is_some_and(|later| later != carrier);
        let state = self.segments.get(usize::from(segment));
        there
            && matches!(
                state,
                Some(RestoredSegment::Submitted(..) | RestoredSegment::Done(_))
            )
    }

    /// All parts are unsent again; gives those that a carrier has.
    fn forget(&mut self) -> Copies {
        let mut copies = Copies::new();
        self.leaves_carrier = false;
        let Some(carrier) = self.carrier.take() else {
            return copies;
        };
        for (part, segment) in (0..=u8::MAX).zip(&mut self.segments) {
            let carrier_id = match std::mem::replace(segment, RestoredSegment::Unsent) {
                RestoredSegment::Submitted(id, _) => id,
                RestoredSegment::Done(_) => CarrierMessageId::new(),
                _ => continue,
            };
            copies.push(RestoredSettled {
                carrier,
                carrier_id,
                message: self.id,
                to: self.to,
                segment: part,
                ended: false,
            });
        }
        copies
    }

    pub(crate) fn set(&mut self, segment: u8, state: RestoredSegment) {
        let parts = self.segments.len().max(usize::from(segment) + 1);
        self.segments.resize(parts, RestoredSegment::Unsent);
        if let Some(slot) = self.segments.get_mut(usize::from(segment)) {
            *slot = state;
        }
    }

    pub(crate) fn is_submitted(&self) -> bool {
        self.segments.iter().all(|segment| {
            matches!(
                segment,
                RestoredSegment::Submitted(..) | RestoredSegment::Done(_)
            )
        })
    }
}
