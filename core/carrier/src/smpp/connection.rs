//! One bind over one transport: bytes to the session and back, connect, lose, wait, connect again.

use std::sync::Arc;

use carrack_runtime::{Now, ReadOutcome, Transport, TransportState, WriteOutcome};
use carrack_smpp::{ClientEvent, ClientSession, CloseReason, CommandStatus};

use super::rebind::{Ending, Rebind};
use super::spec::{OutbindPeer, SmppSpec};
use super::stranger::Opening;
use crate::trace::{Direction, Tap};

/// Octets taken from the transport at a time.
const READ_OCTETS: usize = 128 << 10;
/// Reads in one turn, so that one loud carrier does not hold the shard.
const READS_A_TURN_MAX: usize = 4;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Waiting { until_ns: u64 },
    Connecting,
    Binding,
    Bound,
    Closed,
    Refused,
}

pub(super) struct Connection {
    pub(super) session: ClientSession,
    pub(super) phase: Phase,
    /// Counts connections, so that an answer for an earlier one is not sent on this one.
    pub(super) number: u32,
    /// Which session of the link.
    pub(super) place: u8,
    transport: Box<dyn Transport>,
    rebind: Rebind,
    outbind: Option<OutbindPeer>,
    tap: Option<Arc<Tap>>,
    link: u32,
    utc_ns: u64,
    opening: Opening,
    closing: bool,
    /// Why we leave this connection, where we do.
    leaving: Option<&'static str>,
    written: usize,
    read_buffer: Vec<u8>,
}

/// What became of the connection in this turn, besides the session's own events.
pub(super) enum Turn {
    Same,
    /// Bound; the version that the peer says, if it says one.
    Bound(Option<u8>),
    Lost(String),
}

/// What the session said of the connection itself during a turn.
#[derive(Default)]
struct Heard {
    bound: Option<Option<u8>>,
    refused: Option<CommandStatus>,
    close: Option<CloseReason>,
    /// `outbind` came; whether it is from whom we wait for.
    outbind: Option<bool>,
    /// A submit was answered in time.
    has_answered: bool,
}

impl Heard {
    /// Keeps what concerns the connection; gives back all else.
    fn take<'e>(
        &mut self,
        event: ClientEvent<'e>,
        peer: Option<&OutbindPeer>,
    ) -> Option<ClientEvent<'e>> {
        match event {
            ClientEvent::Bound {
                interface_version, ..
            } => self.bound = Some(interface_version),
            ClientEvent::BindRefused { status } => self.refused = Some(status),
            ClientEvent::Close { reason } => self.close = Some(reason),
            ClientEvent::Outbind {
                system_id,
                password,
            } => self.outbind = Some(peer.is_some_and(|peer| peer.is(system_id, password))),
            other => {
                self.has_answered |= matches!(other, ClientEvent::Response { .. });
                return Some(other);
            }
        }
        None
    }
}

impl Connection {
    pub(super) fn new(
        spec: &SmppSpec,
        place: u8,
        session: ClientSession,
        transport: Box<dyn Transport>,
    ) -> Self {
        let seed = spec.seed.wrapping_add(u64::from(place) << 32);
        Self {
            session,
            phase: Phase::Waiting { until_ns: 0 },
            number: 0,
            place,
            transport,
            rebind: Rebind::new(&spec.profile, seed),
            outbind: spec.outbind.clone(),
            tap: spec.tap.clone(),
            link: spec.link,
            utc_ns: 0,
            opening: Opening::default(),
            closing: false,
            leaving: None,
            written: 0,
            read_buffer: vec![0; READ_OCTETS],
        }
    }

