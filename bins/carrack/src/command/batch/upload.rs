//! A file on its way to the node: a bar where it takes more than a second and somebody watches.

use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::Value;

use crate::client::Client;
use crate::fault::Fault;

/// Before that nothing is shown.
const QUIET: Duration = Duration::from_secs(1);

/// A file that shows how far it was read.
pub(super) struct Watched {
    file: File,
    octets: u64,
    read: u64,
    begun: Instant,
    bar: Option<ProgressBar>,
}

impl Watched {
    pub(super) fn open(path: &Path) -> Result<Self, Fault> {
        let wrong = || format!("{} cannot be read", path.display());
        let file = File::open(path).with_context(wrong)?;
        let octets = file.metadata().with_context(wrong)?.len();
        Ok(Self {
            file,
            octets,
            read: 0,
            begun: Instant::now(),
            bar: None,
        })
    }

    fn show(&mut self) {
        if self.bar.is_none() && self.begun.elapsed() >= QUIET && io::stderr().is_terminal() {
            let target = ProgressDrawTarget::stderr();
            let bar = ProgressBar::with_draw_target(Some(self.octets), target);
            let style =
                "uploading [{bar:30}] {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left";
            if let Ok(style) = ProgressStyle::with_template(style) {
                bar.set_style(style.progress_chars("=> "));
            }
            self.bar = Some(bar);
        }
        if let Some(bar) = &self.bar {
            bar.set_position(self.read);
            if self.read >= self.octets {
                bar.set_message("the node looks at it");
            }
        }
    }
}

impl Read for Watched {
    fn read(&mut self, block: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(block)?;
        self.read += read as u64;
        self.show();
        Ok(read)
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// Gives a file to a node; what the node says to it.
pub(crate) fn send(
    client: &Client,
    path: &Path,
    fields: &[(String, String)],
) -> Result<Value, Fault> {
    let mut file = Watched::open(path)?;
    let name = path
        .file_name()
        .map(|name| name.to_string_lossy().into_owned());
    let mut query: Vec<(&str, &str)> = fields
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    if let Some(name) = &name {
        query.push(("filename", name));
    }
    client.post_stream("/v1/batches", &query, &mut file)
}
