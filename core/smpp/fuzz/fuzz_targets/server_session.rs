//! An SMSC's session fed by script: octets as they come, verdicts, delivers, time. It must not panic,
//! must tell each deliver's end once, must write whole PDUs only, and must come to an end.
#![no_main]

use carrack_smpp::{
    Address, AlertNotification, Bind, BindKind, CommandId, CommandStatus, Header, Outbind,
    ServerEvent, ServerSession, ServerSettings, ShortMessage, encode_bind, encode_submit_sm,
    split_frame,
};
use libfuzzer_sys::fuzz_target;
use std::collections::BTreeSet;

const SECOND: u64 = 1_000_000_000;

struct World {
    session: ServerSession,
    now: u64,
    next_ticket: u64,
    in_flight: BTreeSet<u64>,
    uncertain: BTreeSet<u64>,
    requests: Vec<(u32, CommandId)>,
    binds: Vec<u32>,
    closed: bool,
}

fuzz_target!(|script: &[u8]| {
    let Some((&[window, flags], mut script)) = script.split_first_chunk::<2>() else {
        return;
    };
    let settings = ServerSettings {
        system_id: b"smsc".to_vec(),
        window: u32::from(window % 16) + 1,
        response_timeout_ns: 10 * SECOND,
        output_octets_max: 4096,
        inbound_window_max: 8,
        late_responses_max: 8,
        error_body_nul: flags & 1 != 0,
        ..ServerSettings::default()
    };
    let mut session = ServerSession::new(settings, 0x7FFF_FFFE);
    session.connected(0);
    let mut world = World {
        session,
        now: 0,
        next_ticket: 0,
        in_flight: BTreeSet::new(),
        uncertain: BTreeSet::new(),
        requests: Vec::new(),
        binds: Vec::new(),
        closed: false,
    };
    while let Some((&step, rest)) = script.split_first() {
        script = world.step(step, rest);
    }
    world.end();
});

