//! UTF-16, big-endian, as carriers understand `data_coding` 8 (emoji included).
//!
//! We write no byte order mark. Reading is total: a lone surrogate and an odd octet at the end become
//! U+FFFD and are counted.

/// Appends the UTF-16BE octets of a text.
pub fn encode(text: &str, out: &mut Vec<u8>) {
    let before = out.len();
    // A character of UTF-8 has at least as many octets as it has units.
    out.resize(before + text.len() * 2, 0);
    let mut end = before;
    if let Some(room) = out.get_mut(before..) {
        let (places, _) = room.as_chunks_mut::<2>();
        for (place, unit) in places.iter_mut().zip(text.encode_utf16()) {
            *place = unit.to_be_bytes();
            end += 2;
        }
    }
    out.truncate(end);
}

/// UTF-16 units of a text.
#[must_use]
pub fn units(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// Appends the text of UTF-16BE octets; gives back how many places could not be read.
pub fn decode(octets: &[u8], out: &mut String) -> usize {
    read(octets, u16::from_be_bytes, out)
}

/// As [`decode`] for UTF-16LE octets, which only a carrier's fault makes.
pub fn decode_little_endian(octets: &[u8], out: &mut String) -> usize {
    read(octets, u16::from_le_bytes, out)
}

/// As [`decode`], but a byte order mark at the beginning is obeyed and taken away.
pub fn decode_marked(octets: &[u8], out: &mut String) -> usize {
    if let Some(rest) = octets.strip_prefix(&[0xFE, 0xFF]) {
        read(rest, u16::from_be_bytes, out)
    } else if let Some(rest) = octets.strip_prefix(&[0xFF, 0xFE]) {
        read(rest, u16::from_le_bytes, out)
    } else {
        decode(octets, out)
    }
}

fn read(octets: &[u8], unit: fn([u8; 2]) -> u16, out: &mut String) -> usize {
    out.reserve(octets.len());
    let (pairs, odd) = octets.as_chunks::<2>();
    let mut replaced = 0;
    for found in char::decode_utf16(pairs.iter().map(|pair| unit(*pair))) {
        out.push(found.unwrap_or_else(|_| {
            replaced += 1;
            char::REPLACEMENT_CHARACTER
        }));
    }
    if !odd.is_empty() {
        out.push(char::REPLACEMENT_CHARACTER);
        replaced += 1;
    }
    replaced
}
