//! What a text takes between the carrier and the handset, whatever octets it is on our link (3GPP TS 23.040, 9.2.3.16).

use crate::alphabet::national::Shift;
use crate::alphabet::{gsm7, packed};
use crate::segment::SEGMENT_OCTETS;

/// The alphabet in which a text reaches the handset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AirAlphabet {
    /// Septets.
    Gsm7,
    /// Octets: what is neither of the others, as far as we know.
    Octets,
    /// UTF-16 units.
    Ucs2,
}

/// How a text is counted and cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Air {
    /// The alphabet.
    pub(crate) alphabet: AirAlphabet,
    /// National tables in force.
    pub(crate) shift: Shift,
    /// Whether a full part may not end in a carriage return: packed, it would be taken for padding
    /// (TS 23.038, 6.1.2.3.1), and there is no room to double it.
    pub(crate) packed: bool,
}

impl Air {
    /// Plain counting in an alphabet.
    pub(crate) const fn of(alphabet: AirAlphabet) -> Self {
        Self {
            alphabet,
            shift: Shift::NONE,
            packed: false,
        }
    }

    /// Units that a character takes; one that the alphabet lacks counts 1, and encoding will name it.
    pub(crate) fn units(self, found: char) -> usize {
        match self.alphabet {
            AirAlphabet::Gsm7 if self.shift.is_none() => gsm7::septets(found).unwrap_or(1),
            AirAlphabet::Gsm7 => self.shift.septets(found).unwrap_or(1),
            AirAlphabet::Octets => 1,
            AirAlphabet::Ucs2 => found.len_utf16(),
        }
    }

    /// Units of one segment behind a header of so many octets, its length octet included.
    pub(crate) const fn units_held(self, header_octets: usize) -> usize {
        let left = SEGMENT_OCTETS.saturating_sub(header_octets);
        match self.alphabet {
            AirAlphabet::Gsm7 => packed::septets_held(left, packed::fill_bits(header_octets)),
            AirAlphabet::Octets => left,
            AirAlphabet::Ucs2 => left / 2,
        }
    }

    /// Whether a text of so many units is one segment of at most `limit`.
    pub(crate) fn is_one(self, text: &str, units: usize, limit: usize) -> bool {
        units < limit || (units == limit && !(self.packed && text.ends_with('\r')))
    }
}
