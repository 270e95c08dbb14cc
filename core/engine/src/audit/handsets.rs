//! Messages from handsets: each part came once and ends once.

use carrack_message::MessageId;
use carrack_message::record::{ArchivedMoSettled, MoOutcome};
use serde::Serialize;

use super::Tally;

/// Messages from handsets, by parts: each came once and ends once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct MoTotals {
    /// Parts that were taken.
    pub received: u64,
    /// Told to their customer.
    pub told: u64,
    /// No rule gave them to anybody.
    pub nobody: u64,
    /// They were there already.
    pub repeated: u64,
    /// Their customer did not take them in time.
    pub expired: u64,
    /// Not ended yet.
    pub waiting: u64,
}

impl Tally {
    /// Parts of epochs that are gone ended before that: they are not known here.
    pub(super) fn mo_settled(&mut self, record: &ArchivedMoSettled) {
        for part in record.parts.iter().map(|part| MessageId(part.to_native())) {
            if part.parts().epoch < self.first_epoch {
                continue;
            }
            if !self.mo_open.remove(&part.0) {
                self.contradicts(|| {
                    format!("part {part} of a message from a handset ended twice, or never came")
                });
            }
            let count = match record.outcome.outcome() {
                MoOutcome::Told => &mut self.mo.told,
                MoOutcome::Nobody => &mut self.mo.nobody,
                MoOutcome::Repeated => &mut self.mo.repeated,
                MoOutcome::Expired => &mut self.mo.expired,
                // It says nothing of an end.
                MoOutcome::Incomplete => continue,
            };
            *count += 1;
        }
    }
}
