//! `carrack batch`: files of messages by the HTTP door of a running node.

mod check;
mod follow;
mod options;
mod upload;

use std::fs::File;
use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, Subcommand};
use serde_json::Value;

use crate::fault::Fault;
use crate::output;
use crate::place::NodeArgs;
use crate::table::{shown, table};

use follow::follow;
pub(crate) use follow::look;
use options::Options;
pub(crate) use upload::send;

/// `carrack batch`
#[derive(Subcommand)]
pub(crate) enum Command {
    Submit(Submit),
    Check(Check),
    List(List),
    Status(Status),
    Errors(Errors),
    /// Takes no more rows until the batch is resumed
    Pause(Change),
    /// Goes on with a batch that was paused
    Resume(Change),
    /// Takes no more rows, and withdraws what has not left
    Cancel(Change),
}

/// Sends a file: CSV, TSV or NDJSON, plain or packed with gzip or zstd
#[derive(Args)]
#[command(after_help = "\
The header (or the keys of the objects) names the columns: `to` and `text`, and `from`, `class`, `client_ref`,
`idempotency_key` where they are wanted; --map names another column for one of them. With --template the text is made of any columns.

Examples:
  carrack batch submit messages.csv --follow
  carrack batch submit people.csv.gz --template 'Hello {name}, your parcel {parcel} is here.' --from POST --follow
  carrack batch submit kunden.csv --from ACME --map to=Telefon --template 'Hallo {{ Name | default(\"Kunde\") }}' --dry-run
  carrack batch submit people.ndjson --start-at 2026-12-24T09:00:00+01:00 --spread 2h --duplicates refuse

Exit codes: 0 the batch was taken in (with --follow: every row has its verdict and every message its end, be it good or
bad; rows that were refused can be fetched with `carrack batch errors`), 1 not, 2 wrong usage.")]
pub(crate) struct Submit {
    /// The file
    file: PathBuf,
    #[command(flatten)]
    options: Options,
    /// Sends nothing: shows what it would cost, and what is wrong with it
    #[arg(long, conflicts_with = "follow")]
    dry_run: bool,
    /// Shows progress until every message is final
    #[arg(long)]
    follow: bool,
    /// Prints JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    node: NodeArgs,
}

/// Shows what a file would cost, which rows would be refused, and what would make it cheaper; sends nothing
#[derive(Args)]
#[command(after_help = "\
Examples:
  carrack batch check people.csv --template 'It’s here, {name}' --from POST
  carrack batch check kunden.csv.zst --from ACME --map to=Telefon --smart-characters replace --json

Exit codes: 0 every row would be accepted, 1 some would not, or the file cannot be taken, 2 wrong usage.")]
pub(crate) struct Check {
    /// The file
    file: PathBuf,
    #[command(flatten)]
    options: Options,
    /// Prints JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    node: NodeArgs,
}

/// Lists batches, the newest first
#[derive(Args)]
#[command(after_help = "\
Examples:
  carrack batch list
  carrack batch list --limit 1000 --json")]
pub(crate) struct List {
    /// How many at most
    #[arg(long, default_value_t = 20)]
    limit: u32,
    /// Prints JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    node: NodeArgs,
}

/// Shows how far a batch is
#[derive(Args)]
#[command(after_help = "\
Examples:
  carrack batch status 019f3a5c2b7d0001
  carrack batch status 019f3a5c2b7d0001 --follow")]
pub(crate) struct Status {
    /// The batch
    id: String,
    /// Shows progress until every message is final
    #[arg(long)]
    follow: bool,
    /// Prints JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    node: NodeArgs,
}

/// Fetches the rows that were refused, with line, column and reason; mended, the file can be sent again
#[derive(Args)]
#[command(after_help = "\
Examples:
  carrack batch errors 019f3a5c2b7d0001
  carrack batch errors 019f3a5c2b7d0001 --out mend.csv && $EDITOR mend.csv && carrack batch submit mend.csv")]
pub(crate) struct Errors {
    /// The batch
    id: String,
    /// Where they go; default: standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    node: NodeArgs,
}

/// Changes a batch on its way
#[derive(Args)]
pub(crate) struct Change {
    /// The batch
    id: String,
    /// Prints JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    node: NodeArgs,
}

