//! Runs seeds and says what they found: `seeds --from S --count N [--minutes M]`, or `seeds --seed X [--trace]`.

#![allow(clippy::print_stdout, reason = "a program's results go to stdout")]

use std::process::ExitCode;
use std::time::{Duration, Instant};

use carrack_simulation::{Fault, FaultCounts, Mutant, Report, Scenario, Totals, simulate};

const HELP: &str = "seeds: deterministic runs of the engine with seeded faults

  --from S       first seed (default 1)
  --count N      seeds to run (default 1000)
  --minutes M    stop after so many minutes
  --seed X       run this one seed
  --trace        print every event of a failing seed, or of --seed
  --go-on        do not stop at the first failing seed
  --messages N   most messages a seed
  --no-jumps     UTC does not jump
  --no-crashes   nobody is killed
  --no-rolls     epochs do not roll
  --shards N     most shards
  --tolerate     the known fault of the engine (see Scenario)
  --mutant N     the N-th lie of the world, from 0

Example: seeds --from 1 --count 5000
         seeds --seed 4711 --trace
Exit: 0 all is well, 1 a seed failed, 2 wrong usage.";

struct Wish {
    from: u64,
    count: u64,
    minutes: Option<u64>,
    go_on: bool,
    scenario: Scenario,
}

fn wish() -> Result<Wish, String> {
    let mut wish = Wish {
        from: 1,
        count: 1000,
        minutes: None,
        go_on: false,
        scenario: Scenario::default(),
    };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut number = || -> Result<u64, String> {
            let value = words.next().ok_or(format!("{word} wants a number"))?;
            value
                .parse()
                .map_err(|fault| format!("{word} {value}: {fault}"))
        };
        match word.as_str() {
            "--from" => wish.from = number()?,
            "--count" => wish.count = number()?,
            "--minutes" => (wish.minutes, wish.count) = (Some(number()?), u64::MAX),
            "--seed" => (wish.from, wish.count) = (number()?, 1),
            "--messages" => wish.scenario.messages_max = number()? as u32,
            "--shards" => wish.scenario.shards_max = number()? as u8,
            "--mutant" => {
                let place = number()? as usize;
                wish.scenario.mutant = Mutant::ALL.get(place).copied();
            }
            "--trace" => wish.scenario.trace = true,
            "--go-on" => wish.go_on = true,
            "--no-jumps" => wish.scenario.clock_jumps = false,
            "--no-crashes" => wish.scenario.crashes = false,
            "--tolerate" => wish.scenario.tolerates_receipts_by_number = true,
            "--no-rolls" => wish.scenario.epochs_roll = false,
            _ => return Err(HELP.to_owned()),
        }
    }
    Ok(wish)
}

fn say(report: &Report) {
    println!("seed {} FAILED", report.seed);
    for event in &report.tail {
        println!("  {event}");
    }
    for violation in &report.violations {
        println!("  VIOLATION {violation}");
    }
}

fn add(all: &mut Totals, one: &Totals) {
    all.accepted += one.accepted;
    all.acknowledged += one.acknowledged;
    all.delivered += one.delivered;
    all.undelivered += one.undelivered;
    all.expired += one.expired;
    all.rejected += one.rejected;
    all.cancelled += one.cancelled;
    all.unknown += one.unknown;
    all.waiting += one.waiting;
    all.doubled += one.doubled;
}

fn main() -> ExitCode {
    let wish = match wish() {
        Ok(wish) => wish,
        Err(help) => {
            println!("{help}");
            return ExitCode::from(2);
        }
    };
    let begun = Instant::now();
    let until = wish
        .minutes
        .map(|minutes| begun + Duration::from_secs(60 * minutes));
    let (mut faults, mut totals) = (FaultCounts::default(), Totals::default());
    let (mut failed, mut run, mut turns, mut slowest) = (Vec::new(), 0u64, 0u64, (0u128, 0u64));
    let mut longest = (0u64, 0u64);
    for seed in (wish.from..).take(usize::try_from(wish.count).unwrap_or(usize::MAX)) {
        if until.is_some_and(|until| Instant::now() >= until) {
            break;
        }
        let at = Instant::now();
        let report = match simulate(seed, &wish.scenario) {
            Ok(report) => report,
            Err(fault) => {
                println!("seed {seed} cannot be run: {fault}");
                return ExitCode::FAILURE;
            }
        };
        slowest = slowest.max((at.elapsed().as_micros(), seed));
        longest = longest.max((report.simulated_ns, seed));
        run += 1;
        turns += report.turns;
        faults.merge(&report.faults);
        add(&mut totals, &report.totals);
        if !report.violations.is_empty() {
            failed.push((seed, report.violations.first().cloned().unwrap_or_default()));
            if !wish.go_on {
                say(&report);
                break;
            }
        } else if wish.count == 1 {
            for event in report.tail.iter().filter(|_| wish.scenario.trace) {
                println!("  {event}");
            }
            println!(
                "seed {seed}: digest {:016x}, {} events",
                report.digest, report.events
            );
        }
    }
    println!("faults");
    for fault in Fault::ALL {
        println!("  {:>9}  {}", faults.get(*fault), fault.name());
    }
    println!("{totals:?}");
    let seconds = begun.elapsed().as_secs_f64().max(0.001);
    println!(
        "{run} seeds in {seconds:.1} s: {:.0} seeds/minute, {turns} turns; slowest seed {} with {} us; {} failed",
        run as f64 * 60.0 / seconds,
        slowest.1,
        slowest.0,
        failed.len()
    );
    let (quiet_ns, seed) = longest;
    println!(
        "latest to be quiet: seed {seed} after {} s",
        quiet_ns / 1_000_000_000
    );
    for (seed, violation) in &failed {
        println!("  seed {seed}: {violation}");
    }
    if failed.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
