//! How far a batch is, for people: a bar where stderr is a terminal, a line a second elsewhere.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Deserialize;

use crate::table::count;

/// Between two lines where there is no terminal.
const LINE: Duration = Duration::from_secs(1);
/// Share of the rate before that stays in the rate shown.
const KEPT: f64 = 0.8;

/// A batch as the node shows it (`GET /v1/batches/{id}`).
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct BatchStatus {
    /// `scheduled`, `queued`, `running`, `finished`, `done`, `paused`, `cancelling` or `cancelled`.
    pub(crate) state: String,
    /// Rows with a verdict.
    pub(crate) rows: u64,
    /// Rows accepted.
    pub(crate) accepted: u64,
    /// Rows refused.
    pub(crate) rejected: u64,
    /// Rows that were messages already.
    #[serde(default)]
    pub(crate) repeated: u64,
    /// Messages a carrier took.
    pub(crate) submitted: u64,
    /// Messages delivered.
    pub(crate) delivered: u64,
    /// Messages that ended otherwise.
    pub(crate) failed: u64,
    /// Octets of the file.
    #[serde(default)]
    pub(crate) total_octets: u64,
    /// Octets whose rows have a verdict.
    #[serde(default)]
    pub(crate) done_octets: u64,
    /// Why it does not get on.
    #[serde(default)]
    pub(crate) hindrance: Option<String>,
}

impl BatchStatus {
    /// Whether every row has its verdict and every message its end, or it was cancelled.
    pub(crate) fn is_done(&self) -> bool {
        matches!(self.state.as_str(), "done" | "cancelled")
    }

    /// Rows that need nothing more.
    pub(crate) const fn ended(&self) -> u64 {
        self.rejected + self.repeated + self.delivered + self.failed
    }

    /// Rows in all: known once the file is read, told from its octets before.
    fn rows_total(&self) -> u64 {
        let is_read = matches!(self.state.as_str(), "finished" | "done");
        if is_read || self.done_octets == 0 {
            return self.rows;
        }
        let total =
            u128::from(self.rows) * u128::from(self.total_octets) / u128::from(self.done_octets);
        u64::try_from(total).unwrap_or(u64::MAX).max(self.rows)
    }
}

/// Shows a batch on its way.
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
    rate: f64,
    looked: Instant,
    ended: u64,
    line: Instant,
}

impl Progress {
    /// Nothing is shown yet.
    pub(crate) fn start() -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
            let style = "{elapsed_precise} [{bar:30}] {percent}% {msg}";
            if let Ok(style) = ProgressStyle::with_template(style) {
                bar.set_style(style.progress_chars("=> "));
            }
            bar
        });
        let now = Instant::now();
        Self {
            bar,
            rate: 0.0,
            looked: now,
            ended: 0,
            line: now,
        }
    }

    /// Shows how far it is.
    pub(crate) fn show(&mut self, batch: &BatchStatus) {
        self.take_rate(batch.ended());
        let total = batch.rows_total();
        let left = self.left(total.saturating_sub(batch.ended()));
        let mut text = format!(
            "{} accepted, {} refused, {} sent, {} delivered, {} failed, {} rows/s{left}",
            count(batch.accepted),
            count(batch.rejected),
            count(batch.submitted),
            count(batch.delivered),
            count(batch.failed),
            count(self.rate as u64),
        );
        if matches!(batch.state.as_str(), "scheduled" | "paused" | "cancelling") {
            text.push_str(&format!(" ({})", batch.state));
        }
        if let Some(hindrance) = &batch.hindrance {
            text.push_str(&format!(" ({hindrance})"));
        }
        match &self.bar {
            Some(bar) => {
                bar.set_length(total);
                bar.set_position(batch.ended());
                bar.set_message(text);
            }
            None if self.line.elapsed() >= LINE => {
                self.line = Instant::now();
                eprintln!("{text}");
            }
            None => {}
        }
    }

    /// Says something beside the bar.
    pub(crate) fn say(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| eprintln!("{text}")),
            None => eprintln!("{text}"),
        }
    }

    /// Leaves the terminal to what comes next.
    pub(crate) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish();
        }
    }

    fn take_rate(&mut self, ended: u64) {
        let seconds = self.looked.elapsed().as_secs_f64();
        if seconds < 0.05 {
            return;
        }
        let now = ended.saturating_sub(self.ended) as f64 / seconds;
        // Looks are near each other; one alone says little.
        let kept = KEPT.powf(seconds * 5.0);
        self.rate = if self.rate == 0.0 {
            now
        } else {
            self.rate * kept + now * (1.0 - kept)
        };
        (self.looked, self.ended) = (Instant::now(), ended);
    }

    fn left(&self, rows: u64) -> String {
        if self.rate < 1.0 || rows == 0 {
            return String::new();
        }
        format!(
            ", {} s left",
            count((rows as f64 / self.rate).ceil() as u64)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::BatchStatus;

    #[test]
    fn rows_are_told_from_octets_until_the_file_is_read() {
        let mut batch = BatchStatus {
            state: "running".to_owned(),
            rows: 10,
            done_octets: 100,
            total_octets: 1000,
            ..BatchStatus::default()
        };
        assert_eq!(batch.rows_total(), 100);
        batch.state = "finished".to_owned();
        assert_eq!(batch.rows_total(), 10);
    }
}
