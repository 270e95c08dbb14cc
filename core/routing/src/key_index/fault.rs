//! Why octets are no index, or one cannot be written.

use thiserror::Error;

use super::Kind;

/// Why octets are no index that can be used. None of them is worth trying again with the same file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum IndexFault {
    /// Another kind of file.
    #[error("is no {}; make one with `{}`", .0.name, .0.command)]
    Foreign(Kind),
    /// Made by a program that writes another version.
    #[error(
        "is an index of version {found}, and this program reads version {known}; build it anew"
    )]
    Version {
        /// Version of the file.
        found: u32,
        /// Version that is read here.
        known: u32,
    },
    /// Fewer octets, or more, than the header says.
    #[error(
        "has {found} octets where its header says {stated}; it was cut or spoiled, copy or build it anew"
    )]
    Length {
        /// What the header says.
        stated: u64,
        /// What there is.
        found: u64,
    },
    /// Octets that are not those that were written.
    #[error("is spoiled: {what}; copy or build it anew")]
    Spoiled {
        /// What does not hold.
        what: &'static str,
    },
}

/// Why an index could not be written.
#[derive(Debug, Error)]
pub enum KeyWriteFault {
    /// Keys have to rise.
    #[error("{key} does not come after {before}; keys have to rise")]
    Order {
        /// The key before.
        before: u64,
        /// The key that does not rise.
        key: u64,
    },
    /// More values than there are small numbers for.
    #[error("more than {most} different values in one index; make several")]
    Values {
        /// The limit.
        most: usize,
    },
    /// More octets of blocks than the index can point to.
    #[error("the index grows beyond {octets_max} octets; make several")]
    TooLarge {
        /// The limit.
        octets_max: u64,
    },
    /// What it is written to fails.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}
