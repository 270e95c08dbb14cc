//! The SMSC itself: its binds, what they say, what is due. See [`super`] for what it promises.

use super::bend::Bend;
use super::connections::{BindKey, Connection, Connections};
use super::delivery::Drafts;
use super::desk::{Desk, Due};
use super::events::Action;
use super::events::on_event;
use super::ledger::TakenText;
use super::mo::MoText;
use super::quirk::Quirks;
use super::quirk::mo::Form;
use super::quirk::stream::Stream;
use super::report::Report;
use super::scenario::Player;
use super::settings::Settings;
use crate::chance::Draws;
use carrack_smpp::{Outbind, ServerSession, ServerSettings};

/// How often sessions look at their own timers, and stuck parcels are tried again.
const SESSION_TICK_NS: u64 = 20_000_000;
pub(super) const SECOND_NS: u64 = 1_000_000_000;
/// Messages that handsets may write by themselves between two ticks.
const MO_PER_TICK_MAX: u32 = 10_000;

/// A simulated SMSC.
#[derive(Debug)]
pub struct Smsc {
    pub(super) desk: Desk,
    pub(super) connections: Connections,
    pub(super) actions: Vec<Action>,
    due: Vec<Due>,
    pub(super) touched: Vec<usize>,
    pub(super) drafts: Drafts,
    pub(super) id: Vec<u8>,
    straightened: Vec<u8>,
    draws: Draws,
    player: Option<Player>,
    connected: u64,
    pub(super) next_session_tick_ns: u64,
    next_mo_ns: Option<u64>,
}

