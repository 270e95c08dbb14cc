//! An SMSC played by hand: pipes in memory, a link over them, and time that goes when it is told to.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    dead_code,
    unreachable_pub
)]

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;

use carrack_carrier::smpp::{SmppLink, SmppSpec};
use carrack_carrier::{Link, LinkEvent, LinkState, Outgoing, SubmitRefused};
use carrack_message::{Msisdn, Sender};
use carrack_runtime::{Now, ReadOutcome, Transport, TransportState, WriteOutcome};
use carrack_settings::Profile;
use carrack_smpp::*;

pub const SECOND: u64 = 1_000_000_000;
pub const MS: u64 = 1_000_000;
/// Any moment of 2026.
const UTC_NS: u64 = 1_780_000_000 * SECOND;

/// One bind's pipe as the SMSC sees it.
pub struct Pipe {
    pub state: TransportState,
    /// What a connect comes to.
    pub next_state: TransportState,
    pub connects: u32,
    pub settled: u32,
    /// Octets that one write takes at most.
    pub room: usize,
    inbound: VecDeque<Vec<u8>>,
    gone: Option<String>,
    outbound: Vec<u8>,
}

impl Default for Pipe {
    fn default() -> Self {
        Self {
            state: TransportState::Idle,
            next_state: TransportState::Open,
            connects: 0,
            settled: 0,
            room: usize::MAX,
            inbound: VecDeque::new(),
            gone: None,
            outbound: Vec::new(),
        }
    }
}

struct InMemory(Rc<RefCell<Pipe>>);

impl Transport for InMemory {
    fn connect(&mut self) {
        let mut pipe = self.0.borrow_mut();
        pipe.connects += 1;
        pipe.inbound.clear();
        pipe.outbound.clear();
        pipe.gone = None;
        pipe.state = pipe.next_state.clone();
    }

    fn state(&self) -> TransportState {
        self.0.borrow().state.clone()
    }

    fn read(&mut self, into: &mut [u8]) -> ReadOutcome {
        let mut pipe = self.0.borrow_mut();
        match (pipe.inbound.pop_front(), pipe.gone.clone()) {
            (Some(octets), _) => {
                into[..octets.len()].copy_from_slice(&octets);
                ReadOutcome::Octets(octets.len())
            }
            (None, Some(reason)) => ReadOutcome::Closed(reason),
            (None, None) => ReadOutcome::Nothing,
        }
    }

    fn read_later(&mut self) {}

    fn write(&mut self, octets: &[u8]) -> WriteOutcome {
        let mut pipe = self.0.borrow_mut();
        let taken = octets.len().min(pipe.room);
        pipe.outbound.extend_from_slice(&octets[..taken]);
        WriteOutcome::Octets(taken)
    }

    fn settled(&mut self) {
        self.0.borrow_mut().settled += 1;
    }

    fn close(&mut self) {
        self.0.borrow_mut().state = TransportState::Idle;
    }
}

/// A PDU that the link sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    pub command: CommandId,
    pub status: CommandStatus,
    pub sequence: u32,
    pub body: Vec<u8>,
}

/// A link and its SMSC.
pub struct Rig {
    pub link: SmppLink,
    pub pipes: Vec<Rc<RefCell<Pipe>>>,
    pub now: Now,
    pub events: Vec<LinkEvent>,
}

/// A profile with what `with` changes.
pub fn profile(with: impl FnOnce(&mut Profile)) -> Profile {
    let mut profile = Profile::default();
    with(&mut profile);
    profile
}

pub fn spec(profile: Profile) -> SmppSpec {
    SmppSpec {
        seed: 7,
        ..SmppSpec::new(b"carrack".to_vec(), b"secret".to_vec(), Arc::new(profile))
    }
}

pub fn to() -> Msisdn {
    Msisdn::from_digits(b"491701234567").unwrap()
}

