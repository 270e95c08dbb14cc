//! The price lists of a configuration, and the decks that hold of them now.
//!
//! Promise: decks are compiled from what was read and checked when the configuration was taken; a change of date reads
//! no file. Of a list in which nothing can change, neither by date nor by rate, only its deck is kept.

use std::path::Path;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use carrack_message::Currency;
use carrack_routing::{Deck, DeckDiff, DeckFault, PriceList, Rate, Rates, show_instant};

/// UTC nanoseconds of the wall clock, which prices go by.
pub(crate) fn utc_now_ns() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| {
        u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
    })
}

/// One price list and what holds of it.
pub(crate) struct Listed {
    /// The file, as the configuration names it.
    pub(crate) name: String,
    /// What holds from `from` until before `until`.
    pub(crate) deck: Arc<Deck>,
    /// None where nothing changes before or after.
    list: Option<Arc<PriceList>>,
    rates: Option<Arc<Rates>>,
    from: u64,
    until: u64,
}

impl Listed {
    /// Checks a list against the rates of all dates to come, and compiles what holds.
    pub(crate) fn of(
        path: &Path,
        list: PriceList,
        rates: Option<Arc<Rates>>,
        utc_ns: u64,
    ) -> Result<Self, DeckFault> {
        if let Some(rates) = &rates {
            list.check_rates(utc_ns, rates)?;
        }
        Self::compile(path.display().to_string(), Arc::new(list), rates, utc_ns)
    }

    fn compile(
        name: String,
        list: Arc<PriceList>,
        rates: Option<Arc<Rates>>,
        utc_ns: u64,
    ) -> Result<Self, DeckFault> {
        let deck = match &rates {
            Some(rates) => list.converted_at(utc_ns, rates)?,
            None => list.at(utc_ns),
        };
        let (from, until) = period(&list, rates.as_deref(), utc_ns);
        let changes = from > 0 || until < u64::MAX;
        Ok(Self {
            name,
            deck: Arc::new(deck),
            list: changes.then_some(list),
            rates,
            from,
            until,
        })
    }

    fn holds_at(&self, utc_ns: u64) -> bool {
        self.from <= utc_ns && utc_ns < self.until
    }

    /// The same list at another instant; none where it cannot change.
    fn at(&self, utc_ns: u64) -> Option<Result<Self, DeckFault>> {
        let list = Arc::clone(self.list.as_ref()?);
        Some(Self::compile(
            self.name.clone(),
            list,
            self.rates.clone(),
            utc_ns,
        ))
    }

    /// The same prices as if they were those of another instant.
    fn kept_at(&self, utc_ns: u64) -> Self {
        let list = self.list.as_deref();
        let period = list.map(|list| period(list, self.rates.as_deref(), utc_ns));
        let (from, until) = period.unwrap_or((0, u64::MAX));
        Self {
            name: self.name.clone(),
            deck: Arc::clone(&self.deck),
            list: self.list.clone(),
            rates: self.rates.clone(),
            from,
            until,
        }
    }

    /// When it changes next, for people.
    fn next_change(&self) -> Option<String> {
        (self.until < u64::MAX).then(|| show_instant(self.until))
    }

    /// One line: what is different from before; none where nothing is.
    pub(crate) fn told_after(&self, before: &Self) -> Option<String> {
        let diff = DeckDiff::between(&before.deck, &self.deck, 0);
        let (nothing, next) = (diff.counts.is_nothing(), self.next_change());
        if nothing && diff.currency.is_none() && next == before.next_change() {
            return None;
        }
        let what = match nothing {
            true => "the same prices".to_owned(),
            false => diff.counts.to_string(),
        };
        let mut line = format!("deck {}: {what}", self.name);
        if let Some((old, new)) = diff.currency {
            let shown = |currency: Option<Currency>| {
                currency.map_or_else(|| "none".to_owned(), |currency| currency.to_string())
            };
            line += &format!(", currency {} is now {}", shown(old), shown(new));
        }
        if let Some(next) = next {
            line += &format!(", next change {next}");
        }
        Some(line)
    }

    /// Its currency, and what that is worth in the base currency.
    fn worth(&self, utc_ns: u64) -> Option<(Currency, Rate)> {
        let currency = self.deck.currency()?;
        let rate = self.rates.as_ref()?.rate_at(currency, utc_ns)?;
        Some((currency, rate))
    }

