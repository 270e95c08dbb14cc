//! When a route is open: hours of the day, days of the week and dates, in a time zone.
//!
//! Promise: pure; the moment is given. An empty list is no condition. Hours may go over midnight, and belong to the day
//! on which they begin.

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

/// Times at which a route takes messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hours {
    /// Where the clock hangs.
    pub zone: TimeZone,
    /// From, inclusive, until, exclusive; until before from goes over midnight.
    pub times: Vec<(Time, Time)>,
    /// Days of the week.
    pub days: Vec<Weekday>,
    /// First and last date.
    pub dates: Vec<(Date, Date)>,
}

impl Hours {
    /// Whether a moment, UTC nanoseconds, lies in it.
    #[must_use]
    pub fn contains(&self, utc_ns: u64) -> bool {
        self.contains_in(&self.zone, utc_ns)
    }

    /// Whether a moment lies in it by another clock.
    pub(crate) fn contains_in(&self, zone: &TimeZone, utc_ns: u64) -> bool {
        let Ok(at) = Timestamp::from_nanosecond(i128::from(utc_ns)) else {
            return false;
        };
        let local = zone.to_datetime(at);
        if self.times.is_empty() {
            return self.has_day(local.date());
        }
        let time = local.time();
        self.times.iter().any(|(from, until)| {
            if from < until {
                return *from <= time && time < *until && self.has_day(local.date());
            }
            if *from <= time {
                return self.has_day(local.date());
            }
            let before = local.date().checked_sub(1.day());
            time < *until && before.is_ok_and(|date| self.has_day(date))
        })
    }

    fn has_day(&self, date: Date) -> bool {
        let weekday = self.days.is_empty() || self.days.contains(&date.weekday());
        let dated = self.dates.is_empty()
            || self
                .dates
                .iter()
                .any(|(first, last)| *first <= date && date <= *last);
        weekday && dated
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use jiff::civil::{date, time};

    fn at(text: &str) -> u64 {
        let at: Timestamp = text.parse().unwrap();
        u64::try_from(at.as_nanosecond()).unwrap()
    }

    fn open() -> Hours {
        Hours {
            zone: TimeZone::UTC,
            times: Vec::new(),
            days: Vec::new(),
            dates: Vec::new(),
        }
    }

    #[test]
    fn hours_end_before_their_last_moment() {
        let hours = Hours {
            times: vec![(time(8, 0, 0, 0), time(18, 0, 0, 0))],
            ..open()
        };
        assert!(!hours.contains(at("2026-11-20T07:59:59.999Z")));
        assert!(hours.contains(at("2026-11-20T08:00:00Z")));
        assert!(!hours.contains(at("2026-11-20T18:00:00Z")));
    }

    #[test]
    fn a_night_belongs_to_the_day_on_which_it_begins() {
        let hours = Hours {
            times: vec![(time(22, 0, 0, 0), time(6, 0, 0, 0))],
            days: vec![Weekday::Friday],
            ..open()
        };
        assert!(hours.contains(at("2026-11-20T23:00:00Z")));
        assert!(hours.contains(at("2026-11-21T05:59:00Z")));
        assert!(!hours.contains(at("2026-11-20T05:59:00Z")));
        assert!(!hours.contains(at("2026-11-21T23:00:00Z")));
    }

    #[test]
    fn dates_are_those_of_the_zone() {
        let hours = Hours {
            zone: TimeZone::fixed(jiff::tz::offset(2)),
            dates: vec![(date(2026, 12, 24), date(2026, 12, 26))],
            ..open()
        };
        assert!(hours.contains(at("2026-12-23T22:00:00Z")));
        assert!(!hours.contains(at("2026-12-26T22:00:00Z")));
    }
}
