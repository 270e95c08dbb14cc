//! Which alphabet a text goes in. First what the handset can get for one septet a character, last UCS-2, which holds all.

use super::{Air, AirAlphabet, Latin1Use, LongMethod, TextForm, WireAlphabet};
use crate::alphabet::national::Shift;
use crate::alphabet::{gsm7, ucs2, windows1252};

/// An alphabet for a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Choice {
    /// Octets on our link.
    pub(super) alphabet: WireAlphabet,
    /// What it takes on air.
    pub(super) air: Air,
    /// Units of the whole text.
    pub(super) units: usize,
}

impl WireAlphabet {
    /// Whether the alphabet has the character. The national tables are not looked at.
    #[must_use]
    pub fn holds(self, found: char) -> bool {
        match self {
            Self::Gsm7 | Self::Gsm7Packed => gsm7::septets(found).is_some(),
            Self::Ascii => found.is_ascii(),
            Self::Latin1 => u32::from(found) < 0x100,
            Self::Windows1252 => windows1252::code(found).is_some(),
            Self::Ucs2 => true,
        }
    }

    /// Whether it is GSM 7-bit, packed or not.
    pub(crate) const fn is_gsm(self) -> bool {
        matches!(self, Self::Gsm7 | Self::Gsm7Packed)
    }
}

impl TextForm {
    /// The alphabet for a text.
    pub(super) fn choose(&self, text: &str) -> Choice {
        match gsm7::fits(text) {
            Some(septets) => {
                let alphabet = self.for_gsm_safe(text);
                match alphabet {
                    WireAlphabet::Ucs2 => ucs2_choice(text),
                    _ => gsm_choice(alphabet, Shift::NONE, septets),
                }
            }
            None => self
                .for_octets(text)
                .or_else(|| self.for_shift(text))
                .unwrap_or_else(|| ucs2_choice(text)),
        }
    }

    /// Whether the carrier takes a `data_coding`.
    pub(super) fn takes(&self, data_coding: u8) -> bool {
        self.data_codings_allowed.is_empty() || self.data_codings_allowed.contains(&data_coding)
    }

    /// `data_coding` of an alphabet at this carrier.
    pub(super) const fn data_coding(&self, alphabet: WireAlphabet) -> u8 {
        let codings = &self.data_codings;
        match alphabet {
            _ if alphabet as u8 == self.default_alphabet as u8 => codings.default_alphabet,
            WireAlphabet::Gsm7 | WireAlphabet::Gsm7Packed | WireAlphabet::Windows1252 => {
                codings.default_alphabet
            }
            WireAlphabet::Ascii => codings.ascii,
            WireAlphabet::Latin1 => codings.latin1,
            WireAlphabet::Ucs2 => codings.ucs2,
        }
    }

    /// For a text that GSM 7-bit holds, so that no conversion at the carrier loses anything.
    pub(crate) fn for_gsm_safe(&self, text: &str) -> WireAlphabet {
        let holds = |alphabet: WireAlphabet| {
            self.takes(self.data_coding(alphabet))
                && (alphabet.is_gsm() || text.chars().all(|found| alphabet.holds(found)))
        };
        let default = self.default_alphabet;
        if self.latin1 != Latin1Use::Never && holds(WireAlphabet::Latin1) {
            WireAlphabet::Latin1
        } else if holds(default) {
            default
        } else if self.data_codings_allowed.contains(&self.data_codings.ascii)
            && holds(WireAlphabet::Ascii)
        {
            WireAlphabet::Ascii
        } else {
            WireAlphabet::Ucs2
        }
    }

    /// Octets for a text that GSM 7-bit lacks, where the profile trusts the carrier with them.
    fn for_octets(&self, text: &str) -> Option<Choice> {
        if self.latin1 != Latin1Use::Always {
            return None;
        }
        let default = self.default_alphabet;
        let octets = !default.is_gsm() && default != WireAlphabet::Ucs2;
        let candidates = [octets.then_some(default), Some(WireAlphabet::Latin1)];
        let alphabet = candidates.into_iter().flatten().find(|alphabet| {
            self.takes(self.data_coding(*alphabet))
                && text.chars().all(|found| alphabet.holds(found))
        })?;
        Some(Choice {
            alphabet,
            air: Air::of(AirAlphabet::Octets),
            units: text.chars().count(),
        })
    }

    /// National tables, where they make fewer segments than UCS-2 (3GPP TS 23.038, annex A). Of equals one table rather
    /// than two, and a single shift table, which a handset that lacks it shows by the plain letter.
    fn for_shift(&self, text: &str) -> Option<Choice> {
        let default = self.default_alphabet;
        if self.national.is_empty()
            || !default.is_gsm()
            || !self.takes(self.data_codings.default_alphabet)
        {
            return None;
        }
        let wide = ucs2_choice(text);
        let (mut least, _) = self.segments(text, wide.air, wide.units);
        let mut best: Option<(Choice, usize)> = None;
        for shift in Shift::all_of(&self.national) {
            if least == 1 && best.is_none_or(|(_, limit)| limit >= ONE_TABLE_SEPTETS) {
                break;
            }
            let Some(septets) = shift.fits(text) else {
                continue;
            };
            let choice = gsm_choice(default, shift, septets);
            let (segments, limit) = self.segments(text, choice.air, septets);
            // A carrier that cuts or counts a text itself cannot be relied on to repeat our header.
            if segments > 1 && self.long_method != LongMethod::Udh {
                continue;
            }
            let better = best.is_some_and(|(_, before)| limit > before);
            if segments < least || (segments == least && better) {
                least = segments;
                best = Some((choice, limit));
            }
        }
        best.map(|(choice, _)| choice)
    }
}

/// Septets of a segment alone with one table: nothing is better.
const ONE_TABLE_SEPTETS: usize = 155;

fn gsm_choice(alphabet: WireAlphabet, shift: Shift, septets: usize) -> Choice {
    Choice {
        alphabet,
        air: Air {
            alphabet: AirAlphabet::Gsm7,
            shift,
            packed: alphabet == WireAlphabet::Gsm7Packed,
        },
        units: septets,
    }
}

fn ucs2_choice(text: &str) -> Choice {
    Choice {
        alphabet: WireAlphabet::Ucs2,
        air: Air::of(AirAlphabet::Ucs2),
        units: ucs2::units(text),
    }
}
