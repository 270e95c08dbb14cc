//! `carrack queue purge|move|reroute`: begins a job, and follows it where that is wanted.

use std::io::{BufRead, IsTerminal, Write};
use std::time::Duration;

use carrack_loadtest::duration;
use clap::Args;
use serde_json::{Map, Value, json};

use super::follow::{self, follow};
use crate::client::Client;
use crate::fault::Fault;
use crate::output;
use crate::place::NodeArgs;
use crate::table::{count, shown};

/// Which waiting messages; every condition that is named has to hold.
#[derive(Args)]
struct Filter {
    /// Those that wait for this carrier first
    #[arg(long, value_name = "NAME")]
    carrier: Option<String>,
    /// Those of a class: otp, alert, transactional or bulk
    #[arg(long)]
    class: Option<String>,
    /// Those of a customer
    #[arg(long, value_name = "NAME")]
    account: Option<String>,
    /// Those whose recipient begins with these digits
    #[arg(long, value_name = "DIGITS")]
    to_prefix: Option<String>,
    /// Those from this sender
    #[arg(long, value_name = "SENDER")]
    from: Option<String>,
    /// Those accepted at least so long ago, such as 90s or 2h
    #[arg(long, value_name = "TIME", value_parser = duration::parse)]
    older_than: Option<Duration>,
}

impl Filter {
    fn document(&self) -> Value {
        let mut filter = Map::new();
        for (name, value) in [
            ("carrier", &self.carrier),
            ("class", &self.class),
            ("account", &self.account),
            ("to_prefix", &self.to_prefix),
            ("from", &self.from),
        ] {
            if let Some(value) = value {
                filter.insert(name.to_owned(), json!(value));
            }
        }
        if let Some(age) = self.older_than {
            filter.insert("older_than_seconds".to_owned(), json!(age.as_secs()));
        }
        Value::Object(filter)
    }
}

/// How a job is begun and shown.
#[derive(Args)]
struct Way {
    /// Only counts what matches
    #[arg(long)]
    dry_run: bool,
    /// Shows progress until the job has ended
    #[arg(long)]
    follow: bool,
    /// Prints JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    node: NodeArgs,
}

/// Ends waiting messages: their final state is `cancelled` ("purged by operator"), customers are told as of any end
#[derive(Args)]
#[command(after_help = help::PURGE)]
pub(crate) struct Purge {
    #[command(flatten)]
    filter: Filter,
    /// All that waits is meant (what waits on the shelf for its time is not)
    #[arg(long)]
    all: bool,
    /// Does not ask
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    way: Way,
}

/// Sends waiting messages by another carrier first, before the others of their route
#[derive(Args)]
#[command(after_help = help::MOVE)]
pub(crate) struct Move {
    /// The carrier that they go to
    #[arg(long, value_name = "CARRIER")]
    to: String,
    #[command(flatten)]
    filter: Filter,
    /// All that waits is meant (what waits on the shelf for its time is not)
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    way: Way,
}

/// Chooses the routes of waiting messages anew, by the routes and prices of now
#[derive(Args)]
#[command(after_help = help::REROUTE)]
pub(crate) struct Reroute {
    #[command(flatten)]
    filter: Filter,
    #[command(flatten)]
    way: Way,
}

/// Texts of `--help`.
mod help {
    pub(super) const PURGE: &str = "\
Only messages of which nothing has left are touched: what is in a carrier's window, or was taken by one, goes its way.
What was purged cannot be brought back. `carrack queue stop` stops the job; what it has ended by then stays ended.

Examples:
  carrack queue purge --account shop --class bulk --dry-run
  carrack queue purge --account shop --class bulk --follow
  carrack queue purge --carrier north --older-than 6h --yes --json
  carrack queue purge --to-prefix 4479 --from PROMO --follow

Exit codes: 0 begun (with --follow or --dry-run: done), 1 not, or stopped before its end, 2 wrong usage.";

