//! The network behind all modems of one rack: it takes segments, sends status reports, and brings messages to SIMs.
//!
//! What is for a SIM that no registered modem holds, or whose store is full, waits for it. Bound: `pending_max` in all; what comes above is lost, and counted.

mod sim;
mod window;

pub use sim::PUK;
pub(super) use sim::{Arrival, Lock, Sim};
pub use window::{Peak, Peaks};

use super::judge::Submission;
use super::octets;
use super::settings::{SECOND_NS, Settings, SimCard};
use crate::chance::Digest;
use crate::smsc::calendar::Calendar;
use crate::smsc::distinct::Distinct;
use serde::Serialize;
use std::collections::{HashMap, VecDeque};

/// The number of every service centre here.
pub(super) const CENTRE: &str = "491710760000";
/// TP-ST: received by the handset; not reachable, the centre gave up (TS 23.040, 9.2.3.15).
const DELIVERED: u8 = 0x00;
const UNDELIVERED: u8 = 0x46;
/// Doubled segments that are remembered one by one.
const DOUBLES_KEPT: usize = 64;

/// A segment that the network took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Taken {
    /// Nanoseconds since the start.
    pub at_ns: u64,
    /// By which modem.
    pub modem: usize,
    /// ICCID.
    pub sim: String,
    /// TP-MR.
    pub reference: u8,
    /// Digits.
    pub to: String,
    /// Header with its length octet, then body (septets one an octet), in hexadecimal digits.
    pub header: String,
    /// As the header.
    pub body: String,
    /// TP-DCS.
    pub data_coding_scheme: u8,
}

/// What the network counted.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct Counts {
    pub(super) taken: u64,
    pub(super) reports_sent: u64,
    pub(super) reports_lost: u64,
    pub(super) reports_doubled: u64,
    pub(super) reports_undelivered: u64,
    pub(super) messages_sent: u64,
    pub(super) pending_lost: u64,
}

/// How a status report fares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReportFate {
    Once,
    Twice,
    Lost,
    /// At once, so that it overtakes the answer.
    Early,
}

#[derive(Debug)]
pub(super) struct Network {
    pub(super) sims: Vec<Sim>,
    by_number: HashMap<String, usize>,
    due: Calendar<(usize, Arrival)>,
    waiting: usize,
    distinct: Distinct,
    pub(super) taken: VecDeque<Taken>,
    pub(super) doubles: Vec<Taken>,
    pub(super) counts: Counts,
    references: u8,
}

impl Network {
    pub(super) fn new(settings: &Settings) -> Self {
        let sims: Vec<Sim> = settings
            .cards()
            .into_iter()
            .map(|card| Sim::new(card, settings))
            .collect();
        let by_number = sims
            .iter()
            .enumerate()
            .map(|(place, sim)| (sim.card.number.clone(), place));
        Self {
            by_number: by_number.collect(),
            sims,
            due: Calendar::new(settings.pending_max),
            waiting: 0,
            distinct: Distinct::new(settings.texts_max),
            taken: VecDeque::new(),
            doubles: Vec::new(),
            counts: Counts::default(),
            references: 0,
        }
    }

    /// One more card.
    pub(super) fn add(&mut self, card: SimCard, settings: &Settings) -> usize {
        let place = self.sims.len();
        self.by_number.insert(card.number.clone(), place);
        self.sims.push(Sim::new(card, settings));
        place
    }

    /// Counts a segment for the caps: from when its AT+CMGS came.
    pub(super) fn count(&mut self, since_ns: u64, sim: usize, to: &str, settings: &Settings) {
        let local_s = local_s(since_ns, settings);
        if let Some(sim) = self.sims.get_mut(sim) {
            sim.book.count(
                since_ns,
                local_s,
                Digest::new(0).field(to.as_bytes()).finish(),
            );
        }
    }

    /// Takes a segment; its reference.
    pub(super) fn take(
        &mut self,
        now_ns: u64,
        modem: usize,
        sim: usize,
        segment: &Submission,
        fate: ReportFate,
        settings: &Settings,
    ) -> u8 {
        let Some(sender) = self.sims.get_mut(sim) else {
            return 0;
        };
        sender.reference = sender.reference.wrapping_add(1);
        sender.taken += 1;
        let reference = sender.reference;
        let is_mute = sender.is_mute;
        let taken = Taken {
            at_ns: now_ns,
            modem,
            sim: sender.card.iccid.clone(),
            reference,
            to: segment.to.clone(),
            header: octets::hex(&segment.header),
            body: octets::hex(&segment.body),
            data_coding_scheme: segment.data_coding_scheme,
        };
        self.remember(taken, segment, settings);
        if is_mute {
            return reference;
        }
        self.bring(now_ns, sim, reference, segment, fate, settings);
        reference
    }

    /// What follows: a message to another SIM of the rack, a status report to the sender.
    fn bring(
        &mut self,
        now_ns: u64,
        sim: usize,
        reference: u8,
        segment: &Submission,
        fate: ReportFate,
        settings: &Settings,
    ) {
        let delay_ns = match fate {
            ReportFate::Early => 0,
            _ => settings.report_delay_ns,
        };
        let arrives = !settings.undelivered.takes(fate_of(segment, settings.seed));
        let number = self.sims.get(sim).map(|sim| sim.card.number.clone());
        if let (true, Some(other), Some(number)) =
            (arrives, self.by_number.get(&segment.to).copied(), number)
        {
            let tpdu = delivered(segment, &number, stamp(now_ns, settings));
            self.counts.messages_sent += 1;
            self.plan(
                now_ns.saturating_add(delay_ns),
                other,
                Arrival::Deliver(tpdu),
            );
        }
        if segment.wants_report {
            let how = (arrives, fate, delay_ns);
            self.report(now_ns, sim, reference, segment, how, settings);
        }
    }

