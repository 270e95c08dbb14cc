//! Mail to the door's thread, from the engine's shards and from whoever runs the door.
//!
//! Promise: a letter is never lost and its sender never waits for the reader's work. Bound: not by a size but by what
//! can be on its way: one letter for each chunk that waits for its verdicts and for each question (the windows), one for
//! what has a credit to be told, and commands.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use carrack_engine::Verdict;
use carrack_runtime::Wake;

use super::question::Answer;
use super::requests::Asked;
use super::telling::Telling;

/// A letter.
pub(crate) enum Letter<K> {
    /// Verdicts on a chunk of this connection.
    Verdicts {
        connection: u64,
        asked: Arc<Vec<Asked>>,
        verdicts: Vec<Verdict>,
    },
    /// The answer to a question of this connection.
    Answer { connection: u64, answer: Answer },
    /// What the client of this connection is told.
    Tellings {
        connection: u64,
        tellings: Vec<Telling<K>>,
    },
    /// The password of this connection's bind was verified.
    Verified { connection: u64, right: bool },
    /// The accounts were loaded anew.
    Reload,
    /// Take nothing more, unbind all, and be gone within so many nanoseconds.
    Stop { within_ns: u64 },
}

/// The letter box.
pub(crate) struct Post<K> {
    letters: Mutex<Vec<Letter<K>>>,
    any: AtomicBool,
    pub(crate) wake: Wake,
}

impl<K> Post<K> {
    pub(crate) fn new() -> Self {
        Self {
            letters: Mutex::new(Vec::new()),
            any: AtomicBool::new(false),
            wake: Wake::default(),
        }
    }

    /// Sends.
    pub(crate) fn send(&self, letter: Letter<K>) {
        self.letters
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(letter);
        self.any.store(true, Ordering::Release);
        self.wake.wake();
    }

    /// Whether something may wait.
    pub(crate) fn has_mail(&self) -> bool {
        self.any.load(Ordering::Acquire)
    }

    /// Takes all letters in the order they came; `into` must be empty and its room is used for the next ones.
    pub(crate) fn take(&self, into: &mut Vec<Letter<K>>) {
        self.wake.clear();
        self.any.store(false, Ordering::Release);
        let mut letters = self.letters.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::swap(&mut *letters, into);
    }
}
