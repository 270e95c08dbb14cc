//! What a route asks of a message.
//!
//! Promise: every condition that is there has to hold; inside one, any of its values is enough; a matcher without
//! conditions takes everything. Texts are compared exactly.

use carrack_message::{Class, Msisdn};

use crate::Prefix;

/// The facts of a message that routing looks at.
#[derive(Clone, Copy, Debug)]
pub struct Query<'a> {
    /// Name of the account.
    pub account: &'a str,
    /// The recipient.
    pub to: Msisdn,
    /// The source address as text.
    pub from: &'a str,
    /// The class.
    pub class: Class,
}

/// Conditions of a route; an empty list is no condition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Matcher {
    /// The number begins with one of these.
    pub prefixes: Vec<Prefix>,
    /// The account's name is one of these.
    pub accounts: Vec<String>,
    /// The class is one of these.
    pub classes: Vec<Class>,
    /// The source address is one of these.
    pub senders: Vec<String>,
}

impl Matcher {
    /// Whether the message fulfils every condition.
    pub fn matches(&self, query: &Query<'_>) -> bool {
        self.failure(query).is_none()
    }

    /// The first condition that the message does not fulfil, by its name in the configuration.
    pub(crate) fn failure(&self, query: &Query<'_>) -> Option<&'static str> {
        let holds = |empty: bool, any: bool| empty || any;
        if !holds(self.classes.is_empty(), self.classes.contains(&query.class)) {
            return Some("class");
        }
        if !holds(
            self.prefixes.is_empty(),
            self.prefixes.iter().any(|prefix| prefix.covers(query.to)),
        ) {
            return Some("prefix");
        }
        if !holds(
            self.accounts.is_empty(),
            self.accounts.iter().any(|name| name == query.account),
        ) {
            return Some("account");
        }
        if !holds(
            self.senders.is_empty(),
            self.senders.iter().any(|sender| sender == query.from),
        ) {
            return Some("from");
        }
        None
    }
}
