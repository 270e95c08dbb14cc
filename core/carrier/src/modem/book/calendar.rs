//! Days and months of a zone, each with its length as that zone has it.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// A day or a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    /// Grows with time; the same for the life of all files.
    pub(super) label: i32,
    from_ns: u64,
    /// Its end, UTC nanoseconds, exclusive.
    pub(super) until_ns: u64,
}

impl Span {
    /// None yet: holds no moment.
    const NONE: Self = Self {
        label: 0,
        from_ns: 1,
        until_ns: 0,
    };

    const fn holds(&self, utc_ns: u64) -> bool {
        self.from_ns <= utc_ns && utc_ns < self.until_ns
    }
}

/// The day and the month that were looked at last.
#[derive(Debug, Clone)]
pub(super) struct Calendar {
    zone: TimeZone,
    day: Span,
    month: Span,
}

impl Calendar {
    pub(super) fn new(zone: TimeZone) -> Self {
        Self {
            zone,
            day: Span::NONE,
            month: Span::NONE,
        }
    }

    /// The day and the month of a moment.
    pub(super) fn at(&mut self, utc_ns: u64) -> (Span, Span) {
        if !self.day.holds(utc_ns) || !self.month.holds(utc_ns) {
            (self.day, self.month) = self.look_up(utc_ns);
        }
        (self.day, self.month)
    }

    fn look_up(&self, utc_ns: u64) -> (Span, Span) {
        let whole = Span {
            label: 0,
            from_ns: 0,
            until_ns: u64::MAX,
        };
        let Ok(moment) = Timestamp::from_nanosecond(i128::from(utc_ns)) else {
            return (whole, whole);
        };
        let date = moment.to_zoned(self.zone.clone()).date();
        let months = i32::from(date.year()) * 12 + i32::from(date.month()) - 1;
        let day = Span {
            label: months * 31 + i32::from(date.day()) - 1,
            from_ns: self.midnight(date).unwrap_or(0),
            until_ns: self.midnight_after(date, utc_ns),
        };
        let month = Span {
            label: months,
            from_ns: self.midnight(date.first_of_month()).unwrap_or(0),
            until_ns: self.midnight_after(date.last_of_month(), utc_ns),
        };
        (day, month)
    }

    /// Where a zone has no midnight on this day, the first moment after it.
    fn midnight(&self, date: Date) -> Option<u64> {
        let zoned = date.to_zoned(self.zone.clone()).ok()?;
        Some(u64::try_from(zoned.timestamp().as_nanosecond()).unwrap_or(0))
    }

    /// The end of a day, which lies after a moment of it whatever the zone's tables say.
    fn midnight_after(&self, date: Date, utc_ns: u64) -> u64 {
        let next = date.tomorrow().ok().and_then(|next| self.midnight(next));
        next.unwrap_or(u64::MAX).max(utc_ns.saturating_add(1))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn ns(text: &str) -> u64 {
        let moment: Timestamp = text.parse().unwrap();
        moment.as_nanosecond() as u64
    }

    #[test]
    fn a_day_is_as_long_as_its_zone_has_it() {
        let mut berlin = Calendar::new(TimeZone::get("Europe/Berlin").unwrap());
        // Clocks go forward on 29 March 2026 and back on 25 October.
        let (day, month) = berlin.at(ns("2026-03-29T12:00:00Z"));
        assert_eq!(
            (day.from_ns, day.until_ns),
            (ns("2026-03-28T23:00:00Z"), ns("2026-03-29T22:00:00Z"))
        );
        assert_eq!(month.until_ns, ns("2026-03-31T22:00:00Z"));
        let (day, _) = berlin.at(ns("2026-10-25T12:00:00Z"));
        assert_eq!(day.until_ns, ns("2026-10-25T23:00:00Z"));
        // The hour that comes twice is of one day.
        assert_eq!(
            berlin.at(ns("2026-10-25T00:30:00Z")).0,
            berlin.at(ns("2026-10-25T01:30:00Z")).0
        );
    }

    #[test]
    fn each_moment_lies_in_its_own_day_and_labels_grow() {
        for zone in [
            "UTC",
            "Europe/Berlin",
            "America/Sao_Paulo",
            "Pacific/Apia",
            "Asia/Kathmandu",
        ] {
            let mut calendar = Calendar::new(TimeZone::get(zone).unwrap());
            let (mut before, step) = (i32::MIN, 3_600_000_000_000);
            for hour in 0..24 * 800 {
                let utc_ns = ns("2010-11-01T00:00:00Z") + hour * step;
                let (day, month) = calendar.at(utc_ns);
                assert!(day.holds(utc_ns) && month.holds(utc_ns), "{zone} {utc_ns}");
                assert!(day.label >= before, "{zone} {utc_ns}");
                before = day.label;
            }
        }
    }
}
