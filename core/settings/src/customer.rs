//! What a customer's account may, as types: kinds of bind, senders, forms of ids and alphabets.

use std::fmt;
use std::str::FromStr;

use carrack_message::Sender;

use crate::kind;
use crate::reader::Section;

/// Kinds of bind an account may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BindKinds {
    /// `bind_transmitter`
    pub transmitter: bool,
    /// `bind_receiver`
    pub receiver: bool,
    /// `bind_transceiver`
    pub transceiver: bool,
}

impl BindKinds {
    /// All three.
    pub const ALL: Self = Self {
        transmitter: true,
        receiver: true,
        transceiver: true,
    };
    /// None; no account has that.
    pub(crate) const NONE: Self = Self {
        transmitter: false,
        receiver: false,
        transceiver: false,
    };

    pub(crate) const fn with(self, other: Self) -> Self {
        Self {
            transmitter: self.transmitter || other.transmitter,
            receiver: self.receiver || other.receiver,
            transceiver: self.transceiver || other.transceiver,
        }
    }
}

pub(crate) const BIND_KINDS: &[(&str, BindKinds)] = &[
    (
        "transmitter",
        BindKinds {
            transmitter: true,
            ..BindKinds::NONE
        },
    ),
    (
        "receiver",
        BindKinds {
            receiver: true,
            ..BindKinds::NONE
        },
    ),
    (
        "transceiver",
        BindKinds {
            transceiver: true,
            ..BindKinds::NONE
        },
    ),
];

/// How message ids are written to an account's SMPP client, and read from it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IdFormat {
    /// 32 hexadecimal digits, lower case.
    #[default]
    Hex,
    /// The same 128 bits in decimal, at most 39 digits.
    Decimal,
    /// The same 128 bits in the form of a UUID, 36 characters.
    Uuid,
    /// Eight hexadecimal digits of its own, upper case: what SMPP 3.3 has room for.
    Short,
}

pub(crate) const ID_FORMATS: &[(&str, IdFormat)] = &[
    ("hex", IdFormat::Hex),
    ("decimal", IdFormat::Decimal),
    ("uuid", IdFormat::Uuid),
    ("short", IdFormat::Short),
];

/// What `data_coding` 0, the SMSC's default alphabet, means for an account's SMPP client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DefaultAlphabet {
    /// GSM 03.38, one septet an octet.
    #[default]
    Gsm7,
    /// GSM 03.38, eight septets packed to seven octets: `dc0_packed`.
    Gsm7Packed,
    /// ISO 8859-1.
    Latin1,
    /// ASCII.
    Ascii,
    /// Windows-1252.
    Windows1252,
    /// UTF-8.
    Utf8,
}

/// `dc0_packed` makes the packed form of the first.
pub(crate) const ALPHABETS: &[(&str, DefaultAlphabet)] = &[
    ("gsm7", DefaultAlphabet::Gsm7),
    ("latin1", DefaultAlphabet::Latin1),
    ("ascii", DefaultAlphabet::Ascii),
    ("windows1252", DefaultAlphabet::Windows1252),
    ("utf8", DefaultAlphabet::Utf8),
];

/// How a message from a handset comes to an account's SMPP client where one `short_message` does not hold it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MoForm {
    /// Whole, by `message_payload`.
    #[default]
    Payload,
    /// In parts behind a header, one `deliver_sm` each.
    Parts,
}

pub(crate) const MO_FORMS: &[(&str, MoForm)] =
    &[("payload", MoForm::Payload), ("parts", MoForm::Parts)];

/// How receipts are written to an account's SMPP client: `receipt = { ... }`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReceiptDialect {
    /// Whether the line of Appendix B ends with ` text:`.
    pub text: bool,
    /// How `err:` is written.
    pub err: ReceiptError,
    /// Whether dates have seconds.
    pub seconds: bool,
    /// Whether `receipted_message_id` and `message_state` go beside the line.
    pub tlvs: bool,
}

impl Default for ReceiptDialect {
    fn default() -> Self {
        Self {
            text: true,
            err: ReceiptError::default(),
            seconds: false,
            tlvs: true,
        }
    }
}

