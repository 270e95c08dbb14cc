//! A program of the bench as a process: its output in files, its processor time and memory from `/proc`.
//!
//! Promise: dropped, it is gone. Fails with the end of its log.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use crate::machine::TICKS_A_SECOND;

/// Between two looks at a process.
pub(crate) const LOOK: Duration = Duration::from_millis(20);
/// Octets of a log that a fault shows.
const LOG_SHOWN: usize = 2_000;

/// What a process has taken so far.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Usage {
    pub(crate) cpu_seconds: f64,
    pub(crate) rss_mb: f64,
    pub(crate) rss_peak_mb: f64,
}

/// A running program.
pub(crate) struct Process {
    name: String,
    child: Child,
    out: PathBuf,
    log: PathBuf,
    last: Usage,
}

impl Process {
    /// Starts a program whose output goes to `NAME.out` and `NAME.log` in a folder.
    pub(crate) fn start(
        name: &str,
        program: &Path,
        arguments: &[String],
        folder: &Path,
    ) -> anyhow::Result<Self> {
        let (out, log) = (
            folder.join(format!("{name}.out")),
            folder.join(format!("{name}.log")),
        );
        let child = Command::new(program)
            .args(arguments)
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(File::create(&out)?)
            .stderr(File::options().create(true).append(true).open(&log)?)
            .spawn()
            .with_context(|| format!("{} cannot be started", program.display()))?;
        Ok(Self {
            name: name.to_owned(),
            child,
            out,
            log,
            last: Usage::default(),
        })
    }

    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Its name in the table.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// What it wrote to standard output.
    pub(crate) fn output(&self) -> anyhow::Result<String> {
        Ok(fs::read_to_string(&self.out)?)
    }

    /// What it has taken; of a process that has ended, what is known.
    pub(crate) fn usage(&mut self) -> Usage {
        let id = self.id();
        if let Some(ticks) = stat_of(id).map(|(_, ticks)| ticks) {
            self.last.cpu_seconds = ticks as f64 / TICKS_A_SECOND;
        }
        let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
        let mb = |key: &str| -> Option<f64> {
            let line = status.lines().find_map(|line| line.strip_prefix(key))?;
            let kb: f64 = line.split_whitespace().next()?.parse().ok()?;
            Some(kb / 1024.0)
        };
        if let Some((rss, peak)) = mb("VmRSS:").zip(mb("VmHWM:")) {
            (self.last.rss_mb, self.last.rss_peak_mb) = (rss, peak);
        }
        self.last
    }

    /// Seconds of processor time by thread; threads of one name together, ended threads not at all.
    pub(crate) fn threads(&self) -> Vec<(String, f64)> {
        let mut found: Vec<(String, f64)> = Vec::new();
        let tasks = fs::read_dir(format!("/proc/{}/task", self.id()));
        for task in tasks.into_iter().flatten().flatten() {
            let text = |file: &str| fs::read_to_string(task.path().join(file)).unwrap_or_default();
            let name = text("comm").trim().to_owned();
            let first = text("schedstat");
            let ns: u64 = first
                .split_whitespace()
                .next()
                .and_then(|ns| ns.parse().ok())
                .unwrap_or(0);
            match found.iter_mut().find(|(known, _)| *known == name) {
                Some((_, seconds)) => *seconds += ns as f64 / 1e9,
                None => found.push((name, ns as f64 / 1e9)),
            }
        }
        found
    }

    /// Whether it has ended; what it took is noted before it is forgotten by the system.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.usage();
        stat_of(self.id()).is_none_or(|(state, _)| state == 'Z')
    }

    /// Fails where it has ended.
    pub(crate) fn must_run(&mut self) -> anyhow::Result<()> {
        if self.has_ended() {
            bail!("{} has ended; its log ends:\n{}", self.name, self.log_end());
        }
        Ok(())
    }

    /// Waits for its end, and says whether it was a success.
    pub(crate) fn wait(&mut self, within: Duration) -> anyhow::Result<bool> {
        let begun = Instant::now();
        while !self.has_ended() {
            if begun.elapsed() > within {
                bail!(
                    "{} did not end within {} s; its log ends:\n{}",
                    self.name,
                    within.as_secs(),
                    self.log_end()
                );
            }
            std::thread::sleep(LOOK);
        }
        Ok(self.child.wait()?.success())
    }

    /// Sends a signal by name.
    pub(crate) fn signal(&self, name: &str) -> anyhow::Result<()> {
        let sent = Command::new("kill")
            .args([format!("-{name}"), self.id().to_string()])
            .status()
            .context("`kill` cannot be started")?;
        if !sent.success() {
            bail!("{} could not be sent {name}", self.name);
        }
        Ok(())
    }

    /// Asks it to end and waits; a failure of its own is a fault.
    pub(crate) fn stop(&mut self, within: Duration) -> anyhow::Result<()> {
        self.signal("TERM")?;
        if !self.wait(within)? {
            bail!("{} failed; its log ends:\n{}", self.name, self.log_end());
        }
        Ok(())
    }

    /// The end of its log.
    pub(crate) fn log_end(&self) -> String {
        let text = fs::read(&self.log).unwrap_or_default();
        let from = text.len().saturating_sub(LOG_SHOWN);
        String::from_utf8_lossy(text.get(from..).unwrap_or_default()).into_owned()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// State and processor time in ticks.
fn stat_of(id: u32) -> Option<(char, u64)> {
    let text = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // The name in parentheses may hold anything.
    let (_, rest) = text.rsplit_once(')')?;
    let mut fields = rest.split_whitespace();
    let state = fields.next()?.chars().next()?;
    let ticks: Vec<u64> = fields
        .skip(10)
        .take(2)
        .filter_map(|field| field.parse().ok())
        .collect();
    Some((state, ticks.iter().sum()))
}

/// Processor time of this process, seconds.
pub(crate) fn own_cpu_seconds() -> f64 {
    stat_of(std::process::id()).map_or(0.0, |(_, ticks)| ticks as f64 / TICKS_A_SECOND)
}
