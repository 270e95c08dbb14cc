//! What a customer asked to be told of a message by requests, with what he gave to know it by. It stands in the message's record, and in
//! memory only for messages that have it.

use carrack_message::record::{Accepted, ArchivedAccepted, BatchRow};
use carrack_message::{CallbackKind, StateEvents, Status, callback};

/// How a customer is told of a message by requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Telling {
    /// In whose words.
    pub kind: CallbackKind,
    /// Of which states.
    pub events: StateEvents,
    /// `dlr-mask` or `dlr-level` as it was given; 0 where there is none.
    pub level: u8,
    /// By `GET`, else by `POST`.
    pub get: bool,
    /// Where; empty for the account's webhook.
    pub url: Box<str>,
    /// The customer's own reference.
    pub client_ref: Option<Box<str>>,
    /// The batch row it came from.
    pub batch: Option<BatchRow>,
}

impl Telling {
    /// What a record asks for; nearly always nothing.
    pub(crate) fn of(record: &Accepted) -> Option<Box<Self>> {
        let client_ref = record.client_ref.as_deref();
        Self::read(&record.tlvs, client_ref, record.batch)
    }

    /// The same of a stored one.
    pub(crate) fn of_stored(record: &ArchivedAccepted) -> Option<Box<Self>> {
        let client_ref = record.client_ref.as_ref().map(|text| text.as_str());
        let batch = record.batch.as_ref().map(|row| BatchRow {
            batch: row.batch.to_native(),
            row: row.row.to_native(),
        });
        Self::read(&record.tlvs, client_ref, batch)
    }

    fn read(tlvs: &[u8], client_ref: Option<&str>, batch: Option<BatchRow>) -> Option<Box<Self>> {
        let asked = callback(tlvs)?;
        Some(Box::new(Self {
            kind: asked.kind,
            events: asked.events,
            level: asked.level,
            get: asked.get,
            url: asked.url.into(),
            client_ref: client_ref.map(Into::into),
            batch,
        }))
    }

    /// Whether he is told that a carrier has the message.
    #[must_use]
    pub fn wants_submitted(&self) -> bool {
        self.events.covers(Status::Submitted)
    }
}

/// Where the news stands that a carrier has all of a message.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum SubmittedNews {
    /// No carrier has all of it yet, or nobody wants to know.
    #[default]
    NotYet,
    /// To be told: before its end at the latest.
    Due,
    /// On its way to the customer.
    Queued,
    /// He has it.
    Told,
}
