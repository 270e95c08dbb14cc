//! `carrack suppression build`: CSV becomes the base of a list.

use std::cell::Cell;
use std::fs::File;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Instant;

use anyhow::Context as _;
use carrack_routing::suppression::{
    Hashing, Keys, Mark, Scope, SuppressionRows, SuppressionWriter,
};
use carrack_settings::Faults;
use clap::{Args, ValueEnum};
use serde_json::json;

use crate::command::numbers::dumps::Counted;
use crate::command::numbers::out::{Out, folder};
use crate::command::numbers::progress::Progress;
use crate::command::numbers::sort::{Sorted, Sorter};
use crate::fault::Fault;
use crate::numbering::{faults_of, whole};
use crate::output;
use crate::prices::utc_now_ns;
use crate::table::count;

/// Rows between two looks at how far it is.
const LOOK: u64 = 1 << 16;

/// For whom entries hold.
#[derive(Clone, Copy, ValueEnum)]
enum ScopeOf {
    Global,
    Account,
    Sender,
}

/// How numbers are written.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Hash {
    None,
    Sha256,
    Keyed,
}

/// Arguments of `build`.
#[derive(Args)]
pub(crate) struct Build {
    /// Lists; where a number stands in two, the later counts
    #[arg(value_name = "FILE", required = true)]
    csv: Vec<PathBuf>,
    /// The index to make
    #[arg(long, value_name = "INDEX")]
    out: PathBuf,
    /// For whom entries hold: as `scope` of the [[suppression]]
    #[arg(long, default_value = "global")]
    scope: ScopeOf,
    /// How numbers are written: as `hash` of the [[suppression]]
    #[arg(long, default_value = "none")]
    hash: Hash,
    /// A file with the secret of --hash keyed
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
    /// The account of rows that name none
    #[arg(long, value_name = "NAME")]
    account: Option<String>,
    /// The sender of rows that name none
    #[arg(long, value_name = "SENDER")]
    sender: Option<String>,
    /// Prints JSON
    #[arg(long)]
    json: bool,
}

impl Build {
    fn keys(&self) -> Result<Keys, Fault> {
        let hashing = match (self.hash, &self.secret_file) {
            (Hash::None, None) => Hashing::None,
            (Hash::Sha256, None) => Hashing::Sha256,
            (Hash::Keyed, Some(path)) => {
                let secret = std::fs::read_to_string(path)
                    .with_context(|| format!("{} cannot be read", path.display()))?;
                let secret = secret.trim_end_matches(['\r', '\n']);
                if secret.is_empty() {
                    let path = path.display();
                    return Err(Fault::Usage(format!(
                        "{path} is empty; write the secret into it"
                    )));
                }
                Hashing::keyed(secret.as_bytes())
            }
            (Hash::Keyed, None) => {
                return Err(Fault::Usage("--hash keyed needs --secret-file".to_owned()));
            }
            (_, Some(_)) => {
                return Err(Fault::Usage(
                    "--secret-file means nothing without --hash keyed".to_owned(),
                ));
            }
        };
        Ok(Keys {
            scope: match self.scope {
                ScopeOf::Global => Scope::Global,
                ScopeOf::Account => Scope::Account,
                ScopeOf::Sender => Scope::Sender,
            },
            hashing,
        })
    }
}

/// Runs `build`.
pub(super) fn build(arguments: &Build) -> Result<(), Fault> {
    let start = Instant::now();
    let keys = arguments.keys()?;
    // Begun first: a folder that cannot be written to is known before an hour of reading.
    drop(Out::beside(&arguments.out)?);
    let (mut sorted, rows) = read(arguments, &keys)?;
    let mut progress = Progress::start("numbers written", rows);
    let out = Out::beside(&arguments.out)?;
    let built_utc_s = utc_now_ns() / 1_000_000_000;
    let mut writer =
        SuppressionWriter::new(&keys, out, built_utc_s).context("the index cannot be begun")?;
    let mut done = 0_u64;
    while let Some((key, value)) = sorted.next().context("what was sorted cannot be read")? {
        let mark = Mark::from_u32(value).context("what was sorted came back spoiled")?;
        writer
            .push(key, mark)
            .context("the index cannot be written")?;
        done += 1;
        if done.is_multiple_of(LOOK) {
            progress.show(done, done);
        }
    }
    let (out, summary) = writer.finish().context("the index cannot be ended")?;
    out.keep()?;
    progress.finish(summary.keys);
    let seconds = start.elapsed().as_secs_f64();
    let name = arguments.out.display();
    if arguments.json {
        return output::json(&json!({
            "file": name.to_string(), "rows": rows, "numbers": summary.keys,
            "repeated": rows - summary.keys, "octets": summary.octets, "seconds": seconds,
        }));
    }
    output::line(format_args!(
        "{name}: {} numbers in {} octets ({:.2} a number); {} rows, {} repeated; {seconds:.1} s",
        count(summary.keys),
        count(summary.octets),
        summary.octets as f64 / summary.keys.max(1) as f64,
        count(rows),
        count(rows - summary.keys),
    ))
}

/// Reads all lists; gives how many rows, too. All faults of all of them at once.
fn read(arguments: &Build, keys: &Keys) -> Result<(Sorted, u64), Fault> {
    let lengths = arguments.csv.iter();
    let lengths = lengths.map(|path| path.metadata().map_or(0, |file| file.len()));
    let mut progress = Progress::start("rows read", lengths.sum());
    let octets = Rc::new(Cell::new(0));
    let mut sorter = Sorter::new(folder(&arguments.out));
    let mut faults = Vec::new();
    let own = match arguments.scope {
        ScopeOf::Global => None,
        ScopeOf::Account => arguments.account.as_deref(),
        ScopeOf::Sender => arguments.sender.as_deref(),
    };
    for path in &arguments.csv {
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) => {
                faults.push(whole(path, format!("cannot be read: {error}")));
                continue;
            }
        };
        let name = path.display().to_string();
        let counted = Counted {
            file,
            octets: Rc::clone(&octets),
        };
        let mut rows = SuppressionRows::open(counted, &name, keys, own.unwrap_or(""));
        let before = sorter.given();
        while let Some(row) = rows.next() {
            if faults.is_empty() {
                sorter
                    .push((row.key, row.mark.as_u32()))
                    .context("rows cannot be put aside")?;
            }
            if rows.rows().is_multiple_of(LOOK) {
                progress.show(before + rows.rows(), octets.get());
            }
        }
        if let Err(found) = rows.finish() {
            faults.extend(faults_of(path, found));
        }
    }
    progress.finish(sorter.given());
    if !faults.is_empty() {
        return Err(Faults(faults).into());
    }
    let rows = sorter.given();
    Ok((sorter.sorted().context("rows cannot be sorted")?, rows))
}
