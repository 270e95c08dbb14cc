//! `carrack carrier`: carriers of a running node, and stopping them for a while; new ones, and what they are like.

mod check;
mod list;
mod loops;
mod probe;
mod shown;
mod wires;
mod words;

use clap::{Args, Subcommand};

use crate::fault::Fault;
use crate::output;
use crate::place::NodeArgs;

/// `carrack carrier`
#[derive(Subcommand)]
pub(crate) enum Command {
    List(list::Arguments),
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
    Loops(loops::Arguments),
    Check(check::Arguments),
    Probe(Box<probe::Arguments>),
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
        Command::List(arguments) => list::run(arguments),
        Command::Pause(arguments) => switch(arguments, "pause", "paused"),
        Command::Resume(arguments) => switch(arguments, "resume", "resumed"),
        Command::Loops(arguments) => loops::run(arguments),
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
