//! What a front door hands in, and what it hears back.

use crate::credit::Short;
use crate::idempotency::IdempotencyKey;
use crate::limits::Enough;
use crate::suppression::Suppressed;
use carrack_message::record::{BatchProgress, BatchRow, Body, ReceiptWish};
use carrack_message::{Class, MessageId, Micros, Msisdn, Sender};
use carrack_routing::suppression::Reason;
use thiserror::Error;

/// A message that a door has screened.
#[derive(Debug, Clone)]
pub struct Submission {
    /// The account's number in the directory.
    pub account: u32,
    /// Its class.
    pub class: Class,
    /// Recipient.
    pub to: Msisdn,
    /// Sender.
    pub from: Sender,
    /// What to send.
    pub body: Body,
    /// Segments it takes, at least 1.
    pub segments: u8,
    /// Not to be sent before, UTC nanoseconds; 0: at once.
    pub send_at_utc_ns: u64,
    /// How long it may wait and travel from then on, nanoseconds; 0: the default of the settings.
    pub validity_ns: u64,
    /// Which final states the customer is to be told by a notice.
    pub wants_receipt: ReceiptWish,
    /// Price to the customer, all segments; `None` where no sell deck applies.
    pub price: Option<Micros>,
    /// The customer's own reference.
    pub client_ref: Option<String>,
    /// The batch row it came from.
    pub batch: Option<BatchRow>,
    /// Parameters of the customer for carriers that take them, encoded as on the wire (tag, length, value); mostly empty.
    pub tlvs: Vec<u8>,
    /// The group of its chunk that the customer knows by one id; none: he knows it by its own.
    pub group: Option<Group>,
    /// By what it is known again when it comes a second time; none: each is a message of its own.
    pub key: Option<Box<IdempotencyKey>>,
}

impl Submission {
    /// Most octets of its record beside its texts: the fields, the id that the customer is told, what aligns it.
    const RECORD_OCTETS_MAX: usize = 512;

    /// Octets that its record takes in a frame, at most.
    #[must_use]
    pub fn octets_max(&self) -> usize {
        let body = match &self.body {
            Body::Text(text) => text.len(),
            Body::Raw { octets, .. } => octets.len(),
        };
        let client_ref = self.client_ref.as_ref().map_or(0, String::len);
        Self::RECORD_OCTETS_MAX + self.from.as_bytes().len() + body + client_ref + self.tlvs.len()
    }
}

/// Messages of one chunk, one behind the other, that the customer knows by one id. Accepted together, their own ids follow
/// each other.
#[derive(Debug, Clone, Copy)]
pub struct Group {
    /// Tells the groups of a chunk apart.
    pub number: u32,
    /// The id as the customer is told it.
    pub told_as: ToldAs,
}

/// How a customer is told the id of a group.
#[derive(Debug, Clone, Copy)]
pub enum ToldAs {
    /// By the id of the first of them that is accepted, written so.
    First(fn(MessageId) -> Vec<u8>),
    /// By a text that the door gave before any was accepted; eight octets are what `message_id` of SMPP 3.3 has room for.
    Given([u8; 8]),
}

impl ToldAs {
    /// The text, where the first that is accepted has this id.
    #[must_use]
    pub fn text(self, first: MessageId) -> Vec<u8> {
        match self {
            Self::First(write) => write(first),
            Self::Given(text) => text.to_vec(),
        }
    }
}

impl Group {
    /// Messages that one group may have (SMPP: `number_of_dests` has one octet).
    pub const MESSAGES_MAX: u8 = u8::MAX;
}

/// Why a message was not accepted. Nothing of it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    /// No carrier takes it: the customer's or the configuration's fault, final.
    #[error("no route: {0}")]
    NoRoute(String),
    /// The node holds as many messages as it may: ours, try again later.
    #[error("the queue is full; try again later")]
    QueueFull,
    /// The account has as many messages waiting, or not yet told of, as it may.
    #[error(
        "the account has too many messages waiting or receipts not taken; take receipts or try again later"
    )]
    AccountQueueFull,
    /// Its recipient has had as many messages as a limit allows: the customer's, until the window has moved on.
    #[error(
        "the limit {limit} allows no more messages to this number for now; try again in {wait_s} s, or leave it out"
    )]
    RecipientLimit {
        /// Name of the limit.
        limit: String,
        /// Until one more is taken, seconds.
        wait_s: u64,
    },
    /// Its recipient must not be sent to: final.
    #[error(
        "the number stands on the suppression list {list} ({reason}); leave it out, or have the entry taken back"
    )]
    Suppressed {
        /// Name of the list.
        list: String,
        /// Why it stands there.
        reason: Reason,
    },
    /// The account may not spend so much: the customer's, until he has paid.
    #[error("the account has not enough credit for it; pay in, or ask for a higher credit line")]
    NoCredit,
    /// The store cannot be written: ours, try again later.
    #[error("the store does not take messages now: {0}; try again later")]
    Store(String),
    /// The node is going down.
    #[error("the node is shutting down; try again in a moment")]
    ShuttingDown,
    /// Its key was used for another message: the customer's, final as long as keys are kept.
    #[error(
        "was used before with other content, which is recipient, sender, text, class (also where none was named), tag, `send_at` and `callback_url`; give every message a key of its own, and a repeated one what it was"
    )]
    KeyUsed,
    /// The same key, or content, is under way and too many wait for such already.
    #[error("the same is being sent by another request; try again in a moment")]
    KeyUnderWay,
    /// The account has it so that the same is not sent twice within some time: the message that was.
    #[error(
        "the same text was sent to this number a short while ago, as message {0}; it is not sent twice"
    )]
    Duplicate(MessageId),
    /// The same, where the message that was is the row of this number of the same file.
    #[error("the same text to this number stands in row {0} of the file; it is not sent twice")]
    DuplicateRow(u64),
    /// Another message of a chunk that is taken whole or not at all was refused.
    #[error("another row of the same chunk was refused; try again")]
    Together,
}

