//! `carrack carrier probe`: questions to an SMSC, a report, and a draft of its profile.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use carrack_carrier::probe::{Account, Finding, Plan, PlanFault, Question, Report, Weight};
use carrack_loadtest::duration;
use carrack_message::{Msisdn, Sender};
use carrack_runtime::{TlsFiles, TlsSource};
use carrack_settings::{Address, TlsUse};
use clap::Args;
use serde_json::{Value, json};

use super::shown::Shown;
use super::wires::{self, Place, RunFault};
use crate::fault::Fault;
use crate::output;
use crate::signals;
use crate::table::{count, table};

/// Asks an SMSC how it behaves and drafts its profile: a bounded number of messages, one a second
#[derive(Args)]
#[command(after_help = "\
Examples:
  carrack carrier probe --address smsc.example.com:2775 --system-id acme --to +447700900123 --dry-run
  CARRACK_PASSWORD=secret carrack carrier probe --address smsc.example.com:2775 --system-id acme \\
      --to +447700900123 --to +447700900456 --from 12345 --out north
  carrack carrier probe --address 127.0.0.1:2775 --system-id acme --password p --to +447700900123 \\
      --questions binds,receipts,keep-alive
  carrack carrier probe --address smsc.example.com:3550 --tls --system-id acme --to +447700900123 --measure-rate 100
  carrack carrier probe --address smsc.example.com:3550 --tls --tls-cert acme.pem --tls-key acme.key --system-id acme \\
      --to +447700900123

A refusal that says nothing about the message is asked about again, up to three times, within --messages-max.
Each message goes to a handset and costs what it costs: name handsets of your own, and tell the carrier before
--measure-window or --measure-rate. Nothing is sent with --dry-run. The report names what looks like a quirk of
`smscsim`, so that it can be played at home; look at the draft before you use it, then `carrack carrier check` it.

Exit codes: 0 all was asked, 1 not all could be asked (the report says why), 2 wrong usage.")]
pub(crate) struct Arguments {
    /// The SMSC
    #[arg(long, value_name = "HOST:PORT")]
    address: String,
    /// Our system_id there
    #[arg(long, value_name = "U")]
    system_id: String,
    /// Its password; better by the environment, where nobody sees it
    #[arg(
        long,
        value_name = "P",
        env = "CARRACK_PASSWORD",
        hide_env_values = true,
        default_value = ""
    )]
    password: String,
    /// The system_type that the carrier named, if it did
    #[arg(long, value_name = "TEXT", default_value = "")]
    system_type: String,
    /// A handset of your own, with its country code; may be given many times
    #[arg(long, value_name = "NUMBER", required = true)]
    to: Vec<String>,
    /// Source address: a name, a short code or a number that the carrier lets you use
    #[arg(long, value_name = "SENDER", default_value = "CARRACK")]
    from: String,
    /// data_coding of plain texts, where the carrier wants another than 0
    #[arg(long, value_name = "N", default_value_t = 0)]
    data_coding: u8,
    /// Messages a second at most
    #[arg(long, value_name = "N", default_value_t = 1.0, value_parser = rate)]
    rate: f64,
    /// Messages in all at most
    #[arg(long, value_name = "N", default_value_t = 60)]
    messages_max: u32,
    /// What is asked [default: all]
    #[arg(long, value_name = "NAME,...", value_delimiter = ',', value_parser = question)]
    questions: Vec<Question>,
    /// Sends so many messages at once to see how many may be unanswered
    #[arg(long, value_name = "N")]
    measure_window: Option<u32>,
    /// Sends so many a second for three seconds to see how many are taken
    #[arg(long, value_name = "N")]
    measure_rate: Option<u32>,
    /// How long a response may take
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = duration::parse)]
    response_wait: Duration,
    /// How long a receipt may take
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = duration::parse)]
    receipt_wait: Duration,
    /// How long binds are tried
    #[arg(long, value_name = "TIME", default_value = "3m", value_parser = duration::parse)]
    bind_wait: Duration,
    /// Uses TLS
    #[arg(long)]
    tls: bool,
    /// PEM of the authorities that sign the SMSC's certificate [default: the system's]
    #[arg(long, value_name = "FILE", requires = "tls")]
    tls_ca: Option<PathBuf>,
    /// Name in the SMSC's certificate [default: the host]
    #[arg(long, value_name = "NAME", requires = "tls")]
    tls_server_name: Option<String>,
    /// PEM of our certificate, where the SMSC wants one
    #[arg(long, value_name = "FILE", requires = "tls", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// PEM of its private key
    #[arg(long, value_name = "FILE", requires = "tls", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Writes report.md, report.json and profile.toml into this folder
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Shows the questions and how many messages they send; sends nothing
    #[arg(long)]
    dry_run: bool,
    /// Prints the report as JSON
    #[arg(long)]
    json: bool,
}

