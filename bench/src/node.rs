//! The node under test: its configuration, its start, its stop, its audit.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use serde::Deserialize;

use crate::process::{LOOK, Process};
use crate::programs::Programs;

/// Key of the one account.
pub(crate) const API_KEY: &str = "bench-key";
/// System id of the one account; its password is [`PASSWORD`].
pub(crate) const SYSTEM_ID: &str = "bench";
/// Password of the one account.
pub(crate) const PASSWORD: &str = "secret";
/// System id of the account whose messages are urgent.
pub(crate) const URGENT_SYSTEM_ID: &str = "urgent";

const START_MAX: Duration = Duration::from_secs(300);
const STOP_MAX: Duration = Duration::from_secs(60);

/// What of the configuration a scenario decides.
#[derive(Debug, Clone)]
pub(crate) struct NodeShape {
    pub(crate) shards: Option<u8>,
    pub(crate) binds: u32,
    pub(crate) window: u32,
    pub(crate) links: u32,
    pub(crate) link_window: u32,
    pub(crate) messages_max: u64,
    /// Messages have a price, and the account a limit.
    pub(crate) priced: bool,
    /// Whether CDR files are written.
    pub(crate) cdr: bool,
}

/// A running node.
pub(crate) struct Node {
    pub(crate) process: Process,
    pub(crate) http: String,
    pub(crate) smpp: String,
    /// From the start of the process until it said that it is ready, seconds.
    pub(crate) start_seconds: f64,
}

#[derive(Deserialize)]
struct Ready {
    pid: u32,
    http: String,
    smpp: String,
}

/// What `carrack audit --json` says.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Audit {
    pub(crate) adds_up: bool,
    pub(crate) accepted: u64,
    pub(crate) delivered: u64,
    pub(crate) waiting: u64,
    pub(crate) untold: u64,
    pub(crate) contradictions: Vec<String>,
}

/// Everything but carriers and routes.
pub(crate) fn config_head(folder: &Path, shape: &NodeShape) -> anyhow::Result<String> {
    let NodeShape {
        window,
        messages_max,
        ..
    } = shape;
    let binds_max = shape.binds + 2;
    let cdr = if shape.cdr {
        "[cdr]\nfolder = \"cdr\"\n"
    } else {
        ""
    };
    let shards = shape
        .shards
        .map_or_else(|| "\"auto\"".to_owned(), |shards| shards.to_string());
    let money = match shape.priced {
        true => write_deck(folder)?,
        false => "",
    };
    Ok(format!(
        r#"[node]
data_dir = "data"
shards = {shards}
[durability]
mode = "every_batch"
[queue]
messages_max = {messages_max}
retention = "60s"
{cdr}[http]
listen = "127.0.0.1:0"
[smpp_server]
listen = "127.0.0.1:0"
binds_max = {server_binds}
[[account]]
name = "bench"
api_key = "{API_KEY}"
system_id = "{SYSTEM_ID}"
password = "{PASSWORD}"
window = {window}
binds_max = {binds_max}
operator = true
{money}"#,
        server_binds = binds_max + 10,
    ))
}

/// Prices for every number, and what the account says of them.
fn write_deck(folder: &Path) -> anyhow::Result<&'static str> {
    let rows = (1..10).map(|digit| format!("{digit},0.0075,EUR,\n"));
    let deck = format!("prefix,price,currency,name\n{}", rows.collect::<String>());
    fs::write(folder.join("sell.csv"), deck)?;
    Ok("deck = \"sell.csv\"\nbalance = \"10000000\"\ncredit = \"1000\"\nlow_balance = \"100\"\n")
}

/// Writes the configuration; urgent messages go to a carrier of their own where there is one.
pub(crate) fn write_config(
    folder: &Path,
    shape: &NodeShape,
    carrier: &str,
    urgent_carrier: Option<&str>,
) -> anyhow::Result<PathBuf> {
    let NodeShape {
        links, link_window, ..
    } = shape;
    let mut text = config_head(folder, shape)?;
    if urgent_carrier.is_some() {
        write!(
            text,
            "[[account]]\nname = \"urgent\"\nsystem_id = \"{URGENT_SYSTEM_ID}\"\npassword = \"{PASSWORD}\"\nwindow = 100\nclass = \"otp\"\n"
        )?;
    }
    let mut one = |name: &str, address: &str, matched: &str, links: u32| {
        write!(
            text,
            r#"[[carrier]]
name = "{name}"
address = "{address}"
system_id = "c"
password = "p"
price = "0.001"
links = {links}
window = {link_window}
reconnect_delay = "100ms"
reconnect_delay_max = "500ms"
[[route]]
match = {{{matched}}}
carriers = ["{name}"]
"#
        )
    };
    if let Some(address) = urgent_carrier {
        one("fast", address, " class = \"otp\" ", 1)?;
    }
    one("one", carrier, "", *links)?;
    let path = folder.join("carrack.toml");
    fs::write(&path, text)?;
    Ok(path)
}

impl Node {
    /// Starts a node in a folder that has its configuration, and waits until it is ready.
    pub(crate) fn start(programs: &Programs, folder: &Path) -> anyhow::Result<Self> {
        let arguments = ["serve", "--config", "carrack.toml"].map(str::to_owned);
        let begun = Instant::now();
        let mut process = Process::start("carrack", &programs.carrack, &arguments, folder)?;
        let path = folder.join("data/ready.json");
        loop {
            let read = fs::read(&path).ok();
            let ready = read.and_then(|octets| serde_json::from_slice::<Ready>(&octets).ok());
            if let Some(ready) = ready.filter(|ready| ready.pid == process.id()) {
                return Ok(Self {
                    process,
                    http: ready.http,
                    smpp: ready.smpp,
                    start_seconds: begun.elapsed().as_secs_f64(),
                });
            }
            process.must_run()?;
            if begun.elapsed() > START_MAX {
                bail!(
                    "the node is not ready; its log ends:\n{}",
                    process.log_end()
                );
            }
            std::thread::sleep(LOOK);
        }
    }

    /// Drains and ends it.
    pub(crate) fn stop(mut self) -> anyhow::Result<()> {
        self.process.stop(STOP_MAX)
    }
}

/// Reads the store of a node that has ended.
pub(crate) fn audit(programs: &Programs, folder: &Path) -> anyhow::Result<Audit> {
    let done = Command::new(&programs.carrack)
        .args(["audit", "--config", "carrack.toml", "--json"])
        .current_dir(folder)
        .output()
        .context("carrack audit cannot be started")?;
    serde_json::from_slice(&done.stdout).with_context(|| {
        format!(
            "carrack audit said no JSON: {}",
            String::from_utf8_lossy(&done.stderr)
        )
    })
}
