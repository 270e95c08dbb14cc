//! A numbering plan from CSV.
//!
//! Header `prefix,network[,country][,operator]` in any order and case; one row a prefix. A row with a fault does not
//! hide those after it. Bounded by [`ROWS_MAX`] rows.

use std::io::Read;

use carrack_message::Network;
use rustc_hash::FxHashMap;

use super::NumberPlan;
use super::plan::{Country, Row};
use super::sheet::{Form, Sheet};
use crate::deck::Gathered;
use crate::ranges::{Ranges, order};
use crate::{DeckFaults, Prefix};

/// Most rows of one plan.
const ROWS_MAX: usize = 5_000_000;

const FORM: Form<4> = Form {
    what: "the numbering plan",
    columns: ["prefix", "network", "country", "operator"],
    required: 2,
};

impl NumberPlan {
    /// Reads a plan; `file_name` is what the faults call it.
    ///
    /// # Errors
    /// All faults of the list at once, each with its line and cure.
    pub fn from_csv(reader: impl Read, file_name: &str) -> Result<Self, DeckFaults> {
        let mut faults = Gathered::new(file_name);
        let mut listing = Listing::default();
        if let Some(mut sheet) = Sheet::open(reader, &FORM, &mut faults) {
            listing.read(&mut sheet, &mut faults);
            listing.sort(&mut faults);
        }
        match faults.into_faults() {
            Some(faults) => Err(faults),
            None => Ok(listing.compile()),
        }
    }
}

/// Rows as read, with their lines.
#[derive(Default)]
struct Listing {
    rows: Vec<(Row, u64)>,
    operators: Vec<Box<str>>,
    known_operators: FxHashMap<Box<str>, u32>,
}

impl Listing {
    fn read<R: Read>(&mut self, sheet: &mut Sheet<R, 4>, faults: &mut Gathered<'_>) {
        let mut seen = 0_usize;
        while let Some((line, fields)) = sheet.next(faults) {
            seen += 1;
            if seen > ROWS_MAX {
                faults.add(line, format!("more than {ROWS_MAX} rows; split the plan"));
                return;
            }
            let [prefix, network, country, operator] = fields;
            let prefix = text(prefix)
                .parse::<Prefix>()
                .map_err(|fault| faults.add(line, fault.to_string()));
            let network = network_of(network).map_err(|what| faults.add(line, what));
            let country = country_of(country).map_err(|what| faults.add(line, what));
            let operator = self.intern(&text(operator));
            if let (Ok(prefix), Ok(network), Ok(country)) = (prefix, network, country) {
                let row = Row {
                    prefix,
                    network,
                    country,
                    operator,
                };
                self.rows.push((row, line));
            }
        }
        if seen == 0 {
            faults.add(
                1,
                "the numbering plan has no rows; give at least one prefix and its network",
            );
        }
    }

    /// The place of a name plus one. Operators repeat over many prefixes, so each is kept once.
    fn intern(&mut self, name: &str) -> u32 {
        if name.is_empty() {
            return 0;
        }
        if let Some(place) = self.known_operators.get(name) {
            return *place;
        }
        self.operators.push(name.into());
        let place = self.operators.len() as u32;
        self.known_operators.insert(name.into(), place);
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

    fn compile(self) -> NumberPlan {
        let rows: Vec<Row> = self.rows.into_iter().map(|(row, _)| row).collect();
        let ranges = Ranges::build(rows.iter().map(|row| row.prefix));
        NumberPlan {
            rows,
            operators: self.operators,
            ranges,
        }
    }
}

fn text(field: &[u8]) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(field)
}

/// A field that names a network.
pub(super) fn network_of(field: &[u8]) -> Result<Network, String> {
    std::str::from_utf8(field)
        .ok()
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| {
            let text = text(field);
            format!("network {text:?}: {}", carrack_message::NetworkFault)
        })
}

fn country_of(field: &[u8]) -> Result<Country, String> {
    match field {
        [] => Ok([0; 2]),
        [first, second] if first.is_ascii_alphabetic() && second.is_ascii_alphabetic() => {
            Ok([first.to_ascii_uppercase(), second.to_ascii_uppercase()])
        }
        _ => Err(format!(
            "country {:?}: write its two letters (ISO 3166), such as GB, or nothing",
            text(field)
        )),
    }
}
