//! What an ESME's session does with each PDU that comes in.
//!
//! A response that fits no request is counted and ignored; the request's own time-out settles it.

use crate::frame::Pdu;
use crate::session::client::{ClientSession, Phase};
use crate::session::event::{ClientEvent, CloseReason};
use crate::session::link::nack_status;
use crate::session::version::spoken;
use crate::session::window::Match;
use crate::{
    AlertNotification, BindKind, BindResp, CommandId, CommandStatus, MessageIdBody, Outbind,
    ShortMessage,
};

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
            CommandId::SUBMIT_SM_RESP => self.response(now_ns, pdu, on),
            CommandId::DELIVER_SM | CommandId::DATA_SM => self.deliver(pdu, on),
            CommandId::ENQUIRE_LINK => self.link.answer_enquire_link(sequence_number),
            // Having been heard is all that matters.
            CommandId::ENQUIRE_LINK_RESP => {}
            CommandId::GENERIC_NACK => self.nacked(now_ns, pdu, on),
            CommandId::UNBIND => self.unbound_by_peer(sequence_number, on),
            CommandId::UNBIND_RESP => {
                if matches!(self.phase, Phase::Unbinding { .. }) {
                    on(ClientEvent::Unbound);
                    self.close(CloseReason::Unbound, on);
                } else {
                    self.link.counters.unexpected_responses += 1;
                }
            }
            CommandId::ALERT_NOTIFICATION => self.alerted(pdu, on),
            CommandId::OUTBIND => self.asked_to_bind(pdu, on),
            other if other.is_response() => match BindKind::from_command(other) {
                Some(_) => self.bind_response(pdu, on),
                None => self.response(now_ns, pdu, on),
            },
            _ => self
                .link
                .nack(CommandStatus::ESME_RINVCMDID, sequence_number),
        }
    }

    #[inline]
    fn response(&mut self, now_ns: u64, pdu: &Pdu<'_>, on: On<'_>) {
        let found = self.link.settle(now_ns, &pdu.header);
        self.report(found, pdu.header.command_status, pdu.body, on);
    }

    fn nacked(&mut self, now_ns: u64, pdu: &Pdu<'_>, on: On<'_>) {
        self.link.counters.nacks_received += 1;
        let status = nack_status(&pdu.header);
        // While one request is out, whatever the nack names, it means that one.
        if matches!(self.phase, Phase::Binding { .. }) {
            self.refused(status, on);
            return;
        }
        let found = self.link.settle(now_ns, &pdu.header);
        self.report(found, status, b"", on);
        if self.link.is_nacked_too_often() {
            self.close(CloseReason::TooManyNacks, on);
        }
    }

    #[inline]
    fn report(&mut self, found: Match, status: CommandStatus, body: &[u8], on: On<'_>) {
        let (ticket, command, late) = match found {
            Match::InFlight { ticket, command } => (ticket, command, false),
            Match::Late { ticket, command } => (ticket, command, true),
            Match::Unknown => return,
        };
        if command == CommandId::SUBMIT_SM {
            let decoded = MessageIdBody::decode(body);
            self.link.counters.oddities.add(decoded.oddities);
            let MessageIdBody { message_id, tlvs } = decoded.value;
            on(if late {
                ClientEvent::LateResponse {
                    ticket,
                    status,
                    message_id,
                    tlvs,
                }
            } else {
                ClientEvent::Response {
                    ticket,
                    status,
                    message_id,
                    tlvs,
                }
            });
        } else {
            on(ClientEvent::Answer {
                ticket,
                command,
                status,
                body,
                late,
            });
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
        let interface_version = body.value.interface_version();
        self.agree_on_version(interface_version);
        on(ClientEvent::Bound {
            system_id: body.value.system_id,
            interface_version,
        });
    }

    fn agree_on_version(&mut self, peer: Option<u8>) {
        let ours = self.settings.interface_version;
        self.version = spoken(ours, peer);
        let differs = peer.is_some_and(|peer| peer != ours);
        let counts = differs && !self.settings.version_lie_ok;
        self.link.counters.version_mismatches += u64::from(counts);
    }

    fn asked_to_bind(&mut self, pdu: &Pdu<'_>, on: On<'_>) {
        if !matches!(self.phase, Phase::AwaitingOutbind { .. }) {
            self.link.counters.ignored += 1;
            return;
        }
        match Outbind::decode(pdu.body, self.settings.strictness) {
            Ok(decoded) => {
                self.link.counters.oddities.add(decoded.oddities);
                on(ClientEvent::Outbind {
                    system_id: decoded.value.system_id,
                    password: decoded.value.password,
                });
            }
            // It has no response; the time-out ends the connection.
            Err(_) => self.link.counters.malformed_bodies += 1,
        }
    }

    fn alerted(&mut self, pdu: &Pdu<'_>, on: On<'_>) {
        if self.is_before_bound() {
            self.link.counters.ignored += 1;
            return;
        }
        match AlertNotification::decode(pdu.body, self.settings.strictness) {
            Ok(decoded) => {
                self.link.counters.oddities.add(decoded.oddities);
                let AlertNotification { source, esme, tlvs } = decoded.value;
                on(ClientEvent::Alert { source, esme, tlvs });
            }
            // It has no response.
            Err(_) => self.link.counters.malformed_bodies += 1,
        }
    }

    const fn is_before_bound(&self) -> bool {
        matches!(
            self.phase,
            Phase::Binding { .. } | Phase::AwaitingOutbind { .. }
        )
    }

    fn refused(&mut self, status: CommandStatus, on: On<'_>) {
        on(ClientEvent::BindRefused { status });
        self.close(CloseReason::BindRefused(status), on);
    }

    fn unbound_by_peer(&mut self, sequence_number: u32, on: On<'_>) {
        let status = CommandStatus::ESME_ROK;
        self.link
            .header_only(CommandId::UNBIND_RESP, status, sequence_number);
        if matches!(self.phase, Phase::Bound | Phase::Leaving) {
            self.phase = Phase::PeerUnbound;
            on(ClientEvent::Unbound);
        } else if self.is_before_bound() {
            self.close(CloseReason::PeerUnbound, on);
        }
        self.close_if_done(on);
    }

    #[inline]
    fn deliver(&mut self, pdu: &Pdu<'_>, on: On<'_>) {
        let sequence_number = pdu.header.sequence_number;
        let command = pdu.header.command_id;
        if self.is_before_bound() {
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
