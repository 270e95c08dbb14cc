//! The GSM 7-bit default alphabet with its extension table, one septet an octet (3GPP TS 23.038, 6.2.1).
//!
//! This is how `data_coding` 0 usually travels in SMPP. [`packed`](super::packed) puts septets closer.
//! Work is linear in the text; encoding is all or nothing, decoding is total.

use super::Unencodable;
use super::gsm7_same::{is_same, same_length};
use super::gsm7_table::{CODES, DEFAULT, ESCAPE, ESCAPED, EXTENDED, NONE, WIDE};

/// Octet that leads to the extension table.
pub const ESCAPE_OCTET: u8 = ESCAPE;

/// Septets of a character: 1, or 2 with an escape; `None` if the alphabet lacks it.
#[must_use]
pub fn septets(found: char) -> Option<usize> {
    match code(found) {
        NONE => None,
        code if code & EXTENDED != 0 => Some(2),
        _ => Some(1),
    }
}

/// Septets of a whole text, or `None` if one of its characters is not in the alphabet.
#[must_use]
pub fn fits(text: &str) -> Option<usize> {
    let (foreign, extended) = weigh(text.as_bytes());
    if foreign {
        return fits_widely(text);
    }
    Some(text.len() + extended)
}

/// [`fits`] for a text that is not all of ASCII.
fn fits_widely(text: &str) -> Option<usize> {
    let mut count = 0;
    for found in text.chars() {
        count += septets(found)?;
    }
    Some(count)
}

/// Appends one octet a septet; an extension character is the escape and its code.
///
/// # Errors
/// [`Unencodable`] for the first character that the alphabet lacks; `out` is then as it was.
pub fn encode(text: &str, out: &mut Vec<u8>) -> Result<(), Unencodable> {
    let before = out.len();
    out.reserve(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        // Runs are of ASCII and end between two characters, so that the split is never refused.
        let (same, other) = rest
            .split_at_checked(same_length(rest.as_bytes()))
            .unwrap_or(("", rest));
        out.extend_from_slice(same.as_bytes());
        rest = other;
        let mut others = rest.chars();
        while let Some(found) = others.next() {
            match code(found) {
                NONE => {
                    out.truncate(before);
                    let position = text.chars().count() - others.as_str().chars().count() - 1;
                    return Err(Unencodable { found, position });
                }
                code if code & EXTENDED != 0 => out.extend_from_slice(&[ESCAPE, code & !EXTENDED]),
                code => out.push(code),
            }
            rest = others.as_str();
            if starts_same(rest.as_bytes()) {
                break;
            }
        }
    }
    Ok(())
}

/// Appends the text of septets, one an octet; gives back how many places could not be read.
///
/// A code that the extension table lacks is shown as the default alphabet's character, two escapes
/// or one at the end as a space (TS 23.038, 6.2.1.1), an octet past 127 as U+FFFD: all counted.
pub fn decode(octets: &[u8], out: &mut String) -> usize {
    out.reserve(octets.len());
    let mut replaced = 0;
    let mut rest = octets;
    while !rest.is_empty() {
        let (same, others) = rest.split_at(same_length(rest));
        push_ascii(same, out);
        rest = others;
        while let [octet, after @ ..] = rest
            && !is_same(*octet)
        {
            rest = after;
            let (found, known) = match DEFAULT.get(usize::from(*octet)) {
                Some(_) if *octet == ESCAPE => {
                    rest = after.get(1..).unwrap_or_default();
                    extension(after.first().copied())
                }
                Some(found) => (*found, true),
                None => (char::REPLACEMENT_CHARACTER, false),
            };
            out.push(found);
            replaced += usize::from(!known);
        }
    }
    replaced
}

/// Appends octets of ASCII.
fn push_ascii(octets: &[u8], out: &mut String) {
    match std::str::from_utf8(octets) {
        Ok(text) => out.push_str(text),
        Err(_) => out.extend(octets.iter().map(|octet| char::from(*octet))),
    }
}

