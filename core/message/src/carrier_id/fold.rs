//! One form for every dressing of an id: case, zeros in front, blanks around it.
//!
//! An id counts as a number if it has at most 20 digits and a value of at most 64 bits in the base that
//! its digits allow; `0x` before them says which. Zeros and `0x` are taken from numbers alone, so that a
//! UUID never loses its first digit.

use smallvec::SmallVec;

use super::rule::{IdCase, IdPad, IdRule};

/// A carrier's id as it came.
pub type CarrierId = SmallVec<[u8; 24]>;

/// An id in the form that is compared.
pub type FoldedId = SmallVec<[u8; FOLDED_INLINE]>;

/// Octets of a folded id that are kept in place.
const FOLDED_INLINE: usize = 24;

/// Octets of an id at most; SMPP 3.4, 5.2.23 has 64, carriers have more.
pub const ID_OCTETS_MAX: usize = 255;

/// Digits that an id may have and still be a number, zeros in front included.
pub const ID_DIGITS_MAX: usize = 20;

/// Hexadecimal digits that a value of 64 bits has at most.
const HEX_DIGITS_MAX: usize = 16;

/// Decimal digits whose value is always one of 64 bits.
const DECIMAL_DIGITS_SURE: usize = 19;

/// Folds an id: blanks around it go, case and zeros as the rule says.
///
/// Where the rule has to turn numbers from one base into another, a number has neither case nor zeros
/// in front, whatever the rule says of them.
#[must_use]
pub fn fold(rule: &IdRule, id: &[u8]) -> FoldedId {
    let id = trim(id);
    // Only a zero in front, or case that counts, asks whether it is a number.
    if rule.case == IdCase::Ignore && id.first() != Some(&b'0') {
        return lower(id);
    }
    fold_as(rule, id, is_number(id))
}

/// As [`fold`], for an id that is trimmed and read.
pub(super) fn fold_number(rule: &IdRule, id: &[u8], numbers: Numbers) -> FoldedId {
    fold_as(rule, id, numbers.is_number())
}

fn fold_as(rule: &IdRule, id: &[u8], is_number: bool) -> FoldedId {
    let as_number = is_number && rule.turns_numbers();
    let id = match as_number || (is_number && rule.pad == IdPad::Ignore) {
        true => without_zeros(marked_hex(id).unwrap_or(id)),
        false => id,
    };
    match as_number || rule.case == IdCase::Ignore {
        true => lower(id),
        false => FoldedId::from_slice(id),
    }
}

#[inline]
fn lower(id: &[u8]) -> FoldedId {
    // The whole of an array is turned in vectors; nearly every id has room in it.
    let mut short = [0; FOLDED_INLINE];
    let Some(place) = short.get_mut(..id.len()) else {
        return lower_long(id);
    };
    place.copy_from_slice(id);
    short.make_ascii_lowercase();
    FoldedId::from_buf_and_len(short, id.len())
}

fn lower_long(id: &[u8]) -> FoldedId {
    let mut folded = FoldedId::from_slice(id);
    folded.make_ascii_lowercase();
    folded
}

/// Whether an id is a number, without its value where its length tells.
fn is_number(id: &[u8]) -> bool {
    let digits = marked_hex(id).unwrap_or(id);
    if (1..=HEX_DIGITS_MAX).contains(&digits.len()) {
        return digits
            .iter()
            .fold(true, |all, octet| all & octet.is_ascii_hexdigit());
    }
    Numbers::of(id).is_number()
}

/// What number an id is, by the base it is read in.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Numbers {
    pub(super) decimal: Option<u64>,
    pub(super) hexadecimal: Option<u64>,
}

impl Numbers {
    pub(super) fn of(id: &[u8]) -> Self {
        let (digits, marked) = match marked_hex(id) {
            Some(digits) => (digits, true),
            None => (id, false),
        };
        if digits.is_empty() || digits.len() > ID_DIGITS_MAX {
            return Self::default();
        }
        Self {
            decimal: if marked { None } else { decimal(digits) },
            hexadecimal: hexadecimal(digits),
        }
    }

    pub(super) const fn is_number(self) -> bool {
        self.decimal.is_some() || self.hexadecimal.is_some()
    }
}

/// The digits after `0x`.
fn marked_hex(id: &[u8]) -> Option<&[u8]> {
    match id {
        [b'0', b'x' | b'X', digits @ ..] => Some(digits),
        _ => None,
    }
}

