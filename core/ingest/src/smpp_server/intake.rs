//! What the door needs of the engine, so that it can be tested without a store.

use std::sync::Arc;

use carrack_engine::{Cancelled, Chunk, Engine, Notice, NoticeKey};
use carrack_message::mo::MoWay;
use carrack_message::{MessageId, Msisdn, Status};

use super::message_id;
use super::telling::Telling;

/// Takes in what customers are told; called on any thread, must not block.
pub type TellingSink<K> = Arc<dyn Fn(Vec<Telling<K>>) + Send + Sync>;

/// Where a message stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageState {
    /// Status.
    pub status: Status,
    /// The carrier's last error or status at its end, 0 where none.
    pub error: u32,
    /// Final at, UTC nanoseconds; 0: not yet.
    pub done_utc_ns: u64,
}

/// Takes messages, hands receipts out, answers questions. See [`Engine`] for the promises.
pub trait Intake: Clone + Send + Sync + 'static {
    /// Names what a customer is told.
    type Key: Copy + Send + 'static;

    /// Submissions of one chunk at most.
    fn submissions_max(&self) -> usize;
    /// Hands a chunk in.
    ///
    /// # Errors
    /// The chunk, when the mailbox is full.
    fn submit_to(&self, lane: u64, chunk: Chunk) -> Result<(), Chunk>;
    /// So much more that this account is told may be handed to this subscriber.
    fn grant(&self, account: u32, subscriber: u64, credits: u32, sink: &TellingSink<Self::Key>);
    /// The subscriber is gone: what it was handed and did not take waits again.
    fn revoke(&self, account: u32, subscriber: u64);
    /// The customer has taken this.
    fn told(&self, key: &Self::Key);
    /// Where a message of this account stands; none: it has no such message. Blocking: it reads the store.
    ///
    /// # Errors
    /// What the store said.
    fn state(&self, account: u32, id: MessageId) -> Result<Option<MessageState>, String>;
    /// Messages of this account that its customer knows by this id, with their recipients; empty: none. `leads`: it is known
    /// to be the first of those that go by one id. Blocking.
    ///
    /// # Errors
    /// What the store said.
    fn together(
        &self,
        account: u32,
        id: MessageId,
        leads: bool,
    ) -> Result<Vec<(MessageId, Msisdn)>, String>;
    /// Takes a message back; the reply comes once, when that is durable, perhaps on a shard's thread.
    fn cancel(&self, id: MessageId, reply: Box<dyn FnOnce(Cancelled) + Send>);
}

impl Intake for Engine {
    type Key = NoticeKey;

    fn submissions_max(&self) -> usize {
        self.chunk_submissions_max()
    }

    fn submit_to(&self, lane: u64, chunk: Chunk) -> Result<(), Chunk> {
        Self::submit_to(self, lane, chunk)
    }

    fn grant(&self, account: u32, subscriber: u64, credits: u32, sink: &TellingSink<NoticeKey>) {
        let sink = Arc::clone(sink);
        let notices: carrack_engine::NoticeSink = Arc::new(move |notices: Vec<Notice>| {
            sink(notices.into_iter().map(telling).collect());
        });
        Self::grant(self, account, MoWay::Bind, subscriber, credits, &notices);
    }

    fn revoke(&self, account: u32, subscriber: u64) {
        Self::revoke(self, account, MoWay::Bind, subscriber);
    }

    fn told(&self, key: &NoticeKey) {
        Self::told(self, key);
    }

    fn state(&self, account: u32, id: MessageId) -> Result<Option<MessageState>, String> {
        let story = self.story(id).map_err(|fault| fault.to_string())?;
        let own = story.filter(|story| story.account == account);
        Ok(own.map(|story| MessageState {
            status: story.status,
            error: story.error,
            done_utc_ns: story.done_utc_ns,
        }))
    }

    fn together(
        &self,
        account: u32,
        id: MessageId,
        leads: bool,
    ) -> Result<Vec<(MessageId, Msisdn)>, String> {
        let found = Self::together(self, id).map_err(|fault| fault.to_string())?;
        let Some(found) = found.filter(|found| found.account == account) else {
            return Ok(Vec::new());
        };
        // By its own id a message of a group is meant alone.
        let leads = leads || message_id::read_told_as(&found.told_as) == Some(id);
        let meant = if leads { found.messages.len() } else { 1 };
        Ok(found.messages.into_iter().take(meant).collect())
    }

    fn cancel(&self, id: MessageId, reply: Box<dyn FnOnce(Cancelled) + Send>) {
        Self::cancel(self, id, reply);
    }
}

fn telling(notice: Notice) -> Telling<NoticeKey> {
    Telling {
        key: notice.key,
        news: notice.news,
    }
}
