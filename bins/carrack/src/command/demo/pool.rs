//! The demo's pool: four simulated modems at ports of the loopback interface, and how their part of the configuration reads.
//!
//! It is the cheapest for short texts to its own country until its SIMs had what their day allows; the rest goes by the other carriers. A SIM
//! sends one segment a second at most, so that what its day allows is over within seconds.

use std::time::{Duration, Instant};

use anyhow::{Context, anyhow};
use carrack_ingest::http::ModemDesk;
use carrack_loadtest::modem::Settings;
use carrack_loadtest::modem::edge::{Detached, Setup};

use crate::modems::Rack;

const MODEMS: usize = 4;
/// Where carriers take their time, and where they do not.
const DAY_SLOW: u32 = 3;
const DAY_FAST: u32 = 1;
const MILLISECOND_NS: u64 = 1_000_000;
/// Modems look at themselves and their SIMs before they send.
const UP_MAX: Duration = Duration::from_secs(20);
const LOOK: Duration = Duration::from_millis(5);

/// Starts the modems.
pub(super) fn start(seed: u64) -> anyhow::Result<Detached> {
    let settings = Settings {
        modems: MODEMS,
        seed,
        answer_ns: MILLISECOND_NS,
        submit_ns: 100 * MILLISECOND_NS,
        submit_jitter_ns: 30 * MILLISECOND_NS,
        report_delay_ns: 200 * MILLISECOND_NS,
        ..Settings::default()
    };
    Detached::start(Setup::tcp(settings)).context("simulated modems cannot be started")
}

/// Segments that a SIM may send on its day.
pub(super) const fn per_day(is_slow: bool) -> u32 {
    if is_slow { DAY_SLOW } else { DAY_FAST }
}

/// Carrier, modems and route, as the configuration has them.
pub(super) fn sections(modems: &Detached, per_day: u32) -> String {
    let mut text = format!(
        "[[carrier]]\nname = \"rack\"\nkind = \"modem_pool\"\ndeck = \"rack.csv\"\n\
         sim = {{ per_minute = 60, per_day = {per_day} }}\n"
    );
    for (number, port) in modems.ports.iter().enumerate() {
        text.push_str(&format!(
            "[[modem]]\nname = \"rack-{number}\"\npool = \"rack\"\nport = \"{port}\"\n"
        ));
    }
    text.push_str(
        "[[route]]\nname = \"on-net\"\nmatch = { prefix = \"49\", segments_max = 1 }\n\
         carriers = [\"rack\", \"south\", \"north\"]\npolicy = \"least_cost\"\n",
    );
    text
}

/// Waits until every modem may send, because what comes before goes by others.
pub(super) fn until_up(rack: &Rack) -> anyhow::Result<()> {
    let end = Instant::now() + UP_MAX;
    loop {
        let modems = rack.modems();
        let Some(waited_for) = modems.iter().find(|modem| modem.state != "up") else {
            return Ok(());
        };
        if Instant::now() >= end {
            return Err(anyhow!(
                "modem {} does not come up: {}",
                waited_for.modem,
                waited_for.reason
            ));
        }
        std::thread::sleep(LOOK);
    }
}
