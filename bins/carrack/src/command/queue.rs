//! `carrack queue`: what waits in a running node.

use clap::Args;
use serde_json::Value;

use crate::fault::Fault;
use crate::output;
use crate::place::NodeArgs;
use crate::table::{shown, table};

/// Shows how much waits, by carriers and class
#[derive(Args)]
#[command(after_help = "\
Examples:
  carrack queue
  carrack queue --json --config carrack.toml")]
pub(crate) struct Arguments {
    /// Prints JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    node: NodeArgs,
}

/// Runs the command.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Fault> {
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
