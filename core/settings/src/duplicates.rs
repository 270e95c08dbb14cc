//! `duplicates` of an `[[account]]`: the same text to the same number within some time is one message.

use std::time::Duration;

use crate::kind;
use crate::reader::Section;

/// What tells that two messages are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DuplicatesOf {
    /// Recipient, sender and text.
    Content,
}

/// What is answered to the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DuplicatesAnswer {
    /// As to the first, with its id.
    Repeat,
    /// A refusal.
    Refuse,
}

const OF: &[(&str, DuplicatesOf)] = &[("content", DuplicatesOf::Content)];
const ANSWERS: &[(&str, DuplicatesAnswer)] = &[
    ("repeat", DuplicatesAnswer::Repeat),
    ("refuse", DuplicatesAnswer::Refuse),
];

/// `duplicates = { ... }` of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Duplicates {
    /// How long after the first.
    pub within: Duration,
    /// What tells that two are the same.
    pub of: DuplicatesOf,
    /// What is answered to the second.
    pub answer: DuplicatesAnswer,
}

impl Duplicates {
    /// None only after a fault was gathered.
    pub(crate) fn read(section: &Section<'_>) -> Option<Self> {
        const SECOND: Duration = Duration::from_secs(1);
        const MOST: Duration = Duration::from_secs(48 * 3_600);
        let within = section.required("within", "\"10m\"", kind::time(SECOND..=MOST));
        let of = section.or("of", DuplicatesOf::Content, kind::choice(OF));
        let answer = section.or("answer", DuplicatesAnswer::Repeat, kind::choice(ANSWERS));
        section.finish();
        Some(Self {
            within: within?,
            of,
            answer,
        })
    }
}
