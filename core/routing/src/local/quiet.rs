//! Hours in which recipients are left alone.

use carrack_message::Network;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::zones;
use crate::hours::Hours;
use crate::{Matcher, Query};

/// Steps of a search for the end: a boundary of a day each.
const STEPS_MAX: usize = 400;

/// Quiet hours of some messages.
#[derive(Clone, Debug)]
pub struct QuietRule {
    /// Its name.
    pub name: String,
    /// Whose messages are held.
    pub matcher: Matcher,
    /// The clock; none: the recipient's.
    pub zone: Option<TimeZone>,
    /// Hours and days; without hours whole days. Its zone is of no matter.
    pub hours: Hours,
    /// Days that are quiet from midnight to midnight.
    pub holidays: Vec<Date>,
}

impl QuietRule {
    fn is_quiet(&self, zone: &TimeZone, utc_ns: u64) -> bool {
        let Ok(at) = Timestamp::from_nanosecond(i128::from(utc_ns)) else {
            return false;
        };
        if self.holidays.contains(&zone.to_datetime(at).date()) {
            return true;
        }
        // A rule that has holidays alone has no hours.
        let has_hours = !self.hours.times.is_empty() || !self.hours.days.is_empty();
        has_hours && self.hours.contains_in(zone, utc_ns)
    }

    /// The next moment at which it may end: an hour at which some quiet ends, or midnight.
    fn next_boundary(&self, zone: &TimeZone, utc_ns: u64) -> Option<u64> {
        let at = Timestamp::from_nanosecond(i128::from(utc_ns)).ok()?;
        let today = zone.to_datetime(at).date();
        let tomorrow = today.checked_add(1.day()).ok()?;
        let midnight = tomorrow.to_datetime(jiff::civil::Time::midnight());
        let ends = self.hours.times.iter().map(|(_, until)| *until);
        let ends = ends.flat_map(|until| [today.to_datetime(until), tomorrow.to_datetime(until)]);
        let moments = ends.chain([midnight]).filter_map(|civil| {
            // A time that a change of the clock skips or repeats is taken as the clock's makers say.
            let moment = civil.to_zoned(zone.clone()).ok()?.timestamp();
            u64::try_from(moment.as_nanosecond()).ok()
        });
        moments.filter(|moment| *moment > utc_ns).min()
    }

    /// Until when it is quiet for a number; none where it is not.
    fn until(&self, to: carrack_message::Msisdn, utc_ns: u64) -> Option<u64> {
        let zones = match &self.zone {
            Some(zone) => std::slice::from_ref(zone),
            None => zones(to),
        };
        let quiet = zones.iter().find(|zone| self.is_quiet(zone, utc_ns))?;
        self.next_boundary(quiet, utc_ns)
    }
}

/// All quiet hours.
#[derive(Clone, Debug, Default)]
pub struct QuietHours {
    rules: Vec<QuietRule>,
}

