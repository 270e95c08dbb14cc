//! The scenario `backlog`: a rate with an empty queue, then a carrier that is down while messages come in, a restart of the
//! node with all of them waiting, and the carrier's return, with urgent messages to another carrier meanwhile.

use std::time::{Duration, Instant};

use crate::carrier::Carrier;
use crate::check;
use crate::machine::{Ticks, load_average};
use crate::node::{Node, SYSTEM_ID, URGENT_SYSTEM_ID, audit, write_config};
use crate::outcome::{Outcome, Series};
use crate::process::{Process, Usage};
use crate::scenario::Scenario;
use crate::smpp_run::{Bench, LoadResult, smpp_arguments, watch};

/// Messages of the rate with an empty queue, at most.
const EMPTY_MAX: u64 = 400_000;
const PATIENCE: Duration = Duration::from_secs(60);
const LOAD_MAX: Duration = Duration::from_secs(7_200);
/// Urgent messages a second, and for how long.
const URGENT: [&str; 4] = ["--rate", "100", "--for", "10s"];

struct Backlog<'a> {
    bench: &'a Bench<'a>,
    carrier: Carrier,
    urgent: Carrier,
    outcome: Outcome,
    load: Usage,
}

/// Runs it.
pub(crate) fn run(bench: &Bench<'_>) -> anyhow::Result<Outcome> {
    let waiting = bench.amount.messages(Scenario::Backlog);
    let empty = waiting.min(EMPTY_MAX);
    let all = waiting + empty;
    let carrier = Carrier::start(bench.programs, "smscsim", bench.folder, all)?;
    let urgent = Carrier::start(bench.programs, "smscsim-urgent", bench.folder, all)?;
    let mut shape = bench.shape.clone();
    shape.messages_max = shape.messages_max.max(all + all / 10);
    write_config(
        bench.folder,
        &shape,
        &carrier.address,
        Some(&urgent.address),
    )?;
    let mut node = Node::start(bench.programs, bench.folder)?;
    let load_before = load_average();
    let ticks = Ticks::now();
    let mut backlog = Backlog {
        bench,
        carrier,
        urgent,
        load: Usage::default(),
        outcome: Outcome {
            scenario: Scenario::Backlog.name(),
            system: "carrack".to_owned(),
            ..Outcome::default()
        },
    };
    backlog.figure("start_to_ready_empty_seconds", node.start_seconds);
    let empty_rate = backlog.empty_queue(&mut node, empty)?;
    let node = backlog.fill_and_restart(node, waiting)?;
    let (node, drained) = backlog.drain(node, empty, waiting)?;
    backlog.figure(
        "drain_share_of_empty_percent",
        100.0 * drained / empty_rate.max(1e-9),
    );
    backlog.finish(node, ticks, load_before)
}

