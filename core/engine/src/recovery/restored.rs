//! A message as the log leaves it, and what records make of it.

use std::sync::Arc;

use carrack_carrier::CarrierMessageId;
use carrack_message::record::{
    ArchivedAccepted, ArchivedReceiptSeen, ArchivedSubmitted, ArchivedTried, FrameReader,
    ReceiptWish, RecordView,
};
use carrack_message::{Class, MessageId, Msisdn, ReceiptState};
use carrack_queue::SealedFrame;
use smallvec::SmallVec;

use crate::shard::Home;
use crate::telling::{SubmittedNews, Telling};

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
    pub(crate) home: Home,
    pub(crate) offset: u32,
    pub(crate) account: u32,
    pub(crate) to: Msisdn,
    pub(crate) class: Class,
    pub(crate) from: Box<str>,
    pub(crate) wants_receipt: ReceiptWish,
    pub(crate) told_as: Box<[u8]>,
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
    pub(crate) price_micros: i64,
    /// Bad outcomes of the segment that had most.
    pub(crate) attempts: u32,
    pub(crate) bad_outcomes: SmallVec<[u8; 1]>,
    /// Numbers of the carriers that had it in vain, since all were last tried.
    pub(crate) tried: SmallVec<[u32; 2]>,
    pub(crate) last_error: u32,
    /// What the customer is told by requests.
    pub(crate) telling: Option<Box<Telling>>,
    /// He was told that it was submitted.
    pub(crate) told_submitted: bool,
    /// A carrier last took a part at.
    pub(crate) submitted_utc_ns: u64,
    /// All its parts were with a carrier, and its batch knows.
    pub(crate) counted_submitted: bool,
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

/// The id that the customer was given instead of the message's own, where he is to be told its end.
pub(crate) fn told_as(record: &ArchivedAccepted) -> Box<[u8]> {
    match record.wants_receipt.wish().is_any() {
        true => Box::from(record.told_as.as_slice()),
        false => Box::default(),
    }
}

impl Restored {
    /// One that nothing was done about; none where its record says what cannot be.
    pub(super) fn new(
        frame: &Arc<SealedFrame>,
        offset: u32,
        record: &ArchivedAccepted,
    ) -> Option<Self> {
        let parts = record.segments.max(1);
        let id = MessageId(record.id.to_native());
        Some(Self {
            id,
            frame: Arc::clone(frame),
            home: Home::of(id),
            offset,
            account: record.account.to_native(),
            to: Msisdn::from_u64(record.to.to_native())?,
            class: Class::from_u8(record.class)?,
            from: record.from.as_str().into(),
            wants_receipt: record.wants_receipt.wish(),
            told_as: told_as(record),
            accepted_utc_ns: record.at_utc_ns.to_native(),
            expires_utc_ns: record.expires_utc_ns.to_native(),
            batch: record.batch.as_ref().map_or(0, |row| row.batch.to_native()),
            carrier: None,
            leaves_carrier: false,
            segments: (0..parts).map(|_| RestoredSegment::Unsent).collect(),
            segments_priced: parts,
            segments_sent: 0,
            cost_micros: 0,
            price_micros: record.price_micros.to_native(),
            attempts: 0,
            bad_outcomes: (0..parts).map(|_| 0).collect(),
            tried: SmallVec::new(),
            last_error: 0,
            telling: Telling::of_stored(record),
            told_submitted: false,
            submitted_utc_ns: 0,
            counted_submitted: false,
        })
    }

    /// One that was on the shelf, from its records.
    pub(crate) fn of_records(frame: &Arc<SealedFrame>) -> Option<Self> {
        let mut found: Option<Self> = None;
        for (_, offset, record) in FrameReader::new(&frame.octets).ok()?.iter() {
            match (record.ok()?, &mut found) {
                (RecordView::Accepted(record), None) => found = Self::new(frame, offset, record),
                (RecordView::Tried(record), Some(found)) => found.note_tried(record),
                (RecordView::ToldSubmitted(_), Some(found)) => found.told_submitted = true,
                (RecordView::Submitted(record), Some(found)) => {
                    found.note_submitted(record);
                }
                (RecordView::ReceiptSeen(record), Some(found)) => {
                    found.note_receipt(record);
                }
                _ => {}
            }
        }
        found
    }

    /// A carrier took a part. Gives what another carrier had before.
    pub(super) fn note_submitted(&mut self, record: &ArchivedSubmitted) -> Copies {
        let copies = self.at_carrier(record.carrier.to_native(), record.parts);
        self.segments_sent = self.segments_sent.saturating_add(record.segments);
        self.cost_micros = self
            .cost_micros
            .saturating_add(record.price_micros.to_native());
        self.submitted_utc_ns = record.at_utc_ns.to_native();
        let id = CarrierMessageId::from_slice(&record.carrier_message_id);
        self.set(
            record.segment,
            RestoredSegment::Submitted(id, record.segments),
        );
        copies
    }

    /// A receipt spoke of a part. Gives what was known of the part before.
    pub(super) fn note_receipt(&mut self, record: &ArchivedReceiptSeen) -> Option<RestoredSegment> {
        let state = ReceiptState::from_code(record.state).filter(|state| state.is_final());
        let held = self.segments.get(usize::from(record.segment)).cloned();
        let done = matches!(held, Some(RestoredSegment::Done(_)));
        if let Some(state) = state.filter(|_| !done) {
            self.set(record.segment, RestoredSegment::Done(state));
        }
        held
    }

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

    /// The text went on from this carrier. One that had it before gets it again because all were tried.
    pub(super) fn note_left(&mut self, carrier: u32) {
        match self.tried.last() {
            // Its other parts say so too.
            Some(last) if *last == carrier => return,
            _ if self.tried.contains(&carrier) => self.tried.clear(),
            _ => {}
        }
        self.tried.push(carrier);
    }

    /// What was tried before it went to the shelf.
    pub(super) fn note_tried(&mut self, record: &ArchivedTried) {
        self.attempts = record.attempts.to_native();
        self.last_error = record.last_error.to_native();
        self.tried = record
            .carriers
            .iter()
            .map(|number| number.to_native())
            .collect();
        let count = u8::try_from(self.attempts).unwrap_or(u8::MAX);
        self.bad_outcomes.iter_mut().for_each(|bad| *bad = count);
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
    pub(super) fn forget(&mut self) -> Copies {
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

    /// Where the news stands that a carrier has it.
    pub(crate) fn submitted_news(&self) -> SubmittedNews {
        let wanted = self.telling.as_deref();
        match wanted.is_some_and(Telling::wants_submitted) {
            true if self.told_submitted => SubmittedNews::Told,
            true if self.is_submitted() => SubmittedNews::Due,
            _ => SubmittedNews::NotYet,
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
