//! Carrack: a bulk SMS aggregator core in one program.
//!
//! Every command prints results on standard output and all else on standard error, and ends with 0 done, 1 failed,
//! 2 wrong usage or configuration.

mod carriers;
mod client;
mod command;
mod configuration;
mod consents;
mod doors;
mod fault;
mod handsets;
mod importing;
mod limits;
mod loop_probes;
mod mapped;
mod metrics_page;
mod modems;
mod node;
mod numbering;
mod output;
mod place;
mod prices;
mod progress;
mod quiet;
mod recording;
mod register;
mod rehearsal;
mod shadow;
mod signals;
mod suppressions;
mod table;
mod watched;
mod ways;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use command::{
    account, audit, balance, batch, cancel, carrier, cdr, completions, config_check, consent, deck,
    demo, import, limit, mo, modem, numbers, queue, quote, reschedule, route, send, send_lines,
    serve, status, suppression, text, trace, webhook,
};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A bulk SMS aggregator core: takes messages by SMPP, HTTP and batch file, keeps them safe, and sends them by the carrier that delivers for least
#[derive(Parser)]
#[command(
    name = "carrack",
    version,
    after_help = "\
Examples:
  carrack demo                                     see it work: a node, two simulated carriers, a batch
  carrack config check carrack.toml                all faults of a configuration
  carrack serve --config carrack.toml              run a node
  carrack send --to +447700900123 --from DEMO --text 'Hello'
  carrack batch submit messages.csv --follow
  carrack text explain 'Grüße €'                    alphabet, segments, what would be cheaper
  carrack carrier probe --help                     how a new carrier behaves