impl Backlog<'_> {
    fn figure(&mut self, name: &str, value: f64) {
        self.outcome.figures.insert(name.to_owned(), value);
    }

    fn note_load(&mut self, usage: Usage) {
        self.load.cpu_seconds += usage.cpu_seconds;
        self.load.rss_peak_mb = self.load.rss_peak_mb.max(usage.rss_peak_mb);
    }

    /// Loads without asking for receipts, so that no customer need be there.
    fn load(
        &mut self,
        node: &mut Node,
        count: u64,
        run: u32,
    ) -> anyhow::Result<(LoadResult, Series)> {
        let shape = self.bench.shape;
        let mut arguments = smpp_arguments(&node.smpp, SYSTEM_ID, shape.binds, shape.window);
        arguments
            .extend(["--count", &count.to_string(), "--run", &run.to_string()].map(str::to_owned));
        let program = &self.bench.programs.smsload;
        let mut load = Process::start("smsload", program, &arguments, self.bench.folder)?;
        let series = watch(&mut load, node, &self.carrier, LOAD_MAX)?;
        let result = LoadResult::read(&load)?;
        self.note_load(load.usage());
        self.outcome.faults.extend(result.faults());
        self.outcome.counts.sent += result.count("sent");
        self.outcome.counts.accepted += result.count("accepted");
        Ok((result, series))
    }

    fn empty_queue(&mut self, node: &mut Node, empty: u64) -> anyhow::Result<f64> {
        let begun = Instant::now();
        let (result, _) = self.load(node, empty, 1)?;
        let accepted = result.count("accepted");
        let settled = self
            .carrier
            .wait_for_receipts(accepted, PATIENCE, || node.process.must_run())?;
        let rate = accepted as f64 / (settled - begun).as_secs_f64().max(1e-9);
        self.figure("empty_queue_per_second", rate);
        Ok(rate)
    }

    fn fill_and_restart(&mut self, mut node: Node, waiting: u64) -> anyhow::Result<Node> {
        self.carrier.toggle_link()?;
        let (result, series) = self.load(&mut node, waiting, 2)?;
        self.outcome.rss_mb = series.into_values();
        self.outcome.answer_ms = result.latency(&["latency_ms"]);
        self.outcome.accepted_seconds = result.number("seconds");
        self.outcome.accepted_per_second = result.number("rate");
        let before = node.process.usage();
        self.figure("waiting_rss_mb", before.rss_mb);
        self.outcome
            .add_process("carrack, filled", Usage::default(), before);
        node.stop()?;
        let mut node = Node::start(self.bench.programs, self.bench.folder)?;
        let start_seconds = node.start_seconds;
        self.figure("start_to_ready_seconds", start_seconds);
        let rss_mb = node.process.usage().rss_mb;
        self.figure("waiting_rss_after_restart_mb", rss_mb);
        Ok(node)
    }

    fn drain(&mut self, mut node: Node, empty: u64, waiting: u64) -> anyhow::Result<(Node, f64)> {
        let mut arguments = smpp_arguments(&node.smpp, URGENT_SYSTEM_ID, 1, 100);
        arguments.extend(URGENT.map(str::to_owned));
        arguments.extend(["--receipts", "--run", "3"].map(str::to_owned));
        let program = &self.bench.programs.smsload;
        let up = Instant::now();
        self.carrier.toggle_link()?;
        let mut urgent = Process::start("smsload-urgent", program, &arguments, self.bench.folder)?;
        let settled = self
            .carrier
            .wait_for_receipts(empty + waiting, PATIENCE, || node.process.must_run())?;
        let seconds = (settled - up).as_secs_f64();
        urgent.wait(LOAD_MAX)?;
        let result = LoadResult::read(&urgent)?;
        self.outcome.faults.extend(result.faults());
        self.outcome.counts.sent += result.count("sent");
        self.outcome.counts.accepted += result.count("accepted");
        if let Some(latency) = result.latency(&["latency_ms"]) {
            self.figure("urgent_answer_p99_ms", latency.p99);
        }
        if let Some(latency) = result.latency(&["receipt_ms", "life_ms"]) {
            self.figure("urgent_life_p99_ms", latency.p99);
            self.outcome.life_ms = Some(latency);
        }
        self.note_load(urgent.usage());
        let rate = waiting as f64 / seconds.max(1e-9);
        self.outcome.life_seconds = seconds;
        self.outcome.life_per_second = rate;
        Ok((node, rate))
    }

    fn finish(mut self, mut node: Node, ticks: Ticks, load_before: f64) -> anyhow::Result<Outcome> {
        let nothing = Usage::default();
        self.outcome
            .add_process("carrack, after restart", nothing, node.process.usage());
        for carrier in [&mut self.carrier, &mut self.urgent] {
            let (name, usage) = (carrier.process.name().to_owned(), carrier.process.usage());
            self.outcome.add_process(&name, nothing, usage);
        }
        self.outcome.add_process("smsload", nothing, self.load);
        self.outcome.noise = ticks.noise_since(self.outcome.cpu_seconds(), load_before);
        self.outcome.notes.push(
            "rate accepted: while the carrier was down; whole life: from the carrier's return to the last receipt".to_owned(),
        );
        node.stop()?;
        let (slow, fast) = (self.carrier.stop()?, self.urgent.stop()?);
        let audit = audit(self.bench.programs, self.bench.folder)?;
        let mut outcome = self.outcome;
        check::audit(&mut outcome, &audit);
        outcome.counts.receipts = [&slow, &fast]
            .map(|report| report.count("receipts_answered"))
            .iter()
            .sum();
        check::carrier(&mut outcome, &[&slow, &fast]);
        Ok(outcome)
    }
}
