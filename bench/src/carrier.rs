//! The simulated carrier as a process, and its report.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, bail};
use serde_json::Value;

use crate::process::{LOOK, Process};
use crate::programs::Programs;

const START_MAX: Duration = Duration::from_secs(20);
const STOP_MAX: Duration = Duration::from_secs(60);
/// Texts that the carrier remembers at least.
const TEXTS_MIN: u64 = 50_000_000;

/// A running `smscsim`.
pub(crate) struct Carrier {
    pub(crate) process: Process,
    pub(crate) address: String,
    report: PathBuf,
}

/// What it says of itself.
#[derive(Debug, Default)]
pub(crate) struct Report(Value);

impl Report {
    /// A count by its name; 0 where it is missing.
    pub(crate) fn count(&self, name: &str) -> u64 {
        self.0.get(name).and_then(Value::as_u64).unwrap_or(0)
    }
}

impl Carrier {
    /// Starts one that answers and receipts at once.
    pub(crate) fn start(
        programs: &Programs,
        name: &str,
        folder: &Path,
        messages: u64,
    ) -> anyhow::Result<Self> {
        Self::start_with(programs, name, folder, messages, "--latency 0ms")
    }

    /// Starts one that receipts at once, with arguments of its own, parted by a blank.
    pub(crate) fn start_with(
        programs: &Programs,
        name: &str,
        folder: &Path,
        messages: u64,
        own: &str,
    ) -> anyhow::Result<Self> {
        let report = folder.join(format!("{name}.report.json"));
        let ready = folder.join(format!("{name}.address"));
        let texts = (messages + messages / 10).max(TEXTS_MIN);
        let arguments = format!(
            "--listen 127.0.0.1:0 {own} --dlr-delay 0ms --report-every 100ms --texts-max {texts} --ready-file {} --report {}",
            ready.display(),
            report.display()
        );
        let arguments: Vec<String> = arguments.split(' ').map(str::to_owned).collect();
        let mut process = Process::start(name, &programs.smscsim, &arguments, folder)?;
        let begun = Instant::now();
        loop {
            let address = fs::read_to_string(&ready).unwrap_or_default();
            if !address.trim().is_empty() {
                return Ok(Self {
                    process,
                    address: address.trim().to_owned(),
                    report,
                });
            }
            process.must_run()?;
            if begun.elapsed() > START_MAX {
                bail!(
                    "smscsim does not listen; its log ends:\n{}",
                    process.log_end()
                );
            }
            std::thread::sleep(LOOK);
        }
    }

    /// Takes the link down, or brings it up again.
    pub(crate) fn toggle_link(&self) -> anyhow::Result<()> {
        self.process.signal("USR1")
    }

    /// The report of the last tenth of a second.
    pub(crate) fn report(&self) -> Report {
        let read = fs::read(&self.report).ok();
        Report(
            read.and_then(|octets| serde_json::from_slice(&octets).ok())
                .unwrap_or_default(),
        )
    }

    /// The report of the last tenth of a second, and when it was taken.
    pub(crate) fn timed_report(&self) -> Option<(SystemTime, Report)> {
        let taken = fs::metadata(&self.report).and_then(|file| file.modified());
        Some((taken.ok()?, self.report()))
    }

    /// Waits until so many receipts are answered; when that was, and whether all came. Gives up when nothing moves.
    pub(crate) fn wait_for_receipts(
        &self,
        wanted: u64,
        patience: Duration,
        mut each_look: impl FnMut() -> anyhow::Result<()>,
    ) -> anyhow::Result<Instant> {
        let (mut last, mut moved) = (0, Instant::now());
        loop {
            let answered = self.report().count("receipts_answered");
            if answered >= wanted {
                return Ok(Instant::now());
            }
            if answered > last {
                (last, moved) = (answered, Instant::now());
            }
            if moved.elapsed() > patience {
                return Ok(moved);
            }
            each_look()?;
            std::thread::sleep(LOOK);
        }
    }

    /// Ends it; its last report.
    pub(crate) fn stop(mut self) -> anyhow::Result<Report> {
        self.process.stop(STOP_MAX)?;
        let octets = fs::read(&self.report).context("smscsim left no report")?;
        Ok(Report(serde_json::from_slice(&octets)?))
    }
}
