//! How many different texts were accepted: the proof that nothing was lost and nothing doubled.
//!
//! A set of 64-bit digests, about 9 to 18 octets a text, bounded by `texts_max`; above it texts are counted as untracked instead of
//! compared. With 50 M texts the chance that any two different ones share a digest is below one in ten thousand.

use crate::chance::Spread;
use std::collections::HashSet;
use std::hash::BuildHasherDefault;

/// Parts of the set. Each grows by itself, so that no growth stops the simulator for long.
const PARTS: usize = 64;

/// The different texts seen, by digest. Counts are in submits: a text of three parts counts three.
#[derive(Debug)]
pub(crate) struct Distinct {
    parts: Vec<HashSet<u64, BuildHasherDefault<Spread>>>,
    tracked: u64,
    texts_max: u64,
    distinct: u64,
    untracked: u64,
    duplicates: u64,
}

impl Distinct {
    /// An empty set that tracks at most `texts_max` digests.
    #[must_use]
    pub(crate) fn new(texts_max: u64) -> Self {
        Self {
            parts: vec![HashSet::default(); PARTS],
            tracked: 0,
            texts_max,
            distinct: 0,
            untracked: 0,
            duplicates: 0,
        }
    }

    /// Counts one accepted text that took so many submits. True when it is new, as far as can be told.
    pub(crate) fn count(&mut self, digest: u64, submits: u64) -> bool {
        if self.tracked >= self.texts_max {
            let is_known = self.knows(digest);
            let counter = if is_known {
                &mut self.duplicates
            } else {
                &mut self.untracked
            };
            *counter += submits;
            return !is_known;
        }
        let is_new = self.remember(digest);
        let counter = if is_new {
            &mut self.distinct
        } else {
            &mut self.duplicates
        };
        *counter += submits;
        is_new
    }

    /// Counts a submit that brought what is here already.
    pub(crate) fn count_duplicate(&mut self) {
        self.duplicates += 1;
    }

    /// Tracks a digest, while there is room, without counting it. True when it was not there.
    pub(crate) fn remember(&mut self, digest: u64) -> bool {
        if self.tracked >= self.texts_max {
            return !self.knows(digest);
        }
        let (place, key) = place(digest);
        let is_new = self
            .parts
            .get_mut(place)
            .is_some_and(|part| part.insert(key));
        self.tracked += u64::from(is_new);
        is_new
    }

    /// True when the digest is tracked.
    #[must_use]
    pub(crate) fn knows(&self, digest: u64) -> bool {
        let (place, key) = place(digest);
        self.parts
            .get(place)
            .is_some_and(|part| part.contains(&key))
    }

    /// Submits that brought something new.
    #[must_use]
    pub(crate) fn distinct(&self) -> u64 {
        self.distinct
    }

    /// Submits whose text had been counted before.
    #[must_use]
    pub(crate) fn duplicates(&self) -> u64 {
        self.duplicates
    }

    /// Submits that came when the set was full and are in neither of the other two numbers.
    #[must_use]
    pub(crate) fn untracked(&self) -> u64 {
        self.untracked
    }
}

/// The low bits choose the part; the table inside uses the high ones and its own low ones, hence the turn.
fn place(digest: u64) -> (usize, u64) {
    let place = (digest % PARTS as u64) as usize;
    (place, digest.rotate_right(PARTS.trailing_zeros()))
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
                distinct.count(Digest::new(0).number(number).finish(), 1);
            }
            assert_eq!(distinct.distinct(), 10_000);
            assert_eq!(distinct.duplicates(), round * 10_000);
        }
    }

    #[test]
    fn a_full_set_counts_what_it_cannot_compare() {
        let mut distinct = Distinct::new(10);
        for number in 0..15 {
            distinct.count(Digest::new(0).number(number).finish(), 1);
        }
        distinct.count(Digest::new(0).number(3).finish(), 1);
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
