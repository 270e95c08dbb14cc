//! What became of a message, as whoever asked is told of it. It names no carrier: whom we buy from is not the customer's.

use carrack_engine::{Ending, Telling};
use carrack_message::{MessageId, Msisdn, Status};

/// A state that a message came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateChange {
    /// The state: submitted, or a final one.
    pub state: Status,
    /// The message.
    pub id: MessageId,
    /// Recipient.
    pub to: Msisdn,
    /// Sender.
    pub from: String,
    /// The carrier's last error or status, 0 where none.
    pub error: u32,
    /// Segments.
    pub segments: u8,
    /// Price of all segments, micro-units; negative: none.
    pub price_micros: i64,
    /// Accepted at, UTC nanoseconds.
    pub accepted_utc_ns: u64,
    /// A carrier had all of it at, UTC nanoseconds; 0: none had, or that is not known any more.
    pub submitted_utc_ns: u64,
    /// It came to this state at, UTC nanoseconds; 0: that is not known any more.
    pub at_utc_ns: u64,
    /// What was asked for, with the customer's reference and row.
    pub telling: Telling,
}

impl StateChange {
    /// Its id: the same however often it is told.
    #[must_use]
    pub fn event_id(&self) -> String {
        format!("{}-{}", self.id, self.state.name())
    }

    /// What an end says; none where it was not asked for by requests.
    pub(super) fn of(ending: &Ending) -> Option<Self> {
        let at = ending.at_webhook.as_deref()?;
        Some(Self {
            state: ending.status,
            id: ending.id,
            to: ending.to,
            from: ending.from.clone(),
            error: ending.error,
            segments: ending.segments,
            price_micros: at.price_micros,
            accepted_utc_ns: ending.accepted_utc_ns,
            submitted_utc_ns: ending.taken_utc_ns,
            at_utc_ns: ending.done_utc_ns,
            telling: at.telling.clone(),
        })
    }

    /// That a carrier had the message before.
    pub(super) fn submitted_before(&self) -> Self {
        Self {
            state: Status::Submitted,
            error: 0,
            at_utc_ns: self.submitted_utc_ns,
            ..self.clone()
        }
    }
}
