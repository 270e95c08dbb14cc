//! A simulated SMSC: see `smscsim --help`.

use anyhow::Context;
use carrack_loadtest::chance::Percent;
use carrack_loadtest::smsc::{Quirks, RATE_MAX, Scenario, Settings, quirk};
use carrack_loadtest::wire::TlsFiles;
use carrack_loadtest::{duration, simulator};
use clap::Parser;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const EXAMPLES: &str = "\
Examples:
  smscsim --listen 127.0.0.1:2775
  smscsim --listen 127.0.0.1:0 --system-id acme --password secret --rate 500 --latency 5ms --latency-jitter 2ms \\
          --dlr-delay 200ms --undelivered 3 --quirk throttle=5 --quirk receipt-before-response=30 --seed 7 --report a.json
  smscsim --listen 127.0.0.1:3550 --tls-cert smsc.pem --tls-key smsc.key --scenario bad-day.toml

Signals:
  SIGTERM, SIGINT  write the report to --report and stdout and end at once, draining nothing
  SIGUSR1          link down: drop every connection and take no new one; again: link up

Report (JSON): submits = accepted + refused + throttled, accepted = distinct_texts + duplicates + untracked_texts. A text is what a
reader sees, whatever alphabet, header, SAR parameters or payload carried it. peak_per_second counts segments offered, before refusal.

Exit: 0 ended by a signal, 1 failed, 2 wrong usage.";

/// An SMSC to test against: window, rate limit, latency, receipts, seeded faults, and a report that can prove loss and doubling.
#[derive(Debug, Parser)]
#[command(name = "smscsim", version, after_help = EXAMPLES)]
struct Options {
    /// Address to listen on; port 0 takes a free one. The first line on stderr says `listening ADDRESS`.
    #[arg(long, value_name = "ADDR", required_unless_present = "list_quirks")]
    listen: Option<SocketAddr>,
    /// The only system_id that may bind [default: any].
    #[arg(long, value_name = "U")]
    system_id: Option<String>,
    /// Its password [default: any].
    #[arg(long, value_name = "P")]
    password: Option<String>,
    /// Name in the report and in bind responses, at most 15 characters.
    #[arg(long, default_value = "smscsim", value_parser = name)]
    name: String,
    /// Segments accepted in any second; above it ESME_RTHROTTLED [default: unlimited].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=i64::from(RATE_MAX)))]
    rate: Option<u32>,
    /// Submits of one bind that may wait for their answer; above it ESME_RTHROTTLED.
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..))]
    window: u32,
    /// Receipts sent on one bind that may wait for their answer.
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=65_536))]
    receipt_window: u32,
    /// Mean time from submit to answer, for example 5ms.
    #[arg(long, value_name = "D", default_value = "0", value_parser = duration::parse)]
    latency: Duration,
    /// Largest deviation from the mean, either way; at most the mean.
    #[arg(long, value_name = "D", default_value = "0", value_parser = duration::parse)]
    latency_jitter: Duration,
    /// Time from answer to receipt.
    #[arg(long, value_name = "D", default_value = "10ms", value_parser = duration::parse)]
    dlr_delay: Duration,
    /// A receipt that stays unanswered so long goes out again.
    #[arg(long, value_name = "D", default_value = "30s", value_parser = duration::parse)]
    receipt_timeout: Duration,
    /// Share of messages whose receipt says UNDELIV; all parts of one message share their fate.
    #[arg(long, value_name = "PERCENT", default_value = "0", value_parser = percent)]
    undelivered: Percent,
    /// Certificate (PEM): TLS instead of plain text.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// Its private key (PEM).
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Clients must show a certificate of this CA (PEM).
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_client_ca: Option<PathBuf>,
    /// What changes while it runs (TOML): quirks, limits and the link, by time.
    #[arg(long, value_name = "FILE")]
    scenario: Option<PathBuf>,
    /// Messages from handsets a second, to the binds that receive, in turn.
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=100_000))]
    mo: u32,
    /// What they say, with their number for {n} [default: as the mo-... quirks have it].
    #[arg(long, value_name = "TEXT")]
    mo_text: Option<String>,
    /// Their sender.
    #[arg(long, value_name = "DIGITS", default_value = "447700900999")]
    mo_from: String,
    /// Their recipient.
    #[arg(long, value_name = "ADDRESS", default_value = "12345")]
    mo_to: String,
    /// A number whose messages come back as messages from handsets, to this number, saying what was sent; may be given many
    /// times.
    #[arg(long = "loop", value_name = "DIGITS")]
    loops: Vec<String>,
    /// A fault to play; may be given many times. See --list-quirks.
    #[arg(long = "quirk", value_name = "NAME[=VALUE]")]
    quirks: Vec<String>,
    /// Print every quirk with the traps it plays and one line, and end.
    #[arg(long)]
    list_quirks: bool,
    /// Seed of every random decision; the same seed and input give the same faults.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Different texts remembered for distinct_texts, about 18 octets each.
    #[arg(long, value_name = "N", default_value_t = 50_000_000)]
    texts_max: u64,
    /// Answers and receipts that may wait; above it ESME_RMSGQFUL.
    #[arg(long, value_name = "N", default_value_t = 4_000_000)]
    pending_max: usize,
    /// Write the report here, whole, by rename.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Write it so often while running, too.
    #[arg(long, value_name = "D", value_parser = duration::parse, requires = "report")]
    report_every: Option<Duration>,
    /// Write the address here when listening.
    #[arg(long, value_name = "FILE")]
    ready_file: Option<PathBuf>,
    /// Results are JSON in any case; taken so that all programs have it.
    #[arg(long)]
    json: bool,
}

