//! `carrack carrier loops`: how loop probes do, and the lines about them below `carrack carrier list`.

use clap::Args;
use serde_json::Value;

use super::list::{list, number};
use crate::fault::Fault;
use crate::output;
use crate::place::Shown;
use crate::table::{count, shown, table};

/// Shows what became of the loop probes of each carrier: messages that the node sends itself
#[derive(Args)]
#[command(after_help = "\
Examples:
  carrack carrier loops
  carrack carrier loops --json --config carrack.toml

[[loop_probe]] says which are sent; docs/probes.md says what the states mean. Counts are since the start, or since the
probe was changed.
Exits 1 while one of them is an alert.")]
pub(crate) struct Arguments {
    #[command(flatten)]
    node: Shown,
}

/// Runs the command.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Fault> {
    let document = arguments
        .node
        .node
        .operator()?
        .get("/v1/loop_probes", &[])?;
    if arguments.node.json {
        output::json(&document)?;
    } else {
        output::line(probes(&document))?;
    }
    let alerts = list(&document, "loop_probes").iter();
    match alerts.filter(|probe| is_alert(probe)).count() {
        0 => Ok(()),
        _ => Err(Fault::Said),
    }
}

fn is_alert(probe: &Value) -> bool {
    probe.get("alert").and_then(Value::as_bool) == Some(true)
}

const HEADER: [&str; 15] = [
    "probe",
    "carrier",
    "to",
    "state",
    "alert",
    "seconds ago",
    "response ms",
    "receipt ms",
    "return ms",
    "sent",
    "returned",
    "missed",
    "unreturned",
    "failed",
    "late",
];

fn probes(document: &Value) -> String {
    let mut rows = table(&HEADER, 5);
    let probes = list(document, "loop_probes");
    for probe in probes {
        let last = list(probe, "results").first().unwrap_or(&Value::Null);
        let sums = probe.get("sums").unwrap_or(&Value::Null);
        let own = |key: &str| shown(probe, key);
        let alert = if is_alert(probe) { "yes" } else { "" };
        let mut row = vec![own("name"), own("carrier"), own("to"), own("state")];
        row.extend([alert.to_owned(), own("age_seconds")]);
        row.extend(["response_ms", "receipt_ms", "return_ms"].map(|key| shown(last, key)));
        let counts = ["sent", "returned", "missed", "unreturned", "failed", "late"];
        row.extend(counts.map(|key| shown(sums, key)));
        rows.add_row(row);
    }
    if probes.is_empty() {
        return "no loop probes; [[loop_probe]] of the configuration says which are sent"
            .to_owned();
    }
    rows.to_string()
}

/// A line for each probe of a carrier.
pub(super) fn lines<'a>(
    document: &'a Value,
    carrier: &'a str,
) -> impl Iterator<Item = String> + 'a {
    let probes = list(document, "loop_probes").iter();
    let of_carrier = probes.filter(move |probe| shown(probe, "carrier") == carrier);
    of_carrier.map(line)
}

fn line(probe: &Value) -> String {
    let last = list(probe, "results").first();
    let mut text = format!(
        "{}: loop probe {} to {}: {}",
        shown(probe, "carrier"),
        shown(probe, "name"),
        shown(probe, "to"),
        shown(probe, "state"),
    );
    if let (Some(last), Some(_)) = (last, probe.get("age_seconds").and_then(Value::as_u64)) {
        text.push_str(&format!(", {} s ago", shown(probe, "age_seconds")));
        for (key, what) in [
            ("response_ms", "response"),
            ("receipt_ms", "receipt"),
            ("return_ms", "return"),
        ] {
            if let Some(ms) = last.get(key).and_then(Value::as_u64) {
                text.push_str(&format!(", {what} {} ms", count(ms)));
            }
        }
    }
    if is_alert(probe) {
        let bad = number(probe, "bad_in_a_row");
        text.push_str(&format!(
            "; ALERT: {} in a row did not come back",
            count(bad)
        ));
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn document() -> Value {
        json!({"loop_probes": [{
            "name": "north-loop", "carrier": "north", "to": "4915112345678", "state": "unreturned", "alert": true,
            "bad_in_a_row": 3, "age_seconds": 42,
            "results": [{"response_ms": 21, "receipt_ms": 1060, "return_ms": null}],
            "sums": {"sent": 7, "returned": 4, "missed": 0, "unreturned": 3, "failed": 0, "late": 1},
        }], "strays": 0})
    }

    #[test]
    fn a_line_says_what_the_last_one_did_and_that_it_is_an_alert() {
        let document = document();
        let found: Vec<String> = lines(&document, "north").collect();
        assert_eq!(
            found,
            [
                "north: loop probe north-loop to 4915112345678: unreturned, 42 s ago, response 21 ms, receipt 1 060 ms; \
                 ALERT: 3 in a row did not come back"
            ]
        );
        assert_eq!(lines(&document, "south").count(), 0);
    }

    #[test]
    fn the_table_has_a_row_a_probe_and_says_so_where_there_is_none() {
        let text = probes(&document());
        for part in ["north-loop", "unreturned", "yes", "1 060"] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(probes(&json!({"loop_probes": []})).contains("[[loop_probe]]"));
    }
}
