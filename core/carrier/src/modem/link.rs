//! A modem as a link of its pool: one text at a time, its segments one after the other, one command at a time.
//!
//! Promise: what is submitted comes back exactly once, uncertain only where the end of its PDU had been written. A modem is never
//! waited for beyond a deadline, and never given up for good. Bound: [`TEXT_SEGMENTS_MAX`]; [`super::incoming`] says how many messages
//! from handsets are held. An idle poll looks at a few moments and reads once.

use std::collections::VecDeque;
use std::sync::Arc;

use carrack_message::Sender;
use carrack_runtime::{Now, Transport, Wake};
use carrack_throttle::Backoff;

use super::at::{Heard, Outcome, Unsolicited};
use super::desk::SimDesk;
use super::escalation::Escalation;
use super::gate::Gate;
use super::hooks::{HookRun, ModemHooks};
use super::identity::Identity;
use super::incoming::{Incoming, Place};
use super::network::Network;
use super::orders::Test;
use super::panel::{ModemCounts, ModemPanel, OrderReply};
use super::sending::{Letter, Sending};
use super::setup::{Setup, Step};
use super::spec::ModemSpec;
use super::state::Told;
use super::ussd::Ussd;
use crate::link::{Link, LinkEvent, LinkState, Outgoing, ReceiptHandle, SubmitRefused};

/// Segments of one text: more than any door takes.
pub const TEXT_SEGMENTS_MAX: u32 = 255;
const SECOND_NS: u64 = 1_000_000_000;
/// Delays between tries to open a port.
const REOPEN_FIRST_NS: u64 = SECOND_NS;
const REOPEN_MAX_NS: u64 = 30 * SECOND_NS;

/// Where the link stands with its modem.
#[derive(Debug)]
pub(super) enum Phase {
    /// The port is closed until then.
    Waiting { until_ns: u64 },
    /// The port is being opened.
    Opening { until_ns: u64 },
    /// A program of the operator runs; the port is closed.
    Hooking { until_ns: u64, run: Arc<HookRun> },
    /// `AT`, so many times already.
    Syncing { tries: u8 },
    /// It is told to begin anew.
    Restarting { step: u8 },
    /// It begins anew.
    Booting { until_ns: u64, next_ns: u64 },
    /// It is asked who it is, and set up.
    SettingUp,
    /// Its SIM is not there or locked; looked at again then.
    SimResting { until_ns: u64 },
    /// It works.
    Serving,
    /// Goodbye was said.
    Closed,
}

/// What the command under way is for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Job {
    #[default]
    Nothing,
    Sync,
    BootCheck,
    Restart,
    Setup(Step),
    Send,
    Acknowledge,
    Memory,
    Read(Place),
    Delete(Place),
    List,
    Registration(usize),
    Signal,
    Operator,
    UssdBegin,
    UssdEnd,
    Test,
}

/// What a link is made of besides its spec.
pub struct ModemParts {
    /// The book of SIMs.
    pub desk: Arc<dyn SimDesk>,
    /// The operator's programs.
    pub hooks: Arc<dyn ModemHooks>,
    /// Where it is seen.
    pub panel: Arc<ModemPanel>,
    /// Its line.
    pub transport: Box<dyn Transport>,
    /// Wakes the loop that polls it.
    pub wake: Wake,
}

/// A modem.
pub struct ModemLink {
    pub(super) spec: Arc<ModemSpec>,
    pub(super) desk: Arc<dyn SimDesk>,
    pub(super) hooks: Arc<dyn ModemHooks>,
    pub(super) panel: Arc<ModemPanel>,
    pub(super) wake: Wake,
    pub(super) port: super::port::Port,
    pub(super) phase: Phase,
    pub(super) job: Job,
    pub(super) now: Now,
    pub(super) escalation: Escalation,
    pub(super) backoff: Backoff,
    pub(super) random: u64,
    pub(super) setup: Setup,
    pub(super) identity: Identity,
    pub(super) network: Network,
    pub(super) gate: Gate,
    pub(super) sending: Option<Sending>,
    /// Segments of the same text behind it.
    pub(super) behind: VecDeque<Letter>,
    /// The engine is handing in a text: more of it may come until the next poll.
    pub(super) is_taking: bool,
    /// The last segment whose answer did not come in time: it may still come.
    pub(super) late: Option<u64>,
    pub(super) incoming: Incoming,
    pub(super) ussd: Ussd,
    pub(super) test: Option<(Test, OrderReply)>,
    pub(super) events: Vec<LinkEvent>,
    pub(super) told: Told,
    pub(super) counts: ModemCounts,
    /// Goodbye is said by then.
    pub(super) closing: Option<u64>,
    pub(super) oddities: u64,
    heard: Vec<Heard>,
}

