//! One command at a time, with its answer, its deadline, and what comes between them.
//!
//! Promise: each command ends once: answered, or silent at its deadline. What comes unasked is told at once and is never taken for
//! an answer, nor is what comes before the command was written; the PDU behind `+CMT` and `+CDS` goes with it. Bound: one command, [`INFORMATION_LINES_MAX`] lines of answer;
//! more are passed over and counted.

use super::lines::{LINE_OCTETS_MAX, Line, Lines};
use super::{Final, Unsolicited, final_result, unsolicited};

/// Lines of an answer that are kept: a list of a SIM's messages has two for each of at most 255.
pub const INFORMATION_LINES_MAX: usize = 512;
/// Lines of a network's answer.
const USSD_LINES_MAX: usize = 16;

/// A command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// Without `AT` and without end: `+CREG?`; empty for `AT` alone.
    pub command: String,
    /// Digits of a PDU, sent when the modem asks for them (`+CMGS`).
    pub pdu: Option<String>,
    /// From the command to its end, nanoseconds; with a PDU from the prompt to the end.
    pub timeout_ns: u64,
    /// With a PDU: from the command to the prompt, nanoseconds.
    pub prompt_timeout_ns: u64,
}

impl Ask {
    /// A command without a PDU.
    #[must_use]
    pub fn plain(command: impl Into<String>, timeout_ns: u64) -> Self {
        Self {
            command: command.into(),
            pdu: None,
            timeout_ns,
            prompt_timeout_ns: 0,
        }
    }
}

/// How a command ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// With this result and these lines before it.
    Answered(Final, Vec<String>),
    /// Nothing by its deadline. Of a PDU it says whether it was written: if so, it may have been sent.
    Silent {
        /// The PDU had been written, and its end was taken from the output.
        pdu_written: bool,
    },
}

/// Something that was heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// The command under way ended.
    Ended(Outcome),
    /// Something unasked.
    Unasked(Unsolicited),
    /// `+CMGS: <mr>` while no PDU waits for it: of one that was given up.
    LateReference(u8),
    /// A message or a status report, as digits.
    Pdu {
        /// A status report.
        report: bool,
        /// Its line.
        line: String,
    },
}

#[derive(Debug)]
struct UnderWay {
    /// What lines of its answer begin with: `+CREG`.
    name: String,
    pdu: Option<String>,
    pdu_written: bool,
    due_ns: u64,
    /// From the prompt on.
    timeout_ns: u64,
    information: Vec<String>,
}

/// A modem's line.
#[derive(Debug, Default)]
pub struct Dialogue {
    lines: Lines,
    under_way: Option<UnderWay>,
    /// The next line is a PDU: of a status report, or of a message.
    pdu_follows: Option<bool>,
    /// A network's answer whose text goes over several lines, and how many they are.
    ussd_follows: Option<(String, usize)>,
    output: Vec<u8>,
    oddities: u64,
}

/// Ends a PDU.
const CTRL_Z: u8 = 0x1A;
/// Leaves the prompt without sending.
const ESCAPE: u8 = 0x1B;

impl Dialogue {
    /// Whether a command can be given.
    #[must_use]
    pub const fn is_free(&self) -> bool {
        self.under_way.is_none()
    }

    /// Gives a command. False: one is under way.
    pub fn ask(&mut self, now_ns: u64, ask: Ask) -> bool {
        if self.under_way.is_some() {
            return false;
        }
        self.output.extend_from_slice(b"AT");
        self.output.extend_from_slice(ask.command.as_bytes());
        self.output.push(b'\r');
        let name = ask.command.split(['=', '?']).next().unwrap_or_default();
        self.under_way = Some(UnderWay {
            name: name.to_owned(),
            due_ns: now_ns.saturating_add(match ask.pdu {
                Some(_) => ask.prompt_timeout_ns,
                None => ask.timeout_ns,
            }),
            pdu: ask.pdu,
            pdu_written: false,
            timeout_ns: ask.timeout_ns,
            information: Vec::new(),
        });
        true
    }

    /// Octets to be written; whoever writes them takes them away.
    pub fn output(&mut self) -> &mut Vec<u8> {
        &mut self.output
    }

    /// When [`Dialogue::tick`] has something to do.
    #[must_use]
    pub fn due_ns(&self) -> Option<u64> {
        self.under_way.as_ref().map(|under_way| under_way.due_ns)
    }

    /// Takes octets from the modem.
    pub fn receive(&mut self, octets: &[u8], heard: &mut Vec<Heard>) {
        let mut lines = std::mem::take(&mut self.lines);
        lines.feed(octets, |line| match line {
            Line::Prompt => self.prompt(),
            Line::Text(text) => self.line(text, heard),
        });
        self.lines = lines;
    }

    /// The time has come on: a command may be overdue.
    pub fn tick(&mut self, now_ns: u64, heard: &mut Vec<Heard>) {
        if self.due_ns().is_none_or(|due_ns| now_ns < due_ns) {
            return;
        }
        let late = self.abandon();
        heard.extend(late.map(Heard::Ended));
    }

