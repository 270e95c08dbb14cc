//! A telephone number in E.164: 7 to 15 digits, the first not zero, in eight octets.
//!
//! Since no number begins with zero, the integer holds every digit and the count of them.

use std::fmt;
use std::str::FromStr;

use super::NumberFault;

/// Fewest digits of a number.
pub const MSISDN_DIGITS_MIN: usize = 7;
/// Most digits of a number (E.164, 6.2.1).
pub const MSISDN_DIGITS_MAX: usize = 15;

const VALUE_MIN: u64 = 10_u64.pow(MSISDN_DIGITS_MIN as u32 - 1);
const VALUE_END: u64 = 10_u64.pow(MSISDN_DIGITS_MAX as u32);

/// A subscriber's number: country code and national number, without plus sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct Msisdn(u64);

impl Msisdn {
    /// The number whose digits are those of `value`, or `None` if they are not 7 to 15.
    #[must_use]
    pub const fn from_u64(value: u64) -> Option<Self> {
        if value >= VALUE_MIN && value < VALUE_END {
            Some(Self(value))
        } else {
            None
        }
    }

    /// The digits as one integer.
    #[must_use]
    pub const fn as_u64(self) -> u64 {
        self.0
    }

    /// Count of digits, 7 to 15.
    #[must_use]
    pub const fn digits(self) -> usize {
        self.0.ilog10() as usize + 1
    }

    /// Reads ASCII digits and nothing else.
    ///
    /// # Errors
    /// [`NumberFault`], with positions in octets.
    pub fn from_digits(digits: &[u8]) -> Result<Self, NumberFault> {
        let mut value = 0_u64;
        for (position, &octet) in digits.iter().take(MSISDN_DIGITS_MAX).enumerate() {
            if !octet.is_ascii_digit() {
                let found = char::from(octet);
                return Err(if found.is_ascii_alphabetic() {
                    NumberFault::Letter { position, found }
                } else {
                    NumberFault::Character { position, found }
                });
            }
            value = value * 10 + u64::from(octet - b'0');
        }
        match digits.len() {
            0 => Err(NumberFault::Empty),
            count if count > MSISDN_DIGITS_MAX => Err(NumberFault::TooLong { digits: count }),
            _ if digits.first() == Some(&b'0') => Err(NumberFault::LeadingZero),
            count if count < MSISDN_DIGITS_MIN => Err(NumberFault::TooShort { digits: count }),
            _ => Ok(Self(value)),
        }
    }

    /// Writes the digits in ASCII to the front of `out` and gives back that part.
    pub fn write_digits(self, out: &mut [u8; MSISDN_DIGITS_MAX]) -> &[u8] {
        let count = self.digits().min(MSISDN_DIGITS_MAX);
        let mut rest = self.0;
        for place in out.iter_mut().take(count).rev() {
            *place = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        out.get(..count).unwrap_or_default()
    }
}

impl fmt::Display for Msisdn {
    /// The digits, without plus sign.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl FromStr for Msisdn {
    type Err = NumberFault;

    /// As [`tidy`](super::tidy) without a region.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        super::tidy(text, None)
    }
}
