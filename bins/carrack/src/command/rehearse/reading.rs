//! Lines of CDR files, one after the other. What cannot be read is counted, the first of it by its place, and passed over.
//!
//! Bound: one line in memory, of at most [`LINE_OCTETS_MAX`]. Fails where a file cannot be read.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use anyhow::anyhow;
use serde::Serialize;

use super::row::Row;
use crate::fault::Fault;
use crate::watched::Watched;

/// Of a line or a CSV row; none that a node writes comes near.
const LINE_OCTETS_MAX: u64 = 1 << 20;
/// Lines that are spelled out; the rest is counted.
const SPELLED_OUT_MAX: usize = 20;
/// Compressed by gzip, by Zstandard.
const COMPRESSED: [&[u8]; 2] = [&[0x1f, 0x8b], &[0x28, 0xb5, 0x2f, 0xfd]];

/// Lines that could not be read.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct Unreadable {
    pub(super) count: u64,
    /// The first of them, each `file:line: what`.
    pub(super) what: Vec<String>,
}

impl Unreadable {
    fn add(&mut self, name: &str, line: u64, what: impl std::fmt::Display) {
        self.count += 1;
        if self.what.len() < SPELLED_OUT_MAX {
            self.what.push(format!("{name}:{line}: {what}"));
        }
    }
}

/// The files that are meant: of a folder those that are finished, of one format where it has both.
pub(super) fn files(named: &[PathBuf]) -> Result<Vec<PathBuf>, Fault> {
    let mut found = Vec::new();
    for path in named {
        match path.is_dir() {
            true => found.extend(in_folder(path)?),
            false => found.push(path.clone()),
        }
    }
    let mut seen: BTreeMap<PathBuf, &Path> = BTreeMap::new();
    for path in &found {
        if path.extension().is_some_and(|ending| ending == "open") {
            return Err(Fault::Usage(format!(
                "--cdr {}: it is still written to; take files that do not end in .open",
                path.display()
            )));
        }
        let is_cdr = path
            .extension()
            .is_some_and(|ending| ending == "jsonl" || ending == "csv");
        if is_cdr && let Some(other) = seen.insert(path.with_extension(""), path) {
            return Err(Fault::Usage(format!(
                "--cdr {} and {} hold the same messages; name one of them",
                other.display(),
                path.display()
            )));
        }
    }
    Ok(found)
}

fn in_folder(folder: &Path) -> Result<Vec<PathBuf>, Fault> {
    let unreadable =
        |fault: io::Error| Fault::Failed(anyhow!("{} cannot be read: {fault}", folder.display()));
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with("cdr-") {
            found.push(path);
        }
    }
    found.sort();
    let of = |ending: &str| -> Vec<PathBuf> {
        let wanted = |path: &&PathBuf| path.extension().is_some_and(|own| own == ending);
        found.iter().filter(wanted).cloned().collect()
    };
    let (jsonl, csv) = (of("jsonl"), of("csv"));
    let taken = if jsonl.is_empty() { csv } else { jsonl };
    match taken.is_empty() {
        true => Err(Fault::Usage(format!(
            "--cdr {}: has no finished CDR files (cdr-*.jsonl, cdr-*.csv)",
            folder.display()
        ))),
        false => Ok(taken),
    }
}

