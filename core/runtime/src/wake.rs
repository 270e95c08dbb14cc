//! Wakes a shard's loop from anywhere. Many wakes before the loop runs are one.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

/// A handle that wakes one loop.
#[derive(Debug, Clone, Default)]
pub struct Wake {
    inner: Arc<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    pending: AtomicBool,
    notify: Notify,
}

impl Wake {
    /// Wakes the loop.
    pub fn wake(&self) {
        if !self.inner.pending.swap(true, Ordering::AcqRel) {
            self.inner.notify.notify_one();
        }
    }

    /// Waits to be woken; a wake that came before counts.
    pub async fn woken(&self) {
        self.inner.notify.notified().await;
    }

    /// To be called by the loop before it looks for work: wakes from here on count again.
    pub fn clear(&self) {
        self.inner.pending.store(false, Ordering::Release);
    }
}
