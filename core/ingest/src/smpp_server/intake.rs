//! What the door needs of the engine, so that it can be tested without a store.

use std::sync::Arc;

use carrack_engine::{Chunk, Engine, Notice, NoticeKey};

use super::receipt::Telling;

/// Takes receipts in; called on any thread, must not block.
pub type TellingSink<K> = Arc<dyn Fn(Vec<Telling<K>>) + Send + Sync>;

/// Takes messages, hands receipts out. See [`Engine`] for the promises.
pub trait Intake: Clone + Send + Sync + 'static {
    /// Names a receipt.
    type Key: Copy + Send + 'static;

    /// Submissions of one chunk at most.
    fn submissions_max(&self) -> usize;
    /// Hands a chunk in.
    ///
    /// # Errors
    /// The chunk, when the mailbox is full.
    fn submit_to(&self, lane: u64, chunk: Chunk) -> Result<(), Chunk>;
    /// So many more receipts of this account may be handed to this subscriber.
    fn grant(&self, account: u32, subscriber: u64, credits: u32, sink: &TellingSink<Self::Key>);
    /// The subscriber is gone: what it was handed and did not take waits again.
    fn revoke(&self, account: u32, subscriber: u64);
    /// The customer has taken this receipt.
    fn told(&self, key: &Self::Key);
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
        Self::grant(self, account, subscriber, credits, &notices);
    }

    fn revoke(&self, account: u32, subscriber: u64) {
        Self::revoke(self, account, subscriber);
    }

    fn told(&self, key: &NoticeKey) {
        Self::told(self, key);
    }
}

fn telling(notice: Notice) -> Telling<NoticeKey> {
    Telling {
        key: notice.key,
        id: notice.id,
        to: notice.to,
        from: notice.from,
        status: notice.status,
        error: notice.error,
        segments: notice.segments,
        accepted_utc_ns: notice.accepted_utc_ns,
        done_utc_ns: notice.done_utc_ns,
    }
}
