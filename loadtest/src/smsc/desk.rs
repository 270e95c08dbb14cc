//! Where submits are taken or refused. Knows nothing of sessions.
//!
//! Every submit gets exactly one verdict, so `submits = accepted + refused + throttled`. Waiting answers and parcels are bounded by
//! `pending_max`; a submit that would not fit is refused ESME_RMSGQFUL.

use super::address::KeptAddress;
use super::addresses::fault_of;
use super::calendar::Calendar;
use super::connections::BindKey;
use super::door::Doorkeeper;
use super::identity::{Face, Identity};
use super::judge::{Judge, Offer};
use super::ledger::Ledger;
use super::mo::MoText;
use super::post::Post;
use super::quirk::Played;
use super::quirk::refusal::{Form, Refused, Submitted};
use super::rate::{Limit, Peak};
use super::register::Register;
use super::report::{AnswerTimes, Report};
use super::settings::Settings;
use super::stopwatch::Stopwatch;
use carrack_smpp::{CommandId, CommandStatus, SubmitSm};
use std::collections::VecDeque;

/// Entries one submit may add to the calendar, or to the post: an answer, receipts, parts from a handset, an alert.
const ENTRIES_PER_SUBMIT: usize = 12;

/// Something due later.
#[derive(Debug)]
pub(super) enum Due {
    /// The answer to a submit.
    Answer(Answer),
    /// A parcel's ticket.
    Parcel(u64),
    /// A handset that can be reached.
    Alert(Box<Alert>),
}

/// A handset to be announced.
#[derive(Debug)]
pub(super) struct Alert {
    /// Index of the system_id.
    pub(super) system: usize,
    /// The handset.
    pub(super) source: KeptAddress,
    /// Who asked to be told.
    pub(super) esme: KeptAddress,
}

/// The answer to one submit.
#[derive(Debug, Clone, Copy)]
pub(super) struct Answer {
    /// The bind it came on.
    pub(super) bind: BindKey,
    /// submit_sm or data_sm.
    pub(super) command: CommandId,
    /// Its sequence number.
    pub(super) sequence_number: u32,
    /// Verdict.
    pub(super) status: CommandStatus,
    /// How the verdict is said.
    pub(super) form: Form,
    /// It is said twice.
    pub(super) is_doubled: bool,
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
    /// submit_sm or data_sm.
    pub(super) command: CommandId,
    /// Sequence number of this one.
    pub(super) sequence_number: u32,
}

/// Limits, counts, plans.
#[derive(Debug)]
pub(super) struct Desk {
    pub(super) settings: Settings,
    pub(super) counts: Report,
    pub(super) played: Played,
    pub(super) calendar: Calendar<Due>,
    pub(super) post: Post,
    pub(super) identity: Identity,
    pub(super) register: Register,
    pub(super) judge: Judge,
    pub(super) ledger: Ledger,
    pub(super) door: Doorkeeper,
    pub(super) receipt_times: Stopwatch,
    /// Messages from handsets that were made last.
    pub(super) shelf: VecDeque<MoText>,
    /// Messages accepted.
    pub(super) serial: u64,
    limit: Limit,
    /// When what is read now came.
    pub(super) arrived_ns: u64,
    offered: Peak,
    taken: Peak,
}

impl Desk {
    pub(super) fn new(settings: Settings) -> Self {
        Self {
            counts: Report {
                name: settings.name.clone(),
                ..Report::default()
            },
            played: Played::default(),
            // Parcels given back by a dropped bind need no room here, so the bound is held by `has_room`.
            calendar: Calendar::new(usize::MAX),
            post: Post::default(),
            identity: Identity::new(settings.seed),
            register: Register::new(settings.messages_max),
            judge: Judge::new(settings.texts_kept > 0),
            ledger: Ledger::new(settings.texts_max, settings.texts_kept),
            door: Doorkeeper::default(),
            receipt_times: Stopwatch::default(),
            shelf: VecDeque::new(),
            serial: 0,
            arrived_ns: 0,
            limit: Limit::new(settings.rate, settings.quirks.refusal.is_rate_tumbling),
            offered: Peak::default(),
            taken: Peak::default(),
            settings,
        }
    }

    /// Other settings from now on. What was planned stays planned.
    pub(super) fn change(&mut self, settings: Settings) {
        let is_tumbling = settings.quirks.refusal.is_rate_tumbling;
        self.limit.change(settings.rate, is_tumbling);
        self.settings = settings;
    }

    /// Writes the id that a response gives.
    pub(super) fn response_id(&mut self, serial: u64, id: &mut Vec<u8>) {
        let ids = &self.settings.quirks.identity;
        if self.identity.is_withheld(ids, serial) {
            self.played.count("id-empty");
            id.clear();
        } else {
            self.identity.write(ids, Face::Response, serial, id);
        }
    }

    /// Unix seconds at `now_ns`.
    pub(super) fn utc_s(&self, now_ns: u64) -> u64 {
        self.settings
            .utc_base_s
            .saturating_add(now_ns / 1_000_000_000)
    }