/// Gives each row of a file; what the taker refuses is unreadable too. `-` is standard input.
pub(super) fn each(
    path: &Path,
    unreadable: &mut Unreadable,
    mut take: impl FnMut(&Row<'_>) -> Result<(), String>,
) -> Result<(), Fault> {
    let name = path.display().to_string();
    let failed = |fault: io::Error| Fault::Failed(anyhow!("{name} cannot be read: {fault}"));
    let opened: Box<dyn Read> = match name == "-" {
        true => Box::new(io::stdin().lock()),
        false => Box::new(Watched::open(path).map_err(failed)?),
    };
    let mut reader = BufReader::with_capacity(1 << 20, opened);
    let begin = reader.fill_buf().map_err(failed)?;
    if COMPRESSED.iter().any(|mark| begin.starts_with(mark)) {
        return Err(Fault::Usage(format!(
            "--cdr {name}: is compressed; write zcat {name} | carrack route rehearse --cdr - (zstdcat for .zst)"
        )));
    }
    let read = match begin.first() {
        Some(b'{') => jsonl(&name, reader, unreadable, &mut take),
        _ => csv(&name, reader, unreadable, &mut take),
    };
    read.map_err(failed)
}

fn jsonl(
    name: &str,
    mut reader: impl BufRead,
    unreadable: &mut Unreadable,
    take: &mut impl FnMut(&Row<'_>) -> Result<(), String>,
) -> io::Result<()> {
    let mut line = Vec::new();
    for number in 1u64.. {
        line.clear();
        let mut bounded = reader.by_ref().take(LINE_OCTETS_MAX);
        let octets = bounded.read_until(b'\n', &mut line)? as u64;
        if octets == 0 {
            break;
        }
        if octets == LINE_OCTETS_MAX && line.last() != Some(&b'\n') {
            reader.skip_until(b'\n')?;
            unreadable.add(name, number, "is too long for a line of a CDR file");
            continue;
        }
        let row = serde_json::from_slice::<Row<'_>>(&line).map_err(|fault| fault.to_string());
        if let Err(fault) = row.and_then(|row| take(&row)) {
            unreadable.add(name, number, fault);
        }
    }
    Ok(())
}

fn csv(
    name: &str,
    reader: impl Read,
    unreadable: &mut Unreadable,
    take: &mut impl FnMut(&Row<'_>) -> Result<(), String>,
) -> io::Result<()> {
    let mut reader = csv::Reader::from_reader(reader);
    let headers = match reader.headers() {
        Ok(headers) => headers.clone(),
        Err(fault) => return Err(io::Error::other(fault)),
    };
    let mut row = csv::StringRecord::new();
    loop {
        match reader.read_record(&mut row) {
            Ok(true) => {}
            Ok(false) => return Ok(()),
            Err(fault) if fault.is_io_error() => return Err(io::Error::other(fault)),
            Err(fault) => {
                unreadable.add(name, reader.position().line(), fault);
                continue;
            }
        }
        let line = row.position().map_or(0, csv::Position::line);
        let read = row.deserialize::<Row<'_>>(Some(&headers));
        let read = read.map_err(|fault| fault.to_string());
        if let Err(fault) = read.and_then(|row| take(&row)) {
            unreadable.add(name, line, fault);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const HEADER: &str = "id,account,client_ref,batch,row,class,to,from,segments,encoding,data_coding,accepted_at,\
                          final_at,status,error,carrier,segments_sent,price,charged,currency,cost,cost_currency,margin";

    fn read(text: &str) -> (Vec<String>, Unreadable) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cdr-1");
        std::fs::write(&path, text).unwrap();
        let (mut seen, mut unreadable) = (Vec::new(), Unreadable::default());
        each(&path, &mut unreadable, |row| {
            let (facts, past) = (row.facts(true)?, row.past()?);
            seen.push(format!("{facts:?} {past:?}"));
            Ok(())
        })
        .ok()
        .unwrap();
        (seen, unreadable)
    }

    #[test]
    fn both_formats_say_the_same() {
        let csv = format!(
            "{HEADER},tag\n01,\"ac,me\",,,,bulk,447700900001,\"A \"\"b\"\"\",2,gsm7,,2026-11-22T17:15:00.123Z,\
             2026-11-22T17:15:01.500Z,delivered,0,north,2,0.02,0.015,EUR,0.0105,,0.0045,news\n"
        );
        let jsonl = r#"{"id":"01","account":"ac,me","client_ref":null,"batch":null,"row":null,"class":"bulk","to":"447700900001","from":"A \"b\"","segments":2,"encoding":"gsm7","data_coding":null,"accepted_at":"2026-11-22T17:15:00.123Z","final_at":"2026-11-22T17:15:01.500Z","status":"delivered","error":0,"carrier":"north","segments_sent":2,"price":"0.02","charged":"0.015","currency":"EUR","cost":"0.0105","cost_currency":null,"margin":"0.0045","tag":"news"}"#;
        let (rows, unreadable) = read(&csv);
        assert_eq!(unreadable.what, Vec::<String>::new());
        assert!(rows.first().unwrap().contains("tag: Some(\"news\")"));
        assert_eq!(rows, read(&format!("{jsonl}\n")).0);
        let older = jsonl.replace(",\"tag\":\"news\"", "");
        assert!(read(&older).0.first().unwrap().contains("tag: None"));
        let without = jsonl.replace("\"news\"", "null");
        assert!(
            read(&without)
                .0
                .first()
                .unwrap()
                .contains("tag: Some(\"\")")
        );
    }

    #[test]
    fn files_that_cannot_be_meant_are_refused_with_a_cure() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cdr-1.jsonl.gz");
        std::fs::write(&path, [0x1f, 0x8b, 8, 0]).unwrap();
        let refused = each(&path, &mut Unreadable::default(), |_| Ok(()));
        let said = refused.err().unwrap().to_string();
        assert!(said.contains("zcat"), "{said}");
        let open = folder.path().join("cdr-2.jsonl.open");
        let said = files(&[open]).err().unwrap().to_string();
        assert!(said.contains("still written to"), "{said}");
        let empty = files(&[folder.path().to_owned()]).err().unwrap();
        assert_eq!(empty.exit_code(), 2);
    }

    #[test]
    fn lines_that_cannot_be_read_are_named_and_passed_over() {
        let good = "01,acme,,,,bulk,447700900001,A,1,gsm7,,2026-11-22T17:15:00.123Z,2026-11-22T17:15:01.500Z,\
                    delivered,0,north,1,,0,,0.01,,";
        let (rows, unreadable) = read(&format!(
            "{HEADER}\n{good}\n{}\n{good},,\n{good}\n",
            good.replace("447700900001", "4x")
        ));
        assert_eq!((rows.len(), unreadable.count), (2, 2));
        let first = unreadable.what.first().unwrap();
        assert!(first.contains("cdr-1:3: to \"4x\""), "{first}");
        let (rows, unreadable) = read("{\"account\":\"acme\n{}\n");
        assert_eq!((rows.len(), unreadable.count), (0, 2));
    }
}
