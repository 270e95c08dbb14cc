//! `carrack audit`: whether everything that was accepted is accounted for, from the store alone.

use std::path::{Path, PathBuf};

use anyhow::anyhow;
use carrack_engine::Audit;
use carrack_queue::Store;
use clap::Args;

use crate::fault::Fault;
use crate::output;
use crate::place::ConfigArgs;
use crate::table::{count, money, table};

/// Proves from the store that accepted = delivered + undelivered + expired + rejected + waiting
#[derive(Args)]
#[command(after_help = "\
Examples:
  carrack audit --config carrack.toml
  carrack audit --data-dir /var/lib/carrack --json

It only reads, and works beside a running node. Exit codes: 0 it adds up, 1 it does not.")]
pub(crate) struct Arguments {
    /// The folder of the node; default: [node] data_dir of the configuration
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    #[command(flatten)]
    config: ConfigArgs,
    /// Prints JSON, with every uncertain segment
    #[arg(long)]
    json: bool,
}

/// Uncertain segments that are shown to people.
const UNCERTAIN_SHOWN_MAX: usize = 20;

/// Runs the command.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Fault> {
    let data_dir = match &arguments.data_dir {
        Some(data_dir) => data_dir.clone(),
        None => arguments.config.settings()?.node.data_dir,
    };
    let audit = read(&data_dir)?;
    if arguments.json {
        output::json(&audit)?;
    } else {
        output::line(text(&audit))?;
    }
    if audit.adds_up {
        Ok(())
    } else {
        Err(Fault::Failed(anyhow!(
            "the audit does not add up: {} contradictions",
            audit.contradictions.len()
        )))
    }
}

/// Adds up the store of a data folder.
pub(crate) fn read(data_dir: &Path) -> Result<Audit, Fault> {
    let path = data_dir.join("store");
    if !path.is_dir() {
        return Err(Fault::Failed(anyhow!(
            "{} is missing: no node ever ran there; check [node] data_dir",
            path.display()
        )));
    }
    Ok(carrack_engine::audit(&Store::open_read_only(&path)?)?)
}

/// The audit for people.
pub(crate) fn text(audit: &Audit) -> String {
    let mut rows = table(&["messages", "count"], 1);
    for (name, value) in [
        ("accepted", audit.accepted),
        ("delivered", audit.delivered),
        ("undelivered", audit.undelivered),
        ("  cancelled", audit.cancelled),
        ("  unknown", audit.unknown),
        ("expired", audit.expired),
        ("rejected", audit.rejected),
        ("waiting", audit.waiting),
        ("  on the shelf", audit.shelved),
        ("customer still to be told", audit.untold),
        ("segments taken by carriers", audit.segments_submitted),
        ("segments uncertain", audit.uncertain.len() as u64),
    ] {
        rows.add_row([name.to_owned(), count(value)]);
    }
    rows.add_row(["cost of what is final".to_owned(), money(audit.cost_micros)]);
    if let Some(cdr) = &audit.cdr {
        for (name, value) in [
            ("ended, in CDR files", cdr.exported),
            ("ended, still to be in CDR files", cdr.waiting),
            ("ended before CDR files began", cdr.before),
            ("ended, lost to CDR files", cdr.lost.unwrap_or(0)),
        ] {
            rows.add_row([name.to_owned(), count(value)]);
        }
    }
    let mo = &audit.mo;
    if mo.received > 0 {
        for (name, value) in [
            ("parts from handsets, received", mo.received),
            ("  told to customers", mo.told),
            ("  nobody's", mo.nobody),
            ("  repeated", mo.repeated),
            ("  expired", mo.expired),
            ("  waiting", mo.waiting),
        ] {
            rows.add_row([name.to_owned(), count(value)]);
        }
    }
    let mut text = rows.to_string();
    for segment in audit.uncertain.iter().take(UNCERTAIN_SHOWN_MAX) {
        text.push_str(&format!(
            "\nuncertain: {} segment {} at {} ({})",
            segment.id,
            segment.segment + 1,
            segment.carrier,
            segment.reason
        ));
    }
    let more = audit.uncertain.len().saturating_sub(UNCERTAIN_SHOWN_MAX);
    if more > 0 {
        text.push_str(&format!("\nand {more} uncertain more; --json names all"));
    }
    for contradiction in &audit.contradictions {
        text.push_str(&format!("\ncontradiction: {contradiction}"));
    }
    let verdict = if audit.adds_up {
        "\nadds up: accepted = delivered + undelivered + expired + rejected + waiting"
    } else {
        "\nDOES NOT ADD UP"
    };
    text.push_str(verdict);
    text
}
