//! The door for those who ask.

use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use carrack_message::Msisdn;
use carrack_settings::Hlr;
use thiserror::Error;
use tokio::sync::mpsc;

use crate::asking::Asking;
use crate::budget::Budget;
use crate::cache::{Cache, Remembered};
use crate::client::{Register, trust};
use crate::counts::{Counters, Counts, add};
use crate::ledger::Ledger;
use crate::{Answer, Known, LedgerFault, NotAsked};

/// What is called with the answer, once: on the caller's thread where nothing has to be waited for, else on the one
/// that asks. It must not block.
pub type Reply = Box<dyn FnOnce(Answer) + Send>;

/// Why no register can be asked.
#[derive(Debug, Error)]
pub enum LookupsFault {
    /// What was spent is not known.
    #[error(transparent)]
    Ledger(#[from] LedgerFault),
    /// This machine can do no TLS.
    #[error("there is no TLS on this machine")]
    Tls,
    /// The system gives no thread.
    #[error("no thread for number lookups: {0}")]
    Thread(#[from] std::io::Error),
}

/// One question that waits. Whatever becomes of it, its reply is called once.
pub(crate) struct Waiter {
    pub(crate) deadline: Instant,
    reply: Option<Reply>,
    shared: Arc<Shared>,
}

impl Waiter {
    pub(crate) fn tell(mut self, answer: Answer) {
        self.tell_once(answer);
    }

    fn tell_once(&mut self, answer: Answer) {
        if let Some(reply) = self.reply.take() {
            let counters = &self.shared.counters;
            counters.told(&answer);
            counters
                .waiting
                .fetch_sub(1, std::sync::atomic::Ordering::Relaxed);
            reply(answer);
        }
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        self.tell_once(Answer::NotAsked(NotAsked::Stopped));
    }
}

/// What both threads see.
pub(crate) struct Shared {
    pub(crate) cache: Cache,
    pub(crate) counters: Counters,
    start: Instant,
}

impl Shared {
    /// Nanoseconds since the start.
    pub(crate) fn now_ns(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}

/// Days since 1970, UTC.
pub(crate) fn today() -> u32 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let days = since.unwrap_or(Duration::ZERO).as_secs() / 86_400;
    u32::try_from(days).unwrap_or(u32::MAX)
}

/// Questions to one register. Dropping it ends its thread; questions that wait are told so.
pub struct Lookups {
    shared: Arc<Shared>,
    questions: Option<mpsc::Sender<(Msisdn, Waiter)>>,
    queue_max: u64,
    thread: Option<JoinHandle<()>>,
}

impl Lookups {
    /// Starts its thread; `ledger` is the file in which the money spent is written down.
    ///
    /// # Errors
    /// [`LookupsFault`].
    pub fn start(settings: &Hlr, ledger: &Path) -> Result<Self, LookupsFault> {
        let (ledger, spent) = Ledger::open(ledger)?;
        let tls = trust().ok_or(LookupsFault::Tls)?;
        let shared = Arc::new(Shared {
            cache: Cache::new(settings.cache_max),
            counters: Counters::default(),
            start: Instant::now(),
        });
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let (questions, to_ask) = mpsc::channel(settings.queue_max);
        let budget = Budget::new(settings.price, settings.budget_a_day, spent);
        let asking_shared = Arc::clone(&shared);
        let settings_there = settings.clone();
        let thread = std::thread::Builder::new()
            .name("hlr".to_owned())
            .spawn(move || {
                let register = Register::new(settings_there.clone(), tls);
                let asking = Asking::new(&settings_there, register, asking_shared, budget, ledger);
                runtime.block_on(asking.run(to_ask));
            })?;
        Ok(Self {
            shared,
            questions: Some(questions),
            queue_max: settings.queue_max as u64,
            thread: Some(thread),
        })
    }

    /// What is remembered of a number: a look into memory.
    #[must_use]
    pub fn known(&self, to: Msisdn) -> Option<Known> {
        match self.shared.cache.get(to, self.shared.now_ns())? {
            Remembered::Known(known) => Some(known),
            Remembered::Failed(_) => None,
        }
    }

    /// Asks for a number and returns. `reply` gets the answer, at the deadline at the latest.
    pub fn ask(&self, to: Msisdn, deadline: Instant, reply: Reply) {
        let counters = &self.shared.counters;
        add(&counters.questions);
        if let Some(remembered) = self.shared.cache.get(to, self.shared.now_ns()) {
            add(&counters.remembered);
            return reply(match remembered {
                Remembered::Known(known) => Answer::Known(known),
                Remembered::Failed(failure) => Answer::Failed(failure),
            });
        }
        if !counters.wait(self.queue_max) {
            let answer = Answer::NotAsked(NotAsked::Full);
            counters.told(&answer);
            return reply(answer);
        }
        let waiter = Waiter {
            deadline,
            reply: Some(reply),
            shared: Arc::clone(&self.shared),
        };
        let sent = self
            .questions
            .as_ref()
            .map(|questions| questions.try_send((to, waiter)));
        if let Some(Err(mpsc::error::TrySendError::Full((_, waiter)))) = sent {
            waiter.tell(Answer::NotAsked(NotAsked::Full));
        }
    }

    /// Counts since the start.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.shared.counters.snapshot()
    }
}

impl Drop for Lookups {
    fn drop(&mut self) {
        drop(self.questions.take());
        if let Some(thread) = self.thread.take()
            && thread.thread().id() != std::thread::current().id()
        {
            let _ = thread.join();
        }
    }
}