pub fn sender() -> Sender {
    Sender::parse("Carrack").unwrap()
}

/// A segment of plain text.
pub fn text<'a>(from: &'a Sender, octets: &'a [u8]) -> Outgoing<'a> {
    Outgoing {
        from,
        to: to(),
        octets,
        data_coding: 0,
        esm_class: 0,
        sar: None,
        payload: false,
        flash_subunit: false,
        tlvs: b"",
        validity_s: 0,
    }
}

impl Rig {
    pub fn new(profile: Profile) -> Self {
        Self::of(spec(profile))
    }

    pub fn of(spec: SmppSpec) -> Self {
        let mut pipes = Vec::new();
        let link = SmppLink::new(&spec, || {
            let pipe = Rc::new(RefCell::new(Pipe::default()));
            pipes.push(Rc::clone(&pipe));
            Box::new(InMemory(pipe))
        });
        Self {
            link,
            pipes,
            now: Now {
                mono_ns: 1,
                utc_ns: UTC_NS,
            },
            events: Vec::new(),
        }
    }

    /// A link whose binds were all taken.
    pub fn bound(profile: Profile) -> Self {
        let mut rig = Self::new(profile);
        rig.bind();
        rig
    }

    /// One turn of the loop.
    pub fn turn(&mut self) {
        self.link.poll(self.now, &mut self.events);
        self.link.flush();
    }

    pub fn advance(&mut self, ns: u64) {
        self.now.mono_ns += ns;
        self.now.utc_ns += ns;
        self.turn();
    }

    /// To the link's own next deadline.
    pub fn advance_to_deadline(&mut self) -> u64 {
        let deadline = self.link.next_deadline_ns().expect("nothing is awaited");
        let ns = deadline.saturating_sub(self.now.mono_ns);
        self.advance(ns);
        ns
    }

    /// What happened since the last call.
    pub fn events(&mut self) -> Vec<LinkEvent> {
        std::mem::take(&mut self.events)
    }

    /// The reason of the one `Down` since the last call.
    pub fn down(&mut self) -> String {
        let reasons: Vec<_> = self
            .events()
            .into_iter()
            .filter_map(|event| match event {
                LinkEvent::Down(reason) => Some(reason),
                _ => None,
            })
            .collect();
        assert_eq!(reasons.len(), 1, "{reasons:?}");
        reasons[0].clone()
    }

    /// What the link has sent on a pipe since the last call.
    pub fn sent_on(&mut self, pipe: usize) -> Vec<Sent> {
        let octets = self.pipes[pipe].borrow().outbound.clone();
        self.pipes[pipe].borrow_mut().outbound.clear();
        let (mut sent, mut rest) = (Vec::new(), octets.as_slice());
        while let Some((pdu, length)) = split_frame(rest, 1 << 20).unwrap() {
            sent.push(Sent {
                command: pdu.header.command_id,
                status: pdu.header.command_status,
                sequence: pdu.header.sequence_number,
                body: pdu.body.to_vec(),
            });
            rest = &rest[length..];
        }
        assert!(rest.is_empty(), "half a PDU was sent");
        sent
    }

    pub fn sent(&mut self) -> Vec<Sent> {
        self.sent_on(0)
    }

    /// The one PDU that the link has sent.
    pub fn sent_one(&mut self) -> Sent {
        let sent = self.sent();
        assert_eq!(sent.len(), 1, "{sent:?}");
        sent[0].clone()
    }

    pub fn feed_on(&mut self, pipe: usize, octets: &[u8]) {
        self.pipes[pipe]
            .borrow_mut()
            .inbound
            .push_back(octets.to_vec());
    }

    /// The SMSC sends octets, and the loop turns.
    pub fn feed(&mut self, octets: &[u8]) {
        self.feed_on(0, octets);
        self.turn();
    }

    /// The SMSC is gone, and the loop turns.
    pub fn cut(&mut self) {
        self.pipes[0].borrow_mut().gone = Some("the other side closed the connection".to_owned());
        self.turn();
    }

