//! `carrack numbers synthetic`: a list of ported numbers that nobody has.
//!
//! Promise: the same rows for the same seed; no number twice, without remembering any; about a fifth of each range, in
//! no order, as a whole dump of several countries would be at its worst.

use std::io::{BufWriter, Write as _};

use clap::Args;

use crate::fault::Fault;
use crate::output::Results;

/// Arguments of `synthetic`.
#[derive(Args)]
pub(crate) struct Synthetic {
    /// How many numbers
    #[arg(value_parser = clap::value_parser!(u64).range(1..=ROWS_MAX))]
    rows: u64,
    /// Other seeds give other numbers
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Rows in the order of their numbers
    #[arg(long)]
    sorted: bool,
}

/// What the ranges below hold at a fifth of them.
const ROWS_MAX: u64 = 1_000_000_000;
/// Numbers of a range: what stands behind its prefix.
const RANGE: u64 = 10_000_000;
/// Of so many numbers of a range one is ported.
const SPARSE: u64 = 5;
/// Country codes with the beginnings of mobile numbers, and the networks there; ranges go on from them by two digits.
const COUNTRIES: [(u64, &[&str]); 8] = [
    (447, &["234-10", "234-15", "234-20", "234-30"]),
    (4915, &["262-01", "262-02", "262-03"]),
    (336, &["208-01", "208-10", "208-15", "208-20"]),
    (393, &["222-01", "222-10", "222-50", "222-88"]),
    (346, &["214-01", "214-03", "214-04", "214-07"]),
    (316, &["204-04", "204-08", "204-16"]),
    (4860, &["260-01", "260-02", "260-03", "260-06"]),
    (5511, &["724-02", "724-05", "724-06", "724-11"]),
];

/// Runs the command.
pub(super) fn run(arguments: &Synthetic) -> Result<(), Fault> {
    let mut out = BufWriter::with_capacity(1 << 18, Results);
    writeln!(out, "number,network")?;
    let shuffle = Shuffle::of(arguments.rows * SPARSE, arguments.seed);
    for row in 0..arguments.rows {
        let (place, chance) = if arguments.sorted {
            let chance = mix(row ^ arguments.seed);
            (row * SPARSE + chance % SPARSE, chance >> 8)
        } else {
            let place = shuffle.place(row);
            (place, mix(place ^ arguments.seed))
        };
        let (number, network) = ported(place, arguments.rows * SPARSE, chance);
        writeln!(out, "{number},{network}")?;
    }
    out.flush()?;
    Ok(())
}

/// The number of a place among `places`, which rise with their numbers within a country.
fn ported(place: u64, places: u64, chance: u64) -> (u64, &'static str) {
    let countries = COUNTRIES.len() as u64;
    let each = places.div_ceil(countries).next_multiple_of(RANGE);
    let (country, within) = (place / each, place % each);
    let (prefix, networks) = COUNTRIES
        .get(country as usize)
        .copied()
        .unwrap_or(COUNTRIES[0]);
    let (range, rest) = (within / RANGE, within % RANGE);
    let digits = (each / RANGE).max(10).ilog10() + 1;
    let number = (prefix * 10_u64.pow(digits) + range) * RANGE + rest;
    let network = networks.get(chance as usize % networks.len());
    (number, network.copied().unwrap_or_default())
}

/// Every place once, in no order: four rounds of a Feistel network, walked until they end within the places.
struct Shuffle {
    places: u64,
    half_bits: u32,
    seed: u64,
}

impl Shuffle {
    const fn of(places: u64, seed: u64) -> Self {
        let bits = u64::BITS - places.leading_zeros();
        Self {
            places,
            half_bits: bits.div_ceil(2),
            seed,
        }
    }

    fn place(&self, row: u64) -> u64 {
        let mut place = self.round(row);
        while place >= self.places {
            place = self.round(place);
        }
        place
    }

    fn round(&self, value: u64) -> u64 {
        let mask = (1 << self.half_bits) - 1;
        let (mut left, mut right) = (value >> self.half_bits, value & mask);
        for round in 0..4 {
            let mixed = mix(right ^ self.seed.rotate_left(round * 16)) & mask;
            (left, right) = (right, left ^ mixed);
        }
        left << self.half_bits | right
    }
}

/// The finaliser of SplitMix64.
const fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use carrack_message::Msisdn;

    use super::*;

    #[test]
    fn no_place_comes_twice() {
        for (places, seed) in [(1, 1), (7, 2), (5_000, 3), (65_536, 4)] {
            let shuffle = Shuffle::of(places, seed);
            let found: HashSet<u64> = (0..places).map(|row| shuffle.place(row)).collect();
            assert_eq!(found.len() as u64, places);
            assert!(found.iter().all(|place| *place < places));
        }
    }

    #[test]
    fn every_place_is_a_number_of_its_own() {
        for places in [100, 100_000, 4_000_000_000] {
            let step = (places / 50_000).max(1);
            let asked = (0..places).step_by(step as usize);
            let numbers: HashSet<u64> = asked
                .clone()
                .map(|place| ported(place, places, place).0)
                .collect();
            assert_eq!(numbers.len(), asked.count());
            assert!(
                numbers
                    .iter()
                    .all(|number| Msisdn::from_u64(*number).is_some())
            );
        }
    }
}
