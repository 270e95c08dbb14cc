//! One bind of the load: fills its window, answers what is delivered, notes what comes back.

use super::super::pace::Turn;
use super::{LoadFault, Shared};
use crate::duration::nanoseconds;
use crate::wire::{Read, Wire};
use carrack_message::receipt::{self, ReceiptState};
use carrack_smpp::{
    Address, ClientEvent, ClientSession, ClientSettings, CommandId, CommandStatus, DeliverSm,
    SubmitSm, tag,
};
use std::io;
use std::rc::Rc;
use std::time::Duration;
use tokio::net::TcpStream;

/// How often a bind looks whether the load is finished, and at its timers.
const TICK: Duration = Duration::from_millis(20);
/// Submits between two looks at the socket, so that a large window is not written as one block.
const SUBMITS_PER_TURN: u32 = 512;

/// One bind.
#[derive(Debug)]
pub(super) struct Esme {
    shared: Rc<Shared>,
    session: ClientSession,
    notes: Notes,
    to: String,
    user_data: Vec<u8>,
    next_turn_ns: u64,
}

/// What must outlive a session's reading.
#[derive(Debug, Default)]
struct Notes {
    shared: Option<Rc<Shared>>,
    slots: Vec<Slot>,
    free: Vec<u32>,
    deliveries: Vec<(u32, CommandId)>,
    ended: Option<Ended>,
}

/// When the message of a slot should have gone, and when it went.
#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    scheduled_ns: u64,
    sent_ns: u64,
}

#[derive(Debug)]
enum Ended {
    BindRefused(CommandStatus),
    Closed(String),
}

impl Esme {
    pub(super) fn new(shared: &Rc<Shared>, number: u32) -> Self {
        let options = &shared.options;
        let window = options.window.clamp(1, 65_536);
        let settings = ClientSettings {
            system_id: options.system_id.clone().into_bytes(),
            password: options.password.clone().into_bytes(),
            window,
            response_timeout_ns: nanoseconds(options.response_timeout),
            ..ClientSettings::default()
        };
        Self {
            session: ClientSession::new(settings, number.wrapping_mul(1_000_003).wrapping_add(1)),
            notes: Notes {
                shared: Some(Rc::clone(shared)),
                slots: vec![Slot::default(); window as usize],
                free: (0..window).rev().collect(),
                ..Notes::default()
            },
            shared: Rc::clone(shared),
            to: String::new(),
            user_data: Vec::new(),
            next_turn_ns: 0,
        }
    }

    /// Connects and works until the load is finished.
    pub(super) async fn connection(&mut self) -> Result<(), LoadFault> {
        let address = self.shared.options.address.clone();
        let broken = |fault: io::Error| LoadFault::Connection {
            address: address.clone(),
            fault,
        };
        let stream = TcpStream::connect(&address).await.map_err(broken)?;
        let mut wire = self.wire(stream).map_err(broken)?;
        self.notes.ended = None;
        self.session.connected(self.shared.now_ns());
        let is_finished = self.talk(&mut wire).await.map_err(broken)?;
        match self.notes.ended.take() {
            _ if is_finished => Ok(()),
            Some(Ended::BindRefused(status)) => Err(LoadFault::BindRefused { address, status }),
            Some(Ended::Closed(reason)) => Err(LoadFault::SessionEnded { address, reason }),
            None => Err(broken(io::ErrorKind::UnexpectedEof.into())),
        }
    }

    fn wire(&self, stream: TcpStream) -> io::Result<Wire> {
        let Some((trust, config)) = &self.shared.tls else {
            return Wire::new(stream);
        };
        let connection = trust.connection(config).map_err(io::Error::other)?;
        Wire::sealed(stream, connection)
    }

