//! What the octets of a submit say, read as this carrier reads them. Total: what cannot be read is counted, never refused here.
//!
//! A text has one canonical form whatever alphabet it came in, so that the same text is the same digest: its GSM 7-bit septets
//! where it fits that alphabet, else its UTF-16 units, else (binary) its octets.

use super::quirk::alphabet::{Alphabets, DefaultAlphabet};
use crate::chance::Digest;
use carrack_message::alphabet::national::Shift;
use carrack_message::alphabet::{ascii, gsm7, latin1, packed, ucs2, windows1252};

/// An alphabet on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Script {
    Gsm7,
    Gsm7Packed,
    Ascii,
    Latin1,
    Windows1252,
    Ucs2,
    Binary,
}

/// The alphabet of a `data_coding` (SMPP 3.4, 5.2.19; above 0x0F as 3GPP TS 23.038, 4 has it).
pub(super) fn script(data_coding: u8, alphabets: &Alphabets) -> Script {
    let default = match alphabets.default {
        DefaultAlphabet::Gsm7 => Script::Gsm7,
        DefaultAlphabet::Gsm7Packed => Script::Gsm7Packed,
        DefaultAlphabet::Latin1 => Script::Latin1,
        DefaultAlphabet::Windows1252 => Script::Windows1252,
        DefaultAlphabet::Ascii => Script::Ascii,
    };
    match data_coding {
        0 => default,
        1 => Script::Ascii,
        3 => Script::Latin1,
        8 => Script::Ucs2,
        0x10..=0x3F => match data_coding & 0x0C {
            0x00 => default,
            0x08 => Script::Ucs2,
            _ => Script::Binary,
        },
        0xF0..=0xFF if data_coding & 0x04 == 0 => default,
        _ => Script::Binary,
    }
}

/// A text as read, in buffers that are used again.
#[derive(Debug, Default)]
pub(super) struct Reading {
    /// The text; empty where it is binary.
    pub(super) text: String,
    canonical: Vec<u8>,
    septets: Vec<u8>,
    shift: Shift,
    /// Places that could not be read.
    pub(super) unreadable: usize,
    /// Characters that the carrier's own conversion lost.
    pub(super) lost: usize,
}

/// How the canonical octets are to be understood; part of the digest.
const UTF16: u64 = 8;
const BINARY: u64 = 4;

impl Reading {
    /// Reads user data behind a header of so many octets that names these national tables.
    pub(super) fn read(
        &mut self,
        body: &[u8],
        (header_octets, shift): (usize, Shift),
        script: Script,
        alphabets: &Alphabets,
    ) {
        self.text.clear();
        self.lost = 0;
        self.shift = match script {
            Script::Gsm7 | Script::Gsm7Packed => shift,
            _ => Shift::NONE,
        };
        self.unreadable = match script {
            Script::Gsm7 => self.shift.decode(body, &mut self.text),
            Script::Gsm7Packed => {
                self.septets.clear();
                let fill_bits = if header_octets == 0 {
                    0
                } else {
                    packed::fill_bits(header_octets)
                };
                packed::unpack_padded(body, fill_bits, &mut self.septets);
                self.shift.decode(&self.septets, &mut self.text)
            }
            Script::Ascii => ascii::decode(body, &mut self.text),
            Script::Latin1 => latin1::decode(body, &mut self.text),
            Script::Windows1252 => windows1252::decode(body, &mut self.text),
            Script::Ucs2 => ucs2::decode(body, &mut self.text),
            Script::Binary => 0,
        };
        if script == Script::Latin1 && alphabets.is_latin1_lossy {
            self.lose();
        }
    }

    /// What GSM 7-bit lacks becomes a question mark.
    fn lose(&mut self) {
        if gsm7::fits(&self.text).is_some() {
            return;
        }
        let lost = &mut self.lost;
        let kept = self.text.chars().map(|found| {
            let is_kept = gsm7::septets(found).is_some();
            *lost += usize::from(!is_kept);
            if is_kept { found } else { '?' }
        });
        self.text = kept.collect();
    }

    /// Adds the canonical form of what was read to a digest.
    pub(super) fn digest(&mut self, parties: Digest, script: Script, body: &[u8]) -> Digest {
        if script == Script::Binary {
            return parties.number(BINARY).field(body);
        }
        digest_of_text(parties, &self.text, &mut self.canonical)
    }

    /// Short messages on the air for what was read, without header, and whether it is too long for one PDU of its kind.
    pub(super) fn units(&self, script: Script, body: &[u8]) -> Units {
        match script {
            Script::Binary => Units::Octets(body.len()),
            Script::Ucs2 => Units::Octets(body.len()),
            _ => match self.shift.fits(&self.text) {
                Some(septets) => Units::Septets(septets),
                None => Units::Octets(ucs2::units(&self.text) * 2),
            },
        }
    }
}

