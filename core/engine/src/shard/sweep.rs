//! The sweep: messages whose validity ended while they waited, receipts that never came, and those that take long.
//!
//! It walks the live messages round and round, a bounded number a turn, in place of a timer a message: nothing is kept
//! for it, and whatever is overdue is found within half a minute.

use std::sync::atomic::Ordering;

use carrack_message::Status;
use carrack_routing::OnNoResponse;
use carrack_runtime::Now;

use super::Shard;
use super::early::Parked;
use super::live::{Key, Phase};

/// How often a part of the live messages is looked at.
pub(super) const EVERY_NS: u64 = 100_000_000;
/// At the least so many a time; with more live messages a part of them, so that a round takes twenty seconds. Each look
/// is a miss of the caches: at a hundred thousand messages a second faster rounds cost a tenth of the shard.
const LOOKED_AT_MIN: u32 = 1000;
const PARTS: u32 = 200;
/// The part where more messages wait for receipts than are to be in memory.
const PARTS_CROWDED: u32 = 20;
/// Questions about missing receipts at a time.
const QUERIES_A_TURN_MAX: u32 = 64;

impl Shard {
    pub(super) fn sweep(&mut self, now: Now) {
        if now.mono_ns.saturating_sub(self.swept_ns) < EVERY_NS {
            return;
        }
        self.swept_ns = now.mono_ns;
        self.give_receipts_up(now);
        self.sweep_parked(now);
        self.give_ends_up(now);
        let slots = self.live.slots();
        if slots == 0 {
            return;
        }
        let mut queries = match self.shared.draining.load(Ordering::Acquire) {
            true => 0,
            false => QUERIES_A_TURN_MAX,
        };
        let crowded = self.has_too_many_awaited();
        let parts = if crowded { PARTS_CROWDED } else { PARTS };
        for _ in 0..LOOKED_AT_MIN.max(slots / parts).min(slots) {
            self.sweep_at = (self.sweep_at + 1) % slots;
            if let Some(key) = self.live.key_at(self.sweep_at) {
                self.look_at(now, key, &mut queries, crowded);
            }
        }
    }

    fn give_receipts_up(&mut self, now: Now) {
        let mut expired = Vec::new();
        self.early.expire(now.mono_ns, &mut expired);
        if !expired.is_empty() && self.has_shelf() {
            let unasked = self.unasked();
            let (later, over): (Vec<_>, Vec<_>) = expired
                .into_iter()
                .partition(|(place, id, _)| unasked.contains(&(*place, id.clone())));
            for (place, id, parked) in later {
                let since_ns = now.mono_ns;
                // It goes back to where it was; nothing is pushed out for it.
                let _ = self.early.park(place, id, Parked { since_ns, ..parked });
            }
            expired = over;
        }
        let waited = expired.len();
        for (place, id, parked) in expired {
            self.receipt_given_up(now, place, &id, parked);
        }
        if waited > 0 {
            tracing::warn!(
                waited,
                "receipts waited in vain for a response with their id"
            );
        }
    }

    fn look_at(&mut self, now: Now, key: Key, queries: &mut u32, crowded: bool) {
        let Some(live) = self.live.get(key) else {
            return;
        };
        match live.phase {
            Phase::Waiting | Phase::Pausing
                if now.utc_ns >= live.expires_utc_ns && live.in_flight() == 0 =>
            {
                self.finish(
                    now,
                    key,
                    Status::Expired,
                    "its validity ended before a carrier took it",
                );
            }
            Phase::AwaitingReceipt
                if now.mono_ns.saturating_sub(live.waiting_since_ns)
                    >= self.shared.settings.receipt_wait_max_ns =>
            {
                self.receipts_never_came(now, key);
            }
            Phase::AwaitingReceipt => self.look_at_awaiting(now, key, queries, crowded),
            Phase::Untold => self.give_end_up(now, key),
            _ => {}
        }
    }

    fn look_at_awaiting(&mut self, now: Now, key: Key, queries: &mut u32, crowded: bool) {
        if self.goes_onward_unheard(now, key) {
            return;
        }
        self.observe_overdue(now, key);
        let Some(policy) = self.live.get(key).map(|live| live.policy) else {
            return;
        };
        if *queries > 0 && self.may_ask(policy.on_no_response) {
            self.ask(now, key, queries);
        }
        // From the shelf nothing goes on because its receipt is missing.
        if policy.after_receipt.missing_goes_on_s == 0 || !self.may_go_onward(now, key) {
            self.consider_leaving(now, key, crowded);
        }
    }

    /// Whether anybody asks at all: nearly always nobody does.
    fn may_ask(&self, policy: OnNoResponse) -> bool {
        self.asks || policy == OnNoResponse::Query
    }
}
