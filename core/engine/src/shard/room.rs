//! Room in the open frame: a chunk's records stand in one.
//!
//! Promise: what is accepted whole or not at all finds room for all of it before the first record is written. Bound: half of
//! a frame for a chunk; the other half is for what is settled beside it. Fails by saying so, never in the middle.

use carrack_message::record::FRAME_OCTETS_MAX;

use super::Shard;

/// Octets that the open frame may have with a chunk in it.
pub(super) const CHUNK_ROOM_OCTETS: usize = FRAME_OCTETS_MAX / 2;

impl Shard {
    /// Closes the open frame where so many more records do not go into it.
    pub(super) fn make_room(&mut self, records: usize) {
        self.make_room_for(records, 0);
    }

    /// The same where they take so many octets at most.
    pub(super) fn make_room_for(&mut self, records: usize, octets: usize) {
        let most = self.shared.settings.frame_messages_max;
        let has_room = self.frames.records() + records <= most
            && self.frames.octets().saturating_add(octets) <= CHUNK_ROOM_OCTETS;
        if self.frames.records() > 0 && !has_room {
            self.frames.seal();
        }
    }
}
