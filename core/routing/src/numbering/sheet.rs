//! A CSV list with a header: its columns by name, then its rows, each with its line.
//!
//! Promise: columns in any order and case; a row with a fault does not hide those after it, and no row allocates. A
//! reader that fails ends the reading with a fault.

use std::io::Read;

use csv::{ByteRecord, ReaderBuilder};

use crate::deck::Gathered;

/// What a list is called and which columns it may have.
pub(crate) struct Form<const N: usize> {
    /// "the numbering plan"
    pub(crate) what: &'static str,
    /// Names of the columns, in lower case.
    pub(crate) columns: [&'static str; N],
    /// So many of them, from the first, have to be there.
    pub(crate) required: usize,
}

/// A list under way.
pub(crate) struct Sheet<R, const N: usize> {
    csv: csv::Reader<R>,
    record: ByteRecord,
    /// Where each column of the form stands.
    places: [Option<usize>; N],
    count: usize,
}

impl<R: Read, const N: usize> Sheet<R, N> {
    /// Reads the header; none where it cannot be read or misses a column, which is among the faults then.
    pub(crate) fn open(reader: R, form: &Form<N>, faults: &mut Gathered<'_>) -> Option<Self> {
        let mut csv = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .buffer_capacity(1 << 16)
            .from_reader(reader);
        let mut record = ByteRecord::new();
        let all = form.columns.join(",");
        match csv.read_byte_record(&mut record) {
            Ok(true) => {}
            Ok(false) => {
                faults.add(
                    1,
                    format!("{} is empty; begin with the header {all}", form.what),
                );
                return None;
            }
            Err(error) => {
                faults.add(1, format!("cannot be read: {error}"));
                return None;
            }
        }
        let places = form.places(&record, faults);
        let missing = places.iter().take(form.required).any(Option::is_none);
        if missing {
            let needed = form.columns.get(..form.required).unwrap_or_default();
            let needed = needed.join(" and ");
            faults.add(1, format!("the header has to name {needed}, as in {all}"));
            return None;
        }
        Some(Self {
            csv,
            count: record.len(),
            record,
            places,
        })
    }

    /// The next row that has as many fields as the header, and its line; none at the end. Fields are without blanks
    /// around them; one whose column is absent is empty.
    pub(crate) fn next(&mut self, faults: &mut Gathered<'_>) -> Option<(u64, [&[u8]; N])> {
        loop {
            match self.csv.read_byte_record(&mut self.record) {
                Ok(true) if self.record.len() == self.count => break,
                Ok(true) => {
                    let (found, wanted) = (self.record.len(), self.count);
                    let what = format!(
                        "{found} fields where the header has {wanted}; quote a field that holds a comma"
                    );
                    faults.add(self.line(), what);
                }
                Ok(false) => return None,
                Err(error) => {
                    let line = self.csv.position().line();
                    faults.add(line, format!("cannot be read: {error}"));
                    return None;
                }
            }
        }
        let field = |place: Option<usize>| {
            let field = place.and_then(|place| self.record.get(place));
            field.unwrap_or_default().trim_ascii()
        };
        Some((self.line(), self.places.map(field)))
    }

    fn line(&self) -> u64 {
        self.record.position().map_or(0, csv::Position::line)
    }
}

impl<const N: usize> Form<N> {
    fn places(&self, header: &ByteRecord, faults: &mut Gathered<'_>) -> [Option<usize>; N] {
        let mut places = [None; N];
        for (at, field) in header.iter().enumerate() {
            let field = String::from_utf8_lossy(field);
            let field = field.trim_start_matches('\u{feff}').trim().to_lowercase();
            let known = self.columns.iter().zip(&mut places);
            match known.into_iter().find(|(name, _)| **name == field) {
                Some((_, place)) if place.is_none() => *place = Some(at),
                Some(_) => faults.add(1, format!("column {field} stands twice; keep one")),
                None => {
                    let known = self.columns.join(", ");
                    faults.add(1, format!("unknown column {field:?}; known are {known}"));
                }
            }
        }
        places
    }
}
