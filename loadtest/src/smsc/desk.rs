//! Where submits are taken or refused and their answers and receipts are planned. Knows nothing of sessions.
//!
//! Every submit gets exactly one verdict, so `submits = accepted + refused + throttled`. Waiting answers and receipts are bounded by
//! `pending_max`; a submit that would not fit is refused ESME_RMSGQFUL.

use super::address::{KeptAddress, keep};
use super::calendar::Calendar;
use super::connections::BindKey;
use super::distinct::Distinct;
use super::identity::{ID_OCTETS_MAX, Identity};
use super::judge::{Offer, offer};
use super::post::{Post, Receipt};
use super::rate::{Peak, SlidingWindow};
use super::report::Report;
use super::settings::Settings;
use crate::chance::Digest;
use carrack_smpp::{CommandStatus, SubmitSm};

/// Entries one submit may add to the calendar, or to the post: an answer and two receipts.
const ENTRIES_PER_SUBMIT: usize = 3;
/// How much earlier than its answer an early receipt goes.
const EARLY_NS: u64 = 2_000_000;
const RECEIPT_ALWAYS: u8 = 1;
const RECEIPT_ON_FAILURE: u8 = 2;
const RECEIPT_ON_SUCCESS: u8 = 3;

/// Something due later.
#[derive(Debug)]
pub(super) enum Due {
    /// The answer to a submit.
    Answer(Answer),
    /// A receipt's ticket.
    Receipt(u64),
}

/// The answer to one submit.
#[derive(Debug, Clone, Copy)]
pub(super) struct Answer {
    /// The bind it came on.
    pub(super) bind: BindKey,
    /// Its sequence number.
    pub(super) sequence_number: u32,
    /// Verdict.
    pub(super) status: CommandStatus,
    /// Number of the accepted message; 0 when refused.
    pub(super) serial: u64,
}

/// What becomes of the answer to a submit.
#[derive(Debug, Clone, Copy)]
pub(super) enum Reply {
    /// Now.
    Now(Answer),
    /// It waits in the calendar.
    Later,
    /// Never.
    Never,
}

/// Who submits.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sender {
    /// The bind.
    pub(super) bind: BindKey,
    /// Index of its system_id.
    pub(super) system: usize,
    /// Its submits that wait for an answer.
    pub(super) unanswered: u32,
}

/// Limits, counts, plans.
#[derive(Debug)]
pub(super) struct Desk {
    pub(super) settings: Settings,
    pub(super) counts: Report,
    pub(super) calendar: Calendar<Due>,
    pub(super) post: Post,
    identity: Identity,
    window: Option<SlidingWindow>,
    offered: Peak,
    taken: Peak,
    distinct: Distinct,
    serial: u64,
}

impl Desk {
    pub(super) fn new(settings: Settings) -> Self {
        Self {
            counts: Report {
                name: settings.name.clone(),
                ..Report::default()
            },
            // Receipts given back by a dropped bind need no room here, so the bound is held by `has_room`.
            calendar: Calendar::new(usize::MAX),
            post: Post::default(),
            identity: Identity::new(settings.seed, settings.quirks.identity.decimal),
            window: settings.rate.map(SlidingWindow::new),
            offered: Peak::default(),
            taken: Peak::default(),
            distinct: Distinct::new(settings.texts_max),
            serial: 0,
            settings,
        }
    }

