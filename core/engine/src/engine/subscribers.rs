//! Those who are told: of ends and texts by notices, of what handsets said by their words.
//!
//! Promise: a letter that must not be lost waits for its shard. Bound: [`TOLD_TRIES_MAX`] tries; then a notice may be told
//! twice, and the log says so.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use carrack_message::mo::MoWay;
use carrack_runtime::{MailboxFull, MailboxSender};

use super::Engine;
use crate::consent::ConsentSink;
use crate::mail::Mail;
use crate::notice::{NoticeKey, NoticeSink};
use crate::shard::Party;

/// A letter that must not be lost waits this often for room in a mailbox: first a yield of the thread, then a millisecond.
const TOLD_TRIES_MAX: usize = 5_000;
const YIELDS: usize = 1_000;

impl Engine {
    /// Says that a subscriber can hold `credits` more notices of an account, for this way, from each shard. The ends of
    /// messages go to binds. A credit is used by a notice
    /// and free again when that is told.
    pub fn grant(
        &self,
        account: u32,
        way: MoWay,
        subscriber: u64,
        credits: u32,
        sink: &NoticeSink,
    ) {
        let party = Party { account, way };
        for shard in &self.inner.shards {
            let sink = Arc::clone(sink);
            let grant = Mail::Grant {
                party,
                subscriber,
                credits,
                sink,
            };
            send_patiently(shard, grant);
        }
    }

    /// Says that a subscriber is gone.
    pub fn revoke(&self, account: u32, way: MoWay, subscriber: u64) {
        let party = Party { account, way };
        for shard in &self.inner.shards {
            send_patiently(shard, Mail::Revoke { party, subscriber });
        }
    }

    /// Says that the customer has taken a notice.
    pub fn told(&self, notice: &NoticeKey) {
        if let Some(shard) = self.inner.shards.get(usize::from(notice.shard)) {
            send_patiently(shard, Mail::Told(*notice));
        }
    }

    /// From now on a message from a handset in which this word stands is this account's, before all rules; it is told to
    /// the account's binds. False: the word is awaited already, or too many are.
    #[must_use]
    pub fn await_word(&self, word: &str, account: u32) -> bool {
        self.inner.shared.awaited.add(word, account)
    }

    /// The word is not awaited any more.
    pub fn forget_word(&self, word: &str) {
        self.inner.shared.awaited.remove(word);
    }

    /// Who hears what handsets said, once what follows from it is durable and in force; none: nobody.
    pub fn on_consent(&self, sink: Option<ConsentSink>) {
        self.inner.shared.consents.listen(sink);
    }

    /// Parts of messages from handsets that the node did not take since the start: their carriers keep them.
    #[must_use]
    pub fn mo_refused(&self) -> u64 {
        self.inner.shared.mo_refused.load(Ordering::Relaxed)
    }
}

/// Mail that must not be lost while a shard is busy; bounded all the same.
fn send_patiently(shard: &MailboxSender<Mail>, mut mail: Mail) {
    for tries in 0..TOLD_TRIES_MAX {
        match shard.send(mail) {
            Ok(()) => return,
            Err(MailboxFull(back)) => mail = back,
        }
        if tries < YIELDS {
            std::thread::yield_now();
        } else {
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
    }
    tracing::error!("a shard's mailbox stayed full; a notice may be told twice");
}
