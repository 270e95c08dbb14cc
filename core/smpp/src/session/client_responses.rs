//! What an ESME's session does with each PDU that comes in.
//!
//! A response that fits no request is counted and ignored; the request's own time-out settles it.

use crate::frame::Pdu;
use crate::session::client::{ClientSession, Phase};
use crate::session::event::{ClientEvent, CloseReason};
use crate::session::link::nack_status;
use crate::session::window::Match;
use crate::{BindKind, BindResp, CommandId, CommandStatus, MessageIdBody, ShortMessage};

type On<'o> = &'o mut dyn FnMut(ClientEvent<'_>);

impl ClientSession {
    /// Bytes came in, cut anywhere: reports every whole PDU in order and keeps the rest.
    pub fn receive(&mut self, now_ns: u64, bytes: &[u8], on: &mut dyn FnMut(ClientEvent<'_>)) {
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
        match pdu.header.command_id {
            CommandId::SUBMIT_SM_RESP => self.response(pdu, on),
            CommandId::DELIVER_SM | CommandId::DATA_SM => self.deliver(pdu, on),
            CommandId::ENQUIRE_LINK => self.link.answer_enquire_link(sequence_number),
            // Having been heard is all that matters.
            CommandId::ENQUIRE_LINK_RESP => {}
            CommandId::GENERIC_NACK => self.nacked(pdu, on),
            CommandId::UNBIND => self.unbound_by_peer(sequence_number, on),
            CommandId::UNBIND_RESP => {
                if matches!(self.phase, Phase::Unbinding { .. }) {
                    on(ClientEvent::Unbound);
                    self.close(CloseReason::Unbound, on);
                } else {
                    self.link.counters.unexpected_responses += 1;
                }
            }
            CommandId::ALERT_NOTIFICATION | CommandId::OUTBIND => {
                self.link.counters.ignored += 1;
            }
            other if other.is_response() => match BindKind::from_command(other) {
                Some(_) => self.bind_response(pdu, on),
                None => self.response(pdu, on),
            },
            _ => self
                .link
                .nack(CommandStatus::ESME_RINVCMDID, sequence_number),
        }
    }

    #[inline]
    fn response(&mut self, pdu: &Pdu<'_>, on: On<'_>) {
        let found = self.link.settle(&pdu.header);
        if found == Match::Unknown {
            return;
        }
        let body = MessageIdBody::decode(pdu.body);
        self.link.counters.oddities.add(body.oddities);
        self.report(found, pdu.header.command_status, body.value.message_id, on);
    }

    fn nacked(&mut self, pdu: &Pdu<'_>, on: On<'_>) {
        self.link.counters.nacks_received += 1;
        let status = nack_status(&pdu.header);
        // While one request is out, whatever the nack names, it means that one.
        if matches!(self.phase, Phase::Binding { .. }) {
            self.refused(status, on);
            return;
        }
        let found = self.link.settle(&pdu.header);
        self.report(found, status, b"", on);
        if self.link.is_nacked_too_often() {
            self.close(CloseReason::TooManyNacks, on);
        }
    }

    #[inline]
    fn report(&mut self, found: Match, status: CommandStatus, message_id: &[u8], on: On<'_>) {
        match found {
            Match::InFlight(ticket) => on(ClientEvent::Response {
                ticket,
                status,
                message_id,
            }),
            Match::Late(ticket) => on(ClientEvent::LateResponse {
                ticket,
                status,
                message_id,
            }),
            Match::Unknown => {}
        }
        self.close_if_done(on);
    }

    fn bind_response(&mut self, pdu: &Pdu<'_>, on: On<'_>) {
        let expected = matches!(self.phase, Phase::Binding { sequence, .. }
            if sequence == pdu.header.sequence_number);
        if !expected {
            self.link.counters.unexpected_responses += 1;
            return;
        }
        if !pdu.header.command_status.is_ok() {
            self.refused(pdu.header.command_status, on);
            return;
        }
        let body = BindResp::decode(pdu.body);
        self.link.counters.oddities.add(body.oddities);
        self.phase = Phase::Bound;
        on(ClientEvent::Bound {
            system_id: body.value.system_id,
            interface_version: body.value.interface_version(),
        });
    }

    fn refused(&mut self, status: CommandStatus, on: On<'_>) {
        on(ClientEvent::BindRefused { status });
        self.close(CloseReason::BindRefused(status), on);
    }

    fn unbound_by_peer(&mut self, sequence_number: u32, on: On<'_>) {
        let status = CommandStatus::ESME_ROK;
        self.link
            .header_only(CommandId::UNBIND_RESP, status, sequence_number);
        if self.phase == Phase::Bound {
            self.phase = Phase::PeerUnbound;
            on(ClientEvent::Unbound);
        } else if matches!(self.phase, Phase::Binding { .. }) {
            self.close(CloseReason::PeerUnbound, on);
        }
        self.close_if_done(on);
    }

    #[inline]
    fn deliver(&mut self, pdu: &Pdu<'_>, on: On<'_>) {
        let sequence_number = pdu.header.sequence_number;
        let command = pdu.header.command_id;
        if matches!(self.phase, Phase::Binding { .. }) {
            self.link.counters.wrong_state += 1;
            let status = CommandStatus::ESME_RINVBNDSTS;
            self.answer_deliver(sequence_number, command, status);
            return;
        }
        let decoded = if command == CommandId::DATA_SM {
            ShortMessage::decode_data_sm(pdu.body, self.settings.strictness)
        } else {
            ShortMessage::decode(pdu.body, self.settings.strictness)
        };
        match decoded {
            Ok(decoded) => {
                self.link.counters.oddities.add(decoded.oddities);
                on(ClientEvent::Deliver {
                    sequence_number,
                    sm: decoded.value,
                    command,
                    oddities: decoded.oddities,
                });
            }
            Err(fault) => {
                self.link.counters.malformed_bodies += 1;
                self.answer_deliver(sequence_number, command, fault.answer);
            }
        }
    }
}
