//! AT+CMGS: prompt, PDU, judgement, the network's answer, and all that can break between them.

use super::command::Reply;
use super::command::parse::Command;
use super::device::{Air, Modem, Phase, Power, What};
use super::fault::{Cure, Fault, Kind, Occasion};
use super::judge::{Submission, judge};
use super::network::{Arrival, ReportFate};
use super::octets;
use super::text_mode;

const CTRL_Z: u8 = 0x1A;
const ESCAPE: u8 = 0x1B;
/// Octets between prompt and Ctrl-Z that are kept: 188 octets of PDU in digits, and some.
const DATA_MAX: usize = 512;
const CMS_PDU_PARAMETER: u16 = 304;
const CMS_TEXT_PARAMETER: u16 = 305;
const CMS_NO_SIM: u16 = 310;
const CMS_MEMORY_FULL: u16 = 322;
const CMS_NO_NETWORK: u16 = 331;
const CMS_UNKNOWN: u16 = 500;
/// Causes of TS 24.011, 8.2.5.4 (given by +CMS as they are, TS 27.005, 3.2.5) that operators give to SIMs they have barred:
/// facility not subscribed, facility not implemented, short message transfer rejected, call barred, network out of order.
const BARRED: [u16; 5] = [50, 69, 21, 10, 38];

/// A submit under way.
#[derive(Debug)]
pub(super) struct Submit {
    /// Its command line ended then.
    since_ns: u64,
    /// Of AT+CMGS, in PDU mode.
    length: usize,
    /// In text mode.
    to: Option<String>,
    data: Vec<u8>,
}

/// What happens when the network has answered.
#[derive(Debug)]
pub(super) struct SubmitEnd {
    segment: Submission,
    sim: usize,
    fate: Fate,
    fault: Option<Fault>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Sent,
    Refused(u16),
    Unsent,
}

impl Modem {
    /// Up to the prompt.
    pub(super) fn begin_submit(&mut self, air: &mut Air<'_>, command: &Command) -> Reply {
        self.counts.submits += 1;
        if let Some(code) = self.message_lock(air) {
            return Reply::Cms(code);
        }
        let fields = command.fields();
        let first = fields.first().map(String::as_str).unwrap_or_default();
        let length = first
            .parse()
            .ok()
            .filter(|length| (8..=176).contains(length));
        let (length, to) = match (self.modes.text, length) {
            (true, _) => (0, Some(first.to_owned())),
            (false, Some(length)) => (length, None),
            (false, None) => return Reply::Cms(CMS_PDU_PARAMETER),
        };
        if let Some(fault) = self.armed.due(Occasion::Submit, &mut self.draws) {
            self.played(&fault);
            match fault.kind {
                Kind::NoPrompt => {
                    self.fall_silent(air, fault.for_ns, fault.cure.unwrap_or(Cure::Cfun))
                }
                Kind::RebootBeforePrompt => self.reboot(air),
                _ => return Reply::Cms(fault.code.unwrap_or(CMS_UNKNOWN)),
            }
            return Reply::Silent;
        }
        self.submit = Some(Submit {
            since_ns: air.now_ns,
            length,
            to,
            data: Vec::new(),
        });
        Reply::Prompt
    }

    /// An octet behind the prompt.
    pub(super) fn data(&mut self, air: &mut Air<'_>, octet: u8) {
        let Some(submit) = &mut self.submit else {
            self.phase = Phase::Line;
            return;
        };
        match octet {
            CTRL_Z => {
                if let Some(submit) = self.submit.take() {
                    self.judged(air, submit);
                }
            }
            ESCAPE => {
                self.submit = None;
                self.counts.escapes += 1;
                self.answer(air, Reply::Ok(Vec::new()), air.settings.answer_ns);
            }
            _ => {
                if submit.data.len() < DATA_MAX {
                    submit.data.push(octet);
                }
                if self.modes.echo {
                    self.write(if octet == b'\r' {
                        b"\r\n> "
                    } else {
                        std::slice::from_ref(&octet)
                    });
                }
            }
        }
    }

