//! Whether the link is up, why not, and who is told: the engine by events, operators by the panel.
//!
//! Promise: an idle turn compares and allocates nothing; words are made when something has changed.

use super::at::Registration;
use super::desk::Rest;
use super::escalation::Rung;
use super::link::{ModemLink, Phase};
use super::network::bars;
use super::panel::ModemView;
use super::sending::Sending;
use super::words::{masked, rest};
use crate::link::{Link as _, LinkEvent, LinkState};

/// Why the link takes nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Obstacle {
    /// Nothing was begun.
    #[default]
    NotBegun,
    /// The modem, its line or its SIM.
    Modem,
    /// It is on its way, and nothing is wrong.
    Beginning,
    Registration(Registration),
    Rest(Rest, u64),
    /// What is under way may take a minute; what waits goes by others meanwhile.
    NoAnswer,
    Closing,
}

/// What was told last, and what is to be told.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) is_up: bool,
    obstacle: Obstacle,
    /// The fault that is on; empty: none.
    fault: String,
    is_new_fault: bool,
    reason: String,
    last_error: String,
    pub(super) alert: String,
    balance: Option<(String, u64)>,
    rung: Rung,
    phase: Option<std::mem::Discriminant<Phase>>,
    pub(super) is_changed: bool,
}

impl Told {
    /// Something is wrong with the modem.
    pub(super) fn fault(&mut self, words: &str) {
        self.fault.clear();
        self.fault.push_str(words);
        self.is_new_fault = true;
        self.note_error(words);
    }

    pub(super) fn note_error(&mut self, words: &str) {
        self.last_error.clear();
        self.last_error.push_str(words);
        self.is_changed = true;
    }

    pub(super) fn balance(&mut self, text: String, utc_ns: u64) {
        self.balance = Some((text, utc_ns));
        self.is_changed = true;
    }

    pub(super) fn reason(&self) -> &str {
        &self.reason
    }
}

impl ModemLink {
    fn obstacle(&self) -> Option<Obstacle> {
        if self.closing.is_some() {
            return Some(Obstacle::Closing);
        }
        // Its card is looked at between two segments: what is under way waits for that.
        let is_mid_text = self.sending.is_some() && self.told.is_up;
        if is_mid_text && matches!(self.phase, Phase::SettingUp) {
            return None;
        }
        if !matches!(self.phase, Phase::Serving) {
            return Some(match self.told.fault.is_empty() {
                true => Obstacle::Beginning,
                false => Obstacle::Modem,
            });
        }
        let is_known = self.network.is_known && self.incoming.is_looked_at;
        if !is_mid_text && (!is_known || self.is_doubted()) {
            return Some(Obstacle::Beginning);
        }
        if self.network.is_known && !self.network.is_in() {
            return Some(Obstacle::Registration(self.network.registration));
        }
        // What is under way has been counted: its answer is waited for.
        if let Some(sending) = &self.sending {
            return (sending.is_late(self.now.mono_ns)).then_some(Obstacle::NoAnswer);
        }
        let (rest, utc_ns) = self.gate.long_rest()?;
        Some(Obstacle::Rest(rest, utc_ns))
    }

    /// Looks at what may be sent, and tells what has changed.
    pub(super) fn tell(&mut self) {
        if let Some(sim) = self.identity.number
            && matches!(self.phase, Phase::Serving)
        {
            self.gate.look(self.now, self.desk.as_ref(), sim);
        }
        let obstacle = self.obstacle();
        let is_up = obstacle.is_none();
        let was_up = self.told.is_up;
        self.told.is_up = is_up;
        if is_up && !was_up {
            self.told.fault.clear();
            self.told.reason.clear();
            self.told.obstacle = Obstacle::default();
            self.told.is_new_fault = false;
            self.told.is_changed = true;
            if self.escalation.rung != Rung::Out {
                self.told.alert.clear();
            }
            self.events.push(LinkEvent::Up);
        } else if let Some(obstacle) = obstacle {
            self.tell_obstacle(obstacle, was_up);
        }
        let phase = std::mem::discriminant(&self.phase);
        let is_moved = self.told.phase != Some(phase) || self.told.rung != self.escalation.rung;
        if std::mem::take(&mut self.told.is_changed) || is_moved {
            self.told.phase = Some(phase);
            self.told.rung = self.escalation.rung;
            self.show();
        }
    }

