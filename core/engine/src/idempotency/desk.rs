//! Where chunks with names pass on their way to a shard.
//!
//! Promise: a chunk that was taken is answered once, or its reply is dropped with the node. Bound: the [`Queue`] of the
//! threads, and names and waiters of the settings; what is beyond is given back or refused. The threads begin with the
//! first chunk that needs one: large ones, and those with a name that may be in the store. They never wait for a shard.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;

use carrack_queue::{KeptKey, KeptKeys, KeyName};

use super::counts::Counts;
use super::fate::{Fates, Known, names_of};
use super::queue::{PutBy, Queue, Work};
use super::under_way::{Claiming, UnderWay};
use crate::submission::{Chunk, Refusal, Verdict};

/// Chunks that may wait for a name of another's, in a node.
pub(crate) const WAITING_MAX: usize = 10_000;
/// Threads of a node's desk.
pub(crate) const THREADS: usize = 2;
/// A chunk with more submissions is looked up by a thread.
const AT_ONCE_MAX: usize = 64;

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
struct Threads {
    queue: Queue<Job>,
    handles: Vec<JoinHandle<()>>,
    stopped: bool,
}

/// The desk of a node.
pub(crate) struct Desk {
    settings: DeskSettings,
    store: Arc<dyn KeptKeys + Send + Sync>,
    hand_in: HandIn,
    utc_now: UtcNow,
    under_way: UnderWay<Job>,
    threads: Mutex<Threads>,
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
            threads: Mutex::default(),
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

    fn threads(&self) -> MutexGuard<'_, Threads> {
        self.threads.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Leaves a chunk to the threads.
    fn put(self: &Arc<Self>, job: Job) -> Result<(), Chunk> {
        let mut threads = self.threads();
        if !self.is_open(&mut threads) || threads.queue.is_full() {
            drop(threads);
            return Err(job.chunk);
        }
        threads.queue.extend([job]);
        drop(threads);
        self.work.notify_one();
        Ok(())
    }

    /// What has waited for a name is looked at again. They were counted while they waited.
    fn again(self: &Arc<Self>, waited: Vec<Job>) {
        if waited.is_empty() {
            return;
        }
        let mut threads = self.threads();
        let refused = match self.is_open(&mut threads) {
            true => {
                threads.queue.extend(waited);
                Vec::new()
            }
            false => waited,
        };
        drop(threads);
        self.work.notify_all();
        for job in refused {
            refuse(job.chunk, &Refusal::KeyUnderWay);
        }
    }

    /// Whether somebody looks at the queue; begins the threads.
    fn is_open(self: &Arc<Self>, threads: &mut Threads) -> bool {
        if threads.stopped || self.settings.threads == 0 {
            return !threads.stopped;
        }
        if threads.handles.is_empty() {
            self.begin(threads);
        }
        !threads.handles.is_empty()
    }

    fn begin(self: &Arc<Self>, threads: &mut Threads) {
        for number in 0..self.settings.threads {
            let desk = Arc::clone(self);
            let thread = std::thread::Builder::new().name(format!("keys-{number}"));
            match thread.spawn(move || desk.work()) {
                Ok(thread) => threads.handles.push(thread),
                Err(error) => {
                    tracing::error!(%error, "no thread to look up keys of requests");
                }
            }
        }
    }

    fn work(self: &Arc<Self>) {
        while let Some(work) = self.next() {
            match work {
                Work::Look(job) => self.look(job),
                Work::PutBy(tried) => self.hand_in_again(tried),
            }
        }
    }

    /// What a thread is to do, once there is something; none: it ends.
    fn next(&self) -> Option<Work<Job>> {
        let mut threads = self.threads();
        while !threads.stopped {
            threads = match threads.queue.next(Instant::now()) {
                Ok(work) => return Some(work),
                Err(None) => (self.work.wait(threads)).unwrap_or_else(PoisonError::into_inner),
                Err(Some(wait)) => {
                    let waited = self.work.wait_timeout(threads, wait);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
        None
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
            let job = self.threads().queue.next_job();
            let Some(job) = job else {
                return;
            };
            self.look(job);
        }
    }

    /// Ends the threads; chunks that wait are dropped. Their clients hear nothing more, as those of any other that a node
    /// has at hand when it ends.
    pub(crate) fn stop(&self) {
        let mut threads = self.threads();
        threads.stopped = true;
        let queue = std::mem::take(&mut threads.queue);
        let handles = std::mem::take(&mut threads.handles);
        drop(threads);
        drop(queue);
        self.work.notify_all();
        for thread in handles {
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
                match self.go_on(job, &kept) {
                    Ok(()) => {}
                    // Nobody would try it again.
                    Err(chunk) if self.settings.threads == 0 => busy(chunk),
                    Err(chunk) => self.put_by(|queue, now| {
                        queue.put_by(now, lane, chunk);
                        Ok(())
                    }),
                }
            }
        }
    }

    /// Tries once more to hand in what a full shard did not take.
    fn hand_in_again(&self, tried: PutBy) {
        if let Some(tried) = tried.hand_in(&self.hand_in) {
            self.put_by(|queue, now| queue.put_by_again(now, tried));
        }
    }

    /// Puts a chunk by for a full shard; the others go on.
    fn put_by(&self, put: impl FnOnce(&mut Queue<Job>, Instant) -> Result<(), Chunk>) {
        let mut threads = self.threads();
        if threads.stopped {
            // It is dropped when the lock is given back: what it claims may wake others.
            return drop(threads);
        }
        let left = put(&mut threads.queue, Instant::now());
        drop(threads);
        match left {
            Ok(()) => self.work.notify_one(),
            Err(chunk) => busy(chunk),
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
