//! What the door needs of the engine, so that it can be tested without a store.

use std::sync::Arc;

use carrack_engine::{Chunk, Engine, News, Notice, NoticeKey};
use carrack_message::mo::MoWay;

use super::event::{Event, Posting};

/// Takes events in; called on any thread, must not block.
pub type PostingSink<K> = Arc<dyn Fn(Vec<Posting<K>>) + Send + Sync>;

/// Hands events out, takes messages. See [`Engine`] for the promises.
pub trait Intake: Clone + Send + 'static {
    /// Names an event until it is told.
    type Key: Copy + Send + 'static;

    /// So many more events of this account may be handed to this subscriber, from each shard.
    fn grant(&self, account: u32, subscriber: u64, credits: u32, sink: &PostingSink<Self::Key>);
    /// The subscriber is gone: what it was handed and did not tell waits again.
    fn revoke(&self, account: u32, subscriber: u64);
    /// The customer has this event.
    fn told(&self, key: &Self::Key);
    /// Hands a chunk in.
    ///
    /// # Errors
    /// The chunk, when the mailbox is full.
    fn submit(&self, chunk: Chunk) -> Result<(), Chunk>;
}

impl Intake for Engine {
    type Key = NoticeKey;

    fn grant(&self, account: u32, subscriber: u64, credits: u32, sink: &PostingSink<NoticeKey>) {
        let sink = Arc::clone(sink);
        let notices: carrack_engine::NoticeSink = Arc::new(move |notices: Vec<Notice>| {
            sink(notices.into_iter().filter_map(posting).collect());
        });
        Self::grant(self, account, MoWay::Webhook, subscriber, credits, &notices);
    }

    fn revoke(&self, account: u32, subscriber: u64) {
        Self::revoke(self, account, MoWay::Webhook, subscriber);
    }

    fn told(&self, key: &NoticeKey) {
        Self::told(self, key);
    }

    fn submit(&self, chunk: Chunk) -> Result<(), Chunk> {
        Self::submit(self, chunk)
    }
}

fn posting(notice: Notice) -> Option<Posting<NoticeKey>> {
    let event = match notice.news {
        News::Mo(incoming) => Event::MessageReceived(incoming),
        // Those go to binds.
        News::End(_) => return None,
    };
    Some(Posting {
        key: notice.key,
        event,
    })
}