fn decimal(digits: &[u8]) -> Option<u64> {
    let (sure, rest) = digits
        .split_at_checked(DECIMAL_DIGITS_SURE)
        .unwrap_or((digits, &[]));
    let mut value = 0_u64;
    for octet in sure {
        let digit = octet.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value.wrapping_mul(10).wrapping_add(u64::from(digit));
    }
    rest.iter().try_fold(value, |value, octet| {
        let digit = char::from(*octet).to_digit(10)?;
        value.checked_mul(10)?.checked_add(u64::from(digit))
    })
}

fn hexadecimal(digits: &[u8]) -> Option<u64> {
    let digits = without_zeros(digits);
    if digits.len() > HEX_DIGITS_MAX {
        return None;
    }
    digits.iter().try_fold(0, |value, octet| {
        let digit = char::from(*octet).to_digit(16)?;
        Some((value << 4) | u64::from(digit))
    })
}

/// A number without zeros in front; 0 keeps one.
fn without_zeros(mut digits: &[u8]) -> &[u8] {
    while let [b'0', rest @ ..] = digits
        && !rest.is_empty()
    {
        digits = rest;
    }
    digits
}

/// Without blanks, NULs and other control octets around it.
pub(super) fn trim(mut id: &[u8]) -> &[u8] {
    while let [0..=b' ', rest @ ..] = id {
        id = rest;
    }
    while let [rest @ .., 0..=b' '] = id {
        id = rest;
    }
    id
}

/// The decimal digits of a number.
pub(super) fn decimal_digits(mut value: u64) -> FoldedId {
    let mut digits = [b'0'; ID_DIGITS_MAX];
    let mut start = ID_DIGITS_MAX;
    for (place, digit) in digits.iter_mut().enumerate().rev() {
        *digit = b'0' + (value % 10) as u8;
        value /= 10;
        start = place;
        if value == 0 {
            break;
        }
    }
    FoldedId::from_slice(digits.get(start..).unwrap_or_default())
}

/// The hexadecimal digits of a number, in lower case.
pub(super) fn hexadecimal_digits(value: u64) -> FoldedId {
    let mut digits = [b'0'; HEX_DIGITS_MAX];
    for (place, digit) in digits.iter_mut().rev().enumerate() {
        let nibble = (value >> (place * 4)) as u8 & 0xF;
        *digit = if nibble < 10 {
            b'0' + nibble
        } else {
            b'a' - 10 + nibble
        };
    }
    FoldedId::from_slice(without_zeros(&digits))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The value as the standard library reads it, which takes a sign besides.
    fn value(digits: &str, base: u32) -> Option<u64> {
        u64::from_str_radix(digits, base)
            .ok()
            .filter(|_| !digits.starts_with('+'))
    }

    proptest! {
        #[test]
        fn numbers_are_those_of_the_standard_library(
            id in "[0-9]{1,20}|1844674407370955[0-9]{4}|0{0,8}[0-9a-fA-F]{1,20}|[ -~]{1,20}",
        ) {
            let numbers = Numbers::of(id.as_bytes());
            if marked_hex(id.as_bytes()).is_none() && id.len() <= ID_DIGITS_MAX {
                prop_assert_eq!(numbers.decimal, value(&id, 10));
                prop_assert_eq!(numbers.hexadecimal, value(&id, 16));
            }
        }

        #[test]
        fn a_number_is_known_without_its_value(id in "(0[xX])?([0-9a-fA-F]{0,22}|[0-9]{15,21}|0{0,6}[ -~]{0,18})") {
            let id = id.as_bytes();
            prop_assert_eq!(is_number(id), Numbers::of(id).is_number());
        }

        #[test]
        fn an_id_is_folded_the_same_with_and_without_its_value(id in "[ 0]{0,3}(0[xX])?([0-9a-fA-F]{0,22}|[ -~]{0,20})") {
            use super::super::rule::IdBase::{Decimal, Hex, Learn, Text};
            for submit in [Learn, Text, Hex, Decimal] {
                for case in [IdCase::Ignore, IdCase::Keep] {
                    for pad in [IdPad::Ignore, IdPad::Keep] {
                        let rule = IdRule { submit, receipt: Decimal, case, pad };
                        let trimmed = trim(id.as_bytes());
                        let read = fold_number(&rule, trimmed, Numbers::of(trimmed));
                        prop_assert_eq!(fold(&rule, id.as_bytes()), read);
                    }
                }
            }
        }

        #[test]
        fn digits_are_those_that_are_printed(value in any::<u64>(), shift in 0..64_u32) {
            for value in [value >> shift, 0, u64::MAX] {
                let decimal = FoldedId::from_slice(value.to_string().as_bytes());
                prop_assert_eq!(decimal_digits(value), decimal);
                let hexadecimal = FoldedId::from_slice(format!("{value:x}").as_bytes());
                prop_assert_eq!(hexadecimal_digits(value), hexadecimal);
            }
        }
    }
}
