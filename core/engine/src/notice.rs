//! What a customer is told: the end of a message of his, or a message from a handset. A door gives credits; a shard
//! sends no more than that.

use std::sync::Arc;

use carrack_carrier::WireAddress;
use carrack_message::mo::MoWay;
use carrack_message::segment::udh::Ports;
use carrack_message::{MessageId, Msisdn, Status};
use carrack_routing::consent::Meaning;

use crate::telling::Telling;

/// Names a notice until it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NoticeKey {
    pub(crate) shard: u8,
    pub(crate) of: NoticeOf,
}

/// What a notice is of, in its shard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum NoticeOf {
    /// A live message that has ended.
    End { slot: u32, generation: u32 },
    /// The same message, that a carrier has all of it.
    Submitted { slot: u32, generation: u32 },
    /// A message from a handset, on one of its ways.
    Mo { id: MessageId, way: MoWay },
}

/// Something for a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// To be given back when the customer has taken it.
    pub key: NoticeKey,
    /// The account's number.
    pub account: u32,
    /// What it is.
    pub news: News,
}

impl Notice {
    /// The message that it is about.
    #[must_use]
    pub fn id(&self) -> MessageId {
        match &self.news {
            News::End(ending) | News::Submitted(ending) => ending.id,
            News::Mo(incoming) => incoming.id,
        }
    }

    /// The end of a message, if it is that.
    #[must_use]
    pub const fn ending(&self) -> Option<&Ending> {
        match &self.news {
            News::End(ending) => Some(ending),
            News::Submitted(_) | News::Mo(_) => None,
        }
    }
}

/// What a customer is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// A message of his has ended.
    End(Ending),
    /// A carrier has taken all of a message of his. Told on the way of the webhook only.
    Submitted(Ending),
    /// A handset sent him a message.
    Mo(Arc<Incoming>),
}

/// What a customer is told by requests besides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AtWebhook {
    /// What he asked for.
    pub telling: Telling,
    /// Price of all segments, micro-units; negative: none.
    pub price_micros: i64,
    /// A carrier had it, and he was not told that yet: that comes first.
    pub submitted_first: bool,
}

/// The end of a message, for its customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// The message.
    pub id: MessageId,
    /// The id text that the customer was given instead of the message's own; mostly empty.
    pub told_as: Vec<u8>,
    /// Recipient of the message.
    pub to: Msisdn,
    /// Sender of the message.
    pub from: String,
    /// Final status, or that it is submitted.
    pub status: Status,
    /// The carrier's last error or status, 0 where none.
    pub error: u32,
    /// Segments.
    pub segments: u8,
    /// Accepted at, UTC nanoseconds.
    pub accepted_utc_ns: u64,
    /// Its carrier had answered for all of it at, UTC nanoseconds; 0: it never did, or that is not known any more.
    pub taken_utc_ns: u64,
    /// Final at, UTC nanoseconds.
    pub done_utc_ns: u64,
    /// What he is told by requests; none: he is told by binds.
    pub at_webhook: Option<Box<AtWebhook>>,
}

/// What a handset sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IncomingBody {
    /// Text, of all parts that came.
    Text(String),
    /// Octets that are no text, of all parts that came, without their headers.
    Octets(Vec<u8>),
}

/// A message from a handset, whole or as far as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incoming {
    /// Its id: the same however often it is told, after a crash too.
    pub id: MessageId,
    /// The handset.
    pub from: WireAddress,
    /// The number it was sent to.
    pub to: WireAddress,
    /// Name of the carrier that brought it.
    pub carrier: Arc<str>,
    /// Name of the rule that gave it to this account.
    pub rule: Arc<str>,
    /// What it means, where that was looked at: a stop is in force by then.
    pub meaning: Option<Meaning>,
    /// What it says.
    pub body: IncomingBody,
    /// `data_coding` of its first part.
    pub data_coding: u8,
    /// Message class, where `data_coding` names one.
    pub class: Option<u8>,
    /// Application ports, where it is for a program.
    pub ports: Option<Ports>,
    /// Parts in all.
    pub parts: u8,
    /// Parts that never came; 0 of a whole message.
    pub missing: u8,
    /// Its first part came at, UTC nanoseconds.
    pub received_utc_ns: u64,
}

/// Where a door takes notices. Called on shards' threads; must not block.
pub type NoticeSink = Arc<dyn Fn(Vec<Notice>) + Send + Sync>;