    fn tell_obstacle(&mut self, obstacle: Obstacle, was_up: bool) {
        let is_new = self.told.obstacle != obstacle || self.told.is_new_fault;
        if !is_new && !was_up {
            return;
        }
        self.told.obstacle = obstacle;
        self.told.is_changed = true;
        self.told.is_new_fault = false;
        let is_told = was_up || !matches!(obstacle, Obstacle::Beginning | Obstacle::Closing);
        let words = match obstacle {
            Obstacle::NotBegun | Obstacle::Beginning => "it is being set up".to_owned(),
            Obstacle::Modem => format!("{}: {}", self.spec.name, self.told.fault),
            Obstacle::Registration(_) => format!(
                "{} is not in a network: {}",
                self.spec.name,
                self.network.word()
            ),
            Obstacle::Rest(why, utc_ns) => rest(&self.identity.sim, why, utc_ns),
            Obstacle::NoAnswer => format!("{} has not yet answered to a message", self.spec.name),
            Obstacle::Closing => "goodbye was said".to_owned(),
        };
        if self.escalation.rung == Rung::Out && obstacle == Obstacle::Modem {
            self.told.alert = format!("out of its pool: {}", self.told.fault);
        }
        if is_told {
            self.events.push(LinkEvent::Down(words.clone()));
        }
        self.told.reason = words;
    }

    fn show(&self) {
        let state = match self.state() {
            LinkState::Up => "up",
            LinkState::Connecting => "connecting",
            LinkState::Closing => "closing",
            LinkState::Down | LinkState::Refused => "down",
        };
        self.panel.change(|view| {
            view.state = state;
            view.reason.clone_from(&self.told.reason);
            view.alert.clone_from(&self.told.alert);
            view.last_error.clone_from(&self.told.last_error);
            view.rung = self.escalation.rung.word();
            view.counts = self.counts;
            if let Some((text, utc_ns)) = &self.told.balance {
                view.balance.clone_from(text);
                view.balance_utc_ns = *utc_ns;
            }
            self.show_identity(view);
        });
    }

    fn show_identity(&self, view: &mut ModemView) {
        let identity = &self.identity;
        view.dialect = identity.dialect().name;
        view.manufacturer.clone_from(&identity.maker);
        view.model.clone_from(&identity.model);
        view.revision.clone_from(&identity.revision);
        view.imei.clone_from(&identity.imei);
        let shown = |digits: &Option<String>| digits.as_deref().map(masked).unwrap_or_default();
        view.iccid = shown(&identity.sim.iccid);
        view.imsi = shown(&identity.sim.imsi);
        view.number = identity.own.map(|own| format!("+{own}"));
        view.network.clone_from(&self.network.operator);
        view.registration = self.network.word();
        view.signal_dbm = self.network.signal_dbm;
        view.signal_bars = self.network.signal_dbm.map(bars);
        view.storage_used = self.incoming.used;
        view.storage_total = self.incoming.total;
    }

    /// When a poll has something to do though nothing comes in.
    pub(super) fn deadline_ns(&self) -> Option<u64> {
        let command_ns = self.port.dialogue.due_ns();
        let of_phase = match &self.phase {
            Phase::Closed => return None,
            Phase::Waiting { until_ns }
            | Phase::Opening { until_ns }
            | Phase::Hooking { until_ns, .. }
            | Phase::SimResting { until_ns } => Some(*until_ns),
            Phase::Booting { until_ns, next_ns } => Some(match command_ns {
                Some(_) => *until_ns,
                None => (*until_ns).min(*next_ns),
            }),
            Phase::Syncing { .. } | Phase::Restarting { .. } => None,
            Phase::SettingUp if command_ns.is_none() => Some(self.setup_deadline_ns()),
            Phase::SettingUp => None,
            Phase::Serving => self.serving_deadline_ns(command_ns.is_some()),
        };
        let all = [command_ns, of_phase, self.closing];
        all.into_iter().flatten().min()
    }

    fn serving_deadline_ns(&self, is_busy: bool) -> Option<u64> {
        let gate_ns = self.gate.due_ns();
        if is_busy {
            let late_ns = self.sending.as_ref().and_then(Sending::late_ns);
            let late_ns = late_ns.filter(|late_ns| *late_ns > self.now.mono_ns);
            return [gate_ns, late_ns].into_iter().flatten().min();
        }
        let again_ns = (self.sending.as_ref())
            .filter(|_| !self.is_doubted())
            .map(|sending| sending.not_before_ns());
        let others_ns = self
            .incoming
            .deadline_ns()
            .min(self.network.deadline_ns())
            .min(self.ussd.deadline_ns(self.may_ask_ussd()));
        let all = [gate_ns, again_ns, Some(others_ns)];
        all.into_iter().flatten().min()
    }
}
