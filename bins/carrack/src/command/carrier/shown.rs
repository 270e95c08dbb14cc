//! How far a probe is, on standard error.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use carrack_carrier::probe::Probe;
use indicatif::{ProgressBar, ProgressStyle};

const LINE: Duration = Duration::from_secs(1);

/// Says how far it is: a bar on a terminal, a line a second elsewhere.
pub(super) struct Shown {
    bar: Option<ProgressBar>,
    messages: u32,
    said: Instant,
}

impl Shown {
    /// Begins; `messages` may be sent at most.
    pub(super) fn start(messages: u32) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(0);
            match ProgressStyle::with_template("{elapsed_precise} [{bar:30}] {msg}") {
                Ok(style) => bar.with_style(style.progress_chars("=> ")),
                Err(_) => bar,
            }
        });
        Self {
            bar,
            messages,
            said: Instant::now(),
        }
    }

    /// Shows how it stands.
    pub(super) fn look(&mut self, probe: &Probe) {
        let at = probe.progress();
        let text = format!(
            "{}: {} of {} messages sent, {} receipts and messages came",
            at.question, at.sent, self.messages, at.delivered
        );
        match &self.bar {
            Some(bar) => {
                bar.set_length(at.steps as u64);
                bar.set_position(at.steps_done as u64);
                bar.set_message(text);
            }
            None if self.said.elapsed() >= LINE => {
                self.said = Instant::now();
                eprintln!("{text}");
            }
            None => {}
        }
    }

    /// Takes the bar away.
    pub(super) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
