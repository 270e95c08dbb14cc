//! Rows of a CSV source, from octets that come in blocks of any size.
//!
//! Promise: every line that is not blank belongs to exactly one row, whatever the blocks; a row that cannot be split is
//! one bad row, and reading goes on at the line after the one it began on. So a quote that nobody closed costs one row,
//! not the file. Quotes as in RFC 4180; inside an unquoted cell they are plain characters. Bound: [`ROW_OCTETS_MAX`],
//! [`COLUMNS_MAX`]; one block and one row are held.

use std::borrow::Cow;

use thiserror::Error;

/// Longest row, in octets.
pub const ROW_OCTETS_MAX: usize = 64 << 10;
/// Most columns of a row.
pub const COLUMNS_MAX: usize = 256;
/// What is kept of a row past the bound, in octets.
pub(crate) const BEGINNING_OCTETS: usize = 1 << 10;

const QUOTE: u8 = b'"';

/// Why a row cannot be split into cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum RowFault {
    /// No end within the bound.
    #[error("the row is longer than {ROW_OCTETS_MAX} octets; shorten it")]
    TooLong,
    /// A quote that nobody closed.
    #[error("the quote that opens column {column} is not closed; close it, or take it out")]
    Unclosed {
        /// Column, from 1.
        column: usize,
    },
    /// Something between a closing quote and the end of the cell.
    #[error(
        "column {column} goes on after its closing quote; write a quote inside a quoted column twice"
    )]
    AfterQuote {
        /// Column, from 1.
        column: usize,
    },
    /// More cells than a row may have.
    #[error("the row has more than {COLUMNS_MAX} columns; take some out")]
    TooManyColumns,
    /// The source breaks off before the row has ended.
    #[error("the file breaks off in this row; complete it")]
    BrokenOff,
    /// A line that does not begin an object.
    #[error(
        "the row is no JSON object; write one such as {{\"to\": \"+447700900123\", \"text\": \"Hello\"}}"
    )]
    NoObject,
    /// A line that cannot be read as JSON.
    #[error("the row is no JSON at its character {column}; mend it")]
    NoJson {
        /// Where, in octets from 1.
        column: usize,
    },
    /// An object with one key twice.
    #[error("the row has a key twice; take one of them out")]
    KeyTwice,
}

/// What the reader came upon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    /// A row; its cells can be asked for.
    Row,
    /// A row that cannot be split; its line's cells, as far as they can be told apart, can be asked for.
    Bad(RowFault),
    /// More octets are needed.
    More,
    /// Nothing is left.
    End,
}

/// A place in the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// Octet, from 0.
    pub(crate) octet: u64,
    /// Line, from 1.
    pub(crate) line: u64,
}

#[derive(Debug, Clone, Copy)]
struct Cell {
    start: usize,
    end: usize,
    /// Whether quotes in it are written twice.
    doubled: bool,
}

enum Split {
    Row { octets: usize },
    Bad(RowFault),
    More { in_quotes: Option<usize> },
}

/// Splits a source into rows.
pub(crate) struct RowReader {
    delimiter: u8,
    buffer: Vec<u8>,
    start: usize,
    next: Place,
    ended: bool,
    /// The source ended where it should not.
    broken: bool,
    /// A row past the bound, whose line is being skipped.
    skipping: Option<RowFault>,
    /// What that row began with.
    skipped: Vec<u8>,
    row_line: u64,
    row: (usize, usize),
    cells: Vec<Cell>,
}

impl RowReader {
    /// A reader whose first octet stands at `place`.
    pub(crate) fn new(delimiter: u8, place: Place) -> Self {
        Self {
            delimiter,
            buffer: Vec::new(),
            start: 0,
            next: place,
            ended: false,
            broken: false,
            skipping: None,
            skipped: Vec::new(),
            row_line: place.line,
            row: (0, 0),
            cells: Vec::new(),
        }
    }

    /// Takes the next octets of the source.
    pub(crate) fn feed(&mut self, octets: &[u8]) {
        self.buffer.drain(..self.start);
        self.start = 0;
        self.row = (0, 0);
        self.cells.clear();
        self.buffer.extend_from_slice(octets);
    }

    /// No more octets will come.
    pub(crate) fn end(&mut self) {
        self.ended = true;
    }

    /// No more octets will come although more should: what is left without a line end is one bad row.
    pub(crate) fn break_off(&mut self) {
        (self.ended, self.broken) = (true, true);
    }

