//! `carrack suppression add`, `remove`, `list`, `lookup` and `compact`: the lists of a running node.

use clap::Args;
use serde_json::{Map, Value, json};

use crate::fault::Fault;
use crate::output;
use crate::place::NodeArgs;
use crate::table::{shown, table};

/// Arguments of `add`.
#[derive(Args)]
pub(crate) struct Add {
    /// The list
    list: String,
    /// Numbers
    #[arg(required = true, value_name = "NUMBER")]
    numbers: Vec<String>,
    /// Why: opt_out, complaint, do_not_call, invalid, operator, legal, fraud or other
    #[arg(long)]
    reason: Option<String>,
    /// Until then: a date, or a moment with its offset
    #[arg(long, value_name = "DATE")]
    expires: Option<String>,
    #[command(flatten)]
    of: Of,
    /// Prints JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    node: NodeArgs,
}

/// Whose entry it is.
#[derive(Args)]
struct Of {
    /// The account, of lists by account
    #[arg(long, value_name = "NAME")]
    account: Option<String>,
    /// The sender, of lists by sender
    #[arg(long, value_name = "SENDER")]
    from: Option<String>,
}

impl Of {
    fn pairs(&self) -> Vec<(&str, &str)> {
        let account = self.account.as_deref().map(|name| ("account", name));
        let from = self.from.as_deref().map(|name| ("from", name));
        account.into_iter().chain(from).collect()
    }
}

/// Arguments of `remove`.
#[derive(Args)]
pub(crate) struct Remove {
    /// The list
    list: String,
    /// The number
    number: String,
    #[command(flatten)]
    of: Of,
    /// Prints JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    node: NodeArgs,
}

/// Arguments of `list`.
#[derive(Args)]
pub(crate) struct List {
    /// The list; without it all lists are shown
    list: Option<String>,
    /// Most entries
    #[arg(long, default_value_t = 100)]
    limit: usize,
    #[command(flatten)]
    of: Of,
    /// Prints JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    node: NodeArgs,
}

/// Arguments of `lookup`.
#[derive(Args)]
pub(crate) struct Lookup {
    /// The number
    number: String,
    #[command(flatten)]
    of: Of,
    /// Prints JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    node: NodeArgs,
}

/// Arguments of `compact`.
#[derive(Args)]
pub(crate) struct Compact {
    /// The list
    list: String,
    /// Prints JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    node: NodeArgs,
}

fn number(document: &Value, key: &str) -> u64 {
    document.get(key).and_then(Value::as_u64).unwrap_or(0)
}

pub(super) fn add(arguments: &Add) -> Result<(), Fault> {
    let mut wanted = Map::new();
    wanted.insert("to".to_owned(), json!(arguments.numbers));
    let optional = [
        ("reason", &arguments.reason),
        ("expires", &arguments.expires),
        ("account", &arguments.of.account),
        ("from", &arguments.of.from),
    ];
    for (key, value) in optional {
        if let Some(value) = value {
            wanted.insert(key.to_owned(), json!(value));
        }
    }
    let path = format!("/v1/suppressions/{}", arguments.list);
    let client = arguments.node.operator()?;
    let document = client.post(&path, &Value::Object(wanted))?;
    if arguments.json {
        return output::json(&document);
    }
    let (added, before) = (
        number(&document, "added"),
        number(&document, "there_before"),
    );
    output::line(format_args!(
        "{}: {added} added, {before} there before",
        arguments.list
    ))
}

pub(super) fn remove(arguments: &Remove) -> Result<(), Fault> {
    let digits = arguments.number.trim_start_matches('+');
    let path = format!("/v1/suppressions/{}/{digits}", arguments.list);
    let client = arguments.node.operator()?;
    let document = client.delete(&path, &arguments.of.pairs())?;
    if arguments.json {
        return output::json(&document);
    }
    let removed = document.get("removed").and_then(Value::as_bool);
    output::line(match removed {
        Some(true) => format!("{}: taken from the list", arguments.list),
        _ => format!("{}: it did not stand there", arguments.list),
    })
}

pub(super) fn list(arguments: &List) -> Result<(), Fault> {
    let client = arguments.node.operator()?;
    let limit = arguments.limit.to_string();
    let document = match &arguments.list {
        None => client.get("/v1/suppressions", &[])?,
        Some(list) => {
            let mut query = arguments.of.pairs();
            query.push(("limit", &limit));
            client.get(&format!("/v1/suppressions/{list}"), &query)?
        }
    };
    if arguments.json {
        return output::json(&document);
    }
    let (key, columns) = match &arguments.list {
        None => ("lists", &LISTS[..]),
        Some(_) => ("entries", &ENTRIES[..]),
    };
    output::line(rows(&document, key, columns))
}

const LISTS: [(&str, &str); 6] = [
    ("list", "name"),
    ("scope", "scope"),
    ("hash", "hash"),
    ("base", "base"),
    ("compacted", "compacted"),
    ("added", "added"),
];
const ENTRIES: [(&str, &str); 7] = [
    ("number", "number"),
    ("of", "of"),
    ("reason", "reason"),
    ("expires", "expires"),
    ("taken back", "removed"),
    ("since", "since"),
    ("by", "by"),
];
const FOUND: [(&str, &str); 7] = [
    ("list", "list"),
    ("scope", "scope"),
    ("of", "of"),
    ("reason", "reason"),
    ("expires", "expires"),
    ("holds", "holds"),
    ("layer", "layer"),
];

fn rows(document: &Value, key: &str, columns: &[(&str, &str)]) -> String {
    let found = document.get(key).and_then(Value::as_array);
    let found = found.map_or(&[][..], Vec::as_slice);
    if found.is_empty() {
        return match key {
            "lists" => "there are no suppression lists; docs/consent.md says how to write some",
            "entries" => "nothing was added since the last compaction",
            _ => "it stands on no list",
        }
        .to_owned();
    }
    let headers: Vec<&str> = columns.iter().map(|(header, _)| *header).collect();
    let mut rows = table(&headers, columns.len());
    for row in found {
        rows.add_row(columns.iter().map(|(_, key)| shown(row, key)));
    }
    rows.to_string()
}

pub(super) fn lookup(arguments: &Lookup) -> Result<(), Fault> {
    let mut query = arguments.of.pairs();
    query.push(("to", &arguments.number));
    let document = arguments.node.operator()?.get("/v1/suppressions", &query)?;
    match arguments.json {
        true => output::json(&document)?,
        false => output::line(rows(&document, "found", &FOUND))?,
    }
    let is_suppressed = document.get("suppressed").and_then(Value::as_bool);
    match is_suppressed {
        Some(true) => Err(Fault::Said),
        _ => Ok(()),
    }
}

pub(super) fn compact(arguments: &Compact) -> Result<(), Fault> {
    let path = format!("/v1/suppressions/{}/compact", arguments.list);
    let document = arguments.node.operator()?.post_nothing(&path)?;
    if arguments.json {
        return output::json(&document);
    }
    let entries = number(&document, "entries");
    output::line(format_args!(
        "{}: {entries} entries are in its index",
        arguments.list
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_entries_and_findings_are_shown_with_all_that_is_known() {
        let found = json!({ "found": [{"list": "stop", "scope": "global", "reason": "opt_out",
            "expires": null, "holds": true, "layer": "base"}] });
        let text = rows(&found, "found", &FOUND);
        for cell in ["stop", "opt_out", "base"] {
            assert!(text.contains(cell), "{cell}: {text}");
        }
        assert!(rows(&json!({"lists": []}), "lists", &LISTS).contains("docs/consent.md"));
    }
}
