//! `[consent]`: what the node does when a handset says stop, start or help.

use std::path::PathBuf;

use carrack_message::Class;
use toml::de::DeValue;

use crate::Suppression;
use crate::kind;
use crate::reader::{Read, Section};

/// Longest answer: more than two segments are no answer to a stop.
const TEXT_CHARACTERS_MAX: usize = 306;

/// `[consent]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consent {
    /// The list that a stop puts a number on; it exists. Its `scope` says for whom a stop holds.
    pub list: String,
    /// Keywords; none: those that are built in.
    pub keywords: Option<PathBuf>,
    /// Whether a text that is not clear is a stop; else a person reads it (key `unclear`).
    pub unclear_is_stop: bool,
    /// The answer to a stop; none: no answer.
    pub stop_reply: Option<String>,
    /// The answer to a start.
    pub start_reply: Option<String>,
    /// The answer to help.
    pub help_reply: Option<String>,
    /// Their class.
    pub class: Class,
    /// Texts that wait for a person.
    pub review_max: u32,
    /// Line of its header in the file.
    pub line: usize,
}

const UNCLEAR: &[(&str, bool)] = &[("review", false), ("stop", true)];

impl Consent {
    pub(crate) fn read(section: &Section<'_>, lists: &[Suppression]) -> Self {
        let list: String = section
            .required("list", "\"stop\"", kind::name)
            .unwrap_or_default();
        if !list.is_empty() && !lists.iter().any(|known| known.name == list) {
            section.fault(
                "list",
                format!("is {list:?}, and there is no [[suppression]] of that name; add one"),
            );
        }
        Self {
            list,
            keywords: section.optional("keywords", crate::carrier::deck(section.context)),
            unclear_is_stop: section.or("unclear", false, kind::choice(UNCLEAR)),
            stop_reply: section.optional("stop_reply", text),
            start_reply: section.optional("start_reply", text),
            help_reply: section.optional("help_reply", text),
            class: section.or("class", Class::Transactional, kind::parsed),
            review_max: section.or("review_max", 10_000, kind::integer(1..=1_000_000)),
            line: section.line,
        }
    }
}

fn text(value: &DeValue<'_>) -> Read<String> {
    let text = kind::text(value)?;
    let count = text.chars().count();
    if text.trim().is_empty() || count > TEXT_CHARACTERS_MAX {
        return Err(format!(
            "has {count} characters; write 1 to {TEXT_CHARACTERS_MAX}, or leave it out to answer nothing"
        )
        .into());
    }
    Ok(text)
}
