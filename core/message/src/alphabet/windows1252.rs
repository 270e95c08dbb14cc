//! Windows-1252, which some carriers mean by their default alphabet.
//!
//! Reading is total: the five octets that the code page leaves undefined become U+FFFD and are counted.

use super::Unencodable;

/// Characters of 0x80 to 0x9F; NUL where there is none.
#[rustfmt::skip]
const UPPER_CONTROLS: [char; 32] = [
    '€', '\0', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\0', 'Ž', '\0',
    '\0', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\0', 'ž', 'Ÿ',
];

/// The octet of a character, if the code page has it.
#[must_use]
pub fn code(found: char) -> Option<u8> {
    match u8::try_from(u32::from(found)) {
        Ok(octet @ (..=0x7F | 0xA0..)) => Some(octet),
        Ok(_) => None,
        Err(_) => UPPER_CONTROLS
            .iter()
            .position(|upper| *upper == found)
            .map(|place| 0x80 + place as u8),
    }
}

/// Appends the octets of a text.
///
/// # Errors
/// [`Unencodable`] for the first character that the code page lacks; `out` is then as it was.
pub fn encode(text: &str, out: &mut Vec<u8>) -> Result<(), Unencodable> {
    super::encode_by(text, code, out)
}

/// Appends the text of the octets; gives back how many places could not be read.
pub fn decode(octets: &[u8], out: &mut String) -> usize {
    out.reserve(octets.len());
    let mut replaced = 0;
    for &octet in octets {
        let upper = octet.checked_sub(0x80).map(usize::from);
        match upper.and_then(|place| UPPER_CONTROLS.get(place)) {
            None => out.push(char::from(octet)),
            Some('\0') => {
                out.push(char::REPLACEMENT_CHARACTER);
                replaced += 1;
            }
            Some(found) => out.push(*found),
        }
    }
    replaced
}
