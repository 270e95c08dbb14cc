//! Rows of an NDJSON source: an object a line, its keys the columns.
//!
//! Promise: every line that is not blank is exactly one row, whatever the blocks; a line that is no object is one bad row.
//! Keys are compared without case and blanks around them; one that no column has is passed over. Bound: a line as long as a
//! row may be, [`super::rows::COLUMNS_MAX`] columns; one block and one line are held.

use std::borrow::Cow;
use std::collections::HashMap;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::layout::ERROR_COLUMNS;
use super::rows::{COLUMNS_MAX, Found, Place, ROW_OCTETS_MAX, RowFault, beginning, position};

/// What stands in one column of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Kind {
    #[default]
    Absent,
    Text,
    /// A list or an object.
    Nested,
}

#[derive(Debug, Default)]
struct Cell {
    kind: Kind,
    text: String,
}

/// Splits a source into lines and reads their objects.
pub(crate) struct JsonReader {
    columns: HashMap<String, usize>,
    cells: Vec<Cell>,
    buffer: Vec<u8>,
    start: usize,
    next: Place,
    ended: bool,
    broken: bool,
    skipping: bool,
    skipped: Vec<u8>,
    row_line: u64,
    row: (usize, usize),
    is_object: bool,
}

impl JsonReader {
    /// A reader whose first octet stands at `place`; `names` as [`column_name`] writes them.
    pub(crate) fn new(names: &[String], place: Place) -> Self {
        let columns = names.iter().enumerate();
        Self {
            columns: columns
                .map(|(column, name)| (column_name(name), column))
                .collect(),
            cells: names.iter().map(|_| Cell::default()).collect(),
            buffer: Vec::new(),
            start: 0,
            next: place,
            ended: false,
            broken: false,
            skipping: false,
            skipped: Vec::new(),
            row_line: place.line,
            row: (0, 0),
            is_object: false,
        }
    }

    pub(crate) fn feed(&mut self, octets: &[u8]) {
        self.buffer.drain(..self.start);
        self.start = 0;
        self.row = (0, 0);
        self.buffer.extend_from_slice(octets);
    }

    pub(crate) fn end(&mut self) {
        self.ended = true;
    }

    pub(crate) fn break_off(&mut self) {
        (self.ended, self.broken) = (true, true);
    }

    pub(crate) fn place(&self) -> Place {
        self.next
    }

    pub(crate) fn row_line(&self) -> u64 {
        self.row_line
    }

    /// Whether the last row is an object whose keys can be told apart.
    pub(crate) fn is_object(&self) -> bool {
        self.is_object
    }