Exit codes: 0 done, 1 failed, 2 wrong usage or configuration."
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Serve(serve::Arguments),
    Demo(demo::Arguments),
    /// Looks at configurations
    #[command(
        subcommand,
        after_help = "\
Examples:
  carrack config check config/carrack.toml
  carrack config check /etc/carrack/carrack.toml --json"
    )]
    Config(config_check::Command),
    Send(send::Arguments),
    SendLines(send_lines::Arguments),
    Quote(quote::Arguments),
    Status(status::Arguments),
    Cancel(cancel::Arguments),
    Reschedule(reschedule::Arguments),
    /// Sends files of messages
    #[command(
        subcommand,
        after_help = "\
Examples:
  carrack batch submit messages.csv --follow
  carrack batch status ID
  carrack batch errors ID --out mend.csv"
    )]
    Batch(batch::Command),
    /// Tells why a message goes where it goes
    #[command(subcommand)]
    Route(route::Command),
    /// Tells who gets what handsets send
    #[command(
        subcommand,
        after_help = "\
Examples:
  carrack mo explain --to 80808 --from +447700900123 --text 'STOP'"
    )]
    Mo(mo::Command),
    /// Makes, mends and asks the lists that say to which network a number belongs
    #[command(
        subcommand,
        after_help = "\
Examples:
  carrack numbers build --csv ported.csv --out ported.idx
  carrack numbers delta --index ported.idx --csv today.csv --out ported.idx
  carrack numbers lookup ported.idx +447700900123"
    )]
    Numbers(numbers::Command),
    /// Shows and stops carriers of a running node; finds out how a new one behaves
    #[command(
        subcommand,
        after_help = "\
Examples:
  carrack carrier list
  carrack carrier pause north
  carrack carrier probe --address smsc.example.com:2775 --system-id acme --to +447700900123 --dry-run
  carrack carrier check --profile north/profile.toml --trace north.pcap"
    )]
    Carrier(carrier::Command),
    /// Shows limits of senders, networks and recipients of a running node
    #[command(
        subcommand,
        after_help = "\
Examples:
  carrack limit list"
    )]
    Limit(limit::Command),
    /// Tells what texts of handsets mean, and shows those that a person has to read
    #[command(
        subcommand,
        after_help = "\
Examples:
  carrack consent explain 'Stop. Thank you'
  carrack consent review"
    )]
    Consent(consent::Command),
    /// Pools of modems: how each modem and SIM stands, tests, USSD codes, resets
    #[command(
        subcommand,
        after_help = "\
Examples:
  carrack modem list
  carrack modem test rack-1
  carrack modem ussd rack-1 '*100#'"
    )]
    Modem(modem::Command),
    /// Numbers that must not be sent to: builds lists, adds to those of a running node, and asks them
    #[command(
        subcommand,
        after_help = "\
Examples:
  carrack suppression build dnc.csv --out dnc.idx
  carrack suppression add stop +447700900123 --reason complaint
  carrack suppression lookup +447700900123"
    )]
    Suppression(suppression::Command),
    /// Shows webhooks of a running node, and what they never took; tells that again
    #[command(
        subcommand,
        after_help = "\
Examples:
  carrack webhook list
  carrack webhook dead
  carrack webhook resend --all"
    )]
    Webhook(webhook::Command),
    Queue(queue::Arguments),
    Balance(balance::Arguments),
    /// Shows what goes over a carrier's wires
    #[command(
        subcommand,
        after_help = "\
Examples:
  carrack trace carrier north --for 60s --pcap north.pcap
  carrack trace carrier north > north.hex"
    )]
    Trace(trace::Command),
    /// Tells why a text costs what it costs
    #[command(
        subcommand,
        after_help = "\
Examples:
  carrack text explain 'Your code is 123456'
  carrack text explain 'It’s here – 5 €' --profile latin1-default
  cat message.txt | carrack text explain -"
    )]
    Text(text::Command),
    Audit(audit::Arguments),
    /// Prepares what customers' accounts need
    #[command(
        subcommand,
        after_help = "\
Examples:
  carrack account hash < password.txt"
    )]
    Account(account::Command),
    Cdr(cdr::Arguments),
    /// Checks price lists, compares them, and looks prices up
    #[command(
        subcommand,
        after_help = "\
Examples:
  carrack deck check decks/north.csv
  carrack deck diff decks/north.csv north-december.csv --at 2026-12-01
  carrack deck price decks/north.csv +447700900123 --segments 3"
    )]
    Deck(deck::Command),
    #[command(name = "openapi")]
    OpenApi(completions::OpenApi),
    Completions(completions::Completions),
    /// Makes a configuration of another gateway's
    #[command(
        subcommand,
        after_help = "\
Examples:
  carrack import kannel /etc/kannel/kannel.conf --out carrack.toml
  carrack import jasmin /etc/jasmin --out carrack.toml"
    )]
    Import(import::Command),
}

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Serve(arguments) => serve::run(&arguments),
        Command::Demo(arguments) => demo::run(&arguments),
        Command::Config(command) => config_check::run(&command),
        Command::Send(arguments) => send::run(&arguments),
        Command::SendLines(arguments) => send_lines::run(&arguments),
        Command::Quote(arguments) => quote::run(&arguments),
        Command::Status(arguments) => status::run(&arguments),
        Command::Cancel(arguments) => cancel::run(&arguments),
        Command::Reschedule(arguments) => reschedule::run(&arguments),
        Command::Batch(command) => batch::run(&command),
        Command::Route(command) => route::run(&command),
        Command::Mo(command) => mo::run(&command),
        Command::Numbers(command) => numbers::run(&command),
        Command::Carrier(command) => carrier::run(&command),
        Command::Limit(command) => limit::run(&command),
        Command::Consent(command) => consent::run(&command),
        Command::Modem(command) => modem::run(&command),
        Command::Suppression(command) => suppression::run(&command),
        Command::Webhook(command) => webhook::run(&command),
        Command::Queue(arguments) => queue::run(&arguments),
        Command::Balance(arguments) => balance::run(&arguments),
        Command::Trace(command) => trace::run(&command),
        Command::Text(command) => text::run(&command),
        Command::Audit(arguments) => audit::run(&arguments),
        Command::Account(command) => account::run(&command),
        Command::Cdr(arguments) => cdr::run(&arguments),
        Command::Deck(command) => deck::run(&command),
        Command::OpenApi(arguments) => completions::openapi(&arguments),
        Command::Completions(arguments) => completions::completions(&arguments),
        Command::Import(command) => import::run(&command),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            let text = fault.to_string();
            if !text.is_empty() {
                eprintln!("{text}");
            }
            ExitCode::from(fault.exit_code())
        }
    }
}
