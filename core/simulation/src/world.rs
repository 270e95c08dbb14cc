//! The world that the node's links and committer see: one clock, one agenda, one source of chance.
//!
//! Bound: what is on the agenda. An engine that is being killed within a turn has no more effect on it.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use carrack_runtime::Now;

use crate::book::Book;
use crate::carrier::{CarrierSide, Copy, ReceiptSide};
use crate::disk::Disk;
use crate::events::Events;
use crate::faults::{Fault, FaultCounts};
use crate::rng::Rng;
use crate::scenario::{Mutant, Plan};

/// What is to happen at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Act {
    DiskDone,
    Receive(usize),
    Respond(usize),
    TimeOut(usize),
    Receipt(usize),
    LinkDown(usize, usize),
    LinkUp(usize, usize),
    CarrierDown(usize, u64),
    CarrierUp(usize),
    Pause(usize, u64),
    Resume(usize),
    DiskFails(u64),
    DiskSlow(u64),
    Jump(bool),
    Stall(u64),
    Table,
    Submit,
    Cancel,
    Bind(u32),
    Unbind(usize),
    Answer(usize),
    Look,
    Crash,
    Start,
}

pub(crate) struct World {
    pub(crate) plan: Plan,
    pub(crate) rng: Rng,
    pub(crate) now_ns: u64,
    /// Where the running process's monotonic clock is 0.
    pub(crate) process_ns: u64,
    pub(crate) utc_ns: u64,
    /// The latest that UTC ever was.
    pub(crate) utc_ns_latest: u64,
    agenda: BinaryHeap<Reverse<(u64, u64, Act)>>,
    order: u64,
    pub(crate) events: Events,
    pub(crate) faults: FaultCounts,
    pub(crate) disk: Disk,
    pub(crate) carriers: Vec<CarrierSide>,
    pub(crate) copies: Vec<Copy>,
    pub(crate) receipts: Vec<ReceiptSide>,
    pub(crate) book: Book,
    /// Effects that a process has left before it is killed.
    pub(crate) effects_left: Option<u64>,
    pub(crate) dead: bool,
    /// Whether nothing goes wrong any more.
    pub(crate) healthy: bool,
    pub(crate) mutant: Option<Mutant>,
    /// When each shard turns next.
    pub(crate) wakes: Vec<u64>,
    /// Until when a shard does not turn.
    pub(crate) stalled: Option<(usize, u64)>,
    /// Counts processes.
    pub(crate) run: u32,
}

impl World {
    pub(crate) fn new(plan: Plan, rng: Rng, trace: bool, mutant: Option<Mutant>) -> Self {
        let carriers = plan.carriers.iter().map(CarrierSide::new).collect();
        Self {
            disk: Disk::new(),
            carriers,
            plan,
            rng,
            now_ns: 0,
            process_ns: 0,
            utc_ns: 1_700_000_000_000_000_000,
            utc_ns_latest: 0,
            agenda: BinaryHeap::new(),
            order: 0,
            events: Events::new(trace),
            faults: FaultCounts::default(),
            copies: Vec::new(),
            receipts: Vec::new(),
            book: Book::default(),
            effects_left: None,
            dead: false,
            healthy: false,
            mutant,
            wakes: Vec::new(),
            stalled: None,
            run: 0,
        }
    }

    /// The clocks as the running process reads them.
    pub(crate) fn now(&self) -> Now {
        Now {
            mono_ns: self.now_ns - self.process_ns,
            utc_ns: self.utc_ns,
        }
    }

    pub(crate) fn pass_to(&mut self, at_ns: u64) {
        let passed = at_ns.saturating_sub(self.now_ns);
        self.now_ns += passed;
        self.utc_ns += passed;
        self.utc_ns_latest = self.utc_ns_latest.max(self.utc_ns);
    }

    /// Puts something on the agenda.
    pub(crate) fn after(&mut self, ns: u64, act: Act) {
        self.order += 1;
        let due = self.now_ns.saturating_add(ns);
        self.agenda.push(Reverse((due, self.order, act)));
    }

    pub(crate) fn next_act_ns(&self) -> Option<u64> {
        self.agenda.peek().map(|Reverse((due, _, _))| *due)
    }

    pub(crate) fn next_act(&mut self) -> Option<Act> {
        if self.next_act_ns()? > self.now_ns {
            return None;
        }
        self.agenda.pop().map(|Reverse((_, _, act))| act)
    }

    pub(crate) fn note(&mut self, what: &'static str, numbers: [u64; 3]) {
        self.events.note(self.now_ns, what, numbers);
    }

    pub(crate) fn fault(&mut self, fault: Fault) {
        self.faults.note(fault);
    }

    /// Whether something goes wrong, in a thousand; never once all is healthy.
    pub(crate) fn goes_wrong(&mut self, per_mille: u32) -> bool {
        !self.healthy && per_mille > 0 && self.rng.chance(per_mille)
    }

    /// Whether what the engine does now has an effect: not any more once it is killed.
    pub(crate) fn takes_effect(&mut self) -> bool {
        match &mut self.effects_left {
            _ if self.dead => false,
            None => true,
            Some(0) => {
                self.dead = true;
                false
            }
            Some(left) => {
                *left -= 1;
                true
            }
        }
    }

    /// The loop of a shard hears that there is something to do.
    pub(crate) fn wake(&mut self, shard: usize) {
        let jitter = self.rng.below(60_000);
        let mut at_ns = self.now_ns + jitter;
        if let Some((_, until_ns)) = self.stalled.filter(|(stalled, _)| *stalled == shard) {
            at_ns = at_ns.max(until_ns);
        }
        if let Some(wake) = self.wakes.get_mut(shard) {
            *wake = (*wake).min(at_ns);
        }
    }

    pub(crate) fn wake_owner(&mut self, carrier: usize) {
        if let Some(shard) = carrier.checked_rem(self.wakes.len()) {
            self.wake(shard);
        }
    }
}
