//! The command: which scenarios, how often, and where the results go.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, bail};
use clap::Parser;
use serde_json::{Value, json};

use crate::machine;
use crate::node::NodeShape;
use crate::outcome::Outcome;
use crate::programs::Programs;
use crate::scenario::{Amount, Scenario};
use crate::smpp_run::Bench;
use crate::{backlog, batch, customers, kannel, links, overload, show, smpp_run};

const EXAMPLES: &str = "\
Examples:
  cargo run --release -p bench --bin end_to_end -- smpp-wide --runs 3
  cargo run --release -p bench --bin end_to_end -- smpp-wide --count 1000000 --profile wide.svg --out wide.json
  cargo run --release -p bench --bin end_to_end -- smpp-wide --rate 23334 --for 1h     one hour at a given rate
  cargo run --release -p bench --bin end_to_end -- backlog --count 10000000
  cargo run --release -p bench --bin end_to_end -- links links-full overload overload-queue
  cargo run --release -p bench --bin end_to_end -- kannel --runs 3
  cargo run --release -p bench --bin end_to_end -- smpp-wide --runs 3 --cdr      what CDR files cost

Programs: carrack, smscsim and smsload from --programs, beside this program, or in target/release. Each run has a folder of
its own under --folder (its disk is what is measured), removed unless the run fails or --keep is given.

Exit: 0 nothing lost, nothing doubled, every audit adds up; 1 not; 2 wrong usage.";

/// Starts node, carrier and generator, runs scenarios, and proves what it prints
#[derive(Debug, Parser)]
#[command(name = "end_to_end", after_help = EXAMPLES)]
pub struct Arguments {
    /// What to run
    #[arg(required = true, value_enum)]
    scenario: Vec<Scenario>,
    /// Messages [default: by scenario]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,
    /// Send for so long: 20s, 5m, 1h
    #[arg(long = "for", value_name = "D", value_parser = duration)]
    duration: Option<Duration>,
    /// Open loop: messages a second, whatever the answers do (smpp-*, http-one, latency)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    rate: Option<u32>,
    /// Runs of each scenario; the median is shown
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=99))]
    runs: u32,
    /// Binds, or HTTP connections [default: by scenario]
    #[arg(long, value_name = "N")]
    binds: Option<u32>,
    /// Window of a bind [default: by scenario]
    #[arg(long, value_name = "N")]
    window: Option<u32>,
    /// Links to the carrier [default: by scenario]
    #[arg(long, value_name = "N")]
    links: Option<u32>,
    /// Window of a link [default: by scenario]
    #[arg(long, value_name = "N")]
    link_window: Option<u32>,
    /// Shards of the node [default: one a core]
    #[arg(long, value_name = "N")]
    shards: Option<u8>,
    /// Gives messages prices and the account a limit
    #[arg(long)]
    priced: bool,
    /// Gives each message an idempotency key (http-one, batch)
    #[arg(long)]
    keys: bool,
    /// The node writes CDR files too
    #[arg(long)]
    cdr: bool,
    /// Folder of the programs
    #[arg(long, value_name = "DIR")]
    programs: Option<PathBuf>,
    /// Where the folders of runs are made [default: TMPDIR]
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
    /// Leaves the folders of runs
    #[arg(long)]
    keep: bool,
    /// Prints a line of JSON a scenario instead of tables
    #[arg(long)]
    json: bool,
    /// Writes the results of all runs here (JSON)
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Records the node in one run more with perf, and leaves a flame graph here (smpp-*, http-one, latency, batch); of
    /// several scenarios each has its name behind the file's
    #[arg(long, value_name = "FILE.svg")]
    profile: Option<PathBuf>,
}

fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|found: char| found.is_ascii_alphabetic());
    let unit = text.get(digits.len()..).unwrap_or_default();
    let factor = match unit {
        "s" | "" => 1,
        "m" => 60,
        "h" => 3_600,
        _ => return Err("write 20s, 5m or 1h".to_owned()),
    };
    let count: u64 = digits.parse().map_err(|_| "write 20s, 5m or 1h")?;
    count
        .checked_mul(factor)
        .filter(|seconds| *seconds > 0)
        .map(Duration::from_secs)
        .ok_or_else(|| "out of range".to_owned())
}

