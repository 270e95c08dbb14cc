//! What the observations say: one file a kind of finding. Each is kept with what was seen, the trap it belongs to, the quirk
//! of the simulator that behaves alike, and what it changes in the profile.

mod binds;
mod flow;
mod ids;
mod incoming;
mod receipt_form;
mod receipts;
mod responses;
mod session;
mod shape;
mod text;

use carrack_settings::Profile;
use serde::Serialize;

use super::analysis::Analysis;

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Weight {
    /// As expected; good to know.
    Plain,
    /// Otherwise than the specification or most carriers have it; Carrack copes.
    Odd,
    /// It will cost messages, receipts or money until somebody looks at it.
    Trouble,
}

/// One thing that was found out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The question that it answers.
    pub question: &'static str,
    /// How much it matters.
    pub weight: Weight,
    /// What it is, in one sentence.
    pub what: String,
    /// What was seen, in the other side's own octets where that helps.
    pub seen: Vec<String>,
    /// The trap it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trap: Option<&'static str>,
    /// The quirk of `smscsim` that behaves alike.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quirk: Option<&'static str>,
    /// Keys of the profile that it sets.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<&'static str>,
}

impl Finding {
    /// Nothing in the simulator behaves so.
    pub(super) fn without_quirk(mut self) -> Self {
        self.quirk = None;
        self
    }

    /// With something that was seen.
    pub(super) fn seen(mut self, what: impl Into<String>) -> Self {
        self.seen.push(what.into());
        self
    }

    /// With more of them, a few at most.
    pub(super) fn examples(mut self, all: impl IntoIterator<Item = String>) -> Self {
        const EXAMPLES_MAX: usize = 3;
        self.seen.extend(all.into_iter().take(EXAMPLES_MAX));
        self
    }

    /// With keys of the profile.
    pub(super) fn keys(mut self, keys: &[&'static str]) -> Self {
        self.keys.extend_from_slice(keys);
        self
    }
}

/// What is written while the observations are gone through.
pub(super) struct Sheet {
    pub(super) findings: Vec<Finding>,
    pub(super) profile: Profile,
}

impl Sheet {
    pub(super) fn new() -> Self {
        Self {
            findings: Vec::new(),
            profile: Profile::default(),
        }
    }

    pub(super) fn add(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    /// Whether this quirk was named already.
    pub(super) fn names(&self, quirk: &str) -> bool {
        self.findings
            .iter()
            .any(|finding| finding.quirk == Some(quirk))
    }
}

/// Something plain.
pub(super) fn plain(question: &'static str, what: impl Into<String>) -> Finding {
    Finding {
        question,
        weight: Weight::Plain,
        what: what.into(),
        seen: Vec::new(),
        trap: None,
        quirk: None,
        keys: Vec::new(),
    }
}

/// Something that a quirk of the simulator plays; an empty trap is none.
pub(super) fn odd(
    question: &'static str,
    trap: &'static str,
    quirk: &'static str,
    what: impl Into<String>,
) -> Finding {
    Finding {
        weight: Weight::Odd,
        trap: (!trap.is_empty()).then_some(trap),
        quirk: Some(quirk),
        ..plain(question, what)
    }
}

/// The same where it is trouble.
pub(super) fn trouble(
    question: &'static str,
    trap: &'static str,
    quirk: &'static str,
    what: impl Into<String>,
) -> Finding {
    Finding {
        weight: Weight::Trouble,
        ..odd(question, trap, quirk, what)
    }
}

/// Octets for people: as text where they are, else in hexadecimal.
pub(in crate::probe) fn shown(octets: &[u8]) -> String {
    let is_text = octets.iter().all(|octet| (0x20..0x7F).contains(octet));
    if is_text {
        return format!("\"{}\"", String::from_utf8_lossy(octets));
    }
    let shown: Vec<String> = octets
        .iter()
        .take(40)
        .map(|octet| format!("{octet:02x}"))
        .collect();
    let more = if octets.len() > 40 { " .." } else { "" };
    format!("{}{more}", shown.join(" "))
}

/// Nanoseconds for people.
pub(super) fn time(time_ns: u64) -> String {
    match time_ns {
        0..1_000_000 => format!("{} us", time_ns / 1000),
        1_000_000..10_000_000_000 => format!("{} ms", time_ns / 1_000_000),
        _ => format!("{} s", time_ns / 1_000_000_000),
    }
}

/// Goes through all of it.
pub(super) fn find(all: &Analysis<'_>, sheet: &mut Sheet) {
    binds::find(all, sheet);
    ids::find(all, sheet);
    receipts::find(all, sheet);
    receipt_form::find(all, sheet);
    shape::find(all, sheet);
    responses::find(all, sheet);
    flow::find(all, sheet);
    text::find(all, sheet);
    incoming::find(all, sheet);
    session::find(all, sheet);
}
