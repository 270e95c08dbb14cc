//! The health gate: closed while the store cannot be written.
//!
//! Promise: every front door sees the same answer without a lock; the reason is there for people. It is opened by the
//! first write that works. Bound: one reason is kept. Does not fail.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether new work may be taken.
#[derive(Debug, Default)]
pub struct Gate {
    closed: AtomicBool,
    reason: Mutex<String>,
}

impl Gate {
    /// Whether new work must be refused.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }

    /// Why it is closed; `None` while it is open.
    #[must_use]
    pub fn reason(&self) -> Option<String> {
        self.is_closed().then(|| {
            self.reason
                .lock()
                .map_or_else(|held| held.into_inner().clone(), |held| held.clone())
        })
    }

    /// Closes it. True when it was open before.
    pub fn close(&self, reason: &str) -> bool {
        match self.reason.lock() {
            Ok(mut held) => reason.clone_into(&mut held),
            Err(held) => reason.clone_into(&mut held.into_inner()),
        }
        !self.closed.swap(true, Ordering::Relaxed)
    }

    /// Opens it. True when it was closed before.
    pub fn open(&self) -> bool {
        self.closed.swap(false, Ordering::Relaxed)
    }
}
