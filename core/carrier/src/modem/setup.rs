//! Who is there, and how it is set up: one command after the other.
//!
//! Promise: what a modem may refuse is passed over or asked in another way; what it must know is a fault where it does not. A card that
//! is locked: [`super::pin`].
//! Bound: [`SETUP_MAX_NS`] for all of it.

use super::at::{Final, Outcome};
use super::desk::SimIdentity;
use super::escalation::Trouble;
use super::identity::{iccid, iccid_raw, imei, imsi, networks_of, said, words};
use super::link::{Job, ModemLink, Phase};

const SECOND_NS: u64 = 1_000_000_000;
/// All of it.
const SETUP_MAX_NS: u64 = 60 * SECOND_NS;
/// Most are answered at once; those that ask the SIM take longer.
const STEP_TIMEOUT_NS: u64 = 5 * SECOND_NS;
pub(super) const SIM_TIMEOUT_NS: u64 = 10 * SECOND_NS;
/// A SIM that is busy, right after a start, is asked again.
const SIM_BUSY_NS: u64 = 2 * SECOND_NS;
const SIM_BUSY_MAX: u8 = 10;

/// A command of it, in this order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Step {
    #[default]
    Echo,
    Errors,
    Maker,
    Model,
    Info,
    Revision,
    Imei,
    Extra(usize),
    Sim,
    Iccid(usize),
    IccidRaw,
    PinTries,
    Pin,
    Imsi,
    Pdu,
    Service,
    Memory(usize),
    Notify(usize),
    News,
    Numeric,
}

/// How far it is.
#[derive(Debug, Default)]
pub(super) struct Setup {
    pub(super) step: Step,
    until_ns: u64,
    pause_until_ns: u64,
    sim_busy: u8,
    /// The SIM that is in it, as far as it has said.
    pub(super) sim: SimIdentity,
    /// The SIM wants its PIN.
    pub(super) is_locked: bool,
    /// Somebody said that a PIN may be tried once more.
    pub(super) is_pin_forgiven: bool,
    /// It was done on this line since the modem began.
    pub(super) is_done: bool,
    /// The modem said something that lets one doubt it: it is done again when nothing is under way.
    pub(super) is_stale: bool,
}

impl ModemLink {
    pub(super) fn begin_setup(&mut self) {
        self.orders_failed("the modem was set up anew in the middle of it");
        self.phase = Phase::SettingUp;
        self.setup.step = Step::Echo;
        self.setup.sim_busy = 0;
        self.setup.is_locked = false;
        self.setup.is_stale = false;
        self.setup.pause_until_ns = 0;
        self.setup.until_ns = self.now.mono_ns.saturating_add(SETUP_MAX_NS);
    }

    /// The SIM was away or locked, or may be another one.
    pub(super) fn look_at_sim_again(&mut self) {
        self.begin_setup();
        self.setup.step = Step::Sim;
    }

    /// Gives the next command.
    pub(super) fn set_up(&mut self) {
        let now_ns = self.now.mono_ns;
        if now_ns >= self.setup.until_ns {
            return self.fault(Trouble::Silent, "it could not be set up within a minute");
        }
        if now_ns < self.setup.pause_until_ns {
            return;
        }
        let step = self.setup.step;
        if step == Step::Pin {
            return self.give_pin();
        }
        let Some(command) = self.command(step) else {
            self.take_step(step);
            // Steps go on only, so this ends.
            return self.work();
        };
        let timeout_ns = match step {
            Step::Sim | Step::Iccid(_) | Step::IccidRaw | Step::Imsi | Step::Memory(_) => {
                SIM_TIMEOUT_NS
            }
            _ => STEP_TIMEOUT_NS,
        };
        self.ask(Job::Setup(step), &command, timeout_ns);
    }

    pub(super) fn setup_deadline_ns(&self) -> u64 {
        match self.setup.pause_until_ns {
            0 => self.now.mono_ns,
            until_ns => until_ns.min(self.setup.until_ns),
        }
    }

