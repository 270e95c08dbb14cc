//! `carrack cancel`: takes a message back that has not left.

use clap::Args;

use crate::fault::Fault;
use crate::output;
use crate::place::Shown;

/// Takes a message back that has not left
#[derive(Args)]
#[command(after_help = "\
Examples:
  carrack cancel 0000000100000000000000010000002a

Exit codes: 0 it is cancelled, 1 it has left already or is final, 2 wrong usage.")]
pub(crate) struct Arguments {
    /// The id that `send` gave
    id: String,
    #[command(flatten)]
    shown: Shown,
}

/// Runs the command.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Fault> {
    let id = &arguments.id;
    let client = arguments.shown.node.client()?;
    let answer = client.delete(&format!("/v1/messages/{id}"), &[])?;
    if arguments.shown.json {
        output::json(&answer)
    } else {
        output::line(format_args!("{id} is cancelled"))
    }
}
