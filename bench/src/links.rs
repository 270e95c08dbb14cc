//! The scenario `links`: 350 links of very uneven rate at once, and beside it the same load on a node that has only the fast
//! carriers, so that what the slow ones cost the fast ones is seen.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::bail;

use crate::carrier::Report;
use crate::check;
use crate::fleet::{CYCLE_SECONDS, Contract, DIGITS, FAST, Fleet, Member, NUMBERS, PREFIX, SLOW};
use crate::machine::{Ticks, load_average};
use crate::node::{Node, SYSTEM_ID, audit};
use crate::outcome::{Outcome, Series};
use crate::process::{LOOK, Process, Usage};
use crate::scenario::Scenario;
use crate::smpp_run::{Bench, LoadResult, smpp_arguments};

const LOAD_MAX: Duration = Duration::from_secs(1_800);
const SAMPLE: Duration = Duration::from_secs(1);
/// What a limited carrier that has work has to be given of its contract where the machine is not full, per cent.
const USED_MIN: f64 = 95.0;
/// By how much the time from a grant to its arrival may vary: a carrier counts what it reads, and on a busy machine it reads
/// late and then much at once. The grants themselves are exact (`core/throttle`, its properties).
const ARRIVAL_JITTER_SECONDS: f64 = 0.1;
/// How well the rate of a whole course is known: a report is taken ten times a second.
const COURSE_PRECISION: f64 = 0.01;

/// What one node with some of the carriers gave.
struct Part {
    outcome: Outcome,
    /// Segments a second of each carrier.
    rates: Vec<(Contract, f64)>,
}

/// Runs it: first without the slow carriers, then with all.
pub(crate) fn run(bench: &Bench<'_>, scenario: Scenario) -> anyhow::Result<Outcome> {
    let folder = bench.folder.join("without");
    fs::create_dir(&folder)?;
    let without = part(bench, scenario, &folder, &FAST)?;
    let all: Vec<Contract> = FAST.iter().chain(&SLOW).copied().collect();
    let Part { mut outcome, rates } = part(bench, scenario, bench.folder, &all)?;
    let faults = without.outcome.faults.into_iter();
    outcome
        .faults
        .extend(faults.map(|fault| format!("without the slow carriers: {fault}")));
    for (contract, alone) in &without.rates {
        // Of an open loop a carrier without a limit takes what is offered, and that differs a little.
        if contract.rate.is_none() && scenario == Scenario::Links {
            continue;
        }
        let beside = rates.iter().find(|(known, _)| known.name == contract.name);
        let beside = beside.map_or(0.0, |(_, rate)| *rate);
        let name = contract.name.replace('-', "_");
        let figures = &mut outcome.figures;
        figures.insert(format!("{name}_per_second_without_the_slow"), *alone);
        figures.insert(
            format!("{name}_percent_of_that_without_the_slow"),
            100.0 * beside / alone.max(1e-9),
        );
    }
    for process in &without.outcome.processes {
        let name = format!("{}_us_per_message_without_the_slow", process.name);
        outcome.figures.insert(name, process.us_per_message);
    }
    outcome.notes.push(format!(
        "a carrier's rate is that from the first to the last segment it took; each {NUMBERS} messages are work for {CYCLE_SECONDS} s to every limited carrier, so the whole life is bound by the contracts"
    ));
    Ok(outcome)
}

fn part(
    bench: &Bench<'_>,
    scenario: Scenario,
    folder: &Path,
    contracts: &[Contract],
) -> anyhow::Result<Part> {
    let messages = bench.amount.messages(scenario);
    let mut fleet = Fleet::start(bench.programs, folder, contracts, messages)?;
    fleet.write_config(folder, bench.shape)?;
    let mut node = Node::start(bench.programs, folder)?;
    let bound_seconds = fleet.wait_until_bound()?;
    let load_before = load_average();
    let (ticks, node_before) = (Ticks::now(), node.process.usage());
    let threads = node.process.threads();
    let mut load = Process::start(
        "smsload",
        &bench.programs.smsload,
        &arguments(bench, scenario, &node),
        folder,
    )?;
    let series = watch(&mut load, &mut node, &mut fleet)?;
    let result = LoadResult::read(&load)?;
    let mut outcome = Outcome {
        scenario: scenario.name(),
        system: "carrack".to_owned(),
        answer_ms: result.latency(&["latency_ms"]),
        rss_mb: series.into_values(),
        faults: result.faults(),
        ..Outcome::default()
    };
    outcome.counts.sent = result.count("sent");
    outcome.counts.accepted = result.count("accepted");
    outcome.counts.receipts = result.count("receipts");
    outcome.counts.doubled = result.count("receipts_duplicate");
    outcome.set_times(result.number("seconds"), result.number("life_seconds"));
    outcome.add_process("carrack", node_before, node.process.usage());
    let (before, after) = fleet.usage();
    outcome.add_process("smscsim", before, after);
    outcome.add_process("smsload", Usage::default(), load.usage());
    outcome.add_threads(&threads, &node.process.threads());
    outcome.noise = ticks.noise_since(outcome.cpu_seconds(), load_before);
    let figures = &mut outcome.figures;
    figures.insert("links_bound".to_owned(), fleet.bound() as f64);
    figures.insert("links_bound_after_seconds".to_owned(), bound_seconds);
    node.stop()?;
    let rates = judge(&mut outcome, fleet, scenario)?;
    check::audit(&mut outcome, &audit(bench.programs, folder)?);
    Ok(Part { outcome, rates })
}

