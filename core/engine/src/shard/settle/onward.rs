//! After a carrier took a message and it did not arrive there: on to the next carrier, where the route says so.
//!
//! Promise: within the attempts and the validity that the message has; all parts together; what the first carrier had is
//! listed as sent again, for a receipt that did not come may come yet. Bound: each carrier of the route once, before any
//! is tried anew.

use carrack_message::ReceiptState;
use carrack_runtime::Now;

use crate::shard::Shard;
use crate::shard::live::{Key, Phase};

impl Shard {
    /// Receipts say that it did not arrive. True: the next carrier gets it.
    pub(super) fn goes_onward(&mut self, now: Now, key: Key, state: ReceiptState) -> bool {
        let may = match state {
            ReceiptState::Undeliverable | ReceiptState::Rejected | ReceiptState::Unknown => true,
            // Delivered; or it had its time; or somebody wanted it gone.
            _ => false,
        };
        let policy = self.live.get(key).map(|live| live.policy.after_receipt);
        may && policy.is_some_and(|policy| policy.failed_goes_on) && self.sends_onward(now, key)
    }

    /// No receipt came for as long as its route waits for one. True: the next carrier gets it.
    pub(in crate::shard) fn goes_onward_unheard(&mut self, now: Now, key: Key) -> bool {
        let Some(live) = self.live.get(key) else {
            return false;
        };
        let wait_s = u64::from(live.policy.after_receipt.missing_goes_on_s);
        let waited_ns = now.mono_ns.saturating_sub(live.waiting_since_ns);
        if wait_s == 0
            || live.phase != Phase::AwaitingReceipt
            || waited_ns < wait_s.saturating_mul(1_000_000_000)
        {
            return false;
        }
        let counted = live.is_overdue || live.policy.is_own;
        let (place, network, class) = (live.carrier, live.network, live.class);
        let goes = self.sends_onward(now, key);
        let carrier = place.and_then(|place| self.carriers.get_mut(&place));
        if let Some(carrier) = carrier.filter(|_| goes && !counted) {
            carrier.observed.missing(now.mono_ns, network, class);
        }
        goes
    }

    /// Whether there is a next carrier for it, and time and attempts left.
    pub(in crate::shard) fn may_go_onward(&mut self, now: Now, key: Key) -> bool {
        let Some(live) = self.live.get(key) else {
            return false;
        };
        let Some(place) = live.carrier else {
            return false;
        };
        let is_last = live.attempts.saturating_add(1) >= live.policy.attempts_max;
        if is_last || now.utc_ns >= live.expires_utc_ns {
            return false;
        }
        let next = self.plans.without(live.plan, place).ok();
        next.is_some_and(|plan| !self.plans.carriers(plan).is_empty())
    }

    fn sends_onward(&mut self, now: Now, key: Key) -> bool {
        if !self.may_go_onward(now, key) {
            return false;
        }
        let Some(live) = self.live.get_mut(key) else {
            return false;
        };
        live.note_bad_outcome();
        live.round_failed = false;
        live.is_overdue = false;
        // Out of the wait for receipts: it stands in its lane again.
        live.phase = Phase::Sending;
        let place = live.carrier;
        if let Some(carrier) = place.and_then(|place| self.carriers.get_mut(&place)) {
            carrier.stats.messages_failed += 1;
        }
        self.leave_carrier(now, key);
        true
    }
}
