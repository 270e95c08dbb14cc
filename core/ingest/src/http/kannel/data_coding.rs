//! `data_coding` as Kannel makes it of `coding`, `mclass`, `mwi`, `compress` and `alt-dcs` (3GPP TS 23.038, 4).

use super::fields::Numbers;

/// What a text is sent as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Coding {
    SevenBit,
    EightBit,
    Ucs2,
}

impl Coding {
    /// As given; by default 7 bits, behind a header 8.
    pub(crate) const fn of(coding: i64, has_header: bool) -> Self {
        match coding {
            1 => Self::EightBit,
            2 => Self::Ucs2,
            0 => Self::SevenBit,
            _ if has_header => Self::EightBit,
            _ => Self::SevenBit,
        }
    }

    const fn bits(self) -> u8 {
        match self {
            Self::SevenBit => 0,
            Self::EightBit => 1 << 2,
            Self::Ucs2 => 2 << 2,
        }
    }
}

/// Whether a text needs no `data_coding` of its own: it may be sent in the alphabet that is best for it.
pub(crate) const fn is_plain(numbers: &Numbers) -> bool {
    numbers.mclass < 0 && numbers.mwi < 0 && numbers.compress <= 0 && numbers.alt_dcs <= 0
}

/// The octet.
pub(crate) fn data_coding(numbers: &Numbers, coding: Coding, is_empty: bool) -> u8 {
    let low = |number: i64, mask: u8| u8::try_from(number).unwrap_or(0) & mask;
    if numbers.mwi >= 0 {
        let kind = low(numbers.mwi, 0x03);
        let is_active = numbers.mwi < 4;
        return match (is_active, is_empty, coding) {
            (false, _, _) => 0xC0 | kind,
            (true, true, _) => 0xC8 | kind,
            (true, false, Coding::SevenBit) => 0xD8 | kind,
            (true, false, _) => 0xE8 | kind,
        };
    }
    if numbers.alt_dcs == 1 && coding != Coding::Ucs2 && numbers.compress != 1 {
        // Without a class: for the handset itself.
        let class = if numbers.mclass < 0 {
            1
        } else {
            low(numbers.mclass, 0x03)
        };
        return 0xF0 | coding.bits() | class;
    }
    let compressed = if numbers.compress == 1 { 0x20 } else { 0 };
    let class = match numbers.mclass {
        ..0 => 0,
        class => 0x10 | low(class, 0x03),
    };
    compressed | class | coding.bits()
}
