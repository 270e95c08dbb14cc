//! Load for Carrack and for any SMSC: see `smsload --help`.

use anyhow::Context;
use carrack_loadtest::chance::Percent;
use carrack_loadtest::duration;
use carrack_loadtest::load::{self, LoadFault, LoadReport, Pace, Texts, batch, http, smpp};
use carrack_loadtest::wire::TlsTrust;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const EXAMPLES: &str = "\
Examples:
  smsload smpp --address 127.0.0.1:2775 --system-id acme --password secret --count 100000 --binds 4 --window 1000 --receipts
  smsload smpp --address 127.0.0.1:2775 --system-id acme --password secret --for 30s --rate 1000 --json
  smsload http --url http://127.0.0.1:8080 --key KEY --connections 50 --count 20000
  smsload batch --rows 100000 --out batch.csv --bad 2 --long 1

Closed loop (without --rate): a submit goes whenever the window has room. Open loop (--rate): submits go by the clock, and latency_ms
counts from when each should have gone; what the far side was too slow for is `overdue`. service_ms counts from the submit itself.

Exit: 0 every message sent and answered, at least one accepted, no receipt missing; 1 failed; 2 wrong usage.
A refused message is an answer: look at `refused` in the result.";

/// Load: an ESME, an HTTP client, and batch files.
#[derive(Debug, Parser)]
#[command(name = "smsload", version, after_help = EXAMPLES)]
struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Submits over SMPP as a transceiver.
    #[command(
        after_help = "Example:\n  smsload smpp --address 127.0.0.1:2775 --system-id acme --password secret --count 10000 --receipts --json"
    )]
    Smpp(SmppOptions),
    /// Posts to /v1/messages over HTTP.
    #[command(
        after_help = "Example:\n  smsload http --url http://127.0.0.1:8080 --key KEY --connections 50 --for 30s"
    )]
    Http(HttpOptions),
    /// Writes a batch file (CSV: to,from,text) and prints how many rows are good and bad.
    #[command(after_help = BATCH_HELP)]
    Batch(BatchOptions),
}

const BATCH_HELP: &str = "\
Rows: numbers from ranges reserved for fiction (44 7700 900xxx, 49 171 39200xx, 30 69000000xx), with --scripts mixed also spelt with
spaces, hyphens, parentheses, + and 00; texts in Latin, Greek, Cyrillic, Arabic, Hebrew, Hindi, Chinese, Japanese, Korean, Thai,
emoji, GSM extension characters, with quotes and line ends, in one to several segments. Every good text carries its row's number.

Bad rows (--bad PERCENT), a third each, all else in the row being good:
  empty_text        the text field is empty
  letter_in_number  the letter O stands among the digits: 4477009O0123
  short_number      the number has three to five digits

Result: {rows, good, bad, segments, several_segments, bad_rows: {empty_text, letter_in_number, short_number}}; segments are those
of the good rows.

Example:
  smsload batch --rows 100000 --out batch.csv --seed 7 --bad 2 --long 1";

