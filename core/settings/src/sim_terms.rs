//! What a SIM may send: `sim` of a pool, and the same keys of a `[[sim]]` for one card.

use std::time::Duration;

use jiff::tz::TimeZone;

use crate::kind;
use crate::reader::Section;
use crate::route_match;

/// Segments a minute of one SIM at the most: no modem is faster.
pub const PER_MINUTE_MAX: u8 = 60;
/// Different recipients of one SIM that a node can be told to remember.
pub(crate) const RECIPIENTS_MAX: u64 = 20_000;

const DAY: Duration = Duration::from_secs(86_400);
const REST_RANGE: std::ops::RangeInclusive<Duration> = Duration::from_secs(1)..=DAY;
const COOL_DOWN_MIN: Duration = Duration::from_secs(60);
/// A cool-down grows no further than this.
const COOL_DOWN_MAX: Duration = Duration::from_secs(7 * 86_400);

/// What one SIM may send, in segments; none: no cap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SimTerms {
    /// In any 60 seconds, spread evenly; 1..=[`PER_MINUTE_MAX`].
    pub per_minute: u8,
    /// In any 60 minutes.
    pub per_hour: Option<u32>,
    /// On a day of `zone`.
    pub per_day: Option<u32>,
    /// In a month of `zone`.
    pub per_month: Option<u32>,
    /// Different recipients in a month of `zone`.
    pub recipients_per_month: Option<u32>,
    /// After so many segments it rests, so that others have their turn.
    pub rest_after: Option<u32>,
    /// For so long.
    pub rest: Duration,
    /// So many refusals in a row that mean barring, or twice so many of any failure, and it is taken for blocked.
    pub suspect_after: u16,
    /// How long it is left alone then, the first time; doubles with each trial that fails.
    pub cool_down: Duration,
    /// Whose calendar days and months are.
    pub zone: TimeZone,
}

impl Default for SimTerms {
    fn default() -> Self {
        Self {
            per_minute: 15,
            per_hour: None,
            per_day: None,
            per_month: None,
            recipients_per_month: None,
            rest_after: None,
            rest: Duration::from_secs(600),
            suspect_after: 5,
            cool_down: Duration::from_secs(6 * 3_600),
            zone: TimeZone::UTC,
        }
    }
}

impl SimTerms {
    /// The greatest time that a cool-down grows to.
    #[must_use]
    pub fn cool_down_max(&self) -> Duration {
        COOL_DOWN_MAX.max(self.cool_down)
    }
}

/// The keys that a section has; the others are the pool's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SimTermsGiven {
    per_minute: Option<u8>,
    per_hour: Option<u32>,
    per_day: Option<u32>,
    per_month: Option<u32>,
    pub(crate) recipients_per_month: Option<u32>,
    rest_after: Option<u32>,
    rest: Option<Duration>,
    suspect_after: Option<u16>,
    cool_down: Option<Duration>,
    zone: Option<TimeZone>,
}

impl SimTermsGiven {
    pub(crate) fn read(section: &Section<'_>) -> Self {
        let count = |key, most| section.optional(key, kind::integer(1..=most));
        let given = Self {
            per_minute: section
                .optional("per_minute", kind::integer(1..=u64::from(PER_MINUTE_MAX))),
            per_hour: count("per_hour", 3_600),
            per_day: count("per_day", 86_400),
            per_month: count("per_month", 2_678_400),
            recipients_per_month: count("recipients_per_month", RECIPIENTS_MAX),
            rest_after: count("rest_after", 100_000),
            rest: section.optional("rest", kind::time(REST_RANGE)),
            suspect_after: section.optional("suspect_after", kind::integer(2..=1_000)),
            cool_down: section.optional("cool_down", kind::time(COOL_DOWN_MIN..=COOL_DOWN_MAX)),
            zone: section.optional("zone", route_match::zone),
        };
        given.check(section);
        given
    }

    /// Caps that a longer one makes meaningless are slips. Not the pace of a minute: it says how far apart few segments are, too.
    fn check(&self, section: &Section<'_>) {
        let caps = [
            ("per_hour", self.per_hour),
            ("per_day", self.per_day),
            ("per_month", self.per_month),
        ];
        let mut shorter: Option<(&str, u32)> = None;
        for (key, cap) in caps {
            let Some(cap) = cap else { continue };
            if let Some((other, most)) = shorter.filter(|(_, most)| *most > cap) {
                section.fault(
                    key,
                    format!(
                        "is {cap}, less than the {most} of `{other}`; raise it or lower the other"
                    ),
                );
            }
            shorter = Some((key, cap));
        }
        if let (Some(recipients), Some(most)) = (self.recipients_per_month, self.per_month)
            && recipients > most
        {
            section.fault(
                "recipients_per_month",
                format!("is {recipients}, more than the {most} segments of `per_month`; lower it or leave it out"),
            );
        }
    }

    /// These, and `base` where they are silent.
    pub(crate) fn over(&self, base: &SimTerms) -> SimTerms {
        SimTerms {
            per_minute: self.per_minute.unwrap_or(base.per_minute),
            per_hour: self.per_hour.or(base.per_hour),
            per_day: self.per_day.or(base.per_day),
            per_month: self.per_month.or(base.per_month),
            recipients_per_month: self.recipients_per_month.or(base.recipients_per_month),
            rest_after: self.rest_after.or(base.rest_after),
            rest: self.rest.unwrap_or(base.rest),
            suspect_after: self.suspect_after.unwrap_or(base.suspect_after),
            cool_down: self.cool_down.unwrap_or(base.cool_down),
            zone: self.zone.clone().unwrap_or_else(|| base.zone.clone()),
        }
    }
}
