//! Messages that wait for a time: pauses, missing responses that become overdue, tokens for the rest of a text.
//!
//! Bound: one entry a pause and one an uncertain segment, one a text that waits for a token; an entry of a message that is gone is passed over.

use std::cmp::Reverse;

use carrack_runtime::Now;

use super::Shard;
use super::lanes::LaneKey;
use super::live::{Key, Phase};

/// What is done to a message at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Timer {
    /// Its pause ends.
    Pause,
    /// A missing response is overdue, or a receipt can be given to a segment without id.
    Grace,
    /// A limit may have a token for its next part.
    Token,
    /// A link may have room for all of its text.
    Room,
}

impl Shard {
    pub(super) fn end_waits(&mut self, now: Now) {
        while let Some(Reverse((due_ns, key, timer))) = self.timers.peek().copied()
            && due_ns <= now.mono_ns
        {
            self.timers.pop();
            match timer {
                Timer::Grace => self.decide(now, key),
                Timer::Pause => self.end_pause(key),
                Timer::Token => self.goes_on_at_carrier(key),
                Timer::Room => self.no_more_aside(key),
            }
        }
    }

    fn end_pause(&mut self, key: Key) {
        if let Some(live) = self
            .live
            .get_mut(key)
            .filter(|live| live.phase == Phase::Pausing)
        {
            live.phase = Phase::Waiting;
            let lane = LaneKey::of(live);
            self.lanes.push_back(lane, key);
        }
    }
}