/// The length of a text on the air.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Units {
    /// GSM 7-bit septets.
    Septets(usize),
    /// Octets of anything else.
    Octets(usize),
}

impl Units {
    /// Short messages that carry it, where the carrier cuts it.
    pub(super) fn segments(self) -> u32 {
        let (length, alone, part) = match self {
            Self::Septets(septets) => (septets, 160, 153),
            Self::Octets(octets) => (octets, 140, 134),
        };
        if length <= alone {
            return 1;
        }
        u32::try_from(length.div_ceil(part)).unwrap_or(u32::MAX)
    }

    /// True when it does not fit one short message behind a header of so many octets.
    pub(super) fn overflows(self, header_octets: usize) -> bool {
        match self {
            Self::Septets(septets) => (header_octets * 8).div_ceil(7) + septets > 160,
            Self::Octets(octets) => header_octets + octets > 140,
        }
    }
}

/// Adds a text's canonical form to a digest.
pub(super) fn digest_of_text(parties: Digest, text: &str, canonical: &mut Vec<u8>) -> Digest {
    canonical.clear();
    if gsm7::encode(text, canonical).is_ok() {
        return parties.field(canonical);
    }
    canonical.clear();
    ucs2::encode(text, canonical);
    parties.number(UTF16).field(canonical)
}

/// Adds binary octets to a digest.
pub(super) fn digest_of_octets(parties: Digest, octets: &[u8]) -> Digest {
    parties.number(BINARY).field(octets)
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing
    )]

    use super::*;

    fn digest(body: &[u8], script: Script) -> u64 {
        let mut reading = Reading::default();
        reading.read(body, (0, Shift::NONE), script, &Alphabets::default());
        assert_eq!(reading.unreadable, 0);
        reading.digest(Digest::new(0), script, body).finish()
    }

    #[test]
    fn one_text_has_one_digest_in_every_alphabet() {
        let text = "Grüße, 5 £ @ home";
        let mut septets = Vec::new();
        gsm7::encode(text, &mut septets).unwrap();
        let mut octets = Vec::new();
        packed::pack(&septets, 0, packed::Padding::CarriageReturn, &mut octets);
        let mut units = Vec::new();
        ucs2::encode(text, &mut units);
        let latin: Vec<u8> = text.chars().map(|found| found as u8).collect();
        let expected = Digest::new(0).field(&septets).finish();
        assert_eq!(digest(&septets, Script::Gsm7), expected);
        assert_eq!(digest(&octets, Script::Gsm7Packed), expected);
        assert_eq!(digest(&units, Script::Ucs2), expected);
        assert_eq!(digest(&latin, Script::Latin1), expected);
        assert_eq!(
            digest(b"plain", Script::Ascii),
            digest(b"plain", Script::Gsm7)
        );
        assert_ne!(
            digest(b"plain", Script::Binary),
            digest(b"plain", Script::Gsm7)
        );
    }

    #[test]
    fn data_codings_mean_what_the_carrier_says() {
        let usual = Alphabets::default();
        for (data_coding, expected) in [
            (0x00, Script::Gsm7),
            (0x01, Script::Ascii),
            (0x03, Script::Latin1),
            (0x04, Script::Binary),
            (0x08, Script::Ucs2),
            (0x10, Script::Gsm7),
            (0x18, Script::Ucs2),
            (0xF0, Script::Gsm7),
            (0xF1, Script::Gsm7),
            (0xF5, Script::Binary),
        ] {
            assert_eq!(script(data_coding, &usual), expected, "{data_coding:#x}");
        }
        let latin = Alphabets {
            default: DefaultAlphabet::Latin1,
            ..usual
        };
        assert_eq!(script(0, &latin), Script::Latin1);
    }

    #[test]
    fn a_lossy_conversion_loses_only_what_gsm_lacks() {
        let lossy = Alphabets {
            is_latin1_lossy: true,
            ..Alphabets::default()
        };
        let mut reading = Reading::default();
        reading.read(b"caf\xE9 \xE7a", (0, Shift::NONE), Script::Latin1, &lossy);
        assert_eq!((reading.text.as_str(), reading.lost), ("café ?a", 1));
    }

    #[test]
    fn longer_texts_count_their_segments() {
        for (units, expected) in [
            (Units::Septets(0), 1),
            (Units::Septets(160), 1),
            (Units::Septets(161), 2),
            (Units::Septets(306), 2),
            (Units::Septets(307), 3),
            (Units::Octets(140), 1),
            (Units::Octets(142), 2),
            (Units::Octets(268), 2),
            (Units::Octets(270), 3),
        ] {
            assert_eq!(units.segments(), expected, "{units:?}");
        }
        assert!(!Units::Septets(153).overflows(6) && Units::Septets(154).overflows(6));
        assert!(!Units::Septets(152).overflows(7) && Units::Septets(153).overflows(7));
        assert!(!Units::Octets(134).overflows(6) && Units::Octets(135).overflows(6));
    }
}
