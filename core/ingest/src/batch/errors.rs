//! The errors file of a batch: each refused row as it stood in the source, with line, column and reason behind it.
//!
//! Promise: mended, it can be sent again as it is: its three last columns are passed over in a source. Octets are copied
//! untouched, and none is dropped: cells beyond the header's are joined into `text`; where a template makes the text, it
//! is not known what they belong to, and the whole row stands in `to`, which keeps it refused until it is mended. Of a
//! row past the bound the beginning stands there. Of NDJSON each refused object stands there with three keys more, and a
//! line that is no object as a whole in `to`. Failure: writing is the caller's; here are only octets.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::json_errors::write_object;
use super::layout::{ERROR_COLUMNS, Layout};
use super::reader::Reader;
use super::rows::{Found, Place, ROW_OCTETS_MAX, RowReader, beginning};
use super::shape::Format;

const COUNT_BLOCK_OCTETS: usize = 256 << 10;
/// Stands before a whole row in `to`. Its letters make it no number, whatever the row is.
pub(super) const WHOLE_ROW: &str = "whole row: ";

/// What is wrong with one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RowVerdict {
    /// The column at fault; empty: the row as a whole.
    pub(crate) column: String,
    /// What is wrong and how to mend it.
    pub(crate) detail: String,
}

/// Appends the header of an errors file; one of objects has none.
pub(crate) fn write_header(layout: &Layout, out: &mut Vec<u8>) {
    if layout.format == Format::Ndjson {
        return;
    }
    let kept = layout.kept.iter().map(|column| {
        layout
            .names
            .get(*column)
            .map_or(&b""[..], |name| name.as_bytes())
    });
    if layout.has_separator_line {
        out.extend_from_slice(b"sep=");
        out.extend_from_slice(&[layout.delimiter, b'\n']);
    }
    write_row(
        layout.delimiter,
        kept.chain(ERROR_COLUMNS.iter().map(|name| name.as_bytes())),
        out,
    );
}

/// Appends the row that the reader stands on.
pub(crate) fn write_refused(
    layout: &Layout,
    reader: &Reader,
    verdict: &RowVerdict,
    out: &mut Vec<u8>,
) {
    match reader {
        Reader::Cells(reader) => write_cells(layout, reader, verdict, out),
        Reader::Objects(reader) => write_object(layout, reader, verdict, out),
    }
}

fn write_cells(layout: &Layout, reader: &RowReader, verdict: &RowVerdict, out: &mut Vec<u8>) {
    let line = reader.row_line().to_string();
    let added = [
        line.as_bytes(),
        verdict.column.as_bytes(),
        verdict.detail.as_bytes(),
    ];
    let start = out.len();
    let surplus = surplus(reader, layout);
    if reader.columns() == 0 || (surplus > 0 && layout.text.is_none()) {
        write_whole(layout, reader.octets(), added, out);
    } else {
        let cells: Vec<_> = layout
            .kept
            .iter()
            .map(|column| cell(reader, layout, *column, surplus))
            .collect();
        let cells = cells.iter().map(|cell| cell.as_ref());
        write_row(layout.delimiter, cells.chain(added), out);
    }
    // A line of this file has to be readable as a row again; of one past the bound the beginning is kept.
    if out.len() - start > ROW_OCTETS_MAX {
        out.truncate(start);
        write_whole(layout, beginning(reader.octets()), added, out);
    }
}

/// Cells beyond those that the header names; empty ones at the end do not count.
pub(crate) fn surplus(reader: &RowReader, layout: &Layout) -> usize {
    let named = layout.names.len();
    let last = (named..reader.columns())
        .rev()
        .find(|column| reader.cell(*column).is_some_and(|cell| !cell.is_empty()));
    last.map_or(0, |last| last + 1 - named)
}

/// What belongs to a column of the header where `text` takes the surplus.
fn cell<'r>(
    reader: &'r RowReader,
    layout: &Layout,
    column: usize,
    surplus: usize,
) -> Cow<'r, [u8]> {
    let of = |column: usize| reader.cell(column).unwrap_or_default();
    match layout.text {
        Some(text) if surplus > 0 && column == text => {
            let parts: Vec<_> = (text..=text + surplus).map(of).collect();
            Cow::Owned(parts.join(&layout.delimiter))
        }
        Some(text) if column > text => of(column + surplus),
        _ => of(column),
    }
}

