//! Which accepted message has had its receipt, and how long that took. Keeps a 64-bit digest, one octet and a time for each message
//! id: about 20 octets a message.
//!
//! Answers and receipts may come in any order and on any bind. Bounded by `ids_max`; above it ids are counted, not matched.
//! What came waits in a list, at most [`WAITING_MAX`] long, and is looked up together ([`Book::settle`]): each id is somewhere else
//! in a table far larger than any cache, and one by one, with all the work of a message between, each would be waited for alone.

use crate::chance::{Digest, Spread};
use carrack_message::receipt::ReceiptState;
use std::collections::HashMap;
use std::hash::BuildHasherDefault;

/// Ids that wait to be looked up, at most.
pub(super) const WAITING_MAX: usize = 4_096;
/// Ids for which room is made at the beginning, at most; more room is made as it is needed.
const ROOM_MAX: u64 = 4_000_000;

const ACCEPTED: u64 = 0x80;
const RECEIPTS_MAX: u64 = 0x7F;
const TIME_SHIFT: u32 = 8;
/// The time of a message of which it is not known when it should have gone.
const UNKNOWN_US: u64 = u64::MAX >> TIME_SHIFT;

/// What a receipt was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// The first for an accepted message; microseconds since the message should have gone, where that is known.
    First(Option<u64>),
    /// The first, and its message is not answered yet.
    Early,
    /// One more.
    Again,
}

/// What is told of a message when it is looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Settled {
    /// A receipt with this state.
    Receipt(Option<ReceiptState>, Found),
    /// The answer to a message whose receipt was there before; microseconds from when the message should have gone to its receipt,
    /// where that is known.
    EarlyReceipt(Option<u64>),
}

#[derive(Debug, Clone, Copy)]
enum Came {
    Answer {
        scheduled_us: u64,
    },
    Receipt {
        state: Option<ReceiptState>,
        at_us: u64,
    },
}

/// Message ids seen. An entry is the time (microseconds) above eight bits: accepted, and how many receipts. The time is that at
/// which the message should have gone once it is accepted, that of the first receipt before.
#[derive(Debug, Default)]
pub(super) struct Book {
    ids: HashMap<u64, u64, BuildHasherDefault<Spread>>,
    waiting: Vec<(u64, Came)>,
    ids_max: usize,
    matched: u64,
    duplicates: u64,
    early: u64,
    beyond: u64,
}

impl Book {
    pub(super) fn new(ids_max: usize) -> Self {
        Self {
            ids_max,
            ..Self::default()
        }
    }

    /// Makes room for so many messages, within a bound.
    pub(super) fn expect(&mut self, messages: u64) {
        let room = messages.min(ROOM_MAX).min(self.ids_max as u64);
        self.ids.reserve(room as usize);
    }

    /// Notes that the message with this id, which should have gone then, was accepted. True when the list should be settled.
    pub(super) fn accepted(&mut self, id: &[u8], scheduled_ns: Option<u64>) -> bool {
        let scheduled_us = scheduled_ns.map_or(UNKNOWN_US, |scheduled_ns| scheduled_ns / 1_000);
        self.wait(id, Came::Answer { scheduled_us })
    }

    /// Notes a receipt for this id. True when the list should be settled.
    pub(super) fn receipt(&mut self, id: &[u8], state: Option<ReceiptState>, now_ns: u64) -> bool {
        let at_us = now_ns / 1_000;
        self.wait(id, Came::Receipt { state, at_us })
    }

    fn wait(&mut self, id: &[u8], came: Came) -> bool {
        let digest = Digest::new(0).field(id).finish();
        self.waiting.push((digest, came));
        self.waiting.len() >= WAITING_MAX
    }

    /// Looks up all that waits, in the order it came.
    pub(super) fn settle(&mut self, mut told: impl FnMut(Settled)) {
        let mut waiting = std::mem::take(&mut self.waiting);
        for (digest, came) in waiting.drain(..) {
            match came {
                Came::Answer { scheduled_us } => {
                    if let Some(receipt_us) = self.settle_answer(digest, scheduled_us) {
                        told(Settled::EarlyReceipt(receipt_us));
                    }
                }
                Came::Receipt { state, at_us } => {
                    told(Settled::Receipt(state, self.settle_receipt(digest, at_us)));
                }
            }
        }
        self.waiting = waiting;
    }

    fn mark(&mut self, digest: u64) -> Option<&mut u64> {
        if self.ids.len() >= self.ids_max && !self.ids.contains_key(&digest) {
            self.beyond += 1;
            return None;
        }
        Some(self.ids.entry(digest).or_default())
    }

