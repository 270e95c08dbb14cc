//! `carrack numbers build` and `delta`: lists and an index become an index.

use std::cmp::Ordering;
use std::path::{Path, PathBuf};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use carrack_message::{Msisdn, Network};
use carrack_routing::numbering::portability::{DumpKind, IndexSummary, IndexWriter, PortedRow};
use carrack_settings::Faults;
use clap::Args;
use serde_json::{Map, Value, json};

use super::dumps;
use super::out::{Out, folder};
use super::progress::Progress;
use super::sort::Sorted;
use crate::fault::Fault;
use crate::numbering::{index, whole};
use crate::output;
use crate::table::count;

/// Numbers between two looks at how far it is.
const LOOK: u64 = 1 << 20;

/// Arguments of `build`.
#[derive(Args)]
pub(crate) struct Build {
    /// A list of ported numbers; may stand more than once
    #[arg(long, value_name = "FILE", required = true)]
    csv: Vec<PathBuf>,
    /// The index to make
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Prints JSON
    #[arg(long)]
    json: bool,
}

/// Arguments of `delta`.
#[derive(Args)]
pub(crate) struct Delta {
    /// The index to begin with
    #[arg(long, value_name = "FILE")]
    index: PathBuf,
    /// A list of changes; may stand more than once, in the order of time
    #[arg(long, value_name = "FILE", required = true)]
    csv: Vec<PathBuf>,
    /// The index to make
    #[arg(long, value_name = "NEW")]
    out: PathBuf,
    /// Prints JSON
    #[arg(long)]
    json: bool,
}

/// An index under way and how far it is.
struct Making {
    writer: IndexWriter<Out>,
    progress: Progress,
    total: u64,
    done: u64,
}

impl Making {
    fn begin(out: &Path, total: u64) -> Result<Self, Fault> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let built_utc_s = now.map_or(0, |since| since.as_secs());
        let writer = IndexWriter::new(Out::beside(out)?, built_utc_s);
        Ok(Self {
            writer: writer.context("the index cannot be begun")?,
            progress: Progress::start("numbers written", total),
            total,
            done: 0,
        })
    }

    fn push(&mut self, number: Msisdn, network: Network) -> Result<(), Fault> {
        self.writer
            .push(number, network)
            .context("the index cannot be written")?;
        self.done += 1;
        if self.done.is_multiple_of(LOOK) {
            self.progress.show(self.done, self.done.min(self.total));
        }
        Ok(())
    }

    fn end(self) -> Result<IndexSummary, Fault> {
        let (out, summary) = self.writer.finish().context("the index cannot be ended")?;
        out.keep()?;
        self.progress.finish(summary.keys);
        Ok(summary)
    }
}

/// Runs `build`.
pub(super) fn build(arguments: &Build) -> Result<(), Fault> {
    let start = Instant::now();
    // Begun first: a folder that cannot be written to is known before an hour of reading.
    drop(Out::beside(&arguments.out)?);
    let (mut rows, given) = dumps::read(&arguments.csv, DumpKind::Whole, folder(&arguments.out))?;
    let mut making = Making::begin(&arguments.out, given)?;
    while let Some(row) = next_row(&mut rows)? {
        making.push(row.number, row.network)?;
    }
    let summary = making.end()?;
    let told = vec![("rows", given), ("repeated", given - summary.keys)];
    tell(&arguments.out, summary, told, start, arguments.json)
}

/// The next number and its network; [`Network::UNKNOWN`] where it was taken back.
fn next_row(rows: &mut Sorted) -> anyhow::Result<Option<PortedRow>> {
    let Some((key, value)) = rows.next()? else {
        return Ok(None);
    };
    let number =
        Msisdn::from_u64(key).context("what was put aside to be sorted came back spoiled")?;
    let network = Network::from_u32(value);
    Ok(Some(PortedRow { number, network }))
}

