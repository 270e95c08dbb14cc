//! What outcomes say of the carrier that had the message: how many it takes, how many arrive, how soon. The node's own
//! messages say nothing: the quality that orders customers' routes is that of customers' messages.

use carrack_message::ReceiptState;
use carrack_runtime::Now;

use crate::shard::Shard;
use crate::shard::live::{Key, Phase};

impl Shard {
    /// A carrier did not take a part: it refused it, or did not answer.
    pub(super) fn observe_refusal(&mut self, now: Now, place: u16, key: Key) {
        if let Some((live, carrier)) = self.live.get(key).zip(self.carriers.get_mut(&place)) {
            if !live.policy.is_own {
                carrier
                    .observed
                    .refused(now.mono_ns, live.network, live.class);
            }
            carrier.note_answer(now, false);
        }
    }

    /// Receipts say what became of a message.
    pub(super) fn observe_end(&mut self, now: Now, key: Key, state: ReceiptState) {
        let Some(live) = self.live.get(key) else {
            return;
        };
        let carrier = live.carrier.and_then(|place| self.carriers.get_mut(&place));
        let Some(carrier) = carrier.filter(|_| !live.is_overdue && !live.policy.is_own) else {
            // It counts as missing already, or not at all.
            return;
        };
        let waited_ns = match live.phase {
            Phase::AwaitingReceipt | Phase::Leaving => {
                now.mono_ns.saturating_sub(live.waiting_since_ns)
            }
            // It came before the last response.
            _ => 0,
        };
        carrier.observed.ended(
            now.mono_ns,
            live.network,
            live.class,
            state == ReceiptState::Delivered,
            waited_ns / 1_000_000,
        );
    }

    /// A receipt that has not come for long counts against its carrier, once.
    pub(in crate::shard) fn observe_overdue(&mut self, now: Now, key: Key) {
        let wait_ns = self.shared.settings.quality_receipt_wait_ns;
        let Some(live) = self.live.get_mut(key) else {
            return;
        };
        let counts = !live.is_overdue && !live.policy.is_own;
        if !counts || now.mono_ns.saturating_sub(live.waiting_since_ns) < wait_ns {
            return;
        }
        live.is_overdue = true;
        let carrier = live.carrier.and_then(|place| self.carriers.get_mut(&place));
        if let Some(carrier) = carrier {
            carrier
                .observed
                .missing(now.mono_ns, live.network, live.class);
        }
    }
}
