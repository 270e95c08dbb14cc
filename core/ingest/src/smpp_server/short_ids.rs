//! Short ids of the accounts that want them: given from a reserved block, and remembered for questions.
//!
//! Promise: no id is given twice to an account until 2^32 were, over any restart; then they begin anew. A block is
//! reserved on a thread of its own when the one before begins, so nobody who submits waits for the disk. Bound: two blocks
//! and as many remembered ids as set, an account; a restart gives up at most two blocks. Fails by the status to answer:
//! `ESME_RTHROTTLED` while a block is being reserved, `ESME_RSYSERR` while the disk refuses it.

use std::collections::{HashMap, VecDeque};
use std::mem;
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use carrack_message::MessageId;
use carrack_smpp::CommandStatus;
use carrack_telemetry::names;

use super::counts::{Counts, add};
use super::short_id::ShortId;
use super::short_marks::{Marks, ShortIdsFault};

/// Before a disk that refused is asked again.
const PAUSE: Duration = Duration::from_secs(1);

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The newest ids of an account, each in the place of the one so many before it.
#[derive(Debug)]
struct Recent {
    /// Ids with the message's own, 0 where there is none.
    places: Vec<(u32, [u8; 16])>,
    places_max: usize,
    first: u32,
}

impl Recent {
    fn place(&self, id: ShortId) -> usize {
        let behind = id.0.wrapping_sub(self.first) as usize;
        behind.checked_rem(self.places_max).unwrap_or_default()
    }

    fn put(&mut self, id: ShortId, message: MessageId) {
        let place = self.place(id);
        if place >= self.places_max {
            return;
        }
        if place >= self.places.len() {
            self.places.resize(place + 1, (0, [0; 16]));
        }
        if let Some(found) = self.places.get_mut(place) {
            *found = (id.0, message.0.to_ne_bytes());
        }
    }

    fn find(&self, id: ShortId) -> Option<MessageId> {
        let (found, message) = self.places.get(self.place(id))?;
        let message = u128::from_ne_bytes(*message);
        (*found == id.0 && message != 0).then_some(MessageId(message))
    }
}

#[derive(Debug)]
struct State {
    /// What is given from.
    block: Range<u64>,
    /// The block after it, once it is reserved.
    next: Range<u64>,
    /// Another is on its way.
    asked: bool,
    failed: bool,
    begun: bool,
    recent: Recent,
}

impl State {
    fn give(&mut self) -> Option<ShortId> {
        loop {
            if self.block.is_empty() {
                self.block = mem::take(&mut self.next);
            }
            // Of 2^32 the last is the first again; 0 would be taken for none by some.
            match self.block.next()? as u32 {
                0 => {}
                number => return Some(ShortId(number)),
            }
        }
    }
}

/// The short ids of one account.
#[derive(Debug)]
pub(crate) struct ShortIds {
    name: String,
    state: Mutex<State>,
    office: Arc<Office>,
    counts: Arc<Counts>,
}

impl ShortIds {
    /// An id that was never given before.
    ///
    /// # Errors
    /// The status to answer.
    pub(crate) fn give(self: &Arc<Self>) -> Result<ShortId, CommandStatus> {
        let mut state = lock(&self.state);
        let given = state.give();
        let ask = state.next.is_empty() && !state.asked;
        state.asked |= ask;
        let failed = state.failed;
        drop(state);
        if ask {
            self.office.ask(Arc::clone(self));
        }
        given.ok_or(match failed {
            true => CommandStatus::ESME_RSYSERR,
            false => CommandStatus::ESME_RTHROTTLED,
        })
    }

    /// The message that was given this id.
    pub(crate) fn remember(&self, id: ShortId, message: MessageId) {
        lock(&self.state).recent.put(id, message);
    }

    /// The message of an id as a client names it; none: it is none of those remembered.
    pub(crate) fn find(&self, id: ShortId) -> Option<MessageId> {
        let found = lock(&self.state).recent.find(id);
        if found.is_none() {
            add(&self.counts.short_ids_unknown, 1);
            metrics::counter!(names::CUSTOMER_SHORT_IDS_UNKNOWN).increment(1);
        }
        found
    }

    fn take(&self, block: Range<u64>) {
        let mut state = lock(&self.state);
        if !mem::replace(&mut state.begun, true) {
            state.recent.first = block.start as u32;
        }
        state.next = block;
        (state.asked, state.failed) = (false, false);
    }

    fn failed(&self, fault: &ShortIdsFault) {
        let again = mem::replace(&mut lock(&self.state).failed, true);
        if !again {
            tracing::error!(account = self.name, %fault,
                "its submits are refused when the ids reserved before are given");
        }
    }
}

#[derive(Debug, Default)]
struct Desk {
    waiting: VecDeque<Arc<ShortIds>>,
    closed: bool,
}

