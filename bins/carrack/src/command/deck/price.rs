//! `carrack deck price`: which row of a price list prices a number, and what a message costs by it.

use std::path::PathBuf;

use anyhow::anyhow;
use carrack_message::{Msisdn, Network, number};
use carrack_routing::{ListedRow, PriceHit, PriceList, read_instant, show_instant};
use clap::Args;
use serde_json::{Value, json};

use super::reading;
use crate::fault::Fault;
use crate::output;
use crate::prices::utc_now_ns;

/// Shows which row of a price list prices a number
#[derive(Args)]
#[command(after_help = "\
Examples:
  carrack deck price decks/north.csv +447700900123
  carrack deck price decks/north.csv +447700900123 --segments 3 --network 234-15
  carrack deck price decks/north.csv +447700900123 --at 2026-12-01 --json

Exit codes: 0 it has a price, 1 it has none, 2 wrong usage or faults in the list.")]
pub(crate) struct Arguments {
    /// The price list
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The number, in international form
    #[arg(value_name = "NUMBER")]
    number: String,
    /// Segments of the message
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=255))]
    segments: u32,
    /// The number's network (MCC-MNC), where it is known
    #[arg(long, value_name = "NETWORK")]
    network: Option<Network>,
    /// Date (2026-12-01) or instant (2026-12-01T06:00:00Z) of the price; default: now
    #[arg(long, value_name = "DATE", value_parser = read_instant)]
    at: Option<u64>,
    /// Prints JSON
    #[arg(long)]
    json: bool,
}

/// A price and the row it is of.
struct Found<'a> {
    to: Msisdn,
    hit: PriceHit,
    row: ListedRow<'a>,
    currency: String,
    segments: u32,
    cost: String,
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments) -> Result<(), Fault> {
    let to = number::tidy(&arguments.number, None)
        .map_err(|fault| Fault::Usage(format!("{}: {fault}", arguments.number)))?;
    let list = reading::read(&arguments.file)?;
    let utc_ns = arguments.at.unwrap_or_else(utc_now_ns);
    let file = arguments.file.display().to_string();
    let Some(found) = find(&list, to, arguments, utc_ns)? else {
        let at = show_instant(utc_ns);
        return Err(Fault::Failed(anyhow!(
            "{file} has no price for {to} at {at}"
        )));
    };
    match arguments.json {
        true => output::json(&found.document(&file)),
        false => output::line(found.text(&file)),
    }
}

fn find<'a>(
    list: &'a PriceList,
    to: Msisdn,
    arguments: &Arguments,
    utc_ns: u64,
) -> Result<Option<Found<'a>>, Fault> {
    let network = arguments.network.unwrap_or(Network::UNKNOWN);
    let Some(hit) = list.at(utc_ns).price_for(to, network) else {
        return Ok(None);
    };
    let Some(row) = list.row_at(hit.destination, utc_ns) else {
        return Ok(None);
    };
    let cost = hit.cost(arguments.segments);
    let cost = cost.ok_or_else(|| anyhow!("the cost of the message is too large to be told"))?;
    let currency = list.currency();
    Ok(Some(Found {
        to,
        hit,
        row,
        currency: currency.map_or_else(String::new, |currency| currency.to_string()),
        segments: arguments.segments,
        cost: cost.to_string(),
    }))
}

impl Found<'_> {
    fn from(&self) -> Option<String> {
        (self.row.from > 0).then(|| show_instant(self.row.from))
    }

    fn until(&self) -> Option<String> {
        (self.row.until < u64::MAX).then(|| show_instant(self.row.until))
    }

    fn text(&self, file: &str) -> String {
        let currency = match self.currency.as_str() {
            "" => String::new(),
            currency => format!(" {currency}"),
        };
        let name = self
            .row
            .name
            .map_or_else(String::new, |name| format!(" ({name})"));
        let period = match (self.from(), self.until()) {
            (None, None) => String::new(),
            (Some(from), None) => format!(", from {from}"),
            (None, Some(until)) => format!(", until {until}"),
            (Some(from), Some(until)) => format!(", from {from} until {until}"),
        };
        let billed = self.hit.increments.billed(self.segments);
        let segments = match self.segments {
            1 => "1 segment".to_owned(),
            segments => format!("{segments} segments"),
        };
        format!(
            "{}: {}{currency} a segment by {}{name}{period}, {file}:{}\n{segments}, {billed} billed: {}{currency}",
            self.to, self.hit.price, self.hit.destination, self.row.line, self.cost
        )
    }

    fn document(&self, file: &str) -> Value {
        json!({
            "to": self.to.to_string(),
            "price": self.hit.price.to_string(),
            "currency": (!self.currency.is_empty()).then_some(&self.currency),
            "destination": self.hit.destination.to_string(),
            "name": self.row.name,
            "from": self.from(),
            "until": self.until(),
            "increment": self.hit.increments.increment,
            "minimum": self.hit.increments.minimum,
            "file": file,
            "line": self.row.line,
            "segments": self.segments,
            "billed": self.hit.increments.billed(self.segments),
            "cost": self.cost,
        })
    }
}
