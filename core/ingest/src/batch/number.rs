//! Numbers of batches: ordered by time, 16 hexadecimal digits where people see them.

use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};

use thiserror::Error;

const COUNTER_BITS: u32 = 16;
const HEX_DIGITS: usize = 16;

/// Names one batch for ever: Unix milliseconds, then 16 bits that count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BatchNumber(pub u64);

/// A text that is no batch's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a batch is named by 16 hexadecimal digits")]
pub struct BatchNumberFault;

impl fmt::Display for BatchNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl BatchNumber {
    /// When it was given, UTC nanoseconds.
    pub(crate) fn utc_ns(self) -> u64 {
        (self.0 >> COUNTER_BITS).saturating_mul(1_000_000)
    }
}

impl FromStr for BatchNumber {
    type Err = BatchNumberFault;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits =
            text.len() == HEX_DIGITS && text.bytes().all(|octet| octet.is_ascii_hexdigit());
        let number = digits.then(|| u64::from_str_radix(text, 16).ok()).flatten();
        number.map(Self).ok_or(BatchNumberFault)
    }
}

/// Gives numbers, each greater than all before, also where the clock goes back.
#[derive(Debug, Default)]
pub(crate) struct Numbers {
    last: AtomicU64,
}

impl Numbers {
    /// Numbers go on after this one.
    pub(crate) fn after(&self, number: BatchNumber) {
        self.last.fetch_max(number.0, Ordering::Relaxed);
    }

    pub(crate) fn next(&self, utc_ns: u64) -> BatchNumber {
        let now = (utc_ns / 1_000_000) << COUNTER_BITS;
        let next = |last: u64| now.max(last.saturating_add(1));
        let last = self
            .last
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| {
                Some(next(last))
            });
        BatchNumber(next(last.unwrap_or_else(|last| last)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_grow_though_the_clock_goes_back() {
        let numbers = Numbers::default();
        let first = numbers.next(5_000_000);
        let second = numbers.next(4_000_000);
        assert!(second > first && numbers.next(4_000_000) > second);
        assert_eq!(second.to_string().parse(), Ok(second));
        for text in [
            "",
            "1",
            "000000000000000g",
            "+000000000000001",
            "00000000000000001",
        ] {
            assert_eq!(text.parse::<BatchNumber>(), Err(BatchNumberFault));
        }
    }
}
