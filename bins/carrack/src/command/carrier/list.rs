//! `carrack carrier list`: how carriers stand, what they did, and how they do by network.

use clap::Args;
use serde_json::Value;

use super::loops;
use crate::fault::Fault;
use crate::output;
use crate::place::NodeArgs;
use crate::table::{count, money, shown, table};

/// Shows how each carrier stands and what it did, or how it does by network
#[derive(Args)]
#[command(after_help = "\
Examples:
  carrack carrier list
  carrack carrier list --networks
  carrack carrier list --networks north
  carrack carrier list --json --config carrack.toml

Shares and latencies are those of [quality] window; counts are since the start. docs/health.md says what they mean.
Below it stands what the last loop probe of each carrier did; `carrack carrier loops` has more of that.")]
pub(crate) struct Arguments {
    /// Shows the networks of every carrier, or of the one that is named, those with most messages first
    #[arg(long, value_name = "CARRIER", num_args = 0..=1, default_missing_value = "")]
    networks: Option<String>,
    /// Prints JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    node: NodeArgs,
}

/// Runs the command.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Fault> {
    let operator = arguments.node.operator()?;
    let mut document = operator.get("/v1/carriers", &[])?;
    let mut probes = operator.get_if_there("/v1/loop_probes")?;
    let probes = probes.as_mut().and_then(|all| all.get_mut("loop_probes"));
    if let (Some(whole), Some(probes)) = (document.as_object_mut(), probes) {
        whole.insert("loop_probes".to_owned(), probes.take());
    }
    if let Some(name) = arguments
        .networks
        .as_deref()
        .filter(|name| !name.is_empty())
    {
        only(&mut document, name)?;
    }
    if arguments.json {
        return output::json(&document);
    }
    match arguments.networks {
        Some(_) => output::line(networks(&document)),
        None => output::line(carriers(&document)),
    }
}

/// Keeps one carrier.
fn only(document: &mut Value, name: &str) -> Result<(), Fault> {
    let carriers = document.get_mut("carriers").and_then(Value::as_array_mut);
    let Some(carriers) = carriers else {
        return Ok(());
    };
    carriers.retain(|carrier| shown(carrier, "name") == name);
    if carriers.is_empty() {
        return Err(Fault::Usage(format!(
            "there is no carrier {name:?}; `carrack carrier list` shows them"
        )));
    }
    Ok(())
}

pub(super) fn list<'a>(document: &'a Value, key: &str) -> &'a [Value] {
    let list = document.get(key).and_then(Value::as_array);
    list.map_or(&[], Vec::as_slice)
}

pub(super) fn number(document: &Value, key: &str) -> u64 {
    document.get(key).and_then(Value::as_u64).unwrap_or(0)
}

const HEADER: [&str; 17] = [
    "carrier",
    "state",
    "links",
    "in flight",
    "rate",
    "today",
    "sent",
    "taken",
    "refused",
    "throttled",
    "uncertain",
    "delivered",
    "failed",
    "accepted %",
    "delivered %",
    "p95 ms",
    "cost",
];

fn carriers(document: &Value) -> String {
    let mut rows = table(&HEADER, 3);
    let mut said = Vec::new();
    for carrier in list(document, "carriers") {
        let links = list(carrier, "links");
        let sum = |key: &str| -> u64 { links.iter().map(|link| number(link, key)).sum() };
        let up = links.iter().filter(|link| shown(link, "state") == "up");
        let micros = carrier.get("cost_micros").and_then(Value::as_i64);
        let quality = carrier.get("quality").unwrap_or(&Value::Null);
        rows.add_row([
            shown(carrier, "name"),
            shown(carrier, "health"),
            format!("{} of {}", up.count(), links.len()),
            format!("{} of {}", count(sum("in_flight")), count(sum("window"))),
            shown(carrier, "rate"),
            today(carrier),
            shown(carrier, "segments_sent"),
            shown(carrier, "segments_accepted"),
            shown(carrier, "segments_refused"),
            shown(carrier, "segments_throttled"),
            shown(carrier, "segments_uncertain"),
            shown(carrier, "messages_delivered"),
            shown(carrier, "messages_failed"),
            percent(quality, "accepted_permille", "answered"),
            percent(quality, "delivered_permille", "ended"),
            both(quality, "response_ms_p95", "receipt_ms_p95"),
            money(micros.unwrap_or(0)),
        ]);
        said.extend(suspicions(carrier));
        said.extend(loops::lines(document, &shown(carrier, "name")));
    }
    let mut text = rows.to_string();
    for line in said {
        text.push('\n');
        text.push_str(&line);
    }
    text
}

/// What of the cap of the day is used.
fn today(carrier: &Value) -> String {
    match carrier.get("day_cap").and_then(Value::as_u64) {
        Some(cap) => format!("{} of {}", count(number(carrier, "day_used")), count(cap)),
        None => String::new(),
    }
}

/// A share of a thousand in percent; nothing where it is of none.
fn percent(quality: &Value, permille: &str, of: &str) -> String {
    if number(quality, of) == 0 {
        return "-".to_owned();
    }
    format!("{:.1}", number(quality, permille) as f64 / 10.0)
}

