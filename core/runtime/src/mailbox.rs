//! Mail between threads: many senders, one loop that reads.
//!
//! Promise: mail of one sender arrives in order; the loop is woken. Bound: the size given at the start. Fails by
//! [`MailboxFull`], which gives the mail back: the sender answers or waits, nothing is dropped here.

use std::sync::Arc;

use crossbeam::queue::ArrayQueue;

use crate::wake::Wake;

/// The mailbox is full; here is the mail.
#[derive(Debug)]
pub struct MailboxFull<T>(pub T);

/// The reading end.
pub struct Mailbox<T> {
    queue: Arc<ArrayQueue<T>>,
}

/// The writing end.
pub struct MailboxSender<T> {
    queue: Arc<ArrayQueue<T>>,
    wake: Wake,
}

impl<T> Clone for MailboxSender<T> {
    fn clone(&self) -> Self {
        Self {
            queue: Arc::clone(&self.queue),
            wake: self.wake.clone(),
        }
    }
}

/// A mailbox for `size` letters whose reader is woken by `wake`.
#[must_use]
pub fn mailbox<T>(size: usize, wake: Wake) -> (MailboxSender<T>, Mailbox<T>) {
    let queue = Arc::new(ArrayQueue::new(size.max(1)));
    (
        MailboxSender {
            queue: Arc::clone(&queue),
            wake,
        },
        Mailbox { queue },
    )
}

impl<T> MailboxSender<T> {
    /// Sends.
    ///
    /// # Errors
    /// [`MailboxFull`] with the mail.
    pub fn send(&self, mail: T) -> Result<(), MailboxFull<T>> {
        let sent = self.queue.push(mail).map_err(MailboxFull);
        self.wake.wake();
        sent
    }

    /// Wakes the loop, for what it finds elsewhere.
    pub fn wake(&self) {
        self.wake.wake();
    }

    /// Letters that wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.queue.len()
    }
}

impl<T> Mailbox<T> {
    /// The next letter.
    #[must_use]
    pub fn take(&self) -> Option<T> {
        self.queue.pop()
    }

    /// Letters that wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.queue.len()
    }

    /// Whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }
}
