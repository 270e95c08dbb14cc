//! `carrack reschedule`: another moment for a message of which nothing has left.

use clap::Args;
use serde_json::json;

use crate::fault::Fault;
use crate::output;
use crate::place::Shown;
use crate::table::shown;

/// Gives a message that has not left another moment
#[derive(Args)]
#[command(after_help = "\
A moment that has passed sends it now. Quiet hours hold it there too: what is printed is the moment that it has.

Examples:
  carrack reschedule 0000000100000000000000010000002a --send-at 2026-12-24T09:00:00+01:00
  carrack reschedule ID --send-at '2026-12-24T09:00 local'      by the recipient's clock
  carrack reschedule ID --send-at 2026-12-24T09:00:00Z --json

Exit codes: 0 it is sent then, 1 it has left, is final or is about to be sent, 2 wrong usage.")]
pub(crate) struct Arguments {
    /// The id that `send` gave
    id: String,
    /// When: with an offset, or the recipient's own clock; at most 366 days ahead
    #[arg(long, value_name = "TIME", alias = "at")]
    send_at: String,
    #[command(flatten)]
    shown: Shown,
}

/// Runs the command.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Fault> {
    let id = &arguments.id;
    let client = arguments.shown.node.client()?;
    let change = json!({ "send_at": arguments.send_at });
    let answer = client.patch(&format!("/v1/messages/{id}"), &change)?;
    if arguments.shown.json {
        return output::json(&answer);
    }
    let (status, send_at) = (shown(&answer, "status"), shown(&answer, "send_at"));
    output::line(format_args!("{id} is {status} for {send_at}"))
}
