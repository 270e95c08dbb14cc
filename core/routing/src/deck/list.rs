//! A price list with all its rows and dates, from which decks are compiled.
//!
//! Promise: of the rows of one destination that hold at an instant, the one that began last rules. So a row without an
//! end gives way to a later one, and rules again where that one ends: no change of price leaves a hole. What cannot be
//! meant is a fault: two rows of one destination that begin together, and a row that begins before an earlier one has
//! reached the end it names.
//!
//! A period is half open, `[from, until)`: where `until` of one row is `from` of the next they meet without a gap.

use std::sync::Arc;

use carrack_message::{Currency, Micros};

use super::destination::Key;
use super::fault::{DeckFault, Gathered};
use super::{Deck, Destination, Increments, Priced};
use crate::currency::{Rate, Rates};
use crate::show_instant;

/// When a row holds: from the first instant until before the second, UTC nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Period {
    pub(super) from: u64,
    pub(super) until: u64,
}

impl Period {
    const fn holds_at(self, utc_ns: u64) -> bool {
        self.from <= utc_ns && utc_ns < self.until
    }
}

/// One row as read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub(super) key: Key,
    pub(super) price: Micros,
    /// Place in the names plus one; 0 where the row has none.
    pub(super) name: u32,
    /// Place in the periods.
    pub(super) period: u32,
    pub(super) line: u32,
    pub(super) increments: Increments,
}

/// One row of a list as it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListedRow<'a> {
    /// What it prices.
    pub destination: Destination,
    /// Price of one segment, in the list's currency.
    pub price: Micros,
    /// How many segments are billed.
    pub increments: Increments,
    /// What the list calls the destination.
    pub name: Option<&'a str>,
    /// UTC nanoseconds from which it holds; 0: always.
    pub from: u64,
    /// UTC nanoseconds from which it no longer holds; `u64::MAX`: never.
    pub until: u64,
    /// Line of the file.
    pub line: u64,
}

/// All rows of a price list, of all dates. Every list of this type is without faults.
#[derive(Clone, Debug)]
pub struct PriceList {
    file: Box<str>,
    /// By destination, then by beginning.
    rows: Vec<Row>,
    periods: Vec<Period>,
    names: Arc<[Box<str>]>,
    currency: Option<(Currency, u64)>,
    /// Instants at which rows begin or end, each once, in order.
    changes: Vec<u64>,
}

impl PriceList {
    pub(super) fn of(file: &str, mut rows: Vec<Row>, periods: Vec<Period>) -> Self {
        let from = |row: &Row| periods.get(row.period as usize).map_or(0, |p| p.from);
        rows.sort_by_cached_key(|row| (row.key.order(), from(row), row.line));
        let mut changes: Vec<u64> = periods
            .iter()
            .flat_map(|period| [period.from, period.until])
            .filter(|change| (1..u64::MAX).contains(change))
            .collect();
        changes.sort_unstable();
        changes.dedup();
        Self {
            file: file.into(),
            rows,
            periods,
            names: Arc::from([]),
            currency: None,
            changes,
        }
    }

    pub(super) fn named(mut self, names: Vec<Box<str>>, currency: Option<(Currency, u64)>) -> Self {
        (self.names, self.currency) = (names.into(), currency);
        self
    }

    /// What holds at an instant, without conversion: base prices are the prices.
    #[must_use]
    pub fn at(&self, utc_ns: u64) -> Deck {
        let row = |row: &Row| Priced::of(row, row.price);
        let rows = self.ruling(utc_ns).map(row).collect();
        self.deck(rows, None)
    }

    /// What holds at an instant, with base prices at the rate of that instant.
    ///
    /// # Errors
    /// The list's currency has no rate then, or a price is too large for it. [`PriceList::check_rates`] tells before.
    pub fn converted_at(&self, utc_ns: u64, rates: &Rates) -> Result<Deck, DeckFault> {
        let rate = self.rate_at(utc_ns, rates)?;
        let mut rows = Vec::with_capacity(self.rows.len());
        for row in self.ruling(utc_ns) {
            let base = rate.convert(row.price);
            let base = base.ok_or_else(|| self.too_large(row.line, rate))?;
            rows.push(Priced::of(row, base));
        }
        Ok(self.deck(rows, Some(rates.base())))
    }

    /// Whether every price of the list can be converted at every instant from this one on.
    ///
    /// # Errors
    /// The currency has no rate at this instant, or a price is too large for one of its rates.
    pub fn check_rates(&self, utc_ns: u64, rates: &Rates) -> Result<(), DeckFault> {
        let now = self.rate_at(utc_ns, rates)?;
        let greatest = self.rows.iter().max_by_key(|row| row.price);
        let (Some(row), Some((currency, _))) = (greatest, self.currency) else {
            return Ok(());
        };
        let rate = rates.greatest(currency).unwrap_or(now);
        match rate.convert(row.price) {
            Some(_) => Ok(()),
            None => Err(self.too_large(row.line, rate)),
        }
    }