/// Runs what was asked for; whether everything was proved.
///
/// # Errors
/// A program that is missing, does not start, or ends before it should.
pub fn run(arguments: &Arguments) -> anyhow::Result<bool> {
    let programs = Programs::find(arguments.programs.as_deref())?;
    let mut session = Session {
        arguments,
        programs: &programs,
        mark: clock_mark(),
        results: Vec::new(),
        is_good: true,
    };
    if !arguments.json {
        say(&machine::description())?;
    }
    for scenario in &arguments.scenario {
        if arguments.duration.is_some() && !scenario.takes_time() {
            bail!("{} takes --count, not --for", scenario.name());
        }
        session.measure(*scenario)?;
    }
    if let Some(out) = &arguments.out {
        let mut file =
            File::create(out).with_context(|| format!("{} cannot be written", out.display()))?;
        serde_json::to_writer_pretty(&mut file, &session.results)?;
        writeln!(file)?;
    }
    Ok(session.is_good)
}

/// Tells the texts of this session from those of others.
fn clock_mark() -> u32 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs() as u32)
}

fn say(text: &str) -> anyhow::Result<()> {
    Ok(writeln!(std::io::stdout().lock(), "{text}")?)
}

struct Session<'a> {
    arguments: &'a Arguments,
    programs: &'a Programs,
    mark: u32,
    results: Vec<Value>,
    is_good: bool,
}

/// The run whose whole life was in the middle.
fn median(outcomes: &[Outcome]) -> Option<&Outcome> {
    let mut sorted: Vec<&Outcome> = outcomes.iter().collect();
    sorted.sort_by(|one, other| one.life_per_second.total_cmp(&other.life_per_second));
    sorted.get(sorted.len() / 2).copied()
}

