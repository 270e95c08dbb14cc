//! Simulated GSM modems: see `modemsim --help`.

use anyhow::Context;
use carrack_loadtest::chance::Percent;
use carrack_loadtest::duration;
use carrack_loadtest::modem::edge::{self, Control, Ports, Setup};
use carrack_loadtest::modem::settings::MODEMS_MAX;
use carrack_loadtest::modem::{Dialect, Fault, KINDS, ORDERS, Settings};
use clap::{Args, Parser, Subcommand};
use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const EXAMPLES: &str = "\
Examples:
  modemsim --folder /tmp/rack --modems 4 --dialect sim800,huawei --report rack.json
  modemsim --tcp 127.0.0.1:0 --modems 32 --time-scale 60 --ready-file ports --control /tmp/rack.sock --seconds 120
  modemsim --folder /tmp/rack --fault 'reboot-sent=2%' --fault '0:sim-blocked=#50' --fault 'silence=1%,until=usb'
  modemsim tell /tmp/rack.sock 3 power cycle          # a power hook; `tell --orders` lists all orders

Signals:
  SIGTERM, SIGINT  write the report to --report and stdout, and end at once
  SIGUSR1          unplug every modem; again: plug them in

Report (JSON): pdus = taken + refused_by_judge + refused_otherwise + unsent + those under way; taken = distinct_texts + duplicates + untracked_texts; `judge` has
the judge's refusals by reason; `worst` the largest number of segments and of recipients of a SIM in any minute, hour, day and month.

Durations but --seconds and --report-every are simulated time.

Exit: 0 ended by a signal or --seconds, 1 failed, 2 wrong usage.";

/// GSM modems to test against, on ptys or TCP ports, with a network behind them, faults, a strict judge of TPDUs, and a report.
#[derive(Debug, Parser)]
#[command(name = "modemsim", version, after_help = EXAMPLES, args_conflicts_with_subcommands = true)]
struct Command {
    #[command(subcommand)]
    order: Option<Order>,
    #[command(flatten)]
    options: Options,
}

#[derive(Debug, Subcommand)]
enum Order {
    /// Give an order to a modemsim that has --control, print its answer, and end; 1 where it is refused.
    Tell {
        /// Its --control.
        #[arg(required_unless_present = "orders")]
        control: Option<String>,
        /// The order.
        #[arg(
            required_unless_present = "orders",
            trailing_var_arg = true,
            allow_hyphen_values = true
        )]
        words: Vec<String>,
        /// List all orders, and end.
        #[arg(long)]
        orders: bool,
    },
}

