//! A text on its way, segment after segment: SMS-SUBMIT, `+CMGS`, prompt, PDU, answer.
//!
//! Promise: segments of a text go in their order and nothing between them; where one is not taken, none behind it is sent. a segment ends once. Until the end of its PDU (Ctrl-Z) was written nothing can have been sent, and it is refused with
//! [`NotWritten`](Disposition::NotWritten); from then on silence is uncertain. Bound: prompt and send time-out; a modem that says that it is busy
//! is asked three times.
//!
//! The status of a refusal is that of `+CMS ERROR`; of `+CME ERROR` it is [`STATUS_OF_CME`] and the code.

use carrack_message::Msisdn;

use super::at::{Ask, Blame, Final, Outcome, blame_cme, blame_cms};
use super::desk::{Allowance, SimEvent};
use super::escalation::Trouble;
use super::gate::SHORT_REST_NS;
use super::link::{Job, ModemLink, Phase, TEXT_SEGMENTS_MAX};
use super::writing::pdu;
use crate::link::{CarrierMessageId, Disposition, LinkEvent, Outgoing, Refusal, SubmitRefused};

/// From this on, statuses of refusals are those of `+CME ERROR`.
pub const STATUS_OF_CME: u32 = 10_000;
/// The modem did not ask for the PDU, or was lost before its end was written.
pub const STATUS_NOT_WRITTEN: u32 = 20_000;
/// The SIM may not send to this recipient for now.
pub const STATUS_NOT_ALLOWED: u32 = 20_001;
/// `unknown`, for a bare `ERROR`.
const CMS_UNKNOWN: u16 = 500;

/// A modem that is busy is asked again then, so many times.
const BUSY_PAUSE_NS: u64 = 2_000_000_000;
const BUSY_MAX: u8 = 3;
/// A network answers within seconds; an answer may come for a minute, but nothing waits for it so long.
const LATE_NS: u64 = 9_000_000_000;

/// A segment.
#[derive(Debug)]
pub(super) struct Letter {
    ticket: u64,
    to: Msisdn,
    /// Digits of the PDU.
    line: String,
    /// Octets of the TPDU, for the command.
    octets: usize,
}

/// The segment under way.
#[derive(Debug)]
pub(super) struct Sending {
    letter: Letter,
    /// Another segment of its text went before it.
    is_begun: bool,
    /// Whether the book has counted it.
    is_spent: bool,
    busy: u8,
    not_before_ns: u64,
    /// When it was given to the modem.
    given_ns: Option<u64>,
}

impl Sending {
    /// From then on nothing that waits is kept for this modem.
    pub(super) fn late_ns(&self) -> Option<u64> {
        Some(self.given_ns?.saturating_add(LATE_NS))
    }

    pub(super) fn is_late(&self, now_ns: u64) -> bool {
        self.late_ns().is_some_and(|late_ns| late_ns <= now_ns)
    }

    pub(super) const fn not_before_ns(&self) -> u64 {
        self.not_before_ns
    }
}

impl ModemLink {
    pub(super) fn take_segment(
        &mut self,
        ticket: u64,
        segment: &Outgoing<'_>,
    ) -> Result<(), SubmitRefused> {
        use crate::link::Link as _;
        let has_room = match self.is_of_text(segment.to) {
            true => self.in_flight() < TEXT_SEGMENTS_MAX,
            false => self.free_slots() > 0,
        };
        if !has_room || self.identity.number.is_none() {
            return Err(SubmitRefused::NotNow);
        }
        let (line, octets) = pdu(segment, self.spec.status_reports)?;
        let letter = Letter {
            ticket,
            to: segment.to,
            line,
            octets,
        };
        self.counts.submitted += 1;
        if self.sending.is_some() {
            self.behind.push_back(letter);
            return Ok(());
        }
        self.is_taking = true;
        self.begin(letter, false);
        self.work();
        Ok(())
    }

    /// Whether a segment belongs to the text that is being handed in.
    fn is_of_text(&self, to: Msisdn) -> bool {
        let sending = self.sending.as_ref();
        self.is_taking && sending.is_some_and(|sending| sending.letter.to == to)
    }

    fn begin(&mut self, letter: Letter, is_begun: bool) {
        self.sending = Some(Sending {
            letter,
            is_begun,
            is_spent: false,
            busy: 0,
            not_before_ns: 0,
            given_ns: None,
        });
    }

