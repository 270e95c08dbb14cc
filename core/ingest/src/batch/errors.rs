//! The errors file of a batch: each refused row as it stood in the source, with line, column and reason behind it.
//!
//! Promise: mended, it can be sent again as it is: its three last columns are passed over in a source. Octets are copied
//! untouched. Failure: writing is the caller's; here are only octets.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::layout::{ERROR_COLUMNS, Layout};
use super::rows::{Found, Place, ROW_OCTETS_MAX, RowReader};

const COUNT_BLOCK_OCTETS: usize = 256 << 10;

/// What is wrong with one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RowVerdict {
    /// The column at fault; empty: the row as a whole.
    pub(crate) column: String,
    /// What is wrong and how to mend it.
    pub(crate) detail: String,
}

/// Appends the header of an errors file.
pub(crate) fn write_header(layout: &Layout, out: &mut Vec<u8>) {
    let kept = layout.kept.iter().map(|column| {
        layout
            .names
            .get(*column)
            .map_or(&b""[..], |name| name.as_bytes())
    });
    write_row(
        layout.delimiter,
        kept.chain(ERROR_COLUMNS.iter().map(|name| name.as_bytes())),
        out,
    );
}

/// Appends the row that the reader stands on.
pub(crate) fn write_refused(
    layout: &Layout,
    reader: &RowReader,
    verdict: &RowVerdict,
    out: &mut Vec<u8>,
) {
    let cells: Vec<_> = layout
        .kept
        .iter()
        .map(|column| reader.cell(*column).unwrap_or_default())
        .collect();
    let line = reader.row_line().to_string();
    let added = [
        line.as_bytes(),
        verdict.column.as_bytes(),
        verdict.detail.as_bytes(),
    ];
    let start = out.len();
    write_row(
        layout.delimiter,
        cells.iter().map(|cell| cell.as_ref()).chain(added),
        out,
    );
    // A line of this file has to be readable as a row again; one past the bound keeps its place and reason only.
    if out.len() - start > ROW_OCTETS_MAX {
        out.truncate(start);
        write_row(
            layout.delimiter,
            cells.iter().map(|_| &b""[..]).chain(added),
            out,
        );
    }
}

/// Rows in the first `octets` octets of an errors file, its header apart.
pub(crate) fn count_rows(path: &Path, octets: u64, delimiter: u8) -> io::Result<u64> {
    let mut file = File::open(path)?.take(octets);
    let mut reader = RowReader::new(delimiter, Place { octet: 0, line: 1 });
    let mut block = vec![0; COUNT_BLOCK_OCTETS];
    let mut rows: u64 = 0;
    loop {
        match reader.next() {
            Found::Row | Found::Bad(_) => rows += 1,
            Found::End => return Ok(rows.saturating_sub(1)),
            Found::More => match file.read(&mut block)? {
                0 => reader.end(),
                read => reader.feed(block.get(..read).unwrap_or_default()),
            },
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
