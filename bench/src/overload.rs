//! The scenarios `overload` and `overload-queue`: a calm load, a rush of about twice what can be carried, and the calm load
//! again. What counts is what the node answers meanwhile, how soon it is as before, and that what it took is all there.

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::bail;
use serde_json::Value;

use crate::carrier::Carrier;
use crate::check;
use crate::machine::{Ticks, load_average};
use crate::node::{API_KEY, Node, SYSTEM_ID, audit, config_head};
use crate::outcome::{Outcome, Series};
use crate::probe::{Probe, Probed};
use crate::process::{LOOK, Process, Usage};
use crate::scenario::Scenario;
use crate::smpp_run::{Bench, LoadResult, smpp_arguments};

const LOAD_MAX: Duration = Duration::from_secs(300);
const PATIENCE: Duration = Duration::from_secs(30);
const ROWS_PATIENCE: Duration = Duration::from_secs(60);
const SAMPLE: Duration = Duration::from_millis(200);
/// How long the calm load is looked at before, and, second by second, at most after.
const BEFORE_SECONDS: u32 = 5;
const AFTER_SECONDS_MAX: u32 = 60;
/// After a rush the answers are as before where p99 is at most so many times, and so many milliseconds more.
const AS_BEFORE_TIMES: f64 = 1.5;
const AS_BEFORE_MS: f64 = 10.0;

/// What is offered, messages a second.
#[derive(Debug, Clone, Copy)]
struct Offer {
    smpp: u32,
    http: u32,
}

/// One kind of overload.
struct Plan {
    /// Segments a second of the carrier.
    carrier_rate: Option<u32>,
    calm: Offer,
    rush: Offer,
    rush_seconds: u32,
    batch_rows: u64,
    /// Whether the queue's bound has to be met.
    must_refuse: bool,
}

fn plan(scenario: Scenario, bench: &Bench<'_>) -> Plan {
    let rush_seconds = bench
        .amount
        .duration
        .map_or(15, |duration| duration.as_secs() as u32);
    if scenario == Scenario::OverloadQueue {
        Plan {
            carrier_rate: Some(10_000),
            calm: Offer {
                smpp: 3_000,
                http: 300,
            },
            rush: Offer {
                smpp: 18_000,
                http: 2_000,
            },
            rush_seconds,
            batch_rows: 50_000,
            must_refuse: true,
        }
    } else {
        Plan {
            carrier_rate: None,
            calm: Offer {
                smpp: 5_000,
                http: 500,
            },
            rush: Offer {
                smpp: bench.amount.rate.unwrap_or(200_000),
                http: 20_000,
            },
            rush_seconds,
            batch_rows: 0,
            must_refuse: false,
        }
    }
}

struct Overload<'a> {
    bench: &'a Bench<'a>,
    plan: Plan,
    node: Node,
    outcome: Outcome,
    load: Usage,
    rss: Series,
    runs: u32,
}

/// What one load over both doors gave.
struct Answers {
    smpp: LoadResult,
    http: LoadResult,
    probed: Probed,
}

impl Answers {
    fn p99(&self) -> [f64; 2] {
        [&self.smpp, &self.http].map(|load| {
            let latency = load.latency(&["service_ms"]);
            latency.unwrap_or_default().p99
        })
    }

    fn refused(&self) -> u64 {
        self.smpp.refused_total() + self.http.refused_total() + self.probed.refused
    }
}

/// Runs it.
pub(crate) fn run(bench: &Bench<'_>, scenario: Scenario) -> anyhow::Result<Outcome> {
    let plan = plan(scenario, bench);
    let carrier = Carrier::start(bench.programs, "smscsim", bench.folder, 0)?;
    write_config(bench, &plan, &carrier)?;
    let mut node = Node::start(bench.programs, bench.folder)?;
    let load_before = load_average();
    let (ticks, node_before) = (Ticks::now(), node.process.usage());
    let threads = node.process.threads();
    let mut overload = Overload {
        bench,
        plan,
        node,
        outcome: Outcome {
            scenario: scenario.name(),
            system: "carrack".to_owned(),
            ..Outcome::default()
        },
        load: Usage::default(),
        rss: Series::default(),
        runs: 0,
    };
    let begun = Instant::now();
    overload.before_during_after()?;
    let sent_seconds = begun.elapsed().as_secs_f64();
    let Overload {
        mut node,
        mut outcome,
        load,
        rss,
        ..
    } = overload;
    let mut carrier = carrier;
    let (accepted, must_run) = (outcome.counts.accepted, || node.process.must_run());
    let settled = carrier.wait_for_receipts(accepted, PATIENCE, must_run)?;
    outcome.set_times(sent_seconds, (settled - begun).as_secs_f64());
    outcome.rss_mb = rss.into_values();
    outcome.add_process("carrack", node_before, node.process.usage());
    outcome.add_process("smscsim", Usage::default(), carrier.process.usage());
    outcome.add_process("smsload", Usage::default(), load);
    outcome.add_threads(&threads, &node.process.threads());
    outcome.noise = ticks.noise_since(outcome.cpu_seconds(), load_before);
    node.stop()?;
    let report = carrier.stop()?;
    check::audit(&mut outcome, &audit(bench.programs, bench.folder)?);
    outcome.counts.receipts = report.count("receipts_answered");
    check::carrier(&mut outcome, &[&report]);
    Ok(outcome)
}