    /// The command of a step; none: there is nothing to ask.
    fn command(&self, step: Step) -> Option<String> {
        let dialect = self.identity.dialect();
        let fixed = match step {
            Step::Echo => "E0",
            Step::Errors => "+CMEE=1",
            Step::Maker => "+CGMI",
            Step::Model => "+CGMM",
            Step::Info => {
                let is_known = !self.identity.maker.is_empty() && !self.identity.model.is_empty();
                return (!is_known).then(|| "I".to_owned());
            }
            Step::Revision => "+CGMR",
            Step::Imei => "+CGSN",
            Step::Extra(place) => dialect.extra.get(place)?,
            Step::Sim => "+CPIN?",
            Step::Iccid(place) => dialect.iccid.get(place)?,
            Step::IccidRaw => "+CRSM=176,12258,0,0,10",
            Step::PinTries => "+CPINR",
            // Given by itself: the book has to hear of it before.
            Step::Pin => return None,
            Step::Imsi => "+CIMI",
            Step::Pdu => "+CMGF=0",
            Step::Service => return Some(format!("+CSMS={}", dialect.service)),
            Step::Memory(place) => {
                let memory = dialect.memories.get(place)?;
                return Some(format!("+CPMS=\"{memory}\",\"{memory}\",\"{memory}\""));
            }
            Step::Notify(place) => return Some(format!("+CNMI={}", dialect.notify.get(place)?)),
            Step::News => "+CREG=1",
            Step::Numeric => "+COPS=3,2",
        };
        Some(fixed.to_owned())
    }

    fn take_step(&mut self, after: Step) {
        let next = match after {
            Step::Echo => Step::Errors,
            Step::Errors => Step::Maker,
            Step::Maker => Step::Model,
            Step::Model => Step::Info,
            Step::Info => {
                self.identity.tell_dialect();
                Step::Revision
            }
            Step::Revision => Step::Imei,
            Step::Imei => Step::Extra(0),
            Step::Extra(place) if place + 1 < self.identity.dialect().extra.len() => {
                Step::Extra(place + 1)
            }
            Step::Extra(_) => Step::Sim,
            Step::Sim => Step::Iccid(0),
            Step::Iccid(place) if place + 1 < self.identity.dialect().iccid.len() => {
                Step::Iccid(place + 1)
            }
            Step::Iccid(_) => Step::IccidRaw,
            Step::IccidRaw if self.setup.is_locked => return self.unlock(),
            Step::IccidRaw => Step::Imsi,
            Step::PinTries => Step::Pin,
            Step::Pin => Step::Sim,
            Step::Imsi => return self.seat(),
            Step::Pdu => Step::Service,
            Step::Service => Step::Memory(0),
            Step::Memory(_) => Step::Notify(0),
            Step::Notify(_) => Step::News,
            Step::News => Step::Numeric,
            Step::Numeric => return self.begin_service(),
        };
        self.setup.step = next;
    }

    pub(super) fn setup_ended(&mut self, step: Step, outcome: Outcome) {
        let (found, lines) = match outcome {
            Outcome::Answered(found, lines) => (found, lines),
            Outcome::Silent { .. } => {
                return self.fault(Trouble::Silent, "it does not answer while it is set up");
            }
        };
        if !matches!(self.phase, Phase::SettingUp) {
            return;
        }
        let is_ok = found == Final::Ok;
        match step {
            Step::Maker if is_ok => self.identity.maker = words(&lines),
            Step::Model if is_ok => self.identity.model = words(&lines),
            Step::Info if is_ok => self.identify(&lines),
            Step::Revision if is_ok => self.identity.revision = words(&lines),
            Step::Imei if is_ok => self.identity.imei = imei(&lines).unwrap_or_default(),
            Step::Sim => return self.sim_told(found, &lines),
            Step::Iccid(_) | Step::IccidRaw => {
                let card = match step {
                    Step::IccidRaw => iccid_raw(&lines),
                    _ => iccid(&lines),
                };
                if is_ok && card.is_some() {
                    self.setup.sim.iccid = card;
                    // No other way is asked.
                    return self.take_step(Step::IccidRaw);
                }
            }
            Step::PinTries => return self.pin_tries_told(&lines),
            Step::Pin => return self.pin_told(is_ok),
            Step::Imsi if is_ok => self.setup.sim.imsi = imsi(&lines),
            Step::Pdu if !is_ok => {
                return self.fault(Trouble::Wrong, "it takes no PDU mode (AT+CMGF=0)");
            }
            Step::Memory(place) => return self.memory_chosen(place, is_ok, &lines),
            Step::Notify(place) if !is_ok => {
                let more = place + 1 < self.identity.dialect().notify.len();
                self.setup.step = if more {
                    Step::Notify(place + 1)
                } else {
                    Step::News
                };
                return;
            }
            _ => {}
        }
        self.take_step(step);
    }