    /// The id of an accepted message.
    pub(super) fn message_id<'a>(&self, serial: u64, id: &'a mut [u8; ID_OCTETS_MAX]) -> &'a [u8] {
        self.identity.write(serial, id)
    }

    /// Unix seconds at `now_ns`.
    pub(super) fn utc_s(&self, now_ns: u64) -> u64 {
        self.settings
            .utc_base_s
            .saturating_add(now_ns / 1_000_000_000)
    }

    /// The counts so far; the caller adds what sessions count.
    pub(super) fn report(&self) -> Report {
        Report {
            distinct_texts: self.distinct.distinct(),
            duplicates: self.distinct.duplicates(),
            untracked_texts: self.distinct.untracked(),
            receipts_waiting: self.post.len() as u64,
            peak_per_second: self.offered.per_second(),
            peak_accepted_per_second: self.taken.per_second(),
            ..self.counts.clone()
        }
    }

    /// Judges one submit and plans its answer and receipt.
    pub(super) fn submit(
        &mut self,
        now_ns: u64,
        sender: Sender,
        sequence_number: u32,
        sm: &SubmitSm<'_>,
    ) -> Reply {
        self.counts.submits += 1;
        let offer = offer(sm);
        self.offered.count(now_ns, offer.segments);
        let answer = |status, serial| Answer {
            bind: sender.bind,
            sequence_number,
            status,
            serial,
        };
        if let Some(status) = self.refusal(now_ns, sender, &offer, sm) {
            self.count_refusal(status);
            let is_busy = matches!(
                status,
                CommandStatus::ESME_RTHROTTLED | CommandStatus::ESME_RMSGQFUL
            );
            let latency_ns = if is_busy { 0 } else { self.latency_ns() };
            return self.plan_answer(now_ns, latency_ns, answer(status, 0));
        }
        self.accept(now_ns, &offer);
        let (early, answer_after_ns) = self.plan_receipt(now_ns, sender, &offer, sm);
        if self
            .settings
            .quirks
            .response
            .is_dropped(self.settings.seed, self.counts.submits)
        {
            self.counts.dropped_responses += 1;
            return Reply::Never;
        }
        let answer_after_ns = if early {
            answer_after_ns.max(EARLY_NS)
        } else {
            answer_after_ns
        };
        self.plan_answer(
            now_ns,
            answer_after_ns,
            answer(CommandStatus::ESME_ROK, self.serial),
        )
    }

    fn refusal(
        &mut self,
        now_ns: u64,
        sender: Sender,
        offer: &Offer,
        sm: &SubmitSm<'_>,
    ) -> Option<CommandStatus> {
        if sender.unanswered >= self.settings.window {
            self.counts.throttled_by_window += 1;
            return Some(CommandStatus::ESME_RTHROTTLED);
        }
        let refusal = self.settings.quirks.refusal.of(
            self.settings.seed,
            self.counts.submits,
            sm.destination.addr,
        );
        if refusal.is_some() {
            return refusal;
        }
        if self.calendar.len().max(self.post.len()) + ENTRIES_PER_SUBMIT > self.settings.pending_max
        {
            return Some(CommandStatus::ESME_RMSGQFUL);
        }
        // Last, because it uses up rate.
        if self
            .window
            .as_mut()
            .is_some_and(|window| !window.admit(now_ns, offer.segments))
        {
            self.counts.throttled_by_rate += 1;
            return Some(CommandStatus::ESME_RTHROTTLED);
        }
        None
    }

    fn count_refusal(&mut self, status: CommandStatus) {
        if status == CommandStatus::ESME_RTHROTTLED {
            self.counts.throttled += 1;
            return;
        }
        self.counts.refused += 1;
        let name = status
            .name()
            .map_or_else(|| status.to_string(), str::to_owned);
        *self.counts.refused_by_status.entry(name).or_default() += 1;
    }

    fn accept(&mut self, now_ns: u64, offer: &Offer) {
        self.serial += 1;
        self.counts.accepted += 1;
        self.counts.segments += u64::from(offer.segments);
        self.taken.count(now_ns, offer.segments);
        self.distinct.count(offer.text);
    }

    /// Plans the receipt of the message just accepted. Whether it goes before the answer, and when the answer goes.
    fn plan_receipt(
        &mut self,
        now_ns: u64,
        sender: Sender,
        offer: &Offer,
        sm: &SubmitSm<'_>,
    ) -> (bool, u64) {
        let answer_after_ns = self.latency_ns();
        let seed = self.settings.seed;
        let undelivered = self.settings.undelivered.takes(
            Digest::new(seed)
                .field(b"undelivered")
                .number(offer.fate)
                .finish(),
        );
        let is_wanted = match sm.registered_delivery & 3 {
            RECEIPT_ALWAYS => true,
            RECEIPT_ON_FAILURE => undelivered,
            RECEIPT_ON_SUCCESS => !undelivered,
            _ => false,
        };
        let quirk = self.settings.quirks.receipt;
        if !is_wanted {
            return (false, answer_after_ns);
        }
        if quirk.is_dropped(seed, offer.text) {
            self.counts.receipts_dropped += 1;
            return (false, answer_after_ns);
        }
        self.counts.undelivered += u64::from(undelivered);
        let early = quirk.is_early(seed, offer.text);
        let receipt_after_ns = if early {
            0
        } else {
            answer_after_ns.saturating_add(self.settings.dlr_delay_ns)
        };
        let due_ns = now_ns.saturating_add(receipt_after_ns);
        let receipt = self.receipt(now_ns, sender, undelivered, sm);
        if quirk.is_doubled(seed, offer.text) {
            self.counts.receipts_doubled += 1;
            self.plan(due_ns, receipt.clone());
        }
        self.plan(due_ns, receipt);
        (early, answer_after_ns)
    }

    fn receipt(
        &self,
        now_ns: u64,
        sender: Sender,
        undelivered: bool,
        sm: &SubmitSm<'_>,
    ) -> Receipt {
        let is_default_alphabet = sm.data_coding == 0 && !sm.has_udh();
        let (text, text_length) = keep(if is_default_alphabet {
            sm.user_data()
        } else {
            &[]
        });
        Receipt {
            system: sender.system,
            origin: sender.bind,
            serial: self.serial,
            source: KeptAddress::new(&sm.destination),
            destination: KeptAddress::new(&sm.source),
            submit_utc_s: self.utc_s(now_ns),
            undelivered,
            text,
            text_length,
            was_sent: false,
            refusals: 0,
        }
    }

    fn plan(&mut self, due_ns: u64, receipt: Receipt) {
        let ticket = self.post.put(receipt);
        self.put(due_ns, Due::Receipt(ticket));
    }

    fn plan_answer(&mut self, now_ns: u64, after_ns: u64, answer: Answer) -> Reply {
        if after_ns == 0 {
            return Reply::Now(answer);
        }
        self.put(now_ns.saturating_add(after_ns), Due::Answer(answer));
        Reply::Later
    }

    /// Puts an entry into the calendar, which takes any number: the bound is held before a submit is accepted.
    pub(super) fn put(&mut self, due_ns: u64, due: Due) {
        if self.calendar.put(due_ns, due).is_err() {
            self.counts.lost_responses += 1;
        }
    }

    /// The latency of this submit: the mean and its own share of the jitter.
    fn latency_ns(&self) -> u64 {
        let (mean_ns, jitter_ns) = (
            self.settings.latency_ns,
            self.settings
                .latency_jitter_ns
                .min(self.settings.latency_ns),
        );
        if jitter_ns == 0 {
            return mean_ns;
        }
        let draw = Digest::new(self.settings.seed)
            .field(b"latency")
            .number(self.counts.submits)
            .finish();
        let span = u128::from(jitter_ns) * 2 + 1;
        let offset_ns = ((u128::from(draw) * span) >> 64) as u64;
        (mean_ns - jitter_ns).saturating_add(offset_ns)
    }
}
