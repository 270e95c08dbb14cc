//! Country and kind of a number, by libphonenumber's metadata.
//!
//! Promise: never fails and says unknown rather than guess; numbers of countries that share a code are told apart as far as
//! the metadata tells them. The metadata is read once (tens of milliseconds). It costs a few microseconds a number, and a
//! lock that all threads share: for screening and for people, not for every choice of a carrier.

use std::fmt;
use std::str::FromStr;

use phonenumber::metadata::{DATABASE, Descriptor, Metadata};
use thiserror::Error;

use super::{MSISDN_DIGITS_MAX, Msisdn};

/// Country codes have one to three digits, and none begins with another.
const CODE_DIGITS_MAX: usize = 3;
/// The region of codes that belong to no country, such as 800 and 883.
const WORLD: &str = "001";

/// What a number is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NumberKind {
    /// A handset.
    Mobile,
    /// A line, which mostly takes no short messages.
    Fixed,
    /// One of the two: the country does not tell them apart.
    FixedOrMobile,
    /// Costs the caller more than a call.
    Premium,
    /// Costs the caller nothing.
    TollFree,
    /// A telephone of the internet.
    Voip,
    /// Valid, and none of these: pagers, shared cost, personal and company numbers, voice mail.
    Other,
    /// Not a valid number as far as the metadata knows.
    #[default]
    Unknown,
}

const NAMES: [(NumberKind, &str); 8] = [
    (NumberKind::Mobile, "mobile"),
    (NumberKind::Fixed, "fixed"),
    (NumberKind::FixedOrMobile, "fixed_or_mobile"),
    (NumberKind::Premium, "premium"),
    (NumberKind::TollFree, "toll_free"),
    (NumberKind::Voip, "voip"),
    (NumberKind::Other, "other"),
    (NumberKind::Unknown, "unknown"),
];

/// Why a text names no kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "a kind of number is one of mobile, fixed, fixed_or_mobile, premium, toll_free, voip, other, unknown"
)]
pub struct NumberKindFault;

impl NumberKind {
    /// As it is written.
    #[must_use]
    pub fn name(self) -> &'static str {
        let named = NAMES.into_iter().find(|(kind, _)| *kind == self);
        named.map_or("unknown", |(_, name)| name)
    }
}

impl fmt::Display for NumberKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for NumberKind {
    type Err = NumberKindFault;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let named = NAMES.into_iter().find(|(_, name)| *name == text);
        named.map(|(kind, _)| kind).ok_or(NumberKindFault)
    }
}

/// Where a number is from and what it is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NumberOrigin {
    /// Two letters (ISO 3166); none for numbers of no country, and where it is not known.
    pub country: Option<&'static str>,
    /// What it is for.
    pub kind: NumberKind,
}

/// Country and kind of a number.
#[must_use]
pub fn origin(number: Msisdn) -> NumberOrigin {
    let mut room = [0; MSISDN_DIGITS_MAX];
    let digits = std::str::from_utf8(number.write_digits(&mut room)).unwrap_or_default();
    for code_digits in 1..=CODE_DIGITS_MAX {
        let Some((code, national)) = digits.split_at_checked(code_digits) else {
            continue;
        };
        let regions = code
            .parse::<u16>()
            .ok()
            .and_then(|code| DATABASE.by_code(&code));
        if let Some(regions) = regions {
            return among(&regions, national);
        }
    }
    NumberOrigin::default()
}

/// The country among those that share the code: by its leading digits, else the first for which the number is valid. A
/// number that is valid in none is of the first, to which the code belongs.
fn among(regions: &[&'static Metadata], national: &str) -> NumberOrigin {
    for region in regions {
        let kind = match region.leading_digits() {
            Some(leading) if regions.len() > 1 => {
                let begins = leading
                    .find(national)
                    .is_some_and(|found| found.start() == 0);
                begins.then(|| kind(region, national))
            }
            _ => Some(kind(region, national)).filter(|kind| *kind != NumberKind::Unknown),
        };
        if let Some(kind) = kind {
            let country = country(region);
            return NumberOrigin { country, kind };
        }
    }
    NumberOrigin {
        country: regions.first().and_then(|region| country(region)),
        kind: NumberKind::Unknown,
    }
}

fn country(region: &'static Metadata) -> Option<&'static str> {
    Some(region.id()).filter(|id| *id != WORLD)
}

/// In libphonenumber's order: what costs the most is told first.
fn kind(region: &Metadata, national: &str) -> NumberKind {
    let known = region.descriptors();
    let is = |descriptor: Option<&Descriptor>| descriptor.is_some_and(|d| d.is_match(national));
    if !known.general().is_match(national) {
        return NumberKind::Unknown;
    }
    if is(known.premium_rate()) {
        return NumberKind::Premium;
    }
    if is(known.toll_free()) {
        return NumberKind::TollFree;
    }
    if is(known.shared_cost()) {
        return NumberKind::Other;
    }
    if is(known.voip()) {
        return NumberKind::Voip;
    }
    let others = [
        known.personal_number(),
        known.pager(),
        known.uan(),
        known.voicemail(),
    ];
    if others.into_iter().any(is) {
        return NumberKind::Other;
    }
    match (is(known.fixed_line()), is(known.mobile())) {
        (true, true) => NumberKind::FixedOrMobile,
        (true, false) => NumberKind::Fixed,
        (false, true) => NumberKind::Mobile,
        (false, false) => NumberKind::Unknown,
    }
}
