//! The cuts: each part as long as it may be, and as a reader would cut it where that is cheap.
//!
//! Yields slices of the text, in order, that join to the text. At least one, even of nothing.

use super::marks::{clings, is_regional_indicator};
use super::{part_units, single_units};
use crate::alphabet::{Alphabet, gsm7};
use crate::wire::{Air, AirAlphabet};

/// The segments of a text, as slices of it; see [`split`].
#[derive(Clone, Debug)]
pub struct Segments<'a> {
    rest: Option<&'a str>,
    air: Air,
    limit: usize,
}

/// Splits a text into its segments without allocating.
///
/// A character that `alphabet` lacks counts as one unit; encoding will name it.
#[must_use]
pub fn split(text: &str, alphabet: Alphabet) -> Segments<'_> {
    let air = Air::of(match alphabet {
        Alphabet::Gsm7 => AirAlphabet::Gsm7,
        Alphabet::Ucs2 => AirAlphabet::Ucs2,
    });
    let single = single_units(alphabet);
    let limit = if cut(text, air, single) == text.len() {
        single
    } else {
        part_units(alphabet)
    };
    cut_into(text, air, limit)
}

/// The pieces of at most `limit` units of a text.
pub(crate) fn cut_into(text: &str, air: Air, limit: usize) -> Segments<'_> {
    Segments {
        rest: Some(text),
        air,
        limit,
    }
}

impl<'a> Iterator for Segments<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let rest = self.rest.take()?;
        let end = cut(rest, self.air, self.limit);
        let (segment, after) = rest.split_at_checked(end)?;
        self.rest = (!after.is_empty()).then_some(after);
        Some(segment)
    }
}

/// Octets of the first part of `text` that takes at most `limit` units.
fn cut(text: &str, air: Air, limit: usize) -> usize {
    if air.alphabet == AirAlphabet::Gsm7
        && air.shift.is_none()
        && let Some(place) = cut_plain(text, air, limit)
    {
        return place;
    }
    let mut units = 0;
    // The last place where a reader would cut, and the units before it.
    let mut fair = (0, 0);
    let mut before = None;
    let mut indicators = 0_usize;
    for (place, found) in text.char_indices() {
        let indicator = is_regional_indicator(found);
        let in_flag = indicator && indicators % 2 == 1;
        if before.is_some_and(|before| !clings(before, found)) && !in_flag {
            fair = (place, units);
        }
        indicators = if indicator { indicators + 1 } else { 0 };
        before = Some(found);
        let more = air.units(found);
        let spare = usize::from(air.packed && found == '\r');
        if units + more + spare > limit {
            let cheap = fair.1 * 3 > limit * 2;
            return if cheap { fair.0 } else { place };
        }
        units += more;
    }
    text.len()
}

/// [`cut`] where each octet is one septet and no line break lies on the cut: nearly always.
fn cut_plain(text: &str, air: Air, limit: usize) -> Option<usize> {
    let octets = text.as_bytes();
    let head = octets.get(..=limit).unwrap_or(octets);
    let fits = head.len() <= limit;
    let end = head.len().min(limit);
    let breaks = !fits && head.last() == Some(&b'\n');
    let pads = air.packed && end == limit && head.get(end.wrapping_sub(1)) == Some(&b'\r');
    (!breaks && !pads && gsm7::is_plain(head)).then_some(end)
}
