//! In which encoding a source is written: told from its mark, its zeros and its octets, and turned into UTF-8.
//!
//! Promise: a source in UTF-8 is passed on octet by octet; of any other each character comes out as UTF-8, and what is no
//! character as [`MALFORMED`], which is no UTF-8 either, so that its row is refused and not sent with a stand-in. Pure.

use std::fmt;
use std::str::FromStr;

use encoding_rs::{DecoderResult, Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use serde::{Deserialize, Serialize};

/// Stands for what is no character of the source's encoding.
pub(crate) const MALFORMED: u8 = 0xFF;

/// An encoding of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Charset {
    encoding: &'static Encoding,
    /// Latin-1 is read as Windows-1252, which only has more characters; what is said is the plain name.
    is_latin1: bool,
}

/// A name of no encoding.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no encoding that is known; use utf-8, utf-16le, utf-16be, latin-1, windows-1252 or another that browsers know"
)]
pub struct CharsetFault(String);

impl Charset {
    pub(crate) const UTF_8: Self = Self::of(UTF_8);
    const LATIN_1: Self = Self {
        encoding: WINDOWS_1252,
        is_latin1: true,
    };

    const fn of(encoding: &'static Encoding) -> Self {
        Self {
            encoding,
            is_latin1: false,
        }
    }

    /// Whether octets are passed on as they are.
    pub(crate) fn is_utf8(self) -> bool {
        self.encoding == UTF_8
    }

    /// Whether both read all octets alike.
    pub(crate) fn is_same(self, other: Self) -> bool {
        self.encoding == other.encoding
    }

    /// Name for people and programs.
    pub(crate) fn name(self) -> String {
        if self.is_latin1 {
            "latin-1".to_owned()
        } else {
            self.encoding.name().to_ascii_lowercase()
        }
    }

    /// Turns a source of this encoding into UTF-8.
    pub(crate) fn transcoder(self) -> Transcoder {
        Transcoder(self.encoding.new_decoder_with_bom_removal())
    }
}

impl fmt::Display for Charset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}

impl FromStr for Charset {
    type Err = CharsetFault;

    fn from_str(text: &str) -> Result<Self, CharsetFault> {
        let name = text.trim().to_ascii_lowercase();
        if matches!(
            name.as_str(),
            "latin-1" | "latin1" | "iso-8859-1" | "iso8859-1"
        ) {
            return Ok(Self::LATIN_1);
        }
        let found = Encoding::for_label(name.as_bytes());
        // What a label cannot be decoded as is no encoding of texts.
        let found = found.filter(|found| *found != encoding_rs::REPLACEMENT);
        found
            .map(Self::of)
            .ok_or_else(|| CharsetFault(text.to_owned()))
    }
}

impl TryFrom<String> for Charset {
    type Error = CharsetFault;

    fn try_from(text: String) -> Result<Self, CharsetFault> {
        text.parse()
    }
}

impl From<Charset> for String {
    fn from(charset: Charset) -> Self {
        charset.name()
    }
}

/// Octets of one encoding become UTF-8, block by block.
pub(crate) struct Transcoder(encoding_rs::Decoder);

impl Transcoder {
    /// Appends what the octets say; `last` where none come after them.
    pub(crate) fn take(&mut self, mut octets: &[u8], last: bool, out: &mut Vec<u8>) {
        loop {
            let room = self
                .0
                .max_utf8_buffer_length_without_replacement(octets.len())
                .unwrap_or(octets.len() * 3 + 16);
            let start = out.len();
            out.resize(start + room, 0);
            let free = out.get_mut(start..).unwrap_or_default();
            let (result, read, written) = self
                .0
                .decode_to_utf8_without_replacement(octets, free, last);
            out.truncate(start + written);
            octets = octets.get(read..).unwrap_or_default();
            match result {
                DecoderResult::InputEmpty => return,
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(..) => out.push(MALFORMED),
            }
        }
    }
}

/// Looks at the octets of a source until it is known in which encoding they are.
#[derive(Debug, Default)]
pub(crate) struct CharsetWatch {
    /// The first octets, for marks and zeros.
    first: Vec<u8>,
    /// A character of UTF-8 that the next block may go on with.
    open: Vec<u8>,
    /// Characters of several octets that are UTF-8.
    has_utf8: bool,
    /// Octets that no UTF-8 has there.
    has_other: bool,
    /// One among them that does not stand for what could not be read before.
    has_letter: bool,
    /// Octets between 0x80 and 0x9F among them: letters of Windows-1252, controls of Latin-1.
    has_c1: bool,
}

/// Octets in which zeros are counted.
const FIRST_OCTETS: usize = 4 << 10;

impl CharsetWatch {
    /// Takes the next octets.
    pub(crate) fn take(&mut self, octets: &[u8]) {
        let wanted = FIRST_OCTETS.saturating_sub(self.first.len());
        let first = octets.get(..wanted).unwrap_or(octets);
        self.first.extend_from_slice(first);
        if octets.is_ascii() && self.open.is_empty() {
            return;
        }
        let mut joined = std::mem::take(&mut self.open);
        joined.extend_from_slice(octets);
        for chunk in joined.utf8_chunks() {
            self.has_utf8 |= !chunk.valid().is_ascii();
            let invalid = chunk.invalid();
            let is_at_end = joined.ends_with(invalid)
                && std::str::from_utf8(invalid).is_err_and(|fault| fault.error_len().is_none());
            if !invalid.is_empty() && is_at_end && chunk_ends(&joined, chunk) {
                self.open = invalid.to_vec();
            } else if !invalid.is_empty() {
                self.has_other = true;
                self.has_letter |= invalid.iter().any(|octet| *octet != MALFORMED);
                self.has_c1 |= invalid.iter().any(|octet| (0x80..0xA0).contains(octet));
            }
        }
    }

