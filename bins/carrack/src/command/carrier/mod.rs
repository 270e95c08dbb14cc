//! `carrack carrier`: carriers of a running node, and stopping them for a while; new ones, and what they are like.

mod check;
mod probe;
mod shown;
mod wires;
mod words;

use clap::{Args, Subcommand};
use serde_json::Value;

use crate::fault::Fault;
use crate::output;
use crate::place::NodeArgs;
use crate::table::{count, money, shown, table};

/// `carrack carrier`
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Shows links with state, window and rate, and what each carrier did since the start
    #[command(after_help = "\
Examples:
  carrack carrier list
  carrack carrier list --json --config carrack.toml")]
    List(List),
    /// Stops sending to a carrier; what it has is still awaited, the next carrier of each route takes over
    #[command(after_help = "\
Examples:
  carrack carrier pause north

The pause ends with `carrier resume` or with the node.")]
    Pause(Named),
    /// Sends to a carrier again
    #[command(after_help = "\
Examples:
  carrack carrier resume north")]
    Resume(Named),
    Check(check::Arguments),
    Probe(Box<probe::Arguments>),
}

/// Arguments of `list`.
#[derive(Args)]
pub(crate) struct List {
    /// Prints JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    node: NodeArgs,
}

/// Arguments of `pause` and `resume`.
#[derive(Args)]
pub(crate) struct Named {
    /// Name of the carrier
    name: String,
    #[command(flatten)]
    node: NodeArgs,
}

/// Runs the command.
pub(crate) fn run(command: &Command) -> Result<(), Fault> {
    match command {
        Command::List(arguments) => {
            let document = arguments.node.operator()?.get("/v1/carriers", &[])?;
            if arguments.json {
                output::json(&document)
            } else {
                output::line(text(&document))
            }
        }
        Command::Pause(arguments) => switch(arguments, "pause", "paused"),
        Command::Resume(arguments) => switch(arguments, "resume", "resumed"),
        Command::Check(arguments) => check::run(arguments),
        Command::Probe(arguments) => probe::run(arguments),
    }
}

/// A name that can stand in a path.
pub(crate) fn named(name: &str) -> Result<&str, Fault> {
    let fits = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'_' | b'.' | b'-');
    if name.is_empty() || !name.bytes().all(fits) {
        return Err(Fault::Usage(format!(
            "{name:?} is no carrier's name; `carrack carrier list` shows them"
        )));
    }
    Ok(name)
}

fn switch(arguments: &Named, verb: &str, done: &str) -> Result<(), Fault> {
    let name = named(&arguments.name)?;
    arguments
        .node
        .operator()?
        .post_nothing(&format!("/v1/carriers/{name}/{verb}"))?;
    output::line(format_args!("{name}: {done}"))
}

fn text(document: &Value) -> String {
    let carriers = document.get("carriers").unwrap_or(document);
    let mut rows = table(
        &[
            "carrier",
            "state",
            "links",
            "in flight",
            "window",
            "rate",
            "sent",
            "taken",
            "refused",
            "throttled",
            "uncertain",
            "delivered",
            "failed",
            "cost",
        ],
        3,
    );
    for carrier in carriers.as_array().into_iter().flatten() {
        let links = carrier.get("links").and_then(Value::as_array);
        let links: &[Value] = links.map_or(&[], Vec::as_slice);
        let sum = |key: &str| -> u64 {
            links
                .iter()
                .filter_map(|link| link.get(key).and_then(Value::as_u64))
                .sum()
        };
        let up = links
            .iter()
            .filter(|link| shown(link, "state") == "up")
            .count();
        let state = match carrier.get("paused").and_then(Value::as_bool) {
            Some(true) => "paused",
            _ if up > 0 => "up",
            _ => "down",
        };
        let micros = carrier
            .get("cost_micros")
            .and_then(Value::as_i64)
            .unwrap_or(0);
        rows.add_row([
            shown(carrier, "name"),
            state.to_owned(),
            format!("{up} of {}", links.len()),
            count(sum("in_flight")),
            count(sum("window")),
            shown(carrier, "rate"),
            shown(carrier, "segments_sent"),
            shown(carrier, "segments_accepted"),
            shown(carrier, "segments_refused"),
            shown(carrier, "segments_throttled"),
            shown(carrier, "segments_uncertain"),
            shown(carrier, "messages_delivered"),
            shown(carrier, "messages_failed"),
            money(micros),
        ]);
    }
    rows.to_string()
}
