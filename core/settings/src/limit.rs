//! `[[limit]]`: so many segments for each sender or network, so many messages for each recipient; `[limits]`: what they may
//! remember.

use std::time::Duration;

use toml::de::DeValue;

use crate::reader::{Read, Section};
use crate::route::Names;
use crate::route_match::Match;
use crate::{SenderPattern, duration, kind};

/// Limits of one kind that may be in a file: a message looks at each of them.
const LIMITS_MAX: usize = 64;
/// Longest window of a limit for recipients.
const WITHIN_MAX: Duration = Duration::from_secs(31 * 86_400);

/// For whom there is one bucket of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Each {
    /// One for all messages of the limit.
    All,
    /// One for each source address.
    Sender,
    /// One for each network.
    Network,
}

/// What a limit does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LimitKind {
    /// Segments wait for their turn.
    Paced {
        /// One bucket for each of these.
        each: Each,
        /// Segments in a unit (key `rate`).
        count: u32,
        /// The unit: a second, minute, hour or day.
        unit: Duration,
        /// Segments at once after silence.
        burst: u32,
    },
    /// Messages to one recipient beyond it are refused.
    Recipient {
        /// Messages.
        count: u32,
        /// In so long a time, sliding.
        within: Duration,
    },
}

/// `[[limit]]`; all that match a message hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    /// Its name; `limit-N`, counted from 1, where the file gives none.
    pub name: String,
    /// Which messages are under it (key `match`); senders are in [`Limit::senders`].
    pub matches: Match,
    /// The source address is one of these; empty: any (key `from` of `match`).
    pub senders: Vec<SenderPattern>,
    /// What it does.
    pub kind: LimitKind,
    /// Line of its header in the file.
    pub line: usize,
}

impl Limit {
    /// How many, as people write it: `10/min`, `3 in 1h`.
    #[must_use]
    pub fn shown(&self) -> String {
        match &self.kind {
            LimitKind::Paced { count, unit, .. } => {
                let unit = UNITS.iter().find(|(_, length)| length == unit);
                format!("{count}/{}", unit.map_or("", |(name, _)| *name))
            }
            LimitKind::Recipient { count, within } => {
                format!("{count} in {}", duration::display(*within))
            }
        }
    }

    fn read(section: &Section<'_>, place: usize, names: &Names<'_>) -> Self {
        let inner = section.inner("match");
        let matches = inner.as_ref().map(|inner| {
            let matches = Match::read_but_senders(inner, names);
            let senders = inner.or("from", Vec::new(), kind::one_or_list(kind::parsed));
            inner.finish();
            (matches, senders)
        });
        let (matches, senders) = matches.unwrap_or_default();
        let limit = Self {
            name: section.or("name", format!("limit-{}", place + 1), kind::name),
            matches,
            senders,
            kind: what_it_does(section),
            line: section.line,
        };
        section.finish();
        limit
    }
}

/// All limits.
pub(crate) fn read_all(sections: &[Section<'_>], names: &Names<'_>) -> Vec<Limit> {
    let mut limits: Vec<Limit> = Vec::with_capacity(sections.len());
    for (place, section) in sections.iter().enumerate() {
        let limit = Limit::read(section, place, names);
        let is_paced = |limit: &Limit| matches!(limit.kind, LimitKind::Paced { .. });
        let alike = limits
            .iter()
            .filter(|other| is_paced(other) == is_paced(&limit));
        if alike.count() >= LIMITS_MAX {
            section.context.faults.add(
                limit.line,
                format!("is the {}th limit of its kind; at most {LIMITS_MAX} fit, put several into one with lists in `match`", LIMITS_MAX + 1),
            );
        }
        limits.push(limit);
    }
    limits
}

/// `each` as it is written; none: recipients.
const EACH: &[(&str, Option<Each>)] = &[
    ("sender", Some(Each::Sender)),
    ("network", Some(Each::Network)),
    ("recipient", None),
    ("all", Some(Each::All)),
];

const UNITS: &[(&str, Duration)] = &[
    ("s", Duration::from_secs(1)),
    ("min", Duration::from_secs(60)),
    ("h", Duration::from_secs(3_600)),
    ("d", Duration::from_secs(86_400)),
];

fn what_it_does(section: &Section<'_>) -> LimitKind {
    let each = section.required("each", "\"sender\"", kind::choice(EACH));
    let is_paced = each.is_none_or(|each| each.is_some());
    let mut rate = None;
    let (mut count, mut within) = (None, None);
    // Every key is asked for, so that what is known is the same whatever `each` says.
    match is_paced {
        true => rate = section.required("rate", "\"10/min\"", self::rate),
        false => {
            count = section.required("count", "3", kind::integer(1..=1_000));
            within = section.required(
                "within",
                "\"1h\"",
                kind::time(Duration::from_secs(1)..=WITHIN_MAX),
            );
        }
    }
    let burst = section.or("burst", 1, kind::integer(1..=100_000));
    let foreign: &[&str] = match is_paced {
        true => &["count", "within"],
        false => &["rate", "burst"],
    };
    for key in ["rate", "count", "within"] {
        let _ = section.value(key);
    }
    for key in foreign.iter().filter(|key| section.holds(key)) {
        let (means, instead) = match is_paced {
            true => ("something with each = \"recipient\" only", "write `rate`"),
            false => (
                "nothing with each = \"recipient\"",
                "write `count` and `within`",
            ),
        };
        section.fault(key, format!("means {means}; {instead}, or leave it out"));
    }
    match each.flatten() {
        None if !is_paced => LimitKind::Recipient {
            count: count.unwrap_or(1),
            within: within.unwrap_or(WITHIN_MAX),
        },
        each => {
            let (count, unit) = rate.unwrap_or((1, Duration::from_secs(1)));
            LimitKind::Paced {
                each: each.unwrap_or(Each::All),
                count,
                unit,
                burst,
            }
        }
    }
}

/// `10/min`
fn rate(value: &DeValue<'_>) -> Read<(u32, Duration)> {
    let text = kind::text(value)?;
    let found = text.split_once('/').and_then(|(count, unit)| {
        let unit = UNITS.iter().find(|(name, _)| *name == unit.trim())?.1;
        let digits = count.trim();
        let is_number = digits.bytes().all(|octet| octet.is_ascii_digit());
        let count: u32 = is_number.then(|| digits.parse().ok()).flatten()?;
        (1..=1_000_000).contains(&count).then_some((count, unit))
    });
    found.ok_or_else(|| {
        format!(
            "is {text:?}; write segments, from 1 to 1000000, in a second, minute, hour or day, such as \"100/s\", \"10/min\", \"500/h\" or \"10000/d\""
        )
        .into()
    })
}

/// `[limits]`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Buckets of all limits together.
    pub buckets_max: u32,
    /// Recipients that one limit counts.
    pub recipients_max: u32,
}

impl Limits {
    pub(crate) fn read(section: &Section<'_>) -> Self {
        Self {
            buckets_max: section.or("buckets_max", 100_000, kind::integer(1..=10_000_000)),
            recipients_max: section.or("recipients_max", 1_000_000, kind::integer(1..=100_000_000)),
        }
    }
}
