//! The scenario `customers`: nearly a thousand binds of three uneven customers, first alone, then beside one that never reads,
//! one that floods at ten times its rate and one that binds and drops ten times a second. What counts is what the three
//! notice of it.

use std::fmt::Write as _;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::bail;
use carrack_smpp::{Address, Bind, BindKind, SubmitSm, encode_bind, encode_submit_sm};

use crate::carrier::Carrier;
use crate::machine::{Ticks, load_average};
use crate::node::{Node, PASSWORD, audit, config_head};
use crate::outcome::{LatencyMs, Outcome, Series};
use crate::process::{LOOK, Process, Usage};
use crate::smpp_run::{Bench, LoadResult, smpp_arguments};

/// Names, binds, window of each, messages a second: 996 binds in all.
const GOOD: [(&str, u32, u32, u32); 3] = [
    ("many", 700, 2, 700),
    ("some", 280, 10, 1_400),
    ("few", 16, 100, 1_400),
];
/// Messages a second that the flooding customer may send, and times that it offers.
const FLOOD: (u32, u32) = (300, 10);
const SECONDS: u64 = 15;
const LOAD_MAX: Duration = Duration::from_secs(120);
/// The others keep this part of their rate.
const KEPT_MIN: f64 = 0.95;
/// And their p99 is at most so many times what it was, and so many milliseconds more: the machine is theirs no more alone.
const P99_TIMES: f64 = 1.5;
const P99_MORE_MS: f64 = 10.0;
/// Between two binds of the customer who drops them.
const STORM: Duration = Duration::from_millis(100);

/// Runs it.
pub(crate) fn run(bench: &Bench<'_>) -> anyhow::Result<Outcome> {
    let mut carrier = Carrier::start(bench.programs, "smscsim", bench.folder, 0)?;
    write_config(bench, &carrier)?;
    let mut node = Node::start(bench.programs, bench.folder)?;
    let load_before = load_average();
    let (ticks, node_before) = (Ticks::now(), node.process.usage());
    let threads = node.process.threads();
    let mut outcome = Outcome {
        scenario: "customers".to_owned(),
        system: "carrack".to_owned(),
        ..Outcome::default()
    };
    let mut rss = Series::default();
    let begun = Instant::now();
    let alone = good(bench, &mut node, &mut rss, 1)?;
    note(&mut outcome, "1_alone", &alone);
    let bad = Bad::start(bench, &node)?;
    let beside = good(bench, &mut node, &mut rss, 2)?;
    note(&mut outcome, "2_beside", &beside);
    bad.stop(&mut outcome)?;
    compare(&mut outcome, &alone, &beside);
    outcome.answer_ms = beside
        .first()
        .and_then(|load| load.latency(&["service_ms"]));
    let seconds = begun.elapsed().as_secs_f64();
    outcome.rss_mb = rss.into_values();
    let (usage, simulator) = (node.process.usage(), carrier.process.usage());
    let threads_after = node.process.threads();
    node.stop()?;
    let report = carrier.stop()?;
    let found = audit(bench.programs, bench.folder)?;
    outcome.counts.accepted = found.accepted;
    outcome.counts.audit_adds_up = Some(found.adds_up);
    outcome.counts.distinct_texts = report.count("distinct_texts");
    outcome.counts.doubled = report.count("duplicates");
    outcome.counts.receipts = found.delivered;
    outcome.set_times(seconds, seconds);
    outcome.add_process("carrack", node_before, usage);
    outcome.add_process("smscsim", Usage::default(), simulator);
    outcome.add_threads(&threads, &threads_after);
    outcome.noise = ticks.noise_since(outcome.cpu_seconds(), load_before);
    if !found.adds_up || found.delivered != found.accepted || outcome.counts.doubled > 0 {
        outcome.faults.push(format!(
            "of {} messages {} were delivered, {} doubled; {}",
            found.accepted,
            found.delivered,
            outcome.counts.doubled,
            found.contradictions.join("; ")
        ));
    }
    Ok(outcome)
}