#[derive(Debug, Args)]
struct Options {
    /// Ptys, with links modem-0, modem-1 ... in this folder.
    #[arg(long, value_name = "DIR", required_unless_present_any = ["tcp", "list_faults"], conflicts_with = "tcp")]
    folder: Option<PathBuf>,
    /// TCP ports as of a serial server: free ones where the port is 0, else this one and those after it.
    #[arg(long, value_name = "ADDR")]
    tcp: Option<SocketAddr>,
    /// How many.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = modems)]
    modems: usize,
    /// generic, sim800, sim7600, ec25, huawei, telit, or all; the modems take them in turn.
    #[arg(
        long,
        value_name = "NAMES",
        value_delimiter = ',',
        default_value = "generic"
    )]
    dialect: Vec<String>,
    /// Networks (MCC and MNC) of the SIMs, in turn.
    #[arg(
        long,
        value_name = "NAMES",
        value_delimiter = ',',
        default_value = "26202"
    )]
    networks: Vec<String>,
    /// Number of the first SIM, international digits; the others follow.
    #[arg(long, value_name = "DIGITS", default_value_t = 491_510_000_000)]
    first_number: u64,
    /// PIN of all SIMs (PUK 12345678) [default: none].
    #[arg(long, value_name = "DIGITS")]
    pin: Option<String>,
    /// Simulated seconds that pass in one.
    #[arg(long, value_name = "N", default_value_t = 1.0, value_parser = scale)]
    time_scale: f64,
    /// From a command to its answer.
    #[arg(long, value_name = "D", default_value = "5ms", value_parser = duration::parse)]
    answer: Duration,
    /// From a PDU to +CMGS, mean.
    #[arg(long, value_name = "D", default_value = "2500ms", value_parser = duration::parse)]
    submit: Duration,
    /// Largest deviation from it.
    #[arg(long, value_name = "D", default_value = "500ms", value_parser = duration::parse)]
    submit_jitter: Duration,
    /// How long a boot takes.
    #[arg(long, value_name = "D", default_value = "6s", value_parser = duration::parse)]
    boot: Duration,
    /// From boot to registration.
    #[arg(long, value_name = "D", default_value = "3s", value_parser = duration::parse)]
    register: Duration,
    /// They boot at the start; without it they are registered then.
    #[arg(long)]
    cold: bool,
    /// From +CMGS to the status report.
    #[arg(long, value_name = "D", default_value = "4s", value_parser = duration::parse)]
    report_delay: Duration,
    /// Share of messages that do not arrive.
    #[arg(long, value_name = "PERCENT", default_value = "0", value_parser = percent)]
    undelivered: Percent,
    /// Messages from handsets a minute, to each SIM.
    #[arg(long, value_name = "N", default_value_t = 0.0)]
    mo_per_minute: f64,
    /// What they say, with their number for {n}.
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "Message {n} from a handset"
    )]
    mo_text: String,
    /// Their sender.
    #[arg(long, value_name = "ADDRESS", default_value = "+447700900999")]
    mo_from: String,
    /// Places of a SIM's store.
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u16).range(1..=255))]
    sim_places: u16,
    /// Places of a modem's own store.
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=255))]
    modem_places: u16,
    /// USSD: CODE=TEXT; a text that begins with ? asks for more, and the answer is looked for under CODE and what was chosen. May be given many times
    /// [default: *100# balance, *101# menu, *102# Cyrillic].
    #[arg(long, value_name = "CODE=TEXT", value_parser = pair)]
    ussd: Vec<(String, String)>,
    /// Recipients that begin so get +CMS ERROR: CODE; may be given many times.
    #[arg(long, value_name = "PREFIX=CODE", value_parser = pair)]
    refuse_to: Vec<(String, String)>,
    /// Messages a minute that a modem may send, for its busy shares in the report.
    #[arg(long, value_name = "N", default_value_t = 15, value_parser = clap::value_parser!(u32).range(1..))]
    per_minute: u32,
    /// Minutes east of UTC of the service centre, and of calendar days in the report.
    #[arg(long, value_name = "N", default_value_t = 0, allow_negative_numbers = true, value_parser = clap::value_parser!(i32).range(-720..=840))]
    zone_minutes: i32,
    /// The sliding windows of the report are shorter by this.
    #[arg(long, value_name = "D", default_value = "0", value_parser = duration::parse)]
    window_slack: Duration,
    /// A fault to play: [MODEM:|FROM-TO:]NAME[=5%|=#7|=#7+][,for=D][,code=N][,until=cfun|usb|power]; may be given many times. See --list-faults.
    #[arg(long = "fault", value_name = "SPEC", value_parser = Fault::parse)]
    faults: Vec<Fault>,
    /// Print every fault with its occasion and one line, and end.
    #[arg(long)]
    list_faults: bool,
    /// Take orders here: a path for a socket, or an address.
    #[arg(long, value_name = "PATH|ADDR")]
    control: Option<String>,
    /// Seed of every random decision.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// End after so many seconds [default: at a signal].
    #[arg(long, value_name = "N")]
    seconds: Option<u64>,
    /// Write the report here, whole, by rename.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Write it so often while running, too.
    #[arg(long, value_name = "D", value_parser = duration::parse, requires = "report")]
    report_every: Option<Duration>,
    /// Write the names of all ports here when they are there, a line each, then `control NAME`.
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

fn modems(text: &str) -> Result<usize, String> {
    let count = text
        .parse()
        .ok()
        .filter(|count| (1..=MODEMS_MAX).contains(count));
    count.ok_or_else(|| format!("1 to {MODEMS_MAX}"))
}

fn scale(text: &str) -> Result<f64, String> {
    let scale = text
        .parse()
        .ok()
        .filter(|scale| (0.01..=100_000.0).contains(scale));
    scale.ok_or_else(|| "0.01 to 100000".to_owned())
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (key, value) = text
        .split_once('=')
        .ok_or_else(|| "two parts with = between them".to_owned())?;
    Ok((key.to_owned(), value.to_owned()))
}

fn main() -> ExitCode {
    let command = Command::parse();
    let outcome = match command.order {
        Some(Order::Tell {
            control,
            words,
            orders,
        }) => give_order(control, &words, orders),
        None if command.options.list_faults => list_faults(command.options.json),
        None => match settings(&command.options) {
            Ok(settings) => simulate(command.options, settings),
            Err(fault) => {
                let _ = writeln!(std::io::stderr(), "modemsim: {fault:#}");
                return ExitCode::from(2);
            }
        },
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            let _ = writeln!(std::io::stderr(), "modemsim: {fault:#}");
            ExitCode::FAILURE
        }
    }
}

