//! ISO 8859-1, as carriers understand `data_coding` 3.
//!
//! Reading is total and exact: every octet is the code point of the same number.

/// Appends the text of the octets; gives back how many places could not be read, which is none.
pub fn decode(octets: &[u8], out: &mut String) -> usize {
    out.reserve(octets.len());
    out.extend(octets.iter().map(|octet| char::from(*octet)));
    0
}