    /// Ends the command under way without an answer: nobody waits for it any more, or the modem began anew.
    pub fn abandon(&mut self) -> Option<Outcome> {
        let late = self.under_way.take()?;
        let asked_for_pdu = late.pdu.is_some() || late.pdu_written;
        let pdu_written = late.pdu_written && !self.output.contains(&CTRL_Z);
        if asked_for_pdu && !pdu_written {
            // What is left of it must not go out now.
            self.output.clear();
        }
        if asked_for_pdu {
            // It may still wait for the rest of a PDU.
            self.output.push(ESCAPE);
        }
        self.lines.forget();
        self.pdu_follows = None;
        self.ussd_follows = None;
        Some(Outcome::Silent { pdu_written })
    }

    /// Leaves whatever prompt the modem may be at.
    pub fn escape(&mut self) {
        self.output.push(ESCAPE);
    }

    /// Forgets everything: the line was lost. Says how the command under way ended.
    pub fn reset(&mut self) -> Option<Outcome> {
        let ended = self.abandon();
        let oddities = self.oddities + self.lines.take_oddities();
        *self = Self {
            oddities,
            ..Self::default()
        };
        ended
    }

    /// Noise, and answers to nothing, since the last call.
    pub fn take_oddities(&mut self) -> u64 {
        std::mem::take(&mut self.oddities) + self.lines.take_oddities()
    }

    fn prompt(&mut self) {
        // It is of something before.
        if !self.output.is_empty() {
            self.oddities += 1;
            return;
        }
        let waiting = self.under_way.as_mut();
        if let Some(under_way) = waiting
            && let Some(pdu) = under_way.pdu.take()
        {
            under_way.pdu_written = true;
            under_way.due_ns = under_way.due_ns.saturating_add(under_way.timeout_ns);
            self.output.extend_from_slice(pdu.as_bytes());
            self.output.push(CTRL_Z);
            return;
        }
        self.oddities += 1;
        // Nobody asked for it: what is sent now would be taken for a message. To one that is on its way an escape would be
        // an order to drop it.
        if self
            .under_way
            .as_ref()
            .is_none_or(|asked| !asked.pdu_written)
        {
            self.output.push(ESCAPE);
        }
    }

    fn line(&mut self, text: &str, heard: &mut Vec<Heard>) {
        if let Some((mut begun, lines)) = self.ussd_follows.take() {
            if final_result(text).is_none() {
                begun.push('\n');
                begun.push_str(text);
                return self.ussd(begun, lines + 1, heard);
            }
            // Its end was lost.
            heard.extend(unsolicited(&begun, None).map(Heard::Unasked));
            self.oddities += 1;
        }
        if text.starts_with("+CUSD:") {
            return self.ussd(text.to_owned(), 1, heard);
        }
        if let Some(report) = self.pdu_follows.take() {
            if is_pdu(text) {
                let line = text.to_owned();
                heard.push(Heard::Pdu { report, line });
                return;
            }
            self.oddities += 1;
        }
        let asked = self.under_way.as_ref().map(|asked| asked.name.as_str());
        match unsolicited(text, asked) {
            Some(Unsolicited::MessageFollows) => self.pdu_follows = Some(false),
            Some(Unsolicited::ReportFollows) => self.pdu_follows = Some(true),
            Some(found) => heard.push(Heard::Unasked(found)),
            None => self.answer(text, heard),
        }
    }

    /// A network's answer: whole once its quotes are paired.
    fn ussd(&mut self, text: String, lines: usize, heard: &mut Vec<Heard>) {
        let quotes = text.bytes().filter(|octet| *octet == b'"').count();
        let is_whole = quotes % 2 == 0;
        if is_whole || lines >= USSD_LINES_MAX || text.len() > LINE_OCTETS_MAX {
            heard.extend(unsolicited(&text, None).map(Heard::Unasked));
        } else {
            self.ussd_follows = Some((text, lines));
        }
    }

    fn answer(&mut self, text: &str, heard: &mut Vec<Heard>) {
        let is_sending = self.under_way.as_ref().is_some_and(|it| it.pdu_written);
        if !is_sending && let Some(reference) = text.strip_prefix("+CMGS:") {
            self.oddities += 1;
            heard.extend(reference.trim().parse().ok().map(Heard::LateReference));
            return;
        }
        let Some(under_way) = &mut self.under_way else {
            self.oddities += 1;
            return;
        };
        match final_result(text) {
            // It waits for the prompt: this ends what was before.
            Some(Final::Ok) if under_way.pdu.is_some() => self.oddities += 1,
            // Of a call; no command that is given here ends so.
            Some(Final::Call) => self.oddities += 1,
            // The line holds the command up: this is no answer to it.
            Some(_) if !under_way.pdu_written && !self.output.is_empty() => self.oddities += 1,
            Some(found) => {
                if !self.output.is_empty() {
                    // It has heard enough of the PDU: what is left of it would be taken for a command.
                    self.output.clear();
                    self.output.push(ESCAPE);
                }
                let information = std::mem::take(&mut under_way.information);
                self.under_way = None;
                heard.push(Heard::Ended(Outcome::Answered(found, information)));
            }
            // The echo of the command, where it is not off yet.
            None if text.starts_with("AT") => {}
            None if under_way.information.len() < INFORMATION_LINES_MAX => {
                under_way.information.push(text.to_owned());
            }
            None => self.oddities += 1,
        }
    }
}

/// Whether a line can be a PDU: pairs of hexadecimal digits.
fn is_pdu(text: &str) -> bool {
    text.len() >= 2
        && text.len().is_multiple_of(2)
        && text.bytes().all(|octet| octet.is_ascii_hexdigit())
}
