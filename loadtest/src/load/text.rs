//! The messages of a load: recipient, sender and text from a message's number. No two texts of one run are equal.
//!
//! All but the number is written and encoded once ([`Body`]), so a message costs two copies.

use super::LoadFault;
use super::mix::Mix;
use carrack_message::alphabet::{self, gsm7, ucs2};
use carrack_message::{Alphabet, Class};

/// The most a text may be, characters.
pub const TEXT_LENGTH_MAX: usize = 1_530;
/// The shortest generated text that can carry a number and the run's mark.
pub const TEXT_LENGTH_MIN: usize = 20;
const FILLER: &str = " Your order is packed and will leave our house today. Thank you for your patience and have a nice day.";
const FILLER_UCS2: &str =
    " Ваш заказ собран и сегодня покинет наш склад. Спасибо за терпение и хорошего дня.";

/// How messages look.
#[derive(Debug, Clone)]
pub struct Texts {
    to_prefix: String,
    to_digits: usize,
    from: String,
    mark: String,
    run: u64,
    /// One for each kind of the mix, else one.
    bodies: Vec<Body>,
    mix: Option<Mix>,
}

impl Texts {
    /// Messages to `to_prefix` followed by `to_digits` counted digits, from `from`. `run` marks the texts of this run.
    #[must_use]
    pub fn new(to_prefix: &str, to_digits: usize, from: &str, run: u64) -> Self {
        Self {
            to_prefix: to_prefix.trim_start_matches('+').to_owned(),
            to_digits: to_digits.min(12),
            from: from.to_owned(),
            mark: format!("{:x} ", run & 0xFF_FFFF),
            run,
            bodies: vec![Body::generated(Alphabet::Gsm7, 120)],
            mix: None,
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
        self.bodies = vec![Body::generated(Alphabet::Gsm7, length)];
        Ok(self)
    }

    /// This text with the number in place of `{n}`, or behind it.
    #[must_use]
    pub fn with_template(mut self, template: &str) -> Self {
        let (before, after) = template.split_once("{n}").unwrap_or((template, ""));
        let gap = if template.contains("{n}") { "" } else { " " };
        self.bodies = vec![Body::template(&format!("{before}{gap}"), after)];
        self
    }

    /// Generated texts of the kinds of this mix.
    #[must_use]
    pub fn with_mix(mut self, mix: Mix) -> Self {
        let body = |kind: &super::mix::Kind| Body {
            class: kind.class,
            ..Body::generated(kind.alphabet, kind.characters)
        };
        self.bodies = mix.kinds().iter().map(body).collect();
        self.mix = Some(mix);
        self
    }

    /// The sender.
    #[must_use]
    pub fn from(&self) -> &str {
        &self.from
    }

    /// The class of a message, where the mix names one.
    #[must_use]
    pub fn class(&self, number: u64) -> Option<Class> {
        self.body(number)?.class
    }

    fn body(&self, number: u64) -> Option<&Body> {
        let place = match &self.mix {
            Some(mix) => mix.place_of(self.run, number),
            None => 0,
        };
        self.bodies.get(place)
    }

    /// Writes the recipient of a message.
    pub fn write_to(&self, number: u64, to: &mut String) {
        to.clear();
        to.push_str(&self.to_prefix);
        if self.to_digits > 0 {
            let range = 10_u64.saturating_pow(self.to_digits as u32);
            let digits = Digits::of(number % range);
            for _ in digits.as_str().len()..self.to_digits {
                to.push('0');
            }
            to.push_str(digits.as_str());
        }
    }

    /// Writes the text of a message.
    pub fn write_text(&self, number: u64, text: &mut String) {
        text.clear();
        let Some(body) = self.body(number) else {
            return;
        };
        let digits = Digits::of(number);
        match &body.pattern {
            Pattern::Template { before, after } => {
                text.push_str(before);
                text.push_str(digits.as_str());
                text.push_str(after);
            }
            Pattern::Generated { characters, filler } => {
                text.push_str(&self.mark);
                text.push_str(digits.as_str());
                let missing = characters.saturating_sub(text.len());
                text.extend(filler.chars().take(missing));
            }
        }
    }

    /// Writes the user data of a message; its data_coding. The same as [`encode`] makes of its text.
    pub fn write_user_data(&self, number: u64, user_data: &mut Vec<u8>) -> u8 {
        user_data.clear();
        let Some(body) = self.body(number) else {
            return 0;
        };
        let digits = Digits::of(number);
        match &body.pattern {
            Pattern::Template { .. } => {
                user_data.extend_from_slice(&body.before);
                body.push_plain(digits.as_str(), user_data);
                user_data.extend_from_slice(&body.after);
            }
            Pattern::Generated { characters, .. } => {
                body.push_plain(&self.mark, user_data);
                body.push_plain(digits.as_str(), user_data);
                let octets = characters * body.octets_per_character();
                let missing = octets.saturating_sub(user_data.len());
                let filler = body.after.get(..missing).unwrap_or(&body.after);
                user_data.extend_from_slice(filler);
            }
        }
        body.alphabet.data_coding()
    }
}

/// A text but for its number: as characters, and encoded.
#[derive(Debug, Clone)]
struct Body {
    pattern: Pattern,
    alphabet: Alphabet,
    before: Vec<u8>,
    after: Vec<u8>,
    class: Option<Class>,
}

#[derive(Debug, Clone)]
enum Pattern {
    /// The run's mark, the number, and of the filler what is missing to so many characters.
    Generated {
        characters: usize,
        filler: String,
    },
    Template {
        before: String,
        after: String,
    },
}

impl Body {
    fn generated(alphabet: Alphabet, characters: usize) -> Self {
        let sentence = if alphabet == Alphabet::Ucs2 {
            FILLER_UCS2
        } else {
            FILLER
        };
        let filler: String = sentence.chars().cycle().take(characters).collect();
        let mut after = Vec::new();
        encode_as(alphabet, &filler, &mut after);
        Self {
            pattern: Pattern::Generated { characters, filler },
            alphabet,
            before: Vec::new(),
            after,
            class: None,
        }
    }

