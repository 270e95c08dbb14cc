//! What the demo plays: two carriers of different price and temper, a configuration for them and the pool, and a batch.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use carrack_loadtest::chance::Percent;
use carrack_loadtest::load::batch::{self, BatchReport};
use carrack_loadtest::smsc::{Quirks, Settings};

/// Key of the demo's account.
pub(super) const API_KEY: &str = "demo-key";
const PASSWORD: &str = "demo-pw";
const MILLISECOND_NS: u64 = 1_000_000;
/// Share of rows that cannot be taken, and of texts with many segments, per cent.
const BAD_PERCENT: f64 = 2.0;
const LONG_PERCENT: f64 = 0.5;

/// How lively the carriers are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Temper {
    /// Segments a second of the cheap carrier; none: as many as come.
    pub(super) rate: Option<u32>,
    /// Whether carriers take their time.
    pub(super) is_slow: bool,
}

impl Temper {
    /// A contract under which so many rows take a few seconds.
    pub(super) fn of(rows: u64, fast: bool) -> Self {
        const RATE_MIN: u64 = 400;
        const RATE_MAX: u64 = 4_000;
        let rate = (rows / 4).clamp(RATE_MIN, RATE_MAX);
        Self {
            rate: if fast { None } else { u32::try_from(rate).ok() },
            is_slow: !fast,
        }
    }
}

/// The cheap carrier: a rate, a latency, and faults as the field has them.
pub(super) fn north(temper: Temper, seed: u64) -> anyhow::Result<Settings> {
    let mut quirks = Quirks::default();
    for quirk in ["receipt-before-response=2", "double-receipt=1"] {
        quirks.switch_on(quirk)?;
    }
    if temper.is_slow {
        // Each of them makes the node go slower for some seconds, as a carrier would want it.
        quirks.switch_on("throttle=0.02")?;
    }
    let (latency, jitter, receipt) = if temper.is_slow {
        (20, 8, 60)
    } else {
        (1, 0, 1)
    };
    Ok(Settings {
        latency_ns: latency * MILLISECOND_NS,
        latency_jitter_ns: jitter * MILLISECOND_NS,
        dlr_delay_ns: receipt * MILLISECOND_NS,
        undelivered: percent(3.0)?,
        rate: temper.rate,
        quirks,
        ..carrier("north", seed)
    })
}

/// The dear carrier: fast and of even temper.
pub(super) fn south(temper: Temper, seed: u64) -> anyhow::Result<Settings> {
    let (latency, receipt) = if temper.is_slow { (3, 20) } else { (0, 1) };
    Ok(Settings {
        latency_ns: latency * MILLISECOND_NS,
        dlr_delay_ns: receipt * MILLISECOND_NS,
        undelivered: percent(0.5)?,
        ..carrier("south", seed ^ 1)
    })
}

fn carrier(name: &str, seed: u64) -> Settings {
    Settings {
        name: name.to_owned(),
        system_id: Some("carrack".to_owned()),
        password: Some(PASSWORD.to_owned()),
        seed,
        ..Settings::default()
    }
}

/// Writes configuration and price lists into the folder; the configuration's path.
pub(super) fn write_configuration(
    folder: &Path,
    temper: Temper,
    north: SocketAddr,
    south: SocketAddr,
    pool: &str,
) -> anyhow::Result<PathBuf> {
    let decks = [
        (
            "north.csv",
            "prefix,price,currency,name\n30,0.0140,EUR,Greece\n44,0.0100,EUR,United Kingdom\n49,0.0190,EUR,Germany\n",
        ),
        (
            "south.csv",
            "prefix,price,currency,name\n30,0.0210,EUR,Greece\n44,0.0160,EUR,United Kingdom\n49,0.0120,EUR,Germany\n",
        ),
        (
            "rack.csv",
            "prefix,price,currency,name\n49,0.0040,EUR,Germany\n",
        ),
    ];
    for (name, text) in decks {
        write(&folder.join(name), text)?;
    }
    let rate = temper
        .rate
        .map_or_else(String::new, |rate| format!("rate = {rate}\n"));
    let window = if temper.is_slow { 100 } else { 1000 };
    let text = format!(
        "[node]\ndata_dir = \"data\"\n\
         [delivery]\nsegments_max = {segments}\nretry_delay = \"100ms\"\n\
         [http]\nlisten = \"127.0.0.1:0\"\n\
         [smpp_server]\nlisten = \"127.0.0.1:0\"\n\
         [log]\nlevel = \"error\"\n\
         [[account]]\nname = \"demo\"\napi_key = \"{API_KEY}\"\noperator = true\nsystem_id = \"demo\"\npassword = \"{PASSWORD}\"\n\
         [[carrier]]\nname = \"north\"\naddress = \"{north}\"\nsystem_id = \"carrack\"\npassword = \"{PASSWORD}\"\n\
         links = 2\nwindow = {window}\n{rate}deck = \"north.csv\"\nreconnect_delay = \"100ms\"\n\
         [[carrier]]\nname = \"south\"\naddress = \"{south}\"\nsystem_id = \"carrack\"\npassword = \"{PASSWORD}\"\n\
         links = 1\nwindow = {window}\ndeck = \"south.csv\"\nreconnect_delay = \"100ms\"\n\
         {pool}\
         [[route]]\nname = \"everything\"\nmatch = {{}}\ncarriers = [\"north\", \"south\"]\npolicy = \"least_cost\"\n",
        segments = batch::LONG_SEGMENTS,
    );
    let path = folder.join("carrack.toml");
    write(&path, &text)?;
    Ok(path)
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    std::fs::write(path, text).with_context(|| format!("{} cannot be written", path.display()))
}

/// Writes the batch; what stands in it.
pub(super) fn write_batch(path: &Path, rows: u64, seed: u64) -> anyhow::Result<BatchReport> {
    let options = batch::Options {
        rows,
        seed,
        mixed: true,
        bad: percent(BAD_PERCENT)?,
        long: percent(LONG_PERCENT)?,
        keys: false,
    };
    let wrong = || format!("{} cannot be written", path.display());
    let mut out = BufWriter::new(File::create(path).with_context(wrong)?);
    let report = batch::write(&options, &mut out).with_context(wrong)?;
    out.flush().with_context(wrong)?;
    Ok(report)
}

fn percent(share: f64) -> anyhow::Result<Percent> {
    Percent::new(share).ok_or_else(|| anyhow!("{share} is no share"))
}
