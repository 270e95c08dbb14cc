//! Why a text or a segment cannot go to a carrier. The message is at fault, or the form; trying again does not help.

use thiserror::Error;

/// Why a text or a segment cannot be put in the carrier's form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum WireFault {
    /// More segments than the form allows.
    #[error(
        "the text takes {segments} segments, this carrier takes at most {parts_max}; shorten it"
    )]
    TooLong {
        /// Segments needed.
        segments: usize,
        /// Segments allowed.
        parts_max: u8,
    },
    /// The carrier takes no `data_coding` that holds the text.
    #[error(
        "the text needs data_coding {data_coding}, which this carrier does not take (dcs_allowed); write it without the characters that need it, or allow it"
    )]
    NotTaken {
        /// The value that it would need.
        data_coding: u8,
    },
    /// No alphabet that the carrier takes holds a character and leaves the segment one segment.
    #[error("{found:?} at character {} does not fit this carrier's alphabet in one segment; send the text whole or take it out", .position + 1)]
    Unencodable {
        /// The character.
        found: char,
        /// Position in characters of the segment, from 0.
        position: usize,
    },
    /// An octet is no septet, so that it cannot be read in the alphabet that `data_coding` names.
    #[error(
        "octet {octet:#04x} at place {position} is not of the alphabet that data_coding names; mend the data_coding"
    )]
    Unreadable {
        /// The octet.
        octet: u8,
        /// Place in the text after the header, from 0.
        position: usize,
    },
    /// A part was asked for that the plan does not have, or the plan is another text's.
    #[error("part {part} of a text of {parts} parts was asked for")]
    NoSuchPart {
        /// The part, from 0.
        part: u8,
        /// Parts of the plan.
        parts: u8,
    },
}
