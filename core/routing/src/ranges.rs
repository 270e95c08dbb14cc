//! Nested prefixes flattened into disjoint ranges of numbers.
//!
//! A number or prefix is written in base 11 with 15 places: a digit is 1..=10 and 0 stands for "no digit here", so that
//! a short number is never taken for a longer one. A prefix is then exactly one range. Bounded: twice as many
//! beginnings as prefixes, and an index of at most 11^6 entries (7 MiB, only for lists as long).

use crate::Prefix;
use crate::prefix::DIGITS_MAX;

/// No prefix covers this range.
const NOTHING: u32 = u32::MAX;

/// Most leading digits that the index resolves.
const INDEX_DIGITS_MAX: u32 = 6;

/// A number's digits, left-aligned in base 11.
fn aligned(number: u64) -> u64 {
    let digits = number
        .checked_ilog10()
        .map_or(0, |log| log + 1)
        .min(DIGITS_MAX);
    let mut weight = 11_u64.pow(DIGITS_MAX - digits);
    let mut rest = number;
    let mut sum = 0_u64;
    for _ in 0..digits {
        sum += (rest % 10 + 1) * weight;
        rest /= 10;
        weight *= 11;
    }
    sum
}

/// Where a range begins and the row that rules it: beside each other, so that finding one fetches the other.
#[derive(Clone, Copy, Debug)]
struct Beginning {
    at: u64,
    row: u32,
}

/// Beginnings of ranges and an index of them by leading digits.
#[derive(Clone, Debug)]
pub(crate) struct Ranges {
    beginnings: Vec<Beginning>,
    /// For each value of the leading digits, the first beginning at or above it; one entry more at the end.
    index: Vec<u32>,
    /// What divides an aligned number down to its leading digits.
    divisor: u64,
}

impl Ranges {
    /// From prefixes in the order of their aligned digits, shorter before longer; see [`order`].
    pub(crate) fn build(prefixes: impl ExactSizeIterator<Item = Prefix>) -> Self {
        let count = prefixes.len();
        let mut flat = Flat(Vec::with_capacity(count * 2));
        let mut open: Vec<(u64, u32)> = Vec::with_capacity(DIGITS_MAX as usize);
        for (row, prefix) in prefixes.enumerate() {
            let begin = aligned(prefix.as_u64());
            let end = begin + 11_u64.pow(DIGITS_MAX - prefix.digits());
            flat.close(&mut open, begin);
            flat.push(begin, row as u32);
            open.push((end, row as u32));
        }
        flat.close(&mut open, u64::MAX);
        flat.0.shrink_to_fit();
        let (index, divisor) = flat.index();
        Self {
            beginnings: flat.0,
            index,
            divisor,
        }
    }

    /// The row whose prefix is the longest of this number.
    #[inline]
    pub(crate) fn find(&self, number: u64) -> Option<u32> {
        let aligned = aligned(number);
        let leading = (aligned / self.divisor) as usize;
        let from = *self.index.get(leading)? as usize;
        let to = *self.index.get(leading + 1)? as usize;
        let among = self.beginnings.get(from..to)?;
        let place = (from + among.partition_point(|begin| begin.at <= aligned)).checked_sub(1)?;
        self.beginnings
            .get(place)
            .map(|begin| begin.row)
            .filter(|row| *row != NOTHING)
    }
}

/// The order in which [`Ranges::build`] wants prefixes.
pub(crate) fn order(prefix: Prefix) -> (u64, u32) {
    (aligned(prefix.as_u64()), prefix.digits())
}

/// Beginnings while they are gathered.
struct Flat(Vec<Beginning>);

impl Flat {
    /// Ends every open range that ends at or before `until`; what encloses it rules from there.
    fn close(&mut self, open: &mut Vec<(u64, u32)>, until: u64) {
        while let Some((end, _)) = open.last().copied().filter(|(end, _)| *end <= until) {
            open.pop();
            self.push(end, open.last().map_or(NOTHING, |(_, row)| *row));
        }
    }

    fn push(&mut self, at: u64, row: u32) {
        match self.0.last_mut().filter(|last| last.at == at) {
            Some(last) => last.row = row,
            None => self.0.push(Beginning { at, row }),
        }
    }

    /// An index about as long as the list, so that a look-up searches a few beginnings.
    fn index(&self) -> (Vec<u32>, u64) {
        let digits = (1..INDEX_DIGITS_MAX)
            .find(|digits| 11_usize.pow(*digits) >= self.0.len())
            .unwrap_or(INDEX_DIGITS_MAX);
        let divisor = 11_u64.pow(DIGITS_MAX - digits);
        let entries = 11_u64.pow(digits);
        let mut index = Vec::with_capacity(entries as usize + 1);
        let mut place = 0_usize;
        for entry in 0..=entries {
            let begin = entry.saturating_mul(divisor);
            while self.0.get(place).is_some_and(|known| known.at < begin) {
                place += 1;
            }
            index.push(place as u32);
        }
        (index, divisor)
    }
}