/// What a list of changes did.
#[derive(Default)]
struct Changes {
    added: u64,
    moved: u64,
    back: u64,
    /// Rows that say what was so already.
    without_effect: u64,
}

/// Runs `delta`.
pub(super) fn delta(arguments: &Delta) -> Result<(), Fault> {
    let start = Instant::now();
    let before = index(&arguments.index, true).map_err(|fault| Faults(vec![fault]))?;
    // What is spoiled must not get new checksums.
    before
        .verify()
        .map_err(|fault| Faults(vec![whole(&arguments.index, fault.to_string())]))?;
    let (rows, given) = dumps::read(&arguments.csv, DumpKind::Delta, folder(&arguments.out))?;
    let mut making = Making::begin(&arguments.out, before.len() + given)?;
    let changes = merge(before.numbers(), rows, &mut making)?;
    let summary = making.end()?;
    let told = vec![
        ("rows", given),
        ("added", changes.added),
        ("moved", changes.moved),
        ("back", changes.back),
        ("without_effect", changes.without_effect),
    ];
    tell(&arguments.out, summary, told, start, arguments.json)
}

/// Both rise, so one pass is enough.
fn merge(
    old: impl Iterator<Item = (Msisdn, Network)>,
    mut rows: Sorted,
    making: &mut Making,
) -> Result<Changes, Fault> {
    let mut changes = Changes::default();
    let mut old = old.peekable();
    let mut row = next_row(&mut rows)?;
    loop {
        let order = match (old.peek(), &row) {
            (Some((number, _)), Some(row)) => number.cmp(&row.number),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => return Ok(changes),
        };
        let kept = if order == Ordering::Greater {
            None
        } else {
            old.next()
        };
        let change = if order == Ordering::Less {
            None
        } else {
            row.take()
        };
        if change.is_some() {
            row = next_row(&mut rows)?;
        }
        if let Some((number, network)) = changes.of(kept, change) {
            making.push(number, network)?;
        }
    }
}

impl Changes {
    /// What stands after a change of what stood before, if anything does.
    fn of(
        &mut self,
        kept: Option<(Msisdn, Network)>,
        change: Option<PortedRow>,
    ) -> Option<(Msisdn, Network)> {
        let Some(PortedRow { number, network }) = change else {
            return kept;
        };
        let before = kept.map_or(Network::UNKNOWN, |(_, network)| network);
        let counted = match (before.is_known(), network.is_known()) {
            _ if before == network => &mut self.without_effect,
            (false, _) => &mut self.added,
            (true, true) => &mut self.moved,
            (true, false) => &mut self.back,
        };
        *counted += 1;
        network.is_known().then_some((number, network))
    }
}

fn tell(
    out: &Path,
    summary: IndexSummary,
    told: Vec<(&str, u64)>,
    start: Instant,
    is_json: bool,
) -> Result<(), Fault> {
    let seconds = start.elapsed().as_secs_f64();
    if is_json {
        let mut document: Map<String, Value> = told
            .into_iter()
            .map(|(name, count)| (name.to_owned(), json!(count)))
            .collect();
        document.insert("file".to_owned(), json!(out.display().to_string()));
        document.insert("numbers".to_owned(), json!(summary.keys));
        document.insert("networks".to_owned(), json!(summary.values));
        document.insert("octets".to_owned(), json!(summary.octets));
        document.insert("seconds".to_owned(), json!(seconds));
        return output::json(&Value::Object(document));
    }
    let told: Vec<String> = told
        .into_iter()
        .map(|(name, counted)| format!("{} {}", count(counted), name.replace('_', " ")))
        .collect();
    output::line(format_args!(
        "{}: {} numbers of {} networks in {} octets ({:.2} a number); {}; {seconds:.1} s",
        out.display(),
        count(summary.keys),
        summary.values,
        count(summary.octets),
        summary.octets as f64 / summary.keys.max(1) as f64,
        told.join(", "),
    ))
}
