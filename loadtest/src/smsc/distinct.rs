//! How many different texts were accepted: the proof that nothing was lost and nothing doubled.
//!
//! A set of 64-bit digests, about 9 to 18 octets a text, bounded by `texts_max`; above it texts are counted as untracked instead of
//! compared. With 50 M texts the chance that any two different ones share a digest is below one in ten thousand.

use crate::chance::Spread;
use std::collections::HashSet;
use std::hash::BuildHasherDefault;

/// Parts of the set. Each grows by itself, so that no growth stops the simulator for long.
const PARTS: usize = 64;

/// The different texts seen, by digest.
#[derive(Debug)]
pub(super) struct Distinct {
    parts: Vec<HashSet<u64, BuildHasherDefault<Spread>>>,
    tracked: u64,
    texts_max: u64,
    untracked: u64,
    duplicates: u64,
}

impl Distinct {
    /// An empty set that tracks at most `texts_max` different texts.
    #[must_use]
    pub(super) fn new(texts_max: u64) -> Self {
        Self {
            parts: vec![HashSet::default(); PARTS],
            tracked: 0,
            texts_max,
            untracked: 0,
            duplicates: 0,
        }
    }

    /// Counts one accepted text.
    pub(super) fn count(&mut self, digest: u64) {
        // The low bits choose the part; the table inside uses the high ones and its own low ones, hence the turn.
        let Some(part) = self.parts.get_mut((digest % PARTS as u64) as usize) else {
            return;
        };
        let key = digest.rotate_right(PARTS.trailing_zeros());
        if self.tracked < self.texts_max {
            if part.insert(key) {
                self.tracked += 1;
            } else {
                self.duplicates += 1;
            }
        } else if part.contains(&key) {
            self.duplicates += 1;
        } else {
            self.untracked += 1;
        }
    }

    /// Different texts counted.
    #[must_use]
    pub(super) fn distinct(&self) -> u64 {
        self.tracked
    }

    /// Texts that had been counted before.
    #[must_use]
    pub(super) fn duplicates(&self) -> u64 {
        self.duplicates
    }

    /// Texts that came when the set was full and are in neither of the other two numbers.
    #[must_use]
    pub(super) fn untracked(&self) -> u64 {
        self.untracked
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
    use crate::chance::Digest;

    #[test]
    fn a_doubled_text_is_a_duplicate_and_a_new_one_is_not() {
        let mut distinct = Distinct::new(1_000_000);
        for round in 0..3_u64 {
            for number in 0..10_000 {
                distinct.count(Digest::new(0).number(number).finish());
            }
            assert_eq!(distinct.distinct(), 10_000);
            assert_eq!(distinct.duplicates(), round * 10_000);
        }
    }

    #[test]
    fn a_full_set_counts_what_it_cannot_compare() {
        let mut distinct = Distinct::new(10);
        for number in 0..15 {
            distinct.count(Digest::new(0).number(number).finish());
        }
        distinct.count(Digest::new(0).number(3).finish());
        assert_eq!(
            (
                distinct.distinct(),
                distinct.duplicates(),
                distinct.untracked()
            ),
            (10, 1, 5)
        );
    }
}
