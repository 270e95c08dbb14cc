//! `carrack batch check`: what a file would be, before anybody pays for it.

use std::path::Path;

use serde_json::Value;

use crate::client::Client;
use crate::fault::Fault;
use crate::output;
use crate::table::{shown, table, wrapped};

use super::options::Options;
use super::upload::send;

/// Replacements that are shown.
const REPLACEMENTS_SHOWN_MAX: usize = 20;

pub(super) fn run(
    client: &Client,
    file: &Path,
    options: &Options,
    json: bool,
) -> Result<(), Fault> {
    let mut fields = options.fields()?;
    fields.push(("dry_run".to_owned(), "true".to_owned()));
    let found = send(client, file, &fields)?;
    if json {
        output::json(&found)?;
    } else {
        show(&found)?;
    }
    let is_good = found.get("rejected").and_then(Value::as_u64) == Some(0)
        && found.get("fault").is_none_or(Value::is_null);
    if is_good { Ok(()) } else { Err(Fault::Said) }
}

fn list<'a>(found: &'a Value, key: &str) -> &'a [Value] {
    found
        .get(key)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

fn show(found: &Value) -> Result<(), Fault> {
    let mut whole = table(&["file", ""], 1);
    for key in [
        "format",
        "compression",
        "encoding",
        "rows",
        "accepted",
        "rejected",
        "repeated",
        "segments",
    ] {
        whole.add_row([key.to_owned(), shown(found, key)]);
    }
    for cost in list(found, "cost") {
        let amount = format!("{} {}", shown(cost, "amount"), shown(cost, "currency"));
        whole.add_row(["cost".to_owned(), amount.trim().to_owned()]);
    }
    let is_any_taken = found.get("accepted").and_then(Value::as_u64) > Some(0);
    if list(found, "cost").is_empty() && is_any_taken {
        // Nobody can reckon it: the account has no deck.
        whole.add_row(["cost", "no price list"]);
    }
    output::line(whole)?;
    counted(found, "alphabets", &["alphabet", "rows", "segments"])?;
    outside_gsm7(found)?;
    counted(found, "histogram", &["segments", "rows"])?;
    counted(found, "carriers", &["carrier", "rows", "segments"])?;
    faults(found)?;
    replacements(found)?;
    if found.get("complete") == Some(&Value::Bool(false)) {
        output::line("Not all rows were looked at: time was up (`check_time_max` of [batch]).")?;
    }
    let fault = shown(found, "fault");
    if !fault.is_empty() {
        output::line(fault)?;
    }
    Ok(())
}

fn counted(found: &Value, key: &str, columns: &[&str]) -> Result<(), Fault> {
    let entries = list(found, key);
    if entries.is_empty() {
        return Ok(());
    }
    let mut rows = table(columns, 1);
    for entry in entries {
        rows.add_row(columns.iter().map(|column| shown(entry, column)));
    }
    output::line(rows)
}

fn outside_gsm7(found: &Value) -> Result<(), Fault> {
    let entries = list(found, "outside_gsm7");
    if entries.is_empty() {
        return Ok(());
    }
    let mut rows = table(&["makes it UCS-2", "rows", "line"], 1);
    for entry in entries {
        let name = format!("{} {}", shown(entry, "character"), shown(entry, "code"));
        rows.add_row([name, shown(entry, "rows"), shown(entry, "line")]);
    }
    output::line(rows)
}

fn faults(found: &Value) -> Result<(), Fault> {
    let columns = list(found, "faults");
    if columns.is_empty() {
        return Ok(());
    }
    let mut rows = wrapped(&["column", "rows refused", "line", "what is wrong"], 4);
    for column in columns {
        for (place, fault) in list(column, "first").iter().enumerate() {
            let (name, count) = match place {
                0 => (shown(column, "column"), shown(column, "rows")),
                _ => (String::new(), String::new()),
            };
            rows.add_row([name, count, shown(fault, "line"), shown(fault, "detail")]);
        }
    }
    output::line(rows)
}

fn replacements(found: &Value) -> Result<(), Fault> {
    let entries = list(found, "replacements");
    if entries.is_empty() {
        return Ok(());
    }
    let header = [
        "character",
        "write",
        "times",
        "rows",
        "segments saved",
        "line",
        "example",
    ];
    let mut rows = wrapped(&header, 7);
    for entry in entries.iter().take(REPLACEMENTS_SHOWN_MAX) {
        let name = [shown(entry, "name"), shown(entry, "code")];
        let name = name.iter().filter(|part| !part.is_empty());
        let name = name.cloned().collect::<Vec<_>>().join(", ");
        let write = match shown(entry, "write").as_str() {
            "" => "leave it out".to_owned(),
            " " => "a blank".to_owned(),
            "\n" => "a line end".to_owned(),
            other => other.to_owned(),
        };
        let example: String = shown(entry, "example")
            .chars()
            .map(|found| if found.is_control() { ' ' } else { found })
            .collect();
        let cells = ["count", "rows", "segments_saved", "line"].map(|key| shown(entry, key));
        rows.add_row([name, write].into_iter().chain(cells).chain([example]));
    }
    output::line(rows)?;
    if let Some(signs) = found
        .get("smart_characters")
        .filter(|signs| shown(signs, "rows") != "0")
    {
        output::line(format_args!(
            "--smart-characters replace: {} signs in {} rows, {} segments saved; letters stay as they are",
            shown(signs, "characters"),
            shown(signs, "rows"),
            shown(signs, "segments_saved"),
        ))?;
    }
    Ok(())
}
