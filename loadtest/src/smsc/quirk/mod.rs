//! The faults a simulated carrier can play, by name. One file a family; a new quirk is one entry in its family's table.
//!
//! A quirk decides from the seed and either what was sent (the same submit always meets the same fate), the number of the
//! submit (a second try may fare better) or time. Its description says which.

pub mod alphabet;
mod argument;
pub mod door;
pub mod identity;
pub mod link;
pub mod mo;
mod played;
pub mod receipt;
pub mod refusal;
pub mod response;
pub mod sequence;
pub mod service;
pub mod shape;
pub mod stream;

pub use argument::{Kind, Values};
pub use played::Played;

/// One quirk of the registry.
#[derive(Debug)]
pub struct Quirk {
    /// Name on the command line.
    pub name: &'static str,
    /// The traps of the field that it plays, `T01` to `T48`; none where it only breaks things.
    pub traps: &'static [&'static str],
    /// What may follow the name and `=`, with `:` between two values.
    pub takes: &'static [Kind],
    /// One line of description.
    pub line: &'static str,
    set: fn(&mut Quirks, Values),
}

impl Quirk {
    /// The name with its values as help shows it: `throttle=PERCENT`.
    #[must_use]
    pub fn usage(&self) -> String {
        let mut usage = self.name.to_owned();
        for (place, kind) in self.takes.iter().enumerate() {
            let is_needed = place == 0;
            usage.push_str(if is_needed { "=" } else { "[:" });
            usage.push_str(kind.placeholder());
            usage.push_str(if is_needed { "" } else { "]" });
        }
        usage
    }

    /// The defaults of its values, as they could be written; empty where it takes none or has none.
    #[must_use]
    pub fn default_shown(&self) -> String {
        let shown: Vec<_> = self
            .takes
            .iter()
            .filter_map(|kind| kind.default_shown())
            .collect();
        shown.join(":")
    }
}

const FAMILIES: [&[Quirk]; 13] = [
    refusal::FAMILY,
    response::FAMILY,
    shape::FAMILY,
    sequence::FAMILY,
    identity::FAMILY,
    receipt::FAMILY,
    mo::FAMILY,
    mo::FORMS,
    alphabet::FAMILY,
    service::FAMILY,
    link::FAMILY,
    door::FAMILY,
    stream::FAMILY,
];

/// Every quirk, family by family.
pub fn registry() -> impl Iterator<Item = &'static Quirk> {
    FAMILIES.into_iter().flatten()
}

/// The quirks that are switched on.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Quirks {
    /// Submits refused.
    pub refusal: refusal::Refusal,
    /// Answers that go wrong.
    pub response: response::Response,
    /// Bodies in odd shapes.
    pub shape: shape::Shape,
    /// Sequence numbers of its own kind.
    pub sequence: sequence::Sequence,
    /// How message ids look.
    pub identity: identity::Ids,
    /// Receipts that go wrong.
    pub receipt: receipt::Receipts,
    /// Messages from handsets.
    pub mo: mo::Mos,
    /// What `data_coding` means and which addresses are taken.
    pub alphabet: alphabet::Alphabets,
    /// Requests beside submits.
    pub service: service::Services,
    /// Connections that go wrong.
    pub link: link::Link,
    /// Who is let in.
    pub door: door::Door,
    /// How octets are cut into writes.
    pub stream: stream::Stream,
}

/// Why a quirk was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QuirkFault {
    /// No quirk has this name.
    #[error("there is no quirk `{name}`; the nearest is `{nearest}` (--list-quirks prints all)")]
    Unknown {
        /// What was asked for.
        name: String,
        /// The known name nearest to it.
        nearest: &'static str,
    },
    /// The value does not fit the quirk.
    #[error("quirk `{name}` takes {wanted}, not `{given}`")]
    Value {
        /// The quirk.
        name: &'static str,
        /// What it takes.
        wanted: &'static str,
        /// What was given.
        given: String,
    },
}

