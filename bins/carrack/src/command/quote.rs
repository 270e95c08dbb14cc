//! `carrack quote`: what a text would cost, by the HTTP door of a running node.

use clap::Args;
use serde_json::{Value, json};

use crate::fault::Fault;
use crate::output;
use crate::place::Shown;
use crate::table::{shown, table};

/// Tells segments, alphabet, price and carrier of a text, and sends nothing
#[derive(Args)]
#[command(after_help = "\
Examples:
  carrack quote --to +447700900123 --from DEMO --text 'Hello'
  carrack quote --to 447700900123 --to 4917139200456 --from DEMO --text 'Grüße €' --json

Exit codes: 0 every recipient can be taken, 1 one cannot, 2 wrong usage.")]
pub(crate) struct Arguments {
    /// Recipients, international numbers
    #[arg(long, value_name = "NUMBER", required = true)]
    to: Vec<String>,
    /// Sender; default: that of the account
    #[arg(long, value_name = "SENDER")]
    from: Option<String>,
    /// Text
    #[arg(long)]
    text: String,
    /// otp, alert, transactional or bulk
    #[arg(long)]
    class: Option<String>,
    #[command(flatten)]
    shown: Shown,
}

/// Runs the command.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Fault> {
    let message = json!({
        "to": arguments.to,
        "from": arguments.from,
        "text": arguments.text,
        "class": arguments.class,
    });
    let client = arguments.shown.node.client()?;
    let answer = client.post("/v1/quote", &message)?;
    let quotes = answer.get("messages").and_then(Value::as_array);
    let quotes = quotes.map_or(&[][..], Vec::as_slice);
    if arguments.shown.json {
        output::json(&answer)?;
    } else {
        let header = ["to", "encoding", "segments", "price", "carrier", "error"];
        let mut rows = table(&header, header.len());
        for quote in quotes {
            let error = quote.get("error").map(|error| {
                let (field, detail) = (shown(error, "field"), shown(error, "detail"));
                format!("{field}: {detail}")
            });
            rows.add_row(header.map(|key| match key {
                "error" => error.clone().unwrap_or_default(),
                _ => shown(quote, key),
            }));
        }
        output::line(rows)?;
    }
    match quotes.iter().any(|quote| quote.get("error").is_some()) {
        true => Err(Fault::Said),
        false => Ok(()),
    }
}
