//! Ends that were not told: their places in the log.
//!
//! Bound: eighty octets an end, whatever its message was. Does not fail.

use rustc_hash::FxHashMap;

use super::Restored;
use crate::shard::{FarEnd, Party};
use crate::telling::SubmittedNews;
use carrack_message::Status;

/// What the log says.
#[derive(Debug, Default)]
pub(crate) struct Ends {
    by_id: FxHashMap<u128, (Party, FarEnd)>,
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
            submitted_first: message.submitted_news() == SubmittedNews::Due,
        };
        let party = Party::of(message.account, message.telling.is_some());
        self.by_id.insert(message.id.0, (party, end));
    }

    /// Its customer was told, or it was given up.
    pub(super) fn remove(&mut self, id: u128) {
        self.by_id.remove(&id);
    }

    /// Its customer knows that it was submitted.
    pub(super) fn told_submitted(&mut self, id: u128) {
        if let Some((_, end)) = self.by_id.get_mut(&id) {
            end.submitted_first = false;
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.by_id.len()
    }

    /// In the order in which they ended, with whom they are told to.
    pub(crate) fn into_order(self) -> Vec<(Party, FarEnd)> {
        let mut ends: Vec<(Party, FarEnd)> = self.by_id.into_values().collect();
        ends.sort_unstable_by_key(|(_, end)| (end.done_utc_ns, end.id));
        ends
    }
}
