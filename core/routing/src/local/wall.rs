//! A time on the recipient's own clock: `2026-12-01T09:00 local`.

use std::str::FromStr;

use carrack_message::Msisdn;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use thiserror::Error;

use super::zones;

/// A text that is no local time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum LocalMomentFault {
    /// It is written otherwise.
    #[error("is no local time; write \"2026-12-01T09:00 local\"")]
    Form,
    /// Nothing is known of the recipient's zone.
    #[error(
        "cannot be told for this number, as nothing is known of its zone; give the moment with its offset"
    )]
    Zone,
    /// No clock ever shows it there.
    #[error("is not within what can be told")]
    Range,
}

/// A date and time that every recipient has at another moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalMoment(DateTime);

impl LocalMoment {
    /// Whether a text says that it is one.
    #[must_use]
    pub fn is_meant(text: &str) -> bool {
        text.trim_end().ends_with("local")
    }

    /// When the clock of UTC shows it, UTC nanoseconds.
    ///
    /// # Errors
    /// [`LocalMomentFault::Range`].
    pub fn by_utc_ns(self) -> Result<u64, LocalMomentFault> {
        let moment = self.0.to_zoned(TimeZone::UTC);
        let moment = moment.map_err(|_| LocalMomentFault::Range)?.timestamp();
        u64::try_from(moment.as_nanosecond()).map_err(|_| LocalMomentFault::Range)
    }

    /// When the recipient's clock shows it, UTC nanoseconds. Who may be in several zones has it when it is so late in all of
    /// them.
    ///
    /// # Errors
    /// [`LocalMomentFault`].
    pub fn utc_ns(self, to: Msisdn) -> Result<u64, LocalMomentFault> {
        let zones = zones(to);
        if zones.is_empty() {
            return Err(LocalMomentFault::Zone);
        }
        let moments = zones.iter().filter_map(|zone| {
            let moment = self.0.to_zoned(zone.clone()).ok()?.timestamp();
            u64::try_from(moment.as_nanosecond()).ok()
        });
        moments.max().ok_or(LocalMomentFault::Range)
    }
}

impl FromStr for LocalMoment {
    type Err = LocalMomentFault;

    fn from_str(text: &str) -> Result<Self, LocalMomentFault> {
        let local = text.trim_end().strip_suffix("local");
        let civil = local.ok_or(LocalMomentFault::Form)?.trim();
        let has_time = civil.contains(['T', ' ']) && civil.contains(':');
        // An offset beside it would be passed over.
        let has_offset = civil.ends_with('Z') || civil.contains('+') || civil.contains('[');
        if !has_time || has_offset || civil.matches('-').count() > 2 {
            return Err(LocalMomentFault::Form);
        }
        let moment = civil.parse().map_err(|_| LocalMomentFault::Form)?;
        Ok(Self(moment))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn utc_ns(text: &str, to: u64) -> Result<u64, LocalMomentFault> {
        text.parse::<LocalMoment>()?
            .utc_ns(Msisdn::from_u64(to).unwrap())
    }

    fn at(text: &str) -> u64 {
        let at: jiff::Timestamp = text.parse().unwrap();
        u64::try_from(at.as_nanosecond()).unwrap()
    }

    #[test]
    fn nine_in_the_morning_is_another_moment_for_each() {
        let nine = "2026-12-01T09:00 local";
        assert_eq!(
            utc_ns(nine, 4_915_123_456_789),
            Ok(at("2026-12-01T08:00:00Z"))
        );
        assert_eq!(utc_ns(nine, 12_125_550_123), Ok(at("2026-12-01T14:00:00Z")));
        assert_eq!(
            utc_ns("2026-12-01 09:00:30local", 13_105_550_123),
            Ok(at("2026-12-01T17:00:30Z"))
        );
        // An American number of no known place: when it is nine in all of America's zones.
        assert_eq!(utc_ns(nine, 15_005_550_123), Ok(at("2026-12-01T20:00:00Z")));
        assert_eq!(utc_ns(nine, 9_991_234_567), Err(LocalMomentFault::Zone));
    }

    #[test]
    fn a_time_that_the_clock_skips_is_the_one_after() {
        let skipped = utc_ns("2026-03-29T02:30 local", 4_915_123_456_789);
        assert_eq!(skipped, Ok(at("2026-03-29T01:30:00Z")));
    }

    #[test]
    fn what_is_no_local_time_is_refused() {
        for text in [
            "",
            "local",
            "2026-12-01 local",
            "09:00 local",
            "2026-12-01T09:00",
            "2026-12-01T09:00Z local",
            "2026-12-01T09:00+01:00 local",
            "2026-13-01T09:00 local",
            "tomorrow local",
            "2026-12-01T09:00-05:00 local",
        ] {
            assert_eq!(
                text.parse::<LocalMoment>(),
                Err(LocalMomentFault::Form),
                "{text}"
            );
        }
        assert!(
            LocalMoment::is_meant("2026-12-01T09:00 local")
                && !LocalMoment::is_meant("2026-12-01T09:00Z")
        );
    }
}