impl Quirks {
    /// Switches on `NAME` or `NAME=VALUE`.
    ///
    /// # Errors
    /// [`QuirkFault`] when the name is unknown or the value does not fit.
    pub fn switch_on(&mut self, spelling: &str) -> Result<(), QuirkFault> {
        let (name, given) = match spelling.split_once('=') {
            Some((name, value)) => (name.trim(), Some(value.trim())),
            None => (spelling.trim(), None),
        };
        let quirk = registry()
            .find(|quirk| quirk.name == name)
            .ok_or_else(|| unknown(name))?;
        (quirk.set)(self, argument::read(quirk, given)?);
        Ok(())
    }

    /// The quirks of these spellings.
    ///
    /// # Errors
    /// The first [`QuirkFault`].
    pub fn parse<S: AsRef<str>>(spellings: &[S]) -> Result<Self, QuirkFault> {
        let mut quirks = Self::default();
        for spelling in spellings {
            quirks.switch_on(spelling.as_ref())?;
        }
        Ok(quirks)
    }

    /// True when the octets of a connection must be looked at, in either direction.
    pub(super) fn bends_octets(&self) -> bool {
        self.shape != shape::Shape::default()
            || self.sequence != sequence::Sequence::default()
            || self.link.no_enquire_answer
            || self.link.ignore_unbind
    }
}

fn unknown(name: &str) -> QuirkFault {
    let nearest = registry().max_by(|a, b| {
        strsim::jaro_winkler(name, a.name).total_cmp(&strsim::jaro_winkler(name, b.name))
    });
    QuirkFault::Unknown {
        name: name.to_owned(),
        nearest: nearest.map_or("throttle", |quirk| quirk.name),
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing
    )]

    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_quirk_changes_something_with_its_default_and_names_are_unique() {
        let mut names = HashSet::new();
        for quirk in registry() {
            assert!(names.insert(quirk.name), "{}", quirk.name);
            assert!(!quirk.line.is_empty());
            let spelling = if quirk.takes == [Kind::Address] {
                format!("{}=127.0.0.1:2775", quirk.name)
            } else {
                quirk.name.to_owned()
            };
            let mut quirks = Quirks::default();
            quirks.switch_on(&spelling).unwrap();
            assert_ne!(quirks, Quirks::default(), "{spelling}");
        }
    }

    #[test]
    fn traps_are_named_as_the_field_names_them() {
        for quirk in registry() {
            for trap in quirk.traps {
                let number: u32 = trap.strip_prefix('T').unwrap().parse().unwrap();
                assert!((1..=48).contains(&number) && trap.len() == 3, "{trap}");
            }
        }
    }

    #[test]
    fn what_help_shows_as_default_is_taken_and_means_the_same() {
        for quirk in registry().filter(|quirk| !quirk.default_shown().is_empty()) {
            let mut plain = Quirks::default();
            plain.switch_on(quirk.name).unwrap();
            let mut written = Quirks::default();
            written
                .switch_on(&format!("{}={}", quirk.name, quirk.default_shown()))
                .unwrap();
            assert_eq!(plain, written, "{}", quirk.usage());
        }
    }

    #[test]
    fn a_misspelt_name_is_answered_with_the_nearest() {
        let fault = Quirks::default().switch_on("drop-responce=3").unwrap_err();
        assert_eq!(
            fault,
            QuirkFault::Unknown {
                name: "drop-responce".into(),
                nearest: "drop-response"
            }
        );
    }

    #[test]
    fn a_value_that_does_not_fit_is_refused() {
        for spelling in [
            "throttle=101",
            "throttle=-1",
            "throttle=many",
            "close-after=0",
            "close-after=1.5",
            "no-enquire-answer=1",
            "late-response=5:fast",
            "vendor-status=5:ESME_NOSUCH",
            "outbind",
            "outbind=nowhere",
            "already-bound=-1",
        ] {
            assert!(
                matches!(
                    Quirks::default().switch_on(spelling),
                    Err(QuirkFault::Value { .. })
                ),
                "{spelling}"
            );
        }
    }

    #[test]
    fn a_second_value_follows_a_colon() {
        let mut quirks = Quirks::default();
        quirks.switch_on("late-response=5:400ms").unwrap();
        assert_eq!(quirks.response.late_ns, 400_000_000);
        quirks.switch_on("reconnect-every=60").unwrap();
        assert_eq!(quirks.link.reconnect_every_ns, Some(60_000_000_000));
    }
}
