//! From the log back to live messages: the state of the node as of its last durable frame.
//!
//! Promise: what was accepted and is not closed comes back; what was in a window without a recorded outcome comes back as
//! uncertain, by name. What nothing was done about stays in the log, and its place is known (`waiting`). Bound: memory for
//! the messages that something was done about and that still live, and six to twenty octets for each other one. Fails by the
//! store's fault only.

mod ends;
mod frames;
mod handsets;
mod left_over;
mod restored;
mod waiting;
mod ways;

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use carrack_carrier::CarrierMessageId;
use carrack_message::record::record_at;
use carrack_message::record::{
    ArchivedAccepted, ArchivedEarlyReceipt, ArchivedReceiptSeen, ArchivedSubmitted,
    ArchivedUncertain, BatchProgress, RecordView, Submitted, UncertainReason,
};
use carrack_message::{Class, MessageId, Msisdn, ReceiptState, Status};
use carrack_queue::{FrameKey, RecordPlace, ScanReport, SealedFrame, Store, StoreFault, scan};
use rustc_hash::FxHashMap;

use crate::batches::BatchEnds;
use crate::limits::Paces;
use crate::shard::{Home, Line};
use ends::Ends;
use frames::Frames;
pub(crate) use frames::ReadFrame;
use handsets::Handsets;
pub(crate) use handsets::RestoredHandsets;
pub(crate) use restored::{Copies, Restored, RestoredSegment, RestoredSettled, told_as};
use waiting::Waiting;
pub(crate) use ways::Ways;

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

/// Segments remembered so: a receipt that comes twice comes soon.
const SETTLED_MAX: usize = 65_536;

/// Messages of a batch: what became of them, and those that live.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct RestoredBatch {
    pub(crate) ends: BatchEnds,
    pub(crate) live: u64,
}

/// Messages of one lane that wait in the log.
pub(crate) struct RestoredLane {
    /// By the routes of now, best first.
    pub(crate) carriers: Vec<u16>,
    pub(crate) class: Class,
    pub(crate) account: u32,
    /// The buckets that they need.
    pub(crate) pace: Option<Arc<Paces>>,
    /// Those of one shard in the order of acceptance.
    pub(crate) parked: Line,
}

/// What the shards are to know of segments that nothing more is to come of, the last ones.
#[derive(Debug, Default)]
pub(crate) struct Remembered {
    pub(crate) settled: VecDeque<RestoredSettled>,
    /// By carrier number: copies that were uncertain once, by message and recipient.
    pub(crate) astray: VecDeque<(u32, MessageId, Msisdn)>,
}

/// All that the log gives back.
pub(crate) struct Recovered {
    /// Those that something was done about.
    pub(crate) messages: FxHashMap<u128, Restored>,
    /// The others.
    waiting: Waiting,
    /// Of those, by account.
    pub(crate) waiting_by_account: FxHashMap<u32, u64>,
    ways: Ways,
    frames: Frames,
    pub(crate) early: HashMap<(u32, CarrierMessageId), RestoredEarly>,
    pub(crate) remembered: Remembered,
    /// By carrier: id of the receipt that was given to the segment of the next record by its number.
    by_number: HashMap<u32, CarrierMessageId>,
    /// Segments by message, carrier and number that were sent again elsewhere, and nothing says so yet.
    pub(crate) unlisted: BTreeSet<(u128, u32, u8)>,
    pub(crate) progress: HashMap<u64, BatchProgress>,
    pub(crate) batches: HashMap<u64, RestoredBatch>,
    /// Ends that were not told.
    pub(crate) ends: Ends,
    /// What handsets sent.
    pub(crate) handsets: Handsets,
    /// Money given to accounts: what for, and how much.
    pub(crate) credited: Vec<(u32, String, i64)>,
    pub(crate) report: ScanReport,
    /// Records that could not be used, with the reason of the first.
    pub(crate) unusable: u64,
}

/// Reads the log.
pub(crate) fn recover(
    store: &Arc<Store>,
    quarantine: &std::path::Path,
    ways: Ways,
) -> Result<Recovered, StoreFault> {
    let log = Arc::clone(store);
    let read = move |key: FrameKey| match log.frame(key) {
        Ok(octets) => octets.map(|octets| Arc::new(SealedFrame::read_back(key, octets))),
        Err(fault) => {
            tracing::error!(?key, %fault, "a frame with waiting messages cannot be read");
            None
        }
    };
    let mut found = Recovered::new(ways, Box::new(read));
    let report = scan(store, Some(quarantine), &mut |frame, place, record| {
        found.apply(frame, place, record)
    })?;
    found.report = report;
    Ok(found)
}

