//! What a run found, and why one could not be run.

use std::sync::{Arc, Mutex, PoisonError};

use carrack_message::record::FrameFault;
use carrack_queue::{JournalFault, StoreFault};
use carrack_routing::{OnNoResponse, RoutingFault};
use thiserror::Error;

use crate::book::Certain;
use crate::events::{Event, Events};
use crate::faults::{Fault, FaultCounts};
use crate::money::Purse;
use crate::run::Run;
use crate::scenario::CarrierPlan;

/// Why a seed could not be run at all: the machine or the simulation is at fault.
#[derive(Debug, Error)]
pub enum SimulationFault {
    /// No folder for journals.
    #[error("no folder for journals: {0}")]
    Folder(#[from] std::io::Error),
    /// A journal.
    #[error(transparent)]
    Journal(#[from] JournalFault),
    /// A frame that was durable cannot be read.
    #[error(transparent)]
    Frame(#[from] FrameFault),
    /// The shelf.
    #[error(transparent)]
    Store(#[from] StoreFault),
    /// The routes.
    #[error(transparent)]
    Routes(#[from] RoutingFault),
    /// What a customer was to hand in.
    #[error("the simulation made an impossible {0}")]
    Input(&'static str),
}

/// Ends of the messages of a run, from its log.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// In the log.
    pub accepted: u64,
    /// Of them, their customers know it.
    pub acknowledged: u64,
    /// Final: delivered.
    pub delivered: u64,
    /// Final: undelivered.
    pub undelivered: u64,
    /// Final: expired.
    pub expired: u64,
    /// Final: rejected.
    pub rejected: u64,
    /// Final: cancelled.
    pub cancelled: u64,
    /// Final: no receipt ever came.
    pub unknown: u64,
    /// Not final.
    pub waiting: u64,
    /// Copies of texts that carriers took beyond one for each part, long texts left out.
    pub doubled: u64,
}

/// What a run did and found.
#[derive(Debug)]
pub struct Report {
    /// Its seed.
    pub seed: u64,
    /// Of all events; the same seed and scenario give the same.
    pub digest: u64,
    /// Events.
    pub events: u64,
    /// Turns of all shards.
    pub turns: u64,
    /// Simulated nanoseconds.
    pub simulated_ns: u64,
    /// Ends of messages.
    pub totals: Totals,
    /// Faults by kind.
    pub faults: FaultCounts,
    /// What does not hold, a sentence each; empty: all is well.
    pub violations: Vec<String>,
    /// The last events, or all of them where the scenario asks for a trace.
    pub tail: Vec<Event>,
}

impl Run {
    pub(crate) fn report(mut self, seed: u64) -> Result<Report, SimulationFault> {
        self.look_at_what_is_kept()?;
        let frames = self.world.borrow().disk.in_order();
        self.node = None;
        let mut world = self.world.borrow_mut();
        let shelved = world.disk.shelved();
        world.book.read_again(frames.iter(), &shelved);
        let jumped = world.faults.get(Fault::ClockForward) + world.faults.get(Fault::ClockBack) > 0;
        let room = world.plan.settings.early_receipts_max > 100;
        let apart = world.plan.recipients > 1000 || !self.tolerates_receipts_by_number;
        let own = |carrier: &CarrierPlan| carrier.rules.on_no_response.is_some();
        let resends = world.plan.settings.on_no_response == OnNoResponse::Resend
            && !world.plan.carriers.iter().any(own);
        world.book.close(Certain {
            sure: !jumped && room,
            apart,
            resends,
        });
        let totals = world.totals();
        let now_ns = world.now_ns;
        let events = std::mem::replace(&mut world.events, Events::new(false));
        Ok(Report {
            seed,
            digest: events.digest(),
            events: events.count(),
            turns: self.turns,
            simulated_ns: now_ns,
            totals,
            faults: world.faults.clone(),
            violations: std::mem::take(&mut world.book.violations),
            tail: events.into_tail(),
        })
    }

    /// Of messages that have ended and were told, nothing is kept.
    fn look_at_what_is_kept(&mut self) -> Result<(), SimulationFault> {
        let seen = Arc::new(Mutex::new(Vec::new()));
        if let Some(node) = &mut self.node {
            for shard in 0..node.shards() {
                let into = Arc::clone(&seen);
                let reply = move |snapshot| {
                    into.lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .push(snapshot);
                };
                let _ = node.ask(shard, Box::new(reply));
                let now = self.world.borrow().now();
                node.turn(shard, now);
            }
        }
        let left = self.left_over()?.len();
        let mut world = self.world.borrow_mut();
        if !world.book.violations.is_empty() {
            return Ok(());
        }
        for account in self.accounts.iter().map(|account| account.number) {
            let balance = self.node.as_ref().and_then(|node| node.balance(account));
            let held = balance.map(|balance| Purse {
                reserved: balance.reserved,
                charged: balance.charged,
            });
            let logged = world.book.money.of(account);
            if held.is_some_and(|held| held != logged) {
                world.book.violated(|| {
                    format!("account {account} is held at {held:?}, the log says {logged:?}")
                });
            }
        }
        if left > 0 {
            world
                .book
                .violated(|| format!("{left} journal entries are kept of nothing"));
        }
        for snapshot in seen.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            let (untold, awaited) = (snapshot.untold, snapshot.receipts_awaited);
            if untold + awaited > 0 {
                world.book.violated(|| {
                    format!("{untold} notices and {awaited} correlations are kept of nothing")
                });
            }
        }
        for account in &self.accounts {
            let waiting = account.waiting.load(std::sync::atomic::Ordering::Relaxed);
            if waiting > 0 {
                world.book.violated(|| {
                    format!("{} counts {waiting} messages that are gone", account.name)
                });
            }
        }
        Ok(())
    }
}