    /// Where the row after the last one begins.
    pub(crate) fn place(&self) -> Place {
        self.next
    }

    /// Line on which the last row began.
    pub(crate) fn row_line(&self) -> u64 {
        self.row_line
    }

    /// Cells of the last row.
    pub(crate) fn columns(&self) -> usize {
        self.cells.len()
    }

    /// One cell of the last row, unquoted.
    pub(crate) fn cell(&self, column: usize) -> Option<Cow<'_, [u8]>> {
        let cell = self.cells.get(column)?;
        let (row_start, row_end) = self.row;
        let octets = self
            .buffer
            .get(row_start..row_end)?
            .get(cell.start..cell.end)?;
        Some(if cell.doubled {
            Cow::Owned(undoubled(octets))
        } else {
            Cow::Borrowed(octets)
        })
    }

    /// The last row as it stands in the source, without its end; of a row past the bound what it begins with.
    pub(crate) fn octets(&self) -> &[u8] {
        if !self.skipped.is_empty() {
            return &self.skipped;
        }
        let (start, end) = self.row;
        let row = self.buffer.get(start..end).unwrap_or_default();
        let row = row.strip_suffix(b"\n").unwrap_or(row);
        row.strip_suffix(b"\r").unwrap_or(row)
    }

    /// Goes to the next row.
    pub(crate) fn next(&mut self) -> Found {
        if let Some(fault) = self.skipping {
            return self.skip(fault);
        }
        self.skipped.clear();
        if !self.skip_blank() {
            return if self.ended { Found::End } else { Found::More };
        }
        self.row_line = self.next.line;
        let rest = self.buffer.get(self.start..).unwrap_or_default();
        let cut = rest.len() > ROW_OCTETS_MAX;
        let window = rest.get(..ROW_OCTETS_MAX).unwrap_or(rest);
        let at_end = self.ended && !cut;
        if self.broken && at_end {
            return self.next_of_broken();
        }
        match split(window, self.delimiter, at_end, &mut self.cells) {
            Split::Row { octets } => {
                self.take(octets);
                Found::Row
            }
            Split::More { .. } if !cut && !at_end => Found::More,
            Split::More {
                in_quotes: Some(column),
            } => self.bad(RowFault::Unclosed { column }),
            Split::More { in_quotes: None } => self.bad(RowFault::TooLong),
            Split::Bad(fault) => self.bad(fault),
        }
    }

    /// The next row of a source that broke off: only one that has its end can be trusted.
    fn next_of_broken(&mut self) -> Found {
        let rest = self.buffer.get(self.start..).unwrap_or_default();
        match split(rest, self.delimiter, false, &mut self.cells) {
            Split::Row { octets } => {
                self.take(octets);
                Found::Row
            }
            Split::Bad(fault) if position(rest, b'\n').is_some() => self.bad(fault),
            Split::Bad(_) | Split::More { .. } => {
                let octets = rest.len();
                self.cells.clear();
                self.take(octets);
                Found::Bad(RowFault::BrokenOff)
            }
        }
    }

    /// Passes line ends; false where nothing else is there yet.
    fn skip_blank(&mut self) -> bool {
        loop {
            let rest = self.buffer.get(self.start..).unwrap_or_default();
            let octets = match rest {
                [b'\n', ..] => 1,
                [b'\r', b'\n', ..] => 2,
                [b'\r'] if self.ended => 1,
                [] | [b'\r'] => return false,
                _ => return true,
            };
            self.advance(octets);
        }
    }

    fn take(&mut self, octets: usize) {
        self.row = (self.start, self.start + octets);
        self.advance(octets);
    }

    fn advance(&mut self, octets: usize) {
        let end = (self.start + octets).min(self.buffer.len());
        let passed = self.buffer.get(self.start..end).unwrap_or_default();
        self.next.line += passed.iter().filter(|octet| **octet == b'\n').count() as u64;
        self.next.octet += passed.len() as u64;
        self.start = end;
    }

    /// The row ends with its first line, quoted or not.
    fn bad(&mut self, fault: RowFault) -> Found {
        let rest = self.buffer.get(self.start..).unwrap_or_default();
        let line = position(rest, b'\n').map_or(rest.len(), |place| place + 1);
        if line > ROW_OCTETS_MAX {
            self.skipped.extend_from_slice(beginning(rest));
        }
        let octets = match position(rest, b'\n') {
            Some(place) => place + 1,
            None if self.ended => rest.len(),
            None if rest.len() <= ROW_OCTETS_MAX => return Found::More,
            None => {
                self.skipping = Some(fault);
                return self.skip(fault);
            }
        };
        self.cells.clear();
        if octets <= ROW_OCTETS_MAX {
            plain_cells(
                rest.get(..octets).unwrap_or_default(),
                self.delimiter,
                &mut self.cells,
            );
        }
        self.take(octets);
        Found::Bad(fault)
    }

    fn skip(&mut self, fault: RowFault) -> Found {
        self.cells.clear();
        let rest = self.buffer.get(self.start..).unwrap_or_default();
        let (octets, whole) = match position(rest, b'\n') {
            Some(place) => (place + 1, true),
            None => (rest.len(), self.ended),
        };
        self.advance(octets);
        if whole {
            self.skipping = None;
            Found::Bad(fault)
        } else {
            Found::More
        }
    }
}