    /// One turn; session events go to `on`, ends of submits included.
    pub(super) fn poll(&mut self, now: Now, on: &mut dyn FnMut(ClientEvent<'_>)) -> Turn {
        self.utc_ns = now.utc_ns;
        match self.phase {
            Phase::Closed | Phase::Refused => return Turn::Same,
            Phase::Waiting { .. } if self.closing => {
                self.phase = Phase::Closed;
                return Turn::Same;
            }
            Phase::Waiting { until_ns } if now.mono_ns < until_ns => return Turn::Same,
            Phase::Waiting { .. } => {
                self.transport.connect();
                self.phase = Phase::Connecting;
            }
            _ => {}
        }
        match self.transport.state() {
            TransportState::Open if self.phase == Phase::Connecting => self.open(now),
            TransportState::Open => {}
            TransportState::Failed(reason) => return self.lose(now, Ending::Lost, reason, on),
            TransportState::Idle | TransportState::Connecting => return Turn::Same,
        }
        self.serve(now, on)
    }

    fn open(&mut self, now: Now) {
        self.number = self.number.wrapping_add(1);
        self.opening = Opening::default();
        self.phase = Phase::Binding;
        if self.outbind.is_some() {
            self.session.connected_by_peer(now.mono_ns);
        } else {
            self.session.connected(now.mono_ns);
        }
    }

    fn serve(&mut self, now: Now, on: &mut dyn FnMut(ClientEvent<'_>)) -> Turn {
        let mut heard = Heard::default();
        let gone = self.read(now, &mut heard, on);
        if heard.outbind == Some(true) {
            self.session.bind(now.mono_ns);
        }
        let peer = self.outbind.as_ref();
        self.session.tick(now.mono_ns, &mut |event| {
            if let Some(other) = heard.take(event, peer) {
                on(other);
            }
        });
        if heard.has_answered {
            self.rebind.worked();
        }
        if let Some(status) = heard.refused {
            return self.lose(now, Ending::Refused(status), String::new(), on);
        }
        if heard.outbind == Some(false) {
            let reason = "outbind came with a system_id or password that is not the carrier's";
            return self.lose(now, Ending::Lost, reason.to_owned(), on);
        }
        if let Some(reason) = heard.close {
            self.flush();
            let words = self.opening.words(self.phase == Phase::Binding, reason);
            return self.lose(now, Ending::Lost, words, on);
        }
        if let Some(reason) = gone {
            let reason = if self.phase == Phase::Binding {
                format!("{reason} before it answered the bind")
            } else {
                reason
            };
            return self.lose(now, Ending::Lost, reason, on);
        }
        if let Some(version) = heard.bound {
            self.phase = Phase::Bound;
            self.rebind.bound(now.mono_ns);
            self.transport.settled();
            return Turn::Bound(version);
        }
        Turn::Same
    }

    /// Takes what came; gives the reason if the other side is gone.
    fn read(
        &mut self,
        now: Now,
        heard: &mut Heard,
        on: &mut dyn FnMut(ClientEvent<'_>),
    ) -> Option<String> {
        let peer = self.outbind.as_ref();
        let mut watch = |event: ClientEvent<'_>| {
            if let Some(other) = heard.take(event, peer) {
                on(other);
            }
        };
        for _ in 0..READS_A_TURN_MAX {
            match self.transport.read(&mut self.read_buffer) {
                ReadOutcome::Octets(octets) => {
                    let bytes = self.read_buffer.get(..octets).unwrap_or(&[]);
                    if let Some(tap) = self.tap.as_deref().filter(|tap| tap.is_on()) {
                        let (link, place, number) = (self.link, self.place, self.number);
                        tap.note(now.utc_ns, link, place, number, Direction::In, bytes);
                    }
                    self.opening.see(bytes);
                    self.session.receive(now.mono_ns, bytes, &mut watch);
                }
                ReadOutcome::Nothing => return None,
                ReadOutcome::Closed(reason) => return Some(reason),
            }
        }
        self.transport.read_later();
        None
    }

    fn lose(
        &mut self,
        now: Now,
        ending: Ending,
        reason: String,
        on: &mut dyn FnMut(ClientEvent<'_>),
    ) -> Turn {
        self.session.disconnected(&mut |event| {
            if !matches!(event, ClientEvent::Close { .. }) {
                on(event);
            }
        });
        self.transport.close();
        self.written = 0;
        let delay_ns = self.rebind.after(now.mono_ns, ending);
        self.phase = match delay_ns {
            _ if self.closing => Phase::Closed,
            Some(delay_ns) => Phase::Waiting {
                until_ns: now.mono_ns.saturating_add(delay_ns),
            },
            None => Phase::Refused,
        };
        let leaving = self.leaving.take();
        Turn::Lost(match ending {
            Ending::Lost => leaving.map_or(reason, str::to_owned),
            Ending::Refused(status) => self.rebind.words(status),
        })
    }

    /// Whether it is bound and neither side has said goodbye or is about to.
    pub(super) fn is_up(&self) -> bool {
        self.phase == Phase::Bound && self.session.is_bound()
    }

    /// Submits no more, waits for what is in flight, unbinds, and binds again later.
    pub(super) fn leave(&mut self, now: Now, reason: &'static str) {
        if self.is_up() {
            self.leaving = Some(reason);
            self.session.leave(now.mono_ns);
        }
    }

    pub(super) fn flush(&mut self) {
        let output = self.session.output();
        if output.is_empty() {
            return;
        }
        let pending = output.get(self.written..).unwrap_or(&[]);
        // A closed pipe shows itself at the next read.
        if let WriteOutcome::Octets(octets) = self.transport.write(pending) {
            if let Some(tap) = self.tap.as_deref().filter(|tap| tap.is_on()) {
                let written = pending.get(..octets).unwrap_or(&[]);
                let (link, place, number) = (self.link, self.place, self.number);
                tap.note(self.utc_ns, link, place, number, Direction::Out, written);
            }
            self.written += octets;
            if self.written >= output.len() {
                output.clear();
                self.written = 0;
            } else if self.written > READ_OCTETS {
                output.drain(..self.written);
                self.written = 0;
            }
        }
    }

    pub(super) fn next_deadline_ns(&self) -> Option<u64> {
        match self.phase {
            Phase::Waiting { until_ns } => Some(until_ns),
            Phase::Connecting | Phase::Closed | Phase::Refused => None,
            Phase::Binding | Phase::Bound => self.session.next_deadline_ns(),
        }
    }

    /// Says goodbye; in flight is still waited for by the session.
    pub(super) fn close(&mut self, now: Now) {
        self.closing = true;
        match self.phase {
            Phase::Bound => self.session.unbind(now.mono_ns),
            Phase::Waiting { .. } | Phase::Connecting | Phase::Binding | Phase::Refused => {
                self.transport.close();
                self.phase = Phase::Closed;
            }
            Phase::Closed => {}
        }
    }
}