fn rate(text: &str) -> Result<f64, String> {
    let rate: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if (0.01..=100.0).contains(&rate) {
        Ok(rate)
    } else {
        Err("0.01 to 100 a second; a probe is no load test".to_owned())
    }
}

fn question(text: &str) -> Result<Question, String> {
    Question::from_name(text).ok_or_else(|| {
        let names: Vec<&str> = Question::ALL
            .iter()
            .map(|question| question.name())
            .collect();
        format!("known are {}", names.join(", "))
    })
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments) -> Result<(), Fault> {
    let plan = plan(arguments)?;
    plan.check().map_err(usage)?;
    let place = place(arguments)?;
    if arguments.dry_run {
        return dry_run(&plan, arguments.json);
    }
    if let Some(folder) = &arguments.out {
        // Before the first message costs money.
        std::fs::create_dir_all(folder)
            .with_context(|| format!("{} cannot be made", folder.display()))?;
    }
    let messages = plan.messages_most();
    eprintln!(
        "sends up to {messages} messages to {} as {}; Ctrl-C ends it with what was found until then",
        arguments.to.join(", "),
        arguments.from
    );
    let stop = signals::listen()?;
    let mut shown = Shown::start(messages);
    let probe = wires::run(plan, &place, &stop, &mut |probe| shown.look(probe));
    shown.finish();
    let probe = probe.map_err(|fault| match fault {
        RunFault::Plan(fault) => usage(fault),
        RunFault::System(error) => error.into(),
    })?;
    let report = with_tls(probe.report(), arguments);
    let title = format!("{} as {}", arguments.address, arguments.system_id);
    if let Some(folder) = &arguments.out {
        write(folder, &title, &report)?;
    }
    show(arguments, &title, &report)
}

fn usage(fault: PlanFault) -> Fault {
    Fault::Usage(fault.to_string())
}

/// Octets of `system_id` and `system_type` (SMPP 3.4, 5.2.1 and 5.2.3), without the NUL.
const SYSTEM_ID_OCTETS_MAX: usize = 15;
const SYSTEM_TYPE_OCTETS_MAX: usize = 12;

/// A text of the bind fits its field.
fn fits(option: &str, text: &str, octets_max: usize) -> Result<(), Fault> {
    if text.len() > octets_max || text.contains('\0') {
        return Err(Fault::Usage(format!(
            "{option} has {} octets; SMPP 3.4 has room for {octets_max}",
            text.len()
        )));
    }
    Ok(())
}

fn plan(arguments: &Arguments) -> Result<Plan, Fault> {
    fits("--system-id", &arguments.system_id, SYSTEM_ID_OCTETS_MAX)?;
    fits(
        "--system-type",
        &arguments.system_type,
        SYSTEM_TYPE_OCTETS_MAX,
    )?;
    let to = arguments.to.iter().map(|number| {
        number
            .parse::<Msisdn>()
            .map_err(|fault| Fault::Usage(format!("--to {number}: {fault}")))
    });
    let to: Vec<Msisdn> = to.collect::<Result<_, _>>()?;
    let from = Sender::parse(&arguments.from)
        .map_err(|fault| Fault::Usage(format!("--from {}: {fault}", arguments.from)))?;
    let account = Account {
        system_id: arguments.system_id.clone().into_bytes(),
        password: arguments.password.clone().into_bytes(),
        system_type: arguments.system_type.clone().into_bytes(),
        interface_version: 0x34,
    };
    let nanoseconds = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
    let seed = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(1, |since| since.as_secs());
    let mut plan = Plan {
        interval_ns: nanoseconds(Duration::from_secs_f64(1.0 / arguments.rate)),
        messages_max: arguments.messages_max,
        response_wait_ns: nanoseconds(arguments.response_wait),
        receipt_wait_ns: nanoseconds(arguments.receipt_wait),
        bind_wait_ns: nanoseconds(arguments.bind_wait),
        data_coding: arguments.data_coding,
        window_max: arguments.measure_window,
        rate_max: arguments.measure_rate,
        // Texts of two probes of one day are not to be mixed up on the handset.
        seed,
        ..Plan::new(account, to, from)
    };
    if !arguments.questions.is_empty() {
        plan.questions = arguments.questions.iter().copied().collect();
        plan.questions
            .extend(arguments.measure_window.map(|_| Question::Window));
        plan.questions
            .extend(arguments.measure_rate.map(|_| Question::Rate));
    }
    Ok(plan)
}