impl Recovered {
    /// Nothing yet; `read` gives a frame of the log once more.
    pub(crate) fn new(ways: Ways, read: ReadFrame) -> Self {
        Self {
            messages: FxHashMap::default(),
            waiting: Waiting::default(),
            waiting_by_account: FxHashMap::default(),
            ways,
            frames: Frames::new(read),
            early: HashMap::new(),
            remembered: Remembered::default(),
            by_number: HashMap::new(),
            unlisted: BTreeSet::new(),
            progress: HashMap::new(),
            batches: HashMap::new(),
            ends: Ends::default(),
            handsets: Handsets::default(),
            credited: Vec::new(),
            report: ScanReport::default(),
            unusable: 0,
        }
    }

    /// Messages that are not closed.
    pub(crate) fn count(&self) -> usize {
        self.messages.len() + self.waiting.len() + self.ends.len()
    }

    /// Where those of them lie whose ids do not say.
    pub(crate) fn take_elsewhere(&mut self) -> FxHashMap<u128, Home> {
        self.waiting.elsewhere()
    }

    /// What stays in the log.
    pub(crate) fn take_lanes(&mut self) -> Vec<RestoredLane> {
        self.frames.clear();
        let lists = std::mem::take(&mut self.waiting).into_lists();
        let named = lists.into_iter().filter_map(|((name, _), parked)| {
            let lane = self.ways.named(name)?;
            Some(RestoredLane {
                carriers: lane.carriers.to_vec(),
                class: lane.class,
                account: lane.account,
                pace: self.ways.pace(lane),
                parked,
            })
        });
        named.collect()
    }

    /// A message that lives; one that waits in the log is brought back from there, for something is known of it now.
    fn live(&mut self, id: u128) -> Option<&mut Restored> {
        if let Some((home, offset)) = self.waiting.take(id) {
            let frame = self.frames.get(home.frame());
            let record = frame
                .as_ref()
                .map(|frame| (frame, record_at(&frame.octets, offset)));
            let restored = match record {
                Some((frame, Ok(RecordView::Accepted(record)))) => {
                    let restored = Restored::new(frame, offset, record);
                    restored.map(|restored| Restored { home, ..restored })
                }
                _ => None,
            };
            match restored {
                Some(restored) => {
                    if let Some(count) = self.waiting_by_account.get_mut(&restored.account) {
                        *count = count.saturating_sub(1);
                    }
                    self.messages.insert(id, restored);
                }
                None => self.unusable += 1,
            }
        }
        self.messages.get_mut(&id)
    }