    /// Gives the command. True: it did.
    pub(super) fn send(&mut self) -> bool {
        // Another card may be in it.
        if self.is_doubted() || !self.spend() {
            return false;
        }
        let now_ns = self.now.mono_ns;
        let Some(sending) = &self.sending else {
            return false;
        };
        if now_ns < sending.not_before_ns {
            return false;
        }
        let letter = &sending.letter;
        let ask = Ask {
            pdu: Some(letter.line.clone()),
            prompt_timeout_ns: self.spec.prompt_timeout_ns,
            ..Ask::plain(
                format!("+CMGS={}", letter.octets),
                self.spec.send_timeout_ns,
            )
        };
        self.ask_for(Job::Send, ask);
        if let Some(sending) = &mut self.sending {
            sending.given_ns = Some(now_ns);
        }
        true
    }

    /// Whether the book has counted the segment under way; where it may not go for long, it and those behind it are given back.
    fn spend(&mut self) -> bool {
        let (Some(sending), Some(sim)) = (&mut self.sending, self.identity.number) else {
            return false;
        };
        if sending.is_spent {
            return true;
        }
        if self.now.mono_ns < sending.not_before_ns {
            return false;
        }
        let (to, utc_ns) = (sending.letter.to, self.now.utc_ns);
        let allowance = match sending.is_begun {
            true => self.desk.spend_more(sim, to, utc_ns),
            false => self.desk.spend(sim, to, utc_ns),
        };
        match allowance {
            Allowance::Now => {
                sending.is_spent = true;
                self.gate.ask(self.now, &*self.desk, sim);
                return true;
            }
            Allowance::NotBefore { utc_ns, .. } => {
                let left_ns = utc_ns.saturating_sub(self.now.utc_ns).max(1_000_000);
                if left_ns <= SHORT_REST_NS {
                    sending.not_before_ns = self.now.mono_ns.saturating_add(left_ns);
                    return false;
                }
            }
        }
        self.gate.ask(self.now, &*self.desk, sim);
        // It may send, but not this one, or not any more: others of the pool may.
        if let Some(sending) = self.sending.take() {
            self.refuse(
                sending.letter.ticket,
                STATUS_NOT_ALLOWED,
                Disposition::NotWritten,
            );
        }
        self.give_back();
        false
    }

    /// The text was begun over a card that is gone: the segment under way was not written, and goes by another with those behind it.
    pub(super) fn take_back(&mut self) {
        if let Some(sending) = self.sending.take() {
            let ticket = sending.letter.ticket;
            self.refuse(ticket, STATUS_NOT_WRITTEN, Disposition::NotWritten);
            self.give_back();
        }
    }

    /// What stands behind a segment that was not taken is not sent.
    fn give_back(&mut self) {
        for letter in std::mem::take(&mut self.behind) {
            self.refuse(letter.ticket, STATUS_NOT_WRITTEN, Disposition::NotWritten);
        }
    }

    pub(super) fn send_ended(&mut self, outcome: Outcome) {
        let (found, lines) = match outcome {
            Outcome::Answered(found, lines) => (found, lines),
            Outcome::Silent { pdu_written } => {
                self.sending_lost(pdu_written, false);
                let words = if pdu_written {
                    "it did not answer to a message"
                } else {
                    "it did not ask for a message"
                };
                return self.fault(Trouble::Silent, words);
            }
        };
        match found {
            Final::Ok => match lines.iter().find_map(|line| reference(line)) {
                Some(reference) => self.sent(reference),
                // It is not said that the network has it: a modem that was told to leave the prompt says the same.
                None => {
                    self.sending_lost(true, false);
                    self.fault(Trouble::Wrong, "it says OK to a message and no reference");
                }
            },
            Final::Cms(code) => self.send_refused(code, u32::from(code), blame_cms(code)),
            Final::Cme(code) => {
                self.send_refused(
                    CMS_UNKNOWN,
                    STATUS_OF_CME + u32::from(code),
                    blame_cme(code),
                );
            }
            Final::Error | Final::Call => {
                self.send_refused(CMS_UNKNOWN, u32::from(CMS_UNKNOWN), Blame::Modem);
            }
        }
    }

