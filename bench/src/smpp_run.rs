//! One run of a scenario in which `smsload` is the customer: SMPP, or HTTP with one message a request.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use serde_json::Value;

use crate::carrier::Carrier;
use crate::check;
use crate::machine::{Ticks, load_average};
use crate::node::{API_KEY, Node, NodeShape, PASSWORD, SYSTEM_ID, audit, write_config};
use crate::outcome::{LatencyMs, Outcome, Series};
use crate::process::{LOOK, Process, Usage};
use crate::profile::Recording;
use crate::programs::Programs;
use crate::scenario::{Amount, Scenario};

/// Longest run after which a generator that does not end is given up, beyond what was asked for.
const LOAD_MAX: Duration = Duration::from_secs(1_800);
const RECEIPTS_PATIENCE: Duration = Duration::from_secs(30);
/// One in so many messages of an open loop may be overdue at its end.
const OVERDUE_SHARE_MIN: u64 = 100;
const SAMPLE: Duration = Duration::from_secs(1);
/// Between two lines of progress.
const PROGRESS: Duration = Duration::from_secs(60);

/// What every run needs.
pub(crate) struct Bench<'a> {
    pub(crate) programs: &'a Programs,
    pub(crate) folder: &'a Path,
    pub(crate) shape: &'a NodeShape,
    pub(crate) amount: &'a Amount,
    /// Where the flame graph goes, in the run that is recorded.
    pub(crate) profile: Option<&'a Path>,
}

/// What of the generator's result the bench reads.
#[derive(Debug, Default)]
pub(crate) struct LoadResult(Value);

impl LoadResult {
    /// Reads the line that a generator has printed.
    pub(crate) fn read(process: &Process) -> anyhow::Result<Self> {
        let text = process.output()?;
        let last = text.lines().rev().find(|line| line.starts_with('{'));
        let line = last.with_context(|| {
            format!(
                "smsload printed no result; its log ends:\n{}",
                process.log_end()
            )
        })?;
        Ok(Self(serde_json::from_str(line)?))
    }

    /// A count by its name.
    pub(crate) fn count(&self, name: &str) -> u64 {
        self.0.get(name).and_then(Value::as_u64).unwrap_or(0)
    }

    /// A number by its name.
    pub(crate) fn number(&self, name: &str) -> f64 {
        self.0.get(name).and_then(Value::as_f64).unwrap_or(0.0)
    }

    /// Refusals by status.
    pub(crate) fn refused_by_status(&self) -> Vec<(String, u64)> {
        let refused = self.0.get("refused").and_then(Value::as_object);
        refused
            .into_iter()
            .flatten()
            .map(|(status, count)| (status.clone(), count.as_u64().unwrap_or(0)))
            .collect()
    }

    /// Refusals of all statuses.
    pub(crate) fn refused_total(&self) -> u64 {
        self.refused_by_status()
            .iter()
            .map(|(_, count)| count)
            .sum()
    }

    /// Percentiles under the first of these names that has any.
    pub(crate) fn latency(&self, names: &[&str]) -> Option<LatencyMs> {
        names
            .iter()
            .filter_map(|name| self.0.get(*name).cloned())
            .filter_map(|value| serde_json::from_value::<LatencyMs>(value).ok())
            .find(|latency| latency.max > 0.0)
    }

    /// What it says has gone wrong.
    pub(crate) fn faults(&self) -> Vec<String> {
        let mut faults: Vec<String> = ["unanswered", "receipts_missing", "disconnects"]
            .into_iter()
            .map(|name| (name, self.count(name)))
            .filter(|(_, count)| *count > 0)
            .map(|(name, count)| format!("smsload: {name} {count}"))
            .collect();
        // The last ones of an open loop may be due when its time ends; many mean that the rate was not held.
        let overdue = self.count("overdue");
        if overdue > 0 && overdue * OVERDUE_SHARE_MIN >= self.count("sent") {
            faults.push(format!("smsload: {overdue} overdue: the rate was not held"));
        }
        for (status, count) in self.refused_by_status() {
            faults.push(format!("smsload: {count} refused with {status}"));
        }
        if let Some(fault) = self.0.get("fault").and_then(Value::as_str) {
            faults.push(format!("smsload: {fault}"));
        }
        faults
    }
}

/// Arguments of `smsload smpp` for a node.
pub(crate) fn smpp_arguments(
    address: &str,
    system_id: &str,
    binds: u32,
    window: u32,
) -> Vec<String> {
    format!(
        "smpp --address {address} --system-id {system_id} --password {PASSWORD} --binds {binds} --window {window} --json"
    )
    .split(' ')
    .map(str::to_owned)
    .collect()
}

