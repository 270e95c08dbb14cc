//! The link: a sending connection, and beside it a receiving one where the carrier wants two.

use carrack_runtime::{Now, Transport};
use carrack_smpp::{
    Address, BindKind, ClientEvent, ClientSession, ClientSettings, CommandId, CommandStatus,
    SubmitSm, time,
};
use carrack_throttle::Backoff;

use super::connection::{Connection, Phase, Turn};
use super::disposition::disposition;
use super::receipt;
use crate::link::{
    CarrierMessageId, Disposition, Link, LinkEvent, LinkState, Outgoing, ReceiptHandle,
    SubmitRefused,
};

const SENDING: usize = 0;

/// How to bind to one SMSC.
#[derive(Debug, Clone)]
pub struct SmppSpec {
    /// Session settings; their bind kind is set by `pair`.
    pub session: ClientSettings,
    /// A transmitter and a receiver in place of one transceiver.
    pub pair: bool,
    /// First delay before connecting again, nanoseconds.
    pub reconnect_delay_ns: u64,
    /// Longest delay, nanoseconds.
    pub reconnect_delay_max_ns: u64,
    /// Seed for jitter.
    pub seed: u64,
}

/// An SMPP link.
pub struct SmppLink {
    connections: Vec<Connection>,
    window: u32,
    closing: bool,
    was_up: bool,
    oddities: u64,
}

impl SmppLink {
    /// A link that connects at its first poll. `transport` makes one pipe for each bind.
    #[must_use]
    pub fn new(spec: &SmppSpec, mut transport: impl FnMut() -> Box<dyn Transport>) -> Self {
        let kinds: &[BindKind] = if spec.pair {
            &[BindKind::Transmitter, BindKind::Receiver]
        } else {
            &[BindKind::Transceiver]
        };
        let connections = kinds
            .iter()
            .zip(0u64..)
            .map(|(kind, index)| {
                let session = ClientSession::new(
                    ClientSettings {
                        bind: *kind,
                        ..spec.session.clone()
                    },
                    1,
                );
                let backoff = Backoff::new(spec.reconnect_delay_ns, spec.reconnect_delay_max_ns);
                Connection::new(
                    session,
                    transport(),
                    backoff,
                    spec.seed.wrapping_add(index << 32),
                )
            })
            .collect();
        Self {
            connections,
            window: spec.session.window,
            closing: false,
            was_up: false,
            oddities: 0,
        }
    }

    fn sending(&self) -> Option<&Connection> {
        self.connections.get(SENDING)
    }

    fn all_bound(&self) -> bool {
        self.connections
            .iter()
            .all(|connection| connection.phase == Phase::Bound)
    }

    /// Turns session events into link events. True: the link must bind again.
    fn translate(
        event: ClientEvent<'_>,
        session: u8,
        connection: u32,
        oddities: &mut u64,
        events: &mut Vec<LinkEvent>,
    ) -> bool {
        let (ticket, status, id, late) = match event {
            ClientEvent::Response {
                ticket,
                status,
                message_id,
            } => (ticket, status, message_id, false),
            ClientEvent::LateResponse {
                ticket,
                status,
                message_id,
            } => (ticket, status, message_id, true),
            ClientEvent::TimedOut { ticket } => {
                events.push(LinkEvent::TimedOut { ticket });
                return false;
            }
            ClientEvent::Unanswered { ticket } => {
                events.push(LinkEvent::Unanswered { ticket });
                return false;
            }
            ClientEvent::Deliver {
                sequence_number,
                sm,
                command,
                oddities: odd,
            } => {
                *oddities += u64::from(!odd.is_empty());
                let handle = ReceiptHandle {
                    session,
                    data_sm: command == CommandId::DATA_SM,
                    sequence_number,
                    connection,
                };
                events.push(match receipt::read(&sm) {
                    Some(found) => LinkEvent::Receipt {
                        handle,
                        id: found.id,
                        state: found.state,
                        error: found.error,
                    },
                    None => LinkEvent::Mo { handle },
                });
                return false;
            }
            ClientEvent::Bound { .. }
            | ClientEvent::BindRefused { .. }
            | ClientEvent::Unbound
            | ClientEvent::Close { .. } => {
                return false;
            }
        };
        if status.is_ok() {
            events.push(LinkEvent::Accepted {
                ticket,
                id: CarrierMessageId::from_slice(id),
                late,
            });
            return false;
        }
        let refusal = disposition(status);
        events.push(LinkEvent::Refused {
            ticket,
            refusal,
            late,
        });
        refusal.disposition == Disposition::LinkFault
    }
}