fn write_config(bench: &Bench<'_>, carrier: &Carrier) -> anyhow::Result<()> {
    let shape = bench.shape;
    let mut text = config_head(bench.folder, shape)?;
    let mut account = |name: &str, binds: u32, window: u32, more: &str| {
        write!(
            text,
            "[[account]]\nname = \"{name}\"\nsystem_id = \"{name}\"\npassword = \"{PASSWORD}\"\nwindow = {window}\nbinds_max = {}\n{more}",
            binds + 2
        )
    };
    for (name, binds, window, _) in GOOD {
        account(name, binds, window, "")?;
    }
    account("deaf", 2, 1000, "messages_max = 50000\n")?;
    account("flood", 4, 1000, &format!("rate = {}\n", FLOOD.0))?;
    account("storm", 20, 10, "")?;
    write!(
        text,
        "[[carrier]]\nname = \"one\"\naddress = \"{}\"\nsystem_id = \"c\"\npassword = \"p\"\nprice = \"0.001\"\n\
         links = {}\nwindow = {}\n[[route]]\nmatch = {{}}\ncarriers = [\"one\"]\n",
        carrier.address, shape.links, shape.link_window
    )?;
    fs::write(bench.folder.join("carrack.toml"), text)?;
    Ok(())
}

fn load(
    bench: &Bench<'_>,
    node: &Node,
    who: (&str, u32, u32, u32),
    run: u64,
) -> anyhow::Result<Process> {
    let (name, binds, window, rate) = who;
    let mut arguments = smpp_arguments(&node.smpp, name, binds, window);
    let how = format!("--rate {rate} --for {SECONDS}s --run {run} --receipts");
    arguments.extend(how.split(' ').map(str::to_owned));
    Process::start(
        &format!("smsload-{name}-{run}"),
        &bench.programs.smsload,
        &arguments,
        bench.folder,
    )
}

/// The three customers for a time.
fn good(
    bench: &Bench<'_>,
    node: &mut Node,
    rss: &mut Series,
    run: u64,
) -> anyhow::Result<Vec<LoadResult>> {
    let mut loads = Vec::new();
    for (number, who) in (0..).zip(GOOD) {
        loads.push(load(bench, node, who, run * 10 + number)?);
    }
    let begun = Instant::now();
    while !loads
        .iter_mut()
        .fold(true, |all, load| all & load.has_ended())
    {
        rss.push(node.process.usage().rss_mb);
        node.process.must_run()?;
        if begun.elapsed() > LOAD_MAX {
            bail!("smsload does not end");
        }
        std::thread::sleep(LOOK);
    }
    loads.iter().map(LoadResult::read).collect()
}

fn p99(load: &LoadResult) -> f64 {
    let latency: Option<LatencyMs> = load.latency(&["latency_ms"]);
    latency.unwrap_or_default().p99
}

fn note(outcome: &mut Outcome, when: &str, loads: &[LoadResult]) {
    for ((name, ..), load) in GOOD.into_iter().zip(loads) {
        let figures = &mut outcome.figures;
        figures.insert(
            format!("{when}_{name}_accepted"),
            load.count("accepted") as f64,
        );
        figures.insert(format!("{when}_{name}_p99_ms"), p99(load));
        for fault in load.faults() {
            outcome.faults.push(format!("{name} {when}: {fault}"));
        }
        if load.count("receipts_duplicate") > 0 {
            let count = load.count("receipts_duplicate");
            outcome
                .faults
                .push(format!("{name} {when}: {count} receipts twice"));
        }
    }
}

fn compare(outcome: &mut Outcome, alone: &[LoadResult], beside: &[LoadResult]) {
    for ((name, ..), (alone, beside)) in GOOD.into_iter().zip(alone.iter().zip(beside)) {
        let kept = beside.count("accepted") as f64 / alone.count("accepted").max(1) as f64;
        outcome
            .figures
            .insert(format!("3_{name}_kept_percent"), kept * 100.0);
        if kept < KEPT_MIN {
            outcome
                .faults
                .push(format!("{name} kept {:.1} % of its rate", kept * 100.0));
        }
        let (before, after) = (p99(alone), p99(beside));
        if after > before * P99_TIMES + P99_MORE_MS {
            outcome.faults.push(format!(
                "{name}: p99 {before:.1} ms alone, {after:.1} ms beside"
            ));
        }
    }
}

/// The three that behave badly.
struct Bad {
    stop: Arc<AtomicBool>,
    written: Arc<AtomicU64>,
    storms: Arc<AtomicU64>,
    threads: Vec<JoinHandle<()>>,
    flood: Process,
}