    /// Takes every bind; ends when all are answered.
    pub fn bind(&mut self) {
        self.turn();
        for pipe in 0..self.pipes.len() {
            let bind = self.sent_on(pipe).pop().expect("no bind was sent");
            let answer = pdu(bind.command.response(), 0, bind.sequence, b"smsc\0");
            self.feed_on(pipe, &answer);
        }
        self.turn();
        assert_eq!(self.link.state(), LinkState::Up);
    }

    /// Answers the bind that was sent with this status.
    pub fn answer_bind(&mut self, status: CommandStatus) {
        let bind = self.sent_one();
        let body: &[u8] = if status.is_ok() { b"smsc\0" } else { b"" };
        self.feed(&pdu(bind.command.response(), status.0, bind.sequence, body));
    }

    /// Submits a short text; gives its sequence number.
    pub fn submit(&mut self, ticket: u64) -> u32 {
        self.try_submit(ticket).expect("the link takes no segment");
        self.link.flush();
        let sent = self.sent_on(0).pop().expect("nothing was sent");
        assert_eq!(sent.command, CommandId::SUBMIT_SM);
        sent.sequence
    }

    pub fn try_submit(&mut self, ticket: u64) -> Result<(), SubmitRefused> {
        let from = sender();
        self.link.submit(self.now, ticket, &text(&from, b"hello"))
    }

    /// Submits this segment and gives its `submit_sm` body.
    pub fn body_of(&mut self, segment: &Outgoing<'_>) -> Vec<u8> {
        self.link.submit(self.now, 1, segment).unwrap();
        self.link.flush();
        self.sent_one().body
    }

    /// Answers a submit with an id.
    pub fn accept(&mut self, sequence: u32, id: &[u8]) {
        self.feed(&accepted(sequence, id));
    }

    /// Answers a submit with an error.
    pub fn refuse(&mut self, sequence: u32, status: u32) {
        self.feed(&pdu(CommandId::SUBMIT_SM_RESP, status, sequence, b""));
    }
}

/// A PDU of any shape.
pub fn pdu(command: CommandId, status: u32, sequence: u32, body: &[u8]) -> Vec<u8> {
    let header = Header {
        command_length: 16 + body.len() as u32,
        command_id: command,
        command_status: CommandStatus(status),
        sequence_number: sequence,
    };
    let mut octets = header.encode().to_vec();
    octets.extend_from_slice(body);
    octets
}

/// A `submit_sm_resp` with an id.
pub fn accepted(sequence: u32, id: &[u8]) -> Vec<u8> {
    let body = [id, b"\0"].concat();
    pdu(CommandId::SUBMIT_SM_RESP, 0, sequence, &body)
}

/// A `deliver_sm`.
pub fn deliver(sequence: u32, sm: &DeliverSm<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    encode_deliver_sm(&mut out, sequence, sm).unwrap();
    out
}

/// A receipt from the handset of [`to`] with these parameters.
pub fn receipt<'a>(text: &'a [u8], tlvs: &'a [u8]) -> DeliverSm<'a> {
    DeliverSm {
        source: Address::international(b"491701234567"),
        destination: Address::alphanumeric(b"Carrack"),
        esm_class: ESM_CLASS_DELIVERY_RECEIPT,
        short_message: text,
        tlvs: Tlvs::new(tlvs),
        ..DeliverSm::default()
    }
}

/// Parameters, encoded.
pub fn tlvs(of: &[(u16, &[u8])]) -> Vec<u8> {
    let mut out = Vec::new();
    for (tag, value) in of {
        write_tlv(&mut out, *tag, value).unwrap();
    }
    out
}

/// A `submit_sm` body.
pub fn decoded(body: &[u8]) -> SubmitSm<'_> {
    SubmitSm::decode(body, Strictness::Strict).unwrap().value
}
