//! How a text will go to a carrier: alphabet, tables, parts. Linear in the text, no allocation.

use super::choice::Choice;
use super::{Air, AirAlphabet, LongMethod, NationalLanguage, TextForm, WireAlphabet, WireFault};
use crate::segment::cut_into;

/// Octets of an 8-bit concatenation header; what a carrier puts before each piece that it cuts itself, too.
const HEADER_OCTETS_8: usize = 6;
/// Octets of a 16-bit one.
const HEADER_OCTETS_16: usize = 7;

/// How a text will go to a carrier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct WirePlan {
    /// Its octets on our link.
    pub alphabet: WireAlphabet,
    /// The alphabet in which the handset gets it, as far as we know.
    pub air: AirAlphabet,
    /// Locking shift table in force (3GPP TS 23.038, 6.2.1.2.3).
    pub locking: Option<NationalLanguage>,
    /// Single shift table in force (6.2.1.2.2).
    pub single: Option<NationalLanguage>,
    /// Submits that carry it, at least 1.
    pub parts: u8,
    /// Segments on air, at least 1: those of `parts`, or those that the carrier will cut.
    pub segments: u8,
    /// Septets, octets or UTF-16 units of the whole text on air.
    pub units: u32,
    /// Units that one segment holds here.
    pub segment_units: u8,
    /// Whether it is to be shown at once and not kept (message class 0).
    pub flash: bool,
}

impl WirePlan {
    /// The same, shown at once ("flash").
    #[must_use]
    pub const fn with_flash(mut self, flash: bool) -> Self {
        self.flash = flash;
        self
    }

    /// How it is counted and cut.
    pub(crate) const fn measure(&self) -> Air {
        Air {
            alphabet: self.air,
            shift: crate::alphabet::national::Shift {
                locking: self.locking,
                single: self.single,
            },
            packed: matches!(self.alphabet, WireAlphabet::Gsm7Packed),
        }
    }
}

impl TextForm {
    /// How a text goes to this carrier: in the cheapest alphabet that holds it. Empty text is one empty part.
    ///
    /// # Errors
    /// [`WireFault::NotTaken`] where no `data_coding` that the carrier takes holds it, [`WireFault::TooLong`] past
    /// `parts_max` segments.
    pub fn plan(&self, text: &str) -> Result<WirePlan, WireFault> {
        let choice = self.choose(text);
        let data_coding = self.data_coding(choice.alphabet);
        if !self.takes(data_coding) {
            return Err(WireFault::NotTaken { data_coding });
        }
        self.counted(text, &choice)
    }

    /// Octets of the header of each part of a long text, on air.
    pub(super) const fn part_header_octets(&self) -> usize {
        match self.long_method {
            LongMethod::Udh if self.reference_bits > 8 => HEADER_OCTETS_16,
            _ => HEADER_OCTETS_8,
        }
    }

    /// Segments of a text in an alphabet, and the units that each holds.
    pub(super) fn segments(&self, text: &str, air: Air, units: usize) -> (usize, usize) {
        let tables = air.shift.header_octets();
        let alone = air.units_held(if tables == 0 { 0 } else { 1 + tables });
        if air.is_one(text, units, alone) {
            return (1, alone);
        }
        let limit = air.units_held(self.part_header_octets() + tables);
        (cut_into(text, air, limit).count(), limit)
    }

    fn counted(&self, text: &str, choice: &Choice) -> Result<WirePlan, WireFault> {
        let (segments, limit) = self.segments(text, choice.air, choice.units);
        let parts = match self.long_method {
            LongMethod::Payload => 1,
            LongMethod::Udh | LongMethod::Sar => segments,
        };
        match (u8::try_from(segments), u32::try_from(choice.units)) {
            (Ok(count), Ok(units)) if count <= self.parts_max => Ok(WirePlan {
                alphabet: choice.alphabet,
                air: choice.air.alphabet,
                locking: choice.air.shift.locking,
                single: choice.air.shift.single,
                parts: parts as u8,
                segments: count,
                units,
                // At most 160.
                segment_units: limit as u8,
                flash: false,
            }),
            _ => Err(WireFault::TooLong {
                segments,
                parts_max: self.parts_max,
            }),
        }
    }
}
