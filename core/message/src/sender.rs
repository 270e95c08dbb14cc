//! The source address of a message: a name, a short code or a number.
//!
//! Held in place (24 octets, `Copy`), with the type of number and numbering plan that carriers expect
//! of each kind (SMPP 3.4, 5.2.5 and 5.2.6). What fits none of the three is refused with its cure.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use thiserror::Error;

use crate::alphabet::gsm7;
use crate::number::{self, MSISDN_DIGITS_MAX, Msisdn, NumberFault};

/// Most septets of a name: what an address of 10 octets holds (3GPP TS 23.040, 9.1.2.5).
pub const NAME_SEPTETS_MAX: usize = 11;
/// Fewest and most digits of a short code.
pub const SHORT_CODE_DIGITS: std::ops::RangeInclusive<usize> = 3..=8;

/// UTF-8 octets of the longest name: no character of one septet takes more than two.
const OCTETS_MAX: usize = 22;

/// What a sender is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum SenderKind {
    /// 1 to 11 septets of the GSM alphabet, not all of them digits: TON 5, NPI 0.
    Alphanumeric,
    /// 3 to 8 digits: TON 3, NPI 0.
    ShortCode,
    /// E.164 without plus sign: TON 1, NPI 1.
    International,
}

/// Who a message says it is from.
#[derive(Clone, Copy)]
pub struct Sender {
    octets: [u8; OCTETS_MAX],
    length: u8,
    kind: SenderKind,
}

/// Why a text is no sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SenderFault {
    /// Nothing there.
    #[error("the sender is empty; give a name of up to 11 characters, a short code or a number")]
    Empty,
    /// A name of more than 11 septets.
    #[error(
        "the sender takes {septets} of the 11 places a name has; shorten it (characters such as € and [ take two)"
    )]
    TooLong {
        /// Septets found.
        septets: usize,
    },
    /// A character that no handset shows in a name.
    #[error("{found:?} at character {} cannot stand in a sender; use the GSM 7-bit alphabet", .position + 1)]
    Character {
        /// Position in characters, from 0, blanks around the name not counted.
        position: usize,
        /// The character.
        found: char,
    },
    /// One or two digits.
    #[error("{digits} digits are no sender; a short code has 3 to 8, a number at least 7")]
    TooFewDigits {
        /// Digits found.
        digits: usize,
    },
    /// Digits that are no international number.
    #[error("the sender is no number: {0}")]
    Number(NumberFault),
}

impl Sender {
    /// Reads a sender; blanks around it do not count.
    ///
    /// Digits, with or without blanks, hyphens, dots and parentheses among them, are a short code up to
    /// eight and a number from nine; with `+` or `00` before them always a number. All else is a name.
    ///
    /// # Errors
    /// [`SenderFault`], which says what is wrong and how to mend it.
    pub fn parse(text: &str) -> Result<Self, SenderFault> {
        let text = text.trim();
        if text.is_empty() {
            return Err(SenderFault::Empty);
        }
        let digits = text.chars().filter(char::is_ascii_digit).count();
        let numeric = digits > 0
            && text
                .strip_prefix('+')
                .unwrap_or(text)
                .chars()
                .all(|found| found.is_ascii_digit() || number::is_separator(found));
        if !numeric {
            return Self::name(text);
        }
        if number::is_amount(text) {
            return Err(SenderFault::Number(NumberFault::Amount));
        }
        let international = text.starts_with('+') || (text.starts_with("00") && digits > 8);
        if international || digits > *SHORT_CODE_DIGITS.end() {
            return number::tidy(text, None)
                .map(Self::from)
                .map_err(SenderFault::Number);
        }
        if digits < *SHORT_CODE_DIGITS.start() {
            return Err(SenderFault::TooFewDigits { digits });
        }
        let code = text.bytes().filter(u8::is_ascii_digit);
        Ok(Self::held(code, SenderKind::ShortCode))
    }

    fn name(text: &str) -> Result<Self, SenderFault> {
        let mut septets = 0;
        for (position, found) in text.chars().enumerate() {
            match gsm7::septets(found) {
                Some(count) if !found.is_control() => septets += count,
                _ => return Err(SenderFault::Character { position, found }),
            }
        }
        if septets > NAME_SEPTETS_MAX {
            return Err(SenderFault::TooLong { septets });
        }
        Ok(Self::held(text.bytes(), SenderKind::Alphanumeric))
    }

    fn held(source: impl Iterator<Item = u8>, kind: SenderKind) -> Self {
        let mut octets = [0; OCTETS_MAX];
        let mut length = 0;
        for (place, octet) in octets.iter_mut().zip(source) {
            *place = octet;
            length += 1;
        }
        Self {
            octets,
            length,
            kind,
        }
    }

    /// What it is.
    #[must_use]
    pub const fn kind(&self) -> SenderKind {
        self.kind
    }

    /// `source_addr_ton` (SMPP 3.4, 5.2.5).
    #[must_use]
    pub const fn ton(&self) -> u8 {
        match self.kind {
            SenderKind::Alphanumeric => 5,
            SenderKind::ShortCode => 3,
            SenderKind::International => 1,
        }
    }

    /// `source_addr_npi` (SMPP 3.4, 5.2.6).
    #[must_use]
    pub const fn npi(&self) -> u8 {
        match self.kind {
            SenderKind::Alphanumeric | SenderKind::ShortCode => 0,
            SenderKind::International => 1,
        }
    }

    /// The name, or the digits without plus sign.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }

    /// [`Sender::as_str`] in octets of UTF-8.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.octets
            .get(..usize::from(self.length))
            .unwrap_or_default()
    }
}

impl From<Msisdn> for Sender {
    fn from(number: Msisdn) -> Self {
        let mut digits = [0; MSISDN_DIGITS_MAX];
        let digits = number.write_digits(&mut digits);
        Self::held(digits.iter().copied(), SenderKind::International)
    }
}

impl PartialEq for Sender {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind && self.as_bytes() == other.as_bytes()
    }
}

impl Eq for Sender {}

impl Hash for Sender {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.kind.hash(state);
        self.as_bytes().hash(state);
    }
}

impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sender({:?} {:?})", self.kind, self.as_str())
    }
}

impl fmt::Display for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Sender {
    type Err = SenderFault;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}
