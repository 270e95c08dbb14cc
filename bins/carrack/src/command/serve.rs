//! `carrack serve`: a node from start to drained stop.
//!
//! SIGHUP reads the configuration again: a bad one changes nothing; of a good one accounts, routes and prices hold at
//! once, and what needs a restart is said. Prices change by themselves at the dates of their lists. SIGTERM and SIGINT
//! drain. A watchdog ends the process when the deadline has passed; a shard that broke ends it at once. Both exit 1, and
//! the log has all that was acknowledged.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, anyhow};
use carrack_engine::{Engine, LimitSettings, Node, NodeSpec, Register};
use carrack_ingest::http::HttpFault;
use carrack_ingest::http::ModemDesk;
use carrack_ingest::loop_probe::ProbeBoard;
use carrack_ingest::smpp_server::SmppServerFault;
use carrack_routing::show_instant;
use carrack_settings::{Faults, Limit, LogFormat, Settings};
use clap::Args;

use crate::carriers::Carriers;
use crate::configuration::Configuration;
use crate::doors::Doors;
use crate::fault::Fault;
use crate::metrics_page;
use crate::modems::Rack;
use crate::node::{currencies, specification};
use crate::place::{ConfigArgs, Ready};
use crate::prices::utc_now_ns;
use crate::register;
use crate::shadow::Shadow;
use crate::signals::{self, Signal};

/// Runs a node
#[derive(Args)]
#[command(after_help = "\
Examples:
  carrack serve --config config/carrack.toml
  CARRACK_LOG=debug carrack serve --config carrack.toml

When it is ready it says so on stderr (`ready http=... smpp=...`) and in DATA_DIR/ready.json.
SIGHUP reads the configuration again; SIGTERM and SIGINT drain and end within [shutdown] deadline.
Exit codes: 0 drained, 1 failed, 2 faults in the configuration.")]
pub(crate) struct Arguments {
    #[command(flatten)]
    config: ConfigArgs,
}

/// How often the node is looked at.
const LOOK: Duration = Duration::from_millis(200);

/// Runs the command.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Fault> {
    let path = arguments.config.path()?;
    let mut configuration = Configuration::load(&path)?;
    start_log(&configuration.settings);
    let signals = signals::listen().context("cannot listen to signals")?;
    let metrics = carrack_telemetry::start_metrics().context("cannot collect metrics")?;
    let data_dir = configuration.settings.node.data_dir.clone();
    forget_the_dead(&data_dir);
    let settings = &configuration.settings;
    let rack = Rack::of(settings)?.map(Arc::new);
    let carriers = Carriers::of(
        &settings.carriers,
        rack.as_deref(),
        settings.shutdown.deadline,
    )?;
    let register = register::start(&configuration.settings)?;
    let node = Node::start(NodeSpec {
        register: register
            .clone()
            .map(|register| register as Arc<dyn Register>),
        batches_cancelled: carrack_ingest::batch::cancelled(&data_dir).with_context(|| {
            format!(
                "the folder of batches in {} cannot be read",
                data_dir.display()
            )
        })?,
        ..specification(&configuration, carriers.specs)
    })
    .map_err(anyhow::Error::from)?;
    let mut shadow = Shadow::start(node.engine(), configuration.settings.shadow.as_ref());
    let board = ProbeBoard::default();
    let doors = match Doors::open(
        &configuration,
        &node.engine(),
        metrics_page::with_modems(
            metrics_page::page(metrics, node.engine(), register, board.clone()),
            rack.clone(),
        ),
        Arc::new(carriers.taps),
        Some(shadow.desk()),
        board,
        rack.clone().map(|rack| rack as Arc<dyn ModemDesk>),
    ) {
        Ok(doors) => doors,
        Err(fault) => {
            shadow.stop();
            // What the log brought back may be on its way already.
            let _ = node.stop();
            let of_http = matches!(fault.downcast_ref(), Some(HttpFault::Tls(_)));
            let of_smpp = matches!(fault.downcast_ref(), Some(SmppServerFault::Tls(_)));
            return Err(if of_http || of_smpp {
                Fault::Usage(fault.to_string())
            } else {
                fault.into()
            });
        }
    };
    say_ready(&doors, &data_dir)?;
    let ended = serve(
        &path,
        &mut configuration,
        &node,
        &doors,
        &mut shadow,
        rack.as_deref(),
        &signals,
    );
    shadow.stop();
    stop(node, doors, &configuration.settings, &data_dir, ended)
}