    fn rate_at(&self, utc_ns: u64, rates: &Rates) -> Result<Rate, DeckFault> {
        // Where a list names no currency its prices are in the base, as those without a list are.
        let Some((currency, line)) = self.currency else {
            return Ok(Rate::ONE);
        };
        rates.rate_at(currency, utc_ns).ok_or_else(|| {
            let (base, at) = (rates.base(), show_instant(utc_ns));
            let place = rates.file().unwrap_or("a file that `rates` of [currency] names");
            self.fault(
                line,
                format!(
                    "currency {currency} has no rate to {base} at {at}; give it one in {place} as {currency},RATE"
                ),
            )
        })
    }

    fn too_large(&self, line: u32, rate: Rate) -> DeckFault {
        let what =
            format!("the price is too large to convert at the rate {rate}; lower one of them");
        self.fault(u64::from(line), what)
    }

    fn fault(&self, line: u64, what: String) -> DeckFault {
        DeckFault {
            file: self.file.to_string(),
            line,
            what,
        }
    }

    fn deck(&self, rows: Vec<Priced>, base: Option<Currency>) -> Deck {
        Deck::compile(rows, Arc::clone(&self.names), self.currency(), base)
    }

    fn period(&self, row: &Row) -> Period {
        let period = self.periods.get(row.period as usize).copied();
        period.unwrap_or(Period {
            from: 0,
            until: u64::MAX,
        })
    }

    /// The row of each destination that rules at an instant, in the order of rows.
    fn ruling(&self, utc_ns: u64) -> impl Iterator<Item = &Row> {
        let of_one = self.rows.chunk_by(|one, other| one.key == other.key);
        of_one.filter_map(move |rows| {
            let mut latest_first = rows.iter().rev();
            latest_first.find(|row| self.period(row).holds_at(utc_ns))
        })
    }

    /// The first instant after this one at which a row begins or ends.
    #[must_use]
    pub fn next_change_after(&self, utc_ns: u64) -> Option<u64> {
        let place = self.changes.partition_point(|change| *change <= utc_ns);
        self.changes.get(place).copied()
    }

    /// The last instant up to this one at which a row began or ended; 0 where there is none.
    #[must_use]
    pub fn last_change_until(&self, utc_ns: u64) -> u64 {
        let place = self.changes.partition_point(|change| *change <= utc_ns);
        let last = place.checked_sub(1).and_then(|last| self.changes.get(last));
        last.copied().unwrap_or_default()
    }

    /// The currency of all its prices, where the list says one.
    #[must_use]
    pub fn currency(&self) -> Option<Currency> {
        self.currency.map(|(currency, _)| currency)
    }

    /// How many rows it has, of all dates.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether it has none; no list that was read is.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Every row, by destination, then by beginning.
    pub fn rows(&self) -> impl Iterator<Item = ListedRow<'_>> {
        self.rows.iter().map(|row| self.listed(row))
    }

    /// The row that rules a destination at an instant.
    #[must_use]
    pub fn row_at(&self, destination: Destination, utc_ns: u64) -> Option<ListedRow<'_>> {
        let order = Key::from(destination).order();
        let end = self.rows.partition_point(|row| row.key.order() <= order);
        let mut latest_first = self.rows.get(..end)?.iter().rev();
        let mut own = latest_first
            .by_ref()
            .take_while(|row| row.key.order() == order);
        let found = own.find(|row| self.period(row).holds_at(utc_ns))?;
        Some(self.listed(found))
    }

    fn listed(&self, row: &Row) -> ListedRow<'_> {
        let period = self.period(row);
        let name = row.name.checked_sub(1);
        ListedRow {
            destination: row.key.destination(),
            price: row.price,
            increments: row.increments,
            name: name.and_then(|name| self.names.get(name as usize).map(|name| &**name)),
            from: period.from,
            until: period.until,
            line: u64::from(row.line),
        }
    }

    /// Says which rows of one destination cannot both be meant.
    pub(super) fn check_periods(&self, faults: &mut Gathered<'_>) {
        for rows in self.rows.chunk_by(|one, other| one.key == other.key) {
            // The end furthest away that a row named so far.
            let mut bounded: Option<(u64, &Row)> = None;
            let mut before: Option<&Row> = None;
            for row in rows {
                let period = self.period(row);
                let twin = before.filter(|before| self.period(before).from == period.from);
                let inside = bounded.filter(|(until, _)| period.from < *until);
                match (twin, inside) {
                    (Some(first), _) => faults.add(u64::from(row.line), doubled(row, first)),
                    (None, Some((until, first))) => {
                        faults.add(u64::from(row.line), overlapping(row, first, until));
                    }
                    (None, None) => {}
                }
                let furthest = bounded.is_none_or(|(until, _)| period.until > until);
                if period.until != u64::MAX && furthest {
                    bounded = Some((period.until, row));
                }
                before = Some(row);
            }
        }
    }
}

fn kind(row: &Row) -> &'static str {
    match row.key.network() {
        Some(_) => "network",
        None => "prefix",
    }
}

fn doubled(row: &Row, first: &Row) -> String {
    format!(
        "{} {} stands already in line {}; keep one of the two, or let one begin later by `from`",
        kind(row),
        row.key.destination(),
        first.line
    )
}

fn overlapping(row: &Row, first: &Row, until: u64) -> String {
    format!(
        "{} {} begins before line {} ends at {}; let one end where the other begins",
        kind(row),
        row.key.destination(),
        first.line,
        show_instant(until)
    )
}
