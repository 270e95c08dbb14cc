//! ASCII (IA5), as carriers understand `data_coding` 1.
//!
//! Reading is total: an octet past 127 becomes U+FFFD and is counted.

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