    /// The rate that its base prices are of, for people.
    fn rate(&self, utc_ns: u64) -> Option<String> {
        let (rates, currency) = (self.rates.as_ref()?, self.deck.currency()?);
        let rate = rates.rate_at(currency, utc_ns)?;
        (currency != rates.base()).then(|| format!("{currency} at {rate} {}", rates.base()))
    }
}

/// The lists of all carriers and accounts, in the order of the configuration.
#[derive(Default, Clone)]
pub(crate) struct Prices {
    pub(crate) carriers: Vec<Option<Arc<Listed>>>,
    pub(crate) accounts: Vec<Option<Arc<Listed>>>,
}

/// What became of lists at an instant.
pub(crate) struct Switched {
    pub(crate) prices: Prices,
    /// One line a list that changed.
    pub(crate) said: Vec<String>,
}

impl Prices {
    /// What the currencies of accounts are worth in the base currency; empty without rates.
    pub(crate) fn worth(&self, utc_ns: u64) -> Vec<(Currency, Rate)> {
        let lists = self.accounts.iter().flatten();
        let mut worth: Vec<(Currency, Rate)> = Vec::new();
        for found in lists.filter_map(|listed| listed.worth(utc_ns)) {
            if !worth.contains(&found) {
                worth.push(found);
            }
        }
        worth
    }

    pub(crate) fn lists(&self) -> impl Iterator<Item = &Arc<Listed>> {
        self.carriers.iter().chain(&self.accounts).flatten()
    }

    /// The first instant at which any of them changes.
    pub(crate) fn next_change(&self) -> u64 {
        self.lists()
            .map(|listed| listed.until)
            .min()
            .unwrap_or(u64::MAX)
    }

    /// Whether all of them are of this instant; not after a change, nor where the clock was set back over one.
    pub(crate) fn hold_at(&self, utc_ns: u64) -> bool {
        self.lists().all(|listed| listed.holds_at(utc_ns))
    }

    /// What holds at another instant; lists that do not change are shared.
    pub(crate) fn at(&self, utc_ns: u64) -> Switched {
        let mut switching = Switching {
            utc_ns,
            done: Vec::new(),
            said: Vec::new(),
        };
        let mut all = |lists: &[Option<Arc<Listed>>]| -> Vec<Option<Arc<Listed>>> {
            let lists = lists.iter();
            lists
                .map(|listed| Some(switching.switch(listed.as_ref()?)))
                .collect()
        };
        let prices = Self {
            carriers: all(&self.carriers),
            accounts: all(&self.accounts),
        };
        Switched {
            prices,
            said: switching.said,
        }
    }
}

struct Switching {
    utc_ns: u64,
    /// Lists before and after; several owners may share one.
    done: Vec<(Arc<Listed>, Arc<Listed>)>,
    said: Vec<String>,
}

impl Switching {
    fn switch(&mut self, before: &Arc<Listed>) -> Arc<Listed> {
        if before.holds_at(self.utc_ns) {
            return Arc::clone(before);
        }
        if let Some((_, after)) = self.done.iter().find(|(was, _)| Arc::ptr_eq(was, before)) {
            return Arc::clone(after);
        }
        let (after, line) = match before.at(self.utc_ns) {
            None => return Arc::clone(before),
            Some(Ok(after)) => {
                let line = self.line(before, &after);
                (after, line)
            }
            // Every rate to come was tried when the list was taken; a clock far back may still have none.
            Some(Err(fault)) => {
                let line = format!("{fault}; its prices stay");
                (before.kept_at(self.utc_ns), line)
            }
        };
        self.said.push(line);
        let after = Arc::new(after);
        self.done.push((Arc::clone(before), Arc::clone(&after)));
        after
    }
    fn line(&self, before: &Listed, after: &Listed) -> String {
        let line = after.told_after(before);
        let line = line.unwrap_or_else(|| format!("deck {}: the same prices", after.name));
        match after.rate(self.utc_ns) {
            Some(rate) => format!("{line}, {rate}"),
            None => line,
        }
    }
}

