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
        let digits = u128::from_be_bytes(sixteen_digits(self.0));
        // Zeros in front, at least one, go out at the left.
        let zeros = digits.leading_zeros() / 8;
        let ascii = (digits | ASCII_ZEROS) << (zeros * 8);
        let [front @ .., _] = ascii.to_be_bytes();
        *out = front;
        let count = (u128::BITS / 8 - zeros) as usize;
        out.get(..count).unwrap_or_default()
    }
}

/// `0` in each of sixteen octets.
const ASCII_ZEROS: u128 = u128::from_ne_bytes([b'0'; 16]);

/// The digits of a number below 10^16, the first first.
const fn sixteen_digits(number: u64) -> [u8; 16] {
    let high = eight_digits(number / 100_000_000) as u128;
    let low = eight_digits(number % 100_000_000) as u128;
    (high | (low << 64)).to_le_bytes()
}

/// The digits of a number below 10^8, the first in the lowest octet: halves, quarters and digits in
/// parallel. The multiplications are divisions by 100 and by 10, exact for what stands in each part.
const fn eight_digits(number: u64) -> u64 {
    let halves = (number / 10_000) | ((number % 10_000) << 32);
    let hundreds = (halves.wrapping_mul(10_486) >> 20) & 0x0000_007F_0000_007F;
    let quarters = hundreds | (halves.wrapping_sub(hundreds.wrapping_mul(100)) << 16);
    let tens = (quarters.wrapping_mul(103) >> 10) & 0x000F_000F_000F_000F;
    tens | (quarters.wrapping_sub(tens.wrapping_mul(10)) << 8)
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn all_four_digits_are_what_they_are() {
        for number in 0..10_000_u64 {
            let expected = format!("{number:04}{:04}", 9_999 - number);
            let digits = eight_digits(number * 10_000 + 9_999 - number) | 0x3030_3030_3030_3030;
            assert_eq!(digits.to_le_bytes(), expected.as_bytes());
        }
    }

    proptest! {
        #[test]
        fn digits_are_written_as_the_number_is_printed(value in VALUE_MIN..VALUE_END, shift in 0..30_u32) {
            for value in [value, value >> shift, VALUE_MIN, VALUE_END - 1] {
                if let Some(number) = Msisdn::from_u64(value) {
                    let printed = value.to_string();
                    let mut out = [0; MSISDN_DIGITS_MAX];
                    prop_assert_eq!(number.write_digits(&mut out), printed.as_bytes());
                }
            }
        }
    }
}
