//! How long a message is valid, whatever it was held for.
//!
//! Promise: the length that its customer gave is known as long as nothing of it has left: its record has the end, and the
//! beginning is the moment that it was to be sent at, or its acceptance. Where quiet hours gave it another moment a record
//! behind its own says the beginning. Of one that an earlier version held no more is known than what was left of it then.

use carrack_message::record::{ArchivedAccepted, RecordView, ValidFrom, record_at, record_behind};

/// UTC nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Validity {
    pub(super) from_utc_ns: u64,
    pub(super) expires_utc_ns: u64,
}

impl Validity {
    /// Of the message whose record lies there in a frame, and that record; none where none does.
    pub(super) fn in_frame(octets: &[u8], offset: u32) -> Option<(&ArchivedAccepted, Self)> {
        let Ok(RecordView::Accepted(record)) = record_at(octets, offset) else {
            return None;
        };
        let said = match record_behind(octets, offset) {
            Ok(Some(RecordView::ValidFrom(said))) if said.id == record.id => {
                Some(said.utc_ns.to_native())
            }
            _ => None,
        };
        let send_at_utc_ns = record.send_at_utc_ns.to_native();
        let validity = Self {
            from_utc_ns: said.unwrap_or(send_at_utc_ns.max(record.at_utc_ns.to_native())),
            expires_utc_ns: record.expires_utc_ns.to_native(),
        };
        Some((record, validity))
    }

    /// As long, from another moment on; none where nothing is left of it.
    pub(super) fn from(self, utc_ns: u64) -> Option<Self> {
        let length_ns = self.expires_utc_ns.checked_sub(self.from_utc_ns)?;
        (length_ns > 0).then(|| Self {
            from_utc_ns: utc_ns,
            expires_utc_ns: utc_ns.saturating_add(length_ns),
        })
    }

    /// As long, to this end.
    pub(super) fn until(self, expires_utc_ns: u64) -> Self {
        let length_ns = self.expires_utc_ns.saturating_sub(self.from_utc_ns);
        Self {
            from_utc_ns: expires_utc_ns.saturating_sub(length_ns),
            expires_utc_ns,
        }
    }

    /// What has to stand behind the record of a message that is to be sent at a moment.
    pub(super) fn beside(self, id: u128, send_at_utc_ns: u64) -> Option<ValidFrom> {
        (self.from_utc_ns != send_at_utc_ns).then_some(ValidFrom {
            id,
            utc_ns: self.from_utc_ns,
        })
    }
}