    pub(crate) fn apply(
        &mut self,
        frame: &Arc<SealedFrame>,
        place: RecordPlace,
        record: RecordView<'_>,
    ) {
        match record {
            RecordView::Accepted(record) => self.accepted(frame, place, record),
            RecordView::Aside(record) => self.aside(record.id.to_native()),
            RecordView::Submitted(record) => self.submitted(record),
            RecordView::Refused(record) => {
                let (status, carrier) = (record.status.to_native(), record.carrier.to_native());
                let (next, segment) = (record.next_carrier, record.segment);
                self.with(record.id.to_native(), |message| {
                    message.note_bad_outcome(segment);
                    message.last_error = status;
                    if next {
                        message.note_left(carrier);
                    }
                    let there = *message.carrier.get_or_insert(carrier) == carrier;
                    message.leaves_carrier |= next && there;
                    message.set(segment, RestoredSegment::Unsent);
                });
            }
            RecordView::Uncertain(record) => self.uncertain(record),
            RecordView::Tried(record) => {
                self.with(record.id.to_native(), |message| message.note_tried(record));
            }
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
                if self.live(id).is_none() {
                    return;
                }
                let Some(message) = self.messages.remove(&id) else {
                    return;
                };
                if message.batch != 0 {
                    self.batch_final(message.batch, status);
                }
                if tell {
                    self.ends.push(&message, status, error, at_utc_ns);
                }
            }
            RecordView::ToldSubmitted(record) => {
                let id = record.id.to_native();
                self.ends.told_submitted(id);
                if let Some(message) = self.messages.get_mut(&id) {
                    message.told_submitted = true;
                }
            }
            RecordView::Told(record) => self.ends.remove(record.id.to_native()),
            RecordView::GivenUp(record) => self.ends.remove(record.id.to_native()),
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
            RecordView::Credited(record) => {
                let reference = record.reference.as_str().to_owned();
                let amount_micros = record.amount_micros.to_native();
                let account = record.account.to_native();
                self.credited.push((account, reference, amount_micros));
            }
            RecordView::MoReceived(record) => {
                self.unusable += u64::from(!self.handsets.received(record));
            }
            RecordView::MoSettled(record) => self.handsets.settled(record),
            // It says something to whoever moves the message, who finds it beside its record.
            RecordView::ValidFrom(_) => {}
            RecordView::Other(_) => self.unusable += 1,
        }
    }

    fn uncertain(&mut self, record: &ArchivedUncertain) {
        let (segment, parts) = (record.segment, record.parts);
        let carrier = record.carrier.to_native();
        let until_utc_ns = record.waits_until_utc_ns.to_native();
        if record.reason == UncertainReason::SentAgain {
            return self.sent_again(record.id.to_native(), carrier, segment, parts > 0);
        }
        let Some(message) = self.live(record.id.to_native()) else {
            return;
        };
        let sent = (message.id, message.to);
        message.note_bad_outcome(segment);
        let mut copies = None;
        if !message.is_taken_elsewhere(carrier, segment) {
            copies = Some(message.at_carrier(carrier, parts));
            message.set(segment, RestoredSegment::Uncertain { until_utc_ns });
        }
        self.perhaps_taken(carrier, sent);
        self.left_behind(copies);
    }

    /// The carrier may have a copy under an id that we never learned.
    fn perhaps_taken(&mut self, carrier: u32, (message, to): (MessageId, Msisdn)) {
        let astray = &mut self.remembered.astray;
        if astray.len() >= SETTLED_MAX {
            astray.pop_front();
        }
        astray.push_back((carrier, message, to));
    }

    /// Its text went on from there; where the other shard's frame came first, it is at the next carrier already. Written
    /// by a recovery, it lists a copy and changes nothing.
    fn sent_again(&mut self, id: u128, carrier: u32, segment: u8, goes_on: bool) {
        let copies = self.with(id, |message| {
            if goes_on {
                message.note_bad_outcome(segment);
                message.note_left(carrier);
            }
            let there = goes_on && message.carrier == Some(carrier);
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
        if self.remembered.settled.len() >= SETTLED_MAX {
            self.remembered.settled.pop_front();
        }
        self.remembered.settled.push_back(segment);
    }

    fn with<T>(&mut self, id: u128, change: impl FnOnce(&mut Restored) -> T) -> Option<T> {
        self.live(id).map(change)
    }

    /// It is on the shelf: the log knows nothing of it any more.
    fn aside(&mut self, id: u128) {
        if self.live(id).is_some() {
            self.messages.remove(&id);
        }
    }

    fn accepted(
        &mut self,
        frame: &Arc<SealedFrame>,
        place: RecordPlace,
        record: &ArchivedAccepted,
    ) {
        let id = record.id.to_native();
        let offset = place.offset;
        let known = Msisdn::from_u64(record.to.to_native()).zip(Class::from_u8(record.class));
        if known.is_none() {
            self.unusable += 1;
            return;
        }
        let here = frame.key.accepted(MessageId(id));
        if let Some(row) = record.batch.as_ref().filter(|_| here) {
            self.batches.entry(row.batch.to_native()).or_default().live += 1;
        }
        if here && record.send_at_utc_ns != 0 {
            return;
        }
        // Where it is not accepted here it came back from the shelf.
        let home = Home::in_frame(frame.key, place.index);
        let account = record.account.to_native();
        let lane = self.ways.lane(record);
        let expires_utc_ns = record.expires_utc_ns.to_native();
        let waits = lane.is_some_and(|lane| {
            self.waiting
                .push(MessageId(id), home, offset, expires_utc_ns, lane)
        });
        if waits {
            *self.waiting_by_account.entry(account).or_default() += 1;
            self.frames.keep(frame);
        } else if let Some(restored) = Restored::new(frame, offset, record) {
            self.messages.insert(id, Restored { home, ..restored });
        }
    }

    fn submitted(&mut self, record: &ArchivedSubmitted) {
        let mut copies = None;
        let complete = self.with(record.id.to_native(), |message| {
            copies = Some(message.note_submitted(record));
            // Once, though the next carrier takes it as well.
            let first = !message.counted_submitted && message.is_submitted();
            message.counted_submitted |= first;
            (first && record.attempt != Submitted::COPY).then_some(message.batch)
        });
        self.left_behind(copies);
        if let Some(batch) = complete.flatten().filter(|batch| *batch != 0) {
            self.batches.entry(batch).or_default().ends.submitted += 1;
        }
    }

    fn receipt_seen(&mut self, record: &ArchivedReceiptSeen) {
        let carrier = record.carrier.to_native();
        let state = ReceiptState::from_code(record.state).filter(|state| state.is_final());
        let known = self.with(record.id.to_native(), |message| {
            let held = message.note_receipt(record);
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
            counts.ends.delivered += 1;
        } else {
            counts.ends.failed += 1;
        }
    }

    /// The furthest position, the first row that the log still speaks of, and the sums of what was accepted and refused.
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
        let row_first = held.row_first.min(progress.row_first);
        let furthest = if progress.row_next >= held.row_next {
            progress
        } else {
            *held
        };
        *held = BatchProgress {
            row_first,
            accepted,
            rejected,
            ..furthest
        };
    }
}
