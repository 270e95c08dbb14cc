//! `[[suppression]]`: lists of numbers that must not be sent to; `[suppressions]`: how much may be added to them.

use std::path::PathBuf;

use crate::reader::Section;
use crate::route::Names;
use crate::route_match::Match;
use crate::secret::secret;
use crate::{Secret, SenderPattern, kind};

/// Lists that may be in a file: a message looks at each of them.
const LISTS_MAX: usize = 16;
const SECRET_OCTETS_MAX: usize = 256;

/// For whom an entry of a list holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum SuppressionScope {
    /// For all messages under the list.
    #[default]
    Global,
    /// For messages of one account.
    Account,
    /// For messages from one sender, whoever sends them.
    Sender,
}

/// How numbers are written in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum SuppressionHash {
    /// As they are.
    #[default]
    None,
    /// As SHA-256 of their digits.
    Sha256,
    /// As HMAC-SHA-256 of their digits, with a secret.
    Keyed,
}

/// `[[suppression]]`; a number that stands on any list that matches the message is not sent to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suppression {
    /// Its name.
    pub name: String,
    /// Which messages are under it (key `match`); senders are in [`Suppression::senders`].
    pub matches: Match,
    /// The source address is one of these; empty: any (key `from` of `match`).
    pub senders: Vec<SenderPattern>,
    /// For whom its entries hold.
    pub scope: SuppressionScope,
    /// How numbers are written in it.
    pub hash: SuppressionHash,
    /// With which secret, where that is keyed.
    pub secret: Option<Secret>,
    /// The operator's index.
    pub base: Option<PathBuf>,
    /// Line of its header in the file.
    pub line: usize,
}

const SCOPES: &[(&str, SuppressionScope)] = &[
    ("global", SuppressionScope::Global),
    ("account", SuppressionScope::Account),
    ("sender", SuppressionScope::Sender),
];
const HASHES: &[(&str, SuppressionHash)] = &[
    ("none", SuppressionHash::None),
    ("sha256", SuppressionHash::Sha256),
    ("keyed", SuppressionHash::Keyed),
];

impl SuppressionScope {
    /// As it is written.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Global => "global",
            Self::Account => "account",
            Self::Sender => "sender",
        }
    }
}

impl Suppression {
    fn read(section: &Section<'_>, names: &Names<'_>) -> Self {
        let inner = section.inner("match");
        let matches = inner.as_ref().map(|inner| {
            let matches = Match::read_but_senders(inner, names);
            let senders = inner.or("from", Vec::new(), kind::one_or_list(kind::parsed));
            inner.finish();
            (matches, senders)
        });
        let (matches, senders) = matches.unwrap_or_default();
        let list = Self {
            name: section
                .required("name", "\"stop\"", kind::name)
                .unwrap_or_default(),
            matches,
            senders,
            scope: section.or("scope", SuppressionScope::Global, kind::choice(SCOPES)),
            hash: section.or("hash", SuppressionHash::None, kind::choice(HASHES)),
            secret: section.optional("secret", secret(section.context, SECRET_OCTETS_MAX)),
            base: section.optional("base", crate::carrier::deck(section.context)),
            line: section.line,
        };
        match (list.hash, &list.secret) {
            (SuppressionHash::Keyed, None) if !section.holds("secret") => section.fault(
                "hash",
                "is \"keyed\", and there is no `secret`; give one, such as { env = \"X\" } or { file = \"P\" }",
            ),
            (SuppressionHash::None | SuppressionHash::Sha256, Some(_)) => section.fault(
                "secret",
                "means nothing but with hash = \"keyed\"; write that, or leave it out",
            ),
            _ => {}
        }
        section.finish();
        list
    }
}

/// All lists.
pub(crate) fn read_all(sections: &[Section<'_>], names: &Names<'_>) -> Vec<Suppression> {
    let lists = sections.iter().enumerate().map(|(place, section)| {
        if place == LISTS_MAX {
            section.context.faults.add(
                section.line,
                format!(
                    "is the {}th suppression list; at most {LISTS_MAX} fit, put several into one",
                    LISTS_MAX + 1
                ),
            );
        }
        Suppression::read(section, names)
    });
    lists.collect()
}

/// `[suppressions]`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Suppressions {
    /// Entries that may be added to one list between two compactions.
    pub added_max: u32,
}

impl Suppressions {
    pub(crate) fn read(section: &Section<'_>) -> Self {
        Self {
            added_max: section.or("added_max", 1_000_000, kind::integer(1_000..=50_000_000)),
        }
    }
}
