//! Messages from handsets that mean something, until that is done: what is still open, and who has answered.
//!
//! Promise: whoever is asked to do it answers by [`Answering::done`], or by letting go of it; nobody waits for the shard, and no
//! answer is lost. Bound: one answer a message that is open, and those as [`super::consent`] says.

use std::sync::mpsc::{Receiver, Sender, channel};

use carrack_message::MessageId;
use carrack_runtime::MailboxSender;
use rustc_hash::FxHashMap;

use super::Consenting;
use crate::mail::Mail;

/// When it is tried again what nobody could do.
const AGAIN_NS: u64 = 1_000_000_000;

/// Whether it is done and changed anything; none: it could not be done now.
type Answer = (MessageId, Option<bool>);

/// Somebody has a message's meaning in hand.
pub(super) struct Answering {
    id: MessageId,
    answer: Option<bool>,
    to: Sender<Answer>,
    shard: MailboxSender<Mail>,
}

impl Answering {
    /// It is durable and in force; whether anything is otherwise than before.
    pub(super) fn done(mut self, changed: bool) {
        self.answer = Some(changed);
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        // A shard that has ended hears nothing; the next start does it.
        let _ = self.to.send((self.id, self.answer));
        self.shard.wake();
    }
}

/// All that are open.
pub(in crate::shard) struct OpenConsents {
    open: FxHashMap<MessageId, Consenting>,
    answers: (Sender<Answer>, Receiver<Answer>),
    again: Vec<MessageId>,
    again_ns: u64,
}

impl Default for OpenConsents {
    fn default() -> Self {
        Self {
            open: FxHashMap::default(),
            answers: channel(),
            again: Vec::new(),
            again_ns: 0,
        }
    }
}

impl OpenConsents {
    pub(in crate::shard) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    pub(in crate::shard) fn len(&self) -> usize {
        self.open.len()
    }

    pub(super) fn keep(&mut self, id: MessageId, consenting: Consenting) {
        self.open.insert(id, consenting);
    }

    pub(super) fn get_mut(&mut self, id: MessageId) -> Option<&mut Consenting> {
        self.open.get_mut(&id)
    }

    pub(super) fn remove(&mut self, id: MessageId) -> Option<Consenting> {
        self.open.remove(&id)
    }

    /// For whoever is to do it.
    pub(super) fn answering(&self, id: MessageId, shard: MailboxSender<Mail>) -> Answering {
        Answering {
            id,
            answer: None,
            to: self.answers.0.clone(),
            shard,
        }
    }

    /// The next that is done, and whether it changed anything.
    pub(super) fn next_done(&mut self, now_ns: u64) -> Option<(MessageId, bool)> {
        while let Ok((id, answer)) = self.answers.1.try_recv() {
            if let Some(changed) = answer {
                return Some((id, changed));
            }
            if self.again.is_empty() {
                self.again_ns = now_ns.saturating_add(AGAIN_NS);
            }
            self.again.push(id);
        }
        None
    }

    /// Those that are to be tried again now.
    pub(super) fn take_due_again(&mut self, now_ns: u64) -> Vec<MessageId> {
        match now_ns >= self.again_ns {
            true => std::mem::take(&mut self.again),
            false => Vec::new(),
        }
    }
}
