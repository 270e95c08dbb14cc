//! Where the modem stands in the network, and how well it hears it.
//!
//! Promise: what comes unasked is a reason to ask, never believed by itself. A modem that stays out of the network is begun anew. One that
//! was out of it and is back is asked for its card before anything is sent: it may be another one, and not every modem says so.
//! Bound: each question has a deadline; while it is not registered it is asked every five seconds.

use super::at::{Final, Outcome, Registration};
use super::escalation::Trouble;
use super::identity::said;
use super::link::{Job, ModemLink};

const SECOND_NS: u64 = 1_000_000_000;
const TIMEOUT_NS: u64 = 5 * SECOND_NS;
/// Asking for the operator can take a look at all of them on some modems.
const OPERATOR_TIMEOUT_NS: u64 = 30 * SECOND_NS;
const SEARCH_EVERY_NS: u64 = 5 * SECOND_NS;
/// What comes unasked does not make it ask more often.
const ASK_AGAIN_NS: u64 = SECOND_NS;
/// A search that takes longer is stuck.
const SEARCH_MAX_NS: u64 = 180 * SECOND_NS;

/// What the modem said of it.
#[derive(Debug)]
pub(super) struct Network {
    pub(super) registration: Registration,
    /// It was asked since it was set up.
    pub(super) is_known: bool,
    /// It was in a network since it was set up, and when it was asked last.
    was_in: bool,
    /// It was out of a network since its card was looked at.
    was_out: bool,
    /// It is back: another card may be in it, so it is asked for its card again.
    pub(super) is_card_doubted: bool,
    out_since_ns: Option<u64>,
    registration_due_ns: u64,
    /// Something came unasked: it is asked then, should it not be due before.
    again_ns: u64,
    asked_ns: u64,
    signal_due_ns: u64,
    operator_due: bool,
    /// Country and network, digits.
    pub(super) operator: String,
    pub(super) signal_dbm: Option<i16>,
}

impl Default for Network {
    fn default() -> Self {
        Self {
            registration: Registration::Unknown,
            is_known: false,
            was_in: false,
            was_out: false,
            is_card_doubted: false,
            out_since_ns: None,
            registration_due_ns: 0,
            again_ns: u64::MAX,
            asked_ns: 0,
            signal_due_ns: 0,
            operator_due: true,
            operator: String::new(),
            signal_dbm: None,
        }
    }
}

impl Network {
    /// It was set up: nothing is known.
    pub(super) fn begin(&mut self) {
        *self = Self::default();
    }

    /// A reason to ask; what was out for a moment may be in again by then.
    pub(super) const fn told_unasked(&mut self, told: Registration) {
        self.was_out |= !told.is_in();
        self.again_ns = self.asked_ns.saturating_add(ASK_AGAIN_NS);
    }

    /// Since its card was looked at: another one may be in it by now.
    pub(super) const fn was_out(&self) -> bool {
        self.was_out
    }

    pub(super) const fn is_in(&self) -> bool {
        self.is_known && self.registration.is_in()
    }

    pub(super) const fn word(&self) -> &'static str {
        if !self.is_known {
            return "unknown";
        }
        match self.registration {
            Registration::Home => "home",
            Registration::Roaming => "roaming",
            Registration::SmsOnly => "short messages only",
            Registration::Searching => "searching",
            Registration::Denied => "denied",
            Registration::Not => "not registered",
            Registration::Unknown => "unknown",
        }
    }

    pub(super) fn deadline_ns(&self) -> u64 {
        let registration_ns = self.registration_due_ns.min(self.again_ns);
        registration_ns.min(self.signal_due_ns)
    }
}

impl ModemLink {
    /// Asks for one of them that is due. True: it did.
    pub(super) fn ask_network(&mut self) -> bool {
        let now_ns = self.now.mono_ns;
        if now_ns >= self.network.registration_due_ns.min(self.network.again_ns) {
            self.ask_registration(0);
        } else if now_ns >= self.network.signal_due_ns {
            self.ask(Job::Signal, "+CSQ", TIMEOUT_NS);
        } else if self.network.operator_due && self.network.is_in() {
            self.ask(Job::Operator, "+COPS?", OPERATOR_TIMEOUT_NS);
        } else {
            return false;
        }
        true
    }

