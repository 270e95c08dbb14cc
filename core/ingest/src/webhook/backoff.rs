//! How long after a failure a request is made again. Pure; randomness comes in.

use std::time::Duration;

const SECOND_NS: u64 = 1_000_000_000;
/// The longest pause.
pub(crate) const PAUSE_NS_MAX: u64 = 600 * SECOND_NS;

/// The pause after so many failures: a second, doubling to [`PAUSE_NS_MAX`], and up to a quarter less, so that what
/// failed together does not come back together.
pub(crate) fn pause_ns(failures: u32, random: u64) -> u64 {
    let doublings = failures.saturating_sub(1).min(10);
    let whole = (SECOND_NS << doublings).min(PAUSE_NS_MAX);
    whole - random % (whole / 4)
}

/// `Retry-After` in seconds; a date is passed over, and the usual pause holds.
pub(crate) fn retry_after(value: &str) -> Option<Duration> {
    let seconds: u64 = value.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn pause_doubles_to_its_end_and_keeps_three_quarters(failures in any::<u32>(), random in any::<u64>()) {
            let whole = match failures {
                0 | 1 => SECOND_NS,
                2..=10 => SECOND_NS * (1 << (failures - 1)),
                _ => PAUSE_NS_MAX,
            };
            let pause = pause_ns(failures, random);
            prop_assert!(pause <= whole && pause > whole / 4 * 3 - 1, "{pause}");
        }
    }

    #[test]
    fn retry_after_is_read_in_seconds_and_nothing_else() {
        assert_eq!(retry_after(" 120 "), Some(Duration::from_secs(120)));
        for other in ["", "-1", "1.5", "Wed, 21 Oct 2015 07:28:00 GMT"] {
            assert_eq!(retry_after(other), None, "{other}");
        }
    }
}
