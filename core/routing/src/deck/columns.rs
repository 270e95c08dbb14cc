//! Where each column of a price list stands.

use std::borrow::Cow;

use super::fault::Gathered;
use crate::lines::Fields;

/// A column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    Prefix,
    Network,
    Price,
    Currency,
    Name,
    From,
    Until,
    Increment,
    Minimum,
}

const COLUMNS: [(&str, Column); 9] = [
    ("prefix", Column::Prefix),
    ("network", Column::Network),
    ("price", Column::Price),
    ("currency", Column::Currency),
    ("name", Column::Name),
    ("from", Column::From),
    ("until", Column::Until),
    ("increment", Column::Increment),
    ("minimum", Column::Minimum),
];

/// The columns of a file.
pub(super) struct Columns {
    places: [Option<usize>; COLUMNS.len()],
    pub(super) count: usize,
}

impl Columns {
    pub(super) fn of(header: &Fields, line: u64, faults: &mut Gathered<'_>) -> Option<Self> {
        let mut places = [None; COLUMNS.len()];
        for place in 0..header.len() {
            let field = header
                .text(place)
                .trim_start_matches('\u{feff}')
                .to_lowercase();
            let known = COLUMNS.iter().position(|(name, _)| *name == field);
            let Some(column) = known.and_then(|column| places.get_mut(column)) else {
                faults.add(line, unknown(&field, header.len()));
                continue;
            };
            if column.replace(place).is_some() {
                faults.add(line, format!("column {field} stands twice; keep one"));
            }
        }
        let columns = Self {
            places,
            count: header.len(),
        };
        let by_something = columns.has(Column::Prefix) || columns.has(Column::Network);
        if !by_something || !columns.has(Column::Price) {
            faults.add(
                line,
                "the header has to name prefix and price, or network and price, as in prefix,price,currency,name",
            );
            return None;
        }
        Some(columns)
    }

    fn place(&self, column: Column) -> Option<usize> {
        self.places.get(column as usize).copied().flatten()
    }

    pub(super) fn has(&self, column: Column) -> bool {
        self.place(column).is_some()
    }

    /// The text of a column in a row; nothing where the file has no such column.
    pub(super) fn text<'f>(&self, fields: &'f Fields, column: Column) -> Cow<'f, str> {
        self.place(column)
            .map_or(Cow::Borrowed(""), |place| fields.text(place))
    }
}

fn unknown(field: &str, columns: usize) -> String {
    let known: Vec<&str> = COLUMNS.iter().map(|(name, _)| *name).collect();
    let known = known.join(", ");
    let other = field.contains([';', '\t']) && columns == 1;
    let cure = match other {
        true => "set columns apart by commas; known are ",
        false => "known are ",
    };
    format!("unknown column {field:?}; {cure}{known}")
}
