//! `carrack import`: the configuration of another gateway becomes one of ours.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::json;

use crate::fault::Fault;
use crate::importing::{Imported, jasmin, kannel, write};
use crate::output;
use crate::table::wrapped;

/// `carrack import`
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Reads kannel.conf and what it includes
    #[command(after_help = "\
Examples:
  carrack import kannel /etc/kannel/kannel.conf
  carrack import kannel kannel.conf smskannel.conf --out carrack.toml --json

What could not be carried over is listed with file and line, why, and what to do. docs/switching.md says what callers
will find. Exit codes: 0 written and good, 1 failed, 2 a file is there already.")]
    Kannel(Arguments),
    /// Reads Jasmin's folder: jasmin.cfg and what `persist` has stored
    #[command(after_help = "\
Examples:
  carrack import jasmin /etc/jasmin
  carrack import jasmin /etc/jasmin --profile jcli-prod --out carrack.toml --json

The store is read as it lies on the disk, so give `persist` in jcli first. Passwords stay what they are. Exit codes: 0
written and good, 1 failed, 2 a file is there already.")]
    Jasmin(JasminArguments),
}

/// `carrack import kannel`
#[derive(Args)]
pub(crate) struct Arguments {
    /// What to read
    #[arg(required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    written: Written,
}

/// `carrack import jasmin`
#[derive(Args)]
pub(crate) struct JasminArguments {
    /// Jasmin's folder, mostly /etc/jasmin
    folder: PathBuf,
    /// The profile that was persisted
    #[arg(long, default_value = "jcli-prod")]
    profile: String,
    #[command(flatten)]
    written: Written,
}

/// What becomes of it.
#[derive(Args)]
struct Written {
    /// Where to write the configuration; profiles go beside it
    #[arg(long, default_value = "carrack.toml")]
    out: PathBuf,
    /// Writes over what is there
    #[arg(long)]
    force: bool,
    /// Prints JSON
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub(crate) fn run(command: &Command) -> Result<(), Fault> {
    let (imported, arguments) = match command {
        Command::Kannel(arguments) => (kannel::import(&arguments.files)?, &arguments.written),
        Command::Jasmin(arguments) => (
            jasmin::import(&arguments.folder, &arguments.profile)?,
            &arguments.written,
        ),
    };
    imported.is_something()?;
    let written = write::write(&imported, &arguments.out, arguments.force)?;
    let written: Vec<String> = written
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    if arguments.json {
        return output::json(&json!({
            "written": written,
            "carried": imported.carried,
            "left": imported.left,
            "has_secrets": imported.has_secrets,
        }));
    }
    show(&imported, &written)
}

fn show(imported: &Imported, written: &[String]) -> Result<(), Fault> {
    let mut carried = wrapped(&["carried over", "at", "to"], 3);
    for item in &imported.carried {
        let at = place(&item.file, item.line);
        carried.add_row([item.from.as_str(), &at, &item.to]);
    }
    output::line(carried)?;
    if !imported.left.is_empty() {
        let mut left = wrapped(&["not carried over", "at", "why"], 3);
        for item in &imported.left {
            let at = place(&item.file, item.line);
            left.add_row([item.what.as_str(), &at, &item.why]);
        }
        output::line(left)?;
    }
    for path in written {
        output::line(format_args!("written: {path}"))?;
    }
    if imported.has_secrets {
        eprintln!(
            "warning: secrets stand in the configuration as they stood before; move them to {{ env = \"NAME\" }} or {{ file = \"PATH\" }}"
        );
    }
    Ok(())
}

/// A file of octets has no lines.
fn place(file: &str, line: usize) -> String {
    match line {
        0 => file.to_owned(),
        line => format!("{file}:{line}"),
    }
}