impl Bad {
    fn start(bench: &Bench<'_>, node: &Node) -> anyhow::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let (written, storms) = (Arc::<AtomicU64>::default(), Arc::<AtomicU64>::default());
        let address = node.smpp.clone();
        let (deaf_stop, deaf_written) = (Arc::clone(&stop), Arc::clone(&written));
        let deaf = std::thread::spawn({
            let address = address.clone();
            move || never_reads(&address, &deaf_stop, &deaf_written)
        });
        let (storm_stop, storm_count) = (Arc::clone(&stop), Arc::clone(&storms));
        let storm =
            std::thread::spawn(move || binds_and_drops(&address, &storm_stop, &storm_count));
        let flood = load(bench, node, ("flood", 2, 500, FLOOD.0 * FLOOD.1), 30)?;
        Ok(Self {
            stop,
            written,
            storms,
            threads: vec![deaf, storm],
            flood,
        })
    }

    fn stop(mut self, outcome: &mut Outcome) -> anyhow::Result<()> {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads {
            if thread.join().is_err() {
                bail!("a customer that behaves badly ended by a panic");
            }
        }
        self.flood.wait(LOAD_MAX)?;
        let flood = LoadResult::read(&self.flood)?;
        let figures = &mut outcome.figures;
        figures.insert(
            "2_beside_flood_accepted".to_owned(),
            flood.count("accepted") as f64,
        );
        figures.insert(
            "2_beside_flood_refused".to_owned(),
            flood.refused_total() as f64,
        );
        let written = self.written.load(Ordering::Relaxed);
        figures.insert("2_beside_deaf_octets_written".to_owned(), written as f64);
        let storms = self.storms.load(Ordering::Relaxed);
        figures.insert("2_beside_binds_dropped".to_owned(), storms as f64);
        let allowed = u64::from(FLOOD.0) * (SECONDS + 2);
        if flood.count("accepted") > allowed || flood.refused_total() == 0 {
            let fault = format!(
                "flood: {} accepted, {allowed} allowed",
                flood.count("accepted")
            );
            outcome.faults.push(fault);
        }
        if storms < SECONDS * 5 || written == 0 {
            outcome
                .faults
                .push(format!("{storms} binds dropped, {written} octets written"));
        }
        Ok(())
    }
}

/// Binds and waits for the answer; none where it is refused or the door is closed.
fn bound(address: &str, system_id: &str) -> Option<TcpStream> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
    let mut octets = Vec::new();
    let bind = Bind {
        system_id: system_id.as_bytes(),
        password: PASSWORD.as_bytes(),
        interface_version: 0x34,
        ..Bind::default()
    };
    encode_bind(&mut octets, 1, BindKind::Transceiver, &bind).ok()?;
    stream.write_all(&octets).ok()?;
    let mut answer = [0; 16];
    stream.read_exact(&mut answer).ok()?;
    let [.., s0, s1, s2, s3, _, _, _, _] = answer;
    ([s0, s1, s2, s3] == [0; 4]).then_some(stream)
}

/// Submits for ever and reads nothing.
fn never_reads(address: &str, stop: &AtomicBool, written: &AtomicU64) {
    let mut sequence_number = 2;
    while !stop.load(Ordering::Relaxed) {
        let Some(mut stream) = bound(address, "deaf") else {
            std::thread::sleep(STORM);
            continue;
        };
        let _ = stream.set_write_timeout(Some(Duration::from_millis(200)));
        while !stop.load(Ordering::Relaxed) {
            let mut octets = Vec::new();
            for _ in 0..100 {
                let text = format!("deaf {sequence_number}");
                let sm = SubmitSm {
                    source: Address {
                        ton: 5,
                        npi: 0,
                        addr: b"DEAF",
                    },
                    destination: Address {
                        ton: 1,
                        npi: 1,
                        addr: b"447700900999",
                    },
                    registered_delivery: 1,
                    short_message: text.as_bytes(),
                    ..SubmitSm::default()
                };
                if encode_submit_sm(&mut octets, sequence_number, &sm).is_err() {
                    return;
                }
                sequence_number += 1;
            }
            match stream.write(&octets) {
                // What was cut in the middle cannot go on: the stream is full, and stays so.
                Ok(count) => {
                    written.fetch_add(count as u64, Ordering::Relaxed);
                    if count < octets.len() {
                        wait(stop);
                    }
                }
                Err(_) => wait(stop),
            }
        }
    }
}

fn wait(stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) {
        std::thread::sleep(STORM);
    }
}

/// Binds and goes without a word, ten times a second.
fn binds_and_drops(address: &str, stop: &AtomicBool, storms: &AtomicU64) {
    while !stop.load(Ordering::Relaxed) {
        let begun = Instant::now();
        if bound(address, "storm").is_some() {
            storms.fetch_add(1, Ordering::Relaxed);
        }
        std::thread::sleep(STORM.saturating_sub(begun.elapsed()));
    }
}