fn percent(text: &str) -> Result<Percent, String> {
    text.trim_end_matches('%')
        .parse()
        .ok()
        .and_then(Percent::new)
        .ok_or_else(|| "per cent, 0 to 100".to_owned())
}

fn name(text: &str) -> Result<String, String> {
    if text.len() > 15 || text.contains('\0') {
        Err("at most 15 characters".to_owned())
    } else {
        Ok(text.to_owned())
    }
}

fn main() -> ExitCode {
    let options = Options::parse();
    let mut quirks = Quirks::default();
    for spelling in &options.quirks {
        if let Err(fault) = quirks.switch_on(spelling) {
            let _ = writeln!(std::io::stderr(), "smscsim: {fault}");
            return ExitCode::from(2);
        }
    }
    let scenario = match options.scenario.as_deref().map(scenario).transpose() {
        Ok(scenario) => scenario,
        Err(fault) => {
            let _ = writeln!(std::io::stderr(), "smscsim: {fault:#}");
            return ExitCode::from(2);
        }
    };
    let outcome = if options.list_quirks {
        list_quirks(options.json)
    } else {
        simulate(options, quirks, scenario)
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            let _ = writeln!(std::io::stderr(), "smscsim: {fault:#}");
            ExitCode::FAILURE
        }
    }
}

fn scenario(path: &Path) -> anyhow::Result<Scenario> {
    let place = || path.display().to_string();
    let text = std::fs::read_to_string(path).with_context(place)?;
    Scenario::parse(&text).with_context(place)
}

fn list_quirks(json: bool) -> anyhow::Result<()> {
    let mut stdout = std::io::stdout().lock();
    for quirk in quirk::registry() {
        let (usage, default) = (quirk.usage(), quirk.default_shown());
        if json {
            let line = serde_json::json!({
                "name": quirk.name,
                "usage": usage,
                "default": default,
                "traps": quirk.traps,
                "does": quirk.line,
            });
            writeln!(stdout, "{line}")?;
            continue;
        }
        let default = if default.is_empty() {
            default
        } else {
            format!(" [default: {default}]")
        };
        let traps = quirk.traps.join(" ");
        writeln!(stdout, "{usage:<42} {traps:<8} {}{default}", quirk.line)?;
    }
    Ok(())
}

fn simulate(options: Options, quirks: Quirks, scenario: Option<Scenario>) -> anyhow::Result<()> {
    let tls = options.tls_cert.zip(options.tls_key);
    let seed = scenario.as_ref().and_then(Scenario::seed);
    let settings = Settings {
        name: options.name,
        system_id: options.system_id,
        password: options.password,
        rate: options.rate,
        window: options.window,
        receipt_window: options.receipt_window,
        latency_ns: duration::nanoseconds(options.latency),
        latency_jitter_ns: duration::nanoseconds(options.latency_jitter),
        dlr_delay_ns: duration::nanoseconds(options.dlr_delay),
        receipt_timeout_ns: duration::nanoseconds(options.receipt_timeout),
        undelivered: options.undelivered,
        quirks,
        scenario,
        seed: seed.unwrap_or(options.seed),
        mo_rate: options.mo,
        mo_text: options.mo_text,
        mo_from: options.mo_from,
        mo_to: options.mo_to,
        loops: options.loops,
        texts_max: options.texts_max,
        pending_max: options.pending_max,
        ..Settings::default()
    };
    let listen = options.listen.context("--listen is missing")?;
    let run = simulator::Options {
        listen,
        settings,
        tls: tls.map(|(certificate, key)| TlsFiles {
            certificate,
            key,
            client_ca: options.tls_client_ca,
        }),
        report: options.report,
        report_every: options.report_every.filter(|every| !every.is_zero()),
        ready_file: options.ready_file,
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let report = tokio::task::LocalSet::new()
        .block_on(
            &runtime,
            simulator::run(run, |address| {
                let _ = writeln!(std::io::stderr(), "listening {address}");
            }),
        )
        .with_context(|| format!("at {listen}"))?;
    writeln!(std::io::stdout(), "{}", serde_json::to_string(&report)?)?;
    Ok(())
}
