//! Commands: a line becomes an answer.
//!
//! Each file here answers a family and passes over what is none of it; what nobody answers is unknown: `ERROR`, or `+CME ERROR: 100` where asked for numbers.

mod identity;
mod messages;
mod modes;
mod network;
pub(super) mod parse;
mod ussd;

pub(super) use modes::Modes;

use super::device::What;
use super::device::{Air, Modem};
use super::fault::Cure;
use super::fault::{Fault, Kind, Occasion};
use super::settings::{MS_NS, SECOND_NS};
use parse::{Command, commands};

/// How a command ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reply {
    Ok(Vec<String>),
    Error,
    Cme(u16),
    Cms(u16),
    /// A PDU is awaited.
    Prompt,
    /// Nothing at all is answered.
    Silent,
}

impl Reply {
    fn ok() -> Self {
        Self::Ok(Vec::new())
    }

    fn line(line: impl Into<String>) -> Self {
        Self::Ok(vec![line.into()])
    }
}

/// Errors of TS 27.007, 9.2, in words for +CMEE=2.
const CME_WORDS: &[(u16, &str)] = &[
    (3, "operation not allowed"),
    (4, "operation not supported"),
    (10, "SIM not inserted"),
    (11, "SIM PIN required"),
    (12, "SIM PUK required"),
    (13, "SIM failure"),
    (14, "SIM busy"),
    (16, "incorrect password"),
    (30, "no network service"),
    (100, "unknown"),
];
/// Errors of TS 27.005, 3.2.5, likewise.
const CMS_WORDS: &[(u16, &str)] = &[
    (304, "invalid PDU mode parameter"),
    (305, "invalid text mode parameter"),
    (310, "SIM not inserted"),
    (311, "SIM PIN required"),
    (316, "SIM PUK required"),
    (321, "invalid memory index"),
    (322, "memory full"),
    (331, "no network service"),
    (500, "unknown error"),
];

impl Modem {
    /// Runs what follows AT.
    pub(super) fn run(&mut self, air: &mut Air<'_>, text: &str) {
        let all = commands(text);
        let is_submit = all
            .iter()
            .any(|command| matches!(command.name.as_str(), "+CMGS" | "+CMSS"));
        let fault = if is_submit {
            None
        } else {
            self.armed.due(Occasion::Command, &mut self.draws)
        };
        if let Some(fault) = fault
            && self.breaks_command(air, &fault)
        {
            return;
        }
        let mut lines = Vec::new();
        let mut end = Reply::ok();
        for command in &all {
            end = self.command(air, command);
            match &mut end {
                Reply::Ok(more) => lines.append(more),
                _ => break,
            }
        }
        if let (Reply::Ok(_), Some(fault)) = (&end, fault)
            && fault.kind == Kind::CommandError
        {
            end = fault.code.map_or(Reply::Error, Reply::Cme);
        }
        if end == Reply::Silent {
            return;
        }
        let delay_ns = match fault {
            Some(fault) if fault.kind == Kind::SlowAnswer => fault.for_ns_or(10),
            _ => air.settings.answer_ns,
        };
        if let Reply::Cms(code) = end {
            self.counts.cms(code);
        }
        // Lines of commands before one that failed have been written by then.
        self.answer_lines(air, lines, end, delay_ns, fault);
    }

    /// True where nothing is answered.
    fn breaks_command(&mut self, air: &mut Air<'_>, fault: &Fault) -> bool {
        self.played(fault);
        match fault.kind {
            Kind::Silence => self.fall_silent(air, fault.for_ns, fault.cure.unwrap_or(Cure::Cfun)),
            Kind::Reboot => self.reboot(air),
            Kind::Interleave => {
                let lines = self.chatter();
                self.write(&lines);
                return false;
            }
            _ => return false,
        }
        true
    }

