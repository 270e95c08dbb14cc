//! Numbers that must not be sent to, as a shard asks for them: when it accepts a message, and right before the first part
//! of it leaves.
//!
//! Promise: what waited or was scheduled when its recipient was put on a list ends `rejected`, by `settle`, and what it
//! cost is given back as for any message that did not leave. A text of which a part has left goes on: half of it says
//! nothing, and the whole is paid. Where there is no list a message costs one look.

use carrack_message::{Network, Status};
use carrack_runtime::Now;

use super::Shard;
use super::live::{Key, SegmentState};
use crate::facts::Facts;
use crate::submission::Refusal;
use crate::suppression::At;

impl Shard {
    /// Whether no list forbids a new message.
    pub(super) fn may_be_accepted(
        &self,
        now: Now,
        facts: &Facts<'_>,
        network: Network,
    ) -> Result<(), Refusal> {
        let query = facts.query(&self.directory, now.utc_ns);
        let exempt = &self.shared.suppressions.exempt;
        match self.suppressed.find(&query, network, At::Accept, exempt) {
            Some(suppressed) => Err(suppressed.into()),
            None => Ok(()),
        }
    }

    /// Whether a list forbids a message that was accepted; it has ended then.
    pub(super) fn must_not_leave(&mut self, now: Now, key: Key) -> bool {
        let Some(live) = self.live.get(key).filter(|live| !live.policy.is_own) else {
            return false;
        };
        let is_whole = live.segments_sent == 0 && live.all(|state| state == SegmentState::Unsent);
        let Some(frame) = live.frame.as_ref().filter(|_| is_whole) else {
            return false;
        };
        let Some(facts) = Facts::of_frame(&frame.octets, live.offset) else {
            return false;
        };
        let query = facts.query(&self.directory, now.utc_ns);
        let exempt = &self.shared.suppressions.exempt;
        let found = self.suppressed.find(&query, live.network, At::Send, exempt);
        let Some(found) = found else {
            return false;
        };
        let (list, reason) = (found.list, found.reason);
        let detail = format!("the number stands on the suppression list {list} ({reason})");
        self.finish(now, key, Status::Rejected, &detail);
        true
    }
}