/// Milliseconds to the response and to the receipt.
fn both(quality: &Value, response: &str, receipt: &str) -> String {
    let one = |key: &str| match number(quality, key) {
        // None was measured: a latency is the end of a bucket, never 0.
        0 => "-".to_owned(),
        ms => count(ms),
    };
    format!("{} / {}", one(response), one(receipt))
}

fn is_suspected(quality: &Value) -> bool {
    quality.get("suspected").and_then(Value::as_bool) == Some(true)
}

/// A line for a carrier whose receipts are suspected somewhere.
fn suspicions(carrier: &Value) -> Option<String> {
    let networks = list(carrier, "networks").iter();
    let networks = networks.filter(|network| is_suspected(network));
    let networks: Vec<String> = networks.map(|network| shown(network, "network")).collect();
    (!networks.is_empty()).then(|| {
        format!(
            "{}: receipts for {} are too quick and too good to be of handsets (docs/health.md)",
            shown(carrier, "name"),
            networks.join(", ")
        )
    })
}

fn networks(document: &Value) -> String {
    let mut rows = table(
        &[
            "carrier",
            "network",
            "class",
            "messages",
            "delivered %",
            "submits",
            "accepted %",
            "response p50 / p95 ms",
            "receipt p50 / p95 ms",
            "suspected",
        ],
        3,
    );
    for carrier in list(document, "carriers") {
        for network in list(carrier, "networks") {
            let mut row = |class: String, quality: &Value| {
                rows.add_row([
                    shown(carrier, "name"),
                    shown(network, "network"),
                    class,
                    shown(quality, "ended"),
                    percent(quality, "delivered_permille", "ended"),
                    shown(quality, "answered"),
                    percent(quality, "accepted_permille", "answered"),
                    both(quality, "response_ms_p50", "response_ms_p95"),
                    both(quality, "receipt_ms_p50", "receipt_ms_p95"),
                    if is_suspected(quality) { "yes" } else { "" }.to_owned(),
                ]);
            };
            row("all".to_owned(), network);
            for class in list(network, "classes") {
                row(shown(class, "class"), class);
            }
        }
    }
    rows.to_string()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use serde_json::json;

    use super::*;

    fn document() -> Value {
        let quality = json!({
            "delivered_permille": 874, "ended": 40, "accepted_permille": 990, "answered": 60,
            "response_ms_p50": 31, "response_ms_p95": 63, "receipt_ms_p50": 1279, "receipt_ms_p95": 5119,
            "suspected": false,
        });
        let mut network = quality.clone();
        network["network"] = json!("234-15");
        network["suspected"] = json!(true);
        network["classes"] =
            json!([{"class": "otp", "ended": 0, "answered": 2, "accepted_permille": 500}]);
        let north = json!({
            "name": "north", "health": "capped", "day_cap": 10_000, "day_used": 10_000,
            "links": [{"state": "up", "in_flight": 1, "window": 10}], "quality": quality, "networks": [network],
        });
        let south = json!({"name": "south", "health": "down", "quality": {"ended": 0, "delivered_permille": 950}});
        json!({"carriers": [north, south]})
    }

    fn rows(text: &str, with: &str) -> Vec<Vec<String>> {
        let rows = text
            .lines()
            .filter(|line| line.contains(with) && line.contains('┆'));
        rows.map(|row| {
            let cells = row.trim_matches('│').split('┆');
            cells.map(|cell| cell.trim().to_owned()).collect()
        })
        .collect()
    }

    #[test]
    fn the_list_shows_state_cap_shares_and_what_is_suspected() {
        let text = carriers(&document());
        let north = &rows(&text, "north")[0];
        for cell in [
            "capped",
            "1 of 10",
            "10 000 of 10 000",
            "99.0",
            "87.4",
            "63 / 5 119",
        ] {
            assert!(north.iter().any(|found| found == cell), "{cell}: {north:?}");
        }
        assert!(
            text.contains("north: receipts for 234-15 are too quick"),
            "{text}"
        );
        let south = &rows(&text, "south")[0];
        assert!(
            !south.contains(&"95.0".to_owned()),
            "believed, not measured"
        );
    }

    #[test]
    fn networks_are_shown_whole_and_by_class() {
        let text = networks(&document());
        let found = rows(&text, "234-15");
        assert_eq!(found.len(), 2, "{text}");
        assert_eq!(found[0][2..6], ["all", "40", "87.4", "60"]);
        assert_eq!(found[1][2..7], ["otp", "0", "-", "2", "50.0"]);
        assert_eq!((found[0][9].as_str(), found[1][9].as_str()), ("yes", ""));
    }

    #[test]
    fn a_carrier_that_is_not_there_is_wrong_usage() {
        let mut found = document();
        only(&mut found, "north").unwrap();
        assert_eq!(list(&found, "carriers").len(), 1);
        assert!(matches!(only(&mut found, "west"), Err(Fault::Usage(_))));
    }
}
