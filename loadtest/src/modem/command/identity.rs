//! Who the modem and its SIM are, and what the SIM asks for.

use super::super::device::{Air, Modem};
use super::super::network::Lock;
use super::Reply;
use super::parse::{Command, Form};

/// Not inserted; PIN, PUK; wrong; wrong password (TS 27.007, 9.2).
const CME_NO_SIM: u16 = 10;
const CME_PIN: u16 = 11;
const CME_PUK: u16 = 12;
const CME_FAILURE: u16 = 13;
const CME_PASSWORD: u16 = 16;

impl Modem {
    /// 15 digits of a type that no maker has, and the number of the modem.
    pub(in super::super) fn imei(&self) -> String {
        format!("35{:02}{:010}0", self.dialect as u8, self.index)
    }

    pub(super) fn identity_command(
        &mut self,
        air: &mut Air<'_>,
        command: &Command,
    ) -> Option<Reply> {
        let profile = self.profile;
        if profile.iccid.iter().any(|(name, _)| *name == command.key()) {
            return Some(self.iccid(air, command));
        }
        let test = command.form == Form::Test;
        Some(match command.name.as_str() {
            "+CGMI" | "+GMI" | "+CGMM" | "+GMM" | "+CGMR" | "+GMR" | "+CGSN" | "+GSN" if test => {
                Reply::ok()
            }
            "I" if command.value.is_empty() || command.value == "0" => {
                let lines = profile
                    .identification
                    .iter()
                    .map(|line| line.replace("{imei}", &self.imei()));
                Reply::Ok(lines.collect())
            }
            "+CGMI" | "+GMI" => Reply::line(profile.manufacturer),
            "+CGMM" | "+GMM" => Reply::line(profile.model),
            "+CGMR" | "+GMR" => {
                Reply::line(format!("{}{}", profile.revision_prefix, profile.revision))
            }
            "+CGSN" | "+GSN" => Reply::line(self.imei()),
            "+GCAP" => Reply::line("+GCAP: +CGSM"),
            "+CPIN" => self.pin(air, command),
            "+CIMI" if test => Reply::ok(),
            "+CIMI" => self.of_open_sim(air, |imsi, _| Reply::line(imsi)),
            "+CNUM" if test => Reply::ok(),
            "+CNUM" => self.of_open_sim(air, |_, number| {
                Reply::line(format!("+CNUM: \"\",\"+{number}\",145"))
            }),
            _ => return None,
        })
    }

    fn iccid(&self, air: &Air<'_>, command: &Command) -> Reply {
        let known = self
            .profile
            .iccid
            .iter()
            .find(|(name, _)| *name == command.key());
        let sim = self.sim.and_then(|sim| air.network.sims.get(sim));
        match (known, sim) {
            (Some((_, prefix)), Some(sim)) => {
                let mut digits = sim.card.iccid.clone();
                if self.profile.iccid_filled && digits.len() == 19 {
                    digits.push('F');
                }
                Reply::line(format!("{prefix}{digits}"))
            }
            _ => Reply::Cme(CME_NO_SIM),
        }
    }

    /// With IMSI and number, or why not.
    fn of_open_sim(&self, air: &Air<'_>, answer: impl Fn(&str, &str) -> Reply) -> Reply {
        match (
            self.lock_error(air),
            self.sim.and_then(|sim| air.network.sims.get(sim)),
        ) {
            (None, Some(sim)) => answer(&sim.card.imsi, &sim.card.number),
            (Some(code), _) => Reply::Cme(code),
            (None, None) => Reply::Cme(CME_NO_SIM),
        }
    }

    fn lock_error(&self, air: &Air<'_>) -> Option<u16> {
        match self.lock(air) {
            Some(Lock::Open) => None,
            Some(Lock::Pin) => Some(CME_PIN),
            Some(Lock::Puk) => Some(CME_PUK),
            Some(Lock::Dead) => Some(CME_FAILURE),
            None => Some(CME_NO_SIM),
        }
    }

    fn pin(&mut self, air: &mut Air<'_>, command: &Command) -> Reply {
        let lock = self.lock(air);
        match (command.form, lock) {
            (Form::Test, _) => Reply::ok(),
            (_, None) => Reply::Cme(CME_NO_SIM),
            (_, Some(Lock::Dead)) => Reply::Cme(CME_FAILURE),
            (Form::Read, Some(lock)) => Reply::line(match lock {
                Lock::Pin => "+CPIN: SIM PIN",
                Lock::Puk => "+CPIN: SIM PUK",
                _ => "+CPIN: READY",
            }),
            (Form::Set, Some(Lock::Open)) => Reply::Cme(3),
            (Form::Set, Some(_)) => self.unlock(air, command),
            (Form::Execute, _) => Reply::Error,
        }
    }

    fn unlock(&mut self, air: &mut Air<'_>, command: &Command) -> Reply {
        let fields = command.fields();
        let first = fields.first().map(String::as_str).unwrap_or_default();
        let second = fields.get(1).map(String::as_str);
        let sim = self.sim.and_then(|sim| air.network.sims.get_mut(sim));
        let is_right = sim.is_some_and(|sim| sim.unlock(first, second));
        if is_right {
            self.seek_network(air);
            return Reply::ok();
        }
        Reply::Cme(if self.lock(air) == Some(Lock::Puk) {
            CME_PUK
        } else {
            CME_PASSWORD
        })
    }
}
