//! The second door: every outcome of every attempt comes here and decides what the message does next: the same carrier
//! again, the next one, wait for a receipt, or its end.
//!
//! Promise: each outcome is a record before anything follows from it outside; a message ends exactly once. Segments of
//! one text stay together: they go on to the next carrier all or none.

mod answers;
mod end;
mod next;
mod observing;
mod onward;
mod queries;
pub(super) mod receipts;
pub(super) mod throttled;
pub(super) mod uncertain;

use carrack_message::record::Storable;

use super::Shard;

impl Shard {
    /// Writes an outcome's record; a full frame is closed first, so that what follows from the record is pushed after it.
    /// False: it could not be written at all.
    pub(in crate::shard) fn note<T: Storable>(&mut self, record: &T) -> bool {
        if self.frames.records() >= self.shared.settings.frame_messages_max {
            self.frames.seal();
        }
        match self.frames.push(self.committer.as_ref(), record) {
            Ok(_) => true,
            Err(fault) => {
                tracing::error!(%fault, "an outcome could not be written");
                false
            }
        }
    }
}
