//! To the shelf and back: messages whose receipts take long, and messages that are to be sent later, wait on disk.
//!
//! Promise: a message leaves memory only when it is durable on the shelf, and is there or in the log, never in both;
//! whatever speaks of it (a receipt, its time, its customer) brings it back. Memory does not grow with what waits there.
//! Bound: [`LEAVING_MAX`] messages leave at a time, [`ASKED_AT_ONCE`] receipts and [`DUE_AT_ONCE`] due messages are
//! asked for in one question, one question of each kind at a time; with [`UNASKED_MAX`] receipts still to be asked for a
//! carrier keeps the next one. Where the disk cannot be read it is asked again each second.

mod back;
mod leave;

use std::cmp::Reverse;
use std::collections::{BTreeSet, VecDeque};
use std::sync::atomic::Ordering;

use carrack_message::MessageId;
use carrack_message::carrier_id::{Candidates, FoldedId};
use carrack_queue::{DueFrom, ShelfEntry, ShelfQuestion, receipt_name};
use carrack_runtime::Now;
use rustc_hash::{FxHashMap, FxHashSet};

use super::live::Key;
use super::paging::{Asked, CancelReply};
use super::reschedule::MoveReply;
use super::{Phase, Shard};
use crate::engine::{Cancelled, Rescheduled};
use crate::pager::Ask;
use crate::submission::Submission;

const LEAVING_MAX: usize = 2048;
const ASKED_AT_ONCE: usize = 256;
const DUE_AT_ONCE: usize = 2048;
/// Receipts that wait to be asked for.
const UNASKED_MAX: usize = 16_384;
/// How often it is looked whether something is due.
const DUE_EVERY_NS: u64 = 250_000_000;
/// How often all that is due is asked for from the beginning, whatever was seen before.
const DUE_WHOLE_NS: u64 = 60_000_000_000;
/// Something may be put there when it is due already.
const DUE_LATE_MS: u64 = 10_000;
const AGAIN_NS: u64 = 1_000_000_000;
/// The numbers above all carriers' keep messages that are to be sent later: one for each shard that may accept them.
const LATER: u32 = 0xffff_ff00;

/// What a question to the shelf was asked for.
pub(crate) enum Purpose {
    /// Parked receipts, by carrier and folded id: they may be late and not early.
    Receipts(Vec<(u16, FoldedId)>),
    Due,
    Wish(MessageId, Wish),
}

/// What its customer wants of a message there, and who tells him.
pub(crate) enum Wish {
    Cancel(CancelReply),
    /// To be sent then, UTC nanoseconds.
    SendAt(u64, MoveReply),
}

impl Wish {
    /// It is not there.
    fn of_none(self) {
        match self {
            Self::Cancel(reply) => reply(None),
            Self::SendAt(_, reply) => reply(None),
        }
    }
}

/// What is under way between memory and shelf.
#[derive(Default)]
pub(crate) struct Shelving {
    /// Messages that may leave.
    may_leave: Vec<Key>,
    /// Their records are being read.
    leaving: bool,
    /// Those that left and are not durable there yet.
    left: FxHashMap<Key, ShelfEntry>,
    receipts: VecDeque<(u16, FoldedId)>,
    receipts_asked: bool,
    wishes: VecDeque<(MessageId, Wish)>,
    due_asked: bool,
    due_ns: u64,
    /// Until which UTC millisecond the question under way asks.
    due_until_ms: u64,
    /// From where on each keeper is asked, and when all are asked from their beginning again.
    due_from: FxHashMap<u32, DueFrom>,
    due_whole_ns: u64,
    /// Those that came back: an answer that was on its way may still speak of them.
    back: FxHashSet<MessageId>,
    /// Those of them that are durable, with the last question before.
    back_durable: VecDeque<(u64, MessageId)>,
}

impl Shard {
    /// Whether a message may be there.
    pub(super) fn has_shelf(&self) -> bool {
        self.shared.shelved.load(Ordering::Relaxed) > 0
    }

    /// When it is looked at, if nothing wakes the shard before.
    pub(super) fn shelf_due_ns(&self) -> Option<u64> {
        let shelving = &self.shelving;
        let asks = !shelving.receipts.is_empty() || !shelving.wishes.is_empty();
        let due_ns = if asks && !shelving.receipts_asked {
            0
        } else if self.has_shelf() && !shelving.due_asked && self.looks_at_time() {
            shelving.due_ns
        } else {
            return None;
        };
        Some(due_ns.max(self.paging.rests_until_ns()))
    }

    /// Whether what is due is brought back now.
    fn looks_at_time(&self) -> bool {
        !self.shared.draining.load(Ordering::Acquire) && !self.frames.is_backlogged()
    }