fn start_log(settings: &Settings) {
    let format = match settings.log.format {
        LogFormat::Text => carrack_telemetry::LogFormat::Text,
        LogFormat::Json => carrack_telemetry::LogFormat::Json,
    };
    carrack_telemetry::start_log(settings.log.level.name(), format);
}

/// A node that was killed may have left its `ready.json`.
fn forget_the_dead(data_dir: &Path) {
    let dead = |ready: &Ready| !PathBuf::from(format!("/proc/{}", ready.pid)).exists();
    if Ready::read(data_dir).is_some_and(|ready| dead(&ready)) {
        Ready::remove(data_dir);
    }
}

fn say_ready(doors: &Doors, data_dir: &Path) -> Result<(), Fault> {
    let ready = doors.ready();
    let shown = |address: Option<std::net::SocketAddr>| {
        address.map_or_else(|| "none".to_owned(), |address| address.to_string())
    };
    ready
        .write(data_dir)
        .with_context(|| format!("cannot write ready.json in {}", data_dir.display()))?;
    tracing::info!(
        "ready http={} smpp={}",
        shown(ready.http),
        shown(ready.smpp)
    );
    Ok(())
}

/// How serving came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    Asked,
    Broken,
}

fn serve(
    path: &Path,
    configuration: &mut Configuration,
    node: &Node,
    doors: &Doors,
    shadow: &mut Shadow,
    rack: Option<&Rack>,
    signals: &Receiver<Signal>,
) -> Ended {
    loop {
        switch_prices(configuration, node, doors);
        let until_change = configuration
            .prices
            .next_change()
            .saturating_sub(utc_now_ns());
        match signals.recv_timeout(LOOK.min(Duration::from_nanos(until_change))) {
            Ok(Signal::Reload) => {
                reload(path, configuration, node, doors, shadow);
                if let Some(rack) = rack {
                    rack.reload(&configuration.settings);
                }
            }
            Ok(Signal::Stop) | Err(RecvTimeoutError::Disconnected) => return Ended::Asked,
            Err(RecvTimeoutError::Timeout) => {}
        }
        if node.is_broken() {
            tracing::error!(
                "a shard has ended by itself; the node stops, what was acknowledged is in the log"
            );
            return Ended::Broken;
        }
    }
}

/// Puts the prices of now in place where a date has passed, or the clock was set. The clock is looked at each time
/// around, so that no jump of it is missed.
fn switch_prices(configuration: &mut Configuration, node: &Node, doors: &Doors) {
    let utc_ns = utc_now_ns();
    if configuration.prices.hold_at(utc_ns) {
        return;
    }
    let switched = configuration.switch(utc_ns).map_err(anyhow::Error::from);
    let taken = switched.and_then(|said| {
        doors.take_prices(configuration, &node.engine())?;
        Ok(said)
    });
    match taken {
        Ok(said) => tracing::info!("prices of {}: {}", show_instant(utc_ns), said.join("; ")),
        Err(fault) => tracing::error!("{fault:#}; the prices in use stay"),
    }
}

/// How much less a thread that reads a configuration has of the processor than those that move messages.
const ASIDE_NICE: i32 = 10;

/// Reads a configuration while messages flow: a list of a million prices takes seconds of a core.
fn load_aside(path: &Path) -> Result<Configuration, Faults> {
    let path = path.to_owned();
    let reading = {
        let path = path.clone();
        std::thread::Builder::new()
            .name("configuration".to_owned())
            .spawn(move || {
                // Where the system does not allow it, it reads as everybody does.
                let _ = rustix::process::nice(ASIDE_NICE);
                Configuration::load(&path)
            })
    };
    match reading.map(JoinHandle::join) {
        Ok(Ok(read)) => read,
        // No thread, or one that ended: it is read here, and says why it cannot be.
        Ok(Err(_)) | Err(_) => Configuration::load(&path),
    }
}

