//! `[[mo_route]]`: which customer gets which messages from handsets.
//!
//! Bound: a pattern has at most [`PATTERN_OCTETS_MAX`] octets and compiles into at most [`PATTERN_SIZE_MAX`]; a longer one
//! is a fault of the configuration, so that no pattern fails or grows while messages come in.

use carrack_message::mo::MoWays;
use regex::{Regex, RegexBuilder};
use toml::de::DeValue;

use crate::reader::{Read, Section, Wrong};
use crate::route::{Names, known};
use crate::{Account, kind};

/// Longest pattern as it is written.
const PATTERN_OCTETS_MAX: usize = 1024;
/// Memory of a compiled pattern, and again of what it remembers while it looks at texts.
const PATTERN_SIZE_MAX: usize = 1 << 20;
/// Longest address of SMPP, that of `data_sm`.
const ADDRESS_OCTETS_MAX: usize = 64;

/// A regular expression, bounded in size. Whether it looks at case is its own affair: `(?i)`.
#[derive(Clone, Debug)]
pub struct MoPattern(Regex);

impl MoPattern {
    /// It, compiled; a copy is cheap.
    #[must_use]
    pub const fn regex(&self) -> &Regex {
        &self.0
    }

    /// As it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl PartialEq for MoPattern {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for MoPattern {}

/// Which messages a rule takes; an empty list is no condition.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct MoMatch {
    /// They were sent to one of these; `*` at the end takes all that begin so.
    pub to: Vec<String>,
    /// They were sent by one of these, written likewise.
    pub from: Vec<String>,
    /// One of these carriers brought them; each exists (key `carrier`).
    pub carriers: Vec<String>,
    /// Their first word is one of these (key `keyword`).
    pub keywords: Vec<String>,
    /// One of these is found in their text (key `pattern`).
    pub patterns: Vec<MoPattern>,
}

/// `[[mo_route]]`; the first in the file that matches decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MoRoute {
    /// Its name; `mo-route-N`, counted from 1, where the file gives none.
    pub name: String,
    /// Which messages it takes (key `match`).
    pub matches: MoMatch,
    /// Name of the account that gets them; it exists.
    pub account: String,
    /// How the account gets them; at least one way.
    pub deliver: MoWays,
    /// Line of its header in the file.
    pub line: usize,
}

/// `deliver` as it is written.
#[must_use]
pub const fn deliver_name(ways: MoWays) -> &'static str {
    match (ways.bind, ways.webhook) {
        (true, true) => "both",
        (false, true) => "webhook",
        (_, false) => "bind",
    }
}

const WAYS: &[(&str, MoWays)] = &[
    (
        "bind",
        MoWays {
            bind: true,
            webhook: false,
        },
    ),
    (
        "webhook",
        MoWays {
            bind: false,
            webhook: true,
        },
    ),
    (
        "both",
        MoWays {
            bind: true,
            webhook: true,
        },
    ),
];

/// What rules may name, and whether customers can bind at all.
pub(crate) struct Customers<'a> {
    pub(crate) names: &'a Names<'a>,
    pub(crate) accounts: &'a [Account],
    pub(crate) smpp_server: bool,
}

