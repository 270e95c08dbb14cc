//! `carrack modem`: pools of modems and their SIMs, as the node has them, and what can be asked of a modem.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::fault::Fault;
use crate::output;
use crate::place::NodeArgs;
use crate::table::{shown, table, wrapped};

/// `carrack modem`
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Shows each modem, and what each SIM has used of its caps
    #[command(after_help = "\
Examples:
  carrack modem list
  carrack modem list --json | jq '.modems[] | select(.alert != \"\")'

Exit codes: 0 all is well, 1 a modem or a SIM has an alert, 2 wrong usage.")]
    List(List),
    /// Looks at a modem: line, identity, SIM, network, signal, storage; says what to do
    #[command(after_help = "\
Examples:
  carrack modem test rack-1

Exit codes: 0 all is well, 1 something is not, or nobody serves the modem, 2 wrong usage.")]
    Test(Named),
    /// Dials a USSD code and prints what the network says
    #[command(after_help = "\
Examples:
  carrack modem ussd rack-1 '*100#'

Exit codes: 0 there is an answer, 1 there is none, 2 wrong usage.")]
    Ussd(Ussd),
    /// Lets a modem begin anew; a PIN that was refused may be tried again then
    #[command(after_help = "\
Examples:
  carrack modem reset rack-1

Exit codes: 0 it begins anew, 1 it does not, 2 wrong usage.")]
    Reset(Named),
    /// Holds nothing against a SIM any more that looked blocked: it sends again at once
    #[command(after_help = "\
Examples:
  carrack modem acquit 567892

Exit codes: 0 done, 1 no SIM is meant, or several are, 2 wrong usage.")]
    Acquit(Acquit),
}

/// Arguments of `list`.
#[derive(Args)]
pub(crate) struct List {
    /// Prints JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    node: NodeArgs,
}

/// Arguments of what is asked of one modem.
#[derive(Args)]
pub(crate) struct Named {
    /// Its name in the configuration
    modem: String,
    /// Prints JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    node: NodeArgs,
}

/// Arguments of `ussd`.
#[derive(Args)]
pub(crate) struct Ussd {
    /// Its name in the configuration
    modem: String,
    /// What is dialled
    code: String,
    /// Prints JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    node: NodeArgs,
}

/// Digits that name a SIM well enough.
const SIM_DIGITS_MIN: usize = 4;

/// Arguments of `acquit`.
#[derive(Args)]
pub(crate) struct Acquit {
    /// The end of its ICCID or IMSI, four digits or more, as `list` shows it
    sim: String,
    /// Prints JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    node: NodeArgs,
}

/// Runs the command.
pub(crate) fn run(command: &Command) -> Result<(), Fault> {
    match command {
        Command::List(arguments) => list(arguments),
        Command::Test(arguments) => test(arguments),
        Command::Ussd(arguments) => {
            let path = format!("/v1/modems/{}/ussd", arguments.modem);
            let client = arguments.node.operator()?;
            let document = client.post(&path, &json!({ "code": arguments.code }))?;
            match arguments.json {
                true => output::json(&document),
                false => output::line(shown(&document, "answer")),
            }
        }
        Command::Acquit(arguments) => {
            let digits: String = (arguments.sim.chars())
                .filter(char::is_ascii_digit)
                .collect();
            if digits.len() < SIM_DIGITS_MIN {
                let cure = "write the end of its ICCID or IMSI, four digits or more, as `carrack modem list` shows it";
                return Err(Fault::Usage(format!(
                    "{:?} names no SIM: {cure}",
                    arguments.sim
                )));
            }
            let path = format!("/v1/sims/{digits}/acquit");
            let document = arguments.node.operator()?.post_nothing(&path)?;
            match arguments.json {
                true => output::json(&document),
                false => output::line(format_args!(
                    "nothing is held against SIM {digits}; it {}",
                    shown(&document, "state")
                )),
            }
        }
        Command::Reset(arguments) => {
            let path = format!("/v1/modems/{}/reset", arguments.modem);
            let document = arguments.node.operator()?.post_nothing(&path)?;
            match arguments.json {
                true => output::json(&document),
                false => output::line(format_args!("{} begins anew", arguments.modem)),
            }
        }
    }
}