    /// The text of one column of the last row; none where the row has no such key.
    pub(crate) fn cell(&self, column: usize) -> Option<Cow<'_, [u8]>> {
        let cell = self.cells.get(column)?;
        (cell.kind == Kind::Text).then_some(Cow::Borrowed(cell.text.as_bytes()))
    }

    /// Whether one column of the last row holds a list or an object.
    pub(crate) fn is_nested(&self, column: usize) -> bool {
        self.cells
            .get(column)
            .is_some_and(|cell| cell.kind == Kind::Nested)
    }

    /// The last line as it stands in the source, without its end; of one past the bound what it begins with.
    pub(crate) fn octets(&self) -> &[u8] {
        if !self.skipped.is_empty() {
            return &self.skipped;
        }
        let (start, end) = self.row;
        let row = self.buffer.get(start..end).unwrap_or_default();
        row.trim_ascii()
    }

    /// Goes to the next row.
    pub(crate) fn next(&mut self) -> Found {
        if self.skipping {
            return self.skip();
        }
        self.skipped.clear();
        self.is_object = false;
        loop {
            let rest = self.buffer.get(self.start..).unwrap_or_default();
            let window = rest.get(..ROW_OCTETS_MAX).unwrap_or(rest);
            let octets = match position(window, b'\n') {
                Some(place) => place + 1,
                None if rest.len() > ROW_OCTETS_MAX => {
                    self.row_line = self.next.line;
                    self.skipped.extend_from_slice(beginning(rest));
                    self.skipping = true;
                    return self.skip();
                }
                None if !self.ended => return Found::More,
                None if rest.is_empty() => return Found::End,
                None => rest.len(),
            };
            let is_whole = window.get(..octets).is_some_and(|row| row.ends_with(b"\n"));
            self.row_line = self.next.line;
            self.row = (self.start, self.start + octets);
            self.start += octets;
            self.next.octet += octets as u64;
            self.next.line += u64::from(is_whole);
            if self.octets().is_empty() {
                continue;
            }
            if self.broken && !is_whole {
                return Found::Bad(RowFault::BrokenOff);
            }
            return match self.read() {
                Ok(()) => {
                    self.is_object = true;
                    Found::Row
                }
                Err(fault) => Found::Bad(fault),
            };
        }
    }

    fn skip(&mut self) -> Found {
        let rest = self.buffer.get(self.start..).unwrap_or_default();
        let (octets, whole) = match position(rest, b'\n') {
            Some(place) => (place + 1, true),
            None => (rest.len(), false),
        };
        self.start += octets;
        self.next.octet += octets as u64;
        self.next.line += u64::from(whole);
        self.row = (self.start, self.start);
        if whole || self.ended {
            self.skipping = false;
            Found::Bad(RowFault::TooLong)
        } else {
            Found::More
        }
    }

    fn read(&mut self) -> Result<(), RowFault> {
        for cell in &mut self.cells {
            cell.kind = Kind::Absent;
        }
        let (start, end) = self.row;
        let row = self.buffer.get(start..end).unwrap_or_default().trim_ascii();
        if row.first() != Some(&b'{') {
            return Err(RowFault::NoObject);
        }
        let mut twice = false;
        let mut reading = serde_json::Deserializer::from_slice(row);
        let filler = Filler {
            columns: &self.columns,
            cells: &mut self.cells,
            twice: &mut twice,
        };
        let read = filler
            .deserialize(&mut reading)
            .and_then(|()| reading.end());
        match read {
            Err(error) => Err(RowFault::NoJson {
                column: error.column(),
            }),
            Ok(()) if twice => Err(RowFault::KeyTwice),
            Ok(()) => Ok(()),
        }
    }
}

/// A key or the name of a column, as they are compared.
pub(crate) fn column_name(name: &str) -> String {
    name.trim().to_lowercase()
}

/// Keys of the objects that a source begins with, in their order; lines that are none are passed over.
pub(crate) fn keys(text: &[u8]) -> Vec<String> {
    let mut keys: Vec<String> = Vec::new();
    let mut known = std::collections::HashSet::new();
    for line in text.split(|octet| *octet == b'\n') {
        let Ok(found) = serde_json::from_slice::<Keys>(line) else {
            continue;
        };
        for key in found.0 {
            if keys.len() < COLUMNS_MAX && known.insert(column_name(&key)) {
                keys.push(key);
            }
        }
    }
    keys
}

/// The keys of one object.
struct Keys(Vec<String>);

impl<'de> serde::Deserialize<'de> for Keys {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeysOf;
        impl<'de> Visitor<'de> for KeysOf {
            type Value = Keys;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Keys, A::Error> {
                let mut keys = Vec::new();
                while let Some((key, _)) = map.next_entry::<String, IgnoredAny>()? {
                    keys.push(key);
                }
                Ok(Keys(keys))
            }
        }
        deserializer.deserialize_map(KeysOf)
    }
}

/// Puts the values of an object into their cells.
struct Filler<'a> {
    columns: &'a HashMap<String, usize>,
    cells: &'a mut [Cell],
    twice: &'a mut bool,
}

