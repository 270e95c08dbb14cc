//! A modem that answers as it is told to. It reads what a PDU says strictly, and refuses one whose length is not what was said.

use std::collections::{BTreeMap, VecDeque};

use carrack_message::tpdu::{SmsSubmit, from_line};

/// A modem, and what is wrong with it.
pub struct Fake {
    pub maker: &'static str,
    pub model: &'static str,
    pub imsi: String,
    pub iccid_answer: String,
    /// What `+CPIN?` says.
    pub sim: String,
    pub pin: String,
    pub pin_tries: u32,
    /// `OK` to a PIN, and the SIM stays locked.
    pub says_ok_to_pins: bool,
    pub registration: u8,
    pub rssi: u8,
    /// Messages in its store: state and digits.
    pub store: BTreeMap<u16, (u8, String)>,
    pub places: u16,
    /// Status reports in their own store.
    pub reports: BTreeMap<u16, String>,
    pub memory: String,
    pub refuses: Vec<&'static str>,
    /// Answers to the next messages; empty: they are taken.
    pub sends: VecDeque<String>,
    /// Written before each answer.
    pub noise: String,
    /// It says nothing to what begins so.
    pub deaf_to: Vec<String>,
    /// It says nothing to a whole PDU.
    pub deaf_to_pdu: bool,
    pub reference: u8,
    /// PDUs that came whole, taken or not.
    pub whole: usize,
    /// What was sent.
    pub sent: Vec<SmsSubmit>,
    /// Commands, without `AT`.
    pub asked: Vec<String>,
    pub ussd: Option<String>,
    pub awaits: Option<usize>,
    pub input: Vec<u8>,
    pub echo: bool,
}

impl Default for Fake {
    fn default() -> Self {
        Self {
            maker: "Plain",
            model: "One",
            imsi: "262021234567890".to_owned(),
            iccid_answer: "+CCID: 8949020000012345678".to_owned(),
            sim: "READY".to_owned(),
            pin: String::new(),
            pin_tries: 3,
            says_ok_to_pins: false,
            registration: 1,
            rssi: 20,
            store: BTreeMap::new(),
            places: 20,
            reports: BTreeMap::new(),
            memory: "SM".to_owned(),
            refuses: Vec::new(),
            sends: VecDeque::new(),
            noise: String::new(),
            deaf_to: Vec::new(),
            deaf_to_pdu: false,
            reference: 0,
            whole: 0,
            sent: Vec::new(),
            asked: Vec::new(),
            ussd: None,
            awaits: None,
            input: Vec::new(),
            echo: true,
        }
    }
}

impl Fake {
    pub fn of(maker: &'static str, model: &'static str) -> Self {
        Self {
            maker,
            model,
            ..Self::default()
        }
    }

    /// Octets come; gives what it writes.
    pub fn take(&mut self, octets: &[u8]) -> Vec<u8> {
        let mut out = String::new();
        for &octet in octets {
            match (octet, self.awaits) {
                (0x1B, awaits) => {
                    self.input.clear();
                    self.awaits = None;
                    if awaits.is_some() {
                        out.push_str("\r\nOK\r\n");
                    }
                }
                (0x1A, Some(length)) => {
                    self.awaits = None;
                    let digits = String::from_utf8(std::mem::take(&mut self.input)).unwrap();
                    let answer = self.pdu(length, &digits);
                    out.push_str(&answer);
                }
                (b'\r', None) => {
                    let line = String::from_utf8(std::mem::take(&mut self.input)).unwrap();
                    let answer = self.line(&line);
                    out.push_str(&answer);
                }
                _ => self.input.push(octet),
            }
        }
        out.into_bytes()
    }

    fn line(&mut self, line: &str) -> String {
        let Some(command) = line.strip_prefix("AT") else {
            return "\r\nERROR\r\n".to_owned();
        };
        self.asked.push(command.to_owned());
        if self
            .deaf_to
            .iter()
            .any(|word| command.starts_with(word.as_str()))
        {
            return String::new();
        }
        let echo = if self.echo {
            format!("{line}\r")
        } else {
            String::new()
        };
        if command == "E0" {
            self.echo = false;
        }
        let answer = self.answer(command);
        format!("{echo}{}{answer}", self.noise)
    }

