//! Why octets are no portability index, or one cannot be written.

use carrack_message::Msisdn;
use thiserror::Error;

/// Why octets are no index that can be used. None of them is worth trying again with the same file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PortabilityFault {
    /// Another kind of file.
    #[error("is no portability index; make one with `carrack numbers build`")]
    Foreign,
    /// Made by a program that writes another version.
    #[error(
        "is a portability index of version {found}, and this program reads version {known}; build it anew"
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
pub enum WriteFault {
    /// Numbers have to rise.
    #[error("{number} does not come after {before}; numbers have to rise")]
    Order {
        /// The number before.
        before: Msisdn,
        /// The number that does not rise.
        number: Msisdn,
    },
    /// A number that belongs to no network.
    #[error("{number} has no network; leave it out")]
    NoNetwork {
        /// The number.
        number: Msisdn,
    },
    /// More networks than there are small numbers for.
    #[error("more than {most} networks in one index; make one for each part of the world")]
    Networks {
        /// The limit.
        most: usize,
    },
    /// More octets of blocks than the index can point to.
    #[error("the index grows beyond {octets_max} octets; make one for each part of the world")]
    TooLarge {
        /// The limit.
        octets_max: u64,
    },
    /// What it is written to fails.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}
