//! Looking on while a load runs: samples for plots, a progress line on a terminal. Twenty looks a second on the load's own thread.

use super::timeline::Sample;
use indicatif::{HumanCount, ProgressBar, ProgressStyle};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;

/// Time between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Whether a load is looked at while it runs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Watch {
    /// Shows a line on stderr; where that is no terminal nothing is shown.
    pub progress: bool,
    /// Keeps a timeline.
    pub timeline: bool,
}

impl Watch {
    /// True when anything is to be recorded.
    #[must_use]
    pub fn is_on(self) -> bool {
        self.progress || self.timeline
    }
}

/// What one look at a load found.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    /// Messages sent.
    pub(super) sent: u64,
    /// Messages that wait for their answer.
    pub(super) in_flight: u64,
    /// The sample that ended, if one did.
    pub(super) sample: Option<Sample>,
}

/// Looks at a load again and again, until it is dropped.
#[derive(Debug)]
pub(super) struct Onlooker {
    task: Option<JoinHandle<()>>,
    progress: Progress,
}

impl Onlooker {
    /// Looks on, where that is asked for, at a load of so many messages if that is known.
    pub(super) fn start(
        watch: Watch,
        messages: Option<u64>,
        mut look: impl FnMut() -> Look + 'static,
    ) -> Self {
        let progress = Progress::new(watch.progress, messages);
        let shown = progress.clone();
        let looking = async move {
            let mut clock = tokio::time::interval(LOOK_EVERY);
            clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                clock.tick().await;
                shown.show(look());
            }
        };
        let task = watch.is_on().then(|| tokio::task::spawn_local(looking));
        Self { task, progress }
    }
}

impl Drop for Onlooker {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
        self.progress.bar.finish_and_clear();
    }
}

/// The line on the terminal.
#[derive(Debug, Clone)]
struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// A line for a load of so many messages, if that is known.
    fn new(is_shown: bool, messages: Option<u64>) -> Self {
        let bar = match messages {
            _ if !is_shown => ProgressBar::hidden(),
            Some(messages) => ProgressBar::new(messages),
            None => ProgressBar::no_length(),
        };
        let template = match messages {
            Some(_) => "{elapsed} {bar:20} {percent}% of {human_len} · {wide_msg}",
            None => "{elapsed} {spinner} {human_pos} · {wide_msg}",
        };
        // The templates are constant and good; a bar without one still shows.
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        Self { bar }
    }

    /// Shows where the load is.
    fn show(&self, look: Look) {
        self.bar.set_position(look.sent);
        let (Some(sample), in_flight) = (look.sample, look.in_flight) else {
            return;
        };
        let rate = |count: u64| HumanCount((count as f64 / sample.seconds) as u64);
        let p99 = sample.latency_ms.map_or(0.0, |latency| latency.p99);
        self.bar.set_message(format!(
            "{}/s, answered {}, p99 {p99:.1} ms, in flight {in_flight}, receipts {}",
            rate(sample.sent),
            rate(sample.answered),
            rate(sample.receipts),
        ));
    }
}