    fn template(before: &str, after: &str) -> Self {
        let mut octets = Vec::new();
        let whole = format!("{before}0{after}");
        let is_gsm7 = encode(&whole, &mut octets) == Alphabet::Gsm7.data_coding();
        let alphabet = if is_gsm7 {
            Alphabet::Gsm7
        } else {
            Alphabet::Ucs2
        };
        let encoded = |text: &str| {
            let mut octets = Vec::new();
            encode_as(alphabet, text, &mut octets);
            octets
        };
        Self {
            alphabet,
            before: encoded(before),
            after: encoded(after),
            pattern: Pattern::Template {
                before: before.to_owned(),
                after: after.to_owned(),
            },
            class: None,
        }
    }

    fn octets_per_character(&self) -> usize {
        if self.alphabet == Alphabet::Ucs2 {
            2
        } else {
            1
        }
    }

    /// Appends digits, small letters and spaces, which are their own octets in both alphabets.
    fn push_plain(&self, text: &str, user_data: &mut Vec<u8>) {
        if self.alphabet == Alphabet::Ucs2 {
            user_data.extend(text.bytes().flat_map(|octet| [0, octet]));
        } else {
            user_data.extend_from_slice(text.as_bytes());
        }
    }
}

/// A number in decimal digits, without an allocation.
#[derive(Debug, Clone, Copy)]
struct Digits {
    octets: [u8; Self::OCTETS],
    begin: usize,
}

impl Digits {
    /// Enough for any 64-bit number.
    const OCTETS: usize = 20;

    fn of(mut number: u64) -> Self {
        let mut octets = [b'0'; Self::OCTETS];
        let mut begin = Self::OCTETS;
        for octet in octets.iter_mut().rev() {
            *octet = b'0' + (number % 10) as u8;
            begin -= 1;
            number /= 10;
            if number == 0 {
                break;
            }
        }
        Self { octets, begin }
    }

    fn as_str(&self) -> &str {
        let octets = self.octets.get(self.begin..).unwrap_or_default();
        std::str::from_utf8(octets).unwrap_or_default()
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

/// Encodes a text in this alphabet, which fits it.
fn encode_as(alphabet: Alphabet, text: &str, user_data: &mut Vec<u8>) {
    if alphabet == Alphabet::Ucs2 {
        ucs2::encode(text, user_data);
    } else {
        // It was chosen because the text fits it.
        let _ = gsm7::encode(text, user_data);
    }
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
    fn user_data_is_the_text_encoded() {
        let plain = || Texts::new("44", 3, "A", 0xFACE);
        let mix = Mix::parse("gsm7:20,gsm7:400,ucs2:60,ucs2:180,ucs2:20").unwrap();
        let all = [
            plain(),
            plain().with_length(20).unwrap(),
            plain().with_template("code {n} [€]"),
            plain().with_template("Γειά {n}! 🎉"),
            plain().with_template("ΑΘΗΝΑ"),
            plain().with_mix(mix),
        ];
        let (mut text, mut quick, mut plain) = (String::new(), Vec::new(), Vec::new());
        for texts in all {
            for number in (0..200).chain([1_u64 << 40, u64::MAX]) {
                texts.write_text(number, &mut text);
                let coding = texts.write_user_data(number, &mut quick);
                assert_eq!(coding, encode(&text, &mut plain), "{text}");
                assert_eq!(quick, plain, "{text}");
            }
        }
    }

    #[test]
    fn texts_of_a_mix_have_their_alphabet_and_length() {
        let mix = Mix::parse("gsm7:short=2,ucs2:180:otp=1").unwrap();
        let texts = Texts::new("44", 3, "A", 5).with_mix(mix);
        let mut text = String::new();
        let mut seen = HashSet::new();
        for number in 0..1_000 {
            texts.write_text(number, &mut text);
            let length = if texts.class(number).is_some() {
                180
            } else {
                120
            };
            assert_eq!(text.chars().count(), length);
            assert_eq!(text.is_ascii(), length == 120);
            seen.insert(text.clone());
        }
        assert_eq!(seen.len(), 1_000);
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