impl Link for SmppLink {
    fn state(&self) -> LinkState {
        if self.closing {
            return LinkState::Closing;
        }
        if self
            .connections
            .iter()
            .any(|connection| connection.phase == Phase::Refused)
        {
            return LinkState::Refused;
        }
        if self.all_bound() {
            return LinkState::Up;
        }
        let waiting = |connection: &Connection| matches!(connection.phase, Phase::Waiting { .. });
        if self.connections.iter().any(waiting) {
            LinkState::Down
        } else {
            LinkState::Connecting
        }
    }

    fn free_slots(&self) -> u32 {
        match self.sending() {
            Some(sending) if self.state() == LinkState::Up && sending.session.is_bound() => {
                sending.session.free_slots()
            }
            _ => 0,
        }
    }

    fn in_flight(&self) -> u32 {
        self.sending()
            .map_or(0, |sending| sending.session.in_flight())
    }

    fn window(&self) -> u32 {
        self.window
    }

    fn submit(
        &mut self,
        now: Now,
        ticket: u64,
        segment: &Outgoing<'_>,
    ) -> Result<(), SubmitRefused> {
        use carrack_smpp::SubmitRefused as Refused;
        let mut digits = [0u8; 15];
        let relative = time::relative(segment.validity_s);
        let sm = SubmitSm {
            source: Address::new(
                segment.from.ton(),
                segment.from.npi(),
                segment.from.as_bytes(),
            ),
            destination: Address::international(segment.to.write_digits(&mut digits)),
            esm_class: segment.esm_class,
            registered_delivery: 1,
            data_coding: segment.data_coding,
            short_message: segment.octets,
            validity_period: if segment.validity_s > 0 {
                &relative
            } else {
                b""
            },
            ..SubmitSm::default()
        };
        let sending = self
            .connections
            .get_mut(SENDING)
            .ok_or(SubmitRefused::NotNow)?;
        match sending.session.submit(now.mono_ns, ticket, &sm) {
            Ok(_) => Ok(()),
            Err(Refused::Unwritable(_)) => Err(SubmitRefused::Unwritable),
            Err(_) => Err(SubmitRefused::NotNow),
        }
    }

    fn poll(&mut self, now: Now, events: &mut Vec<LinkEvent>) {
        let mut down = None;
        for (connection, session) in self.connections.iter_mut().zip(0u8..) {
            let mut rebind = false;
            let (number, oddities) = (connection.number, &mut self.oddities);
            let mut on = |event: ClientEvent<'_>| {
                rebind |= Self::translate(event, session, number, oddities, events);
            };
            let mut turn = connection.poll(now, &mut on);
            if rebind && connection.phase == Phase::Bound {
                let mut on = |event: ClientEvent<'_>| {
                    Self::translate(event, session, number, &mut self.oddities, events);
                };
                turn = connection.rebind(now, "the carrier says that we are not bound", &mut on);
            }
            if let Turn::Lost(reason) = turn {
                down = Some(reason);
            }
        }
        let up = !self.closing && self.all_bound();
        if up && !self.was_up {
            events.push(LinkEvent::Up);
        } else if let Some(reason) = down {
            events.push(LinkEvent::Down(reason));
        }
        self.was_up = up;
    }

    fn answer(&mut self, handle: ReceiptHandle, taken: bool) {
        let Some(connection) = self.connections.get_mut(usize::from(handle.session)) else {
            return;
        };
        if connection.number != handle.connection {
            return;
        }
        let command = if handle.data_sm {
            CommandId::DATA_SM
        } else {
            CommandId::DELIVER_SM
        };
        let status = if taken {
            CommandStatus::ESME_ROK
        } else {
            CommandStatus::ESME_RX_T_APPN
        };
        connection
            .session
            .answer_deliver(handle.sequence_number, command, status);
    }

    fn flush(&mut self) {
        for connection in &mut self.connections {
            connection.flush();
        }
    }

    fn next_deadline_ns(&self) -> Option<u64> {
        self.connections
            .iter()
            .filter_map(Connection::next_deadline_ns)
            .min()
    }

    fn close(&mut self, now: Now) {
        self.closing = true;
        for connection in &mut self.connections {
            connection.close(now);
        }
    }

    fn is_closed(&self) -> bool {
        self.connections
            .iter()
            .all(|connection| connection.phase == Phase::Closed)
    }

    fn take_oddities(&mut self) -> u64 {
        std::mem::take(&mut self.oddities)
    }
}
