//! `carrack consent`: what texts of handsets mean, and those that a person has to read.

use carrack_routing::consent::{Keywords, Meaning};
use carrack_settings::Faults;
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use std::path::PathBuf;

use crate::consents;
use crate::fault::Fault;
use crate::output;
use crate::place::NodeArgs;
use crate::table::{shown, table};

/// `carrack consent`
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Shows texts of handsets that may mean stop, or marks one as read
    #[command(after_help = "\
Examples:
  carrack consent review
  carrack consent review --done ID
  carrack suppression add stop +447700900123 --reason opt_out    where it means stop

Exit codes: 0 done, 1 failed, 2 wrong usage.")]
    Review(Review),
    /// Says what a text of a handset means; no node has to run
    #[command(after_help = "\
Examples:
  carrack consent explain 'Stop. Thank you'
  carrack consent explain 'stop by tomorrow' --keywords mine.csv --json

Exit codes: 0 stop, start or help, 1 unclear or nothing, 2 wrong usage or faults in the keywords.")]
    Explain(Explain),
}

/// Arguments of `review`.
#[derive(Args)]
pub(crate) struct Review {
    /// Marks the one with this id as read
    #[arg(long, value_name = "ID")]
    done: Option<String>,
    /// Most texts
    #[arg(long, default_value_t = 100)]
    limit: usize,
    /// Prints JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    node: NodeArgs,
}

/// Arguments of `explain`.
#[derive(Args)]
pub(crate) struct Explain {
    /// The text
    text: String,
    /// The number or name that it was sent to
    #[arg(long, default_value = "")]
    to: String,
    /// Keywords instead of those that are built in
    #[arg(long, value_name = "FILE")]
    keywords: Option<PathBuf>,
    /// Prints JSON
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub(crate) fn run(command: &Command) -> Result<(), Fault> {
    match command {
        Command::Review(arguments) => review(arguments),
        Command::Explain(arguments) => explain(arguments),
    }
}

fn review(arguments: &Review) -> Result<(), Fault> {
    let client = arguments.node.operator()?;
    if let Some(id) = &arguments.done {
        let document = client.delete(&format!("/v1/consent/review/{id}"), &[])?;
        return match arguments.json {
            true => output::json(&document),
            false => output::line(format_args!("{id}: read")),
        };
    }
    let limit = arguments.limit.to_string();
    let document = client.get("/v1/consent/review", &[("limit", &limit)])?;
    match arguments.json {
        true => output::json(&document),
        false => output::line(texts(&document)),
    }
}

const COLUMNS: [(&str, &str); 6] = [
    ("id", "id"),
    ("at", "at"),
    ("from", "from"),
    ("to", "to"),
    ("account", "account"),
    ("text", "text"),
];

fn texts(document: &Value) -> String {
    let found = document.get("messages").and_then(Value::as_array);
    let found = found.map_or(&[][..], Vec::as_slice);
    if found.is_empty() {
        return "nothing waits to be read".to_owned();
    }
    let mut rows = table(&COLUMNS.map(|(header, _)| header), COLUMNS.len());
    for text in found {
        rows.add_row(COLUMNS.map(|(_, key)| shown(text, key)));
    }
    rows.to_string()
}

fn explain(arguments: &Explain) -> Result<(), Fault> {
    let keywords = match &arguments.keywords {
        None => Keywords::built_in(),
        Some(path) => consents::read(path).map_err(Faults)?,
    };
    let meaning = keywords.meaning(&arguments.text, &arguments.to);
    let is_clear = matches!(meaning, Meaning::OptOut | Meaning::OptIn | Meaning::Help);
    if arguments.json {
        output::json(&json!({ "text": arguments.text, "meaning": meaning.name() }))?;
    } else {
        output::line(match meaning {
            Meaning::OptOut => "opt_out: the number goes on the list of [consent]",
            Meaning::OptIn => "opt_in: the number is taken from the list of [consent]",
            Meaning::Help => "help: the help_reply of [consent] is sent",
            Meaning::Unclear => {
                "unclear: it goes on the review list, or is a stop where `unclear` says so"
            }
            Meaning::Nothing => "none: it means nothing to the node",
        })?;
    }
    if is_clear { Ok(()) } else { Err(Fault::Said) }
}
