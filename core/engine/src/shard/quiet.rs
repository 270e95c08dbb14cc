//! Hours in which recipients are left alone: what would leave then goes to the shelf until they are over.
//!
//! Promise: held, not dropped. A message that is accepted in quiet hours, or is to be sent in them, gets their end as its
//! `send_at`; one that waits in a lane or comes due when they begin goes to the shelf when it is its turn, in the frame that
//! says so. Its validity goes on: where it ends first, the message ends `expired` then; its length stays known, for who moves it. A text of which a part has left goes
//! on. Bound: as of the shelf. Where there are no quiet hours a message costs one look.

use carrack_message::Network;
use carrack_runtime::Now;

use super::Shard;
use super::live::{Key, SegmentState};
use super::sending::Sent;
use super::validity::Validity;
use crate::facts::Facts;

/// What became of a message that may be held.
pub(super) enum Held {
    /// It is not: it may leave.
    No,
    /// It goes to the shelf.
    Shelved,
    /// It is to be, and nothing can be written now.
    Waits,
}

impl Shard {
    /// Until when a message is held that may leave at a moment, UTC nanoseconds; none: it is not.
    pub(super) fn quiet_until(
        &self,
        facts: &Facts<'_>,
        network: Network,
        utc_ns: u64,
    ) -> Option<u64> {
        let quiet = self.directory.quiet()?;
        let query = facts.query(&self.directory, utc_ns);
        let (until_ns, rule) = quiet.held_until(&query, network, utc_ns)?;
        tracing::debug!(to = %facts.to, rule, until_ns, "a message is held by quiet hours");
        Some(until_ns)
    }

    /// It is asked again in the lane's next turn.
    pub(super) fn waits_its_turn(&mut self, key: Key) -> Sent {
        if let Some(live) = self.live.get_mut(key) {
            (live.unfinished, live.goes_first) = (false, true);
        }
        self.wait(key);
        Sent::TextsFull
    }

    /// Puts a message that is to leave now on the shelf where its recipient is to be left alone.
    pub(super) fn hold_in_quiet_hours(&mut self, now: Now, key: Key) -> Held {
        let Some(live) = self.live.get(key).filter(|live| !live.policy.is_own) else {
            return Held::No;
        };
        let is_whole = live.segments_sent == 0 && live.all(|state| state == SegmentState::Unsent);
        let Some(frame) = live.frame.as_ref().filter(|_| is_whole) else {
            return Held::No;
        };
        let Some((record, validity)) = Validity::in_frame(&frame.octets, live.offset) else {
            return Held::No;
        };
        let Some(facts) = Facts::of_record(record) else {
            return Held::No;
        };
        let Some(until_ns) = self.quiet_until(&facts, live.network, now.utc_ns) else {
            return Held::No;
        };
        match self.shelve_until(now, key, until_ns, validity.until(live.expires_utc_ns)) {
            true => {
                self.counts.held_in_quiet_hours(1);
                Held::Shelved
            }
            false => Held::Waits,
        }
    }
}