impl QuietHours {
    /// These.
    #[must_use]
    pub fn new(rules: Vec<QuietRule>) -> Self {
        Self { rules }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// When a message that may leave at this moment, UTC nanoseconds, may really leave, and the rule that says so last; none:
    /// then.
    #[must_use]
    pub fn held_until(
        &self,
        query: &Query<'_>,
        network: Network,
        utc_ns: u64,
    ) -> Option<(u64, &str)> {
        let matching: smallvec::SmallVec<[&QuietRule; 4]> = self
            .rules
            .iter()
            .filter(|rule| rule.matcher.matches(query, network))
            .collect();
        let (mut until_ns, mut name) = (utc_ns, None);
        for _ in 0..STEPS_MAX {
            let mut quiet = matching.iter().filter_map(|rule| {
                let until_ns = rule.until(query.to, until_ns)?;
                Some((until_ns, rule.name.as_str()))
            });
            match quiet.next() {
                Some((next_ns, rule)) => (until_ns, name) = (next_ns, Some(rule)),
                None => break,
            }
        }
        name.map(|name| (until_ns, name))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use carrack_message::{Class, Msisdn};
    use jiff::civil::{Time, Weekday, date, time};
    use proptest::prelude::*;

    fn at(text: &str) -> u64 {
        let at: Timestamp = text.parse().unwrap();
        u64::try_from(at.as_nanosecond()).unwrap()
    }

    fn rule(times: &[(Time, Time)]) -> QuietRule {
        QuietRule {
            name: "nights".to_owned(),
            matcher: Matcher::default(),
            zone: None,
            hours: Hours {
                zone: TimeZone::UTC,
                times: times.to_vec(),
                days: Vec::new(),
                dates: Vec::new(),
            },
            holidays: Vec::new(),
        }
    }

    fn nights() -> QuietRule {
        rule(&[(time(21, 0, 0, 0), time(8, 0, 0, 0))])
    }

    fn until(rules: Vec<QuietRule>, to: u64, utc: &str) -> Option<u64> {
        let to = Msisdn::from_u64(to).unwrap();
        let query = Query::of("shop", to, "ACME", Class::Bulk);
        let quiet = QuietHours::new(rules);
        quiet
            .held_until(&query, Network::UNKNOWN, at(utc))
            .map(|(until_ns, _)| until_ns)
    }

    #[test]
    fn a_night_is_the_recipients_own() {
        let berlin = 4_915_123_456_789;
        // Berlin is an hour before UTC in winter, two in summer.
        assert_eq!(until(vec![nights()], berlin, "2026-11-20T19:59:59Z"), None);
        let morning = Some(at("2026-11-21T07:00:00Z"));
        assert_eq!(
            until(vec![nights()], berlin, "2026-11-20T20:00:00Z"),
            morning
        );
        assert_eq!(
            until(vec![nights()], berlin, "2026-11-21T06:59:59Z"),
            morning
        );
        assert_eq!(until(vec![nights()], berlin, "2026-11-21T07:00:00Z"), None);
        let summer = Some(at("2026-07-02T06:00:00Z"));
        assert_eq!(
            until(vec![nights()], berlin, "2026-07-01T19:00:00Z"),
            summer
        );
        // The night in which the clock is set.
        let set = Some(at("2026-10-25T07:00:00Z"));
        assert_eq!(until(vec![nights()], berlin, "2026-10-24T22:00:00Z"), set);
    }

    #[test]
    fn who_may_be_in_several_zones_is_let_alone_until_it_is_day_in_all() {
        let (new_york, anywhere) = (12_125_550_123, 15_005_550_123);
        let utc = "2026-11-20T13:30:00Z";
        assert_eq!(
            until(vec![nights()], new_york, utc),
            None,
            "half past eight there"
        );
        let held = until(vec![nights()], anywhere, utc).unwrap();
        let hawaii = TimeZone::get("Pacific/Honolulu").unwrap();
        let guam = TimeZone::get("Pacific/Guam").unwrap();
        for zone in [&hawaii, &guam] {
            assert!(!nights().is_quiet(zone, held), "{zone:?}");
        }
    }

    #[test]
    fn sundays_and_holidays_are_whole_days_and_follow_nights() {
        let mut sundays = rule(&[]);
        sundays.hours.days = vec![Weekday::Sunday];
        let mut feasts = rule(&[]);
        feasts.holidays = vec![date(2026, 12, 25), date(2026, 12, 26)];
        let rules = vec![nights(), sundays, feasts];
        let berlin = 4_915_123_456_789;
        // Friday and Saturday are feasts, then comes Sunday, and the night after it.
        let monday = Some(at("2026-12-28T07:00:00Z"));
        assert_eq!(until(rules.clone(), berlin, "2026-12-24T21:00:00Z"), monday);
        assert_eq!(until(rules, berlin, "2026-12-23T12:00:00Z"), None);
    }

    #[test]
    fn quiet_that_never_ends_is_given_up_and_a_number_of_nowhere_is_never_quiet() {
        let always = rule(&[
            (time(0, 0, 0, 0), time(12, 0, 0, 0)),
            (time(12, 0, 0, 0), time(0, 0, 0, 0)),
        ]);
        assert!(until(vec![always], 4_915_123_456_789, "2026-11-20T12:00:00Z").is_some());
        assert_eq!(
            until(vec![nights()], 9_991_234_567, "2026-11-20T23:00:00Z"),
            None
        );
    }

    proptest! {
        #[test]
        fn the_end_is_not_quiet_and_all_before_it_is(second in 0..31_536_000_u64, from in 0..24_i8, until in 0..24_i8) {
            prop_assume!(from != until);
            let rule = rule(&[(time(from, 0, 0, 0), time(until, 0, 0, 0))]);
            let zone = TimeZone::get("Europe/Berlin").unwrap();
            let now = 1_767_225_600_000_000_000 + second * 1_000_000_000;
            let to = Msisdn::from_u64(4_915_123_456_789).unwrap();
            let query = Query::of("shop", to, "ACME", Class::Bulk);
            let quiet = QuietHours::new(vec![rule.clone()]);
            match quiet.held_until(&query, Network::UNKNOWN, now) {
                None => prop_assert!(!rule.is_quiet(&zone, now)),
                Some((end, _)) => {
                    prop_assert!(!rule.is_quiet(&zone, end));
                    prop_assert!(rule.is_quiet(&zone, now) && rule.is_quiet(&zone, end - 1_000_000_000));
                    prop_assert!(end - now <= 26 * 3_600_000_000_000);
                }
            }
        }
    }
}
