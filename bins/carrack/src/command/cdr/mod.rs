//! `carrack cdr`: how far the CDR files are, and the proof that they hold each message once.

mod check;
mod sums;

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::anyhow;
use carrack_engine::CdrState;
use carrack_queue::Store;
use clap::{Args, Subcommand};
use serde::Serialize;

use crate::fault::Fault;
use crate::output;
use crate::place::ConfigArgs;
use crate::table::{count, table};

/// Shows how far the CDR files are; `check` proves what they hold
#[derive(Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
Examples:
  carrack cdr --config carrack.toml             what is exported, what is still to be
  carrack cdr check /var/lib/carrack/cdr        no message twice, sums by account, carrier and status
  carrack audit --config carrack.toml           whether all that ended is exported

It only reads, and works beside a running node."
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// The folder of the node; default: [node] data_dir of the configuration
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    #[command(flatten)]
    config: ConfigArgs,
    /// Prints JSON
    #[arg(long)]
    json: bool,
}

#[derive(Subcommand)]
enum Command {
    Check(check::Arguments),
}

/// Runs the command.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Fault> {
    match &arguments.command {
        Some(Command::Check(check)) => check::run(check),
        None => status(arguments),
    }
}

#[derive(Serialize)]
struct Status {
    #[serde(flatten)]
    state: CdrState,
    /// Age of the oldest end that is in no file yet.
    lag_seconds: f64,
    files_finished: u64,
    files_open: u64,
    octets: u64,
}

fn status(arguments: &Arguments) -> Result<(), Fault> {
    let data_dir = match &arguments.data_dir {
        Some(data_dir) => data_dir.clone(),
        None => arguments.config.settings()?.node.data_dir,
    };
    let path = data_dir.join("store");
    if !path.is_dir() {
        return Err(Fault::Failed(anyhow!(
            "{} is missing: no node ever ran there; check [node] data_dir",
            path.display()
        )));
    }
    let Some(state) = carrack_engine::cdr_state(&Store::open_read_only(&path)?)? else {
        return Err(Fault::Failed(anyhow!(
            "no CDR file was ever begun: add [cdr] to the configuration and start the node"
        )));
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now_utc_ns = now.map_or(0, |now| now.as_nanos() as u64);
    let oldest = state.oldest_waiting_utc_ns.unwrap_or(now_utc_ns);
    let mut status = Status {
        lag_seconds: now_utc_ns.saturating_sub(oldest) as f64 / 1e9,
        files_finished: 0,
        files_open: 0,
        octets: 0,
        state,
    };
    status.count_files();
    if arguments.json {
        output::json(&status)
    } else {
        output::line(status.text())
    }
}

impl Status {
    fn count_files(&mut self) {
        for path in check::files(Path::new(&self.state.folder)).unwrap_or_default() {
            self.octets += path.metadata().map_or(0, |metadata| metadata.len());
            if path.extension().is_some_and(|ending| ending == "open") {
                self.files_open += 1;
            } else {
                self.files_finished += 1;
            }
        }
    }

    fn text(&self) -> String {
        let mut rows = table(&["CDR files", ""], 1);
        let state = &self.state;
        for (name, value) in [
            ("messages exported", state.exported),
            ("ended, still to be exported", state.waiting),
            ("ended before the export began", state.before),
            ("exported without what was accepted", state.without_origin),
            ("files finished", self.files_finished),
            ("files open", self.files_open),
            ("octets", self.octets),
        ] {
            rows.add_row([name.to_owned(), count(value)]);
        }
        rows.add_row([
            "behind, seconds".to_owned(),
            format!("{:.1}", self.lag_seconds),
        ]);
        let current = state.current.as_deref().unwrap_or("none");
        format!("{rows}\nfolder: {}\nopen: {current}", state.folder)
    }
}