fn write_config(bench: &Bench<'_>, plan: &Plan, carrier: &Carrier) -> anyhow::Result<()> {
    let shape = bench.shape;
    let rate = plan
        .carrier_rate
        .map_or_else(String::new, |rate| format!("rate = {rate}\n"));
    let text = format!(
        "{}[[carrier]]\nname = \"one\"\naddress = \"{}\"\nsystem_id = \"c\"\npassword = \"p\"\nprice = \"0.001\"\n\
         links = {}\nwindow = {}\n{rate}[[route]]\nmatch = {{}}\ncarriers = [\"one\"]\n",
        config_head(bench.folder, shape)?,
        carrier.address,
        shape.links,
        shape.link_window
    );
    fs::write(bench.folder.join("carrack.toml"), text)?;
    Ok(())
}

impl Overload<'_> {
    fn figure(&mut self, name: &str, value: f64) {
        self.outcome.figures.insert(name.to_owned(), value);
    }

    fn before_during_after(&mut self) -> anyhow::Result<()> {
        let (calm, rush) = (self.plan.calm, self.plan.rush);
        let before = self.load(calm, BEFORE_SECONDS)?;
        self.note("1_before", &before);
        if before.refused() > 0 {
            let fault = format!("{} refused before the rush", before.refused());
            self.outcome.faults.push(fault);
        }
        let batch = self.submit_batch()?;
        let during = self.load(rush, self.plan.rush_seconds)?;
        self.note("2_during", &during);
        let rss_mb = self.node.process.usage().rss_mb;
        self.figure("2_during_rss_mb", rss_mb);
        let offered = (rush.smpp + rush.http) * self.plan.rush_seconds;
        self.figure("2_during_offered", f64::from(offered));
        if self.plan.must_refuse && during.refused() == 0 {
            let fault = "the queue's bound was not met: nothing was refused".to_owned();
            self.outcome.faults.push(fault);
        }
        self.recover(&before)?;
        self.outcome.answer_ms = during.smpp.latency(&["service_ms"]);
        match batch {
            Some(id) => self.wait_for_rows(&id),
            None => Ok(()),
        }
    }

    /// The calm load again, second by second, until it is answered as before.
    fn recover(&mut self, before: &Answers) -> anyhow::Result<()> {
        let begun = Instant::now();
        for second in 1..=AFTER_SECONDS_MAX {
            let after = self.load(self.plan.calm, 1)?;
            if second == 1 {
                self.note("3_first_second_after", &after);
            }
            let mut pairs = after.p99().into_iter().zip(before.p99());
            let is_fast =
                pairs.all(|(after, before)| after <= before * AS_BEFORE_TIMES + AS_BEFORE_MS);
            if is_fast && after.refused() == 0 {
                self.figure("4_as_before_after_seconds", begun.elapsed().as_secs_f64());
                self.note("4_then", &after);
                return Ok(());
            }
        }
        let fault = format!("not as before {AFTER_SECONDS_MAX} s after the rush");
        self.outcome.faults.push(fault);
        Ok(())
    }

    /// Loads both doors for a time; a caller of its own asks now and then meanwhile.
    fn load(&mut self, offer: Offer, seconds: u32) -> anyhow::Result<Answers> {
        let shape = self.bench.shape;
        self.runs += 2;
        let how = |rate: u32, run: u32| -> Vec<String> {
            format!("--rate {rate} --for {seconds}s --run {run}")
                .split(' ')
                .map(str::to_owned)
                .collect()
        };
        let mut smpp = smpp_arguments(&self.node.smpp, SYSTEM_ID, shape.binds, shape.window);
        smpp.extend(how(offer.smpp, self.runs));
        let mut http: Vec<String> = format!(
            "http --url http://{} --key {API_KEY} --connections {} --json",
            self.node.http, shape.binds
        )
        .split(' ')
        .map(str::to_owned)
        .collect();
        http.extend(how(offer.http, self.runs + 1));
        let (program, folder) = (&self.bench.programs.smsload, self.bench.folder);
        let probe = Probe::start(&self.node.http, self.runs);
        let mut smpp = Process::start("smsload-smpp", program, &smpp, folder)?;
        let mut http = Process::start("smsload-http", program, &http, folder)?;
        let begun = Instant::now();
        let mut sampled = Instant::now();
        while !(smpp.has_ended() & http.has_ended()) {
            if sampled.elapsed() >= SAMPLE {
                sampled = Instant::now();
                self.rss.push(self.node.process.usage().rss_mb);
                self.node.process.must_run()?;
            }
            if begun.elapsed() > LOAD_MAX {
                bail!("smsload does not end; its log ends:\n{}", smpp.log_end());
            }
            std::thread::sleep(LOOK);
        }
        let probed = probe.stop()?;
        for load in [&mut smpp, &mut http] {
            let usage = load.usage();
            self.load.cpu_seconds += usage.cpu_seconds;
            self.load.rss_peak_mb = self.load.rss_peak_mb.max(usage.rss_peak_mb);
        }
        let answers = Answers {
            smpp: LoadResult::read(&smpp)?,
            http: LoadResult::read(&http)?,
            probed,
        };
        self.count(&answers);
        Ok(answers)
    }

    fn count(&mut self, answers: &Answers) {
        let counts = &mut self.outcome.counts;
        for load in [&answers.smpp, &answers.http] {
            counts.sent += load.count("sent");
            counts.accepted += load.count("accepted");
        }
        counts.sent += answers.probed.accepted + answers.probed.refused;
        counts.accepted += answers.probed.accepted;
        let faults = &mut self.outcome.faults;
        for name in ["unanswered", "disconnects"] {
            for (door, load) in [("smpp", &answers.smpp), ("http", &answers.http)] {
                if load.count(name) > 0 {
                    faults.push(format!("smsload {door}: {name} {}", load.count(name)));
                }
            }
        }
        for load in [&answers.smpp, &answers.http] {
            for (status, count) in load.refused_by_status() {
                if !HONEST.contains(&status.as_str()) {
                    faults.push(format!("{count} refused with {status}"));
                }
            }
        }
        faults.extend(answers.probed.faults.iter().cloned());
    }

    fn note(&mut self, when: &str, answers: &Answers) {
        let [smpp, http] = answers.p99();
        for (door, load, p99) in [("smpp", &answers.smpp, smpp), ("http", &answers.http, http)] {
            self.figure(&format!("{when}_{door}_answer_p99_ms"), p99);
            self.figure(
                &format!("{when}_{door}_accepted"),
                load.count("accepted") as f64,
            );
            for (status, count) in load.refused_by_status() {
                self.figure(&format!("{when}_{door}_refused_{status}"), count as f64);
            }
        }
        let probed = &answers.probed;
        let (accepted_ms, refused_ms) = (probed.accepted_p99_ms, probed.refused_p99_ms);
        self.figure(&format!("{when}_accepted_call_p99_ms"), accepted_ms);
        if probed.refused > 0 {
            self.figure(&format!("{when}_refused_call_p99_ms"), refused_ms);
            let share = 100.0 * probed.retry_after as f64 / probed.refused as f64;
            self.figure(&format!("{when}_refused_with_retry_after_percent"), share);
        }
    }

    /// Gives the node a file that does not fit beside the rush; its id.
    fn submit_batch(&mut self) -> anyhow::Result<Option<String>> {
        let rows = self.plan.batch_rows;
        if rows == 0 {
            return Ok(None);
        }
        let file = self.bench.folder.join("batch.csv");
        let written = Command::new(&self.bench.programs.smsload)
            .args(["batch", "--scripts", "plain", "--rows", &rows.to_string()])
            .arg("--out")
            .arg(&file)
            .output()?;
        if !written.status.success() {
            bail!("smsload batch failed");
        }
        let id = crate::batch::submit(&self.node, &file)?;
        Ok(Some(id))
    }

    /// The batch goes on by itself, and every row has its verdict.
    fn wait_for_rows(&mut self, id: &str) -> anyhow::Result<()> {
        let begun = Instant::now();
        let url = format!("http://{}/v1/batches/{id}", self.node.http);
        let rows = self.plan.batch_rows;
        loop {
            let answer = ureq::get(&url)
                .header("authorization", format!("Bearer {API_KEY}"))
                .call()?;
            let status: Value = answer.into_body().read_json()?;
            let count = |name: &str| status.get(name).and_then(Value::as_u64).unwrap_or(0);
            if count("accepted") + count("rejected") >= rows {
                self.outcome.counts.sent += rows;
                self.outcome.counts.accepted += count("accepted");
                self.figure("5_batch_rows_accepted", count("accepted") as f64);
                self.figure(
                    "5_batch_done_after_the_rush_seconds",
                    begun.elapsed().as_secs_f64(),
                );
                return Ok(());
            }
            if begun.elapsed() > ROWS_PATIENCE {
                bail!("the batch does not go on: {status}");
            }
            std::thread::sleep(LOOK);
        }
    }
}

/// Refusals that tell the customer to come again.
const HONEST: [&str; 4] = ["ESME_RTHROTTLED", "ESME_RMSGQFUL", "HTTP 429", "HTTP 503"];