impl<'de> DeserializeSeed<'de> for Filler<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Filler<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            let column = match self.columns.get(key.as_ref()) {
                Some(column) => Some(*column),
                None => self.columns.get(&column_name(&key)).copied(),
            };
            let is_ours = ERROR_COLUMNS.contains(&key.as_ref());
            match column.and_then(|column| self.cells.get_mut(column)) {
                Some(cell) if !is_ours => {
                    *self.twice |= cell.kind != Kind::Absent;
                    map.next_value_seed(cell)?;
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for &mut Cell {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        self.text.clear();
        self.kind = Kind::Text;
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for &mut Cell {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a value")
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.text.push_str(text);
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.text.push_str(if value { "true" } else { "false" });
        Ok(())
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        self.text.push_str(&value.to_string());
        Ok(())
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.text.push_str(&value.to_string());
        Ok(())
    }

    fn visit_f64<E>(self, value: f64) -> Result<(), E> {
        self.text.push_str(&value.to_string());
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        self.kind = Kind::Nested;
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        self.kind = Kind::Nested;
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use proptest::prelude::*;

    use super::*;

    type Read = (Result<Vec<Option<String>>, RowFault>, u64, Place);

    const START: Place = Place { octet: 0, line: 1 };

    fn read(source: &[u8], block: usize, from: Place) -> Vec<Read> {
        let names = ["to".to_owned(), "First Name".to_owned()];
        let mut reader = JsonReader::new(&names, from);
        let mut blocks = source[from.octet as usize..].chunks(block.max(1));
        let mut rows = Vec::new();
        loop {
            let row = match reader.next() {
                Found::More => {
                    match blocks.next() {
                        Some(octets) => reader.feed(octets),
                        None => reader.end(),
                    }
                    continue;
                }
                Found::End => return rows,
                Found::Row => {
                    let text = |column| {
                        let cell = reader.cell(column)?;
                        Some(String::from_utf8(cell.into_owned()).unwrap())
                    };
                    Ok((0..2).map(text).collect())
                }
                Found::Bad(fault) => Err(fault),
            };
            rows.push((row, reader.row_line(), reader.place()));
        }
    }

    #[test]
    fn values_are_texts_and_a_line_that_is_no_object_is_one_bad_row() {
        let source = "{\"to\":4917,\"first name\":\"A\\u00e9 \\\"b\\\"\",\"x\":[1]}\r\n\n[1]\n{\"to\":\"1\"\n{\"TO\":null}\n{\"to\":1,\"To\":2}\n{\"to\":[1]}";
        let rows = read(source.as_bytes(), 5, START);
        let faults: Vec<_> = rows.iter().map(|row| row.0.clone()).collect();
        assert_eq!(
            faults[0],
            Ok(vec![Some("4917".into()), Some("Aé \"b\"".into())])
        );
        assert_eq!(faults[1], Err(RowFault::NoObject));
        assert!(matches!(faults[2], Err(RowFault::NoJson { .. })));
        assert_eq!(faults[3], Ok(vec![Some(String::new()), None]));
        assert_eq!(faults[4], Err(RowFault::KeyTwice));
        assert_eq!(faults[5], Ok(vec![None, None]));
        assert_eq!(
            rows.iter().map(|row| row.1).collect::<Vec<_>>(),
            [1, 3, 4, 5, 6, 7]
        );
    }

    #[test]
    fn an_endless_line_costs_one_row_and_bounded_memory() {
        let mut source = b"{\"to\":\"".to_vec();
        source.extend(vec![b'x'; ROW_OCTETS_MAX * 3]);
        source.extend_from_slice(b"\n{\"to\":\"1\"}");
        let rows = read(&source, 4096, START);
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[0].0, Err(RowFault::TooLong));
        assert_eq!(rows[1].1, 2);
    }

    #[test]
    fn keys_come_in_their_order_and_once() {
        let text = b"{\"b\":1,\"to\":2}\nno\n{\"TO\":1,\"c\":{}}\n{\"cut\":";
        assert_eq!(keys(text), ["b", "to", "c"]);
    }

    proptest! {
        #[test]
        fn blocks_change_nothing_and_reading_goes_on_alike_after_any_row(
            lines in prop::collection::vec(prop_oneof![
                Just("{\"to\":\"é\"}"), Just(""), Just("x"), Just("{"), Just("  {\"to\":5,\"first name\":true} "),
            ], 0..12),
            end in prop_oneof![Just("\n"), Just("\r\n")],
            block in 1_usize..20,
        ) {
            let source = lines.join(end);
            let rows = read(source.as_bytes(), usize::MAX, START);
            prop_assert_eq!(&read(source.as_bytes(), block, START), &rows);
            for (count, row) in rows.iter().enumerate() {
                prop_assert_eq!(&read(source.as_bytes(), block, row.2), &rows[count + 1..]);
            }
        }
    }
}