fn list_faults(json: bool) -> anyhow::Result<()> {
    let mut stdout = std::io::stdout().lock();
    for (_, name, occasion, line) in KINDS {
        let occasion = format!("{occasion:?}").to_lowercase();
        if json {
            writeln!(
                stdout,
                "{}",
                serde_json::json!({ "name": name, "occasion": occasion, "does": line })
            )?;
        } else {
            writeln!(stdout, "{name:<22} {occasion:<8} {line}")?;
        }
    }
    Ok(())
}

fn give_order(control: Option<String>, words: &[String], orders: bool) -> anyhow::Result<()> {
    let mut stdout = std::io::stdout().lock();
    if orders {
        writeln!(stdout, "{ORDERS}")?;
        return Ok(());
    }
    let control = Control::of(&control.unwrap_or_default());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let answer = runtime.block_on(edge::tell(&control, &words.join(" ")))?;
    writeln!(stdout, "{answer}")?;
    Ok(())
}

fn dialects(names: &[String]) -> anyhow::Result<Vec<Dialect>> {
    let mut dialects = Vec::new();
    for name in names {
        if name == "all" {
            dialects.extend(Dialect::ALL);
        } else {
            let names = Dialect::ALL.map(Dialect::name).join(", ");
            dialects.push(
                Dialect::of_name(name)
                    .with_context(|| format!("--dialect {name}: there are {names} and all"))?,
            );
        }
    }
    Ok(dialects)
}

fn networks(names: &[String]) -> anyhow::Result<Vec<String>> {
    for network in names {
        anyhow::ensure!(
            (5..=6).contains(&network.len()) && network.bytes().all(|digit| digit.is_ascii_digit()),
            "--networks {network}: five or six digits"
        );
    }
    Ok(names.to_vec())
}

fn settings(options: &Options) -> anyhow::Result<Settings> {
    let refused = options.refuse_to.iter().map(|(prefix, code)| {
        let code = code
            .parse()
            .with_context(|| format!("--refuse-to {prefix}={code}: the code is no number"))?;
        anyhow::Ok((prefix.clone(), code))
    });
    let defaults = Settings::default();
    Ok(Settings {
        modems: options.modems,
        dialects: dialects(&options.dialect)?,
        networks: networks(&options.networks)?,
        first_number: options.first_number,
        pin: options.pin.clone(),
        seed: options.seed,
        zone_minutes: options.zone_minutes,
        answer_ns: duration::nanoseconds(options.answer),
        submit_ns: duration::nanoseconds(options.submit),
        submit_jitter_ns: duration::nanoseconds(options.submit_jitter.min(options.submit)),
        boot_ns: duration::nanoseconds(options.boot),
        register_ns: duration::nanoseconds(options.register),
        is_ready_at_start: !options.cold,
        report_delay_ns: duration::nanoseconds(options.report_delay),
        undelivered: options.undelivered,
        mo_per_minute: options.mo_per_minute,
        mo_text: options.mo_text.clone(),
        mo_from: options.mo_from.clone(),
        sim_places: options.sim_places.into(),
        modem_places: options.modem_places.into(),
        ussd: if options.ussd.is_empty() {
            defaults.ussd.clone()
        } else {
            options.ussd.clone()
        },
        refused_recipients: refused.collect::<anyhow::Result<_>>()?,
        per_minute: options.per_minute,
        window_slack_ns: duration::nanoseconds(options.window_slack),
        faults: options.faults.clone(),
        ..defaults
    })
}

fn simulate(options: Options, settings: Settings) -> anyhow::Result<()> {
    let ports = match (options.folder, options.tcp) {
        (Some(folder), _) => Ports::Folder(folder),
        (None, Some(address)) => Ports::Tcp(address),
        (None, None) => anyhow::bail!("neither --folder nor --tcp"),
    };
    let run = edge::Options {
        setup: Setup {
            ports,
            settings,
            time_scale: options.time_scale,
            control: options.control.as_deref().map(Control::of),
        },
        report: options.report,
        report_every: options.report_every.filter(|every| !every.is_zero()),
        ready_file: options.ready_file,
        ends_after: options.seconds.map(Duration::from_secs),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let report = tokio::task::LocalSet::new().block_on(
        &runtime,
        edge::run(run, |ports, control| {
            for port in ports {
                let _ = writeln!(std::io::stderr(), "modem {port}");
            }
            if let Some(control) = control {
                let _ = writeln!(std::io::stderr(), "control {control}");
            }
        }),
    )?;
    writeln!(std::io::stdout(), "{}", serde_json::to_string(&report)?)?;
    Ok(())
}