    /// Whether it is UTF-8, but for what we could not read when it was written.
    pub(crate) fn is_our_utf8(&self) -> bool {
        self.has_utf8 || !self.has_letter
    }

    /// What it is; `whole` where the source has no more octets than were looked at.
    pub(crate) fn charset(&self, whole: bool) -> Charset {
        if let Some((marked, _)) = Encoding::for_bom(&self.first) {
            return Charset::of(marked);
        }
        if let Some(wide) = wide(&self.first) {
            return Charset::of(wide);
        }
        let has_other = self.has_other || whole && !self.open.is_empty();
        match (has_other, self.has_utf8, self.has_c1) {
            // Where both stand side by side it is UTF-8 with spoiled rows.
            (false, ..) | (true, true, _) => Charset::UTF_8,
            (true, false, true) => Charset::of(WINDOWS_1252),
            (true, false, false) => Charset::LATIN_1,
        }
    }
}

/// Whether a chunk is the last one of what it was cut from.
fn chunk_ends(whole: &[u8], chunk: std::str::Utf8Chunk<'_>) -> bool {
    chunk.invalid().as_ptr_range().end == whole.as_ptr_range().end
}

/// UTF-16 without its mark: every other octet of most texts is zero.
fn wide(first: &[u8]) -> Option<&'static Encoding> {
    /// Of so many octets in a hundred.
    const ZEROS_MIN: usize = 30;
    let pairs = first.chunks_exact(2);
    let count = pairs.len();
    let (mut low_end, mut high_end) = (0, 0);
    for pair in pairs {
        match pair {
            [0, 0] => {}
            [0, _] => high_end += 1,
            [_, 0] => low_end += 1,
            _ => {}
        }
    }
    let is_many =
        |zeros: usize, others: usize| zeros * 100 > count * 2 * ZEROS_MIN && others * 20 < zeros;
    if is_many(low_end, high_end) {
        Some(UTF_16LE)
    } else if is_many(high_end, low_end) {
        Some(UTF_16BE)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    fn told(octets: &[u8], block: usize) -> String {
        let mut watch = CharsetWatch::default();
        octets
            .chunks(block.max(1))
            .for_each(|block| watch.take(block));
        watch.charset(true).name()
    }

    fn utf8_of(charset: &str, octets: &[u8], block: usize) -> Vec<u8> {
        let mut transcoder = charset.parse::<Charset>().unwrap().transcoder();
        let mut out = Vec::new();
        octets
            .chunks(block.max(1))
            .for_each(|block| transcoder.take(block, false, &mut out));
        transcoder.take(b"", true, &mut out);
        out
    }

    fn wide_octets(text: &str, little: bool) -> Vec<u8> {
        text.encode_utf16()
            .flat_map(|unit| {
                if little {
                    unit.to_le_bytes()
                } else {
                    unit.to_be_bytes()
                }
            })
            .collect()
    }

    #[test]
    fn marks_zeros_and_octets_tell_the_encoding() {
        let text = "to,text\n491700000001,Grüße und Öl\n";
        assert_eq!(told(text.as_bytes(), 3), "utf-8");
        assert_eq!(told(b"to,text\n49,plain\n", 3), "utf-8");
        assert_eq!(told(b"to,text\n49,Gr\xFC\xDFe\n", 3), "latin-1");
        assert_eq!(told(b"to,text\n49,Gr\xFC\xDFe \x80 5\n", 3), "windows-1252");
        assert_eq!(told(b"to,text\n49,Gr\xC3\xBC\xDFe\n", 1), "utf-8");
        assert_eq!(told(b"to,text\n49,caf\xC3", 1), "latin-1");
        assert_eq!(told(&wide_octets(text, true), 5), "utf-16le");
        assert_eq!(told(&wide_octets(text, false), 5), "utf-16be");
        assert_eq!(
            told(&wide_octets(&format!("\u{FEFF}{text}"), false), 5),
            "utf-16be"
        );
        assert_eq!(
            "windows-1251".parse::<Charset>().unwrap().name(),
            "windows-1251"
        );
        assert!("klingon".parse::<Charset>().is_err());
    }

    #[test]
    fn half_a_character_of_utf16_is_no_utf8() {
        let octets = [0x61, 0, 0x00, 0xD8, 0x62, 0];
        assert_eq!(utf8_of("utf-16le", &octets, 1), [b'a', MALFORMED, b'b']);
    }

    proptest! {
        #[test]
        fn blocks_change_no_character(text in "\\PC{0,40}", little in any::<bool>(), block in 1_usize..7) {
            let name = if little { "utf-16le" } else { "utf-16be" };
            prop_assert_eq!(utf8_of(name, &wide_octets(&text, little), block), text.as_bytes());
        }

        #[test]
        fn utf8_is_told_as_such_however_it_is_cut(text in "[aé€🎉,\n]{0,30}", block in 1_usize..7) {
            prop_assert_eq!(told(text.as_bytes(), block), "utf-8");
        }
    }
}
