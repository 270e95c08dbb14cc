//! Ends that were not told: their places in the log.
//!
//! Bound: eighty octets an end, whatever its message was. Does not fail.

use rustc_hash::FxHashMap;

use super::Restored;
use crate::shard::FarEnd;
use carrack_message::Status;

/// What the log says.
#[derive(Debug, Default)]
pub(crate) struct Ends {
    by_id: FxHashMap<u128, (u32, FarEnd)>,
}

impl Ends {
    pub(super) fn push(&mut self, message: &Restored, status: Status, error: u32, at_utc_ns: u64) {
        let end = FarEnd {
            id: message.id,
            home: message.home,
            offset: message.offset,
            error,
            status,
            done_utc_ns: at_utc_ns,
        };
        self.by_id.insert(message.id.0, (message.account, end));
    }

    /// Its customer was told, or it was given up.
    pub(super) fn remove(&mut self, id: u128) {
        self.by_id.remove(&id);
    }

    pub(crate) fn len(&self) -> usize {
        self.by_id.len()
    }

    /// In the order in which they ended, with their accounts.
    pub(crate) fn into_order(self) -> Vec<(u32, FarEnd)> {
        let mut ends: Vec<(u32, FarEnd)> = self.by_id.into_values().collect();
        ends.sort_unstable_by_key(|(_, end)| (end.done_utc_ns, end.id));
        ends
    }
}
