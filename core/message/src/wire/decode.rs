//! A carrier's octets as text. Total: what cannot be read is counted, what is not text gives none.

use super::inspect::{Inspected, text_of, unpacked};
use super::{Reading, TextForm, WireAlphabet};
use crate::alphabet::ucs2_repair::Ucs2Oddities;
use crate::segment::Concatenation;
use crate::segment::udh::{Header, Ports};

/// What octets on a link turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Decoded {
    /// How they were read; of [`Reading::Octets`] there is no text.
    pub reading: Reading,
    /// Octets of the header before the text; 0 where there is none.
    pub header_octets: usize,
    /// Which part of a long text they are, by the header.
    pub concatenation: Option<Concatenation>,
    /// Ports, where the text is for a program.
    pub ports: Option<Ports>,
    /// Message class, where `data_coding` names one; 0 is shown at once ("flash").
    pub class: Option<u8>,
    /// Whether `esm_class` told wrong of the header (trap T36).
    pub udhi_mended: bool,
    /// Places that could not be read, and what was mended in UCS-2 (trap T32).
    pub oddities: Ucs2Oddities,
}

impl TextForm {
    /// Appends the text of a segment from this carrier; packed septets need an allocation.
    pub fn decode(
        &self,
        data_coding: u8,
        esm_class: u8,
        octets: &[u8],
        out: &mut String,
    ) -> Decoded {
        let inspected = Inspected::of(data_coding, esm_class, octets);
        let header_octets = inspected.header_octets();
        let reading = self.reading(data_coding);
        let shift = inspected.shift();
        let oddities = if reading == Reading::Alphabet(WireAlphabet::Gsm7Packed) {
            let mut septets = Vec::new();
            let unpacked = unpacked(reading, header_octets, inspected.body, &mut septets);
            text_of(unpacked, shift, &septets, out)
        } else {
            text_of(reading, shift, inspected.body, out)
        };
        Decoded {
            reading,
            header_octets,
            concatenation: inspected.header.and_then(Header::concatenation),
            ports: inspected.header.and_then(Header::ports),
            class: inspected.coding.class,
            udhi_mended: inspected.udhi_mended,
            oddities,
        }
    }
}
