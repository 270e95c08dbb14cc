//! `carrack batch`: files of messages by the HTTP door of a running node.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow};
use clap::{Args, Subcommand};
use serde_json::Value;

use crate::client::{Client, may_pass};
use crate::fault::Fault;
use crate::output;
use crate::place::NodeArgs;
use crate::progress::{BatchStatus, Progress};
use crate::table::{shown, table};

/// `carrack batch`
#[derive(Subcommand)]
pub(crate) enum Command {
    Submit(Submit),
    Status(Status),
    Errors(Errors),
}

/// Sends a CSV file: a header, then a message a row
#[derive(Args)]
#[command(after_help = "\
The header names the columns: `to` and `text`, and `from`, `class`, `client_ref`, `idempotency_key` where they are wanted. With --template
the text is made of any columns.

Examples:
  carrack batch submit messages.csv --follow
  carrack batch submit people.csv --template 'Hello {name}, your parcel {parcel} is here.' --from POST --follow
  carrack batch submit messages.csv --class transactional --json

Exit codes: 0 the batch was taken in (with --follow: every row has its verdict and every message its end, be it good or
bad; rows that were refused can be fetched with `carrack batch errors`), 1 not, 2 wrong usage.")]
pub(crate) struct Submit {
    /// The file
    file: PathBuf,
    /// Text of each row, with {column} in it; {{ and }} are braces
    #[arg(long)]
    template: Option<String>,
    /// Sender of rows that name none
    #[arg(long, value_name = "SENDER")]
    from: Option<String>,
    /// Class of rows that name none: otp, alert, transactional or bulk
    #[arg(long)]
    class: Option<String>,
    /// Sent again with the same key, it is the same batch, for 48 h
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
    /// Shows progress until every message is final
    #[arg(long)]
    follow: bool,
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
  carrack batch errors 019f3a5c2b7d0001 --out mend.csv")]
pub(crate) struct Errors {
    /// The batch
    id: String,
    /// Where they go; default: standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    node: NodeArgs,
}

const LOOK: Duration = Duration::from_millis(250);
/// How long looks may fail while a batch is followed: a restart of the node is no end.
const AWAY_MAX: Duration = Duration::from_secs(30);

/// Runs the command.
pub(crate) fn run(command: &Command) -> Result<(), Fault> {
    match command {
        Command::Submit(arguments) => submit(arguments),
        Command::Status(arguments) => {
            let client = arguments.node.client()?;
            let path = path_of(&arguments.id)?;
            if arguments.follow {
                follow(&client, &path)?;
            }
            show(&client.get(&path, &[])?, arguments.json)
        }
        Command::Errors(arguments) => errors(arguments),
    }
}

/// Gives a file to a node; what the node says of the batch.
pub(crate) fn send(
    client: &Client,
    file: &Path,
    fields: &[(&str, Option<&str>)],
) -> Result<Value, Fault> {
    let opened = File::open(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let name = file
        .file_name()
        .map(|name| name.to_string_lossy().into_owned());
    let query: Vec<(&str, &str)> = fields
        .iter()
        .copied()
        .chain([("filename", name.as_deref())])
        .filter_map(|(field, value)| Some((field, value?)))
        .collect();
    client.post_file("/v1/batches", &query, opened)
}

fn submit(arguments: &Submit) -> Result<(), Fault> {
    let client = arguments.node.client()?;
    let fields = [
        ("template", arguments.template.as_deref()),
        ("from", arguments.from.as_deref()),
        ("class", arguments.class.as_deref()),
        ("idempotency_key", arguments.idempotency_key.as_deref()),
    ];
    let taken = send(&client, &arguments.file, &fields)?;
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

/// How far a batch is.
pub(crate) fn look(client: &Client, path: &str) -> Result<BatchStatus, Fault> {
    let document = client.get(path, &[])?;
    let status = serde_json::from_value(document);
    Ok(status.context("the node tells of the batch in words this program does not know")?)
}

fn follow(client: &Client, path: &str) -> Result<(), Fault> {
    let mut progress = Progress::start();
    let mut away: Option<Instant> = None;
    loop {
        match look(client, path) {
            Ok(batch) => {
                away = None;
                progress.show(&batch);
                if batch.is_done() {
                    progress.finish();
                    return Ok(());
                }
            }
            Err(fault) if !may_pass(&fault) => {
                progress.finish();
                return Err(fault);
            }
            Err(fault) => match away {
                Some(since) if since.elapsed() >= AWAY_MAX => {
                    progress.finish();
                    return Err(Fault::Failed(anyhow!("{fault}; the batch itself goes on")));
                }
                Some(_) => {}
                None => {
                    away = Some(Instant::now());
                    progress.say(&format!(
                        "{fault}; trying again for {} s",
                        AWAY_MAX.as_secs()
                    ));
                }
            },
        }
        std::thread::sleep(LOOK);
    }
}

fn show(batch: &Value, json: bool) -> Result<(), Fault> {
    if json {
        return output::json(batch);
    }
    let keys = [
        "id",
        "state",
        "rows",
        "accepted",
        "rejected",
        "repeated",
        "submitted",
        "delivered",
        "failed",
        "rows_per_second",
        "seconds_left",
        "hindrance",
    ];
    let mut rows = table(&["batch", ""], 1);
    for key in keys {
        let value = shown(batch, key);
        if !value.is_empty() {
            rows.add_row([key.to_owned(), value]);
        }
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