/// Where blocks are reserved.
#[derive(Debug)]
struct Office {
    marks: Mutex<Marks>,
    desk: Mutex<Desk>,
    bell: Condvar,
}

impl Office {
    fn ask(&self, account: Arc<ShortIds>) {
        let mut desk = lock(&self.desk);
        if !desk.closed {
            desk.waiting.push_back(account);
            self.bell.notify_all();
        }
    }

    fn reserve(&self, account: &ShortIds) -> Result<(), ShortIdsFault> {
        let block = lock(&self.marks).reserve(&account.name);
        account.take(block.inspect_err(|fault| account.failed(fault))?);
        Ok(())
    }

    /// Until it is closed.
    fn work(&self) {
        loop {
            let idle = |desk: &mut Desk| !desk.closed && desk.waiting.is_empty();
            let mut desk = self
                .bell
                .wait_while(lock(&self.desk), idle)
                .unwrap_or_else(PoisonError::into_inner);
            let next = desk.waiting.pop_front().filter(|_| !desk.closed);
            drop(desk);
            let Some(account) = next else {
                return;
            };
            while self.reserve(&account).is_err() {
                if self.is_closed_within(PAUSE) {
                    return;
                }
            }
        }
    }

    fn is_closed_within(&self, pause: Duration) -> bool {
        let waited = self
            .bell
            .wait_timeout_while(lock(&self.desk), pause, |desk| !desk.closed);
        waited.unwrap_or_else(PoisonError::into_inner).0.closed
    }

    fn close(&self) {
        let mut desk = lock(&self.desk);
        desk.closed = true;
        desk.waiting.clear();
        self.bell.notify_all();
    }
}

/// The short ids of all accounts of a door.
#[derive(Debug)]
pub(crate) struct ShortIdBook {
    accounts: Mutex<HashMap<String, Arc<ShortIds>>>,
    /// Ids of an account that are remembered.
    remembered_max: usize,
    office: Arc<Office>,
    thread: OnceLock<Option<JoinHandle<()>>>,
    counts: Arc<Counts>,
}

impl ShortIdBook {
    /// Reads what is reserved. Blocking.
    ///
    /// # Errors
    /// [`ShortIdsFault`].
    pub(crate) fn open(
        data_dir: &Path,
        remembered_max: usize,
        counts: Arc<Counts>,
    ) -> Result<Self, ShortIdsFault> {
        Ok(Self {
            accounts: Mutex::default(),
            remembered_max,
            office: Arc::new(Office {
                marks: Mutex::new(Marks::open(data_dir)?),
                desk: Mutex::default(),
                bell: Condvar::new(),
            }),
            thread: OnceLock::new(),
            counts,
        })
    }

    /// Those of an account. Its first ids are reserved beside it, unless [`Self::prepare`] did.
    pub(crate) fn of(&self, name: &str) -> Arc<ShortIds> {
        let (account, is_new) = self.entry(name);
        if is_new {
            lock(&account.state).asked = true;
            self.office.ask(Arc::clone(&account));
        }
        account
    }

    /// Reserves the first ids of an account. Blocking.
    ///
    /// # Errors
    /// [`ShortIdsFault`].
    pub(crate) fn prepare(&self, name: &str) -> Result<(), ShortIdsFault> {
        let (account, is_new) = self.entry(name);
        match is_new {
            true => self.office.reserve(&account),
            false => Ok(()),
        }
    }

    fn entry(&self, name: &str) -> (Arc<ShortIds>, bool) {
        self.thread.get_or_init(|| self.begin());
        let mut accounts = lock(&self.accounts);
        if let Some(account) = accounts.get(name) {
            return (Arc::clone(account), false);
        }
        let account = Arc::new(ShortIds {
            name: name.to_owned(),
            state: Mutex::new(State {
                block: 0..0,
                next: 0..0,
                asked: false,
                failed: false,
                begun: false,
                recent: Recent {
                    places: Vec::new(),
                    places_max: self.remembered_max,
                    first: 0,
                },
            }),
            office: Arc::clone(&self.office),
            counts: Arc::clone(&self.counts),
        });
        accounts.insert(name.to_owned(), Arc::clone(&account));
        (account, true)
    }

    fn begin(&self) -> Option<JoinHandle<()>> {
        let office = Arc::clone(&self.office);
        let thread = Builder::new().name("smpp-short-ids".to_owned());
        match thread.spawn(move || office.work()) {
            Ok(thread) => Some(thread),
            Err(error) => {
                tracing::error!(%error, "no thread to reserve short message ids; submits of accounts that have them are refused until the next start");
                None
            }
        }
    }
}

impl Drop for ShortIdBook {
    fn drop(&mut self) {
        self.office.close();
        let thread = self.thread.take().flatten();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread that reserves short message ids has panicked");
        }
    }
}

#[cfg(test)]
#[path = "short_ids_tests.rs"]
pub(crate) mod tests;
