//! Alphabets of the air and of carriers.
//!
//! Text is Unicode inside; here it becomes octets and comes back. Every decoder is total: what cannot
//! be read becomes U+FFFD and is counted. Every encoder either writes all of a text or none of it.

pub mod ascii;
pub mod dcs;
pub mod gsm7;
mod gsm7_same;
mod gsm7_table;
pub mod iso8859;
pub mod latin1;
pub mod national;
pub mod packed;
pub mod ucs2;
pub mod ucs2_repair;
pub mod windows1252;

use thiserror::Error;

/// The alphabet in which a message travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Alphabet {
    /// GSM 7-bit default alphabet with extension table, one septet an octet (3GPP TS 23.038, 6.2.1).
    Gsm7 = 0,
    /// UTF-16 big-endian (`data_coding` 8).
    Ucs2 = 8,
}

/// A character that the alphabet does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{found:?} at character {} is not in the GSM 7-bit alphabet; send the text as UCS-2 or take it out", .position + 1)]
pub struct Unencodable {
    /// The character.
    pub found: char,
    /// Position in characters, from 0.
    pub position: usize,
}

impl Alphabet {
    /// `data_coding` of SMPP 3.4, 5.2.19.
    #[must_use]
    pub const fn data_coding(self) -> u8 {
        self as u8
    }

    /// The alphabet of a `data_coding`, where it is one of the two.
    #[must_use]
    pub const fn from_data_coding(data_coding: u8) -> Option<Self> {
        match data_coding {
            0 => Some(Self::Gsm7),
            8 => Some(Self::Ucs2),
            _ => None,
        }
    }

    /// The name that customers see: `gsm7` or `ucs2`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gsm7 => "gsm7",
            Self::Ucs2 => "ucs2",
        }
    }

    /// Units that a character takes: septets, or UTF-16 units; `None` if the alphabet lacks it.
    #[must_use]
    pub fn units(self, found: char) -> Option<usize> {
        match self {
            Self::Gsm7 => gsm7::septets(found),
            Self::Ucs2 => Some(found.len_utf16()),
        }
    }

    /// Appends the octets of a text.
    ///
    /// # Errors
    /// [`Unencodable`] for the first character that the alphabet lacks; `out` is then as it was.
    pub fn encode(self, text: &str, out: &mut Vec<u8>) -> Result<(), Unencodable> {
        match self {
            Self::Gsm7 => gsm7::encode(text, out),
            Self::Ucs2 => {
                ucs2::encode(text, out);
                Ok(())
            }
        }
    }

    /// Appends the text of octets; gives back how many places could not be read.
    pub fn decode(self, octets: &[u8], out: &mut String) -> usize {
        match self {
            Self::Gsm7 => gsm7::decode(octets, out),
            Self::Ucs2 => ucs2::decode(octets, out),
        }
    }
}

/// The cheapest alphabet that holds every character of a text.
#[must_use]
pub fn choose(text: &str) -> Alphabet {
    if gsm7::fits(text).is_some() {
        Alphabet::Gsm7
    } else {
        Alphabet::Ucs2
    }
}

/// Appends one octet a character by `code`; all of the text or none.
fn encode_by(
    text: &str,
    code: fn(char) -> Option<u8>,
    out: &mut Vec<u8>,
) -> Result<(), Unencodable> {
    let before = out.len();
    out.reserve(text.len());
    for (position, found) in text.chars().enumerate() {
        let Some(octet) = code(found) else {
            out.truncate(before);
            return Err(Unencodable { found, position });
        };
        out.push(octet);
    }
    Ok(())
}