/// Around an instant: the last change up to it and the next one, of the list or of its currency's rate.
fn period(list: &PriceList, rates: Option<&Rates>, utc_ns: u64) -> (u64, u64) {
    let mut from = list.last_change_until(utc_ns);
    let mut until = list.next_change_after(utc_ns).unwrap_or(u64::MAX);
    if let (Some(rates), Some(currency)) = (rates, list.currency()) {
        from = from.max(rates.last_change_until(currency, utc_ns));
        let next = rates.next_change_after(currency, utc_ns);
        until = until.min(next.unwrap_or(u64::MAX));
    }
    (from, until)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use carrack_message::Msisdn;
    use carrack_routing::read_instant;

    use super::*;

    fn listed(text: &str, rates: Option<&str>, at: &str) -> Arc<Listed> {
        let list = PriceList::from_csv(text.as_bytes(), "d.csv").unwrap();
        let eur = Currency(*b"EUR");
        let rates = rates.map(|text| Rates::from_csv(text.as_bytes(), "r.csv", eur).unwrap());
        let at = read_instant(at).unwrap();
        Arc::new(Listed::of(Path::new("d.csv"), list, rates.map(Arc::new), at).unwrap())
    }

    fn base(listed: &Option<Arc<Listed>>) -> i64 {
        let to = Msisdn::from_u64(447_700_900_123).unwrap();
        listed.as_ref().unwrap().deck.price(to).unwrap().base.0
    }

    #[test]
    fn prices_change_at_their_instant_and_back_with_the_clock() {
        let text = "prefix,price,from\n44,0.01,\n44,0.02,2026-12-01\n49,0.05,2026-12-01\n";
        let shared = listed(text, None, "2026-11-30");
        let constant = listed("prefix,price\n44,0.03\n", None, "2026-11-30");
        let prices = Prices {
            carriers: vec![Some(Arc::clone(&shared)), None, Some(constant)],
            accounts: vec![Some(shared)],
        };
        let change = read_instant("2026-12-01").unwrap();
        assert_eq!(prices.next_change(), change);
        assert!(prices.hold_at(change - 1) && !prices.hold_at(change));
        let Switched {
            prices: after,
            said,
        } = prices.at(change);
        assert_eq!(said, ["deck d.csv: 1 rises, 0 falls, 1 new, 0 gone"]);
        assert_eq!(
            (base(&after.carriers[0]), base(&after.accounts[0])),
            (20_000, 20_000)
        );
        let (carrier, account) = (after.carriers[0].as_ref(), after.accounts[0].as_ref());
        assert!(
            Arc::ptr_eq(carrier.unwrap(), account.unwrap()),
            "it is compiled once"
        );
        assert_eq!(base(&after.carriers[2]), 30_000);
        assert!(
            after.carriers[2].as_ref().unwrap().list.is_none(),
            "it can never change"
        );
        assert!(after.hold_at(change) && after.next_change() == u64::MAX);
        assert!(!after.hold_at(change - 1), "the clock was set back");
        let back = after.at(change - 1);
        assert_eq!(base(&back.prices.carriers[0]), 10_000);
        assert_eq!(back.prices.next_change(), change);
    }

    #[test]
    fn rates_change_at_their_instant() {
        let rates = "currency,rate,from\nUSD,0.9,\nUSD,0.8,2026-12-01\n";
        let text = "prefix,price,currency\n44,0.01,USD\n";
        let prices = Prices {
            carriers: vec![Some(listed(text, Some(rates), "2026-11-30"))],
            accounts: Vec::new(),
        };
        assert_eq!(base(&prices.carriers[0]), 9_000);
        let switched = prices.at(prices.next_change());
        assert_eq!(base(&switched.prices.carriers[0]), 8_000);
        assert_eq!(
            switched.said,
            ["deck d.csv: the same prices, USD at 0.8 EUR"]
        );
    }

    #[test]
    fn a_clock_before_the_first_rate_keeps_the_prices() {
        let rates = "currency,rate,from\nUSD,0.9,2026-01-01\n";
        let text = "prefix,price,currency\n44,0.01,USD\n";
        let prices = Prices {
            carriers: vec![Some(listed(text, Some(rates), "2026-11-30"))],
            accounts: Vec::new(),
        };
        let switched = prices.at(read_instant("2025-01-01").unwrap());
        assert!(
            switched.said[0].contains("its prices stay"),
            "{:?}",
            switched.said
        );
        assert_eq!(base(&switched.prices.carriers[0]), 9_000);
        assert!(switched.prices.hold_at(read_instant("2025-01-01").unwrap()));
    }
}
