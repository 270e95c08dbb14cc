//! Where chunks with names pass on their way to a shard.
//!
//! Promise: a chunk that was taken is answered once, or its reply is dropped with the node. Bound: [`QUEUE_MAX`] chunks for
//! the threads, and names and waiters of the settings; what is beyond is given back or refused. The threads begin with the
//! first chunk that needs one: large ones, and those with a name that may be in the store.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use carrack_queue::{KeptKey, KeptKeys, KeyName};

use super::counts::Counts;
use super::fate::{Fates, Known, names_of};
use super::under_way::{Claiming, UnderWay};
use crate::submission::{Chunk, Refusal, Verdict};

/// Chunks that may wait for a name of another's, in a node.
pub(crate) const WAITING_MAX: usize = 10_000;
/// Threads of a node's desk.
pub(crate) const THREADS: usize = 2;
/// Chunks that wait for a thread.
const QUEUE_MAX: usize = 1024;
/// A chunk with more submissions is looked up by a thread.
const AT_ONCE_MAX: usize = 64;
/// Tries to hand a chunk to a shard whose mailbox is full, and the pause between.
const TRIES: usize = 500;
const PAUSE: Duration = Duration::from_millis(2);

/// What a desk is set to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DeskSettings {
    pub(crate) keep_ns: u64,
    pub(crate) names_max: usize,
    pub(crate) waiting_max: usize,
    /// 0: somebody calls [`Desk::work_off`].
    pub(crate) threads: usize,
}

/// UTC nanoseconds.
pub(crate) type UtcNow = Box<dyn Fn() -> u64 + Send + Sync>;

/// Hands a chunk to the shard of this lane, or gives it back.
pub(crate) type HandIn = Box<dyn Fn(u64, Chunk) -> Result<(), Chunk> + Send + Sync>;

/// A chunk that waits for something.
struct Job {
    lane: u64,
    chunk: Chunk,
    claims: Option<Claims>,
}

/// Names that one chunk has; given back when it is dropped.
struct Claims {
    desk: Arc<Desk>,
    names: Vec<KeyName>,
}

impl Drop for Claims {
    fn drop(&mut self) {
        let waited = self.desk.under_way.release(&self.names);
        self.desk.again(waited);
    }
}

#[derive(Default)]
struct Queue {
    jobs: VecDeque<Job>,
    threads: Vec<JoinHandle<()>>,
    stopped: bool,
}

/// The desk of a node.
pub(crate) struct Desk {
    settings: DeskSettings,
    store: Arc<dyn KeptKeys + Send + Sync>,
    hand_in: HandIn,
    utc_now: UtcNow,
    under_way: UnderWay<Job>,
    queue: Mutex<Queue>,
    work: Condvar,
    counts: Counts,
}

impl Desk {
    pub(crate) fn new(
        settings: DeskSettings,
        store: Arc<dyn KeptKeys + Send + Sync>,
        hand_in: HandIn,
        utc_now: UtcNow,
    ) -> Self {
        Self {
            settings,
            store,
            hand_in,
            utc_now,
            under_way: UnderWay::new(settings.names_max, settings.waiting_max),
            queue: Mutex::default(),
            work: Condvar::new(),
            counts: Counts::default(),
        }
    }

