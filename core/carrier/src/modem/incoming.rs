//! What comes: messages from handsets and status reports, directly or by the store.
//!
//! Promise: a message leaves the store only after the engine has taken it (`answer(true)`); what it does not take comes again. The store
//! is looked at after each set-up, when something is announced, on schedule, and before anything is sent where it is full.
//! Bound: [`READS_MAX`] announced places, then the whole store is listed; see [`super::offers`].

use std::collections::VecDeque;

use super::at::{Final, INFORMATION_LINES_MAX, Outcome};
use super::escalation::Trouble;
use super::link::{Job, ModemLink};
use super::offers::{Offers, State};
use super::reading::is_report;
use super::sent::SentRecently;

pub(super) use super::offers::Place;

const SECOND_NS: u64 = 1_000_000_000;
const READ_TIMEOUT_NS: u64 = 10 * SECOND_NS;
const DELETE_TIMEOUT_NS: u64 = 15 * SECOND_NS;
const LIST_TIMEOUT_NS: u64 = 30 * SECOND_NS;
const ACKNOWLEDGE_TIMEOUT_NS: u64 = 5 * SECOND_NS;
const RENEW_EVERY_NS: u64 = 60 * SECOND_NS;
/// The next look where the last one could not take all, and something was taken since.
const MORE_NS: u64 = 2 * SECOND_NS;
/// Announced places that wait to be read.
const READS_MAX: usize = 64;
/// Fewer places than these are left: what cannot be read, and what somebody wrote there, is deleted.
const ROOM_MIN: u16 = 3;

/// Stores, and what came of them.
#[derive(Debug, Default)]
pub(super) struct Incoming {
    /// Where messages are stored; none: as the modem likes.
    memory: Option<[u8; 2]>,
    /// Where `+CMGR` and `+CMGD` look now.
    current: Option<[u8; 2]>,
    /// Where they are to look.
    wanted: [u8; 2],
    pub(super) used: u16,
    pub(super) total: u16,
    /// It is to be emptied before anything is sent.
    pub(super) is_full: bool,
    /// It was listed since the modem was set up.
    pub(super) is_looked_at: bool,
    pub(super) list_due_ns: u64,
    reads: VecDeque<Place>,
    pub(super) offers: Offers,
    /// Direct ones that are to be acknowledged to the network.
    pub(super) acknowledgements: u32,
    /// When it may be told once more to bring them.
    renew_ns: u64,
    pub(super) sent: SentRecently,
}

impl Incoming {
    /// `+CPMS: <used>,<total>,...`.
    pub(super) fn memory_chosen(&mut self, memory: &str, lines: &[String]) {
        let name = memory_of(memory);
        self.memory = Some(name);
        self.current = Some(name);
        let line = lines.iter().find_map(|line| line.strip_prefix("+CPMS:"));
        let mut numbers = line
            .unwrap_or_default()
            .split(',')
            .filter_map(|field| field.trim().parse().ok());
        self.used = numbers.next().unwrap_or(0);
        self.total = numbers.next().unwrap_or(0);
    }

    /// The modem was set up.
    pub(super) const fn begin(&mut self) {
        self.is_looked_at = false;
        self.list_due_ns = 0;
        self.acknowledgements = 0;
    }

    pub(super) fn other_sim(&mut self) {
        self.offers.all.clear();
        self.reads.clear();
        self.sent = SentRecently::default();
        self.is_full = false;
    }

    pub(super) fn announced(&mut self, memory: &str, index: u16) {
        let memory = memory_of(memory);
        let place = Place { memory, index };
        if self.reads.contains(&place) {
            return;
        }
        if self.reads.len() < READS_MAX {
            self.reads.push_back(place);
        } else {
            self.list_due_ns = 0;
        }
    }

    pub(super) const fn must_empty(&mut self) {
        self.is_full = true;
        self.list_due_ns = 0;
    }

    /// Something was taken: what was passed over may have room now.
    pub(super) fn has_room(&mut self, now_ns: u64) {
        if self.offers.has_more {
            self.list_due_ns = self.list_due_ns.min(now_ns.saturating_add(MORE_NS));
        }
    }

    pub(super) fn deadline_ns(&self) -> u64 {
        let direct = self.offers.deadline_ns();
        self.list_due_ns.min(direct.unwrap_or(u64::MAX))
    }

    /// Nothing is left to be done before a goodbye.
    pub(super) fn is_settled(&self) -> bool {
        self.offers.taken().is_none() && self.acknowledgements == 0
    }

