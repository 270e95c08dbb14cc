//! What a customer calls a kind of message, for routes to look at: `campaign-7`, `login`.
//!
//! It travels as an optional parameter of a vendor's (SMPP 3.4, 5.3.2, 0x1400 to 0x3FFF) in `submit_sm`: printable ASCII
//! without a NUL, at most [`TAG_OCTETS_MAX`]. Anything else is no tag. Pure.

use crate::hops::each_tlv;

/// The parameter.
pub const TAG_TAG: u16 = 0x14CE;
/// The longest tag.
pub const TAG_OCTETS_MAX: usize = 64;

/// Whether a text may be a tag.
#[must_use]
pub fn is_tag(text: &str) -> bool {
    (1..=TAG_OCTETS_MAX).contains(&text.len()) && text.bytes().all(|octet| octet.is_ascii_graphic())
}

/// The tag among these parameters; empty where there is none.
#[must_use]
pub fn tag(tlvs: &[u8]) -> &str {
    if tlvs.is_empty() {
        return "";
    }
    let found = each_tlv(tlvs).find(|(tag, _)| *tag == TAG_TAG);
    let value = found.and_then(|(_, whole)| whole.get(4..));
    let text = value.and_then(|value| std::str::from_utf8(value).ok());
    text.filter(|text| is_tag(text)).unwrap_or("")
}

/// Appends the parameter; a text that is no tag is left out.
pub fn write_tag(text: &str, out: &mut Vec<u8>) {
    if !is_tag(text) {
        return;
    }
    out.extend_from_slice(&TAG_TAG.to_be_bytes());
    // A tag is at most 64 octets.
    out.extend_from_slice(&(text.len() as u16).to_be_bytes());
    out.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_written_is_found_among_others(text in "[!-~]{1,64}", other: u8) {
            let mut tlvs = vec![0x14, 0x00, 0, 1, other];
            write_tag(&text, &mut tlvs);
            tlvs.extend([0x02, 0x04, 0, 0]);
            prop_assert_eq!(tag(&tlvs), text);
        }

        #[test]
        fn any_octets_are_a_tag_or_none(octets: Vec<u8>) {
            let text = tag(&octets);
            prop_assert!(text.is_empty() || is_tag(text));
        }
    }

    #[test]
    fn what_is_no_tag_is_not_written() {
        let mut tlvs = Vec::new();
        for text in ["", "two words", "é", &"x".repeat(65)] {
            write_tag(text, &mut tlvs);
        }
        assert!(tlvs.is_empty());
    }
}
