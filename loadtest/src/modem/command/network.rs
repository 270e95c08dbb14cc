//! Signal, registration and operator.

use super::super::device::{Air, Modem};
use super::Reply;
use super::parse::{Command, Form};

impl Modem {
    pub(super) fn network_command(
        &mut self,
        air: &mut Air<'_>,
        command: &Command,
    ) -> Option<Reply> {
        Some(match command.name.as_str() {
            "+CSQ" if command.form == Form::Test => Reply::line("+CSQ: (0-31,99),(0-7,99)"),
            "+CSQ" => {
                let signal = if self.radio.function == 1 {
                    self.radio.signal
                } else {
                    99
                };
                Reply::line(format!("+CSQ: {signal},99"))
            }
            "+CREG" if command.form == Form::Read => {
                self.registration_read(air, "+CREG", self.modes.creg)
            }
            "+CREG" => self.setting(command, 2, |modes| &mut modes.creg),
            "+CGREG" if command.form == Form::Read => {
                self.registration_read(air, "+CGREG", self.modes.cgreg)
            }
            "+CGREG" => self.setting(command, 2, |modes| &mut modes.cgreg),
            "+CEREG" if !self.profile.is_lte => return None,
            "+CEREG" if command.form == Form::Read => {
                self.registration_read(air, "+CEREG", self.modes.cereg)
            }
            "+CEREG" => self.setting(command, 2, |modes| &mut modes.cereg),
            "+COPS" => self.operator(air, command),
            _ => return None,
        })
    }

    fn registration_read(&self, air: &Air<'_>, name: &str, mode: u8) -> Reply {
        let stat = self.registration(air);
        let place = if mode > 1 {
            self.place_of(stat)
        } else {
            String::new()
        };
        Reply::line(format!("{name}: {mode},{stat}{place}"))
    }

    fn operator(&self, air: &Air<'_>, command: &Command) -> Reply {
        if command.form != Form::Read {
            return Reply::ok();
        }
        let sim = self.sim.and_then(|sim| air.network.sims.get(sim));
        match sim.filter(|_| self.is_registered(air)) {
            Some(sim) => {
                let network = sim.card.imsi.get(..5).unwrap_or_default();
                let act = self
                    .profile
                    .creg_act
                    .map_or(String::new(), |act| format!(",{act}"));
                Reply::line(format!("+COPS: 0,2,\"{network}\"{act}"))
            }
            None => Reply::line("+COPS: 0"),
        }
    }
}