impl Session<'_> {
    fn measure(&mut self, scenario: Scenario) -> anyhow::Result<()> {
        let (mut ours, mut peers) = (Vec::new(), Vec::new());
        for _ in 0..self.arguments.runs {
            ours.push(self.once(scenario, None)?);
            if scenario == Scenario::Kannel {
                peers.extend(self.peer_once()?);
            }
        }
        let ratio = median(&ours)
            .zip(median(&peers))
            .map(|(our, peer)| our.life_per_second / peer.life_per_second.max(1e-9));
        self.report(&ours, None)?;
        self.report(&peers, ratio)?;
        match &self.arguments.profile {
            Some(svg) if scenario.is_load() || scenario == Scenario::Batch => {
                let svg = self.graph_of(scenario, svg);
                let recorded = self.once(scenario, Some(&svg))?;
                self.report(&[recorded], None)
            }
            Some(_) => {
                eprintln!("{}: not recorded", scenario.name());
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn graph_of(&self, scenario: Scenario, svg: &Path) -> PathBuf {
        if self.arguments.scenario.len() == 1 {
            return svg.to_owned();
        }
        let stem = svg.file_stem().unwrap_or_default().to_string_lossy();
        svg.with_file_name(format!("{stem}-{}.svg", scenario.name()))
    }

    fn shape(&self, scenario: Scenario) -> NodeShape {
        let default = scenario.shape();
        let Arguments {
            binds,
            window,
            links,
            link_window,
            shards,
            priced,
            ..
        } = *self.arguments;
        let shape = NodeShape {
            shards,
            binds: binds.unwrap_or(default.binds),
            window: window.unwrap_or(default.window),
            links: links.unwrap_or(default.links),
            link_window: link_window.unwrap_or(default.link_window),
            messages_max: default.messages_max,
            priced,
            cdr: self.arguments.cdr,
        };
        NodeShape {
            // What is accepted ahead of the carrier is no fault of the node here: all of a count may wait.
            messages_max: shape.messages_max.max(self.arguments.count.unwrap_or(0)),
            ..shape
        }
    }

    fn amount(&self) -> Amount {
        Amount {
            count: self.arguments.count,
            duration: self.arguments.duration,
            rate: self.arguments.rate,
            keys: self.arguments.keys,
        }
    }

    /// One run in a folder of its own.
    fn in_folder(
        &mut self,
        scenario: Scenario,
        profile: Option<&Path>,
        work: impl FnOnce(&Bench<'_>, u32) -> anyhow::Result<Option<Outcome>>,
    ) -> anyhow::Result<Option<Outcome>> {
        let mut builder = tempfile::Builder::new();
        builder.prefix("carrack-bench-");
        let folder = match &self.arguments.folder {
            Some(parent) => builder.tempdir_in(parent.canonicalize()?)?,
            None => builder.tempdir()?,
        };
        let (shape, amount) = (self.shape(scenario), self.amount());
        let bench = Bench {
            programs: self.programs,
            folder: folder.path(),
            shape: &shape,
            amount: &amount,
            profile,
        };
        self.mark = self.mark.wrapping_add(2);
        let done = work(&bench, self.mark);
        let is_good = matches!(&done, Ok(outcome) if outcome.as_ref().is_none_or(Outcome::is_good));
        if self.arguments.keep || !is_good {
            eprintln!("left: {}", folder.keep().display());
        }
        let mut outcome = done?;
        if let Some(outcome) = &mut outcome {
            outcome.shape = describe(scenario, &shape, &amount);
            self.is_good &= outcome.is_good();
        }
        Ok(outcome)
    }

    fn once(&mut self, scenario: Scenario, profile: Option<&Path>) -> anyhow::Result<Outcome> {
        let outcome = self.in_folder(scenario, profile, |bench, mark| {
            Ok(Some(match scenario {
                Scenario::Batch => batch::run(bench)?,
                Scenario::Backlog => backlog::run(bench)?,
                Scenario::Links | Scenario::LinksFull => links::run(bench, scenario)?,
                Scenario::Overload | Scenario::OverloadQueue => overload::run(bench, scenario)?,
                Scenario::Customers => customers::run(bench)?,
                Scenario::Kannel => kannel::run_ours(bench, mark)?,
                _ => smpp_run::run(bench, scenario)?,
            }))
        })?;
        outcome.context("the scenario has no outcome")
    }

    fn peer_once(&mut self) -> anyhow::Result<Option<Outcome>> {
        self.in_folder(Scenario::Kannel, None, kannel::run_peer)
    }

    fn report(&mut self, outcomes: &[Outcome], ratio: Option<f64>) -> anyhow::Result<()> {
        let Some(middle) = median(outcomes) else {
            return Ok(());
        };
        let rates: Vec<f64> = outcomes.iter().map(|one| one.life_per_second).collect();
        let line = json!({
            "machine": machine::description(),
            "runs": outcomes.len(),
            "life_per_second_of_runs": rates,
            "median": middle,
            "ratio_to_peer": ratio,
            "good": outcomes.iter().all(Outcome::is_good),
        });
        if self.arguments.json {
            say(&line.to_string())?;
        } else {
            say(&show::outcome(middle, &rates))?;
            for fault in outcomes.iter().flat_map(|one| &one.faults) {
                say(&format!("FAULT of a run: {fault}"))?;
            }
            if let Some(ratio) = ratio {
                say(&format!(
                    "carrack : {} = {ratio:.2} (whole life)",
                    middle.system
                ))?;
            }
        }
        self.results.push(line);
        Ok(())
    }
}

fn describe(scenario: Scenario, shape: &NodeShape, amount: &Amount) -> String {
    let ways = match scenario {
        Scenario::HttpOne | Scenario::Kannel => format!("{} HTTP connections", shape.binds),
        Scenario::Batch => "one file".to_owned(),
        _ => format!("{} binds x {}", shape.binds, shape.window),
    };
    let rate = amount
        .arguments(scenario)
        .windows(2)
        .find_map(|pair| match pair {
            [name, rate] if name == "--rate" => Some(format!(", open loop {rate}/s")),
            _ => None,
        })
        .unwrap_or_default();
    let shards = shape
        .shards
        .map_or_else(String::new, |shards| format!(", {shards} shards"));
    let cdr = if shape.cdr { ", CDR files" } else { "" };
    format!(
        "{ways}, {} links x {}{shards}{rate}{cdr}",
        shape.links, shape.link_window
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn times_are_read_with_their_unit() {
        assert_eq!(duration("20s").unwrap(), Duration::from_secs(20));
        assert_eq!(duration("1h").unwrap(), Duration::from_secs(3_600));
        assert!(duration("5d").is_err());
        assert!(duration("0s").is_err());
        assert!(duration("99999999999999999999h").is_err());
    }

    #[test]
    fn the_median_run_is_the_one_in_the_middle() {
        let outcome = |life_per_second| Outcome {
            life_per_second,
            ..Outcome::default()
        };
        let outcomes = [outcome(3.0), outcome(1.0), outcome(2.0)];
        assert_eq!(median(&outcomes).unwrap().life_per_second, 2.0);
        assert!(median(&[]).is_none());
    }
}
