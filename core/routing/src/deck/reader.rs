//! A price list from CSV.
//!
//! Header `prefix,price` or `network,price` and any of `currency,name,from,until,increment,minimum`, in any order and
//! case. A row with a fault does not hide those after it. Bounded by [`ROWS_MAX`] rows and by what a line may hold; a
//! reader that fails ends the reading with a fault.

use std::io::{BufReader, Read};

use carrack_message::{Currency, Micros, Network};
use rustc_hash::FxHashMap;

use super::columns::{Column, Columns};
use super::destination::Key;
use super::fault::Gathered;
use super::list::{Period, Row};
use super::{Deck, DeckFaults, Destination, Increments, PriceList};
use crate::currency::is_known;
use crate::lines::{Fields, Lines};
use crate::{Prefix, read_instant};

/// Most rows of one list.
const ROWS_MAX: usize = 5_000_000;
/// Octets read at a time.
const READ_OCTETS: usize = 256 << 10;

impl Deck {
    /// Reads a list and compiles what holds without a date: every row of a list without dates. Lists with dates are read
    /// by [`PriceList::from_csv`].
    ///
    /// # Errors
    /// All faults of the list at once, each with its line and cure.
    pub fn from_csv(reader: impl Read, file_name: &str) -> Result<Self, DeckFaults> {
        PriceList::from_csv(reader, file_name).map(|list| list.at(0))
    }
}

impl PriceList {
    /// Reads a list; `file_name` is what the faults call it.
    ///
    /// # Errors
    /// All faults of the list at once, each with its line and cure.
    pub fn from_csv(reader: impl Read, file_name: &str) -> Result<Self, DeckFaults> {
        let mut faults = Gathered::new(file_name);
        let mut lines = Lines::of(BufReader::with_capacity(READ_OCTETS, reader));
        let mut listing = Listing::default();
        if let Some(columns) = header(&mut lines, &mut faults) {
            listing.read_rows(&mut lines, &columns, &mut faults);
        }
        let list = Self::of(file_name, listing.rows, listing.periods)
            .named(listing.names, listing.currency);
        list.check_periods(&mut faults);
        match faults.into_faults() {
            Some(faults) => Err(faults),
            None => Ok(list),
        }
    }
}

fn header<R: std::io::BufRead>(lines: &mut Lines<R>, faults: &mut Gathered<'_>) -> Option<Columns> {
    let what = match lines.next() {
        Ok(Some(Ok(()))) => None,
        Ok(Some(Err(what))) => Some(what),
        Ok(None) => {
            Some("the deck is empty; begin with the header prefix,price,currency,name".to_owned())
        }
        Err(error) => Some(format!("cannot be read: {error}")),
    };
    let line = lines.number().max(1);
    match what {
        Some(what) => {
            faults.add(line, what);
            None
        }
        None => Columns::of(lines.fields(), line, faults),
    }
}

/// Rows as read.
#[derive(Default)]
struct Listing {
    rows: Vec<Row>,
    names: Vec<Box<str>>,
    known_names: FxHashMap<Box<str>, u32>,
    periods: Vec<Period>,
    known_periods: FxHashMap<Period, u32>,
    currency: Option<(Currency, u64)>,
    /// The text of a currency that was looked at last, and whether it was good.
    last_currency: Option<Box<str>>,
}

impl Listing {
    fn read_rows<R: std::io::BufRead>(
        &mut self,
        lines: &mut Lines<R>,
        columns: &Columns,
        faults: &mut Gathered<'_>,
    ) {
        let mut seen = 0_usize;
        loop {
            let read = lines.next();
            let line = lines.number();
            match read {
                Ok(Some(Ok(()))) => {
                    if let Some(row) = self.row(lines.fields(), columns, line, faults) {
                        self.rows.push(row);
                    }
                }
                Ok(Some(Err(what))) => faults.add(line, what),
                Ok(None) => break,
                Err(error) => {
                    faults.add(line + 1, format!("cannot be read: {error}"));
                    return;
                }
            }
            seen += 1;
            if seen > ROWS_MAX {
                faults.add(line, format!("more than {ROWS_MAX} rows; split the deck"));
                return;
            }
        }
        if seen == 0 {
            faults.add(
                1,
                "the deck has no rows; give at least one prefix and its price",
            );
        }
    }

