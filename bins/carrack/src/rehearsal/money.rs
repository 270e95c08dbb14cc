//! Amounts of several currencies, each summed by itself, and what they come to in one.

use carrack_message::{Currency, Micros};
use carrack_routing::Rates;
use serde::{Deserialize, Serialize};

use crate::table::money;

/// Sums by currency; none: that of prices which name none.
#[derive(Debug, Clone, Default)]
pub(crate) struct Money(Vec<(Option<Currency>, Micros)>);

/// One sum, for people and programs.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Amount {
    pub(crate) amount: String,
    pub(crate) currency: Option<String>,
}

impl Money {
    pub(crate) fn add(&mut self, currency: Option<Currency>, amount: Micros) {
        match self.0.iter_mut().find(|(own, _)| *own == currency) {
            Some((_, sum)) => *sum = Micros(sum.0.saturating_add(amount.0)),
            None => self.0.push((currency, amount)),
        }
    }

    fn currencies(&self) -> impl Iterator<Item = Currency> {
        self.0.iter().filter_map(|(currency, _)| *currency)
    }

    /// In the order of the currencies.
    pub(crate) fn amounts(&self) -> Vec<Amount> {
        let mut sums = self.0.clone();
        sums.sort_by_key(|(currency, _)| currency.map(|currency| currency.0));
        let amount = |(currency, sum): &(Option<Currency>, Micros)| Amount {
            amount: money(sum.0),
            currency: currency.map(|currency| currency.to_string()),
        };
        sums.iter().map(amount).collect()
    }
}

/// What currencies are worth.
pub(crate) struct Worth<'a> {
    base: Option<Currency>,
    rates: Option<&'a Rates>,
    at_utc_ns: u64,
    /// Without rates several currencies do not add up.
    comparable: bool,
}

impl<'a> Worth<'a> {
    /// By the rates of an instant; without them in the only currency that there is.
    pub(crate) fn of(rates: Option<&'a Rates>, at_utc_ns: u64, sums: &[&Money]) -> Self {
        let mut found: Vec<Currency> = sums.iter().flat_map(|sum| sum.currencies()).collect();
        found.sort_by_key(|currency| currency.0);
        found.dedup();
        Self {
            base: rates.map(Rates::base).or(found.first().copied()),
            rates,
            at_utc_ns,
            comparable: rates.is_some() || found.len() <= 1,
        }
    }

    /// What sums in one currency are in; none where that is not known, or they are in none.
    pub(crate) fn base(&self) -> Option<String> {
        let base = self.base.filter(|_| self.comparable);
        base.map(|base| base.to_string())
    }

    /// The whole of an amount in the base; none where a currency has no rate.
    pub(crate) fn sum(&self, sums: &Money) -> Option<Micros> {
        let mut whole = Micros::ZERO;
        for (currency, amount) in self.comparable.then_some(&sums.0)? {
            let own = match (currency, self.rates) {
                (Some(currency), Some(rates)) => {
                    rates.rate_at(*currency, self.at_utc_ns)?.convert(*amount)?
                }
                _ => *amount,
            };
            whole = whole.checked_add(own)?;
        }
        Some(whole)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn sums_of_several_currencies_need_rates() {
        let (eur, usd) = (Currency(*b"EUR"), Currency(*b"USD"));
        let mut sums = Money::default();
        sums.add(Some(eur), Micros(1_000));
        sums.add(None, Micros(5));
        sums.add(Some(eur), Micros(1_000));
        let alone = Worth::of(None, 0, &[&sums]);
        assert_eq!(alone.sum(&sums), Some(Micros(2_005)));
        assert_eq!(alone.base().as_deref(), Some("EUR"));
        sums.add(Some(usd), Micros(1_000));
        assert_eq!(Worth::of(None, 0, &[&sums]).sum(&sums), None);
        let rates = Rates::from_csv("currency,rate\nUSD,0.9\n".as_bytes(), "r", eur).unwrap();
        assert_eq!(
            Worth::of(Some(&rates), 0, &[&sums]).sum(&sums),
            Some(Micros(2_905))
        );
    }
}
