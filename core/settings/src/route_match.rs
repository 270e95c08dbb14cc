//! `match` of `[[route]]`: which messages a route takes.

use carrack_message::{Class, Network, is_tag};
use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use regex::Regex;
use toml::de::DeValue;

use crate::kind;
use crate::reader::{Read, Section, Wrong};
use crate::route::{Names, known};

/// A network, or all of a country.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NetworkPattern {
    /// This one.
    Is(Network),
    /// Every one with this MCC.
    Country(u16),
}

/// When a route takes messages; an empty list is no condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hours {
    /// Where the clock hangs (key `zone`).
    pub zone: TimeZone,
    /// From, inclusive, until, exclusive (key `hours`).
    pub times: Vec<(Time, Time)>,
    /// Days of the week (key `days`).
    pub days: Vec<Weekday>,
    /// First and last date (key `dates`).
    pub dates: Vec<(Date, Date)>,
}

/// Which messages a route takes; an empty list is no condition.
#[derive(Clone, Debug, Default)]
pub struct Match {
    /// The number begins with one of these digits (key `prefix`).
    pub prefixes: Vec<String>,
    /// The account is one of these; each exists (key `account`).
    pub accounts: Vec<String>,
    /// The account's group is one of these (key `group`).
    pub groups: Vec<String>,
    /// The class is one of these (key `class`).
    pub classes: Vec<Class>,
    /// The source address is one of these (key `from`).
    pub senders: Vec<String>,
    /// The recipient's network is one of these (key `network`).
    pub networks: Vec<NetworkPattern>,
    /// The customer's tag is one of these (key `tag`).
    pub tags: Vec<String>,
    /// One of these is found in the text (key `text`).
    pub patterns: Vec<Regex>,
    /// It takes at least so many segments (key `segments_min`).
    pub segments_min: Option<u8>,
    /// It takes at most so many (key `segments_max`).
    pub segments_max: Option<u8>,
    /// It comes at such a time.
    pub hours: Option<Hours>,
}

/// Patterns are compared by how they are written.
impl PartialEq for Match {
    fn eq(&self, other: &Self) -> bool {
        let written = |patterns: &[Regex]| -> Vec<String> {
            patterns.iter().map(ToString::to_string).collect()
        };
        self.prefixes == other.prefixes
            && self.accounts == other.accounts
            && self.groups == other.groups
            && self.classes == other.classes
            && self.senders == other.senders
            && self.networks == other.networks
            && self.tags == other.tags
            && written(&self.patterns) == written(&other.patterns)
            && self.segments_min == other.segments_min
            && self.segments_max == other.segments_max
            && self.hours == other.hours
    }
}

impl Eq for Match {}

impl Match {
    pub(crate) fn read(section: &Section<'_>, names: &Names<'_>) -> Self {
        let matches = Self {
            senders: section.or("from", Vec::new(), kind::one_or_list(kind::text)),
            ..Self::read_but_senders(section, names)
        };
        section.finish();
        matches
    }

    /// All but `from`, which its caller reads in a way of his own and then finishes the section.
    pub(crate) fn read_but_senders(section: &Section<'_>, names: &Names<'_>) -> Self {
        let matches = Self {
            prefixes: section.or("prefix", Vec::new(), kind::one_or_list(prefix)),
            accounts: section.or(
                "account",
                Vec::new(),
                kind::one_or_list(known("account", &names.accounts)),
            ),
            groups: section.or(
                "group",
                Vec::new(),
                kind::one_or_list(known("group", &names.groups)),
            ),
            classes: section.or("class", Vec::new(), kind::one_or_list(kind::parsed)),
            senders: Vec::new(),
            networks: section.or("network", Vec::new(), kind::one_or_list(network)),
            tags: section.or("tag", Vec::new(), kind::one_or_list(tag)),
            patterns: section.or("text", Vec::new(), kind::one_or_list(pattern)),
            segments_min: section.optional("segments_min", kind::integer(1..=255)),
            segments_max: section.optional("segments_max", kind::integer(1..=255)),
            hours: hours(section),
        };
        if matches.segments_min > matches.segments_max && matches.segments_max.is_some() {
            section.fault("segments_min", "is above `segments_max`; no message is so");
        }
        matches
    }
}

fn hours(section: &Section<'_>) -> Option<Hours> {
    let zone = section.optional("zone", zone);
    let hours = Hours {
        zone: zone.clone().unwrap_or(TimeZone::UTC),
        times: section.or("hours", Vec::new(), kind::one_or_list(times)),
        days: section
            .or("days", Vec::new(), kind::one_or_list(days))
            .concat(),
        dates: section.or("dates", Vec::new(), kind::one_or_list(dates)),
    };
    let any = !(hours.times.is_empty() && hours.days.is_empty() && hours.dates.is_empty());
    if !any && zone.is_some() {
        section.fault("zone", "says nothing without `hours`, `days` or `dates`");
    }
    any.then_some(hours)
}

