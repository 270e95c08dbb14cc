//! One part of a planned text as octets. Linear in the text; nothing but the caller's buffer is written.

use super::{FlashForm, LongMethod, TextForm, WireAlphabet, WireFault, WirePlan};
use crate::alphabet::packed::{self, Padding};
use crate::alphabet::{Unencodable, ascii, gsm7, latin1, national::Shift, ucs2, windows1252};
use crate::segment::cut_into;
use crate::segment::udh::HeaderWriter;

/// A part of a long text as the SAR parameters say it (SMPP 3.4, 5.3.2.22 to 24).
#[derive(
    rkyv::Archive, rkyv::Serialize, rkyv::Deserialize, Clone, Copy, Debug, PartialEq, Eq, Hash,
)]
pub struct Sar {
    /// `sar_msg_ref_num`.
    pub reference: u16,
    /// `sar_total_segments`.
    pub total: u8,
    /// `sar_segment_seqnum`, from 1.
    pub part: u8,
}

/// What goes beside the octets of one submit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Encoded {
    /// `data_coding`.
    pub data_coding: u8,
    /// `esm_class`: the UDHI bit where the octets begin with a header, nothing else.
    pub esm_class: u8,
    /// The part, where parameters say it.
    pub sar: Option<Sar>,
    /// Whether the octets go as `message_payload`.
    pub payload: bool,
    /// Whether `dest_addr_subunit` 1 asks for the display.
    pub flash_subunit: bool,
    /// Segments on air that this submit takes, at least 1.
    pub segments: u8,
}

impl TextForm {
    /// Appends the octets of one part (from 0) of a planned text; `reference` is the same for all parts.
    ///
    /// # Errors
    /// [`WireFault::NoSuchPart`] where the plan has no such part, [`WireFault::Unencodable`] where it is another
    /// text's plan; `out` is then as it was.
    pub fn encode(
        &self,
        plan: &WirePlan,
        text: &str,
        part: u8,
        reference: u16,
        out: &mut Vec<u8>,
    ) -> Result<Encoded, WireFault> {
        let no_such_part = WireFault::NoSuchPart {
            part,
            parts: plan.parts,
        };
        if part >= plan.parts {
            return Err(no_such_part);
        }
        let air = plan.measure();
        let piece = if plan.parts == 1 {
            text
        } else {
            let limit = usize::from(plan.segment_units);
            cut_into(text, air, limit)
                .nth(usize::from(part))
                .ok_or(no_such_part)?
        };
        let mut sar = None;
        let before = out.len();
        if plan.parts > 1 && self.long_method == LongMethod::Sar {
            sar = Some(Sar {
                reference,
                total: plan.parts,
                part: part + 1,
            });
        }
        let mut header = HeaderWriter::new(out);
        if plan.parts > 1 && sar.is_none() {
            header.concatenation(reference, self.reference_bits > 8, plan.parts, part + 1);
        }
        header.shift(air.shift);
        let header_octets = header.finish();
        if let Err(fault) = write_text(plan.alphabet, air.shift, header_octets, piece, out) {
            out.truncate(before);
            return Err(fault.into());
        }
        let (data_coding, flash_subunit) = self.class_zero(plan.alphabet, plan.flash);
        let octets = out.len() - before;
        let segments = if plan.parts == 1 { plan.segments } else { 1 };
        Ok(Encoded {
            data_coding,
            esm_class: if header_octets > 0 {
                super::ESM_CLASS_UDHI
            } else {
                0
            },
            sar,
            payload: self.is_payload(octets) || segments > 1,
            flash_subunit,
            segments,
        })
    }

    /// Whether so many octets go as `message_payload`.
    pub(super) fn is_payload(&self, octets: usize) -> bool {
        octets > usize::from(self.payload_over.min(SHORT_MESSAGE_OCTETS))
    }

    /// `data_coding` of an alphabet, for class 0 where it is asked, and whether a parameter must ask for it.
    pub(crate) fn class_zero(&self, alphabet: WireAlphabet, flash: bool) -> (u8, bool) {
        let plain = self.data_coding(alphabet);
        if !flash {
            return (plain, false);
        }
        let coded = match (self.flash, alphabet) {
            (FlashForm::Subunit, _) => None,
            (_, WireAlphabet::Ucs2) => Some(0x18),
            // The coded forms speak of the default alphabet only.
            (_, other) if other != self.default_alphabet => None,
            (FlashForm::GeneralCoding, _) => Some(0x10),
            (FlashForm::ClassCoding, _) => Some(0xF0),
        };
        match coded.filter(|coded| self.takes(*coded)) {
            Some(coded) => (coded, false),
            None => (plain, true),
        }
    }
}

/// Octets that `short_message` holds (SMPP 3.4, 4.4.1).
const SHORT_MESSAGE_OCTETS: u16 = 254;

/// Appends a text in an alphabet, behind a header of so many octets.
pub(super) fn write_text(
    alphabet: WireAlphabet,
    shift: Shift,
    header_octets: usize,
    text: &str,
    out: &mut Vec<u8>,
) -> Result<(), Unencodable> {
    match alphabet {
        WireAlphabet::Gsm7 if shift.is_none() => gsm7::encode(text, out),
        WireAlphabet::Gsm7 => shift.encode(text, out),
        WireAlphabet::Gsm7Packed => {
            let from = out.len();
            shift.encode(text, out)?;
            let fill = packed::fill_bits(header_octets);
            packed::pack_in_place(out, from, fill, Padding::CarriageReturn);
            Ok(())
        }
        WireAlphabet::Ascii => ascii::encode(text, out),
        WireAlphabet::Latin1 => latin1::encode(text, out),
        WireAlphabet::Windows1252 => windows1252::encode(text, out),
        WireAlphabet::Ucs2 => {
            ucs2::encode(text, out);
            Ok(())
        }
    }
}

impl From<Unencodable> for WireFault {
    fn from(fault: Unencodable) -> Self {
        Self::Unencodable {
            found: fault.found,
            position: fault.position,
        }
    }
}
