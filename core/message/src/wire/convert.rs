//! A customer's own segment in the carrier's form: header, alphabet, `data_coding`, packing.
//!
//! What the carrier takes as it is goes untouched. One segment stays one segment: what would not fit is refused.
//! An 8-bit reference is never widened: a full part would not fit behind the longer header, and parts of one message
//! must not differ.

use super::heading::Heading;
use super::inspect::Inspected;
use super::recode::{Recoded, Text};
use super::{ESM_CLASS_UDHI, Encoded, TextForm, WireFault};
use crate::alphabet::national::Shift;
use crate::alphabet::packed::{self, Padding};
use crate::segment::{SEGMENT_OCTETS, header_octets};

impl TextForm {
    /// Appends the octets of a customer's raw segment as this carrier wants them. The customer's default alphabet is
    /// unpacked GSM 7-bit, his concatenation a header of 8 or 16 bits; `data_coding` is any. Of `esm_class` only the
    /// UDHI bit is looked at: a header that it does not tell of is found where nobody would write it as text, one
    /// beyond the octets is none, and one whose elements do not fill it goes untouched with all that follows.
    ///
    /// # Errors
    /// [`WireFault::Unencodable`] for a character that no alphabet of this carrier holds in one segment,
    /// [`WireFault::Unreadable`] for an octet that is no septet where septets must be packed; `out` is then as it was.
    pub fn convert(
        &self,
        data_coding: u8,
        esm_class: u8,
        octets: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<Encoded, WireFault> {
        let found = Inspected::of(data_coding, esm_class, octets);
        let told = esm_class & ESM_CLASS_UDHI != 0;
        if told && found.header.is_none() && header_octets(octets).is_some() {
            out.extend_from_slice(octets);
            return Ok(self.untouched(data_coding, octets.len()));
        }
        let heading = Heading::of(self, found.header);
        let recoded = self.recoded(data_coding, &found, heading.air_octets(true))?;
        let before = out.len();
        let header = heading.write(recoded.keeps_tables, out);
        if let Err(fault) = write_body(&recoded, header, found.body, out) {
            out.truncate(before);
            return Err(fault);
        }
        let octets = out.len() - before;
        let air_header = heading.air_octets(recoded.keeps_tables);
        Ok(Encoded {
            data_coding: recoded.data_coding,
            esm_class: if header > 0 { ESM_CLASS_UDHI } else { 0 },
            sar: heading.sar,
            payload: self.is_payload(octets),
            flash_subunit: recoded.flash_subunit,
            segments: segments(&recoded, air_header, found.body.len()),
        })
    }

    /// Octets with a header that nobody can read.
    fn untouched(&self, data_coding: u8, octets: usize) -> Encoded {
        Encoded {
            data_coding,
            esm_class: ESM_CLASS_UDHI,
            sar: None,
            payload: self.is_payload(octets),
            flash_subunit: false,
            segments: 1,
        }
    }
}

/// Appends the text or the octets behind a header of so many octets.
fn write_body(
    recoded: &Recoded,
    header_octets: usize,
    body: &[u8],
    out: &mut Vec<u8>,
) -> Result<(), WireFault> {
    match &recoded.text {
        Text::AsItIs => out.extend_from_slice(body),
        Text::Packed => {
            let unreadable = body.iter().enumerate().find(|(_, octet)| !octet.is_ascii());
            if let Some((position, &octet)) = unreadable {
                return Err(WireFault::Unreadable { octet, position });
            }
            let fill = packed::fill_bits(header_octets);
            packed::pack(body, fill, Padding::CarriageReturn, out);
        }
        Text::Anew(alphabet, text) => {
            super::encode::write_text(*alphabet, Shift::NONE, header_octets, text, out)?;
        }
    }
    Ok(())
}

/// Segments on air of a body that no plan has cut: nearly always 1.
fn segments(recoded: &Recoded, air_header_octets: usize, body_octets: usize) -> u8 {
    if matches!(recoded.text, Text::Anew(..)) {
        return 1;
    }
    let held = |header_octets: usize| {
        let left = SEGMENT_OCTETS.saturating_sub(header_octets);
        if recoded.septets {
            packed::septets_held(left, packed::fill_bits(header_octets))
        } else {
            left
        }
    };
    if body_octets <= held(air_header_octets) {
        return 1;
    }
    // The carrier adds its own concatenation to what header there is.
    let part = held(air_header_octets.max(1) + 5).max(1);
    u8::try_from(body_octets.div_ceil(part)).unwrap_or(u8::MAX)
}
