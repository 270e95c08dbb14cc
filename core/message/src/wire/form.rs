//! How one carrier wants text on the wire: alphabets, `data_coding` values, and what ties long texts together.
//!
//! Plain data from a carrier's profile; nothing here fails.

use smallvec::SmallVec;

/// An alphabet as octets on an SMPP link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WireAlphabet {
    /// GSM 7-bit default alphabet with extension table, one septet an octet (3GPP TS 23.038, 6.2.1).
    Gsm7,
    /// The same, eight septets packed to seven octets.
    Gsm7Packed,
    /// ASCII (IA5).
    Ascii,
    /// ISO 8859-1.
    Latin1,
    /// Windows-1252.
    Windows1252,
    /// UTF-16 big-endian.
    Ucs2,
}

/// When Latin-1 (`data_coding` 3) is sent (trap T31).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Latin1Use {
    /// Never: what GSM 7-bit lacks goes as UCS-2.
    #[default]
    Never,
    /// Where every character is also in the GSM 7-bit alphabet, so that a conversion at the carrier loses nothing.
    IfGsmSafe,
    /// Wherever the text fits Latin-1. A default alphabet of octets is then also used for what GSM 7-bit lacks.
    Always,
}

/// How class 0 ("flash") is expressed (trap T33).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum FlashForm {
    /// `data_coding` 0x10 for GSM 7-bit and 0x18 for UCS-2 (3GPP TS 23.038, general data coding).
    #[default]
    GeneralCoding,
    /// `data_coding` 0xF0 for GSM 7-bit; UCS-2 as general coding, 0x18.
    ClassCoding,
    /// `dest_addr_subunit` 1, `data_coding` unchanged (SMPP 3.4, 5.3.2.1).
    Subunit,
}

/// What ties the parts of a long text together (traps T34 and T35).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum LongMethod {
    /// A user data header with concatenation (3GPP TS 23.040, 9.2.3.24.1), 8 or 16 bits of reference.
    #[default]
    Udh,
    /// The parameters `sar_msg_ref_num`, `sar_total_segments` and `sar_segment_seqnum`.
    Sar,
    /// The whole text in one `message_payload`; the carrier cuts it.
    Payload,
}

/// `data_coding` of each alphabet at this carrier (trap T30).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DataCodings {
    /// The carrier's default alphabet, whatever it is.
    pub default_alphabet: u8,
    /// ASCII.
    pub ascii: u8,
    /// Latin-1.
    pub latin1: u8,
    /// UCS-2.
    pub ucs2: u8,
    /// Octets.
    pub binary: u8,
}

impl Default for DataCodings {
    fn default() -> Self {
        Self {
            default_alphabet: 0,
            ascii: 1,
            latin1: 3,
            ucs2: 8,
            binary: 4,
        }
    }
}

/// A language whose national shift tables (3GPP TS 23.038, annex A) may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum NationalLanguage {
    /// Turkish.
    Turkish = 1,
    /// Spanish: single shift only.
    Spanish = 2,
    /// Portuguese.
    Portuguese = 3,
    /// Bengali.
    Bengali = 4,
    /// Gujarati.
    Gujarati = 5,
    /// Hindi.
    Hindi = 6,
    /// Kannada.
    Kannada = 7,
    /// Malayalam.
    Malayalam = 8,
    /// Oriya.
    Oriya = 9,
    /// Punjabi.
    Punjabi = 10,
    /// Tamil.
    Tamil = 11,
    /// Telugu.
    Telugu = 12,
    /// Urdu.
    Urdu = 13,
}

impl NationalLanguage {
    /// The language of an identifier in a header (3GPP TS 23.038, 6.2.1.2.4), where it is one.
    #[must_use]
    pub const fn from_identifier(identifier: u8) -> Option<Self> {
        Some(match identifier {
            1 => Self::Turkish,
            2 => Self::Spanish,
            3 => Self::Portuguese,
            4 => Self::Bengali,
            5 => Self::Gujarati,
            6 => Self::Hindi,
            7 => Self::Kannada,
            8 => Self::Malayalam,
            9 => Self::Oriya,
            10 => Self::Punjabi,
            11 => Self::Tamil,
            12 => Self::Telugu,
            13 => Self::Urdu,
            _ => return None,
        })
    }
}

/// How one carrier wants text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextForm {
    /// What `data_coding` 0 means there (traps T28 and T29): any but UCS-2.
    pub default_alphabet: WireAlphabet,
    /// Values of `data_coding`.
    pub data_codings: DataCodings,
    /// `data_coding` values that it takes; empty: all. A text whose alphabet it does not take goes as UCS-2, and where it
    /// does not take that either, not at all.
    pub data_codings_allowed: SmallVec<[u8; 8]>,
    /// When Latin-1 is used.
    pub latin1: Latin1Use,
    /// How flash is said.
    pub flash: FlashForm,
    /// What ties long texts together.
    pub long_method: LongMethod,
    /// Bits of the reference in a concatenation header: 8 or 16.
    pub reference_bits: u8,
    /// User data of more octets goes as `message_payload`; at most 254 (SMPP 3.4, 4.4.1).
    pub payload_over: u16,
    /// Parts of one text at most.
    pub parts_max: u8,
    /// National shift tables that its handsets know; empty: none is used.
    pub national: SmallVec<[NationalLanguage; 2]>,
}

impl Default for TextForm {
    fn default() -> Self {
        Self {
            default_alphabet: WireAlphabet::Gsm7,
            data_codings: DataCodings::default(),
            data_codings_allowed: SmallVec::new(),
            latin1: Latin1Use::Never,
            flash: FlashForm::GeneralCoding,
            long_method: LongMethod::Udh,
            reference_bits: 8,
            payload_over: 254,
            parts_max: 255,
            national: SmallVec::new(),
        }
    }
}
