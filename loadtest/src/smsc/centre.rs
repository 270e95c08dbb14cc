//! The SMSC itself: its binds, what they say, what is due. See [`super`] for what it promises.

use super::connections::{BindKey, Connection, Connections};
use super::delivery::Drafts;
use super::desk::{Answer, Desk, Due};
use super::events::{Action, on_event};
use super::identity::ID_OCTETS_MAX;
use super::quirk::link::strip_enquire_answers;
use super::report::Report;
use super::settings::Settings;
use carrack_smpp::{BindKind, CommandId, CommandStatus, ServerSession, ServerSettings};

/// How often sessions look at their own timers, and stuck receipts are tried again.
const SESSION_TICK_NS: u64 = 20_000_000;
pub(super) const SECOND_NS: u64 = 1_000_000_000;

/// A simulated SMSC.
#[derive(Debug)]
pub struct Smsc {
    pub(super) desk: Desk,
    pub(super) connections: Connections,
    actions: Vec<Action>,
    due: Vec<Due>,
    pub(super) touched: Vec<usize>,
    pub(super) drafts: Drafts,
    next_session_tick_ns: u64,
}

impl Smsc {
    /// An SMSC with no connections.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self {
            connections: Connections::new(settings.binds_max),
            desk: Desk::new(settings),
            actions: Vec::new(),
            due: Vec::new(),
            touched: Vec::new(),
            drafts: Drafts::default(),
            next_session_tick_ns: 0,
        }
    }

    /// Takes a new connection; `None` while the link is down or when `binds_max` connections are there.
    pub fn connect(&mut self, now_ns: u64) -> Option<BindKey> {
        if self.desk.counts.link_down {
            self.desk.counts.binds_refused += 1;
            return None;
        }
        let mut session = ServerSession::new(self.session_settings(), 1);
        session.connected(now_ns);
        self.connections.add(session)
    }

    fn session_settings(&self) -> ServerSettings {
        ServerSettings {
            system_id: self.desk.settings.name.clone().into_bytes(),
            window: self.desk.settings.receipt_window,
            response_timeout_ns: self.desk.settings.receipt_timeout_ns,
            bind_timeout_ns: 30 * SECOND_NS,
            // The desk holds the window, so that it is counted in the report.
            inbound_window_max: u32::MAX,
            ..ServerSettings::default()
        }
    }

    /// Takes what a connection sent.
    pub fn receive(&mut self, now_ns: u64, key: BindKey, octets: &[u8]) {
        let (desk, actions) = (&mut self.desk, &mut self.actions);
        let Some(connection) = self.connections.get_mut(key) else {
            return;
        };
        let Connection {
            session, traffic, ..
        } = connection;
        let written = session.output().len();
        session.receive(now_ns, octets, &mut |event| {
            on_event(desk, actions, traffic, now_ns, key, event)
        });
        if desk.settings.quirks.link.no_enquire_answer {
            strip_enquire_answers(session.output(), written);
        }
        self.act(now_ns, key);
        if let Some(system) = self
            .connections
            .get(key)
            .and_then(|connection| connection.traffic.system)
        {
            self.pump(now_ns, system);
        }
        self.connections.mark(key);
    }

    /// Does all that is due.
    pub fn tick(&mut self, now_ns: u64) {
        let mut due = std::mem::take(&mut self.due);
        self.desk.calendar.take_due(now_ns, &mut due);
        for entry in due.drain(..) {
            match entry {
                Due::Answer(answer) => self.answer(answer),
                Due::Receipt(ticket) => self.line_up(ticket),
            }
        }
        self.due = due;
        if now_ns >= self.next_session_tick_ns {
            self.next_session_tick_ns = now_ns.saturating_add(SESSION_TICK_NS);
            self.tick_sessions(now_ns);
            self.touched.extend(0..self.desk.post.systems());
        }
        self.pump_touched(now_ns);
    }

    fn tick_sessions(&mut self, now_ns: u64) {
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
            let is_wanted = !session.output().is_empty() || traffic.is_closing;
            self.act(now_ns, key);
            if is_wanted {
                self.connections.mark(key);
            }
        }
    }

    /// When [`Smsc::tick`] is to be called next, at the latest.
    #[must_use]
    pub fn next_deadline_ns(&self) -> Option<u64> {
        let session_ns = (!self.connections.is_empty()).then_some(self.next_session_tick_ns);
        self.desk
            .calendar
            .next_due_ns()
            .into_iter()
            .chain(session_ns)
            .min()
    }

    /// Moves the connections that have something to write, or are to be closed, to the end of `keys`; each once.
    pub fn take_dirty(&mut self, keys: &mut Vec<BindKey>) {
        self.connections.take_dirty(keys);
    }

    /// Moves what a connection is to write to the end of `octets`. True when the connection is to be closed after it.
    pub fn take_output(&mut self, key: BindKey, octets: &mut Vec<u8>) -> bool {
        let Some(connection) = self.connections.get_mut(key) else {
            return true;
        };
        connection.traffic.is_full = false;
        if octets.is_empty() {
            std::mem::swap(octets, connection.session.output());
        } else {
            octets.append(connection.session.output());
        }
        connection.traffic.is_closing
    }

    /// Forgets a connection. Its unanswered receipts go out again on another bind, now or later.
    pub fn disconnect(&mut self, now_ns: u64, key: BindKey) {
        let (desk, actions) = (&mut self.desk, &mut self.actions);
        let Some(connection) = self.connections.get_mut(key) else {
            return;
        };
        let Connection {
            session, traffic, ..
        } = connection;
        session.disconnected(&mut |event| on_event(desk, actions, traffic, now_ns, key, event));
        self.desk.counts.malformed += malformed(session);
        self.leave(key);
        self.act(now_ns, key);
        self.connections.remove(key);
        self.pump_touched(now_ns);
    }

    /// Switches the link down (every connection is closed, new ones are refused) or up again.
    pub fn set_link_down(&mut self, is_down: bool) {
        self.desk.counts.link_down = is_down;
        if !is_down {
            return;
        }
        for slot in 0..self.connections.places() {
            let Some(key) = self.connections.key_at(slot) else {
                continue;
            };
            if let Some(connection) = self.connections.get_mut(key) {
                connection.traffic.is_closing = true;
                self.connections.mark(key);
            }
        }
    }

    /// True while the link is switched down.
    #[must_use]
    pub fn is_link_down(&self) -> bool {
        self.desk.counts.link_down
    }

    /// The counts so far.
    #[must_use]
    pub fn report(&self) -> Report {
        let mut report = self.desk.report();
        for connection in self.connections.iter() {
            report.binds_now += u64::from(connection.traffic.system.is_some());
            report.malformed += malformed(&connection.session);
        }
        report
    }

    /// Does what the events of one connection asked for.
    fn act(&mut self, now_ns: u64, key: BindKey) {
        let mut actions = std::mem::take(&mut self.actions);
        for action in actions.drain(..) {
            match action {
                Action::Answer(answer) => self.answer(answer),
                Action::GiveUp => self.give_up(key),
                Action::Bind {
                    sequence_number,
                    verdict,
                } => self.finish_bind(key, sequence_number, verdict),
                Action::Unsupported {
                    sequence_number,
                    command_id,
                } => {
                    if let Some(connection) = self.connections.get_mut(key) {
                        connection.session.answer(
                            sequence_number,
                            command_id,
                            CommandStatus::ESME_RINVCMDID,
                            b"",
                        );
                    }
                }
                Action::Receipt { ticket, fate } => self.settle_receipt(now_ns, ticket, &fate),
                Action::Unbound => self.leave(key),
            }
        }
        self.actions = actions;
        self.close_after(key);
    }

    fn answer(&mut self, answer: Answer) {
        let Some(connection) = self.connections.get_mut(answer.bind) else {
            self.desk.counts.lost_responses += 1;
            return;
        };
        connection.traffic.unanswered = connection.traffic.unanswered.saturating_sub(1);
        let mut id = [0; ID_OCTETS_MAX];
        let message_id = if answer.status.is_ok() {
            self.desk.message_id(answer.serial, &mut id)
        } else {
            &[]
        };
        connection.session.answer(
            answer.sequence_number,
            CommandId::SUBMIT_SM,
            answer.status,
            message_id,
        );
        self.connections.mark(answer.bind);
    }

    /// Frees the session's place for a submit without a word on the wire.
    fn give_up(&mut self, key: BindKey) {
        if let Some(connection) = self.connections.get_mut(key) {
            connection.traffic.unanswered = connection.traffic.unanswered.saturating_sub(1);
            connection.session.leave_unanswered();
        }
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

    /// The connection receives no more.
    fn leave(&mut self, key: BindKey) {
        let Some(connection) = self.connections.get_mut(key) else {
            return;
        };
        connection.traffic.receives = false;
        if let Some(system) = connection.traffic.system.take() {
            self.desk.post.remove_receiver(system, key);
        }
    }

    fn close_after(&mut self, key: BindKey) {
        let Some(limit) = self.desk.settings.quirks.link.close_after_submits else {
            return;
        };
        if let Some(connection) = self.connections.get_mut(key)
            && connection.traffic.submits >= limit
        {
            connection.traffic.is_closing = true;
        }
    }
}

fn malformed(session: &ServerSession) -> u64 {
    let counters = session.counters();
    counters.malformed_bodies + counters.malformed_frames
}