    /// Whether so many receipts are still to be asked for that the carrier had better keep the next one for a while.
    pub(super) fn has_many_to_ask(&self) -> bool {
        let most = UNASKED_MAX.min(self.shared.settings.early_receipts_max / 2);
        self.shelving.receipts.len() >= most
    }

    /// A parked receipt may speak of a message there.
    pub(super) fn ask_for_receipt(&mut self, place: u16, id: FoldedId) {
        self.shelving.receipts.push_back((place, id));
    }

    /// Its customer wants it back, and it is not in memory.
    pub(super) fn cancel_on_shelf(&mut self, id: MessageId, reply: CancelReply) {
        self.wish_on_shelf(id, Wish::Cancel(reply));
    }

    /// Its customer wants something of it, and it is not in memory. One shard asks for all.
    pub(super) fn wish_on_shelf(&mut self, id: MessageId, wish: Wish) {
        let asker = usize::from(id.parts().shard) % self.peers.len().max(1);
        if self.has_shelf() && asker == usize::from(self.number) {
            self.shelving.wishes.push_back((id, wish));
        } else {
            wish.of_none();
        }
    }

    /// Asks what there is to ask. Once a turn.
    pub(super) fn look_at_shelf(&mut self, now: Now) {
        self.ask_for_records();
        if let Some((id, wish)) = self.shelving.wishes.pop_front() {
            let mut wish = Some(wish);
            let nobody = || Wish::Cancel(Box::new(|_| ()));
            let asked = self.paging.ask(Ask::Shelf(ShelfQuestion::Id(id)), || {
                Asked::Shelf(Purpose::Wish(id, wish.take().unwrap_or_else(nobody)))
            });
            if let Some(wish) = wish.filter(|_| !asked) {
                self.shelving.wishes.push_front((id, wish));
            }
        }
        if !self.shelving.receipts.is_empty() && !self.shelving.receipts_asked {
            self.ask_for_receipts();
        }
        let due = now.mono_ns >= self.shelving.due_ns && !self.shelving.due_asked;
        if due && self.has_shelf() && self.looks_at_time() {
            self.shelving.due_ns = now.mono_ns.saturating_add(DUE_EVERY_NS);
            if now.mono_ns >= self.shelving.due_whole_ns {
                self.shelving.due_whole_ns = now.mono_ns.saturating_add(DUE_WHOLE_NS);
                self.shelving.due_from.clear();
            }
            let until_ms = now.utc_ns / 1_000_000;
            self.shelving.due_until_ms = until_ms;
            let from = |keeper| {
                let known = self.shelving.due_from.get(&keeper);
                known.copied().unwrap_or(DueFrom::all(keeper))
            };
            let question = ShelfQuestion::Due {
                keepers: self.keepers().into_iter().map(from).collect(),
                until_ms,
                most: DUE_AT_ONCE,
            };
            self.shelving.due_asked = self
                .paging
                .ask(Ask::Shelf(question), || Asked::Shelf(Purpose::Due));
        }
    }

    fn ask_for_receipts(&mut self) {
        let count = self.shelving.receipts.len().min(ASKED_AT_ONCE);
        let receipts: Vec<(u16, FoldedId)> = self.shelving.receipts.drain(..count).collect();
        // One that found its response meanwhile needs no answer.
        let parked = receipts.into_iter();
        let parked: Vec<_> = parked
            .filter(|(place, id)| self.early.get(*place, id).is_some())
            .collect();
        let mut names: Vec<u64> = Vec::with_capacity(parked.len());
        for (place, id) in &parked {
            names.extend(self.receipt_names(*place, id));
        }
        if names.is_empty() {
            return;
        }
        let mut parked = Some(parked);
        let question = Ask::Shelf(ShelfQuestion::Receipts(names));
        let asked = self.paging.ask(question, || {
            Asked::Shelf(Purpose::Receipts(parked.take().unwrap_or_default()))
        });
        self.shelving.receipts_asked = asked;
        for receipt in parked.into_iter().flatten() {
            self.shelving.receipts.push_back(receipt);
        }
    }

    /// Names under which the message of a receipt may be on the shelf.
    fn receipt_names(&self, place: u16, id: &FoldedId) -> Vec<u64> {
        let Some(carrier) = self.carriers.get(&place) else {
            return Vec::new();
        };
        let forms = Candidates::of_receipt(&carrier.rules.ids, id);
        let forms = forms.likeliest_first(&carrier.ids.learning).into_iter();
        let names: BTreeSet<u64> = forms
            .map(|(_, form)| receipt_name(carrier.number, &form))
            .chain([receipt_name(carrier.number, id)])
            .collect();
        names.into_iter().collect()
    }