    pub(super) const MOVE: &str = "\
What the carrier has no price for stays where it is. While it is down, or where it refuses, the others of the route take
over, the best first; pause the carrier that they came from if it is to get nothing (`carrack carrier pause`). A move holds
for what waits now, and until the node starts again: a start routes all that waits anew. `carrack queue reroute` takes it
back.

Examples:
  carrack queue move --carrier north --to south --follow
  carrack queue move --carrier north --to-prefix 4477 --to south --dry-run
  carrack queue move --all --to south

Exit codes: 0 begun (with --follow or --dry-run: done), 1 not, or stopped before its end, 2 wrong usage.";

    pub(super) const REROUTE: &str = "\
Routes and prices come into force for new messages when they are loaded (SIGHUP); what waits already is looked at again
when it comes back from the log, or at once by this. `done` counts those that got another way than before.

Examples:
  carrack queue reroute --follow
  carrack queue reroute --carrier north --class bulk --follow

Exit codes: 0 begun (with --follow or --dry-run: done), 1 not, or stopped before its end, 2 wrong usage.";
}

/// Runs `purge`.
pub(crate) fn purge(arguments: &Purge) -> Result<(), Fault> {
    let job = json!({"kind": "purge", "filter": arguments.filter.document(), "all": arguments.all});
    let client = arguments.way.node.operator()?;
    named(&job)?;
    if !arguments.yes && !arguments.way.dry_run && !is_meant(&client, &job)? {
        return output::line("nothing was touched");
    }
    start(&client, job, &arguments.way)
}

/// Runs `move`.
pub(crate) fn move_to(arguments: &Move) -> Result<(), Fault> {
    let filter = arguments.filter.document();
    let job = json!({"kind": "move", "to": arguments.to, "filter": filter, "all": arguments.all});
    named(&job)?;
    start(&arguments.way.node.operator()?, job, &arguments.way)
}

/// Runs `reroute`.
pub(crate) fn reroute(arguments: &Reroute) -> Result<(), Fault> {
    let job = json!({"kind": "reroute", "filter": arguments.filter.document()});
    start(&arguments.way.node.operator()?, job, &arguments.way)
}

/// A job that changes what waits says which of it, or that all is meant.
fn named(job: &Value) -> Result<(), Fault> {
    let has = job.get("filter").and_then(Value::as_object);
    let all = job.get("all").and_then(Value::as_bool);
    if has.is_some_and(Map::is_empty) && all != Some(true) {
        return Err(Fault::Usage(
            "name a condition, such as --carrier NAME or --account NAME, or --all for all that waits"
                .to_owned(),
        ));
    }
    Ok(())
}

/// Counts, and asks.
fn is_meant(client: &Client, job: &Value) -> Result<bool, Fault> {
    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        return Err(Fault::Usage(
            "a purge ends messages for good: say --yes, or --dry-run to count them".to_owned(),
        ));
    }
    let counted = follow(client, &begin(client, job.clone(), true)?)?;
    let matched = counted.get("matched").and_then(Value::as_u64);
    eprint!(
        "{} waiting messages match; they end as cancelled, and customers are told. Go on? [y/N] ",
        count(matched.unwrap_or(0))
    );
    std::io::stderr().flush()?;
    let mut answer = String::new();
    stdin.lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}

fn begin(client: &Client, mut job: Value, dry_run: bool) -> Result<Value, Fault> {
    if let Some(job) = job.as_object_mut() {
        job.insert("dry_run".to_owned(), json!(dry_run));
    }
    client.post(follow::JOBS, &job)
}

fn start(client: &Client, job: Value, way: &Way) -> Result<(), Fault> {
    let mut job = begin(client, job, way.dry_run)?;
    if way.follow || way.dry_run {
        job = follow(client, &job)?;
    }
    if way.json {
        output::json(&job)?;
    } else if way.follow || way.dry_run {
        output::line(follow::text(std::slice::from_ref(&job)))?;
    } else {
        output::line(format_args!(
            "queue job {} is at work; `carrack queue jobs` shows how it does",
            shown(&job, "id")
        ))?;
    }
    match shown(&job, "state").as_str() {
        "stopped" => Err(Fault::Said),
        _ => Ok(()),
    }
}
