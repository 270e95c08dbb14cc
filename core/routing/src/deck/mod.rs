//! A carrier's price list by prefix and by network.
//!
//! Promise: the longest prefix of a number that the list knows gives the price, with no allocation and a
//! handful of cache misses at a million prefixes. A list with faults gives no deck, but all its faults.
//!
//! A number whose network is known is priced by that network's row where there is one, whatever its prefix: numbers move
//! between networks and keep their digits, and the carrier charges for the network that it delivers to.
//!
//! How. Each prefix is a range of numbers, ranges nest, and nested ranges flatten into disjoint ones: a sorted
//! array of at most twice as many beginnings. A number finds its range by one table look-up on its leading digits
//! and a binary search among the few beginnings that share them. A digit trie would take one dependent miss a
//! digit and 40 octets a node. Conversion and dates are settled when the deck is compiled, so that they cost a look-up
//! nothing.

mod billing;
mod columns;
mod destination;
mod diff;
mod fault;
mod list;
mod reader;

pub use billing::Increments;
pub use destination::Destination;
pub use diff::{Change, ChangeKind, DeckDiff, DiffCounts, Terms};
pub use fault::{DeckFault, DeckFaults};
pub use list::{ListedRow, PriceList};

pub(crate) use fault::Gathered;

use std::sync::Arc;

use carrack_message::{Currency, Micros, Msisdn, Network};
use rustc_hash::FxHashMap;

use crate::Prefix;
use crate::ranges::Ranges;
use destination::Key;

/// One row that holds; half a line of the cache, and never across two.
#[derive(Clone, Copy, Debug)]
#[repr(align(32))]
struct Priced {
    key: Key,
    price: Micros,
    base: Micros,
    /// Place in the names plus one; 0 where the row has none.
    name: u32,
    increments: Increments,
}

impl Priced {
    const fn of(row: &list::Row, base: Micros) -> Self {
        Self {
            key: row.key,
            price: row.price,
            base,
            name: row.name,
            increments: row.increments,
        }
    }
}

/// The prices of one carrier that hold at an instant, compiled for look-up.
#[derive(Clone, Debug)]
pub struct Deck {
    /// Prefixes in the order of the ranges, then networks.
    rows: Vec<Priced>,
    prefixes: usize,
    networks: FxHashMap<Network, u32>,
    names: Arc<[Box<str>]>,
    currency: Option<Currency>,
    base: Option<Currency>,
    ranges: Ranges,
}

/// The entry of a deck that prices a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PriceHit {
    /// The longest prefix that matches, or the network.
    pub destination: Destination,
    /// Price of one segment, in the deck's currency.
    pub price: Micros,
    /// The same in the base currency; the price itself where the deck was compiled without rates.
    pub base: Micros,
    /// How many segments are billed.
    pub increments: Increments,
    row: u32,
}

impl PriceHit {
    /// What a message of so many segments costs, in the deck's currency; `None` on overflow.
    #[inline]
    #[must_use]
    pub fn cost(&self, segments: u32) -> Option<Micros> {
        self.increments.cost(self.price, segments)
    }

    /// The same in the base currency.
    #[inline]
    #[must_use]
    pub fn base_cost(&self, segments: u32) -> Option<Micros> {
        self.increments.cost(self.base, segments)
    }
}

impl Deck {
    /// From rows in their order, each destination once.
    fn compile(
        rows: Vec<Priced>,
        names: Arc<[Box<str>]>,
        currency: Option<Currency>,
        base: Option<Currency>,
    ) -> Self {
        let prefixes = rows.partition_point(|row| row.key.network().is_none());
        let networks = rows.iter().enumerate().skip(prefixes);
        let networks = networks.filter_map(|(place, row)| Some((row.key.network()?, place as u32)));
        let by_prefix: Vec<Prefix> = rows.iter().filter_map(|row| row.key.prefix()).collect();
        Self {
            prefixes,
            networks: networks.collect(),
            names,
            currency,
            base,
            ranges: Ranges::build(by_prefix.into_iter()),
            rows,
        }
    }

    /// The entry with the longest prefix of this number.
    #[inline]
    pub fn price(&self, to: Msisdn) -> Option<PriceHit> {
        self.hit(self.ranges.find(to.as_u64())?)
    }

    /// Whether it has prices by network.
    pub fn has_networks(&self) -> bool {
        !self.networks.is_empty()
    }

    /// The entry of this network where it is known and the list has one, else that of [`Deck::price`].
    #[inline]
    pub fn price_for(&self, to: Msisdn, network: Network) -> Option<PriceHit> {
        if network.is_known()
            && !self.networks.is_empty()
            && let Some(index) = self.networks.get(&network)
        {
            return self.hit(*index);
        }
        self.price(to)
    }

    #[inline]
    fn hit(&self, index: u32) -> Option<PriceHit> {
        let row = self.rows.get(index as usize)?;
        Some(PriceHit {
            destination: row.key.destination(),
            price: row.price,
            base: row.base,
            increments: row.increments,
            row: index,
        })
    }

    /// What the list calls the destination of an entry of this deck.
    pub fn name(&self, hit: &PriceHit) -> Option<&str> {
        self.rows
            .get(hit.row as usize)
            .and_then(|row| self.name_of(row))
    }

    fn name_of(&self, row: &Priced) -> Option<&str> {
        let name = row.name.checked_sub(1)?;
        self.names.get(name as usize).map(|name| &**name)
    }

    /// The currency of all its prices, where the list says one.
    pub const fn currency(&self) -> Option<Currency> {
        self.currency
    }

    /// The currency of base prices; none where the deck was compiled without rates.
    pub const fn base_currency(&self) -> Option<Currency> {
        self.base
    }

    /// Whether base prices are in a base currency, so that they compare with those of other decks.
    pub const fn converts(&self) -> bool {
        self.base.is_some()
    }

    /// The price of an entry in the base currency; none where the deck was compiled without rates.
    pub fn base_price(&self, hit: &PriceHit) -> Option<Micros> {
        self.base.map(|_| hit.base)
    }

    /// How many prefixes and networks it prices.
    pub const fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether it prices nothing: every row begins later or has ended.
    pub const fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Every prefix and its price, in the order of the digits.
    pub fn prices(&self) -> impl Iterator<Item = (Prefix, Micros)> + '_ {
        let rows = self.rows.iter().take(self.prefixes);
        rows.filter_map(|row| Some((row.key.prefix()?, row.price)))
    }
}
