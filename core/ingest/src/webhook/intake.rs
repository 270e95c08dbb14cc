//! What the door needs of the engine, so that it can be tested without a store.

use std::sync::Arc;

use carrack_engine::{Chunk, Ending, Engine, News, Notice, NoticeKey};
use carrack_message::mo::MoWay;

use super::change::StateChange;
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
    let (event, then) = match notice.news {
        News::Mo(incoming) => (Event::MessageReceived(incoming), None),
        News::Submitted(ending) => (state(StateChange::of(&ending)?), None),
        News::End(ending) => end(&ending)?,
    };
    Some(Posting {
        key: notice.key,
        event,
        then,
    })
}

fn state(change: StateChange) -> Event {
    Event::State(Arc::new(change))
}

/// What is told of an end: before it that a carrier had it, where that was not told; the end itself, where it was asked for.
fn end(ending: &Ending) -> Option<(Event, Option<Event>)> {
    let change = StateChange::of(ending)?;
    let before = ending
        .at_webhook
        .as_deref()
        .is_some_and(|at| at.submitted_first);
    let before = before.then(|| state(change.submitted_before()));
    let wanted = change.telling.events.covers(change.state);
    let own = wanted.then(|| state(change));
    Some(match (before, own) {
        (Some(before), own) => (before, own),
        (None, own) => (own.unwrap_or(Event::Nothing), None),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use carrack_engine::AtWebhook;
    use carrack_message::{StateEvents, Status};

    use super::super::render::carrack::tests::change;
    use super::*;

    fn states(events: StateEvents, submitted_first: bool) -> Vec<Option<&'static str>> {
        let told = change(Status::Delivered);
        let mut telling = told.telling.clone();
        telling.events = events;
        let ending = Ending {
            id: told.id,
            told_as: Vec::new(),
            to: told.to,
            from: told.from,
            status: told.state,
            error: 0,
            segments: 1,
            accepted_utc_ns: 1,
            taken_utc_ns: 2,
            done_utc_ns: 3,
            at_webhook: Some(Box::new(AtWebhook {
                telling,
                price_micros: -1,
                submitted_first,
            })),
        };
        let (event, then) = end(&ending).unwrap();
        let name = |event: Event| match event {
            Event::State(change) => Some(change.state.name()),
            _ => None,
        };
        [Some(event), then]
            .into_iter()
            .flatten()
            .map(name)
            .collect()
    }

    #[test]
    fn end_is_told_as_asked_and_what_came_before_it_first() {
        let (submitted, all) = (StateEvents::SUBMITTED, StateEvents::ALL);
        assert_eq!(states(all, false), [Some("delivered")]);
        assert_eq!(states(all, true), [Some("submitted"), Some("delivered")]);
        assert_eq!(states(submitted, true), [Some("submitted")]);
        assert_eq!(states(submitted, false), [None]);
    }
}
