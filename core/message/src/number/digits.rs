//! Decimal digits of every script, and the characters that people put between digits.
//!
//! Table of the zeros of Unicode 14's category Nd; in each script the other nine follow. A script
//! that came later is refused as "not a digit", never read wrongly.

/// Code points of the digit zero in each script, ascending.
#[rustfmt::skip]
const ZEROS: [u32; 66] = [
    0x0030, 0x0660, 0x06F0, 0x07C0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0B66, 0x0BE6,
    0x0C66, 0x0CE6, 0x0D66, 0x0DE6, 0x0E50, 0x0ED0, 0x0F20, 0x1040, 0x1090, 0x17E0,
    0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90, 0x1B50, 0x1BB0, 0x1C40, 0x1C50, 0xA620,
    0xA8D0, 0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0, 0xFF10, 0x104A0, 0x10D30, 0x11066,
    0x110F0, 0x11136, 0x111D0, 0x112F0, 0x11450, 0x114D0, 0x11650, 0x116C0, 0x11730, 0x118E0,
    0x11950, 0x11C50, 0x11D50, 0x11DA0, 0x16A60, 0x16AC0, 0x16B50, 0x1D7CE, 0x1D7D8, 0x1D7E2,
    0x1D7EC, 0x1D7F6, 0x1E140, 0x1E2F0, 0x1E950, 0x1FBF0,
];

/// Value of a decimal digit of any script.
pub(crate) fn value(found: char) -> Option<u8> {
    if found.is_ascii() {
        return found.is_ascii_digit().then(|| found as u8 - b'0');
    }
    let code = found as u32;
    let after = ZEROS.partition_point(|&zero| zero <= code);
    let zero = *ZEROS.get(after.checked_sub(1)?)?;
    u8::try_from(code - zero).ok().filter(|digit| *digit < 10)
}

/// True for what may stand between digits without meaning: blanks, hyphens, dots, parentheses,
/// slashes and the invisible marks that come along when a number is copied from a document.
pub(crate) fn is_separator(found: char) -> bool {
    found.is_whitespace()
        || matches!(found,
            '-' | '.' | '(' | ')' | '/'
            | '\u{AD}' | '\u{B7}'
            | '\u{200B}'..='\u{200F}' | '\u{2010}'..='\u{2015}' | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{2069}' | '\u{2212}' | '\u{FEFF}'
            | '\u{FF08}' | '\u{FF09}' | '\u{FF0D}' | '\u{FF0E}' | '\u{FF0F}')
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
    fn every_digit_of_the_table_has_its_value_and_its_neighbour_before_has_none_of_it() {
        assert!(ZEROS.windows(2).all(|pair| pair[1] >= pair[0] + 10));
        for zero in ZEROS {
            for digit in 0..10_u8 {
                let found = char::from_u32(zero + u32::from(digit)).unwrap();
                assert!(found.is_numeric());
                assert_eq!(value(found), Some(digit));
            }
        }
    }

    #[test]
    fn what_is_no_digit_has_no_value() {
        let digits = (0..=0x10FFFF_u32)
            .filter_map(char::from_u32)
            .filter(|c| value(*c).is_some());
        assert_eq!(digits.count(), ZEROS.len() * 10);
    }
}
