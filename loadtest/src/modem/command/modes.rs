//! What a host sets: echo, form of answers and errors, and the rest of V.250 (ATZ, &F, V, Q, E, S registers).

use super::super::device::{Air, Modem};
use super::super::dialect::Profile;
use super::Reply;
use super::parse::{Command, Form};

/// Everything that a start sets back.
#[derive(Debug, Clone)]
pub(in super::super) struct Modes {
    pub(in super::super) echo: bool,
    pub(in super::super) verbose: bool,
    pub(in super::super) quiet: bool,
    pub(in super::super) cmee: u8,
    pub(in super::super) creg: u8,
    pub(in super::super) cgreg: u8,
    pub(in super::super) cereg: u8,
    /// +CMGF: text mode.
    pub(in super::super) text: bool,
    /// +CSMS: 1 wants +CNMA for what is handed over directly.
    pub(in super::super) service: u8,
    /// +CNMI: mode, mt, bm, ds, bfr.
    pub(in super::super) cnmi: [u8; 5],
    /// +CPMS: read and delete, write and send, receive.
    pub(in super::super) memories: [&'static str; 3],
    pub(in super::super) character_set: String,
    pub(in super::super) centre: String,
    /// +CSMP: first octet, validity, protocol, coding.
    pub(in super::super) csmp: [u8; 4],
    pub(in super::super) csdh: u8,
    pub(in super::super) cusd: u8,
    /// ^CURC of Huawei: lines of its own unasked.
    pub(in super::super) own_lines: bool,
}

impl Modes {
    pub(in super::super) fn of(profile: &Profile) -> Self {
        Self {
            echo: true,
            verbose: true,
            quiet: false,
            cmee: 0,
            creg: 0,
            cgreg: 0,
            cereg: 0,
            text: false,
            service: 0,
            cnmi: [2, 1, 0, 0, 0],
            memories: [profile.memory; 3],
            character_set: "GSM".to_owned(),
            centre: format!("+{}", super::super::network::CENTRE),
            csmp: [17, 167, 0, 0],
            csdh: 0,
            cusd: 0,
            own_lines: true,
        }
    }
}

impl Modem {
    pub(super) fn mode_command(&mut self, air: &mut Air<'_>, command: &Command) -> Option<Reply> {
        let number = || command.value.parse::<u8>().unwrap_or(0);
        match (command.name.as_str(), command.form) {
            ("E", _) => self.modes.echo = number() != 0,
            ("V", _) => self.modes.verbose = number() != 0,
            ("Q", _) => self.modes.quiet = number() != 0,
            // V.250: hangs up a call; there is none.
            ("H", _) | ("&C" | "&D" | "&K" | "&S" | "&W" | "X" | "L" | "M", _) => {}
            ("S", _) => {}
            ("Z" | "&F", _) => self.modes = Modes::of(self.profile),
            ("+CMEE", _) => return Some(self.setting(command, 2, |modes| &mut modes.cmee)),
            ("+CSDH", _) => return Some(self.setting(command, 1, |modes| &mut modes.csdh)),
            ("^CURC", Form::Set) if self.profile.manufacturer == "huawei" => {
                self.modes.own_lines = command.number(0) != Some(0)
            }
            ("^PORTSEL" | "^DDSETEX" | "^SYSCFG", Form::Set)
                if self.profile.manufacturer == "huawei" => {}
            ("+CFUN", _) => return Some(self.function(air, command)),
            ("+CSCS", _) => return Some(self.character_set(command)),
            (
                "+IPR" | "+IFC" | "+ICF" | "+CRC" | "+CLIP" | "+CVHU" | "+CMOD" | "+CR" | "+CLCC"
                | "+CTZR" | "+CTZU" | "+CRSL" | "+CGEREP",
                Form::Set,
            ) => {}
            ("+CLIP" | "+CRC" | "+IPR", Form::Read) => {
                return Some(Reply::line(format!("{}: 0", command.name)));
            }
            ("+CGATT", Form::Read) => return Some(Reply::line("+CGATT: 1")),
            ("+CPAS", Form::Execute) => return Some(Reply::line("+CPAS: 0")),
            ("+CBC", Form::Execute)
                if self.profile.own.iter().all(|(known, _)| *known != "+CBC") =>
            {
                return Some(Reply::line("+CBC: 0,95"));
            }
            ("+CCLK", Form::Read) => return Some(Reply::line("+CCLK: \"26/11/23,10:13:41+04\"")),
            ("+CLAC", Form::Execute) => return Some(Reply::line("+CMGS")),
            _ => return None,
        }
        Some(Reply::ok())
    }

    /// A setting of one number, 0 to `most`.
    pub(super) fn setting(
        &mut self,
        command: &Command,
        most: u8,
        field: impl Fn(&mut Modes) -> &mut u8,
    ) -> Reply {
        let place = field(&mut self.modes);
        match command.form {
            Form::Read => Reply::line(format!("{}: {place}", command.name)),
            Form::Test => Reply::line(format!("{}: (0-{most})", command.name)),
            Form::Execute => Reply::ok(),
            Form::Set => match command.number(0) {
                Some(value) if value <= u32::from(most) => {
                    *place = value as u8;
                    Reply::ok()
                }
                _ => Reply::Cme(50),
            },
        }
    }

    fn function(&mut self, air: &mut Air<'_>, command: &Command) -> Reply {
        match (command.form, command.number(0), command.number(1)) {
            (Form::Read, ..) => Reply::line(format!("+CFUN: {}", self.radio.function)),
            (Form::Test, ..) => Reply::line("+CFUN: (0,1,4),(0,1)"),
            (Form::Set, Some(1), Some(1)) => self.reboot_soon(air),
            (Form::Set, Some(function @ (0 | 1 | 4)), _) => {
                let was = self.radio.function;
                if function != 1 {
                    self.unregister(air);
                }
                self.radio.function = function as u8;
                if function == 1 && was != 1 {
                    self.seek_network(air);
                }
                Reply::ok()
            }
            _ => Reply::Cme(4),
        }
    }

    fn character_set(&mut self, command: &Command) -> Reply {
        const KNOWN: [&str; 3] = ["GSM", "IRA", "UCS2"];
        match command.form {
            Form::Read => Reply::line(format!("+CSCS: \"{}\"", self.modes.character_set)),
            Form::Test => Reply::line("+CSCS: (\"GSM\",\"IRA\",\"UCS2\")"),
            _ => {
                let wanted = command.fields().first().cloned().unwrap_or_default();
                if !KNOWN.contains(&wanted.as_str()) {
                    return Reply::Cme(4);
                }
                self.modes.character_set = wanted;
                Reply::ok()
            }
        }
    }
}