impl ReceiptDialect {
    pub(crate) fn read(section: &Section<'_>) -> Self {
        let usual = Self::default();
        let dialect = Self {
            text: section.or("text", usual.text, kind::boolean),
            err: section.or("err", usual.err, kind::choice(RECEIPT_ERRORS)),
            seconds: section.or("seconds", usual.seconds, kind::boolean),
            tlvs: section.or("tlvs", usual.tlvs, kind::boolean),
        };
        section.finish();
        dialect
    }
}

/// How the carrier's error is written in a receipt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReceiptError {
    /// Three decimal digits, more where it has more.
    #[default]
    Decimal,
    /// Three hexadecimal digits in capitals, more where it has more.
    Hex,
}

const RECEIPT_ERRORS: &[(&str, ReceiptError)] = &[
    ("decimal", ReceiptError::Decimal),
    ("hex", ReceiptError::Hex),
];

/// Senders an account may use: one, or all that begin alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SenderPattern {
    /// The sender as [`Sender::as_str`] has it, or how it begins.
    text: String,
    /// Whether more may follow.
    prefix: bool,
}

impl SenderPattern {
    /// The sender, or how it begins.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether more may follow.
    #[must_use]
    pub const fn is_prefix(&self) -> bool {
        self.prefix
    }

    /// Whether it takes this sender. Digits take only digits: a name that looks like a number is none.
    pub fn takes(&self, sender: &Sender) -> bool {
        let sender = sender.as_str();
        if !self.prefix {
            return sender == self.text;
        }
        let digits = |text: &str| text.bytes().all(|octet| octet.is_ascii_digit());
        sender.starts_with(&self.text) && (!digits(&self.text) || digits(sender))
    }
}

const STAR_WITHIN: &str = "has a `*` before its end; only the last character may be one";

impl FromStr for SenderPattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let Some(begins) = text.strip_suffix('*') else {
            if text.contains('*') {
                return Err(STAR_WITHIN.to_owned());
            }
            let sender = Sender::parse(text).map_err(|fault| fault.to_string())?;
            return Ok(Self {
                text: sender.as_str().to_owned(),
                prefix: false,
            });
        };
        // As a number is tidied: signs between digits do not count.
        let separator = |sign: char| matches!(sign, ' ' | '-' | '.' | '(' | ')');
        let bare = begins.strip_prefix('+').unwrap_or(begins);
        let number: String = bare.chars().filter(|sign| !separator(*sign)).collect();
        let is_number = !number.is_empty() && number.bytes().all(|octet| octet.is_ascii_digit());
        let begins = if is_number { &number } else { bare };
        if begins.is_empty() {
            return Err("takes every sender; leave `senders` out for that".to_owned());
        }
        if begins.contains('*') {
            return Err(STAR_WITHIN.to_owned());
        }
        Ok(Self {
            text: begins.to_owned(),
            prefix: true,
        })
    }
}

impl fmt::Display for SenderPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let star = if self.prefix { "*" } else { "" };
        write!(f, "{}{star}", self.text)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn takes(pattern: &str, sender: &str) -> bool {
        let pattern: SenderPattern = pattern.parse().unwrap();
        pattern.takes(&Sender::parse(sender).unwrap())
    }

    #[test]
    fn a_sender_is_taken_as_it_is_or_by_how_it_begins() {
        assert!(takes("ACME", "ACME"));
        assert!(!takes("ACME", "ACMEX"));
        assert!(!takes("ACME", "acme"));
        assert!(takes("ACME*", "ACME-1"));
        assert!(takes("+447700900123", "447700900123"));
        assert!(takes("+447700*", "+44 7700 900123"));
        assert!(takes("+44 7700*", "447700900123"));
        assert!(takes("44-7700*", "447700900123"));
        assert!(!takes("447700*", "447800900123"));
        assert!(!takes("447700*", "4477001Bank"), "a name like a number");
    }

    #[test]
    fn what_could_take_everything_by_mistake_is_refused() {
        for text in ["", "*", "+*", "A*B*", "A*B", "12", "MUCHTOOLONGNAME"] {
            assert!(text.parse::<SenderPattern>().is_err(), "{text}");
        }
        for text in ["ACME", "ACME*", "447700*"] {
            let pattern: SenderPattern = text.parse().unwrap();
            assert_eq!(pattern.to_string(), text);
        }
    }
}
