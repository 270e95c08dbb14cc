//! What an SMSC's session does with each PDU that comes in.
//!
//! The session answers by itself what no application may judge: wrong state, unknown commands,
//! malformed bodies, a full inbound window. A second bind on a session is `ESME_RALYBND`.

use crate::frame::Pdu;
use crate::session::event::{CloseReason, ServerEvent};
use crate::session::link::nack_status;
use crate::session::server::{Phase, ServerSession};
use crate::session::window::Match;
use crate::{Bind, BindKind, CommandId, CommandStatus, ShortMessage};

type On<'o> = &'o mut dyn FnMut(ServerEvent<'_>);

impl ServerSession {
    /// Bytes came in, cut anywhere: reports every whole PDU in order and keeps the rest.
    pub fn receive(&mut self, now_ns: u64, bytes: &[u8], on: &mut dyn FnMut(ServerEvent<'_>)) {
        if matches!(self.phase, Phase::Closed | Phase::Ending(_)) {
            return;
        }
        let mut inbox = std::mem::take(&mut self.link.inbox);
        let pdu_octets_max = self.settings.pdu_octets_max;
        let fed = inbox.feed(now_ns, bytes, pdu_octets_max, &mut |pdu| {
            self.handle(now_ns, &pdu, on);
            self.phase != Phase::Closed
        });
        self.link.inbox = inbox;
        if let Err(fault) = fed {
            self.link.counters.malformed_frames += 1;
            self.link.nack(CommandStatus::ESME_RINVCMDLEN, 0);
            self.close(CloseReason::Frame(fault), on);
        } else if self.link.is_output_lost() {
            self.close(CloseReason::OutputFull, on);
        }
    }

    #[inline]
    fn handle(&mut self, now_ns: u64, pdu: &Pdu<'_>, on: On<'_>) {
        self.link.heard(now_ns);
        let sequence_number = pdu.header.sequence_number;
        let command_id = pdu.header.command_id;
        if !matches!(
            command_id,
            CommandId::ENQUIRE_LINK | CommandId::ENQUIRE_LINK_RESP
        ) {
            self.active_ns = now_ns;
        }
        match command_id {
            CommandId::SUBMIT_SM => self.submit(pdu, on),
            CommandId::DELIVER_SM_RESP | CommandId::DATA_SM_RESP => {
                let found = self.link.settle(now_ns, &pdu.header);
                report(found, pdu.header.command_status, on);
            }
            CommandId::ENQUIRE_LINK => self.link.answer_enquire_link(sequence_number),
            // Having been heard is all that matters.
            CommandId::ENQUIRE_LINK_RESP => {}
            CommandId::GENERIC_NACK => self.nacked(now_ns, pdu, on),
            CommandId::UNBIND => self.unbound_by_peer(now_ns, sequence_number, on),
            CommandId::UNBIND_RESP if matches!(self.phase, Phase::Unbinding { .. }) => {
                on(ServerEvent::Unbound);
                self.close(CloseReason::Unbound, on);
            }
            CommandId::QUERY_SM
            | CommandId::CANCEL_SM
            | CommandId::REPLACE_SM
            | CommandId::SUBMIT_MULTI
            | CommandId::DATA_SM
            | CommandId::BROADCAST_SM
            | CommandId::QUERY_BROADCAST_SM
            | CommandId::CANCEL_BROADCAST_SM => self.other(pdu, on),
            CommandId::ALERT_NOTIFICATION | CommandId::OUTBIND => {
                self.link.counters.ignored += 1;
            }
            other if other.is_response() => self.link.counters.unexpected_responses += 1,
            other => match BindKind::from_command(other) {
                Some(kind) => self.bind(kind, pdu, on),
                None => self
                    .link
                    .nack(CommandStatus::ESME_RINVCMDID, sequence_number),
            },
        }
    }

    fn refuse(&mut self, pdu: &Pdu<'_>, status: CommandStatus) {
        let command_id = pdu.header.command_id.response();
        self.link
            .error(command_id, status, pdu.header.sequence_number);
    }

    fn bind(&mut self, kind: BindKind, pdu: &Pdu<'_>, on: On<'_>) {
        if !matches!(self.phase, Phase::Open { .. }) {
            self.link.counters.wrong_state += 1;
            self.refuse(pdu, CommandStatus::ESME_RALYBND);
            return;
        }
        match Bind::decode(pdu.body, self.settings.strictness) {
            Ok(decoded) => {
                self.link.counters.oddities.add(decoded.oddities);
                let sequence_number = pdu.header.sequence_number;
                self.peer_version = decoded.value.interface_version;
                self.phase = Phase::Judging {
                    sequence: sequence_number,
                    kind,
                };
                on(ServerEvent::Bind {
                    sequence_number,
                    kind,
                    bind: decoded.value,
                });
            }
            Err(fault) => {
                self.link.counters.malformed_bodies += 1;
                self.refuse(pdu, fault.answer);
            }
        }
    }

    /// True when a request may go to the application; else it has been answered.
    #[inline]
    fn may_ask(&mut self, pdu: &Pdu<'_>) -> bool {
        let status = match self.phase {
            Phase::Bound(kind) if kind.can_submit() => {
                if self.owed < self.settings.inbound_window_max {
                    return true;
                }
                self.link.counters.throttled += 1;
                CommandStatus::ESME_RTHROTTLED
            }
            _ => {
                self.link.counters.wrong_state += 1;
                CommandStatus::ESME_RINVBNDSTS
            }
        };
        self.refuse(pdu, status);
        false
    }

    #[inline]
    fn submit(&mut self, pdu: &Pdu<'_>, on: On<'_>) {
        if !self.may_ask(pdu) {
            return;
        }
        match ShortMessage::decode(pdu.body, self.settings.strictness) {
            Ok(decoded) => {
                self.link.counters.oddities.add(decoded.oddities);
                self.owed += 1;
                on(ServerEvent::Submit {
                    sequence_number: pdu.header.sequence_number,
                    sm: decoded.value,
                    oddities: decoded.oddities,
                });
            }
            Err(fault) => {
                self.link.counters.malformed_bodies += 1;
                self.refuse(pdu, fault.answer);
            }
        }
    }

    fn other(&mut self, pdu: &Pdu<'_>, on: On<'_>) {
        if !self.may_ask(pdu) {
            return;
        }
        self.owed += 1;
        on(ServerEvent::Other {
            sequence_number: pdu.header.sequence_number,
            command_id: pdu.header.command_id,
            body: pdu.body,
        });
    }

    fn nacked(&mut self, now_ns: u64, pdu: &Pdu<'_>, on: On<'_>) {
        self.link.counters.nacks_received += 1;
        let found = self.link.settle(now_ns, &pdu.header);
        report(found, nack_status(&pdu.header), on);
        if self.link.is_nacked_too_often() {
            self.close(CloseReason::TooManyNacks, on);
        }
    }

    fn unbound_by_peer(&mut self, now_ns: u64, sequence: u32, on: On<'_>) {
        match self.phase {
            Phase::Bound(_) | Phase::Unbinding { .. } => on(ServerEvent::Unbound),
            Phase::PeerUnbinding { .. } => return,
            _ => {}
        }
        if self.owed == 0 {
            self.let_go(sequence, on);
            return;
        }
        let deadline_ns = now_ns.saturating_add(self.settings.response_timeout_ns);
        self.phase = Phase::PeerUnbinding {
            sequence,
            deadline_ns,
        };
    }
}

#[inline]
fn report(found: Match, status: CommandStatus, on: On<'_>) {
    match found {
        Match::InFlight { ticket, .. } => on(ServerEvent::DeliverResponse { ticket, status }),
        Match::Late { ticket, .. } => on(ServerEvent::DeliverLateResponse { ticket, status }),
        Match::Unknown => {}
    }
}
