//! USSD: +CUSD (3GPP TS 27.007, 7.15). The network's answer comes unasked, after OK.

use super::super::device::{Air, Modem, What};
use super::super::dialect::UssdForm;
use super::super::octets::{from_hex, hex, pack};
use super::super::settings::SECOND_NS;
use super::Reply;
use super::parse::{Command, Form};
use carrack_message::alphabet::{gsm7, packed, ucs2};

/// Cell broadcast codings (TS 23.038, 5): the default alphabet without a language, and UCS-2.
const DEFAULT_ALPHABET: u8 = 15;
const UCS2: u8 = 72;

impl Modem {
    pub(super) fn ussd_command(&mut self, air: &mut Air<'_>, command: &Command) -> Option<Reply> {
        if command.name != "+CUSD" {
            return None;
        }
        Some(match (command.form, command.number(0)) {
            (Form::Read, _) => Reply::line(format!("+CUSD: {}", self.modes.cusd)),
            (Form::Test, _) => Reply::line("+CUSD: (0-2)"),
            (Form::Set, Some(2)) => {
                self.menu = None;
                Reply::ok()
            }
            (Form::Set, Some(mode @ (0 | 1))) => {
                self.modes.cusd = mode as u8;
                match command.fields().get(1).filter(|code| !code.is_empty()) {
                    Some(code) => self.ask_network(air, code),
                    None => Reply::ok(),
                }
            }
            _ => Reply::Cme(50),
        })
    }

    fn ask_network(&mut self, air: &mut Air<'_>, code: &str) -> Reply {
        self.counts.ussd += 1;
        let Some(code) = self.ussd_code(code) else {
            return Reply::Cme(100);
        };
        if !self.is_registered(air) {
            return Reply::Cme(30);
        }
        let asked = match self.menu.take() {
            Some(menu) => format!("{menu}{code}"),
            None => code,
        };
        let found = air.settings.ussd.iter().find(|(known, _)| *known == asked);
        let line = match found {
            // Unknown codes: ended by the network, not supported.
            None => "+CUSD: 4".to_owned(),
            Some((_, text)) => {
                let (kind, text) = match text.strip_prefix('?') {
                    Some(menu) => (1, menu),
                    None => (0, text.as_str()),
                };
                if kind == 1 {
                    self.menu = Some(asked);
                }
                self.ussd_line(kind, text)
            }
        };
        if self.modes.cusd == 1 {
            let due_ns = air
                .now_ns
                .saturating_add(air.settings.answer_ns + SECOND_NS);
            self.plan(due_ns, What::Write(format!("\r\n{line}\r\n").into_bytes()));
        }
        Reply::ok()
    }

    /// What was asked, read as this make wants it.
    fn ussd_code(&self, code: &str) -> Option<String> {
        if self.profile.ussd == UssdForm::Packed {
            let octets = from_hex(code)?;
            let (mut septets, mut text) = (Vec::new(), String::new());
            packed::unpack_padded(&octets, 0, &mut septets);
            gsm7::decode(&septets, &mut text);
            return Some(text);
        }
        if self.modes.character_set == "UCS2" {
            let mut text = String::new();
            ucs2::decode(&from_hex(code)?, &mut text);
            return Some(text);
        }
        Some(code.to_owned())
    }

    fn ussd_line(&self, kind: u8, text: &str) -> String {
        let mut septets = Vec::new();
        let is_gsm = gsm7::encode(text, &mut septets).is_ok();
        let in_ucs2 = || {
            let mut octets = Vec::new();
            ucs2::encode(text, &mut octets);
            hex(&octets)
        };
        let (text, scheme) = match self.profile.ussd {
            _ if !is_gsm => (in_ucs2(), UCS2),
            UssdForm::Packed => (hex(&pack(&septets, 0)), DEFAULT_ALPHABET),
            _ if self.modes.character_set == "UCS2" => (in_ucs2(), DEFAULT_ALPHABET),
            _ => (text.to_owned(), DEFAULT_ALPHABET),
        };
        match self.profile.ussd {
            UssdForm::Spaced => format!("+CUSD: {kind}, \"{text}\", {scheme}"),
            _ => format!("+CUSD: {kind},\"{text}\",{scheme}"),
        }
    }
}
