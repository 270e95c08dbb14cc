//! `carrack route explain`: every route and carrier that was looked at for a message, and why each was taken or not.

use std::fmt::Write as _;

use anyhow::{Context, anyhow};
use carrack_message::{Class, Msisdn, Segmentation, Sender, number};
use carrack_routing::{CarrierHealth, Query};
use carrack_runtime::{Clock, SystemClock};
use carrack_settings::{Account, Settings};
use clap::{Args, Subcommand};
use serde_json::Value;

use crate::command::{rehearse, shadow};
use crate::configuration::Configuration;
use crate::fault::Fault;
use crate::output;
use crate::place::NodeArgs;
use crate::table::{money, shown, table};

/// `carrack route`
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Shows every candidate for a message, its price, and why it was or was not taken
    #[command(after_help = "\
With --url a running node answers, which knows how its carriers do. Without it the configuration answers alone.

Examples:
  carrack route explain --to +447700900123 --from DEMO
  carrack route explain --to 4917139200456 --class otp --account demo --config carrack.toml
  carrack route explain --to +447700900123 --text 'Hello' --url http://127.0.0.1:8080 --key KEY

Exit codes: 0 a carrier takes it, 1 none does, 2 wrong usage or configuration.")]
    Explain(Explain),
    Rehearse(rehearse::Arguments),
    Shadow(shadow::Arguments),
}

/// Arguments of `explain`.
#[derive(Args)]
pub(crate) struct Explain {
    /// Recipient
    #[arg(long, value_name = "NUMBER")]
    to: String,
    /// Sender; default: that of the account
    #[arg(long, value_name = "SENDER")]
    from: Option<String>,
    /// Account that sends; default: the first of the configuration, or that of the key
    #[arg(long)]
    account: Option<String>,
    /// Text: shows what all its segments cost
    #[arg(long)]
    text: Option<String>,
    /// What the customer calls this kind of message
    #[arg(long)]
    tag: Option<String>,
    /// otp, alert, transactional or bulk
    #[arg(long)]
    class: Option<Class>,
    /// Prints JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    node: NodeArgs,
}

/// Runs the command.
pub(crate) fn run(command: &Command) -> Result<(), Fault> {
    match command {
        Command::Explain(arguments) => explain(arguments),
        Command::Rehearse(arguments) => rehearse::run(arguments),
        Command::Shadow(arguments) => shadow::run(arguments),
    }
}

fn explain(arguments: &Explain) -> Result<(), Fault> {
    let explanation = if arguments.node.url.is_some() {
        live(arguments)?
    } else {
        offline(arguments)?
    };
    if arguments.json {
        output::json(&explanation)?;
    } else {
        output::line(text(&explanation, segments(arguments)?))?;
    }
    match explanation.get("taken") {
        Some(Value::String(_)) => Ok(()),
        _ => Err(Fault::Failed(anyhow!("{}", shown(&explanation, "summary")))),
    }
}

fn live(arguments: &Explain) -> Result<Value, Fault> {
    let class = arguments.class.map(Class::name);
    let query: Vec<(&str, &str)> = [
        ("to", Some(arguments.to.as_str())),
        ("from", arguments.from.as_deref()),
        ("text", arguments.text.as_deref()),
        ("account", arguments.account.as_deref()),
        ("class", class),
        ("tag", arguments.tag.as_deref()),
    ]
    .into_iter()
    .filter_map(|(field, value)| Some((field, value?)))
    .collect();
    arguments.node.operator()?.get("/v1/routes/explain", &query)
}

