//! Reads the other configuration and looks at messages by it, on the thread that is aside.

use std::sync::Arc;
use std::time::{Duration, Instant};

use carrack_engine::{Directory, Engine, Seen, ShadowDoor, ShadowSpec};
use carrack_ingest::loop_probe;
use carrack_routing::RouteTable;
use carrack_telemetry::names;
use crossbeam::channel::{Receiver, RecvTimeoutError};

use super::example::Examples;
use super::loaded::Loaded;
use super::trial::{Looking, Payer, State, Trial};
use crate::configuration::Configuration;
use crate::prices::utc_now_ns;
use crate::rehearsal::{Judge, Sums};

/// How long it may not notice that it is to end.
const PAUSE: Duration = Duration::from_millis(100);
/// How often it looks what is new of carriers, accounts, the table in use and the clock.
const NEWS: Duration = Duration::from_secs(1);
/// Messages between two looks at who asks.
const AT_A_TIME: usize = 256;

/// Reads what is to be tried and looks at messages until it is stopped.
pub(super) fn run(trial: &Trial, engine: &Engine) {
    let loaded = match Loaded::read(&trial.named.configuration) {
        Ok(loaded) => loaded,
        Err(faults) => {
            let faults: Vec<String> = faults.0.iter().map(ToString::to_string).collect();
            return trial.fail(&faults);
        }
    };
    let mut configuration = loaded.configuration;
    let routes = configuration.table.routes();
    let (door, seen) = ShadowDoor::open(ShadowSpec {
        share_percent: trial.named.share,
        queue: usize::try_from(trial.named.queue).unwrap_or(usize::MAX),
        wants_text: routes
            .iter()
            .any(|route| !route.matcher.patterns.is_empty()),
    });
    let looking = Looking {
        files: loaded.files,
        door: Arc::new(door),
        table: Arc::clone(&configuration.table),
        rates: loaded.rates,
        is_looked_up: engine.table().looks_up(),
        since_utc_ns: utc_now_ns(),
        sums: Sums::new(configuration.table.carriers()),
        examples: Examples::default(),
        left_out: 0,
    };
    if !trial.look(looking, |door| engine.replace_shadow(Some(door))) {
        return;
    }
    tracing::info!(
        configuration = %trial.named.configuration.display(),
        share = trial.named.share,
        "another configuration is tried beside live traffic"
    );
    while look(trial, engine, &configuration, &seen) == Ended::PricesChange {
        switch(trial, &mut configuration);
    }
}

/// Why it does not look any more.
#[derive(PartialEq, Eq)]
enum Ended {
    Stopped,
    PricesChange,
}

/// Puts the prices of now in place.
fn switch(trial: &Trial, configuration: &mut Configuration) {
    match configuration.switch(utc_now_ns()) {
        Ok(said) => tracing::info!("prices of [shadow]: {}", said.join("; ")),
        Err(fault) => tracing::error!("{fault}; the prices of [shadow] stay"),
    }
    if let State::Looking(looking) = &mut *trial.state() {
        looking.table = Arc::clone(&configuration.table);
    }
}

/// The numbers in use of another table's carriers.
fn numbers(of: &RouteTable, in_use: &RouteTable) -> Vec<Option<u16>> {
    let names = of.carriers().iter().map(|row| row.name.as_str());
    names.map(|name| in_use.carrier_number(name)).collect()
}

/// Looks at messages while the prices hold.
fn look(
    trial: &Trial,
    engine: &Engine,
    configuration: &Configuration,
    seen: &Receiver<Seen>,
) -> Ended {
    let mut judge = Judge::new(configuration);
    let numbers = numbers(&configuration.table, &engine.table());
    let mut directory = engine.directory();
    let mut news_at = Instant::now();
    loop {
        if Instant::now() >= news_at {
            news_at = Instant::now() + NEWS;
            judge.take_quality(engine.quality().renumbered(&numbers));
            directory = engine.directory();
            trial.take_look_ups(engine.table().looks_up());
            if !configuration.prices.hold_at(utc_now_ns()) {
                return Ended::PricesChange;
            }
        }
        let first = match seen.recv_timeout(PAUSE) {
            Ok(first) => Some(first),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => return Ended::Stopped,
        };
        if trial.is_stopped() {
            return Ended::Stopped;
        }
        if let Some(first) = first {
            let some = std::iter::once(first).chain(seen.try_iter());
            add(trial, engine, &judge, &mut directory, some.take(AT_A_TIME));
        }
    }
}

fn add(
    trial: &Trial,
    engine: &Engine,
    judge: &Judge<'_>,
    directory: &mut Arc<Directory>,
    some: impl Iterator<Item = Seen>,
) {
    let mut state = trial.state();
    let State::Looking(looking) = &mut *state else {
        return;
    };
    let (mut looked_at, mut different) = (0, 0);
    for seen in some {
        if directory.account(seen.account).is_none() {
            *directory = engine.directory();
        }
        let account = directory.account(seen.account);
        let payer = Payer {
            name: account.map_or("", |account| account.name.as_str()),
            currency: account.and_then(|account| account.currency),
        };
        if payer.name == loop_probe::ACCOUNT {
            // No customer's: it goes to its carrier whatever the tables say.
            continue;
        }
        looked_at += 1;
        different += u64::from(looking.add(&seen, payer, judge));
    }
    drop(state);
    metrics::counter!(names::SHADOW_SEEN).increment(looked_at);
    metrics::counter!(names::SHADOW_DIFFERENT).increment(different);
}
