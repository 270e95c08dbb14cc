//! One modem: octets from its host in, octets to it out, and time in. No port, no clock.
//!
//! Promise: any octets are taken without fault; what is written is bounded by [`OUTPUT_MAX`], what waits to be read by [`INPUT_MAX`], and what is lost
//! above is counted. A command is answered before the next one is looked at, as real modems are to be driven.

use super::arrivals::Held;
use super::command::{Modes, Reply};
use super::counts::{Busy, Counts};
use super::dialect::{Dialect, Profile};
use super::fault::{Armed, Cure, Fault};
use super::network::Network;
use super::settings::Settings;
use super::store::Store;
use super::submit::{Submit, SubmitEnd};
use crate::chance::Draws;
use std::collections::VecDeque;

/// Octets that wait for the host; more are lost, as on a serial line that nobody reads.
pub const OUTPUT_MAX: usize = 256 * 1_024;
/// Octets of the host that wait while a command is under way.
pub const INPUT_MAX: usize = 8 * 1_024;
/// Octets of a command line.
pub const LINE_MAX: usize = 1_024;

/// What a modem sees of the world.
pub(super) struct Air<'a> {
    pub(super) now_ns: u64,
    pub(super) settings: &'a Settings,
    pub(super) network: &'a mut Network,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Power {
    Off,
    Booting,
    On,
}

/// What the octets that come mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// A command line.
    Line,
    /// They wait: a command is under way.
    Answering,
    /// A PDU, or a text.
    Data,
}

/// Something that comes later.
#[derive(Debug)]
pub(super) enum What {
    Answer(Vec<u8>),
    Prompt,
    SubmitEnds(Box<SubmitEnd>),
    Write(Vec<u8>),
    Booted,
    Registered,
    Reboot,
    HearAgain,
    Plug,
    NetworkBack,
    AckOverdue,
}

#[derive(Debug)]
struct Planned {
    due_ns: u64,
    order: u64,
    what: What,
}

/// A silence.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mute {
    pub(super) cure: Cure,
}

/// Where it stands in the network.
#[derive(Debug, Clone, Copy)]
pub(super) struct Radio {
    /// +CFUN.
    pub(super) function: u8,
    pub(super) is_registered: bool,
    /// The network says this instead: 0, 2 or 3.
    pub(super) forced: Option<u8>,
    /// +CSQ.
    pub(super) signal: u8,
}

#[derive(Debug)]
pub(super) struct Modem {
    pub(super) index: usize,
    pub(super) dialect: Dialect,
    pub(super) profile: &'static Profile,
    pub(super) draws: Draws,
    pub(super) armed: Armed,
    pub(super) output: Vec<u8>,
    input: VecDeque<u8>,
    pub(super) line: Vec<u8>,
    last_line: Vec<u8>,
    pub(super) phase: Phase,
    planned: Vec<Planned>,
    order: u64,
    pub(super) modes: Modes,
    pub(super) power: Power,
    pub(super) is_plugged: bool,
    pub(super) mute: Option<Mute>,
    pub(super) radio: Radio,
    pub(super) sim: Option<usize>,
    pub(super) store: Store,
    pub(super) reports: Store,
    pub(super) submit: Option<Submit>,
    pub(super) held: Held,
    pub(super) menu: Option<String>,
    pub(super) counts: Counts,
    pub(super) busy: Busy,
}

impl Modem {
    pub(super) fn new(index: usize, settings: &Settings) -> Self {
        let dialect = settings.dialect(index);
        Self {
            index,
            dialect,
            profile: dialect.profile(),
            draws: Draws::new(settings.seed, index as u64),
            armed: Armed::new(&settings.faults, index),
            output: Vec::new(),
            input: VecDeque::new(),
            line: Vec::new(),
            last_line: Vec::new(),
            phase: Phase::Line,
            planned: Vec::new(),
            order: 0,
            modes: Modes::of(dialect.profile()),
            power: Power::Off,
            is_plugged: true,
            mute: None,
            radio: Radio {
                function: 1,
                is_registered: false,
                forced: None,
                signal: 21,
            },
            sim: None,
            store: Store::new(settings.modem_places),
            reports: Store::new(settings.modem_places),
            submit: None,
            held: Held::default(),
            menu: None,
            counts: Counts::default(),
            busy: Busy::new(settings.per_minute),
        }
    }

