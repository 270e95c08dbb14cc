//! Handsets that say stop, start or help: what the node does about it, and whom it tells.
//!
//! Promise: see `shard/mo/consent.rs`. Here is what is set, and what a door hears of it.

use std::fmt;
use std::sync::Arc;

use carrack_message::{MessageId, Msisdn};
use carrack_routing::consent::{Keywords, Meaning};
use carrack_routing::suppression::Scope;

/// What is done when a handset says stop.
#[derive(Debug, Clone)]
pub struct ConsentRule {
    /// How texts are read.
    pub keywords: Arc<Keywords>,
    /// The list that a stop puts a number on.
    pub list: String,
    /// For whom its entries hold.
    pub scope: Scope,
    /// Whether a text that is not clear is a stop.
    pub unclear_is_stop: bool,
}

/// What a handset said, once what follows from it is durable and in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsentEvent {
    /// The message from the handset.
    pub id: MessageId,
    /// What it means.
    pub meaning: Meaning,
    /// Whether anything is otherwise than before.
    pub changed: bool,
    /// The account that the rules give the message to; none: nobody.
    pub account: Option<u32>,
    /// The handset; none where its address is no international number.
    pub handset: Option<Msisdn>,
    /// Its address as the carrier wrote it.
    pub from: String,
    /// The number or name that it was sent to.
    pub to: String,
    /// What it says.
    pub text: String,
    /// It came at, UTC nanoseconds.
    pub at_utc_ns: u64,
}

/// To be told when a text that is not clear is where a person will read it. Dropped before, it is asked again.
pub struct ConsentNoted(Option<Box<dyn FnOnce(bool) + Send>>);

impl ConsentNoted {
    /// `told` hears whether it is there.
    pub fn new(told: impl FnOnce(bool) + Send + 'static) -> Self {
        Self(Some(Box::new(told)))
    }

    /// It is there durably.
    pub fn done(mut self) {
        self.tell(true);
    }

    fn tell(&mut self, is_noted: bool) {
        if let Some(told) = self.0.take() {
            told(is_noted);
        }
    }
}

impl fmt::Debug for ConsentNoted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ConsentNoted")
    }
}

impl Drop for ConsentNoted {
    fn drop(&mut self) {
        self.tell(false);
    }
}

/// Hears what handsets said; of a text that is not clear it says when it has noted it, and the message is open until then.
/// Called on shards' threads; must not block.
pub type ConsentSink = Arc<dyn Fn(ConsentEvent, Option<ConsentNoted>) + Send + Sync>;

/// Who hears it.
#[derive(Default)]
pub(crate) struct Listener(std::sync::RwLock<Option<ConsentSink>>);

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Listener")
    }
}

impl Listener {
    pub(crate) fn listen(&self, sink: Option<ConsentSink>) {
        *self
            .0
            .write()
            .unwrap_or_else(std::sync::PoisonError::into_inner) = sink;
    }

    pub(crate) fn tell(&self, event: ConsentEvent, noted: Option<ConsentNoted>) {
        let sink = self
            .0
            .read()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(sink) = sink.as_ref() {
            sink(event, noted);
        }
    }
}
