//! Keys that stand in a file before, for a look at it: the engine, which knows them all, is not asked.
//!
//! Promise: of the first [`KEYS_MAX`] different ones it says what the engine would, were all rows taken at once; what was used
//! before this file it cannot know. Bound: that many, 48 octets each at most.

use carrack_engine::{IdempotencyKey, OnRepeat, Refusal};
use rustc_hash::FxHashMap;

/// Different keys that are compared.
const KEYS_MAX: usize = 1 << 20;

/// What becomes of a row by its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Met {
    /// It is a message of its own, as far as can be told.
    New,
    /// A row before is this message.
    Repeated,
    /// It may not be.
    Refused(Refusal),
}

/// Keys of the rows so far.
#[derive(Default)]
pub(super) struct KeysSeen(FxHashMap<u128, (u64, u64)>);

impl KeysSeen {
    /// Takes the key of a row that would be accepted.
    pub(super) fn take(&mut self, key: Option<&IdempotencyKey>, row: u64) -> Met {
        let Some(key) = key else {
            return Met::New;
        };
        let (name, content) = key.mark();
        match self.0.get(&name) {
            Some((before, _)) if *before != content => Met::Refused(Refusal::KeyUsed),
            Some((_, first)) => match key.on_repeat() {
                OnRepeat::Repeat => Met::Repeated,
                OnRepeat::Refuse => Met::Refused(Refusal::DuplicateRow(*first)),
            },
            None => {
                if self.0.len() < KEYS_MAX {
                    self.0.insert(name, (content, row));
                }
                Met::New
            }
        }
    }
}
