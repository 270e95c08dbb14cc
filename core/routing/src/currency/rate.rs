//! One rate of exchange.

use std::fmt;
use std::str::FromStr;

use carrack_message::Micros;
use thiserror::Error;

const DECIMALS: usize = 9;
const UNIT: u64 = 1_000_000_000;

/// Units of the base currency for one unit of another, in billionths; above zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rate(u64);

/// Why a text is no rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum RateFault {
    /// Something other than digits and a point between them.
    #[error("is no rate; write units of the base for one unit of the currency, such as 0.9215")]
    NoNumber,
    /// More decimals than are held.
    #[error("has {decimals} decimals; at most 9 can be held exactly")]
    TooFine {
        /// Decimals found.
        decimals: usize,
    },
    /// It would make every price nothing.
    #[error("is zero; write units of the base for one unit of the currency, such as 0.9215")]
    Zero,
    /// Larger than 64 bits of billionths.
    #[error("is too large; the limit is 18446744073.709551615")]
    TooLarge,
}

impl Rate {
    /// The rate of the base currency.
    pub const ONE: Self = Self(UNIT);

    /// An amount of the currency in the base, to the nearest micro-unit, halves away from zero; `None` where it does not
    /// fit.
    #[must_use]
    pub fn convert(self, amount: Micros) -> Option<Micros> {
        let exact = i128::from(amount.0) * i128::from(self.0);
        let unit = i128::from(UNIT);
        let rounded = (exact.abs() + unit / 2) / unit * exact.signum();
        i64::try_from(rounded).ok().map(Micros)
    }
}

impl fmt::Display for Rate {
    /// Shortest exact form: `0.9215`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.0 / UNIT, self.0 % UNIT);
        if rest == 0 {
            return write!(f, "{whole}");
        }
        let decimals = format!("{rest:0DECIMALS$}");
        write!(f, "{whole}.{}", decimals.trim_end_matches('0'))
    }
}

impl FromStr for Rate {
    type Err = RateFault;

    /// Reads `digits[.digits]` exactly.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (whole, decimals) = match text.split_once('.') {
            Some((_, "")) => return Err(RateFault::NoNumber),
            Some(parts) => parts,
            None => (text, ""),
        };
        let digits = |text: &str| text.bytes().all(|octet| octet.is_ascii_digit());
        if whole.is_empty() || !digits(whole) || !digits(decimals) {
            return Err(RateFault::NoNumber);
        }
        if decimals.len() > DECIMALS {
            return Err(RateFault::TooFine {
                decimals: decimals.len(),
            });
        }
        let whole: u64 = whole.parse().map_err(|_| RateFault::TooLarge)?;
        let decimals: u64 = format!("{decimals:0<DECIMALS$}")
            .parse()
            .map_err(|_| RateFault::NoNumber)?;
        let rate = whole
            .checked_mul(UNIT)
            .and_then(|whole| whole.checked_add(decimals))
            .ok_or(RateFault::TooLarge)?;
        match rate {
            0 => Err(RateFault::Zero),
            rate => Ok(Self(rate)),
        }
    }
}
