//! `carrack numbers`: makes, mends and asks the lists that say to which network a number belongs.

mod build;
pub(crate) mod dumps;
mod lookup;
pub(crate) mod out;
pub(crate) mod progress;
pub(crate) mod sort;
mod synthetic;

use clap::Subcommand;

use crate::fault::Fault;

/// `carrack numbers`
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Makes an index of ported numbers from lists of them
    #[command(after_help = "\
A list is CSV with the header number,network: an international number, and the MCC-MNC it was ported to. Numbers may
stand in any order; of a number that stands more than once the last row counts. Memory stays below 200 MiB whatever
the length of the lists; beside FILE there have to be 12 octets free a row, and those of the index.

Examples:
  carrack numbers build --csv ported.csv --out ported.idx
  carrack numbers build --csv gb.csv --csv de.csv --out ported.idx --json

Exit codes: 0 done, 1 failed, 2 wrong usage or faults in the lists.")]
    Build(build::Build),
    /// Makes a new index from one and the changes since
    #[command(after_help = "\
A list of changes is CSV with the header number,network; a row without network says that the number is back with the
owner of its range. The new index is written beside and renamed in one step, so NEW may be the name of the old one: a
running node keeps the old one until it reloads.

Examples:
  carrack numbers delta --index ported.idx --csv today.csv --out ported.idx

Exit codes: 0 done, 1 failed, 2 wrong usage, faults in the lists or an index that is none.")]
    Delta(build::Delta),
    /// Tells what is known of numbers
    #[command(after_help = "\
Examples:
  carrack numbers lookup ported.idx +447700900123 4915123456789
  carrack numbers lookup ported.idx +447700900123 --plan plan.csv --json

Exit codes: 0 done, 2 wrong usage, faults in the plan or an index that is none.")]
    Lookup(lookup::Lookup),
    /// Looks at every octet of an index
    #[command(after_help = "\
Examples:
  carrack numbers check ported.idx
  carrack numbers check ported.idx --lookups 10000000

Exit codes: 0 good, 2 spoiled or no index.")]
    Check(lookup::Check),
    /// Writes a list of numbers that belong to nobody, to try things with
    #[command(after_help = "\
Examples:
  carrack numbers synthetic 100000000 --seed 1 > ported.csv

Exit codes: 0 done, 1 failed, 2 wrong usage.")]
    Synthetic(synthetic::Synthetic),
}

/// Runs the command.
pub(crate) fn run(command: &Command) -> Result<(), Fault> {
    match command {
        Command::Build(arguments) => build::build(arguments),
        Command::Delta(arguments) => build::delta(arguments),
        Command::Lookup(arguments) => lookup::lookup(arguments),
        Command::Check(arguments) => lookup::check(arguments),
        Command::Synthetic(arguments) => synthetic::run(arguments),
    }
}
