//! Takes the steps one after the other: sends in its turn, waits for what must come, binds again where the link was lost.
//!
//! Every wait has an end, every retry a bound; so the whole has one.

use std::collections::VecDeque;

use carrack_smpp::{BindKind, CloseReason};

use super::analysis::Analysis;
use super::observation::Observations;
use super::plan::{Plan, PlanFault};
use super::report::Report;
use super::script::{Script, Step, Wire, script};
use super::wire::{Line, Phase};

/// What the edge has to do. Connections are numbered from 0 to [`WIRES`](super::WIRES).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Connect; then tell [`Probe::connected`] or [`Probe::lost`].
    Connect(usize),
    /// Write what is in [`Probe::output`], then close.
    Close(usize),
}

/// How a probe ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All was asked.
    Done,
    /// It could not go on; why, and what may help.
    Stopped(String),
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What is being asked.
    pub question: &'static str,
    /// Steps taken.
    pub steps_done: usize,
    /// Steps in all.
    pub steps: usize,
    /// Messages sent.
    pub sent: usize,
    /// Receipts and incoming messages that came.
    pub delivered: usize,
}

/// What a step says about going on.
pub(super) enum Turn {
    Done,
    /// Look again at this time, or when something comes.
    Wait(u64),
}

/// A probe on its way.
pub struct Probe {
    pub(super) plan: Plan,
    pub(super) steps: Script,
    pub(super) at: usize,
    /// When this step began.
    pub(super) begun_ns: Option<u64>,
    /// When all has to have ended, whatever the other side does.
    pub(super) end_ns: Option<u64>,
    /// Binds that had been tried then.
    pub(super) binds_before: usize,
    pub(super) lines: [Line; super::WIRES],
    pub(super) seen: Observations,
    pub(super) orders: VecDeque<Order>,
    pub(super) next_send_ns: u64,
    /// When the last connection was asked for.
    pub(super) last_bind_ns: Option<u64>,
    /// Binds whose fate was looked at.
    pub(super) binds_judged: usize,
    pub(super) sequence: u32,
    pub(super) main_kind: BindKind,
    pub(super) refusals: u32,
    pub(super) stream_sent: usize,
    pub(super) wake_ns: u64,
    pub(super) receipts_missed: bool,
    pub(super) last_failure: Option<String>,
    pub(super) outcome: Option<Outcome>,
}

impl Probe {
    /// A probe that has not begun.
    ///
    /// # Errors
    /// [`PlanFault`].
    pub fn new(plan: Plan) -> Result<Self, PlanFault> {
        plan.check()?;
        Ok(Self {
            steps: script(&plan),
            lines: [Line::new(Wire::Main, &plan), Line::new(Wire::Beside, &plan)],
            at: 0,
            begun_ns: None,
            end_ns: None,
            binds_before: 0,
            seen: Observations::default(),
            orders: VecDeque::new(),
            next_send_ns: 0,
            last_bind_ns: None,
            binds_judged: 0,
            sequence: 0,
            main_kind: BindKind::Transceiver,
            refusals: 0,
            stream_sent: 0,
            wake_ns: 0,
            receipts_missed: false,
            last_failure: None,
            outcome: None,
            plan,
        })
    }

    /// What the edge has to do next.
    pub fn order(&mut self) -> Option<Order> {
        self.orders.pop_front()
    }

    /// Octets to be written; the edge takes away what it wrote.
    pub fn output(&mut self, wire: usize) -> Option<&mut Vec<u8>> {
        self.lines.get_mut(wire).map(Line::output)
    }

    /// A connection stands.
    pub fn connected(&mut self, now_ns: u64, wire: usize) {
        if let Some(line) = self.lines.get_mut(wire) {
            line.connected(now_ns, &self.plan, &mut self.seen);
        }
    }

    /// Octets came.
    pub fn received(&mut self, now_ns: u64, wire: usize, octets: &[u8]) {
        let Some(line) = self.lines.get_mut(wire) else {
            return;
        };
        if let Some(reason) = line.received(now_ns, octets, &mut self.seen) {
            self.ending(now_ns, wire, reason);
        }
    }