fn reload(
    path: &Path,
    configuration: &mut Configuration,
    node: &Node,
    doors: &Doors,
    shadow: &mut Shadow,
) {
    let fresh = match load_aside(path) {
        Ok(fresh) => fresh,
        Err(faults) => {
            for fault in &faults.0 {
                tracing::error!("{fault}");
            }
            tracing::error!(
                faults = faults.0.len(),
                "the configuration has faults; the one in use stays"
            );
            return;
        }
    };
    let keep_routes = !same_carriers(&configuration.settings, &fresh.settings);
    for what in needs_restart(&configuration.settings, &fresh.settings) {
        tracing::warn!("{what} changed: this holds after a restart");
    }
    if keep_routes {
        tracing::warn!(
            "carriers were added, taken away or put in another order: routes, prices and loop probes stay as they are until a restart"
        );
    }
    if let Some(account) = other_currency(configuration, &fresh, &node.engine()) {
        tracing::error!(
            account,
            "its deck is in another currency than what was booked for it: its sums would be relabelled; the configuration in use stays. Give it a deck in its currency, or open another account"
        );
        return;
    }
    for line in fresh.told_after(configuration) {
        tracing::info!("{line}");
    }
    let limits = other_limits(configuration, &fresh);
    match doors.reload(&fresh, &node.engine(), limits, keep_routes) {
        Ok(()) => {
            node.replace_currencies(currencies(&fresh));
            tracing::info!(
                accounts = fresh.settings.accounts.len(),
                routes = fresh.settings.routes.len(),
                mo_routes = fresh.settings.mo_routes.len(),
                "the configuration was loaded anew"
            );
            shadow.reload(fresh.settings.shadow.as_ref());
            keep_started(configuration, fresh, keep_routes);
        }
        Err(fault) => {
            tracing::error!("{fault:#}; the accounts in use stay");
        }
    }
}

/// The limits of a fresh configuration, where they differ.
fn other_limits(now: &Configuration, fresh: &Configuration) -> Option<LimitSettings> {
    let (now, after) = (&now.settings, &fresh.settings);
    let mut same = now.limits == after.limits && now.limit_rules.len() == after.limit_rules.len();
    for (before, after) in now.limit_rules.iter().zip(&after.limit_rules) {
        let line = before.line;
        same &= *before
            == Limit {
                line,
                ..after.clone()
            };
    }
    (!same).then(|| fresh.limits.clone())
}

/// An account with money in the book whose prices would be in another currency.
fn other_currency(now: &Configuration, fresh: &Configuration, engine: &Engine) -> Option<String> {
    let (before, after) = (currencies(now).accounts, currencies(fresh).accounts);
    let directory = engine.directory();
    let changed = before.into_iter().filter(|(name, currency)| {
        let other = after.get(name).is_some_and(|other| other != currency);
        let number = directory.account_number(name);
        let entry = number.and_then(|number| directory.account(number));
        let used = entry.is_some_and(|entry| {
            let view = entry.balance.view();
            (view.credited, view.charged, view.reserved) != (0, 0, 0)
        });
        other && used
    });
    changed.map(|(name, _)| name).min()
}

/// What is in use from now on: the sections that need a restart stay as the node was started with them, so that the next
/// reload still says what waits for it.
fn keep_started(configuration: &mut Configuration, fresh: Configuration, keep_routes: bool) {
    let mut started = std::mem::replace(configuration, fresh);
    if keep_routes {
        configuration.settings.loop_probes = std::mem::take(&mut started.settings.loop_probes);
        configuration.table = started.table;
        configuration.numbering = started.numbering;
        configuration.prices.carriers = started.prices.carriers;
    }
    let (now, started) = (&mut configuration.settings, started.settings);
    now.node = started.node;
    now.runtime = started.runtime;
    now.durability = started.durability;
    now.queue = started.queue;
    let replies_an_hour = now.mo.replies_an_hour;
    now.mo = started.mo;
    now.mo.replies_an_hour = replies_an_hour;
    now.http = started.http;
    now.smpp_server = started.smpp_server;
    now.batch = started.batch;
    now.cdr = started.cdr;
    now.shutdown = started.shutdown;
    now.log = started.log;
    now.carriers = started.carriers;
    let (segments_max, validity_max) = (now.delivery.segments_max, now.delivery.validity_max);
    now.delivery = started.delivery;
    (now.delivery.segments_max, now.delivery.validity_max) = (segments_max, validity_max);
}

fn same_carriers(before: &Settings, after: &Settings) -> bool {
    let names = |settings: &Settings| -> Vec<String> {
        settings
            .carriers
            .iter()
            .map(|carrier| carrier.name.clone())
            .collect()
    };
    names(before) == names(after)
}