    fn judged(&mut self, air: &mut Air<'_>, submit: Submit) {
        self.counts.pdus += 1;
        let verdict = match &submit.to {
            Some(to) => text_mode::submission(to, &submit.data, self.modes.csmp),
            None => {
                let typed = submit
                    .data
                    .iter()
                    .filter(|octet| !matches!(octet, b'\r' | b'\n'));
                let digits: String = typed.map(|octet| char::from(*octet)).collect();
                judge(&digits, submit.length)
            }
        };
        let (Ok(segment), Some(sim)) = (&verdict, self.sim) else {
            self.counts.refused_by_judge += 1;
            *self
                .counts
                .judge
                .entry(verdict.err().unwrap_or("no SIM"))
                .or_default() += 1;
            let code = if submit.to.is_some() {
                CMS_TEXT_PARAMETER
            } else {
                CMS_PDU_PARAMETER
            };
            self.busy.count(submit.since_ns, air.now_ns);
            self.counts.cms(code);
            self.answer(air, Reply::Cms(code), air.settings.answer_ns);
            return;
        };
        if let Some(odd) = segment.odd {
            *self.counts.odd.entry(odd).or_default() += 1;
        }
        air.network
            .count(submit.since_ns, sim, &segment.to, air.settings);
        self.hand_over(air, submit.since_ns, sim, segment.clone());
    }

    /// To the network, whose answer comes later.
    fn hand_over(&mut self, air: &mut Air<'_>, since_ns: u64, sim: usize, segment: Submission) {
        let fault = self.armed.due(Occasion::Pdu, &mut self.draws);
        if let Some(fault) = &fault {
            self.played(fault);
            self.befall_sim(air, sim, fault);
        }
        let fate = match fault.map(|fault| (fault.kind, fault.code)) {
            Some((Kind::Refuse, code)) => Fate::Refused(code.unwrap_or(CMS_UNKNOWN)),
            Some((Kind::SilenceUnsent | Kind::RebootUnsent | Kind::UnplugUnsent, _)) => {
                Fate::Unsent
            }
            _ => self.fate(air, sim, &segment.to),
        };
        let jitter = self.draws.below(2 * air.settings.submit_jitter_ns + 1);
        let mut due_ns = (air.now_ns + air.settings.submit_ns + jitter)
            .saturating_sub(air.settings.submit_jitter_ns)
            .max(air.now_ns);
        if let Some(fault) = fault.filter(|fault| fault.kind == Kind::SlowSubmit) {
            due_ns = due_ns.saturating_add(fault.for_ns_or(20));
        }
        self.phase = Phase::Answering;
        self.submit = Some(Submit {
            since_ns,
            length: 0,
            to: None,
            data: Vec::new(),
        });
        self.plan(
            due_ns,
            What::SubmitEnds(Box::new(SubmitEnd {
                segment,
                sim,
                fate,
                fault,
            })),
        );
    }

    /// What lasts beyond this message.
    fn befall_sim(&mut self, air: &mut Air<'_>, sim: usize, fault: &Fault) {
        match fault.kind {
            Kind::SimBlocked => {
                let code = fault.code.or_else(|| {
                    BARRED
                        .get(self.draws.below(BARRED.len() as u64) as usize)
                        .copied()
                });
                if let Some(sim) = air.network.sims.get_mut(sim) {
                    sim.blocked = code;
                }
            }
            Kind::SimMute => {
                if let Some(sim) = air.network.sims.get_mut(sim) {
                    sim.is_mute = true;
                }
            }
            Kind::RegistrationLost => self.lose_network(air, 2, Some(fault.for_ns_or(60))),
            Kind::RegistrationDenied => self.lose_network(air, 3, fault.for_ns),
            Kind::SimGone => self.remove_sim(air),
            Kind::StorageFull => self.fill(air, usize::MAX),
            _ => {}
        }
    }

    /// The network is gone, for so long or until it is given back.
    pub(super) fn lose_network(&mut self, air: &mut Air<'_>, stat: u8, for_ns: Option<u64>) {
        self.force_registration(air, Some(stat));
        if let Some(for_ns) = for_ns {
            self.plan(air.now_ns.saturating_add(for_ns), What::NetworkBack);
        }
    }

    fn fate(&mut self, air: &mut Air<'_>, sim: usize, to: &str) -> Fate {
        if self.sim != Some(sim) {
            return Fate::Refused(CMS_NO_SIM);
        }
        if !self.is_registered(air) {
            return Fate::Refused(CMS_NO_NETWORK);
        }
        if self.store_of(air, 2).is_some_and(|store| store.is_full()) {
            return Fate::Refused(CMS_MEMORY_FULL);
        }
        let blocked = air.network.sims.get(sim).and_then(|sim| sim.blocked);
        let barred = air
            .settings
            .refused_recipients
            .iter()
            .find(|(prefix, _)| to.starts_with(prefix.as_str()));
        match blocked.or(barred.map(|(_, code)| *code)) {
            Some(code) => Fate::Refused(code),
            None => Fate::Sent,
        }
    }

