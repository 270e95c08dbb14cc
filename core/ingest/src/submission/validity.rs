//! How long a message may live, as customers write it: seconds, or a number with its unit.

use thiserror::Error;

const SECOND_NS: u64 = 1_000_000_000;

/// A text that is no length of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("is no length of time; write seconds, or a number with s, m, h or d, like \"2h\"")]
pub struct ValidityFault;

/// What is said of one that is longer than its account may have.
pub(crate) fn longer_than(most_ns: u64) -> String {
    let most = most_ns / SECOND_NS;
    format!("is longer than the {most} s allowed; shorten it")
}

/// Nanoseconds of `"90"`, `"90s"`, `"15m"`, `"2h"` or `"3d"`; never 0.
///
/// # Errors
/// [`ValidityFault`] for anything else, and for nothing at all.
pub fn validity_ns(text: &str) -> Result<u64, ValidityFault> {
    let text = text.trim();
    let (digits, unit) = match text.char_indices().next_back() {
        Some((place, unit)) if unit.is_ascii_alphabetic() => text.split_at(place),
        _ => (text, "s"),
    };
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return Err(ValidityFault),
    };
    if !digits.bytes().all(|octet| octet.is_ascii_digit()) {
        return Err(ValidityFault);
    }
    let count: u64 = digits.parse().map_err(|_| ValidityFault)?;
    count
        .checked_mul(seconds)
        .and_then(|seconds| seconds.checked_mul(SECOND_NS))
        .filter(|ns| *ns > 0)
        .ok_or(ValidityFault)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_read_and_all_else_is_refused() {
        for (text, seconds) in [
            ("90", 90),
            ("90s", 90),
            (" 15m ", 900),
            ("2h", 7_200),
            ("1d", 86_400),
        ] {
            assert_eq!(validity_ns(text), Ok(seconds * SECOND_NS), "{text}");
        }
        for text in [
            "",
            "s",
            "0",
            "0h",
            "-1",
            "+1",
            "1.5h",
            "2w",
            "2hh",
            "99999999999999999999",
            "9999999999999d",
            "é",
        ] {
            assert_eq!(validity_ns(text), Err(ValidityFault), "{text}");
        }
    }
}
