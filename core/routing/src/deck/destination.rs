//! What a row of a price list is for: the numbers that begin with some digits, or those of a mobile network.

use std::fmt;

use carrack_message::Network;

use crate::Prefix;
use crate::ranges;

/// What a row prices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Destination {
    /// Numbers that begin so.
    Prefix(Prefix),
    /// Numbers of this network.
    Network(Network),
}

impl fmt::Display for Destination {
    /// The digits, or `234-15`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Prefix(prefix) => prefix.fmt(f),
            Self::Network(network) => network.fmt(f),
        }
    }
}

/// No prefix has so many digits that it reaches this bit.
const IS_NETWORK: u64 = 1 << 63;

/// A destination in eight octets, so that a row is half a line of the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Key(u64);

impl Key {
    /// The network, where it is one.
    pub(super) const fn network(self) -> Option<Network> {
        match self.0 & IS_NETWORK {
            0 => None,
            _ => Some(Network::from_u32(self.0 as u32)),
        }
    }

    /// The prefix, where it is one.
    pub(super) const fn prefix(self) -> Option<Prefix> {
        match self.0 & IS_NETWORK {
            0 => Some(Prefix::of_digits(self.0)),
            _ => None,
        }
    }

    pub(super) const fn destination(self) -> Destination {
        match self.network() {
            Some(network) => Destination::Network(network),
            None => Destination::Prefix(Prefix::of_digits(self.0)),
        }
    }

    /// The order of rows: prefixes as the ranges want them, then networks.
    pub(super) fn order(self) -> (u64, u32) {
        match self.prefix() {
            Some(prefix) => ranges::order(prefix),
            None => (u64::MAX, self.0 as u32),
        }
    }
}

impl From<Destination> for Key {
    fn from(destination: Destination) -> Self {
        match destination {
            Destination::Prefix(prefix) => Self(prefix.as_u64()),
            Destination::Network(network) => Self(IS_NETWORK | network.as_u32() as u64),
        }
    }
}
