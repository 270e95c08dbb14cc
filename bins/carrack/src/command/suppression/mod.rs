//! `carrack suppression`: builds lists of numbers that must not be sent to, adds to those of a running node, and asks them.

mod build;
mod live;

use clap::Subcommand;

use crate::fault::Fault;

/// `carrack suppression`
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Makes the base of a list from CSV
    #[command(after_help = "\
A list is CSV with a header; columns in any order: number (or sha256 of its digits), and where wanted reason, expires
(a date, or a moment with its offset), account, sender. Of a number that stands more than once the last row counts.
Memory stays below 200 MiB whatever the length; beside the index there have to be 12 octets free a row. It is written
beside and renamed in one step; a running node takes it with kill -HUP.

Examples:
  carrack suppression build dnc.csv --out dnc.idx
  carrack suppression build dnc.csv more.csv --out dnc.idx --hash keyed --secret-file key.txt
  carrack suppression build complaints.csv --out complaints.idx --scope account --account shop

Exit codes: 0 done, 1 failed, 2 wrong usage or faults in the lists.")]
    Build(build::Build),
    /// Puts numbers on a list of a running node
    #[command(after_help = "\
When it answers the numbers are on the disk and in force.

Examples:
  carrack suppression add stop +447700900123 --reason complaint
  carrack suppression add shop-stop +447700900123 --account shop --expires 2027-01-31

Exit codes: 0 done, 1 failed, 2 wrong usage.")]
    Add(live::Add),
    /// Takes a number from a list of a running node
    #[command(after_help = "\
Examples:
  carrack suppression remove stop +447700900123

Exit codes: 0 done, 1 failed, 2 wrong usage.")]
    Remove(live::Remove),
    /// Shows the lists of a running node, or what was added to one since its last compaction
    #[command(after_help = "\
Examples:
  carrack suppression list
  carrack suppression list stop --limit 1000 --json

Exit codes: 0 done, 1 failed, 2 wrong usage.")]
    List(live::List),
    /// Tells what the lists of a running node say of a number
    #[command(after_help = "\
Examples:
  carrack suppression lookup +447700900123
  carrack suppression lookup +447700900123 --from 80808 --account shop --json

Exit codes: 0 it stands on none, 1 it stands on one or the node cannot be asked, 2 wrong usage.")]
    Lookup(live::Lookup),
    /// Moves what was added to a list of a running node into an index
    #[command(after_help = "\
Examples:
  carrack suppression compact stop

Exit codes: 0 done, 1 failed, 2 wrong usage.")]
    Compact(live::Compact),
}

/// Runs the command.
pub(crate) fn run(command: &Command) -> Result<(), Fault> {
    match command {
        Command::Build(arguments) => build::build(arguments),
        Command::Add(arguments) => live::add(arguments),
        Command::Remove(arguments) => live::remove(arguments),
        Command::List(arguments) => live::list(arguments),
        Command::Lookup(arguments) => live::lookup(arguments),
        Command::Compact(arguments) => live::compact(arguments),
    }
}