    /// The counts so far; the caller adds what sessions count.
    pub(super) fn report(&self) -> Report {
        let mut report = Report {
            receipts_waiting: self.post.receipts() as u64,
            peak_per_second: self.offered.per_second(),
            peak_accepted_per_second: self.taken.per_second(),
            receipt_answer_us: AnswerTimes {
                p50: self.receipt_times.quantile_us(0.5),
                p99: self.receipt_times.quantile_us(0.99),
                max: self.receipt_times.max_us(),
            },
            quirks: self.played.by_name(),
            ..self.counts.clone()
        };
        self.ledger.report(&mut report);
        report
    }

    /// Judges one submit and plans its answer and what follows it.
    pub(super) fn submit(&mut self, now_ns: u64, sender: Sender, sm: &SubmitSm<'_>) -> Reply {
        self.counts.submits += 1;
        self.counts.data_sms += u64::from(sender.command == CommandId::DATA_SM);
        let alphabets = &self.settings.quirks.alphabet;
        let offer = self.judge.offer(sm, alphabets, &mut self.counts);
        self.offered.count(now_ns, offer.segments);
        let mut answer = Answer {
            bind: sender.bind,
            command: sender.command,
            sequence_number: sender.sequence_number,
            status: CommandStatus::ESME_ROK,
            form: Form::Response,
            is_doubled: self.is_answered_twice(),
            serial: 0,
        };
        if let Some(refused) = self.refusal(now_ns, sender, &offer, sm) {
            self.count_refusal(refused.status);
            let is_busy = matches!(
                refused.status,
                CommandStatus::ESME_RTHROTTLED | CommandStatus::ESME_RMSGQFUL
            );
            let latency_ns = if is_busy { 0 } else { self.latency_ns() };
            answer.status = refused.status;
            answer.form = refused.form;
            return self.plan_answer(now_ns, latency_ns, answer);
        }
        self.accept(now_ns, &offer, sm);
        answer.serial = self.serial;
        let answer_after_ns = self.plan(now_ns, sender, &offer, sm);
        let (seed, number) = (self.settings.seed, self.counts.submits);
        if self.settings.quirks.response.is_dropped(seed, number) {
            self.counts.dropped_responses += 1;
            self.played.count("drop-response");
            return Reply::Never;
        }
        self.plan_answer(now_ns, answer_after_ns, answer)
    }

    fn is_answered_twice(&mut self) -> bool {
        let (seed, number) = (self.settings.seed, self.counts.submits);
        let is_doubled = self.settings.quirks.response.is_doubled(seed, number);
        self.played.when(is_doubled, "double-response")
    }

    fn refusal(
        &mut self,
        now_ns: u64,
        sender: Sender,
        offer: &Offer,
        sm: &SubmitSm<'_>,
    ) -> Option<Refused> {
        let segments = u64::from(offer.segments);
        if sender.unanswered >= self.settings.window {
            self.counts.throttled_by_window += 1;
            self.counts.segments_over_window += segments;
            return Some(plain(CommandStatus::ESME_RTHROTTLED));
        }
        let submitted = Submitted {
            seed: self.settings.seed,
            number: self.counts.submits,
            now_ns,
            destination: sm.destination.addr,
        };
        let quirks = &self.settings.quirks;
        if let Some(refused) = quirks.refusal.of(&submitted, &mut self.played) {
            return Some(refused);
        }
        if let Some(status) = self.content_fault(sm) {
            return Some(plain(status));
        }
        if self.calendar.len().max(self.post.len()) + ENTRIES_PER_SUBMIT > self.settings.pending_max
        {
            return Some(plain(CommandStatus::ESME_RMSGQFUL));
        }
        // Last, because it uses up rate.
        if !self.limit.admit(self.arrived_ns, offer.segments) {
            self.counts.throttled_by_rate += 1;
            self.counts.segments_over_rate += segments;
            return Some(plain(CommandStatus::ESME_RTHROTTLED));
        }
        None
    }

    /// What this carrier does not take of the message itself.
    fn content_fault(&mut self, sm: &SubmitSm<'_>) -> Option<CommandStatus> {
        let alphabets = &self.settings.quirks.alphabet;
        let is_wrong = match sm.data_coding {
            0 => alphabets.wants_241,
            1 => alphabets.wants_241 || alphabets.refuses_1,
            _ => false,
        };
        if is_wrong {
            self.counts.wrong_data_coding += 1;
            return Some(CommandStatus::ESME_RINVDCS);
        }
        if !alphabets.is_ton_npi_strict {
            return None;
        }
        let fault = fault_of(&sm.source, &sm.destination);
        self.counts.wrong_address += u64::from(fault.is_some());
        fault
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

    fn accept(&mut self, now_ns: u64, offer: &Offer, sm: &SubmitSm<'_>) {
        self.serial += 1;
        self.counts.accepted += 1;
        self.counts.segments += u64::from(offer.segments);
        self.taken.count(now_ns, offer.segments);
        self.ledger.accept(offer.text, self.judge.judged(), sm);
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
}

/// A refusal by the request's own response.
fn plain(status: CommandStatus) -> Refused {
    Refused {
        status,
        form: Form::Response,
    }
}
