//! What `data_coding` means at this carrier, and which addresses it takes (T28 to T31, T38).

use super::Quirk;

/// What `data_coding` 0 means (T28, T29).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum DefaultAlphabet {
    /// GSM 7-bit, one septet an octet.
    #[default]
    Gsm7,
    /// GSM 7-bit, packed.
    Gsm7Packed,
    /// ISO 8859-1.
    Latin1,
    /// Windows-1252.
    Windows1252,
    /// ASCII.
    Ascii,
}

/// Alphabets and addresses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Alphabets {
    /// What `data_coding` 0 means.
    pub default: DefaultAlphabet,
    /// The default alphabet is `data_coding` 241; 0 and 1 are refused.
    pub wants_241: bool,
    /// `data_coding` 1 is refused.
    pub refuses_1: bool,
    /// `data_coding` 3 is turned into GSM 7-bit and what does not fit becomes `?`.
    pub is_latin1_lossy: bool,
    /// Types of number and numbering plans must fit the address.
    pub is_ton_npi_strict: bool,
}

pub(super) const FAMILY: &[Quirk] = &[
    Quirk {
        name: "dc0-packed",
        traps: &["T28"],
        takes: &[],
        line: "data_coding 0 is read as packed septets",
        set: |quirks, _| quirks.alphabet.default = DefaultAlphabet::Gsm7Packed,
    },
    Quirk {
        name: "dc0-latin1",
        traps: &["T29"],
        takes: &[],
        line: "data_coding 0 is read as ISO 8859-1",
        set: |quirks, _| quirks.alphabet.default = DefaultAlphabet::Latin1,
    },
    Quirk {
        name: "dc0-windows1252",
        traps: &["T29"],
        takes: &[],
        line: "data_coding 0 is read as Windows-1252",
        set: |quirks, _| quirks.alphabet.default = DefaultAlphabet::Windows1252,
    },
    Quirk {
        name: "dc0-ascii",
        traps: &["T29"],
        takes: &[],
        line: "data_coding 0 is read as ASCII",
        set: |quirks, _| quirks.alphabet.default = DefaultAlphabet::Ascii,
    },
    Quirk {
        name: "dcs-241",
        traps: &["T30"],
        takes: &[],
        line: "wants data_coding 241 for its default alphabet; 0 and 1 are answered ESME_RINVDCS",
        set: |quirks, _| quirks.alphabet.wants_241 = true,
    },
    Quirk {
        name: "dcs-no-1",
        traps: &["T30"],
        takes: &[],
        line: "answers ESME_RINVDCS to data_coding 1",
        set: |quirks, _| quirks.alphabet.refuses_1 = true,
    },
    Quirk {
        name: "latin1-lossy",
        traps: &["T31"],
        takes: &[],
        line: "turns data_coding 3 into GSM 7-bit; what does not fit becomes `?`",
        set: |quirks, _| quirks.alphabet.is_latin1_lossy = true,
    },
    Quirk {
        name: "ton-npi-strict",
        traps: &["T38"],
        takes: &[],
        line: "refuses TON and NPI that do not fit the address, a plus sign, and names above 11 characters",
        set: |quirks, _| quirks.alphabet.is_ton_npi_strict = true,
    },
];
