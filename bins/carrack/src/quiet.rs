//! From `[[quiet_hours]]` to what the engine is told.

use carrack_message::Class;
use carrack_routing::local::{QuietHours, QuietRule};
use carrack_routing::{Hours, Matcher};
use carrack_settings::{Fault, Quiet, Settings};
use jiff::tz::TimeZone;

use crate::configuration::prefixes;
use crate::ways;

/// The rules of a configuration, in the order of the file; faults of their prefixes are gathered.
pub(crate) fn of(settings: &Settings, faults: &mut Vec<Fault>) -> QuietHours {
    let rules = settings.quiet_hours.iter();
    let rules = rules.filter_map(|rule| {
        let prefixes = prefixes(settings, &rule.matches, rule.line, faults);
        let classes = held(rule);
        // A rule of exempt classes alone holds nobody.
        (!classes.is_empty()).then(|| QuietRule {
            name: rule.name.clone(),
            matcher: Matcher {
                classes,
                ..ways::matcher(&rule.matches, prefixes)
            },
            zone: rule.zone.clone(),
            hours: Hours {
                zone: TimeZone::UTC,
                times: rule.times.clone(),
                days: rule.days.clone(),
                dates: Vec::new(),
            },
            holidays: rule.holidays.clone(),
        })
    });
    QuietHours::new(rules.collect())
}

/// The classes that a rule holds.
fn held(rule: &Quiet) -> Vec<Class> {
    let asked = |class: &Class| {
        let classes = &rule.matches.classes;
        classes.is_empty() || classes.contains(class)
    };
    let classes = Class::ALL.into_iter().filter(asked);
    classes
        .filter(|class| !rule.exempt.contains(class))
        .collect()
}
