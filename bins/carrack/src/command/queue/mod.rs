//! `carrack queue`: what waits in a running node, and jobs that change it.

mod follow;
mod job;

use clap::{Args, Subcommand};
use serde_json::Value;

use crate::fault::Fault;
use crate::output;
use crate::place::Shown;
use crate::table::{shown, table};

/// Shows how much waits, by carriers and class; purges, moves or routes again what waits
#[derive(Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
Examples:
  carrack queue
  carrack queue --json --config carrack.toml
  carrack queue purge --account shop --class bulk --dry-run    how many it would be
  carrack queue move --carrier north --to south --follow       what waits for north goes to south
  carrack queue reroute --follow                               after a change of prices or routes
  carrack queue jobs                                           how the last jobs did"
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    shown: Shown,
}
/// `carrack queue ...`
#[derive(Subcommand)]
enum Command {
    Purge(job::Purge),
    Move(job::Move),
    Reroute(job::Reroute),
    /// Shows the queue jobs since the start of the node, the newest first
    #[command(after_help = "\
Examples:
  carrack queue jobs
  carrack queue jobs --json")]
    Jobs(Shown),
    /// Stops the queue job that is at work; what it has done stays done
    #[command(after_help = "\
Examples:
  carrack queue stop")]
    Stop(Shown),
}

/// Runs the command.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Fault> {
    match &arguments.command {
        None => lanes(&arguments.shown),
        Some(Command::Purge(arguments)) => job::purge(arguments),
        Some(Command::Move(arguments)) => job::move_to(arguments),
        Some(Command::Reroute(arguments)) => job::reroute(arguments),
        Some(Command::Jobs(asked)) => {
            let document = asked.node.operator()?.get(follow::JOBS, &[])?;
            if asked.json {
                return output::json(&document);
            }
            let jobs = document.get("jobs").and_then(Value::as_array);
            output::line(follow::text(jobs.map_or(&[], Vec::as_slice)))
        }
        Some(Command::Stop(asked)) => {
            let path = format!("{}/stop", follow::JOBS);
            let job = asked.node.operator()?.post_nothing(&path)?;
            if asked.json {
                return output::json(&job);
            }
            output::line(format_args!("queue job {}: stopping", shown(&job, "id")))
        }
    }
}

fn lanes(arguments: &Shown) -> Result<(), Fault> {
    let document = arguments.node.operator()?.get("/v1/queue", &[])?;
    if arguments.json {
        return output::json(&document);
    }
    let mut facts = table(&["queue", "count"], 1);
    for (key, name) in [
        ("waiting", "messages accepted and not final"),
        (
            "shelved",
            "  of them on the shelf: for later, or with late receipts",
        ),
        (
            "receipts_awaited",
            "segments whose receipt is awaited in memory",
        ),
        ("receipts_parked", "receipts ahead of their response"),
        ("untold", "customers still to be told"),
    ] {
        facts.add_row([name.to_owned(), shown(&document, key)]);
    }
    let mut lanes = table(&["carriers, best first", "class", "waiting"], 2);
    let list = document.get("lanes").and_then(Value::as_array);
    for lane in list.into_iter().flatten() {
        let carriers = lane.get("carriers").and_then(Value::as_array);
        let names: Vec<&str> = carriers
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        lanes.add_row([
            names.join(", "),
            shown(lane, "class"),
            shown(lane, "waiting"),
        ]);
    }
    output::line(format_args!("{facts}\n{lanes}"))
}
