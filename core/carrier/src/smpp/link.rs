//! The link: a sending connection, and beside it a receiving one where the carrier wants two.

use std::sync::Arc;

use carrack_message::Sender;
use carrack_message::receipt::ReceiptRules;
use carrack_runtime::{Now, Transport};
use carrack_settings::Profile;
use carrack_smpp::{
    BindKind, ClientEvent, ClientSession, CommandId, CommandStatus, QuerySm, Request,
    SubmitRefused as Refused,
};

use super::addressing::AddressBuffer;
use super::connection::{Connection, Phase, Turn};
use super::disposition::Statuses;
use super::inbound::Inbound;
use super::outgoing::{Room, Writer};
use super::queries::Queries;
use super::spec::SmppSpec;
use crate::link::{Link, LinkEvent, LinkState, Outgoing, ReceiptHandle, SubmitRefused};

/// The longest value of a parameter, `message_payload` too.
const PARAMETER_OCTETS_MAX: usize = u16::MAX as usize;

/// An SMPP link.
pub struct SmppLink {
    connections: Vec<Connection>,
    /// Which of them submits; none on a link that only receives.
    sending: Option<usize>,
    profile: Arc<Profile>,
    statuses: Statuses,
    rules: ReceiptRules,
    writer: Writer,
    queries: Queries,
    closing: bool,
    was_up: bool,
    oddities: u64,
}

impl SmppLink {
    /// A link that connects at its first poll. `transport` makes one pipe for each bind.
    #[must_use]
    pub fn new(spec: &SmppSpec, mut transport: impl FnMut() -> Box<dyn Transport>) -> Self {
        let kinds = spec.kinds();
        let connections = kinds.iter().zip(0u8..).map(|(kind, place)| {
            let session = ClientSession::new(spec.session(*kind), 1);
            Connection::new(spec, place, session, transport())
        });
        let profile = Arc::clone(&spec.profile);
        Self {
            connections: connections.collect(),
            sending: kinds.iter().position(|kind| *kind != BindKind::Receiver),
            statuses: Statuses::new(&profile),
            rules: rules(&profile),
            writer: Writer::new(&profile),
            profile,
            queries: Queries::default(),
            closing: false,
            was_up: false,
            oddities: 0,
        }
    }

    fn sending(&self) -> Option<&Connection> {
        self.connections.get(self.sending?)
    }

    fn all_up(&self) -> bool {
        self.connections.iter().all(Connection::is_up)
    }

    /// Another version than ours is odd where the profile does not say that it is usual (trap T46).
    fn on_bound(&mut self, version: Option<u8>) {
        let own = self.profile.interface_version.octet();
        let is_other = version.is_some_and(|version| version != own);
        self.oddities += u64::from(is_other && !self.profile.version_lie_ok);
        // Another host may know what the last one did not.
        self.queries.unknown_to_peer = false;
    }

    fn poll_connection(
        &mut self,
        place: usize,
        now: Now,
        events: &mut Vec<LinkEvent>,
    ) -> Option<Turn> {
        let connection = self.connections.get_mut(place)?;
        let mut inbound = Inbound {
            statuses: &self.statuses,
            rules: &self.rules,
            queries: &mut self.queries,
            session: connection.place,
            connection: connection.number,
            oddities: &mut self.oddities,
            events,
            must_rebind: false,
        };
        let turn = connection.poll(now, &mut |event: ClientEvent<'_>| inbound.on(event));
        if inbound.must_rebind {
            connection.leave(now, "the carrier says that we are not bound");
        }
        Some(turn)
    }
}

/// What a profile says of receipts.
pub(crate) fn rules(profile: &Profile) -> ReceiptRules {
    ReceiptRules {
        source: profile.receipt_source,
        sign: profile.receipt_sign,
        grammar: profile.receipt_grammar.clone(),
    }
}

const fn refused(reason: &Refused) -> SubmitRefused {
    match reason {
        Refused::Unwritable(_) => SubmitRefused::Unwritable,
        _ => SubmitRefused::NotNow,
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
        if self.all_up() {
            return LinkState::Up;
        }
        // What was bound and only waits for its last answers takes nothing more.
        let down = |connection: &Connection| match connection.phase {
            Phase::Waiting { .. } => true,
            Phase::Bound => !connection.is_up(),
            _ => false,
        };
        if self.connections.iter().any(down) {
            LinkState::Down
        } else {
            LinkState::Connecting
        }
    }

    fn free_slots(&self) -> u32 {
        match self.sending() {
            Some(sending) if self.state() == LinkState::Up => sending.session.free_slots(),
            _ => 0,
        }
    }

    fn in_flight(&self) -> u32 {
        self.sending()
            .map_or(0, |sending| sending.session.in_flight())
    }

    fn window(&self) -> u32 {
        self.sending.map_or(0, |_| self.profile.window)
    }

    fn submit(
        &mut self,
        now: Now,
        ticket: u64,
        segment: &Outgoing<'_>,
    ) -> Result<(), SubmitRefused> {
        if segment.octets.len() > PARAMETER_OCTETS_MAX {
            return Err(SubmitRefused::Unwritable);
        }
        let place = self.sending.ok_or(SubmitRefused::NotNow)?;
        let sending = self.connections.get_mut(place);
        let session = &mut sending.ok_or(SubmitRefused::NotNow)?.session;
        let mut room = Room::default();
        let sm = self.writer.submit(segment, &mut room);
        match session.submit(now.mono_ns, ticket, &sm) {
            Ok(_) => Ok(()),
            Err(reason) => Err(refused(&reason)),
        }
    }

    fn query(
        &mut self,
        now: Now,
        ticket: u64,
        id: &[u8],
        from: &Sender,
    ) -> Result<(), SubmitRefused> {
        if self.queries.unknown_to_peer || id.is_empty() {
            return Err(SubmitRefused::Unwritable);
        }
        let place = self.sending.ok_or(SubmitRefused::NotNow)?;
        let sending = self.connections.get_mut(place);
        let session = &mut sending.ok_or(SubmitRefused::NotNow)?.session;
        let mut buffer = AddressBuffer::default();
        let query = QuerySm {
            message_id: id,
            source: self.writer.addressing().source(from, &mut buffer),
            ..QuerySm::default()
        };
        match session.request(now.mono_ns, ticket, &Request::Query(&query)) {
            Ok(_) => {
                self.queries.begin(ticket);
                Ok(())
            }
            Err(reason) => Err(refused(&reason)),
        }
    }

    fn poll(&mut self, now: Now, events: &mut Vec<LinkEvent>) {
        let mut down = None;
        for place in 0..self.connections.len() {
            match self.poll_connection(place, now, events) {
                Some(Turn::Lost(reason)) => down = Some(reason),
                Some(Turn::Bound(version)) => self.on_bound(version),
                Some(Turn::Same) | None => {}
            }
        }
        let up = !self.closing && self.all_up();
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
