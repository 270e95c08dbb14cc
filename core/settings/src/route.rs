//! `[[route]]`: which messages go to which carriers.

use carrack_message::Class;
use toml::de::DeValue;

use crate::delivery::{ON_NO_RESPONSE, OnNoResponse};
use crate::kind;
use crate::reader::{Read, Section, Wrong, nearest};

/// How a route orders its carriers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// The cheapest first.
    LeastCost,
    /// As listed.
    Ordered,
}

/// Which messages a route takes; an empty list is no condition.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Match {
    /// The number begins with one of these digits (key `prefix`).
    pub prefixes: Vec<String>,
    /// The account is one of these; each exists (key `account`).
    pub accounts: Vec<String>,
    /// The class is one of these (key `class`).
    pub classes: Vec<Class>,
    /// The source address is one of these (key `from`).
    pub senders: Vec<String>,
}

/// `[[route]]`; the first in the file that matches decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Its name; `route-N`, counted from 1, where the file gives none.
    pub name: String,
    /// Which messages it takes (key `match`).
    pub matches: Match,
    /// Names of carriers, in order; at least one; each exists.
    pub carriers: Vec<String>,
    /// The same carriers by their place in [`crate::Settings::carriers`].
    pub carrier_numbers: Vec<usize>,
    /// How they are ordered.
    pub policy: Policy,
    /// Attempts before a message has failed; none: that of `[delivery]`.
    pub attempts_max: Option<u16>,
    /// What happens without a submit response; none: that of `[delivery]`.
    pub on_no_response: Option<OnNoResponse>,
    /// Line of its header in the file.
    pub line: usize,
}

/// Names that a route may use.
#[derive(Debug)]
pub(crate) struct Names<'a> {
    pub(crate) carriers: Vec<&'a str>,
    pub(crate) accounts: Vec<&'a str>,
}

impl Route {
    pub(crate) fn read(section: &Section<'_>, place: usize, names: &Names<'_>) -> Self {
        const POLICIES: &[(&str, Policy)] = &[
            ("least_cost", Policy::LeastCost),
            ("ordered", Policy::Ordered),
        ];
        let carriers = section
            .required("carriers", "[\"NAME\"]", |value| {
                let carriers = kind::list(known("carrier", &names.carriers))(value)?;
                check_list(&carriers)?;
                Ok(carriers)
            })
            .unwrap_or_default();
        let number = |name: &String| names.carriers.iter().position(|known| known == name);
        let route = Self {
            name: section.or("name", format!("route-{}", place + 1), kind::name),
            matches: section
                .inner("match")
                .map(|inner| Match::read(&inner, names))
                .unwrap_or_default(),
            carrier_numbers: carriers.iter().filter_map(number).collect(),
            carriers,
            policy: section.or("policy", Policy::LeastCost, kind::choice(POLICIES)),
            attempts_max: section.optional("attempts_max", kind::integer(1..=1_000)),
            on_no_response: section.optional("on_no_response", kind::choice(ON_NO_RESPONSE)),
            line: section.line,
        };
        section.finish();
        route
    }
}

impl Match {
    fn read(section: &Section<'_>, names: &Names<'_>) -> Self {
        let matches = Self {
            prefixes: section.or("prefix", Vec::new(), kind::one_or_list(prefix)),
            accounts: section.or(
                "account",
                Vec::new(),
                kind::one_or_list(known("account", &names.accounts)),
            ),
            classes: section.or("class", Vec::new(), kind::one_or_list(kind::parsed)),
            senders: section.or("from", Vec::new(), kind::one_or_list(kind::text)),
        };
        section.finish();
        matches
    }
}

/// A name that stands elsewhere in the file.
pub(crate) fn known<'a>(
    what: &'a str,
    names: &'a [&'a str],
) -> impl Fn(&DeValue<'_>) -> Read<String> + 'a {
    move |value| {
        let name = kind::text(value)?;
        if names.contains(&name.as_str()) {
            return Ok(name);
        }
        let cure = if names.is_empty() {
            format!("the file has no [[{what}]]")
        } else {
            nearest(&name, names)
        };
        Err(format!("names the {what} {name:?}, which does not exist; {cure}").into())
    }
}

fn check_list(carriers: &[String]) -> Result<(), Wrong> {
    if carriers.is_empty() {
        return Err("is empty; name at least one carrier".into());
    }
    let twice = carriers
        .iter()
        .enumerate()
        .find(|(place, name)| carriers.iter().take(*place).any(|c| c == *name));
    match twice {
        Some((_, name)) => Err(format!("names {name:?} twice; keep one").into()),
        None => Ok(()),
    }
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
