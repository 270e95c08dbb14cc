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
pub type FoldedId = SmallVec<[u8; 24]>;

/// Octets of an id at most; SMPP 3.4, 5.2.23 has 64, carriers have more.
pub const ID_OCTETS_MAX: usize = 255;

/// Digits that an id may have and still be a number, zeros in front included.
pub const ID_DIGITS_MAX: usize = 20;

/// Folds an id: blanks around it go, case and zeros as the rule says.
///
/// Where the rule has to turn numbers from one base into another, a number has neither case nor zeros
/// in front, whatever the rule says of them.
#[must_use]
pub fn fold(rule: &IdRule, id: &[u8]) -> FoldedId {
    let id = trim(id);
    fold_number(rule, id, Numbers::of(id))
}

/// As [`fold`], for an id that is trimmed and read.
pub(super) fn fold_number(rule: &IdRule, id: &[u8], numbers: Numbers) -> FoldedId {
    let as_number = numbers.is_number() && rule.turns_numbers();
    let strip = as_number || (numbers.is_number() && rule.pad == IdPad::Ignore);
    let lower = as_number || rule.case == IdCase::Ignore;
    let mut folded = FoldedId::from_slice(match strip {
        true => without_zeros(marked_hex(id).unwrap_or(id)),
        false => id,
    });
    if lower {
        folded.make_ascii_lowercase();
    }
    folded
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
            decimal: if marked { None } else { value(digits, 10) },
            hexadecimal: value(digits, 16),
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

fn value(id: &[u8], base: u32) -> Option<u64> {
    id.iter().try_fold(0_u64, |value, octet| {
        let digit = char::from(*octet).to_digit(base)?;
        value
            .checked_mul(u64::from(base))?
            .checked_add(u64::from(digit))
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

/// The digits of a number in a base of at most 16.
pub(super) fn digits_of(mut value: u64, base: u64) -> FoldedId {
    let mut reversed = FoldedId::new();
    loop {
        let digit = (value % base) as u32;
        reversed.push(char::from_digit(digit, 16).map_or(b'0', |digit| digit as u8));
        value /= base;
        if value == 0 {
            reversed.reverse();
            return reversed;
        }
    }
}
