//! How far the work is, for people: a bar where stderr is a terminal, a line a second elsewhere.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::table::count;

/// Between two lines where there is no terminal.
const LINE: Duration = Duration::from_secs(1);

/// Shows one piece of work.
pub(crate) struct Progress {
    what: &'static str,
    /// What there is to do, in the unit of `done`; 0: not known.
    total: u64,
    bar: Option<ProgressBar>,
    start: Instant,
    line: Instant,
    numbers: u64,
}

impl Progress {
    pub(crate) fn start(what: &'static str, total: u64) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
            if let Ok(style) =
                ProgressStyle::with_template("{elapsed_precise} [{bar:30}] {percent}% {msg}")
            {
                bar.set_style(style.progress_chars("=> "));
            }
            bar
        });
        let now = Instant::now();
        Self {
            what,
            total,
            bar,
            start: now,
            line: now,
            numbers: 0,
        }
    }

    /// Shows that so many numbers are done, and with them so much of the total.
    pub(crate) fn show(&mut self, numbers: u64, done: u64) {
        self.numbers = numbers;
        let text = self.text();
        match &self.bar {
            Some(bar) => {
                bar.set_position(done);
                bar.set_message(text);
            }
            None if self.line.elapsed() >= LINE => {
                self.line = Instant::now();
                let percent = (done * 100).checked_div(self.total).unwrap_or(0);
                eprintln!("{text}, {percent} %");
            }
            None => {}
        }
    }

    /// Leaves the terminal to what comes next.
    pub(crate) fn finish(mut self, numbers: u64) {
        self.numbers = numbers;
        match &self.bar {
            Some(bar) => bar.finish(),
            None if self.start.elapsed() >= LINE => eprintln!("{}, done", self.text()),
            None => {}
        }
    }

    fn text(&self) -> String {
        let seconds = self.start.elapsed().as_secs_f64().max(0.001);
        let rate = (self.numbers as f64 / seconds) as u64;
        format!("{} {} ({}/s)", count(self.numbers), self.what, count(rate))
    }
}