fn place(arguments: &Arguments) -> Result<Place, Fault> {
    let address = arguments
        .address
        .parse::<Address>()
        .map_err(|fault| Fault::Usage(format!("--address {}: {fault}", arguments.address)))?;
    let tls = arguments.tls.then(|| {
        let files = TlsFiles::new(
            arguments.tls_ca.clone(),
            arguments.tls_server_name.clone(),
            arguments.tls_cert.clone().zip(arguments.tls_key.clone()),
        );
        Arc::new(files) as Arc<dyn TlsSource>
    });
    Ok(Place {
        address: address.to_string(),
        connect_timeout: arguments.response_wait,
        tls,
    })
}

fn dry_run(plan: &Plan, as_json: bool) -> Result<(), Fault> {
    let asked = Question::ALL
        .into_iter()
        .filter(|question| plan.asks(*question));
    if as_json {
        let asked: Vec<Value> = asked
            .map(|question| json!({"name": question.name(), "finds_out": question.line()}))
            .collect();
        return output::json(&json!({
            "questions": asked,
            "messages": plan.messages(),
            "messages_most": plan.messages_most(),
        }));
    }
    let mut rows = table(&["question", "finds out"], 2);
    for question in asked {
        rows.add_row([question.name(), question.line()]);
    }
    output::line(rows)?;
    output::line(format_args!(
        "{} messages; nothing was sent. Where refusals have to be asked about again: up to {}",
        plan.messages(),
        plan.messages_most()
    ))
}

/// What only the edge knows.
fn with_tls(mut report: Report, arguments: &Arguments) -> Report {
    if arguments.tls {
        report.profile.tls = TlsUse::Required;
    }
    report
}

fn document(title: &str, report: &Report) -> Result<Value, Fault> {
    let mut document = serde_json::to_value(report).map_err(anyhow::Error::from)?;
    if let Some(document) = document.as_object_mut() {
        document.insert("smsc".to_owned(), title.into());
        document.insert("profile".to_owned(), report.profile.to_toml().into());
    }
    Ok(document)
}

fn write(folder: &Path, title: &str, report: &Report) -> Result<(), Fault> {
    let put = |name: &str, text: String| {
        let path = folder.join(name);
        std::fs::write(&path, text).with_context(|| format!("{} cannot be written", path.display()))
    };
    let json =
        serde_json::to_string_pretty(&document(title, report)?).map_err(anyhow::Error::from)?;
    put("report.md", report.markdown(title))?;
    put("report.json", json)?;
    put("profile.toml", report.profile.to_toml())?;
    Ok(())
}

fn show(arguments: &Arguments, title: &str, report: &Report) -> Result<(), Fault> {
    if arguments.json {
        output::json(&document(title, report)?)?;
    } else {
        output::line(text(report))?;
        match &arguments.out {
            Some(folder) => eprintln!(
                "report.md, report.json and profile.toml are in {}",
                folder.display()
            ),
            None => output::line(format_args!(
                "draft of a profile:\n\n{}",
                report.profile.to_toml()
            ))?,
        }
    }
    match &report.stopped {
        None => Ok(()),
        Some(_) if arguments.json => Err(Fault::Said),
        Some(why) => Err(anyhow::anyhow!("{why}").into()),
    }
}

fn text(report: &Report) -> String {
    let mut rows = table(&["question", "", "found out", "quirk"], 4);
    for finding in &report.findings {
        let sign = match finding.weight {
            Weight::Plain => "",
            Weight::Odd => "odd",
            Weight::Trouble => "trouble",
        };
        rows.add_row([
            finding.question.to_owned(),
            sign.to_owned(),
            finding.what.clone(),
            quirk(finding),
        ]);
    }
    let totals = &report.totals;
    let unseen: String = report
        .unseen
        .iter()
        .map(|each| format!("\n  {each}"))
        .collect();
    let unseen = if unseen.is_empty() {
        unseen
    } else {
        format!("\nwhat it cannot see:{unseen}")
    };
    format!(
        "{rows}\n{} messages sent: {} taken, {} refused, {} unanswered; {} receipts, {} messages from handsets{unseen}",
        count(totals.sent as u64),
        count(totals.accepted as u64),
        count(totals.refused as u64),
        count(totals.unanswered as u64),
        count(totals.receipts as u64),
        count(totals.incoming as u64),
    )
}

fn quirk(finding: &Finding) -> String {
    match (finding.quirk, finding.trap) {
        (Some(quirk), Some(trap)) => format!("{quirk} ({trap})"),
        (Some(quirk), None) => quirk.to_owned(),
        (None, Some(trap)) => trap.to_owned(),
        (None, None) => String::new(),
    }
}
