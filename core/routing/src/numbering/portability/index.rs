//! Numbers and networks as keys and values of an index.

use std::io::{Seek, Write};

use carrack_message::{Msisdn, Network};
use thiserror::Error;

use super::{IndexSummary, Octets, PortabilityFault};
use crate::key_index::{KeyIndex, KeyWriteFault, KeyWriter, Kind, VALUES_MAX};

pub(super) const KIND: Kind = Kind {
    magic: *b"CRKPORT\n",
    name: "portability index",
    command: "carrack numbers build",
};

/// Most networks of an index. There are about three thousand in the world.
pub const NETWORKS_MAX: usize = VALUES_MAX;

/// An index of ported numbers. A clone shares its octets; they are let go with the last one.
#[derive(Clone, Debug)]
pub struct Portability(KeyIndex);

impl Portability {
    /// Takes octets that hold an index.
    ///
    /// # Errors
    /// They do not, or were cut or spoiled in their header, table or levels.
    pub fn open(octets: Octets) -> Result<Self, PortabilityFault> {
        KeyIndex::open(&KIND, octets).map(Self)
    }

    /// The network that the number was ported to; none where it was not.
    #[inline]
    #[must_use]
    pub fn network(&self, to: Msisdn) -> Option<Network> {
        known(self.0.value(to.as_u64())?)
    }

    /// How many numbers it holds.
    #[must_use]
    pub const fn len(&self) -> u64 {
        self.0.len()
    }

    /// Whether it holds none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many octets it takes.
    #[must_use]
    pub const fn octets(&self) -> u64 {
        self.0.octets()
    }

    /// When it was made, in seconds of Unix time.
    #[must_use]
    pub const fn built_utc_s(&self) -> u64 {
        self.0.built_utc_s()
    }

    /// The networks that numbers were ported to.
    pub fn networks(&self) -> impl Iterator<Item = Network> + '_ {
        self.0.values().filter_map(known)
    }

    /// Every number and its network, rising. It ends early where the octets are spoiled; [`Portability::verify`] says so.
    pub fn numbers(&self) -> impl Iterator<Item = (Msisdn, Network)> + '_ {
        let pair = |(key, value)| Some((Msisdn::from_u64(key)?, known(value)?));
        self.0.keys().map_while(pair)
    }

    /// Looks at every octet: checksums, the order of the numbers, their count, and that each has a network.
    ///
    /// # Errors
    /// What does not hold.
    pub fn verify(&self) -> Result<(), PortabilityFault> {
        self.0
            .verify(|key, value| Msisdn::from_u64(key).is_some() && known(value).is_some())
    }
}

#[inline]
fn known(value: u32) -> Option<Network> {
    Some(Network::from_u32(value)).filter(|network| network.is_known())
}

/// Why an index of ported numbers could not be written.
#[derive(Debug, Error)]
pub enum WriteFault {
    /// A number that belongs to no network.
    #[error("{number} has no network; leave it out")]
    NoNetwork {
        /// The number.
        number: Msisdn,
    },
    /// What the index says.
    #[error(transparent)]
    Index(#[from] KeyWriteFault),
}

/// Writes an index of ported numbers.
pub struct IndexWriter<W>(KeyWriter<W>);

impl<W: Write + Seek> IndexWriter<W> {
    /// Begins at the front of `out`; `built_utc_s` is what the index will say of its making.
    ///
    /// # Errors
    /// `out` fails.
    pub fn new(out: W, built_utc_s: u64) -> Result<Self, WriteFault> {
        Ok(Self(KeyWriter::new(&KIND, out, built_utc_s)?))
    }

    /// Adds a number, which has to be above all before.
    ///
    /// # Errors
    /// It is not, or has no network; or `out` fails, or a bound is reached.
    pub fn push(&mut self, number: Msisdn, network: Network) -> Result<(), WriteFault> {
        if !network.is_known() {
            return Err(WriteFault::NoNetwork { number });
        }
        Ok(self.0.push(number.as_u64(), network.as_u32())?)
    }

    /// Writes what is left, and the header. `out` is to be flushed by whoever gets it back.
    ///
    /// # Errors
    /// `out` fails.
    pub fn finish(self) -> Result<(W, IndexSummary), WriteFault> {
        Ok(self.0.finish()?)
    }
}
