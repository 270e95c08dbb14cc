//! A card that is locked gets its PIN.
//!
//! Promise: a PIN is written only after the book took down that it is given ([`SimDesk::give_pin`](super::SimDesk::give_pin)), and never
//! twice to a card that did not take it, or of which nobody knows (trap P22: a third wrong one locks the card): whatever became of the
//! line, the modem, its link or the node. READY, or a reset by order, forgets it. Nor is one written where the card says that tries are
//! missing that this program did not make. Bound: one PIN a set-up.

use super::link::{Job, ModemLink};
use super::setup::{SIM_TIMEOUT_NS, Step};

/// Tries that a PIN has (TS 51.011, 9.3.9); fewer are left where a wrong one was given.
const PIN_TRIES: u8 = 3;
const GIVEN_BEFORE: &str = "the SIM was given this PIN before, or two others, and has not said that it is unlocked; a PIN is not tried twice: mend the pin, or enter it in a handset, then reset the modem";

impl ModemLink {
    fn pin(&self) -> Option<String> {
        let spec = &self.spec;
        let pin = self.desk.pin(&spec.pool, &spec.name, &self.setup.sim)?;
        let is_pin = (4..=8).contains(&pin.len()) && pin.bytes().all(|it| it.is_ascii_digit());
        is_pin.then_some(pin)
    }

    /// Who is locked is known, as far as it tells.
    pub(super) fn unlock(&mut self) {
        if std::mem::take(&mut self.setup.is_pin_forgiven) {
            self.desk.forget_pins(&self.spec.name, &self.setup.sim);
        }
        if self.pin().is_none() {
            return self
                .rest_sim("the SIM wants a PIN (4 to 8 digits) and none is configured for it");
        }
        self.setup.step = Step::PinTries;
    }

    /// `+CPINR: SIM PIN,3,3`; many modems do not know the command.
    pub(super) fn pin_tries_told(&mut self, lines: &[String]) {
        let of_pin = lines.iter().find(|line| line.contains("SIM PIN,"));
        let left = of_pin
            .and_then(|line| line.split(',').nth(1))
            .and_then(|left| left.trim().parse::<u8>().ok());
        let own = self.desk.count_pins(&self.spec.name, &self.setup.sim);
        if left.is_some_and(|left| left.saturating_add(own) < PIN_TRIES || left < 2) {
            return self.rest_sim("a wrong PIN was entered into the SIM before; enter the right one in a handset, and mend the pin");
        }
        self.setup.step = Step::Pin;
    }

    /// The book takes it down, and it is written.
    pub(super) fn give_pin(&mut self) {
        let (spec, sim) = (&self.spec, &self.setup.sim);
        let Some(pin) = self.pin() else {
            return self.rest_sim("the SIM wants a PIN and none is configured for it any more");
        };
        let seat = (spec.pool.as_str(), spec.name.as_str());
        if !self.desk.give_pin(seat, sim, &pin, self.now.utc_ns) {
            return self.rest_sim(GIVEN_BEFORE);
        }
        let command = format!("+CPIN=\"{pin}\"");
        self.ask(Job::Setup(Step::Pin), &command, SIM_TIMEOUT_NS);
    }

    pub(super) fn pin_told(&mut self, is_ok: bool) {
        if !is_ok {
            return self.rest_sim("the SIM did not take its PIN, which is not tried twice; mend the pin, then reset the modem");
        }
        self.pause_for_sim();
        self.setup.step = Step::Sim;
    }

    /// The card is not locked any more: what was given to it was right.
    pub(super) fn unlocked(&mut self) {
        if std::mem::take(&mut self.setup.is_locked) {
            self.desk.forget_pins(&self.spec.name, &self.setup.sim);
        }
    }
}