impl ModemLink {
    /// A modem whose port is opened at the first poll.
    #[must_use]
    pub fn new(spec: Arc<ModemSpec>, parts: ModemParts) -> Self {
        parts.panel.serve(parts.wake.clone());
        let counts = parts.panel.counts();
        Self {
            random: spec.seed | 1,
            identity: Identity::new(spec.dialect),
            desk: parts.desk,
            hooks: parts.hooks,
            panel: parts.panel,
            wake: parts.wake,
            port: super::port::Port::new(parts.transport),
            phase: Phase::Waiting { until_ns: 0 },
            job: Job::Nothing,
            now: Now::default(),
            escalation: Escalation::default(),
            backoff: Backoff::new(REOPEN_FIRST_NS, REOPEN_MAX_NS),
            setup: Setup::default(),
            network: Network::default(),
            gate: Gate::default(),
            sending: None,
            behind: VecDeque::new(),
            is_taking: false,
            late: None,
            incoming: Incoming::default(),
            ussd: Ussd::new(&spec),
            test: None,
            events: Vec::new(),
            told: Told::default(),
            counts,
            closing: None,
            oddities: 0,
            heard: Vec::new(),
            spec,
        }
    }

    pub(super) const fn next_random(&mut self) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random
    }

    fn listen(&mut self) {
        let mut heard = std::mem::take(&mut self.heard);
        let gone = self.port.read(&mut heard);
        self.port.dialogue.tick(self.now.mono_ns, &mut heard);
        for found in heard.drain(..) {
            match found {
                Heard::Ended(outcome) => self.ended(outcome),
                Heard::Unasked(found) => self.unasked(found),
                Heard::LateReference(reference) => self.late_reference(reference),
                Heard::Pdu { line, .. } => self.direct(&line),
            }
        }
        self.heard = heard;
        if let Some(reason) = gone {
            self.port_lost(reason);
        }
    }

    fn ended(&mut self, outcome: Outcome) {
        if matches!(outcome, Outcome::Silent { .. }) {
            self.counts.commands_timed_out += 1;
            self.told.is_changed = true;
            self.reports_may_have_stopped();
        }
        match std::mem::take(&mut self.job) {
            Job::Nothing => {}
            Job::Sync => self.sync_ended(&outcome),
            Job::BootCheck => self.boot_check_ended(&outcome),
            Job::Restart => self.restart_ended(&outcome),
            Job::Setup(step) => self.setup_ended(step, outcome),
            Job::Send => self.send_ended(outcome),
            Job::Acknowledge => self.acknowledge_ended(&outcome),
            Job::Memory => self.memory_ended(outcome),
            Job::Read(place) => self.read_ended(place, outcome),
            Job::Delete(place) => self.delete_ended(place, &outcome),
            Job::List => self.list_ended(outcome),
            Job::Registration(which) => self.registration_ended(which, outcome),
            Job::Signal => self.signal_ended(outcome),
            Job::Operator => self.operator_ended(outcome),
            Job::UssdBegin => self.ussd_begun(&outcome),
            Job::UssdEnd => self.housekeeping_ended(&outcome),
            Job::Test => self.test_ended(outcome),
        }
    }

    fn unasked(&mut self, found: Unsolicited) {
        match found {
            Unsolicited::Stored { memory, index } | Unsolicited::ReportStored { memory, index } => {
                self.incoming.announced(&memory, index);
            }
            Unsolicited::Registered(told) => self.network.told_unasked(told),
            Unsolicited::Ussd {
                kind,
                text,
                data_coding_scheme,
            } => self.ussd_answered(kind, &text, data_coding_scheme),
            Unsolicited::Booted => self.booted(),
            Unsolicited::Sim { present: true }
                if matches!(self.phase, Phase::SimResting { .. }) =>
            {
                self.phase = Phase::SimResting { until_ns: 0 };
            }
            Unsolicited::Started | Unsolicited::Sim { present: true } => {
                // What is ready only now may have forgotten how it was set up.
                self.setup.is_stale |= matches!(self.phase, Phase::Serving);
            }
            Unsolicited::Sim { present: false } => self.setup.is_stale = true,
            Unsolicited::MessageFollows | Unsolicited::ReportFollows | Unsolicited::Other => {}
        }
    }
}

