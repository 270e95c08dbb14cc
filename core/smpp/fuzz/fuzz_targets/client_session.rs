//! An ESME's session fed by script: octets as they come, requests, time. It must not panic, must tell
//! each ticket's end once, must write whole PDUs only, and must come to an end.
#![no_main]

use carrack_smpp::{
    Address, BindKind, ClientEvent, ClientSession, ClientSettings, CommandId, CommandStatus,
    Header, QuerySm, Request, ShortMessage, split_frame,
};
use libfuzzer_sys::fuzz_target;
use std::collections::BTreeMap;

const SECOND: u64 = 1_000_000_000;

/// What is known of a ticket.
#[derive(Clone, Copy, PartialEq)]
enum State {
    InFlight,
    Uncertain,
    Settled,
}

struct World {
    session: ClientSession,
    now: u64,
    tickets: BTreeMap<u64, State>,
    answers_owed: Vec<(u32, CommandId)>,
    outbind: bool,
    closed: bool,
}

fuzz_target!(|script: &[u8]| {
    let Some((&[kind, window, flags], mut script)) = script.split_first_chunk::<3>() else {
        return;
    };
    let settings = ClientSettings {
        bind: [
            BindKind::Transceiver,
            BindKind::Transmitter,
            BindKind::Receiver,
        ][usize::from(kind % 3)],
        system_id: b"esme".to_vec(),
        window: u32::from(window % 16) + 1,
        response_timeout_ns: 10 * SECOND,
        output_octets_max: 4096,
        late_responses_max: 8,
        slot_patience: flags & 1 != 0,
        error_body_nul: flags & 2 != 0,
        version_lie_ok: flags & 4 != 0,
        ..ClientSettings::default()
    };
    let mut world = World {
        session: ClientSession::new(settings, 0x7FFF_FFFE),
        now: 0,
        tickets: BTreeMap::new(),
        answers_owed: Vec::new(),
        outbind: false,
        closed: false,
    };
    if flags & 8 == 0 {
        world.session.connected(0);
    } else {
        world.session.connected_by_peer(0);
    }
    while let Some((&step, rest)) = script.split_first() {
        script = world.step(step, rest);
    }
    world.end();
});

