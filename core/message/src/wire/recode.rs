//! In which alphabet a customer's segment goes on: as it is where the carrier takes that, else in another without loss.

use super::inspect::{Inspected, Reading, text_of};
use super::{Air, AirAlphabet, Latin1Use, TextForm, WireAlphabet, WireFault};
use crate::alphabet::dcs::Charset;
use crate::alphabet::national::Shift;
use crate::alphabet::{gsm7, ucs2};

/// The body of a segment on its way.
pub(super) enum Text {
    /// Untouched.
    AsItIs,
    /// Its septets, packed.
    Packed,
    /// In another alphabet.
    Anew(WireAlphabet, String),
}

/// What becomes of a segment's text.
pub(super) struct Recoded {
    /// The body.
    pub(super) text: Text,
    /// `data_coding` of the carrier.
    pub(super) data_coding: u8,
    /// Whether `dest_addr_subunit` asks for the display.
    pub(super) flash_subunit: bool,
    /// Whether the national tables that the header names stay in force.
    pub(super) keeps_tables: bool,
    /// Whether it takes septets on air.
    pub(super) septets: bool,
}

impl TextForm {
    /// What becomes of the text of a segment that has a header of so many octets on air.
    pub(super) fn recoded(
        &self,
        data_coding: u8,
        found: &Inspected<'_>,
        header_octets: usize,
    ) -> Result<Recoded, WireFault> {
        match found.coding.charset {
            Charset::Default => self.recoded_septets(data_coding, found, header_octets),
            Charset::Ascii if self.takes(self.data_coding(WireAlphabet::Ascii)) => {
                Ok(self.as_it_is(self.data_coding(WireAlphabet::Ascii), true))
            }
            Charset::Ascii => self.anew(data_coding, WireAlphabet::Ascii, found, header_octets),
            Charset::Latin1 => self.recoded_latin1(data_coding, found, header_octets),
            Charset::Ucs2 if found.coding.waiting || matches!(found.coding.class, Some(1..)) => {
                Ok(self.as_it_is(data_coding, false))
            }
            Charset::Ucs2 => {
                let flash = found.coding.class == Some(0);
                let (data_coding, flash_subunit) = self.class_zero(WireAlphabet::Ucs2, flash);
                Ok(Recoded {
                    flash_subunit,
                    ..self.as_it_is(data_coding, false)
                })
            }
            Charset::Octets if data_coding == 4 => {
                Ok(self.as_it_is(self.data_codings.binary, false))
            }
            _ => Ok(self.as_it_is(data_coding, false)),
        }
    }

    fn as_it_is(&self, data_coding: u8, septets: bool) -> Recoded {
        Recoded {
            text: Text::AsItIs,
            data_coding,
            flash_subunit: false,
            keeps_tables: true,
            septets,
        }
    }

    /// Septets of the default alphabet, of any class.
    fn recoded_septets(
        &self,
        data_coding: u8,
        found: &Inspected<'_>,
        header_octets: usize,
    ) -> Result<Recoded, WireFault> {
        let default = self.default_alphabet;
        let readable = found.body.iter().all(u8::is_ascii);
        let taken = self.takes(self.data_codings.default_alphabet);
        if !default.is_gsm() && readable || default.is_gsm() && readable && !taken {
            return self.anew(data_coding, WireAlphabet::Gsm7, found, header_octets);
        }
        let (data_coding, flash_subunit) = self.classed(data_coding, default, found);
        let text = if default == WireAlphabet::Gsm7Packed {
            Text::Packed
        } else {
            Text::AsItIs
        };
        Ok(Recoded {
            text,
            flash_subunit,
            ..self.as_it_is(data_coding, true)
        })
    }

    /// Latin-1 is left alone where the profile trusts the carrier with it, and where nothing else holds it (trap T31).
    fn recoded_latin1(
        &self,
        data_coding: u8,
        found: &Inspected<'_>,
        header_octets: usize,
    ) -> Result<Recoded, WireFault> {
        let plain = self.data_coding(WireAlphabet::Latin1);
        let taken = self.takes(plain);
        let as_it_is = || self.as_it_is(plain, false);
        let mut text = String::new();
        text_of(
            Reading::Alphabet(WireAlphabet::Latin1),
            Shift::NONE,
            found.body,
            &mut text,
        );
        let trusted = match self.latin1 {
            Latin1Use::Always => true,
            Latin1Use::IfGsmSafe => gsm7::fits(&text).is_some(),
            Latin1Use::Never => {
                self.default_alphabet == WireAlphabet::Latin1 && gsm7::fits(&text).is_some()
            }
        };
        if trusted && taken {
            return Ok(as_it_is());
        }
        match self.anew(data_coding, WireAlphabet::Latin1, found, header_octets) {
            Err(_) if taken => Ok(as_it_is()),
            other => other,
        }
    }

    /// The text in an alphabet of this carrier that holds it in one segment.
    fn anew(
        &self,
        data_coding: u8,
        from: WireAlphabet,
        found: &Inspected<'_>,
        header_octets: usize,
    ) -> Result<Recoded, WireFault> {
        let mut text = String::new();
        text_of(
            Reading::Alphabet(from),
            found.shift(),
            found.body,
            &mut text,
        );
        let gsm = gsm7::fits(&text);
        let safe = match gsm {
            Some(_) => self.for_gsm_safe(&text),
            None => WireAlphabet::Ucs2,
        };
        let alphabet = if fits(safe, gsm, &text, header_octets) {
            safe
        } else if fits(WireAlphabet::Ucs2, gsm, &text, header_octets) {
            WireAlphabet::Ucs2
        } else {
            let lacking = |found: &(usize, char)| gsm7::septets(found.1).is_none();
            let (position, found) = text.chars().enumerate().find(lacking).unwrap_or_default();
            return Err(WireFault::Unencodable { found, position });
        };
        let (data_coding, flash_subunit) = self.classed(data_coding, alphabet, found);
        Ok(Recoded {
            text: Text::Anew(alphabet, text),
            data_coding,
            flash_subunit,
            keeps_tables: false,
            septets: alphabet != WireAlphabet::Ucs2,
        })
    }

    /// `data_coding` in the class that the customer asked for.
    fn classed(
        &self,
        data_coding: u8,
        alphabet: WireAlphabet,
        found: &Inspected<'_>,
    ) -> (u8, bool) {
        let coding = found.coding;
        let kept = coding.waiting || matches!(coding.class, Some(1..));
        if kept && alphabet.is_gsm() {
            return (data_coding, false);
        }
        self.class_zero(alphabet, coding.class == Some(0))
    }
}

/// Whether a text is one segment in an alphabet behind a header of so many octets.
fn fits(alphabet: WireAlphabet, gsm: Option<usize>, text: &str, header_octets: usize) -> bool {
    let (air, units) = match (alphabet, gsm) {
        (WireAlphabet::Ucs2, _) => (AirAlphabet::Ucs2, ucs2::units(text)),
        (_, Some(septets)) => (AirAlphabet::Gsm7, septets),
        (_, None) => return false,
    };
    let air = Air {
        packed: alphabet == WireAlphabet::Gsm7Packed,
        ..Air::of(air)
    };
    air.is_one(text, units, air.units_held(header_octets))
}