    /// True when the load was finished when the connection ended.
    async fn talk(&mut self, wire: &mut Wire) -> io::Result<bool> {
        let mut is_finished = false;
        let mut next_tick_ns = 0;
        loop {
            let now_ns = self.shared.now_ns();
            if now_ns >= next_tick_ns {
                next_tick_ns = now_ns + nanoseconds(TICK);
                let notes = &mut self.notes;
                self.session
                    .tick(now_ns, &mut |event| notes.event(now_ns, event));
            }
            if !is_finished && self.session.is_bound() {
                self.fill(now_ns);
                if self.shared.is_finished(now_ns) {
                    is_finished = true;
                    self.session.unbind(now_ns);
                }
            }
            if wire.has_room() {
                wire.outbox().append(self.session.output());
            }
            wire.flush()?;
            if self.notes.ended.is_some() {
                return Ok(is_finished);
            }
            let wake_ns = if self.session.is_bound() {
                next_tick_ns.min(self.next_turn_ns)
            } else {
                next_tick_ns
            };
            tokio::select! {
                biased;
                ready = wire.ready() => ready?,
                () = tokio::time::sleep_until(self.shared.started + Duration::from_nanos(wake_ns)) => continue,
            }
            match wire.read()? {
                Read::Octets { octets, .. } => self.receive(octets),
                Read::Nothing => {}
                Read::End => return Ok(is_finished),
            }
        }
    }

    fn receive(&mut self, octets: &[u8]) {
        let now_ns = self.shared.now_ns();
        let notes = &mut self.notes;
        self.session
            .receive(now_ns, octets, &mut |event| notes.event(now_ns, event));
        for (sequence_number, command) in self.notes.deliveries.drain(..) {
            self.session
                .answer_deliver(sequence_number, command, CommandStatus::ESME_ROK);
        }
        self.shared.settle();
    }

    /// Submits until the window is full or nothing is due.
    fn fill(&mut self, now_ns: u64) {
        self.next_turn_ns = u64::MAX;
        for _ in 0..SUBMITS_PER_TURN {
            if self.session.free_slots() == 0 {
                return;
            }
            let Some(slot) = self.notes.free.pop() else {
                return;
            };
            let turn = self.shared.pace.borrow_mut().turn(now_ns);
            match turn {
                Turn::Send {
                    number,
                    scheduled_ns,
                } => self.submit(now_ns, slot, number, scheduled_ns),
                Turn::NotBefore(next_ns) => {
                    self.notes.free.push(slot);
                    self.next_turn_ns = next_ns;
                    return;
                }
                Turn::Done => {
                    self.notes.free.push(slot);
                    return;
                }
            }
        }
        self.next_turn_ns = now_ns;
    }

    fn submit(&mut self, now_ns: u64, slot: u32, number: u64, scheduled_ns: u64) {
        self.shared.texts.write_to(number, &mut self.to);
        let data_coding = self
            .shared
            .texts
            .write_user_data(number, &mut self.user_data);
        let sender = &self.shared.sender;
        let sm = SubmitSm {
            source: Address::new(sender.ton(), sender.npi(), sender.as_bytes()),
            destination: Address::international(self.to.as_bytes()),
            registered_delivery: u8::from(self.shared.options.receipts),
            data_coding,
            short_message: &self.user_data,
            ..SubmitSm::default()
        };
        if let Some(place) = self.notes.slots.get_mut(slot as usize) {
            *place = Slot {
                scheduled_ns,
                sent_ns: now_ns,
            };
        }
        match self.session.submit(now_ns, u64::from(slot), &sm) {
            Ok(_) => self.shared.in_flight.set(self.shared.in_flight.get() + 1),
            Err(fault) => {
                self.notes.free.push(slot);
                let mut tally = self.shared.tally.borrow_mut();
                tally.report.unanswered += 1;
                tally
                    .report
                    .fault
                    .get_or_insert(format!("a submit could not be written: {fault}"));
            }
        }
    }

    /// The connection has gone: what was in flight is unanswered.
    pub(super) fn disconnected(&mut self) {
        let now_ns = self.shared.now_ns();
        let notes = &mut self.notes;
        self.session
            .disconnected(&mut |event| notes.event(now_ns, event));
        self.notes.deliveries.clear();
    }
}