    fn ask_registration(&mut self, which: usize) {
        let names = self.identity.dialect().registrations;
        let name = names.get(which).copied().unwrap_or("+CREG");
        // What comes unasked before the answer asks again.
        self.network.again_ns = u64::MAX;
        self.network.asked_ns = self.now.mono_ns;
        self.ask(Job::Registration(which), &format!("{name}?"), TIMEOUT_NS);
    }

    pub(super) fn registration_ended(&mut self, which: usize, outcome: Outcome) {
        let Outcome::Answered(found, lines) = outcome else {
            return self.fault(
                Trouble::Silent,
                "it does not answer when it is asked for its network",
            );
        };
        let told = lines.iter().find_map(|line| registration(line));
        let is_in = told.is_some_and(Registration::is_in);
        let names = self.identity.dialect().registrations;
        if !is_in && which + 1 < names.len() && self.port.dialogue.is_free() {
            // The best that was told so far.
            self.network.registration = told.unwrap_or(self.network.registration);
            return self.ask_registration(which + 1);
        }
        if is_in || which == 0 || told.is_some_and(|told| told == Registration::Denied) {
            self.network.registration = told.unwrap_or(Registration::Unknown);
        }
        let is_refused = found != Final::Ok && which == 0;
        self.registered(is_refused);
    }

    fn registered(&mut self, is_refused: bool) {
        let now_ns = self.now.mono_ns;
        let network = &mut self.network;
        network.is_known = true;
        if is_refused {
            network.registration = Registration::Unknown;
        }
        let every_ns = if network.registration.is_in() {
            network.out_since_ns = None;
            network.was_in = true;
            network.is_card_doubted |= std::mem::take(&mut network.was_out);
            self.spec.signal_every_ns
        } else {
            self.counts.registrations_lost += u64::from(std::mem::take(&mut network.was_in));
            network.operator_due = true;
            network.was_out = true;
            network.out_since_ns.get_or_insert(now_ns);
            SEARCH_EVERY_NS
        };
        network.registration_due_ns = now_ns.saturating_add(every_ns);
        let out_ns = network
            .out_since_ns
            .map_or(0, |since| now_ns.saturating_sub(since));
        if out_ns >= SEARCH_MAX_NS {
            network.out_since_ns = None;
            self.fault(
                Trouble::Wrong,
                "it has been out of its network for three minutes",
            );
        }
    }

    pub(super) fn signal_ended(&mut self, outcome: Outcome) {
        let Outcome::Answered(_, lines) = outcome else {
            return self.fault(
                Trouble::Silent,
                "it does not answer when it is asked for its signal",
            );
        };
        self.network.signal_due_ns = self.now.mono_ns.saturating_add(self.spec.signal_every_ns);
        self.network.signal_dbm = lines.iter().find_map(|line| signal_dbm(line));
        self.told.is_changed = true;
    }

    pub(super) fn operator_ended(&mut self, outcome: Outcome) {
        let Outcome::Answered(_, lines) = outcome else {
            return self.fault(
                Trouble::Silent,
                "it does not answer when it is asked for its operator",
            );
        };
        self.network.operator_due = false;
        let answer = said("+COPS", &lines);
        let name = answer.split('"').nth(1).unwrap_or_default();
        self.network.operator = name.to_owned();
        self.told.is_changed = true;
    }
}

/// `+CREG: <n>,<stat>[,...]`.
fn registration(line: &str) -> Option<Registration> {
    let (name, value) = line.split_once(':')?;
    if !matches!(name, "+CREG" | "+CEREG" | "+CGREG") {
        return None;
    }
    let stat = value.split(',').nth(1)?.trim().parse().ok()?;
    Some(Registration::of(stat))
}

/// `+CSQ: <rssi>,<ber>` (TS 27.007, 8.5); SIM7600 writes 100 to 191 in a 3G network of the other kind.
pub(super) fn signal_dbm(line: &str) -> Option<i16> {
    let value = line.strip_prefix("+CSQ:")?;
    let rssi: i16 = value.split(',').next()?.trim().parse().ok()?;
    match rssi {
        0..=31 => Some(2 * rssi - 113),
        100..=191 => Some(rssi - 216),
        _ => None,
    }
}

/// The same as handsets show it.
pub(super) const fn bars(dbm: i16) -> u8 {
    match dbm {
        -73.. => 4,
        -83..=-74 => 3,
        -93..=-84 => 2,
        -103..=-94 => 1,
        _ => 0,
    }
}
