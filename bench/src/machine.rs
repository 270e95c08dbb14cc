//! How busy the machine was with other things, from `/proc`: a figure from a machine with neighbours is worth less.

use std::fs;

use serde::Serialize;

/// Ticks of all processors since the start of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Ticks {
    all: u64,
    idle: u64,
    steal: u64,
}

/// What the machine did during a run.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub(crate) struct Noise {
    /// Per cent of all processor time that was idle.
    pub(crate) idle_percent: f64,
    /// Per cent that the host gave to other machines.
    pub(crate) steal_percent: f64,
    /// Per cent that processes other than those of the bench took.
    pub(crate) others_percent: f64,
    /// Load average of one minute, before the run.
    pub(crate) load_before: f64,
}

impl Ticks {
    /// Now; zeros where there is no `/proc`.
    pub(crate) fn now() -> Self {
        let text = fs::read_to_string("/proc/stat").unwrap_or_default();
        let line = text.lines().next().unwrap_or_default();
        let field: Vec<u64> = line
            .split_whitespace()
            .skip(1)
            .filter_map(|field| field.parse().ok())
            .collect();
        let at = |place: usize| field.get(place).copied().unwrap_or(0);
        Self {
            // Guest time is part of user time already.
            all: field.iter().take(8).sum(),
            idle: at(3) + at(4),
            steal: at(7),
        }
    }

    /// What was done since; `own_seconds` is what the processes of the bench took of it.
    pub(crate) fn noise_since(self, own_seconds: f64, load_before: f64) -> Noise {
        let now = Self::now();
        let all = now.all.saturating_sub(self.all).max(1) as f64;
        let percent = |ticks: u64| 100.0 * ticks as f64 / all;
        let idle = percent(now.idle.saturating_sub(self.idle));
        let steal = percent(now.steal.saturating_sub(self.steal));
        let own = 100.0 * own_seconds * TICKS_A_SECOND / all;
        Noise {
            idle_percent: idle,
            steal_percent: steal,
            others_percent: (100.0 - idle - steal - own).max(0.0),
            load_before,
        }
    }
}

/// `USER_HZ`: what Linux counts in towards programs, on every processor.
pub(crate) const TICKS_A_SECOND: f64 = 100.0;

/// Load average of one minute.
pub(crate) fn load_average() -> f64 {
    fs::read_to_string("/proc/loadavg")
        .ok()
        .and_then(|text| text.split_whitespace().next()?.parse().ok())
        .unwrap_or(0.0)
}

/// Processors and their model, for the head of a table.
pub(crate) fn description() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = text
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(':'))
        .map_or("unknown processor", |(_, model)| model.trim());
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    format!("{cores} cores, {model}")
}