fn arguments(bench: &Bench<'_>, scenario: Scenario, node: &Node) -> Vec<String> {
    let NodeShape { binds, window, .. } = *bench.shape;
    let mut arguments = if scenario == Scenario::HttpOne {
        let (address, connections) = (&node.http, binds);
        format!("http --url http://{address} --key {API_KEY} --connections {connections} --json")
            .split(' ')
            .map(str::to_owned)
            .collect()
    } else {
        let mut arguments = smpp_arguments(&node.smpp, SYSTEM_ID, binds, window);
        arguments.push("--receipts".to_owned());
        arguments
    };
    arguments.extend(bench.amount.arguments(scenario));
    arguments
}

/// Waits for the generator; memory of the node meanwhile.
pub(crate) fn watch(
    load: &mut Process,
    node: &mut Node,
    carrier: &Carrier,
    within: Duration,
) -> anyhow::Result<Series> {
    let (begun, mut sampled, mut said) = (Instant::now(), Instant::now(), Instant::now());
    let mut series = Series::default();
    while !load.has_ended() {
        if sampled.elapsed() >= SAMPLE {
            sampled = Instant::now();
            series.push(node.process.usage().rss_mb);
            node.process.must_run()?;
        }
        if said.elapsed() >= PROGRESS {
            said = Instant::now();
            eprintln!(
                "{} s: {} receipts answered, node {:.0} MB, load {:.1}",
                begun.elapsed().as_secs(),
                carrier.report().count("receipts_answered"),
                node.process.usage().rss_mb,
                load_average()
            );
        }
        if begun.elapsed() > within {
            bail!("smsload does not end; its log ends:\n{}", load.log_end());
        }
        std::thread::sleep(LOOK);
    }
    load.wait(LOAD_MAX)?;
    Ok(series)
}

/// Runs it.
pub(crate) fn run(bench: &Bench<'_>, scenario: Scenario) -> anyhow::Result<Outcome> {
    let messages = bench.amount.messages(scenario);
    let mut carrier = Carrier::start(bench.programs, "smscsim", bench.folder, messages)?;
    write_config(bench.folder, bench.shape, &carrier.address, None)?;
    let mut node = Node::start(bench.programs, bench.folder)?;
    let load_before = load_average();
    let (ticks, node_before, carrier_before) =
        (Ticks::now(), node.process.usage(), carrier.process.usage());
    let threads = node.process.threads();
    let recording = Recording::start(bench.profile, &node.process, bench.folder);
    let begun = Instant::now();
    let load_arguments = arguments(bench, scenario, &node);
    let program = &bench.programs.smsload;
    let mut load = Process::start("smsload", program, &load_arguments, bench.folder)?;
    let within = LOAD_MAX + bench.amount.duration.unwrap_or_default();
    let series = watch(&mut load, &mut node, &carrier, within)?;
    let result = LoadResult::read(&load)?;
    let accepted = result.count("accepted");
    let settled = if scenario == Scenario::HttpOne {
        let must_run = || node.process.must_run();
        carrier.wait_for_receipts(accepted, RECEIPTS_PATIENCE, must_run)?
    } else {
        Instant::now()
    };
    let recorded = recording.map(Recording::stop).transpose()?;
    let mut outcome = Outcome {
        scenario: scenario.name(),
        system: "carrack".to_owned(),
        answer_ms: result.latency(&["latency_ms"]),
        life_ms: result.latency(&[
            "life_ms",
            "life_latency_ms",
            "receipt_ms",
            "receipt_latency_ms",
        ]),
        rss_mb: series.into_values(),
        faults: result.faults(),
        ..Outcome::default()
    };
    outcome.counts.sent = result.count("sent");
    outcome.counts.accepted = accepted;
    outcome.counts.doubled = result.count("receipts_duplicate");
    outcome.add_process("carrack", node_before, node.process.usage());
    outcome.add_process("smscsim", carrier_before, carrier.process.usage());
    outcome.add_process("smsload", Usage::default(), load.usage());
    outcome.add_threads(&threads, &node.process.threads());
    outcome.noise = ticks.noise_since(outcome.cpu_seconds(), load_before);
    let seconds = result.number("seconds");
    let report = finish(bench, node, carrier, &mut outcome)?;
    if scenario == Scenario::HttpOne {
        outcome.set_times(seconds, (settled - begun).as_secs_f64());
        outcome.counts.receipts = report.count("receipts_answered");
        outcome.notes.push(
            "no callback is asked for: the life of a message ends when its receipt is durable and answered".to_owned(),
        );
    } else {
        outcome.set_times(seconds, result.number("life_seconds"));
        outcome.counts.receipts = result.count("receipts");
    }
    check::carrier(&mut outcome, &[&report]);
    if let Some((recorded, svg)) = recorded.zip(bench.profile) {
        recorded.write(svg, &mut outcome);
    }
    Ok(outcome)
}

/// Ends node and carrier and reads the store.
pub(crate) fn finish(
    bench: &Bench<'_>,
    node: Node,
    carrier: Carrier,
    outcome: &mut Outcome,
) -> anyhow::Result<crate::carrier::Report> {
    node.stop()?;
    let report = carrier.stop()?;
    let audit = audit(bench.programs, bench.folder)?;
    check::audit(outcome, &audit);
    Ok(report)
}