    /// There is need of room.
    const fn is_tight(&self) -> bool {
        self.is_full || (self.total > 0 && self.used.saturating_add(ROOM_MIN) > self.total)
    }

    fn place(&self, index: u16) -> Place {
        let memory = self.memory.unwrap_or(*b"??");
        Place { memory, index }
    }
}

impl ModemLink {
    /// Acknowledges, and empties places. True: a command was given.
    pub(super) fn settle_incoming(&mut self) -> bool {
        if self.incoming.acknowledgements > 0 {
            self.ask(Job::Acknowledge, "+CNMA", ACKNOWLEDGE_TIMEOUT_NS);
            return true;
        }
        let Some(place) = self.incoming.offers.taken() else {
            return false;
        };
        // Another card's store is not emptied for what stood in this one's.
        if self.network.was_out() && self.closing.is_none() {
            return false;
        }
        if !self.at_memory(place.memory) {
            return true;
        }
        let command = format!("+CMGD={}", place.index);
        self.ask(Job::Delete(place), &command, DELETE_TIMEOUT_NS);
        true
    }

    /// Reads what was announced, or lists the store. True: a command was given.
    pub(super) fn read_incoming(&mut self) -> bool {
        let now_ns = self.now.mono_ns;
        while let Some((number, line)) = self.incoming.offers.due(now_ns) {
            self.tell_of(number, None, &line);
        }
        if let Some(place) = self.incoming.reads.front().copied() {
            if !self.at_memory(place.memory) {
                return true;
            }
            self.incoming.reads.pop_front();
            let command = format!("+CMGR={}", place.index);
            self.ask(Job::Read(place), &command, READ_TIMEOUT_NS);
            return true;
        }
        if now_ns < self.incoming.list_due_ns {
            return false;
        }
        if let Some(memory) = self.incoming.memory
            && !self.at_memory(memory)
        {
            return true;
        }
        self.incoming.list_due_ns = now_ns.saturating_add(self.spec.poll_storage_ns);
        self.ask(Job::List, "+CMGL=4", LIST_TIMEOUT_NS);
        true
    }

    /// Whether commands look at this store; if not, it is chosen.
    fn at_memory(&mut self, memory: [u8; 2]) -> bool {
        if self.incoming.current == Some(memory) || memory == *b"??" {
            return true;
        }
        self.incoming.wanted = memory;
        let name = String::from_utf8_lossy(&memory).into_owned();
        self.ask(Job::Memory, &format!("+CPMS=\"{name}\""), READ_TIMEOUT_NS);
        false
    }

    pub(super) fn memory_ended(&mut self, outcome: Outcome) {
        let wanted = self.incoming.wanted;
        match outcome {
            Outcome::Answered(Final::Ok, _) => self.incoming.current = Some(wanted),
            Outcome::Answered(..) => {
                // There is no such store: nothing stands there.
                self.oddities += 1;
                self.incoming.reads.retain(|place| place.memory != wanted);
                let offers = &mut self.incoming.offers.all;
                offers.retain(|offer| offer.place.is_none_or(|place| place.memory != wanted));
                if self.incoming.memory == Some(wanted) {
                    self.incoming.current = Some(wanted);
                }
            }
            Outcome::Silent { .. } => {
                self.fault(
                    Trouble::Silent,
                    "it does not answer when it is asked for its store",
                );
            }
        }
    }

    pub(super) fn acknowledge_ended(&mut self, outcome: &Outcome) {
        self.incoming.acknowledgements = self.incoming.acknowledgements.saturating_sub(1);
        if !matches!(outcome, Outcome::Answered(Final::Ok, _)) {
            self.reports_may_have_stopped();
        }
        self.housekeeping_ended(outcome);
    }

    /// A modem that had no acknowledgement in time tells nothing more by itself (27.005 3.4.1) until it is told to once more. One that
    /// says no to each is not told so at each.
    pub(super) fn reports_may_have_stopped(&mut self) {
        let now_ns = self.now.mono_ns;
        if self.identity.dialect().service == 1 && now_ns >= self.incoming.renew_ns {
            self.incoming.renew_ns = now_ns.saturating_add(RENEW_EVERY_NS);
            self.setup.is_stale = true;
        }
    }

    /// A command whose answer says nothing that anybody needs.
    pub(super) fn housekeeping_ended(&mut self, outcome: &Outcome) {
        if matches!(outcome, Outcome::Silent { .. }) {
            self.fault(Trouble::Silent, "it does not answer");
        }
    }

