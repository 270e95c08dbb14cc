//! Who gets a message from a handset: by number, sender, carrier, keyword or pattern.
//!
//! Promise: pure. The first rule of which every condition holds decides; inside a condition any of its values is enough.
//! Keywords are compared without regard to case or surrounding signs. Bound: a pattern compiles into a bounded automaton
//! and looks at a text in time linear in it.

use std::sync::Arc;

use carrack_message::mo::MoWays;
use regex::Regex;

/// What rules look at.
#[derive(Clone, Copy, Debug)]
pub struct MoQuery<'a> {
    /// Name of the carrier that brought it.
    pub carrier: &'a str,
    /// Source address, raw octets.
    pub from: &'a [u8],
    /// Destination address, raw octets.
    pub to: &'a [u8],
    /// The text; empty where it is none.
    pub text: &'a str,
}

/// An address, or the beginning of addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MoNumber {
    /// This one.
    Is(String),
    /// All that begin so.
    Begins(String),
}

impl MoNumber {
    /// Reads an address as it stands in the configuration: `*` at its end takes all that begin so, a leading `+` is
    /// passed over.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let text = text.strip_prefix('+').unwrap_or(text);
        match text.strip_suffix('*') {
            Some(beginning) => Self::Begins(beginning.to_owned()),
            None => Self::Is(text.to_owned()),
        }
    }

    fn covers(&self, address: &[u8]) -> bool {
        let address = address.strip_prefix(b"+").unwrap_or(address);
        match self {
            Self::Is(number) => number.as_bytes() == address,
            Self::Begins(beginning) => address.starts_with(beginning.as_bytes()),
        }
    }
}

/// A rule; an empty list is no condition.
#[derive(Clone, Debug, Default)]
pub struct MoRule {
    /// Its name.
    pub name: String,
    /// It was sent to one of these.
    pub to: Vec<MoNumber>,
    /// It was sent by one of these.
    pub from: Vec<MoNumber>,
    /// One of these carriers brought it.
    pub carriers: Vec<String>,
    /// Its first word is one of these.
    pub keywords: Vec<String>,
    /// One of these is found in its text.
    pub patterns: Vec<Regex>,
    /// Name of the account that gets it.
    pub account: String,
    /// How.
    pub ways: MoWays,
}

impl MoRule {
    fn failure(&self, query: &MoQuery<'_>, word: &str) -> Option<&'static str> {
        let holds = |empty: bool, any: bool| empty || any;
        let covers = |numbers: &[MoNumber], address: &[u8]| {
            holds(
                numbers.is_empty(),
                numbers.iter().any(|number| number.covers(address)),
            )
        };
        if !covers(&self.to, query.to) {
            return Some("to");
        }
        if !covers(&self.from, query.from) {
            return Some("from");
        }
        let carrier = self.carriers.iter().any(|name| name == query.carrier);
        if !holds(self.carriers.is_empty(), carrier) {
            return Some("carrier");
        }
        if !holds(
            self.keywords.is_empty(),
            self.keywords.iter().any(|keyword| keyword == word),
        ) {
            return Some("keyword");
        }
        let pattern = |pattern: &Regex| pattern.is_match(query.text);
        if !holds(self.patterns.is_empty(), self.patterns.iter().any(pattern)) {
            return Some("pattern");
        }
        None
    }
}

/// The first word of a text as keywords are compared: lower case, without the signs around it.
#[must_use]
pub fn keyword(text: &str) -> String {
    let word = text.split_whitespace().next().unwrap_or("");
    let word = word.trim_matches(|sign: char| !sign.is_alphanumeric());
    word.to_lowercase()
}

/// Who gets a message, by which rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MoChoice<'a> {
    /// The rule's name.
    pub rule: &'a Arc<str>,
    /// The account's name.
    pub account: &'a str,
    /// How.
    pub ways: MoWays,
}

/// The rules in their order.
#[derive(Clone, Debug, Default)]
pub struct MoTable {
    rules: Vec<(Arc<str>, MoRule)>,
}

impl MoTable {
    /// A table of these rules.
    #[must_use]
    pub fn new(rules: Vec<MoRule>) -> Self {
        let prepared = rules.into_iter().map(|mut rule| {
            for word in &mut rule.keywords {
                *word = keyword(word);
            }
            (Arc::from(rule.name.as_str()), rule)
        });
        Self {
            rules: prepared.collect(),
        }
    }

    /// Whether there is no rule.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// The first rule that takes it.
    #[must_use]
    pub fn choose(&self, query: &MoQuery<'_>) -> Option<MoChoice<'_>> {
        let word = keyword(query.text);
        let taken = |rule: &MoRule| rule.failure(query, &word).is_none();
        let (name, rule) = self.rules.iter().find(|(_, rule)| taken(rule))?;
        Some(MoChoice {
            rule: name,
            account: &rule.account,
            ways: rule.ways,
        })
    }

    /// Every rule in its order with the condition that did not hold, none where all did.
    #[must_use]
    pub fn explain(&self, query: &MoQuery<'_>) -> Vec<(&Arc<str>, Option<&'static str>)> {
        let word = keyword(query.text);
        let explained = |(name, rule)| (name, MoRule::failure(rule, query, &word));
        self.rules
            .iter()
            .map(|(name, rule)| explained((name, rule)))
            .collect()
    }
}
