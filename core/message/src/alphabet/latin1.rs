//! ISO 8859-1, as carriers understand `data_coding` 3.
//!
//! Reading is total and exact: every octet is the code point of the same number.

use super::Unencodable;

/// The octet of a character, if the alphabet has it.
#[must_use]
pub fn code(found: char) -> Option<u8> {
    u8::try_from(u32::from(found)).ok()
}

/// Appends the octets of a text.
///
/// # Errors
/// [`Unencodable`] for the first character that the alphabet lacks; `out` is then as it was.
pub fn encode(text: &str, out: &mut Vec<u8>) -> Result<(), Unencodable> {
    super::encode_by(text, code, out)
}

/// Appends the text of the octets; gives back how many places could not be read, which is none.
pub fn decode(octets: &[u8], out: &mut String) -> usize {
    out.reserve(octets.len());
    out.extend(octets.iter().map(|octet| char::from(*octet)));
    0
}
