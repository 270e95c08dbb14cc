//! TP-DCS: how user data is counted (3GPP TS 23.038, 4).

/// What a unit of user data is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Coding {
    /// Septets of the GSM alphabet, packed.
    Septets,
    /// Octets that are no text.
    Octets,
    /// UTF-16 units, or what a centre writes for them.
    Ucs2,
}

/// What a TP-DCS says; reserved ones are the default alphabet, compressed text is octets.
#[must_use]
pub const fn coding_of(data_coding_scheme: u8) -> Coding {
    match data_coding_scheme {
        0x00..=0x7F if data_coding_scheme & 0x20 != 0 => Coding::Octets,
        0x00..=0x7F => match data_coding_scheme >> 2 & 0x03 {
            1 => Coding::Octets,
            2 => Coding::Ucs2,
            _ => Coding::Septets,
        },
        0xE0..=0xEF => Coding::Ucs2,
        0xF0..=0xFF if data_coding_scheme & 0x04 != 0 => Coding::Octets,
        _ => Coding::Septets,
    }
}