fn offline(arguments: &Explain) -> Result<Value, Fault> {
    let configuration = Configuration::load(&arguments.node.config.path()?)?;
    let settings = &configuration.settings;
    let account = account(arguments, settings)?;
    let place = account.and_then(|own| settings.accounts.iter().position(|a| a.name == own.name));
    let sell = place.and_then(|place| configuration.sell_decks.get(place)?.as_ref());
    let region = account
        .and_then(|account| account.region.as_deref())
        .or(settings.delivery.region.as_deref());
    let to: Msisdn = number::tidy(&arguments.to, region)
        .map_err(|fault| Fault::Usage(format!("--to {}: {fault}", arguments.to)))?;
    let from = arguments
        .from
        .as_deref()
        .or_else(|| account.and_then(|account| account.sender.as_deref()));
    let from = from
        .map(|from| {
            Sender::parse(from).map_err(|fault| Fault::Usage(format!("--from {from}: {fault}")))
        })
        .transpose()?;
    let class = arguments
        .class
        .or_else(|| account.and_then(|account| account.class))
        .unwrap_or(Class::Transactional);
    let name = account.map_or("", |account| account.name.as_str());
    let query = Query {
        group: account
            .and_then(|account| account.group.as_deref())
            .unwrap_or_default(),
        tag: arguments.tag.as_deref().unwrap_or_default(),
        text: arguments.text.as_deref(),
        segments: segments(arguments)?.unwrap_or(1),
        at_utc_ns: SystemClock::default().now().utc_ns,
        sell: sell.and_then(|deck| deck.price(to)).map(|hit| hit.price),
        sell_currency: sell.and_then(|deck| deck.currency()),
        ..Query::of(name, to, from.as_ref().map_or("", Sender::as_str), class)
    };
    let explanation = configuration
        .table
        .explain(&query, &|_| CarrierHealth::Unknown);
    Ok(serde_json::to_value(explanation).context("the explanation cannot be shown")?)
}

fn account<'a>(arguments: &Explain, settings: &'a Settings) -> Result<Option<&'a Account>, Fault> {
    let Some(name) = &arguments.account else {
        return Ok(settings.accounts.first());
    };
    let found = settings
        .accounts
        .iter()
        .find(|account| account.name == *name);
    found.map(Some).ok_or_else(|| {
        let known: Vec<&str> = settings
            .accounts
            .iter()
            .map(|account| account.name.as_str())
            .collect();
        Fault::Usage(format!(
            "--account {name}: there is none of that name; known: {}",
            known.join(", ")
        ))
    })
}

/// Segments of the text, where one was given.
fn segments(arguments: &Explain) -> Result<Option<u8>, Fault> {
    let Some(text) = arguments.text.as_deref() else {
        return Ok(None);
    };
    let found = Segmentation::of(text, u8::MAX);
    found
        .map(|found| Some(found.segments))
        .map_err(|fault| Fault::Usage(format!("--text: {fault}")))
}

fn text(explanation: &Value, segments: Option<u8>) -> String {
    let mut routes = table(&["route", "matched", "why"], 3);
    for route in list(explanation, "routes") {
        let matched = if route.get("matched").and_then(Value::as_bool) == Some(true) {
            "yes"
        } else {
            "no"
        };
        routes.add_row([
            shown(route, "name"),
            matched.to_owned(),
            shown(route, "reason"),
        ]);
    }
    let header = [
        "carrier",
        "price a segment",
        "currency",
        "prefix",
        "destination",
        "state",
        "verdict",
        "why",
    ];
    let mut carriers = table(&header, header.len());
    for candidate in list(explanation, "candidates") {
        let price = candidate.get("price_micros").and_then(Value::as_i64);
        let price = price.map_or_else(
            || "none".to_owned(),
            |price| {
                let all = candidate.get("cost_micros").and_then(Value::as_i64);
                match (all, segments) {
                    (Some(all), Some(count)) if count > 1 || all != price => {
                        let noun = if count == 1 { "segment" } else { "segments" };
                        format!("{} ({count} {noun} {})", money(price), money(all))
                    }
                    _ => money(price),
                }
            },
        );
        carriers.add_row([
            shown(candidate, "name"),
            price,
            shown(candidate, "currency"),
            shown(candidate, "prefix"),
            shown(candidate, "destination"),
            shown(candidate, "health"),
            shown(candidate, "verdict"),
            shown(candidate, "reason"),
        ]);
    }
    let mut said = format!(
        "{routes}\n{carriers}\n{}: {}",
        shown(explanation, "to"),
        shown(explanation, "summary")
    );
    for entry in list(explanation, "suppressed_by").filter_map(Value::as_str) {
        let _ = write!(said, "\nit stands on the suppression list {entry}");
    }
    if explanation.get("held_until").is_some() {
        let (until, rule) = (
            shown(explanation, "held_until"),
            shown(explanation, "held_by"),
        );
        let _ = write!(said, "\nthe quiet hours {rule} hold it until {until}");
    }
    said
}

fn list<'a>(document: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    document
        .get(key)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}
