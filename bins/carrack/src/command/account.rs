//! `carrack account`: what customers' accounts need.

use std::io::{IsTerminal, Read};

use anyhow::anyhow;
use carrack_ingest::accounts::hash;
use carrack_settings::PASSWORD_CHARACTERS_MAX;
use clap::{Args, Subcommand};
use serde_json::json;

use crate::fault::Fault;
use crate::output;

/// `carrack account`
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Makes of a password what the configuration may have in its place
    #[command(after_help = "\
The password comes from standard input, never as an argument, where other users and the shell's history would see it.
What is printed goes into `password` of an [[account]], as it stands, by { env = \"NAME\" } or by { file = \"PATH\" }.

Examples:
  carrack account hash < password.txt
  openssl rand -base64 12 | tee password.txt | carrack account hash

Exit codes: 0 done, 1 failed, 2 wrong usage.")]
    Hash(Arguments),
}

/// Arguments of `hash`.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Not taken: a password in the arguments is no secret any more
    #[arg(hide = true, value_name = "PASSWORD")]
    password: Vec<String>,
    /// Prints JSON
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub(crate) fn run(command: &Command) -> Result<(), Fault> {
    let Command::Hash(arguments) = command;
    if !arguments.password.is_empty() {
        return Err(Fault::Usage(
            "a password in the arguments is no secret any more: choose another and give it on standard input"
                .to_owned(),
        ));
    }
    let stdin = std::io::stdin();
    if stdin.is_terminal() {
        eprintln!("The password, then Enter and Ctrl-D; it is shown as it is typed:");
    }
    let mut text = String::new();
    // One octet more than fits, and a line end.
    let octets_max = u64::try_from(PASSWORD_CHARACTERS_MAX).unwrap_or(u64::MAX) + 3;
    stdin.lock().take(octets_max).read_to_string(&mut text)?;
    let password = text.trim_end_matches(['\r', '\n']);
    check(password)?;
    let hashed = hash(password).map_err(|fault| anyhow!(fault))?;
    if arguments.json {
        output::json(&json!({ "password": hashed }))?;
    } else {
        output::line(hashed)?;
    }
    Ok(())
}

fn check(password: &str) -> Result<(), Fault> {
    let fault = |what: String| Err(Fault::Usage(what));
    if password.is_empty() {
        return fault("there is no password on standard input".to_owned());
    }
    if !password.bytes().all(|octet| (0x20..0x7f).contains(&octet)) {
        return fault(
            "the password has to be one line of printable ASCII, as SMPP carries it".to_owned(),
        );
    }
    if password.len() > PASSWORD_CHARACTERS_MAX {
        return fault(format!(
            "the password is longer than {PASSWORD_CHARACTERS_MAX} characters"
        ));
    }
    Ok(())
}
