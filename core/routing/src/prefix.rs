//! The leading digits of international numbers.
//!
//! Promise: 1..=15 digits, not beginning with 0; anything else is refused with a typed fault. Matching is
//! integer arithmetic without allocation.

use std::fmt;
use std::str::FromStr;

use carrack_message::Msisdn;
use thiserror::Error;

/// The longest number of E.164.
pub(crate) const DIGITS_MAX: u32 = 15;

/// Leading digits of a number, without `+`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Prefix(u64);

/// Why a text is no prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PrefixFault {
    /// Nothing there.
    #[error(
        "the prefix is empty; write the leading digits of the international number, such as 447"
    )]
    Empty,
    /// Something other than a digit.
    #[error("{found:?} does not belong in a prefix; write digits only, such as 447")]
    Character {
        /// The character.
        found: char,
    },
    /// Begins with 0, as no international number does.
    #[error("the prefix begins with 0; write it in international form, without 00 or a national 0")]
    Zero,
    /// More digits than a number has.
    #[error("the prefix has {digits} digits; a number has at most 15")]
    TooLong {
        /// Digits found.
        digits: usize,
    },
}

impl Prefix {
    /// What [`Prefix::as_u64`] gave.
    pub(crate) const fn of_digits(digits: u64) -> Self {
        Self(digits)
    }

    /// The digits as a number; it never begins with 0, so this says all.
    pub const fn as_u64(self) -> u64 {
        self.0
    }

    /// How many digits, 1..=15.
    pub const fn digits(self) -> u32 {
        self.0.ilog10() + 1
    }

    /// Whether the number begins with these digits.
    pub fn covers(self, number: Msisdn) -> bool {
        let number = number.as_u64();
        let digits = number.checked_ilog10().map_or(0, |log| log + 1);
        match digits.checked_sub(self.digits()) {
            Some(rest) => number / 10_u64.pow(rest) == self.0,
            None => false,
        }
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Prefix {
    type Err = PrefixFault;

    /// Reads digits; one leading `+` is dropped.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.strip_prefix('+').unwrap_or(text);
        if text.is_empty() {
            return Err(PrefixFault::Empty);
        }
        if let Some(found) = text.chars().find(|c| !c.is_ascii_digit()) {
            return Err(PrefixFault::Character { found });
        }
        if text.len() > DIGITS_MAX as usize {
            return Err(PrefixFault::TooLong { digits: text.len() });
        }
        if text.starts_with('0') {
            return Err(PrefixFault::Zero);
        }
        text.parse().map(Self).map_err(|_| PrefixFault::Empty)
    }
}
