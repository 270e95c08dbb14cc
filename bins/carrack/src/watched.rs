//! A file that shows how far it is read, where that takes longer than a second.

use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::path::Path;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Until something is shown, and between two lines where there is no terminal.
const PATIENCE: Duration = Duration::from_secs(1);

/// A file that tells how much of it was read.
pub(crate) struct Watched {
    file: File,
    name: String,
    total: u64,
    done: u64,
    shown: Instant,
    bar: Option<ProgressBar>,
}

impl Watched {
    /// Opens a file for reading.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        Ok(Self {
            total: file.metadata()?.len(),
            file,
            name: path.display().to_string(),
            done: 0,
            shown: Instant::now(),
            bar: None,
        })
    }

    fn show(&mut self) {
        if let Some(bar) = &self.bar {
            bar.set_position(self.done);
            return;
        }
        if self.shown.elapsed() < PATIENCE {
            return;
        }
        self.shown = Instant::now();
        if io::stderr().is_terminal() {
            let bar = ProgressBar::with_draw_target(Some(self.total), ProgressDrawTarget::stderr());
            if let Ok(style) =
                ProgressStyle::with_template("{msg} [{bar:30}] {percent}% {eta} left")
            {
                bar.set_style(style.progress_chars("=> "));
            }
            bar.set_message(self.name.clone());
            self.bar = Some(bar);
        } else if let Some(percent) = (self.done * 100).checked_div(self.total) {
            eprintln!("{}: {percent} % read", self.name);
        }
    }
}

impl Read for Watched {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let octets = self.file.read(buffer)?;
        self.done = self.done.saturating_add(octets as u64);
        self.show();
        Ok(octets)
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