    fn answer_lines(
        &mut self,
        air: &mut Air<'_>,
        lines: Vec<String>,
        end: Reply,
        delay_ns: u64,
        fault: Option<Fault>,
    ) {
        if end == Reply::Prompt {
            self.answer(air, end, delay_ns);
            return;
        }
        self.phase = super::device::Phase::Answering;
        let mut octets = match end {
            Reply::Ok(_) => self.octets_of(Reply::Ok(lines)),
            other => {
                let mut octets = self.information(&lines);
                octets.extend(self.octets_of(other));
                octets
            }
        };
        match fault.map(|fault| fault.kind) {
            Some(Kind::Garbage) => {
                let garbage = self.garbage();
                octets.splice(0..0, garbage);
            }
            Some(Kind::Garbled) => self.garble(&mut octets),
            _ => {}
        }
        self.plan(air.now_ns.saturating_add(delay_ns), What::Answer(octets));
    }

    fn garble(&mut self, octets: &mut [u8]) {
        for _ in 0..1 + octets.len() / 8 {
            let at = self.draws.below(octets.len() as u64) as usize;
            let flipped = self.draws.draw() as u8 | 1;
            if let Some(octet) = octets.get_mut(at) {
                *octet ^= flipped;
            }
        }
    }

    fn information(&self, lines: &[String]) -> Vec<u8> {
        let mut octets = Vec::new();
        for line in lines {
            let framed = if self.modes.verbose {
                format!("\r\n{line}\r\n")
            } else {
                format!("{line}\r\n")
            };
            octets.extend_from_slice(framed.as_bytes());
        }
        octets
    }

    /// As it is written.
    pub(super) fn octets_of(&self, reply: Reply) -> Vec<u8> {
        let mut octets = Vec::new();
        let (words, digit) = match reply {
            Reply::Ok(lines) => {
                octets = self.information(&lines);
                ("OK".to_owned(), "0")
            }
            Reply::Error => ("ERROR".to_owned(), "4"),
            Reply::Cme(code) => (self.error_words("+CME ERROR", code, CME_WORDS), "4"),
            Reply::Cms(code) => (self.error_words("+CMS ERROR", code, CMS_WORDS), "4"),
            Reply::Prompt | Reply::Silent => return octets,
        };
        if self.modes.quiet {
            return octets;
        }
        if self.modes.verbose || words.starts_with('+') {
            octets.extend_from_slice(format!("\r\n{words}\r\n").as_bytes());
        } else {
            octets.extend_from_slice(format!("{digit}\r").as_bytes());
        }
        octets
    }

    /// By +CMEE; errors of the message service are written with their number in mode 0, too, as all these makes do.
    fn error_words(&self, name: &str, code: u16, words: &[(u16, &str)]) -> String {
        match self.modes.cmee {
            0 if name == "+CME ERROR" => "ERROR".to_owned(),
            2 => {
                let known = words.iter().find(|(known, _)| *known == code);
                known.map_or(format!("{name}: {code}"), |(_, words)| {
                    format!("{name}: {words}")
                })
            }
            _ => format!("{name}: {code}"),
        }
    }

    fn command(&mut self, air: &mut Air<'_>, command: &Command) -> Reply {
        let reply = self
            .mode_command(air, command)
            .or_else(|| self.identity_command(air, command))
            .or_else(|| self.network_command(air, command))
            .or_else(|| self.message_command(air, command))
            .or_else(|| self.ussd_command(air, command));
        reply.unwrap_or_else(|| {
            let key = command.key();
            if let Some((_, line)) = self.profile.own.iter().find(|(known, _)| *known == key) {
                return Reply::line(*line);
            }
            if self.profile.reset.contains(&key.as_str()) {
                self.plan(air.now_ns.saturating_add(200 * MS_NS), What::Reboot);
                return Reply::ok();
            }
            self.counts.unknown(&key);
            if self.modes.cmee == 0 {
                Reply::Error
            } else {
                Reply::Cme(100)
            }
        })
    }

    /// Starts anew once the answer is out.
    fn reboot_soon(&mut self, air: &Air<'_>) -> Reply {
        self.plan(
            air.now_ns
                .saturating_add(air.settings.answer_ns + SECOND_NS / 5),
            What::Reboot,
        );
        Reply::ok()
    }
}
