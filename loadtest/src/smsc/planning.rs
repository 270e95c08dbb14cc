//! What follows an accepted submit: when its answer goes, which receipts, which message from the handset, which alert.

use super::address::{KeptAddress, keep};
use super::desk::{Alert, Desk, Due, Sender};
use super::judge::Offer;
use super::mo::compose;
use super::post::{Content, Parcel, Receipt};
use super::quirk::response::SHUFFLE_NS;
use super::register::{Entry, NO_TICKET, restated};
use crate::chance::Digest;
use carrack_message::receipt::ReceiptState;
use carrack_smpp::SubmitSm;

/// How much earlier than its answer an early receipt goes.
const EARLY_NS: u64 = 2_000_000;
/// How much later than the final state an intermediate notification comes that should have come before.
const TAKEN_BACK_NS: u64 = 5_000_000;
/// How much later than the final state another one comes; above what shuffling may move.
const CONTRADICTED_NS: u64 = 30_000_000;
const RECEIPT_ALWAYS: u8 = 1;
const RECEIPT_ON_FAILURE: u8 = 2;
const RECEIPT_ON_SUCCESS: u8 = 3;

/// Times after the submit, in nanoseconds.
#[derive(Debug, Clone, Copy)]
struct Times {
    answer_ns: u64,
    receipt_ns: u64,
}

impl Desk {
    /// Plans all that follows the message just accepted; when its answer goes.
    pub(super) fn plan(
        &mut self,
        now_ns: u64,
        sender: Sender,
        offer: &Offer,
        sm: &SubmitSm<'_>,
    ) -> u64 {
        let mut times = self.times();
        let state = self.fate(offer);
        let is_receipt_wanted = match sm.registered_delivery & 3 {
            RECEIPT_ALWAYS => true,
            RECEIPT_ON_FAILURE => state == ReceiptState::Undeliverable,
            RECEIPT_ON_SUCCESS => state == ReceiptState::Delivered,
            _ => false,
        };
        let mut ticket = NO_TICKET;
        if is_receipt_wanted {
            ticket = self
                .plan_receipts(now_ns, sender, offer, sm, state, &mut times)
                .unwrap_or(NO_TICKET);
        }
        self.register.add(Entry {
            source: offer.source as u32,
            parties: offer.parties as u32,
            done_ns: now_ns.saturating_add(times.receipt_ns),
            state,
            ticket,
        });
        let (seed, number) = (self.settings.seed, self.counts.submits);
        let quirks = &self.settings.quirks;
        let (late, late_ns) = (
            quirks.response.is_late(seed, number),
            quirks.response.late_ns,
        );
        if quirks.mo.answers(seed, offer.text) {
            self.plan_mo(now_ns.saturating_add(times.receipt_ns), sender, sm);
        }
        self.plan_loop(now_ns.saturating_add(times.receipt_ns), sender, sm);
        self.plan_alert(now_ns.saturating_add(times.receipt_ns), sender, offer, sm);
        if self.played.when(late, "late-response") {
            times.answer_ns = times.answer_ns.saturating_add(late_ns);
        }
        times.answer_ns
    }

    /// When the answer and the receipt go, before quirks of the receipt.
    fn times(&self) -> Times {
        let quirks = &self.settings.quirks;
        let held_ns = |is_shuffled: bool, salt: &[u8]| {
            if is_shuffled {
                1 + self.draw(salt) % SHUFFLE_NS
            } else {
                0
            }
        };
        let answer_ns = self.latency_ns() + held_ns(quirks.response.is_shuffled, b"shuffle");
        let receipt_ns = answer_ns.saturating_add(self.settings.dlr_delay_ns)
            + held_ns(quirks.receipt.is_shuffled, b"shuffle receipts");
        Times {
            answer_ns,
            receipt_ns,
        }
    }

    /// A draw of this submit, evenly spread over 64 bits.
    fn draw(&self, salt: &[u8]) -> u64 {
        Digest::new(self.settings.seed)
            .field(salt)
            .number(self.counts.submits)
            .finish()
    }

    /// The latency of this submit: the mean and its own share of the jitter.
    pub(super) fn latency_ns(&self) -> u64 {
        let (mean_ns, jitter_ns) = (
            self.settings.latency_ns,
            self.settings
                .latency_jitter_ns
                .min(self.settings.latency_ns),
        );
        if jitter_ns == 0 {
            return mean_ns;
        }
        let span = u128::from(jitter_ns) * 2 + 1;
        let offset_ns = ((u128::from(self.draw(b"latency")) * span) >> 64) as u64;
        (mean_ns - jitter_ns).saturating_add(offset_ns)
    }