    /// `I`: maker and model in lines of no order.
    fn identify(&mut self, lines: &[String]) {
        let all = lines.join(" ");
        for known in [&mut self.identity.maker, &mut self.identity.model] {
            if known.is_empty() {
                *known = words(std::slice::from_ref(&all));
            }
        }
    }

    fn sim_told(&mut self, found: Final, lines: &[String]) {
        let state = said("+CPIN", lines);
        match found {
            Final::Ok if state == "READY" => {
                self.unlocked();
                // Whatever card was there before.
                self.setup.sim = SimIdentity::default();
                self.setup.step = Step::Iccid(0);
            }
            Final::Ok if state == "SIM PIN" => {
                self.setup.is_locked = true;
                self.setup.sim = SimIdentity::default();
                self.setup.step = Step::Iccid(0);
            }
            Final::Ok if state.contains("PUK") => {
                self.rest_sim("the SIM is locked and wants its PUK; enter it in a handset");
            }
            // Busy, or not looked at yet right after a start.
            Final::Cme(14 | 100) | Final::Error | Final::Ok
                if self.setup.sim_busy < SIM_BUSY_MAX =>
            {
                self.setup.sim_busy += 1;
                self.pause_for_sim();
            }
            Final::Cme(10) => self.rest_sim("there is no SIM in it"),
            Final::Cme(13 | 15) => {
                self.rest_sim("its SIM cannot be read; is it the right way round?")
            }
            _ => self.rest_sim("it says nothing of a SIM"),
        }
    }

    pub(super) fn pause_for_sim(&mut self) {
        self.setup.pause_until_ns = self.now.mono_ns.saturating_add(SIM_BUSY_NS);
    }

    fn memory_chosen(&mut self, place: usize, is_ok: bool, lines: &[String]) {
        let memories = self.identity.dialect().memories;
        if is_ok && let Some(memory) = memories.get(place) {
            self.incoming.memory_chosen(memory, lines);
            self.setup.step = Step::Notify(0);
        } else if place + 1 < memories.len() {
            self.setup.step = Step::Memory(place + 1);
        } else {
            // It has a store of its own choice; what comes is read from there.
            self.setup.step = Step::Notify(0);
        }
    }

    pub(super) fn rest_sim(&mut self, words: &str) {
        tracing::warn!(
            modem = self.spec.name,
            pool = self.spec.pool,
            port = self.spec.port,
            fault = words,
            "the SIM of a modem cannot be used"
        );
        self.told.fault(words);
        self.told.alert = words.to_owned();
        self.take_back();
        let until_ns = self.now.mono_ns.saturating_add(self.spec.retry_ns / 10);
        self.phase = Phase::SimResting { until_ns };
    }

    /// The SIM is known: it takes its place in the book.
    fn seat(&mut self) {
        let sim = std::mem::take(&mut self.setup.sim);
        if sim == SimIdentity::default() {
            return self.rest_sim("the SIM says neither its ICCID nor its IMSI");
        }
        self.identity.sim = sim;
        let spec = &self.spec;
        let sim = &self.identity.sim;
        let number = self.desk.seat(&spec.pool, &spec.name, sim, self.now.utc_ns);
        if self.identity.number != Some(number) {
            self.incoming.other_sim();
            self.late = None;
            self.take_back();
        }
        self.identity.number = Some(number);
        // It is not locked: whatever it was given is right.
        self.desk.forget_pins(&self.spec.name, &self.identity.sim);
        if let Some(known) = self.desk.known_as(number) {
            self.identity.sim = known;
        }
        self.identity.own = self.desk.own_number(number);
        self.identity.on_net = match self.desk.on_net(number) {
            said if !said.is_empty() => said,
            _ => (self.identity.sim.imsi.as_deref()).map_or_else(Vec::new, networks_of),
        };
        self.gate.forget();
        self.setup.step = Step::Pdu;
    }

    fn begin_service(&mut self) {
        self.setup.is_done = true;
        self.port.settled();
        self.backoff.reset();
        self.told.alert.clear();
        self.network.begin();
        self.incoming.begin();
        self.phase = Phase::Serving;
        tracing::info!(
            modem = self.spec.name,
            pool = self.spec.pool,
            port = self.spec.port,
            dialect = self.identity.dialect().name,
            model = self.identity.model,
            "a modem is set up"
        );
    }
}