impl From<Enough> for Refusal {
    fn from(enough: Enough) -> Self {
        Self::RecipientLimit {
            limit: enough.limit,
            wait_s: enough.wait_ns.div_ceil(1_000_000_000),
        }
    }
}

impl From<Suppressed> for Refusal {
    fn from(suppressed: Suppressed) -> Self {
        Self::Suppressed {
            list: suppressed.list,
            reason: suppressed.reason,
        }
    }
}

impl From<Short> for Refusal {
    fn from(_: Short) -> Self {
        Self::NoCredit
    }
}

impl Refusal {
    /// Whether the same message may be accepted later.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        !matches!(
            self,
            Self::NoRoute(_)
                | Self::Suppressed { .. }
                | Self::KeyUsed
                | Self::Duplicate(_)
                | Self::DuplicateRow(_)
        )
    }

    /// Whether the rest of its file need not wait for it: the row has its verdict.
    #[must_use]
    pub fn is_of_the_message(&self) -> bool {
        matches!(
            self,
            Self::NoRoute(_)
                | Self::RecipientLimit { .. }
                | Self::Suppressed { .. }
                | Self::KeyUsed
                | Self::Duplicate(_)
                | Self::DuplicateRow(_)
        )
    }

    /// Whether the same, or another under its key, was accepted before.
    #[must_use]
    pub fn is_met_before(&self) -> bool {
        matches!(
            self,
            Self::KeyUsed | Self::Duplicate(_) | Self::DuplicateRow(_)
        )
    }

    /// Short name for metrics.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::NoRoute(_) => "no_route",
            Self::QueueFull => "queue_full",
            Self::AccountQueueFull => "account_queue_full",
            Self::RecipientLimit { .. } => "recipient_limit",
            Self::Suppressed { .. } => "suppressed",
            Self::NoCredit => "no_credit",
            Self::Store(_) => "store",
            Self::ShuttingDown => "shutting_down",
            Self::KeyUsed => "key_used",
            Self::KeyUnderWay => "key_under_way",
            Self::Duplicate(_) | Self::DuplicateRow(_) => "duplicate",
            Self::Together => "together",
        }
    }
}

/// What became of one submission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Accepted and durable.
    Accepted(MessageId),
    /// It was accepted before, as this message, and nothing was done now; the id that the customer was given instead of the
    /// message's own, mostly empty.
    Repeated(MessageId, Vec<u8>),
    /// Refused.
    Refused(Refusal),
}

/// Called once, on a shard's thread, when all that was accepted is durable. Must not block.
pub type ChunkReply = Box<dyn FnOnce(Vec<Verdict>) + Send>;

/// Submissions that travel together.
pub struct Chunk {
    /// The submissions.
    pub submissions: Vec<Submission>,
    /// How far a batch file is taken by this chunk: written in one frame with its messages. Such a chunk is accepted
    /// whole or not at all.
    pub progress: Option<BatchProgress>,
    /// So many submissions, one behind the other, are the parts of one message each: accepted all or none, and one message
    /// where messages are counted. 1: each is a message.
    pub parts: u8,
    /// Gets a verdict for each submission, in order.
    pub reply: ChunkReply,
}

impl Chunk {
    /// Octets, by [`Submission::octets_max`], at which a door ends a chunk that is accepted whole or not at all. One more
    /// message may stand above it: a shard has room for twice as much.
    pub const OCTETS: usize = 16 << 20;
}

impl std::fmt::Debug for Chunk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Chunk")
            .field("submissions", &self.submissions.len())
            .field("progress", &self.progress)
            .finish()
    }
}