    /// A session wants its connection to end. Where the other side said so first, what it owes is awaited.
    fn ending(&mut self, now_ns: u64, wire: usize, reason: CloseReason) {
        let line = self
            .lines
            .get_mut(wire)
            .filter(|_| wire == Self::index(Wire::Main));
        if let Some(line) = line
            .filter(|line| reason == CloseReason::PeerUnbound && self.seen.is_owed(line.connection))
        {
            let until_ns = now_ns.saturating_add(self.plan.response_wait_ns);
            line.phase = Phase::Draining { until_ns };
        } else {
            self.close(now_ns, wire, reason.to_string());
        }
    }

    /// Ends what was only waited for.
    fn drained(&mut self, now_ns: u64) {
        let wire = Self::index(Wire::Main);
        let Some(line) = self.lines.get(wire) else {
            return;
        };
        if let Phase::Draining { until_ns } = line.phase
            && (now_ns >= until_ns || !self.seen.is_owed(line.connection))
        {
            self.close(now_ns, wire, CloseReason::PeerUnbound.to_string());
        }
    }

    /// A connection could not be made, or is gone.
    pub fn lost(&mut self, now_ns: u64, wire: usize, reason: &str) {
        if let Some(line) = self.lines.get_mut(wire) {
            if line.phase == Phase::Connecting {
                line.phase = Phase::Idle;
                self.last_failure = Some(reason.to_owned());
            } else {
                line.ended(now_ns, reason.to_owned(), true, &mut self.seen);
            }
        }
    }

    pub(super) fn close(&mut self, now_ns: u64, wire: usize, reason: String) {
        self.orders.push_back(Order::Close(wire));
        if let Some(line) = self.lines.get_mut(wire) {
            line.ended(now_ns, reason, false, &mut self.seen);
        }
    }

    /// Time passes, or something came: goes on as far as it can.
    pub fn turn(&mut self, now_ns: u64) {
        for wire in 0..super::WIRES {
            let reason = self.lines.get_mut(wire).and_then(|line| line.tick(now_ns));
            if let Some(reason) = reason {
                self.ending(now_ns, wire, reason);
            }
        }
        self.drained(now_ns);
        let most_ns = self.plan.time_most_ns();
        let end_ns = *self.end_ns.get_or_insert(now_ns.saturating_add(most_ns));
        if now_ns >= end_ns {
            self.stop("it took longer than all its waits together; what was seen until then is in the report");
        }
        while self.outcome.is_none() {
            let Some((question, step)) = self.steps.get(self.at).cloned() else {
                self.outcome = Some(Outcome::Done);
                return;
            };
            if self.begun_ns.is_none() {
                self.binds_before = self.seen.binds.len();
            }
            let begun_ns = *self.begun_ns.get_or_insert(now_ns);
            match self.take(now_ns, begun_ns, question, &step) {
                Turn::Done => {
                    if !self.seen.asked.contains(&question) {
                        self.seen.asked.push(question);
                    }
                    if step == Step::Answers {
                        self.ask_again(question);
                    }
                    self.at += 1;
                    self.begun_ns = None;
                    self.stream_sent = 0;
                }
                Turn::Wait(wake_ns) => {
                    self.wake_ns = wake_ns;
                    return;
                }
            }
        }
    }

    /// When [`Probe::turn`] has something to do though nothing comes.
    #[must_use]
    pub fn next_deadline_ns(&self) -> Option<u64> {
        if self.outcome.is_some() {
            return None;
        }
        let lines = self.lines.iter().filter_map(Line::next_deadline_ns);
        lines.chain([self.wake_ns]).min()
    }

    /// How it ended, once it has.
    #[must_use]
    pub const fn outcome(&self) -> Option<&Outcome> {
        self.outcome.as_ref()
    }

    /// How far it is.
    #[must_use]
    pub fn progress(&self) -> Progress {
        let question = self.steps.get(self.at).or_else(|| self.steps.last());
        Progress {
            question: question.map_or("", |(question, _)| question.name()),
            steps_done: self.at,
            steps: self.steps.len(),
            sent: self.seen.submits.len(),
            delivered: self.seen.delivers.len(),
        }
    }

    /// Somebody wants it to end: what was seen so far is what there is.
    pub fn stop(&mut self, why: &str) {
        if self.outcome.is_none() {
            self.outcome = Some(Outcome::Stopped(why.to_owned()));
        }
    }

    /// What was found out so far.
    #[must_use]
    pub fn report(&self) -> Report {
        let outcome = self.outcome.clone().unwrap_or(Outcome::Done);
        Analysis::new(&self.plan, &self.seen).report(&outcome)
    }
}
