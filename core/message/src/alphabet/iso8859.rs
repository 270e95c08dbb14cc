//! ISO 8859-5 and 8859-8, as carriers understand `data_coding` 6 and 7. Read only; we send UCS-2.
//!
//! Reading is total: what the tables leave undefined becomes U+FFFD and is counted.

/// Appends the text of Cyrillic octets (ISO 8859-5); gives back how many places could not be read, which is none.
pub fn decode_cyrillic(octets: &[u8], out: &mut String) -> usize {
    decode(octets, out, |octet| match octet {
        0xAD => Some(0xAD),
        0xF0 => Some(0x2116),
        0xFD => Some(0xA7),
        0xA1..=0xFF => Some(0x0401 + u32::from(octet) - 0xA1),
        _ => Some(u32::from(octet)),
    })
}

/// Appends the text of Hebrew octets (ISO 8859-8); gives back how many places could not be read.
pub fn decode_hebrew(octets: &[u8], out: &mut String) -> usize {
    decode(octets, out, |octet| match octet {
        0xAA => Some(0xD7),
        0xBA => Some(0xF7),
        0xDF => Some(0x2017),
        0xE0..=0xFA => Some(0x05D0 + u32::from(octet) - 0xE0),
        0xFD => Some(0x200E),
        0xFE => Some(0x200F),
        0xA1 | 0xBF..=0xDE | 0xFB..=0xFC | 0xFF => None,
        _ => Some(u32::from(octet)),
    })
}

fn decode(octets: &[u8], out: &mut String, point: fn(u8) -> Option<u32>) -> usize {
    out.reserve(octets.len());
    let mut replaced = 0;
    for &octet in octets {
        let found = point(octet).and_then(char::from_u32);
        replaced += usize::from(found.is_none());
        out.push(found.unwrap_or(char::REPLACEMENT_CHARACTER));
    }
    replaced
}