pub(crate) fn zone(value: &DeValue<'_>) -> Read<TimeZone> {
    let name = kind::text(value)?;
    TimeZone::get(&name).map_err(|_| {
        Wrong::from(format!(
            "is {name:?}, which is no time zone; write one such as \"Europe/Berlin\" or \"UTC\""
        ))
    })
}

/// `08:00-18:00`
pub(crate) fn times(value: &DeValue<'_>) -> Read<(Time, Time)> {
    let text = kind::text(value)?;
    let time = |text: &str| -> Option<Time> {
        let (hour, minute) = text.trim().split_once(':')?;
        let two = |part: &str| part.len() == 2 && part.bytes().all(|octet| octet.is_ascii_digit());
        if !two(hour) || !two(minute) {
            return None;
        }
        Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()
    };
    let found = text
        .split_once('-')
        .and_then(|(from, until)| Some((time(from)?, time(until)?)));
    found.filter(|(from, until)| from != until).ok_or_else(|| {
        format!(
            "is {text:?}; write hours such as \"08:00-18:00\", or \"22:00-06:00\" over midnight"
        )
        .into()
    })
}

const WEEKDAYS: [(&str, Weekday); 7] = [
    ("mon", Weekday::Monday),
    ("tue", Weekday::Tuesday),
    ("wed", Weekday::Wednesday),
    ("thu", Weekday::Thursday),
    ("fri", Weekday::Friday),
    ("sat", Weekday::Saturday),
    ("sun", Weekday::Sunday),
];

/// `mon` or `mon-fri`
pub(crate) fn days(value: &DeValue<'_>) -> Read<Vec<Weekday>> {
    let text = kind::text(value)?;
    let place = |name: &str| WEEKDAYS.iter().position(|(known, _)| *known == name.trim());
    let (first, last) = text.split_once('-').unwrap_or((&text, &text));
    let (Some(first), Some(last)) = (place(first), place(last)) else {
        return Err(format!("is {text:?}; write days such as \"sun\" or \"mon-fri\"").into());
    };
    let count = (last + 7 - first) % 7 + 1;
    let all = WEEKDAYS.iter().cycle().skip(first).take(count);
    Ok(all.map(|(_, day)| *day).collect())
}

/// `2026-12-24` or `2026-12-24..2026-12-26`
pub(crate) fn dates(value: &DeValue<'_>) -> Read<(Date, Date)> {
    let text = kind::text(value)?;
    let (first, last) = text.split_once("..").unwrap_or((&text, &text));
    let found = first
        .trim()
        .parse::<Date>()
        .ok()
        .zip(last.trim().parse::<Date>().ok());
    found.filter(|(first, last)| first <= last).ok_or_else(|| {
        format!("is {text:?}; write a date such as \"2026-12-24\", or \"2026-12-24..2026-12-26\"")
            .into()
    })
}

fn network(value: &DeValue<'_>) -> Read<NetworkPattern> {
    let text = kind::text(value)?;
    let is_country = text.len() == 3 && text.bytes().all(|octet| octet.is_ascii_digit());
    if let (true, Ok(country)) = (is_country && text != "000", text.parse()) {
        return Ok(NetworkPattern::Country(country));
    }
    text.parse().map(NetworkPattern::Is).map_err(|fault| {
        Wrong::from(format!(
            "is {text:?}: {fault}; a country code alone takes all its networks"
        ))
    })
}

fn tag(value: &DeValue<'_>) -> Read<String> {
    let text = kind::text(value)?;
    match is_tag(&text) {
        true => Ok(text),
        false => Err(format!(
            "is {text:?}; a tag is one word of at most 64 printable ASCII characters"
        )
        .into()),
    }
}

fn pattern(value: &DeValue<'_>) -> Read<Regex> {
    let text = kind::text(value)?;
    Regex::new(&text).map_err(|fault| Wrong::from(format!("is no regular expression: {fault}")))
}

fn prefix(value: &DeValue<'_>) -> Read<String> {
    let text = kind::text(value)?;
    let digits = text.strip_prefix('+').unwrap_or(&text);
    let fits =
        (1..=15).contains(&digits.len()) && digits.bytes().all(|octet| octet.is_ascii_digit());
    if fits && !digits.starts_with('0') {
        return Ok(digits.to_owned());
    }
    Err(format!(
        "is {text:?}; write leading digits of international numbers, without 00, such as \"447\""
    )
    .into())
}