impl World {
    /// One step of the script; what it did not use comes back.
    fn step<'a>(&mut self, step: u8, rest: &'a [u8]) -> &'a [u8] {
        let argument = rest.first().copied().unwrap_or_default();
        match step % 10 {
            0 => {
                let length = usize::from(argument).min(rest.len().saturating_sub(1));
                let (bytes, rest) = rest.get(1..).unwrap_or_default().split_at(length);
                self.receive(bytes);
                return rest;
            }
            1 => self.request(argument),
            2 => {
                self.now += u64::from(argument) * SECOND / 8;
                self.tick();
            }
            3 => self.answer_bind(argument),
            4 => self.respond(argument),
            5 => self.session.unbind(self.now),
            6 => self.session.bind(self.now),
            7 => {
                for (sequence, command) in std::mem::take(&mut self.answers_owed) {
                    let status = CommandStatus(u32::from(argument & 1));
                    self.session.answer_deliver(sequence, command, status);
                }
            }
            8 => self.drain(),
            _ => self.reconnect(),
        }
        rest.get(1..).unwrap_or_default()
    }

    fn request(&mut self, argument: u8) {
        let ticket = self.tickets.len() as u64;
        let text = [b'x'; 300];
        let sm = ShortMessage {
            destination: Address::international(b"447946000001"),
            short_message: &text[..usize::from(argument)],
            ..ShortMessage::default()
        };
        let query = QuerySm {
            message_id: b"1",
            ..QuerySm::default()
        };
        let request = match argument % 5 {
            0 => Request::Query(&query),
            1 => Request::Data(&sm),
            2 => Request::Other {
                command_id: CommandId(u32::from(argument)),
                body: &text,
            },
            _ => Request::Submit(&sm),
        };
        let before = self.session.output().len();
        match self.session.request(self.now, ticket, &request) {
            Ok(sequence) => {
                assert!((1..=0x7FFF_FFFF).contains(&sequence));
                self.tickets.insert(ticket, State::InFlight);
            }
            Err(_) => assert_eq!(self.session.output().len(), before),
        }
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

    fn pdu(&mut self, command_id: CommandId, status: u32, sequence_number: u32, body: &[u8]) {
        let header = Header {
            command_length: 16 + body.len() as u32,
            command_id,
            command_status: CommandStatus(status),
            sequence_number,
        };
        let mut bytes = header.encode().to_vec();
        bytes.extend_from_slice(body);
        self.receive(&bytes);
    }

    fn answer_bind(&mut self, argument: u8) {
        let kind = self.session.settings().bind;
        let body = [b'x', 0, 2, 0x10, 0, 1, 0x30 | argument % 6];
        let command = kind.command_id().response();
        for sequence in [0x7FFF_FFFE, 0x7FFF_FFFF, 1, 2] {
            self.pdu(command, u32::from(argument / 250), sequence, &body);
        }
    }

    fn respond(&mut self, argument: u8) {
        let commands = [
            CommandId::SUBMIT_SM_RESP,
            CommandId::QUERY_SM_RESP,
            CommandId::DATA_SM_RESP,
            CommandId::GENERIC_NACK,
        ];
        let command = commands[usize::from(argument % 4)];
        self.pdu(command, 0, u32::from(argument / 4), b"id\0");
    }

    fn apply(&mut self, events: Events) {
        for ticket in events.answered {
            let state = self.tickets.insert(ticket, State::Settled);
            assert!(state == Some(State::InFlight), "answered out of turn");
        }
        for ticket in events.timed_out {
            let state = self.tickets.insert(ticket, State::Uncertain);
            assert!(state == Some(State::InFlight), "timed out out of turn");
        }
        for ticket in events.late {
            let state = self.tickets.insert(ticket, State::Settled);
            assert!(state == Some(State::Uncertain), "late out of turn");
        }
        for ticket in events.unanswered {
            let state = self.tickets.insert(ticket, State::Settled);
            assert!(state == Some(State::InFlight), "unanswered out of turn");
        }
        self.answers_owed.extend(events.delivers);
        self.outbind |= events.outbind;
        assert!(!(self.closed && events.closed), "closed twice");
        self.closed |= events.closed;
        assert_eq!(self.closed, self.session.is_closed());
        let window = self.session.settings().window;
        assert!(self.session.in_flight() <= window);
        let in_flight = self.tickets.values().filter(|s| **s == State::InFlight);
        assert_eq!(in_flight.count(), self.session.in_flight() as usize);
    }

    fn drain(&mut self) {
        let output = std::mem::take(self.session.output());
        let mut rest = output.as_slice();
        while let Some((_, length)) = split_frame(rest, 1 << 20).expect("framed") {
            rest = &rest[length..];
        }
        assert!(rest.is_empty(), "half a PDU in the output");
    }

    fn reconnect(&mut self) {
        self.disconnect();
        self.session.connected(self.now);
        self.closed = false;
        self.answers_owed.clear();
        for state in self.tickets.values_mut() {
            assert!(*state != State::InFlight);
        }
    }

    fn disconnect(&mut self) {
        let mut events = Events::default();
        self.session
            .disconnected(&mut |event| events.note(&event));
        self.closed = true;
        self.apply(events);
        assert_eq!(self.session.in_flight(), 0);
    }

    fn end(&mut self) {
        self.drain();
        for _ in 0..8 {
            self.now += 60 * SECOND;
            self.tick();
        }
        assert!(self.closed, "a silent peer ends the session");
        self.disconnect();
    }
}

/// Events of one call.
#[derive(Default)]
struct Events {
    answered: Vec<u64>,
    timed_out: Vec<u64>,
    late: Vec<u64>,
    unanswered: Vec<u64>,
    delivers: Vec<(u32, CommandId)>,
    outbind: bool,
    closed: bool,
}

impl Events {
    fn note(&mut self, event: &ClientEvent<'_>) {
        match *event {
            ClientEvent::Response { ticket, .. }
            | ClientEvent::Answer {
                ticket,
                late: false,
                ..
            } => self.answered.push(ticket),
            ClientEvent::LateResponse { ticket, .. }
            | ClientEvent::Answer {
                ticket, late: true, ..
            } => self.late.push(ticket),
            ClientEvent::TimedOut { ticket } => self.timed_out.push(ticket),
            ClientEvent::Unanswered { ticket } => self.unanswered.push(ticket),
            ClientEvent::Deliver {
                sequence_number,
                command,
                ..
            } => self.delivers.push((sequence_number, command)),
            ClientEvent::Outbind { .. } => self.outbind = true,
            ClientEvent::Close { .. } => self.closed = true,
            _ => {}
        }
    }
}
