//! Telephone numbers as people write them, tidied to E.164.
//!
//! Blanks, dots, hyphens, parentheses, slashes, a leading `+` or `00` and digits of any script are
//! taken; a letter is refused with its place. With a region, the national form is resolved by
//! libphonenumber's metadata, which is read once (tens of milliseconds) and then costs microseconds
//! a number. Without a region nothing allocates. At most [`INPUT_MAX`] octets are looked at.

mod digits;
mod fault;
mod kind;
mod msisdn;
mod national;

pub use fault::NumberFault;
pub use kind::{NumberKind, NumberKindFault, NumberOrigin, origin};
pub use msisdn::{MSISDN_DIGITS_MAX, MSISDN_DIGITS_MIN, Msisdn};

pub(crate) use digits::is_separator;

/// Longest input in octets; whatever is longer is [`NumberFault::TooLong`] without being read.
pub const INPUT_MAX: usize = 256;

/// Digits kept while reading: E.164's 15, two of an international prefix, a national zero, and room to say too long.
const READ_MAX: usize = 24;

/// Tidies a number to E.164.
///
/// `region` is the ISO 3166 two-letter code of the country whose national form the number may have;
/// without it the digits are taken as international.
///
/// # Errors
/// [`NumberFault`], which says what is wrong, where, and how to mend it.
pub fn tidy(input: &str, region: Option<&str>) -> Result<Msisdn, NumberFault> {
    if region.is_none()
        && let Some(number) = plain(input)
    {
        return Ok(number);
    }
    if input.len() > INPUT_MAX {
        return Err(NumberFault::TooLong {
            digits: input.len(),
        });
    }
    if is_amount(input) {
        return Err(NumberFault::Amount);
    }
    if let Some((position, found)) = appended(input) {
        return Err(NumberFault::Character { position, found });
    }
    let read = Read::of(input)?;
    match region {
        Some(region) if !read.international => national::resolve(read.digits(), region),
        _ => Msisdn::from_digits(read.digits()),
    }
}

/// The fast path: ASCII digits with at most a plus sign before them, already in order.
fn plain(input: &str) -> Option<Msisdn> {
    let octets = input.as_bytes();
    Msisdn::from_digits(octets.strip_prefix(b"+").unwrap_or(octets)).ok()
}

/// Digits, one point and at most two digits behind it: `447700900123.0`.
pub(crate) fn is_amount(input: &str) -> bool {
    let Some((whole, part)) = input.trim().split_once('.') else {
        return false;
    };
    let whole = whole.strip_prefix('+').unwrap_or(whole);
    let are_digits = |text: &str| !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit());
    part.len() <= 2 && are_digits(part) && are_digits(whole)
}

/// A sign before one or two digits at the end that are none of the number: `447700900123/2`, `447700900123 (2)`.
fn appended(input: &str) -> Option<(usize, char)> {
    let text = input.trim_end();
    let text = text.strip_suffix(')').unwrap_or(text);
    let before = text.trim_end_matches(|found: char| digits::value(found).is_some());
    let count = text.get(before.len()..)?.chars().count();
    let found = before.chars().next_back()?;
    let is_apart = found == '/' || found == '(' && before.chars().any(|it| it.is_ascii_digit());
    (is_apart && (1..=2).contains(&count)).then(|| (before.chars().count() - 1, found))
}

/// What was read of an input: its digits, and whether it said that it is international.
struct Read {
    octets: [u8; READ_MAX],
    count: usize,
    international: bool,
}

impl Read {
    fn of(input: &str) -> Result<Self, NumberFault> {
        let mut read = Self {
            octets: [0; READ_MAX],
            count: 0,
            international: false,
        };
        let mut characters = input.chars().enumerate().peekable();
        while let Some((position, found)) = characters.next() {
            if let Some(digit) = digits::value(found) {
                read.push(b'0' + digit);
            } else if matches!(found, '+' | '\u{FF0B}') && read.count == 0 && !read.international {
                read.international = true;
            } else if found == '(' && read.is_trunk_zero(characters.clone().map(|(_, next)| next)) {
                characters.next();
                characters.next();
            } else if found.is_alphabetic() {
                return Err(NumberFault::Letter { position, found });
            } else if !is_separator(found) {
                return Err(NumberFault::Character { position, found });
            }
        }
        read.finish()
    }

    /// "+44 (0)20": the zero is only dialled inside the country.
    fn is_trunk_zero(&self, mut next: impl Iterator<Item = char>) -> bool {
        let abroad = self.international || self.digits().starts_with(b"00");
        abroad && self.count > 0 && next.next() == Some('0') && next.next() == Some(')')
    }

    fn push(&mut self, digit: u8) {
        if let Some(place) = self.octets.get_mut(self.count) {
            *place = digit;
        }
        self.count += 1;
    }

    fn digits(&self) -> &[u8] {
        self.octets.get(..self.count).unwrap_or(&self.octets)
    }

    fn finish(mut self) -> Result<Self, NumberFault> {
        if self.count == 0 {
            return Err(NumberFault::Empty);
        }
        if self.count > READ_MAX {
            return Err(NumberFault::TooLong { digits: self.count });
        }
        if self.digits().starts_with(b"00") {
            self.octets.rotate_left(2);
            self.count -= 2;
            self.international = true;
        }
        Ok(self)
    }
}