/// All rules; one that no message ever reaches is a fault.
pub(crate) fn read_all(sections: &[Section<'_>], customers: &Customers<'_>) -> Vec<MoRoute> {
    let mut takes_all: Option<MoRoute> = None;
    let mut routes = Vec::with_capacity(sections.len());
    for (place, section) in sections.iter().enumerate() {
        let (route, has_conditions) = MoRoute::read(section, place, customers);
        if let Some(first) = &takes_all {
            section.context.faults.add(
                route.line,
                format!(
                    "the rule `{}` gets no message: `{}` in line {} stands before it and takes all, as it has no \
                     conditions; put that last or give it a `match`",
                    route.name, first.name, first.line
                ),
            );
        } else if !has_conditions {
            takes_all = Some(route.clone());
        }
        routes.push(route);
    }
    routes
}

impl MoRoute {
    /// It, and whether conditions are written: one with a fault of its own is one.
    fn read(section: &Section<'_>, place: usize, customers: &Customers<'_>) -> (Self, bool) {
        let names = customers.names;
        let matches = section.inner("match");
        let has_conditions = match &matches {
            Some(matches) => !matches.is_empty(),
            None => section.holds("match"),
        };
        let route = Self {
            name: section.or("name", format!("mo-route-{}", place + 1), kind::name),
            matches: matches
                .map(|matches| MoMatch::read(&matches, names))
                .unwrap_or_default(),
            account: section
                .required("account", "\"NAME\"", known("account", &names.accounts))
                .unwrap_or_default(),
            deliver: section.or(
                "deliver",
                MoWays {
                    bind: true,
                    webhook: false,
                },
                kind::choice(WAYS),
            ),
            line: section.line,
        };
        section.finish();
        route.check_ways(section, customers);
        (route, has_conditions)
    }

    /// The account can be reached on each way.
    fn check_ways(&self, section: &Section<'_>, customers: &Customers<'_>) {
        let mut accounts = customers.accounts.iter();
        let Some(account) = accounts.find(|account| account.name == self.account) else {
            return;
        };
        if self.deliver.bind {
            self.check_bind(section, account, customers.smpp_server);
        }
        if self.deliver.webhook && account.webhook.is_none() {
            let (name, way) = (&account.name, deliver_name(self.deliver));
            section.fault(
                "deliver",
                format!("is \"{way}\", and the account `{name}` has no `webhook`; give it one, or write deliver = \"bind\""),
            );
        }
    }

    fn check_bind(&self, section: &Section<'_>, account: &Account, smpp_server: bool) {
        let (name, way) = (&account.name, deliver_name(self.deliver));
        let cure = "or write deliver = \"webhook\"";
        // With a password its system_id is there and has a fault of its own.
        if account.system_id.is_none() && account.password.is_none() {
            section.fault(
                "deliver",
                format!("is \"{way}\", and the account `{name}` cannot bind: it has no `system_id`; give it `system_id` and `password`, {cure}"),
            );
        } else if !account.binds.receiver && !account.binds.transceiver {
            section.fault(
                "deliver",
                format!("is \"{way}\", and the `binds` of the account `{name}` are none that receive; add \"transceiver\" or \"receiver\", {cure}"),
            );
        } else if !smpp_server {
            section.fault(
                "deliver",
                format!("is \"{way}\", and the file has no [smpp_server], so that `{name}` has nowhere to bind; add it, {cure}"),
            );
        }
    }
}

impl MoMatch {
    fn read(section: &Section<'_>, names: &Names<'_>) -> Self {
        let carrier = known("carrier", &names.carriers);
        let matches = Self {
            to: section.or("to", Vec::new(), some("to", address)),
            from: section.or("from", Vec::new(), some("from", address)),
            carriers: section.or("carrier", Vec::new(), some("carrier", carrier)),
            keywords: section.or("keyword", Vec::new(), some("keyword", keyword)),
            patterns: section.or("pattern", Vec::new(), some("pattern", pattern)),
        };
        section.finish();
        matches
    }
}

/// One or a list; an empty list would say nothing and look as if it said "none".
fn some<T>(
    key: &'static str,
    read: impl Fn(&DeValue<'_>) -> Read<T>,
) -> impl Fn(&DeValue<'_>) -> Read<Vec<T>> {
    move |value| {
        let found = kind::one_or_list(&read)(value)?;
        if found.is_empty() {
            return Err(
                format!("is empty; name one at least, or leave `{key}` out to take any").into(),
            );
        }
        Ok(found)
    }
}

/// An address as carriers write it: digits of any length, or a name; `*` at its end takes all that begin so.
fn address(value: &DeValue<'_>) -> Read<String> {
    let text = kind::text(value)?;
    let written = text.trim();
    let (address, star) = match written.strip_suffix('*') {
        Some(begins) => (begins, "*"),
        None => (written, ""),
    };
    if address.contains('*') {
        return Err(format!("is {text:?}; only the last character may be a *").into());
    }
    let address = kind::check_ascii(address.to_owned(), ADDRESS_OCTETS_MAX)?;
    let address = digits(&address).unwrap_or(address);
    match (address.is_empty(), star) {
        (false, _) => Ok(format!("{address}{star}")),
        (true, "*") => Err(format!("is {text:?}, which takes all; leave it out for that").into()),
        (true, _) => {
            Err("is empty; write a number, a short code or a name, such as \"80808\"".into())
        }
    }
}

/// The digits of a number that is written for people; none where it is a name.
fn digits(address: &str) -> Option<String> {
    let number = address.strip_prefix('+').unwrap_or(address);
    let sign = |c: char| " -().".contains(c);
    if !number.chars().all(|c| c.is_ascii_digit() || sign(c)) {
        return None;
    }
    Some(number.chars().filter(char::is_ascii_digit).collect())
}

/// One word; signs around it and its case do not count.
fn keyword(value: &DeValue<'_>) -> Read<String> {
    let text = kind::text(value)?;
    let words = text.split_whitespace().count();
    if words == 1 && text.contains(char::is_alphanumeric) {
        return Ok(text);
    }
    let what = if words > 1 {
        "it is compared with the first word of a text, so write one; for more use `pattern`"
    } else {
        "write a word with a letter or digit, such as \"stop\""
    };
    Err(format!("is {text:?}; {what}").into())
}

fn pattern(value: &DeValue<'_>) -> Read<MoPattern> {
    let text = kind::text(value)?;
    if text.is_empty() {
        return Err("is empty and would take any text; leave it out for that".into());
    }
    if text.len() > PATTERN_OCTETS_MAX {
        return Err(format!(
            "has {} octets; at most {PATTERN_OCTETS_MAX} are taken; write a list of shorter ones",
            text.len()
        )
        .into());
    }
    let built = RegexBuilder::new(&text)
        .size_limit(PATTERN_SIZE_MAX)
        .dfa_size_limit(PATTERN_SIZE_MAX)
        .build();
    match built {
        Ok(regex) => Ok(MoPattern(regex)),
        Err(regex::Error::CompiledTooBig(_)) => Err(too_big(&text)),
        Err(fault) => Err(format!(
            "is '{text}', which is no regular expression: {}",
            said(&fault)
        )
        .into()),
    }
}

fn too_big(text: &str) -> Wrong {
    format!(
        "is '{text}', which takes more than {} KiB of memory; repeat less often, as {{1,20}}, and where ASCII is enough \
         write [0-9A-Za-z_] instead of \\w and [0-9] instead of \\d",
        PATTERN_SIZE_MAX >> 10
    )
    .into()
}

/// What is wrong, in one line, and where: the library draws an arrow below the pattern, both four columns in.
fn said(fault: &regex::Error) -> String {
    let text = fault.to_string();
    let mut what = text
        .lines()
        .rev()
        .find(|line| !line.trim().is_empty())
        .unwrap_or("")
        .trim();
    what = what.strip_prefix("error: ").unwrap_or(what);
    let arrow = |line: &&str| line.contains('^') && line.trim_matches([' ', '^']).is_empty();
    let arrow = text.lines().nth(2).filter(arrow);
    let at = arrow.and_then(|arrow| arrow.find('^')?.checked_sub(3));
    match at {
        Some(at) => format!("at character {at}: {what}"),
        None => what.to_owned(),
    }
}
