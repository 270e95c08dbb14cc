//! `carrack cdr check`: reads all CDR files of a folder; no message may stand there twice.
//!
//! Bound: 16 octets of memory a line and format. A last line without its end counts only in a finished file: of one that
//! is open it may be half written.

use std::fs::File;
use std::io::{BufRead as _, BufReader, ErrorKind, Read as _};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use carrack_message::MessageId;
use clap::Args;
use serde::Serialize;

use super::sums::{Key, Row, Sums};
use crate::fault::Fault;
use crate::output;
use crate::table::{count, money, table};

/// Proves that no message is in the files twice; sums by account, carrier and status
#[derive(Args)]
#[command(after_help = "\
Examples:
  carrack cdr check /var/lib/carrack/cdr
  carrack cdr check cdr --json

Files that are still open are read too. Where both formats are there, and none is open, they have to hold the same.
Exit codes: 0 each message stands there once and every line can be read, 1 not.")]
pub(super) struct Arguments {
    /// The folder of the files
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
    /// Prints JSON
    #[arg(long)]
    json: bool,
}

/// Faults that are spelled out; the rest is counted.
const SPELLED_OUT_MAX: usize = 20;

/// A line is shorter than this.
const TAIL_OCTETS: u64 = 1 << 20;

/// The files of one format.
#[derive(Default)]
struct Format {
    files: u64,
    lines: u64,
    ids: Vec<u128>,
    sums: Sums,
}

#[derive(Default)]
struct Faults {
    spelled: Vec<String>,
    count: u64,
}

impl Faults {
    fn add(&mut self, what: String) {
        self.count += 1;
        if self.spelled.len() < SPELLED_OUT_MAX {
            self.spelled.push(what);
        }
    }
}

#[derive(Serialize)]
struct Verdict {
    adds_up: bool,
    files: u64,
    files_open: u64,
    messages: u64,
    jsonl_lines: u64,
    csv_lines: u64,
    doubled: u64,
    faults: u64,
    /// The first of them, a sentence each.
    what: Vec<String>,
    sums: Vec<Line>,
}

#[derive(Serialize)]
struct Line {
    #[serde(flatten)]
    key: Key,
    messages: u64,
    segments: u64,
    segments_sent: u64,
    price: String,
    charged: String,
    cost: String,
    margin: String,
    without_margin: u64,
}

/// CDR files of a folder, in the order of their names.
pub(super) fn files(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let bare = name.strip_suffix(".open").unwrap_or(&name);
        if bare.starts_with("cdr-") && (bare.ends_with(".jsonl") || bare.ends_with(".csv")) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments) -> Result<(), Fault> {
    let folder = &arguments.folder;
    let paths = files(folder).with_context(|| format!("{} cannot be read", folder.display()))?;
    if paths.is_empty() {
        return Err(Fault::Failed(anyhow!(
            "{} has no CDR files (cdr-*.jsonl, cdr-*.csv)",
            folder.display()
        )));
    }
    let verdict = check(&paths)?;
    if arguments.json {
        output::json(&verdict)?;
    } else {
        output::line(verdict.text())?;
    }
    match verdict.adds_up {
        true => Ok(()),
        false => Err(Fault::Failed(anyhow!(
            "the CDR files are not right: {} messages doubled, {} faults",
            verdict.doubled,
            verdict.faults
        ))),
    }
}

fn check(paths: &[PathBuf]) -> Result<Verdict, Fault> {
    let (mut jsonl, mut csv) = (Format::default(), Format::default());
    let (mut faults, mut files_open) = (Faults::default(), 0);
    for path in paths {
        let name = path.to_string_lossy();
        let is_open = name.ends_with(".open");
        files_open += u64::from(is_open);
        let opened = match File::open(path) {
            // It was closed, and has its name for good, since the folder was read.
            Err(fault) if is_open && fault.kind() == ErrorKind::NotFound => {
                File::open(name.trim_end_matches(".open"))
            }
            opened => opened,
        };
        let opened = opened.with_context(|| format!("cannot open {name}"))?;
        let read = if name.trim_end_matches(".open").ends_with(".csv") {
            csv.read_csv(&name, opened, is_open, &mut faults)
        } else {
            jsonl.read_jsonl(&name, opened, is_open, &mut faults)
        };
        read.with_context(|| format!("cannot read {name}"))?;
    }
    let mut doubled = 0;
    for format in [&mut jsonl, &mut csv] {
        format.ids.sort_unstable();
        let mut last = None;
        for id in &format.ids {
            if last.replace(*id) == Some(*id) {
                doubled += 1;
                faults.add(format!("message {} stands there twice", MessageId(*id)));
            }
        }
    }
    let both = jsonl.files > 0 && csv.files > 0 && files_open == 0;
    if both && (jsonl.ids != csv.ids || jsonl.sums != csv.sums) {
        faults.add("the two formats do not hold the same".to_owned());
    }
    let first = if jsonl.files > 0 { &jsonl } else { &csv };
    let line = |(key, sum): (&Key, &super::sums::Sum)| Line {
        key: key.clone(),
        messages: sum.messages,
        segments: sum.segments,
        segments_sent: sum.segments_sent,
        price: money(sum.price),
        charged: money(sum.charged),
        cost: money(sum.cost),
        margin: money(sum.margin),
        without_margin: sum.without_margin,
    };
    Ok(Verdict {
        adds_up: faults.count == 0,
        files: paths.len() as u64,
        files_open,
        messages: first.lines,
        jsonl_lines: jsonl.lines,
        csv_lines: csv.lines,
        doubled,
        faults: faults.count,
        what: faults.spelled,
        sums: first.sums.0.iter().map(line).collect(),
    })
}

