//! One bind over one transport: bytes to the session and back, connect, lose, wait, connect again.

use carrack_runtime::{Now, ReadOutcome, Transport, TransportState, WriteOutcome};
use carrack_smpp::{ClientEvent, ClientSession, CloseReason, CommandStatus};
use carrack_throttle::Backoff;

/// Octets taken from the transport at a time.
const READ_OCTETS: usize = 128 << 10;
/// Reads in one turn, so that one loud carrier does not hold the shard.
const READS_A_TURN_MAX: usize = 4;
/// Refused credentials are not tried more often.
const CREDENTIAL_FAILURES_MAX: u32 = 5;

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
    transport: Box<dyn Transport>,
    backoff: Backoff,
    random: u64,
    credential_failures: u32,
    closing: bool,
    written: usize,
    read_buffer: Vec<u8>,
}

/// What became of the connection in this turn, besides the session's own events.
pub(super) enum Turn {
    Same,
    Bound,
    Lost(String),
}

impl Connection {
    pub(super) fn new(
        session: ClientSession,
        transport: Box<dyn Transport>,
        backoff: Backoff,
        seed: u64,
    ) -> Self {
        Self {
            session,
            phase: Phase::Waiting { until_ns: 0 },
            number: 0,
            transport,
            backoff,
            random: seed | 1,
            credential_failures: 0,
            closing: false,
            written: 0,
            read_buffer: vec![0; READ_OCTETS],
        }
    }

    fn next_random(&mut self) -> u64 {
        // xorshift64: jitter needs no more.
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random
    }

    /// One turn; session events go to `on`, ends of submits included.
    pub(super) fn poll(&mut self, now: Now, on: &mut dyn FnMut(ClientEvent<'_>)) -> Turn {
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
            TransportState::Open if self.phase == Phase::Connecting => {
                self.number = self.number.wrapping_add(1);
                self.session.connected(now.mono_ns);
                self.phase = Phase::Binding;
            }
            TransportState::Open => {}
            TransportState::Failed(reason) => return self.lose(now, reason, on),
            TransportState::Idle | TransportState::Connecting => return Turn::Same,
        }
        self.serve(now, on)
    }

    fn serve(&mut self, now: Now, on: &mut dyn FnMut(ClientEvent<'_>)) -> Turn {
        let mut bound = false;
        let mut refused: Option<CommandStatus> = None;
        let mut close: Option<CloseReason> = None;
        let mut watch = |event: ClientEvent<'_>| match event {
            ClientEvent::Bound { .. } => bound = true,
            ClientEvent::BindRefused { status } => refused = Some(status),
            ClientEvent::Close { reason } => close = Some(reason),
            other => on(other),
        };
        let (mut gone, mut emptied) = (None, false);
        for _ in 0..READS_A_TURN_MAX {
            match self.transport.read(&mut self.read_buffer) {
                ReadOutcome::Octets(octets) => {
                    let bytes = self.read_buffer.get(..octets).unwrap_or(&[]);
                    self.session.receive(now.mono_ns, bytes, &mut watch);
                }
                ReadOutcome::Nothing => {
                    emptied = true;
                    break;
                }
                ReadOutcome::Closed(reason) => {
                    gone = Some(reason);
                    break;
                }
            }
        }
        if !emptied && gone.is_none() {
            self.transport.read_later();
        }
        self.session.tick(now.mono_ns, &mut watch);
        if let Some(status) = refused {
            return self.bind_refused(now, status, on);
        }
        if let Some(reason) = close {
            self.flush();
            return self.lose(now, reason.to_string(), on);
        }
        if let Some(reason) = gone {
            return self.lose(now, reason, on);
        }
        if bound {
            self.phase = Phase::Bound;
            self.credential_failures = 0;
            self.backoff.reset();
            return Turn::Bound;
        }
        Turn::Same
    }

    fn bind_refused(
        &mut self,
        now: Now,
        status: CommandStatus,
        on: &mut dyn FnMut(ClientEvent<'_>),
    ) -> Turn {
        let turn = self.lose(now, format!("bind refused: {status}"), on);
        let credentials = [CommandStatus::ESME_RINVPASWD, CommandStatus::ESME_RINVSYSID];
        if credentials.contains(&status) {
            self.credential_failures += 1;
            if self.credential_failures >= CREDENTIAL_FAILURES_MAX {
                self.phase = Phase::Refused;
            }
        }
        turn
    }

    fn lose(&mut self, now: Now, reason: String, on: &mut dyn FnMut(ClientEvent<'_>)) -> Turn {
        self.session.disconnected(&mut |event| {
            if !matches!(event, ClientEvent::Close { .. }) {
                on(event);
            }
        });
        self.transport.close();
        self.written = 0;
        let random = self.next_random();
        let delay_ns = self.backoff.next(random);
        self.phase = if self.closing {
            Phase::Closed
        } else {
            Phase::Waiting {
                until_ns: now.mono_ns.saturating_add(delay_ns),
            }
        };
        Turn::Lost(reason)
    }

    /// Drops the connection and binds again later.
    pub(super) fn rebind(
        &mut self,
        now: Now,
        reason: &str,
        on: &mut dyn FnMut(ClientEvent<'_>),
    ) -> Turn {
        self.lose(now, reason.to_owned(), on)
    }

    pub(super) fn flush(&mut self) {
        let output = self.session.output();
        if output.is_empty() {
            return;
        }
        let pending = output.get(self.written..).unwrap_or(&[]);
        // A closed pipe shows itself at the next read.
        if let WriteOutcome::Octets(octets) = self.transport.write(pending) {
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