    pub(super) fn read_ended(&mut self, place: Place, outcome: Outcome) {
        let Outcome::Answered(_, lines) = outcome else {
            return self.fault(
                Trouble::Silent,
                "it does not give a message that it announced",
            );
        };
        // An empty place was emptied by somebody else.
        if let Some((_, line)) = Listed::of("+CMGR:", &lines).next() {
            self.found(place, line);
        }
    }

    pub(super) fn delete_ended(&mut self, place: Place, outcome: &Outcome) {
        match outcome {
            // 321: there is nothing.
            Outcome::Answered(Final::Ok | Final::Cms(321), _) => {
                self.incoming.offers.emptied(place);
                self.incoming.used = self.incoming.used.saturating_sub(1);
                self.told.is_changed = true;
                if self.incoming.offers.taken().is_none() {
                    self.incoming.is_full = false;
                }
            }
            Outcome::Answered(..) => {
                self.oddities += 1;
                self.incoming.offers.stuck(place);
            }
            Outcome::Silent { .. } => {
                self.fault(
                    Trouble::Silent,
                    "it does not answer when a message is to be deleted",
                );
            }
        }
    }

    pub(super) fn list_ended(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Answered(Final::Ok, lines) => self.list(&lines),
            Outcome::Answered(found, _) => {
                self.told
                    .note_error(&format!("the store cannot be listed: {found:?}"));
            }
            Outcome::Silent { .. } => {
                return self.fault(Trouble::Silent, "it does not list its store");
            }
        }
        self.incoming.is_looked_at = true;
        self.incoming.is_full &= self.incoming.offers.taken().is_some();
        self.told.is_changed = true;
    }

    /// What stands in the store, reports first: they are what nobody can ask for again.
    fn list(&mut self, lines: &[String]) {
        let all: Vec<_> = Listed::of("+CMGL:", lines).collect();
        self.incoming.used = u16::try_from(all.len()).unwrap_or(u16::MAX);
        let is_tight = self.incoming.is_tight();
        if lines.len() < INFORMATION_LINES_MAX {
            let indexes: Vec<u16> = all.iter().filter_map(|((index, _), _)| *index).collect();
            let memory = self.incoming.place(0).memory;
            self.incoming.offers.listed(memory, &indexes);
        }
        self.incoming.offers.has_more = false;
        let (reports, messages): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|(_, line)| is_report(line));
        for ((index, stat), line) in reports.into_iter().chain(messages) {
            let Some(index) = index else { continue };
            let place = self.incoming.place(index);
            // 2 and 3: somebody wrote it there to be sent.
            if stat < 2 {
                self.found(place, line);
            } else if is_tight && !self.incoming.offers.has(place) {
                self.incoming.offers.found(self.now.mono_ns, place, line);
                self.take_place(place);
            }
        }
        if is_tight {
            self.incoming.offers.give_up_unreadable();
        }
    }

    fn take_place(&mut self, place: Place) {
        for offer in &mut self.incoming.offers.all {
            if offer.place == Some(place) {
                offer.state = State::Taken;
            }
        }
    }
}

fn memory_of(name: &str) -> [u8; 2] {
    let mut octets = name.bytes();
    let one = |octet: Option<u8>| octet.filter(u8::is_ascii_alphanumeric).unwrap_or(b'?');
    [one(octets.next()), one(octets.next())]
}

/// Messages of a list or of a place: index and state, and the PDU in the next line.
struct Listed<'a> {
    name: &'static str,
    lines: std::slice::Iter<'a, String>,
}

impl<'a> Listed<'a> {
    fn of(name: &'static str, lines: &'a [String]) -> Self {
        let lines = lines.iter();
        Self { name, lines }
    }
}

impl<'a> Iterator for Listed<'a> {
    type Item = ((Option<u16>, u8), &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        let mut head = None;
        loop {
            let line = self.lines.next()?;
            if let Some(value) = line.strip_prefix(self.name) {
                let mut fields = value.split(',').map(str::trim);
                let index = match self.name {
                    "+CMGL:" => fields.next().and_then(|index| index.parse().ok()),
                    _ => None,
                };
                let stat = fields.next().and_then(|stat| stat.parse().ok());
                head = Some((index, stat.unwrap_or(1)));
            } else if let Some(head) = head.take() {
                return Some((head, line));
            }
        }
    }
}
