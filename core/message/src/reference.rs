//! References that tie the segments of one message together, never soon the same for one pair of
//! sender and recipient.
//!
//! 64 KiB for ever, no lock, no growth: 65,536 counters of 8 bits, one chosen by the hash of the pair.
//! Pairs that meet in one counter only use its numbers up together. 256 successive calls for one pair
//! give 256 different references.

use std::sync::atomic::{AtomicU8, Ordering};

/// Counters held.
const COUNTERS: usize = 1 << 16;

/// Odd constants of MurmurHash3's finisher and of the golden ratio.
const MIX_A: u64 = 0xFF51_AFD7_ED55_8CCD;
const MIX_B: u64 = 0xC4CE_B9FE_1A85_EC53;
const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// Gives out 8-bit references; shared between threads.
#[derive(Debug)]
pub struct References {
    counters: Box<[AtomicU8]>,
    seed: u64,
}

impl References {
    /// Counters that begin where `seed` says: another seed for each start, so that numbers given out
    /// before a restart are not the first to come again.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let counters = (0..COUNTERS as u64)
            .map(|place| AtomicU8::new(mix(seed ^ place.wrapping_mul(GOLDEN)) as u8))
            .collect();
        Self { counters, seed }
    }

    /// The next reference for messages from `sender` to `recipient`.
    pub fn next(&self, sender: &[u8], recipient: &[u8]) -> u8 {
        let hash = absorb(absorb(self.seed, sender), recipient);
        let place = mix(hash) as usize % COUNTERS;
        self.counters
            .get(place)
            .map_or(0, |counter| counter.fetch_add(1, Ordering::Relaxed))
    }
}

/// Takes octets in, eight at a time; their count goes in too, so that ("ab", "c") is not ("a", "bc").
fn absorb(state: u64, octets: &[u8]) -> u64 {
    let (words, tail) = octets.as_chunks::<8>();
    let mut state = mix(state ^ (octets.len() as u64).wrapping_mul(GOLDEN));
    for word in words {
        state = (state ^ u64::from_le_bytes(*word))
            .wrapping_mul(MIX_A)
            .rotate_left(29);
    }
    let mut last = [0; 8];
    for (place, octet) in last.iter_mut().zip(tail) {
        *place = *octet;
    }
    (state ^ u64::from_le_bytes(last))
        .wrapping_mul(MIX_B)
        .rotate_left(31)
}

const fn mix(mut value: u64) -> u64 {
    value ^= value >> 33;
    value = value.wrapping_mul(MIX_A);
    value ^= value >> 33;
    value = value.wrapping_mul(MIX_B);
    value ^ value >> 33
}
