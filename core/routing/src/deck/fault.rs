//! What is wrong with a price list or a list of rates, and where.
//!
//! Bounded: the first thousand faults are kept, the rest counted.

use std::fmt;

use thiserror::Error;

const FAULTS_MAX: usize = 1_000;

/// One fault of a price list or a list of rates: the place, what is wrong and how to mend it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{file}:{line}: {what}")]
pub struct DeckFault {
    /// Name of the file as the caller gave it.
    pub file: String,
    /// Line, from 1.
    pub line: u64,
    /// What is wrong and how to mend it.
    pub what: String,
}

/// All faults of a file, by line. Display prints one a line.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub struct DeckFaults {
    /// The faults kept, in order of lines.
    pub faults: Vec<DeckFault>,
    /// Faults beyond the thousand that are kept.
    pub more: u64,
}

impl fmt::Display for DeckFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, fault) in self.faults.iter().enumerate() {
            if place > 0 {
                writeln!(f)?;
            }
            write!(f, "{fault}")?;
        }
        if self.more > 0 {
            write!(f, "\nand {} more", self.more)?;
        }
        Ok(())
    }
}

/// Gathers faults of one file.
pub(crate) struct Gathered<'a> {
    file: &'a str,
    faults: Vec<DeckFault>,
    more: u64,
}

impl<'a> Gathered<'a> {
    pub(crate) const fn new(file: &'a str) -> Self {
        Self {
            file,
            faults: Vec::new(),
            more: 0,
        }
    }

    pub(crate) fn add(&mut self, line: u64, what: impl Into<String>) {
        if self.faults.len() < FAULTS_MAX {
            self.faults.push(DeckFault {
                file: self.file.to_owned(),
                line,
                what: what.into(),
            });
        } else {
            self.more = self.more.saturating_add(1);
        }
    }

    /// The faults, if there are any.
    pub(crate) fn into_faults(mut self) -> Option<DeckFaults> {
        if self.faults.is_empty() {
            return None;
        }
        self.faults.sort_by_key(|fault| fault.line);
        Some(DeckFaults {
            faults: self.faults,
            more: self.more,
        })
    }
}
