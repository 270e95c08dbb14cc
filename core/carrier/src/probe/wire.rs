//! One connection: a session that keeps the protocol, and a look at every PDU that comes in.

use carrack_smpp::{
    BindKind, ClientEvent, ClientSession, ClientSettings, CloseReason, CommandId, CommandStatus,
    HEADER_OCTETS, PDU_OCTETS_MAX_DEFAULT, Pdu, ShortMessage, Strictness, split_frame,
};

use super::observation::{
    Answer, BindSeen, DeliverSeen, EndSeen, GoodbyeSeen, Instead, Observations,
};
use super::plan::Plan;
use super::script::Wire;

/// Connections that a probe holds at most.
pub const WIRES: usize = 2;
/// First sequence number of the session's own PDUs; the probe's begin at 1.
const SESSION_SEQUENCE_FIRST: u32 = 0x1000_0000;
/// A time between `enquire_link` of ours.
const ENQUIRE_IDLE_NS: u64 = 20_000_000_000;
const UNBIND_WAIT_NS: u64 = 5_000_000_000;
/// Octets that are kept of what is no PDU.
const GARBAGE_OCTETS_MAX: usize = 24;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Idle,
    Connecting,
    Binding,
    Bound,
    Leaving,
    /// The other side unbound: what it owes is awaited until then.
    Draining {
        until_ns: u64,
    },
}

pub(super) struct Line {
    wire: Wire,
    pub(super) phase: Phase,
    pub(super) kind: BindKind,
    /// Counts connections.
    pub(super) connection: u32,
    session: ClientSession,
    inbox: Vec<u8>,
    output: Vec<u8>,
    submits: u32,
    has_peer_unbound: bool,
    goodbye: Option<usize>,
    /// When the connection stood.
    stood_ns: u64,
    /// PDUs came on this connection.
    has_spoken: bool,
    /// First octets of what is no PDU.
    garbage: Option<Vec<u8>>,
    /// Sequence number of a bind response that answers no bind.
    foreign: Option<u32>,
}

impl Line {
    pub(super) fn new(wire: Wire, plan: &Plan) -> Self {
        Self {
            wire,
            phase: Phase::Idle,
            kind: BindKind::Transceiver,
            connection: 0,
            session: ClientSession::new(settings(plan, BindKind::Transceiver), 1),
            inbox: Vec::new(),
            output: Vec::new(),
            submits: 0,
            has_peer_unbound: false,
            goodbye: None,
            stood_ns: 0,
            has_spoken: false,
            garbage: None,
            foreign: None,
        }
    }

    pub(super) fn is_bound(&self) -> bool {
        self.phase == Phase::Bound && self.session.is_bound()
    }

    /// A connection stands: binds.
    pub(super) fn connected(&mut self, now_ns: u64, plan: &Plan, seen: &mut Observations) {
        self.session = ClientSession::new(settings(plan, self.kind), SESSION_SEQUENCE_FIRST);
        self.session.connected(now_ns);
        self.phase = Phase::Binding;
        self.inbox.clear();
        self.output.clear();
        self.submits = 0;
        self.has_peer_unbound = false;
        self.goodbye = None;
        self.stood_ns = now_ns;
        self.has_spoken = false;
        self.garbage = None;
        self.foreign = None;
        let at = seen.moment(now_ns);
        seen.binds.push(BindSeen {
            wire: self.wire,
            kind: self.kind,
            at,
            answer: None,
            instead: None,
        });
    }

    /// What is to be written, last words of a connection included.
    pub(super) fn output(&mut self) -> &mut Vec<u8> {
        self.output.append(self.session.output());
        &mut self.output
    }

    pub(super) fn count_submit(&mut self) {
        self.submits += 1;
    }

    /// Octets came.
    pub(super) fn received(
        &mut self,
        now_ns: u64,
        octets: &[u8],
        seen: &mut Observations,
    ) -> Option<CloseReason> {
        seen.reads.reads += 1;
        seen.reads.octets += octets.len() as u64;
        self.inbox.extend_from_slice(octets);
        let mut inbox = std::mem::take(&mut self.inbox);
        let mut at = 0;
        while let Some(rest) = inbox.get(at..) {
            match split_frame(rest, PDU_OCTETS_MAX_DEFAULT) {
                Ok(Some((pdu, length))) => {
                    seen.reads.pdus += 1;
                    self.has_spoken = true;
                    self.note(now_ns, &pdu, seen);
                    at += length;
                }
                Ok(None) => {
                    seen.reads.split_headers += u64::from((1..HEADER_OCTETS).contains(&rest.len()));
                    break;
                }
                Err(_) => {
                    if self.garbage.is_none() {
                        seen.reads.lost_frames += 1;
                        let first = rest.iter().take(GARBAGE_OCTETS_MAX);
                        self.garbage = Some(first.copied().collect());
                    }
                    break;
                }
            }
        }
        inbox.drain(..at.min(inbox.len()));
        self.inbox = inbox;
        self.run(|session, on| session.receive(now_ns, octets, on))
    }