fn starts_same(octets: &[u8]) -> bool {
    octets.first().is_some_and(|octet| is_same(*octet))
}

/// The character after an escape, and whether the extension table has it.
fn extension(octet: Option<u8>) -> (char, bool) {
    let Some(octet) = octet.filter(|octet| *octet != ESCAPE) else {
        return (' ', false);
    };
    match ESCAPED.get(usize::from(octet)) {
        Some(&found) if found != char::from(ESCAPE) => return (found, true),
        _ => {}
    }
    let shown = DEFAULT.get(usize::from(octet)).copied();
    (shown.unwrap_or(char::REPLACEMENT_CHARACTER), false)
}

/// True if every octet is a character of ASCII that takes one septet.
pub(crate) fn is_plain(octets: &[u8]) -> bool {
    weigh(octets) == (false, 0)
}

/// Whether an octet is no character of the alphabet by itself, and how many take two septets.
///
/// Comparisons instead of a table, and no way out before the end: the compiler makes vectors of it.
fn weigh(octets: &[u8]) -> (bool, usize) {
    let (mut foreign, mut extended) = (0, 0);
    // As many as a count of eight bits holds; nothing wraps, but a check would keep vectors away.
    for chunk in octets.chunks(255) {
        let mut count = 0_u8;
        for &octet in chunk {
            foreign |= u8::from(is_foreign(octet));
            count = count.wrapping_add(u8::from(is_extended(octet)));
        }
        extended += usize::from(count);
    }
    (foreign != 0, extended)
}

/// Octets of UTF-8 that are no character of the alphabet: past ASCII, most controls, and the grave accent.
const fn is_foreign(octet: u8) -> bool {
    let kept = (octet == b'\n') | (octet == b'\r') | (octet == 0x0C);
    (octet >= 0x7F) | (octet == b'`') | ((octet < b' ') & !kept)
}

/// Octets of ASCII that the extension table has.
const fn is_extended(octet: u8) -> bool {
    // [ \ ] ^ and { | } ~ stand side by side.
    (octet.wrapping_sub(b'[') < 4) | (octet.wrapping_sub(b'{') < 4) | (octet == 0x0C)
}

