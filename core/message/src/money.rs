//! Money in integer micro-units, and the three letters of its currency.
//!
//! No floating point anywhere: "0.0075" is 7,500 exactly. What cannot be held exactly is refused,
//! and arithmetic that would overflow answers `None`.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// Micro-units in one unit.
const UNIT: u64 = 1_000_000;
/// Decimals that a micro-unit can hold.
const DECIMALS_MAX: usize = 6;

/// An amount in millionths of a currency's unit; the currency stands elsewhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct Micros(pub i64);

/// Why a text is no amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum MicrosFault {
    /// Nothing there.
    #[error("the amount is empty; write it like 0.0075")]
    Empty,
    /// A character that has no place in an amount.
    #[error(
        "{found:?} at position {position} does not belong in an amount; write it like 0.0075, without currency or thousands mark"
    )]
    Character {
        /// Position in characters, from 0.
        position: usize,
        /// The character.
        found: char,
    },
    /// No digit before or after the point.
    #[error("the amount has no digit on one side of its point; write it like 0.5")]
    NoDigit,
    /// More decimals than a micro-unit holds.
    #[error("the amount has {decimals} decimals; at most 6 can be held exactly")]
    TooFine {
        /// Decimals found.
        decimals: usize,
    },
    /// Larger than 64 bits of micro-units.
    #[error("the amount is too large; the limit is 9223372036854.775807")]
    TooLarge,
}

impl Micros {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// The sum, or `None` on overflow.
    #[must_use]
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(sum) => Some(Self(sum)),
            None => None,
        }
    }

    /// The difference, or `None` on overflow.
    #[must_use]
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        match self.0.checked_sub(other.0) {
            Some(difference) => Some(Self(difference)),
            None => None,
        }
    }

    /// The amount `count` times, or `None` on overflow.
    #[must_use]
    pub const fn checked_mul(self, count: i64) -> Option<Self> {
        match self.0.checked_mul(count) {
            Some(product) => Some(Self(product)),
            None => None,
        }
    }
}

impl fmt::Display for Micros {
    /// Shortest exact form: `0.0075`, `12`, `-3.5`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let magnitude = self.0.unsigned_abs();
        let (whole, mut rest) = (magnitude / UNIT, magnitude % UNIT);
        if rest == 0 {
            return write!(f, "{sign}{whole}");
        }
        let mut width = DECIMALS_MAX;
        while rest % 10 == 0 {
            rest /= 10;
            width -= 1;
        }
        write!(f, "{sign}{whole}.{rest:0width$}")
    }
}

impl FromStr for Micros {
    type Err = MicrosFault;

    /// Reads `[-]digits[.digits]` exactly; a plus sign, an exponent and spaces are refused.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() {
            return Err(MicrosFault::Empty);
        }
        let (negative, unsigned) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let mut magnitude = 0_u64;
        let mut whole_digits = 0_usize;
        let mut decimals: Option<usize> = None;
        for (index, found) in unsigned.chars().enumerate() {
            let position = index + usize::from(negative);
            match (found, decimals) {
                ('.', None) => decimals = Some(0),
                ('0'..='9', _) => {
                    let digit = u64::from(found as u32 - '0' as u32);
                    if let Some(count) = decimals.as_mut() {
                        *count += 1;
                        // Zeros past the sixth place lose nothing, but are refused all the same: one rule.
                        if *count > DECIMALS_MAX {
                            continue;
                        }
                    } else {
                        whole_digits += 1;
                    }
                    magnitude = magnitude
                        .checked_mul(10)
                        .and_then(|value| value.checked_add(digit))
                        .ok_or(MicrosFault::TooLarge)?;
                }
                _ => return Err(MicrosFault::Character { position, found }),
            }
        }
        if whole_digits == 0 || decimals == Some(0) {
            return Err(MicrosFault::NoDigit);
        }
        let decimals = decimals.unwrap_or(0);
        if decimals > DECIMALS_MAX {
            return Err(MicrosFault::TooFine { decimals });
        }
        for _ in decimals..DECIMALS_MAX {
            magnitude = magnitude.checked_mul(10).ok_or(MicrosFault::TooLarge)?;
        }
        signed(magnitude, negative).ok_or(MicrosFault::TooLarge)
    }
}

fn signed(magnitude: u64, negative: bool) -> Option<Micros> {
    let value = i128::from(magnitude);
    let value = if negative { -value } else { value };
    i64::try_from(value).ok().map(Micros)
}

/// A currency: three capital letters (ISO 4217).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct Currency(pub [u8; 3]);

/// A text that is no currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a currency is three capital letters, such as EUR")]
pub struct CurrencyFault;

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(std::str::from_utf8(&self.0).unwrap_or("???"))
    }
}

impl FromStr for Currency {
    type Err = CurrencyFault;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let letters: [u8; 3] = text.as_bytes().try_into().map_err(|_| CurrencyFault)?;
        if letters.iter().all(u8::is_ascii_uppercase) {
            Ok(Self(letters))
        } else {
            Err(CurrencyFault)
        }
    }
}
