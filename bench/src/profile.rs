//! Records the node with `perf` and leaves a flame graph.
//!
//! Where `perf` is missing or refuses, this is said, and the run goes on without.

use std::fs::File;
use std::io::{BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, bail};
use inferno::collapse::Collapse;
use inferno::collapse::perf::{Folder, Options as FolderOptions};
use inferno::flamegraph::{self, Options as GraphOptions};

use crate::outcome::Outcome;
use crate::parts;
use crate::process::Process;
use crate::programs::on_path;

/// Samples a second and thread that runs.
const SAMPLES_A_SECOND: &str = "299";
/// Octets of stack a sample; programs and RocksDB have no frame pointers, so stacks are unwound from copies.
const STACKS: &str = "dwarf,16384";
const STOP_MAX: Duration = Duration::from_secs(120);

/// A recording that runs.
pub(crate) struct Recording {
    perf: Process,
    folder: PathBuf,
}

/// A recording that has ended.
pub(crate) struct Recorded {
    folder: PathBuf,
}

impl Recording {
    /// Starts to record the node where a profile is wanted and `perf` is there.
    pub(crate) fn start(wanted: Option<&Path>, node: &Process, folder: &Path) -> Option<Self> {
        wanted?;
        let Some(perf) = on_path("perf") else {
            eprintln!("perf is not installed (Debian: linux-perf): no flame graph");
            return None;
        };
        let id = node.id().to_string();
        let arguments = [
            "record",
            "-q",
            "-e",
            "cpu-clock",
            "-F",
            SAMPLES_A_SECOND,
            "-g",
            "--call-graph",
            STACKS,
            "-o",
            "perf.data",
            "-p",
            &id,
        ];
        let arguments = arguments.map(str::to_owned);
        match Process::start("perf", &perf, &arguments, folder) {
            Ok(perf) => Some(Self {
                perf,
                folder: folder.to_owned(),
            }),
            Err(fault) => {
                eprintln!("no flame graph: {fault:#}");
                None
            }
        }
    }

    /// Ends it.
    pub(crate) fn stop(mut self) -> anyhow::Result<Recorded> {
        if !self.perf.has_ended() {
            self.perf.signal("INT")?;
        }
        // It ends with the signal that it was sent; what it wrote says whether it worked.
        self.perf.wait(STOP_MAX)?;
        Ok(Recorded {
            folder: self.folder.clone(),
        })
    }
}

impl Recorded {
    /// Writes the flame graph, and notes what each part of the node took.
    pub(crate) fn write(&self, svg: &Path, outcome: &mut Outcome) {
        match self.folded() {
            Ok(folded) => {
                parts::note(&folded, outcome);
                if let Err(fault) = draw(&folded, svg, outcome) {
                    outcome.notes.push(format!("no flame graph: {fault:#}"));
                }
            }
            Err(fault) => outcome.notes.push(format!("no flame graph: {fault:#}")),
        }
    }

    /// Stacks, one a line with their samples.
    fn folded(&self) -> anyhow::Result<Vec<u8>> {
        let perf = on_path("perf").context("perf is gone")?;
        let script = self.folder.join("perf.script");
        let done = Command::new(perf)
            .args(["script", "--no-inline", "-i", "perf.data"])
            .current_dir(&self.folder)
            .stdout(File::create(&script)?)
            .stderr(Stdio::null())
            .status()?;
        if !done.success() {
            bail!("perf script failed; perf may not record here (kernel.perf_event_paranoid)");
        }
        let mut options = FolderOptions::default();
        options.annotate_kernel = true;
        let mut folded = Vec::new();
        Folder::from(options).collapse(BufReader::new(File::open(script)?), &mut folded)?;
        Ok(folded)
    }
}

fn draw(folded: &[u8], svg: &Path, outcome: &Outcome) -> anyhow::Result<()> {
    let mut options = GraphOptions::default();
    options.title = format!(
        "{}, {}: {:.0} messages a second, node {:.1} us a message",
        outcome.scenario,
        outcome.shape,
        outcome.life_per_second,
        outcome.us_per_message(outcome.system_cpu_seconds())
    );
    options.hash = true;
    let file = File::create(svg).with_context(|| format!("{} cannot be written", svg.display()))?;
    let mut out = BufWriter::new(file);
    flamegraph::from_reader(&mut options, folded, &mut out)?;
    out.flush()?;
    Ok(())
}
