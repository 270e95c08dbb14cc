//! What is wrong with a configuration, and where.
//!
//! Bounded: the first thousand faults are kept; a file with more has been read enough.

use std::cell::RefCell;
use std::fmt;

use thiserror::Error;

const FAULTS_MAX: usize = 1_000;

/// One fault: the place, what is wrong and how to mend it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub struct Fault {
    /// The file as it was named to us.
    pub file: String,
    /// Line, from 1; 0 where the file as a whole is meant.
    pub line: usize,
    /// What is wrong and how to mend it.
    pub what: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.file, self.what),
            line => write!(f, "{}:{line}: {}", self.file, self.what),
        }
    }
}

/// All faults of a configuration, by line; at least one. Display prints one a line.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub struct Faults(pub Vec<Fault>);

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, fault) in self.0.iter().enumerate() {
            if place > 0 {
                writeln!(f)?;
            }
            write!(f, "{fault}")?;
        }
        Ok(())
    }
}

/// Gathers the faults of one file while it is read.
#[derive(Debug)]
pub(crate) struct Gathered {
    file: String,
    faults: RefCell<Vec<Fault>>,
}

impl Gathered {
    pub(crate) fn new(file: &str) -> Self {
        Self {
            file: file.to_owned(),
            faults: RefCell::default(),
        }
    }

    pub(crate) fn add(&self, line: usize, what: impl Into<String>) {
        let mut faults = self.faults.borrow_mut();
        if faults.len() < FAULTS_MAX {
            faults.push(Fault {
                file: self.file.clone(),
                line,
                what: what.into(),
            });
        }
    }

    /// Faults of a file that this one names; what is known already is not told again.
    pub(crate) fn add_all(&self, others: Faults) {
        let mut faults = self.faults.borrow_mut();
        for fault in others.0 {
            if faults.len() < FAULTS_MAX && !faults.contains(&fault) {
                faults.push(fault);
            }
        }
    }

    /// The faults in order of lines, those of other files last, if there are any.
    pub(crate) fn take(&self) -> Option<Faults> {
        let mut faults = self.faults.take();
        if faults.is_empty() {
            return None;
        }
        let place = |fault: &Fault| (fault.file != self.file, fault.file.clone(), fault.line);
        faults.sort_by_cached_key(place);
        Some(Faults(faults))
    }
}