/// How many, how fast, and what.
#[derive(Debug, Args)]
struct Work {
    /// Messages to send [default: 1000, unless --for is given].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,
    /// Send for so long.
    #[arg(long = "for", value_name = "D", value_parser = duration::parse)]
    duration: Option<Duration>,
    /// Messages a second, whatever the answers do (open loop) [default: as fast as answers come].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    rate: Option<u32>,
    /// Beginning of every recipient.
    #[arg(long, value_name = "DIGITS", default_value = "447700900", value_parser = digits)]
    to_prefix: String,
    /// Counted digits behind it.
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u8).range(0..=12))]
    to_digits: u8,
    /// Sender.
    #[arg(long, default_value = "ACME")]
    from: String,
    /// Characters of each generated text, 20 to 1530; above 254 it goes as message_payload.
    #[arg(long, value_name = "N", default_value_t = 120)]
    text_len: usize,
    /// This text, with the message's number in place of {n} or behind it.
    #[arg(long, conflicts_with = "text_len")]
    text: Option<String>,
    /// Mark in generated texts, so that two runs differ [default: from the clock].
    #[arg(long, value_name = "N")]
    run: Option<u64>,
    /// An answer later than this is given up.
    #[arg(long, value_name = "D", default_value = "30s", value_parser = duration::parse)]
    response_timeout: Duration,
    /// Print the result as one line of JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct SmppOptions {
    /// host:port of the SMSC.
    #[arg(long, value_name = "ADDR")]
    address: String,
    /// Who binds.
    #[arg(long, value_name = "U")]
    system_id: String,
    /// Its password.
    #[arg(
        long,
        value_name = "P",
        default_value = "",
        env = "SMSLOAD_PASSWORD",
        hide_env_values = true
    )]
    password: String,
    /// Transceiver binds.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    binds: u32,
    /// Submits in flight on each bind.
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=65_536))]
    window: u32,
    /// Ask for receipts and wait for them.
    #[arg(long)]
    receipts: bool,
    /// How long to wait for missing receipts after the last thing that came.
    #[arg(long, value_name = "D", default_value = "30s", value_parser = duration::parse)]
    wait: Duration,
    /// How long to listen on for doubled receipts when all is there.
    #[arg(long, value_name = "D", default_value = "0", value_parser = duration::parse)]
    linger: Duration,
    /// Connect again so long after a connection broke [default: do not].
    #[arg(long, value_name = "D", value_parser = duration::parse)]
    reconnect: Option<Duration>,
    /// CA of the SMSC (PEM): TLS instead of plain text.
    #[arg(long, value_name = "FILE")]
    tls_ca: Option<PathBuf>,
    /// Name in the SMSC's certificate [default: the host of --address].
    #[arg(long, value_name = "NAME", requires = "tls_ca")]
    tls_name: Option<String>,
    /// Certificate to show (PEM).
    #[arg(long, value_name = "FILE", requires = "tls_ca", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// Its private key (PEM).
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    #[command(flatten)]
    work: Work,
}