    /// Octets of the host.
    pub(super) fn receive(&mut self, air: &mut Air<'_>, octets: &[u8]) {
        self.counts.octets_in += octets.len() as u64;
        if self.power != Power::On || !self.is_plugged {
            return;
        }
        let room = INPUT_MAX.saturating_sub(self.input.len());
        let taken = octets.get(..room.min(octets.len())).unwrap_or(octets);
        self.counts.octets_lost += (octets.len() - taken.len()) as u64;
        self.input.extend(taken);
        self.pump(air);
    }

    /// Reads what waits, as far as it may be read now.
    pub(super) fn pump(&mut self, air: &mut Air<'_>) {
        while self.phase != Phase::Answering
            && let Some(octet) = self.input.pop_front()
        {
            if self.mute.is_some() {
                self.overhear(air, octet);
            } else if self.phase == Phase::Data {
                self.data(air, octet);
            } else {
                self.typed(air, octet);
            }
        }
    }

    fn typed(&mut self, air: &mut Air<'_>, octet: u8) {
        if self.modes.echo && octet != b'\n' {
            self.write(&[octet]);
        }
        match octet {
            b'\r' => {
                let line = std::mem::take(&mut self.line);
                self.execute(air, line);
            }
            b'\n' => {}
            0x08 => {
                self.line.pop();
            }
            _ if self.line.len() < LINE_MAX => self.line.push(octet),
            _ => self.counts.octets_lost += 1,
        }
        // A/ needs no end.
        if self.line.eq_ignore_ascii_case(b"A/") {
            self.line.clear();
            let line = self.last_line.clone();
            self.execute(air, line);
        }
    }

    fn execute(&mut self, air: &mut Air<'_>, line: Vec<u8>) {
        // What stands before AT is noise.
        let Some(at) = line
            .windows(2)
            .position(|pair| pair.eq_ignore_ascii_case(b"AT"))
        else {
            return;
        };
        let text: String = line
            .iter()
            .skip(at + 2)
            .map(|octet| char::from(*octet))
            .collect();
        self.last_line = line;
        self.counts.commands += 1;
        self.run(air, &text);
    }

    /// Silent, and yet some still hear one command.
    fn overhear(&mut self, air: &mut Air<'_>, octet: u8) {
        if octet != b'\r' {
            if self.line.len() < LINE_MAX {
                self.line.push(octet);
            }
            return;
        }
        let line = std::mem::take(&mut self.line).to_ascii_uppercase();
        let hears = self.mute.is_some_and(|mute| mute.cure == Cure::Cfun);
        let says = |command: &str| {
            line.windows(command.len())
                .any(|piece| piece == command.as_bytes())
        };
        if hears && (says("+CFUN=1,1") || self.profile.reset.iter().any(|command| says(command))) {
            self.reboot(air);
        }
    }

    /// Octets to the host.
    pub(super) fn write(&mut self, octets: &[u8]) {
        if !self.is_plugged || self.power == Power::Off || self.mute.is_some() {
            return;
        }
        let room = OUTPUT_MAX.saturating_sub(self.output.len());
        let written = octets.get(..room.min(octets.len())).unwrap_or(octets);
        self.counts.octets_out += written.len() as u64;
        self.counts.octets_lost += (octets.len() - written.len()) as u64;
        self.output.extend_from_slice(written);
    }

    pub(super) fn plan(&mut self, due_ns: u64, what: What) {
        self.order += 1;
        let order = self.order;
        self.planned.push(Planned {
            due_ns,
            order,
            what,
        });
    }

