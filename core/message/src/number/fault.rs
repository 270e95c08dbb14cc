//! Why a text is no telephone number, said so that whoever wrote it can mend it.
//!
//! Positions count characters from 0 in the fields and from 1 in the words.

use thiserror::Error;

/// Why a number was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NumberFault {
    /// No digit at all.
    #[error("the number is empty; write it with country code, like 447700900123")]
    Empty,
    /// A letter among the digits.
    #[error("letter {found:?} at character {}; a number has digits only", .position + 1)]
    Letter {
        /// Position in characters, from 0.
        position: usize,
        /// The letter.
        found: char,
    },
    /// A sign that does not belong in a number, or a plus sign past its beginning.
    #[error("{found:?} at character {} does not belong in a number; take it out", .position + 1)]
    Character {
        /// Position in characters, from 0.
        position: usize,
        /// The character.
        found: char,
    },
    /// What a spreadsheet makes of a number that it takes for an amount: read as digits alone it would be somebody else's.
    #[error(
        "it is written as an amount, with a decimal point; have the column written as text, without point"
    )]
    Amount,
    /// Fewer than 7 digits.
    #[error(
        "{digits} digits are too few for a number; write all of it with country code (7 to 15 digits)"
    )]
    TooShort {
        /// Digits found, prefix apart.
        digits: usize,
    },
    /// More than 15 digits.
    #[error("{digits} digits are too many for a number; at most 15 with country code")]
    TooLong {
        /// Digits found, prefix apart (octets, where the input is absurdly long).
        digits: usize,
    },
    /// A national number where nobody said of which country.
    #[error(
        "the number begins with 0, as national numbers do; put the country code in place of the 0, or name the region"
    )]
    LeadingZero,
    /// Not two letters that libphonenumber knows.
    #[error("the region of the number is unknown; name it by its two ISO 3166 letters, like GB")]
    UnknownRegion,
    /// Digits that are no number in the region, nor an international one.
    #[error(
        "not a number of the region given, nor an international one; check its digits or write it with + and country code"
    )]
    NotANumber,
}
