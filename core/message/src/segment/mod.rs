//! How a text becomes the short messages that carry it.
//!
//! A text that fits 140 octets is one segment; a longer one is cut into parts of 134 octets, each behind
//! a six-octet header. A cut never goes through an escape pair or a surrogate pair, and not through what
//! is shown as one character where that costs less than a third of a part. What is split joins back.
//! Work is linear in the text and nothing allocates. More segments than the caller allows are refused.

mod concatenation;
mod marks;
mod split;
pub mod udh;

pub use concatenation::{Concatenation, Udh8, header_octets, parse_concatenation};
pub(crate) use split::cut_into;
pub use split::{Segments, split};

use thiserror::Error;

use crate::alphabet::{Alphabet, Unencodable, gsm7, ucs2};

/// Octets of user data in one short message (3GPP TS 23.040, 9.2.3.16).
pub const SEGMENT_OCTETS: usize = 140;

/// Most segments that a header can number (3GPP TS 23.040, 9.2.3.24.1).
pub const SEGMENTS_MAX: u8 = u8::MAX;

/// How a text will travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Segmentation {
    /// The alphabet of every segment.
    pub alphabet: Alphabet,
    /// Segments, at least 1.
    pub segments: u8,
    /// Septets or UTF-16 units of the whole text.
    pub units: u32,
}

/// Why a text cannot travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SegmentFault {
    /// More segments than allowed.
    #[error("the text takes {segments} segments, at most {segments_max} are allowed; shorten it")]
    TooLong {
        /// Segments needed.
        segments: usize,
        /// Segments allowed.
        segments_max: u8,
    },
    /// The alphabet that was asked for lacks a character.
    #[error(transparent)]
    Unencodable(#[from] Unencodable),
}

impl Segmentation {
    /// Segmentation of a text in the cheapest alphabet that holds it. Empty text is one empty segment.
    ///
    /// # Errors
    /// [`SegmentFault::TooLong`] past `segments_max`.
    pub fn of(text: &str, segments_max: u8) -> Result<Self, SegmentFault> {
        match gsm7::fits(text) {
            Some(units) => Self::counted(text, Alphabet::Gsm7, units, segments_max),
            None => Self::counted(text, Alphabet::Ucs2, ucs2::units(text), segments_max),
        }
    }

    /// As [`Segmentation::of`] in an alphabet that the caller chose.
    ///
    /// # Errors
    /// [`SegmentFault::TooLong`] past `segments_max`, [`SegmentFault::Unencodable`] for a character
    /// that the alphabet lacks.
    pub fn within(text: &str, alphabet: Alphabet, segments_max: u8) -> Result<Self, SegmentFault> {
        let mut units = 0;
        for (position, found) in text.chars().enumerate() {
            units += alphabet
                .units(found)
                .ok_or(Unencodable { found, position })?;
        }
        Self::counted(text, alphabet, units, segments_max)
    }

    fn counted(
        text: &str,
        alphabet: Alphabet,
        units: usize,
        segments_max: u8,
    ) -> Result<Self, SegmentFault> {
        let segments = if units <= single_units(alphabet) {
            1
        } else {
            split(text, alphabet).count()
        };
        match (u8::try_from(segments), u32::try_from(units)) {
            (Ok(count), Ok(units)) if count <= segments_max => Ok(Self {
                alphabet,
                segments: count,
                units,
            }),
            _ => Err(SegmentFault::TooLong {
                segments,
                segments_max,
            }),
        }
    }
}

/// Units of a message of one segment: 160 septets or 70 UTF-16 units.
#[must_use]
pub const fn single_units(alphabet: Alphabet) -> usize {
    match alphabet {
        Alphabet::Gsm7 => 160,
        Alphabet::Ucs2 => 70,
    }
}

/// Units of one part behind an 8-bit concatenation header: 153 septets or 67 UTF-16 units.
#[must_use]
pub const fn part_units(alphabet: Alphabet) -> usize {
    match alphabet {
        Alphabet::Gsm7 => 153,
        Alphabet::Ucs2 => 67,
    }
}

/// Appends the octets of one segment's `short_message`: header if there is one, then text.
///
/// # Errors
/// [`Unencodable`] for the first character that the alphabet lacks; `out` is then as it was.
pub fn encode_segment(
    segment_text: &str,
    alphabet: Alphabet,
    header: Option<Udh8>,
    out: &mut Vec<u8>,
) -> Result<(), Unencodable> {
    let before = out.len();
    if let Some(header) = header {
        header.write(out);
    }
    let written = alphabet.encode(segment_text, out);
    if written.is_err() {
        out.truncate(before);
    }
    written
}
