//! A refused row of NDJSON in the errors file: its object, its values as they stood, with line, column and reason behind them.
//!
//! Promise: one line that is an object again. Octets that are no UTF-8 cannot stand in JSON: they are written as U+FFFD, in
//! `to`, which keeps the row refused until it is mended. Pure.

use serde::Deserialize;
use serde::de::{MapAccess, Visitor};
use serde_json::value::RawValue;

use super::errors::{RowVerdict, WHOLE_ROW};
use super::json_rows::JsonReader;
use super::layout::{ERROR_COLUMNS, Layout};
use super::rows::{ROW_OCTETS_MAX, beginning};

/// Appends the row that the reader stands on.
pub(super) fn write_object(
    layout: &Layout,
    reader: &JsonReader,
    verdict: &RowVerdict,
    out: &mut Vec<u8>,
) {
    let start = out.len();
    let entries = if reader.is_object() {
        serde_json::from_slice::<Entries<'_>>(reader.octets()).ok()
    } else {
        None
    };
    match &entries {
        Some(Entries(entries)) => {
            out.push(b'{');
            for (key, value) in entries {
                if !ERROR_COLUMNS.contains(&key.as_str()) {
                    write_entry(key, value.get(), out);
                }
            }
        }
        None => write_whole(layout, reader.octets(), out),
    }
    write_reason(reader, verdict, out);
    // A line of this file has to be readable as a row again; of one past the bound the beginning is kept.
    if out.len() - start > ROW_OCTETS_MAX {
        out.truncate(start);
        write_whole(layout, beginning(reader.octets()), out);
        write_reason(reader, verdict, out);
    }
}

fn write_whole(layout: &Layout, row: &[u8], out: &mut Vec<u8>) {
    let whole = format!("{WHOLE_ROW}{}", String::from_utf8_lossy(row));
    out.push(b'{');
    write_entry(layout.name(layout.to), &quoted(&whole), out);
}

fn write_reason(reader: &JsonReader, verdict: &RowVerdict, out: &mut Vec<u8>) {
    let [line, column, error] = ERROR_COLUMNS;
    write_entry(line, &reader.row_line().to_string(), out);
    write_entry(column, &quoted(&verdict.column), out);
    write_entry(error, &quoted(&verdict.detail), out);
    out.extend_from_slice(b"}\n");
}

fn write_entry(key: &str, value: &str, out: &mut Vec<u8>) {
    if out.last() != Some(&b'{') {
        out.push(b',');
    }
    out.extend_from_slice(quoted(key).as_bytes());
    out.push(b':');
    out.extend_from_slice(value.as_bytes());
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Keys and values of an object, in their order and as they are written.
struct Entries<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Entries<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EntriesOf;
        impl<'de> Visitor<'de> for EntriesOf {
            type Value = Entries<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries<'de>, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry::<String, &'de RawValue>()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }
        deserializer.deserialize_map(EntriesOf)
    }
}
