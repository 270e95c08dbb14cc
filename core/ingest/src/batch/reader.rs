//! Rows of a source, whatever its format: one way to read them for all that work with rows.

use std::borrow::Cow;

use super::json_rows::JsonReader;
use super::layout::Layout;
use super::rows::{Found, Place, RowReader};
use super::shape::Format;

/// Reads the rows of one source.
pub(crate) enum Reader {
    Cells(RowReader),
    Objects(JsonReader),
}

impl Reader {
    /// A reader of a source of this layout whose first octet stands at `place`.
    pub(crate) fn new(layout: &Layout, place: Place) -> Self {
        match layout.format {
            Format::Ndjson => Self::Objects(JsonReader::new(&layout.names, place)),
            Format::Csv | Format::Tsv => Self::Cells(RowReader::new(layout.delimiter, place)),
        }
    }

    /// Takes the next octets of the source.
    pub(crate) fn feed(&mut self, octets: &[u8]) {
        match self {
            Self::Cells(reader) => reader.feed(octets),
            Self::Objects(reader) => reader.feed(octets),
        }
    }

    /// No more octets will come.
    pub(crate) fn end(&mut self) {
        match self {
            Self::Cells(reader) => reader.end(),
            Self::Objects(reader) => reader.end(),
        }
    }

    /// No more octets will come although more should: what has no line end is no row.
    pub(crate) fn break_off(&mut self) {
        match self {
            Self::Cells(reader) => reader.break_off(),
            Self::Objects(reader) => reader.break_off(),
        }
    }

    /// Goes to the next row.
    pub(crate) fn next(&mut self) -> Found {
        match self {
            Self::Cells(reader) => reader.next(),
            Self::Objects(reader) => reader.next(),
        }
    }

    /// Where the row after the last one begins.
    pub(crate) fn place(&self) -> Place {
        match self {
            Self::Cells(reader) => reader.place(),
            Self::Objects(reader) => reader.place(),
        }
    }

    /// Line on which the last row began.
    pub(crate) fn row_line(&self) -> u64 {
        match self {
            Self::Cells(reader) => reader.row_line(),
            Self::Objects(reader) => reader.row_line(),
        }
    }

    /// One cell of the last row; none where it has no such.
    pub(crate) fn cell(&self, column: usize) -> Option<Cow<'_, [u8]>> {
        match self {
            Self::Cells(reader) => reader.cell(column),
            Self::Objects(reader) => reader.cell(column),
        }
    }

    /// Whether one column of the last row holds what is no text: a list or an object.
    pub(crate) fn is_nested(&self, column: usize) -> bool {
        match self {
            Self::Cells(_) => false,
            Self::Objects(reader) => reader.is_nested(column),
        }
    }
}
