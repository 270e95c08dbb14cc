//! What the SMSC does to its sessions: answers, binds, farewells, enquiries.

use super::centre::Smsc;
use super::connections::{BindKey, Connection};
use super::desk::{Alert, Answer};
use super::events::{Action, on_event};
use super::quirk::refusal::Form;
use super::services::Served;
use carrack_smpp::{
    AlertNotification, BindKind, CommandId, CommandStatus, Tlvs, encode_header_only,
    encode_message_id, tag, write_tlv,
};

/// enquire_link of `enquire-flood` at each tick of the sessions, 50 times a second.
const FLOOD: u32 = 20;
/// What is no PDU: its first octets claim a length of 1.2 GB.
const GARBAGE: &[u8] = b"HTTP/1.1 400 Bad Request\r\n\r\n";
/// Sequence numbers of enquiries begin far from the session's own, which never looks at their answers.
const ENQUIRIES_FROM: u32 = 0x6000_0000;

impl Smsc {
    /// Lets sessions look at their timers.
    pub(super) fn tick_sessions(&mut self, now_ns: u64) {
        for slot in 0..self.connections.places() {
            let Some(key) = self.connections.key_at(slot) else {
                continue;
            };
            let (desk, actions) = (&mut self.desk, &mut self.actions);
            let Some(connection) = self.connections.get_mut(key) else {
                continue;
            };
            let Connection {
                session, traffic, ..
            } = connection;
            session.tick(now_ns, &mut |event| {
                on_event(desk, actions, traffic, now_ns, key, event)
            });
            let link = &desk.settings.quirks.link;
            let is_old = link
                .reconnect_every_ns
                .is_some_and(|every_ns| now_ns.saturating_sub(traffic.since_ns) >= every_ns);
            if is_old && !traffic.is_closing {
                desk.played.count("reconnect-every");
                traffic.is_closing = true;
            }
            let is_flooded = link.enquire_flood && traffic.system.is_some();
            let is_wanted = !session.output().is_empty() || traffic.is_closing;
            self.act(now_ns, key);
            if is_flooded {
                self.enquire(key, FLOOD);
            }
            if is_wanted {
                self.connections.mark(key);
            }
        }
    }

    /// Does what the events of one connection asked for.
    pub(super) fn act(&mut self, now_ns: u64, key: BindKey) {
        let mut actions = std::mem::take(&mut self.actions);
        for action in actions.drain(..) {
            match action {
                Action::Answer(answer) => self.answer(answer),
                Action::GiveUp => self.give_up(key),
                Action::Bind {
                    sequence_number,
                    verdict,
                } => self.finish_bind(key, sequence_number, verdict),
                Action::Served {
                    sequence_number,
                    command_id,
                    served,
                } => self.answer_service(key, sequence_number, command_id, &served),
                Action::Parcel { ticket, fate } => self.settle_parcel(now_ns, ticket, &fate),
                Action::Unbound => self.unbound(key),
            }
        }
        self.actions = actions;
        self.desk.ledger.settle();
        self.close_after(now_ns, key);
    }

    /// Says the verdict on a submit.
    pub(super) fn answer(&mut self, answer: Answer) {
        let mut id = std::mem::take(&mut self.id);
        id.clear();
        if answer.status.is_ok() {
            self.desk.response_id(answer.serial, &mut id);
        }
        self.say(answer, &id);
        self.id = id;
    }

    fn say(&mut self, answer: Answer, id: &[u8]) {
        let Some(connection) = self.connections.get_mut(answer.bind) else {
            self.desk.counts.lost_responses += 1;
            return;
        };
        let Connection {
            session, traffic, ..
        } = connection;
        traffic.unanswered = traffic.unanswered.saturating_sub(1);
        let (sequence, status) = (answer.sequence_number, answer.status);
        let begin = session.output().len();
        match answer.form {
            Form::Response if traffic.is_draining => {
                let response = answer.command.response();
                // Ids are far below what cannot be written.
                let _ = encode_message_id(session.output(), response, sequence, status, id);
            }
            Form::Response => session.answer(sequence, answer.command, status, id),
            Form::Nack | Form::NackZero => {
                let named = if answer.form == Form::Nack {
                    sequence
                } else {
                    0
                };
                let output = session.output();
                encode_header_only(output, CommandId::GENERIC_NACK, status, named);
                session.leave_unanswered();
            }
        }
        if answer.is_doubled {
            session.output().extend_from_within(begin..);
        }
        if traffic.is_draining && traffic.unanswered == 0 {
            traffic.is_closing = true;
        }
        self.connections.mark(answer.bind);
    }

    /// Frees the session's place for a submit without a word on the wire.
    fn give_up(&mut self, key: BindKey) {
        if let Some(connection) = self.connections.get_mut(key) {
            connection.traffic.unanswered = connection.traffic.unanswered.saturating_sub(1);
            connection.session.leave_unanswered();
        }
    }

