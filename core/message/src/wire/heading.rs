//! A customer's header as a carrier wants it: which of its elements stay, and whether parameters say the part instead.

use super::{LongMethod, Sar, TextForm};
use crate::segment::Concatenation;
use crate::segment::udh::{Header, HeaderWriter, element};

/// Octets of a concatenation element with an 8-bit reference.
const ELEMENT_OCTETS: usize = 5;

/// What becomes of a header.
#[derive(Clone, Copy, Debug)]
pub(super) struct Heading<'a> {
    header: Option<Header<'a>>,
    /// The part that an element of the new header says.
    part: Option<Concatenation>,
    /// Whether its reference is of 16 bits.
    wide: bool,
    /// Whether the concatenation stays as it is.
    same: bool,
    /// The part that the SAR parameters say.
    pub(super) sar: Option<Sar>,
}

impl<'a> Heading<'a> {
    /// What becomes of a header at a carrier.
    pub(super) fn of(form: &TextForm, header: Option<Header<'a>>) -> Self {
        let part = header.and_then(Header::concatenation);
        let by_sar = form.long_method == LongMethod::Sar && part.is_some();
        let sixteen = header.is_some_and(|header| {
            let mut elements = header.elements();
            elements.any(|found| found.name == element::CONCATENATION_16)
        });
        let sar = part.filter(|part| by_sar && part.total > 1);
        Self {
            header,
            part: part.filter(|_| !by_sar),
            wide: sixteen && form.reference_bits > 8,
            same: !by_sar && (!sixteen || form.reference_bits > 8),
            sar: sar.map(|part| Sar {
                reference: part.reference,
                total: part.total,
                part: part.part,
            }),
        }
    }

    /// Octets of the header on air, where a carrier makes an element of SAR parameters.
    pub(super) fn air_octets(&self, keeps_tables: bool) -> usize {
        let Some(header) = self.header else {
            return 0;
        };
        let kept: usize = header
            .elements()
            .filter(|found| !found.is_concatenation() && (keeps_tables || !found.is_shift()))
            .map(|found| 2 + found.value.len())
            .sum();
        let part = match (self.part, self.sar) {
            (None, None) => 0,
            _ => ELEMENT_OCTETS + usize::from(self.wide && self.part.is_some()),
        };
        match kept + part {
            0 => 0,
            elements => 1 + elements,
        }
    }

    /// Appends the header; gives its octets.
    pub(super) fn write(&self, keeps_tables: bool, out: &mut Vec<u8>) -> usize {
        let Some(header) = self.header else {
            return 0;
        };
        if self.same && (keeps_tables || !header.elements().any(|found| found.is_shift())) {
            out.extend_from_slice(header.octets());
            return header.octets().len();
        }
        let mut writer = HeaderWriter::new(out);
        if let Some(part) = self.part {
            writer.concatenation(part.reference, self.wide, part.total, part.part);
        }
        for found in header.elements() {
            if !found.is_concatenation() && (keeps_tables || !found.is_shift()) {
                writer.element(found.name, found.value);
            }
        }
        writer.finish()
    }
}
