//! What a profile says of a carrier's ids.

/// How ids are written on one of the two ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum IdBase {
    /// Not known: found out by what matches.
    #[default]
    Learn,
    /// As text: compared octet by octet, after case and padding.
    Text,
    /// A hexadecimal number.
    Hex,
    /// A decimal number.
    Decimal,
}

impl IdBase {
    /// The word for it in a profile.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Learn => "learn",
            Self::Text => "text",
            Self::Hex => "hex",
            Self::Decimal => "decimal",
        }
    }

    /// The base of a profile's word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        let known = [Self::Learn, Self::Text, Self::Hex, Self::Decimal];
        known.into_iter().find(|base| base.word() == word)
    }
}

/// Whether letters of ids keep their case on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum IdCase {
    /// Upper and lower case are the same.
    #[default]
    Ignore,
    /// They are different letters.
    Keep,
}

/// What becomes of zeros in front of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum IdPad {
    /// They come and go: not compared.
    #[default]
    Ignore,
    /// They are part of the id.
    Keep,
}

/// How ids in receipts relate to ids in responses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct IdRule {
    /// Base of ids in `submit_sm_resp`.
    pub submit: IdBase,
    /// Base of ids in receipts.
    pub receipt: IdBase,
    /// Case of letters.
    pub case: IdCase,
    /// Zeros in front.
    pub pad: IdPad,
}

impl IdRule {
    /// True if an id may have to be turned from one base into another; a number has then neither case
    /// nor padding, whatever `case` and `pad` say.
    pub(super) fn turns_numbers(&self) -> bool {
        self.may(IdTransform::HexToDecimal) || self.may(IdTransform::DecimalToHex)
    }

    /// True if neither way is left to be learned, or one of them makes learning pointless.
    pub(super) fn is_fixed(&self) -> bool {
        use IdBase::{Learn, Text};
        let learns = self.submit == Learn || self.receipt == Learn;
        !learns || self.submit == Text || self.receipt == Text
    }

    /// True if a receipt may relate to its response so.
    pub(super) fn may(&self, transform: IdTransform) -> bool {
        use IdBase::{Decimal, Hex, Learn};
        let (submit, receipt) = match transform {
            IdTransform::HexToDecimal => (Hex, Decimal),
            IdTransform::DecimalToHex => (Decimal, Hex),
            IdTransform::Same => return !self.is_fixed() || !self.turns_numbers(),
        };
        (self.submit == submit || self.submit == Learn)
            && (self.receipt == receipt || self.receipt == Learn)
    }
}

/// How the id of a response was dressed to become that of the receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum IdTransform {
    /// Not at all, or in case and padding only.
    Same = 0,
    /// The response was hexadecimal and the receipt decimal.
    HexToDecimal = 1,
    /// The response was decimal and the receipt hexadecimal.
    DecimalToHex = 2,
}

impl IdTransform {
    /// Every transform; `ALL[transform as usize] == transform`.
    pub const ALL: [Self; 3] = [Self::Same, Self::HexToDecimal, Self::DecimalToHex];

    /// A short name for metrics and reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::HexToDecimal => "hex_to_decimal",
            Self::DecimalToHex => "decimal_to_hex",
        }
    }
}
