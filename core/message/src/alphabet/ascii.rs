//! ASCII (IA5), as carriers understand `data_coding` 1.
//!
//! Reading is total: an octet past 127 becomes U+FFFD and is counted.

use super::Unencodable;

/// The octet of a character, if the alphabet has it.
#[must_use]
pub fn code(found: char) -> Option<u8> {
    found.is_ascii().then_some(found as u8)
}

/// Appends the octets of a text.
///
/// # Errors
/// [`Unencodable`] for the first character that the alphabet lacks; `out` is then as it was.
pub fn encode(text: &str, out: &mut Vec<u8>) -> Result<(), Unencodable> {
    super::encode_by(text, code, out)
}

/// Appends the text of the octets; gives back how many places could not be read.
pub fn decode(octets: &[u8], out: &mut String) -> usize {
    out.reserve(octets.len());
    let mut replaced = 0;
    for &octet in octets {
        if octet.is_ascii() {
            out.push(char::from(octet));
        } else {
            out.push(char::REPLACEMENT_CHARACTER);
            replaced += 1;
        }
    }
    replaced
}
