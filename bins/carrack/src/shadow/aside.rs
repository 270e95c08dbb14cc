//! The thread that reads and tries configurations: one, however often the node is reloaded.
//!
//! Promise: one is tried at a time, and after it the newest; what was stopped before its turn is not read. Whoever begins one
//! does not wait. A panic is a fault of the trial, and the next one is tried as ever. Bound: one trial that waits.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam::channel::{Receiver, Sender, bounded};

use super::trial::Trial;

/// How much less of the processor it has than threads that move messages.
const ASIDE_NICE: i32 = 10;
/// A thread that still reads a large file when the node ends is left alone after so long.
const END_WITHIN: Duration = Duration::from_millis(250);

/// The thread. Dropped, it ends behind what it does now.
pub(super) struct Aside {
    /// None: it is to end.
    newest: Option<Sender<Arc<Trial>>>,
    /// The other end, to take away what waits.
    waiting: Receiver<Arc<Trial>>,
    thread: JoinHandle<()>,
}

impl Aside {
    /// Starts it: `run` tries a configuration until it is stopped, `shut` takes its door away where that broke.
    pub(super) fn start(
        run: impl Fn(&Trial) + Send + 'static,
        shut: impl Fn() + Send + 'static,
    ) -> io::Result<Self> {
        let (newest, waiting) = bounded::<Arc<Trial>>(1);
        let next = waiting.clone();
        let thread = std::thread::Builder::new().name("shadow".to_owned());
        let thread = thread.spawn(move || {
            // Where the system does not allow it, it runs as everybody does.
            let _ = rustix::process::nice(ASIDE_NICE);
            for trial in next {
                attempt(&trial, &run, &shut);
            }
        })?;
        Ok(Self {
            newest: Some(newest),
            waiting,
            thread,
        })
    }

    /// Tries this one next. Those before it have to be stopped, or it never comes to its turn.
    pub(super) fn begin(&self, trial: Arc<Trial>) {
        drop(self.waiting.try_recv());
        if let Some(newest) = &self.newest {
            // There is room, as nobody else puts any in, and somebody takes it, as the other end is held here.
            let _ = newest.send(trial);
        }
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        drop(self.newest.take());
        let until = Instant::now() + END_WITHIN;
        while !self.thread.is_finished() && Instant::now() < until {
            std::thread::park_timeout(Duration::from_millis(5));
        }
    }
}

fn attempt(trial: &Trial, run: &impl Fn(&Trial), shut: &impl Fn()) {
    if trial.is_stopped() {
        return;
    }
    // What a panic leaves behind is dropped; of the trial, `fail` puts the whole state anew.
    if catch_unwind(AssertUnwindSafe(|| run(trial))).is_err() {
        shut();
        trial.fail(&[
            "its thread broke (a panic, told on standard error); the next reload begins anew"
                .to_owned(),
        ]);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]
    use std::sync::atomic::{AtomicU64, Ordering};

    use carrack_settings::Shadow;
    use crossbeam::channel::unbounded;

    use super::*;

    fn trial(share: u8) -> Arc<Trial> {
        Arc::new(Trial::of(Shadow {
            configuration: "next.toml".into(),
            share,
            queue: 1,
            line: 1,
        }))
    }

    #[test]
    fn however_often_the_node_is_reloaded_one_is_read_at_a_time_and_the_newest_after_it() {
        let (begun, seen) = unbounded();
        let (open, gate) = unbounded::<()>();
        let run = move |trial: &Trial| {
            begun.send(trial.named.share).unwrap();
            gate.recv().unwrap();
        };
        let aside = Aside::start(run, || ()).unwrap();
        let trials: Vec<_> = (1..=100).map(trial).collect();
        aside.begin(Arc::clone(&trials[0]));
        assert_eq!(seen.recv(), Ok(1));
        // The first one reads until the gate opens, and nobody waits for it.
        for pair in trials.windows(2) {
            pair[0].stop(|| ());
            aside.begin(Arc::clone(&pair[1]));
        }
        open.send(()).unwrap();
        assert_eq!(seen.recv(), Ok(100));
        open.send(()).unwrap();
        drop(aside);
        assert!(seen.recv().is_err(), "nobody else had a turn");
    }

    #[test]
    fn a_panic_is_told_shuts_the_door_and_leaves_the_next_one_its_turn() {
        let (begun, seen) = unbounded();
        let shut = Arc::new(AtomicU64::new(0));
        let run = move |trial: &Trial| {
            begun.send(trial.named.share).unwrap();
            let _state = trial.state();
            assert!(trial.named.share != 1, "a fault of ours");
        };
        let count = Arc::clone(&shut);
        let shuts = move || {
            count.fetch_add(1, Ordering::Relaxed);
        };
        let aside = Aside::start(run, shuts).unwrap();
        let broken = trial(1);
        aside.begin(Arc::clone(&broken));
        assert_eq!(seen.recv(), Ok(1));
        aside.begin(trial(2));
        assert_eq!(seen.recv(), Ok(2), "behind it");
        assert_eq!(shut.load(Ordering::Relaxed), 1);
        assert_eq!(broken.report().state, "faulty");
        assert!(!broken.is_of(&broken.named), "a reload begins anew");
    }
}