impl Link for ModemLink {
    fn state(&self) -> LinkState {
        if self.closing.is_some() {
            return LinkState::Closing;
        }
        if self.told.is_up {
            return LinkState::Up;
        }
        match self.phase {
            Phase::Opening { .. }
            | Phase::Syncing { .. }
            | Phase::Restarting { .. }
            | Phase::Booting { .. }
            | Phase::SettingUp => LinkState::Connecting,
            _ => LinkState::Down,
        }
    }

    fn free_slots(&self) -> u32 {
        let is_free = self.closing.is_none()
            && self.told.is_up
            && self.sending.is_none()
            && !self.is_doubted()
            && self.gate.is_open()
            && !self.incoming.is_full
            && !self.ussd.is_awaited();
        match is_free {
            true => self.gate.room().min(TEXT_SEGMENTS_MAX),
            false => 0,
        }
    }

    fn is_home_of(&self, network: carrack_message::Network) -> bool {
        self.identity.on_net.contains(&network)
    }

    fn in_flight(&self) -> u32 {
        u32::from(self.sending.is_some()) + self.behind.len() as u32
    }

    /// Of a text; what the SIM has left of its caps is looked at by [`Self::free_slots`] and [`Self::text_max`].
    fn window(&self) -> u32 {
        TEXT_SEGMENTS_MAX
    }

    fn text_max(&self) -> u32 {
        match self.told.is_up && !self.incoming.is_full {
            // What stands behind has its room already.
            true => (self.gate.left())
                .saturating_sub(self.behind.len() as u32)
                .min(TEXT_SEGMENTS_MAX),
            false => 0,
        }
    }

    fn submit(
        &mut self,
        now: Now,
        ticket: u64,
        segment: &Outgoing<'_>,
    ) -> Result<(), SubmitRefused> {
        self.now = now;
        self.take_segment(ticket, segment)
    }

    fn query(&mut self, _: Now, _: u64, _: &[u8], _: &Sender) -> Result<(), SubmitRefused> {
        // A SIM has nobody to ask: status reports come by themselves.
        Err(SubmitRefused::Unwritable)
    }

    fn poll(&mut self, now: Now, events: &mut Vec<LinkEvent>) {
        self.now = now;
        self.is_taking = false;
        if !matches!(self.phase, Phase::Closed) {
            self.take_order();
            self.advance();
            if self.port.is_open() {
                self.listen();
            }
            self.work();
            self.end_if_closing();
        }
        self.tell();
        events.append(&mut self.events);
    }

    fn answer(&mut self, handle: ReceiptHandle, taken: bool) {
        self.answered(handle.sequence_number, taken);
        // What follows from it is a command, which is given at once.
        self.work();
    }

    fn flush(&mut self) {
        self.port.flush();
    }

    fn next_deadline_ns(&self) -> Option<u64> {
        self.deadline_ns()
    }

    fn close(&mut self, now: Now) {
        self.now = now;
        let until_ns = now.mono_ns.saturating_add(self.spec.close_timeout_ns);
        self.closing.get_or_insert(until_ns);
        self.end_if_closing();
    }

    fn is_closed(&self) -> bool {
        matches!(self.phase, Phase::Closed)
    }

    fn take_oddities(&mut self) -> u64 {
        std::mem::take(&mut self.oddities) + self.port.dialogue.take_oddities()
    }
}

impl Drop for ModemLink {
    fn drop(&mut self) {
        self.panel.leave();
    }
}
