//! `carrack demo`: a node, two simulated carriers, a pool of simulated modems and a sample batch, in a temporary folder, offline.
//!
//! What is shown is the product itself: the same node, doors and audit as `serve`, over sockets. It ends by comparing the
//! batch, the node's figures, the store and what the carriers saw. Bound: it gives up when nothing moves for
//! [`STALL_MAX`]. Nothing is left behind unless that is asked for.

mod pool;
mod scene;
mod simulator;
mod verdict;

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow};
use carrack_engine::{Engine, Node, Snapshot};
use carrack_ingest::loop_probe::ProbeBoard;
use clap::Args;

use crate::carriers::Carriers;
use crate::client::Client;
use crate::command::{audit, batch};
use crate::configuration::Configuration;
use crate::doors::Doors;
use crate::fault::Fault;
use crate::metrics_page;
use crate::modems::Rack;
use crate::node::specification;
use crate::output;
use crate::progress::{BatchStatus, Progress};
use crate::signals::{self, Signal};
use crate::table::shown;
use scene::Temper;
use simulator::Simulator;
use verdict::Findings;

/// Shows it work: a node, two simulated carriers, a modem pool and a sample batch in a temporary folder
#[derive(Args)]
#[command(after_help = "\
Examples:
  carrack demo
  carrack demo --rows 20000
  carrack demo --rows 200000 --fast --json
  carrack demo --keep

`north` is cheap for most numbers, keeps us to a rate, takes its time and sometimes says no; `south` is dearer and fast. `rack` is
four modems, the cheapest for short texts to Germany until their SIMs had their day's few segments.
About 2 % of the rows are bad on purpose. Exit codes: 0 it adds up, 1 it does not.")]
pub(crate) struct Arguments {
    /// Rows of the batch
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u64).range(1..=50_000_000))]
    rows: u64,
    /// Carriers without rate and with hardly any latency: shows what the node does
    #[arg(long)]
    fast: bool,
    /// Chooses the texts, numbers and faults
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Keeps the temporary folder with configuration, batch and store, and says where it is
    #[arg(long)]
    keep: bool,
    /// Prints JSON
    #[arg(long)]
    json: bool,
}

const LOOK: Duration = Duration::from_millis(50);
/// Without a row coming to its end for so long, the demo gives up.
const STALL_MAX: Duration = Duration::from_secs(60);
const SNAPSHOT_MAX: Duration = Duration::from_secs(10);
const DOORS_CLOSE: Duration = Duration::from_secs(2);

/// Runs the command.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Fault> {
    carrack_telemetry::start_log("error", carrack_telemetry::LogFormat::Text);
    let signals = signals::listen().context("cannot listen to signals")?;
    let folder = tempfile::Builder::new()
        .prefix("carrack-demo-")
        .disable_cleanup(arguments.keep)
        .tempdir()
        .context("no temporary folder")?;
    if arguments.keep {
        eprintln!("kept: {}", folder.path().display());
    }
    let findings = play(arguments, folder.path(), &signals)?;
    let outcome = findings.outcome();
    if arguments.json {
        output::json(&outcome)?;
    } else {
        output::line(outcome.text())?;
    }
    // Before the end is told, so that a folder that cannot be taken away is told as well.
    if !arguments.keep {
        folder
            .close()
            .context("the temporary folder cannot be taken away")?;
    }
    if outcome.adds_up() {
        Ok(())
    } else {
        Err(Fault::Failed(anyhow!("the demo does not add up")))
    }
}

fn play(
    arguments: &Arguments,
    folder: &Path,
    signals: &Receiver<Signal>,
) -> Result<Findings, Fault> {
    let temper = Temper::of(arguments.rows, arguments.fast);
    let file = folder.join("messages.csv");
    let sample = scene::write_batch(&file, arguments.rows, arguments.seed)?;
    let north = Simulator::start(scene::north(temper, arguments.seed)?)?;
    let south = Simulator::start(scene::south(temper, arguments.seed)?)?;
    let modems = pool::start(arguments.seed)?;
    let per_day = pool::per_day(temper.is_slow);
    let sections = pool::sections(&modems, per_day);
    let path = scene::write_configuration(folder, temper, north.address, south.address, &sections)?;
    let configuration = Configuration::load(&path)?;
    let metrics = carrack_telemetry::start_metrics().context("cannot collect metrics")?;
    let settings = &configuration.settings;
    let rack = Rack::of(settings)?.ok_or_else(|| anyhow!("the demo has no modems"))?;
    let carriers = Carriers::of(&settings.carriers, Some(&rack), settings.shutdown.deadline)?;
    let node =
        Node::start(specification(&configuration, carriers.specs)).map_err(anyhow::Error::from)?;
    let board = ProbeBoard::default();
    let doors = Doors::open(
        &configuration,
        &node.engine(),
        metrics_page::page(metrics, node.engine(), None, board.clone()),
        Arc::new(carriers.taps),
        None,
        board,
        None,
    )?;
    let sent = pool::until_up(&rack)
        .map_err(Fault::from)
        .and_then(|()| send(&node, &doors, &file, signals));
    let snapshot = snapshot(&node.engine());
    doors.close(DOORS_CLOSE);
    if !node.stop() {
        return Err(Fault::Failed(anyhow!("a shard ended by itself")));
    }
    let carriers = vec![north.stop()?, south.stop()?];
    let (batch, seconds) = sent?;
    Ok(Findings {
        sample,
        batch,
        snapshot: snapshot?,
        audit: audit::read(&configuration.settings.node.data_dir)?,
        carriers,
        modems: modems.report(),
        per_day,
        seconds,
    })
}

/// Gives the batch to the node's HTTP door and waits for its end; how long that took.
fn send(
    node: &Node,
    doors: &Doors,
    file: &Path,
    signals: &Receiver<Signal>,
) -> Result<(BatchStatus, f64), Fault> {
    let http = doors
        .ready()
        .http
        .ok_or_else(|| anyhow!("the demo's HTTP door is not open"))?;
    let client = Client::new(&format!("http://{http}"), scene::API_KEY)?;
    let started = Instant::now();
    let taken = batch::send(&client, file, &[])?;
    let path = format!("/v1/batches/{}", shown(&taken, "id"));
    let mut progress = Progress::start();
    let (mut ended, mut moved) = (0, started);
    loop {
        let batch = batch::look(&client, &path)?;
        let now = Instant::now();
        progress.show(&batch);
        if batch.ended() != ended {
            (ended, moved) = (batch.ended(), now);
        }
        let is_all = batch.ended() == batch.accepted + batch.rejected;
        if batch.is_done() && is_all {
            progress.finish();
            // The state follows the last row by up to a look of the node: that is not the batch's time.
            return Ok((batch, (moved - started).as_secs_f64()));
        }
        if now - moved > STALL_MAX {
            progress.finish();
            // What is missing is told by the comparison.
            return Ok((batch, (now - started).as_secs_f64()));
        }
        if node.is_broken() {
            return Err(Fault::Failed(anyhow!("a shard ended by itself")));
        }
        if signals.try_recv() == Ok(Signal::Stop) {
            progress.finish();
            return Err(Fault::Failed(anyhow!("interrupted")));
        }
        std::thread::sleep(LOOK);
    }
}

fn snapshot(engine: &Engine) -> anyhow::Result<Snapshot> {
    let (sender, receiver) = channel();
    engine.snapshot(Box::new(move |snapshot| {
        // Nobody waits any more when it comes too late.
        let _ = sender.send(snapshot);
    }));
    receiver
        .recv_timeout(SNAPSHOT_MAX)
        .context("the node does not tell what its carriers did")
}
