//! `carrack webhook`: how webhooks do, and what they never took.

use std::thread::sleep;
use std::time::Duration;

use clap::{Args, Subcommand};
use indicatif::ProgressBar;
use serde_json::{Value, json};

use crate::client::Client;
use crate::fault::Fault;
use crate::output;
use crate::place::Shown;
use crate::table::{count, shown, table, wrapped};

/// Of operators.
const ALL: &str = "/v1/accounts/webhooks";
/// Before the next thousand is asked for.
const PAUSE: Duration = Duration::from_millis(200);
/// Asked so often without anything new on its way, it is the receiver that does not take them.
const IDLE_MAX: u32 = 50;

/// `carrack webhook`
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Shows each webhook: whether it takes events, what it holds, and its dead letters
    #[command(after_help = "\
Examples:
  carrack webhook list
  carrack webhook list --json")]
    List(Shown),
    /// Shows dead letters: events that nobody took in their time, or that were refused too often
    #[command(after_help = "\
Examples:
  carrack webhook dead
  carrack webhook dead --account shop --limit 1000 --json")]
    Dead(Dead),
    /// Tells dead letters again; each stays listed until it is taken
    #[command(after_help = "\
Examples:
  carrack webhook resend --all
  carrack webhook resend --account shop 0198c0a8f2d07c3e8a6b5d4c3b2a1900-delivered")]
    Resend(Chosen),
    /// Takes dead letters away for good
    #[command(after_help = "\
Examples:
  carrack webhook drop 0198c0a8f2d07c3e8a6b5d4c3b2a1900-delivered
  carrack webhook drop --account shop --all")]
    Drop(Chosen),
}

/// `carrack webhook dead`
#[derive(Args)]
pub(crate) struct Dead {
    /// Another account than the one whose key is used; for operators
    #[arg(long)]
    account: Option<String>,
    /// At most so many, up to 1000
    #[arg(long, default_value_t = 100)]
    limit: u32,
    /// Those after this place in the list
    #[arg(long, default_value_t = 0)]
    after: u64,
    #[command(flatten)]
    shown: Shown,
}

/// `carrack webhook resend` and `drop`
#[derive(Args)]
pub(crate) struct Chosen {
    /// Ids of events
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    ids: Vec<String>,
    /// All that are listed
    #[arg(long)]
    all: bool,
    /// Another account than the one whose key is used; for operators
    #[arg(long)]
    account: Option<String>,
    #[command(flatten)]
    shown: Shown,
}

impl Chosen {
    fn wanted(&self) -> Value {
        match self.all {
            true => json!({ "all": true }),
            false => json!({ "ids": self.ids }),
        }
    }

    /// Says how many of those that were named are no dead letters, and fails by it.
    fn found(&self, done: u64) -> Result<(), Fault> {
        let named: std::collections::HashSet<&String> = self.ids.iter().collect();
        let missing = (named.len() as u64).saturating_sub(done);
        if missing == 0 {
            return Ok(());
        }
        eprintln!(
            "{} of {} named are no dead letters; `carrack webhook dead` lists them",
            count(missing),
            count(named.len() as u64)
        );
        Err(Fault::Said)
    }
}

/// Runs the command.
pub(crate) fn run(command: &Command) -> Result<(), Fault> {
    match command {
        Command::List(arguments) => {
            let document = arguments.node.operator()?.get(ALL, &[])?;
            match arguments.json {
                true => output::json(&document),
                false => output::line(webhooks(&document)),
            }
        }
        Command::Dead(arguments) => list_dead(arguments),
        Command::Resend(chosen) => resend(chosen),
        Command::Drop(chosen) => {
            let (client, path) = dead(&chosen.shown, chosen.account.as_deref())?;
            let done = client.post(&format!("{path}/drop"), &chosen.wanted())?;
            match chosen.shown.json {
                true => output::json(&done)?,
                false => output::line(format_args!("dropped: {}", shown(&done, "dropped")))?,
            }
            chosen.found(number(&done, "dropped"))
        }
    }
}

/// Where dead letters are: another's are an operator's to see.
fn dead(shown: &Shown, account: Option<&str>) -> Result<(Client, String), Fault> {
    Ok(match account {
        Some(name) => (
            shown.node.operator()?,
            format!("/v1/accounts/{name}/webhooks/dead"),
        ),
        None => (shown.node.client()?, "/v1/webhooks/dead".to_owned()),
    })
}

const COLUMNS: [(&str, &str); 7] = [
    ("account", "account"),
    ("url", "url"),
    ("state", "state"),
    ("requests", "requests"),
    ("held", "held"),
    ("dead", "dead"),
    ("last taken", "taken_at"),
];