    fn fate(&self, offer: &Offer) -> ReceiptState {
        let draw = || {
            Digest::new(self.settings.seed)
                .field(b"undelivered")
                .number(offer.fate)
                .finish()
        };
        let undelivered = self.settings.undelivered;
        if !undelivered.is_never() && undelivered.takes(draw()) {
            ReceiptState::Undeliverable
        } else {
            ReceiptState::Delivered
        }
    }

    /// Plans the receipts of the message just accepted; the ticket of the final one.
    fn plan_receipts(
        &mut self,
        now_ns: u64,
        sender: Sender,
        offer: &Offer,
        sm: &SubmitSm<'_>,
        state: ReceiptState,
        times: &mut Times,
    ) -> Option<u64> {
        let (seed, text) = (self.settings.seed, offer.text);
        let quirk = self.settings.quirks.receipt;
        if quirk.is_dropped(seed, text) {
            self.counts.receipts_dropped += 1;
            self.played.count("drop-receipt");
            return None;
        }
        self.counts.undelivered += u64::from(state == ReceiptState::Undeliverable);
        let is_early = quirk.is_early(seed, text);
        if self.played.when(is_early, "receipt-before-response") {
            times.receipt_ns = 0;
            times.answer_ns = times.answer_ns.max(EARLY_NS);
        }
        let due_ns = now_ns.saturating_add(times.receipt_ns);
        let receipt = self.receipt(now_ns, sm, state);
        let post = |desk: &mut Self, state, due_ns| {
            desk.post_receipt(sender, sm, restated(receipt, state), due_ns)
        };
        if quirk.is_announced(seed, text) {
            self.played.count("receipt-intermediate");
            let before_ns = self.settings.dlr_delay_ns.min(times.receipt_ns) / 2;
            post(self, ReceiptState::Enroute, due_ns - before_ns);
        }
        if quirk.is_doubled(seed, text) {
            self.counts.receipts_doubled += 1;
            self.played.count("double-receipt");
            post(self, state, due_ns);
        }
        let ticket = post(self, state, due_ns);
        if quirk.is_taken_back(seed, text) {
            self.played.count("receipt-intermediate-late");
            let late_ns = due_ns.saturating_add(TAKEN_BACK_NS);
            post(self, ReceiptState::Enroute, late_ns);
        }
        if quirk.is_contradicted(seed, text) {
            self.played.count("receipt-contradicts");
            let late_ns = due_ns.saturating_add(CONTRADICTED_NS);
            post(self, contradiction(state), late_ns);
        }
        Some(ticket)
    }

    fn receipt(&self, now_ns: u64, sm: &SubmitSm<'_>, state: ReceiptState) -> Receipt {
        let is_default_alphabet = sm.data_coding == 0 && !sm.has_udh();
        let (text, text_length) = keep(if is_default_alphabet {
            sm.user_data()
        } else {
            &[]
        });
        Receipt {
            serial: self.serial,
            submit_utc_s: self.utc_s(now_ns),
            state,
            text,
            text_length,
        }
    }

    fn post_receipt(
        &mut self,
        sender: Sender,
        sm: &SubmitSm<'_>,
        receipt: Receipt,
        due_ns: u64,
    ) -> u64 {
        let ticket = self.post.put(Parcel {
            system: sender.system,
            origin: sender.bind,
            source: KeptAddress::new(&sm.destination),
            destination: KeptAddress::new(&sm.source),
            content: Content::Receipt(receipt),
            was_sent: false,
            sent_ns: 0,
            refusals: 0,
        });
        self.put(due_ns, Due::Parcel(ticket));
        ticket
    }

    /// The handset answers.
    fn plan_mo(&mut self, due_ns: u64, sender: Sender, sm: &SubmitSm<'_>) {
        let form = self.settings.quirks.mo.form(self.counts.mo);
        let number = self.next_mo(form);
        self.hand_over(
            due_ns,
            sender,
            &sm.destination,
            &sm.source,
            compose(form, number),
        );
    }

    fn plan_alert(&mut self, due_ns: u64, sender: Sender, offer: &Offer, sm: &SubmitSm<'_>) {
        let is_due = self
            .settings
            .quirks
            .service
            .alerts(self.settings.seed, offer.text);
        if self.played.when(is_due, "alert") {
            let alert = Alert {
                system: sender.system,
                source: KeptAddress::new(&sm.destination),
                esme: KeptAddress::new(&sm.source),
            };
            self.put(due_ns, Due::Alert(Box::new(alert)));
        }
    }
}

/// The final state that contradicts another.
fn contradiction(state: ReceiptState) -> ReceiptState {
    match state {
        ReceiptState::Delivered => ReceiptState::Undeliverable,
        _ => ReceiptState::Delivered,
    }
}
