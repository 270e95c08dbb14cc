//! Short messages: the commands of 3GPP TS 27.005 but sending.

use super::super::device::{Air, Modem};
use super::super::network::{CENTRE, Lock};
use super::super::octets;
use super::super::store::{Store, Stored};
use super::super::text_mode;
use super::Reply;
use super::parse::{Command, Form};

/// TS 27.005, 3.2.5.
const CMS_NOT_ALLOWED: u16 = 302;
const CMS_NO_SIM: u16 = 310;
const CMS_PIN: u16 = 311;
const CMS_FAILURE: u16 = 313;
const CMS_PUK: u16 = 316;
const CMS_MEMORY_INDEX: u16 = 321;
const CMS_NO_ACK_EXPECTED: u16 = 340;

impl Modem {
    pub(super) fn message_command(
        &mut self,
        air: &mut Air<'_>,
        command: &Command,
    ) -> Option<Reply> {
        let (form, is_set) = (command.form, command.form == Form::Set);
        Some(match command.name.as_str() {
            "+CMGF" => self.format(command),
            "+CSMS" => self.service(command),
            "+CNMI" => self.indications(air, command),
            "+CPMS" => self.memories(air, command),
            "+CSCA" if form == Form::Read => {
                Reply::line(format!("+CSCA: \"{}\",145", self.modes.centre))
            }
            "+CSCA" if is_set => {
                self.modes.centre = command.fields().first().cloned().unwrap_or_default();
                Reply::ok()
            }
            "+CSMP" => self.text_parameters(command),
            "+CSCB" | "+CGSMS" | "+CMMS" if is_set => Reply::ok(),
            "+CMGS" if form == Form::Test => Reply::ok(),
            "+CMGS" if is_set => self.begin_submit(air, command),
            "+CMGL" if form == Form::Test => Reply::line("+CMGL: (0-4)"),
            "+CMGL" => self.list(air, command),
            "+CMGR" if is_set => self.read(air, command),
            "+CMGD" if form == Form::Test => {
                let first = self.profile.first_place;
                let size = self.store_of(air, 0).map_or(0, |store| store.size());
                Reply::line(format!(
                    "+CMGD: ({first}-{}),(0-4)",
                    (first + size).saturating_sub(1)
                ))
            }
            "+CMGD" if is_set => self.delete(air, command),
            "+CNMA" => {
                if self.acknowledge(air) {
                    Reply::ok()
                } else {
                    Reply::Cms(CMS_NO_ACK_EXPECTED)
                }
            }
            _ => return None,
        })
    }

    /// Why messages cannot be had at all.
    pub(in super::super) fn message_lock(&self, air: &Air<'_>) -> Option<u16> {
        match self.lock(air) {
            Some(Lock::Open) => None,
            Some(Lock::Pin) => Some(CMS_PIN),
            Some(Lock::Puk) => Some(CMS_PUK),
            Some(Lock::Dead) => Some(CMS_FAILURE),
            None => Some(CMS_NO_SIM),
        }
    }

    fn format(&mut self, command: &Command) -> Reply {
        match (command.form, command.number(0)) {
            (Form::Read, _) => Reply::line(format!("+CMGF: {}", u8::from(self.modes.text))),
            (Form::Test, _) => Reply::line("+CMGF: (0,1)"),
            (Form::Set, Some(mode @ (0 | 1))) => {
                self.modes.text = mode == 1;
                Reply::ok()
            }
            _ => Reply::Cms(CMS_NOT_ALLOWED),
        }
    }

    fn service(&mut self, command: &Command) -> Reply {
        match (command.form, command.number(0)) {
            (Form::Read, _) => Reply::line(format!("+CSMS: {},1,1,1", self.modes.service)),
            (Form::Test, _) => Reply::line("+CSMS: (0,1)"),
            (Form::Set, Some(service @ (0 | 1))) => {
                self.modes.service = service as u8;
                Reply::line("+CSMS: 1,1,1")
            }
            _ => Reply::Cms(CMS_NOT_ALLOWED),
        }
    }

    fn indications(&mut self, air: &mut Air<'_>, command: &Command) -> Reply {
        const MOST: [u8; 5] = [3, 3, 3, 2, 1];
        match command.form {
            Form::Read => {
                let fields: Vec<String> = self.modes.cnmi.iter().map(u8::to_string).collect();
                return Reply::line(format!("+CNMI: {}", fields.join(",")));
            }
            Form::Test => return Reply::line("+CNMI: (0-3),(0-3),(0-3),(0-2),(0,1)"),
            Form::Execute => return Reply::Error,
            Form::Set => {}
        }
        let mut wanted = self.modes.cnmi;
        for ((place, field), most) in wanted.iter_mut().zip(command.fields()).zip(MOST) {
            if field.is_empty() {
                continue;
            }
            match field.parse() {
                Ok(value) if value <= most => *place = value,
                _ => return Reply::Cms(CMS_NOT_ALLOWED),
            }
        }
        self.modes.cnmi = wanted;
        self.take_arrivals(air);
        Reply::ok()
    }

    fn text_parameters(&mut self, command: &Command) -> Reply {
        if command.form != Form::Set {
            let fields: Vec<String> = self.modes.csmp.iter().map(u8::to_string).collect();
            return Reply::line(format!("+CSMP: {}", fields.join(",")));
        }
        for (place, field) in self.modes.csmp.iter_mut().zip(command.fields()) {
            if let Ok(value) = field.parse() {
                *place = value;
            }
        }
        Reply::ok()
    }

