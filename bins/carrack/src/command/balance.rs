//! `carrack balance`: what accounts have and may spend, and money given to them.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::fault::Fault;
use crate::output;
use crate::place::Shown;
use crate::table::{shown, table};

/// Where balances are.
const BALANCES: &str = "/v1/balances";

/// Shows what accounts have and may spend; gives them money
#[derive(Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
Examples:
  carrack balance
  carrack balance --json --config carrack.toml
  carrack balance add shop 250.00 --reference \"invoice 2026-117\"
  carrack balance add shop -12.50 --reference \"correction of invoice 2026-117\""
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    shown: Shown,
}
/// `carrack balance ...`
#[derive(Subcommand)]
enum Command {
    /// Gives an account money, or takes it back; durable when the command ends
    #[command(after_help = "\
Examples:
  carrack balance add shop 250.00 --reference \"invoice 2026-117\"

The same reference is booked once, so that a command that broke off can be given again. Exit codes: 0 booked, now or
before, 1 not.")]
    Add(Add),
}

/// `carrack balance add`
#[derive(Args)]
struct Add {
    /// The account
    account: String,
    /// In the currency of its deck; negative takes back
    #[arg(allow_negative_numbers = true)]
    amount: String,
    /// What it is for, such as the number of an invoice
    #[arg(long)]
    reference: String,
    #[command(flatten)]
    shown: Shown,
}

/// Runs the command.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Fault> {
    match &arguments.command {
        None => list(&arguments.shown),
        Some(Command::Add(add)) => give(add),
    }
}

fn list(arguments: &Shown) -> Result<(), Fault> {
    let document = arguments.node.operator()?.get(BALANCES, &[])?;
    if arguments.json {
        return output::json(&document);
    }
    let balances = document.get("balances").and_then(Value::as_array);
    output::line(text(balances.map_or(&[], Vec::as_slice)))
}

fn give(add: &Add) -> Result<(), Fault> {
    let wanted = json!({ "amount": add.amount, "reference": add.reference });
    let path = format!("{BALANCES}/{}", add.account);
    let given = add.shown.node.operator()?.post(&path, &wanted)?;
    if add.shown.json {
        return output::json(&given);
    }
    let booked = given.get("booked").and_then(Value::as_bool) == Some(true);
    let verdict = match booked {
        true => "booked",
        false => "not booked again: this reference was booked before",
    };
    output::line(format_args!("{verdict}\n{}", text(&[given])))
}

fn text(balances: &[Value]) -> String {
    let header = [
        "account",
        "currency",
        "charged on",
        "given",
        "charged",
        "reserved",
        "may spend",
    ];
    let mut rows = table(&header, 3);
    for balance in balances {
        let mut available = shown(balance, "available");
        if available.is_empty() {
            available = "no limit".to_owned();
        }
        if balance.get("low").and_then(Value::as_bool) == Some(true) {
            available.push_str(" (low)");
        }
        rows.add_row([
            shown(balance, "account"),
            shown(balance, "currency"),
            shown(balance, "charge_on"),
            shown(balance, "credited"),
            shown(balance, "charged"),
            shown(balance, "reserved"),
            available,
        ]);
    }
    rows.to_string()
}
