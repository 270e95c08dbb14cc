//! `carrack route shadow`: what the configuration of `[shadow]` would have done with live traffic, asked of a node.

use anyhow::Context;
use clap::Args;

use crate::fault::Fault;
use crate::output;
use crate::place::Shown;
use crate::shadow::Report;

const PATH: &str = "/v1/routes/shadow";

/// Shows what the configuration of [shadow] would have done with the messages that came: cost, margin, traffic by carrier
#[derive(Args)]
#[command(after_help = "\
Examples:
  carrack route shadow
  carrack route shadow --json --url http://127.0.0.1:8080 --key KEY
  carrack route shadow --reset         forgets what was seen and begins anew

Before is what was decided of each message when it was accepted, after what the other configuration would have decided.
Nothing of it is sent. To switch, put its routes and decks into the configuration in use and reload (SIGHUP).
Exit codes: 0 done, 1 nothing is tried, or it has faults; 2 wrong usage or configuration.")]
pub(crate) struct Arguments {
    /// Begins anew
    #[arg(long)]
    reset: bool,
    #[command(flatten)]
    shown: Shown,
}

/// Runs the command.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Fault> {
    let client = arguments.shown.node.operator()?;
    let document = match arguments.reset {
        true => client.post_nothing(PATH)?,
        false => client.get(PATH, &[])?,
    };
    let is_faulty = document.get("state").is_some_and(|state| state == "faulty");
    if arguments.shown.json {
        output::json(&document)?;
    } else {
        let report: Report = serde_json::from_value(document)
            .context("the node answers in another version of this report; use --json")?;
        output::line(report.text())?;
    }
    match is_faulty {
        true => Err(Fault::Said),
        false => Ok(()),
    }
}