    /// The network has answered.
    pub(super) fn submit_ends(&mut self, air: &mut Air<'_>, end: SubmitEnd) {
        let since_ns = self
            .submit
            .as_ref()
            .map_or(air.now_ns, |submit| submit.since_ns);
        let kind = end.fault.map(|fault| fault.kind);
        let reply = match end.fate {
            Fate::Unsent => {
                self.counts.unsent += 1;
                Reply::Silent
            }
            Fate::Refused(code) => {
                self.counts.refused_otherwise += 1;
                self.counts.cms(code);
                Reply::Cms(code)
            }
            Fate::Sent => Reply::Ok(vec![format!("+CMGS: {}", self.send(air, &end))]),
        };
        self.submit = None;
        self.busy.count(since_ns, air.now_ns);
        let is_sent = end.fate == Fate::Sent;
        if let Some(fault) = end.fault.filter(|fault| breaks(fault.kind)) {
            self.counts.taken_unanswered += u64::from(is_sent);
            self.break_after(air, &fault);
            return;
        }
        let mut octets = match kind {
            Some(Kind::GarbageInSubmit) => self.garbage(),
            Some(Kind::InterleaveInSubmit) => self.chatter(),
            _ => Vec::new(),
        };
        octets.extend(self.octets_of(reply));
        self.write(&octets);
        self.ready(air);
    }

    fn send(&mut self, air: &mut Air<'_>, end: &SubmitEnd) -> u8 {
        self.counts.taken += 1;
        let fault = if end.segment.wants_report {
            self.armed.due(Occasion::Report, &mut self.draws)
        } else {
            None
        };
        if let Some(fault) = &fault {
            self.played(fault);
        }
        let is_early = end
            .fault
            .is_some_and(|fault| fault.kind == Kind::ReportEarly);
        let fate = match fault.map(|fault| fault.kind) {
            _ if is_early => ReportFate::Early,
            Some(Kind::ReportLost) => ReportFate::Lost,
            Some(Kind::ReportDoubled) => ReportFate::Twice,
            _ => ReportFate::Once,
        };
        let reference = air.network.take(
            air.now_ns,
            self.index,
            end.sim,
            &end.segment,
            fate,
            air.settings,
        );
        if is_early {
            // It goes before the answer.
            self.take_arrivals_now(air);
        }
        reference
    }

    fn break_after(&mut self, air: &mut Air<'_>, fault: &Fault) {
        match fault.kind {
            Kind::AnswerLost => self.ready(air),
            Kind::SilenceSent | Kind::SilenceUnsent => {
                self.fall_silent(air, fault.for_ns, fault.cure.unwrap_or(Cure::Cfun))
            }
            Kind::UnplugSent | Kind::UnplugUnsent => self.unplug(air, Some(fault.for_ns_or(20))),
            _ => self.reboot(air),
        }
    }

    /// It broke by an order, or by a fault of another kind: a submit that had its PDU is not sent.
    pub(super) fn abandon_submit(&mut self, air: &mut Air<'_>) {
        self.give_back(air);
        if let Some(submit) = self.submit.take() {
            if self.phase == Phase::Answering && self.has_submit_planned() {
                self.counts.unsent += 1;
            }
            self.busy.count(submit.since_ns, air.now_ns);
        }
    }

    /// Messages from handsets up to this many in the store for arrivals.
    pub(super) fn fill(&mut self, air: &mut Air<'_>, count: usize) {
        let scts = super::network::stamp(air.now_ns, air.settings);
        for number in 0..count.min(1_024) {
            let text = format!("Advertisement {number} of your operator");
            let Some(tpdu) = octets::deliver("Operator", &text, 0, scts).pop() else {
                return;
            };
            if !self.keep(air, &Arrival::Deliver(tpdu)) {
                return;
            }
        }
    }

    pub(super) fn remove_sim(&mut self, air: &mut Air<'_>) {
        self.unregister(air);
        if let Some(sim) = self
            .sim
            .take()
            .and_then(|sim| air.network.sims.get_mut(sim))
        {
            sim.seat = None;
            sim.begin();
        }
        if self.power == Power::On {
            self.unasked("+CPIN: NOT INSERTED");
        }
    }
}

/// Whether nothing is answered after it.
fn breaks(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::AnswerLost
            | Kind::SilenceSent
            | Kind::SilenceUnsent
            | Kind::RebootSent
            | Kind::RebootUnsent
            | Kind::UnplugSent
            | Kind::UnplugUnsent
    )
}
