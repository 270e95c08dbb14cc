//! Counts of octets as people write them: "512KiB", "64MiB", "4GiB".

const UNITS: [(&str, u64); 5] = [
    ("B", 1),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("TiB", 1 << 40),
];

/// A whole number and its unit, in octets.
pub(crate) fn parse(text: &str) -> Result<u64, String> {
    let fault = || {
        format!(
            "is {text:?}; write a whole number and its unit, such as \"512KiB\", \"64MiB\" or \"4GiB\""
        )
    };
    let digits = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(digits).ok_or_else(fault)?;
    let octets = UNITS
        .iter()
        .find(|(name, _)| *name == unit)
        .map(|(_, octets)| *octets)
        .ok_or_else(fault)?;
    let number: u64 = number.parse().map_err(|_| fault())?;
    number.checked_mul(octets).ok_or_else(fault)
}

/// The shortest exact form in one unit.
pub(crate) fn display(octets: u64) -> String {
    let unit = UNITS
        .iter()
        .rev()
        .find(|(_, size)| octets.is_multiple_of(*size) && octets > 0);
    let (name, size) = unit.unwrap_or(&UNITS[0]);
    format!("{}{name}", octets / size)
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
        fn what_is_shown_reads_back(octets in prop_oneof![any::<u64>(), (0..1_000_000u64).prop_map(|m| m << 20)]) {
            prop_assert_eq!(parse(&display(octets)), Ok(octets));
        }
    }

    #[test]
    fn unknown_units_and_overflow_are_refused() {
        for text in ["64", "64MB", "64mib", "MiB", "", "-1B", "99999999999TiB"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
