//! The faults a simulated carrier can play, by name. One file a family; a new quirk is one entry in its family's table.
//!
//! A quirk decides from the seed and either what was sent (the same submit always meets the same fate) or the number of the
//! submit (a second try may fare better). Its description says which.

pub mod identity;
pub mod link;
pub mod receipt;
pub mod refusal;
pub mod response;

use crate::chance::Percent;

/// What a quirk takes after `=`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Argument {
    /// Nothing.
    None,
    /// A share of cases, 0 to 100 per cent; the value is the default.
    Percent(f64),
    /// A whole number above zero; the value is the default.
    Count(u64),
}

/// A parsed argument.
#[derive(Debug, Clone, Copy)]
pub enum Value {
    /// The quirk takes none.
    None,
    /// A share of cases.
    Percent(Percent),
    /// A whole number.
    Count(u64),
}

impl Value {
    fn percent(self) -> Percent {
        if let Self::Percent(percent) = self {
            percent
        } else {
            Percent::default()
        }
    }

    fn count(self) -> u64 {
        if let Self::Count(count) = self {
            count
        } else {
            0
        }
    }
}

/// One quirk of the registry.
#[derive(Debug)]
pub struct Quirk {
    /// Name on the command line.
    pub name: &'static str,
    /// What may follow the name.
    pub argument: Argument,
    /// One line of description.
    pub line: &'static str,
    set: fn(&mut Quirks, Value),
}

const FAMILIES: [&[Quirk]; 5] = [
    refusal::FAMILY,
    response::FAMILY,
    receipt::FAMILY,
    link::FAMILY,
    identity::FAMILY,
];

/// Every quirk, family by family.
pub fn registry() -> impl Iterator<Item = &'static Quirk> {
    FAMILIES.into_iter().flatten()
}

/// The quirks that are switched on.
#[derive(Debug, Clone, Default)]
pub struct Quirks {
    /// Submits refused.
    pub refusal: refusal::Refusal,
    /// Answers that go wrong.
    pub response: response::Response,
    /// Receipts that go wrong.
    pub receipt: receipt::Receipts,
    /// Connections that go wrong.
    pub link: link::Link,
    /// How message ids look.
    pub identity: identity::Ids,
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
        (quirk.set)(self, value_of(quirk, given)?);
        Ok(())
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

fn value_of(quirk: &Quirk, given: Option<&str>) -> Result<Value, QuirkFault> {
    let fault = |wanted| QuirkFault::Value {
        name: quirk.name,
        wanted,
        given: given.unwrap_or_default().to_owned(),
    };
    match quirk.argument {
        Argument::None if given.is_none() => Ok(Value::None),
        Argument::None => Err(fault("no value")),
        Argument::Percent(default) => {
            let wanted = "per cent, 0 to 100";
            let percent = match given {
                Some(text) => text
                    .trim_end_matches('%')
                    .parse::<f64>()
                    .map_err(|_| fault(wanted))?,
                None => default,
            };
            Percent::new(percent)
                .map(Value::Percent)
                .ok_or_else(|| fault(wanted))
        }
        Argument::Count(default) => {
            let wanted = "a whole number above zero";
            let count = match given {
                Some(text) => text.parse::<u64>().map_err(|_| fault(wanted))?,
                None => default,
            };
            if count == 0 {
                Err(fault(wanted))
            } else {
                Ok(Value::Count(count))
            }
        }
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
    fn every_quirk_is_taken_with_its_default_and_names_are_unique() {
        let mut names = HashSet::new();
        for quirk in registry() {
            assert!(names.insert(quirk.name));
            assert!(!quirk.line.is_empty());
            Quirks::default().switch_on(quirk.name).unwrap();
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
}
