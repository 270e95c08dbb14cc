//! What a mixed load is made of: kinds of messages by alphabet, length and class, each with its share.
//!
//! Which kind a message is comes of its number and the run's mark alone, so it is repeatable and needs no memory. At most
//! [`KINDS_MAX`] kinds.

use super::LoadFault;
use super::text::{TEXT_LENGTH_MAX, TEXT_LENGTH_MIN};
use crate::chance::Digest;
use carrack_message::{Alphabet, Class};

/// Kinds of one mix, at most.
pub const KINDS_MAX: usize = 32;
const WEIGHT_MAX: u32 = 1_000_000;
const GSM7_SHORT: usize = 120;
const GSM7_LONG: usize = 400;
const UCS2_SHORT: usize = 60;
const UCS2_LONG: usize = 180;

/// One kind of message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    /// The alphabet its text needs.
    pub alphabet: Alphabet,
    /// Characters of its text.
    pub characters: usize,
    /// Its class, for those who say one.
    pub class: Option<Class>,
    /// Its share: this of the sum of all.
    pub weight: u32,
}

/// Kinds and their shares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mix {
    kinds: Vec<Kind>,
    sum: u64,
}

impl Mix {
    /// Reads `ALPHABET:LENGTH[:CLASS][=SHARE]`, several with commas between: `gsm7:short=70,gsm7:long=10,ucs2:60:otp=20`. LENGTH is in
    /// characters, or `short` (one segment) or `long` (three). Shares are 1 unless given and need no particular sum.
    ///
    /// # Errors
    /// [`LoadFault::Usage`] that names the part that is wrong.
    pub fn parse(text: &str) -> Result<Self, LoadFault> {
        let kinds = text.split(',').map(kind).collect::<Result<Vec<_>, _>>()?;
        if kinds.len() > KINDS_MAX {
            return Err(LoadFault::Usage(format!(
                "--mix: at most {KINDS_MAX} kinds"
            )));
        }
        let sum = kinds.iter().map(|kind| u64::from(kind.weight)).sum();
        Ok(Self { kinds, sum })
    }

    /// The kinds, in the order given.
    #[must_use]
    pub fn kinds(&self) -> &[Kind] {
        &self.kinds
    }

    /// True when any kind names a class.
    #[must_use]
    pub fn has_class(&self) -> bool {
        self.kinds.iter().any(|kind| kind.class.is_some())
    }

    /// The place of the kind that a draw, evenly spread over 64 bits, falls on.
    #[must_use]
    pub fn place(&self, draw: u64) -> usize {
        let mut point = ((u128::from(draw) * u128::from(self.sum)) >> 64) as u64;
        for (place, kind) in self.kinds.iter().enumerate() {
            match point.checked_sub(u64::from(kind.weight)) {
                Some(rest) => point = rest,
                None => return place,
            }
        }
        0
    }

    /// The place of the kind of a message of a run.
    #[must_use]
    pub fn place_of(&self, run: u64, number: u64) -> usize {
        self.place(Digest::new(run).number(number).finish())
    }
}

fn kind(text: &str) -> Result<Kind, LoadFault> {
    let fault = |why: &str| {
        LoadFault::Usage(format!(
            "--mix `{text}`: {why}; write ALPHABET:LENGTH[:CLASS][=SHARE], for example gsm7:120=70 or ucs2:short:otp=5"
        ))
    };
    let (what, share) = text.split_once('=').unwrap_or((text, "1"));
    let weight = share
        .parse()
        .ok()
        .filter(|weight| (1..=WEIGHT_MAX).contains(weight))
        .ok_or_else(|| fault("the share is no number of 1 to 1000000"))?;
    let mut fields = what.split(':');
    let (alphabet, short, long) = match fields.next() {
        Some("gsm7") => (Alphabet::Gsm7, GSM7_SHORT, GSM7_LONG),
        Some("ucs2") => (Alphabet::Ucs2, UCS2_SHORT, UCS2_LONG),
        _ => return Err(fault("the alphabet is gsm7 or ucs2")),
    };
    let characters = match fields.next() {
        Some("short") => short,
        Some("long") => long,
        length => length
            .and_then(|length| length.parse().ok())
            .filter(|length| (TEXT_LENGTH_MIN..=TEXT_LENGTH_MAX).contains(length))
            .ok_or_else(|| fault("the length is short, long, or 20 to 1530 characters"))?,
    };
    let class = fields
        .next()
        .map(|name| {
            name.parse::<Class>()
                .map_err(|unknown| fault(&unknown.to_string()))
        })
        .transpose()?;
    if fields.next().is_some() {
        return Err(fault("there is too much"));
    }
    Ok(Kind {
        alphabet,
        characters,
        class,
        weight,
    })
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
    fn shares_are_kept() {
        let mix = Mix::parse("gsm7:short=70,gsm7:long=10,ucs2:60:otp=20").unwrap();
        let mut counts = [0_u32; 3];
        for number in 0..100_000 {
            counts[mix.place_of(7, number)] += 1;
        }
        for (count, expected) in counts.into_iter().zip([70_000_u32, 10_000, 20_000]) {
            assert!(count.abs_diff(expected) < 1_000, "{counts:?}");
        }
        assert!(mix.has_class());
        assert_eq!(mix.kinds()[2].class, Some(Class::Otp));
        assert_eq!(mix.place(0), 0);
        assert_eq!(mix.place(u64::MAX), 2);
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        for text in [
            "",
            "gsm7",
            "gsm8:20",
            "gsm7:5",
            "gsm7:120=0",
            "gsm7:120:soon",
            "gsm7:120:otp:more",
            "gsm7:120,",
        ] {
            assert!(
                matches!(Mix::parse(text), Err(LoadFault::Usage(_))),
                "{text}"
            );
        }
    }
}