    fn remember(&mut self, taken: Taken, segment: &Submission, settings: &Settings) {
        self.counts.taken += 1;
        if !self.distinct.count(text_key(segment), 1) && self.doubles.len() < DOUBLES_KEPT {
            self.doubles.push(taken.clone());
        }
        if settings.taken_kept > 0 {
            if self.taken.len() >= settings.taken_kept {
                self.taken.pop_front();
            }
            self.taken.push_back(taken);
        }
    }

    fn report(
        &mut self,
        now_ns: u64,
        sim: usize,
        reference: u8,
        segment: &Submission,
        (arrives, fate, delay_ns): (bool, ReportFate, u64),
        settings: &Settings,
    ) {
        let times = match fate {
            ReportFate::Lost => 0,
            ReportFate::Twice => 2,
            ReportFate::Once | ReportFate::Early => 1,
        };
        self.counts.reports_lost += u64::from(times == 0);
        self.counts.reports_doubled += u64::from(times == 2);
        let due_ns = now_ns.saturating_add(delay_ns);
        let status = if arrives { DELIVERED } else { UNDELIVERED };
        let tpdu = octets::status_report(
            reference,
            &segment.to_field,
            stamp(now_ns, settings),
            stamp(due_ns, settings),
            status,
        );
        for copy in 0..times {
            self.counts.reports_sent += 1;
            self.counts.reports_undelivered += u64::from(!arrives);
            if fate == ReportFate::Early {
                if let Some(sim) = self.sims.get_mut(sim) {
                    sim.waiting.push_front(Arrival::Report(tpdu.clone()));
                }
                continue;
            }
            self.plan(
                due_ns.saturating_add(copy * SECOND_NS),
                sim,
                Arrival::Report(tpdu.clone()),
            );
        }
    }

    /// A handset writes to a SIM.
    pub(super) fn write(
        &mut self,
        now_ns: u64,
        sim: usize,
        from: &str,
        text: &str,
        settings: &Settings,
    ) {
        self.references = self.references.wrapping_add(1);
        for tpdu in octets::deliver(from, text, self.references, stamp(now_ns, settings)) {
            self.counts.messages_sent += 1;
            self.plan(now_ns, sim, Arrival::Deliver(tpdu));
        }
    }

    fn plan(&mut self, due_ns: u64, sim: usize, arrival: Arrival) {
        if self.due.put(due_ns, (sim, arrival)).is_err() {
            self.counts.pending_lost += 1;
        }
    }

    /// Brings what is due to the SIMs' queues; the SIMs that have something new.
    pub(super) fn tick(&mut self, now_ns: u64, touched: &mut Vec<usize>, settings: &Settings) {
        let mut due = Vec::new();
        self.due.take_due(now_ns, &mut due);
        self.waiting = self.sims.iter().map(|sim| sim.waiting.len()).sum();
        for (place, arrival) in due {
            match self.sims.get_mut(place) {
                Some(sim) if self.waiting < settings.pending_max => {
                    sim.waiting.push_back(arrival);
                    self.waiting += 1;
                    touched.push(place);
                }
                _ => self.counts.pending_lost += 1,
            }
        }
    }

    pub(super) fn next_due_ns(&self) -> Option<u64> {
        self.due.next_due_ns()
    }

    /// Under way in the network.
    pub(super) fn pending(&self) -> usize {
        self.due.len() + self.sims.iter().map(|sim| sim.waiting.len()).sum::<usize>()
    }

    /// Different segments, doubled ones, and those that could not be compared.
    pub(super) fn texts(&self) -> (u64, u64, u64) {
        (
            self.distinct.distinct(),
            self.distinct.duplicates(),
            self.distinct.untracked(),
        )
    }
}

/// The same message to an other SIM: the same user data under the sender's number.
fn delivered(segment: &Submission, number: &str, scts: [u8; 7]) -> Vec<u8> {
    octets::deliver_octets(
        &format!("+{number}"),
        segment.data_coding_scheme,
        &segment.header,
        &segment.body,
        segment.alphabet == super::judge::Alphabet::Gsm,
        scts,
    )
}

/// A segment as a reader sees it: recipient, scheme, text, and which part; not the reference that ties parts together, which may change
/// when a message is sent again.
fn text_key(segment: &Submission) -> u64 {
    let part = segment.part.map_or(0, |part| {
        u64::from(part.total) << 8 | u64::from(part.number)
    });
    let rest = if segment.part.is_some() {
        &[]
    } else {
        segment.header.as_slice()
    };
    Digest::new(0)
        .field(segment.to.as_bytes())
        .number(u64::from(segment.data_coding_scheme))
        .number(part)
        .field(rest)
        .field(&segment.body)
        .finish()
}

/// The draw that decides whether a message arrives: the same for all its parts.
fn fate_of(segment: &Submission, seed: u64) -> u64 {
    let digest = Digest::new(seed).field(segment.to.as_bytes());
    match segment.part {
        Some(part) => digest.number(u64::from(part.reference)).finish(),
        None => digest.field(&segment.body).finish(),
    }
}

pub(super) fn stamp(now_ns: u64, settings: &Settings) -> [u8; 7] {
    octets::moment(
        settings.utc_base_s.saturating_add(now_ns / SECOND_NS),
        settings.zone_minutes,
    )
}

fn local_s(now_ns: u64, settings: &Settings) -> i64 {
    let utc_s = settings.utc_base_s.saturating_add(now_ns / SECOND_NS);
    i64::try_from(utc_s)
        .unwrap_or(i64::MAX)
        .saturating_add(i64::from(settings.zone_minutes) * 60)
}
