//! From memory to the shelf: a message all of whose parts its carrier has, and whose receipts take long.
//!
//! Its record is read from the log, so that all that its customer gave goes with it. Until the shelf has it durably it
//! stays in memory, and a receipt that comes meanwhile keeps it there.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use carrack_message::MessageId;
use carrack_message::record::{
    Accepted, Aside, FrameFault, FrameWriter, ReceiptSeen, RecordView, Submitted, ToldSubmitted,
    Tried, owned, record_at,
};
use carrack_queue::{FrameKey, SealedFrame, ShelfChange, ShelfEntry, ShelfMarks, receipt_name};
use carrack_runtime::Now;
use rustc_hash::FxHashMap;

use super::{LATER, LEAVING_MAX};
use crate::pager::Ask;
use crate::shard::live::{Key, Live, Phase, SegmentState};
use crate::shard::matching::folded;
use crate::shard::paging::Asked;
use crate::shard::validity::Validity;
use crate::shard::{Carrier, Shard};
use crate::telling::SubmittedNews;

/// However many wait in memory, a receipt has this long to come while its message is there.
const AGE_MIN_NS: u64 = 10_000_000_000;
/// Frames that are read at once for the records of those that leave.
const FRAMES_MAX: usize = 64;

impl Shard {
    /// Whether more messages wait for receipts than are to be in memory.
    pub(in crate::shard) fn has_too_many_awaited(&self) -> bool {
        let most = self.shared.settings.receipts_in_memory_max / self.peers.len().max(1);
        self.correlation.len() > most
    }

    /// Part of the sweep: a message that waits for receipts may have waited long enough.
    pub(in crate::shard) fn consider_leaving(&mut self, now: Now, key: Key, crowded: bool) {
        let settled_ns = self.shared.settings.receipt_in_memory_ns;
        let age_ns = if crowded {
            AGE_MIN_NS.min(settled_ns)
        } else {
            settled_ns
        };
        let Some(live) = self.live.get(key) else {
            return;
        };
        let old = now.mono_ns.saturating_sub(live.waiting_since_ns) >= age_ns;
        if old && self.shelving.may_leave.len() < LEAVING_MAX && self.can_leave(key) {
            self.shelving.may_leave.push(key);
        }
    }

    /// Nothing is to be done about it but to take its receipts, and their ids are known.
    fn can_leave(&self, key: Key) -> bool {
        let Some(live) = self.live.get(key) else {
            return false;
        };
        let known = live.segments.iter().all(|segment| {
            matches!(
                segment.state,
                SegmentState::Submitted { .. } | SegmentState::Done(_)
            ) && (!segment.carrier_id.is_empty() || matches!(segment.state, SegmentState::Done(_)))
        });
        let awaited = live.count(|state| matches!(state, SegmentState::Submitted { .. })) > 0;
        let asks = live
            .carrier
            .is_none_or(|place| self.query_after_ns(key, place).is_some());
        live.phase == Phase::AwaitingReceipt
            && live.submitted != SubmittedNews::Queued
            && known
            && awaited
            && !asks
            && live.frame.is_none()
            && !self.shelving.back.contains(&live.id)
    }

    pub(super) fn ask_for_records(&mut self) {
        if self.shelving.leaving || self.shelving.may_leave.is_empty() {
            return;
        }
        let mut frames: Vec<FrameKey> = Vec::new();
        let mut keys = Vec::new();
        let mut later = Vec::new();
        for key in std::mem::take(&mut self.shelving.may_leave) {
            let Some(live) = self.live.get(key) else {
                continue;
            };
            let frame = live.home.frame();
            let listed = frames.contains(&frame);
            if !listed && frames.len() >= FRAMES_MAX {
                later.push(key);
                continue;
            }
            if !listed {
                frames.push(frame);
            }
            keys.push(key);
        }
        self.shelving.may_leave = later;
        if !keys.is_empty() {
            self.shelving.leaving = self
                .paging
                .ask(Ask::Frames(frames), || Asked::Leaving(keys));
        }
    }

