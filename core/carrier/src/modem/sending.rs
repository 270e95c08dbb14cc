//! One segment on its way: SMS-SUBMIT, `+CMGS`, prompt, PDU, answer.
//!
//! Promise: a segment ends once. Until the end of its PDU (Ctrl-Z) was written nothing can have been sent, and it is refused with
//! [`RetryHere`](Disposition::RetryHere); from then on silence is uncertain. Bound: prompt and send time-out; a modem that says that it is busy
//! is asked three times.
//!
//! The status of a refusal is that of `+CMS ERROR`; of `+CME ERROR` it is [`STATUS_OF_CME`] and the code.

use carrack_message::Msisdn;
use carrack_message::tpdu::{Address, Pdu, SmsSubmit, UserData, Validity, to_line};

use super::at::{Ask, Blame, Final, Outcome, blame_cme, blame_cms};
use super::desk::{Allowance, SimEvent};
use super::escalation::Trouble;
use super::link::{Job, ModemLink, Phase};
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

/// The segment under way.
#[derive(Debug)]
pub(super) struct Sending {
    ticket: u64,
    to: Msisdn,
    /// Digits of the PDU.
    line: String,
    /// Octets of the TPDU, for the command.
    octets: usize,
    busy: u8,
    not_before_ns: u64,
}

impl Sending {
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
        if self.free_slots() == 0 {
            return Err(SubmitRefused::NotNow);
        }
        let sim = self.identity.number.ok_or(SubmitRefused::NotNow)?;
        let (line, octets) = pdu(segment, self.spec.status_reports)?;
        if self.desk.spend(sim, segment.to, self.now.utc_ns) != Allowance::Now {
            let allowance = self.desk.allowance(sim, self.now.utc_ns);
            self.gate.set(self.now, allowance);
            if !self.gate.is_open() {
                return Err(SubmitRefused::NotNow);
            }
            // It may send, but not to this one: others of the pool may.
            self.refuse(ticket, STATUS_NOT_ALLOWED, Disposition::RetryHere);
            return Ok(());
        }
        self.counts.submitted += 1;
        self.sending = Some(Sending {
            ticket,
            to: segment.to,
            line,
            octets,
            busy: 0,
            not_before_ns: 0,
        });
        self.work();
        Ok(())
    }

    /// Gives the command. True: it did.
    pub(super) fn send(&mut self) -> bool {
        let now_ns = self.now.mono_ns;
        let Some(sending) = &self.sending else {
            return false;
        };
        if now_ns < sending.not_before_ns {
            return false;
        }
        let ask = Ask {
            pdu: Some(sending.line.clone()),
            prompt_timeout_ns: self.spec.prompt_timeout_ns,
            ..Ask::plain(
                format!("+CMGS={}", sending.octets),
                self.spec.send_timeout_ns,
            )
        };
        self.ask_for(Job::Send, ask);
        true
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
        let id = self.name_of(reference, sending.to);
        self.incoming.sent.note(reference, sending.to);
        self.events.push(LinkEvent::Accepted {
            ticket: sending.ticket,
            id,
            late: false,
        });
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
        self.refuse(sending.ticket, status, disposition);
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
        let ticket = sending.ticket;
        if !pdu_written {
            return self.refuse(ticket, STATUS_NOT_WRITTEN, Disposition::RetryHere);
        }
        self.counts.unanswered += 1;
        self.note(SimEvent::Unanswered);
        if gone {
            self.late = None;
            return self.events.push(LinkEvent::Unanswered { ticket });
        }
        self.late = Some(ticket);
        self.incoming.sent.note_late(sending.to);
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
            let allowance = self.desk.allowance(sim, self.now.utc_ns);
            self.gate.set(self.now, allowance);
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

/// Line and octets of a segment; what a short message cannot be is unwritable.
fn pdu(segment: &Outgoing<'_>, status_report: bool) -> Result<(String, usize), SubmitRefused> {
    // Headers alone tie parts together here: the profile of a pool says so.
    if segment.payload || segment.sar.is_some() {
        return Err(SubmitRefused::Unwritable);
    }
    let scheme = scheme(segment).ok_or(SubmitRefused::Unwritable)?;
    let has_header = segment.esm_class & 0x40 != 0;
    let user_data = UserData::of_short_message(segment.octets, has_header)
        .map_err(|_| SubmitRefused::Unwritable)?;
    let submit = SmsSubmit {
        message_reference: 0,
        reject_duplicates: false,
        status_report,
        reply_path: segment.esm_class & 0x80 != 0,
        destination: Address::international(segment.to),
        protocol_identifier: 0,
        data_coding_scheme: scheme,
        validity: match segment.validity_s {
            0 => Validity::None,
            seconds => Validity::not_above(seconds),
        },
        user_data,
    };
    let tpdu = submit.octets().map_err(|_| SubmitRefused::Unwritable)?;
    let octets = tpdu.len();
    let service_centre = None;
    let line = to_line(&Pdu {
        service_centre,
        tpdu,
    });
    Ok((line.map_err(|_| SubmitRefused::Unwritable)?, octets))
}

/// TP-DCS of an SMPP `data_coding` (TS 23.038, 4): septets, octets, UCS-2; 16 and above are schemes already.
const fn scheme(segment: &Outgoing<'_>) -> Option<u8> {
    let plain = match segment.data_coding {
        0 => 0x00,
        2 | 4 => 0x04,
        8 => 0x08,
        found @ 16.. => return Some(found),
        _ => return None,
    };
    // Class 0 in the general group.
    Some(if segment.flash_subunit {
        plain | 0x10
    } else {
        plain
    })
}