    /// The store that +CPMS names first, second or third.
    pub(in super::super) fn store_of<'a>(
        &'a mut self,
        air: &'a mut Air<'_>,
        place: usize,
    ) -> Option<&'a mut Store> {
        let memory = self.modes.memories.get(place).copied().unwrap_or("SM");
        self.store_named(air, memory)
    }

    pub(in super::super) fn store_named<'a>(
        &'a mut self,
        air: &'a mut Air<'_>,
        memory: &str,
    ) -> Option<&'a mut Store> {
        match memory {
            "SM" => air
                .network
                .sims
                .get_mut(self.sim?)
                .map(|sim| &mut sim.store),
            "SR" => Some(&mut self.reports),
            _ => Some(&mut self.store),
        }
    }

    fn memories(&mut self, air: &mut Air<'_>, command: &Command) -> Reply {
        if command.form == Form::Test {
            let names: Vec<String> = self
                .profile
                .memories
                .iter()
                .map(|name| format!("\"{name}\""))
                .collect();
            let names = names.join(",");
            return Reply::line(format!("+CPMS: ({names}),({names}),({names})"));
        }
        if let Some(code) = self.message_lock(air) {
            return Reply::Cms(code);
        }
        for (place, wanted) in command
            .fields()
            .iter()
            .enumerate()
            .take(3)
            .filter(|(_, wanted)| !wanted.is_empty())
        {
            let Some(known) = self.profile.memories.iter().find(|known| *known == wanted) else {
                return Reply::Cms(CMS_NOT_ALLOWED);
            };
            if let Some(memory) = self.modes.memories.get_mut(place) {
                *memory = known;
            }
        }
        let with_names = command.form == Form::Read;
        let shown: Vec<String> = (0..3)
            .map(|place| self.memory_shown(air, place, with_names))
            .collect();
        Reply::line(format!("+CPMS: {}", shown.join(",")))
    }

    fn memory_shown(&mut self, air: &mut Air<'_>, place: usize, with_name: bool) -> String {
        let name = self.modes.memories.get(place).copied().unwrap_or("SM");
        let (used, size) = self
            .store_of(air, place)
            .map_or((0, 0), |store| (store.used(), store.size()));
        if with_name {
            format!("\"{name}\",{used},{size}")
        } else {
            format!("{used},{size}")
        }
    }

    fn list(&mut self, air: &mut Air<'_>, command: &Command) -> Reply {
        if let Some(code) = self.message_lock(air) {
            return Reply::Cms(code);
        }
        let is_text = self.modes.text;
        let wanted = command.fields().first().cloned().unwrap_or_default();
        let stat = if command.form == Form::Execute {
            Some(Some(0))
        } else {
            text_mode::stat(&wanted, is_text)
        };
        let Some(stat) = stat else {
            return Reply::Cms(if is_text { 305 } else { 304 });
        };
        let first = self.profile.first_place;
        let found = self
            .store_of(air, 0)
            .map(|store| store.list(stat))
            .unwrap_or_default();
        let shown: Vec<String> = found
            .iter()
            .map(|(place, stored)| match is_text {
                false => pdu_shown(
                    &format!("+CMGL: {},{},,", place + first, stored.stat.number()),
                    stored,
                ),
                true => text_mode::shown(
                    &format!("+CMGL: {},\"{}\"", place + first, stored.stat.name()),
                    &stored.tpdu,
                ),
            })
            .collect();
        if shown.is_empty() {
            Reply::ok()
        } else {
            Reply::line(shown.join("\r\n"))
        }
    }

    fn read(&mut self, air: &mut Air<'_>, command: &Command) -> Reply {
        if let Some(code) = self.message_lock(air) {
            return Reply::Cms(code);
        }
        let is_text = self.modes.text;
        let place = self.place(command);
        let found = place.and_then(|place| self.store_of(air, 0)?.read(place));
        match found {
            Some(stored) if is_text => Reply::line(text_mode::shown(
                &format!("+CMGR: \"{}\"", stored.stat.name()),
                &stored.tpdu,
            )),
            Some(stored) => Reply::line(pdu_shown(
                &format!("+CMGR: {},,", stored.stat.number()),
                &stored,
            )),
            None => Reply::Cms(CMS_MEMORY_INDEX),
        }
    }

    /// The first number of a command as a place of a store, from 0.
    fn place(&self, command: &Command) -> Option<usize> {
        (command.number(0)? as usize).checked_sub(self.profile.first_place)
    }

    fn delete(&mut self, air: &mut Air<'_>, command: &Command) -> Reply {
        if let Some(code) = self.message_lock(air) {
            return Reply::Cms(code);
        }
        let place = self.place(command);
        let flag = command.number(1).unwrap_or(0).min(4) as u8;
        let Some(store) = self.store_of(air, 0) else {
            return Reply::Cms(CMS_NO_SIM);
        };
        let before = store.used();
        let is_well = match (flag, place) {
            (0, Some(place)) => store.delete(place),
            (0, None) => false,
            _ => {
                store.delete_many(flag);
                true
            }
        };
        let deleted = before - store.used();
        self.counts.deleted += deleted as u64;
        if deleted > 0 {
            self.take_arrivals(air);
        }
        if is_well {
            Reply::ok()
        } else {
            Reply::Cms(CMS_MEMORY_INDEX)
        }
    }
}

fn pdu_shown(head: &str, stored: &Stored) -> String {
    format!(
        "{head}{}\r\n{}",
        stored.tpdu.len(),
        octets::line(CENTRE, &stored.tpdu)
    )
}
