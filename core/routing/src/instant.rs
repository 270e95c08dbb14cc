//! Instants as price lists write them: a date, which is its midnight in UTC, or RFC 3339.
//!
//! Promise: nanoseconds since 1970 in 64 bits, which last until 2554; what lies beyond is beyond any price, and an end
//! out there is none (`9999-12-31` says "for ever" in many lists).

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use thiserror::Error;

/// A text that is no instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("is no date; write 2026-12-01, or an instant such as 2026-12-01T06:00:00Z")]
pub struct InstantFault;

/// The octets of `2026-12-01`.
const DATE_OCTETS: usize = 10;
/// The last year whose nanoseconds fit.
const YEAR_MAX: i16 = 2554;

/// UTC nanoseconds of a date or an instant: 0 where it lies before 1970, `u64::MAX` where it lies after 2554.
///
/// # Errors
/// [`InstantFault`].
pub fn read_instant(text: &str) -> Result<u64, InstantFault> {
    let day = text.get(..DATE_OCTETS).filter(|day| day.contains('-'));
    let day: Date = day.and_then(|day| day.parse().ok()).ok_or(InstantFault)?;
    // The last days of the year 9999 are no timestamps any more.
    if day.year() > YEAR_MAX && (text.len() == DATE_OCTETS || text.ends_with('Z')) {
        return Ok(u64::MAX);
    }
    let timestamp = if text.len() == DATE_OCTETS {
        let midnight = day.to_zoned(TimeZone::UTC).map_err(|_| InstantFault)?;
        midnight.timestamp()
    } else {
        text.parse::<Timestamp>().map_err(|_| InstantFault)?
    };
    let ns = timestamp.as_nanosecond();
    Ok(u64::try_from(ns.max(0)).unwrap_or(u64::MAX))
}

/// An instant as [`read_instant`] takes it: the date alone at midnight.
#[must_use]
pub fn show_instant(utc_ns: u64) -> String {
    let Ok(timestamp) = Timestamp::from_nanosecond(i128::from(utc_ns)) else {
        return "for ever".to_owned();
    };
    let text = timestamp.to_string();
    match text.strip_suffix("T00:00:00Z") {
        Some(date) => date.to_owned(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn dates_are_midnight_in_utc_and_instants_have_an_offset() {
        let day = read_instant("2026-12-01").unwrap();
        assert_eq!(day, 1_796_083_200_000_000_000);
        assert_eq!(read_instant("2026-12-01T01:00:00+01:00"), Ok(day));
        assert_eq!(show_instant(day), "2026-12-01");
        let noon = read_instant("2026-12-01T12:00:00Z").unwrap();
        assert_eq!(read_instant(&show_instant(noon)), Ok(noon));
        assert_eq!(read_instant("9999-12-31"), Ok(u64::MAX));
        assert_eq!(read_instant("9999-12-31T23:59:59Z"), Ok(u64::MAX));
        assert_eq!(read_instant("1900-01-01"), Ok(0));
    }

    #[test]
    fn what_is_no_instant_is_refused() {
        for text in [
            "",
            "20261201",
            "01/12/2026",
            "2026-13-01",
            "2026-02-30",
            "2026-12-01 12:00",
            "2026-12-01T12:00:00",
            "46357",
            "tomorrow",
        ] {
            assert_eq!(read_instant(text), Err(InstantFault), "{text}");
        }
    }
}
