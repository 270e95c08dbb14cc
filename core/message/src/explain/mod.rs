//! Why a text costs what it costs: its alphabet, its segments, the characters that make it dearer and what to write instead.
//!
//! Promise: the same plan as sending makes. For people, not for the hot path: it allocates, and looks at
//! [`CHARACTERS_WEIGHED_MAX`] different characters at most for what each would save.

pub(crate) mod advice;

use crate::alphabet::gsm7;
use crate::alphabet::national::Shift;
use crate::segment::cut_into;
use crate::wire::{AirAlphabet, TextForm, WireAlphabet, WireFault, WirePlan};

/// Different costly characters whose saving is computed; of others it is told as 0.
pub const CHARACTERS_WEIGHED_MAX: usize = 64;

/// A text, explained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// How it would go.
    pub plan: WirePlan,
    /// `data_coding` that it would have.
    pub data_coding: u8,
    /// Its segments on air.
    pub segments: Vec<SegmentExplained>,
    /// Septets, octets or UTF-16 units in all.
    pub units: u32,
    /// Each character that makes it dearer, in order.
    pub costly: Vec<Costly>,
    /// Segments that it would take with every suggestion taken, where that is fewer.
    pub segments_advised: Option<u8>,
    /// Segments of the whole text, where they are more than any message may have and only the first are told of.
    pub segments_whole: Option<usize>,
    /// Why this carrier would not take it as it is; the rest is then told as if any number of segments and every
    /// `data_coding` were allowed.
    pub fault: Option<WireFault>,
}

/// One segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentExplained {
    /// Septets, octets or UTF-16 units.
    pub units: u32,
    /// Its text.
    pub text: String,
}

/// Why a character costs more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cost {
    /// No alphabet of one septet a character has it: the whole text goes as UCS-2, 70 characters a segment.
    ForcesUcs2,
    /// The carrier's 8-bit alphabet has it, or 7-bit tables of the profile have it, but not with all the rest in as few
    /// segments: the whole text goes as UCS-2.
    GoesWithUcs2,
    /// It is in a national table, which every segment must name.
    NeedsNationalTable,
    /// It takes two septets: an escape goes first.
    TwoSeptets,
}

/// A character that makes a text dearer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Costly {
    /// The character.
    pub found: char,
    /// Position in characters, from 0.
    pub position: usize,
    /// What people call it, where that helps: an invisible or a look-alike.
    pub name: Option<&'static str>,
    /// Why.
    pub cost: Cost,
    /// What to write instead; empty: leave it out.
    pub suggestion: Option<&'static str>,
    /// Segments saved if this character alone is replaced wherever it stands.
    pub saves: u8,
}

impl Explanation {
    /// Explains how a text would go to a carrier. Of a text past 255 segments, what the first 255 hold.
    #[must_use]
    pub fn of(text: &str, form: &TextForm) -> Self {
        let fault = form.plan(text).err();
        let mut unbounded = TextForm {
            parts_max: u8::MAX,
            ..form.clone()
        };
        if matches!(fault, Some(WireFault::NotTaken { .. })) {
            unbounded.data_codings_allowed.clear();
        }
        let segments_whole = match unbounded.plan(text) {
            Err(WireFault::TooLong { segments, .. }) => Some(segments),
            _ => None,
        };
        let (plan, text) = planned(text, &unbounded);
        let air = plan.measure();
        let limit = usize::from(plan.segment_units);
        let segments = cut_into(text, air, limit)
            .map(|segment| SegmentExplained {
                units: segment.chars().map(|found| air.units(found) as u32).sum(),
                text: segment.to_owned(),
            })
            .collect();
        let costly = costly(text, &unbounded, &plan);
        let advised = advised(text, &costly);
        let advised = advised.and_then(|text| unbounded.plan(&text).ok());
        Self {
            plan,
            data_coding: unbounded.class_zero(plan.alphabet, false).0,
            segments,
            units: plan.units,
            costly,
            segments_advised: advised
                .map(|advised| advised.segments)
                .filter(|segments| *segments < plan.segments && segments_whole.is_none()),
            segments_whole,
            fault,
        }
    }
}