fn webhooks(document: &Value) -> String {
    let found = document.get("webhooks").and_then(Value::as_array);
    let found = found.map_or(&[][..], Vec::as_slice);
    if found.is_empty() {
        return "there is no webhook; docs/webhooks.md says how to give an account one".to_owned();
    }
    let mut rows = table(&COLUMNS.map(|(header, _)| header), 3);
    for webhook in found {
        rows.add_row(COLUMNS.map(|(_, key)| shown(webhook, key)));
    }
    let mut text = rows.to_string();
    for webhook in found {
        if let Some(why) = webhook.get("why").and_then(Value::as_str) {
            text.push_str(&format!("\n{}: {why}", shown(webhook, "account")));
        }
    }
    text
}

fn list_dead(arguments: &Dead) -> Result<(), Fault> {
    let (limit, after) = (arguments.limit.to_string(), arguments.after.to_string());
    let (client, path) = dead(&arguments.shown, arguments.account.as_deref())?;
    let query = [("limit", limit.as_str()), ("after", after.as_str())];
    let document = client.get(&path, &query)?;
    match arguments.shown.json {
        true => output::json(&document),
        false => output::line(letters(&document)),
    }
}

fn letters(document: &Value) -> String {
    let found = document.get("letters").and_then(Value::as_array);
    let found = found.map_or(&[][..], Vec::as_slice);
    if found.is_empty() {
        return "there are no dead letters".to_owned();
    }
    let mut rows = wrapped(&["event", "why", "happened", "given up", "to"], 5);
    for letter in found {
        let url = letter.get("url").and_then(Value::as_str);
        rows.add_row([
            shown(letter, "id"),
            shown(letter, "why"),
            shown(letter, "at"),
            shown(letter, "given_up_at"),
            url.unwrap_or("the webhook").to_owned(),
        ]);
    }
    let total = shown(document, "total");
    match document.get("next").and_then(Value::as_u64) {
        Some(next) => format!("{rows}\nof {total}; more with --after {next}"),
        None => format!("{rows}\nof {total}"),
    }
}

/// All are more than one call takes.
fn resend(chosen: &Chosen) -> Result<(), Fault> {
    let (client, path) = dead(&chosen.shown, chosen.account.as_deref())?;
    let path = format!("{path}/resend");
    let wanted = chosen.wanted();
    let mut sum = 0;
    let left = if chosen.all {
        resend_all(&client, &path, &wanted, &mut sum)?
    } else {
        let done = client.post(&path, &wanted)?;
        sum = number(&done, "resent");
        number(&done, "left")
    };
    if chosen.shown.json {
        output::json(&json!({ "resent": sum, "left": left }))?;
    } else {
        output::line(format_args!(
            "on their way again: {}; dead still: {}",
            count(sum),
            count(left)
        ))?;
    }
    chosen.found(sum)
}

fn resend_all(client: &Client, path: &str, wanted: &Value, sum: &mut u64) -> Result<u64, Fault> {
    let mut progress: Option<ProgressBar> = None;
    let mut idle = 0;
    loop {
        let done = client.post(path, wanted)?;
        let (resent, left) = (number(&done, "resent"), number(&done, "left"));
        *sum += resent;
        if left == 0 || idle >= IDLE_MAX {
            if let Some(bar) = progress {
                bar.finish_and_clear();
            }
            return Ok(left);
        }
        idle = if resent == 0 { idle + 1 } else { 0 };
        let bar = progress.get_or_insert_with(|| ProgressBar::new(*sum + left));
        bar.set_position(*sum);
        sleep(PAUSE);
    }
}

fn number(document: &Value, key: &str) -> u64 {
    document.get(key).and_then(Value::as_u64).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn list_says_which_fails_and_why() {
        let webhooks_seen = json!({ "webhooks": [
            { "account": "shop", "url": "https://u/", "callbacks": false, "state": "failing", "why": "it answers 500", "requests": 1, "held": 17, "resending": 0, "dead": 12_345 },
        ] });
        let text = webhooks(&webhooks_seen);
        for cell in [
            "shop",
            "https://u/",
            "failing",
            "12 345",
            "shop: it answers 500",
        ] {
            assert!(text.contains(cell), "{cell}: {text}");
        }
        assert!(webhooks(&json!({ "webhooks": [] })).contains("no webhook"));
    }

    #[test]
    fn letters_say_where_the_next_ones_are() {
        let listed = json!({ "total": 7, "next": 3, "letters": [
            { "id": "01-delivered", "serial": 3, "why": "expired", "at": "a", "given_up_at": "b", "url": null, "body": {} },
        ] });
        let text = letters(&listed);
        for cell in ["01-delivered", "expired", "the webhook", "--after 3"] {
            assert!(text.contains(cell), "{cell}: {text}");
        }
    }
}
