//! `[[quiet_hours]]`: hours in which recipients are left alone; what would leave then waits for their end.

use carrack_message::Class;
use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;

use crate::kind;
use crate::reader::Section;
use crate::route::Names;
use crate::route_match::{self, Match};

/// Rules that may be in a file: a message looks at each of them.
const RULES_MAX: usize = 64;
const HOLIDAYS_MAX: usize = 1_000;

/// `[[quiet_hours]]`; all that match a message hold it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quiet {
    /// Its name; `quiet-hours-N`, counted from 1, where the file gives none.
    pub name: String,
    /// Which messages are held (key `match`).
    pub matches: Match,
    /// Classes that are never held.
    pub exempt: Vec<Class>,
    /// The clock; none: the recipient's (key `zone`).
    pub zone: Option<TimeZone>,
    /// From, inclusive, until, exclusive (key `hours`); none: whole days.
    pub times: Vec<(Time, Time)>,
    /// Days of the week; none: all (key `days`).
    pub days: Vec<Weekday>,
    /// Days that are quiet from midnight to midnight.
    pub holidays: Vec<Date>,
    /// Line of its header in the file.
    pub line: usize,
}

impl Quiet {
    fn read(section: &Section<'_>, place: usize, names: &Names<'_>) -> Self {
        let inner = section.inner("match");
        let matches = inner.map(|inner| Match::read(&inner, names));
        let matches = matches.unwrap_or_default();
        if matches.hours.is_some() {
            section.fault(
                "match",
                "has hours of its own; write `hours`, `days` and `holidays` beside it",
            );
        }
        let times = kind::one_or_list(route_match::times);
        let days = kind::one_or_list(route_match::days);
        let holidays = kind::one_or_list(route_match::dates);
        let quiet = Self {
            name: section.or("name", format!("quiet-hours-{}", place + 1), kind::name),
            matches,
            exempt: section.or(
                "exempt",
                vec![Class::Otp, Class::Alert],
                kind::one_or_list(kind::parsed),
            ),
            zone: section.optional("zone", route_match::zone),
            times: section.or("hours", Vec::new(), times),
            days: section.or("days", Vec::new(), days).concat(),
            holidays: each(section.or("holidays", Vec::new(), holidays)),
            line: section.line,
        };
        if quiet.times.is_empty() && quiet.days.is_empty() && quiet.holidays.is_empty() {
            let what = format!(
                "the quiet hours `{}` say no time; write `hours`, such as \"21:00-08:00\", `days` or `holidays`",
                quiet.name
            );
            section.context.faults.add(section.line, what);
        }
        if quiet.holidays.len() > HOLIDAYS_MAX {
            section.fault("holidays", format!("has more than {HOLIDAYS_MAX} days"));
        }
        section.finish();
        quiet
    }
}

/// Every day of ranges of dates, to one more than there may be.
fn each(ranges: Vec<(Date, Date)>) -> Vec<Date> {
    let days = ranges.into_iter().flat_map(|(first, last)| {
        let after = move |day: &Date| day.tomorrow().ok().filter(|next| *next <= last);
        std::iter::successors(Some(first), after)
    });
    days.take(HOLIDAYS_MAX + 1).collect()
}

/// All rules.
pub(crate) fn read_all(sections: &[Section<'_>], names: &Names<'_>) -> Vec<Quiet> {
    if let Some(section) = sections.get(RULES_MAX) {
        let what = format!("is one rule of quiet hours too many; at most {RULES_MAX} fit");
        section.context.faults.add(section.line, what);
    }
    let sections = sections.iter().enumerate();
    sections
        .map(|(place, section)| Quiet::read(section, place, names))
        .collect()
}
