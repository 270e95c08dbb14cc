//! What both sides of a session share: window, partial PDU, output, keep-alive, counters.

use crate::encode::encode_empty_id;
use crate::session::counters::Counters;
use crate::session::inbox::Inbox;
use crate::session::window::{Match, Window};
use crate::writer::encode_header_only;
use crate::{CommandId, CommandStatus, Header};

/// Bounds and timers that both sides have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LinkSettings {
    pub(crate) window: u32,
    pub(crate) late_responses_max: u32,
    pub(crate) response_timeout_ns: u64,
    pub(crate) enquire_link_idle_ns: u64,
    pub(crate) enquire_link_misses_max: u32,
    pub(crate) partial_pdu_timeout_ns: u64,
    pub(crate) output_octets_max: u32,
    pub(crate) nacks_unmatched_max: u32,
    pub(crate) slot_patience: bool,
    pub(crate) error_body_nul: bool,
}

/// What the keep-alive wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeepAlive {
    Fine,
    Lost,
}

#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) settings: LinkSettings,
    pub(crate) window: Window,
    pub(crate) inbox: Inbox,
    pub(crate) output: Vec<u8>,
    pub(crate) counters: Counters,
    heard_ns: u64,
    enquired_ns: Option<u64>,
    misses: u32,
    nacks_unmatched: u32,
}

impl Link {
    pub(crate) fn new(settings: LinkSettings, first_sequence: u32) -> Self {
        Self {
            settings,
            window: Window::new(
                settings.window,
                settings.late_responses_max,
                settings.slot_patience,
                first_sequence,
            ),
            inbox: Inbox::default(),
            output: Vec::new(),
            counters: Counters::default(),
            heard_ns: 0,
            enquired_ns: None,
            misses: 0,
            nacks_unmatched: 0,
        }
    }

    /// A fresh connection.
    pub(crate) fn reset(&mut self, now_ns: u64) {
        self.inbox.clear();
        self.output.clear();
        self.window.forget_late();
        self.heard_ns = now_ns;
        self.enquired_ns = None;
        self.misses = 0;
        self.nacks_unmatched = 0;
    }

    /// A whole PDU came: the peer lives.
    #[inline]
    pub(crate) fn heard(&mut self, now_ns: u64) {
        self.counters.pdus_received += 1;
        self.heard_ns = now_ns;
        self.enquired_ns = None;
        self.misses = 0;
    }

    pub(crate) fn nack(&mut self, status: CommandStatus, sequence_number: u32) {
        self.counters.nacks_sent += 1;
        self.header_only(CommandId::GENERIC_NACK, status, sequence_number);
    }

    pub(crate) fn header_only(
        &mut self,
        command_id: CommandId,
        status: CommandStatus,
        sequence_number: u32,
    ) {
        encode_header_only(&mut self.output, command_id, status, sequence_number);
    }

    /// A refusal by a response whose body would begin with a string: nothing behind the header, or
    /// one NUL where the peer wants that.
    pub(crate) fn error(
        &mut self,
        command_id: CommandId,
        status: CommandStatus,
        sequence_number: u32,
    ) {
        if self.settings.error_body_nul && has_string_body(command_id) {
            encode_empty_id(&mut self.output, command_id, sequence_number, status);
        } else {
            self.header_only(command_id, status, sequence_number);
        }
    }

    pub(crate) fn answer_enquire_link(&mut self, sequence_number: u32) {
        self.counters.enquire_links_received += 1;
        self.header_only(
            CommandId::ENQUIRE_LINK_RESP,
            CommandStatus::ESME_ROK,
            sequence_number,
        );
    }

    /// Sends a request without body and without slot; gives its number.
    pub(crate) fn request(&mut self, command_id: CommandId) -> u32 {
        let sequence_number = self.window.control_sequence();
        self.header_only(command_id, CommandStatus::ESME_ROK, sequence_number);
        sequence_number
    }

