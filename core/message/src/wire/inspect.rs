//! What octets on a link are: header, text, alphabet. Total; faults of `esm_class` are mended where the octets tell (T36).

use super::{ESM_CLASS_UDHI, TextForm, WireAlphabet};
use crate::alphabet::dcs::{Charset, DataCoding};
use crate::alphabet::ucs2_repair::{self, Ucs2Oddities};
use crate::alphabet::{ascii, gsm7, iso8859, latin1, national::Shift, packed, windows1252};
use crate::segment::udh::Header;

/// How octets are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reading {
    /// In an alphabet that a form knows.
    Alphabet(WireAlphabet),
    /// ISO 8859-5.
    Cyrillic,
    /// ISO 8859-8.
    Hebrew,
    /// Not at all: binary, compressed, or an alphabet that nobody here reads.
    Octets,
}

/// Octets of one segment, taken apart.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Inspected<'a> {
    /// The header, if there is one.
    pub(crate) header: Option<Header<'a>>,
    /// What follows it.
    pub(crate) body: &'a [u8],
    /// What `data_coding` says.
    pub(crate) coding: DataCoding,
    /// Whether `esm_class` told wrong of the header.
    pub(crate) udhi_mended: bool,
}

impl<'a> Inspected<'a> {
    /// Takes a segment apart.
    pub(crate) fn of(data_coding: u8, esm_class: u8, octets: &'a [u8]) -> Self {
        let udhi = esm_class & ESM_CLASS_UDHI != 0;
        let found = Header::repaired(octets, udhi);
        Self {
            header: found.map(|(header, _)| header),
            body: found.map_or(octets, |(_, body)| body),
            coding: DataCoding::of(data_coding),
            udhi_mended: udhi != found.is_some(),
        }
    }

    /// Octets of the header; 0 where there is none.
    pub(crate) fn header_octets(&self) -> usize {
        self.header.map_or(0, |header| header.octets().len())
    }

    /// National tables in force.
    pub(crate) fn shift(&self) -> Shift {
        self.header.map_or(Shift::NONE, Header::shift)
    }
}

impl TextForm {
    /// How this carrier's octets are read.
    pub(crate) fn reading(&self, data_coding: u8) -> Reading {
        let codings = &self.data_codings;
        if data_coding == 0 || data_coding == codings.default_alphabet {
            return Reading::Alphabet(self.default_alphabet);
        }
        if data_coding == codings.ucs2 {
            return Reading::Alphabet(WireAlphabet::Ucs2);
        }
        if data_coding == codings.latin1 {
            return Reading::Alphabet(WireAlphabet::Latin1);
        }
        if data_coding == codings.ascii {
            return Reading::Alphabet(WireAlphabet::Ascii);
        }
        if data_coding == codings.binary {
            return Reading::Octets;
        }
        match DataCoding::of(data_coding).charset {
            Charset::Default => Reading::Alphabet(self.default_alphabet),
            Charset::Ascii => Reading::Alphabet(WireAlphabet::Ascii),
            Charset::Latin1 => Reading::Alphabet(WireAlphabet::Latin1),
            Charset::Ucs2 => Reading::Alphabet(WireAlphabet::Ucs2),
            Charset::Cyrillic => Reading::Cyrillic,
            Charset::Hebrew => Reading::Hebrew,
            Charset::Octets
            | Charset::Jis
            | Charset::Pictogram
            | Charset::MusicCodes
            | Charset::ExtendedKanji
            | Charset::Korean => Reading::Octets,
        }
    }
}

/// Septets of a packed body, one an octet, behind a header of so many octets; other bodies as they are.
pub(crate) fn unpacked(
    reading: Reading,
    header_octets: usize,
    body: &[u8],
    out: &mut Vec<u8>,
) -> Reading {
    match reading {
        Reading::Alphabet(WireAlphabet::Gsm7Packed) => {
            packed::unpack_padded(body, packed::fill_bits(header_octets), out);
            Reading::Alphabet(WireAlphabet::Gsm7)
        }
        _ => {
            out.extend_from_slice(body);
            reading
        }
    }
}

/// Appends the text of a body, packed septets taken apart before; none of what is not text. Oddities of UCS-2 are told,
/// places that could not be read are counted in any alphabet.
pub(crate) fn text_of(
    reading: Reading,
    shift: Shift,
    body: &[u8],
    out: &mut String,
) -> Ucs2Oddities {
    let replaced = match reading {
        Reading::Alphabet(alphabet) => match alphabet {
            WireAlphabet::Gsm7 | WireAlphabet::Gsm7Packed if shift.is_none() => {
                gsm7::decode(body, out)
            }
            WireAlphabet::Gsm7 | WireAlphabet::Gsm7Packed => shift.decode(body, out),
            WireAlphabet::Ascii => ascii::decode(body, out),
            WireAlphabet::Latin1 => latin1::decode(body, out),
            WireAlphabet::Windows1252 => windows1252::decode(body, out),
            WireAlphabet::Ucs2 => return ucs2_repair::decode(body, out),
        },
        Reading::Cyrillic => iso8859::decode_cyrillic(body, out),
        Reading::Hebrew => iso8859::decode_hebrew(body, out),
        Reading::Octets => 0,
    };
    Ucs2Oddities {
        replaced,
        ..Ucs2Oddities::default()
    }
}
