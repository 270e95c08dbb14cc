//! Who is at a serial port: a modem, and which one, or nothing that can be spoken to.
//!
//! Promise: only what every modem answers is asked (`AT`, `+CGMI`, `+CGMM`, `+CGSN`), nothing is changed but the echo, and the port is
//! let go of at the end. Bound: the answer to the first `AT` within `answer_within_ns`, each later one within [`STEP_TIMEOUT_NS`].

use carrack_runtime::{Now, Transport};

use super::at::{Ask, Final, Heard, Outcome};
use super::identity::{imei, words};
use super::port::Port;

const SECOND_NS: u64 = 1_000_000_000;
const MS_NS: u64 = 1_000_000;
/// One `AT`, then the next: a port that is at another speed, or in the middle of something, needs some.
const SYNC_EVERY_NS: u64 = 500 * MS_NS;
const STEP_TIMEOUT_NS: u64 = 3 * SECOND_NS;
/// What comes unasked is listened for so long at the end.
const LISTEN_NS: u64 = SECOND_NS;

/// What a modem says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Interviewed {
    /// `+CGMI`; empty where it does not say.
    pub maker: String,
    /// `+CGMM`; empty where it does not say.
    pub model: String,
    /// Number of the device; empty where it does not say.
    pub imei: String,
    /// Something came that nobody had asked for: what the modem tells by itself comes here.
    pub is_told_here: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Opening,
    Sync,
    Echo,
    Maker,
    Model,
    Imei,
    Listening,
}

/// One port that is asked.
pub struct Interview {
    port: Port,
    step: Step,
    /// The step under way ends then.
    until_ns: u64,
    answer_within_ns: u64,
    found: Interviewed,
    heard: Vec<Heard>,
}

impl Interview {
    /// Opens the port.
    #[must_use]
    pub fn begin(now: Now, transport: Box<dyn Transport>, answer_within_ns: u64) -> Self {
        let mut port = Port::new(transport);
        port.open();
        Self {
            port,
            step: Step::Opening,
            until_ns: now.mono_ns.saturating_add(answer_within_ns),
            answer_within_ns,
            found: Interviewed::default(),
            heard: Vec::new(),
        }
    }

    /// Goes on; says in the end who it is, or, for people, why nobody is known there. Not to be called after that.
    pub fn poll(&mut self, now: Now) -> Option<Result<Interviewed, String>> {
        let ended = self.go_on(now);
        self.port.flush();
        if ended.is_some() {
            let _ = self.port.close();
        }
        ended
    }

    /// When [`Self::poll`] has something to do though nothing comes in.
    #[must_use]
    pub fn deadline_ns(&self) -> u64 {
        let of_command = self.port.dialogue.due_ns();
        of_command.map_or(self.until_ns, |due_ns| due_ns.min(self.until_ns))
    }

    fn go_on(&mut self, now: Now) -> Option<Result<Interviewed, String>> {
        if self.step == Step::Opening {
            match self.port.opened() {
                Some(Ok(())) => {
                    self.until_ns = now.mono_ns.saturating_add(self.answer_within_ns);
                    self.ask(now, Step::Sync);
                }
                Some(Err(reason)) => return Some(Err(reason)),
                None if now.mono_ns >= self.until_ns => {
                    return Some(Err("it does not open".to_owned()));
                }
                None => return None,
            }
        }
        let mut heard = std::mem::take(&mut self.heard);
        let gone = self.port.read(&mut heard);
        self.port.dialogue.tick(now.mono_ns, &mut heard);
        let mut ended = gone.map(Err);
        for found in heard.drain(..) {
            match found {
                Heard::Ended(outcome) if ended.is_none() => ended = self.answered(now, outcome),
                Heard::Ended(_) => {}
                Heard::Unasked(_) | Heard::Pdu { .. } | Heard::LateReference(_) => {
                    self.found.is_told_here = true;
                }
            }
        }
        self.heard = heard;
        if ended.is_none() && self.step == Step::Listening && now.mono_ns >= self.until_ns {
            return Some(Ok(std::mem::take(&mut self.found)));
        }
        ended
    }

    fn answered(&mut self, now: Now, outcome: Outcome) -> Option<Result<Interviewed, String>> {
        let Outcome::Answered(found, lines) = outcome else {
            if self.step == Step::Sync && now.mono_ns < self.until_ns {
                self.ask(now, Step::Sync);
                return None;
            }
            let silent = match self.step {
                Step::Sync => "it does not answer AT",
                _ => "it answers AT and then no more",
            };
            return Some(Err(silent.to_owned()));
        };
        let is_ok = found == Final::Ok;
        match self.step {
            Step::Sync if is_ok => self.ask(now, Step::Echo),
            Step::Sync => return Some(Err("it does not answer AT with OK".to_owned())),
            Step::Echo => self.ask(now, Step::Maker),
            Step::Maker => {
                self.found.maker = said(is_ok, &lines);
                self.ask(now, Step::Model);
            }
            Step::Model => {
                self.found.model = said(is_ok, &lines);
                self.ask(now, Step::Imei);
            }
            Step::Imei => {
                self.found.imei = imei(&lines).filter(|_| is_ok).unwrap_or_default();
                self.step = Step::Listening;
                self.until_ns = now.mono_ns.saturating_add(LISTEN_NS);
            }
            Step::Opening | Step::Listening => {}
        }
        None
    }

    fn ask(&mut self, now: Now, step: Step) {
        let (command, timeout_ns) = match step {
            Step::Echo => ("E0", STEP_TIMEOUT_NS),
            Step::Maker => ("+CGMI", STEP_TIMEOUT_NS),
            Step::Model => ("+CGMM", STEP_TIMEOUT_NS),
            Step::Imei => ("+CGSN", STEP_TIMEOUT_NS),
            Step::Opening | Step::Sync | Step::Listening => ("", SYNC_EVERY_NS),
        };
        self.step = step;
        self.port
            .dialogue
            .ask(now.mono_ns, Ask::plain(command, timeout_ns));
        if step != Step::Sync {
            self.until_ns = now.mono_ns.saturating_add(timeout_ns);
        }
    }
}

fn said(is_ok: bool, lines: &[String]) -> String {
    match is_ok {
        true => words(lines),
        false => String::new(),
    }
}