    fn answer_service(
        &mut self,
        key: BindKey,
        sequence_number: u32,
        command_id: CommandId,
        served: &Served,
    ) {
        let Some(connection) = self.connections.get_mut(key) else {
            return;
        };
        let session = &mut connection.session;
        let status = match served {
            Served::Status(status) => *status,
            Served::State(asked) => {
                let response = asked.response();
                let ok = CommandStatus::ESME_ROK;
                let written = session.answer_with(sequence_number, command_id, ok, |writer| {
                    writer.cstring(response.message_id);
                    writer.cstring(response.final_date);
                    writer.octet(response.message_state.unwrap_or_default());
                    writer.octet(response.error_code.unwrap_or_default());
                });
                if written.is_ok() {
                    return;
                }
                CommandStatus::ESME_RQUERYFAIL
            }
        };
        session.answer(sequence_number, command_id, status, b"");
    }

    fn finish_bind(
        &mut self,
        key: BindKey,
        sequence_number: u32,
        verdict: Result<(usize, BindKind), CommandStatus>,
    ) {
        let Some(connection) = self.connections.get_mut(key) else {
            return;
        };
        match verdict {
            Ok((system, kind)) => {
                connection.session.accept_bind(sequence_number);
                connection.traffic.system = Some(system);
                connection.traffic.receives = kind.can_receive();
                self.desk.counts.binds += 1;
                if kind.can_receive() {
                    self.desk.post.add_receiver(system, key);
                }
            }
            Err(status) => {
                connection.session.refuse_bind(sequence_number, status);
                self.desk.counts.binds_refused += 1;
                // The session closes at its next tick.
                self.next_session_tick_ns = 0;
            }
        }
    }

    fn unbound(&mut self, key: BindKey) {
        if let Some(connection) = self.connections.get_mut(key) {
            let was_ours = std::mem::replace(&mut connection.traffic.has_unbind, true);
            self.desk.counts.unbinds += u64::from(!was_ours);
        }
        self.leave(key);
    }

    /// The connection receives no more.
    pub(super) fn leave(&mut self, key: BindKey) {
        let Some(connection) = self.connections.get_mut(key) else {
            return;
        };
        connection.traffic.receives = false;
        if let Some(system) = connection.traffic.system.take() {
            self.desk.post.remove_receiver(system, key);
        }
    }

    /// Drops or unbinds a connection on which as many submits came as its quirks allow.
    fn close_after(&mut self, now_ns: u64, key: BindKey) {
        let link = self.desk.settings.quirks.link;
        let limits = [
            link.close_after_submits,
            link.unbind_after_submits,
            link.garbage_after_submits,
        ];
        if limits == [None; 3] {
            return;
        }
        let Some(connection) = self.connections.get_mut(key) else {
            return;
        };
        let Connection {
            session, traffic, ..
        } = connection;
        let is_over = |limit: Option<u64>| limit.is_some_and(|limit| traffic.submits >= limit);
        let (is_dropped, is_unbound) = (
            is_over(link.close_after_submits) && !traffic.is_closing,
            is_over(link.unbind_after_submits) && !traffic.has_unbind,
        );
        if is_over(link.garbage_after_submits) && !traffic.has_garbage {
            traffic.has_garbage = true;
            session.output().extend_from_slice(GARBAGE);
            self.desk.played.count("garbage-after");
        }
        if is_dropped {
            self.desk.played.count("close-after");
            traffic.is_closing = true;
        }
        if is_unbound && session.bound().is_some() {
            session.unbind(now_ns);
            traffic.has_unbind = true;
            traffic.is_closing |= link.unbind_then_close;
            self.desk.counts.unbinds_sent += 1;
            self.desk.played.count("unbind-after");
            self.connections.mark(key);
        }
    }

    /// Sends enquire_link so many times, whatever the session thinks of it.
    pub(super) fn enquire(&mut self, key: BindKey, times: u32) {
        let Some(connection) = self.connections.get_mut(key) else {
            return;
        };
        for _ in 0..times {
            let traffic = &mut connection.traffic;
            traffic.enquiries = traffic.enquiries.wrapping_add(1) & 0x0FFF_FFFF;
            encode_header_only(
                connection.session.output(),
                CommandId::ENQUIRE_LINK,
                CommandStatus::ESME_ROK,
                ENQUIRIES_FROM + traffic.enquiries,
            );
        }
        self.desk.counts.enquiries += u64::from(times);
        self.connections.mark(key);
    }

    /// Tells any bind of the system that a handset can be reached.
    pub(super) fn alert(&mut self, alert: &Alert) {
        let Some(key) = self.desk.post.next_receiver(alert.system) else {
            return;
        };
        let Some(connection) = self.connections.get_mut(key) else {
            return;
        };
        let mut tlvs = Vec::new();
        // One octet.
        let _ = write_tlv(&mut tlvs, tag::MS_AVAILABILITY_STATUS, &[0]);
        let notification = AlertNotification {
            source: alert.source.view(),
            esme: alert.esme.view(),
            tlvs: Tlvs::new(&tlvs),
        };
        if connection.session.alert(&notification).is_ok() {
            self.desk.counts.alerts += 1;
        }
        self.connections.mark(key);
    }
}