    /// Finds the request that a response settles, and counts.
    #[inline]
    pub(crate) fn settle(&mut self, now_ns: u64, header: &Header) -> Match {
        let nack = header.command_id == CommandId::GENERIC_NACK;
        let response = (!nack).then_some(header.command_id);
        let found = self.window.close(now_ns, header.sequence_number, response);
        if found != Match::Unknown {
            // The peer follows us: stray nacks of long ago say nothing of it.
            self.nacks_unmatched = 0;
        }
        match found {
            Match::InFlight { .. } => self.counters.responses += 1,
            Match::Late { .. } => self.counters.late_responses += 1,
            Match::Unknown if nack => {
                self.counters.nacks_unmatched += 1;
                self.nacks_unmatched = self.nacks_unmatched.saturating_add(1);
            }
            Match::Unknown => self.counters.unexpected_responses += 1,
        }
        found
    }

    /// True after more nacks without a request than the peer may send between two answers that fit.
    pub(crate) const fn is_nacked_too_often(&self) -> bool {
        self.nacks_unmatched > self.settings.nacks_unmatched_max
    }

    #[inline]
    pub(crate) fn is_output_full(&self) -> bool {
        self.output.len() > self.settings.output_octets_max as usize
    }

    /// True when the peer makes us answer and does not read.
    #[inline]
    pub(crate) fn is_output_lost(&self) -> bool {
        self.output.len() / 2 > self.settings.output_octets_max as usize
    }

    /// One request that has timed out, if any. `early` allows patience to end before the time-out.
    pub(crate) fn expire(&mut self, now_ns: u64, early: bool) -> Option<u64> {
        let timeout_ns = self.settings.response_timeout_ns;
        let given_up = self.window.expire(now_ns, timeout_ns, early)?;
        if given_up.early {
            self.counters.slots_given_on += 1;
        } else {
            self.counters.timed_out += 1;
        }
        Some(given_up.ticket)
    }

    pub(crate) fn is_partial_overdue(&self, now_ns: u64) -> bool {
        self.partial_deadline_ns()
            .is_some_and(|deadline| now_ns >= deadline)
    }

    fn partial_deadline_ns(&self) -> Option<u64> {
        let timeout = self.settings.partial_pdu_timeout_ns;
        let begun = self.inbox.begun_ns()?;
        (timeout > 0).then(|| begun.saturating_add(timeout))
    }

    fn keep_alive_deadline_ns(&self) -> Option<u64> {
        let idle = self.settings.enquire_link_idle_ns;
        let since = self.enquired_ns.unwrap_or(self.heard_ns);
        (idle > 0).then(|| since.saturating_add(idle))
    }

    /// Sends `enquire_link` to a silent peer; says when it was silent through too many.
    pub(crate) fn keep_alive(&mut self, now_ns: u64) -> KeepAlive {
        if self
            .keep_alive_deadline_ns()
            .is_none_or(|deadline| now_ns < deadline)
        {
            return KeepAlive::Fine;
        }
        if self.enquired_ns.is_some() {
            self.misses += 1;
            if self.misses >= self.settings.enquire_link_misses_max.max(1) {
                return KeepAlive::Lost;
            }
        }
        self.request(CommandId::ENQUIRE_LINK);
        self.counters.enquire_links_sent += 1;
        self.enquired_ns = Some(now_ns);
        KeepAlive::Fine
    }

    /// The earliest of the shared timers.
    pub(crate) fn next_deadline_ns(&self, is_bound: bool) -> Option<u64> {
        let timeout_ns = self.settings.response_timeout_ns;
        let response = self.window.deadline_ns(timeout_ns, is_bound);
        let keep_alive = self.keep_alive_deadline_ns().filter(|_| is_bound);
        [response, keep_alive, self.partial_deadline_ns()]
            .into_iter()
            .flatten()
            .min()
    }
}

/// Responses whose body is an id or a name, and then perhaps more.
const fn has_string_body(command_id: CommandId) -> bool {
    matches!(
        command_id,
        CommandId::SUBMIT_SM_RESP
            | CommandId::DELIVER_SM_RESP
            | CommandId::DATA_SM_RESP
            | CommandId::SUBMIT_MULTI_RESP
            | CommandId::BROADCAST_SM_RESP
            | CommandId::BIND_TRANSMITTER_RESP
            | CommandId::BIND_RECEIVER_RESP
            | CommandId::BIND_TRANSCEIVER_RESP
    )
}

/// A nack is never a success, whatever status it carries.
pub(crate) fn nack_status(header: &Header) -> CommandStatus {
    if header.command_status.is_ok() {
        CommandStatus::ESME_RUNKNOWNERR
    } else {
        header.command_status
    }
}
