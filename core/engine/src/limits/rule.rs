//! What a limit says: whose messages, one bucket for whom, and how many.

use carrack_message::Network;
use carrack_routing::{Matcher, Query};
use carrack_throttle::Pace;

/// A sender that a limit asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SenderIs {
    /// This one.
    Exactly(String),
    /// One that begins so; digits take only digits.
    Begins(String),
}

impl SenderIs {
    pub(crate) fn takes(&self, sender: &str) -> bool {
        match self {
            Self::Exactly(own) => own == sender,
            Self::Begins(own) => {
                let digits = |text: &str| text.bytes().all(|octet| octet.is_ascii_digit());
                sender.starts_with(own.as_str()) && (!digits(own) || digits(sender))
            }
        }
    }
}

/// For whom there is one bucket of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Each {
    /// One for all messages of the limit.
    All,
    /// One for each source address.
    Sender,
    /// One for each network of recipients; those of which no network is known have one together.
    Network,
}

impl Each {
    /// As it is written.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Sender => "sender",
            Self::Network => "network",
        }
    }
}

/// What a limit does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitKind {
    /// Segments wait for their turn.
    Paced {
        /// Buckets.
        each: Each,
        /// Segments in a unit.
        count: u32,
        /// The unit, nanoseconds.
        unit_ns: u64,
        /// Segments at once after silence.
        burst: u32,
    },
    /// Messages to one recipient beyond it are refused.
    Recipient {
        /// Messages.
        count: u32,
        /// In so many nanoseconds, sliding.
        within_ns: u64,
    },
}

impl LimitKind {
    /// The pace, where it is one.
    pub(super) fn pace(self) -> Option<(Each, Pace)> {
        match self {
            Self::Paced {
                each,
                count,
                unit_ns,
                burst,
            } => Some((each, Pace::new(count, unit_ns, burst))),
            Self::Recipient { .. } => None,
        }
    }

    /// What there is one bucket for, as it is written.
    pub(super) const fn each(self) -> &'static str {
        match self {
            Self::Paced { each, .. } => each.name(),
            Self::Recipient { .. } => "recipient",
        }
    }
}

/// A limit.
#[derive(Debug, Clone)]
pub struct LimitRule {
    /// Its name; unique.
    pub name: String,
    /// As it is written for people: `10/min`, `3 in 1h`.
    pub shown: String,
    /// Whose messages; senders are asked for beside it.
    pub matcher: Matcher,
    /// The source address is one of these; empty: any.
    pub senders: Vec<SenderIs>,
    /// What it does.
    pub kind: LimitKind,
}

impl LimitRule {
    /// Whether a message is under it.
    pub(super) fn takes(&self, query: &Query<'_>, network: Network) -> bool {
        let sender =
            self.senders.is_empty() || self.senders.iter().any(|own| own.takes(query.from));
        sender && self.matcher.matches(query, network)
    }
}

/// All limits of a node, and what they may remember.
#[derive(Debug, Clone)]
pub struct LimitSettings {
    /// The limits.
    pub rules: Vec<LimitRule>,
    /// Buckets of all of them together.
    pub buckets_max: usize,
    /// Recipients that one limit counts.
    pub recipients_max: usize,
}

impl Default for LimitSettings {
    fn default() -> Self {
        Self {
            rules: Vec::new(),
            buckets_max: 100_000,
            recipients_max: 1_000_000,
        }
    }
}