impl World {
    fn step<'a>(&mut self, step: u8, rest: &'a [u8]) -> &'a [u8] {
        let argument = rest.first().copied().unwrap_or_default();
        match step % 10 {
            0 => {
                let length = usize::from(argument).min(rest.len().saturating_sub(1));
                let (bytes, rest) = rest.get(1..).unwrap_or_default().split_at(length);
                self.receive(bytes);
                return rest;
            }
            1 => self.deliver(argument),
            2 => {
                self.now += u64::from(argument) * SECOND / 8;
                self.tick();
            }
            3 => self.bind(argument),
            4 => self.respond(argument),
            5 => self.session.unbind(self.now),
            6 => self.submit(argument),
            7 => self.answer_all(argument),
            8 => self.drain(),
            _ => self.ask(argument),
        }
        rest.get(1..).unwrap_or_default()
    }

    fn bind(&mut self, argument: u8) {
        let kinds = [
            BindKind::Transceiver,
            BindKind::Transmitter,
            BindKind::Receiver,
        ];
        let bind = Bind {
            system_id: b"esme",
            interface_version: [0, 0x33, 0x34, 0x50][usize::from(argument / 64)],
            ..Bind::default()
        };
        let mut bytes = Vec::new();
        let kind = kinds[usize::from(argument % 3)];
        encode_bind(&mut bytes, u32::from(argument), kind, &bind).expect("plain");
        self.receive(&bytes);
        for sequence in std::mem::take(&mut self.binds) {
            if argument % 7 == 0 {
                let status = CommandStatus(u32::from(argument));
                self.session.refuse_bind(sequence, status);
            } else {
                self.session.accept_bind(sequence);
            }
        }
    }

    fn submit(&mut self, argument: u8) {
        let sm = ShortMessage {
            destination: Address::international(b"447946000001"),
            ..ShortMessage::default()
        };
        let mut bytes = Vec::new();
        encode_submit_sm(&mut bytes, u32::from(argument), &sm).expect("plain");
        self.receive(&bytes);
    }

    fn answer_all(&mut self, argument: u8) {
        for (sequence, command) in std::mem::take(&mut self.requests) {
            let status = CommandStatus(u32::from(argument & 1));
            match argument % 3 {
                0 => self.session.answer(sequence, command, status, b"id"),
                1 => self.session.answer(sequence, command, status, b""),
                _ => self.session.leave_unanswered(),
            }
        }
        assert_eq!(self.session.owed(), 0);
    }

    fn ask(&mut self, argument: u8) {
        if argument % 2 == 0 {
            let outbind = Outbind {
                system_id: b"smsc",
                password: b"pw",
            };
            self.session.outbind(&outbind).expect("plain");
        } else {
            let alert = AlertNotification::default();
            let _ = self.session.alert(&alert);
        }
    }

    fn deliver(&mut self, argument: u8) {
        let text = [b'x'; 300];
        let sm = ShortMessage {
            short_message: &text[..usize::from(argument)],
            ..ShortMessage::default()
        };
        let ticket = self.next_ticket;
        let before = self.session.output().len();
        let sent = if argument % 4 == 0 {
            self.session.deliver_data_sm(self.now, ticket, &sm)
        } else {
            self.session.deliver(self.now, ticket, &sm)
        };
        match sent {
            Ok(_) => {
                self.next_ticket += 1;
                self.in_flight.insert(ticket);
            }
            Err(_) => assert_eq!(self.session.output().len(), before),
        }
    }

    fn respond(&mut self, argument: u8) {
        let commands = [
            CommandId::DELIVER_SM_RESP,
            CommandId::DATA_SM_RESP,
            CommandId::GENERIC_NACK,
            CommandId::ENQUIRE_LINK_RESP,
        ];
        let header = Header {
            command_length: 17,
            command_id: commands[usize::from(argument % 4)],
            command_status: CommandStatus::ESME_ROK,
            sequence_number: u32::from(argument / 4),
        };
        let mut bytes = header.encode().to_vec();
        bytes.push(0);
        self.receive(&bytes);
    }

    fn receive(&mut self, bytes: &[u8]) {
        let mut events = Events::default();
        self.session
            .receive(self.now, bytes, &mut |event| events.note(&event));
        self.apply(events);
    }

    fn tick(&mut self) {
        let mut events = Events::default();
        self.session
            .tick(self.now, &mut |event| events.note(&event));
        self.apply(events);
        if let Some(deadline) = self.session.next_deadline_ns() {
            assert!(deadline > self.now, "a deadline that ticking does not clear");
        }
    }

    fn apply(&mut self, events: Events) {
        for ticket in events.answered {
            assert!(self.in_flight.remove(&ticket), "answered out of turn");
        }
        for ticket in events.timed_out {
            assert!(self.in_flight.remove(&ticket), "timed out out of turn");
            self.uncertain.insert(ticket);
        }
        for ticket in events.late {
            assert!(self.uncertain.remove(&ticket), "late out of turn");
        }
        self.requests.extend(events.requests);
        self.binds.extend(events.binds);
        assert!(!(self.closed && events.closed), "closed twice");
        self.closed |= events.closed;
        assert_eq!(self.in_flight.len(), self.session.in_flight() as usize);
        assert!(self.session.owed() <= 8, "above the inbound window");
    }

    fn drain(&mut self) {
        let output = std::mem::take(self.session.output());
        let mut rest = output.as_slice();
        while let Some((_, length)) = split_frame(rest, 1 << 20).expect("framed") {
            rest = &rest[length..];
        }
        assert!(rest.is_empty(), "half a PDU in the output");
    }

    fn end(&mut self) {
        self.drain();
        // A bind that nobody judges waits for its judge.
        for sequence in std::mem::take(&mut self.binds) {
            self.session
                .refuse_bind(sequence, CommandStatus::ESME_RBINDFAIL);
        }
        for _ in 0..8 {
            self.now += 60 * SECOND;
            self.tick();
        }
        assert!(self.closed, "a silent peer ends the session");
        let in_flight = &mut self.in_flight;
        self.session.disconnected(&mut |event| {
            if let ServerEvent::DeliverUnanswered { ticket } = event {
                assert!(in_flight.remove(&ticket));
            }
        });
        assert!(self.in_flight.is_empty());
    }
}

/// Events of one call.
#[derive(Default)]
struct Events {
    answered: Vec<u64>,
    timed_out: Vec<u64>,
    late: Vec<u64>,
    requests: Vec<(u32, CommandId)>,
    binds: Vec<u32>,
    closed: bool,
}

impl Events {
    fn note(&mut self, event: &ServerEvent<'_>) {
        match *event {
            ServerEvent::Bind {
                sequence_number, ..
            } => self.binds.push(sequence_number),
            ServerEvent::Submit {
                sequence_number, ..
            } => self.requests.push((sequence_number, CommandId::SUBMIT_SM)),
            ServerEvent::Other {
                sequence_number,
                command_id,
                ..
            } => self.requests.push((sequence_number, command_id)),
            ServerEvent::DeliverResponse { ticket, .. } => self.answered.push(ticket),
            ServerEvent::DeliverTimedOut { ticket } => self.timed_out.push(ticket),
            ServerEvent::DeliverLateResponse { ticket, .. } => self.late.push(ticket),
            ServerEvent::Close { .. } => self.closed = true,
            _ => {}
        }
    }
}
