//! What an account is told by requests.

use std::sync::Arc;

use carrack_engine::Incoming;
use carrack_message::CallbackKind;

use super::change::StateChange;

/// An event of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A handset sent it a message.
    MessageReceived(Arc<Incoming>),
    /// A message of its own came to a state.
    State(Arc<StateChange>),
    /// Nothing that it asked for; it is told by nothing being done.
    Nothing,
}

/// An event, and what ends it.
#[derive(Debug, Clone)]
pub struct Posting<K> {
    /// To be given back when the customer has it.
    pub key: K,
    /// What he is told.
    pub event: Event,
    /// What he is told after that, before the key is given back.
    pub then: Option<Event>,
}

impl Event {
    /// Its id: the same however often it is told.
    pub(crate) fn id(&self) -> String {
        match self {
            Self::MessageReceived(incoming) => incoming.id.to_string(),
            Self::State(change) => change.event_id(),
            Self::Nothing => String::new(),
        }
    }

    /// It happened at, UTC nanoseconds.
    pub(crate) fn at_utc_ns(&self) -> u64 {
        match self {
            Self::MessageReceived(incoming) => incoming.received_utc_ns,
            Self::State(change) if change.at_utc_ns == 0 => change.accepted_utc_ns,
            Self::State(change) => change.at_utc_ns,
            Self::Nothing => 0,
        }
    }

    /// In whose words it is told.
    pub(crate) fn kind(&self) -> CallbackKind {
        match self {
            Self::State(change) => change.telling.kind,
            _ => CallbackKind::Webhook,
        }
    }

    /// Whether it may be in one request with others: an answer to a message from a handset may be a reply to it.
    pub(crate) fn goes_with_others(&self) -> bool {
        matches!(self, Self::State(change) if change.telling.kind == CallbackKind::Webhook)
    }
}