/// The code as in [`CODES`].
fn code(found: char) -> u8 {
    if let Some(&code) = CODES.get(found as usize) {
        return code;
    }
    for (wide, code) in WIDE {
        if wide == found {
            return code;
        }
    }
    NONE
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing
    )]
    use super::super::gsm7_table::EXTENSION;
    use super::*;
    use proptest::prelude::*;

    /// [`encode`] by the table alone.
    fn encode_one_by_one(text: &str) -> Result<Vec<u8>, Unencodable> {
        let mut out = Vec::new();
        for (position, found) in text.chars().enumerate() {
            match code(found) {
                NONE => return Err(Unencodable { found, position }),
                code if code >= EXTENDED => out.extend([ESCAPE, code & !EXTENDED]),
                code => out.push(code),
            }
        }
        Ok(out)
    }

    /// [`decode`] by the tables alone.
    fn decode_one_by_one(octets: &[u8]) -> (String, usize) {
        let (mut out, mut replaced) = (String::new(), 0);
        let mut rest = octets.iter();
        while let Some(&octet) = rest.next() {
            let (found, known) = if octet == ESCAPE {
                let next = rest.next().filter(|next| **next != ESCAPE);
                let row = |next: &u8| EXTENSION.iter().find(|(code, _)| code == next);
                match (next, next.and_then(row)) {
                    (None, _) => (' ', false),
                    (_, Some((_, found))) => (*found, true),
                    (Some(next), None) => {
                        let shown = DEFAULT.get(usize::from(*next)).copied();
                        (shown.unwrap_or(char::REPLACEMENT_CHARACTER), false)
                    }
                }
            } else if let Some(&found) = DEFAULT.get(usize::from(octet)) {
                (found, true)
            } else {
                (char::REPLACEMENT_CHARACTER, false)
            };
            out.push(found);
            replaced += usize::from(!known);
        }
        (out, replaced)
    }

    proptest! {
        #[test]
        fn runs_are_decoded_as_their_octets_are(
            octets in prop::collection::vec(prop_oneof![
                8 => b' '..b'{',
                1 => Just(ESCAPE),
                1 => any::<u8>(),
            ], 0..100),
        ) {
            let mut text = String::from("before");
            let replaced = decode(&octets, &mut text);
            let (expected, count) = decode_one_by_one(&octets);
            prop_assert_eq!((text, replaced), (format!("before{expected}"), count));
        }

        #[test]
        fn runs_are_encoded_as_their_characters_are(
            text in "([ -_a-z]{0,40}|[^`]{0,3}|[€ÇÉΩàñü@$_\\[\\]{}|~^\\\\]{0,3}){0,6}",
        ) {
            let mut octets = b"before".to_vec();
            match (encode(&text, &mut octets), encode_one_by_one(&text)) {
                (Ok(()), Ok(expected)) => prop_assert_eq!(&octets[6..], expected),
                (found, expected) => {
                    prop_assert_eq!(found.err(), expected.err());
                    prop_assert_eq!(octets, b"before");
                }
            }
        }
    }

    #[test]
    fn the_alphabet_has_127_characters_and_10_extended_and_no_other() {
        let all = || (0..=0x10FFFF_u32).filter_map(char::from_u32);
        assert_eq!(all().filter(|c| septets(*c) == Some(1)).count(), 127);
        assert_eq!(all().filter(|c| septets(*c) == Some(2)).count(), 10);
    }

    #[test]
    fn octets_are_told_apart_as_the_table_has_them() {
        for octet in 0..=u8::MAX {
            let code = CODES[usize::from(octet)];
            let known = octet.is_ascii() && code != NONE;
            assert_eq!(is_foreign(octet), !known, "{octet:#04x}");
            if known {
                assert_eq!(is_extended(octet), code >= EXTENDED, "{octet:#04x}");
            }
        }
    }

    #[test]
    fn every_character_of_the_alphabet_comes_back() {
        for found in (0..=0x10FFFF_u32).filter_map(char::from_u32) {
            let text = found.to_string();
            let mut octets = Vec::new();
            let Some(count) = septets(found) else {
                assert!(encode(&text, &mut octets).is_err());
                assert!(octets.is_empty());
                continue;
            };
            encode(&text, &mut octets).unwrap();
            assert_eq!(octets.len(), count);
            let mut back = String::new();
            assert_eq!(decode(&octets, &mut back), 0);
            assert_eq!(back, text);
        }
    }

    #[test]
    fn codes_are_those_of_the_specification() {
        for (text, octets) in [
            ("@", &[0x00][..]),
            ("Ç", &[0x09]),
            ("\u{394}", &[0x10]),
            ("ß", &[0x1E]),
            ("É", &[0x1F]),
            ("¤", &[0x24]),
            ("¡", &[0x40]),
            ("¿", &[0x60]),
            ("à", &[0x7F]),
            ("€", &[0x1B, 0x65]),
            ("[]", &[0x1B, 0x3C, 0x1B, 0x3E]),
            ("\\", &[0x1B, 0x2F]),
        ] {
            let mut out = Vec::new();
            encode(text, &mut out).unwrap();
            assert_eq!(out, octets, "{text}");
        }
    }

    #[test]
    fn what_the_extension_table_lacks_is_shown_by_the_default_alphabet_and_counted() {
        let mut text = String::new();
        assert_eq!(decode(b"\x1bA|\x1b\x1b|\x80|\x1b\xff|\x1b", &mut text), 5);
        // '|' is itself no septet of the default alphabet: 0x7C is ö.
        assert_eq!(text, "Aö ö\u{FFFD}ö\u{FFFD}ö ");
    }
}