/// What is kept of a row past the bound: whole letters.
pub(crate) fn beginning(octets: &[u8]) -> &[u8] {
    let kept = octets.get(..BEGINNING_OCTETS).unwrap_or(octets);
    match std::str::from_utf8(kept) {
        Err(fault) if fault.error_len().is_none() => {
            kept.get(..fault.valid_up_to()).unwrap_or(kept)
        }
        _ => kept,
    }
}

pub(crate) fn position(octets: &[u8], wanted: u8) -> Option<usize> {
    octets.iter().position(|octet| *octet == wanted)
}

fn undoubled(octets: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(octets.len());
    let mut quote_before = false;
    for octet in octets {
        quote_before = *octet == QUOTE && !quote_before;
        if *octet != QUOTE || quote_before {
            out.push(*octet);
        }
    }
    out
}

/// Cells of one line, quotes being plain characters; the last one has the rest where there are too many.
fn plain_cells(line: &[u8], delimiter: u8, cells: &mut Vec<Cell>) {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let mut start = 0;
    for cell in line.splitn(COLUMNS_MAX, |octet| *octet == delimiter) {
        let end = start + cell.len();
        cells.push(Cell {
            start,
            end,
            doubled: false,
        });
        start = end + 1;
    }
}

/// Splits the row that `octets` begins with.
fn split(octets: &[u8], delimiter: u8, at_end: bool, cells: &mut Vec<Cell>) -> Split {
    cells.clear();
    let mut start = 0;
    loop {
        if cells.len() == COLUMNS_MAX {
            return Split::Bad(RowFault::TooManyColumns);
        }
        let rest = octets.get(start..).unwrap_or_default();
        let (cell, next) = match if rest.first() == Some(&QUOTE) {
            quoted(rest, delimiter, at_end, cells.len() + 1)
        } else {
            unquoted(rest, delimiter, at_end)
        } {
            Ok(found) => found,
            Err(split) => return split,
        };
        cells.push(Cell {
            start: start + cell.start,
            end: start + cell.end,
            ..cell
        });
        match next {
            Next::Cell(octets) => start += octets,
            Next::Row(octets) => {
                return Split::Row {
                    octets: start + octets,
                };
            }
        }
    }
}

/// What follows a cell, and where it begins.
enum Next {
    Cell(usize),
    Row(usize),
}

fn unquoted(rest: &[u8], delimiter: u8, at_end: bool) -> Result<(Cell, Next), Split> {
    let plain = |start, end| Cell {
        start,
        end,
        doubled: false,
    };
    let without_return = |end: usize| match rest.get(..end) {
        Some([.., b'\r']) => end - 1,
        _ => end,
    };
    match rest
        .iter()
        .position(|octet| *octet == delimiter || *octet == b'\n')
    {
        Some(end) if rest.get(end) == Some(&b'\n') => {
            Ok((plain(0, without_return(end)), Next::Row(end + 1)))
        }
        Some(end) => Ok((plain(0, end), Next::Cell(end + 1))),
        None if at_end => Ok((plain(0, without_return(rest.len())), Next::Row(rest.len()))),
        None => Err(Split::More { in_quotes: None }),
    }
}