/// The plan of as much of a text as 255 segments hold, to the character.
fn planned<'a>(text: &'a str, form: &TextForm) -> (WirePlan, &'a str) {
    if let Ok(plan) = form.plan(text) {
        return (plan, text);
    }
    // Of every text that is too long, the end that still fits lies between these two.
    let (mut fits, mut too_long) = (0, text.len());
    while too_long - fits > 1 {
        let middle = text.floor_char_boundary(fits + (too_long - fits) / 2);
        let middle = if middle <= fits {
            text.ceil_char_boundary(fits + 1)
        } else {
            middle
        };
        if middle >= too_long {
            break;
        }
        match form.plan(text.get(..middle).unwrap_or_default()) {
            Ok(_) => fits = middle,
            Err(_) => too_long = middle,
        }
    }
    let text = text.get(..fits).unwrap_or_default();
    (form.plan(text).unwrap_or_else(|_| empty()), text)
}

/// The plan of no text, in a form that holds every other.
fn empty() -> WirePlan {
    WirePlan {
        alphabet: WireAlphabet::Gsm7,
        air: AirAlphabet::Gsm7,
        locking: None,
        single: None,
        parts: 1,
        segments: 1,
        units: 0,
        segment_units: 160,
        flash: false,
    }
}

fn costly(text: &str, form: &TextForm, plan: &WirePlan) -> Vec<Costly> {
    let mut weighed: Vec<(char, u8)> = Vec::new();
    let mut found_costly = Vec::new();
    for (position, found) in text.chars().enumerate() {
        let Some(cost) = cost(found, form, plan) else {
            continue;
        };
        let (name, suggestion) = advice::of(found);
        let saves = match (
            suggestion,
            weighed.iter().find(|(known, _)| *known == found),
        ) {
            (None, _) => 0,
            (Some(_), Some((_, saves))) => *saves,
            (Some(_), None) if weighed.len() >= CHARACTERS_WEIGHED_MAX => 0,
            (Some(suggestion), None) => {
                let replaced = form.plan(&text.replace(found, suggestion));
                let saves = replaced.map_or(0, |replaced| {
                    plan.segments.saturating_sub(replaced.segments)
                });
                weighed.push((found, saves));
                saves
            }
        };
        found_costly.push(Costly {
            found,
            position,
            name,
            cost,
            suggestion,
            saves,
        });
    }
    found_costly
}

fn cost(found: char, form: &TextForm, plan: &WirePlan) -> Option<Cost> {
    match (plan.air, gsm7::septets(found)) {
        (AirAlphabet::Ucs2, septets) => ucs2_cost(found, septets, form),
        (AirAlphabet::Octets, _) => None,
        (AirAlphabet::Gsm7, None) => Some(Cost::NeedsNationalTable),
        (AirAlphabet::Gsm7, _) => (plan.measure().units(found) == 2).then_some(Cost::TwoSeptets),
    }
}

/// Why a character makes a text UCS-2 that could be cheaper without it.
fn ucs2_cost(found: char, septets: Option<usize>, form: &TextForm) -> Option<Cost> {
    // Where even a text of GSM 7-bit goes in octets, what those lack forces UCS-2 just as well.
    let lacks = !form.for_gsm_safe("").is_gsm() && !form.for_gsm_safe("").holds(found);
    if septets.is_some() {
        return lacks.then_some(Cost::ForcesUcs2);
    }
    let default = form.default_alphabet;
    let is_national = default.is_gsm()
        && Shift::all_of(&form.national)
            .any(|shift| shift.fits(found.encode_utf8(&mut [0; 4])).is_some());
    Some(if is_national {
        Cost::GoesWithUcs2
    } else {
        Cost::ForcesUcs2
    })
}

/// The text with every suggestion taken; none where there is none.
fn advised(text: &str, costly: &[Costly]) -> Option<String> {
    let mut advised = String::with_capacity(text.len());
    let mut rest = costly.iter().peekable();
    let mut any = false;
    for (position, found) in text.chars().enumerate() {
        let suggestion = rest
            .next_if(|costly| costly.position == position)
            .and_then(|costly| costly.suggestion);
        match suggestion {
            Some(suggestion) => {
                any = true;
                advised.push_str(suggestion);
            }
            None => advised.push(found),
        }
    }
    any.then_some(advised)
}

impl WireAlphabet {
    /// What people call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gsm7 => "GSM 7-bit",
            Self::Gsm7Packed => "GSM 7-bit, packed",
            Self::Ascii => "ASCII",
            Self::Latin1 => "Latin-1",
            Self::Windows1252 => "Windows-1252",
            Self::Ucs2 => "UCS-2",
        }
    }
}
