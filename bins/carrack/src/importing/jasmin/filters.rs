//! Filters of routes become conditions of `match`. One that has no counterpart takes its route with it: without it the
//! route would take more than it did.

use super::Work;
use super::seen::Seen;
use crate::importing::draft::{list, quoted};

/// Conditions of a route for messages to handsets, or why there are none.
pub(super) fn conditions(route: Seen<'_>, work: &Work) -> Result<Vec<String>, String> {
    let mut found = Vec::new();
    for filter in route.get("filters").into_iter().flat_map(Seen::items) {
        let text = |key: &str| filter.get(key).and_then(Seen::text).unwrap_or_default();
        let of = |key: &str, id: &str| {
            filter
                .get(key)
                .and_then(|it| it.get(id)?.text())
                .unwrap_or_default()
        };
        let condition = match filter.class() {
            "TransparentFilter" => continue,
            "UserFilter" => {
                let uid = of("user", "uid");
                let name = work.accounts.get(&uid);
                let name = name.ok_or_else(|| format!("its user {uid} was not carried over"))?;
                format!("account = {}", quoted(name))
            }
            "GroupFilter" => {
                let gid = of("group", "gid");
                let name = work.groups.get(&gid);
                let name = name.ok_or_else(|| format!("its group {gid} was not carried over"))?;
                format!("group = {}", quoted(name))
            }
            "DestinationAddrFilter" => {
                let pattern = text("destination_addr");
                let prefixes = prefixes(&pattern).ok_or_else(|| {
                    format!("{pattern:?} is no list of beginnings of numbers; write prefix = [...] yourself")
                })?;
                format!("prefix = {}", list(prefixes.iter().map(String::as_str)))
            }
            "SourceAddrFilter" => {
                let pattern = text("source_addr");
                let sender = literal(&pattern);
                let sender = sender.ok_or_else(|| {
                    format!("{pattern:?} is no one sender; write from = [...] yourself")
                })?;
                format!("from = {}", quoted(&sender))
            }
            // Python matches at the beginning.
            "ShortMessageFilter" => format!(
                "text = {}",
                quoted(&format!("^(?:{})", text("short_message")))
            ),
            "TagFilter" => format!("tag = {}", quoted(&text("tag"))),
            "DateIntervalFilter" => {
                dates(filter).ok_or("its dates cannot be read; write dates = \"...\" yourself")?
            }
            "TimeIntervalFilter" => {
                hours(filter).ok_or("its hours cannot be read; write hours = \"...\" yourself")?
            }
            other => return Err(format!("{other} has no counterpart")),
        };
        found.push(condition);
    }
    Ok(found)
}

/// Beginnings of numbers that a usual pattern means: `^44`, `44.*`, `(?:44|49)\d+`, `^\+?44\d{10}$`.
pub(super) fn prefixes(pattern: &str) -> Option<Vec<String>> {
    let mut rest = pattern.strip_prefix('^').unwrap_or(pattern);
    for plus in ["\\+?", "(\\+)?", "\\+", "[+]?", "(00|\\+)?", "(?:00|\\+)?"] {
        if let Some(after) = rest.strip_prefix(plus) {
            rest = after;
            break;
        }
    }
    rest = rest.strip_suffix('$').unwrap_or(rest);
    if let Some(open) = rest.strip_suffix('}').and_then(|rest| rest.rfind('{')) {
        rest = rest.get(..open)?;
    } else {
        rest = rest.strip_suffix(['*', '+']).unwrap_or(rest);
    }
    for any in ["\\d", "[0-9]", "."] {
        rest = rest.strip_suffix(any).unwrap_or(rest);
    }
    let group = rest
        .strip_prefix("(?:")
        .or(rest.strip_prefix('('))
        .and_then(|it| it.strip_suffix(')'));
    let members = group.unwrap_or(rest).split('|');
    let mut found = Vec::new();
    for member in members {
        let is_prefix = !member.is_empty()
            && member.len() <= 15
            && member.bytes().all(|octet| octet.is_ascii_digit());
        if !is_prefix || member.starts_with('0') {
            return None;
        }
        found.push(member.to_owned());
    }
    Some(found)
}

/// The one text that a pattern means.
pub(super) fn literal(pattern: &str) -> Option<String> {
    let inner = pattern.strip_prefix('^').unwrap_or(pattern);
    let inner = inner.strip_suffix('$').unwrap_or(inner);
    let is_plain = !inner.is_empty()
        && inner
            .chars()
            .all(|sign| sign.is_alphanumeric() || matches!(sign, ' ' | '-' | '_'));
    is_plain.then(|| inner.to_owned())
}

/// Of `datetime.date`: two octets of the year, month, day.
fn dates(filter: Seen<'_>) -> Option<String> {
    let borders = borders(filter, "dateInterval", 4)?;
    let date = |octets: &[u8]| match octets {
        [high, low, month, day] => {
            let year = u16::from(*high) << 8 | u16::from(*low);
            Some(format!("{year:04}-{month:02}-{day:02}"))
        }
        _ => None,
    };
    let [first, last] = &borders;
    Some(format!(
        "dates = {}",
        quoted(&format!("{}..{}", date(first)?, date(last)?))
    ))
}

/// Of `datetime.time`: hour, minute, second.
fn hours(filter: Seen<'_>) -> Option<String> {
    let borders = borders(filter, "timeInterval", 2)?;
    let time = |octets: &[u8]| match octets {
        [hour, minute] => Some(format!("{:02}:{minute:02}", hour & 0x7F)),
        _ => None,
    };
    let [first, last] = &borders;
    Some(format!(
        "hours = {}",
        quoted(&format!("{}-{}", time(first)?, time(last)?))
    ))
}

fn borders(filter: Seen<'_>, key: &str, octets: usize) -> Option<[Vec<u8>; 2]> {
    let mut borders = filter.get(key)?.items().filter_map(|it| {
        let made = it.made_of()?;
        made.get(..octets).map(<[u8]>::to_vec)
    });
    Some([borders.next()?, borders.next()?])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_patterns_are_beginnings_of_numbers_and_others_are_not_guessed() {
        for (pattern, expected) in [
            ("^44", "44"),
            ("44.*", "44"),
            ("^\\+?4477\\d{8}$", "4477"),
            ("(?:44|49)\\d+", "44,49"),
            ("^(33|34)[0-9]*$", "33,34"),
            ("1", "1"),
        ] {
            let found = prefixes(pattern).map(|found| found.join(","));
            assert_eq!(found.as_deref(), Some(expected), "{pattern}");
        }
        for pattern in ["", ".*", "^[45]4", "^0170", "44|", "^44(?!77)", "4?4"] {
            assert_eq!(prefixes(pattern), None, "{pattern}");
        }
    }

    #[test]
    fn a_pattern_that_means_one_sender_is_that() {
        assert_eq!(literal("^ACME$").as_deref(), Some("ACME"));
        for pattern in ["", "AC.E", "^A|B$", "20203[0-9]"] {
            assert_eq!(literal(pattern), None, "{pattern}");
        }
    }
}
