//! What comes from the network: messages and status reports, stored or handed over as +CNMI has it (3GPP TS 27.005, 3.4.1).
//!
//! Lines unasked never stand in a prompt: they are held until the data have ended. Bound: [`HELD_MAX`] lines, the oldest goes. What
//! finds a full store stays in the network.

use super::device::{Air, Modem, Phase, Power, What};
use super::network::{Arrival, CENTRE};
use super::octets;
use super::settings::SECOND_NS;
use super::store::Stat;
use std::collections::VecDeque;

/// Lines held in a prompt.
const HELD_MAX: usize = 64;
/// How long +CNMA may take (TS 27.005, 3.4.4 leaves it to the network; its timer TR1N is some 15 s).
const ACK_NS: u64 = 15 * SECOND_NS;

/// Lines that wait, and what was handed over and is not acknowledged yet.
#[derive(Debug, Default)]
pub(super) struct Held {
    lines: VecDeque<Vec<u8>>,
    unacknowledged: Option<Arrival>,
}

impl Modem {
    /// A line of its own accord.
    pub(super) fn unasked(&mut self, line: &str) {
        let octets = format!("\r\n{line}\r\n").into_bytes();
        if self.power != Power::On || self.mute.is_some() {
            return;
        }
        let is_prompted = self.phase == Phase::Data || self.submit.is_some();
        if !is_prompted {
            self.write(&octets);
            return;
        }
        if self.held.lines.len() >= HELD_MAX {
            self.held.lines.pop_front();
        }
        self.held.lines.push_back(octets);
    }

    /// The prompt is over.
    pub(super) fn release(&mut self, air: &mut Air<'_>) {
        while let Some(octets) = self.held.lines.pop_front() {
            self.write(&octets);
        }
        self.take_arrivals(air);
    }

    /// Takes what waits in the network, as far as it can.
    pub(super) fn take_arrivals(&mut self, air: &mut Air<'_>) {
        // A modem that sends takes nothing meanwhile.
        if self.submit.is_none() {
            self.take_arrivals_now(air);
        }
    }

    pub(super) fn take_arrivals_now(&mut self, air: &mut Air<'_>) {
        while self.mute.is_none()
            && self.is_registered(air)
            && self.held.unacknowledged.is_none()
            && let Some(first) = self
                .waiting(air)
                .and_then(|waiting| waiting.front().cloned())
        {
            if !self.take_one(air, &first) {
                self.counts.store_full += 1;
                return;
            }
            self.waiting(air).map(VecDeque::pop_front);
        }
    }

    fn waiting<'a>(&self, air: &'a mut Air<'_>) -> Option<&'a mut VecDeque<Arrival>> {
        air.network
            .sims
            .get_mut(self.sim?)
            .map(|sim| &mut sim.waiting)
    }

    /// False: it has to wait.
    fn take_one(&mut self, air: &mut Air<'_>, arrival: &Arrival) -> bool {
        let [_, messages, _, reports, _] = self.modes.cnmi;
        let (tpdu, head) = match arrival {
            Arrival::Deliver(tpdu) if messages >= 2 => (tpdu, "+CMT: ,"),
            Arrival::Report(tpdu) if reports == 1 => (tpdu, "+CDS: "),
            Arrival::Report(_) if reports == 0 => {
                self.counts.reports_unwanted += 1;
                return true;
            }
            _ => return self.keep(air, arrival),
        };
        let line = format!("{head}{}\r\n{}", tpdu.len(), octets::line(CENTRE, tpdu));
        self.count(arrival);
        if self.modes.service == 1 {
            self.held.unacknowledged = Some(arrival.clone());
            self.plan(air.now_ns.saturating_add(ACK_NS), What::AckOverdue);
        }
        // Before +CMGS, where the network has it so: a report is never held for its own answer.
        let is_early = matches!(arrival, Arrival::Report(_))
            && self.submit.is_some()
            && self.phase != Phase::Data;
        if is_early {
            self.write(format!("\r\n{line}\r\n").as_bytes());
        } else {
            self.unasked(&line);
        }
        true
    }

    /// Stores it, and says so where that is wanted. False: the store is full.
    pub(super) fn keep(&mut self, air: &mut Air<'_>, arrival: &Arrival) -> bool {
        let [_, messages, _, reports, _] = self.modes.cnmi;
        let has_reports = self.profile.memories.contains(&"SR");
        let received = self.modes.memories.last().copied().unwrap_or("SM");
        let (tpdu, memory, says) = match arrival {
            Arrival::Deliver(tpdu) => (tpdu, received, (messages == 1).then_some("+CMTI")),
            Arrival::Report(tpdu) => (
                tpdu,
                if has_reports { "SR" } else { received },
                (reports == 2).then_some("+CDSI"),
            ),
        };
        let place = self
            .store_named(air, memory)
            .and_then(|store| store.put(Stat::Unread, tpdu.clone()));
        let Some(place) = place else {
            return false;
        };
        self.count(arrival);
        if let Some(name) = says {
            self.unasked(&format!(
                "{name}: \"{memory}\",{}",
                place + self.profile.first_place
            ));
        }
        true
    }

    fn count(&mut self, arrival: &Arrival) {
        match arrival {
            Arrival::Deliver(_) => self.counts.messages += 1,
            Arrival::Report(_) => self.counts.reports += 1,
        }
    }

    /// +CNMA. False: nothing waits for it.
    pub(super) fn acknowledge(&mut self, air: &mut Air<'_>) -> bool {
        let waited = self.held.unacknowledged.take().is_some();
        self.unplan_ack();
        if waited {
            self.take_arrivals(air);
        }
        waited
    }

    /// What was handed over and not acknowledged is the network's again.
    pub(super) fn give_back(&mut self, air: &mut Air<'_>) {
        if let Some(arrival) = self.held.unacknowledged.take() {
            match &arrival {
                Arrival::Deliver(_) => {
                    self.counts.messages = self.counts.messages.saturating_sub(1)
                }
                Arrival::Report(_) => self.counts.reports = self.counts.reports.saturating_sub(1),
            }
            if let Some(waiting) = self.waiting(air) {
                waiting.push_front(arrival);
            }
        }
    }

    /// Nobody acknowledged: from now on everything is stored, beginning with this (TS 27.005, 3.4.1).
    pub(super) fn ack_overdue(&mut self, air: &mut Air<'_>) {
        if self.held.unacknowledged.is_some() {
            let [_, messages, _, reports, _] = &mut self.modes.cnmi;
            (*messages, *reports) = (0, 0);
            self.give_back(air);
            self.take_arrivals(air);
        }
    }
}
