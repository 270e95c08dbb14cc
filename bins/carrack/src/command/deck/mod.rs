//! `carrack deck`: price lists before a node takes them. Nothing is changed; no node is asked.

mod check;
mod diff;
mod price;
mod reading;

use clap::Subcommand;

use crate::fault::Fault;

/// `carrack deck`
#[derive(Subcommand)]
pub(crate) enum Command {
    Check(check::Arguments),
    Diff(diff::Arguments),
    Price(price::Arguments),
}

/// Runs the command.
pub(crate) fn run(command: &Command) -> Result<(), Fault> {
    match command {
        Command::Check(arguments) => check::run(arguments),
        Command::Diff(arguments) => diff::run(arguments),
        Command::Price(arguments) => price::run(arguments),
    }
}
