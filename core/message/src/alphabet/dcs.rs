//! What every value of `data_coding` says (SMPP 3.4, 5.2.19; 3GPP TS 23.038, clause 4).
//!
//! Total: 0 to 14 are SMPP's, all others are the coding groups of TS 23.038. What is reserved there is the default
//! alphabet, as receivers shall take it.

/// The characters that a `data_coding` names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Charset {
    /// The default alphabet of whoever sends it: GSM 7-bit in TS 23.038.
    Default,
    /// IA5, ASCII.
    Ascii,
    /// Octets, not text.
    Octets,
    /// ISO 8859-1.
    Latin1,
    /// JIS X 0208.
    Jis,
    /// ISO 8859-5.
    Cyrillic,
    /// ISO 8859-8.
    Hebrew,
    /// UTF-16.
    Ucs2,
    /// Pictograms.
    Pictogram,
    /// ISO 2022-JP.
    MusicCodes,
    /// JIS X 0212.
    ExtendedKanji,
    /// KS C 5601.
    Korean,
}

/// A `data_coding`, read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DataCoding {
    /// Its characters; of compressed text [`Charset::Octets`].
    pub charset: Charset,
    /// Message class 0 to 3, where it names one; 0 is shown at once ("flash").
    pub class: Option<u8>,
    /// Whether it tells of messages that wait elsewhere (a voice mail), TS 23.038's groups 1100 to 1110.
    pub waiting: bool,
}

impl DataCoding {
    /// What a value says.
    #[must_use]
    pub const fn of(data_coding: u8) -> Self {
        match data_coding {
            0..=14 => Self::plain(smpp(data_coding)),
            // General data coding, and the same with automatic deletion.
            15..=0x7F => Self::general(data_coding),
            0xC0..=0xDF => Self::waiting(Charset::Default),
            0xE0..=0xEF => Self::waiting(Charset::Ucs2),
            0xF0..=0xFF => Self {
                charset: if data_coding & 0x04 == 0 {
                    Charset::Default
                } else {
                    Charset::Octets
                },
                class: Some(data_coding & 0x03),
                waiting: false,
            },
            0x80..=0xBF => Self::plain(Charset::Default),
        }
    }

    const fn general(data_coding: u8) -> Self {
        let compressed = data_coding & 0x20 != 0;
        let charset = match data_coding >> 2 & 0x03 {
            _ if compressed => Charset::Octets,
            1 => Charset::Octets,
            2 => Charset::Ucs2,
            _ => Charset::Default,
        };
        let class = if data_coding & 0x10 != 0 {
            Some(data_coding & 0x03)
        } else {
            None
        };
        Self {
            charset,
            class,
            waiting: false,
        }
    }

    const fn plain(charset: Charset) -> Self {
        Self {
            charset,
            class: None,
            waiting: false,
        }
    }

    const fn waiting(charset: Charset) -> Self {
        Self {
            charset,
            class: None,
            waiting: true,
        }
    }
}

/// SMPP's own values.
const fn smpp(data_coding: u8) -> Charset {
    match data_coding {
        1 => Charset::Ascii,
        2 | 4 => Charset::Octets,
        3 => Charset::Latin1,
        5 => Charset::Jis,
        6 => Charset::Cyrillic,
        7 => Charset::Hebrew,
        8 => Charset::Ucs2,
        9 => Charset::Pictogram,
        10 => Charset::MusicCodes,
        13 => Charset::ExtendedKanji,
        14 => Charset::Korean,
        _ => Charset::Default,
    }
}