    fn answer(&mut self, command: &str) -> String {
        if self.refuses.iter().any(|word| command.starts_with(word)) {
            return "\r\n+CMS ERROR: 303\r\n".to_owned();
        }
        let ok = |line: String| format!("\r\n{line}\r\n\r\nOK\r\n");
        let (name, value) = command.split_once('=').unwrap_or((command, ""));
        match name {
            "+CGMI" => ok(self.maker.to_owned()),
            "+CGMM" => ok(self.model.to_owned()),
            "+CGMR" => ok("Revision: 1.0".to_owned()),
            "+CGSN" => ok("490154203237518".to_owned()),
            "+CCID" | "+QCCID" | "+CICCID" | "^ICCID?" | "#CCID" => ok(self.iccid_answer.clone()),
            "+CIMI" => ok(self.imsi.clone()),
            "+CPIN?" if self.sim.parse::<u16>().is_ok() => {
                format!("\r\n+CME ERROR: {}\r\n", self.sim)
            }
            "+CPIN?" => ok(format!("+CPIN: {}", self.sim)),
            "+CPINR" => ok(format!("+CPINR: SIM PIN,{},3", self.pin_tries)),
            "+CPIN" => self.unlock(value.trim_matches('"')),
            "+CREG?" => ok(format!("+CREG: 1,{}", self.registration)),
            "+CEREG?" => ok(format!("+CEREG: 0,{}", self.registration)),
            "+CSQ" => ok(format!("+CSQ: {},99", self.rssi)),
            "+COPS?" => ok("+COPS: 0,2,\"26202\",7".to_owned()),
            "+CPMS" => {
                self.memory = value.split('"').nth(1).unwrap_or("SM").to_owned();
                let (used, places) = (self.store.len(), self.places);
                ok(format!(
                    "+CPMS: {used},{places},{used},{places},{used},{places}"
                ))
            }
            "+CPMS?" => ok(format!(
                "+CPMS: \"SM\",{},{}",
                self.store.len(),
                self.places
            )),
            "+CSCA?" => ok("+CSCA: \"+491710760000\",145".to_owned()),
            "+CMGL" => self.list(),
            "+CMGR" => self.read(value),
            "+CMGD" => {
                let index = value.parse().unwrap();
                if self.memory == "SR" {
                    self.reports.remove(&index);
                } else {
                    self.store.remove(&index);
                }
                "\r\nOK\r\n".to_owned()
            }
            "+CMGS" => {
                self.awaits = Some(value.parse().unwrap());
                "\r\n> ".to_owned()
            }
            "+CUSD" if value.starts_with('1') => match &self.ussd {
                Some(said) => format!("\r\nOK\r\n\r\n+CUSD: {said}\r\n"),
                None => "\r\nOK\r\n".to_owned(),
            },
            _ => "\r\nOK\r\n".to_owned(),
        }
    }

    fn unlock(&mut self, pin: &str) -> String {
        if self.says_ok_to_pins {
            return "\r\nOK\r\n".to_owned();
        }
        if pin == self.pin {
            self.sim = "READY".to_owned();
            return "\r\nOK\r\n".to_owned();
        }
        self.pin_tries -= 1;
        "\r\n+CME ERROR: 16\r\n".to_owned()
    }

    fn list(&self) -> String {
        let mut out = String::new();
        for (index, (stat, digits)) in &self.store {
            let octets = digits.len() / 2 - 1;
            out.push_str(&format!("\r\n+CMGL: {index},{stat},,{octets}\r\n{digits}"));
        }
        format!("{out}\r\n\r\nOK\r\n")
    }

    fn read(&self, value: &str) -> String {
        let index: u16 = value.parse().unwrap();
        let found = match self.memory.as_str() {
            "SR" => self.reports.get(&index).cloned(),
            _ => self.store.get(&index).map(|(_, digits)| digits.clone()),
        };
        match found {
            Some(digits) => {
                let octets = digits.len() / 2 - 1;
                format!("\r\n+CMGR: 1,,{octets}\r\n{digits}\r\n\r\nOK\r\n")
            }
            None => "\r\n+CMS ERROR: 321\r\n".to_owned(),
        }
    }

    fn pdu(&mut self, length: usize, digits: &str) -> String {
        let pdu = from_line(digits).expect("no pairs of digits");
        assert_eq!(pdu.tpdu.len(), length, "another length than was said");
        self.whole += 1;
        let submit = SmsSubmit::of_octets(&pdu.tpdu).expect("no SMS-SUBMIT");
        if let Some(answer) = self.sends.pop_front() {
            return format!("{}\r\n{answer}\r\n", self.noise);
        }
        self.sent.push(submit);
        if self.deaf_to_pdu {
            return String::new();
        }
        self.reference = self.reference.wrapping_add(1);
        format!("{}\r\n+CMGS: {}\r\n\r\nOK\r\n", self.noise, self.reference)
    }
}
