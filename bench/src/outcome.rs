//! What one run gave: figures, and the counts that prove them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::machine::Noise;
use crate::process::Usage;

/// Percentiles as the tools report them, milliseconds.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct LatencyMs {
    pub(crate) p50: f64,
    pub(crate) p90: f64,
    pub(crate) p99: f64,
    pub(crate) p999: f64,
    pub(crate) max: f64,
}

/// What one process took over the run.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct ProcessUse {
    pub(crate) name: String,
    pub(crate) cpu_seconds: f64,
    pub(crate) us_per_message: f64,
    pub(crate) rss_peak_mb: f64,
}

/// What the threads of one name of the node took.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct ThreadUse {
    pub(crate) name: String,
    pub(crate) us_per_message: f64,
}

/// What one part of the node, or one symbol, took on the threads of one name.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct PartUse {
    pub(crate) thread: String,
    pub(crate) part: String,
    pub(crate) us_per_message: f64,
    pub(crate) percent: f64,
}

/// The counts that must agree.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Counts {
    pub(crate) sent: u64,
    pub(crate) accepted: u64,
    /// Different texts that the carrier took.
    pub(crate) distinct_texts: u64,
    /// Receipts that reached whoever is to know: the customer, or the store where no customer is told.
    pub(crate) receipts: u64,
    pub(crate) lost: u64,
    /// Texts that the carrier took again, and receipts that the customer got again.
    pub(crate) doubled: u64,
    pub(crate) audit_adds_up: Option<bool>,
}

/// One run.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Outcome {
    pub(crate) scenario: String,
    /// What was measured: `carrack`, or a peer.
    pub(crate) system: String,
    /// Binds, windows, links: a figure without them says nothing.
    pub(crate) shape: String,
    /// Accepted messages a second, until the last answer.
    pub(crate) accepted_per_second: f64,
    /// Accepted messages a second, until the last of them had all of its life.
    pub(crate) life_per_second: f64,
    pub(crate) accepted_seconds: f64,
    pub(crate) life_seconds: f64,
    /// From a message to its answer.
    pub(crate) answer_ms: Option<LatencyMs>,
    /// From a message to its receipt, where the generator tells.
    pub(crate) life_ms: Option<LatencyMs>,
    pub(crate) processes: Vec<ProcessUse>,
    pub(crate) threads: Vec<ThreadUse>,
    /// From a profile: what each part took, and the dearest symbols; empty without one.
    pub(crate) parts: Vec<PartUse>,
    pub(crate) symbols: Vec<PartUse>,
    pub(crate) counts: Counts,
    pub(crate) noise: Noise,
    /// Resident memory of the node while it ran, MB, evenly spaced, at most 600 values.
    pub(crate) rss_mb: Vec<f64>,
    /// Figures that only this scenario has.
    pub(crate) figures: BTreeMap<String, f64>,
    pub(crate) notes: Vec<String>,
    /// Why the run has failed; empty: it has not.
    pub(crate) faults: Vec<String>,
}

impl Outcome {
    /// Whether nothing is lost, doubled or contradicted.
    pub(crate) fn is_good(&self) -> bool {
        self.faults.is_empty()
    }

    /// Notes what a process took between two looks.
    pub(crate) fn add_process(&mut self, name: &str, before: Usage, after: Usage) {
        let cpu_seconds = after.cpu_seconds - before.cpu_seconds;
        self.processes.push(ProcessUse {
            name: name.to_owned(),
            cpu_seconds,
            us_per_message: self.us_per_message(cpu_seconds),
            rss_peak_mb: after.rss_peak_mb,
        });
    }

    /// Notes what the threads of the node took between two looks, the dearest first.
    pub(crate) fn add_threads(&mut self, before: &[(String, f64)], after: &[(String, f64)]) {
        for (name, seconds) in after {
            let earlier = before
                .iter()
                .find(|(known, _)| known == name)
                .map_or(0.0, |(_, seconds)| *seconds);
            let us_per_message = self.us_per_message(seconds - earlier);
            if us_per_message >= 0.005 {
                self.threads.push(ThreadUse {
                    name: name.clone(),
                    us_per_message,
                });
            }
        }
        self.threads
            .sort_by(|one, other| other.us_per_message.total_cmp(&one.us_per_message));
    }

    /// Processor time of all processes of the bench, seconds.
    pub(crate) fn cpu_seconds(&self) -> f64 {
        self.processes.iter().map(|one| one.cpu_seconds).sum()
    }

    /// Processor time of the system under test, seconds.
    pub(crate) fn system_cpu_seconds(&self) -> f64 {
        self.processes
            .iter()
            .filter(|one| !matches!(one.name.as_str(), "smscsim" | "smsload" | "bench"))
            .map(|one| one.cpu_seconds)
            .sum()
    }

    /// Seconds as microseconds a message.
    pub(crate) fn us_per_message(&self, seconds: f64) -> f64 {
        seconds * 1e6 / self.counts.accepted.max(1) as f64
    }

    /// Sets the rates from the times.
    pub(crate) fn set_times(&mut self, accepted_seconds: f64, life_seconds: f64) {
        let accepted = self.counts.accepted as f64;
        (self.accepted_seconds, self.life_seconds) = (accepted_seconds, life_seconds);
        self.accepted_per_second = accepted / accepted_seconds.max(1e-9);
        self.life_per_second = accepted / life_seconds.max(1e-9);
    }
}

/// A value a second of a run of any length, in bounded memory: when it is full, every other one goes.
#[derive(Debug)]
pub(crate) struct Series {
    values: Vec<f64>,
    every: u64,
    seen: u64,
}

impl Default for Series {
    fn default() -> Self {
        Self {
            values: Vec::new(),
            every: 1,
            seen: 0,
        }
    }
}

impl Series {
    const VALUES_MAX: usize = 600;

    /// Notes a value.
    pub(crate) fn push(&mut self, value: f64) {
        if self.seen.is_multiple_of(self.every) {
            self.values.push(value);
            if self.values.len() > Self::VALUES_MAX {
                let mut keep = false;
                self.values.retain(|_| {
                    keep = !keep;
                    keep
                });
                self.every *= 2;
            }
        }
        self.seen += 1;
    }

    /// The values.
    pub(crate) fn into_values(self) -> Vec<f64> {
        self.values
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn series_keeps_its_ends_in_bounded_memory() {
        let mut series = Series::default();
        for value in 0..10_000 {
            series.push(f64::from(value));
        }
        let values = series.into_values();
        assert!(values.len() <= Series::VALUES_MAX);
        assert_eq!(values.first(), Some(&0.0));
        assert!(values.last().is_some_and(|last| *last > 9_900.0));
        assert!(values.is_sorted());
    }
}
