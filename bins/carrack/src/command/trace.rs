//! `carrack trace`: what goes over a carrier's wires, while it goes.

use std::io::{BufRead, BufReader, IsTerminal, Read};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow};
use carrack_carrier::trace::{Direction, Stream};
use carrack_loadtest::duration;
use clap::{Args, Subcommand};
use indicatif::ProgressBar;
use serde::Deserialize;
use serde_json::json;

use crate::command::carrier::named;
use crate::fault::Fault;
use crate::output;
use crate::place::NodeArgs;
use crate::recording::{PcapFile, line as line_of};
use crate::signals;
use crate::table::count;

/// Lines of the node that wait to be written.
const LINES_MAX: usize = 1024;
/// Octets of a line: the hexadecimal of the longest PDU and what stands around it.
const LINE_OCTETS_MAX: u64 = 1 << 20;
const LOOK: Duration = Duration::from_millis(100);
const LINE: Duration = Duration::from_secs(1);
/// How long a trace may run.
const TIME_MIN: Duration = Duration::from_secs(1);
const TIME_MAX: Duration = Duration::from_secs(3600);

/// `carrack trace`
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Records a carrier's PDUs, for Wireshark or as lines; passwords, texts and the ends of numbers are masked
    #[command(after_help = "\
Examples:
  carrack trace carrier north --for 60s --pcap north.pcap
  carrack trace carrier north --for 5m --pcap north.pcap --contents      with texts and numbers: keep it safe
  carrack trace carrier north > north.hex                                lines for `carrack carrier check`

It runs on the node's own machine with an operator's key, and never slows a link: what cannot be kept up with is
counted as dropped. It ends by its time; Ctrl-C ends it earlier and leaves a whole file.")]
    Carrier(Arguments),
}

/// Arguments of `trace carrier`.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Name of the carrier
    name: String,
    /// How long, 1s to 1h
    #[arg(long = "for", value_name = "TIME", default_value = "60s", value_parser = duration::parse)]
    time: Duration,
    /// Writes a capture for Wireshark here, instead of lines to standard output
    #[arg(long, value_name = "FILE")]
    pcap: Option<PathBuf>,
    /// Leaves texts and numbers unmasked
    #[arg(long)]
    contents: bool,
    /// Prints JSON: each PDU, or with --pcap the sum at the end
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    node: NodeArgs,
}

/// A line of the node's answer; which fields it has says what it is.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Line {
    utc_ns: u64,
    link: u32,
    session: u8,
    connection: u32,
    direction: String,
    pdu: Option<String>,
    dropped: u64,
    passed_over: u64,
    end: Option<String>,
}

/// What was seen.
#[derive(Debug, Default)]
struct Sum {
    pdus: u64,
    dropped: u64,
    passed_over: u64,
}

/// Runs the command.
pub(crate) fn run(command: &Command) -> Result<(), Fault> {
    let Command::Carrier(arguments) = command;
    if !(TIME_MIN..=TIME_MAX).contains(&arguments.time) {
        return Err(Fault::Usage("--for has to be 1s to 1h".to_owned()));
    }
    let seconds = arguments.time.as_secs_f64().ceil().max(1.0).to_string();
    let contents = arguments.contents.to_string();
    let path = format!("/v1/carriers/{}/trace", named(&arguments.name)?);
    let client = arguments.node.operator()?;
    let answer = client.open(&path, &[("seconds", &seconds), ("contents", &contents)])?;
    // Only once there is something to write is a file replaced.
    let file = arguments
        .pcap
        .as_deref()
        .map(PcapFile::create)
        .transpose()?;
    let stop = signals::listen()?;
    let (lines, inbox) = sync_channel(LINES_MAX);
    // It ends with the answer, or with this program.
    std::thread::Builder::new()
        .name("trace".to_owned())
        .spawn(move || pass_lines(answer, &lines))?;
    let mut scribe = Scribe {
        arguments,
        file,
        sum: Sum::default(),
        counter: Counter::start(arguments.time),
    };
    let ended = scribe.follow(&inbox, &stop);
    scribe.counter.finish();
    scribe.conclude(ended)
}

fn pass_lines(answer: impl Read, lines: &SyncSender<anyhow::Result<String>>) {
    let mut reader = BufReader::new(answer);
    loop {
        let mut line = String::new();
        let read = reader.by_ref().take(LINE_OCTETS_MAX).read_line(&mut line);
        let passed = match read {
            Ok(0) => return,
            Ok(_) => lines.send(Ok(line)),
            Err(error) => {
                // Nobody listens any more where this fails.
                let _ = lines.send(Err(error.into()));
                return;
            }
        };
        if passed.is_err() {
            return;
        }
    }
}

/// How a trace ended.
enum Ended {
    /// As the node said.
    Told(String),
    /// By a signal.
    Stopped,
}

struct Scribe<'a> {
    arguments: &'a Arguments,
    file: Option<PcapFile>,
    sum: Sum,
    counter: Counter,
}

