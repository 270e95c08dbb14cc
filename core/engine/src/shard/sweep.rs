//! The sweep: messages whose validity ended while they waited, and receipts that never came.
//!
//! It walks the live messages round and round, a bounded number a turn, in place of a timer a message: nothing is kept
//! for it, and whatever is overdue is found within seconds.

use carrack_message::Status;
use carrack_runtime::Now;

use super::Shard;
use super::live::{Key, Phase};

/// How often a part of the live messages is looked at.
pub(super) const EVERY_NS: u64 = 100_000_000;
/// At the least so many a time; with more live messages a twentieth of them, so that a round takes two seconds.
const LOOKED_AT_MIN: u32 = 2000;
const ROUNDS: u32 = 20;

impl Shard {
    pub(super) fn sweep(&mut self, now: Now) {
        if now.mono_ns.saturating_sub(self.swept_ns) < EVERY_NS {
            return;
        }
        self.swept_ns = now.mono_ns;
        let expired = self.early.expire(now.mono_ns);
        if expired > 0 {
            tracing::warn!(expired, "receipts named no message that we sent");
            if let Some(carrier) = self
                .owned
                .first()
                .copied()
                .and_then(|place| self.carriers.get_mut(&place))
            {
                carrier.stats.receipts_unmatched += expired;
            }
        }
        let slots = self.live.slots();
        if slots == 0 {
            return;
        }
        for _ in 0..LOOKED_AT_MIN.max(slots / ROUNDS).min(slots) {
            self.sweep_at = (self.sweep_at + 1) % slots;
            if let Some(key) = self.live.key_at(self.sweep_at) {
                self.look_at(now, key);
            }
        }
    }

    fn look_at(&mut self, now: Now, key: Key) {
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
                self.finish(
                    now,
                    key,
                    Status::Unknown,
                    "no receipt came in the time that the settings allow",
                );
            }
            _ => {}
        }
    }
}
