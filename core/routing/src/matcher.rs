//! What a route asks of a message.
//!
//! Promise: every condition that is there has to hold; inside one, any of its values is enough; a matcher without
//! conditions takes everything. Names are compared exactly; a text pattern looks at a text in time linear in it.

use std::ops::RangeInclusive;

use carrack_message::{Class, Network};
use regex::Regex;

use crate::hours::Hours;
use crate::{Prefix, Query};

/// A network, or all of a country.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NetworkPattern {
    /// This one.
    Is(Network),
    /// Every one with this MCC.
    Country(u16),
}

impl NetworkPattern {
    fn covers(self, network: Network) -> bool {
        match self {
            Self::Is(own) => own == network,
            Self::Country(country) => network.country() == country,
        }
    }
}

/// Conditions of a route; an empty list is no condition.
#[derive(Clone, Debug, Default)]
pub struct Matcher {
    /// The number begins with one of these.
    pub prefixes: Vec<Prefix>,
    /// The account's name is one of these.
    pub accounts: Vec<String>,
    /// The account's group is one of these.
    pub groups: Vec<String>,
    /// The class is one of these.
    pub classes: Vec<Class>,
    /// The source address is one of these.
    pub senders: Vec<String>,
    /// The recipient's network is one of these.
    pub networks: Vec<NetworkPattern>,
    /// The customer's tag is one of these.
    pub tags: Vec<String>,
    /// One of these is found in the text; octets have none.
    pub patterns: Vec<Regex>,
    /// It takes so many segments.
    pub segments: Option<RangeInclusive<u8>>,
    /// It comes at such a time.
    pub hours: Option<Hours>,
}

impl Matcher {
    /// Whether the message fulfils every condition.
    pub fn matches(&self, query: &Query<'_>, network: Network) -> bool {
        self.failure(query, network).is_none()
    }

    /// Whether it depends on the recipient's network.
    #[must_use]
    pub fn asks_network(&self) -> bool {
        !self.networks.is_empty()
    }

    /// The first condition that the message does not fulfil, by its name in the configuration. The cheap ones first.
    pub(crate) fn failure(&self, query: &Query<'_>, network: Network) -> Option<&'static str> {
        let holds = |empty: bool, any: bool| empty || any;
        if !holds(self.classes.is_empty(), self.classes.contains(&query.class)) {
            return Some("class");
        }
        if let Some(segments) = &self.segments
            && !segments.contains(&query.segments)
        {
            return Some("segments");
        }
        if !holds(
            self.prefixes.is_empty(),
            self.prefixes.iter().any(|prefix| prefix.covers(query.to)),
        ) {
            return Some("prefix");
        }
        if !holds(
            self.networks.is_empty(),
            self.networks.iter().any(|pattern| pattern.covers(network)),
        ) {
            return Some("network");
        }
        for (name, list, value) in [
            ("account", &self.accounts, query.account),
            ("group", &self.groups, query.group),
            ("from", &self.senders, query.from),
            ("tag", &self.tags, query.tag),
        ] {
            if !holds(list.is_empty(), list.iter().any(|own| own == value)) {
                return Some(name);
            }
        }
        if let Some(hours) = &self.hours
            && !hours.contains(query.at_utc_ns)
        {
            return Some("hours");
        }
        let found = |text| self.patterns.iter().any(|pattern| pattern.is_match(text));
        if !holds(self.patterns.is_empty(), query.text.is_some_and(found)) {
            return Some("text");
        }
        None
    }
}
