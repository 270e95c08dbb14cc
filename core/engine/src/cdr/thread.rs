//! The thread that writes CDR files: rounds, saves, and what follows from a fault.
//!
//! Promise: whatever happens to the files, or to this thread, happens to no message. Each fault is said, counted and tried
//! again from the last save, with pauses up to [`PAUSE_MAX`]. At a stop all that is final is exported, as long as that
//! takes at most `finish_max`; the rest goes on after the next start.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use carrack_queue::{ExportMark, Store};
use carrack_runtime::{Clock, SystemClock};
use carrack_telemetry::names;
use crossbeam::channel::{Receiver, RecvTimeoutError, Sender, bounded};

use super::export::{ExportParts, Exporter};
use super::fault::CdrFault;
use super::{CdrSettings, SharedCurrencies};

/// How long to wait where there was nothing to read.
const IDLE: Duration = Duration::from_millis(50);
/// Between two saves, while there is something to save.
const SAVE_AFTER: Duration = Duration::from_secs(1);
/// Octets of lines after which it is saved sooner.
const SAVE_OCTETS: u64 = 32 << 20;
const PAUSE_FIRST: Duration = Duration::from_secs(1);
const PAUSE_MAX: Duration = Duration::from_secs(30);
/// Beyond `finish_max`, for a disk that does not answer.
const PATIENCE: Duration = Duration::from_millis(500);

/// The running thread.
pub(crate) struct CdrThread {
    finish_max: Duration,
    stop: Sender<Instant>,
    /// Disconnected when the thread has ended.
    ended: Receiver<()>,
}

impl CdrThread {
    /// Starts it.
    ///
    /// # Errors
    /// What the system said.
    pub(crate) fn start(
        store: Arc<Store>,
        export: Arc<ExportMark>,
        settings: CdrSettings,
        currencies: SharedCurrencies,
        run_from: u32,
    ) -> std::io::Result<Self> {
        let (stop, asked) = bounded(1);
        let (alive, ended) = bounded::<()>(0);
        let finish_max = settings.finish_max;
        let mut work = Work {
            parts: ExportParts {
                store,
                export,
                settings: Arc::new(settings),
                currencies,
                run_from,
            },
            asked,
            deadline: None,
            complete_utc_ns: utc_ns(),
            pause: PAUSE_FIRST,
            fails: false,
        };
        let run = move || {
            work.run();
            drop(alive);
        };
        std::thread::Builder::new()
            .name("cdr".to_owned())
            .spawn(run)?;
        Ok(Self {
            finish_max,
            stop,
            ended,
        })
    }

    /// Exports what is left of a log that does not grow any more, and ends. Blocking, bounded.
    pub(crate) fn stop(self) {
        // It is full only where it was asked before.
        let _ = self.stop.try_send(Instant::now() + self.finish_max);
        if self.ended.recv_timeout(self.finish_max + PATIENCE) == Err(RecvTimeoutError::Timeout) {
            tracing::error!("the CDR files did not end in time; they go on after the next start");
        }
    }
}

fn utc_ns() -> u64 {
    SystemClock::default().now().utc_ns
}

struct Work {
    parts: ExportParts,
    asked: Receiver<Instant>,
    /// By then it has to end.
    deadline: Option<Instant>,
    /// What was durable at this moment is in lines.
    complete_utc_ns: u64,
    /// Before the next try.
    pause: Duration,
    fails: bool,
}

impl Work {
    fn run(&mut self) {
        loop {
            match catch_unwind(AssertUnwindSafe(|| self.follow())) {
                Ok(Ok(())) => return,
                Ok(Err(fault)) => {
                    metrics::counter!(names::CDR_FAULTS, "kind" => fault.kind()).increment(1);
                    tracing::error!(%fault, "CDR files cannot be written now; messages go on, what ends is exported later");
                }
                Err(_) => {
                    metrics::counter!(names::CDR_FAULTS, "kind" => "panic").increment(1);
                    tracing::error!("the CDR files are begun again after a panic");
                }
            }
            if self.deadline.is_some() {
                return;
            }
            self.fails = true;
            self.wait(self.pause);
            self.pause = (self.pause * 2).min(PAUSE_MAX);
            self.show(None);
        }
    }

    /// Waits for a stop.
    fn wait(&mut self, patience: Duration) {
        if self.deadline.is_some() {
            return;
        }
        match self.asked.recv_timeout(patience) {
            Ok(deadline) => self.deadline = Some(deadline),
            Err(RecvTimeoutError::Disconnected) => self.deadline = Some(Instant::now()),
            Err(RecvTimeoutError::Timeout) => {}
        }
    }

    /// From the last save on, until it is to stop.
    fn follow(&mut self) -> Result<(), CdrFault> {
        let mut exporter = Exporter::begin(self.parts.clone(), utc_ns())?;
        let mut saved = Instant::now();
        // The committer waits for the first word of where this stands.
        let mut is_first = true;
        loop {
            // Asked before the round: then the log does not grow any more.
            let is_last = self.deadline;
            let busy = exporter.turn(utc_ns())?;
            let late = is_last.is_some_and(|deadline| Instant::now() >= deadline);
            if is_last.is_some() && (late || !busy) {
                if late && busy {
                    tracing::warn!(
                        "not all that is final is in the CDR files; they go on after the next start"
                    );
                }
                return exporter.save_and_finish(utc_ns());
            }
            let is_full = exporter.is_full(utc_ns());
            let is_due = saved.elapsed() >= SAVE_AFTER || exporter.unsaved_octets() >= SAVE_OCTETS;
            if is_full || is_due || (is_first && !busy) {
                is_first = false;
                match is_full {
                    true => exporter.save_and_finish(utc_ns())?,
                    false => exporter.save(utc_ns())?,
                }
                saved = Instant::now();
                self.well();
                if exporter.is_overtaken()? {
                    exporter = Exporter::begin(self.parts.clone(), utc_ns())?;
                }
            }
            self.show(Some(&exporter));
            self.wait(if busy { Duration::ZERO } else { IDLE });
        }
    }

    fn well(&mut self) {
        self.pause = PAUSE_FIRST;
        if std::mem::take(&mut self.fails) {
            tracing::info!("CDR files are written again");
        }
    }

    fn show(&mut self, exporter: Option<&Exporter>) {
        let now_utc_ns = utc_ns();
        if let Some(exporter) = exporter {
            self.complete_utc_ns = exporter.complete_utc_ns().unwrap_or(self.complete_utc_ns);
            metrics::gauge!(names::CDR_LAG_FRAMES).set(exporter.lag_frames() as f64);
        }
        let lag_ns = now_utc_ns.saturating_sub(self.complete_utc_ns);
        metrics::gauge!(names::CDR_LAG_SECONDS).set(lag_ns as f64 / 1e9);
        let held = self.parts.export.held_octets();
        metrics::gauge!(names::CDR_HELD_OCTETS).set(held as f64);
    }
}
