//! Long messages from their parts, in any order, by any method: what is counted is the whole text, so that a part which looks like
//! another message's part is not taken for a copy.
//!
//! Bounded: at most [`OPEN_MAX`] messages lack parts; the oldest is judged part by part when one more begins, and so is one whose
//! reference is used again. A message whose last part came is forgotten but for its digests.

use super::distinct::Distinct;
use super::reading::{digest_of_octets, digest_of_text};
use crate::chance::{Digest, Spread};
use std::collections::{HashMap, VecDeque};
use std::hash::BuildHasherDefault;

/// Messages that may lack parts at one time.
const OPEN_MAX: usize = 100_000;

/// One part of a long message.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part<'a> {
    /// Digest of the parties, the reference and the total: the message it belongs to.
    pub(super) message: u64,
    /// Digest of the parties alone.
    pub(super) parties: Digest,
    /// Digest of the part with its place.
    pub(super) digest: u64,
    /// Parts in all.
    pub(super) total: u8,
    /// Its place, from 1.
    pub(super) part: u8,
    /// The text, or the octets where it is binary.
    pub(super) content: &'a [u8],
    /// The content is UTF-8.
    pub(super) is_text: bool,
}

#[derive(Debug)]
struct Piece {
    digest: u64,
    content: Box<[u8]>,
}

#[derive(Debug, Default)]
struct Open {
    pieces: Vec<Option<Piece>>,
    held: usize,
    is_text: bool,
}

/// Messages that lack parts.
#[derive(Debug, Default)]
pub(super) struct Assembly {
    open: HashMap<u64, Open, BuildHasherDefault<Spread>>,
    order: VecDeque<u64>,
    given_up: u64,
    canonical: Vec<u8>,
}

/// What came of a part.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Joined {
    /// More parts are missing.
    Waits,
    /// The text is whole.
    Whole {
        /// Its octets; UTF-8 where it is text.
        content: Vec<u8>,
        /// It was not there before.
        is_new: bool,
    },
}

impl Assembly {
    /// Takes a part and counts what can be counted.
    pub(super) fn take(&mut self, part: &Part<'_>, distinct: &mut Distinct) -> Joined {
        let place = usize::from(part.part).saturating_sub(1);
        if let Some(open) = self.open.get(&part.message)
            && let Some(Some(piece)) = open.pieces.get(place)
        {
            if piece.digest == part.digest {
                distinct.count_duplicate();
                return Joined::Waits;
            }
            // The reference is used again before all parts of its last message came.
            self.give_up(part.message, distinct);
        }
        self.make_room(distinct);
        let order = &mut self.order;
        let open = self.open.entry(part.message).or_insert_with(|| {
            order.push_back(part.message);
            Open {
                pieces: (0..part.total).map(|_| None).collect(),
                held: 0,
                is_text: part.is_text,
            }
        });
        let Some(piece) = open.pieces.get_mut(place) else {
            return Joined::Waits;
        };
        *piece = Some(Piece {
            digest: part.digest,
            content: part.content.into(),
        });
        open.held += 1;
        open.is_text &= part.is_text;
        if open.held < open.pieces.len() {
            return Joined::Waits;
        }
        self.complete(part, distinct)
    }

    fn complete(&mut self, part: &Part<'_>, distinct: &mut Distinct) -> Joined {
        let open = self.open.remove(&part.message).unwrap_or_default();
        let pieces = || open.pieces.iter().flatten();
        let content: Vec<u8> = pieces()
            .flat_map(|piece| piece.content.iter().copied())
            .collect();
        let whole = match std::str::from_utf8(&content) {
            Ok(text) if open.is_text => digest_of_text(part.parties, text, &mut self.canonical),
            _ => digest_of_octets(part.parties, &content),
        };
        let is_new = distinct.count(whole.finish(), pieces().count() as u64);
        for piece in pieces() {
            distinct.remember(piece.digest);
        }
        Joined::Whole { content, is_new }
    }

    /// Judges the parts of a message by themselves.
    fn give_up(&mut self, message: u64, distinct: &mut Distinct) {
        let Some(open) = self.open.remove(&message) else {
            return;
        };
        let mut lacks = false;
        for piece in open.pieces.into_iter().flatten() {
            lacks |= distinct.count(piece.digest, 1);
        }
        self.given_up += u64::from(lacks);
    }

