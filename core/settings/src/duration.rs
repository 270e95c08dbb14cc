//! Times as people write them: "250ms", "30s", "5m", "72h", "3d".

use std::time::Duration;

const UNITS: [(&str, u64); 5] = [
    ("ms", 1),
    ("s", 1_000),
    ("m", 60_000),
    ("h", 3_600_000),
    ("d", 86_400_000),
];

/// A whole number and its unit.
pub(crate) fn parse(text: &str) -> Result<Duration, String> {
    let fault = || {
        format!(
            "is {text:?}; write a whole number and its unit, such as \"250ms\", \"30s\", \"5m\", \"72h\" or \"3d\""
        )
    };
    let digits = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(digits).ok_or_else(fault)?;
    let millis = UNITS
        .iter()
        .find(|(name, _)| *name == unit)
        .map(|(_, millis)| *millis)
        .ok_or_else(fault)?;
    let number: u64 = number.parse().map_err(|_| fault())?;
    number
        .checked_mul(millis)
        .map(Duration::from_millis)
        .ok_or_else(fault)
}

/// The shortest exact form in one unit.
pub(crate) fn display(time: Duration) -> String {
    let millis = time.as_millis();
    let unit = UNITS
        .iter()
        .rev()
        .find(|(_, size)| millis.is_multiple_of(u128::from(*size)) && millis > 0);
    let (name, size) = unit.unwrap_or(&UNITS[0]);
    format!("{}{name}", millis / u128::from(*size))
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing
    )]

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_shown_reads_back(millis in prop_oneof![any::<u32>().prop_map(u64::from), (0..9_999u64).prop_map(|d| d * 86_400_000)]) {
            let time = Duration::from_millis(millis);
            prop_assert_eq!(parse(&display(time)), Ok(time));
        }

        #[test]
        fn no_text_panics(text in ".{0,20}") {
            let _ = parse(&text);
        }
    }

    #[test]
    fn a_number_without_unit_or_a_unit_without_number_is_refused() {
        for text in [
            "30",
            "s",
            "",
            "1.5s",
            "-1s",
            "30 s",
            "30sec",
            "99999999999999999999d",
            "99999999999999999d",
            "３s",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