impl Format {
    fn add(&mut self, row: Row) -> Result<(), String> {
        let id: MessageId = row.id.parse().map_err(|fault| format!("{fault}"))?;
        self.sums.add(row)?;
        self.ids.push(id.0);
        self.lines += 1;
        Ok(())
    }

    fn read_jsonl(
        &mut self,
        name: &str,
        file: File,
        is_open: bool,
        faults: &mut Faults,
    ) -> std::io::Result<()> {
        self.files += 1;
        let mut reader = BufReader::with_capacity(1 << 20, file);
        let mut line = Vec::new();
        for number in 1u64.. {
            line.clear();
            if reader.read_until(b'\n', &mut line)? == 0 {
                break;
            }
            if is_open && line.last() != Some(&b'\n') {
                break;
            }
            let row = serde_json::from_slice::<Row>(&line).map_err(|fault| fault.to_string());
            if let Err(fault) = row.and_then(|row| self.add(row)) {
                faults.add(format!("{name}:{number}: {fault}"));
            }
        }
        Ok(())
    }

    fn read_csv(
        &mut self,
        name: &str,
        file: File,
        is_open: bool,
        faults: &mut Faults,
    ) -> std::io::Result<()> {
        self.files += 1;
        let whole = match is_open {
            true => whole_octets(&file)?,
            false => u64::MAX,
        };
        let reader = BufReader::with_capacity(1 << 20, file).take(whole);
        let mut reader = csv::Reader::from_reader(reader);
        let columns = reader.headers().map(csv::StringRecord::len).unwrap_or(0);
        let mut rows = reader.deserialize::<Row>();
        while let Some(row) = rows.next() {
            let line = rows.reader().position().line();
            let row = match row {
                Ok(row) => row,
                // Half written.
                Err(_) if is_open && rows.reader().is_done() => break,
                Err(fault) => {
                    faults.add(format!("{name}:{line}: {fault}"));
                    continue;
                }
            };
            if let Err(fault) = self.add(row) {
                faults.add(format!("{name}:{line}: {fault}"));
            }
        }
        if columns == 0 && !is_open {
            faults.add(format!("{name}: has no header"));
        }
        Ok(())
    }
}

/// Octets up to the last line's end.
fn whole_octets(file: &File) -> std::io::Result<u64> {
    let length = file.metadata()?.len();
    let mut tail = vec![0; length.min(TAIL_OCTETS) as usize];
    let begin = length - tail.len() as u64;
    file.read_exact_at(&mut tail, begin)?;
    let end = tail.iter().rposition(|octet| *octet == b'\n');
    Ok(end.map_or(0, |end| begin + end as u64 + 1))
}

impl Verdict {
    fn text(&self) -> String {
        let header = [
            "account", "carrier", "status", "messages", "segments", "sent", "price", "charged",
            "cost", "margin",
        ];
        let mut rows = table(&header, 3);
        let named = |name: &Option<String>| name.clone().unwrap_or_else(|| "-".to_owned());
        let amount = |amount: &str, currency: &Option<String>| match currency {
            Some(currency) => format!("{amount} {currency}"),
            None => amount.to_owned(),
        };
        for line in &self.sums {
            rows.add_row([
                named(&line.key.account),
                named(&line.key.carrier),
                line.key.status.clone(),
                count(line.messages),
                count(line.segments),
                count(line.segments_sent),
                amount(&line.price, &line.key.currency),
                amount(&line.charged, &line.key.currency),
                amount(&line.cost, &line.key.cost_currency),
                amount(&line.margin, &line.key.currency),
            ]);
        }
        let mut text = format!(
            "{rows}\n{} messages in {} files ({} open)",
            count(self.messages),
            count(self.files),
            count(self.files_open)
        );
        for what in &self.what {
            text.push_str(&format!("\nfault: {what}"));
        }
        text.push_str(if self.adds_up {
            "\neach message stands there once"
        } else {
            "\nNOT RIGHT"
        });
        text
    }
}