    fn make_room(&mut self, distinct: &mut Distinct) {
        while self.open.len() >= OPEN_MAX {
            let Some(oldest) = self.order.pop_front() else {
                return;
            };
            self.give_up(oldest, distinct);
        }
        // Completed messages leave their place in the order behind.
        if self.order.len() > 2 * OPEN_MAX {
            self.order = self.open.keys().copied().collect();
        }
    }

    /// What the parts that wait would count as now.
    pub(super) fn pending(&self, distinct: &Distinct) -> Pending {
        let mut pending = Pending {
            incomplete: self.given_up,
            ..Pending::default()
        };
        for open in self.open.values() {
            let mut lacks = false;
            for piece in open.pieces.iter().flatten() {
                let is_known = distinct.knows(piece.digest);
                pending.duplicates += u64::from(is_known);
                pending.distinct += u64::from(!is_known);
                lacks |= !is_known;
            }
            pending.incomplete += u64::from(lacks);
        }
        pending
    }
}

/// Counts of parts whose message is not whole.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Pending {
    /// Submits that brought something new.
    pub(super) distinct: u64,
    /// Submits that brought a part again.
    pub(super) duplicates: u64,
    /// Messages that lack parts, now or for good.
    pub(super) incomplete: u64,
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

    struct Table {
        assembly: Assembly,
        distinct: Distinct,
    }

    impl Table {
        fn new() -> Self {
            Self {
                assembly: Assembly::default(),
                distinct: Distinct::new(1_000_000),
            }
        }

        fn take(&mut self, reference: u64, part: u8, total: u8, text: &str) -> Joined {
            let parties = Digest::new(0).field(b"ACME").field(b"447700900001");
            let message = parties.number(reference).number(u64::from(total));
            let digest = message.number(u64::from(part)).field(text.as_bytes());
            let part = Part {
                message: message.finish(),
                parties,
                digest: digest.finish(),
                total,
                part,
                content: text.as_bytes(),
                is_text: true,
            };
            self.assembly.take(&part, &mut self.distinct)
        }

        /// (distinct, duplicates, incomplete) as a report would say now.
        fn counts(&self) -> (u64, u64, u64) {
            let pending = self.assembly.pending(&self.distinct);
            (
                self.distinct.distinct() + pending.distinct,
                self.distinct.duplicates() + pending.duplicates,
                pending.incomplete,
            )
        }
    }

    #[test]
    fn parts_in_any_order_are_one_new_text() {
        let mut table = Table::new();
        assert_eq!(table.take(1, 3, 3, "c"), Joined::Waits);
        assert_eq!(table.take(1, 1, 3, "a"), Joined::Waits);
        assert_eq!(table.counts(), (2, 0, 1));
        let whole = table.take(1, 2, 3, "b");
        assert!(matches!(whole, Joined::Whole { content, is_new: true } if content == b"abc"));
        assert_eq!(table.counts(), (3, 0, 0));
    }

    #[test]
    fn equal_parts_of_different_texts_are_no_copies() {
        let mut table = Table::new();
        for number in 0..600_u64 {
            // An 8-bit reference comes round again twice.
            table.take(number % 256, 1, 2, &format!("{number}"));
            table.take(number % 256, 2, 2, "always the same end");
        }
        assert_eq!(table.counts(), (1_200, 0, 0));
    }

    #[test]
    fn a_part_sent_again_is_a_copy_before_and_after_the_whole() {
        let mut table = Table::new();
        table.take(1, 1, 2, "a");
        table.take(1, 1, 2, "a");
        assert_eq!(table.counts(), (1, 1, 1));
        table.take(1, 2, 2, "b");
        table.take(1, 2, 2, "b");
        assert_eq!(table.counts(), (2, 2, 0));
        // The next message with that reference and the same end takes the copy for its own, and its own for the copy.
        table.take(1, 1, 2, "c");
        table.take(1, 2, 2, "b");
        assert_eq!(table.counts(), (4, 2, 0));
    }

    #[test]
    fn a_text_under_another_reference_or_cut_is_a_copy() {
        let mut table = Table::new();
        table.take(1, 1, 2, "ab");
        table.take(1, 2, 2, "c");
        table.take(900, 1, 3, "a");
        table.take(900, 2, 3, "b");
        table.take(900, 3, 3, "c");
        assert_eq!(table.counts(), (2, 3, 0));
    }
}
