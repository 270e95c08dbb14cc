//! The messages of a load: recipient, sender and text from a message's number. No two texts of one run are equal.

use super::LoadFault;
use carrack_message::Alphabet;
use carrack_message::alphabet::{self, gsm7, ucs2};

/// The most a text may be, characters.
pub const TEXT_LENGTH_MAX: usize = 1_530;
/// The shortest generated text that can carry a number and the run's mark.
pub const TEXT_LENGTH_MIN: usize = 20;
const FILLER: &str = " Your order is packed and will leave our house today. Thank you for your patience and have a nice day.";

/// How messages look.
#[derive(Debug, Clone)]
pub struct Texts {
    to_prefix: String,
    to_digits: usize,
    from: String,
    pattern: Pattern,
    run: u64,
}

#[derive(Debug, Clone)]
enum Pattern {
    Length(usize),
    Template { before: String, after: String },
}

impl Texts {
    /// Messages to `to_prefix` followed by `to_digits` counted digits, from `from`. `run` marks the texts of this run.
    #[must_use]
    pub fn new(to_prefix: &str, to_digits: usize, from: &str, run: u64) -> Self {
        Self {
            to_prefix: to_prefix.trim_start_matches('+').to_owned(),
            to_digits: to_digits.min(12),
            from: from.to_owned(),
            pattern: Pattern::Length(120),
            run,
        }
    }

    /// Generated texts of this many characters.
    ///
    /// # Errors
    /// When the length is outside [`TEXT_LENGTH_MIN`]..=[`TEXT_LENGTH_MAX`].
    pub fn with_length(mut self, length: usize) -> Result<Self, LoadFault> {
        if !(TEXT_LENGTH_MIN..=TEXT_LENGTH_MAX).contains(&length) {
            return Err(LoadFault::Usage(format!(
                "--text-len must be {TEXT_LENGTH_MIN} to {TEXT_LENGTH_MAX}"
            )));
        }
        self.pattern = Pattern::Length(length);
        Ok(self)
    }

    /// This text with the number in place of `{n}`, or behind it.
    #[must_use]
    pub fn with_template(mut self, template: &str) -> Self {
        let (before, after) = template.split_once("{n}").unwrap_or((template, ""));
        let gap = if template.contains("{n}") { "" } else { " " };
        self.pattern = Pattern::Template {
            before: format!("{before}{gap}"),
            after: after.to_owned(),
        };
        self
    }

    /// The sender.
    #[must_use]
    pub fn from(&self) -> &str {
        &self.from
    }

    /// Writes the recipient of a message.
    pub fn write_to(&self, number: u64, to: &mut String) {
        use std::fmt::Write;
        to.clear();
        to.push_str(&self.to_prefix);
        if self.to_digits > 0 {
            let range = 10_u64.saturating_pow(self.to_digits as u32);
            let _ = write!(to, "{:0width$}", number % range, width = self.to_digits);
        }
    }

    /// Writes the text of a message.
    pub fn write_text(&self, number: u64, text: &mut String) {
        use std::fmt::Write;
        text.clear();
        match &self.pattern {
            Pattern::Template { before, after } => {
                let _ = write!(text, "{before}{number}{after}");
            }
            Pattern::Length(length) => {
                let _ = write!(text, "{:x} {number}", self.run & 0xFF_FFFF);
                while text.len() < *length {
                    let rest = FILLER
                        .get(..FILLER.len().min(length - text.len()))
                        .unwrap_or_default();
                    text.push_str(rest);
                }
            }
        }
    }
}

/// Encodes a text as user data; its data_coding.
pub fn encode(text: &str, user_data: &mut Vec<u8>) -> u8 {
    user_data.clear();
    let alphabet = alphabet::choose(text);
    let is_encoded = alphabet == Alphabet::Gsm7 && gsm7::encode(text, user_data).is_ok();
    if is_encoded {
        return Alphabet::Gsm7.data_coding();
    }
    user_data.clear();
    ucs2::encode(text, user_data);
    Alphabet::Ucs2.data_coding()
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
    use std::collections::HashSet;

    #[test]
    fn generated_texts_have_their_length_and_differ() {
        for length in [TEXT_LENGTH_MIN, 120, 160, TEXT_LENGTH_MAX] {
            let texts = Texts::new("447700900", 3, "ACME", 0xABCDEF)
                .with_length(length)
                .unwrap();
            let mut seen = HashSet::new();
            let mut text = String::new();
            for number in [0, 1, 9, 10, 999_999_999] {
                texts.write_text(number, &mut text);
                assert_eq!(text.len(), length, "{text}");
                assert!(seen.insert(text.clone()));
            }
        }
        assert!(Texts::new("44", 3, "A", 1).with_length(5).is_err());
    }

    #[test]
    fn recipients_stay_in_their_range() {
        let texts = Texts::new("+447700900", 3, "ACME", 1);
        let mut to = String::new();
        texts.write_to(1_007, &mut to);
        assert_eq!(to, "447700900007");
    }

    #[test]
    fn a_template_carries_the_number() {
        let mut text = String::new();
        Texts::new("44", 3, "A", 1)
            .with_template("Γειά {n}!")
            .write_text(7, &mut text);
        assert_eq!(text, "Γειά 7!");
        Texts::new("44", 3, "A", 1)
            .with_template("hello")
            .write_text(7, &mut text);
        assert_eq!(text, "hello 7");
        let mut octets = Vec::new();
        assert_eq!(encode("Привет", &mut octets), 8);
        assert_eq!(octets.len(), 12);
        assert_eq!(encode("hello €", &mut octets), 0);
        assert_eq!(octets.len(), 8);
    }
}