impl Notes {
    fn event(&mut self, now_ns: u64, event: ClientEvent<'_>) {
        let Some(shared) = self.shared.clone() else {
            return;
        };
        match event {
            ClientEvent::Response {
                ticket,
                status,
                message_id,
                ..
            } => {
                let slot = self.release(&shared, ticket);
                let refusal = (!status.is_ok()).then(|| name(status));
                let mut tally = shared.tally.borrow_mut();
                tally.answered(now_ns, slot.scheduled_ns, refusal);
                tally.served(now_ns, slot.sent_ns);
                drop(tally);
                if status.is_ok() {
                    shared.note_accepted(message_id, Some(slot.scheduled_ns));
                }
            }
            ClientEvent::TimedOut { ticket } | ClientEvent::Unanswered { ticket } => {
                let slot = self.release(&shared, ticket);
                let mut tally = shared.tally.borrow_mut();
                tally.waited(now_ns, slot.scheduled_ns);
                if shared.options.receipts {
                    tally.waited_for_receipt(now_ns, slot.scheduled_ns);
                }
                tally.report.unanswered += 1;
            }
            ClientEvent::LateResponse {
                status, message_id, ..
            } => note_late(&shared, now_ns, status, message_id),
            ClientEvent::Deliver {
                sequence_number,
                sm,
                command,
                ..
            } => {
                self.deliveries.push((sequence_number, command));
                note_receipt(&shared, now_ns, &sm);
            }
            ClientEvent::BindRefused { status } => self.ended = Some(Ended::BindRefused(status)),
            ClientEvent::Close { reason } => {
                self.ended.get_or_insert(Ended::Closed(reason.to_string()));
            }
            _ => {}
        }
    }

    /// Frees a ticket; the times of its message.
    fn release(&mut self, shared: &Shared, ticket: u64) -> Slot {
        let slot = ticket as u32;
        self.free.push(slot);
        shared
            .in_flight
            .set(shared.in_flight.get().saturating_sub(1));
        self.slots.get(slot as usize).copied().unwrap_or_default()
    }
}

/// An answer after its time-out: the message is not unanswered after all.
fn note_late(shared: &Shared, now_ns: u64, status: CommandStatus, message_id: &[u8]) {
    let mut tally = shared.tally.borrow_mut();
    tally.report.unanswered = tally.report.unanswered.saturating_sub(1);
    tally.event(now_ns);
    if !status.is_ok() {
        tally.count_refusal(name(status));
        return;
    }
    tally.report.accepted += 1;
    drop(tally);
    // When it should have gone is known no more; its time was noted when it was given up.
    shared.note_accepted(message_id, None);
}

fn name(status: CommandStatus) -> String {
    status
        .name()
        .map_or_else(|| status.to_string(), str::to_owned)
}

fn note_receipt(shared: &Shared, now_ns: u64, sm: &DeliverSm<'_>) {
    if !sm.is_receipt() {
        shared.tally.borrow_mut().report.mo += 1;
        return;
    }
    let tlv_id = sm.tlvs.find_cstring(tag::RECEIPTED_MESSAGE_ID);
    let tlv_state = sm
        .tlvs
        .find_number(tag::MESSAGE_STATE)
        .and_then(|code| ReceiptState::from_code(u8::try_from(code).ok()?));
    let (id, state) = match (tlv_id, tlv_state) {
        (Some(id), Some(state)) => (id, Some(state)),
        _ => {
            let parsed = receipt::parse(sm.user_data());
            (
                tlv_id.or(parsed.id).unwrap_or_default(),
                tlv_state.or(parsed.state),
            )
        }
    };
    if state.is_some_and(|state| !state.is_final()) {
        return;
    }
    shared.tally.borrow_mut().event(now_ns);
    shared.note_receipt(id, state, now_ns);
}
