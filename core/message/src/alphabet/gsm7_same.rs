//! Octets that mean the same in ASCII and in the GSM 7-bit default alphabet, found many at a time.
//!
//! Nearly every text is made of long runs of letters, digits and signs that are where they are in ASCII:
//! these are copied, not looked up. Line ends are the same too, but too rare to be looked for.

/// Octets that are told to be all the same or not.
const ROW: usize = 32;
/// Octets of which the first that differs is found, as one integer.
const BLOCK: usize = 8;
/// The highest bit of each octet of a block.
const HIGH: u64 = 0x8080_8080_8080_8080;

/// True for a letter, a digit, a blank or a sign that both alphabets have in one place.
pub(super) const fn is_same(octet: u8) -> bool {
    matches!(octet, b' '..=b'#' | b'%'..=b'?' | b'A'..=b'Z' | b'a'..=b'z')
}

/// How many octets at the beginning are the same in both.
pub(super) fn same_length(octets: &[u8]) -> usize {
    let (rows, _) = octets.as_chunks::<ROW>();
    let whole = rows.iter().take_while(|row| is_same_row(row)).count() * ROW;
    let rest = octets.get(whole..).unwrap_or_default();
    let (blocks, end) = rest.as_chunks::<BLOCK>();
    for (place, block) in blocks.iter().enumerate() {
        let same = same_of_block(*block);
        if same < BLOCK {
            return whole + place * BLOCK + same;
        }
    }
    let same = end.iter().take_while(|octet| is_same(**octet)).count();
    octets.len() - end.len() + same
}

/// No way out before the end: the compiler makes vectors of it.
fn is_same_row(row: &[u8; ROW]) -> bool {
    let mut other = false;
    for &octet in row {
        let letter = (octet & 0xDF).wrapping_sub(b'A') < 26;
        let sign = octet.wrapping_sub(b' ') < 0x20;
        other |= !(letter | sign) | (octet == b'$');
    }
    !other
}

/// [`is_same`] for eight octets: no sum of seven bits and a constant here runs into the octet beside it.
const fn same_of_block(block: [u8; BLOCK]) -> usize {
    let octets = u64::from_le_bytes(block);
    let ascii = octets & !HIGH;
    let lower = ascii | each(0x20);
    let from_a = lower.wrapping_add(each(0x80 - b'a'));
    let past_z = lower.wrapping_add(each(0x80 - b'z' - 1));
    // Blank to question mark: bit 5 is set, bit 6 is not.
    let sign = (octets << 2) & !(octets << 1);
    let not_dollar = (ascii ^ each(b'$')).wrapping_add(each(0x7F));
    let same = (from_a & !past_z) | (sign & not_dollar);
    let others = (!same | octets) & HIGH;
    (others.trailing_zeros() / 8) as usize
}

/// An octet in all places of a block.
const fn each(octet: u8) -> u64 {
    u64::from_ne_bytes([octet; BLOCK])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing)]
    use super::super::gsm7_table::{CODES, DEFAULT};
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_the_same_is_so_in_both_tables() {
        for octet in 0..=u8::MAX {
            let place = usize::from(octet);
            let read = DEFAULT.get(place) == Some(&char::from(octet));
            let written = CODES.get(place) == Some(&octet);
            let line_end = matches!(octet, b'\n' | b'\r');
            assert_eq!(is_same(octet), read && written && !line_end, "{octet:#04x}");
            for at in 0..BLOCK {
                let mut block = [b'z'; BLOCK];
                block[at] = octet;
                let same = if is_same(octet) { BLOCK } else { at };
                assert_eq!(same_of_block(block), same, "{octet:#04x} at {at}");
            }
            for at in 0..ROW {
                let mut row = [b'z'; ROW];
                row[at] = octet;
                assert_eq!(is_same_row(&row), is_same(octet), "{octet:#04x} at {at}");
            }
        }
    }

    proptest! {
        #[test]
        fn a_run_ends_at_the_first_that_differs(
            before in "[ -#%-?A-Za-z]{0,150}",
            after in prop::collection::vec(any::<u8>(), 0..40),
        ) {
            let octets = [before.as_bytes(), &after].concat();
            let one_by_one = octets.iter().take_while(|octet| is_same(**octet)).count();
            prop_assert_eq!(same_length(&octets), one_by_one);
        }
    }
}