    fn settle_answer(&mut self, digest: u64, scheduled_us: u64) -> Option<Option<u64>> {
        let mark = self.mark(digest)?;
        if *mark & ACCEPTED != 0 {
            return None;
        }
        let receipts = *mark & RECEIPTS_MAX;
        let receipt_us = *mark >> TIME_SHIFT;
        *mark = (scheduled_us << TIME_SHIFT) | ACCEPTED | receipts;
        if receipts == 0 {
            return None;
        }
        self.matched += 1;
        self.early += 1;
        Some(since(scheduled_us, receipt_us))
    }

    fn settle_receipt(&mut self, digest: u64, at_us: u64) -> Found {
        let Some(mark) = self.mark(digest) else {
            return Found::Early;
        };
        let receipts = *mark & RECEIPTS_MAX;
        let is_accepted = *mark & ACCEPTED != 0;
        if receipts > 0 {
            *mark += u64::from(receipts < RECEIPTS_MAX);
            self.duplicates += 1;
            return Found::Again;
        }
        if !is_accepted {
            *mark = (at_us << TIME_SHIFT) | 1;
            return Found::Early;
        }
        *mark |= 1;
        let scheduled_us = *mark >> TIME_SHIFT;
        self.matched += 1;
        Found::First(since(scheduled_us, at_us))
    }

    /// Accepted messages with a receipt.
    pub(super) fn matched(&self) -> u64 {
        self.matched
    }

    /// Of those, whose receipt came before the answer.
    pub(super) fn early(&self) -> u64 {
        self.early
    }

    /// Receipts beyond the first of their message.
    pub(super) fn duplicates(&self) -> u64 {
        self.duplicates
    }

    /// Ids with a receipt and no acceptance, and what went beyond the bound.
    pub(super) fn unmatched(&self) -> u64 {
        self.ids
            .values()
            .filter(|mark| **mark & ACCEPTED == 0)
            .count() as u64
            + self.beyond
    }

    /// When each accepted message without a receipt should have gone, microseconds.
    pub(super) fn missing_us(&self) -> impl Iterator<Item = u64> {
        self.ids
            .values()
            .filter(|mark| **mark & (ACCEPTED | RECEIPTS_MAX) == ACCEPTED)
            .map(|mark| mark >> TIME_SHIFT)
            .filter(|scheduled_us| *scheduled_us != UNKNOWN_US)
    }
}

fn since(scheduled_us: u64, at_us: u64) -> Option<u64> {
    (scheduled_us != UNKNOWN_US).then(|| at_us.saturating_sub(scheduled_us))
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing
    )]

    use super::*;

    const US: u64 = 1_000;

    fn settled(book: &mut Book) -> Vec<Settled> {
        let mut all = Vec::new();
        book.settle(|settled| all.push(settled));
        all
    }

    #[test]
    fn receipts_are_matched_in_any_order() {
        let mut book = Book::new(100);
        book.accepted(b"a", Some(5 * US));
        book.receipt(b"a", None, 12 * US);
        book.receipt(b"b", None, 20 * US);
        assert_eq!(
            settled(&mut book),
            [
                Settled::Receipt(None, Found::First(Some(7))),
                Settled::Receipt(None, Found::Early)
            ]
        );
        assert_eq!(book.unmatched(), 1);
        book.accepted(b"b", Some(11 * US));
        book.receipt(b"b", None, 30 * US);
        book.receipt(b"c", None, 40 * US);
        assert_eq!(
            settled(&mut book),
            [
                Settled::EarlyReceipt(Some(9)),
                Settled::Receipt(None, Found::Again),
                Settled::Receipt(None, Found::Early)
            ]
        );
        assert_eq!(
            (
                book.matched(),
                book.early(),
                book.duplicates(),
                book.unmatched()
            ),
            (2, 1, 1, 1)
        );
    }

    #[test]
    fn any_number_of_receipts_for_one_message_disturbs_nothing() {
        let mut book = Book::new(10);
        book.accepted(b"a", Some(7 * US));
        for _ in 0..1_000 {
            book.receipt(b"a", None, 9 * US);
        }
        book.accepted(b"b", Some(8 * US));
        settled(&mut book);
        assert_eq!((book.matched(), book.duplicates()), (1, 999));
        assert_eq!(book.missing_us().collect::<Vec<_>>(), [8]);
    }

    #[test]
    fn ids_beyond_the_bound_are_counted() {
        let mut book = Book::new(1);
        book.accepted(b"a", None);
        book.accepted(b"b", None);
        book.receipt(b"a", None, 0);
        settled(&mut book);
        assert_eq!((book.matched(), book.unmatched()), (1, 1));
    }
}