/// Sections that are read at the start only.
fn needs_restart(before: &Settings, after: &Settings) -> Vec<String> {
    let mut changed = Vec::new();
    let mut note = |section: &str, differs: bool| {
        if differs {
            changed.push(section.to_owned());
        }
    };
    note("[node]", before.node != after.node);
    note("[runtime]", before.runtime != after.runtime);
    note("[durability]", before.durability != after.durability);
    note("[queue]", before.queue != after.queue);
    let mut mo = after.mo;
    mo.replies_an_hour = before.mo.replies_an_hour;
    note("[mo]", before.mo != mo);
    note("[http]", before.http != after.http);
    note("[smpp_server]", before.smpp_server != after.smpp_server);
    note("[batch]", before.batch != after.batch);
    note("[cdr]", before.cdr != after.cdr);
    note("[shutdown]", before.shutdown != after.shutdown);
    note("[log]", before.log != after.log);
    // Segments, validity and region are the accounts' and hold at once.
    let mut delivery = after.delivery.clone();
    delivery.segments_max = before.delivery.segments_max;
    delivery.validity_max = before.delivery.validity_max;
    delivery.region.clone_from(&before.delivery.region);
    note("[delivery]", delivery != before.delivery);
    for carrier in &after.carriers {
        let Some(was) = before.carriers.iter().find(|was| was.name == carrier.name) else {
            continue;
        };
        // Prices hold at once; a link that was never made cannot be switched on.
        let mut same = carrier.clone();
        (same.line, same.price) = (was.line, was.price.clone());
        if !same.enabled {
            same.enabled = was.enabled;
        }
        note(&format!("[[carrier]] {}", carrier.name), same != *was);
    }
    changed
}

/// Ends in order: the doors, the windows, the last frame.
fn stop(
    node: Node,
    doors: Doors,
    settings: &Settings,
    data_dir: &Path,
    ended: Ended,
) -> Result<(), Fault> {
    let deadline = settings.shutdown.deadline;
    Ready::remove(data_dir);
    if ended == Ended::Broken {
        // Doors would wait for answers that nobody gives any more.
        std::process::exit(1);
    }
    watch_the_deadline(deadline)?;
    tracing::info!(deadline_s = deadline.as_secs_f64(), "draining");
    doors.close(deadline / 4);
    let waiting = node.engine().waiting();
    if node.stop() {
        tracing::info!(waiting, "drained; what waits goes on after the next start");
        Ok(())
    } else {
        Err(Fault::Failed(anyhow!("a shard had ended by itself")))
    }
}

fn watch_the_deadline(deadline: Duration) -> Result<(), Fault> {
    let watch = move || {
        std::thread::sleep(deadline);
        tracing::error!(
            "not drained within [shutdown] deadline; what is missing goes on after the next start"
        );
        std::process::exit(1);
    };
    std::thread::Builder::new()
        .name("watchdog".to_owned())
        .spawn(watch)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn settings(text: &str) -> Settings {
        let common = "[node]\ndata_dir = \"data\"\n[[account]]\nname = \"a\"\napi_key = \"k\"\n";
        Settings::parse(&format!("{common}{text}"), "test", Path::new("")).unwrap()
    }

    fn carrier(name: &str, more: &str) -> String {
        format!(
            "[[carrier]]\nname = \"{name}\"\naddress = \"127.0.0.1:1\"\nsystem_id = \"c\"\npassword = \"p\"\n{more}\n"
        )
    }

    #[test]
    fn a_price_holds_at_once_and_a_window_after_a_restart() {
        let before = settings(&carrier("north", "price = \"1\""));
        let dearer = settings(&carrier("north", "price = \"2\""));
        assert!(needs_restart(&before, &dearer).is_empty());
        let wider = settings(&carrier("north", "price = \"1\"\nwindow = 7"));
        assert_eq!(needs_restart(&before, &wider), ["[[carrier]] north"]);
    }

    #[test]
    fn another_order_of_carriers_keeps_the_routes() {
        let (north, south) = (
            carrier("north", "price = \"1\""),
            carrier("south", "price = \"1\""),
        );
        let before = settings(&format!("{north}{south}"));
        let after = settings(&format!("{south}{north}"));
        assert!(!same_carriers(&before, &after));
        assert!(same_carriers(&before, &before.clone()));
    }
}