    /// Forgets what it was about to do; what the world does to it goes on.
    pub(super) fn forget(&mut self) {
        self.planned
            .retain(|planned| matches!(planned.what, What::Plug | What::NetworkBack));
        self.input.clear();
        self.line.clear();
        self.phase = Phase::Line;
        self.held = Held::default();
        self.menu = None;
    }

    /// A PDU is on its way.
    pub(super) fn has_submit_planned(&self) -> bool {
        self.planned
            .iter()
            .any(|planned| matches!(planned.what, What::SubmitEnds(_)))
    }

    pub(super) fn unplan_ack(&mut self) {
        self.planned
            .retain(|planned| !matches!(planned.what, What::AckOverdue));
    }

    pub(super) fn next_due_ns(&self) -> Option<u64> {
        self.planned.iter().map(|planned| planned.due_ns).min()
    }

    /// What is due happens, in its order.
    pub(super) fn tick(&mut self, air: &mut Air<'_>) {
        while let Some(at) = self.first_due(air.now_ns) {
            let planned = self.planned.swap_remove(at);
            self.happen(air, planned.what);
        }
    }

    fn first_due(&self, now_ns: u64) -> Option<usize> {
        let due = self
            .planned
            .iter()
            .enumerate()
            .filter(|(_, planned)| planned.due_ns <= now_ns);
        due.min_by_key(|(_, planned)| (planned.due_ns, planned.order))
            .map(|(at, _)| at)
    }

    fn happen(&mut self, air: &mut Air<'_>, what: What) {
        match what {
            What::Answer(octets) => {
                self.write(&octets);
                self.ready(air);
            }
            What::Prompt => {
                self.phase = Phase::Data;
                self.write(b"\r\n> ");
                self.pump(air);
            }
            What::SubmitEnds(end) => self.submit_ends(air, *end),
            What::Write(octets) => self.write(&octets),
            What::Booted => self.booted(air),
            What::Registered => self.registered(air),
            What::Reboot => self.reboot(air),
            What::HearAgain => self.hear_again(air),
            What::Plug => self.plug(air),
            What::NetworkBack => self.force_registration(air, None),
            What::AckOverdue => self.ack_overdue(air),
        }
    }

    /// The command under way has ended.
    pub(super) fn ready(&mut self, air: &mut Air<'_>) {
        self.phase = Phase::Line;
        self.release(air);
        self.pump(air);
    }

    /// Answers a command so much later.
    pub(super) fn answer(&mut self, air: &Air<'_>, reply: Reply, after_ns: u64) {
        self.phase = Phase::Answering;
        let due_ns = air.now_ns.saturating_add(after_ns);
        if let Reply::Prompt = reply {
            self.plan(due_ns, What::Prompt);
            return;
        }
        let octets = self.octets_of(reply);
        self.plan(due_ns, What::Answer(octets));
    }

    /// A fault is played.
    pub(super) fn played(&mut self, fault: &Fault) {
        *self.counts.faults.entry(fault.name()).or_default() += 1;
    }

    /// Octets that are no text.
    pub(super) fn garbage(&mut self) -> Vec<u8> {
        let count = 3 + self.draws.below(40);
        (0..count)
            .map(|_| self.draws.draw() as u8)
            .filter(|octet| !matches!(octet, 0x11 | 0x13))
            .collect()
    }

    /// Lines that nobody asked for.
    pub(super) fn chatter(&mut self) -> Vec<u8> {
        let mut out = Vec::new();
        for _ in 0..1 + self.draws.below(3) {
            let place = self.draws.below(self.profile.chatter.len() as u64) as usize;
            if let Some(line) = self.profile.chatter.get(place)
                && (self.modes.own_lines || !line.starts_with('^'))
            {
                out.extend_from_slice(format!("\r\n{line}\r\n").as_bytes());
            }
        }
        out
    }
}
