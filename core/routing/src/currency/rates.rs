//! Rates of all currencies, of all dates.
//!
//! Promise: a rate holds from its date until the next one of its currency begins, so a currency that has a rate once has
//! one ever after, and a change of date never takes prices away.

use carrack_message::Currency;
use rustc_hash::FxHashMap;

use super::Rate;

/// Rates to one base currency. Without a file only the base itself converts.
#[derive(Clone, Debug)]
pub struct Rates {
    base: Currency,
    file: Option<Box<str>>,
    /// Of each currency, in order of their beginnings.
    dated: FxHashMap<Currency, Vec<(u64, Rate)>>,
}

impl Rates {
    /// Of the base alone.
    #[must_use]
    pub fn of_base(base: Currency) -> Self {
        Self {
            base,
            file: None,
            dated: FxHashMap::default(),
        }
    }

    /// Rates with their beginnings, in order, each beginning of a currency once.
    pub(super) fn of(base: Currency, file: &str, rates: Vec<(Currency, u64, Rate)>) -> Self {
        let mut dated: FxHashMap<Currency, Vec<(u64, Rate)>> = FxHashMap::default();
        for (currency, from, rate) in rates {
            dated.entry(currency).or_default().push((from, rate));
        }
        Self {
            base,
            file: Some(file.into()),
            dated,
        }
    }

    /// The currency that all others are converted to.
    #[must_use]
    pub const fn base(&self) -> Currency {
        self.base
    }

    /// The file they were read from.
    #[must_use]
    pub fn file(&self) -> Option<&str> {
        self.file.as_deref()
    }

    /// The rate of a currency at an instant; that of the base is one.
    #[must_use]
    pub fn rate_at(&self, currency: Currency, utc_ns: u64) -> Option<Rate> {
        if currency == self.base {
            return Some(Rate::ONE);
        }
        let dated = self.dated.get(&currency)?;
        let place = dated.partition_point(|(from, _)| *from <= utc_ns);
        dated.get(place.checked_sub(1)?).map(|(_, rate)| *rate)
    }

    /// The greatest rate that a currency ever has.
    pub(crate) fn greatest(&self, currency: Currency) -> Option<Rate> {
        let dated = self.dated.get(&currency)?;
        dated.iter().map(|(_, rate)| *rate).max()
    }

    /// The first instant after this one at which the rate of a currency changes.
    #[must_use]
    pub fn next_change_after(&self, currency: Currency, utc_ns: u64) -> Option<u64> {
        let dated = self.dated.get(&currency)?;
        let place = dated.partition_point(|(from, _)| *from <= utc_ns);
        dated.get(place).map(|(from, _)| *from)
    }

    /// The last instant up to this one at which the rate of a currency changed; 0 where there is none.
    #[must_use]
    pub fn last_change_until(&self, currency: Currency, utc_ns: u64) -> u64 {
        let begun = self.dated.get(&currency).and_then(|dated| {
            let place = dated.partition_point(|(from, _)| *from <= utc_ns);
            dated.get(place.checked_sub(1)?)
        });
        begun.map_or(0, |(from, _)| *from)
    }
}