    /// Time passes.
    pub(super) fn tick(&mut self, now_ns: u64) -> Option<CloseReason> {
        if matches!(
            self.phase,
            Phase::Idle | Phase::Connecting | Phase::Draining { .. }
        ) {
            return None;
        }
        self.run(|session, on| session.tick(now_ns, on))
    }

    /// Runs the session, answers what it delivers, and tells why it wants to end.
    fn run(
        &mut self,
        what: impl FnOnce(&mut ClientSession, &mut dyn FnMut(ClientEvent<'_>)),
    ) -> Option<CloseReason> {
        let mut delivered = Vec::new();
        let (mut is_bound, mut close) = (false, None);
        what(&mut self.session, &mut |event| match event {
            ClientEvent::Bound { .. } => is_bound = true,
            ClientEvent::Deliver {
                sequence_number,
                command,
                ..
            } => delivered.push((sequence_number, command)),
            ClientEvent::Close { reason } => close = Some(reason),
            _ => {}
        });
        for (sequence_number, command) in delivered {
            self.session
                .answer_deliver(sequence_number, command, CommandStatus::ESME_ROK);
        }
        if is_bound && self.phase == Phase::Binding {
            self.phase = Phase::Bound;
        }
        close
    }

    pub(super) fn unbind(&mut self, now_ns: u64, seen: &mut Observations) {
        self.session.unbind(now_ns);
        self.phase = Phase::Leaving;
        let asked = seen.moment(now_ns);
        self.goodbye = Some(seen.goodbyes.len());
        seen.goodbyes.push((
            self.wire,
            GoodbyeSeen {
                asked,
                answered: None,
                peer_was_first: self.has_peer_unbound,
            },
        ));
    }

    /// What came on a connection whose bind has no answer.
    fn instead(&self, by_peer: bool) -> Instead {
        if let Some(sequence) = self.foreign {
            Instead::Foreign(sequence)
        } else if let Some(octets) = &self.garbage {
            Instead::Octets(octets.clone())
        } else if !self.inbox.is_empty() && !self.has_spoken {
            let first = self.inbox.iter().take(GARBAGE_OCTETS_MAX);
            Instead::Octets(first.copied().collect())
        } else if self.has_spoken {
            Instead::Pdus
        } else if by_peer {
            Instead::Closed
        } else {
            Instead::Nothing
        }
    }

    /// The connection is gone, or is to go.
    pub(super) fn ended(
        &mut self,
        now_ns: u64,
        reason: String,
        by_peer: bool,
        seen: &mut Observations,
    ) {
        if matches!(self.phase, Phase::Idle) {
            return;
        }
        if self.phase == Phase::Binding {
            let instead = self.instead(by_peer);
            let mut binds = seen.binds.iter_mut().rev();
            if let Some(bind) = binds.find(|bind| bind.wire == self.wire && bind.answer.is_none()) {
                bind.instead = Some(instead);
            }
        }
        let at = seen.moment(now_ns);
        seen.ends.push(EndSeen {
            wire: self.wire,
            at,
            unbind: self.has_peer_unbound,
            was_wanted: matches!(self.phase, Phase::Leaving),
            was_bound: !matches!(self.phase, Phase::Connecting | Phase::Binding),
            age_ns: now_ns.saturating_sub(self.stood_ns),
            reason,
            garbage: self.garbage.take(),
            submits: self.submits,
            connection: self.connection,
        });
        self.output.append(self.session.output());
        self.session.disconnected(&mut |_| {});
        self.phase = Phase::Idle;
        self.connection += 1;
    }

    pub(super) fn next_deadline_ns(&self) -> Option<u64> {
        match self.phase {
            Phase::Idle | Phase::Connecting => None,
            Phase::Draining { until_ns } => Some(until_ns),
            _ => self.session.next_deadline_ns(),
        }
    }

    /// Looks at one PDU before the session does.
    fn note(&mut self, now_ns: u64, pdu: &Pdu<'_>, seen: &mut Observations) {
        let (command, sequence) = (pdu.header.command_id, pdu.header.sequence_number);
        if !command.is_response() {
            let forgotten = &mut seen.forgotten;
            Observations::keep(&mut seen.sequences, forgotten, sequence);
        }
        match command {
            CommandId::DELIVER_SM | CommandId::DATA_SM => self.note_deliver(now_ns, pdu, seen),
            CommandId::ENQUIRE_LINK if self.phase == Phase::Binding => {
                seen.enquiries_before_bind += 1
            }
            CommandId::ENQUIRE_LINK => {
                let at = seen.moment(now_ns);
                Observations::keep(&mut seen.enquiries, &mut seen.forgotten, at);
            }
            CommandId::UNBIND => self.has_peer_unbound = true,
            CommandId::UNBIND_RESP => {
                let at = seen.moment(now_ns);
                if let Some((_, goodbye)) = self.goodbye.and_then(|at| seen.goodbyes.get_mut(at)) {
                    goodbye.answered.get_or_insert(at);
                }
            }
            CommandId::ALERT_NOTIFICATION => seen.alerts += 1,
            CommandId::OUTBIND => seen.outbinds += 1,
            _ if command.is_response() => self.note_answer(now_ns, pdu, seen),
            _ => {}
        }
    }

    fn note_answer(&mut self, now_ns: u64, pdu: &Pdu<'_>, seen: &mut Observations) {
        let (command, sequence) = (pdu.header.command_id, pdu.header.sequence_number);
        let answer = Answer {
            at: seen.moment(now_ns),
            command,
            status: pdu.header.command_status,
            body: pdu.body.to_vec(),
        };
        let is_nack = command == CommandId::GENERIC_NACK;
        let is_bind = BindKind::from_command(command).is_some();
        if is_bind && sequence != SESSION_SEQUENCE_FIRST {
            self.foreign.get_or_insert(sequence);
        } else if is_bind || (is_nack && self.phase == Phase::Binding) {
            let wire = self.wire;
            let mut binds = seen.binds.iter_mut().rev();
            if let Some(bind) = binds.find(|bind| bind.wire == wire && bind.answer.is_none()) {
                bind.answer = Some(answer);
            }
        } else if let Some(submit) = seen.submit_with(sequence) {
            submit.answers.push(answer);
        } else if let Some(ask) = seen.ask_with(sequence) {
            ask.answer.get_or_insert(answer);
        } else if is_nack {
            seen.nacks_without_request += 1;
        } else if command != CommandId::ENQUIRE_LINK_RESP {
            Observations::keep(&mut seen.strays, &mut seen.forgotten, (command, sequence));
        }
    }

    fn note_deliver(&mut self, now_ns: u64, pdu: &Pdu<'_>, seen: &mut Observations) {
        let decoded = if pdu.header.command_id == CommandId::DATA_SM {
            ShortMessage::decode_data_sm(pdu.body, Strictness::Tolerant)
        } else {
            ShortMessage::decode(pdu.body, Strictness::Tolerant)
        };
        let Ok(decoded) = decoded else {
            seen.bodies_unreadable += 1;
            return;
        };
        let sm = decoded.value;
        let at = seen.moment(now_ns);
        let deliver = DeliverSeen {
            at,
            wire: self.wire,
            command: pdu.header.command_id,
            source: sm.source.addr.to_vec(),
            destination: sm.destination.addr.to_vec(),
            esm_class: sm.esm_class,
            data_coding: sm.data_coding,
            short_message: sm.short_message.to_vec(),
            tlvs: sm
                .tlvs
                .iter()
                .map(|tlv| (tlv.tag, tlv.value.to_vec()))
                .collect(),
            oddities: decoded.oddities,
            submits_before: seen.submits.len(),
        };
        Observations::keep(&mut seen.delivers, &mut seen.forgotten, deliver);
    }
}

fn settings(plan: &Plan, bind: BindKind) -> ClientSettings {
    ClientSettings {
        bind,
        system_id: plan.account.system_id.clone(),
        password: plan.account.password.clone(),
        system_type: plan.account.system_type.clone(),
        interface_version: plan.account.interface_version,
        bind_timeout_ns: plan.response_wait_ns,
        unbind_timeout_ns: UNBIND_WAIT_NS.min(plan.response_wait_ns),
        enquire_link_idle_ns: ENQUIRE_IDLE_NS,
        // Silence is what is looked for; it does not end the talk.
        enquire_link_misses_max: u32::MAX,
        nacks_unmatched_max: u32::MAX,
        ..ClientSettings::default()
    }
}
