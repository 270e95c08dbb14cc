//! The scenario `batch`: a file is given to the node while its carrier is down, so that what is timed is the way of the rows
//! into the log; then the carrier comes up, and every row has to reach it.

use std::fs::File;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use serde_json::Value;

use crate::carrier::Carrier;
use crate::check;
use crate::machine::{Ticks, load_average};
use crate::node::{API_KEY, Node, write_config};
use crate::outcome::Outcome;
use crate::process::LOOK;
use crate::profile::Recording;
use crate::scenario::Scenario;
use crate::smpp_run::{Bench, finish};

const ROWS_PATIENCE: Duration = Duration::from_secs(60);
const RECEIPTS_PATIENCE: Duration = Duration::from_secs(30);

/// Runs it.
pub(crate) fn run(bench: &Bench<'_>) -> anyhow::Result<Outcome> {
    let rows = bench.amount.messages(Scenario::Batch);
    let file = bench.folder.join("batch.csv");
    write_rows(bench, rows, &file)?;
    let mut carrier = Carrier::start(bench.programs, "smscsim", bench.folder, rows)?;
    carrier.toggle_link()?;
    let mut shape = bench.shape.clone();
    shape.messages_max = shape.messages_max.max(rows + rows / 10);
    write_config(bench.folder, &shape, &carrier.address, None)?;
    let mut node = Node::start(bench.programs, bench.folder)?;
    let load_before = load_average();
    let (ticks, node_before, carrier_before) =
        (Ticks::now(), node.process.usage(), carrier.process.usage());
    let threads = node.process.threads();
    let recording = Recording::start(bench.profile, &node.process, bench.folder);
    let begun = Instant::now();
    let batch = submit(&node, &file)?;
    let accepted = wait_for_rows(&mut node, &batch, rows)?;
    let durable_seconds = begun.elapsed().as_secs_f64();
    let after_rows = node.process.usage();
    let recorded = recording.map(Recording::stop).transpose()?;
    let threads_after = node.process.threads();
    let up = Instant::now();
    carrier.toggle_link()?;
    let must_run = || node.process.must_run();
    let settled = carrier.wait_for_receipts(accepted, RECEIPTS_PATIENCE, must_run)?;
    let mut outcome = Outcome {
        scenario: Scenario::Batch.name(),
        system: "carrack".to_owned(),
        ..Outcome::default()
    };
    (outcome.counts.sent, outcome.counts.accepted) = (rows, accepted);
    if accepted != rows {
        outcome
            .faults
            .push(format!("{accepted} of {rows} rows were accepted"));
    }
    outcome.set_times(durable_seconds, (settled - begun).as_secs_f64());
    outcome.add_process("carrack", node_before, after_rows);
    outcome.add_threads(&threads, &threads_after);
    if let Some((recorded, svg)) = recorded.zip(bench.profile) {
        recorded.write(svg, &mut outcome);
    }
    outcome.add_process("carrack, sending", after_rows, node.process.usage());
    outcome.add_process("smscsim", carrier_before, carrier.process.usage());
    outcome.noise = ticks.noise_since(outcome.cpu_seconds(), load_before);
    let drained = accepted as f64 / (settled - up).as_secs_f64().max(1e-9);
    outcome
        .figures
        .insert("sent_per_second_after_link_up".to_owned(), drained);
    outcome.notes.push(
        "rate accepted: rows to durable, while the carrier is down; whole life: to the last receipt after it came up"
            .to_owned(),
    );
    let report = finish(bench, node, carrier, &mut outcome)?;
    outcome.counts.receipts = report.count("receipts_answered");
    check::carrier(&mut outcome, &[&report]);
    Ok(outcome)
}

fn write_rows(bench: &Bench<'_>, rows: u64, file: &Path) -> anyhow::Result<()> {
    let written = Command::new(&bench.programs.smsload)
        .args(["batch", "--scripts", "plain", "--rows", &rows.to_string()])
        .args(bench.amount.keys.then_some("--keys"))
        .arg("--out")
        .arg(file)
        .output()?;
    if !written.status.success() {
        bail!(
            "smsload batch failed: {}",
            String::from_utf8_lossy(&written.stderr)
        );
    }
    Ok(())
}

/// Gives the file to the node; the batch's id.
pub(crate) fn submit(node: &Node, file: &Path) -> anyhow::Result<String> {
    let opened = File::open(file)?;
    let answer = ureq::post(format!(
        "http://{}/v1/batches?filename=batch.csv",
        node.http
    ))
    .header("authorization", format!("Bearer {API_KEY}"))
    .content_type("text/csv")
    .send(opened)
    .context("the node did not take the batch")?;
    let taken: Value = answer.into_body().read_json()?;
    let id = taken.get("id").and_then(Value::as_str);
    Ok(id.context("the batch has no id")?.to_owned())
}

/// Waits until every row has its verdict; how many are accepted.
fn wait_for_rows(node: &mut Node, batch: &str, rows: u64) -> anyhow::Result<u64> {
    let url = format!("http://{}/v1/batches/{batch}", node.http);
    let (mut last, mut moved) = (0, Instant::now());
    loop {
        let answer = ureq::get(&url)
            .header("authorization", format!("Bearer {API_KEY}"))
            .call()?;
        let status: Value = answer.into_body().read_json()?;
        let count = |name: &str| status.get(name).and_then(Value::as_u64).unwrap_or(0);
        let done = count("accepted") + count("rejected");
        if done >= rows {
            return Ok(count("accepted"));
        }
        if done > last {
            (last, moved) = (done, Instant::now());
        }
        if moved.elapsed() > ROWS_PATIENCE {
            bail!("the batch stands at {done} of {rows} rows: {status}");
        }
        node.process.must_run()?;
        std::thread::sleep(LOOK);
    }
}
