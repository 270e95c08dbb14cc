//! `carrack config check`: all faults of a configuration, of the one in its shadow, and of the price lists they name.

use std::path::{Path, PathBuf};

use carrack_routing::numbering::Portability;
use carrack_settings::{Faults, Settings, Shadow};
use clap::{Args, Subcommand};
use serde_json::json;

use crate::configuration::Configuration;
use crate::fault::Fault;
use crate::output;
use crate::shadow::Loaded;
use crate::table::count;

/// `carrack config`
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Shows every fault of a configuration, each as `file:line: what and how to mend`
    #[command(after_help = "\
Examples:
  carrack config check config/carrack.toml
  carrack config check /etc/carrack/carrack.toml --json

Exit codes: 0 good (what leaves the node without work is a warning on stderr), 2 faults.")]
    Check(Arguments),
}

/// Arguments of `check`.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The configuration
    file: PathBuf,
    /// Prints JSON
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub(crate) fn run(command: &Command) -> Result<(), Fault> {
    let Command::Check(arguments) = command;
    let file = arguments.file.display().to_string();
    let configuration = match checked(&arguments.file) {
        Ok(configuration) => configuration,
        Err(faults) => {
            if arguments.json {
                let list: Vec<_> = faults
                    .0
                    .iter()
                    .map(
                        |fault| json!({"file": fault.file, "line": fault.line, "what": fault.what}),
                    )
                    .collect();
                output::json(&json!({"file": file, "good": false, "faults": list}))?;
            }
            return Err(faults.into());
        }
    };
    let settings = &configuration.settings;
    let (accounts, carriers, routes) = (
        settings.accounts.len(),
        settings.carriers.len(),
        settings.routes.len(),
    );
    let warnings = warnings(settings);
    let numbering = configuration.table.numbering();
    let prefixes = numbering.plan.as_ref().map_or(0, |plan| plan.len());
    let ported = numbering.portability.as_ref().map_or(0, Portability::len);
    if arguments.json {
        return output::json(
            &json!({"file": file, "good": true, "accounts": accounts, "carriers": carriers, "routes": routes, "prefixes": prefixes, "ported_numbers": ported, "warnings": warnings}),
        );
    }
    for warning in &warnings {
        eprintln!("{file}: warning: {warning}");
    }
    output::line(format_args!(
        "{file}: good: {}, {}, {}{}",
        plural(accounts, "account"),
        plural(carriers, "carrier"),
        plural(routes, "route"),
        if numbering.is_empty() {
            String::new()
        } else {
            format!(
                ", {} in the plan, {} ported numbers",
                plural(prefixes, "range"),
                count(ported)
            )
        }
    ))
}

/// A node starts with a faulty `[shadow]` and goes without it; whoever checks wants to know before, and all at once. What
/// both configurations name has its faults told once.
fn checked(path: &Path) -> Result<Configuration, Faults> {
    let own = Configuration::load(path);
    let shadow = match &own {
        Ok(configuration) => configuration.settings.shadow.clone(),
        Err(_) => Shadow::of_file(path),
    };
    let beside = shadow.and_then(|shadow| Loaded::read(&shadow.configuration).err());
    match (own, beside) {
        (own, None) => own,
        (Ok(_), Some(beside)) => Err(beside),
        (Err(mut own), Some(beside)) => {
            for fault in beside.0 {
                if !own.0.contains(&fault) {
                    own.0.push(fault);
                }
            }
            Err(own)
        }
    }
}

/// What is no fault and yet leaves the node without work.
fn warnings(settings: &Settings) -> Vec<&'static str> {
    let is_usable = settings.carriers.iter().any(|carrier| carrier.enabled);
    let missing = [
        (
            settings.accounts.is_empty(),
            "there is no [[account]]: nothing can come in",
        ),
        (
            settings.http.is_none() && settings.smpp_server.is_none(),
            "there is neither [http] nor [smpp_server]: nothing can come in",
        ),
        (
            !is_usable,
            "there is no [[carrier]] that is enabled: nothing can leave",
        ),
    ];
    missing
        .into_iter()
        .filter_map(|(is_missing, what)| is_missing.then_some(what))
        .collect()
}

fn plural(count: usize, what: &str) -> String {
    match count {
        1 => format!("1 {what}"),
        count => format!("{count} {what}s"),
    }
}
