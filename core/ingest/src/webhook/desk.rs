//! What others may see of webhooks and ask of them: how each does, its dead letters, and that those be told again.
//!
//! Bound: one state and one list an account; a call that reads a list reads its files once. What touches the disk blocks, and is so named.

use std::collections::HashMap;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{mpsc, oneshot};

use super::dead::DeadLetters;
use super::door::Order;
use super::letter::{Letter, Which};

/// Letters of one account that are told again at a time.
pub(crate) const RESENT_MAX: usize = 1_000;

/// How the webhook of one account does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WebhookState {
    /// Events that are held: on their way, or waiting for another try.
    pub held: usize,
    /// Requests on their way.
    pub requests: usize,
    /// Why the last request failed, where none went well since.
    pub failing: Option<String>,
    /// The last event was taken at, UTC nanoseconds; 0: none since the start.
    pub taken_utc_ns: u64,
    /// Dead letters on their way again.
    pub resending: usize,
}

/// How many dead letters are on their way again by a call, and how many are listed that are not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Resent {
    /// By this call.
    pub resent: u64,
    /// Listed and not on their way.
    pub left: u64,
}

/// The lists of all accounts, each opened when it is first wanted.
#[derive(Debug)]
pub(crate) struct DeadBook {
    folder: PathBuf,
    lists: Mutex<HashMap<u32, Arc<Mutex<DeadLetters>>>>,
}

fn locked<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

impl DeadBook {
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self {
            folder,
            lists: Mutex::default(),
        }
    }

    /// Does something with the list of an account. Blocks.
    ///
    /// # Errors
    /// The disk's.
    pub(crate) fn with<T>(
        &self,
        account: u32,
        act: impl FnOnce(&mut DeadLetters) -> io::Result<T>,
    ) -> io::Result<T> {
        let list = {
            let mut lists = locked(&self.lists);
            match lists.get(&account) {
                Some(list) => Arc::clone(list),
                None => {
                    let opened = DeadLetters::open(&self.folder, &account.to_string(), 0)?;
                    let list = Arc::new(Mutex::new(opened));
                    lists.insert(account, Arc::clone(&list));
                    list
                }
            }
        };
        let mut list = locked(&list);
        act(&mut list)
    }
}

/// What doors that people use have of the webhooks.
#[derive(Clone)]
pub struct WebhookDesk {
    orders: mpsc::UnboundedSender<Order>,
    pub(super) dead: Arc<DeadBook>,
    states: Arc<Mutex<HashMap<u32, WebhookState>>>,
}

impl WebhookDesk {
    pub(super) fn new(orders: mpsc::UnboundedSender<Order>, folder: PathBuf) -> Self {
        Self {
            orders,
            dead: Arc::new(DeadBook::new(folder)),
            states: Arc::default(),
        }
    }

    /// How the webhook of an account does; none where it has none.
    #[must_use]
    pub fn state(&self, account: u32) -> Option<WebhookState> {
        locked(&self.states).get(&account).cloned()
    }

    pub(super) fn show(&self, account: u32, state: WebhookState) {
        locked(&self.states).insert(account, state);
    }

    pub(super) fn forget(&self, account: u32) {
        locked(&self.states).remove(&account);
    }

    /// Dead letters of an account after a place, the oldest first, at most so many; and how many there are in all. Blocks.
    ///
    /// # Errors
    /// The disk's.
    pub fn dead(&self, account: u32, after: u64, most: usize) -> io::Result<(Vec<Letter>, u64)> {
        self.dead.with(account, |list| {
            let mut found = Vec::new();
            if most > 0 {
                list.each(after, &mut |letter| {
                    found.push(letter);
                    found.len() < most
                })?;
            }
            Ok((found, list.len()))
        })
    }

    /// Takes dead letters of an account away; says how many. Blocks.
    ///
    /// # Errors
    /// The disk's.
    pub fn drop_letters(&self, account: u32, which: &Which) -> io::Result<u64> {
        self.dead.with(account, |list| {
            let mut found = Vec::new();
            list.each(0, &mut |letter| {
                found.extend(which.takes(&letter).then_some(letter.serial));
                true
            })?;
            list.take_away(&found)
        })
    }

    /// Tells dead letters of an account again, at most a thousand at a time; they stay listed until they are taken. None where the
    /// account has no webhook and no callbacks.
    pub async fn resend(&self, account: u32, which: Which) -> Option<Resent> {
        let (reply, answer) = oneshot::channel();
        let order = Order::Resend {
            account,
            which,
            reply,
        };
        self.orders.send(order).ok()?;
        answer.await.ok()
    }
}