    /// Whose due messages are ours: of our carriers, our own, and of those found at the start whose carrier is nobody's now
    /// or whose shard is no more.
    fn keepers(&self) -> Vec<u32> {
        let shards = self.peers.len().max(1);
        let own = LATER + u32::from(self.number);
        let carriers = self.carriers.values().map(|carrier| carrier.number);
        let left_alone = |keeper: &u32| match keeper.checked_sub(LATER) {
            Some(shard) => shard as usize >= shards,
            None => self.directory.carrier_place(*keeper).is_none(),
        };
        let ours = |keeper: &u32| *keeper as usize % shards == usize::from(self.number);
        let found = self.shared.keepers_found.iter().copied();
        let found = found.filter(|keeper| left_alone(keeper) && ours(keeper));
        let mut keepers: Vec<u32> = carriers.chain(found).chain([own]).collect();
        // What is to be sent goes before what has waited in vain.
        keepers.sort_unstable_by_key(|keeper| Reverse(*keeper));
        keepers
    }

    /// Whether a submission is to wait there until its time.
    pub(super) fn is_for_later(now: Now, submission: &Submission) -> bool {
        submission.send_at_utc_ns > now.utc_ns
    }

    /// What was asked for has been read, or cannot be.
    pub(super) fn shelf_answered(
        &mut self,
        now: Now,
        purpose: Purpose,
        read: Result<Vec<ShelfEntry>, String>,
    ) {
        let entries = match read {
            Ok(entries) => entries,
            Err(reason) => {
                tracing::error!(reason, "the shelf cannot be read; trying again");
                return self.ask_again(now, purpose);
            }
        };
        match purpose {
            Purpose::Receipts(receipts) => {
                self.shelving.receipts_asked = false;
                self.receipts_answered(now, receipts, entries);
            }
            Purpose::Due => {
                self.shelving.due_asked = false;
                self.due_answered(now, entries);
            }
            Purpose::Wish(_, wish) => match entries.into_iter().next() {
                Some(entry) => self.wished_there(now, &entry, wish),
                None => wish.of_none(),
            },
        }
        self.forget_those_back();
    }

    fn due_answered(&mut self, now: Now, entries: Vec<ShelfEntry>) {
        if entries.len() >= DUE_AT_ONCE {
            self.shelving.due_ns = now.mono_ns;
        } else {
            // All that there was: the next question begins shortly before, for what is put there late.
            let before_ms = self.shelving.due_until_ms.saturating_sub(DUE_LATE_MS);
            for keeper in self.keepers() {
                let from = DueFrom {
                    due_ms: before_ms,
                    ..DueFrom::all(keeper)
                };
                self.shelving.due_from.insert(keeper, from);
            }
        }
        for entry in entries {
            let marks = &entry.marks;
            let behind = DueFrom {
                keeper: marks.keeper,
                due_ms: marks.due_ms,
                id: MessageId(marks.id.0.saturating_add(1)),
            };
            let from = self.shelving.due_from.entry(marks.keeper).or_insert(behind);
            if (from.due_ms, from.id) < (behind.due_ms, behind.id) {
                *from = behind;
            }
            self.is_due(now, entry);
        }
    }

    /// How many receipts are still to be asked for.
    pub(super) fn receipts_to_ask(&self) -> usize {
        self.shelving.receipts.len()
    }

    /// Receipts that are still to be asked for: they are not given up.
    pub(super) fn unasked(&self) -> FxHashSet<(u16, FoldedId)> {
        self.shelving.receipts.iter().cloned().collect()
    }

    fn ask_again(&mut self, now: Now, purpose: Purpose) {
        self.paging.rest(now.mono_ns.saturating_add(AGAIN_NS));
        match purpose {
            Purpose::Receipts(receipts) => {
                self.shelving.receipts_asked = false;
                self.shelving.receipts.extend(receipts);
            }
            Purpose::Due => self.shelving.due_asked = false,
            Purpose::Wish(id, wish) => self.shelving.wishes.push_back((id, wish)),
        }
    }

    fn wished_there(&mut self, now: Now, entry: &ShelfEntry, wish: Wish) {
        let has_left = !entry.marks.receipts.is_empty();
        match wish {
            Wish::Cancel(reply) if has_left => reply(Some(Cancelled::TooLate)),
            Wish::SendAt(_, reply) if has_left => reply(Some(Rescheduled::TooLate)),
            Wish::SendAt(at_utc_ns, reply) => self.reschedule_there(now, entry, at_utc_ns, reply),
            Wish::Cancel(reply) => {
                let Some(key) = self.bring_back(now, entry) else {
                    let busy = self.is_coming_back(entry).then_some(Cancelled::Busy);
                    return reply(busy);
                };
                if let Some(live) = self.live.get_mut(key) {
                    live.phase = Phase::Waiting;
                }
                self.cancel_live(now, key, reply);
            }
        }
    }
}
