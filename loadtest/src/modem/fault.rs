//! Faults that simulated modems play, by name.
//!
//! `[MODEM:|FROM-TO:]NAME[=WHEN][,for=D][,code=N][,until=U]`, where WHEN is `5%` of the occasions, `#7` (the seventh alone), `#7+` (the seventh
//! and all after it) or nothing (each). An occasion is what the fault's line says: a submit, a command, or a status report. `for` is how
//! long it lasts in simulated time; `until` is what ends it where time does not: `cfun`, `usb` or `power`.

use super::settings::SECOND_NS;
use crate::chance::{Draws, Percent};
use crate::duration;

/// What ends a silence, from the mildest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cure {
    /// `AT+CFUN=1,1` (heard though nothing is answered), or anything stronger.
    Cfun,
    /// The order `usb reset`, or power.
    Usb,
    /// The order `power cycle`.
    Power,
}

/// When it is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// This share of the occasions.
    Share(Percent),
    /// The n-th occasion of this modem, from 1.
    At(u64),
    /// The n-th and all after it.
    From(u64),
}

/// What the fault is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occasion {
    /// A line with a command, but AT+CMGS.
    Command,
    /// AT+CMGS, before its prompt.
    Submit,
    /// A PDU that the judge took.
    Pdu,
    /// A status report of the network.
    Report,
}

macro_rules! kinds {
    ($($kind:ident $name:literal $occasion:ident $line:literal;)*) => {
        /// Which fault.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Kind { $(#[doc = $line] $kind,)* }

        /// Every fault: name, occasion, and one line.
        pub const KINDS: &[(Kind, &str, Occasion, &str)] =
            &[$((Kind::$kind, $name, Occasion::$occasion, $line),)*];
    };
}

kinds! {
    SlowAnswer "slow-answer" Command "a command is answered later, by `for` [10s]";
    Silence "silence" Command "a command is swallowed, and all that follows, for `for`, or `until` [cfun]";
    Garbage "garbage" Command "octets that are no text stand before an answer";
    Garbled "garbled" Command "octets of an answer are changed";
    CommandError "error" Command "a command is answered ERROR, or +CME ERROR: `code`";
    Interleave "interleave" Command "lines unasked stand between echo and answer (RING, +CREG, ^RSSI)";
    Reboot "reboot" Command "the modem starts anew instead of answering";
    Busy "busy" Submit "+CMS ERROR: `code` [500] instead of the prompt";
    NoPrompt "no-prompt" Submit "silence instead of the prompt, for `for`, or `until` [cfun]";
    RebootBeforePrompt "reboot-before-prompt" Submit "the modem starts anew instead of the prompt";
    SlowSubmit "slow-submit" Pdu "+CMGS comes later, by `for` [20s]";
    Refuse "refuse" Pdu "+CMS ERROR: `code` [500] to the PDU, which is not sent";
    AnswerLost "answer-lost" Pdu "the message is sent, and neither +CMGS nor OK comes; the modem is well after that";
    SilenceSent "silence-sent" Pdu "the message is sent, then silence for `for`, or `until` [cfun]";
    SilenceUnsent "silence-unsent" Pdu "the message is not sent, and silence for `for`, or `until` [cfun]";
    RebootSent "reboot-sent" Pdu "the message is sent, and the modem starts anew before +CMGS";
    RebootUnsent "reboot-unsent" Pdu "the message is not sent, and the modem starts anew";
    GarbageInSubmit "garbage-in-submit" Pdu "octets that are no text stand before +CMGS";
    InterleaveInSubmit "interleave-in-submit" Pdu "lines unasked stand between the PDU and +CMGS";
    UnplugSent "unplug-sent" Pdu "the message is sent, and the port is gone for `for` [20s]";
    UnplugUnsent "unplug-unsent" Pdu "the message is not sent, and the port is gone for `for` [20s]";
    SimBlocked "sim-blocked" Pdu "the operator blocks the SIM: this message and all others of it are refused with `code` [by seed: 50, 69, 21, 10 or 38]";
    SimMute "sim-mute" Pdu "the operator takes this message and all others of the SIM with +CMGS, delivers none and reports none";
    RegistrationLost "registration-lost" Pdu "the network is lost for `for` [60s]: +CREG: 2 and +CMS ERROR: 331";
    RegistrationDenied "registration-denied" Pdu "the network refuses the SIM for `for` [for ever]: +CREG: 3 and +CMS ERROR: 331";
    SimGone "sim-gone" Pdu "the SIM has no contact any more: +CMS ERROR: 310 and +CME ERROR: 10";
    StorageFull "storage-full" Pdu "the store of the SIM is filled by messages from handsets: +CMS ERROR: 322 until one is deleted";
    ReportLost "report-lost" Report "a status report never comes";
    ReportDoubled "report-doubled" Report "a status report comes twice";
    ReportEarly "report-early" Pdu "the status report comes before +CMGS";
}