    /// Takes a chunk with names.
    ///
    /// # Errors
    /// The chunk, where there is more to do than may wait.
    pub(crate) fn take(self: &Arc<Self>, lane: u64, chunk: Chunk) -> Result<(), Chunk> {
        let job = Job {
            lane,
            chunk,
            claims: None,
        };
        if job.chunk.submissions.len() > AT_ONCE_MAX {
            return self.put(job);
        }
        let Some(job) = self.claim(job) else {
            return Ok(());
        };
        let names = job.claims.as_ref().map(|claims| claims.names.as_slice());
        if self.store.may_hold(names.unwrap_or_default()) {
            return self.put(job);
        }
        if let Err(back) = self.go_on(job, &[]) {
            busy(back);
        }
        Ok(())
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Leaves a chunk to the threads.
    fn put(self: &Arc<Self>, job: Job) -> Result<(), Chunk> {
        let mut queue = self.queue();
        if !self.is_open(&mut queue) || queue.jobs.len() >= QUEUE_MAX {
            drop(queue);
            return Err(job.chunk);
        }
        queue.jobs.push_back(job);
        drop(queue);
        self.work.notify_one();
        Ok(())
    }

    /// What has waited for a name is looked at again. They were counted while they waited.
    fn again(self: &Arc<Self>, waited: Vec<Job>) {
        if waited.is_empty() {
            return;
        }
        let mut queue = self.queue();
        let refused = match self.is_open(&mut queue) {
            true => {
                queue.jobs.extend(waited);
                Vec::new()
            }
            false => waited,
        };
        drop(queue);
        self.work.notify_all();
        for job in refused {
            refuse(job.chunk, &Refusal::KeyUnderWay);
        }
    }

    /// Whether somebody looks at the queue; begins the threads.
    fn is_open(self: &Arc<Self>, queue: &mut Queue) -> bool {
        if queue.stopped || self.settings.threads == 0 {
            return !queue.stopped;
        }
        if queue.threads.is_empty() {
            self.begin(queue);
        }
        !queue.threads.is_empty()
    }

    fn begin(self: &Arc<Self>, queue: &mut Queue) {
        for number in 0..self.settings.threads {
            let desk = Arc::clone(self);
            let thread = std::thread::Builder::new().name(format!("keys-{number}"));
            match thread.spawn(move || desk.work()) {
                Ok(thread) => queue.threads.push(thread),
                Err(error) => {
                    tracing::error!(%error, "no thread to look up keys of requests");
                }
            }
        }
    }

    fn work(self: &Arc<Self>) {
        loop {
            let mut queue = self.queue();
            let job = loop {
                if queue.stopped {
                    return;
                }
                match queue.jobs.pop_front() {
                    Some(job) => break job,
                    None => {
                        let waited = self.work.wait(queue);
                        queue = waited.unwrap_or_else(PoisonError::into_inner);
                    }
                }
            };
            drop(queue);
            self.look(job);
        }
    }

    /// Names that are claimed.
    #[cfg(test)]
    pub(crate) fn names_under_way(&self) -> usize {
        self.under_way.names()
    }

    /// Does what waits, where there are no threads.
    #[cfg(any(test, feature = "simulation"))]
    pub(crate) fn work_off(self: &Arc<Self>) {
        loop {
            let job = self.queue().jobs.pop_front();
            let Some(job) = job else {
                return;
            };
            self.look(job);
        }
    }

    /// Ends the threads; chunks that wait are dropped. Their clients hear nothing more, as those of any other that a node
    /// has at hand when it ends.
    pub(crate) fn stop(&self) {
        let mut queue = self.queue();
        queue.stopped = true;
        let jobs = std::mem::take(&mut queue.jobs);
        let threads = std::mem::take(&mut queue.threads);
        drop(queue);
        drop(jobs);
        self.work.notify_all();
        for thread in threads {
            if thread.join().is_err() {
                tracing::error!("a thread that looks up keys of requests ended by a panic");
            }
        }
    }

    /// Claims the names of a chunk; none: it waits for another, or was refused.
    fn claim(self: &Arc<Self>, job: Job) -> Option<Job> {
        let names = names_of(&job.chunk.submissions);
        let (waited, full) = match self.under_way.claim(&names, job) {
            Claiming::Claimed(mut job) => {
                job.claims = Some(Claims {
                    desk: Arc::clone(self),
                    names,
                });
                return Some(job);
            }
            Claiming::Waits(waited) => {
                self.counts.waited.increment(1);
                (waited, None)
            }
            Claiming::Full(job, waited) => (waited, Some(job)),
        };
        self.again(waited);
        if let Some(job) = full {
            self.counts.busy.increment(1);
            refuse(job.chunk, &Refusal::KeyUnderWay);
        }
        None
    }

    /// On a thread of its own: asks the store.
    fn look(self: &Arc<Self>, job: Job) {
        let job = match job.claims {
            Some(_) => Some(job),
            None => self.claim(job),
        };
        let Some(job) = job else {
            return;
        };
        let names = job.claims.as_ref().map(|claims| claims.names.as_slice());
        match self.store.kept(names.unwrap_or_default()) {
            Err(fault) => refuse(job.chunk, &Refusal::Store(fault.to_string())),
            Ok(kept) => {
                let lane = job.lane;
                let mut left = self.go_on(job, &kept);
                let tries = TRIES * self.settings.threads.min(1);
                for _ in 0..tries {
                    let Err(chunk) = left else {
                        return;
                    };
                    std::thread::sleep(PAUSE);
                    left = (self.hand_in)(lane, chunk);
                }
                if let Err(chunk) = left {
                    busy(chunk);
                }
            }
        }
    }

    /// Hands on what is new of a chunk, and answers when all is known.
    fn go_on(self: &Arc<Self>, job: Job, kept: &[Option<KeptKey>]) -> Result<(), Chunk> {
        let Job {
            lane,
            chunk,
            claims,
        } = job;
        let names = claims.as_ref().map(|claims| claims.names.as_slice());
        let known = Known {
            names: names.unwrap_or_default(),
            kept,
            utc_ns: (self.utc_now)(),
            keep_ns: self.settings.keep_ns,
        };
        let fates = Fates::of(&chunk.submissions, &known).of_parts(chunk.parts);
        let Chunk {
            mut submissions,
            progress,
            parts,
            reply,
        } = chunk;
        if progress.is_some() && fates.has_refused() {
            drop(claims);
            reply(fates.none_taken(&submissions, &self.counts));
            return Ok(());
        }
        let desk = Arc::clone(self);
        let are_new = fates.are_new();
        fates.keep_new(&mut submissions);
        let nothing = submissions.is_empty() && progress.is_none();
        let reply = move |verdicts: Vec<Verdict>| {
            // Durable, or nothing is left of it.
            drop(claims);
            match are_new {
                true => reply(verdicts),
                false => reply(fates.verdicts(verdicts, &desk.counts)),
            }
        };
        if nothing {
            reply(Vec::new());
            return Ok(());
        }
        let chunk = Chunk {
            submissions,
            progress,
            parts,
            reply: Box::new(reply),
        };
        (self.hand_in)(lane, chunk)
    }
}

fn refuse(chunk: Chunk, refusal: &Refusal) {
    let verdicts = chunk.submissions.iter();
    let verdicts = verdicts.map(|_| Verdict::Refused(refusal.clone()));
    (chunk.reply)(verdicts.collect());
}

/// The shard has more to do than it can take.
fn busy(chunk: Chunk) {
    refuse(chunk, &Refusal::QueueFull);
}
