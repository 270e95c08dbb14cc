//! `carrack status`: the whole life of one message.

use clap::Args;
use serde_json::{Value, json};

use crate::fault::Fault;
use crate::output;
use crate::place::NodeArgs;
use crate::table::{shown, table, wrapped};

/// Shows the whole life of a message, or how several do
#[derive(Args)]
#[command(after_help = "\
Examples:
  carrack status 0000000100000000000000010000002a
  carrack status 0000000100000000000000010000002a --json
  carrack status ID ID ID                          several, a row each")]
pub(crate) struct Arguments {
    /// The id that `send`, a batch or a submit response gave
    #[arg(value_name = "ID", required = true)]
    ids: Vec<String>,
    /// Prints JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    node: NodeArgs,
}

/// Runs the command.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Fault> {
    let ids = &arguments.ids;
    let is_id = |id: &String| !id.is_empty() && id.bytes().all(|octet| octet.is_ascii_hexdigit());
    if let Some(id) = ids.iter().find(|id| !is_id(id)) {
        return Err(Fault::Usage(format!(
            "{id:?} is no message id; ids are 32 hexadecimal digits"
        )));
    }
    let client = arguments.node.client()?;
    match ids.as_slice() {
        [id] => {
            let message = client.get(&format!("/v1/messages/{id}"), &[])?;
            show(&message, arguments.json)
        }
        ids => {
            let answer = client.post("/v1/messages:status", &json!({ "ids": ids }))?;
            show_several(&answer, arguments.json)
        }
    }
}

/// Prints several messages, a row each.
pub(crate) fn show_several(answer: &Value, json: bool) -> Result<(), Fault> {
    let messages = answer.get("messages").and_then(Value::as_array);
    let messages = messages.map_or(&[][..], Vec::as_slice);
    let is_missing = |message: &Value| message.get("error").is_some();
    if json {
        output::json(answer)?;
    } else {
        let header = ["id", "status", "to", "from", "segments", "carrier", "price"];
        let mut rows = table(&header, header.len());
        for message in messages {
            rows.add_row(header.map(|key| match key {
                "status" if is_missing(message) => "not there".to_owned(),
                _ => shown(message, key),
            }));
        }
        output::line(rows)?;
    }
    match messages.iter().any(is_missing) {
        true => Err(Fault::Said),
        false => Ok(()),
    }
}

/// Prints a message as the node tells of it.
pub(crate) fn show(message: &Value, json: bool) -> Result<(), Fault> {
    if json {
        return output::json(message);
    }
    let mut facts = wrapped(&["message", ""], 2);
    let known = [
        "id",
        "status",
        "to",
        "from",
        "text",
        "encoding",
        "segments",
        "carrier",
        "attempts",
        "price",
        "cost",
        "client_ref",
    ];
    for key in known {
        let value = shown(message, key);
        if !value.is_empty() {
            facts.add_row([key.to_owned(), value]);
        }
    }
    let mut events = wrapped(&["at", "state", "carrier", "detail"], 4);
    let list = message.get("events").and_then(Value::as_array);
    for event in list.into_iter().flatten() {
        events.add_row(["at", "state", "carrier", "detail"].map(|key| match key {
            "detail" => with_id(shown(event, key)),
            _ => shown(event, key),
        }));
    }
    output::line(format_args!("{facts}\n{events}"))
}

/// A segment that the carrier took without naming it says so.
fn with_id(detail: String) -> String {
    match detail.trim_end().strip_suffix("carrier's id") {
        Some(before) => format!("{before}no id of the carrier's"),
        None => detail,
    }
}

#[cfg(test)]
mod tests {
    use super::with_id;

    #[test]
    fn a_segment_without_an_id_says_so() {
        let detail = "segment 1 of 1, carrier's id ".to_owned();
        assert_eq!(with_id(detail), "segment 1 of 1, no id of the carrier's");
        let detail = "segment 1 of 1, carrier's id 0a".to_owned();
        assert_eq!(with_id(detail.clone()), detail);
    }
}