    fn row(
        &mut self,
        fields: &Fields,
        columns: &Columns,
        line: u64,
        faults: &mut Gathered<'_>,
    ) -> Option<Row> {
        if fields.len() != columns.count {
            faults.add(
                line,
                format!(
                    "{} fields where the header has {}; quote a field that holds a comma",
                    fields.len(),
                    columns.count
                ),
            );
            return None;
        }
        let text = |column| columns.text(fields, column);
        let mut take = |what: String| faults.add(line, what);
        let destination = destination(&text(Column::Prefix), &text(Column::Network));
        let destination = destination.map_err(&mut take);
        let price = price(&text(Column::Price)).map_err(&mut take);
        let period = period(&text(Column::From), &text(Column::Until)).map_err(&mut take);
        let increments = increments(&text(Column::Increment), &text(Column::Minimum));
        let increments = increments.map_err(&mut take);
        let currency = self.check_currency(&text(Column::Currency), line);
        let currency = currency.map_err(&mut take);
        let row = Row {
            key: Key::from(destination.ok()?),
            price: price.ok()?,
            name: self.intern(&text(Column::Name)),
            period: self.intern_period(period.ok()?),
            line: u32::try_from(line).unwrap_or(u32::MAX),
            increments: increments.ok()?,
        };
        currency.ok().map(|()| row)
    }

    fn check_currency(&mut self, text: &str, line: u64) -> Result<(), String> {
        if text.is_empty() || self.last_currency.as_deref() == Some(text) {
            return Ok(());
        }
        let currency: Currency = text
            .parse()
            .map_err(|fault| format!("currency {text:?}: {fault}"))?;
        if !is_known(currency) {
            return Err(format!(
                "currency {text:?} is unknown: ISO 4217 has none of that name; write one such as EUR"
            ));
        }
        match self.currency {
            None => self.currency = Some((currency, line)),
            Some((first, first_line)) if currency != first => {
                return Err(format!(
                    "currency {currency} where line {first_line} has {first}; a deck has one currency"
                ));
            }
            Some(_) => {}
        }
        self.last_currency = Some(text.into());
        Ok(())
    }

    /// The place of a name plus one. Destinations repeat over many prefixes, so each is kept once.
    fn intern(&mut self, name: &str) -> u32 {
        if name.is_empty() {
            return 0;
        }
        if let Some(place) = self.known_names.get(name) {
            return *place;
        }
        self.names.push(name.into());
        let place = self.names.len() as u32;
        self.known_names.insert(name.into(), place);
        place
    }

    /// The place of a period; a list has few.
    fn intern_period(&mut self, period: Period) -> u32 {
        *self.known_periods.entry(period).or_insert_with(|| {
            self.periods.push(period);
            (self.periods.len() - 1) as u32
        })
    }
}

fn destination(prefix: &str, network: &str) -> Result<Destination, String> {
    match (prefix.is_empty(), network.is_empty()) {
        (false, false) => Err(format!(
            "names the prefix {prefix} and the network {network}; a row prices one of them, so write two rows"
        )),
        (true, false) => network
            .parse::<Network>()
            .map(Destination::Network)
            .map_err(|fault| format!("network {network:?}: {fault}")),
        (_, true) => prefix
            .parse::<Prefix>()
            .map(Destination::Prefix)
            .map_err(|fault| fault.to_string()),
    }
}

fn price(text: &str) -> Result<Micros, String> {
    let price: Micros = text
        .parse()
        .map_err(|fault| format!("price {text:?}: {fault}"))?;
    if price < Micros::ZERO {
        return Err(format!(
            "price {text:?} is below zero; write what a segment costs"
        ));
    }
    Ok(price)
}

fn period(from: &str, until: &str) -> Result<Period, String> {
    let read = |column: &str, text: &str, none: u64| match text.is_empty() {
        true => Ok(none),
        false => read_instant(text).map_err(|fault| format!("{column} {text:?} {fault}")),
    };
    let period = Period {
        from: read("from", from, 0)?,
        until: read("until", until, u64::MAX)?,
    };
    match period.from < period.until {
        true => Ok(period),
        false => Err(format!(
            "holds from {from:?} until {until:?}, which is never; until is the first instant at which it no longer holds"
        )),
    }
}

fn increments(increment: &str, minimum: &str) -> Result<Increments, String> {
    let read = |column: &str, text: &str| match text.is_empty() {
        true => Ok(1),
        false => text
            .parse::<u8>()
            .ok()
            .filter(|count| *count > 0 && !text.starts_with('+'))
            .ok_or_else(|| {
                format!("{column} {text:?} is no count of segments; write one from 1 to 255")
            }),
    };
    Ok(Increments {
        increment: read("increment", increment)?,
        minimum: read("minimum", minimum)?,
    })
}