fn arguments(bench: &Bench<'_>, scenario: Scenario, node: &Node) -> Vec<String> {
    let shape = bench.shape;
    let mut arguments = smpp_arguments(&node.smpp, SYSTEM_ID, shape.binds, shape.window);
    let own = format!("--receipts --to-prefix {PREFIX} --to-digits {DIGITS} --wait 60s");
    arguments.extend(own.split(' ').map(str::to_owned));
    arguments.extend(bench.amount.arguments(scenario));
    arguments
}

/// Waits for the generator; memory of the node and the course of each carrier meanwhile.
fn watch(load: &mut Process, node: &mut Node, fleet: &mut Fleet) -> anyhow::Result<Series> {
    let (begun, mut sampled) = (Instant::now(), Instant::now());
    let mut series = Series::default();
    while !load.has_ended() {
        fleet.look();
        if sampled.elapsed() >= SAMPLE {
            sampled = Instant::now();
            series.push(node.process.usage().rss_mb);
            node.process.must_run()?;
        }
        if begun.elapsed() > LOAD_MAX {
            bail!("smsload does not end; its log ends:\n{}", load.log_end());
        }
        std::thread::sleep(LOOK);
    }
    load.wait(LOAD_MAX)?;
    fleet.look();
    Ok(series)
}

/// Ends the carriers and holds each to its contract; the rates.
fn judge(
    outcome: &mut Outcome,
    fleet: Fleet,
    scenario: Scenario,
) -> anyhow::Result<Vec<(Contract, f64)>> {
    let courses: Vec<(Contract, f64, u64)> = fleet
        .members
        .iter()
        .map(|member: &Member| (member.contract, member.rate(), member.links_min))
        .collect();
    let reports = fleet.stop()?;
    check::carrier(outcome, &reports.iter().collect::<Vec<_>>());
    let mut used_least = f64::INFINITY;
    for ((contract, rate, links_min), report) in courses.iter().zip(&reports) {
        let name = contract.name;
        outcome
            .figures
            .insert(format!("{}_per_second", name.replace('-', "_")), *rate);
        if let Some(agreed) = contract.rate {
            let used = 100.0 * rate / f64::from(agreed);
            used_least = used_least.min(used);
            if used < USED_MIN && scenario == Scenario::Links {
                let fault = format!("{name} was given {used:.1} % of its {agreed}/s");
                outcome.faults.push(fault);
            }
        }
        links(outcome, contract, *links_min, report);
        limit(outcome, contract, *rate, report);
    }
    outcome
        .figures
        .insert("least_used_contract_percent".to_owned(), used_least);
    Ok(courses
        .into_iter()
        .map(|(contract, rate, _)| (contract, rate))
        .collect())
}

/// Every link was bound once and stayed.
fn links(outcome: &mut Outcome, contract: &Contract, links_min: u64, report: &Report) {
    let wanted = u64::from(contract.links);
    if links_min < wanted || report.count("binds") != wanted {
        outcome.faults.push(format!(
            "{}: {wanted} links, {} binds, at least {links_min} bound at any time",
            contract.name,
            report.count("binds"),
        ));
    }
}

/// Never more than agreed: over the whole course, and in any second as the carrier counted it.
fn limit(outcome: &mut Outcome, contract: &Contract, rate: f64, report: &Report) {
    let Some(agreed) = contract.rate.map(f64::from) else {
        return;
    };
    let (name, peak) = (contract.name, report.count("peak_per_second") as f64);
    let most = (agreed * (1.0 + ARRIVAL_JITTER_SECONDS)).ceil();
    outcome
        .figures
        .insert(format!("{}_peak_in_a_second", name.replace('-', "_")), peak);
    if peak > most {
        let fault = format!("{name}: {peak} segments in a second of {agreed}");
        outcome.faults.push(fault);
    }
    if rate > agreed * (1.0 + COURSE_PRECISION) {
        let fault = format!("{name}: {rate:.1} segments a second of {agreed}");
        outcome.faults.push(fault);
    }
}
