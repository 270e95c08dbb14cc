//! `carrack send`: one text to one recipient or several, by the HTTP door of a running node.
//!
//! Bound: the recipients that the node takes in one call.

use std::time::{Duration, Instant};

use anyhow::anyhow;
use clap::Args;
use serde_json::{Value, json};

use crate::client::Client;
use crate::command::status;
use crate::fault::Fault;
use crate::output;
use crate::place::NodeArgs;

/// Sends a text to one recipient or several and prints the id of each message
#[derive(Args)]
#[command(after_help = "\
Examples:
  carrack send --to +447700900123 --from DEMO --text 'Hello'
  carrack send --to 447700900123 --from DEMO --text 'Your code is 4711' --class otp --wait
  carrack send --to 447700900123 --to 4917139200456 --from DEMO --text 'Grüße' --client-ref order-4711 --tag shop
  carrack send --to 447700900123 --from DEMO --text 'Good morning' --send-at '2026-12-24T09:00 local' --validity 2h
  carrack send --url http://127.0.0.1:8080 --key KEY --to 447700900123 --from DEMO --text Hi

Exit codes: 0 all accepted (with --wait: delivered), 1 one is not, 2 wrong usage.")]
pub(crate) struct Arguments {
    /// Recipient, an international number; may stand several times
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
    /// Sends it then: 2026-12-24T09:00:00+01:00, or '2026-12-24T09:00 local' by the recipient's clock; at most 366 days ahead
    #[arg(long, value_name = "TIME", alias = "at")]
    send_at: Option<String>,
    /// How long it may take to arrive, like 30s, 10m, 2h, 3d
    #[arg(long, value_name = "TIME")]
    validity: Option<String>,
    /// auto, gsm7 or ucs2
    #[arg(long, value_name = "ALPHABET")]
    encoding: Option<String>,
    /// Yours, to know the message by
    #[arg(long, value_name = "TEXT")]
    client_ref: Option<String>,
    /// Yours, for routes and sums
    #[arg(long, value_name = "TEXT")]
    tag: Option<String>,
    /// What becomes of it is posted there
    #[arg(long, value_name = "URL")]
    callback_url: Option<String>,
    /// Sent again with the same key, it is the same message, for 48 h
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
    /// Waits until all are final and prints the whole life of one, or how several ended
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
    let answer = client.post("/v1/messages", &message(arguments))?;
    let taken = answer.get("messages").and_then(Value::as_array);
    let taken = taken.map_or(&[][..], Vec::as_slice);
    let ids: Vec<&str> = taken
        .iter()
        .filter_map(|one| one.get("id").and_then(Value::as_str))
        .collect();
    if ids.is_empty() {
        return Err(Fault::Failed(anyhow!("not accepted: {answer}")));
    }
    if arguments.wait {
        say_refused(taken);
        wait(&client, &ids, arguments)?;
    } else if arguments.json {
        match taken {
            [one] => output::json(one)?,
            _ => output::json(&answer)?,
        }
    } else {
        say_refused(taken);
        for id in &ids {
            output::line(id)?;
        }
    }
    match ids.len() == taken.len() {
        true => Ok(()),
        false => Err(Fault::Said),
    }
}

/// The body of the call.
fn message(arguments: &Arguments) -> Value {
    // A list of one is another content than one recipient, for those who send it again with the same key.
    let to = match arguments.to.as_slice() {
        [one] => json!(one),
        several => json!(several),
    };
    let mut message = json!({"to": to, "text": arguments.text});
    if let Some(fields) = message.as_object_mut() {
        for (name, value) in [
            ("from", &arguments.from),
            ("class", &arguments.class),
            ("send_at", &arguments.send_at),
            ("validity", &arguments.validity),
            ("encoding", &arguments.encoding),
            ("client_ref", &arguments.client_ref),
            ("tag", &arguments.tag),
            ("callback_url", &arguments.callback_url),
            ("idempotency_key", &arguments.idempotency_key),
        ] {
            if let Some(value) = value {
                fields.insert(name.to_owned(), json!(value));
            }
        }
    }
    message
}

/// Tells which recipients were not taken, and why.
fn say_refused(taken: &[Value]) {
    for one in taken {
        if let Some(error) = one.get("error") {
            let text = |value: &Value, key: &str| {
                let found = value.get(key).and_then(Value::as_str);
                found.unwrap_or_default().to_owned()
            };
            let (field, detail) = (text(error, "field"), text(error, "detail"));
            eprintln!("{} is not accepted: {field}: {detail}", text(one, "to"));
        }
    }
}

/// Waits until all are final, and prints how they are.
fn wait(client: &Client, ids: &[&str], arguments: &Arguments) -> Result<(), Fault> {
    let until = Instant::now() + Duration::from_secs(arguments.wait_max);
    loop {
        let answer = match ids {
            [id] => client.get(&format!("/v1/messages/{id}"), &[])?,
            _ => client.post("/v1/messages:status", &json!({ "ids": ids }))?,
        };
        let several = answer.get("messages").and_then(Value::as_array);
        let messages = several.map_or(std::slice::from_ref(&answer), Vec::as_slice);
        let is_open = |state: &&str| !FINAL.contains(state);
        let states = || messages.iter().map(state_of);
        let open = states().filter(is_open).count();
        if open > 0 && Instant::now() < until {
            std::thread::sleep(LOOK);
            continue;
        }
        match ids {
            [_] => status::show(&answer, arguments.json)?,
            _ => status::show_several(&answer, arguments.json)?,
        }
        let other = states().find(|state| *state != "delivered");
        return match (ids, other) {
            (_, None) => Ok(()),
            ([id], Some(_)) if open > 0 => Err(Fault::Failed(anyhow!(
                "{id} is not final after {} s; ask again with `carrack status {id}`",
                arguments.wait_max
            ))),
            (_, Some(_)) if open > 0 => Err(Fault::Failed(anyhow!(
                "{open} of {} messages are not final after {} s; ask again with `carrack status {}`",
                ids.len(),
                arguments.wait_max,
                ids.join(" ")
            ))),
            ([_], Some(state)) => Err(Fault::Failed(anyhow!("the message is {state}"))),
            (_, Some(_)) => Err(Fault::Failed(anyhow!(
                "{} of {} messages are not delivered",
                states().filter(|state| *state != "delivered").count(),
                ids.len()
            ))),
        };
    }
}

fn state_of(message: &Value) -> &str {
    let state = message.get("status").and_then(Value::as_str);
    state.unwrap_or_default()
}