/// One fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// Which.
    pub kind: Kind,
    /// When.
    pub when: When,
    /// First and last modem that has it.
    pub modems: (usize, usize),
    /// How long it lasts; `None`: as its line says.
    pub for_ns: Option<u64>,
    /// The error code.
    pub code: Option<u16>,
    /// What ends a silence.
    pub cure: Option<Cure>,
}

/// Why a fault was not understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{spelling}`: {what}; write [MODEM:]NAME[=5%|=#7|=#7+][,for=10s][,code=N][,until=cfun|usb|power], `modemsim --list-faults` has the names"
)]
pub struct FaultSpelling {
    spelling: String,
    what: &'static str,
}

impl Fault {
    /// Reads a spelling.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(spelling: &str) -> Result<Self, FaultSpelling> {
        let wrong = |what| FaultSpelling {
            spelling: spelling.to_owned(),
            what,
        };
        let (modems, rest) = match spelling.split_once(':') {
            Some((modems, rest)) => (
                range(modems).ok_or_else(|| wrong("the modem is no number"))?,
                rest,
            ),
            None => ((0, usize::MAX), spelling),
        };
        let mut pieces = rest.split(',');
        let head = pieces.next().unwrap_or_default();
        let (name, when) = head.split_once('=').unwrap_or((head, "100%"));
        let kind = KINDS.iter().find(|(_, known, ..)| *known == name);
        let mut fault = Self {
            kind: kind.ok_or_else(|| wrong("no such fault"))?.0,
            when: parse_when(when).ok_or_else(|| wrong("its share or number is none"))?,
            modems,
            for_ns: None,
            code: None,
            cure: None,
        };
        for piece in pieces {
            fault
                .extra(piece)
                .ok_or_else(|| wrong("what follows the comma is not understood"))?;
        }
        Ok(fault)
    }

    fn extra(&mut self, piece: &str) -> Option<()> {
        let (key, value) = piece.split_once('=')?;
        match key.trim() {
            "for" => self.for_ns = Some(duration::nanoseconds(duration::parse(value).ok()?)),
            "code" => self.code = Some(value.parse().ok()?),
            "until" => {
                self.cure = Some(match value {
                    "cfun" => Cure::Cfun,
                    "usb" => Cure::Usb,
                    "power" => Cure::Power,
                    _ => return None,
                });
            }
            _ => return None,
        }
        Some(())
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        entry(self.kind).map_or("", |(_, name, ..)| name)
    }

    /// What it is asked at.
    #[must_use]
    pub fn occasion(&self) -> Occasion {
        entry(self.kind).map_or(Occasion::Command, |(_, _, occasion, _)| *occasion)
    }

    /// How long, or this many seconds.
    #[must_use]
    pub fn for_ns_or(&self, seconds: u64) -> u64 {
        self.for_ns.unwrap_or(seconds * SECOND_NS)
    }
}

fn entry(kind: Kind) -> Option<&'static (Kind, &'static str, Occasion, &'static str)> {
    KINDS.iter().find(|(known, ..)| *known == kind)
}

fn range(text: &str) -> Option<(usize, usize)> {
    let (from, to) = text.split_once('-').unwrap_or((text, text));
    Some((from.trim().parse().ok()?, to.trim().parse().ok()?))
}

fn parse_when(text: &str) -> Option<When> {
    if let Some(share) = text.strip_suffix('%') {
        return share.parse().ok().and_then(Percent::new).map(When::Share);
    }
    let number = text.strip_prefix('#')?;
    match number.strip_suffix('+') {
        Some(from) => from.parse().ok().map(When::From),
        None => number.parse().ok().map(When::At),
    }
}

/// The faults of one modem, with how many occasions each has seen.
#[derive(Debug, Default)]
pub(super) struct Armed {
    faults: Vec<(Fault, u64)>,
}

impl Armed {
    pub(super) fn new(faults: &[Fault], modem: usize) -> Self {
        let mine = faults.iter().filter(|fault| {
            let (from, to) = fault.modems;
            (from..=to).contains(&modem)
        });
        Self {
            faults: mine.map(|fault| (*fault, 0)).collect(),
        }
    }

    pub(super) fn arm(&mut self, fault: Fault) {
        self.faults.push((fault, 0));
    }

    pub(super) fn disarm(&mut self) {
        self.faults.clear();
    }

    /// The first fault that is due at this occasion; all are counted on.
    pub(super) fn due(&mut self, occasion: Occasion, draws: &mut Draws) -> Option<Fault> {
        let mut found = None;
        for (fault, seen) in &mut self.faults {
            if fault.occasion() != occasion {
                continue;
            }
            *seen += 1;
            let is_due = match fault.when {
                When::Share(share) => share.takes(draws.draw()),
                When::At(number) => *seen == number,
                When::From(number) => *seen >= number,
            };
            if is_due && found.is_none() {
                found = Some(*fault);
            }
        }
        found
    }
}
