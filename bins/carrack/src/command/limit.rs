//! `carrack limit`: limits of senders, networks and recipients, and what waits under them.

use clap::{Args, Subcommand};
use serde_json::Value;

use crate::fault::Fault;
use crate::output;
use crate::place::NodeArgs;
use crate::table::{shown, table};

/// `carrack limit`
#[derive(Subcommand)]
pub(crate) enum Command {
    List(List),
}

/// Shows each limit: its rate, what it remembers, what waits under it, and what it did since the start
#[derive(Args)]
#[command(after_help = "\
Examples:
  carrack limit list
  carrack limit list --json --config carrack.toml

docs/limits.md says what the numbers mean.")]
pub(crate) struct List {
    /// Prints JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    node: NodeArgs,
}

/// Runs the command.
pub(crate) fn run(command: &Command) -> Result<(), Fault> {
    let Command::List(arguments) = command;
    let document = arguments.node.operator()?.get("/v1/limits", &[])?;
    match arguments.json {
        true => output::json(&document),
        false => output::line(limits(&document)),
    }
}

const COLUMNS: [(&str, &str); 9] = [
    ("limit", "name"),
    ("each", "each"),
    ("rate", "rate"),
    ("in use", "in_use"),
    ("waiting", "waiting"),
    ("sent", "granted"),
    ("refused", "refused"),
    ("beyond", "beyond"),
    ("forgotten", "forgotten"),
];

fn limits(document: &Value) -> String {
    let found = document.get("limits").and_then(Value::as_array);
    let found = found.map_or(&[][..], Vec::as_slice);
    if found.is_empty() {
        return "there are no limits but those of carriers; docs/limits.md says how to write some"
            .to_owned();
    }
    let mut rows = table(&COLUMNS.map(|(header, _)| header), 3);
    for limit in found {
        rows.add_row(COLUMNS.map(|(_, key)| shown(limit, key)));
    }
    rows.to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_list_shows_what_waits_and_what_was_refused() {
        let limit = json!({
            "name": "long-codes", "each": "sender", "rate": "10/min", "in_use": 12_000,
            "waiting": 345, "granted": 6_789, "refused": 0, "beyond": 17, "forgotten": 0,
        });
        let text = limits(&json!({ "limits": [limit] }));
        for cell in [
            "long-codes",
            "sender",
            "10/min",
            "12 000",
            "345",
            "6 789",
            "17",
        ] {
            assert!(text.contains(cell), "{cell}: {text}");
        }
        assert!(limits(&json!({ "limits": [] })).contains("no limits"));
    }
}