#[derive(Debug, Args)]
struct HttpOptions {
    /// Base address; only http. /v1/messages is added unless it has a path.
    #[arg(long, value_name = "URL")]
    url: String,
    /// API key.
    #[arg(long, value_name = "K", env = "SMSLOAD_KEY", hide_env_values = true)]
    key: String,
    /// Keep-alive connections, one request at a time on each.
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    connections: u32,
    #[command(flatten)]
    work: Work,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Scripts {
    /// Many scripts, several segments, numbers in many spellings.
    Mixed,
    /// ASCII, one segment, digits only.
    Plain,
}

#[derive(Debug, Args)]
struct BatchOptions {
    /// Rows below the header.
    #[arg(long, value_name = "N")]
    rows: u64,
    /// The file to write.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Seed of every choice; the same seed gives the same file.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Which texts and numbers.
    #[arg(long, value_enum, default_value_t = Scripts::Mixed)]
    scripts: Scripts,
    /// Share of rows that are bad; see below.
    #[arg(long, value_name = "PERCENT", default_value = "0", value_parser = percent)]
    bad: Percent,
    /// Share of rows with a text of twelve segments.
    #[arg(long, value_name = "PERCENT", default_value = "0", value_parser = percent)]
    long: Percent,
    /// The result is JSON in any case; taken so that all programs have it.
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

fn digits(text: &str) -> Result<String, String> {
    let number = text.trim_start_matches('+');
    let is_number = !number.is_empty()
        && number.len() <= 15
        && number.bytes().all(|octet| octet.is_ascii_digit());
    if is_number {
        Ok(number.to_owned())
    } else {
        Err("at most 15 digits".to_owned())
    }
}

fn main() -> ExitCode {
    let outcome = match Options::parse().command {
        Command::Smpp(options) => smpp(options),
        Command::Http(options) => http(options),
        Command::Batch(options) => batch(&options),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(fault) => {
            let _ = writeln!(std::io::stderr(), "smsload: {fault:#}");
            let is_usage = matches!(fault.downcast_ref::<LoadFault>(), Some(LoadFault::Usage(_)));
            ExitCode::from(if is_usage { 2 } else { 1 })
        }
    }
}

fn smpp(options: SmppOptions) -> anyhow::Result<bool> {
    let (pace, texts) = options.work.plan()?;
    let tls = options.tls_ca.map(|ca| TlsTrust {
        ca,
        name: options
            .tls_name
            .unwrap_or_else(|| host(&options.address).to_owned()),
        certificate: options.tls_cert.zip(options.tls_key),
    });
    let load = smpp::Options {
        tls,
        address: options.address,
        system_id: options.system_id,
        password: options.password,
        binds: options.binds,
        window: options.window,
        receipts: options.receipts,
        wait: options.wait,
        linger: options.linger,
        response_timeout: options.work.response_timeout,
        reconnect: options.reconnect,
    };
    let report = run(load::smpp::run(load, texts, pace))?;
    print(&report, options.work.json)
}

/// The host of `host:port`, without the brackets of an IPv6 address.
fn host(address: &str) -> &str {
    let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
    host.trim_start_matches('[').trim_end_matches(']')
}

fn http(options: HttpOptions) -> anyhow::Result<bool> {
    let (pace, texts) = options.work.plan()?;
    let load = http::Options {
        url: options.url,
        key: options.key,
        connections: options.connections,
        response_timeout: options.work.response_timeout,
    };
    let report = run(load::http::run(load, texts, pace))?;
    print(&report, options.work.json)
}

fn run(load: impl Future<Output = Result<LoadReport, LoadFault>>) -> anyhow::Result<LoadReport> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    Ok(tokio::task::LocalSet::new().block_on(&runtime, load)?)
}

fn batch(options: &BatchOptions) -> anyhow::Result<bool> {
    let rows = batch::Options {
        rows: options.rows,
        seed: options.seed,
        mixed: options.scripts == Scripts::Mixed,
        bad: options.bad,
        long: options.long,
    };
    let file = std::fs::File::create(&options.out)
        .with_context(|| format!("cannot write {}", options.out.display()))?;
    let mut out = std::io::BufWriter::with_capacity(1 << 20, file);
    let report = batch::write(&rows, &mut out)
        .with_context(|| format!("cannot write {}", options.out.display()))?;
    writeln!(std::io::stdout(), "{}", serde_json::to_string(&report)?)?;
    Ok(true)
}

impl Work {
    fn plan(&self) -> Result<(Pace, Texts), LoadFault> {
        let count = self.count.or(if self.duration.is_none() {
            Some(1_000)
        } else {
            None
        });
        let pace = Pace::new(count, self.duration.map(duration::nanoseconds), self.rate);
        if self.to_prefix.len() + usize::from(self.to_digits) > 15 {
            return Err(LoadFault::Usage(
                "--to-prefix and --to-digits together make more than 15 digits".to_owned(),
            ));
        }
        let clock = || {
            SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, |since| since.as_millis() as u64 / 100)
        };
        let texts = Texts::new(
            &self.to_prefix,
            usize::from(self.to_digits),
            &self.from,
            self.run.unwrap_or_else(clock),
        );
        let texts = match &self.text {
            Some(template) => texts.with_template(template),
            None => texts.with_length(self.text_len)?,
        };
        Ok((pace, texts))
    }
}

fn print(report: &LoadReport, json: bool) -> anyhow::Result<bool> {
    let mut stdout = std::io::stdout().lock();
    if json {
        writeln!(stdout, "{}", serde_json::to_string(report)?)?;
    } else {
        writeln!(stdout, "{}", serde_json::to_string_pretty(report)?)?;
    }
    Ok(report.is_success())
}