/// Runs the command.
pub(crate) fn run(command: &Command) -> Result<(), Fault> {
    match command {
        Command::Submit(arguments) => submit(arguments),
        Command::Check(arguments) => {
            let client = arguments.node.client()?;
            check::run(&client, &arguments.file, &arguments.options, arguments.json)
        }
        Command::List(arguments) => list(arguments),
        Command::Status(arguments) => {
            let client = arguments.node.client()?;
            let path = path_of(&arguments.id)?;
            if arguments.follow {
                follow(&client, &path)?;
            }
            show(&client.get(&path, &[])?, arguments.json)
        }
        Command::Errors(arguments) => errors(arguments),
        Command::Pause(arguments) => change(arguments, "pause"),
        Command::Resume(arguments) => change(arguments, "resume"),
        Command::Cancel(arguments) => change(arguments, "cancel"),
    }
}

fn submit(arguments: &Submit) -> Result<(), Fault> {
    let client = arguments.node.client()?;
    if arguments.dry_run {
        return check::run(&client, &arguments.file, &arguments.options, arguments.json);
    }
    let taken = send(&client, &arguments.file, &arguments.options.fields()?)?;
    let id = shown(&taken, "id");
    if arguments.follow {
        eprintln!("batch {id}");
        let path = path_of(&id)?;
        follow(&client, &path)?;
        return show(&client.get(&path, &[])?, arguments.json);
    }
    if arguments.json {
        return output::json(&taken);
    }
    output::line(id)
}

fn change(arguments: &Change, change: &str) -> Result<(), Fault> {
    let client = arguments.node.client()?;
    let path = format!("{}/{change}", path_of(&arguments.id)?);
    show(&client.post_nothing(&path)?, arguments.json)
}

fn list(arguments: &List) -> Result<(), Fault> {
    let client = arguments.node.client()?;
    let limit = arguments.limit.to_string();
    let found = client.get("/v1/batches", &[("limit", &limit)])?;
    if arguments.json {
        return output::json(&found);
    }
    let header = [
        "batch",
        "file",
        "state",
        "created",
        "rows",
        "accepted",
        "refused",
        "delivered",
        "failed",
    ];
    let mut rows = table(&header, 4);
    let batches = found.get("batches").and_then(Value::as_array);
    for batch in batches.into_iter().flatten() {
        let keys = [
            "id",
            "filename",
            "state",
            "created_at",
            "rows",
            "accepted",
            "rejected",
            "delivered",
            "failed",
        ];
        rows.add_row(keys.map(|key| shown(batch, key)));
    }
    output::line(rows)
}

fn errors(arguments: &Errors) -> Result<(), Fault> {
    let client = arguments.node.client()?;
    let path = format!("{}/errors", path_of(&arguments.id)?);
    match &arguments.out {
        Some(out) => {
            let mut file = File::create(out)
                .with_context(|| format!("{} cannot be written", out.display()))?;
            client.fetch(&path, &mut file)?;
        }
        None => {
            client.fetch(&path, &mut output::Results)?;
        }
    }
    Ok(())
}

fn path_of(id: &str) -> Result<String, Fault> {
    if id.is_empty() || !id.bytes().all(|octet| octet.is_ascii_hexdigit()) {
        return Err(Fault::Usage(format!(
            "{id:?} is no batch; batches are named by 16 hexadecimal digits"
        )));
    }
    Ok(format!("/v1/batches/{id}"))
}

fn show(batch: &Value, json: bool) -> Result<(), Fault> {
    if json {
        return output::json(batch);
    }
    let keys = [
        "id",
        "state",
        "filename",
        "format",
        "compression",
        "encoding",
        "rows",
        "accepted",
        "rejected",
        "repeated",
        "submitted",
        "delivered",
        "failed",
        "withdrawn",
        "start_at",
        "finish_by",
        "rate",
        "rows_per_second",
        "seconds_left",
        "hindrance",
        "fault",
    ];
    let mut rows = table(&["batch", ""], 1);
    for key in keys {
        let value = shown(batch, key);
        let is_nought = value == "0" && matches!(key, "withdrawn" | "repeated");
        let says_nothing = value.is_empty() || is_nought || value == "none";
        if !says_nothing {
            rows.add_row([key.to_owned(), value]);
        }
    }
    let replaced = batch.get("smart_characters");
    if let Some(replaced) =
        replaced.filter(|found| shown(found, "rows") != "0" && found.is_object())
    {
        let text = format!(
            "{} in {} rows, {} segments saved",
            shown(replaced, "characters"),
            shown(replaced, "rows"),
            shown(replaced, "segments_saved"),
        );
        rows.add_row(["smart_characters".to_owned(), text]);
    }
    output::line(rows)?;
    let rejected = batch.get("rejected").and_then(Value::as_u64).unwrap_or(0);
    if rejected > 0 {
        let id = shown(batch, "id");
        output::line(format_args!(
            "{rejected} rows were refused; `carrack batch errors {id} --out FILE` fetches them with line, column and reason"
        ))?;
    }
    Ok(())
}
