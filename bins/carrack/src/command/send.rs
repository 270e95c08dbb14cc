//! `carrack send`: one message, by the HTTP door of a running node.

use std::time::{Duration, Instant};

use anyhow::anyhow;
use clap::Args;
use serde_json::{Value, json};

use crate::command::status;
use crate::fault::Fault;
use crate::output;
use crate::place::NodeArgs;

/// Sends one message and prints its id
#[derive(Args)]
#[command(after_help = "\
Examples:
  carrack send --to +447700900123 --from DEMO --text 'Hello'
  carrack send --to 447700900123 --from DEMO --text 'Your code is 4711' --class otp --wait
  carrack send --to 447700900123 --from DEMO --text 'Good morning' --at 2026-12-24T09:00:00+01:00
  carrack send --url http://127.0.0.1:8080 --key KEY --to 447700900123 --from DEMO --text Hi

Exit codes: 0 accepted (with --wait: delivered), 1 not, 2 wrong usage.")]
pub(crate) struct Arguments {
    /// Recipient, an international number
    #[arg(long, value_name = "NUMBER")]
    to: String,
    /// Sender; default: that of the account
    #[arg(long, value_name = "SENDER")]
    from: Option<String>,
    /// Text
    #[arg(long)]
    text: String,
    /// otp, alert, transactional or bulk
    #[arg(long)]
    class: Option<String>,
    /// Sends it then, like 2026-12-24T09:00:00+01:00; at most 366 days ahead
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// Sent again with the same key, it is the same message, for 48 h
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
    /// Waits until the message is final and prints its whole life
    #[arg(long)]
    wait: bool,
    /// Seconds that --wait waits at most
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    wait_max: u64,
    /// Prints JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    node: NodeArgs,
}

const LOOK: Duration = Duration::from_millis(200);
const FINAL: [&str; 6] = [
    "delivered",
    "undelivered",
    "expired",
    "rejected",
    "cancelled",
    "unknown",
];

/// Runs the command.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Fault> {
    let client = arguments.node.client()?;
    let mut message = json!({"to": arguments.to, "text": arguments.text});
    if let Some(fields) = message.as_object_mut() {
        for (name, value) in [
            ("from", &arguments.from),
            ("class", &arguments.class),
            ("send_at", &arguments.at),
            ("idempotency_key", &arguments.idempotency_key),
        ] {
            if let Some(value) = value {
                fields.insert(name.to_owned(), json!(value));
            }
        }
    }
    let answer = client.post("/v1/messages", &message)?;
    let taken = answer.pointer("/messages/0").cloned().unwrap_or_default();
    let Some(id) = taken.get("id").and_then(Value::as_str) else {
        return Err(Fault::Failed(anyhow!("not accepted: {}", answer)));
    };
    if !arguments.wait {
        return if arguments.json {
            output::json(&taken)
        } else {
            output::line(id)
        };
    }
    let until = Instant::now() + Duration::from_secs(arguments.wait_max);
    loop {
        let message = client.get(&format!("/v1/messages/{id}"), &[])?;
        let state = message
            .get("status")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned();
        let is_final = FINAL.contains(&state.as_str());
        if is_final || Instant::now() >= until {
            status::show(&message, arguments.json)?;
            return match state.as_str() {
                "delivered" => Ok(()),
                _ if is_final => Err(Fault::Failed(anyhow!("the message is {state}"))),
                _ => Err(Fault::Failed(anyhow!(
                    "{id} is not final after {} s; ask again with `carrack status {id}`",
                    arguments.wait_max
                ))),
            };
        }
        std::thread::sleep(LOOK);
    }
}