fn write_whole(layout: &Layout, row: &[u8], added: [&[u8]; 3], out: &mut Vec<u8>) {
    let whole = [WHOLE_ROW.as_bytes(), row].concat();
    let cells = layout.kept.iter().map(|column| {
        if *column == layout.to {
            whole.as_slice()
        } else {
            b""
        }
    });
    write_row(layout.delimiter, cells.chain(added), out);
}

/// What stands before the rows: the header, and the line that names the separator.
fn header_rows(layout: &Layout) -> u64 {
    match layout.format {
        Format::Ndjson => 0,
        Format::Csv | Format::Tsv => 1 + u64::from(layout.has_separator_line),
    }
}

/// Rows in the first `octets` octets of an errors file, its header apart.
pub(crate) fn count_rows(path: &Path, octets: u64, layout: &Layout) -> io::Result<u64> {
    let mut file = File::open(path)?.take(octets);
    let mut reader = Reader::new(layout, Place { octet: 0, line: 1 });
    let mut block = vec![0; COUNT_BLOCK_OCTETS];
    let header = header_rows(layout);
    let mut rows: u64 = 0;
    loop {
        match reader.next() {
            Found::Row | Found::Bad(_) => rows += 1,
            Found::End => return Ok(rows.saturating_sub(header)),
            Found::More => match file.read(&mut block)? {
                0 => reader.end(),
                read => reader.feed(block.get(..read).unwrap_or_default()),
            },
        }
    }
}

/// The lines whose rows stand in an errors file, in their order.
pub(crate) struct RefusedLines {
    file: io::Take<File>,
    reader: RowReader,
    block: Vec<u8>,
    /// Cell of the line; none: rows are objects.
    column: Option<usize>,
    next: Option<u64>,
}

#[derive(serde::Deserialize)]
struct LineOf {
    error_line: u64,
}

impl RefusedLines {
    pub(crate) fn open(path: &Path, octets: u64, layout: &Layout) -> io::Result<Self> {
        let of_objects = layout.format == Format::Ndjson;
        // Objects are read line by line: as cells of one column, for no octet of JSON is a NUL.
        let delimiter = if of_objects { 0 } else { layout.delimiter };
        let mut lines = Self {
            file: File::open(path)?.take(octets),
            reader: RowReader::new(delimiter, Place { octet: 0, line: 1 }),
            block: vec![0; COUNT_BLOCK_OCTETS],
            column: (!of_objects).then_some(layout.kept.len()),
            next: None,
        };
        for _ in 0..header_rows(layout) {
            lines.row()?;
        }
        lines.next = lines.line()?;
        Ok(lines)
    }

    /// Whether the row on this line was refused. Lines have to be asked for in their order.
    pub(crate) fn is_refused(&mut self, line: u64) -> io::Result<bool> {
        while self.next.is_some_and(|next| next < line) {
            self.next = self.line()?;
        }
        Ok(self.next == Some(line))
    }

    fn line(&mut self) -> io::Result<Option<u64>> {
        if !self.row()? {
            return Ok(None);
        }
        let line = match self.column {
            None => serde_json::from_slice::<LineOf>(self.reader.octets())
                .ok()
                .map(|found| found.error_line),
            Some(column) => {
                let cell = self.reader.cell(column).unwrap_or_default();
                std::str::from_utf8(&cell)
                    .ok()
                    .and_then(|text| text.parse().ok())
            }
        };
        let line = line.ok_or_else(|| io::Error::other("the errors file was changed from outside"));
        line.map(Some)
    }

    fn row(&mut self) -> io::Result<bool> {
        loop {
            match self.reader.next() {
                Found::Row | Found::Bad(_) => return Ok(true),
                Found::End => return Ok(false),
                Found::More => match self.file.read(&mut self.block)? {
                    0 => self.reader.end(),
                    read => self.reader.feed(self.block.get(..read).unwrap_or_default()),
                },
            }
        }
    }
}

fn write_row<'a>(delimiter: u8, cells: impl Iterator<Item = &'a [u8]>, out: &mut Vec<u8>) {
    for (place, cell) in cells.enumerate() {
        if place > 0 {
            out.push(delimiter);
        }
        let special = |octet: &u8| *octet == delimiter || matches!(octet, b'"' | b'\n' | b'\r');
        if !cell.iter().any(special) {
            out.extend_from_slice(cell);
            continue;
        }
        out.push(b'"');
        for octet in cell {
            if *octet == b'"' {
                out.push(b'"');
            }
            out.push(*octet);
        }
        out.push(b'"');
    }
    out.push(b'\n');
}
