//! Durations on the command line: a number and a unit, `5ms`, `1.5s`, `2m`, `250us`. A bare number is refused, because nobody
//! agrees on its unit; only `0` needs none.

use std::time::Duration;

/// Why a duration was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{input}` is not a duration: write a number and a unit (us, ms, s, m, h), for example 5ms or 1.5s"
)]
pub struct DurationFault {
    /// What was given.
    pub input: String,
}

/// Parses a duration of at most 30 days.
///
/// # Errors
/// [`DurationFault`] when the number or the unit is missing, unknown or out of range.
pub fn parse(input: &str) -> Result<Duration, DurationFault> {
    let fault = || DurationFault {
        input: input.to_owned(),
    };
    let trimmed = input.trim();
    if trimmed == "0" {
        return Ok(Duration::ZERO);
    }
    let unit_at = trimmed
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .ok_or_else(fault)?;
    let (number, unit) = trimmed.split_at(unit_at);
    let number: f64 = number.parse().map_err(|_| fault())?;
    let seconds = number
        * match unit.trim() {
            "us" => 1e-6,
            "ms" => 1e-3,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3_600.0,
            _ => return Err(fault()),
        };
    if !(0.0..=30.0 * 86_400.0).contains(&seconds) {
        return Err(fault());
    }
    Ok(Duration::from_secs_f64(seconds))
}

/// A duration as whole nanoseconds, saturating.
#[must_use]
pub fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing
    )]

    use super::*;

    #[test]
    fn every_unit_is_understood() {
        assert_eq!(parse("250us").unwrap(), Duration::from_micros(250));
        assert_eq!(parse("5ms").unwrap(), Duration::from_millis(5));
        assert_eq!(parse("1.5s").unwrap(), Duration::from_millis(1_500));
        assert_eq!(parse(" 2 m ").unwrap(), Duration::from_secs(120));
        assert_eq!(parse("1h").unwrap(), Duration::from_secs(3_600));
        assert_eq!(parse("0").unwrap(), Duration::ZERO);
    }

    #[test]
    fn what_is_not_a_duration_is_refused() {
        for input in ["", "5", "ms", "-1s", "5 days", "1e3s", "1.2.3s", "9999h"] {
            assert!(parse(input).is_err(), "{input}");
        }
    }
}
