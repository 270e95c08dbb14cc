//! Recipients, from ranges reserved for fiction: 447700900xxx (Ofcom), 4917139200xx (BNetzA), and 3069000000xx, which is not assigned.

use std::fmt::Write;

/// Prefix and counted digits.
const RANGES: [(&str, usize); 3] = [("447700900", 3), ("3069000000", 2), ("4917139200", 2)];

/// Writes a good number in one of the spellings people use; `draw` chooses.
pub(super) fn write_good(draw: u64, mixed: bool, to: &mut String) {
    let (prefix, digits) = RANGES
        .get((draw % RANGES.len() as u64) as usize)
        .copied()
        .unwrap_or(("447700900", 3));
    let mut number = String::with_capacity(16);
    let _ = write!(
        number,
        "{prefix}{:0digits$}",
        (draw >> 8) % 10_u64.pow(digits as u32)
    );
    let spelling = if mixed { (draw >> 40) % 8 } else { 0 };
    to.clear();
    match spelling {
        1 => to.push('+'),
        2 => to.push_str("00"),
        3..=5 => return write_grouped(spelling, &number, to),
        _ => {}
    }
    to.push_str(&number);
}

/// `+44 7700 900 123`, `+44 (7700) 900-123`, or with a space at either end.
fn write_grouped(spelling: u64, number: &str, to: &mut String) {
    let (country, rest) = number.split_at(2);
    let (first, rest) = rest.split_at(4);
    let (second, third) = rest.split_at(3);
    let _ = match spelling {
        3 => write!(to, "+{country} {first} {second} {third}"),
        4 => write!(to, "+{country} ({first}) {second}-{third}"),
        _ => write!(to, " {country}{first} {second}{third} "),
    };
}

/// Writes a number with a letter among its digits.
pub(super) fn write_with_letter(draw: u64, to: &mut String) {
    to.clear();
    let _ = write!(to, "4477009O0{:03}", (draw >> 8) % 1_000);
}

/// Writes a number of three to five digits.
pub(super) fn write_short(draw: u64, to: &mut String) {
    to.clear();
    let digits = 3 + (draw >> 4) % 3;
    let _ = write!(
        to,
        "4{:0width$}",
        (draw >> 8) % 10_u64.pow(digits as u32 - 1),
        width = digits as usize - 1
    );
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
    use crate::chance::Draws;
    use carrack_message::number::tidy;

    #[test]
    fn good_numbers_are_tidied_and_bad_ones_are_not() {
        let mut draws = Draws::new(5, 5);
        let mut to = String::new();
        for _ in 0..2_000 {
            write_good(draws.draw(), true, &mut to);
            let tidied = tidy(&to, None)
                .unwrap_or_else(|fault| panic!("{to}: {fault}"))
                .to_string();
            assert!(
                RANGES
                    .iter()
                    .any(|(prefix, digits)| tidied.starts_with(prefix)
                        && tidied.len() == prefix.len() + digits),
                "{to}"
            );
            write_with_letter(draws.draw(), &mut to);
            assert!(tidy(&to, None).is_err(), "{to}");
            write_short(draws.draw(), &mut to);
            assert!(
                (3..=5).contains(&to.len()) && tidy(&to, None).is_err(),
                "{to}"
            );
        }
    }
}