fn quoted(rest: &[u8], delimiter: u8, at_end: bool, column: usize) -> Result<(Cell, Next), Split> {
    let mut from = 1;
    let mut doubled = false;
    loop {
        let Some(found) = position(rest.get(from..).unwrap_or_default(), QUOTE) else {
            return Err(Split::More {
                in_quotes: Some(column),
            });
        };
        let end = from + found;
        let cell = Cell {
            start: 1,
            end,
            doubled,
        };
        let next = match rest.get(end + 1..).unwrap_or_default() {
            [QUOTE, ..] => {
                doubled = true;
                from = end + 2;
                continue;
            }
            [octet, ..] if *octet == delimiter => Next::Cell(end + 2),
            [b'\n', ..] => Next::Row(end + 2),
            [b'\r', b'\n', ..] => Next::Row(end + 3),
            [] if at_end => Next::Row(end + 1),
            [b'\r'] if at_end => Next::Row(end + 2),
            [] | [b'\r'] => {
                return Err(Split::More {
                    in_quotes: Some(column),
                });
            }
            _ => return Err(Split::Bad(RowFault::AfterQuote { column })),
        };
        return Ok((cell, next));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
    use proptest::prelude::*;

    use super::*;

    type Read = (Result<Vec<Vec<u8>>, RowFault>, u64, Place);

    fn read(source: &[u8], block: usize, from: Place) -> Vec<Read> {
        let mut reader = RowReader::new(b',', from);
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
                Found::Row => Ok((0..reader.columns())
                    .map(|column| reader.cell(column).unwrap().into_owned())
                    .collect()),
                Found::Bad(fault) => Err(fault),
            };
            rows.push((row, reader.row_line(), reader.place()));
        }
    }

    const START: Place = Place { octet: 0, line: 1 };

    fn source() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            4 => Just(&b"a"[..]), 3 => Just(&b","[..]), 3 => Just(&b"\n"[..]), 2 => Just(&b"\""[..]),
            1 => Just(&b"\r\n"[..]), 1 => Just(&b"\r"[..]), 1 => Just(&b"\"\""[..]), 1 => Just("é".as_bytes()),
        ];
        prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn blocks_change_nothing(source in source(), block in 1_usize..20) {
            prop_assert_eq!(read(&source, block, START), read(&source, usize::MAX, START));
        }

        #[test]
        fn reading_goes_on_alike_after_any_row(source in source()) {
            let rows = read(&source, usize::MAX, START);
            for (count, row) in rows.iter().enumerate() {
                prop_assert_eq!(&read(&source, 7, row.2), &rows[count + 1..]);
            }
        }

        #[test]
        fn what_is_well_formed_is_read_as_the_csv_library_reads_it(
            table in prop::collection::vec(prop::collection::vec("[a\",;\n\r é]{0,5}", 3), 1..8)
        ) {
            let mut writer = csv::WriterBuilder::new().quote_style(csv::QuoteStyle::Always).from_writer(Vec::new());
            for row in &table {
                writer.write_record(row).unwrap();
            }
            let source = writer.into_inner().unwrap();
            let rows: Vec<Vec<Vec<u8>>> = read(&source, 5, START).into_iter().map(|row| row.0.unwrap()).collect();
            let expected: Vec<Vec<Vec<u8>>> =
                table.iter().map(|row| row.iter().map(|cell| cell.clone().into_bytes()).collect()).collect();
            prop_assert_eq!(rows, expected);
        }
    }

    #[test]
    fn an_unclosed_quote_costs_one_row() {
        let rows = read(b"1,\"open\n2,b\n3,c", 4, START);
        assert_eq!(rows.len(), 3);
        assert_eq!(rows[0].0, Err(RowFault::Unclosed { column: 2 }));
        assert_eq!(rows[1].0, Ok(vec![b"2".to_vec(), b"b".to_vec()]));
        assert_eq!((rows[2].1, rows[2].2), (3, Place { octet: 15, line: 3 }));
    }

    #[test]
    fn an_endless_row_costs_one_row_and_bounded_memory() {
        let mut source = vec![b'x'; ROW_OCTETS_MAX * 3];
        source.extend_from_slice(b"\n1,2\n\"");
        source.extend(vec![b'y'; ROW_OCTETS_MAX * 2]);
        source.extend_from_slice(b"\n3,4\n");
        let rows = read(&source, 4096, START);
        assert_eq!(rows.len(), 4);
        assert_eq!(rows[0].0, Err(RowFault::TooLong));
        assert_eq!(rows[2].0, Err(RowFault::Unclosed { column: 1 }));
        assert_eq!(rows[3].1, 4);
    }
}
