//! `carrack deck diff`: what changes when one price list takes the place of another.

use std::path::PathBuf;

use carrack_message::Currency;
use carrack_routing::{
    Change, ChangeKind, Deck, DeckDiff, Increments, Terms, read_instant, show_instant,
};
use carrack_settings::Faults;
use clap::Args;
use serde_json::{Value, json};

use super::reading;
use crate::fault::Fault;
use crate::output;
use crate::prices::utc_now_ns;
use crate::table::{count, table};

/// Shows what rises, falls, is new or gone from one price list to another
#[derive(Args)]
#[command(after_help = "\
Examples:
  carrack deck diff decks/north.csv north-december.csv
  carrack deck diff decks/north.csv north-december.csv --at 2026-12-01 --limit 100
  carrack deck diff decks/north.csv decks/north.csv --at 2026-12-01 --json

Both lists are read as of one instant: now, or that of --at. A new prefix is compared with the longest prefix above it
that ruled its numbers before, one that is gone with what rules them after.
Exit codes: 0 done, whatever changes; 2 faults in a list.")]
pub(crate) struct Arguments {
    /// The list in use
    #[arg(value_name = "OLD")]
    old: PathBuf,
    /// The list that is to take its place
    #[arg(value_name = "NEW")]
    new: PathBuf,
    /// Date (2026-12-01) or instant (2026-12-01T06:00:00Z) of the prices; default: now
    #[arg(long, value_name = "DATE", value_parser = read_instant)]
    at: Option<u64>,
    /// Most changes of each kind that are shown, the greatest first
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: usize,
    /// Prints JSON
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments) -> Result<(), Fault> {
    let utc_ns = arguments.at.unwrap_or_else(utc_now_ns);
    let (old, new) = match (reading::read(&arguments.old), reading::read(&arguments.new)) {
        (Ok(old), Ok(new)) => (old.at(utc_ns), new.at(utc_ns)),
        (old, new) => {
            let faults = [old.err(), new.err()].into_iter().flatten();
            return Err(Faults(faults.flat_map(|faults| faults.0).collect()).into());
        }
    };
    let diff = DeckDiff::between(&old, &new, arguments.limit);
    if arguments.json {
        return output::json(&document(&diff, utc_ns));
    }
    if !diff.changes.is_empty() {
        output::line(shown(&diff))?;
    }
    output::line(summary(&diff, &old, &new, utc_ns))
}

fn currency(currency: Option<Currency>) -> String {
    currency.map_or_else(|| "none".to_owned(), |currency| currency.to_string())
}

fn summary(diff: &DeckDiff, old: &Deck, new: &Deck, utc_ns: u64) -> String {
    let mut text = format!(
        "{}, {} unchanged as of {} ({} and {} prices)",
        diff.counts,
        count(diff.counts.unchanged),
        show_instant(utc_ns),
        count(old.len() as u64),
        count(new.len() as u64)
    );
    if let Some((old, new)) = diff.currency {
        text += &format!("\ncurrency {} is now {}", currency(old), currency(new));
    }
    text
}

fn shown(diff: &DeckDiff) -> String {
    let header = [
        "change",
        "destination",
        "name",
        "before",
        "after",
        "percent",
    ];
    let mut rows = table(&header, 3);
    for change in &diff.changes {
        rows.add_row([
            change.kind.name().to_owned(),
            change.destination.to_string(),
            change.name.clone().unwrap_or_default(),
            terms(change, change.before),
            terms(change, change.after),
            change.basis_points.map_or_else(String::new, percent),
        ]);
    }
    rows.to_string()
}

/// The price, and the increments where they are not one by one or change.
fn terms(change: &Change, terms: Option<Terms>) -> String {
    let Some(Terms { price, increments }) = terms else {
        return String::new();
    };
    let plain = increments == Increments::default() && change.kind != ChangeKind::Increments;
    match plain {
        true => price.to_string(),
        false => format!("{price} by {}/{}", increments.minimum, increments.increment),
    }
}

/// Hundredths of a percent, with their sign.
fn percent(basis_points: i64) -> String {
    let sign = if basis_points < 0 { "-" } else { "+" };
    let points = basis_points.unsigned_abs();
    format!("{sign}{}.{:02}", points / 100, points % 100)
}

fn document(diff: &DeckDiff, utc_ns: u64) -> Value {
    let counts = &diff.counts;
    let currencies = diff
        .currency
        .map(|(old, new)| json!({"before": currency(old), "after": currency(new)}));
    let changes: Vec<Value> = diff.changes.iter().map(change).collect();
    json!({
        "at": show_instant(utc_ns),
        "rises": counts.rises,
        "falls": counts.falls,
        "increments": counts.increments,
        "incomparable": counts.incomparable,
        "new": counts.new,
        "gone": counts.gone,
        "unchanged": counts.unchanged,
        "currency": currencies,
        "changes": changes,
    })
}

fn change(change: &Change) -> Value {
    let terms = |terms: Option<Terms>| {
        terms.map(|Terms { price, increments }| {
            json!({
                "price": price.to_string(),
                "increment": increments.increment,
                "minimum": increments.minimum,
            })
        })
    };
    json!({
        "change": change.kind.name(),
        "destination": change.destination.to_string(),
        "name": change.name,
        "before": terms(change.before),
        "after": terms(change.after),
        "percent": change.basis_points.map(percent),
    })
}

#[cfg(test)]
mod tests {
    use super::percent;

    #[test]
    fn percents_have_two_decimals_and_a_sign() {
        for (points, text) in [
            (0, "+0.00"),
            (5_000, "+50.00"),
            (-5, "-0.05"),
            (-10_000, "-100.00"),
        ] {
            assert_eq!(percent(points), text);
        }
    }
}
