//! `carrack deck check`: all faults of price lists, each with its line and cure.

use std::path::PathBuf;

use carrack_routing::{Destination, PriceList, show_instant};
use carrack_settings::Faults;
use clap::Args;
use serde::Serialize;
use serde_json::json;

use super::reading;
use crate::fault::Fault;
use crate::output;
use crate::prices::utc_now_ns;
use crate::table::count;

/// Shows every fault of price lists, each as `file:line: what and how to mend`
#[derive(Args)]
#[command(after_help = "\
Examples:
  carrack deck check decks/north.csv
  carrack deck check decks/*.csv --json

Whether a currency has a rate is said by `carrack config check`, which reads the decks of a configuration too.
Exit codes: 0 good, 2 faults.")]
pub(crate) struct Arguments {
    /// The price lists
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Prints JSON
    #[arg(long)]
    json: bool,
}

/// What a good list holds.
#[derive(Serialize)]
struct Summary {
    file: String,
    rows: usize,
    prefixes: usize,
    networks: usize,
    currency: Option<String>,
    /// Destinations that have a price now.
    now: usize,
    next_change: Option<String>,
}

impl Summary {
    fn of(file: String, list: &PriceList, utc_ns: u64) -> Self {
        let deck = list.at(utc_ns);
        let by_network = |destination| matches!(destination, Destination::Network(_));
        let networks = list
            .rows()
            .filter(|row| by_network(row.destination))
            .count();
        Self {
            file,
            rows: list.len(),
            prefixes: list.len() - networks,
            networks,
            currency: list.currency().map(|currency| currency.to_string()),
            now: deck.len(),
            next_change: list.next_change_after(utc_ns).map(show_instant),
        }
    }

    fn text(&self) -> String {
        let rows = match self.networks {
            0 => format!("{} rows", count(self.rows as u64)),
            networks => format!(
                "{} rows by prefix, {} by network",
                count(self.prefixes as u64),
                count(networks as u64)
            ),
        };
        let currency = self.currency.as_deref().unwrap_or("no currency");
        let next = self.next_change.as_ref();
        let next = next.map_or_else(String::new, |next| format!(", next change {next}"));
        let now = count(self.now as u64);
        format!(
            "{}: good: {rows}, {currency}, {now} hold now{next}",
            self.file
        )
    }
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments) -> Result<(), Fault> {
    let utc_ns = utc_now_ns();
    let (mut good, mut faults) = (Vec::new(), Vec::new());
    for path in &arguments.files {
        match reading::read(path) {
            Ok(list) => good.push(Summary::of(path.display().to_string(), &list, utc_ns)),
            Err(found) => faults.extend(found.0),
        }
    }
    if arguments.json {
        let fault = |fault: &carrack_settings::Fault| json!({"file": fault.file, "line": fault.line, "what": fault.what});
        let list: Vec<_> = faults.iter().map(fault).collect();
        output::json(&json!({"good": faults.is_empty(), "decks": good, "faults": list}))?;
    } else {
        for summary in &good {
            output::line(summary.text())?;
        }
    }
    match faults.is_empty() {
        true => Ok(()),
        false => Err(Faults(faults).into()),
    }
}
