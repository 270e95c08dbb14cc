//! Power, boot, registration, silence and the port of a modem.

use super::command::Modes;
use super::device::{Air, Modem, Mute, Phase, Power, What};
use super::fault::Cure;
use super::network::Lock;

/// What is registered, in +CREG.
const HOME: u8 = 1;
const SEARCHING: u8 = 2;

impl Modem {
    /// Power comes: it boots.
    pub(super) fn power_on(&mut self, air: &mut Air<'_>) {
        if self.power != Power::Off {
            return;
        }
        self.power = Power::Booting;
        self.counts.boots += 1;
        let boot_ns = air.settings.boot_ns;
        for (share, line) in self.profile.boot {
            if *line == "+CPIN: READY" && !self.is_sim_open(air) {
                continue;
            }
            let at_ns = boot_ns / 100 * share;
            self.plan(
                air.now_ns.saturating_add(at_ns),
                What::Write(format!("\r\n{line}\r\n").into_bytes()),
            );
        }
        self.plan(air.now_ns.saturating_add(boot_ns), What::Booted);
    }

    /// Power goes: all that it knew goes with it, but its stores.
    pub(super) fn power_off(&mut self, air: &mut Air<'_>) {
        self.abandon_submit(air);
        self.forget();
        self.output.clear();
        self.power = Power::Off;
        self.mute = None;
        self.modes = Modes::of(self.profile);
        self.radio.is_registered = false;
        self.radio.function = 1;
        if let Some(sim) = self.sim.and_then(|sim| air.network.sims.get_mut(sim)) {
            sim.begin();
        }
    }

    /// It starts anew; what it had to say before is still heard.
    pub(super) fn reboot(&mut self, air: &mut Air<'_>) {
        let said = std::mem::take(&mut self.output);
        self.power_off(air);
        self.output = said;
        self.power_on(air);
    }

    /// As `is_ready_at_start` has it: at once.
    pub(super) fn stand_ready(&mut self, air: &mut Air<'_>) {
        self.power = Power::On;
        if self.is_sim_open(air) {
            self.radio.is_registered = true;
        }
    }

    pub(super) fn booted(&mut self, air: &mut Air<'_>) {
        self.power = Power::On;
        self.phase = Phase::Line;
        self.seek_network(air);
    }

    /// Looks for its network, where it has all that it takes.
    pub(super) fn seek_network(&mut self, air: &mut Air<'_>) {
        if self.radio.function == 1 && !self.radio.is_registered && self.is_sim_open(air) {
            self.plan(
                air.now_ns.saturating_add(air.settings.register_ns),
                What::Registered,
            );
        }
    }

    pub(super) fn registered(&mut self, air: &mut Air<'_>) {
        if self.radio.function == 1 && self.is_sim_open(air) {
            let before = self.registration(air);
            self.radio.is_registered = true;
            self.tell_registration(air, before);
        }
        self.take_arrivals(air);
    }

    /// The radio is switched off, or the SIM is gone.
    pub(super) fn unregister(&mut self, air: &Air<'_>) {
        let before = self.registration(air);
        self.radio.is_registered = false;
        self.tell_registration(air, before);
    }

    /// The network has it otherwise from now on, or no more.
    pub(super) fn force_registration(&mut self, air: &mut Air<'_>, forced: Option<u8>) {
        let before = self.registration(air);
        self.radio.forced = forced;
        self.tell_registration(air, before);
        self.take_arrivals(air);
    }

    /// `<stat>` of +CREG.
    pub(super) fn registration(&self, air: &Air<'_>) -> u8 {
        let is_on = self.radio.function == 1 && self.is_sim_open(air);
        match (self.radio.forced, self.radio.is_registered && is_on) {
            (Some(forced), true) => forced,
            (None, true) => HOME,
            (_, false) if is_on => SEARCHING,
            (_, false) => 0,
        }
    }

    pub(super) fn is_registered(&self, air: &Air<'_>) -> bool {
        self.power == Power::On && matches!(self.registration(air), 1 | 5)
    }

    fn tell_registration(&mut self, air: &Air<'_>, before: u8) {
        let now = self.registration(air);
        if before == now || self.power != Power::On {
            return;
        }
        for (name, mode) in [
            ("+CREG", self.modes.creg),
            ("+CGREG", self.modes.cgreg),
            ("+CEREG", self.modes.cereg),
        ] {
            if mode > 0 {
                let place = if mode > 1 {
                    self.place_of(now)
                } else {
                    String::new()
                };
                self.unasked(&format!("{name}: {now}{place}"));
            }
        }
        if self.profile.manufacturer == "huawei" && self.modes.own_lines {
            let service = if matches!(now, 1 | 5) { 2 } else { 0 };
            self.unasked(&format!("^SRVST:{service}"));
        }
    }

    /// Location, cell and technology, where registered.
    pub(super) fn place_of(&self, stat: u8) -> String {
        if !matches!(stat, 1 | 5) {
            return String::new();
        }
        let quote = if self.profile.creg_quoted { "\"" } else { "" };
        let act = self
            .profile
            .creg_act
            .map_or(String::new(), |act| format!(",{act}"));
        format!(
            ",{quote}1A2B{quote},{quote}{:04X}{quote}{act}",
            0xC3D4 + self.index
        )
    }

    pub(super) fn is_sim_open(&self, air: &Air<'_>) -> bool {
        self.lock(air) == Some(Lock::Open)
    }

    /// `None`: there is no SIM.
    pub(super) fn lock(&self, air: &Air<'_>) -> Option<Lock> {
        Some(air.network.sims.get(self.sim?)?.lock)
    }

    /// Says nothing and hears nothing any more, for so long or until the cure.
    pub(super) fn fall_silent(&mut self, air: &mut Air<'_>, for_ns: Option<u64>, cure: Cure) {
        self.abandon_submit(air);
        self.forget();
        self.mute = Some(Mute { cure });
        self.counts.silences += 1;
        if let Some(for_ns) = for_ns {
            self.plan(air.now_ns.saturating_add(for_ns), What::HearAgain);
        }
    }

    pub(super) fn hear_again(&mut self, air: &mut Air<'_>) {
        if self.mute.take().is_some() {
            self.forget();
            self.seek_network(air);
            self.take_arrivals(air);
        }
    }

    /// Its port is there, it has power, and it hears.
    pub(super) fn is_well(&self) -> bool {
        self.is_plugged && self.power == Power::On && self.mute.is_none()
    }

    /// A cure of this strength from outside. Usb and power start it anew in any case.
    pub(super) fn cure(&mut self, air: &mut Air<'_>, cure: Cure) {
        if self.mute.is_some_and(|mute| mute.cure > cure) {
            return;
        }
        self.reboot(air);
    }

    /// The port goes away, for so long or until it is plugged.
    pub(super) fn unplug(&mut self, air: &mut Air<'_>, for_ns: Option<u64>) {
        self.power_off(air);
        self.is_plugged = false;
        if let Some(for_ns) = for_ns {
            self.plan(air.now_ns.saturating_add(for_ns), What::Plug);
        }
    }

    pub(super) fn plug(&mut self, air: &mut Air<'_>) {
        if !self.is_plugged {
            self.is_plugged = true;
            self.power_on(air);
        }
    }
}
