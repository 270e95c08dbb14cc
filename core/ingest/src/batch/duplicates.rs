//! Rows that stand in a file before: the same recipient, or the same recipient with the same text.
//!
//! Promise: by recipient it is exact; by text two different rows are taken for the same with a chance of one in 2^64 for each
//! pair, one in 370 000 for a file of ten million. Bound: six octets a row and a quarter more, up to `rows_max` rows; what
//! comes behind them is refused, for nothing is known of it. Marks of rows that are not durable can be taken back.

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher};

use carrack_engine::Submission;
use carrack_message::record::Body;
use serde::{Deserialize, Serialize};

use super::errors::RowVerdict;

const SHELVES: usize = 1 << 16;
const MARK_OCTETS: usize = 6;

/// Which rows are refused because one before them is the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Duplicates {
    /// Those to the same recipient.
    Refuse,
    /// Those that say the same to the same recipient.
    RefuseSameText,
}

type Mark = [u8; MARK_OCTETS];

/// What stands in a file so far.
pub(crate) struct Before {
    duplicates: Duplicates,
    /// By their first 16 bits; each shelf in order.
    shelves: Vec<Vec<Mark>>,
    rows: u64,
    rows_max: u64,
    /// Marks of rows that are not durable yet, in their order.
    pending: VecDeque<u64>,
}

impl Before {
    pub(crate) fn new(duplicates: Duplicates, rows_max: u64) -> Self {
        Self {
            duplicates,
            shelves: (0..SHELVES).map(|_| Vec::new()).collect(),
            rows: 0,
            rows_max,
            pending: VecDeque::new(),
        }
    }

    /// Whether the text of a row counts.
    pub(crate) fn looks_at_text(&self) -> bool {
        self.duplicates == Duplicates::RefuseSameText
    }

    /// Marks a row that is durable.
    pub(crate) fn note(&mut self, to: u64, text: &str) {
        let mark = self.mark(to, text.as_bytes());
        self.insert(mark);
    }

    /// Marks a row that is to be accepted, or says why it is not.
    pub(crate) fn take(&mut self, submission: &Submission, column: &str) -> Result<(), RowVerdict> {
        let said = match &submission.body {
            Body::Text(text) => text.as_bytes(),
            Body::Raw { octets, .. } => octets,
        };
        let mark = self.mark(submission.to.as_u64(), said);
        let refused = |detail: String| {
            Err(RowVerdict {
                column: column.to_owned(),
                detail,
            })
        };
        if self.rows >= self.rows_max && !self.has(mark) {
            return refused(format!(
                "behind {} rows no more can be compared (`duplicates_max` of [batch]); put it into another file",
                self.rows_max
            ));
        }
        if !self.insert(mark) {
            let what = match self.duplicates {
                Duplicates::Refuse => "this recipient",
                Duplicates::RefuseSameText => "this text to this recipient",
            };
            return refused(format!(
                "{what} stands in the file before; take one of them out"
            ));
        }
        self.pending.push_back(mark);
        Ok(())
    }

    /// Rows whose marks can be taken back.
    pub(crate) fn pending(&self) -> usize {
        self.pending.len()
    }

    /// The first so many of them are durable.
    pub(crate) fn settle(&mut self, rows: usize) {
        self.pending.drain(..rows.min(self.pending.len()));
    }

    /// None of them is; they will be read again.
    pub(crate) fn take_back(&mut self) {
        while let Some(mark) = self.pending.pop_front() {
            let (shelf, mark) = place(mark);
            if let Some(shelf) = self.shelves.get_mut(shelf)
                && let Ok(found) = shelf.binary_search(&mark)
            {
                shelf.remove(found);
                self.rows -= 1;
            }
        }
    }

    fn mark(&self, to: u64, said: &[u8]) -> u64 {
        match self.duplicates {
            Duplicates::Refuse => mixed(to),
            Duplicates::RefuseSameText => {
                let mut hasher = DefaultHasher::new();
                (to, said).hash(&mut hasher);
                hasher.finish()
            }
        }
    }

    fn has(&self, mark: u64) -> bool {
        let (shelf, mark) = place(mark);
        let shelf = self.shelves.get(shelf);
        shelf.is_some_and(|shelf| shelf.binary_search(&mark).is_ok())
    }

    /// False where it was there before.
    fn insert(&mut self, mark: u64) -> bool {
        let (shelf, mark) = place(mark);
        let Some(shelf) = self.shelves.get_mut(shelf) else {
            return false;
        };
        let Err(place) = shelf.binary_search(&mark) else {
            return false;
        };
        if shelf.len() == shelf.capacity() {
            // A shelf that doubled would waste a quarter of the memory on the mean.
            shelf.reserve_exact(shelf.len() / 4 + 8);
        }
        shelf.insert(place, mark);
        self.rows += 1;
        true
    }
}

/// Shelf and the rest of a mark.
fn place(mark: u64) -> (usize, Mark) {
    let [high, low, rest @ ..] = mark.to_be_bytes();
    (usize::from(u16::from_be_bytes([high, low])), rest)
}

/// Spreads numbers, each to another one (the finalizer of SplitMix64).
const fn mixed(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_was_there_is_known_and_what_was_taken_back_is_not(
            rows in prop::collection::vec((1_u64..40, "[ab]{0,1}"), 0..60),
            more in prop::collection::vec((1_u64..40, "[ab]{0,1}"), 0..60),
            by_text in any::<bool>(),
        ) {
            let duplicates = if by_text { Duplicates::RefuseSameText } else { Duplicates::Refuse };
            let mut before = Before::new(duplicates, 1_000);
            let key = |(to, text): &(u64, String)| (*to, if by_text { text.clone() } else { String::new() });
            let mut known = HashSet::new();
            for row in &rows {
                let mark = before.mark(row.0, row.1.as_bytes());
                prop_assert_eq!(before.insert(mark), known.insert(key(row)));
            }
            for row in &more {
                let mark = before.mark(row.0, row.1.as_bytes());
                if before.insert(mark) {
                    before.pending.push_back(mark);
                }
            }
            before.take_back();
            prop_assert_eq!(before.rows, known.len() as u64);
            for row in rows.iter().chain(&more) {
                prop_assert_eq!(before.has(before.mark(row.0, row.1.as_bytes())), known.contains(&key(row)));
            }
        }
    }

    #[test]
    fn a_million_rows_take_eight_octets_each() {
        let mut before = Before::new(Duplicates::Refuse, u64::MAX);
        for to in 0..1_000_000 {
            before.note(491_700_000_000 + to, "");
        }
        let octets: usize = before
            .shelves
            .iter()
            .map(|shelf| shelf.capacity() * MARK_OCTETS)
            .sum();
        assert_eq!(before.rows, 1_000_000);
        // A shelf of a million rows is small yet, and has room for eight at least.
        assert!(octets < 12_000_000, "{octets}");
    }
}
