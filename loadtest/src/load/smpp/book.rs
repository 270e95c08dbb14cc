//! Which accepted message has had its receipt. Keeps a 64-bit digest and one octet for each message id: about 20 octets a message.
//!
//! Answers and receipts may come in any order and on any bind. Bounded by `ids_max`; above it ids are counted, not matched.

use crate::chance::{Digest, Spread};
use std::collections::HashMap;
use std::hash::BuildHasherDefault;

const ACCEPTED: u8 = 0x80;
const RECEIPTS_MAX: u8 = 0x7F;

/// What a receipt was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// The first for an accepted message.
    First,
    /// The first, and its message is not answered yet.
    Early,
    /// One more.
    Again,
}

/// Message ids seen.
#[derive(Debug, Default)]
pub(super) struct Book {
    ids: HashMap<u64, u8, BuildHasherDefault<Spread>>,
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

    fn mark(&mut self, id: &[u8]) -> Option<&mut u8> {
        let digest = Digest::new(0).field(id).finish();
        if self.ids.len() >= self.ids_max && !self.ids.contains_key(&digest) {
            self.beyond += 1;
            return None;
        }
        Some(self.ids.entry(digest).or_default())
    }

    /// Notes that the message with this id was accepted.
    pub(super) fn accepted(&mut self, id: &[u8]) {
        let Some(mark) = self.mark(id) else { return };
        let had_receipt = *mark & RECEIPTS_MAX > 0 && *mark & ACCEPTED == 0;
        *mark |= ACCEPTED;
        if had_receipt {
            self.matched += 1;
            self.early += 1;
        }
    }

    /// Notes a receipt for this id.
    pub(super) fn receipt(&mut self, id: &[u8]) -> Found {
        let Some(mark) = self.mark(id) else {
            return Found::Early;
        };
        let receipts = *mark & RECEIPTS_MAX;
        let is_accepted = *mark & ACCEPTED != 0;
        if receipts > 0 {
            *mark = (*mark & ACCEPTED) | receipts.saturating_add(1).min(RECEIPTS_MAX);
            self.duplicates += 1;
            return Found::Again;
        }
        *mark |= 1;
        if !is_accepted {
            return Found::Early;
        }
        self.matched += 1;
        Found::First
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

    #[test]
    fn receipts_are_matched_in_any_order() {
        let mut book = Book::new(100);
        book.accepted(b"a");
        assert_eq!(book.receipt(b"a"), Found::First);
        assert_eq!(book.receipt(b"b"), Found::Early);
        assert_eq!(book.unmatched(), 1);
        book.accepted(b"b");
        assert_eq!(book.receipt(b"b"), Found::Again);
        assert_eq!(book.receipt(b"c"), Found::Early);
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
    fn ids_beyond_the_bound_are_counted() {
        let mut book = Book::new(1);
        book.accepted(b"a");
        book.accepted(b"b");
        book.receipt(b"a");
        assert_eq!((book.matched(), book.unmatched()), (1, 1));
    }
}