impl Smsc {
    /// An SMSC with no connections.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let mut smsc = Self {
            connections: Connections::new(settings.binds_max),
            actions: Vec::new(),
            due: Vec::new(),
            touched: Vec::new(),
            drafts: Drafts::default(),
            id: Vec::new(),
            straightened: Vec::new(),
            draws: Draws::new(settings.seed, 0x5EED),
            player: Player::new(&settings),
            connected: 0,
            next_session_tick_ns: 0,
            next_mo_ns: (settings.mo_rate > 0).then_some(0),
            desk: Desk::new(settings),
        };
        smsc.play(0);
        smsc
    }

    /// Takes a new connection; `None` while the link is down, during a lockout, or when `binds_max` connections are there.
    pub fn connect(&mut self, now_ns: u64) -> Option<BindKey> {
        if self.desk.counts.link_down {
            self.desk.counts.binds_refused += 1;
            return None;
        }
        if self.desk.is_locked(now_ns) {
            return None;
        }
        let mut session = ServerSession::new(self.session_settings(), 1);
        session.connected(now_ns);
        let key = self.connections.add(now_ns, session)?;
        if self.desk.settings.quirks.link.enquire_before_bind {
            self.enquire(key, 1);
        }
        Some(key)
    }

    /// Takes a connection that we made to an ESME, and asks it to bind.
    pub fn connect_outbind(&mut self, now_ns: u64) -> Option<BindKey> {
        let key = self.connect(now_ns)?;
        let settings = &self.desk.settings;
        let connection = self.connections.get_mut(key)?;
        let outbind = Outbind {
            system_id: settings.name.as_bytes(),
            password: settings.password.as_deref().unwrap_or_default().as_bytes(),
        };
        if connection.session.outbind(&outbind).is_ok() {
            self.desk.counts.outbinds += 1;
        }
        self.connections.mark(key);
        Some(key)
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

    /// Takes what a connection sent and what has just come.
    pub fn receive(&mut self, now_ns: u64, key: BindKey, octets: &[u8]) {
        self.receive_late(now_ns, now_ns, key, octets);
    }

    /// Takes what a connection sent and what came at `arrived_ns`: its rate is counted by that.
    pub fn receive_late(&mut self, now_ns: u64, arrived_ns: u64, key: BindKey, octets: &[u8]) {
        self.desk.arrived_ns = arrived_ns.min(now_ns);
        let (desk, actions) = (&mut self.desk, &mut self.actions);
        let Some(connection) = self.connections.get_mut(key) else {
            return;
        };
        let mut octets = octets;
        if desk.settings.quirks.bends_octets() {
            let number = self.connected;
            let bend = connection.bend.get_or_insert_with(|| {
                self.connected += 1;
                Bend::new(desk.settings.seed, number)
            });
            self.straightened.clear();
            let quirks = &desk.settings.quirks;
            bend.inbound(quirks, octets, &mut self.straightened, &mut desk.played);
            octets = &self.straightened;
        }
        let Connection {
            session, traffic, ..
        } = connection;
        session.receive(now_ns, octets, &mut |event| {
            on_event(desk, actions, traffic, now_ns, key, event)
        });
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
        self.play(now_ns);
        self.write_from_handsets(now_ns);
        let mut due = std::mem::take(&mut self.due);
        self.desk.calendar.take_due(now_ns, &mut due);
        let quirks = &self.desk.settings.quirks;
        if quirks.response.is_shuffled || quirks.receipt.is_shuffled {
            self.draws.shuffle(&mut due);
        }
        let keeps_order = quirks.receipt.comes_early();
        for entry in due.drain(..) {
            // After a late tick, what was due before an answer still goes before it.
            if keeps_order && !self.touched.is_empty() && matches!(entry, Due::Answer(_)) {
                self.pump_touched(now_ns);
            }
            match entry {
                Due::Answer(answer) => self.answer(answer),
                Due::Parcel(ticket) => self.line_up(ticket),
                Due::Alert(alert) => self.alert(&alert),
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

    /// Puts in force what the scenario says for this time.
    fn play(&mut self, now_ns: u64) {
        let Some(player) = &mut self.player else {
            return;
        };
        let Some(state) = player.advance(now_ns) else {
            return;
        };
        self.desk.change(state.settings);
        if let Some(is_down) = state.link_down {
            self.set_link_down(is_down);
        }
    }

    fn write_from_handsets(&mut self, now_ns: u64) {
        let gap_ns = SECOND_NS / u64::from(self.desk.settings.mo_rate.max(1));
        let text = self.desk.settings.mo_text.clone();
        for _ in 0..MO_PER_TICK_MAX {
            let Some(next_ns) = self.next_mo_ns.filter(|next_ns| *next_ns <= now_ns) else {
                return;
            };
            let has_room = self.desk.post.len() < self.desk.settings.pending_max;
            let is_written =
                has_room && self.desk.write_from_handset(now_ns, None, text.as_deref());
            // Nobody to write to: what was not written is not made up for.
            let from_ns = if is_written { next_ns } else { now_ns };
            self.next_mo_ns = Some(from_ns.saturating_add(gap_ns.max(1)));
        }
    }

    /// A handset writes: in the form given or the next that quirks name, or the text given. False when no bind receives.
    pub fn write_from_handset(
        &mut self,
        now_ns: u64,
        form: Option<Form>,
        text: Option<&str>,
    ) -> bool {
        self.desk.write_from_handset(now_ns, form, text)
    }

    /// When [`Smsc::tick`] is to be called next, at the latest.
    #[must_use]
    pub fn next_deadline_ns(&self) -> Option<u64> {
        let has_connection = !self.connections.is_empty();
        let session_ns = has_connection.then_some(self.next_session_tick_ns);
        let mo_ns = self.next_mo_ns.filter(|_| has_connection);
        let scene_ns = self.player.as_ref().and_then(Player::next_change_ns);
        let calendar_ns = self.desk.calendar.next_due_ns();
        [calendar_ns, session_ns, mo_ns, scene_ns]
            .into_iter()
            .flatten()
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
        let quirks = &self.desk.settings.quirks;
        let written = connection.session.output();
        if quirks.bends_octets() {
            let number = self.connected;
            let bend = connection.bend.get_or_insert_with(|| {
                self.connected += 1;
                Bend::new(self.desk.settings.seed, number)
            });
            bend.outbound(quirks, written, octets, &mut self.desk.played);
        } else if octets.is_empty() {
            std::mem::swap(octets, written);
        } else {
            octets.append(written);
        }
        connection.traffic.is_closing
    }

    /// How octets are to be cut into writes.
    #[must_use]
    pub fn stream(&self) -> Stream {
        self.desk.settings.quirks.stream
    }

    /// Forgets a connection. Its unanswered parcels go out again on another bind, now or later.
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
        if let (Some(system), false) = (traffic.system, traffic.has_unbind) {
            self.desk.hold(now_ns, system);
        }
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

    /// Other quirks from now on; a scenario's next change replaces them. What was planned stays planned.
    pub fn set_quirks(&mut self, quirks: Quirks) {
        let settings = Settings {
            quirks,
            ..self.desk.settings.clone()
        };
        self.desk.change(settings);
    }

    /// Another rate from now on; `None` is unlimited.
    pub fn set_rate(&mut self, rate: Option<u32>) {
        let settings = Settings {
            rate,
            ..self.desk.settings.clone()
        };
        self.desk.change(settings);
    }

    /// Counts a connection that ended before TLS was agreed on.
    pub fn count_tls_failure(&mut self) {
        self.desk.counts.tls_failures += 1;
    }

    /// Where to connect to with outbind, if anywhere.
    #[must_use]
    pub fn outbind_address(&self) -> Option<std::net::SocketAddr> {
        self.desk.settings.quirks.link.outbind
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

    /// The last texts that were accepted whole, oldest first; at most `texts_kept`.
    #[must_use]
    pub fn texts(&self) -> Vec<TakenText> {
        self.desk.ledger.texts().cloned().collect()
    }

    /// The last messages from handsets, oldest first; at most `texts_kept`.
    #[must_use]
    pub fn mos(&self) -> Vec<MoText> {
        self.desk.shelf.iter().cloned().collect()
    }
}

fn malformed(session: &ServerSession) -> u64 {
    let counters = session.counters();
    counters.malformed_bodies + counters.malformed_frames
}
