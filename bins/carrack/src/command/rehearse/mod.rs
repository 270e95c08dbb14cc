//! `carrack route rehearse`: the messages of CDR files, as another configuration would route them.
//!
//! Promise: each message is priced and routed by the tables that a node would build of that configuration; nothing is
//! sent, no node is asked. Bound: memory does not grow with the files.

mod reading;
mod report;
mod row;

use std::path::PathBuf;

use carrack_ingest::loop_probe;
use carrack_routing::read_instant;
use carrack_settings::Settings;
use clap::Args;

use self::reading::Unreadable;
use self::report::{Reading, Rehearsal};
use self::row::Row;
use crate::configuration::Configuration;
use crate::fault::Fault;
use crate::output;
use crate::prices::utc_now_ns;
use crate::rehearsal::{Judge, Made, Sums, rates};

/// Replays CDR files against another configuration: cost, margin and traffic by carrier, before and after
#[derive(Args)]
#[command(after_help = "\
Examples:
  carrack route rehearse --table candidate.toml --cdr /var/lib/carrack/cdr
  carrack route rehearse --table candidate.toml --cdr cdr-20261122T*.jsonl --at 2026-12-01
  zcat cdr-*.jsonl.gz | carrack route rehearse --table candidate.toml --cdr - --json

Before is what the files say: a message counts for its last carrier, with all that carriers charged for it. After is the
first choice of the new table with all carriers up, nothing measured, and the prices of now or of --at; a route by hours
sees each message at the time it came. Not judged, but counted: routes that look at the text of messages, which is in
no CDR file.
Exit codes: 0 done, whatever changes; 1 a file or a line of it cannot be read; 2 wrong usage or configuration.")]
pub(crate) struct Arguments {
    /// The configuration to try, whole, as `config check` takes it
    #[arg(long, value_name = "NEW")]
    table: PathBuf,
    /// Finished CDR files, or folders of them; - is standard input
    #[arg(long, value_name = "FILE", num_args = 1.., required = true)]
    cdr: Vec<PathBuf>,
    /// Date (2026-12-01) or instant (2026-12-01T06:00:00Z) of the prices; default: now
    #[arg(long, value_name = "DATE", value_parser = read_instant)]
    at: Option<u64>,
    /// Prints JSON
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Fault> {
    let at_utc_ns = arguments.at.unwrap_or_else(utc_now_ns);
    let files = reading::files(&arguments.cdr)?;
    let configuration = Configuration::of(Settings::load(&arguments.table)?, at_utc_ns)?;
    let rates = rates(&configuration.settings)?;
    let judge = Judge::new(&configuration);
    let timed = judge.is_timed();
    let mut sums = Sums::new(configuration.table.carriers());
    let mut reading = Reading::default();
    let mut unreadable = Unreadable::default();
    for path in &files {
        reading::each(path, &mut unreadable, |row| {
            add(row, timed, &judge, &mut sums, &mut reading)
        })?;
    }
    (reading.files, reading.unreadable) = (files.len(), unreadable);
    let made = Made {
        at_utc_ns,
        table: &configuration.table,
        rates: rates.as_ref(),
        sums: &sums,
        is_measured: false,
        is_looked_up: false,
    };
    let rehearsal = Rehearsal::of(&arguments.table, reading, &made);
    if arguments.json {
        output::json(&rehearsal)?;
    } else {
        output::line(rehearsal.text())?;
    }
    match rehearsal.unreadable() {
        0 => Ok(()),
        _ => Err(Fault::Said),
    }
}

fn add(
    row: &Row<'_>,
    timed: bool,
    judge: &Judge<'_>,
    sums: &mut Sums,
    reading: &mut Reading,
) -> Result<(), String> {
    let Some(facts) = row.facts(timed)? else {
        reading.without_facts += 1;
        return Ok(());
    };
    if facts.account == loop_probe::ACCOUNT {
        // No customer's: it goes to its carrier whatever the table says.
        reading.loop_probes += 1;
        return Ok(());
    }
    let past = row.past()?;
    if past.carrier.is_none() {
        reading.never_sent += 1;
        return Ok(());
    }
    sums.add(&facts, &past, &judge.judge(&facts))
}
