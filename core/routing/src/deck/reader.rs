//! A price list from CSV.
//!
//! Header `prefix,price[,currency][,name]` in any order and case; one row a prefix. A row with a fault does not
//! hide those after it. Bounded by [`ROWS_MAX`] rows; a reader that fails ends the reading with a fault.

use std::io::Read;

use carrack_message::{Currency, Micros};
use csv::{ByteRecord, ReaderBuilder, Trim};
use rustc_hash::FxHashMap;

use super::{Deck, DeckFaults, Gathered, Row};
use crate::Prefix;
use crate::ranges::{Ranges, order};

/// Most rows of one list.
const ROWS_MAX: usize = 5_000_000;

/// Where each column stands.
struct Columns {
    prefix: usize,
    price: usize,
    currency: Option<usize>,
    name: Option<usize>,
    count: usize,
}

impl Deck {
    /// Reads a list; `file_name` is what the faults call it.
    ///
    /// # Errors
    /// All faults of the list at once, each with its line and cure.
    pub fn from_csv(reader: impl Read, file_name: &str) -> Result<Self, DeckFaults> {
        let mut faults = Gathered::new(file_name);
        let mut csv = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .trim(Trim::All)
            .from_reader(reader);
        let mut record = ByteRecord::new();
        let mut listing = Listing::default();
        let header = match csv.read_byte_record(&mut record) {
            Ok(true) => Columns::of(&record, &mut faults),
            Ok(false) => {
                faults.add(
                    1,
                    "the deck is empty; begin with the header prefix,price,currency,name",
                );
                None
            }
            Err(error) => {
                faults.add(1, format!("cannot be read: {error}"));
                None
            }
        };
        if let Some(columns) = header {
            listing.read_rows(&mut csv, &columns, &mut faults);
            listing.sort(&mut faults);
        }
        match faults.into_faults() {
            Some(faults) => Err(faults),
            None => Ok(listing.compile()),
        }
    }
}

impl Columns {
    fn of(header: &ByteRecord, faults: &mut Gathered<'_>) -> Option<Self> {
        let (mut prefix, mut price, mut currency, mut name) = (None, None, None, None);
        for (place, field) in header.iter().enumerate() {
            let field = String::from_utf8_lossy(field)
                .trim_start_matches('\u{feff}')
                .to_lowercase();
            let column = match field.as_str() {
                "prefix" => &mut prefix,
                "price" => &mut price,
                "currency" => &mut currency,
                "name" => &mut name,
                _ => {
                    faults.add(
                        1,
                        format!(
                            "unknown column {field:?}; known are prefix, price, currency, name"
                        ),
                    );
                    continue;
                }
            };
            if column.replace(place).is_some() {
                faults.add(1, format!("column {field} stands twice; keep one"));
            }
        }
        if prefix.is_none() || price.is_none() {
            faults.add(
                1,
                "the header has to name prefix and price, as in prefix,price,currency,name",
            );
        }
        Some(Self {
            prefix: prefix?,
            price: price?,
            currency,
            name,
            count: header.len(),
        })
    }
}

/// Rows as read, with their lines.
#[derive(Default)]
struct Listing {
    rows: Vec<(Row, u64)>,
    names: Vec<Box<str>>,
    known_names: FxHashMap<Box<str>, u32>,
    currency: Option<(Currency, u64)>,
}

impl Listing {
    fn read_rows<R: Read>(
        &mut self,
        csv: &mut csv::Reader<R>,
        columns: &Columns,
        faults: &mut Gathered<'_>,
    ) {
        let mut record = ByteRecord::new();
        let mut seen = 0_usize;
        loop {
            match csv.read_byte_record(&mut record) {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => {
                    faults.add(csv.position().line(), format!("cannot be read: {error}"));
                    return;
                }
            }
            let line = record.position().map_or(0, csv::Position::line);
            seen += 1;
            if seen > ROWS_MAX {
                faults.add(line, format!("more than {ROWS_MAX} rows; split the deck"));
                return;
            }
            if let Some(row) = self.row(&record, columns, line, faults) {
                self.rows.push((row, line));
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
        record: &ByteRecord,
        columns: &Columns,
        line: u64,
        faults: &mut Gathered<'_>,
    ) -> Option<Row> {
        if record.len() != columns.count {
            faults.add(
                line,
                format!(
                    "{} fields where the header has {}; quote a field that holds a comma",
                    record.len(),
                    columns.count
                ),
            );
            return None;
        }
        let text = |place: usize| String::from_utf8_lossy(record.get(place).unwrap_or_default());
        let prefix = text(columns.prefix)
            .parse::<Prefix>()
            .map_err(|fault| faults.add(line, fault.to_string()));
        let price = price(&text(columns.price)).map_err(|what| faults.add(line, what));
        if let Some(place) = columns.currency {
            self.check_currency(&text(place), line, faults);
        }
        let name = columns.name.map_or(0, |place| self.intern(&text(place)));
        Some(Row {
            prefix: prefix.ok()?,
            price: price.ok()?,
            name,
        })
    }

    fn check_currency(&mut self, text: &str, line: u64, faults: &mut Gathered<'_>) {
        if text.is_empty() {
            return;
        }
        match (text.parse::<Currency>(), self.currency) {
            (Err(fault), _) => faults.add(line, format!("currency {text:?}: {fault}")),
            (Ok(currency), None) => self.currency = Some((currency, line)),
            (Ok(currency), Some((first, first_line))) if currency != first => faults.add(
                line,
                format!("currency {currency} where line {first_line} has {first}; a deck has one currency"),
            ),
            _ => {}
        }
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

    fn sort(&mut self, faults: &mut Gathered<'_>) {
        self.rows
            .sort_by_cached_key(|(row, line)| (order(row.prefix), *line));
        let mut first: Option<(Prefix, u64)> = None;
        for (row, line) in &self.rows {
            match first {
                Some((prefix, first_line)) if prefix == row.prefix => faults.add(
                    *line,
                    format!(
                        "prefix {prefix} stands already in line {first_line}; keep one of the two"
                    ),
                ),
                _ => first = Some((row.prefix, *line)),
            }
        }
    }

    fn compile(self) -> Deck {
        let rows: Vec<Row> = self.rows.into_iter().map(|(row, _)| row).collect();
        let ranges = Ranges::build(rows.iter().map(|row| row.prefix));
        Deck {
            rows,
            names: self.names,
            currency: self.currency.map(|(currency, _)| currency),
            ranges,
        }
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
