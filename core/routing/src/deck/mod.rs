//! A carrier's price list by prefix.
//!
//! Promise: the longest prefix of a number that the list knows gives the price, with no allocation and a
//! handful of cache misses at a million prefixes. A list with faults gives no deck, but all its faults.
//!
//! How. Each prefix is a range of numbers, ranges nest, and nested ranges flatten into disjoint ones: a sorted
//! array of at most twice as many beginnings. A number finds its range by one table look-up on its leading digits
//! and a binary search among the few beginnings that share them. A digit trie would take one dependent miss a
//! digit and 40 octets a node.

mod fault;
mod reader;

pub(crate) use fault::Gathered;
pub use fault::{DeckFault, DeckFaults};

use carrack_message::{Currency, Micros, Msisdn};

use crate::Prefix;
use crate::ranges::Ranges;

/// One line of the list.
#[derive(Clone, Copy, Debug)]
struct Row {
    prefix: Prefix,
    price: Micros,
    /// Place in the names plus one; 0 where the line has none.
    name: u32,
}

/// The price list of one carrier, compiled for look-up.
#[derive(Clone, Debug)]
pub struct Deck {
    rows: Vec<Row>,
    names: Vec<Box<str>>,
    currency: Option<Currency>,
    ranges: Ranges,
}

/// The entry of a deck that prices a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PriceHit {
    /// The longest prefix that matches.
    pub prefix: Prefix,
    /// Price of one segment.
    pub price: Micros,
    row: u32,
}

impl Deck {
    /// The entry with the longest prefix of this number.
    #[inline]
    pub fn price(&self, to: Msisdn) -> Option<PriceHit> {
        let index = self.ranges.find(to.as_u64())?;
        let row = self.rows.get(index as usize)?;
        Some(PriceHit {
            prefix: row.prefix,
            price: row.price,
            row: index,
        })
    }

    /// What the list calls the destination of an entry of this deck.
    pub fn name(&self, hit: &PriceHit) -> Option<&str> {
        let name = self.rows.get(hit.row as usize)?.name.checked_sub(1)?;
        self.names.get(name as usize).map(|name| &**name)
    }

    /// The currency of all its prices, where the list says one.
    pub const fn currency(&self) -> Option<Currency> {
        self.currency
    }

    /// How many prefixes it prices.
    pub const fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether it prices nothing; no deck read from a file is.
    pub const fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Every prefix and its price, in the order of the digits.
    pub fn prices(&self) -> impl Iterator<Item = (Prefix, Micros)> + '_ {
        self.rows.iter().map(|row| (row.prefix, row.price))
    }
}