    fn sent(&mut self, reference: u8) {
        let Some(sending) = self.sending.take() else {
            return;
        };
        self.counts.accepted += 1;
        self.note(SimEvent::Accepted);
        self.works();
        let Letter { ticket, to, .. } = sending.letter;
        let id = self.name_of(reference, to);
        self.incoming.sent.note(reference, to);
        self.events.push(LinkEvent::Accepted {
            ticket,
            id,
            late: false,
        });
        if self.closing.is_some() {
            return self.give_back();
        }
        if let Some(next) = self.behind.pop_front() {
            self.begin(next, true);
        }
    }

    /// `+CMGS: <mr>` of a segment whose time was over.
    pub(super) fn late_reference(&mut self, reference: u8) {
        let Some(ticket) = self.late.take() else {
            return;
        };
        let Some(to) = self.incoming.sent.late_recipient() else {
            return;
        };
        self.note(SimEvent::Accepted);
        let id = self.name_of(reference, to);
        self.incoming.sent.note(reference, to);
        let late = true;
        self.events.push(LinkEvent::Accepted { ticket, id, late });
    }

    fn send_refused(&mut self, cms: u16, status: u32, blame: Blame) {
        if blame == Blame::Busy
            && let Some(sending) = &mut self.sending
            && sending.busy < BUSY_MAX
        {
            sending.busy += 1;
            sending.not_before_ns = self.now.mono_ns.saturating_add(BUSY_PAUSE_NS);
            sending.given_ns = None;
            return;
        }
        let Some(sending) = self.sending.take() else {
            return;
        };
        self.counts.refused += 1;
        self.note(SimEvent::Refused { cms });
        let words = format!("a message was refused with status {status}");
        self.told.note_error(&words);
        let disposition = match blame {
            Blame::Message(disposition) => disposition,
            _ => Disposition::RetryHere,
        };
        self.refuse(sending.letter.ticket, status, disposition);
        self.give_back();
        match blame {
            // The network has spoken: the modem is well.
            Blame::Message(_) | Blame::Network => self.works(),
            Blame::StorageFull => self.incoming.must_empty(),
            Blame::Sim if matches!(status, 310..=316) => self.setup.is_stale = true,
            Blame::Sim => {}
            Blame::Busy | Blame::Modem => self.fault(Trouble::Wrong, &words),
        }
    }

    /// The segment under way, if there is one, ends without an answer.
    pub(super) fn sending_lost(&mut self, pdu_written: bool, gone: bool) {
        let Some(sending) = self.sending.take() else {
            return;
        };
        let Letter { ticket, to, .. } = sending.letter;
        self.give_back();
        if !pdu_written {
            return self.refuse(ticket, STATUS_NOT_WRITTEN, Disposition::NotWritten);
        }
        self.counts.unanswered += 1;
        self.note(SimEvent::Unanswered);
        if gone {
            self.late = None;
            return self.events.push(LinkEvent::Unanswered { ticket });
        }
        self.late = Some(ticket);
        self.incoming.sent.note_late(to);
        self.events.push(LinkEvent::TimedOut { ticket });
    }

    fn refuse(&mut self, ticket: u64, status: u32, disposition: Disposition) {
        self.events.push(LinkEvent::Refused {
            ticket,
            refusal: Refusal {
                status,
                disposition,
            },
            late: false,
        });
    }

    /// Tells the book, and hears what follows from it.
    pub(super) fn note(&mut self, event: SimEvent) {
        if let Some(sim) = self.identity.number {
            self.desk.note(sim, event, self.now.utc_ns);
            self.gate.ask(self.now, &*self.desk, sim);
        }
        self.told.is_changed = true;
    }

    /// The network answered by way of this modem.
    fn works(&mut self) {
        if self.escalation.worked() && matches!(self.phase, Phase::Serving) {
            self.told.alert.clear();
            tracing::info!(
                modem = self.spec.name,
                pool = self.spec.pool,
                "a modem works again"
            );
        }
    }

    /// The carrier's id of a segment: `<SIM>:<reference>:<recipient>`.
    pub(super) fn name_of(&self, reference: u8, to: Msisdn) -> CarrierMessageId {
        let name = format!("{}:{reference}:{to}", self.identity.short());
        CarrierMessageId::from_slice(name.as_bytes())
    }
}

fn reference(line: &str) -> Option<u8> {
    let value = line.strip_prefix("+CMGS:")?;
    value.split(',').next()?.trim().parse().ok()
}
