//! The command line of `smsload`.

use carrack_loadtest::chance::Percent;
use carrack_loadtest::duration;
use carrack_loadtest::load::{LoadFault, Mix, Pace, Ramp, Texts, Watch};
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const EXAMPLES: &str = "\
Examples:
  smsload smpp --address 127.0.0.1:2775 --system-id acme --password secret --count 100000 --binds 4 --window 1000 --receipts
  smsload smpp --address 127.0.0.1:2775 --system-id acme --password secret --for 30s --rate 1000 --json
  smsload smpp --address 127.0.0.1:2775 --system-id acme --ramp 0..20000/30s --mix gsm7:short=70,gsm7:long=10,ucs2:short=20 \
      --receipts --report-html load.html
  smsload http --url http://127.0.0.1:8080 --key KEY --connections 50 --count 20000
  smsload http --url http://127.0.0.1:8080 --key KEY --connections 2 --bulk 10000 --count 1000000
  smsload batch --rows 100000 --out batch.csv --bad 2 --long 1

Closed loop (without --rate): a submit goes whenever the window has room. Open loop (--rate): submits go by the clock, and latency_ms
counts from when each should have gone; what the far side was too slow for is `overdue`. --ramp is an open loop whose rate changes.
service_ms counts from the submit itself, receipt_ms from when a message should have gone to its receipt.

On a terminal a line on stderr shows how far it is.

Exit: 0 every message sent and answered, at least one accepted, no receipt missing; 1 failed; 2 wrong usage.
A refused message is an answer: look at `refused` in the result.";

/// Load: an ESME, an HTTP client, and batch files.
#[derive(Debug, Parser)]
#[command(name = "smsload", version, after_help = EXAMPLES)]
pub(super) struct Options {
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Submits over SMPP as a transceiver.
    #[command(
        after_help = "Example:\n  smsload smpp --address 127.0.0.1:2775 --system-id acme --password secret --count 10000 --receipts --json"
    )]
    Smpp(SmppOptions),
    /// Posts to /v1/messages over HTTP.
    #[command(
        after_help = "Example:\n  smsload smpp --address 127.0.0.1:2775 --system-id acme --ramp 0..20000/30s --mix gsm7:short=70,gsm7:long=10,ucs2:short=20 \
      --receipts --report-html load.html
  smsload http --url http://127.0.0.1:8080 --key KEY --connections 50 --for 30s"
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
pub(super) struct Work {
    /// Messages to send [default: 1000, unless --for is given].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) count: Option<u64>,
    /// Send for so long.
    #[arg(long = "for", value_name = "D", value_parser = duration::parse)]
    pub(super) duration: Option<Duration>,
    /// Messages a second, whatever the answers do (open loop) [default: as fast as answers come].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) rate: Option<u32>,
    /// Open loop whose rate changes evenly from FROM to TO messages a second over TIME and then stays; for TIME unless --for or --count
    /// is given.
    #[arg(long, value_name = "FROM..TO/TIME", value_parser = ramp, conflicts_with = "rate")]
    pub(super) ramp: Option<Ramp>,
    /// Generated texts of several kinds: ALPHABET:LENGTH[:CLASS][=SHARE], with commas between; alphabets gsm7 and ucs2, LENGTH in
    /// characters, or short or long; CLASS only over HTTP.
    #[arg(long, value_name = "KINDS", value_parser = mix, conflicts_with_all = ["text", "text_len"])]
    pub(super) mix: Option<Mix>,
    /// Write plots over time and all figures to this file: HTML that needs nothing else.
    #[arg(long, value_name = "FILE")]
    pub(super) report_html: Option<PathBuf>,
    /// Beginning of every recipient.
    #[arg(long, value_name = "DIGITS", default_value = "447700900", value_parser = digits)]
    pub(super) to_prefix: String,
    /// Counted digits behind it.
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u8).range(0..=12))]
    pub(super) to_digits: u8,
    /// Sender.
    #[arg(long, default_value = "ACME")]
    pub(super) from: String,
    /// Characters of each generated text, 20 to 1530; above 254 it goes as message_payload.
    #[arg(long, value_name = "N", default_value_t = 120)]
    pub(super) text_len: usize,
    /// This text, with the message's number in place of {n} or behind it.
    #[arg(long, conflicts_with = "text_len")]
    pub(super) text: Option<String>,
    /// Mark in generated texts, so that two runs differ [default: from the clock].
    #[arg(long, value_name = "N")]
    pub(super) run: Option<u64>,
    /// An answer later than this is given up.
    #[arg(long, value_name = "D", default_value = "30s", value_parser = duration::parse)]
    pub(super) response_timeout: Duration,
    /// Print the result as one line of JSON.
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct SmppOptions {
    /// host:port of the SMSC.
    #[arg(long, value_name = "ADDR")]
    pub(super) address: String,
    /// Who binds.
    #[arg(long, value_name = "U")]
    pub(super) system_id: String,
    /// Its password.
    #[arg(
        long,
        value_name = "P",
        default_value = "",
        env = "SMSLOAD_PASSWORD",
        hide_env_values = true
    )]
    pub(super) password: String,
    /// Transceiver binds.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(super) binds: u32,
    /// Submits in flight on each bind.
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=65_536))]
    pub(super) window: u32,
    /// Ask for receipts and wait for them.
    #[arg(long)]
    pub(super) receipts: bool,
    /// How long to wait for missing receipts after the last thing that came.
    #[arg(long, value_name = "D", default_value = "30s", value_parser = duration::parse)]
    pub(super) wait: Duration,
    /// How long to listen on for doubled receipts when all is there.
    #[arg(long, value_name = "D", default_value = "0", value_parser = duration::parse)]
    pub(super) linger: Duration,
    /// Connect again so long after a connection broke [default: do not].
    #[arg(long, value_name = "D", value_parser = duration::parse)]
    pub(super) reconnect: Option<Duration>,
    /// CA of the SMSC (PEM): TLS instead of plain text.
    #[arg(long, value_name = "FILE")]
    pub(super) tls_ca: Option<PathBuf>,
    /// Name in the SMSC's certificate [default: the host of --address].
    #[arg(long, value_name = "NAME", requires = "tls_ca")]
    pub(super) tls_name: Option<String>,
    /// Certificate to show (PEM).
    #[arg(long, value_name = "FILE", requires = "tls_ca", requires = "tls_key")]
    pub(super) tls_cert: Option<PathBuf>,
    /// Its private key (PEM).
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub(super) tls_key: Option<PathBuf>,
    #[command(flatten)]
    pub(super) work: Work,
}

