//! The word of a probe, by which it is known when it comes back.
//!
//! Promise: ten letters and digits in turn. No postal code, plate or ticket that people write is so long in such turns, and
//! no two of 192^5 that are awaited at a time are the same: who makes one asks whether it is awaited already.

/// Letters and digits that nobody takes for each other.
const LETTERS: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZ";
const DIGITS: &[u8] = b"23456789";
/// Six would be a Canadian postal code.
const CHARACTERS: usize = 10;

/// A word of these random bits.
pub(super) fn word(mut bits: u64) -> String {
    let mut take = |from: &[u8]| {
        let count = from.len() as u64;
        let place = (bits % count) as usize;
        bits /= count;
        from.get(place).copied().map_or('A', char::from)
    };
    let signs = [LETTERS, DIGITS].into_iter().cycle().take(CHARACTERS);
    signs.map(&mut take).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_word_is_longer_than_a_postal_code_and_all_its_bits_count(bits: u64) {
            let one = word(bits);
            prop_assert_eq!(one.len(), 10);
            for (place, sign) in one.bytes().enumerate() {
                prop_assert_eq!(sign.is_ascii_digit(), place % 2 == 1, "{}", &one);
                prop_assert!(sign.is_ascii_digit() || sign.is_ascii_uppercase());
            }
            // The last sign hangs on bits that six signs did not look at.
            prop_assert_ne!(word(bits.wrapping_add(192u64.pow(4) * 24)), one);
        }
    }
}
