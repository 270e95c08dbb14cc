//! Zones by number: the longest prefix that is known says them.
//!
//! Source: the time zones of libphonenumber (Apache-2.0), 3,200 prefixes; zones are those of the IANA database that jiff
//! has built in. Bound: ten look-ups a number; nothing is read before the first.

use std::sync::OnceLock;

use carrack_message::Msisdn;
use jiff::tz::TimeZone;
use rustc_hash::FxHashMap;

const FILE: &str = include_str!("zones.csv");

#[derive(Debug, Default)]
struct Zones {
    /// By a prefix with a one before it, so that leading zeros count; the place of its list.
    by_prefix: FxHashMap<u64, u16>,
    lists: Vec<Box<[TimeZone]>>,
    longest: u32,
}

impl Zones {
    fn read(file: &str) -> Self {
        let mut read = Self::default();
        let mut known: FxHashMap<&str, u16> = FxHashMap::default();
        for line in file.lines().skip(1) {
            let Some((prefix, names)) = line.split_once(',') else {
                continue;
            };
            let place = known.get(names).copied().unwrap_or_else(|| {
                let zones = names.split(' ').filter_map(|name| TimeZone::get(name).ok());
                let place = read.lists.len() as u16;
                read.lists.push(zones.collect());
                known.insert(names, place);
                place
            });
            if let Ok(key) = format!("1{prefix}").parse() {
                read.by_prefix.insert(key, place);
                read.longest = read.longest.max(prefix.len() as u32);
            }
        }
        read
    }

    fn of(&self, to: Msisdn) -> &[TimeZone] {
        let digits = to.as_u64();
        let length = digits.checked_ilog10().map_or(1, |below| below + 1);
        for kept in (1..=self.longest.min(length)).rev() {
            let prefix = digits / 10_u64.pow(length - kept) + 10_u64.pow(kept);
            if let Some(list) = self.by_prefix.get(&prefix) {
                return self
                    .lists
                    .get(usize::from(*list))
                    .map_or(&[], |list| &list[..]);
            }
        }
        &[]
    }
}

/// The zones that a number may be in; none where nothing is known of its country.
#[must_use]
pub fn zones(to: Msisdn) -> &'static [TimeZone] {
    static ZONES: OnceLock<Zones> = OnceLock::new();
    ZONES.get_or_init(|| Zones::read(FILE)).of(to)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn names(to: u64) -> Vec<String> {
        let zones = zones(Msisdn::from_u64(to).unwrap()).iter();
        zones
            .map(|zone| zone.iana_name().unwrap().to_owned())
            .collect()
    }

    #[test]
    fn the_longest_prefix_says_the_zone_and_a_country_all_of_its() {
        assert_eq!(names(12_125_550_123), ["America/New_York"]);
        assert_eq!(names(13_105_550_123), ["America/Los_Angeles"]);
        assert_eq!(names(4_915_123_456_789), ["Europe/Berlin"]);
        assert!(names(447_700_900_123).contains(&"Europe/London".to_owned()));
        assert!(names(15_005_550_123).len() > 5, "of no area code");
        assert!(names(9_991_234_567).is_empty());
    }

    #[test]
    fn every_zone_of_the_file_is_known() {
        for line in FILE.lines().skip(1) {
            for name in line.split_once(',').unwrap().1.split(' ') {
                assert!(TimeZone::get(name).is_ok(), "{line}: {name}");
            }
        }
    }
}
