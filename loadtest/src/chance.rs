//! Seeded, repeatable decisions and the 64-bit hash behind them.
//!
//! The same seed and the same octets always give the same answer, on every machine. Nothing here allocates or fails.

use std::hash::Hasher;

/// Odd constants with well-spread bits (the fractional parts of square roots of primes).
const K0: u64 = 0x6a09_e667_f3bc_c909;
const K1: u64 = 0xbb67_ae85_84ca_a73b;
const K2: u64 = 0x3c6e_f372_fe94_f82b;

/// A streaming 64-bit hash of several fields. Each field is hashed with its length, so `("ab","c")` differs from `("a","bc")`.
#[derive(Debug, Clone, Copy)]
pub struct Digest(u64);

impl Digest {
    /// Starts a digest; different seeds give unrelated digests.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(fold(seed ^ K0, K1))
    }

    /// Adds one field of octets.
    #[must_use]
    pub fn field(self, octets: &[u8]) -> Self {
        let mut state = self.0 ^ K2;
        let mut blocks = octets.chunks_exact(16);
        for block in &mut blocks {
            let (low, high) = block.split_at(8);
            state = fold(word(low) ^ K1, word(high) ^ state);
        }
        let rest = blocks.remainder();
        let (low, high) = rest.split_at(rest.len().min(8));
        state = fold(word(low) ^ K1, word(high) ^ state);
        Self(fold(state ^ octets.len() as u64, K0))
    }

    /// Adds one number.
    #[must_use]
    pub fn number(self, number: u64) -> Self {
        Self(fold(self.0 ^ K2, number ^ K1))
    }

    /// The digest of all that was added.
    #[must_use]
    pub fn finish(self) -> u64 {
        fold(self.0 ^ K1, K2)
    }
}

/// Multiplies to 128 bits and folds the halves. A zero factor would swallow the other one: the callers' constants prevent it
/// but for one value in 2^64, and the added factors keep even that one different.
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    (product as u64) ^ ((product >> 64) as u64) ^ a.rotate_left(29) ^ b.rotate_left(47)
}

/// Up to eight octets as a little-endian number.
fn word(octets: &[u8]) -> u64 {
    if let Ok(whole) = <[u8; 8]>::try_from(octets) {
        return u64::from_le_bytes(whole);
    }
    octets
        .iter()
        .rev()
        .fold(0, |word, octet| (word << 8) | u64::from(*octet))
}

/// Hands a digest on as its own hash: it is evenly spread already.
#[derive(Debug, Default, Clone, Copy)]
pub struct Spread(u64);

impl Hasher for Spread {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, octets: &[u8]) {
        for octet in octets {
            self.0 = self.0.rotate_left(8) ^ u64::from(*octet);
        }
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = number;
    }
}

/// A share of cases, 0 to 100 per cent, kept as a threshold on a 64-bit draw.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Percent(u64);

impl Percent {
    /// Every case.
    pub const ALWAYS: Self = Self(u64::MAX);

    /// From per cent; values outside 0..=100 and NaN give `None`.
    #[must_use]
    pub fn new(percent: f64) -> Option<Self> {
        if !(0.0..=100.0).contains(&percent) {
            return None;
        }
        if percent >= 100.0 {
            return Some(Self(u64::MAX));
        }
        Some(Self((percent / 100.0 * u64::MAX as f64) as u64))
    }

    /// True for this share of all draws; `draw` must be evenly spread over 64 bits.
    #[must_use]
    pub fn takes(self, draw: u64) -> bool {
        self.0 == u64::MAX || draw < self.0
    }

    /// True when no draw is ever taken.
    #[must_use]
    pub fn is_never(self) -> bool {
        self.0 == 0
    }
}

/// An endless source of draws: a counter hashed with a seed. Repeatable in the order of the calls.
#[derive(Debug, Clone)]
pub struct Draws {
    seed: u64,
    count: u64,
}

impl Draws {
    /// A source that depends on the seed and a salt, so that two sources of one seed are unrelated.
    #[must_use]
    pub fn new(seed: u64, salt: u64) -> Self {
        Self {
            seed: Digest::new(seed).number(salt).finish(),
            count: 0,
        }
    }

    /// The next draw, evenly spread over 64 bits.
    pub fn draw(&mut self) -> u64 {
        self.count = self.count.wrapping_add(1);
        Digest::new(self.seed).number(self.count).finish()
    }

    /// Puts the items in any order.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for place in (1..items.len()).rev() {
            let other = self.below(place as u64 + 1) as usize;
            items.swap(place, other);
        }
    }

    /// The next draw below `bound`; 0 when the bound is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.draw()) * u128::from(bound)) >> 64) as u64
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
    use std::collections::HashSet;

    #[test]
    fn texts_that_differ_in_one_digit_do_not_collide() {
        let mut seen = HashSet::new();
        for number in 0..400_000_u32 {
            let text = format!("Your parcel {number} is on its way and will be there soon");
            assert!(
                seen.insert(
                    Digest::new(1)
                        .field(b"447700900000")
                        .field(text.as_bytes())
                        .finish()
                )
            );
        }
    }

    #[test]
    fn every_length_and_every_flipped_bit_changes_the_digest() {
        let mut seen = HashSet::new();
        for length in 0..=80 {
            let zeros = vec![0_u8; length];
            assert!(
                seen.insert(Digest::new(7).field(&zeros).finish()),
                "length {length}"
            );
            for bit in 0..length * 8 {
                let mut flipped = zeros.clone();
                flipped[bit / 8] ^= 1 << (bit % 8);
                assert!(
                    seen.insert(Digest::new(7).field(&flipped).finish()),
                    "length {length} bit {bit}"
                );
            }
        }
    }

    #[test]
    fn fields_do_not_run_into_each_other() {
        let one = Digest::new(0).field(b"ab").field(b"c").finish();
        let two = Digest::new(0).field(b"a").field(b"bc").finish();
        assert_ne!(one, two);
    }

    #[test]
    fn percent_takes_its_share_of_draws() {
        let mut draws = Draws::new(42, 1);
        let ten = Percent::new(10.0).unwrap();
        let taken = (0..100_000).filter(|_| ten.takes(draws.draw())).count();
        assert!((9_600..=10_400).contains(&taken), "{taken}");
        assert!((0..1_000).all(|_| Percent::new(100.0).unwrap().takes(draws.draw())));
        assert!((0..1_000).all(|_| !Percent::new(0.0).unwrap().takes(draws.draw())));
        assert_eq!(Percent::new(100.5), None);
        assert_eq!(Percent::new(f64::NAN), None);
    }

    #[test]
    fn bounded_draws_fill_their_range_evenly() {
        let mut draws = Draws::new(3, 0);
        let mut counts = [0_u32; 7];
        for _ in 0..70_000 {
            counts[usize::try_from(draws.below(7)).unwrap()] += 1;
        }
        assert!(
            counts.iter().all(|count| (9_500..=10_500).contains(count)),
            "{counts:?}"
        );
        assert_eq!(draws.below(0), 0);
    }
}