    /// Their records were read: they go.
    pub(in crate::shard) fn leave(
        &mut self,
        now: Now,
        keys: &[Key],
        frames: &FxHashMap<FrameKey, Arc<SealedFrame>>,
    ) {
        self.shelving.leaving = false;
        if self.frames.is_backlogged() {
            return;
        }
        for key in keys.iter().copied() {
            if !self.can_leave(key) {
                continue;
            }
            let Some(entry) = self.entry(now, key, frames) else {
                continue;
            };
            let Some(live) = self.live.get_mut(key) else {
                continue;
            };
            live.phase = Phase::Leaving;
            let (id, epoch) = (live.id.0, live.home.epoch);
            let aside = Aside {
                id,
                epoch,
                at_utc_ns: now.utc_ns,
            };
            if self.note(&aside) {
                self.frames.summary().add_closed(epoch);
                self.frames.shelf.push(ShelfChange::Put(entry.clone()));
                self.frames.after.aside.push(key);
                self.shelving.left.insert(key, entry);
                self.shared.shelved.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// All that is known of a message.
    fn entry(
        &self,
        now: Now,
        key: Key,
        frames: &FxHashMap<FrameKey, Arc<SealedFrame>>,
    ) -> Option<ShelfEntry> {
        let live = self.live.get(key)?;
        let carrier = self.carriers.get(&live.carrier?)?;
        let frame = frames.get(&live.home.frame())?;
        let record = match record_at(&frame.octets, live.offset) {
            Ok(RecordView::Accepted(record)) if record.id.to_native() == live.id.0 => record,
            _ => {
                tracing::error!(id = %live.id, "the record of a message cannot be read; it stays in memory");
                return None;
            }
        };
        let mut records = FrameWriter::with_capacity(512);
        records.push(&owned::<_, Accepted>(record).ok()?).ok()?;
        if let Some(tried) = self.tried(now, live) {
            records.push(&tried).ok()?;
        }
        if live.submitted == SubmittedNews::Told {
            let told = ToldSubmitted {
                id: live.id.0,
                at_utc_ns: now.utc_ns,
            };
            records.push(&told).ok()?;
        }
        let names = outcomes(&mut records, now, live, carrier)?;
        let waited_ns = now.mono_ns.saturating_sub(live.waiting_since_ns);
        let left_ns = self
            .shared
            .settings
            .receipt_wait_max_ns
            .saturating_sub(waited_ns);
        Some(ShelfEntry {
            marks: ShelfMarks {
                id: live.id,
                account: live.account,
                keeper: carrier.number,
                due_ms: now.utc_ns.saturating_add(left_ns).div_ceil(1_000_000),
                receipts: names,
            },
            octets: records.seal(0),
        })
    }

    /// What was tried before; none where nothing was.
    fn tried(&self, now: Now, live: &Live) -> Option<Tried> {
        let left = self.plans.carriers(live.plan);
        let gone = self.plans.carriers(live.route_plan).iter();
        let gone = gone.filter(|place| !left.contains(place) && live.carrier != Some(**place));
        let carriers: Vec<u32> = gone
            .filter_map(|place| self.directory.carriers().get(usize::from(*place)))
            .map(|carrier| carrier.number)
            .collect();
        (live.attempts > 0 || !carriers.is_empty()).then_some(Tried {
            id: live.id.0,
            attempts: live.attempts,
            last_error: live.last_error,
            carriers,
            at_utc_ns: now.utc_ns,
        })
    }

    /// It is durable on the shelf: it leaves memory, unless something came for it meanwhile.
    pub(in crate::shard) fn has_left(&mut self, key: Key) {
        let left = self
            .live
            .get(key)
            .is_some_and(|live| live.phase == Phase::Leaving);
        if !left {
            return;
        }
        self.shelving.left.remove(&key);
        let Some(live) = self.live.remove(key) else {
            return;
        };
        if let Some((place, carrier)) = live
            .carrier
            .and_then(|place| Some((place, self.carriers.get(&place)?)))
        {
            for segment in &live.segments {
                if !segment.carrier_id.is_empty() {
                    let folded = folded(&carrier.rules.ids, &segment.carrier_id);
                    self.correlation.forget(place, &folded, key.slot);
                }
            }
        }
    }

    /// A message of which nothing has left goes there until a moment, UTC nanoseconds, or until its validity ends. False:
    /// nothing can be written now.
    pub(in crate::shard) fn shelve_until(
        &mut self,
        now: Now,
        key: Key,
        until_utc_ns: u64,
        validity: Validity,
    ) -> bool {
        let Some(live) = self.live.get(key) else {
            return false;
        };
        let (id, epoch) = (live.id.0, live.home.epoch);
        let Some(entry) = self
            .entry_until(now, live, until_utc_ns, validity)
            .filter(|_| !self.frames.is_backlogged())
        else {
            return false;
        };
        let aside = Aside {
            id,
            epoch,
            at_utc_ns: now.utc_ns,
        };
        self.make_room(2);
        if !self.note(&aside) {
            return false;
        }
        self.frames.summary().add_closed(epoch);
        self.frames.shelf.push(ShelfChange::Put(entry.clone()));
        self.frames.after.aside.push(key);
        self.shelving.left.insert(key, entry);
        self.shared.shelved.fetch_add(1, Ordering::Relaxed);
        if let Some(live) = self.live.get_mut(key) {
            live.phase = Phase::Leaving;
        }
        true
    }

    /// Its record with another moment to be sent at, and what was tried.
    fn entry_until(
        &self,
        now: Now,
        live: &Live,
        until_utc_ns: u64,
        validity: Validity,
    ) -> Option<ShelfEntry> {
        let frame = live.frame.as_ref()?;
        let Ok(RecordView::Accepted(record)) = record_at(&frame.octets, live.offset) else {
            return None;
        };
        let mut record = owned::<_, Accepted>(record).ok()?;
        record.send_at_utc_ns = until_utc_ns;
        record.expires_utc_ns = validity.expires_utc_ns;
        let tried = self.tried(now, live);
        self.entry_for_later(&record, validity, tried.as_ref()).ok()
    }

    /// The entry of a message that is to be sent later, and of which this was tried.
    ///
    /// # Errors
    /// [`FrameFault`] where its record cannot be written.
    pub(in crate::shard) fn entry_for_later(
        &self,
        record: &Accepted,
        validity: Validity,
        tried: Option<&Tried>,
    ) -> Result<ShelfEntry, FrameFault> {
        let mut records = FrameWriter::with_capacity(512);
        records.push(record)?;
        if let Some(beside) = validity.beside(record.id, record.send_at_utc_ns) {
            records.push(&beside)?;
        }
        if let Some(tried) = tried {
            records.push(tried)?;
        }
        Ok(ShelfEntry {
            marks: ShelfMarks {
                id: MessageId(record.id),
                account: record.account,
                keeper: LATER + u32::from(self.number),
                // One whose validity ends before is told so then.
                due_ms: record
                    .send_at_utc_ns
                    .min(record.expires_utc_ns)
                    .div_ceil(1_000_000),
                receipts: Vec::new(),
            },
            octets: records.seal(0),
        })
    }
}

/// Writes what carriers said of a message; gives the names of its receipts.
fn outcomes(
    records: &mut FrameWriter,
    now: Now,
    live: &Live,
    carrier: &Carrier,
) -> Option<Vec<u64>> {
    let parts = live.segments.len().min(usize::from(u8::MAX)) as u8;
    let on_air = live.segments.iter().map(|segment| segment.units);
    // What was taken more than once is charged more than once.
    let mut more = on_air.fold(live.segments_sent, u8::saturating_sub);
    let mut cost_micros = live.cost_micros;
    let mut names = Vec::with_capacity(live.segments.len());
    for (part, segment) in (0..parts).zip(&live.segments) {
        let waited_ns = match segment.state {
            SegmentState::Submitted { at_ns } => now.mono_ns.saturating_sub(at_ns),
            _ => 0,
        };
        let taken = Submitted {
            id: live.id.0,
            carrier: carrier.number,
            segment: part,
            parts,
            segments: segment.units.saturating_add(std::mem::take(&mut more)),
            attempt: Submitted::COPY,
            at_utc_ns: now.utc_ns.saturating_sub(waited_ns),
            price_micros: std::mem::take(&mut cost_micros),
            carrier_message_id: segment.carrier_id.to_vec(),
        };
        records.push(&taken).ok()?;
        if let SegmentState::Done(state) = segment.state {
            let seen = ReceiptSeen {
                id: live.id.0,
                carrier: carrier.number,
                error: live.last_error,
                segment: part,
                state: state.code(),
                at_utc_ns: now.utc_ns,
            };
            records.push(&seen).ok()?;
        }
        if !segment.carrier_id.is_empty() {
            let folded = folded(&carrier.rules.ids, &segment.carrier_id);
            names.push(receipt_name(carrier.number, &folded));
        }
    }
    Some(names)
}