fn list(arguments: &List) -> Result<(), Fault> {
    let document = arguments.node.operator()?.get("/v1/modems", &[])?;
    let all = |key: &str| document.get(key).and_then(Value::as_array).cloned();
    let (modems, sims) = (
        all("modems").unwrap_or_default(),
        all("sims").unwrap_or_default(),
    );
    if arguments.json {
        output::json(&document)?;
    } else if modems.is_empty() && sims.is_empty() {
        output::line("no carrier is a pool of modems")?;
    } else {
        output::line(modem_rows(&modems))?;
        output::line(sim_rows(&sims))?;
        let ports = all("ports").unwrap_or_default();
        if !ports.is_empty() {
            output::line(port_rows(&ports))?;
        }
    }
    let has_alert = |view: &Value| !shown(view, "alert").is_empty();
    match modems.iter().chain(&sims).any(has_alert) {
        true => Err(Fault::Said),
        false => Ok(()),
    }
}

fn modem_rows(modems: &[Value]) -> String {
    let header = [
        "modem", "pool", "state", "why", "make", "SIM", "network", "dBm", "storage", "taken",
        "refused",
    ];
    let mut rows = wrapped(&header, 7);
    for modem in modems {
        let counts = modem.get("counts").cloned().unwrap_or_default();
        let alert = shown(modem, "alert");
        rows.add_row([
            shown(modem, "modem"),
            shown(modem, "pool"),
            shown(modem, "state"),
            match alert.is_empty() {
                true => shown(modem, "reason"),
                false => format!("ALERT: {alert}"),
            },
            shown(modem, "dialect"),
            shown(modem, "iccid"),
            shown(modem, "network"),
            shown(modem, "signal_dbm"),
            format!(
                "{}/{}",
                shown(modem, "storage_used"),
                shown(modem, "storage_total")
            ),
            shown(&counts, "accepted"),
            shown(&counts, "refused"),
        ]);
    }
    rows.to_string()
}

fn port_rows(ports: &[Value]) -> String {
    let mut rows = wrapped(&["serial port", "what was found there"], 2);
    for port in ports {
        rows.add_row([shown(port, "port"), shown(port, "verdict")]);
    }
    rows.to_string()
}

fn sim_rows(sims: &[Value]) -> String {
    let header = [
        "SIM",
        "modem",
        "state",
        "why",
        "until",
        "minute",
        "hour",
        "day",
        "month",
        "recipients",
    ];
    let mut rows = table(&header, 5);
    for sim in sims {
        let used = |span: &str| {
            let found = sim.get(span).cloned().unwrap_or_default();
            match shown(&found, "cap") {
                cap if cap.is_empty() => shown(&found, "used"),
                cap => format!("{}/{cap}", shown(&found, "used")),
            }
        };
        let card = match shown(sim, "iccid") {
            iccid if iccid.is_empty() => shown(sim, "imsi"),
            iccid => iccid,
        };
        let alert = shown(sim, "alert");
        let why = match alert.is_empty() {
            true => shown(sim, "reason"),
            false => format!("ALERT: {alert}"),
        };
        let [minute, hour, day, month, recipients] =
            ["minute", "hour", "day", "month", "recipients"].map(used);
        rows.add_row([
            card,
            shown(sim, "modem"),
            shown(sim, "state"),
            why,
            shown(sim, "until"),
            minute,
            hour,
            day,
            month,
            recipients,
        ]);
    }
    rows.to_string()
}

fn test(arguments: &Named) -> Result<(), Fault> {
    let path = format!("/v1/modems/{}/test", arguments.modem);
    let document = arguments.node.operator()?.post_nothing(&path)?;
    if arguments.json {
        output::json(&document)?;
    } else {
        let findings = document.get("findings").and_then(Value::as_array);
        let mut rows = wrapped(&["", "what", "found", "cure"], 4);
        for finding in findings.into_iter().flatten() {
            let is_well = finding.get("ok").and_then(Value::as_bool) == Some(true);
            let mark = if is_well { "ok" } else { "FAULT" };
            rows.add_row([
                mark.to_owned(),
                shown(finding, "what"),
                shown(finding, "found"),
                shown(finding, "cure"),
            ]);
        }
        output::line(rows)?;
    }
    match document.get("ok").and_then(Value::as_bool) {
        Some(true) => Ok(()),
        _ => Err(Fault::Said),
    }
}