#[derive(Debug, Args)]
pub(super) struct HttpOptions {
    /// Base address; only http. /v1/messages is added unless it has a path.
    #[arg(long, value_name = "URL")]
    pub(super) url: String,
    /// API key.
    #[arg(long, value_name = "K", env = "SMSLOAD_KEY", hide_env_values = true)]
    pub(super) key: String,
    /// Keep-alive connections, one request at a time on each.
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(super) connections: u32,
    /// Stream lines to /v1/messages:bulk instead, at most so many of a connection without a verdict.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(super) bulk: Option<u32>,
    /// Gives each message an idempotency key that begins so.
    #[arg(long, value_name = "TEXT", conflicts_with = "bulk")]
    pub(super) keys: Option<String>,
    #[command(flatten)]
    pub(super) work: Work,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Scripts {
    /// Many scripts, several segments, numbers in many spellings.
    Mixed,
    /// ASCII, one segment, digits only.
    Plain,
}

#[derive(Debug, Args)]
pub(super) struct BatchOptions {
    /// Rows below the header.
    #[arg(long, value_name = "N")]
    pub(super) rows: u64,
    /// The file to write.
    #[arg(long, value_name = "FILE")]
    pub(super) out: PathBuf,
    /// Seed of every choice; the same seed gives the same file.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(super) seed: u64,
    /// Which texts and numbers.
    #[arg(long, value_enum, default_value_t = Scripts::Mixed)]
    pub(super) scripts: Scripts,
    /// Share of rows that are bad; see below.
    #[arg(long, value_name = "PERCENT", default_value = "0", value_parser = percent)]
    pub(super) bad: Percent,
    /// Share of rows with a text of twelve segments.
    #[arg(long, value_name = "PERCENT", default_value = "0", value_parser = percent)]
    pub(super) long: Percent,
    /// Texts of these kinds instead: ALPHABET:LENGTH[:CLASS][=SHARE], with commas between, as with smpp and http. Where a kind names a
    /// class, the file has a column of it.
    #[arg(long, value_name = "KINDS", value_parser = mix, conflicts_with_all = ["scripts", "long"])]
    pub(super) mix: Option<Mix>,
    /// Adds a column `idempotency_key`, a key a row.
    #[arg(long)]
    pub(super) keys: bool,
    /// The result is JSON in any case; taken so that all programs have it.
    #[arg(long)]
    pub(super) json: bool,
}

fn percent(text: &str) -> Result<Percent, String> {
    text.trim_end_matches('%')
        .parse()
        .ok()
        .and_then(Percent::new)
        .ok_or_else(|| "per cent, 0 to 100".to_owned())
}

fn ramp(text: &str) -> Result<Ramp, String> {
    Ramp::parse(text).map_err(|fault| fault.to_string())
}

fn mix(text: &str) -> Result<Mix, String> {
    Mix::parse(text).map_err(|fault| fault.to_string())
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

impl Work {
    /// The pace and the texts.
    ///
    /// # Errors
    /// [`LoadFault::Usage`] for what does not go together.
    pub(super) fn plan(&self) -> Result<(Pace, Texts), LoadFault> {
        let count = self.count.or(if self.duration.is_none() {
            Some(1_000)
        } else {
            None
        });
        let duration_ns = self.duration.map(duration::nanoseconds);
        let pace = match self.ramp {
            None => Pace::new(count, duration_ns, self.rate),
            Some(ramp) => {
                let is_bounded = self.count.is_some() || duration_ns.is_some();
                let duration_ns = duration_ns.or((!is_bounded).then(|| ramp.over_ns()));
                Pace::with_ramp(self.count, duration_ns, ramp)
            }
        };
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
        let texts = match (&self.text, &self.mix) {
            (Some(template), _) => texts.with_template(template),
            (None, Some(mix)) => texts.with_mix(mix.clone()),
            (None, None) => texts.with_length(self.text_len)?,
        };
        Ok((pace, texts))
    }

    /// Whether the load is looked at.
    pub(super) fn watch(&self) -> Watch {
        Watch {
            progress: std::io::stderr().is_terminal(),
            timeline: self.report_html.is_some(),
        }
    }
}