impl Scribe<'_> {
    fn follow(
        &mut self,
        inbox: &Receiver<anyhow::Result<String>>,
        stop: &Receiver<signals::Signal>,
    ) -> anyhow::Result<Ended> {
        loop {
            match inbox.recv_timeout(LOOK) {
                Ok(line) => {
                    let line = line.context("the trace broke off")?;
                    let line: Line =
                        serde_json::from_str(&line).context("the node does not answer as one")?;
                    if let Some(end) = self.take(&line)? {
                        return Ok(Ended::Told(end));
                    }
                }
                Err(RecvTimeoutError::Timeout) => self.flush()?,
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(anyhow!("the trace broke off; is the node still running?"));
                }
            }
            if stop.try_recv().is_ok() {
                return Ok(Ended::Stopped);
            }
            self.counter.show(&self.sum);
        }
    }

    fn take(&mut self, line: &Line) -> anyhow::Result<Option<String>> {
        let Some(pdu) = &line.pdu else {
            self.sum.dropped = line.dropped;
            self.sum.passed_over = line.passed_over;
            return Ok(line.end.clone());
        };
        let stream = Stream {
            link: line.link,
            session: line.session,
            connection: line.connection,
        };
        let direction = match line.direction.as_str() {
            "out" => Direction::Out,
            _ => Direction::In,
        };
        let octets = octets(pdu).context("the node does not answer as one")?;
        match &mut self.file {
            Some(file) => file
                .put(line.utc_ns, stream, direction, &octets)
                .with_context(|| unwritable(self.arguments))?,
            None => {
                let text = if self.arguments.json {
                    json!({
                        "utc_ns": line.utc_ns, "link": line.link, "session": line.session, "connection": line.connection,
                        "direction": line.direction, "pdu": pdu,
                    })
                    .to_string()
                } else {
                    line_of(direction, stream, &octets)
                };
                output::line(text).map_err(|fault| anyhow!("{fault}"))?;
            }
        }
        self.sum.pdus += 1;
        Ok(None)
    }

    fn flush(&mut self) -> anyhow::Result<()> {
        self.file
            .as_mut()
            .map_or(Ok(()), PcapFile::flush)
            .with_context(|| unwritable(self.arguments))
    }

    /// What there is to say at the end, however it came.
    fn conclude(mut self, ended: anyhow::Result<Ended>) -> Result<(), Fault> {
        self.flush()?;
        let Sum {
            pdus,
            dropped,
            passed_over,
        } = self.sum;
        let why = match &ended {
            Ok(Ended::Told(end)) => end.clone(),
            Ok(Ended::Stopped) => "stopped".to_owned(),
            Err(error) => format!("{error:#}"),
        };
        if let Some(path) = &self.arguments.pcap {
            let file = path.display().to_string();
            if self.arguments.json {
                output::json(
                    &json!({"file": file, "pdus": pdus, "dropped": dropped, "passed_over_octets": passed_over, "end": why}),
                )?;
            } else {
                output::line(format_args!("{file}: {} PDUs", count(pdus)))?;
            }
        }
        if dropped > 0 {
            eprintln!(
                "{} pieces were dropped because they came faster than they could be told; trace for a shorter time, or to a faster disk",
                count(dropped)
            );
        }
        if pdus == 0 && ended.is_ok() {
            eprintln!(
                "nothing went over the wires of {}; `carrack carrier list` shows whether it is up",
                self.arguments.name
            );
        }
        match ended {
            Ok(Ended::Told(end)) if end != "time" => {
                Err(anyhow!("the trace ended early: {end}; the file holds what went before").into())
            }
            Ok(_) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// Names the capture that the disk did not take.
fn unwritable(arguments: &Arguments) -> String {
    let path = arguments.pcap.as_deref().unwrap_or(Path::new(""));
    format!("{} cannot be written", path.display())
}

fn octets(hex: &str) -> anyhow::Result<Vec<u8>> {
    let (pairs, rest) = hex.as_bytes().as_chunks::<2>();
    anyhow::ensure!(rest.is_empty(), "an odd number of digits");
    let octet = |pair: &[u8; 2]| Ok(u8::from_str_radix(std::str::from_utf8(pair)?, 16)?);
    pairs.iter().map(octet).collect()
}

/// Says how far it is: in place on a terminal, a line a second elsewhere.
struct Counter {
    bar: Option<ProgressBar>,
    time: Duration,
    begun: Instant,
    said: Instant,
}

impl Counter {
    fn start(time: Duration) -> Self {
        let bar = std::io::stderr()
            .is_terminal()
            .then(ProgressBar::new_spinner);
        let now = Instant::now();
        Self {
            bar,
            time,
            begun: now,
            said: now,
        }
    }

    fn show(&mut self, sum: &Sum) {
        let left = self.time.saturating_sub(self.begun.elapsed()).as_secs();
        let text = format!(
            "{} PDUs, {} dropped, {left} s left",
            count(sum.pdus),
            count(sum.dropped)
        );
        match &self.bar {
            Some(bar) => {
                bar.set_message(text);
                bar.tick();
            }
            None if self.said.elapsed() >= LINE => {
                self.said = Instant::now();
                eprintln!("{text}");
            }
            None => {}
        }
    }

    fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
